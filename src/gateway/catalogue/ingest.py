"""Records into the catalogue: one transaction a batch, idempotent by member and control number.

What has not changed costs no write and no place in the feed. Reading, rendering and compressing happen before the
transaction, so that other writers wait for the writing alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from gateway.catalogue.joining import Joiner
from gateway.catalogue.matching import Facts, Rules
from gateway.catalogue.materials import material
from gateway.catalogue.records import Format, Holding, Provenance, SourceKind
from gateway.catalogue.set_rules import SetRule, configured, described, sets_of
from gateway.catalogue.store import statements as sql
from gateway.catalogue.store.compress import ORIGINAL, RENDERING
from gateway.catalogue.store.rows import FORMATS, KINDS, Status, holdings_text, provenance_text
from gateway.catalogue.store.working import Rec, Working, rank_of
from gateway.catalogue.store.writer import Writer
from gateway.config import Config
from library_protocols.marc import Record, to_marcxml

MAX_CONTROL = 255
"""Characters of a control number: it becomes part of an OAI identifier, which is a URI."""

# Leader/17, MARC 21 Bibliographic: how fully the record was made. UNIMARC uses 1, 2, 3 and blank in the same sense.
_LEVELS = {" ": 9, "1": 8, "4": 7, "2": 6, "I": 6, "L": 6, "K": 5, "M": 5, "7": 4, "5": 3, "3": 3, "J": 2, "8": 1}


@dataclass(slots=True)
class Incoming:
    """One record as it came.

    `record` is the parsed record, None only where `deleted` and `control` is given. `control` overrides the control
    number of field 001. `holdings` None leaves those that are known. `deleted` also where the leader does not say so.
    `repairs` is what reading had to put right, for reports only. `label` names the record to people ("byte 1234").
    """

    original: bytes
    kind: SourceKind
    record: Record | None
    format: Format = Format.MARC21
    repairs: tuple[Any, ...] = ()
    suppressed: bool = False
    private: bool = False
    provenance: Provenance | None = None
    holdings: tuple[Holding, ...] | None = None
    deleted: bool = False
    control: str | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that could not be taken: `label` as it came, and why."""

    label: str
    reason: str


@dataclass(slots=True)
class Report:
    """What batches did. `changed` counts altered records; `merged` and `parted` moves between shared bibs, `doubtful`
    pairs put on the review list."""

    taken: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    merged: int = 0
    parted: int = 0
    doubtful: int = 0
    refused: list[Refusal] = field(default_factory=list)


@dataclass(slots=True)
class _Content:
    """What is made of a record before the transaction."""

    rendering: tuple[int, bytes]
    original: tuple[int, bytes]
    facts: Facts
    rank: int
    material: str
    sets: dict[str, list[str]]


@dataclass(slots=True)
class _Prepared:
    control: str
    status: Status
    digest: bytes
    incoming: Incoming
    marcxml: bytes | None = None
    content: _Content | None = None


