"""Effects on a transaction that is open: what is there is read once, the effects are tried on it in their order, and
what has come of it is written, so that only the end of all effects has to be unique."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace

from gateway.identity.model import Group, Person, Review
from gateway.identity.register import statements as sql
from gateway.identity.register.port import (
    COMPARED,
    DropGroup,
    DropPerson,
    DropReview,
    Effect,
    MarkSeen,
    PutGroup,
    PutPerson,
    PutReview,
    PutRun,
    StaleVersion,
    Taken,
)
from gateway.identity.register.rows import (
    WAITING,
    group_of,
    group_row,
    person_of,
    person_row,
    review_of,
    review_row,
    run_row,
    source_key,
)
from gateway.identity.register.terms import lookups, names, writable
from gateway.store.statement import Session, Statement

_Key = tuple[str, str]


@dataclass(slots=True)
class _Work:
    """What is there of what the effects touch, as it was and as it is to be."""

    persons: dict[str, Person]
    groups: dict[str, Group]
    there: set[str]  # ids of other persons that groups are to have as members
    now: dict[str, Person | None] = field(default_factory=dict)
    groups_now: dict[str, Group | None] = field(default_factory=dict)
    reviews: dict[str, Review | None] = field(default_factory=dict)

    def person(self, id_: str) -> Person | None:
        return self.now[id_] if id_ in self.now else self.persons.get(id_)

    def has(self, id_: str) -> bool:
        return self.person(id_) is not None or (id_ in self.there and id_ not in self.now)

    def group(self, id_: str) -> Group | None:
        return self.groups_now[id_] if id_ in self.groups_now else self.groups.get(id_)


async def carry_out(session: Session, member: str, effects: Sequence[Effect]) -> None:
    """Raises StaleVersion, Taken and ValueError, with some of it written: the transaction is to be rolled back."""
    check(member, effects)
    work = await _read(session, member, effects)
    for effect in effects:
        _try(work, effect)
    await _persons(session, member, work)
    await _groups(session, member, work)
    await session.run(sql.PUT_RUN, [run_row(effect.run) for effect in effects if isinstance(effect, PutRun)])
    await session.run(sql.DROP_REVIEW, [(member, id_) for id_, review in work.reviews.items() if review is None])
    await session.run(sql.PUT_REVIEW, [review_row(review) for review in work.reviews.values() if review is not None])
    marks = [(member, e.run, source_id) for e in effects if isinstance(e, MarkSeen) for source_id in e.source_ids]
    await session.run(sql.PUT_SEEN, marks)


def check(member: str, effects: Sequence[Effect]) -> None:
    """Raises ValueError for what cannot be kept, whatever there is."""
    for effect in effects:
        match effect:
            case PutPerson(person):
                of, keys = person.member, (person.id, person.source_id)
            case PutGroup(group):
                of, keys = group.member, (group.id,)
            case PutRun(run):
                of, keys = run.member, (run.id,)
            case PutReview(review):
                of, keys = review.member, (review.id, review.source_id)
            case MarkSeen(_, source_ids):
                of, keys = member, source_ids
            case DropPerson(id_) | DropGroup(id_) | DropReview(id_):
                of, keys = member, (id_,)
        if of != member:
            raise ValueError("a row of another member")
        if any(len(key) > COMPARED or not writable(key) for key in keys):
            raise ValueError("an id that cannot be kept")


async def _read(session: Session, member: str, effects: Sequence[Effect]) -> _Work:
    persons = {e.person.id for e in effects if isinstance(e, PutPerson)}
    dropped = {e.id for e in effects if isinstance(e, DropPerson)}
    groups = {e.group.id for e in effects if isinstance(e, PutGroup)} | {
        e.id for e in effects if isinstance(e, DropGroup)
    }
    if dropped:
        found = await session.fetch(sql.GROUPS_OF, member=member, persons=sorted(dropped))
        groups |= {group for _, group in found}
    known: dict[str, Person] = {}
    if persons or dropped:
        rows = await session.fetch(sql.LOCKED_PERSONS, member=member, ids=sorted(persons | dropped))
        known = {person.id: person for person in map(person_of, rows)}
    there = await _there(session, member, effects, known.keys())
    work = _Work(known, await read_groups(session, member, groups, sql.LOCKED_GROUPS), there)
    reviews = [e.review for e in effects if isinstance(e, PutReview)]
    for feed in {review.feed for review in reviews}:
        source_ids = [review.source_id for review in reviews if review.feed == feed]
        rows = await session.fetch(sql.REVIEWS_OF, member=member, feed=feed, source_ids=source_ids)
        work.reviews |= {review.id: review for review in map(review_of, rows) if not review.decision}
    return work


async def read_groups(
    session: Session, member: str, ids: set[str], statement: Statement = sql.GROUPS_BY_ID
) -> dict[str, Group]:
    """Groups with their members, by id."""
    if not ids:
        return {}
    rows = await session.fetch(statement, member=member, ids=sorted(ids))
    members: dict[str, list[str]] = {}
    for group, person in await session.fetch(sql.GROUP_MEMBERS, member=member, ids=sorted(ids)):
        members.setdefault(group, []).append(person)
    return {row[1]: group_of(row, tuple(sorted(members.get(row[1], ())))) for row in rows}


async def _there(session: Session, member: str, effects: Sequence[Effect], known: Set[str]) -> set[str]:
    wanted = {one for e in effects if isinstance(e, PutGroup) for one in e.group.members if writable(one)} - known
    if not wanted:
        return set()
    return {row[0] for row in await session.fetch(sql.PERSONS_THERE, member=member, ids=sorted(wanted))}


def _try(work: _Work, effect: Effect) -> None:
    match effect:
        case PutPerson(person, expect):
            before = work.person(person.id)
            _same_version(before, person.id, expect)
            if before is not None:
                person = replace(
                    person, platform_id=before.platform_id, provisioned=before.provisioned, problem=before.problem
                )
            work.now[person.id] = replace(person, version=expect + 1)
        case DropPerson(id_, expect):
            _same_version(work.person(id_), id_, expect)
            work.now[id_] = None
            for group_id in work.groups.keys() | work.groups_now.keys():
                group = work.group(group_id)
                if group is not None and id_ in group.members:
                    left = tuple(one for one in group.members if one != id_)
                    work.groups_now[group_id] = replace(group, members=left, version=group.version + 1)
        case PutGroup(group, expect):
            _same_version(work.group(group.id), group.id, expect)
            if gone := [one for one in group.members if not work.has(one)]:
                raise StaleVersion(gone[0])
            members = tuple(sorted(set(group.members)))
            work.groups_now[group.id] = replace(group, version=expect + 1, members=members)
        case DropGroup(id_, expect):
            _same_version(work.group(id_), id_, expect)
            work.groups_now[id_] = None
        case PutReview(review):
            _try_review(work, review)
        case DropReview(id_):
            work.reviews[id_] = None
        case _:  # what depends on nothing
            pass


def _same_version(known: Person | Group | None, id_: str, expect: int) -> None:
    if (known.version if known else 0) != expect:
        raise StaleVersion(id_)


def _try_review(work: _Work, review: Review) -> None:
    if not review.decision:
        for known in filter(None, work.reviews.values()):
            same = (known.feed, known.source_id) == (review.feed, review.source_id)
            if same and not known.decision and known.id != review.id:
                review = replace(review, id=known.id, at=known.at)
                break
    work.reviews[review.id] = review


async def _persons(session: Session, member: str, work: _Work) -> None:
    if not work.now:
        return
    before = {id_: work.persons.get(id_) for id_ in work.now}
    names_before = {id_: names(person) if person else {} for id_, person in before.items()}
    names_now = {id_: names(person) if person else {} for id_, person in work.now.items()}
    await _unique_names(session, member, names_now, names_before)
    await _unique_sources(session, member, work)
    gone = [(member, *key) for id_, of in names_before.items() for key in of if key not in names_now[id_]]
    new = [(member, *key, id_) for id_, of in names_now.items() for key in of if key not in names_before[id_]]
    terms_before = {id_: lookups(person) if person else set[_Key]() for id_, person in before.items()}
    terms_now = {id_: lookups(person) if person else set[_Key]() for id_, person in work.now.items()}
    terms_gone = [(member, *key, id_) for id_, of in terms_before.items() for key in of - terms_now[id_]]
    terms_new = [(member, *key, id_) for id_, of in terms_now.items() for key in of - terms_before[id_]]
    rows = [person_row(person, WAITING) for person in work.now.values() if person is not None]
    keys = {row.id: (row.source, row.source_key) for row in rows}
    moved = [one.id for one in before.values() if one and (one.source, source_key(one)) != keys.get(one.id)]
    if moved:  # first, so that two may swap
        await session.fetch(sql.RELEASE_SOURCE, member=member, ids=moved)
    await session.run(sql.DROP_PERSON, [(member, id_) for id_, person in work.now.items() if person is None])
    await session.run(sql.DROP_NAME, gone)
    await session.run(sql.DROP_LOOKUP, terms_gone)
    await session.run(sql.PUT_PERSON, rows)
    await session.run(sql.PUT_NAME, sorted(new))
    await session.run(sql.PUT_LOOKUP, sorted(terms_new))


async def _unique_names(
    session: Session,
    member: str,
    now: dict[str, dict[_Key, str]],
    before: dict[str, dict[_Key, str]],
) -> None:
    owners: dict[_Key, str] = {}
    asked: dict[str, list[str]] = {}
    for id_, of in now.items():
        for key, written in of.items():
            if owners.setdefault(key, id_) != id_:
                raise Taken(key[0], written, owners[key])
            if key not in before[id_]:
                asked.setdefault(key[0], []).append(key[1])
    for what, values in asked.items():
        for *key, owner in await session.fetch(sql.OWNERS, member=member, field=what, values=values):
            if owner not in now:
                raise Taken(what, now[owners[what, key[1]]][what, key[1]], owner)


async def _unique_sources(session: Session, member: str, work: _Work) -> None:
    owners: dict[_Key, str] = {}
    for id_, person in work.now.items():
        key = source_key(person) if person else None
        if person and key and owners.setdefault((person.source, key), id_) != id_:
            raise Taken("source_id", key, owners[person.source, key])
    for source in {source for source, _ in owners}:
        keys = [key for of, key in owners if of == source]
        for key, owner, *_ in await session.fetch(sql.KNOWN, member=member, source=source, keys=keys):
            if owner not in work.now:
                raise Taken("source_id", key, owner)


async def _groups(session: Session, member: str, work: _Work) -> None:
    if not work.groups_now:
        return
    gone: list[tuple[str, str, str]] = []
    new: list[tuple[str, str, str]] = []
    for id_, group in work.groups_now.items():
        before = set(known.members) if (known := work.groups.get(id_)) else set[str]()
        now = set(group.members) if group else set[str]()
        gone += [(member, id_, person) for person in sorted(before - now)]
        new += [(member, id_, person) for person in sorted(now - before)]
    await session.run(sql.DROP_GROUP_MEMBER, gone)
    await session.run(sql.DROP_GROUP, [(member, id_) for id_, group in work.groups_now.items() if group is None])
    await session.run(sql.PUT_GROUP, [group_row(group) for group in work.groups_now.values() if group is not None])
    await session.run(sql.PUT_GROUP_MEMBER, new)
