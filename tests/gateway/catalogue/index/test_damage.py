"""An index that is damaged is none to who reads it, and is made anew by who writes it."""

from __future__ import annotations

import asyncio
import errno
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.catalogue.index import directory
from gateway.catalogue.index import writer as writing
from gateway.catalogue.index.directory import Damaged, alone, current, opening
from gateway.catalogue.index.reader import IndexReader
from gateway.catalogue.index.writer import IndexWriter, follow, rebuild
from gateway.catalogue.query import AllRecords, ProblemCode, QueryProblem
from gateway.catalogue.records import ALL, IndexEntry
from gateway.store.lock_file import Blocked, Held
from tests.gateway.catalogue.index.building import MemoryFeed, entry, record

SOON = 30.0
NOISE = bytes(range(128, 256)) * 3


def segments(folder: Path) -> list[Path]:
    return [path for path in (folder / "tantivy").iterdir() if len(path.stem) == 32]


def put(path: Path, octets: bytes) -> None:
    """As another file: one that is cut short under a process that has it mapped ends that process."""
    new = path.with_name("damaged")
    new.write_bytes(octets)
    new.replace(path)


def shorten(path: Path, octets: int) -> None:
    put(path, path.read_bytes()[:octets])


def every_segment(damage: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda folder: [damage(path) for path in segments(folder)]


UNREADABLE: dict[str, Callable[[Path], object]] = {
    "meta emptied": lambda folder: shorten(folder / "tantivy/meta.json", 0),
    "meta random": lambda folder: put(folder / "tantivy/meta.json", NOISE),
    "meta gone": lambda folder: (folder / "tantivy/meta.json").unlink(),
    "segments emptied": every_segment(lambda path: shorten(path, 0)),
    "segments shortened": every_segment(lambda path: shorten(path, path.stat().st_size // 2)),
    "segments random": every_segment(lambda path: put(path, NOISE)),
    "segments gone": every_segment(Path.unlink),
    "current no text": lambda folder: put(folder.parent / "current", NOISE),
    "current elsewhere": lambda folder: (folder.parent / "current").write_text("../" + folder.parent.name),
    "version no text": lambda folder: put(folder / "version", NOISE),
    "everything gone": shutil.rmtree,
}
HEADINGS: dict[str, Callable[[Path], object]] = {
    "headings emptied": lambda folder: shorten(folder / "headings.sqlite3", 0),
    "headings random": lambda folder: put(folder / "headings.sqlite3", NOISE),
    "headings shortened": lambda folder: shorten(folder / "headings.sqlite3", 2_000),
    "headings gone": lambda folder: (folder / "headings.sqlite3").unlink(),
}
OTHERS: dict[str, Callable[[Path], object]] = {
    "lineage no text": lambda folder: put(folder / "lineage", NOISE),
    "position no number": lambda folder: put(folder / "position", NOISE),
    "position a folder": lambda folder: ((folder / "position").unlink(), (folder / "position").mkdir()),
}


def titled(number: int, title: str, seq: int) -> IndexEntry:
    return entry(number, record(f"001 {number}\n245 10 $a{title}"), seq=seq)


@pytest.fixture
def feed() -> MemoryFeed:
    return MemoryFeed([titled(1, "Ants", 1), titled(2, "Bees", 2)])


@pytest.fixture
async def folder(feed: MemoryFeed, tmp_path: Path) -> Path:
    made = await rebuild(feed, tmp_path)
    assert made is not None
    return made


async def follow_until(feed: MemoryFeed, path: Path, done: Callable[[], bool] | None = None) -> None:
    """Follows until everything is up to date, and `done` says so."""
    stop = asyncio.Event()
    async with asyncio.timeout(SOON):
        await follow(feed, path, stop, lambda: stop.set() if done is None or done() else None)


async def whole(path: Path) -> tuple[list[int], list[str]]:
    """The ids and the titles that an index holds for who comes to read it."""
    reader = IndexReader(path)
    found = await (await reader.search(ALL, AllRecords())).page(1, 100)
    titles = [one.display for one in (await reader.scan(ALL, "title", "")).entries]
    reader.close()
    return found, titles


@pytest.mark.parametrize("damage", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_to_a_reader_it_is_none(folder: Path, tmp_path: Path, damage: Callable[[Path], object]) -> None:
    damage(folder)
    with capture_logs() as told:
        reader = IndexReader(tmp_path)
        reader.reload()
        reader.reload()
    assert not reader.ready
    assert len(told) <= 1
    assert {line["event"] for line in told} <= {"index.unreadable"}
    with pytest.raises(QueryProblem) as problem:
        await reader.search(ALL, AllRecords())
    assert problem.value.code is ProblemCode.UNAVAILABLE
    reader.close()


@pytest.mark.parametrize(
    "damage", (UNREADABLE | HEADINGS | OTHERS).values(), ids=(UNREADABLE | HEADINGS | OTHERS).keys()
)
async def test_it_is_made_anew_when_it_is_followed(
    feed: MemoryFeed, folder: Path, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    reader = IndexReader(tmp_path)
    damage(folder)
    feed.change(titled(3, "Gnats", 3))
    await follow_until(feed, tmp_path)
    assert await whole(tmp_path) == ([1, 2, 3], ["Ants", "Bees", "Gnats"])
    reader.reload()
    assert await (await reader.search(ALL, AllRecords())).page(1, 10) == [1, 2, 3]
    assert len((await reader.scan(ALL, "title", "")).entries) == 3
    reader.close()


async def test_what_is_wrong_is_told_in_one_line(feed: MemoryFeed, folder: Path, tmp_path: Path) -> None:
    (folder / "headings.sqlite3").write_bytes(NOISE)
    with capture_logs() as told:
        await follow_until(feed, tmp_path)
    (line,) = told
    assert (line["event"], line["path"], line["log_level"]) == ("index.made_anew", str(folder), "error")
    assert "headings.sqlite3" in line["reason"]


@pytest.mark.parametrize("kind", ["meta emptied", "headings random", "headings gone"])
async def test_damage_while_it_is_followed(
    feed: MemoryFeed, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(writing, "LOOK", 0.0)
    monkeypatch.setattr(writing, "IDLE", 0.01)
    damaged = False

    def done() -> bool:
        nonlocal damaged
        if not damaged:
            damaged = True
            (UNREADABLE | HEADINGS)[kind](folder)
        return current(tmp_path) != folder

    await follow_until(feed, tmp_path, done)
    assert await whole(tmp_path) == ([1, 2], ["Ants", "Bees"])


async def test_an_index_that_is_taken_away_while_changes_come(
    feed: MemoryFeed, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "IDLE", 0.01)

    def done() -> bool:
        if len(feed.entries) == 2:
            shutil.rmtree(folder)
            feed.change(titled(3, "Gnats", 3))
            return False
        return True

    with capture_logs() as told:
        await follow_until(feed, tmp_path, done)
    assert [line["event"] for line in told] == ["index.made_anew"]
    assert await whole(tmp_path) == ([1, 2, 3], ["Ants", "Bees", "Gnats"])


async def test_headings_that_turn_out_to_be_damaged_when_something_is_put_in(
    feed: MemoryFeed, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = writing.HeadingWriter.commit
    times = iter(range(10))

    def fails_once(self: writing.HeadingWriter) -> None:
        if next(times) == 0:
            with sqlite3.connect(noise) as none:
                none.execute("SELECT 1 FROM heading")
        commit(self)

    noise = tmp_path / "noise"
    noise.write_bytes(NOISE)
    monkeypatch.setattr(writing.HeadingWriter, "commit", fails_once)
    feed.change(titled(3, "Gnats", 3))
    await follow_until(feed, tmp_path)
    assert current(tmp_path) != folder
    assert await whole(tmp_path) == ([1, 2, 3], ["Ants", "Bees", "Gnats"])


async def test_a_reader_drops_what_it_can_no_longer_read_and_takes_it_up_again(folder: Path, tmp_path: Path) -> None:
    reader = IndexReader(tmp_path)
    meta = folder / "tantivy" / "meta.json"
    good = meta.read_bytes()
    meta.write_bytes(b"")
    with capture_logs() as told:
        for _ in range(3):
            reader.reload()
    assert [line["event"] for line in told] == ["index.unreadable"]
    assert not reader.ready
    meta.write_bytes(good)
    assert await (await reader.search(ALL, AllRecords())).page(1, 10) == [1, 2]
    reader.close()


async def test_a_list_of_terms_that_cannot_be_read_is_unavailable(folder: Path, tmp_path: Path) -> None:
    (folder / "headings.sqlite3").write_bytes(NOISE)
    reader = IndexReader(tmp_path)
    with pytest.raises(QueryProblem) as problem:
        await reader.scan(ALL, "title", "")
    assert problem.value.code is ProblemCode.UNAVAILABLE
    reader.close()


async def test_an_index_that_is_ahead_of_its_feed_is_made_anew(tmp_path: Path) -> None:
    newer = MemoryFeed([titled(1, "Ants", 1), titled(2, "Bees", 2), titled(3, "Gnats", 9)])
    before = await rebuild(newer, tmp_path)
    older = MemoryFeed([titled(1, "Wasps", 1)])
    with capture_logs() as told:
        await follow_until(older, tmp_path)
    assert current(tmp_path) != before
    assert await whole(tmp_path) == ([1], ["Wasps"])
    assert "followed to change 9, and the last one is 1" in told[0]["reason"]


async def test_a_whole_index_stays(
    feed: MemoryFeed, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "LOOK", 0.0)
    await follow_until(feed, tmp_path)
    assert current(tmp_path) == folder


@pytest.mark.parametrize("when", ["__init__", "commit"])
@pytest.mark.parametrize(
    "lack",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        ValueError('IoError { io_error: Os { code: 28, kind: StorageFull, message: "No space left on device" } }'),
        ValueError("Too many open files (os error 24)"),
    ],
)
async def test_what_is_lacking_is_no_damage(
    feed: MemoryFeed, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lack: Exception, when: str
) -> None:
    def fails(*_: object) -> None:
        raise lack

    feed.change(titled(3, "Gnats", 3))
    with monkeypatch.context() as lacking:
        lacking.setattr(writing.IndexWriter, when, fails)
        with pytest.raises(type(lack)):
            await follow_until(feed, tmp_path)
    assert current(tmp_path) == folder
    assert directory.is_current(folder)


async def test_one_that_somebody_else_writes_is_not_damaged(feed: MemoryFeed, folder: Path, tmp_path: Path) -> None:
    other = IndexWriter(folder)
    with pytest.raises(Held):
        await follow_until(feed, tmp_path)
    other.close()
    with alone(tmp_path), pytest.raises(Held):
        await follow_until(feed, tmp_path)
    await follow_until(feed, tmp_path)
    assert current(tmp_path) == folder


async def test_what_lies_in_the_place_of_the_index_is_named(feed: MemoryFeed, tmp_path: Path) -> None:
    path = tmp_path / "index"
    path.write_text("a file")
    with pytest.raises(Blocked, match=str(path)):
        await follow_until(feed, path)


def test_what_is_no_fault_of_a_file_passes() -> None:
    with pytest.raises(KeyError), opening():
        raise KeyError("ours")
    with pytest.raises(Damaged, match="short"), opening():
        raise ValueError("short")
