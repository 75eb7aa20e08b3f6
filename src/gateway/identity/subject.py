"""One person, across everything the gateway holds: what there is of them, and the way to have nothing left.

Each place that keeps something of people answers for itself (`Place`); who puts them together knows where they are.
The register comes last when somebody is erased: until then it leads to everything else, and an erasure that broke off
can be begun again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.identity.model import Person, Review
from gateway.identity.register.port import AnyOf, DropPerson, DropReview, Effect, Lookup, PutReview, Register

PAGE = 500
_NAMED_BY = ("identifier", "user_name", "source_id", "id")


class NotFound(Exception):
    """Nobody of the member is named so, or several are."""


class Owing(Exception):
    """Something is open that the library needs the person for; `numbers` says how much of what."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        super().__init__(", ".join(f"{number} {name}" for name, number in numbers.items() if number))
        self.numbers = numbers


@dataclass(frozen=True, slots=True)
class Patron:
    """A patron as the platform names one: the id there, and all identifiers."""

    id: str
    identifiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """Who it is: the record in the register, the patron's id on the platform, where there are any, and all names by
    which other places may know the person."""

    member: str
    person: Person | None
    patron_id: str | None
    names: tuple[str, ...]


@dataclass(slots=True)
class Erased:
    """What is gone from a place, by kind and number, and what stays there and why."""

    gone: dict[str, int] = field(default_factory=dict)
    stays: dict[str, str] = field(default_factory=dict)


class Place(Protocol):
    """Somewhere people are kept. `name` is what it is called in an export."""

    @property
    def name(self) -> str: ...

    async def export(self, subject: Subject) -> dict[str, Any]:
        """All that is kept of the person, as JSON has it; empty where nothing is."""
        ...

    async def owing(self, subject: Subject) -> Mapping[str, int]:
        """Why the person cannot be erased: what is open, by number."""
        ...

    async def erase(self, subject: Subject, *, keep_accounts: bool) -> Erased:
        """Removes all that is kept of the person, but the accounts of somebody who owes, with `keep_accounts`."""
        ...


PatronNamed = Callable[[str, str], Awaitable[Patron | None]]
"""Of a member, the platform's patron whom an identifier names."""


async def find(register: Register, patron_named: PatronNamed, member: str, identifier: str) -> Subject:
    """Whom an identifier, userName, source id or id of the register names. Raises NotFound, RegisterUnavailable."""
    asked = AnyOf(tuple(Lookup(name, identifier) for name in _NAMED_BY))
    people = await register.search(member, asked, size=PAGE)
    if len(people) > 1:
        raise NotFound("several people: name one by id: " + ", ".join(one.id for one in people))
    patron = await patron_named(member, identifier)
    if not people:
        if patron is None:
            raise NotFound("nobody is named so, neither in the register nor on the platform")
        owner = (await register.linked(member, [patron.id])).get(patron.id)
        person = await register.person(member, owner) if owner else None
        return _subject(member, person, patron)
    (person,) = people
    return _subject(member, person, await _patron_of(register, patron_named, person))


async def export(places: Sequence[Place], subject: Subject) -> dict[str, Any]:
    """By place, all that is kept of the person."""
    return {place.name: await place.export(subject) for place in places}


async def erase(places: Sequence[Place], subject: Subject, *, keep_accounts: bool, dry: bool) -> dict[str, Erased]:
    """By place, what is gone and what stays; with `dry` nothing is done, and nothing is said of places that owe
    nothing. Raises Owing before anything is touched, unless the accounts are kept."""
    open_: dict[str, int] = {}
    for place in places:
        open_ |= {name: number for name, number in (await place.owing(subject)).items() if number}
    if open_ and not keep_accounts:
        raise Owing(open_)
    if dry:
        return {}
    return {place.name: await place.erase(subject, keep_accounts=bool(open_)) for place in places}


class RegisterPlace:
    """The register itself. Runs hold numbers and name nobody."""

    name = "register"

    def __init__(self, register: Register) -> None:
        self._register = register

    async def export(self, subject: Subject) -> dict[str, Any]:
        if (person := subject.person) is None:
            return {}
        groups = (await self._register.groups_of(person.member, [person.id])).get(person.id, [])
        reviews = [dataclasses.asdict(review) async for review in self._reviews(person)]
        return {
            "person": dataclasses.asdict(person),
            "groups": [{"id": group.id, "display": group.display} for group in groups],
            "reviews": reviews,
        }

    async def owing(self, subject: Subject) -> Mapping[str, int]:
        return {}

    async def erase(self, subject: Subject, *, keep_accounts: bool) -> Erased:
        if (person := subject.person) is None:
            return Erased()
        effects: list[Effect] = [DropPerson(person.id, person.version)]
        async for review in self._reviews(person):
            if _is_about(review, person):
                effects.append(DropReview(review.id))
            else:
                left = tuple(one for one in review.candidates if one != person.id)
                effects.append(PutReview(dataclasses.replace(review, candidates=left)))
        await self._register.write(person.member, effects)
        erased = Erased({"person": 1, "reviews": len(effects) - 1})
        if person.source != "library":
            erased.stays["source"] = f"{person.source} brings the person back for as long as they are in it"
        return erased

    async def _reviews(self, person: Person) -> AsyncIterator[Review]:
        """Items about a record of the person, or that may be about one."""
        for decided in (False, True):
            after = ""
            while page := await self._register.reviews(person.member, decided=decided, after=after, size=PAGE):
                after = page[-1].id
                for review in page:
                    if _is_about(review, person) or person.id in review.candidates:
                        yield review


def _is_about(review: Review, person: Person) -> bool:
    return bool(person.source_id) and (f"feed:{review.feed}", review.source_id) == (person.source, person.source_id)


def _subject(member: str, person: Person | None, patron: Patron | None) -> Subject:
    names: dict[str, None] = {}
    if person is not None:
        names |= dict.fromkeys([*(one.value for one in person.identifiers), person.user_name])
    if patron is not None:
        names |= dict.fromkeys(patron.identifiers)
    patron_id = patron.id if patron is not None else (person.platform_id if person is not None else None)
    return Subject(member, person, patron_id or None, tuple(name for name in names if name))


async def _patron_of(register: Register, patron_named: PatronNamed, person: Person) -> Patron | None:
    """The person's patron: the one linked, else one whom the identifiers name and who is nobody else's."""
    for one in person.identifiers:
        found = await patron_named(person.member, one.value) if one.active else None
        if found is None or (person.platform_id and found.id != person.platform_id):
            continue
        owner = (await register.linked(person.member, [found.id])).get(found.id, person.id)
        if owner == person.id:
            return found
    return None
