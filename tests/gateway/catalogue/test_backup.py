"""Store and catalogue go into one backup and come back together; nothing that was seen since is ever said again."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.catalogue.index.directory import current
from gateway.catalogue.index.reader import IndexReader
from gateway.catalogue.index.writer import follow
from gateway.catalogue.ingest import Ingest
from gateway.catalogue.query import AllRecords
from gateway.catalogue.records import ALL
from gateway.catalogue.store import migrate as catalogue_schema
from gateway.catalogue.store import open_writer
from gateway.catalogue.store.restoring import PACE, catalogue_part
from gateway.catalogue.store.writer import Writer
from gateway.cli import app
from gateway.store import migrate, open_store
from gateway.store.backup import BackupError, backup, restore
from gateway.store.effects import Insert
from tests.gateway.catalogue.making import incoming
from tests.gateway.store.plans import SHELF, bib, item, state, values
from tests.postgres import Cluster, Database
from tests.presence import missing

MONDAY, TUESDAY, WEDNESDAY = 1_700_000_000, 1_700_086_400, 1_700_172_800


@dataclass(frozen=True, slots=True)
class Place:
    """A store and a catalogue: `url`s are the application's, `owner` the one that may dump and restore."""

    url: str
    owner: str
    catalogue: str
    catalogue_owner: str


@pytest.fixture(scope="module")
def both(postgres_cluster: Cluster) -> Iterator[Database]:
    database = postgres_cluster.create_database()
    asyncio.run(migrate.upgrade(database.admin_dsn, app_role=database.app_role))
    asyncio.run(catalogue_schema.upgrade(database.admin_dsn, app_role=database.app_role))
    yield database
    postgres_cluster.drop_database(database)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    if request.param == "sqlite":
        folder = tmp_path / "data"
        folder.mkdir()
        shutil.copy(request.getfixturevalue("migrated_sqlite"), folder / "store.sqlite3")
        shutil.copy(request.getfixturevalue("catalogue_file"), folder / "catalogue.sqlite3")
        store, catalogue = (f"sqlite:///{folder / name}.sqlite3" for name in ("store", "catalogue"))
        yield Place(store, store, catalogue, catalogue)
        return
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    database = cluster.copy_database(request.getfixturevalue("both"))
    if not (database.binaries / "pg_dump").exists():
        missing("pg_dump is not installed")
    monkeypatch.setenv("PATH", f"{database.binaries}{os.pathsep}{os.environ['PATH']}")
    yield Place(database.app_dsn, database.admin_dsn, database.app_dsn, database.admin_dsn)
    cluster.drop_database(database)


def hidden(folder: Path) -> list[Path]:
    return list(folder.rglob(".*"))


async def lend(place: Place, *numbers: str) -> None:
    store = await open_store(place.url)
    if numbers == ("1",):
        await store.apply("aber", [Insert(state()), Insert(bib())])
    await store.apply("aber", [Insert(item(id_=number)) for number in numbers])
    await store.close()


async def items(place: Place) -> list[str]:
    store = await open_store(place.url)
    try:
        return sorted(one.id for one in (await store.read(SHELF, values())).items)
    finally:
        await store.close()


@asynccontextmanager
async def catalogue(place: Place) -> AsyncIterator[Writer]:
    store = await open_writer(place.catalogue)
    try:
        yield store
    finally:
        await store.close()


async def load(place: Place, now: int, **titles: str) -> None:
    async with catalogue(place) as store:
        await Ingest(store, now=lambda: now).put("aber", [incoming(control, text) for control, text in titles.items()])


async def held(place: Place) -> dict[str, tuple[int, int]]:
    """Position and datestamp of each of the member's records, by control number."""
    async with catalogue(place) as store:
        page = await store.changes("aber", "", 0, None, None, 100)
        records = await store.feed_records("aber", page)
        return {one.control: (entry.seq, entry.datestamp) for entry, one in zip(page.entries, records, strict=True)}


