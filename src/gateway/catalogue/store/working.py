"""The part of the catalogue that one transaction changes: records, their shared bibs, and what that does to the feed.

Read by the keys of a batch, changed in memory by pure rules, written back as a whole. Positions and datestamps are
given at the very end, under the lock that every writer holds until it commits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from gateway.catalogue.feed import INDEX_SCOPE, SHIFTS, blocks_of
from gateway.catalogue.matching import Facts
from gateway.catalogue.materials import MATERIALS
from gateway.catalogue.records import ALL
from gateway.catalogue.store import statements as sql
from gateway.catalogue.store.rows import LENGTH_BITS, SHOWN, RecordRow, SharedRow, Status
from gateway.store.statement import Row, Session

CLEARLY_FULLER = 1.5
"""A record takes the lead from another of the same level where it is so many times as long: a lead should stay."""


@dataclass(slots=True, eq=False)
class Rec:
    """A source record being changed. `changed`: what its member's view shows; `moved`: only its place in the index."""

    id: int
    member: str
    control: str
    shared: int
    format: int
    status: int
    material: str
    sets: dict[str, list[str]]
    rank: int
    facts: Facts | None
    digest: bytes
    datestamp: int = 0
    seq: int = 0
    index_seq: int = 0  # negative: a tombstone in scope 0
    scopes: list[int] = field(default_factory=list)
    gone: dict[str, int] = field(default_factory=dict)
    provenance: str | None = None
    stated: int | None = None  # the status that its source states, where the member's conditions make it another
    changed: bool = False
    moved: bool = False
    before: tuple[int, Facts | None] | None = None  # status and facts as they are in the database

    @classmethod
    def of(cls, row: RecordRow) -> Rec:
        return cls(
            row.id,
            row.member,
            row.control,
            row.shared,
            row.format,
            row.status,
            row.material,
            {} if row.sets is None else orjson.loads(row.sets),
            row.rank,
            None if row.facts is None else Facts.unpack(row.facts),
            row.digest,
            row.datestamp,
            row.seq,
            row.index_seq,
            orjson.loads(row.scopes),
            orjson.loads(row.gone),
            row.provenance,
            row.stated,
        )

    def row(self) -> Row:
        return (
            self.id,
            self.member,
            self.control,
            self.shared,
            self.format,
            self.status,
            self.material,
            _text(self.sets) if self.sets else None,
            self.rank,
            None if self.facts is None else self.facts.pack(),
            self.digest,
            self.datestamp,
            self.seq,
            self.index_seq,
            _text(self.scopes),
            _text(self.gone),
            self.provenance,
            self.stated,
        )


@dataclass(slots=True, eq=False)
class Group:
    """A shared bib being changed. `touched`: what `ALL` shows of it; `looked` at: its lead may be another now."""

    id: int
    lead: int
    datestamp: int = 0
    seq: int = 0
    scopes: list[int] = field(default_factory=list)
    gone: dict[str, int] = field(default_factory=dict)
    records: dict[int, Rec] = field(default_factory=dict)
    touched: bool = False
    looked: bool = False

    @classmethod
    def of(cls, row: SharedRow) -> Group:
        return cls(row.id, row.lead, row.datestamp, row.seq, orjson.loads(row.scopes), orjson.loads(row.gone))

    def row(self) -> Row:
        return (
            self.id,
            self.lead,
            self.datestamp,
            self.seq,
            _text(self.scopes),
            _text(self.gone),
        )

    def visible(self) -> list[Rec]:
        return [rec for rec in self.records.values() if rec.status == Status.VISIBLE]


def _text(value: Sequence[int] | Mapping[str, object]) -> str:
    return orjson.dumps(value).decode() if value else ("{}" if isinstance(value, dict) else "[]")


def lead_of(visible: Sequence[Rec], now: int) -> Rec:
    """The record that stands for a shared bib: the fullest; the one that stands for it `now`, unless clearly less."""
    if len(visible) == 1:
        return visible[0]
    best = max(visible, key=lambda rec: (rec.rank, -rec.id))
    current = next((rec for rec in visible if rec.id == now), best)
    length = (1 << LENGTH_BITS) - 1
    if best.rank >> LENGTH_BITS > current.rank >> LENGTH_BITS:
        return best
    return best if best.rank & length > CLEARLY_FULLER * (current.rank & length) else current


