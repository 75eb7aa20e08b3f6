"""A running gateway: ready when it says so, reloads without a break, refuses a bad file, drains, frees its ports."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from gateway.catalogue.index.directory import current
from gateway.catalogue.index.writer import rebuild
from gateway.demo.consortium import PEPPER
from gateway.runtime.listeners import PortInUse, bind
from tests.gateway.catalogue.index.building import MemoryFeed

WAIT = 60.0
HASHER = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)


def write_config(
    folder: Path, *, password: str = "correct horse", extra: str = "", pepper: str = "a pepper for this test alone"
) -> Path:
    file = folder / "gateway.toml"
    file.write_text(
        f"""
pepper = "{pepper}"
data_dir = "data"

[listeners.kiosks]
protocol = "sip2"
port = 0

[listeners.api]
protocol = "http"
port = 0

[members.un]
name = "Coleg Un"
institution_ids = ["UN"]
main_location = "UN"

[members.un.terminals.desk-1]
password_hash = "{HASHER.hash(password)}"
{extra}
[[members.un.api_keys]]
name = "staff"
sha256 = "{hashlib.sha256(b"a key").hexdigest()}"
scopes = ["patron_read"]
""",
        encoding="utf-8",
    )
    return file


@contextmanager
def serving(config: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, int]]]:
    ready = config.parent / "ready"
    ready.unlink(missing_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "serve", "--config", str(config), "--ready-file", str(ready)],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        give_up = time.monotonic() + WAIT
        while not ready.exists():
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < give_up
            time.sleep(0.02)
        lines = [line.split() for line in ready.read_text(encoding="ascii").splitlines()]
        yield process, {name: int(port) for name, port in lines}
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def login(port: int, password: str) -> bytes:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as link:
        link.sendall(f"9300CNdesk-1|CO{password}|\r".encode())
        return link.recv(100)


def test_it_serves_reloads_and_stops(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    with serving(config) as (process, ports):
        assert login(ports["kiosks"], "correct horse").startswith(b"941")
        assert login(ports["kiosks"], "wrong horse").startswith(b"940")

        with closing(socket.create_connection(("127.0.0.1", ports["kiosks"]), timeout=20)) as kept:
            kept.sendall(b"9300CNdesk-1|COcorrect horse|\r")
            assert kept.recv(100).startswith(b"941")
            write_config(tmp_path, password="another horse")
            subprocess.run([sys.executable, "-m", "gateway", "reload", "--config", str(config)], check=True)
            give_up = time.monotonic() + WAIT
            while not login(ports["kiosks"], "another horse").startswith(b"941"):
                assert time.monotonic() < give_up
                time.sleep(0.05)
            kept.sendall(b"9900802.00\r")
            assert kept.recv(1000).startswith(b"98")  # who was logged in stays so

        config.write_text("this is no TOML = = =", encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        assert login(ports["kiosks"], "another horse").startswith(b"941")

        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=WAIT)
        assert process.returncode == 0
        assert "reload.refused" in log
        assert "gateway.stopped" in log
        assert "horse" not in log
        bind("127.0.0.1", ports["kiosks"]).close()
        assert not (tmp_path / "data" / "gateway.pid").exists()


def refused(config: Path, code: int = 3) -> str:
    """What `serve` says where it does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "serve", "--config", str(config)],
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_one_data_directory_serves_one_gateway(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    data = tmp_path / "data"
    with serving(config) as (process, ports):
        said = refused(config)
        assert f"another gateway, process {process.pid}, serves from {data}" in said
        assert (data / "gateway.pid").read_text(encoding="ascii") == str(process.pid)
        kept = subprocess.run(
            [sys.executable, "-m", "gateway", "backup", "--config", str(config), str(tmp_path / "kept")],
            capture_output=True,
            text=True,
            timeout=WAIT,
            check=False,
        )
        assert kept.returncode == 0, kept.stderr
        assert login(ports["kiosks"], "correct horse").startswith(b"941")
        process.kill()
        process.wait(WAIT)
    with serving(config) as (_, ports):
        assert login(ports["kiosks"], "correct horse").startswith(b"941")


def test_what_is_in_the_way_of_the_lock_is_named(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    lock = tmp_path / "data" / "gateway.lock"
    lock.mkdir(parents=True)
    assert str(lock) in refused(config)


def test_a_damaged_index_stops_no_kiosk(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    index = tmp_path / "data" / "catalogue-index"
    asyncio.run(rebuild(MemoryFeed(), index))
    (index / "1" / "tantivy" / "meta.json").write_bytes(b"\xff\xfe random")
    with serving(config) as (process, ports):
        assert login(ports["kiosks"], "correct horse").startswith(b"941")
        give_up = time.monotonic() + WAIT
        while current(index) != index / "2":
            assert time.monotonic() < give_up
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=WAIT)
    assert "Traceback" not in log
    assert "child.ended" not in log
    assert (log.count("index.unreadable"), log.count("index.made_anew")) == (1, 1)


def test_a_running_request_is_finished_before_the_end(tmp_path: Path) -> None:
    with serving(write_config(tmp_path)) as (process, ports):
        link = socket.create_connection(("127.0.0.1", ports["kiosks"]), timeout=20)
        with closing(link):
            link.sendall(b"9300CNdesk-1|COcorrect horse|\r9900802.00\r")
            answers = link.recv(1)
            process.send_signal(signal.SIGTERM)
            while data := link.recv(4096):
                answers += data
        assert answers.startswith(b"941")
        assert answers.endswith(b"\r")  # no answer is cut off in the middle
        process.communicate(timeout=WAIT)
        assert process.returncode == 0


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"extra": "colour = 'red'\n"}, 2, "colour"),
        ({"extra": "profile = 'standart'\n"}, 2, "standard"),
        ({"pepper": PEPPER}, 2, "pepper"),
    ],
)
def test_what_cannot_be_served_is_refused_with_its_place(
    tmp_path: Path, change: dict[str, str], code: int, says: str
) -> None:
    assert says in refused(write_config(tmp_path, **change), code)


def test_check_tries_everything_and_says_what_is_wrong(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config.write_text(config.read_text(encoding="utf-8").replace("port = 0", f"port = {port}", 1), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "gateway", "check", "--config", str(config), "--json"],
            capture_output=True,
            text=True,
            timeout=WAIT,
            check=False,
        )
    assert done.returncode == 1, done.stderr
    assert f"127.0.0.1:{port}" in done.stdout
    assert '"what":"store","state":"ok"' in done.stdout


async def test_a_port_in_use_is_an_error_at_the_start() -> None:
    with closing(bind("127.0.0.1", 0)) as first:
        first.listen()
        with pytest.raises(PortInUse, match=r"127\.0\.0\.1"):
            bind("127.0.0.1", first.getsockname()[1])
    await asyncio.sleep(0)
