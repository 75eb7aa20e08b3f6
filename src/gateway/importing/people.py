"""Patrons whom the platform has and no source feeds, taken into the person register: LDAP and SCIM read that alone.

Whom the library alone speaks for is kept as the platform has them. Whoever a source feeds, and by that has taken an
identifier already, is left alone; a feed that brings somebody later takes them over.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import BigInteger, Text, bindparam

from gateway.canonical.vocabulary import IdentifierType, PatronStatus
from gateway.identity.ids import new_id
from gateway.identity.model import FIELDS, Person, PersonIdentifier
from gateway.identity.register.port import PutPerson, Register, Taken
from gateway.importing.progress import Stop, never
from gateway.platforms.reference.parts import of_member
from gateway.store import schema
from gateway.store.port import Part, Plan, Store
from gateway.store.rows import PatronIdentifierRow, PatronRow
from gateway.store.sql import any_of

SOURCE = "library"
BATCH = 500

_PATRON = schema.patron.c
_NEXT = Plan(
    "people.patrons",
    (
        Part(
            "patrons",
            of_member(schema.patron)
            .where(_PATRON.id > bindparam("after", type_=Text))
            .order_by(_PATRON.id)
            .limit(bindparam("size", type_=BigInteger)),
            PatronRow,
            many=True,
        ),
    ),
    dict,
)
_IDENTIFIERS = Plan(
    "people.identifiers",
    (
        Part(
            "identifiers",
            of_member(schema.patron_identifier).where(any_of(schema.patron_identifier.c.patron_id, "patrons")),
            PatronIdentifierRow,
            many=True,
        ),
    ),
    dict,
)


@dataclass(slots=True)
class Adopted:
    """How many patrons were looked at, taken in, brought up to date, and left because an identifier is taken."""

    looked: int = 0
    added: int = 0
    changed: int = 0
    left: int = 0


async def adopt(
    store: Store, register: Register, member: str, *, now: Callable[[], int], stop: Stop = never
) -> Adopted:
    """Takes in a member's patrons; `now` in milliseconds. Raises StoreUnavailable, RegisterUnavailable."""
    done, after = Adopted(), ""
    while not stop():
        found = await store.read(_NEXT, {"member": member, "after": after, "size": BATCH})
        patrons: list[PatronRow] = found["patrons"]
        if not patrons:
            break
        after = patrons[-1].id
        done.looked += len(patrons)
        drafts = await _drafts(store, member, patrons, now())
        known = await register.known(member, SOURCE, list(drafts))
        there = await register.persons(member, [one.id for one in known.values()])
        changed = [
            (person, there[known[source_id].id])
            for source_id, person in drafts.items()
            if source_id in known and not _same(person, there[known[source_id].id])
        ]
        await _write(register, member, [PutPerson(_updated(old, new), old.version) for new, old in changed])
        done.changed += len(changed)
        await _take_in(register, member, [one for source_id, one in drafts.items() if source_id not in known], done)
    return done


async def _drafts(store: Store, member: str, patrons: list[PatronRow], now: int) -> dict[str, Person]:
    """Patrons as the register has people, by the platform's id."""
    found = await store.read(_IDENTIFIERS, {"member": member, "patrons": [row.id for row in patrons]})
    rows: dict[str, list[PatronIdentifierRow]] = {}
    for row in sorted(found["identifiers"], key=lambda row: row.position):
        rows.setdefault(row.patron_id, []).append(row)
    return {row.id: _person(row, rows.get(row.id, []), now) for row in patrons if row.status != PatronStatus.DELETED}


def _same(one: Person, other: Person) -> bool:
    names = (*FIELDS, "identifiers")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _updated(old: Person, new: Person) -> Person:
    return replace(old, changed_at=new.changed_at, **{name: getattr(new, name) for name in (*FIELDS, "identifiers")})


async def _take_in(register: Register, member: str, people: list[Person], done: Adopted) -> None:
    effects = [PutPerson(person, 0) for person in people]
    try:
        await _write(register, member, effects)
    except Taken:  # somebody of them is fed by a source already: one by one, then
        for effect in effects:
            try:
                await _write(register, member, [effect])
            except Taken:
                done.left += 1
                continue
            done.added += 1
    else:
        done.added += len(people)


async def _write(register: Register, member: str, effects: list[PutPerson]) -> None:
    """Nothing of this is news to the platform: what is written counts as carried there."""
    await register.write(member, effects)
    for effect in effects:
        await register.provisioned(member, effect.person.id, effect.expect + 1, effect.person.platform_id, "")


def _person(row: PatronRow, identifiers: list[PatronIdentifierRow], now: int) -> Person:
    return Person(
        id=new_id(),
        member=row.member,
        version=1,
        created_at=now,
        changed_at=now,
        source=SOURCE,
        source_id=row.id,
        display=row.name,
        identifiers=tuple(PersonIdentifier(IdentifierType(one.type), one.shown, one.active) for one in identifiers),
        family=row.family or "",
        given=row.given or "",
        category=row.category,
        home_library=row.home_library or "",
        language=row.language or "",
        birth_on=row.birth_on or "",
        valid_from_on=row.valid_from_on or "",
        expires_on=row.expires_on or "",
        emails=tuple(json.loads(row.emails_json)),
        phones=tuple(json.loads(row.phones_json)),
        addresses=tuple(json.loads(row.addresses_json)),
        active=row.status != PatronStatus.INACTIVE,
        stage_since=now,
        platform_id=row.id,
    )
