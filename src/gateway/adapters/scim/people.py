"""Users: made, linked, replaced, changed and removed in the register, one transaction each.

A client's first word about somebody looks for whom the library may know already (by userName, barcode, employeeNumber,
externalId): exactly one, whom no other source feeds, is linked; whoever else has one of them is in the way. Nobody is
ever dropped: whom a client removes is expired, and comes back as the same person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import scim2_models as scim

from gateway.adapters.scim import bodies
from gateway.adapters.scim.mapping import Resource, etag, gone, person_of, released, source_id, user_of
from gateway.adapters.scim.patch import Operation, patched_user
from gateway.adapters.scim.problems import Refused, changed, invalid, not_found, taken
from gateway.adapters.scim.session import Asker, Conditions
from gateway.canonical.vocabulary import IdentifierType
from gateway.clock import Clock
from gateway.crosswalks.scim import LIBRARY, Kept, ScimRow
from gateway.identity.ids import new_id
from gateway.identity.model import Person, Stage, folded
from gateway.identity.register.port import AnyOf, Lookup, PutGroup, PutPerson, Register, StaleVersion, Taken

LIBRARYS_OWN = "library"
"""The source of people whom no system feeds."""
ATTEMPTS = 4
"""To change somebody whom others change at the same moment."""


def sees(asker: Asker, person: Person) -> bool:
    """Whether a person is one of the client's users. Who may only read sees also those that are expired."""
    if asker.may_write:
        return person.source == asker.source and not gone(person)
    return person.stage is not Stage.ANONYMISED


