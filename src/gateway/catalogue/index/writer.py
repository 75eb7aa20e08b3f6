"""Keeps the index true to the catalogue: follows the change feed, in the one process that writes it.

What the feed says of a record is put in place of whatever the index had of it, so that following twice is the same as
once: the position is written behind the commit it stands for. An index of another version or lineage, one that cannot
be read or is ahead of its feed, or none, is made anew from the beginning of the feed beside the one in use.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from itertools import cycle
from pathlib import Path
from typing import Any, Protocol

import orjson
import structlog
import tantivy

from gateway.catalogue.index.directory import (
    UNOPENED,
    Damaged,
    alone,
    begin,
    current,
    give_up,
    is_current,
    is_of,
    opening,
    position,
    reading_headings,
    set_position,
    tidy,
    use,
)
from gateway.catalogue.index.headings import HeadingWriter
from gateway.catalogue.index.headings import check as check_headings
from gateway.catalogue.index.pages import Maker, Ready, make_ready, seldom_collecting, wanted
from gateway.catalogue.index.schema import ID, prepare, schema
from gateway.catalogue.records import IndexEntry

_LOG = structlog.get_logger(__name__)

PAGE = 1_000
"""Changes read at once."""
LONGEST = 5.0
"""Seconds after which what has come is made visible, however much comes."""
QUIET = 0.7
"""Seconds without a change after which nothing more is waited for."""
_A_RECORD = 0.005
"""Seconds until the next commit for each record of the last: small segments cost as much again in merging."""
IDLE = 0.25
"""Seconds between two looks at a feed that stands still."""
_MOST_MAKERS = 4
"""Processes that make records ready at once: reading the feed and taking over what they made keep a processor busy."""
_UNDER_WAY = 2
"""Pages that each maker has: one to work on, one to go on with."""
_FAR_BEHIND = 3
"""Whole pages one after the other that a follower makes ready itself: starting processes takes as long."""
_MANY = 5_000
"""Changes after which the index is tidied when there are no more for now, at least."""
_SHARE = 4
"""And one for so many records that it has: what tidying costs stays a part of what indexing does."""
LOOK = 15.0
"""Seconds between two looks whether what is on the disk can still be read."""
KEPT = 60.0
"""Seconds for which a generation that has been replaced stays, until every reader has opened the new one."""
_HEAP = 160_000_000
"""Octets that a thread of tantivy's collects before it writes a segment."""
_FRESH_HEAP = 320_000_000
"""The same while an index is made: fewer and larger segments are smaller, and need less merging."""
_SMALL, _MERGED = 10_000, 8
"""tantivy's own: segments of so few records are all of a kind to it, and so many of a kind are made into one."""
_STRETCH_BITS = 16
_STRETCH = 1 << _STRETCH_BITS
"""Bytes of a stretch of numbers, a bit each: after a restored backup numbers go on far beyond those before."""


def processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0))


class Feed(Protocol):
    """What the index follows: `gateway.catalogue.store.port.CatalogueReader` has it."""

    async def index_entries(self, after_seq: int, size: int) -> list[IndexEntry]:
        """What the index must make true, in order of seq; empty where it is up to date."""
        ...

    async def lineage(self) -> str:
        """Which feed it is: another one where a backup was put back since."""
        ...

    async def last_seq(self) -> int:
        """The end of the feed: no change has a higher seq."""
        ...


