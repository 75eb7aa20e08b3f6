"""Two nodes on one PostgreSQL: one of them mirrors and harvests, the other takes over; each has an index of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.gateway.harvesting.provider import Provider
from tests.postgres import Database

WAIT = 60.0


@dataclass
class Node:
    process: subprocess.Popen[bytes]
    log: Path
    port: int

    def says(self, what: str) -> bool:
        return what in self.log.read_text(encoding="utf-8")

    def found(self) -> str:
        """What a search for everything answers."""
        return self.ask("/sru/aber?query=cql.allRecords%3D1&maximumRecords=0")

    def ask(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
            return answer.read().decode()


@contextmanager
def node(folder: Path, database: Database, harvested: str) -> Iterator[Node]:
    """A gateway with a data directory of its own, as on another machine."""
    folder.mkdir()
    (folder / "gateway.toml").write_text(
        f"""
pepper = "a pepper for this test alone"
data_dir = "data"

[store]
url = "{database.app_dsn}"

[listeners.api]
protocol = "http"
port = 0

[members.aber]
name = "Aberystwyth"
main_location = "ABER"

[[members.aber.catalogue.harvest]]
name = "ils"
url = "{harvested}"
every = "1h"
""",
        encoding="utf-8",
    )
    ready, log = folder / "ready", folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve", "-c", str(folder / "gateway.toml"), "--ready-file", str(ready)],
            stderr=output,
        )
    try:
        until(lambda: ready.exists() or process.poll() is not None)
        assert process.poll() is None, log.read_text(encoding="utf-8")
        yield Node(process, log, int(ready.read_text(encoding="ascii").split()[1]))
    finally:
        process.kill()
        process.wait()


def until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.05)


@pytest.fixture
def database(postgres_database: Callable[[], Database]) -> Database:
    made = postgres_database()
    command = ["platform", "migrate", "--url", made.admin_dsn, "--app-role", made.app_role]
    subprocess.run([sys.executable, "-m", "gateway", *command], check=True, timeout=WAIT, stdout=subprocess.DEVNULL)
    return made


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.close()


def test_one_node_fills_and_another_takes_over(tmp_path: Path, database: Database, provider: Provider) -> None:
    for number in range(4):
        provider.put(str(number))
    with ExitStack() as opened:
        first = opened.enter_context(node(tmp_path / "first", database, provider.url))
        until(lambda: first.says("harvest.ended"))
        asked = len(provider.lists())
        second = opened.enter_context(node(tmp_path / "second", database, provider.url))
        until(lambda: second.says("catalogue.waits_to_fill"))
        for each in (first, second):
            until(lambda each=each: ">4</" in each.found())
        until(lambda: '"beside":{"fill":"ready","index":"ready","people":"ready"}' in first.ask("/healthz"))
        beside = '"beside":{"fill":"another node fills","index":"ready","people":"another node looks after people"}'
        until(lambda: beside in second.ask("/healthz"))
        assert not second.says("catalogue.fills")

        os.kill(first.process.pid, signal.SIGKILL)
        until(lambda: second.says("catalogue.fills"))
        until(lambda: '"fill":"ready"' in second.ask("/healthz") and '"people":"ready"' in second.ask("/healthz"))
        assert len(provider.lists()) == asked  # it knows that the source has been harvested
        children = psutil.Process(second.process.pid).children()
        os.kill(second.process.pid, signal.SIGTERM)
        assert second.process.wait(WAIT) == 0
        assert not any(child.is_running() for child in children)