class People:
    """The users of every member."""

    def __init__(self, register: Register, clock: Clock) -> None:
        self._register = register
        self._clock = clock

    async def get(self, asker: Asker, id_: str) -> Person:
        """Raises Refused (404) for nobody whom the client sees."""
        person = await self._register.person(asker.member, id_)
        if person is None or not sees(asker, person):
            raise not_found()
        return person

    async def create(self, asker: Asker, body: Resource) -> Person:
        """Raises Refused: 409 for somebody who is there already or cannot be told from others."""
        wanted = {"active": True} | bodies.user(body, scim.Context.RESOURCE_CREATION_REQUEST)
        for _ in range(ATTEMPTS):
            known = await self._same(asker, wanted)
            before = known or self._nobody(asker)
            try:
                after = person_of(wanted, self._linked(asker, before), keeps=_everything if known else _nothing)
                return await self._write(asker.member, before, after)
            except StaleVersion:
                continue
            except Taken as error:
                raise taken(error) from None
        raise changed()

    async def replace(self, asker: Asker, id_: str, body: Resource, conditions: Conditions) -> Person:
        """As PUT has it: what the user has not, is taken away. Two things are not: what the library extension holds,
        where the client does not send that extension, and whether the person is active."""
        wanted = bodies.user(body, scim.Context.RESOURCE_REPLACEMENT_REQUEST)

        def keeps(row: ScimRow) -> bool:
            return row.kept is Kept.FLAG or (row.schema == LIBRARY and LIBRARY not in wanted)

        return await self._change(asker, id_, conditions, lambda before: person_of(wanted, before, keeps))

    async def patch(self, asker: Asker, id_: str, wanted: list[Operation], conditions: Conditions) -> Person:
        """All operations in order, or none."""

        def after(before: Person) -> Person:
            user = patched_user(user_of(before, asker.base), wanted)
            if not str(user.get("userName", "")).strip():
                raise invalid("userName is empty.")
            return person_of(user, before, _nothing)

        return await self._change(asker, id_, conditions, after)

    async def delete(self, asker: Asker, id_: str, conditions: Conditions) -> None:
        """The person is expired, and out of every group."""
        for _ in range(ATTEMPTS):
            before = await self.get(asker, id_)
            conditions.check(etag(before))
            groups = (await self._register.groups_of(asker.member, [id_])).get(id_, [])
            now = self._now()
            left = [
                PutGroup(
                    replace(group, changed_at=now, members=tuple(one for one in group.members if one != id_)),
                    group.version,
                )
                for group in groups
            ]
            try:
                await self._register.write(asker.member, [*left, PutPerson(released(before, now), before.version)])
            except StaleVersion:
                continue
            return
        raise changed()

    async def _change(
        self, asker: Asker, id_: str, conditions: Conditions, after: Callable[[Person], Person]
    ) -> Person:
        for _ in range(ATTEMPTS):
            before = await self.get(asker, id_)
            conditions.check(etag(before))
            try:
                return await self._write(asker.member, before, after(before))
            except StaleVersion:
                continue
            except Taken as error:
                raise taken(error) from None
        raise changed()

    async def _write(self, member: str, before: Person, after: Person) -> Person:
        """The person as it is kept. Raises StaleVersion, Taken."""
        if not before.source_id or (after.source, after.external_id) != (before.source, before.external_id):
            after = replace(after, source_id=source_id(after))
        if after == before:
            return before
        if before.version:
            after = replace(after, changed_at=self._now())
        try:
            await self._register.write(member, [PutPerson(after, before.version)])
        except Taken as error:
            # Somebody whom this client has removed is still known by the externalId, which is another's from now on.
            owner = await self._register.person(member, error.owner)
            if error.what != "source_id" or owner is None or not gone(owner):
                raise
            forgotten = PutPerson(replace(owner, source_id=owner.id), owner.version)
            await self._register.write(member, [forgotten, PutPerson(after, before.version)])
        return replace(after, version=before.version + 1)

    async def _same(self, asker: Asker, user: Resource) -> Person | None:
        """Who this is, if the register knows. Raises Refused (409) where somebody is in the way."""
        wanted = person_of(user, self._nobody(asker), _nothing)
        names = [
            ("user_name", wanted.user_name),
            (IdentifierType.USERNAME.value, wanted.user_name),
            ("external_id", wanted.external_id),
            ("source_id", wanted.external_id),
            (IdentifierType.EXTERNAL.value, wanted.external_id),
            (IdentifierType.BARCODE.value, wanted.identifier(IdentifierType.BARCODE)),
            (IdentifierType.SIS.value, wanted.identifier(IdentifierType.SIS)),
        ]
        asked = AnyOf(tuple(Lookup(name, value) for name, value in names if value))
        found = [
            person
            for person in await self._register.search(asker.member, asked, size=ATTEMPTS * 10)
            if person.source in (asker.source, LIBRARYS_OWN) or not _only_by_foreign_id(person, wanted)
        ]
        if not found:
            return None
        if len(found) > 1:
            raise Refused(409, "Several people have one of these names and numbers.", "uniqueness")
        (person,) = found
        free = person.source == LIBRARYS_OWN or (person.source == asker.source and gone(person))
        number, known = wanted.identifier(IdentifierType.SIS), person.identifier(IdentifierType.SIS)
        if not free or (number and known and folded(number) != folded(known)):
            raise Refused(409, "Somebody else has one of these names and numbers.", "uniqueness")
        return person

    def _linked(self, asker: Asker, person: Person) -> Person:
        """The person as one of this client's, present again."""
        present = person.stage is Stage.PRESENT
        return replace(
            person,
            source=asker.source,
            stage=Stage.PRESENT,
            stage_since=person.stage_since if present else self._now(),
        )

    def _nobody(self, asker: Asker) -> Person:
        """Somebody new, of whom nothing is known yet."""
        now = self._now()
        return Person(
            id=new_id(),
            member=asker.member,
            version=0,
            created_at=now,
            changed_at=now,
            source=asker.source,
            source_id="",
            display="",
            stage_since=now,
        )

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def _everything(_: ScimRow) -> bool:
    return True


def _nothing(_: ScimRow) -> bool:
    return False


def _only_by_foreign_id(person: Person, wanted: Person) -> bool:
    """Whether somebody of another source was found by nothing but what that source calls the person: such ids mean
    something only in the system that gave them (RFC 7643 3.1)."""
    ours = {folded(wanted.user_name), *(folded(one.value) for one in wanted.identifiers)} - {""}
    theirs = {folded(person.user_name), *(folded(one.value) for one in person.identifiers)}
    external = {folded(one.value) for one in person.identifiers if one.type is IdentifierType.EXTERNAL}
    return not ours & theirs and folded(wanted.external_id) not in external
