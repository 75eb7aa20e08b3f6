"""Keeps the index true to the catalogue: follows the change feed, in the one process that writes it.

What the feed says of a record is put in place of whatever the index had of it, so that following twice is the same as
once: the position is written behind the commit it stands for. An index of another version or of another lineage, or
none, is made anew from the beginning of the feed beside the one in use.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import structlog
import tantivy

from gateway.catalogue.index.directory import begin, current, is_current, is_of, position, set_position, tidy, use
from gateway.catalogue.index.extract import extract
from gateway.catalogue.index.headings import HeadingWriter
from gateway.catalogue.index.schema import ID, document, prepare, schema
from gateway.catalogue.records import IndexEntry
from library_protocols.marc import MarcError, from_marcxml

_LOG = structlog.get_logger(__name__)

PAGE = 1_000
"""Changes read at once."""
COMMIT_EVERY = 0.7
"""Seconds after which what has come is made visible."""
IDLE = 0.25
"""Seconds between two looks at a feed that stands still."""
_BULK_COMMIT = 20.0
"""Seconds between commits while an index is being made: nobody reads it yet, and small segments cost merging."""
KEPT = 60.0
"""Seconds for which a generation that has been replaced stays, until every reader has opened the new one."""
_HEAP = 160_000_000
_STRETCH_BITS = 16
_STRETCH = 1 << _STRETCH_BITS
"""Bytes of a stretch of numbers, a bit each: after a restored backup numbers go on far beyond those before."""


class Feed(Protocol):
    """What the index follows: `gateway.catalogue.store.port.CatalogueReader` has it."""

    async def index_entries(self, after_seq: int, size: int) -> list[IndexEntry]:
        """What the index must make true, in order of seq; empty where it is up to date."""
        ...

    async def lineage(self) -> str:
        """Which feed it is: another one where a backup was put back since."""
        ...


class IndexWriter:
    """One generation of the index, open for writing. Only one process may have it."""

    def __init__(self, folder: Path, *, fresh: bool = False, threads: int = 1) -> None:
        self.folder = folder
        self.position = position(folder)
        self.pending = 0
        self.unreadable = 0
        self._seen: defaultdict[int, bytearray] | None = defaultdict(lambda: bytearray(_STRETCH)) if fresh else None
        index = prepare(tantivy.Index(schema(), path=str(folder / "tantivy"), reuse=True))
        self._writer = index.writer(_HEAP, threads)
        self._headings = HeadingWriter(folder / "headings.sqlite3", fresh=fresh)

    def apply(self, entries: Sequence[IndexEntry]) -> None:
        """Makes the index say what the feed says; seen by readers after `commit`."""
        for entry in entries:
            if self._may_be_there(entry.id):
                self._writer.delete_documents_by_term(ID, entry.id)
            record = entry.record
            if record is not None and record.marcxml:
                try:
                    marc = from_marcxml(record.marcxml)
                except MarcError:
                    self.unreadable += 1
                    _LOG.warning("a record cannot be indexed", record=entry.id, member=record.member)
                    continue
                fields = extract(marc, record.format, entry.holders)
                self._writer.add_document(document(entry.id, entry.views, fields))
                self._headings.add(entry.views, fields)
        if entries:
            self.position = entries[-1].seq
            self.pending += len(entries)

    def commit(self) -> None:
        """Makes what was applied durable and visible: headings, then documents, then how far the feed was followed."""
        self._headings.commit()
        self._writer.commit()
        set_position(self.folder, self.position)
        self.pending = 0

    def close(self) -> None:
        """Waits for merges that are under way; what was not committed is followed again."""
        self._writer.wait_merging_threads()
        self._headings.close()

    def _may_be_there(self, number: int) -> bool:
        """While an index is made from nothing, most records come once: taking out what is not there costs as much as
        putting it in."""
        if self._seen is None:
            return True
        stretch = self._seen[number >> 3 >> _STRETCH_BITS]
        byte, bit = number >> 3 & (_STRETCH - 1), 1 << (number & 7)
        there = bool(stretch[byte] & bit)
        stretch[byte] |= bit
        return there


async def follow(feed: Feed, path: Path, stop: asyncio.Event) -> None:
    """Keeps the index under `path` up to date until `stop` is set; makes it first where none is of this version and
    this feed."""
    folder = current(path)
    if folder is None or not is_current(folder) or not is_of(folder, await feed.lineage()):
        folder = await rebuild(feed, path, stop)
        if folder is None:
            return
    writer = IndexWriter(folder)
    untidy: float | None = time.monotonic() + KEPT
    try:
        begun = time.monotonic()
        while not stop.is_set():
            entries = await feed.index_entries(writer.position, PAGE)
            if not writer.pending:
                begun = time.monotonic()
            writer.apply(entries)
            if writer.pending and (len(entries) < PAGE or time.monotonic() - begun >= COMMIT_EVERY):
                writer.commit()
            if untidy is not None and time.monotonic() >= untidy:
                tidy(path)
                untidy = None
            await _pause(stop, IDLE if len(entries) < PAGE else 0)
    finally:
        if writer.pending:
            writer.commit()
        writer.close()


async def rebuild(feed: Feed, path: Path, stop: asyncio.Event | None = None) -> Path | None:
    """Makes a new index from the beginning of the feed and puts it in the place of the one in use.

    None where `stop` came first: what was made until then is thrown away by the next attempt."""
    folder = begin(path, await feed.lineage())
    writer = IndexWriter(folder, fresh=True)
    committed = time.monotonic()
    try:
        while entries := await feed.index_entries(writer.position, PAGE):
            if stop is not None and stop.is_set():
                return None
            writer.apply(entries)
            if time.monotonic() - committed >= _BULK_COMMIT:
                writer.commit()
                committed = time.monotonic()
            await asyncio.sleep(0)  # whoever else works in this process has a turn
        writer.commit()
    finally:
        writer.close()
    use(path, folder)
    return folder


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
