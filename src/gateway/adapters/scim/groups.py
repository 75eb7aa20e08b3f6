"""Groups: kept in the register for the client that makes them. Members are people of that client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace

import scim2_models as scim

from gateway.adapters.scim import bodies
from gateway.adapters.scim.mapping import Resource, etag, group_of
from gateway.adapters.scim.patch import Operation, patched_group
from gateway.adapters.scim.people import ATTEMPTS, sees
from gateway.adapters.scim.problems import Refused, changed, invalid, not_found
from gateway.adapters.scim.session import Asker, Conditions
from gateway.clock import Clock
from gateway.identity.ids import new_id
from gateway.identity.model import Group, folded
from gateway.identity.register.port import DropGroup, PutGroup, Register, StaleVersion

MANY_MEMBERS, MANY_OPERATIONS = 500, 50
"""A group with more members, or a change of more operations, is worked on in a thread: others are served meanwhile."""
AT_A_TIME = 20
"""Groups read at once; each may have thousands of members."""


class Groups:
    """The groups of every member."""

    def __init__(self, register: Register, clock: Clock) -> None:
        self._register = register
        self._clock = clock

    async def get(self, asker: Asker, id_: str) -> Group:
        """Raises Refused (404) for none that the client sees."""
        group = await self._register.group(asker.member, id_)
        if group is None or not asker.owns(group):
            raise not_found()
        return group

    async def all(self, asker: Asker) -> AsyncIterator[Group]:
        """By id, those that the client sees."""
        after = ""
        while True:
            read = await self._register.groups(asker.member, after=after, size=AT_A_TIME)
            for group in read:
                if asker.owns(group):
                    yield group
            if len(read) < AT_A_TIME:
                return
            after = read[-1].id
            await asyncio.sleep(0)

    async def create(self, asker: Asker, body: Resource) -> Group:
        """Raises Refused: 409 where the client has a group of that name."""
        wanted, members = bodies.group(body, scim.Context.RESOURCE_CREATION_REQUEST)
        now = self._now()
        before = Group(
            id=new_id(),
            member=asker.member,
            version=0,
            created_at=now,
            changed_at=now,
            source=asker.source,
            display="",
        )
        return await self._write(asker, before, _with(before, wanted, members))

    async def replace(self, asker: Asker, id_: str, body: Resource, conditions: Conditions) -> Group:
        """As PUT has it."""
        wanted, members = bodies.group(body, scim.Context.RESOURCE_REPLACEMENT_REQUEST)
        return await self._change(asker, id_, conditions, lambda before: _with(before, wanted, members))

    async def patch(self, asker: Asker, id_: str, wanted: list[Operation], conditions: Conditions) -> Group:
        """All operations in order, or none."""

        def after(before: Group) -> Group:
            resource, members = patched_group(group_of(before, asker.base, members=False), before.members, wanted)
            if not str(resource.get("displayName", "")).strip():
                raise invalid("displayName is empty.")
            return _with(before, resource, members)

        return await self._change(asker, id_, conditions, after, long=len(wanted) > MANY_OPERATIONS)

    async def delete(self, asker: Asker, id_: str, conditions: Conditions) -> None:
        """The group is gone; its members stay."""
        for _ in range(ATTEMPTS):
            before = await self.get(asker, id_)
            conditions.check(etag(before))
            try:
                await self._register.write(asker.member, [DropGroup(id_, before.version)])
            except StaleVersion:
                continue
            return
        raise changed()

    async def _change(
        self, asker: Asker, id_: str, conditions: Conditions, after: Callable[[Group], Group], *, long: bool = False
    ) -> Group:
        for _ in range(ATTEMPTS):
            before = await self.get(asker, id_)
            conditions.check(etag(before))
            try:
                large = len(before.members) > MANY_MEMBERS
                return await self._write(
                    asker, before, await asyncio.to_thread(after, before) if large else after(before)
                )
            except StaleVersion:
                continue
        raise changed()

    async def _write(self, asker: Asker, before: Group, after: Group) -> Group:
        """The group as it is kept. Raises StaleVersion, Refused."""
        after = replace(after, members=tuple(sorted(after.members)))
        if after == before:
            return before
        await self._check_members(asker, set(after.members) - set(before.members))
        if folded(after.display) != folded(before.display):
            async for other in self.all(asker):
                if other.id != after.id and folded(other.display) == folded(after.display):
                    raise Refused(409, "displayName is taken already.", "uniqueness")
        if before.version:
            after = replace(after, changed_at=self._now())
        await self._register.write(asker.member, [PutGroup(after, before.version)])
        return replace(after, version=before.version + 1)

    async def _check_members(self, asker: Asker, added: Iterable[str]) -> None:
        """Raises Refused for members that are no people of this client."""
        wanted = list(added)
        if not wanted:
            return
        people = await self._register.persons(asker.member, wanted)
        if any(one not in people or not sees(asker, people[one]) for one in wanted):
            raise invalid("A member is no user of this service.")

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def _with(before: Group, resource: Resource, members: Iterable[str]) -> Group:
    return replace(
        before,
        display=resource["displayName"],
        external_id=resource.get("externalId") or "",
        members=tuple(members),
    )