class IndexWriter:
    """One generation of the index, open for writing. Only one process may have it."""

    def __init__(self, folder: Path, *, fresh: bool = False, threads: int = 1) -> None:
        self.folder = folder
        self.position = position(folder)
        self.pending = 0
        self.unreadable = 0
        self._since_tidy = 0
        self._last: dict[int, str] = {}
        self._seen: defaultdict[int, bytearray] = defaultdict(lambda: bytearray(_STRETCH))
        self._index = prepare(tantivy.Index(schema(), path=str(folder / "tantivy"), reuse=True))
        self._highest = _highest(self._index)
        self._writer = self._index.writer((_FRESH_HEAP if fresh else _HEAP) * threads, threads)
        self._headings = HeadingWriter(folder / "headings.sqlite3", fresh=fresh)

    def apply(self, entries: Sequence[IndexEntry]) -> None:
        """Makes the index say what the feed says; seen by readers after `commit`."""
        self.put(entries, make_ready(wanted(entries)))

    def put(self, entries: Sequence[IndexEntry], ready: Ready) -> None:
        """The same, of a page that was made ready before."""
        for entry, document in zip(entries, ready.documents, strict=True):
            self._last.pop(entry.id, None)
            self._replace(entry.id, document)
        last = zip(entries[-_MERGED:], ready.documents[-_MERGED:], strict=True)
        self._last |= {entry.id: document for entry, document in last if document}
        self._last = dict(list(self._last.items())[-_MERGED:])
        for views, listed in ready.listed.items():
            self._headings.add(views, listed)
        for record in ready.unreadable:
            _LOG.warning("a record cannot be indexed", record=record)
        self.unreadable += len(ready.unreadable)
        if entries:
            self.position = entries[-1].seq
            self.pending += len(entries)
            self._since_tidy += len(entries)

    def commit(self) -> None:
        """Makes what was applied durable and visible: headings, then documents, then how far the feed was followed."""
        with reading_headings():
            self._headings.commit()
        self._writer.commit()
        set_position(self.folder, self.position)
        self.pending = 0

    def tidy(self) -> None:
        """Gives back room that many changes took; after few of them does nothing. Of what is committed."""
        if self._since_tidy < _MANY:
            return
        self._index.reload()
        if self._since_tidy * _SHARE >= self._index.searcher().num_docs:
            self._since_tidy = 0
            self._merge()
            with reading_headings():
                self._headings.tidy()

    def look(self) -> None:
        """Raises Damaged where what is committed cannot be read by whoever opens it now."""
        with opening():
            self._index.reload()
            check_headings(self._headings.path)

    def _merge(self) -> None:
        """Has small segments made into one, which tantivy does by itself where there are `_MERGED` of them: some
        of the last records, put once more one by one, are those missing."""
        meta = orjson.loads((self.folder / "tantivy" / "meta.json").read_bytes())
        small = sum(segment["max_doc"] <= _SMALL for segment in meta["segments"])
        missing = _MERGED - small
        if small < 2 or missing > len(self._last):
            return
        for number, document in list(self._last.items())[:missing]:
            self._replace(number, document)
            self._writer.commit()

    def _replace(self, number: int, document: str) -> None:
        """An empty document is none."""
        if self._may_be_there(number):
            self._writer.delete_documents_by_term(ID, number)
        if document:
            self._writer.add_json(document)

    def finish(self) -> None:
        """The last commit of an index that is made from nothing."""
        self.commit()
        self._headings.compact()

    def close(self) -> None:
        """Waits for merges that are under way; what was not committed is followed again."""
        self._writer.wait_merging_threads()
        self._headings.close()

    def abandon(self) -> None:
        """Lets go of a generation that may be damaged, with what was not committed."""
        with contextlib.suppress(*UNOPENED):
            self.close()

    def _may_be_there(self, number: int) -> bool:
        """Numbers rise: a higher one than the index had when it was opened is there only where we have put it. Taking
        out what is not there costs as much as putting it in."""
        if number <= self._highest:
            return True
        stretch = self._seen[number >> 3 >> _STRETCH_BITS]
        byte, bit = number >> 3 & (_STRETCH - 1), 1 << (number & 7)
        there = bool(stretch[byte] & bit)
        stretch[byte] |= bit
        return there


class Pace:
    """When to commit. A change is seen at once while changes are few; while a load runs the next commit waits the
    longer the more the last one held, at most `LONGEST`, or until nothing has come for `QUIET`."""

    def __init__(self) -> None:
        self._committed = self._came = -LONGEST
        self._wait = 0.0

    def came(self, now: float) -> None:
        """There are changes."""
        self._came = now

    def due(self, now: float) -> bool:
        """Whether changes that have come are to be committed."""
        return now - self._committed >= self._wait or now - self._came >= QUIET

    def committed(self, now: float, records: int) -> None:
        self._committed = now
        self._wait = min(records * _A_RECORD, LONGEST)


async def follow(feed: Feed, path: Path, stop: asyncio.Event, up_to_date: Callable[[], None] = lambda: None) -> None:
    """Keeps the index under `path` up to date until `stop` is set; makes it first where there is none that is whole, of
    this version and of this feed, and anew where it turns out to be damaged. Calls `up_to_date` whenever all that there
    was has been committed. Raises `lock_file.Held` and `lock_file.Blocked`."""
    with alone(path):
        while not stop.is_set():
            writer = await _in_use(feed, path)
            if writer is None:
                folder = await rebuild(feed, path, stop, processors=processors())
                if folder is None:
                    return
                writer = IndexWriter(folder)
            try:
                try:
                    await _follow(feed, path, writer, stop, up_to_date)
                    writer.close()
                except (OSError, ValueError):
                    writer.look()  # damage may be why
                    raise
            except Damaged as reason:
                _make_anew(writer.folder, str(reason))
                writer.abandon()
            except BaseException:
                writer.abandon()
                raise


async def _in_use(feed: Feed, path: Path) -> IndexWriter | None:
    """The generation in use, open for writing; None where one must be made."""
    folder = current(path)
    if folder is None or not is_current(folder) or not is_of(folder, await feed.lineage()):
        return None
    followed, end = position(folder), await feed.last_seq()
    try:
        if followed > end:
            raise Damaged(f"it has followed to change {followed}, and the last one is {end}")
        with opening():
            (folder / "tantivy" / "meta.json").stat()  # tantivy would begin an empty index in its place
            check_headings(folder / "headings.sqlite3")
            set_position(folder, followed)
            return IndexWriter(folder)
    except Damaged as reason:
        _make_anew(folder, str(reason))
        return None


