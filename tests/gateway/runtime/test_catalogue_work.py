"""The catalogue's processes as the server starts them: by which program they take orders, and what they say."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from gateway.catalogue import set_rules, visibility
from gateway.catalogue.catalogue import INDEX_FOLDER
from gateway.catalogue.index.progress import making
from gateway.catalogue.ingest import Ingest
from gateway.catalogue.records import StoreStats
from gateway.catalogue.store import migrate, open_writer
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.catalogue.store.reader import Reader
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.runtime import beside, catalogue_work
from gateway.runtime.beside import orders
from gateway.runtime.child import Child
from gateway.runtime.program import program
from tests.gateway.catalogue.making import incoming

SOON = 60.0
MODULE = "gateway.runtime.beside"


def answer(role: str, told: bytes) -> subprocess.CompletedProcess[bytes]:
    """What a process says to these orders, with nothing behind them."""
    octets = len(told).to_bytes(8, "big") + told
    return subprocess.run([sys.executable, "-m", MODULE, role], input=octets, capture_output=True, timeout=60)


@pytest.mark.parametrize(("role", "server"), [("fill", b"0.0.9-12345678"), ("index", b"\x80\x05\x95")])
def test_orders_of_another_program_are_refused_in_one_line(tmp_path: Path, role: str, server: bytes) -> None:
    config = Config.model_validate({"pepper": "p" * 32, "data_dir": tmp_path / "data"})
    told = orders(config).partition(b"\n")[2]
    refused = answer(role, server + b"\n" + told)
    (line,) = refused.stdout.decode().splitlines()
    assert line.startswith("refuses the server is ")
    assert line.endswith(f"and {program()} is installed since: restart the server")
    assert (refused.returncode, refused.stderr) == (0, b"")
    assert not (tmp_path / "data").exists()


async def test_the_index_says_that_it_is_made_then_that_it_is_ready(tmp_path: Path) -> None:
    config = Config.model_validate({"pepper": "p" * 32, "data_dir": tmp_path})
    await migrate.upgrade(config.catalogue_url)
    store = await open_writer(config.catalogue_url)
    await Ingest(store).put("aber", [incoming(f"{number}", f"Title {number}") for number in range(20)])
    await store.close()
    states: list[str] = []

    class Heard(Child):
        def _hear(self, line: str) -> None:
            super()._hear(line)
            states.append(self.state)

    child = Heard("index", [sys.executable, "-m", MODULE, "index"], orders(config))
    running = asyncio.create_task(child.run())
    async with asyncio.timeout(SOON):
        await child.ready()
    await child.stop()
    await running
    assert states == ["the index is being made: 0 of 20 records, 0 a second", "ready"]
    assert making(config.data_dir / INDEX_FOLDER) is None


class Away:
    """A store whose database is away until it has been asked some times."""

    def __init__(self, times: int) -> None:
        self.times = times

    async def index_entries(self, after_seq: int, size: int) -> list[object]:
        self.times -= 1
        if self.times >= 0:
            raise CatalogueUnavailable("away")
        return []


async def test_the_index_waits_for_a_database_that_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(catalogue_work, "BEAT_SECONDS", 0.01)
    ready, stop = catalogue_work._Ready(), asyncio.Event()
    feed = catalogue_work._Feed(cast(Reader, Away(3)), tmp_path, stop, ready)
    ready.say()
    async with asyncio.timeout(SOON):
        assert await feed.index_entries(5, 10) == []
    ready.say()
    ready.say()
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("ready", "does"))]
    assert told == ["ready", "does waits for the database: the log says why", "ready"]


async def test_the_index_waits_no_longer_when_it_is_told_to_stop(tmp_path: Path) -> None:
    stop = asyncio.Event()
    stop.set()
    feed = catalogue_work._Feed(cast(Reader, Away(1)), tmp_path, stop, catalogue_work._Ready())
    with pytest.raises(CatalogueUnavailable):
        await feed.index_entries(5, 10)


class First:
    """A store whose first records come after it has been found empty."""

    def __init__(self) -> None:
        self.pages: list[list[object]] = [[], [object(), object()], []]

    async def index_entries(self, after_seq: int, size: int) -> list[object]:
        return self.pages.pop(0)

    async def stats(self) -> StoreStats:
        return StoreStats(records=2)


async def test_the_index_is_ready_again_when_the_first_records_are_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = catalogue_work._Ready()
    feed = catalogue_work._Feed(cast(Reader, First()), tmp_path, asyncio.Event(), ready)
    for after in (0, 0, 7):
        if not await feed.index_entries(after, 10):
            ready.say()
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("ready", "does"))]
    assert told == ["ready", "does the index is being made: 0 of 2 records, 0 a second", "ready"]


async def test_records_stay_sorted_by_our_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that a load puts in that began with others, while we run."""
    monkeypatch.setattr(catalogue_work, "SORTED_SECONDS", 0.01)
    aber = {"name": "Aberystwyth", "main_location": "MAIN", "catalogue": {"private": ["500a=internal"]}}
    config = Config.model_validate({"pepper": "p" * 32, "data_dir": tmp_path, "members": {"aber": aber}})
    await migrate.upgrade(config.catalogue_url)
    store = await open_writer(config.catalogue_url)
    others = Ingest(store)
    await others.put("aber", [incoming("1", note="Internal")])
    stop = asyncio.Event()
    sorting = asyncio.create_task(catalogue_work.keep_sorted(store, config, SystemClock(), stop))

    ours = set_rules.digest(set_rules.configured(config), visibility.configured(config))

    async def private() -> int:
        """How many there are once all are sorted."""
        async with asyncio.timeout(SOON):
            while True:
                if await store.state(set_rules.STATE) == ours:
                    return (await store.stats()).by_member["aber"]["private"]
                await asyncio.sleep(0.01)

    assert await private() == 1
    await others.put("aber", [incoming("2", "Ink", note="Internal")])
    assert await private() == 2
    stop.set()
    await sorting
    await store.close()


@pytest.mark.parametrize(
    ("role", "place", "event"),
    [
        ("fill", "locks", "catalogue.cannot_fill"),
        ("index", INDEX_FOLDER, "catalogue.cannot_index"),
    ],
)
async def test_a_file_in_the_place_of_a_folder_is_told_once_and_waited_for(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    role: str,
    place: str,
    event: str,
) -> None:
    config = Config.model_validate({"pepper": "p" * 32, "data_dir": tmp_path})
    await migrate.upgrade(config.catalogue_url)
    path = tmp_path / place
    path.write_text("a file")
    tried, go_on = asyncio.Event(), asyncio.Event()
    pauses = 0

    async def pause(stop: asyncio.Event, seconds: float) -> None:
        nonlocal pauses
        pauses += 1
        if pauses == 3:
            tried.set()
        await asyncio.sleep(0.001)

    async def stops() -> None:
        await go_on.wait()

    monkeypatch.setattr(catalogue_work, "pause", pause)
    monkeypatch.setattr(beside, "pause", pause)
    monkeypatch.setattr(beside, "end_of_input", stops)
    with capture_logs() as told:
        working = asyncio.create_task({"fill": catalogue_work.fill, "index": catalogue_work.follow}[role](config))
        async with asyncio.timeout(SOON):
            await tried.wait()
        go_on.set()
        await working
    (line,) = told
    assert (line["event"], line["log_level"]) == (event, "error")
    assert str(path) in line["reason"]
    assert f"does waits until this is put right: {line['reason']}" in capsys.readouterr().out
