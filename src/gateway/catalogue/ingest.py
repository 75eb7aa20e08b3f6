"""Records into the catalogue: one transaction a batch, idempotent by member and control number.

What has not changed costs no write and no place in the feed. Reading, rendering and compressing happen before the
transaction, so that other writers wait for the writing alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.catalogue import set_rules, visibility
from gateway.catalogue.joining import Joiner
from gateway.catalogue.matching import Rules
from gateway.catalogue.preparing import Incoming, Prepared, Preparer
from gateway.catalogue.records import SourceKind
from gateway.catalogue.set_rules import STATE, SetRule, described
from gateway.catalogue.store import statements as sql
from gateway.catalogue.store.compress import ORIGINAL, RENDERING
from gateway.catalogue.store.port import EVERYTHING
from gateway.catalogue.store.rows import Status
from gateway.catalogue.store.working import Rec, Working
from gateway.catalogue.store.writer import Writer
from gateway.catalogue.visibility import Visibility
from gateway.config import Config

__all__ = ["Incoming", "Ingest", "Refusal", "Report", "SetRule"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that could not be taken: `label` as it came, and why."""

    label: str
    reason: str


@dataclass(slots=True)
class Report:
    """What a batch did. `changed` counts altered records; `merged` and `parted` moves between shared bibs, `doubtful`
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


State = Mapping[str, str | None]


class Ingest:
    """Takes batches for one store. `union` are the prefixes of union-catalogue numbers, `sets` the sets defined by
    queries, `hiding` what members keep to themselves, `names` their names by code; `now` gives seconds since 1970."""

    def __init__(
        self,
        store: Writer,
        *,
        union: Sequence[str] = (),
        sets: Sequence[SetRule] = (),
        hiding: Mapping[str, Visibility] | None = None,
        names: Mapping[str, str] | None = None,
        now: Callable[[], int] = lambda: int(time.time()),
    ) -> None:
        self.store = store
        self.preparer = Preparer(store.compression, Rules(union), sets, hiding or {})
        self._described = described(sets)
        self._sorted_by = set_rules.digest(sets, hiding or {})
        self._names = names or {}
        self._now = now

    @classmethod
    def configured(cls, store: Writer, config: Config) -> Ingest:
        """With everything that the configuration says about it. Raises ConfigError for a set or a condition that is
        none."""
        return cls(
            store,
            union=config.catalogue.union_ids,
            sets=set_rules.configured(config),
            hiding=visibility.configured(config),
            names={code: member.name for code, member in config.members.items()},
        )

    async def originals(
        self, member: str, controls: Sequence[str], *, besides: SourceKind
    ) -> dict[str, tuple[SourceKind, bytes]]:
        """What is kept of a member's records as they came, by control number, without those of one kind."""
        ids = await self.store.controls(member, controls)
        kept = await self.store.originals(list(ids.values()))
        return {control: kept[n] for control, n in ids.items() if n in kept and kept[n][0] != besides}

    async def put(self, member: str, batch: Sequence[Incoming], *, state: State | None = None) -> Report:
        """Takes a batch, all in one transaction, with new values of state keys where given (a harvest's position).

        Of several records with one control number the last counts. Raises CatalogueUnavailable.
        """
        prepared = [self.preparer.begin(member, incoming) for incoming in batch]
        refused = [Refusal(one.label, one.refusal) for one in prepared if one.refusal is not None]
        report = await self.put_prepared(member, [one for one in prepared if one.refusal is None], state=state)
        report.taken, report.refused = len(batch), refused
        return report

    async def put_prepared(self, member: str, batch: Sequence[Prepared], *, state: State | None = None) -> Report:
        """The same for records that have been prepared, here or in another process, and not been refused."""
        report = Report(taken=len(batch))
        prepared = {one.control: one for one in batch}
        await self._fill(member, [one for one in prepared.values() if one.incoming is not None])
        async with self.store.writing() as session:
            work = Working(session, self._names)
            await work.begin()
            known = await work.known(member, prepared)
            texts = {row[0]: row[1] for row in await session.fetch(sql.HOLDINGS, ids=[r.id for r in known.values()])}
            todo: list[tuple[Prepared, Rec | None]] = []
            for one in prepared.values():
                rec = known.get(one.control)
                if one.holdings == (texts.get(rec.id, "[]") if rec is not None else "[]"):
                    one.holdings = None
                if _is_new(one, rec) or one.holdings is not None:
                    todo.append((one, rec))
                else:
                    report.unchanged += 1
            if todo:
                await self._take(work, member, todo, report)
                await work.finish(self._now())
            kept = {**(state or {}), **await self._sets(work)}
            for key, value in kept.items():
                await self.store.put_state(session, key, value)
        return report

    async def _sets(self, work: Working) -> State:
        """What is to be said of the sorting: an empty store is sorted from its first record on as ours are, and no
        longer as one, nor being sorted, where records were sorted otherwise."""
        if work.was_empty:
            return {STATE: self._sorted_by}
        said = {row[0] for row in await work.session.fetch(sql.STATE, key=STATE)}
        return {} if said <= {self._sorted_by, set_rules.in_the_making(self._sorted_by)} else {STATE: None}

    async def _fill(self, member: str, prepared: Sequence[Prepared]) -> None:
        """Renders and compresses what is new, as far as that can be told before the transaction; makes the
        dictionaries of the first records."""
        if not prepared:
            return
        async with self.store.snapshot(EVERYTHING) as session:
            rows = await session.fetch(sql.DIGESTS, member=member, controls=[one.control for one in prepared])
        known = {row[0]: (row[1], row[2]) for row in rows}
        fresh = [
            one
            for one in prepared
            if one.status != Status.DELETED and known.get(one.control) != (one.digest, one.status)
        ]
        for one in fresh:
            self.preparer.render(one)
        if not fresh:
            return
        await self.store.learn(RENDERING, [one.marcxml for one in fresh if one.marcxml is not None])
        for kind in dict.fromkeys(ORIGINAL):
            came = [one.incoming.original for one in fresh if one.incoming is not None and ORIGINAL[one.kind] == kind]
            if came:
                await self.store.learn(kind, came)
        self.preparer.fill(member, fresh)

    async def _take(self, work: Working, member: str, todo: list[tuple[Prepared, Rec | None]], report: Report) -> None:
        await work.load_groups(rec.shared for _, rec in todo if rec is not None)
        for view, spec, name, description in self._described:
            work.declare(view, spec, name, description)
        late = [one for one, rec in todo if one.content is None and one.status != Status.DELETED and _is_new(one, rec)]
        self.preparer.fill(member, late)  # another writer was here since we looked
        joiner = Joiner(work)
        await joiner.load(
            member,
            [rec for _, rec in todo if rec is not None],
            [one.content.facts for one, _ in todo if one.content is not None and one.status == Status.VISIBLE],
        )
        contents = [(one, self._change(work, joiner, member, one, rec, report)) for one, rec in todo]
        filled = [(rec.id, one, one.content) for one, rec in contents if one.content is not None]
        run = work.session.run
        await run(sql.PUT_RENDERING, [(number, *content.rendering) for number, _, content in filled])
        await run(sql.PUT_ORIGINAL, [(number, one.kind, *content.original) for number, one, content in filled])
        await run(sql.PUT_HOLDING, [(rec.id, one.holdings) for one, rec in contents if one.holdings is not None])
        await joiner.write()
        report.merged, report.parted, report.doubtful = joiner.merged, joiner.parted, joiner.doubtful

    def _change(
        self, work: Working, joiner: Joiner, member: str, one: Prepared, known: Rec | None, report: Report
    ) -> Rec:
        """Makes a record what it is to be, and finds its shared bib."""
        rec = known or work.new(member, one.control)
        was = rec.status
        work.change(rec)
        if one.content is not None:
            rec.format, rec.digest, rec.provenance = one.format, one.digest, one.provenance
            rec.material, rec.sets = one.content.material, one.content.sets
            rec.rank, rec.facts = one.content.rank, one.content.facts
        rec.status, rec.stated = one.status, one.stated
        if one.status == Status.DELETED:
            rec.digest = one.digest
        if was != rec.status or (one.holdings is not None and rec.status == Status.VISIBLE):
            work.touch(rec)
        if rec.status != Status.VISIBLE:
            joiner.leave(rec)
        elif one.content is not None:
            joiner.place(rec)
        if one.status == Status.DELETED:
            report.deleted += 1
        elif known is None:
            report.added += 1
        else:
            report.changed += 1
        return rec


def _is_new(one: Prepared, rec: Rec | None) -> bool:
    if rec is None:
        return one.status != Status.DELETED  # what was never here leaves no tombstone
    if one.status == Status.DELETED:
        return rec.status != Status.DELETED
    return (rec.status, rec.stated, rec.digest) != (one.status, one.stated, one.digest)
