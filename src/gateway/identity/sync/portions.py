"""A feed's pages as portions of whole people, small enough for one transaction each.

Where several records may be one person, everything is read first, into a file that no other process can open and that
goes with this one: only then is it known what belongs together.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from gateway.identity.feeds.port import Bad, End, Page, SourceRecord
from gateway.identity.register.port import COMPARED

SIZE = 500
"""People in one transaction: enough that the commit costs little, few enough that nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Portion:
    """The records of some people, each person's together. `position` is where the feed goes on behind it, None within
    a page; `read` counts the records of the source that came with it."""

    people: list[list[SourceRecord]]
    read: int
    position: Mapping[str, Any] | None = None
    bad: list[Bad] = field(default_factory=list)
    expected: int | None = None


async def one_by_one(pages: AsyncIterator[Page | End]) -> AsyncGenerator[Portion | End, None]:
    """Every record is a person."""
    async for given in pages:
        if isinstance(given, End):
            yield given
            return
        page = _checked(given)
        parts = [page.records[start : start + SIZE] for start in range(0, len(page.records), SIZE)] or [[]]
        for number, part in enumerate(parts, 1):
            last = number == len(parts)
            people = [[record] for record in part]
            yield Portion(people, len(part), page.position if last else None, page.bad if last else [], page.expected)


async def collapsed(pages: AsyncIterator[Page | End], folder: Path) -> AsyncGenerator[Portion | End, None]:
    """The records with one source id are a person, wherever in the read they stand."""
    spool = _Spool(folder)
    try:
        async for given in pages:
            if isinstance(given, End):
                for people in spool.people():
                    yield Portion(people, 0)
                yield given
                return
            page = _checked(given)
            spool.add([record for record in page.records if not record.gone])
            gone = [[record] for record in page.records if record.gone]
            yield Portion(gone, len(page.records), None, page.bad, page.expected)
    finally:
        spool.close()


def _checked(page: Page) -> Page:
    """The page with what has no key that can be kept among what is bad."""
    bad = [Bad(record.where, "has no key, or one that is too long") for record in page.records if not _keeps(record)]
    return replace(page, records=list(filter(_keeps, page.records)), bad=[*page.bad, *bad]) if bad else page


def _keeps(record: SourceRecord) -> bool:
    key = record.source_id
    return 0 < len(key) <= COMPARED and "\0" not in key and not any(0xD800 <= ord(sign) <= 0xDFFF for sign in key)


class _Spool:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "programmes.sqlite3"
        path.unlink(missing_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        path.unlink()  # the open file stays until it is closed, however this process ends
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute("CREATE TABLE record (number INTEGER PRIMARY KEY, source_id TEXT, said TEXT, place TEXT)")

    def add(self, records: list[SourceRecord]) -> None:
        rows = ((record.source_id, json.dumps(dict(record.attributes)), record.where) for record in records)
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO record (source_id, said, place) VALUES (?, ?, ?)", rows)
        self._db.execute("COMMIT")

    def people(self) -> Iterator[list[list[SourceRecord]]]:
        self._db.execute("CREATE INDEX by_person ON record (source_id, number)")
        rows = self._db.execute("SELECT source_id, said, place FROM record ORDER BY source_id, number")
        people: list[list[SourceRecord]] = []
        for source_id, of in groupby(rows, key=lambda row: row[0]):
            people.append([SourceRecord(source_id, json.loads(said), where=place) for _, said, place in of])
            if len(people) == SIZE:
                yield people
                people = []
        if people:
            yield people

    def close(self) -> None:
        self._db.close()
