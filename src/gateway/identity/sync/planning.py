"""One batch of drafts against the register: what is to be written. Reads the register, never writes.

Identifiers are unique at the end of a batch and not before, so everybody's wishes are weighed together, and two people
may swap. Who wants what somebody has who may still give it up in this run is deferred to its end; what then is still
contested is left with whoever has it, and people decide.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from gateway.config.identity import FeedConfigBase
from gateway.identity.ids import new_id
from gateway.identity.model import Draft, Person, Review, Stage
from gateway.identity.register.port import AnyOf, Effect, Lookup, PutPerson, PutReview, Register
from gateway.identity.sync import matching
from gateway.identity.sync.matching import Doubt
from gateway.identity.sync.ownership import (
    Key,
    changes,
    compared,
    keys,
    merged,
    restored,
    same_content,
    takes_away,
    without,
)

LOOKUPS = 200  # values asked for in one search
PAGE = 500


@dataclass(frozen=True, slots=True)
class Line:
    """What happens to one person, for the diff. `fields`: name, value before, value after."""

    what: str  # added, changed, back, off, review, missing, expired, anonymised
    person: str
    source_id: str
    fields: tuple[tuple[str, str, str], ...] = ()
    reason: str = ""


@dataclass(slots=True)
class Plan:
    """What a batch comes to. `opened` counts the items that are new on the review list, `nameless` records of new
    people with no identifier, by which nobody could borrow. `deferred` and `held` are to be planned again when the run
    ends: the one for an identifier, the other because it takes something away from somebody."""

    effects: list[Effect] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    nameless: int = 0
    deferred: list[Draft] = field(default_factory=list)
    held: list[Draft] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Item:
    """A draft on its way to a person; `contested` are identifiers that it does not get, with who has them."""

    draft: Draft
    before: Person
    after: Person
    new: bool
    decision: Review | None
    opened: Review | None
    contested: dict[Key, str] = field(default_factory=dict)

    def claims(self) -> set[Key]:
        return keys(self.after, active=True) - keys(self.before)

    def undecided(self, contested: Mapping[Key, str]) -> dict[Key, str]:
        """Those of which people have not said that the others keep them."""
        said = self.decision is not None and self.decision.decision in (matching.NEW, matching.IGNORE)
        return {
            key: owner for key, owner in contested.items() if not (said and matching.covers(self.decision, (owner,)))
        }


@dataclass(slots=True)
class _Round:
    """What is known while one batch is planned. `linked` are the people whom it has found so far."""

    plan: Plan
    now: int
    today: date
    last: bool
    deciding: bool
    past: Mapping[str, list[Review]]
    persons: Mapping[str, Person]
    holders: Mapping[Key, list[Person]]
    linked: set[str] = field(default_factory=set)


class Planner:
    """Plans the batches of one feed. `tells`: plans have lines."""

    def __init__(self, member: str, feed: FeedConfigBase, register: Register, *, tells: bool = False) -> None:
        self._tells = tells
        self.source = f"feed:{feed.name}"
        self._member = member
        self._feed = feed
        self._register = register

    async def plan(
        self,
        drafts: Sequence[Draft],
        *,
        now: int,
        today: date,
        last: bool = False,
        may_take: bool = False,
        deciding: bool = False,
    ) -> Plan:
        """`now` is UTC milliseconds, `today` the member's. `last`: nothing can be deferred any more. `may_take`: the
        limits have been asked. `deciding`: people have decided about these just now."""
        plan = Plan()
        ids = [draft.source_id for draft in drafts]
        known = await self._register.known(self._member, self.source, ids)
        rest: list[Draft] = []
        for draft in drafts:
            entry = known.get(draft.source_id)
            if entry is not None and entry.digest == draft.digest and entry.stage is Stage.PRESENT:
                plan.counts["unchanged"] += 1
            else:
                rest.append(draft)
        if not rest:
            return plan
        past = await self._register.reviews_of(self._member, self._feed.name, [draft.source_id for draft in rest])
        persons = await self._persons(rest, {key: entry.id for key, entry in known.items()}, past)
        holders = await self._holders(self._asked(rest, known, persons))
        this = _Round(plan, now, today, last, deciding, past, persons, holders)
        items: list[_Item] = []
        for draft in rest:
            mine = persons.get(known[draft.source_id].id) if draft.source_id in known else None
            item = self._item(this, draft, mine)
            if item is None:
                continue
            if not (item.new or may_take) and takes_away(item.before, item.after, today):
                plan.held.append(draft)
                continue
            items.append(item)
        self._emit(this, self._weighed(this, items))
        return plan

    async def _persons(
        self, drafts: Iterable[Draft], known: Mapping[str, str], past: Mapping[str, list[Review]]
    ) -> dict[str, Person]:
        """Those whom the drafts are, by their key or by decision."""
        wanted = {known[draft.source_id] for draft in drafts if draft.source_id in known}
        for items in past.values():
            decision = matching.decided(items)
            if decision is not None and decision.decision.startswith(f"{matching.SAME}:"):
                wanted.add(decision.decision.partition(":")[2])
        return await self._register.persons(self._member, sorted(wanted))

    def _asked(self, drafts: Iterable[Draft], known: Mapping[str, Any], persons: Mapping[str, Person]) -> set[Key]:
        """Identifiers of which it matters who has them."""
        asked: set[Key] = set()
        for draft in drafts:
            said = {(str(kind), compared(value)) for kind, values in draft.identifiers.items() for value in values}
            if draft.source_id in known and (person := persons.get(known[draft.source_id].id)) is not None:
                said -= keys(person)
            else:
                said |= {key for way in matching.keys_of(draft, self._feed.match) for key in way}
            asked |= {key for key in said if key[1]}
        return asked

    async def _holders(self, asked: set[Key]) -> dict[Key, list[Person]]:
        found: defaultdict[Key, list[Person]] = defaultdict(list)
        ordered = sorted(asked)
        for start in range(0, len(ordered), LOOKUPS):
            chunk = set(ordered[start : start + LOOKUPS])
            wanted = AnyOf(tuple(Lookup(kind, value) for kind, value in sorted(chunk)))
            after = ""
            while True:
                page = await self._register.search(self._member, wanted, after=after, size=PAGE)
                for person in page:
                    for key in (keys(person) | {("eppn", compared(person.eppn))}) & chunk:
                        found[key].append(person)
                if len(page) < PAGE:
                    break
                after = page[-1].id
        return found

    def _item(self, this: _Round, draft: Draft, person: Person | None) -> _Item | None:
        """The draft with whom it is; None where it is nobody's now."""
        past = this.past.get(draft.source_id, [])
        decision = matching.decided(past)
        opened = next((item for item in past if not item.decision), None)
        if person is None:
            if decision is not None and decision.decision == matching.IGNORE:
                this.plan.counts["ignored"] += 1
                return None
            who = self._who(this, draft, decision)
            if isinstance(who, Doubt):
                if who.own and not this.last:
                    this.plan.deferred.append(draft)
                else:
                    self._review(this, draft, opened, who)
                return None
            person = who
        if person is not None and person.id in this.linked:
            twice = Doubt("two records of this source are the same person", (person.id,))
            self._review(this, draft, opened, twice)
            return None
        now = this.now
        empty = Person(new_id(), self._member, 0, now, now, self.source, draft.source_id, "", stage_since=now)
        before, new = person or empty, person is None
        after = merged(before, draft, self._feed.fields, new=new)
        if new and not keys(after, active=True):
            this.plan.counts["refused"] += 1
            this.plan.nameless += 1
            return None
        this.linked.add(before.id)
        if after.stage is not Stage.PRESENT:
            after = replace(after, stage=Stage.PRESENT, stage_since=now)
        after = replace(after, source=self.source, source_id=draft.source_id)
        return _Item(draft, before, after, new, decision, opened)

    def _who(self, this: _Round, draft: Draft, decision: Review | None) -> Person | Doubt | None:
        if decision is not None and decision.decision.startswith(f"{matching.SAME}:"):
            person = this.persons.get(decision.decision.partition(":")[2])
            # Once only where one source has two keys for somebody: else they would take the person from each other.
            again = person is not None and person.source == self.source and not this.deciding
            if person is not None and person.stage is not Stage.ANONYMISED and not again:
                return person

        def active(key: Key) -> list[Person]:
            found = this.holders.get(key, [])
            return found if key[0] == "eppn" else [one for one in found if key in keys(one, active=True)]

        who = matching.match(draft, self._feed.match, self.source, active)
        if isinstance(who, Doubt) and decision is not None and decision.decision == matching.NEW:
            return None if matching.covers(decision, who.candidates) else who
        return who

    def _weighed(self, this: _Round, items: list[_Item]) -> list[_Item]:
        """Those who can be written together."""
        alive = items
        while blocked := self._blocked(alive, this.holders):
            gone: set[_Item] = set()
            for item, contested in blocked.items():
                if not this.last:
                    this.plan.deferred.append(item.draft)
                    gone.add(item)
                elif item.new and item.undecided(contested):
                    self._review(this, item.draft, item.opened, _taken(item.undecided(contested)))
                    gone.add(item)
                else:
                    self._let_go(item, contested)
            alive = [item for item in alive if item not in gone]
        return alive

    def _let_go(self, item: _Item, contested: dict[Key, str]) -> None:
        """The item goes on without what others have; a type of which nothing is left stays as it was."""
        item.contested |= contested
        item.after = without(item.after, contested)
        left = {kind for kind, _ in keys(item.after, active=True)}
        item.after = restored(item.after, item.before, {kind for kind, _ in contested} - left)

    def _blocked(self, items: Iterable[_Item], holders: Mapping[Key, list[Person]]) -> dict[_Item, dict[Key, str]]:
        """Who claims what an owner keeps; where there is nobody like that, who claims what somebody before claims."""
        by_id = {item.before.id: item for item in items}
        first: dict[Key, _Item] = {}
        by_owner: defaultdict[_Item, dict[Key, str]] = defaultdict(dict)
        by_rival: defaultdict[_Item, dict[Key, str]] = defaultdict(dict)
        for item in by_id.values():
            for key in sorted(self._wishes(item)):
                if (rival := first.setdefault(key, item)) is not item:
                    by_rival[item][key] = rival.before.id
                for owner in holders.get(key, []) if key[0] != "eppn" else []:
                    has = by_id[owner.id].after if owner.id in by_id else owner
                    if owner.id != item.before.id and key in keys(has, active=True):
                        by_owner[item][key] = owner.id
        return by_owner or by_rival

    def _wishes(self, item: _Item) -> set[Key]:
        """With what must not come twice among people who are new together, though the register would take it."""
        eppn = compared(item.after.eppn)
        alike = item.new and eppn and item.decision is None and "eppn" in self._feed.match
        return item.claims() | ({("eppn", eppn)} if alike else set())

    def _emit(self, this: _Round, items: list[_Item]) -> None:
        by_id = {item.before.id: item for item in items}
        released: defaultdict[str, set[Key]] = defaultdict(set)
        others: dict[str, Person] = {}
        for item in items:
            for key in item.claims():
                for owner in this.holders.get(key, []):
                    if owner.id in by_id and owner.id != item.before.id:
                        by_id[owner.id].after = without(by_id[owner.id].after, {key})
                    elif owner.id not in by_id:
                        released[owner.id].add(key)
                        others[owner.id] = owner
        for id_, dropped in released.items():
            left = replace(without(others[id_], dropped), changed_at=this.now)
            this.plan.effects.append(PutPerson(left, others[id_].version))
        for item in items:
            self._put(this, item)

    def _put(self, this: _Round, item: _Item) -> None:
        plan, now = this.plan, this.now
        before, undecided = item.before, item.undecided(item.contested)
        # Without a digest the record is looked at again next time, changed or not.
        after = replace(item.after, changed_at=now, digest="" if undecided else item.draft.digest)
        if undecided:
            self._review(this, item.draft, item.opened, _taken(undecided))
        elif item.opened is not None:
            settled = replace(item.opened, decision=f"{matching.SAME}:{after.id}", decided_by="sync", decided_at=now)
            plan.effects.append(PutReview(replace(settled, record={})))
        if same_content(before, after) and not item.new:
            plan.counts["unchanged"] += 1
            if before.digest == after.digest:
                return
        else:
            what = "added" if item.new else "back" if before.stage is not Stage.PRESENT else "changed"
            plan.counts[what] += 1
            if not item.new and takes_away(before, after, this.today):
                plan.counts["off"] += 1
                what = "off"
            if self._tells:
                plan.lines.append(Line(what, after.id, after.source_id, changes(before, after)))
        plan.effects.append(PutPerson(after, 0 if item.new else before.version))

    def _review(self, this: _Round, draft: Draft, opened: Review | None, doubt: Doubt) -> None:
        plan = this.plan
        plan.counts["review"] += 1
        if self._tells:
            plan.lines.append(Line("review", "", draft.source_id, reason=doubt.reason))
        item = Review(
            opened.id if opened else new_id(),
            self._member,
            self._feed.name,
            draft.source_id,
            doubt.reason,
            doubt.candidates,
            _record(draft),
            opened.at if opened else this.now,
        )
        plan.opened += opened is None
        if item != opened:
            plan.effects.append(PutReview(item))


def _taken(contested: Mapping[Key, str]) -> Doubt:
    kinds = ", ".join(sorted({kind for kind, _ in contested}))
    return Doubt(f"{kinds} is another person's", tuple(sorted(set(contested.values()))))


def _record(draft: Draft) -> dict[str, Any]:
    """As JSON has it, so that what was read back compares."""
    fields = {name: list(value) if isinstance(value, tuple) else value for name, value in draft.fields.items()}
    return {"fields": fields, "identifiers": {str(kind): list(values) for kind, values in draft.identifiers.items()}}
