"""Which shared bib each record of a batch belongs to, given the rules of `matching` and what people have decided.

One record of a member stands in a shared bib at most: which of two would be meant is nothing a rule can know. A
record stays where it is as long as it fits there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from gateway.catalogue.matching import Facts, Judgement, Verdict, join, judge
from gateway.catalogue.store import statements as sql
from gateway.catalogue.store.rows import Status
from gateway.catalogue.store.working import Group, Rec, Working

MAX_DOUBTS = 3
"""Pairs a record puts on the review list at most: people need one to look at it."""


class Joiner:
    """Places the records of one transaction. `load` before, `write` after."""

    def __init__(self, work: Working) -> None:
        self._work = work
        self._by_key: dict[int, list[int]] = {}
        self._same: dict[int, set[int]] = {}
        self._different: dict[int, set[int]] = {}
        self._open: dict[tuple[int, int], int] = {}
        self._doubts: dict[tuple[int, int], tuple[str, str]] = {}
        self._raised: Counter[int] = Counter()  # doubts, by the record that was being placed
        self._placed: set[int] = set()
        self.merged = self.parted = self.doubtful = 0

    async def load(self, member: str, known: Sequence[Rec], facts: Iterable[Facts]) -> None:
        """Reads what the records of a member (or, with "", of several) may belong to. `known` are in the store already,
        `facts` as they will be."""
        keys = {key for one in facts for key in one.hashes()}
        if keys:
            self._by_key = await self._work.candidates(keys, besides=member)
        ids = [rec.id for rec in known]
        if not ids:
            return
        partners: set[int] = set()
        for number, a, b, _, _, decision, _, _ in await self._work.session.fetch(sql.REVIEWS_OF, ids=ids, more=ids):
            if not decision:
                self._open[a, b] = number
                continue
            kept = self._same if decision == "same" else self._different
            kept.setdefault(a, set()).add(b)
            kept.setdefault(b, set()).add(a)
            partners |= {a, b}
        loaded = await self._work.load(partners)
        await self._work.load_groups(rec.shared for rec in loaded)

    def place(self, rec: Rec) -> None:
        """Puts a visible record, whose facts are new, where it belongs."""
        work, current = self._work, self._work.groups[rec.shared]
        self._placed.add(rec.id)
        keys = rec.facts.hashes() if rec.facts else []
        target = self._target(rec, current, keys)
        if target is not current:
            if target is None or _others(rec, current):
                self.parted += 1
            if target is not None:
                self.merged += 1
            work.move(rec, target)
        for key in keys:
            known = self._by_key.setdefault(key, [])
            if rec.id not in known:
                known.append(rec.id)

    def leave(self, rec: Rec) -> None:
        """Others see the record no longer: whether it is one of theirs is nothing to be asked of people."""
        self._placed.add(rec.id)

    async def write(self) -> None:
        """Writes new doubts, and takes back those that a record of this batch no longer raises."""
        session = self._work.session
        settled = [
            (number,)
            for pair, number in self._open.items()
            if pair not in self._doubts and not self._placed.isdisjoint(pair)
        ]
        if settled:
            await session.run(sql.DROP_REVIEW, settled)
        fresh = {pair: why for pair, why in self._doubts.items() if pair not in self._open}
        if not fresh:
            return
        last = (await session.fetch(sql.LAST_REVIEW))[0][0] or 0
        rows = [
            (last + place, *pair, reason, evidence, "", "", None)
            for place, (pair, (reason, evidence)) in enumerate(sorted(fresh.items()), 1)
        ]
        await session.run(sql.PUT_REVIEW, rows)
        self.doubtful += len(rows)

    def _target(self, rec: Rec, current: Group, keys: Sequence[int]) -> Group | None:
        """Where the record belongs; None: into a new shared bib of its own."""
        work = self._work
        for partner in sorted(self._same.get(rec.id, ())):
            other = work.records.get(partner)
            if other is not None and other.status == Status.VISIBLE:
                return work.groups[other.shared]
        others = _others(rec, current)
        if others and rec.facts is not None and self._stays(rec, others):
            return current
        groups = {
            work.records[number].shared
            for key in keys
            for number in self._by_key.get(key, ())
            if work.records[number].member != rec.member
        } - {current.id}
        same = [
            (judgement.kind or 0, number)
            for number in sorted(groups)
            if (judgement := self._judged(rec, work.groups[number])).verdict is Verdict.SAME
        ]
        if same:
            _, best = min(same)
            for _, number in same:
                if number != best:
                    self._doubt(rec, work.groups[number].visible()[0], "fits two shared bibs", "")
            return work.groups[best]
        return None if others else current

    def _stays(self, rec: Rec, others: list[Rec]) -> bool:
        """Whether a record belongs where it is: to one at least of those it stands with, and apart from none."""
        apart = self._different.get(rec.id, set())
        if any(one.id in apart for one in others):
            return False
        known = [one.facts for one in others if one.facts is not None]
        return rec.facts is not None and any(judge(rec.facts, one).verdict is Verdict.SAME for one in known)

    def _judged(self, rec: Rec, group: Group) -> Judgement:
        assert rec.facts is not None
        others = _others(rec, group)
        apart = self._different.get(rec.id, set())
        if not others or any(one.id in apart or one.member == rec.member for one in others):
            return Judgement(Verdict.NOTHING)
        judgement = join(rec.facts, [one.facts for one in others if one.facts is not None])
        if judgement.verdict is Verdict.DOUBT and self._raised[rec.id] < MAX_DOUBTS:
            for one in others:
                said = judge(rec.facts, one.facts) if one.facts is not None else judgement
                if said.verdict is Verdict.DOUBT:
                    self._doubt(rec, one, said.against, said.kind.name if said.kind is not None else "")
                    break
        return judgement

    def _doubt(self, rec: Rec, other: Rec, reason: str, evidence: str) -> None:
        if self._raised[rec.id] < MAX_DOUBTS:
            self._raised[rec.id] += 1
            self._doubts[min(rec.id, other.id), max(rec.id, other.id)] = (reason, evidence)


def _others(rec: Rec, group: Group) -> list[Rec]:
    return [one for one in group.records.values() if one.status == Status.VISIBLE and one is not rec]
