"""What only one process may do at a time: who has the turn, how it is lost, how soon another one has it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.catalogue.store import open_writer, postgres
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.catalogue.store.turns import Blocked, Busy, Turns
from tests.postgres import Cluster

SOON = 20.0
HOLDER = """
import asyncio, sys
from pathlib import Path
from gateway.store import turns
turns.SIGN_SECONDS, turns.SILENCE_SECONDS = 0.2, float(sys.argv[3])

async def work():
    print("mine", flush=True)
    await asyncio.sleep(60)

asyncio.run(turns.Turns(sys.argv[1], Path(sys.argv[2])).alone("fill", work))
"""
WRITER = """
import asyncio, sys
from gateway.catalogue.store import open_writer, postgres
postgres._SETTINGS["idle_in_transaction_session_timeout"] = "1000"

async def work():
    store = await open_writer(sys.argv[1])
    async with store.writing():
        print("mine", flush=True)
        await asyncio.sleep(60)

asyncio.run(work())
"""


@pytest.fixture
def turns(catalogue_url: str, tmp_path: Path) -> Turns:
    return Turns(catalogue_url, tmp_path / "locks")


@pytest.fixture
def another() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Runs a script in another process, which has what it wants once this has returned."""
    started: list[subprocess.Popen[str]] = []

    def start(script: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "mine\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def holder(
    another: Callable[..., subprocess.Popen[str]], catalogue_url: str, tmp_path: Path
) -> Callable[..., subprocess.Popen[str]]:
    """Another process that has the turn to fill; the server takes it away after so many seconds of silence."""

    def start(silence: float = 15.0) -> subprocess.Popen[str]:
        return another(HOLDER, catalogue_url, str(tmp_path / "locks"), str(silence))

    return start


async def done() -> str:
    return "done"


async def soon(turns: Turns) -> str:
    """Tries until the turn has come."""
    async with asyncio.timeout(SOON):
        while True:
            try:
                return await turns.alone("fill", done)
            except Busy:
                await asyncio.sleep(0.05)


async def test_one_at_a_time_does_what_goes_by_one_name(turns: Turns) -> None:
    async def meanwhile() -> str:
        with pytest.raises(Busy):
            await turns.alone("fill", done)
        return await turns.alone("another", done)

    assert await turns.alone("fill", meanwhile) == "done"
    assert await turns.alone("fill", done) == "done"


async def test_what_fails_leaves_the_turn_to_others(turns: Turns) -> None:
    async def fails() -> None:
        raise ValueError("as it may")

    with pytest.raises(ValueError, match="as it may"):
        await turns.alone("fill", fails)
    assert await soon(turns) == "done"


async def test_a_process_that_is_killed_leaves_the_turn_to_others(
    turns: Turns, holder: Callable[..., subprocess.Popen[str]]
) -> None:
    process = holder()
    with pytest.raises(Busy):
        await turns.alone("fill", done)
    process.kill()
    assert await soon(turns) == "done"


@pytest.mark.parametrize("catalogue_url", ["postgres"], indirect=True)
async def test_who_waits_is_told_for_whom(turns: Turns, holder: Callable[..., subprocess.Popen[str]]) -> None:
    process = holder()
    with pytest.raises(Busy, match=f"fill .*/{process.pid}$"):
        await turns.alone("fill", done)


@pytest.mark.parametrize("catalogue_url", ["postgres"], indirect=True)
async def test_a_process_that_stands_still_loses_its_turn_and_stops_when_it_goes_on(
    turns: Turns, holder: Callable[..., subprocess.Popen[str]]
) -> None:
    process = holder(1.0)
    os.kill(process.pid, signal.SIGSTOP)
    assert await soon(turns) == "done"
    os.kill(process.pid, signal.SIGCONT)
    assert await asyncio.to_thread(process.wait, SOON) != 0


@pytest.mark.parametrize("catalogue_url", ["postgres"], indirect=True)
async def test_work_is_stopped_when_the_connection_that_holds_the_turn_is_lost(
    turns: Turns, postgres_cluster: Cluster
) -> None:
    cancelled = asyncio.Event()

    async def work() -> None:
        try:
            postgres_cluster.psql(
                "postgres",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '% fill %'",
            )
            await asyncio.sleep(SOON)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with pytest.raises(CatalogueUnavailable, match="another node may do this now"):
        await turns.alone("fill", work)
    assert cancelled.is_set()


@pytest.mark.parametrize("catalogue_url", ["postgres"], indirect=True)
async def test_who_stands_still_while_it_writes_holds_up_nobody_for_long(
    catalogue_url: str, another: Callable[..., subprocess.Popen[str]]
) -> None:
    still = another(WRITER, catalogue_url)
    os.kill(still.pid, signal.SIGSTOP)
    store = await open_writer(catalogue_url)
    async with asyncio.timeout(SOON):
        assert await store.beat(1000) == 1000
    await store.close()


def test_the_server_is_told_how_long_a_writer_may_stand_still() -> None:
    assert 0 < float(postgres._SETTINGS["idle_in_transaction_session_timeout"]) <= postgres.COMMAND_SECONDS * 1000


async def test_a_database_that_is_away_gives_no_turn(tmp_path: Path, free_port: Callable[[], int]) -> None:
    away = Turns(f"postgresql://nobody@127.0.0.1:{free_port()}/none", tmp_path)
    with pytest.raises(CatalogueUnavailable):
        await away.alone("fill", done)


@pytest.mark.parametrize("catalogue_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("place", ["locks", "locks/fill.lock"])
async def test_what_is_in_the_way_of_a_turn_is_named(turns: Turns, tmp_path: Path, place: str) -> None:
    path = tmp_path / place
    if place == "locks":
        path.write_text("a file")
    else:
        path.mkdir(parents=True)
    with pytest.raises(Blocked, match=str(path)):
        await turns.alone("fill", done)