async def test_both_there_and_back(place: Place, tmp_path: Path) -> None:
    await lend(place, "1")
    await load(place, MONDAY, a="One", b="Two")
    async with catalogue(place) as store:
        await store.set_state("harvest:aber", "monday's token")
    before = await held(place)
    manifest = await backup(place.owner, tmp_path / "b", beside=[catalogue_part(place.catalogue_owner, MONDAY)])
    assert manifest.holds.keys() == {"store", "catalogue"}
    assert manifest.holds["catalogue"].rows["catalogue_source_record"] == 2
    assert manifest.holds["catalogue"].revision == catalogue_schema.head()
    await lend(place, "2")
    await load(place, TUESDAY, a="One, changed", c="Three")
    async with catalogue(place) as store:
        await store.set_state("harvest:aber", "tuesday's token")
    part = catalogue_part(place.catalogue_owner, WEDNESDAY)
    with pytest.raises(BackupError, match="when told"):
        await restore(tmp_path / "b", place.owner, beside=[part])
    assert await restore(tmp_path / "b", place.owner, beside=[part], replace=True) == manifest
    assert await items(place) == ["1"]
    assert await held(place) == before
    async with catalogue(place) as store:
        assert await store.state("harvest:aber") == "monday's token"
    assert hidden(tmp_path) == []


async def test_what_comes_next_is_behind_everything_that_was_seen(place: Place, tmp_path: Path) -> None:
    await lend(place, "1")
    await load(place, MONDAY, a="One")
    await backup(place.owner, tmp_path / "b", beside=[catalogue_part(place.catalogue_owner, MONDAY)])
    seen = {seq for seq, _ in (await held(place)).values()}
    numbers: set[int] = set()
    lineages: set[str] = set()
    for day in range(1, 4):  # the same backup again and again
        now = MONDAY + day * 86_400
        await load(place, now, **{f"lost-{day}": f"Seen on day {day}"})
        async with catalogue(place) as store:
            page = await store.changes(ALL, "", max(seen), None, None, 100)
            assert [entry.datestamp for entry in page.entries] == [now]
            assert numbers.isdisjoint(entry.shared for entry in page.entries)
            seen |= {entry.seq for entry in page.entries}
            numbers |= {entry.shared for entry in page.entries}
            lineages.add(await store.lineage())
        part = catalogue_part(place.catalogue_owner, now + 3_600)
        await restore(tmp_path / "b", place.owner, beside=[part], replace=True)
        async with catalogue(place) as store:
            assert await store.horizon() == now + 3_600
    assert len(lineages) == 3


async def test_a_catalogue_that_is_left_out_is_not_touched(place: Place, tmp_path: Path) -> None:
    await lend(place, "1")
    await load(place, MONDAY, a="One")
    part = catalogue_part(place.catalogue_owner, MONDAY)
    manifest = await backup(place.owner, tmp_path / "b", leave_out=[part])
    assert manifest.holds.keys() == {"store"}
    await lend(place, "2")
    await load(place, TUESDAY, b="Two")
    before = await held(place)
    await restore(tmp_path / "b", place.owner, beside=[part], replace=True)
    assert await items(place) == ["1"]
    assert await held(place) == before
    assert before.keys() == {"a", "b"}
    async with catalogue(place) as store:
        assert await store.lineage() == ""


