"""Following the feed: what it says is soon found, twice is the same as once, another version is made anew."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.catalogue.index import writer as writing
from gateway.catalogue.index.directory import begin, current, is_current, position, use
from gateway.catalogue.index.headings import Scan
from gateway.catalogue.index.pages import Maker
from gateway.catalogue.index.reader import IndexReader
from gateway.catalogue.index.writer import IDLE, LONGEST, QUIET, IndexWriter, Pace, follow, rebuild
from gateway.catalogue.query import AllRecords, Term
from gateway.catalogue.records import ALL, CatalogueRecord, Format, IndexEntry
from tests.gateway.catalogue.index.building import MemoryFeed, entry, record


def titled(number: int, title: str, seq: int) -> IndexEntry:
    return entry(number, record(f"001 {number}\n245 10 $a{title}"), seq=seq)


@asynccontextmanager
async def following(feed: MemoryFeed, path: Path) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(follow(feed, path, stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def becomes_true(condition: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(1_000):
        if await condition():
            return
        await asyncio.sleep(0.02)
    pytest.fail("it did not become true")


async def ids(reader: IndexReader, query: Term | AllRecords) -> list[int]:
    reader.reload()
    return await (await reader.search(ALL, query)).page(1, 100) if reader.ready else []


async def test_changes_are_found_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "IDLE", 0.02)
    feed = MemoryFeed([titled(1, "Ants", 1), titled(2, "Bees", 2)])
    reader = IndexReader(tmp_path)
    async with following(feed, tmp_path):
        await becomes_true(lambda: found(reader, AllRecords(), [1, 2]))
        feed.change(titled(1, "Wasps", 3))
        feed.change(entry(2, None, seq=4))
        feed.change(titled(3, "Bees", 5))
        await becomes_true(lambda: found(reader, AllRecords(), [1, 3]))
    assert await ids(reader, Term("title", "ants")) == []
    assert await ids(reader, Term("title", "wasps")) == [1]
    assert await ids(reader, Term("title", "bees")) == [3]
    folder = current(tmp_path)
    assert folder is not None
    assert position(folder) == 5
    feed.change(titled(4, "Gnats", 6))
    async with following(feed, tmp_path):
        await becomes_true(lambda: found(reader, AllRecords(), [1, 3, 4]))
    assert current(tmp_path) == folder
    reader.close()


async def found(reader: IndexReader, query: Term | AllRecords, wanted: list[int]) -> bool:
    return await ids(reader, query) == wanted


async def test_what_was_committed_and_not_noted_is_followed_again(tmp_path: Path) -> None:
    folder = await rebuild(MemoryFeed([titled(1, "Ants", 1), titled(2, "Bees", 2)]), tmp_path)
    assert folder is not None
    (folder / "position").write_text("0")
    again = IndexWriter(folder)
    again.apply([titled(1, "Ants", 1), titled(2, "Bees", 2)])
    again.commit()
    again.close()
    reader = IndexReader(tmp_path)
    assert await ids(reader, AllRecords()) == [1, 2]
    reader.close()


async def test_a_record_that_comes_twice_while_an_index_is_made_is_there_once(tmp_path: Path) -> None:
    writer = IndexWriter(begin(tmp_path), fresh=True)
    writer.apply([titled(1, "Ants", 1), titled(2, "Bees", 2), titled(1, "Wasps", 3)])
    writer.commit()
    writer.close()
    (tmp_path / "current").write_text("1")
    reader = IndexReader(tmp_path)
    assert await ids(reader, AllRecords()) == [1, 2]
    assert await ids(reader, Term("title", "ants")) == []
    reader.close()


async def test_new_and_changed_records_of_an_index_opened_again_are_there_once(tmp_path: Path) -> None:
    folder = await rebuild(MemoryFeed([titled(1, "Ants", 1), titled(2, "Bees", 2)]), tmp_path)
    assert folder is not None
    again = IndexWriter(folder)
    again.apply([titled(3, "Ants", 3), titled(1, "Flies", 4), titled(4, "Gnats", 5)])
    again.commit()
    again.apply([titled(3, "Wasps", 6), entry(4, None, seq=7)])
    again.commit()
    again.close()
    reader = IndexReader(tmp_path)
    assert await ids(reader, AllRecords()) == [1, 2, 3]
    assert await ids(reader, Term("title", "ants")) == []
    assert await ids(reader, Term("title", "wasps")) == [3]
    reader.close()


async def test_an_index_of_another_version_is_made_anew_beside_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = MemoryFeed([titled(1, "Ants", 1)])
    old = await rebuild(feed, tmp_path)
    assert old is not None
    (old / "version").write_text("of long ago")
    monkeypatch.setattr(writing, "KEPT", 0.0)
    assert not is_current(old)
    reader = IndexReader(tmp_path)
    assert not reader.ready
    async with following(feed, tmp_path):
        await becomes_true(lambda: found(reader, AllRecords(), [1]))
    assert current(tmp_path) != old
    assert not old.exists()
    reader.close()


async def test_a_reader_keeps_what_it_sees_while_the_index_is_made_anew(tmp_path: Path) -> None:
    await rebuild(MemoryFeed([titled(1, "Ants", 1)]), tmp_path)
    reader = IndexReader(tmp_path)
    held = await reader.search(ALL, AllRecords())
    await rebuild(MemoryFeed([titled(2, "Bees", 1)]), tmp_path)
    assert await held.page(1, 10) == [1]
    assert [one.display for one in (await reader.scan(ALL, "title", "")).entries] == ["Ants"]
    assert await ids(reader, AllRecords()) == [2]
    assert [one.display for one in (await reader.scan(ALL, "title", "")).entries] == ["Bees"]
    reader.close()


async def test_several_processors_make_the_same_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PAGE", 10)
    feed = MemoryFeed([titled(number, f"Ant {number % 7}", number) for number in range(1, 96)])
    feed.change(entry(5, None, seq=96))
    feed.change(titled(6, "Wasps", 97))
    shown: list[tuple[list[int], list[int], Scan]] = []
    for count in (1, 2):
        folder = await rebuild(feed, tmp_path / str(count), processors=count)
        assert folder is not None
        assert position(folder) == 97
        reader = IndexReader(tmp_path / str(count))
        found = await ids(reader, AllRecords()), await ids(reader, Term("title", "ant 3"))
        shown.append((*found, await reader.scan(ALL, "title", "", 20)))
        reader.close()
    assert shown[0] == shown[1]
    assert shown[0][0] == [1, 2, 3, 4, *range(6, 96)]


@pytest.fixture
def makers(monkeypatch: pytest.MonkeyPatch) -> list[Maker]:
    """All that are started."""
    started: list[Maker] = []

    class Known(Maker):
        def __init__(self) -> None:
            super().__init__()
            started.append(self)

    monkeypatch.setattr(writing, "PAGE", 10)
    monkeypatch.setattr(writing, "Maker", Known)
    monkeypatch.setattr(writing, "processors", lambda: 2)
    return started


async def test_a_follower_far_behind_has_help(tmp_path: Path, makers: list[Maker]) -> None:
    feed = MemoryFeed([titled(1, "Ants", 1)])
    reader = IndexReader(tmp_path)
    async with following(feed, tmp_path):
        await becomes_true(lambda: found(reader, AllRecords(), [1]))
        feed.entries += [titled(number, "Bees", number) for number in range(2, 20)]
        await becomes_true(lambda: found(reader, AllRecords(), [*range(1, 20)]))
        assert not makers
        feed.entries += [titled(number, "Bees", number) for number in range(20, 99)]
        await becomes_true(lambda: found(reader, AllRecords(), [*range(1, 99)]))
        assert len(makers) == 2
    assert await ids(reader, Term("title", "bees")) == [*range(2, 99)]
    reader.close()


async def test_room_is_given_back_after_many_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_MANY", 500)
    folder = begin(tmp_path)
    use(tmp_path, folder)
    writer = IndexWriter(folder)
    for first in range(0, 600, 100):
        changes = [titled(number, f"{number * 7919 % 1000:03}" * 100, number) for number in range(first, first + 100)]
        writer.apply(changes)
        writer.commit()
        before = size(folder)
        writer.tidy()
        assert (size(folder) < before) == (first == 400)
    writer.close()
    reader = IndexReader(tmp_path)
    assert len((await reader.scan(ALL, "title", "", 1_000)).entries) == 600
    reader.close()


async def test_small_segments_become_one_after_many_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_MANY", 40)
    folder = begin(tmp_path)
    use(tmp_path, folder)
    writer = IndexWriter(folder)
    for first in (1, 11, 21, 31):
        writer.apply([titled(number, "Ants", number) for number in range(first, first + 10)])
        writer.commit()
    writer.apply([titled(2, "Bees", 41), *[entry(number, None, seq=number + 9) for number in (33, 34)]])
    writer.commit()
    assert segments(folder) == 5
    writer.tidy()
    writer.close()
    assert segments(folder) == 1
    reader = IndexReader(tmp_path)
    assert await ids(reader, Term("title", "ants")) == [1, *range(3, 33), *range(35, 41)]  # none has come back
    assert await ids(reader, Term("title", "bees")) == [2]
    reader.close()


def segments(folder: Path) -> int:
    return len(json.loads((folder / "tantivy" / "meta.json").read_text())["segments"])


def size(folder: Path) -> int:
    """Octets that the headings take."""
    return sum(file.stat().st_size for file in folder.glob("headings.*"))


class KillingFeed(MemoryFeed):
    """Ends one of the processes that make records ready while the feed is read."""

    makers: list[Maker]

    async def index_entries(self, after_seq: int, size: int) -> list[IndexEntry]:
        if after_seq == 50:
            os.kill(self.makers[-1].pid, signal.SIGKILL)
        return await super().index_entries(after_seq, size)


async def test_a_process_that_is_killed_ends_a_rebuild(tmp_path: Path, makers: list[Maker]) -> None:
    old = await rebuild(MemoryFeed([titled(1, "Ants", 1)]), tmp_path)
    feed = KillingFeed([titled(number, "Ants", number) for number in range(1, 500)])
    feed.makers = makers
    with pytest.raises(ChildProcessError, match="ended with -9"):
        await rebuild(feed, tmp_path, processors=2)
    assert current(tmp_path) == old
    assert len(makers) == 2


def commits(pace: Pace, batches: dict[float, int], until: float) -> list[float]:
    """When changes that come so many at a time are committed, looked at four times a second."""
    seen: list[float] = []
    pending, now = 0, 0.0
    while now <= until:
        if came := batches.get(now, 0):
            pace.came(now)
            pending += came
        if pending and pace.due(now):
            pace.committed(now, pending)
            seen.append(now)
            pending = 0
        now += 0.25
    assert not pending
    return seen


def test_few_changes_are_seen_at_once() -> None:
    changes = {float(second): 1 for second in range(60)}
    assert commits(Pace(), changes, 60) == list(changes)


def test_many_changes_are_committed_together() -> None:
    pace = Pace()
    seen = commits(pace, {quarter / 4: 75 for quarter in range(240)}, 62)
    assert len(seen) <= 60 / LONGEST + 6
    assert max(late - early for early, late in pairwise(seen)) <= LONGEST
    assert commits(pace, {0.25: 1}, 2)[0] - 0.25 <= QUIET + IDLE


def folders(path: Path) -> list[Path]:
    return [one for one in path.iterdir() if one.is_dir()]


async def test_a_half_made_index_is_thrown_away(tmp_path: Path) -> None:
    stop = asyncio.Event()
    stop.set()
    assert await rebuild(MemoryFeed([titled(1, "Ants", 1)]), tmp_path, stop) is None
    assert current(tmp_path) is None
    folder = await rebuild(MemoryFeed([titled(1, "Ants", 1)]), tmp_path)
    assert folders(tmp_path) == [folder]


async def test_a_record_that_cannot_be_read_stops_nothing(tmp_path: Path) -> None:
    broken = IndexEntry(1, 1, CatalogueRecord(1, "aber", "1", 1, Format.MARC21, b"<record><broken", 0), ("aber", ALL))
    folder = begin(tmp_path)
    writer = IndexWriter(folder)
    writer.apply([broken, titled(2, "Bees", 2)])
    writer.commit()
    assert (writer.unreadable, writer.position) == (1, 2)
    writer.close()