class Working:
    """What one transaction has read and changes. Use within `Writer.writing()`."""

    def __init__(self, session: Session, names: Mapping[str, str]) -> None:
        self.session = session
        self.records: dict[int, Rec] = {}
        self.groups: dict[int, Group] = {}
        self._names = names  # of members, for their sets
        self._scopes: dict[tuple[str, str], int] = {}
        self._new_scopes: list[Row] = []
        self._horizon = self._last_seq = self._last_id = 0
        self._first_seq = self._before = 0
        self._drops: list[Row] = []
        self._puts: list[Row] = []
        self._wanted: dict[tuple[str, str, tuple[str, ...], tuple[str, ...]], list[int]] = {}
        self._tally: Counter[tuple[str, int]] = Counter()
        self._old_keys: set[tuple[int, int, str]] = set()
        self._new_keys: set[tuple[int, int, str]] = set()

    async def begin(self) -> None:
        """Reads position and scopes; on PostgreSQL after the lock was taken."""
        rows = await self.session.fetch(sql.POSITION)
        if rows:
            self._horizon, self._last_seq, self._last_id = rows[0]
            self._before = self._last_id
        for number, view, spec, _, _ in await self.session.fetch(sql.SCOPES):
            self._scopes[view, spec] = number

    @property
    def was_empty(self) -> bool:
        """Whether nothing has ever been written."""
        return not self._before

    async def known(self, member: str, controls: Iterable[str]) -> dict[str, Rec]:
        """Source records by control number, with the whole of their shared bibs."""
        rows = await self.session.fetch(sql.KNOWN, member=member, controls=list(controls))
        return {rec.control: rec for rec in map(self._take, rows)}

    async def load(self, ids: Iterable[int]) -> list[Rec]:
        """Source records by their ids."""
        rows = await self.session.fetch(sql.RECORDS, ids=[number for number in ids if number not in self.records])
        for row in rows:
            self._take(row)
        return [self.records[number] for number in ids if number in self.records]

    async def load_groups(self, shared: Iterable[int]) -> None:
        """The shared bibs with all their records."""
        missing = [number for number in set(shared) if number not in self.groups]
        if not missing:
            return
        for row in await self.session.fetch(sql.SHARED, ids=missing):
            group = Group.of(SharedRow._make(row))
            self.groups[group.id] = group
        for row in await self.session.fetch(sql.OF_SHARED, shared=missing):
            rec = self._take(row)
            if rec.shared in self.groups:
                self.groups[rec.shared].records[rec.id] = rec

    async def candidates(self, keys: Iterable[int], besides: str) -> dict[int, list[int]]:
        """Records by match key, without those of one member, and their shared bibs loaded; keys that too many records
        have are left out."""
        found: dict[int, list[int]] = {}
        for key, record in await self.session.fetch(sql.CANDIDATES, keys=list(keys), member=besides):
            found.setdefault(key, []).append(record)
        found = {key: records for key, records in found.items() if len(records) <= sql.WORN_OUT}
        ids = {record for records in found.values() for record in records}
        if ids:
            rows = await self.session.fetch(sql.SHARED_OF, ids=list(ids))
            await self.load_groups(row[1] for row in rows)
        return found

    def new(self, member: str, control: str) -> Rec:
        """A source record that is not in any view yet, in a shared bib of its own."""
        number = self._new_id()
        rec = Rec(number, member, control, number, 0, -1, "", {}, 0, None, b"")
        self.records[number] = rec
        group = self.groups[number] = Group(number, number)
        group.records[number] = rec
        return rec

    def change(self, rec: Rec) -> None:
        """To be called before a record's own fields are changed."""
        if rec.before is None:
            rec.before = rec.status, rec.facts
        rec.changed = True
        group = self.groups[rec.shared]
        group.looked = True
        if group.lead == rec.id:
            group.touched = True

    def reconsider(self, rec: Rec) -> None:
        """To be called before a record's facts are changed, where what views show of it stays the same."""
        if rec.before is None:
            rec.before = rec.status, rec.facts
        rec.moved = True

    def touch(self, rec: Rec) -> None:
        """What `ALL` shows of the record's shared bib changes with it: its holdings, or whether it is seen at all."""
        self.groups[rec.shared].touched = True

    def move(self, rec: Rec, target: Group | None) -> None:
        """Into another shared bib; None: into a new one of its own."""
        if target is None:
            number = self._new_id()
            target = self.groups[number] = Group(number, rec.id)
        old = self.groups[rec.shared]
        del old.records[rec.id]
        target.records[rec.id] = rec
        rec.shared = target.id
        rec.moved = True
        for group in (old, target):
            group.looked = group.touched = True

    async def finish(self, now: int) -> int:
        """Gives positions, and writes everything; the datestamp given (seconds), at least `now`."""
        at = max(now, self._horizon)
        self._first_seq = self._last_seq + 1
        leads: list[tuple[Rec, int]] = []
        # A record that was new and found its place at once leaves a shared bib behind that never was.
        written = [g for g in self.groups.values() if (g.looked or g.touched) and (g.records or g.seq)]
        for group in written:
            self._settle(group, at, leads)
        for rec in [rec for rec in self.records.values() if rec.changed]:
            self._place(rec, at)
        for rec, seq in leads:
            if not rec.changed:
                self._index(rec, seq or self._next_seq(), at)
        for rec in self.records.values():
            if rec.before is not None:
                self._count(rec, *rec.before)
        await self._write(written, at)
        return at

    def _settle(self, group: Group, at: int, leads: list[tuple[Rec, int]]) -> None:
        """Chooses the lead and moves the shared bib in the scopes of `ALL`."""
        visible = group.visible()
        old = group.lead
        if visible:
            group.lead = lead_of(visible, old).id
            group.touched |= group.lead != old
        if not group.touched:
            return
        want: list[int] = []
        if visible:
            lead = group.records[group.lead]
            holders = sorted({rec.member for rec in visible})
            want = self._scopes_of(ALL, lead.material, holders, lead.sets.get("all", ()))
        if not want and not group.scopes:
            return
        seq = self._next_seq()
        group.scopes = self._shift(group.id, group.scopes, group.gone, group.seq, want, seq, at)
        group.seq, group.datestamp = seq, at
        if visible:
            leads.append((group.records[group.lead], seq))
        if old != group.lead and (former := self.records.get(old)) is not None:
            leads.append((former, 0))

    def _place(self, rec: Rec, at: int) -> None:
        """Moves a record in the scopes of its member's view, and in the index."""
        shown = rec.status in SHOWN
        want = self._scopes_of(rec.member, rec.material, (), rec.sets.get("own", ())) if shown else []
        if not want and not rec.scopes and not rec.index_seq:
            return
        seq = self._next_seq()
        if want or rec.scopes:
            rec.scopes = self._shift(rec.id, rec.scopes, rec.gone, rec.seq, want, seq, at)
            rec.seq, rec.datestamp = seq, at
        self._index(rec, seq, at)

    def _index(self, rec: Rec, seq: int, at: int) -> None:
        """Moves a record in scope 0; a tombstone there is moved only when it becomes one."""
        shown = rec.status in SHOWN
        if not shown and rec.index_seq <= 0:
            return
        if rec.index_seq:
            self._drop(INDEX_SCOPE, int(rec.index_seq < 0), abs(rec.index_seq))
        self._put(INDEX_SCOPE, int(not shown), seq, rec.id, at)
        rec.index_seq = seq if shown else -seq
        rec.moved = True

    def _shift(
        self, item: int, live: list[int], gone: dict[str, int], old: int, want: list[int], seq: int, at: int
    ) -> list[int]:
        """Moves an item to `seq` in the scopes it is to be in, leaves tombstones in those it leaves."""
        for scope in live:
            self._drop(scope, 0, old)
            if scope not in want:
                self._put(scope, 1, seq, item, at)
                gone[str(scope)] = seq
        if gone:
            for scope in want:
                if (tombstone := gone.pop(str(scope), None)) is not None:
                    self._drop(scope, 1, tombstone)
        self._puts += [(scope, 0, seq, item, at) for scope in want]
        return want

    def _put(self, scope: int, deleted: int, seq: int, item: int, at: int) -> None:
        self._puts.append((scope, deleted, seq, item, at))

    def _drop(self, scope: int, deleted: int, seq: int) -> None:
        self._drops.append((scope, deleted, seq))

    def _blocks(self) -> list[Row]:
        """What the rows of the feed that come and go do to the counters of their blocks."""
        changes: Counter[tuple[int, int, int]] = Counter()
        changes.update([(scope, deleted, seq >> SHIFTS[0]) for scope, deleted, seq, _, _ in self._puts])
        changes.subtract([(scope, deleted, seq >> SHIFTS[0]) for scope, deleted, seq in self._drops])
        counters: Counter[tuple[int, int, int, int]] = Counter()
        for (scope, deleted, smallest), n in changes.items():
            for level, block in blocks_of(smallest << SHIFTS[0]):
                counters[scope, deleted, level, block] += n
        return [(*block, n) for block, n in counters.items() if n]

    def _count(self, rec: Rec, status: int, facts: Facts | None) -> None:
        """What becomes of the tallies and match keys of a record that had this status and these facts."""
        if status != rec.status:
            self._tally[rec.member, rec.status] += 1
            if status >= 0:
                self._tally[rec.member, status] -= 1
        old = _keys(rec, status, facts)
        new = _keys(rec, rec.status, rec.facts)
        self._old_keys |= old - new
        self._new_keys |= new - old

    async def _write(self, written: list[Group], at: int) -> None:
        run = self.session.run
        if self._new_scopes:
            await run(sql.PUT_SCOPE, self._new_scopes)
        if self._last_seq >= self._first_seq:
            await run(sql.PUT_SECOND, [(at, self._first_seq)])
        if self._drops:
            await run(sql.DROP_FEED, self._drops)
        await run(sql.PUT_FEED, sorted(self._puts))
        await run(sql.ADD_BLOCK, self._blocks())
        if self._old_keys:
            await run(sql.DROP_KEY, [(key, record) for key, record, _ in sorted(self._old_keys)])
        await run(sql.PUT_KEY, sorted(self._new_keys))
        changed = [rec for rec in self.records.values() if rec.changed or rec.moved]
        await run(sql.NEW_RECORD, [rec.row() for rec in changed if rec.id > self._before])
        await run(sql.PUT_RECORD, [rec.row() for rec in changed if rec.id <= self._before])
        await run(sql.PUT_SHARED, [group.row() for group in written])
        await run(sql.ADD_TALLY, [(*key, n) for key, n in self._tally.items() if n])
        await run(sql.PUT_POSITION, [(1, at, self._last_seq, self._last_id)])

    def _take(self, row: Sequence[object]) -> Rec:
        """The one `Rec` of a row, made where it is not known yet."""
        number = row[0]
        assert isinstance(number, int)
        found = self.records.get(number)
        if found is None:
            found = self.records[number] = Rec.of(RecordRow(*row))  # type: ignore[arg-type]
        return found

    def _scopes_of(self, view: str, material: str, holders: Iterable[str], sets: Iterable[str]) -> list[int]:
        """The numbers of the scopes of a view that something is in. Many records are in the same ones."""
        asked = view, material, tuple(holders), tuple(sets)
        found = self._wanted.get(asked)
        if found is None:
            specs = ["", f"format:{material}", *(f"member:{code}" for code in holders), *sets]
            found = self._wanted[asked] = [self._scope(view, spec) for spec in specs]
        return found

    def _scope(self, view: str, spec: str) -> int:
        found = self._scopes.get((view, spec))
        if found is None:
            found = self.declare(view, spec, *self._described(spec))
        return found

    def declare(self, view: str, spec: str, name: str, description: str = "") -> int:
        """The number of a scope; its name is written where it is new."""
        found = self._scopes.get((view, spec))
        if found is None:
            found = self._scopes[view, spec] = max(self._scopes.values(), default=INDEX_SCOPE) + 1
            self._new_scopes.append((found, view, spec, name, description))
        return found

    def _described(self, spec: str) -> Iterator[str]:
        head, _, rest = spec.partition(":")
        if head == "format" and rest:
            yield MATERIALS.get(rest, rest)
        elif head == "member" and rest:
            yield self._names.get(rest, rest)
        else:
            yield spec

    def _new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _next_seq(self) -> int:
        self._last_seq += 1
        return self._last_seq


def _keys(rec: Rec, status: int, facts: Facts | None) -> set[tuple[int, int, str]]:
    """The rows by which others find a record of this status and these facts: private and suppressed ones by none."""
    if facts is None or status != Status.VISIBLE:
        return set()
    return {(key, rec.id, rec.member) for _, key in facts.numbers}
