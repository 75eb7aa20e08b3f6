"""Whose entries there are: found in the register, completed by the desk; a patron of whom only the platform knows too.

What the platform says is asked for few people in a search, several at a time, and not waited for long: what it does not
say in time is not known, and an entry goes without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import SecretStr

from gateway.adapters.ldap.mapping import PersonEntry, Tree, person_of, value_of
from gateway.adapters.ldap.session import Kind, Principal
from gateway.canonical.answers import Answer
from gateway.canonical.context import Context, PlatformCall
from gateway.canonical.entities import Patron
from gateway.canonical.outcomes import PatronOutcome
from gateway.canonical.refusals import PlatformFailure, Refusal
from gateway.canonical.requests import PatronAuthenticate, PatronGet, Request
from gateway.canonical.vocabulary import IdentifierType, Permission
from gateway.clock import Clock
from gateway.crosswalks.ldap import NAMED_BY
from gateway.identity.model import Person, Stage, folded
from gateway.identity.register.port import AnyOf, Lookup, Register, Wanted

PROTOCOL = "ldap"
LIVE_PEOPLE = 50
"""People of one search of whom the platform is asked."""
LIVE_AT_ONCE = 4
LIVE_SECONDS = 3.0
"""Longest wait for what the platform says of somebody."""
BIND_SECONDS = 10.0
"""Longest wait for a check of a PIN, directories and their deadlines included."""
BATCH = 200
"""Persons read from the register at a time."""


class PatronDesk(Protocol):
    """The desk, as far as this door asks it."""

    async def perform(self, ctx: Context, request: Request) -> Answer: ...


@dataclass(slots=True)
class Work:
    """One request on its way: for the record, and what it may still ask the platform."""

    exchange: str = ""
    peer: str | None = None
    deadline: float | None = None
    calls: list[PlatformCall] = field(default_factory=list)
    entries: int = 0
    live_left: int = LIVE_PEOPLE


class People:
    """People of all members. Raises RegisterUnavailable, but no PlatformFailure except where it says so."""

    def __init__(self, register: Register, desk: PatronDesk, clock: Clock) -> None:
        self._register = register
        self._desk = desk
        self._clock = clock

    async def batch(self, tree: Tree, wanted: Wanted, after: str) -> tuple[list[PersonEntry], str, bool]:
        """The next entries behind `after`, the id that they end with, and whether they are the last."""
        persons = await self._register.search(tree.member, wanted, after=after, size=BATCH)
        entries = [self._entry(tree, person) for person in persons if value_of(person)]
        return entries, persons[-1].id if persons else after, len(persons) < BATCH

    async def named(self, tree: Tree, value: str, principal: Principal, work: Work) -> PersonEntry | None:
        """The entry whose `uid` names it so; one who is in the register under another name is not there."""
        wanted = AnyOf(tuple(Lookup(kind, value) for kind in NAMED_BY))
        found = await self._register.search(tree.member, wanted, size=BATCH)
        for kind in NAMED_BY:  # a barcode comes before somebody's user name that looks like it
            for person in found:
                if folded(value_of(person)) == folded(value) == folded(person.identifier(kind)):
                    return self._entry(tree, person)
        return None if found else await self.beside(tree, value, principal, work)

    async def beside(self, tree: Tree, value: str, principal: Principal, work: Work) -> PersonEntry | None:
        """The entry of a patron whom the register does not hold but the platform does."""
        patron = await self._patron(principal, work, PatronGet(patron=value))
        return self._of_patron(tree, patron)

    async def own(self, tree: Tree, principal: Principal, work: Work) -> PersonEntry | None:
        """The entry of the patron who is bound."""
        if principal.person_id:
            person = await self._register.person(tree.member, principal.person_id)
            gone = person is None or person.stage is Stage.ANONYMISED or not value_of(person)
            return None if gone or person is None else self._entry(tree, person)
        return self._of_patron(tree, await self._patron(principal, work, PatronGet(patron_id=principal.patron_id)))

    async def learn(self, entries: Iterable[PersonEntry], principal: Principal, work: Work) -> None:
        """Asks the platform about entries of whom it has not been asked yet, as far as the request may."""
        asked = [entry for entry in entries if not entry.asked][: work.live_left]
        work.live_left -= len(asked)
        for at in range(0, len(asked), LIVE_AT_ONCE):
            await asyncio.gather(*(self._learn(entry, principal, work) for entry in asked[at : at + LIVE_AT_ONCE]))

    async def _learn(self, entry: PersonEntry, principal: Principal, work: Work) -> None:
        entry.asked = True
        person = entry.person
        about = PatronGet(patron_id=person.platform_id) if person.platform_id else PatronGet(patron=value_of(person))
        patron = await self._patron(principal, work, about)
        if patron is not None and (person.platform_id or _same(person, patron)):
            entry.learn(patron)

    async def authenticate(
        self, member: str, value: str, password: bytes, work: Work, *, patron_id: str = ""
    ) -> Patron | Refusal:
        """The patron whose PIN or password this is, or why nobody is let in. Raises PlatformFailure."""
        pin = SecretStr(as_text(password))
        asked = (
            PatronAuthenticate(patron_id=patron_id, pin=pin) if patron_id else PatronAuthenticate(patron=value, pin=pin)
        )
        until = self._clock.monotonic() + BIND_SECONDS
        answer = await self._desk.perform(self._context(member, f"ldap {work.peer or ''}".rstrip(), work, until), asked)
        if isinstance(answer, PatronOutcome):
            return answer.patron
        assert isinstance(answer, Refusal)
        return answer

    async def person_behind(self, member: str, typed: str, patron: Patron) -> Person | None:
        """The person of the register who is this patron, found by what was typed and by the patron's barcode. Somebody
        else who merely has such an identifier is not taken for the patron."""
        values = {typed, patron.barcode or typed}
        wanted = AnyOf(tuple(Lookup("identifier", value) for value in values))
        found = await self._register.search(member, wanted, size=BATCH)
        known = [person for person in found if person.platform_id == patron.id]
        return next(iter(known or [one for one in found if not one.platform_id and _same(one, patron)]), None)

    def _entry(self, tree: Tree, person: Person) -> PersonEntry:
        return PersonEntry(person, tree, self._clock.now().date())

    def _of_patron(self, tree: Tree, patron: Patron | None) -> PersonEntry | None:
        if patron is None or not value_of(person := person_of(patron, tree.member)):
            return None
        entry = self._entry(tree, person)
        entry.asked = True
        entry.learn(patron)
        return entry

    async def _patron(self, principal: Principal, work: Work, about: PatronGet) -> Patron | None:
        until = self._clock.monotonic() + LIVE_SECONDS
        ends = until if work.deadline is None else min(until, work.deadline)
        terminal = f"ldap {principal.name}" if principal.kind is Kind.ACCOUNT else "ldap"
        try:
            answer = await self._desk.perform(self._context(principal.member, terminal, work, ends), about)
        except PlatformFailure:
            return None
        return answer.patron if isinstance(answer, PatronOutcome) else None

    def _context(self, member: str, terminal: str, work: Work, deadline: float) -> Context:
        return Context(
            member=member,
            terminal=terminal,
            location="",
            permissions=frozenset({Permission.PATRON_READ}),
            protocol=PROTOCOL,
            deadline=deadline,
            exchange=work.exchange or None,
            calls=work.calls,
        )


def as_text(password: bytes) -> str:
    """A password as text (RFC 4513 5.1.3: UTF-8). Octets that are none become one that nobody has."""
    return password.decode("utf-8", "replace")


def _same(person: Person, patron: Patron) -> bool:
    """Whether both have an active barcode or primary identifier in common."""
    sure: Sequence[IdentifierType] = (IdentifierType.BARCODE, IdentifierType.PRIMARY)
    theirs = {(one.type, folded(one.value)) for one in patron.identifiers if one.active and one.type in sure}
    return any((one.type, folded(one.value)) in theirs for one in person.identifiers if one.active)