async def test_a_catalogue_of_another_schema_is_refused(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lend(place, "1")
    await backup(place.owner, tmp_path / "b", beside=[catalogue_part(place.catalogue_owner, MONDAY)])
    await lend(place, "2")
    head = catalogue_schema.head()
    monkeypatch.setattr(catalogue_schema, "head", lambda: "9999")
    later = catalogue_part(place.catalogue_owner, TUESDAY)
    monkeypatch.undo()
    with pytest.raises(BackupError, match=f"catalogue schema {head}, this program needs 9999"):
        await restore(tmp_path / "b", place.owner, beside=[later], replace=True)
    with pytest.raises(BackupError, match="no place"):
        await restore(tmp_path / "b", place.owner, replace=True)
    assert await items(place) == ["1", "2"]


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize("busy", ["store", "catalogue"])
async def test_where_one_cannot_be_put_back_neither_is(place: Place, tmp_path: Path, busy: str) -> None:
    await lend(place, "1")
    await load(place, MONDAY, a="One")
    part = catalogue_part(place.catalogue_owner, MONDAY)
    await backup(place.owner, tmp_path / "b", beside=[part])
    await lend(place, "2")
    await load(place, TUESDAY, b="Two")
    user = await (open_store(place.url) if busy == "store" else open_writer(place.catalogue))
    with pytest.raises(BackupError, match="in use"):
        await restore(tmp_path / "b", place.owner, beside=[part], replace=True)
    await user.close()
    assert await items(place) == ["1", "2"]
    assert (await held(place)).keys() == {"a", "b"}
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_a_store_that_fails_while_it_is_copied_leaves_both(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lend(place, "1")
    await load(place, MONDAY, a="One")
    part = catalogue_part(place.catalogue_owner, MONDAY)
    await backup(place.owner, tmp_path / "b", beside=[part])
    await lend(place, "2")
    await load(place, TUESDAY, b="Two")

    def full(source: sqlite3.Connection, target: sqlite3.Connection, report: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("gateway.store.backup._copy_pages", full)
    with pytest.raises(BackupError, match="full"):
        await restore(tmp_path / "b", place.owner, beside=[part], replace=True)
    assert await items(place) == ["1", "2"]
    assert (await held(place)).keys() == {"a", "b"}


async def index(place: Place, path: Path) -> set[int]:
    """Follows the feed until it stands still; the records that are then found."""
    async with catalogue(place) as store:
        stop = asyncio.Event()
        following = asyncio.create_task(follow(store, path, stop))
        reader = IndexReader(path)
        for _ in range(1_000):
            folder = current(path)
            if folder is not None and (folder / "lineage").read_text() == await store.lineage():
                reader.reload()
                if reader.ready and not await store.index_entries(reader.position, 1):
                    break
            await asyncio.sleep(0.02)
        else:
            pytest.fail("the index was not made")
        stop.set()
        await following
        reader.reload()
        found = await reader.search("aber", AllRecords())
        ids = await found.page(1, 100)
        shown = await store.records("aber", ids)
        reader.close()
    assert None not in shown
    return {one.control for one in shown if one is not None}  # type: ignore[return-value]


async def test_an_index_of_what_was_lost_is_made_anew(place: Place, tmp_path: Path) -> None:
    await lend(place, "1")
    await load(place, MONDAY, a="One", b="Two")
    await backup(place.owner, tmp_path / "b", beside=[catalogue_part(place.catalogue_owner, MONDAY)])
    await load(place, TUESDAY, a="One, changed", c="Three")
    path = tmp_path / "index"
    assert await index(place, path) == {"a", "b", "c"}
    first = current(path)
    part = catalogue_part(place.catalogue_owner, WEDNESDAY)
    await restore(tmp_path / "b", place.owner, beside=[part], replace=True)
    assert await index(place, path) == {"a", "b"}
    assert current(path) != first
    second = current(path)
    await load(place, WEDNESDAY, d="Four")
    assert await index(place, path) == {"a", "b", "d"}
    assert current(path) == second
    async with catalogue(place) as store:
        assert await store.controls("aber", ["d"]) == {"d": (WEDNESDAY << PACE) + 1}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_at_a_terminal(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    await lend(place, "1")
    await load(place, MONDAY, a="One")
    run = CliRunner()
    whole, alone = str(tmp_path / "whole"), str(tmp_path / "alone")

    def said(*arguments: str) -> str:
        return run.invoke(app, [*arguments, "--url", place.owner]).stdout

    both = await asyncio.to_thread(said, "backup", whole)
    assert "store (schema" in both
    assert "catalogue (schema" in both
    assert "catalogue (schema" not in await asyncio.to_thread(said, "backup", alone, "--without-catalogue")
    await load(place, TUESDAY, b="Two")
    assert "is as it was" in await asyncio.to_thread(said, "restore", alone, "--replace")
    assert (await held(place)).keys() == {"a", "b"}
    assert "restored store" in await asyncio.to_thread(said, "restore", whole, "--replace")
    assert (await held(place)).keys() == {"a"}
    (tmp_path / "data" / "catalogue.sqlite3").unlink()
    assert "catalogue (schema" not in await asyncio.to_thread(said, "backup", str(tmp_path / "none"))