class Ingest:
    """Takes batches for one store. `union` are the prefixes of union-catalogue numbers, `sets` the sets defined by
    queries, `names` members' names by code; `now` gives seconds since 1970."""

    def __init__(
        self,
        store: Writer,
        *,
        union: Sequence[str] = (),
        sets: Sequence[SetRule] = (),
        names: Mapping[str, str] | None = None,
        now: Callable[[], int] = lambda: int(time.time()),
    ) -> None:
        self.store = store
        self._rules = Rules(union)
        self._sets = sets
        self._described = described(sets)
        self._names = names or {}
        self._now = now

    @classmethod
    def configured(cls, store: Writer, config: Config) -> Ingest:
        """With everything that the configuration says about it. Raises ConfigError for a set that is none."""
        return cls(
            store,
            union=config.catalogue.union_ids,
            sets=configured(config),
            names={code: member.name for code, member in config.members.items()},
        )

    async def originals(
        self, member: str, controls: Sequence[str], *, besides: SourceKind
    ) -> dict[str, tuple[SourceKind, bytes]]:
        """What is kept of a member's records as they came, by control number, without those of one kind."""
        ids = await self.store.controls(member, controls)
        kept = await self.store.originals(list(ids.values()))
        return {control: kept[n] for control, n in ids.items() if n in kept and kept[n][0] != besides}

    async def put(
        self, member: str, batch: Sequence[Incoming], *, state: Mapping[str, str | None] | None = None
    ) -> Report:
        """Takes a batch, all in one transaction, with new values of state keys where given (a harvest's position).

        Of several records with one control number the last counts. Raises CatalogueUnavailable.
        """
        report = Report(taken=len(batch))
        prepared = {one.control: one for incoming in batch if (one := self._prepare(incoming, report)) is not None}
        await self._make_content(member, list(prepared.values()))
        async with self.store.writing() as session:
            work = Working(session, self._names)
            await work.begin()
            known = await work.known(member, prepared)
            texts = {row[0]: row[1] for row in await session.fetch(sql.HOLDINGS, ids=[r.id for r in known.values()])}
            todo: list[tuple[_Prepared, Rec | None, str | None]] = []
            for one in prepared.values():
                rec = known.get(one.control)
                holdings = self._new_holdings(one, texts.get(rec.id) if rec else None)
                if self._is_new(one, rec) or holdings is not None:
                    todo.append((one, rec, holdings))
                else:
                    report.unchanged += 1
            if todo:
                await self._take(work, member, todo, report)
                await work.finish(self._now())
            for key, value in (state or {}).items():
                await self.store.put_state(session, key, value)
        return report

    def _prepare(self, incoming: Incoming, report: Report) -> _Prepared | None:
        record = incoming.record
        control = incoming.control or (record.control_number if record is not None else "")
        deleted = incoming.deleted or (record is not None and record.leader[5:6] == "d")
        problem = None
        if not control:
            problem = "has no control number (001)"
        elif len(control) > MAX_CONTROL or not control.isprintable():
            problem = "has a control number that cannot be one"
        elif record is None and not deleted:
            problem = "is empty"
        if problem is not None:
            report.refused.append(Refusal(incoming.label, problem))
            return None
        status = Status.VISIBLE
        if deleted:
            status = Status.DELETED
        elif incoming.suppressed:
            status = Status.SUPPRESSED
        elif incoming.private:
            status = Status.PRIVATE
        digest = blake2b(incoming.original, digest_size=16, person=incoming.format.encode()).digest()
        return _Prepared(control, status, digest, incoming)

    def _is_new(self, one: _Prepared, rec: Rec | None) -> bool:
        if rec is None:
            return one.status != Status.DELETED  # what was never here leaves no tombstone
        if one.status == Status.DELETED:
            return rec.status != Status.DELETED
        return rec.status != one.status or rec.digest != one.digest

    def _new_holdings(self, one: _Prepared, known: str | None) -> str | None:
        """Holdings as they are to be written, None where they are to stay."""
        if one.incoming.holdings is None or one.status == Status.DELETED:
            return None
        text = holdings_text(one.incoming.holdings)
        return text if text != (known or "[]") else None

    async def _make_content(self, member: str, prepared: list[_Prepared]) -> None:
        """Renders and compresses what is new, as far as that can be told before the transaction."""
        async with self.store.snapshot() as session:
            rows = await session.fetch(sql.DIGESTS, member=member, controls=[one.control for one in prepared])
        known = {row[0]: (row[1], row[2]) for row in rows}
        fresh = [
            one
            for one in prepared
            if one.incoming.record is not None and known.get(one.control) != (one.digest, one.status)
            if one.status != Status.DELETED
        ]
        for one in fresh:
            assert one.incoming.record is not None
            one.marcxml = to_marcxml(one.incoming.record)
        await self.store.learn(RENDERING, [one.marcxml for one in fresh if one.marcxml is not None])
        for kind in dict.fromkeys(ORIGINAL):
            came = [o.incoming.original for o in fresh if ORIGINAL[KINDS.index(o.incoming.kind)] == kind]
            await self.store.learn(kind, came)
        for one in fresh:
            one.content = self._content(member, one)

    def _content(self, member: str, one: _Prepared) -> _Content:
        incoming, record = one.incoming, one.incoming.record
        assert record is not None
        pack = self.store.compression.pack
        return _Content(
            pack(RENDERING, one.marcxml or to_marcxml(record)),
            pack(ORIGINAL[KINDS.index(incoming.kind)], incoming.original),
            self._rules.facts(record, incoming.format),
            rank_of(_LEVELS.get(record.leader[17:18], 0), len(incoming.original)),
            material(record, incoming.format),
            sets_of(self._sets, member, record, incoming.format),
        )

    async def _take(
        self, work: Working, member: str, todo: list[tuple[_Prepared, Rec | None, str | None]], report: Report
    ) -> None:
        await work.load_groups(rec.shared for _, rec, _ in todo if rec is not None)
        for view, spec, name, description in self._described:
            work.declare(view, spec, name, description)
        for one, rec, _ in todo:
            if one.content is None and one.status != Status.DELETED and self._is_new(one, rec):
                one.content = self._content(member, one)
        joiner = Joiner(work)
        await joiner.load(
            [rec for _, rec, _ in todo if rec is not None],
            [one.content.facts for one, _, _ in todo if one.content is not None and one.status == Status.VISIBLE],
        )
        renderings: list[tuple[int, int, bytes]] = []
        originals: list[tuple[int, int, int, bytes]] = []
        holdings: list[tuple[int, str]] = []
        for one, known, text in todo:
            rec = known or work.new(member, one.control)
            was = rec.status
            work.change(rec)
            if one.content is not None:
                _fill(rec, one, one.content)
                renderings.append((rec.id, *one.content.rendering))
                originals.append((rec.id, KINDS.index(one.incoming.kind), *one.content.original))
            rec.status = one.status
            if one.status == Status.DELETED:
                rec.digest = one.digest
            if text is not None:
                holdings.append((rec.id, text))
            if was != rec.status or (text is not None and rec.status == Status.VISIBLE):
                work.touch(rec)
            if one.content is not None and rec.status == Status.VISIBLE:
                joiner.place(rec)
            if one.status == Status.DELETED:
                report.deleted += 1
            elif known is None:
                report.added += 1
            else:
                report.changed += 1
        await work.session.run(sql.PUT_RENDERING, renderings)
        await work.session.run(sql.PUT_ORIGINAL, originals)
        await work.session.run(sql.PUT_HOLDING, holdings)
        await joiner.write()
        report.merged, report.parted, report.doubtful = joiner.merged, joiner.parted, joiner.doubtful


def _fill(rec: Rec, one: _Prepared, content: _Content) -> None:
    rec.format = FORMATS.index(one.incoming.format)
    rec.digest = one.digest
    rec.material = content.material
    rec.sets = content.sets
    rec.rank = content.rank
    rec.facts = content.facts
    rec.provenance = provenance_text(one.incoming.provenance)
