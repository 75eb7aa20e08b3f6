"""What doors and index read, the same on both databases: the engines only say what a snapshot is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from heapq import merge
from operator import itemgetter
from typing import Any

import orjson

from gateway.catalogue.feed import INDEX_SCOPE, Rows, cover
from gateway.catalogue.records import (
    ALL,
    CatalogueRecord,
    FeedEntry,
    FeedPage,
    Format,
    Holding,
    IndexEntry,
    Provenance,
    ReviewPair,
    SetDescription,
    SourceKind,
    StoreStats,
)
from gateway.catalogue.store import statements as sql
from gateway.catalogue.store.compress import Compression
from gateway.catalogue.store.port import EVERYTHING
from gateway.catalogue.store.rows import (
    FORMATS,
    KINDS,
    SHOWN,
    RecordRow,
    SharedRow,
    ShownRow,
    Status,
    holdings_of,
    provenance_of,
)
from gateway.store.statement import Session

FOREVER = 1 << 62
NOTHING = ""
LINEAGE = "lineage"
"""The state that says where the feed comes from; another one after a backup was put back."""


class Reader(ABC):
    """Implements `gateway.catalogue.store.port.CatalogueReader`."""

    def __init__(self) -> None:
        self.compression = Compression()
        self._scopes: dict[tuple[str, str], int] = {}
        self._specs: dict[int, str] = {}

    @abstractmethod
    def snapshot(self, view: str) -> AbstractAsyncContextManager[Session]:
        """Everything read within is of one moment, and on PostgreSQL of one view: a member's code, `ALL`, EVERYTHING,
        or NOTHING for what is of no record. Raises CatalogueUnavailable."""

    @abstractmethod
    async def close(self) -> None:
        """Ends every connection."""

    @abstractmethod
    async def _bytes(self, session: Session) -> int:
        """What the catalogue takes on disk."""

    async def records(self, view: str, ids: Sequence[int], *, holdings: bool = True) -> list[CatalogueRecord | None]:
        async with self.snapshot(view) as session:
            found = await self._records(session, view, ids, holdings=holdings)
        return [found.get(number) for number in ids]

    async def exact(self, view: str, ids: Sequence[int]) -> dict[int, tuple[Format, bytes]]:
        async with self.snapshot(view) as session:
            if view == ALL:
                rows = await session.fetch(sql.EXACT_IN_ALL, ids=list(ids))
            else:
                rows = await session.fetch(sql.EXACT_TO_MEMBER, ids=list(ids), member=view)
            await self._learn(session, {row[2] for row in rows})
        unpack = self.compression.unpack
        return {asked: (FORMATS[marc], unpack(dictionary, data)) for asked, marc, dictionary, data in rows}

    async def holdings(self, view: str, ids: Sequence[int]) -> dict[int, tuple[Holding, ...]]:
        async with self.snapshot(view) as session:
            return await self._holdings(session, view, await self._shown(session, view, ids))

    async def by_identifier(self, view: str, identifier: str) -> CatalogueRecord | None:
        async with self.snapshot(view) as session:
            if view == ALL:
                return await self._by_shared(session, identifier)
            rows = await session.fetch(sql.KNOWN, member=view, controls=[identifier])
            if not rows:
                return None
            row = RecordRow._make(rows[0])
            if row.status in SHOWN:
                return (await self._records(session, view, [row.id])).get(row.id)
            whole = await self._scope(session, view, "")
            return _tombstone(row, row.datestamp) if str(whole) in orjson.loads(row.gone) else None

    async def horizon(self) -> int:
        async with self.snapshot(NOTHING) as session:
            return (await self._position(session))[0]

    async def changes(
        self,
        view: str,
        set_spec: str,
        after_seq: int,
        from_: int | None,
        until: int | None,
        size: int,
        *,
        with_deleted: bool = True,
    ) -> FeedPage:
        async with self.snapshot(view) as session:
            horizon, last, _ = await self._position(session)
            scope = await self._scope(session, view, set_spec)
            if scope is None:
                return FeedPage((), 0, 0, False, horizon)
            first, end = await self._window(session, from_, until, last)
            after = max(after_seq, first - 1)
            kinds = (0, 1) if with_deleted else (0,)
            pages = [
                [
                    (seq, item, datestamp, deleted)
                    for seq, item, datestamp in await session.fetch(
                        sql.PAGE, scope=scope, deleted=deleted, after=after, end=end, size=size + 1
                    )
                ]
                for deleted in kinds
            ]
            found = list(merge(*pages, key=itemgetter(0)))
            before = sum([await self._count(session, scope, kind, first, min(after + 1, end)) for kind in kinds])
            rest = sum([await self._count(session, scope, kind, max(after + 1, first), end) for kind in kinds])
            entries = await self._entries(session, view, found[:size])
            return FeedPage(entries, before + rest, before, len(found) > size, horizon)

    async def feed_records(self, view: str, page: FeedPage, *, holdings: bool = True) -> list[CatalogueRecord]:
        async with self.snapshot(view) as session:
            wanted = [entry.record for entry in page.entries if not entry.deleted]
            live = await self._records(session, view, wanted, holdings=holdings)
            gone = [entry.record for entry in page.entries if entry.record not in live]
            rows = await self._rows(session, gone) if view != ALL else {}
        made: list[CatalogueRecord] = []
        for entry in page.entries:
            record = live.get(entry.record)
            if record is not None and not entry.deleted and (view != ALL or record.shared == entry.shared):
                same = record.datestamp == entry.datestamp
                made.append(record if same else replace(record, datestamp=entry.datestamp))
            elif view == ALL:
                made.append(_shared_tombstone(entry.shared, entry.record, entry.datestamp))
            elif entry.record in rows:
                made.append(_tombstone(rows[entry.record], entry.datestamp))
        return made

    async def count(self, view: str, set_spec: str, from_: int | None, until: int | None) -> tuple[int, int]:
        async with self.snapshot(view) as session:
            scope = await self._scope(session, view, set_spec)
            if scope is None:
                return 0, 0
            _, last, _ = await self._position(session)
            first, end = await self._window(session, from_, until, last)
            return (
                await self._count(session, scope, 0, first, end),
                await self._count(session, scope, 1, first, end),
            )

    async def earliest(self, view: str) -> int | None:
        async with self.snapshot(view) as session:
            scope = await self._scope(session, view, "")
            if scope is None:
                return None
            firsts = [
                row[2]
                for deleted in (0, 1)
                for row in await session.fetch(sql.PAGE, scope=scope, deleted=deleted, after=-1, end=FOREVER, size=1)
            ]
            return min(firsts, default=None)

    async def sets(self, view: str) -> list[SetDescription]:
        async with self.snapshot(view) as session:
            rows = await session.fetch(sql.SCOPES)
        found = [
            SetDescription(spec, name, description) for _, of, spec, name, description in rows if of == view and spec
        ]
        return sorted(found, key=lambda one: one.spec)

    async def index_entries(self, after_seq: int, size: int) -> list[IndexEntry]:
        async with self.snapshot(EVERYTHING) as session:
            pages = [
                [
                    (seq, item)
                    for seq, item, _ in await session.fetch(
                        sql.PAGE, scope=INDEX_SCOPE, deleted=deleted, after=after_seq, end=FOREVER, size=size
                    )
                ]
                for deleted in (0, 1)
            ]
            changes = list(merge(*pages))[:size]
            rows = await self._rows(session, [item for _, item in changes])
            shared = {row.shared for row in rows.values() if row.status == Status.VISIBLE}
            leads = {row.lead: row for row in map(SharedRow._make, await session.fetch(sql.SHARED, ids=list(shared)))}
            holders: dict[int, set[str]] = {}
            for group, status, member, _, _ in await session.fetch(sql.GROUPS, shared=list(shared)):
                if status == Status.VISIBLE:
                    holders.setdefault(group, set()).add(member)
            own = {number: row for number, row in rows.items() if row.status in SHOWN}
            records = await self._made(session, own, {})  # holdings are indexed by who holds alone
        entries: list[IndexEntry] = []
        for seq, item in changes:
            row, record = rows.get(item), records.get(item)
            if row is None or record is None:
                entries.append(IndexEntry(seq, item, None))
            elif row.status == Status.VISIBLE and item in leads:
                views, held = (row.member, ALL), tuple(sorted(holders.get(row.shared, ())))
                entries.append(IndexEntry(seq, item, record, views, held))
            else:
                entries.append(IndexEntry(seq, item, record, (row.member,), (row.member,)))
        return entries

    async def state(self, key: str) -> str | None:
        async with self.snapshot(EVERYTHING) as session:
            rows = await session.fetch(sql.STATE, key=key)
        return rows[0][0] if rows else None

    async def lineage(self) -> str:
        """Another one than before: the feed goes on from a backup, and what was followed of it is void."""
        return await self.state(LINEAGE) or ""

    async def last_seq(self) -> int:
        async with self.snapshot(EVERYTHING) as session:
            return (await self._position(session))[1]

    async def reviews(self, *, after: int = 0, size: int = 50, decided: bool = False) -> list[ReviewPair]:
        async with self.snapshot(EVERYTHING) as session:
            pages = [
                await session.fetch(sql.REVIEWS, decision=decision, after=after, size=size)
                for decision in (("same", "different") if decided else ("",))
            ]
        return [ReviewPair(*row) for row in sorted((row for page in pages for row in page), key=itemgetter(0))[:size]]

    async def stats(self) -> StoreStats:
        async with self.snapshot(EVERYTHING) as session:
            horizon, last, _ = await self._position(session)
            made = StoreStats(horizon=horizon, last_seq=last, bytes=await self._bytes(session))
            for member, status, number in await session.fetch(sql.TALLIES):
                if number:
                    made.by_member.setdefault(member, {})[Status(status).name.lower()] = number
                    made.records += number if status != Status.DELETED else 0
            if (scope := await self._scope(session, ALL, "")) is not None:
                made.shared = await self._count(session, scope, 0, 0, last + 1)
            made.open_reviews = (await session.fetch(sql.COUNT_OPEN_REVIEWS))[0][0]
        return made

    async def originals(self, ids: Sequence[int]) -> dict[int, tuple[SourceKind, bytes]]:
        """Kind and bytes of source records as they came."""
        async with self.snapshot(EVERYTHING) as session:
            rows = await session.fetch(sql.ORIGINALS, ids=list(ids))
            await self._learn(session, {row[2] for row in rows})
        unpack = self.compression.unpack
        return {number: (KINDS[kind], unpack(dictionary, data)) for number, kind, dictionary, data in rows}

    async def sources(self, ids: Sequence[int]) -> dict[int, tuple[str, str, bytes]]:
        """Member, control number and MARCXML of source records, whether a view shows them or not: for staff only."""
        async with self.snapshot(EVERYTHING) as session:
            rows = await self._rows(session, ids)
            made = await self._made(session, rows, {})
        return {number: (one.member, one.control, one.marcxml) for number, one in made.items()}

    async def origin(self, member: str, control: str) -> Provenance | None:
        """Where a record came from that is there, seen or not; None also where it was not harvested."""
        async with self.snapshot(EVERYTHING) as session:
            rows = await session.fetch(sql.ORIGIN, member=member, one=control)
        return provenance_of(rows[0][0]) if rows else None

    async def origins(self, member: str, after: str, size: int) -> list[tuple[str, Provenance | None]]:
        """A member's records that are there, seen or not, by control number: at most `size` of those behind `after`,
        with what `origin` gives."""
        async with self.snapshot(EVERYTHING) as session:
            rows = await session.fetch(sql.ORIGINS, member=member, after=after, size=size)
        return [(control, provenance_of(text)) for control, text in rows]

    async def controls(self, member: str, controls: Sequence[str]) -> dict[str, int]:
        """The ids of a member's source records, seen or not, by control number."""
        async with self.snapshot(EVERYTHING) as session:
            rows = await session.fetch(sql.DIGESTS, member=member, controls=list(controls))
        return {row[0]: row[3] for row in rows}

    async def _position(self, session: Session) -> tuple[int, int, int]:
        """Horizon, last seq given, last id given."""
        rows = await session.fetch(sql.POSITION)
        return (rows[0][0], rows[0][1], rows[0][2]) if rows else (0, 0, 0)

    async def _window(self, session: Session, from_: int | None, until: int | None, last: int) -> tuple[int, int]:
        """The positions first <= seq < end whose datestamps lie within."""
        first, end = 0, last + 1
        if from_ is not None:
            rows = await session.fetch(sql.SECOND_FROM, datestamp=from_)
            first = rows[0][0] if rows else end
        if until is not None and (rows := await session.fetch(sql.SECOND_FROM, datestamp=until + 1)):
            end = rows[0][0]
        return first, end

    async def _count(self, session: Session, scope: int, deleted: int, first: int, end: int) -> int:
        total = 0
        for piece in cover(first, end):
            if isinstance(piece, Rows):
                rows = await session.fetch(
                    sql.COUNT_ROWS, scope=scope, deleted=deleted, first=piece.first, end=piece.end
                )
            else:
                rows = await session.fetch(
                    sql.COUNT_BLOCKS,
                    scope=scope,
                    deleted=deleted,
                    level=piece.level,
                    first=piece.first,
                    end=piece.end,
                )
            total += int(rows[0][0] or 0)
        return total

    async def _scope(self, session: Session, view: str, spec: str) -> int | None:
        """The number of a scope, None where nothing ever was in it."""
        if spec == "format" or (spec == "member" and view == ALL):
            spec = ""  # every record is in a set below these
        found = self._scopes.get((view, spec))
        if found is None:
            await self._learn_scopes(session)
            found = self._scopes.get((view, spec))
        return found

    async def _learn_scopes(self, session: Session) -> None:
        for number, view, spec, _, _ in await session.fetch(sql.SCOPES):
            self._scopes[view, spec] = number
            self._specs[number] = spec

    async def _entries(
        self, session: Session, view: str, found: Sequence[tuple[int, int, int, int]]
    ) -> tuple[FeedEntry, ...]:
        items = [item for _, item, _, _ in found]
        if view == ALL:
            leads = {row[0]: row[1] for row in await session.fetch(sql.SHARED, ids=items)}
            return tuple(FeedEntry(seq, leads[item], item, at, bool(gone)) for seq, item, at, gone in found)
        shared = {row[0]: row[1] for row in await session.fetch(sql.SHARED_OF, ids=items)}
        return tuple(FeedEntry(seq, item, shared[item], at, bool(gone)) for seq, item, at, gone in found)

    async def _rows(self, session: Session, ids: Iterable[int]) -> dict[int, RecordRow]:
        rows = map(RecordRow._make, await session.fetch(sql.RECORDS, ids=list(ids)))
        return {row.id: row for row in rows}

    async def _by_shared(self, session: Session, identifier: str) -> CatalogueRecord | None:
        if not identifier.isdecimal() or not identifier.isascii() or len(identifier) > 18:
            return None
        rows = await session.fetch(sql.SHARED, ids=[int(identifier)])
        if not rows:
            return None
        shared = SharedRow._make(rows[0])
        if orjson.loads(shared.scopes):
            return (await self._records(session, ALL, [shared.lead])).get(shared.lead)
        whole = await self._scope(session, ALL, "")
        if str(whole) not in orjson.loads(shared.gone):
            return None
        return _shared_tombstone(shared.id, shared.lead, shared.datestamp)

    async def _shown(self, session: Session, view: str, ids: Iterable[int]) -> list[ShownRow]:
        """What the view shows of these: in `ALL` the lead of each."""
        wanted = list(ids)
        if view == ALL:
            rows = await session.fetch(sql.SHOWN_IN_ALL, ids=wanted)
        else:
            rows = await session.fetch(sql.SHOWN_TO_MEMBER, ids=wanted, member=view)
        return [ShownRow(*row) for row in rows]

    async def _records(
        self, session: Session, view: str, ids: Iterable[int], *, holdings: bool = True
    ) -> dict[int, CatalogueRecord]:
        rows = await self._shown(session, view, ids)
        told = await self._holdings(session, view, rows) if holdings else {}
        await self._learn(session, {row.dictionary for row in rows})
        unpack, specs = self.compression.unpack, await self._specs_of(session, {row.scopes for row in rows})
        return {
            row.asked: CatalogueRecord(
                row.id,
                row.member,
                row.control,
                row.shared,
                FORMATS[row.format],
                unpack(row.dictionary, row.data),
                row.datestamp,
                specs[row.scopes],
                provenance=provenance_of(row.provenance),
                holdings=told.get(row.asked, ()),
            )
            for row in rows
        }

    async def _made(
        self,
        session: Session,
        rows: dict[int, RecordRow],
        holdings: dict[int, tuple[Holding, ...]] | None = None,
    ) -> dict[int, CatalogueRecord]:
        """Records in the sets and with the date of their rows, by the keys of `rows`; `holdings` None: their own."""
        ids = list({row.id for row in rows.values()})
        rendered = {row[0]: (row[1], row[2]) for row in await session.fetch(sql.RENDERED, ids=ids)}
        await self._learn(session, {dictionary for dictionary, _ in rendered.values()})
        if holdings is None:
            texts = {row[0]: row[1] for row in await session.fetch(sql.HOLDINGS, ids=ids)}
            holdings = {
                n: holdings_of(row.member, row.control, texts[row.id]) for n, row in rows.items() if row.id in texts
            }
        unpack = self.compression.unpack
        specs = await self._specs_of(session, {row.scopes for row in rows.values()})
        return {
            n: CatalogueRecord(
                row.id,
                row.member,
                row.control,
                row.shared,
                FORMATS[row.format],
                unpack(*rendered[row.id]),
                row.datestamp,
                specs[row.scopes],
                provenance=provenance_of(row.provenance),
                holdings=holdings.get(n, ()),
            )
            for n, row in rows.items()
            if row.id in rendered
        }

    async def _specs_of(self, session: Session, scopes: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The setSpecs of rows' `scopes`, by these: neighbours are in the same few sets."""
        told = {text: orjson.loads(text) for text in scopes}
        if not self._specs.keys() >= {number for numbers in told.values() for number in numbers}:
            await self._learn_scopes(session)
        return {
            text: tuple(sorted(spec for number in numbers if (spec := self._specs[number])))
            for text, numbers in told.items()
        }

    async def _holdings(self, session: Session, view: str, rows: Sequence[ShownRow]) -> dict[int, tuple[Holding, ...]]:
        """By the ids asked: in `ALL` those of every visible record of the shared bib, by member and id."""
        if view != ALL:
            found: Sequence[Any] = await session.fetch(sql.HOLDINGS, ids=[row.id for row in rows])
            texts: dict[int, str] = dict(found)
            return {
                row.asked: holdings_of(row.member, row.control, texts[row.id]) if row.id in texts else ()
                for row in rows
            }
        groups: dict[int, list[tuple[str, str, int, str]]] = {}
        for shared, *told in await session.fetch(sql.HOLDINGS_OF_SHARED, shared=list({row.shared for row in rows})):
            groups.setdefault(shared, []).append(tuple(told))
        return {
            row.asked: tuple(
                holding
                for member, control, _, text in sorted(groups.get(row.shared, ()))
                for holding in holdings_of(member, control, text)
            )
            for row in rows
        }

    async def _learn(self, session: Session, dictionaries: Iterable[int]) -> None:
        if not all(map(self.compression.knows, dictionaries)):
            self.compression.learn(await session.fetch(sql.DICTIONARIES))


def _tombstone(row: RecordRow, datestamp: int) -> CatalogueRecord:
    return CatalogueRecord(
        row.id, row.member, row.control, row.shared, FORMATS[row.format], b"", datestamp, deleted=True
    )


def _shared_tombstone(shared: int, lead: int, datestamp: int) -> CatalogueRecord:
    """What `ALL` says of a shared bib that left it; whose the record was is no longer everybody's to know."""
    return CatalogueRecord(lead, "", "", shared, FORMATS[0], b"", datestamp, deleted=True)