def _make_anew(folder: Path, reason: str) -> None:
    _LOG.error("index.made_anew", path=str(folder), reason=reason)
    give_up(folder)


async def _follow(
    feed: Feed, path: Path, writer: IndexWriter, stop: asyncio.Event, up_to_date: Callable[[], None]
) -> None:
    """Keeps a generation up to date until `stop` is set. Raises Damaged."""
    untidy: float | None = time.monotonic() + KEPT
    looked = time.monotonic()
    pace = Pace()
    while not stop.is_set():
        came = False
        with seldom_collecting():
            async with aclosing(_pages(feed, writer.position, processors(), _FAR_BEHIND)) as pages:
                async for entries, ready in pages:
                    came = True
                    writer.put(entries, ready)
                    pace.came(now := time.monotonic())
                    _commit_if_due(writer, pace, now)
                    if stop.is_set():
                        break
                    await asyncio.sleep(0)
        now = time.monotonic()
        _commit_if_due(writer, pace, now)
        if not writer.pending:
            writer.tidy()
            if not came:
                up_to_date()
        if now - looked >= LOOK:
            looked = now
            writer.look()
        if untidy is not None and now >= untidy:
            tidy(path)
            untidy = None
        await _pause(stop, IDLE)
    if writer.pending:
        writer.commit()


def _commit_if_due(writer: IndexWriter, pace: Pace, now: float) -> None:
    if writer.pending and pace.due(now):
        pace.committed(now, writer.pending)
        writer.commit()


async def rebuild(feed: Feed, path: Path, stop: asyncio.Event | None = None, *, processors: int = 1) -> Path | None:
    """Makes a new index from the beginning of the feed and puts it in the place of the one in use.

    None where `stop` came first: what was made until then is thrown away by the next attempt. With several
    `processors` other processes make records ready; raises ChildProcessError where one of them ends. Takes up to a
    gigabyte of memory, however many records there are."""
    folder = begin(path, await feed.lineage())
    writer = IndexWriter(folder, fresh=True, threads=1 if processors < _MOST_MAKERS else 2)
    try:
        with seldom_collecting():
            async with aclosing(_pages(feed, 0, processors, 0)) as pages:
                async for entries, ready in pages:
                    if stop is not None and stop.is_set():
                        return None
                    writer.put(entries, ready)
                    await asyncio.sleep(0)  # whoever else works in this process has a turn
            writer.finish()
    finally:
        writer.close()
    use(path, folder)
    return folder


async def _pages(
    feed: Feed, after: int, processors: int, here: int
) -> AsyncGenerator[tuple[list[IndexEntry], Ready], None]:
    """The feed behind a position in pages that have been made ready, in its order, until there are no more. With
    several processors other processes make them ready, of which a few are under way at a time, once `here` whole pages
    have been made ready in this one."""
    makers: list[_Working] = []
    turns: Iterator[_Working] = iter(())
    under_way: deque[tuple[list[IndexEntry], Awaitable[Ready]]] = deque()
    entries = await feed.index_entries(after, PAGE)
    try:
        while entries or under_way:
            if not makers and processors > 1 and here <= 0 and len(entries) == PAGE:
                makers += [_Working() for _ in range(min(processors, _MOST_MAKERS))]
                turns = cycle(makers)
            if not makers:
                here -= 1
                yield entries, make_ready(wanted(entries))
            elif entries and len(under_way) < _UNDER_WAY * len(makers):
                under_way.append((entries, next(turns).make_ready(entries)))
            else:
                page, ready = under_way.popleft()
                yield page, await ready
                continue
            entries = await feed.index_entries(entries[-1].seq, PAGE)
    finally:
        for maker in makers:
            maker.close()
        await asyncio.gather(*(ready for _, ready in under_way), return_exceptions=True)


class _Working:
    """A maker with a thread that talks to it: neither waits for the other pages."""

    def __init__(self) -> None:
        self._maker = Maker()
        self._thread = ThreadPoolExecutor(1)

    def make_ready(self, entries: Sequence[IndexEntry]) -> Awaitable[Ready]:
        return asyncio.wrap_future(self._thread.submit(self._maker.make_ready, wanted(entries)))

    def close(self) -> None:
        self._maker.close()
        self._thread.shutdown(wait=True, cancel_futures=True)


def _highest(index: tantivy.Index) -> int:
    """The highest number of a record in the index, -1 in an empty one."""
    found: Any = index.searcher().search(tantivy.Query.all_query(), 1, count=False, order_by_field=ID)
    return found.hits[0][0] if found.hits else -1


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
