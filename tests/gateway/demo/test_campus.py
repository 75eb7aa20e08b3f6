"""The demo's campus directory: its people get in by their campus password, and it ends with the demo."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.config import Config
from gateway.demo import campus
from gateway.demo.config import demo_config
from gateway.demo.people import username
from gateway.identity.directories import open_directory
from gateway.identity.directories.port import Verdict
from gateway.runtime.tls import demo_certificate
from tests.presence import missing

STARTS = """
import sys
from pathlib import Path
from gateway.demo import campus
from gateway.runtime.tls import demo_certificate
folder = Path(sys.argv[1])
campus.start(folder / "campus", int(sys.argv[2]), *demo_certificate(folder / "tls"))
print("started", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[campus.Campus]:
    folder = tmp_path_factory.mktemp("demo")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started = campus.start(folder / "campus", port, *demo_certificate(folder / "tls"))
    if started is None:
        missing("slapd is not installed")
    yield started
    started.stop()


@pytest.mark.parametrize(
    ("password", "verdict"), [(campus.PASSWORD, Verdict.RIGHT), ("1234", Verdict.WRONG), ("", Verdict.WRONG)]
)
async def test_the_first_member_checks_passwords_there(
    running: campus.Campus, tmp_path: Path, password: str, verdict: Verdict
) -> None:
    document = demo_config(tmp_path)
    document["members"][campus.MEMBER.code]["identity"] |= running.settings()
    settings = Config.model_validate(document).members[campus.MEMBER.code].identity
    assert [check.by for check in settings.authentication.checks] == ["platform", f"directory:{campus.NAME}"]
    directory = open_directory(campus.NAME, settings.directories[campus.NAME], clock=SystemClock())
    login = await directory.authenticate(username(campus.MEMBER, 8), password, deadline=10.0)
    await directory.close()
    assert login.verdict is verdict


def test_it_ends_with_whoever_started_it(tmp_path: Path, free_port: Callable[[], int]) -> None:
    command = [sys.executable, "-c", STARTS, str(tmp_path), str(free_port())]
    starter = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    assert starter.stdout.readline() == "started\n"
    pid_file = tmp_path / "campus" / "slapd.pid"
    if not pid_file.exists():
        missing("slapd is not installed")
    pid = int(pid_file.read_text())
    os.kill(starter.pid, signal.SIGKILL)
    starter.wait()
    give_up = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def test_why_it_does_not_start_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/usr/sbin/slapd").exists():
        missing("slapd is not installed")
    monkeypatch.setattr(campus, "SUFFIX", "no distinguished name")
    with pytest.raises(campus.NoCampus, match="suffix"):
        campus.start(tmp_path / "campus", 0, *demo_certificate(tmp_path / "tls"))


def test_without_slapd_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campus, "_found", lambda name: None)
    assert campus.start(tmp_path / "campus", 0, tmp_path / "c", tmp_path / "k") is None
    assert not (tmp_path / "campus").exists()
