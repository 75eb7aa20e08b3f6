"""A register in memory, with all that `gateway.identity.register.port` promises: the measure of the real ones, and what
tests of other parts write to. Everything is found by looking through all of it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.canonical.vocabulary import IdentifierType
from gateway.identity.model import Group, Person, Review, Run, Stage, folded
from gateway.identity.register.port import (
    COMPARED,
    AllOf,
    AnyOf,
    DropGroup,
    DropPerson,
    DropReview,
    Effect,
    Everyone,
    Known,
    Lookup,
    MarkSeen,
    PutGroup,
    PutPerson,
    PutReview,
    PutRun,
    StaleVersion,
    Taken,
    Wanted,
)

_PLURAL = {"email": "emails", "phone": "phones", "affiliation": "affiliations", "group": "groups"}

_FIELDS = {
    "display", "family", "given", "email", "phone", "category", "affiliation", "group", "department", "eppn",
    "user_name", "external_id", "source_id", "id", "identifier", *IdentifierType,
}  # fmt: skip


@dataclass(slots=True)
class _State:
    persons: dict[str, Person] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)  # person -> the version that has a problem
    groups: dict[str, Group] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    reviews: dict[str, Review] = field(default_factory=dict)
    seen: dict[str, set[str]] = field(default_factory=dict)

    def copy(self) -> _State:
        return _State(
            dict(self.persons),
            dict(self.refused),
            dict(self.groups),
            dict(self.runs),
            dict(self.reviews),
            {run: set(ids) for run, ids in self.seen.items()},
        )


class MemoryRegister:
    """Implements `gateway.identity.register.port.Register`."""

    def __init__(self) -> None:
        self._members: dict[str, _State] = {}

    def _of(self, member: str) -> _State:
        return self._members.setdefault(member, _State())

    async def person(self, member: str, id_: str) -> Person | None:
        return self._of(member).persons.get(id_)

    async def persons(self, member: str, ids: Sequence[str]) -> dict[str, Person]:
        known = self._of(member).persons
        return {id_: known[id_] for id_ in ids if id_ in known}

    async def search(self, member: str, wanted: Wanted, *, after: str = "", size: int = 500) -> list[Person]:
        _check_fields(wanted)
        return [person for person in self._alive(member) if person.id > after and fits(person, wanted)][:size]

    async def count(self, member: str, wanted: Wanted, *, limit: int = 1_000_000) -> int:
        _check_fields(wanted)
        return min(limit, sum(fits(person, wanted) for person in self._alive(member)))

    async def known(self, member: str, source: str, source_ids: Sequence[str]) -> dict[str, Known]:
        asked = set(source_ids)
        return {
            person.source_id: Known(person.id, person.source_id, person.digest, person.stage)
            for person in self._alive(member)
            if person.source == source and person.source_id and person.source_id in asked
        }

    async def unseen(self, member: str, source: str, run: str, *, after: str = "", size: int = 500) -> list[Person]:
        seen = self._of(member).seen.get(run, set())
        return [
            person
            for person in self._alive(member)
            if person.source == source and person.source_id not in seen and person.id > after
        ][:size]

    async def tally(self, member: str, source: str) -> Mapping[Stage, int]:
        return Counter(person.stage for person in self._of(member).persons.values() if person.source == source)

    async def unprovisioned(
        self, member: str, *, refused: bool = False, after: str = "", size: int = 100
    ) -> list[Person]:
        state = self._of(member)
        return [
            person
            for _, person in sorted(state.persons.items())
            if person.id > after
            and person.provisioned < person.version
            and (state.refused.get(person.id) == person.version) is refused
        ][:size]

    async def provisioned(self, member: str, id_: str, version: int, platform_id: str, problem: str) -> None:
        state = self._of(member)
        if (person := state.persons.get(id_)) is None:
            return
        changed = replace(
            person,
            platform_id=platform_id or person.platform_id,
            provisioned=person.provisioned if problem else max(person.provisioned, version),
        )
        if version == person.version:
            changed = replace(changed, problem=problem)
            state.refused[id_] = version if problem else 0
        state.persons[id_] = changed

    async def linked(self, member: str, platform_ids: Sequence[str]) -> dict[str, str]:
        return {
            one.platform_id: one.id
            for one in self._alive(member)
            if one.platform_id and one.platform_id in platform_ids
        }

    async def group(self, member: str, id_: str) -> Group | None:
        return self._of(member).groups.get(id_)

    async def groups(self, member: str, *, after: str = "", size: int = 500) -> list[Group]:
        return [group for id_, group in sorted(self._of(member).groups.items()) if id_ > after][:size]

    async def groups_of(self, member: str, ids: Sequence[str]) -> dict[str, list[Group]]:
        groups = [group for _, group in sorted(self._of(member).groups.items())]
        found = {id_: [group for group in groups if id_ in group.members] for id_ in ids}
        return {id_: of for id_, of in found.items() if of}

    async def runs(self, member: str, feed: str = "", *, size: int = 20) -> list[Run]:
        found = [run for run in self._of(member).runs.values() if feed in ("", run.feed)]
        return sorted(found, key=lambda run: (run.started_at, run.id), reverse=True)[:size]

    async def run(self, member: str, id_: str) -> Run | None:
        return self._of(member).runs.get(id_)

    async def reviews(
        self, member: str, *, feed: str = "", decided: bool = False, after: str = "", size: int = 100
    ) -> list[Review]:
        return [
            review
            for id_, review in sorted(self._of(member).reviews.items())
            if id_ > after and feed in ("", review.feed) and bool(review.decision) is decided
        ][:size]

    async def reviews_of(self, member: str, feed: str, source_ids: Sequence[str]) -> dict[str, list[Review]]:
        found: dict[str, list[Review]] = {}
        for _, review in sorted(self._of(member).reviews.items()):
            if review.feed == feed and review.source_id in source_ids:
                found.setdefault(review.source_id, []).append(review)
        return found

    async def review(self, member: str, id_: str) -> Review | None:
        return self._of(member).reviews.get(id_)

    async def forget_seen(self, member: str, run: str) -> None:
        self._of(member).seen.pop(run, None)

    async def prune(self, member: str, before: int) -> int:
        state = self._of(member)
        old = [run.id for run in state.runs.values() if run.ended_at is not None and run.ended_at < before]
        for id_ in old:
            del state.runs[id_]
            state.seen.pop(id_, None)
        return len(old)

    async def write(self, member: str, effects: Sequence[Effect]) -> None:
        state = self._of(member).copy()
        for effect in effects:
            _carry_out(state, member, effect)
        _unique(state)
        self._members[member] = state

    async def close(self) -> None:
        pass

    def _alive(self, member: str) -> Iterator[Person]:
        for _, person in sorted(self._of(member).persons.items()):
            if person.stage is not Stage.ANONYMISED:
                yield person


def _carry_out(state: _State, member: str, effect: Effect) -> None:
    match effect:
        case PutPerson(person, expect):
            _check(member, person.member, person.id, person.source_id)
            _check_version(state.persons.get(person.id), person.id, expect)
            if known := state.persons.get(person.id):
                person = replace(
                    person, platform_id=known.platform_id, provisioned=known.provisioned, problem=known.problem
                )
            state.persons[person.id] = replace(person, version=expect + 1)
        case DropPerson(id_, expect):
            _check_version(state.persons.get(id_), id_, expect)
            state.persons.pop(id_, None)
            state.refused.pop(id_, None)
            for group in state.groups.values():
                if id_ in group.members:
                    left = tuple(one for one in group.members if one != id_)
                    state.groups[group.id] = replace(group, members=left, version=group.version + 1)
        case PutGroup(group, expect):
            _check(member, group.member, group.id)
            _check_version(state.groups.get(group.id), group.id, expect)
            if missing := next((one for one in group.members if one not in state.persons), None):
                raise StaleVersion(missing)
            members = tuple(sorted(set(group.members)))
            state.groups[group.id] = replace(group, version=expect + 1, members=members)
        case DropGroup(id_, expect):
            _check_version(state.groups.get(id_), id_, expect)
            state.groups.pop(id_, None)
        case PutRun(run):
            _check(member, run.member, run.id)
            state.runs[run.id] = run
        case PutReview(review):
            _check(member, review.member, review.id, review.source_id)
            opened = (r for r in state.reviews.values() if not r.decision)
            same = (r for r in opened if (r.feed, r.source_id) == (review.feed, review.source_id))
            if not review.decision and (known := next(same, None)) is not None and known.id != review.id:
                review = replace(review, id=known.id, at=known.at)
            state.reviews[review.id] = review
        case DropReview(id_):
            state.reviews.pop(id_, None)
        case MarkSeen(run, source_ids):
            _check(member, member, *source_ids)
            state.seen.setdefault(run, set()).update(source_ids)


def _check(member: str, of: str, *keys: str) -> None:
    if of != member:
        raise ValueError("a row of another member")
    if any(len(key) > COMPARED or not _can_be_text(key) for key in keys):
        raise ValueError("an id that cannot be kept")


def _check_version(known: Person | Group | None, id_: str, expect: int) -> None:
    if (known.version if known else 0) != expect:
        raise StaleVersion(id_)


def _unique(state: _State) -> None:
    owners: dict[tuple[str, str], str] = {}
    for person in state.persons.values():
        if person.stage is Stage.ANONYMISED:
            continue
        names = [(one.type.value, _cut(one.value), one.value) for one in person.identifiers]
        names += [("user_name", _cut(person.user_name), person.user_name)]
        names += [("source_id", f"{person.source} {person.source_id}" if person.source_id else "", person.source_id)]
        for what, key, value in names:
            if key and _can_be_text(key) and owners.setdefault((what, key), person.id) != person.id:
                raise Taken(what, value, owners[what, key])


def _cut(value: str) -> str:
    return folded(value)[:COMPARED]


def _can_be_text(value: str) -> bool:
    return "\0" not in value and not any(unicodedata.category(sign) == "Cs" for sign in value)


def _check_fields(wanted: Wanted) -> None:
    match wanted:
        case Lookup(field=name) if name not in _FIELDS:
            raise ValueError(f"{name} is not a field that is looked up")
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                _check_fields(part)
        case _:
            pass


def fits(person: Person, wanted: Wanted) -> bool:
    """Whether a person is one of those asked for."""
    match wanted:
        case Everyone():
            return True
        case AllOf(parts):
            return all(fits(person, part) for part in parts)
        case AnyOf(parts):
            return any(fits(person, part) for part in parts)
        case Lookup(field="id", value=value, prefix=prefix):
            return person.id.startswith(value) if prefix else person.id == value
        case Lookup(field=name, value=value, prefix=prefix):
            asked = _cut(value)
            if not _can_be_text(asked):
                return False
            found = [_cut(one) for one in _values(person, name) if _can_be_text(_cut(one))]
            return any(one.startswith(asked) if prefix else one == asked for one in found if one)
    return False


def _values(person: Person, name: str) -> tuple[str, ...]:
    if name == "identifier":
        return tuple(one.value for one in person.identifiers)
    if name in set(IdentifierType):
        return tuple(one.value for one in person.identifiers if one.type == name)
    value = getattr(person, _PLURAL.get(name, name))
    return value if isinstance(value, tuple) else (value,)
