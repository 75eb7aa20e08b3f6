"""Lists and searches (RFC 7644 3.4.2, 3.4.3): the register finds who may fit, each of them is looked at.

A list without filter and order is read from where its page begins: pages asked for one after the other cost a page
each. With either, everybody who may fit is looked at, up to a limit beyond which the answer is `tooMany`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import scim2_models as scim
from pydantic import ValidationError

from gateway.adapters.scim import filters
from gateway.adapters.scim.groups import MANY_MEMBERS, Groups
from gateway.adapters.scim.mapping import Resource, group_of, user_of
from gateway.adapters.scim.people import sees
from gateway.adapters.scim.problems import Refused, invalid, refused
from gateway.adapters.scim.schemas import SEARCHES, Kinds, UserResource
from gateway.adapters.scim.schemas import Group as GroupResource
from gateway.adapters.scim.session import Asker, Bookmarks
from gateway.identity.model import Group, Person, Stage
from gateway.identity.register.port import Everyone, Register, Wanted

MOST_LOOKED_AT = 50_000
"""People for one answer: some seconds of work, in pieces between which others are served."""
AT_A_TIME = 100
"""People read at once."""
PIECE_SECONDS = 0.01
"""Of looking at people or showing them, after which others are served."""
MOST_NAMED = 100
"""Attributes in `attributes` and `excludedAttributes`; there are some sixty."""
FARTHEST = 1 << 53
"""Where a page may begin; the answer repeats it, and JSON's numbers end there."""
WALKS = 2
"""Lists at a time for which everybody is looked at: each adds a piece to the time that others wait."""
_PARAMETERS = {name.lower(): name for name in ("filter", "sortBy", "sortOrder", "startIndex", "count", "attributes",
                                               "excludedAttributes")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """`start` counts from 1."""

    total: int
    start: int
    resources: list[Resource]


def list_response(page: Page) -> Resource:
    """The message with a page (RFC 7644 3.4.2)."""
    return {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": page.total,
        "startIndex": page.start,
        "itemsPerPage": len(page.resources),
        "Resources": page.resources,
    }


def search_request(parameters: Mapping[str, Any], kinds: Kinds) -> scim.SearchRequest[Any]:
    """What the parameters of a query or the body of a search ask of these kinds of resources. Raises Refused."""
    known = {_PARAMETERS[name.lower()]: value for name, value in parameters.items() if name.lower() in _PARAMETERS}
    text = known.get("filter")
    if isinstance(text, str) and (len(text) > filters.LONGEST or "\0" in text):
        raise invalid(f"The filter has more than {filters.LONGEST} characters, or a NUL.", "invalidFilter")
    if isinstance(text, str):
        known["filter"] = filters.mended(text)
    if any(_named(known.get(name)) > MOST_NAMED for name in ("attributes", "excludedAttributes")):
        raise invalid(f"More than {MOST_NAMED} attributes are named.")
    try:
        return SEARCHES[kinds].model_validate(known)
    except (ValidationError, scim.SCIMException) as error:
        raise refused(error) from None


def _named(value: Any) -> int:
    """How many attributes a list of them or a text with commas names."""
    each = value if isinstance(value, list) else [value]
    return sum(one.count(",") + 1 if isinstance(one, str) else 1 for one in each)


class Listing:
    """Finds the resources of a client and shows them."""

    def __init__(self, register: Register, groups: Groups, bookmarks: Bookmarks) -> None:
        self._register = register
        self._groups = groups
        self._bookmarks = bookmarks
        self._walks = asyncio.Semaphore(WALKS)

    async def list(self, asker: Asker, request: scim.SearchRequest[Any], kinds: Kinds) -> Page:
        """One page. Raises Refused."""
        start = request.start_index_0 or 0
        if start > FARTHEST:
            raise invalid("startIndex is beyond every list.")
        size = min(asker.settings.page if request.count is None else request.count, asker.settings.longest)
        if kinds == (UserResource,) and request.filter is None and request.sort_by is None:
            total, entities = await self._in_order(asker, start, size)
        else:
            wanted = filters.plan(request.filter.ast if request.filter else None)
            async with self._walks if wanted == Everyone() else nullcontext():
                listed = self._sorted if request.sort_by is not None else self._unsorted
                total, entities = await listed(asker, request, kinds, start, size)
        return Page(total, start + 1, await self.shown(asker, entities, request))

    async def shown(
        self, asker: Asker, entities: list[Person | Group], request: scim.SearchRequest[Any]
    ) -> list[Resource]:
        """The resources, with the attributes that are asked for."""
        ids = [one.id for one in entities if isinstance(one, Person)]
        groups = await self._groups_of(asker, ids) if _wants(request, "groups") else {}
        members = _wants(request, "members")
        made: list[Resource] = []
        begun = time.monotonic()
        for one in entities:
            if isinstance(one, Person):
                made.append(_projected(user_of(one, asker.base, groups.get(one.id, ())), UserResource, request))
            elif members and len(one.members) > MANY_MEMBERS:
                made.append(await asyncio.to_thread(_projected, group_of(one, asker.base), GroupResource, request))
            else:
                made.append(_projected(group_of(one, asker.base, members=members), GroupResource, request))
            if time.monotonic() - begun > PIECE_SECONDS:
                await asyncio.sleep(0)
                begun = time.monotonic()
        return made

    async def _groups_of(self, asker: Asker, ids: list[str]) -> dict[str, list[Group]]:
        found = await self._register.groups_of(asker.member, ids) if ids else {}
        return {id_: [group for group in groups if asker.owns(group)] for id_, groups in found.items()}

    # Everybody, by id

    async def _in_order(self, asker: Asker, start: int, size: int) -> tuple[int, list[Person | Group]]:
        total = await self._total(asker)
        if size == 0 or start >= total:
            return total, []
        position, after = self._bookmarks.find(asker, start)
        found: list[Person | Group] = []
        async for people in self._people(asker, Everyone(), after):
            found += people[max(0, start - position) :]
            position += len(people)
            if len(found) >= size:
                break
        found = found[:size]
        if len(found) == size:
            self._bookmarks.keep(asker, start + size, found[-1].id)
        return total, found

    async def _total(self, asker: Asker) -> int:
        if not asker.may_write:
            return await self._register.count(asker.member, Everyone())
        stages = await self._register.tally(asker.member, asker.source)
        return sum(number for stage, number in stages.items() if stage in (Stage.PRESENT, Stage.MISSING))

    async def _people(self, asker: Asker, wanted: Wanted, after: str = "") -> AsyncIterator[list[Person]]:
        """Those that the client sees, some at a time. Raises Refused (tooMany)."""
        for _ in range(MOST_LOOKED_AT // AT_A_TIME):
            if asker.may_write and wanted == Everyone():
                read = await self._register.unseen(asker.member, asker.source, "", after=after, size=AT_A_TIME)
            else:
                read = await self._register.search(asker.member, wanted, after=after, size=AT_A_TIME)
            yield [person for person in read if sees(asker, person)]
            if len(read) < AT_A_TIME:
                return
            after = read[-1].id
            await asyncio.sleep(0)
        raise Refused(400, "Too many people would have to be looked at; use a narrower filter.", "tooMany")

    # By filter

    async def _fitting(
        self, asker: Asker, request: scim.SearchRequest[Any], kinds: Kinds
    ) -> AsyncIterator[tuple[Person | Group, Any]]:
        """Everything that fits, and the model of it."""
        node = request.filter.ast if request.filter else None
        named = {*filters.attributes(node), *_sort_attribute(request)}
        if UserResource in kinds:
            async for people in self._people(asker, filters.plan(node)):
                ids = [person.id for person in people]
                groups = await self._groups_of(asker, ids) if "groups" in named else {}
                begun = time.monotonic()
                for person in people:
                    model = UserResource.model_validate(user_of(person, asker.base, groups.get(person.id, ())))
                    if _fits(request, model):
                        yield person, model
                    if time.monotonic() - begun > PIECE_SECONDS:
                        await asyncio.sleep(0)
                        begun = time.monotonic()
        if GroupResource in kinds:
            async for group in self._candidates(asker, node):
                resource = group_of(group, asker.base, members="members" in named)
                if len(group.members) > MANY_MEMBERS and "members" in named:
                    model = await asyncio.to_thread(GroupResource.model_validate, resource)
                else:
                    model = GroupResource.model_validate(resource)
                if _fits(request, model):
                    yield group, model

    async def _candidates(self, asker: Asker, node: Any) -> AsyncIterator[Group]:
        if (id_ := filters.pinned(node, "id")) is not None:
            group = await self._register.group(asker.member, id_)
            if group is not None and asker.owns(group):
                yield group
        elif (member := filters.pinned(node, "members")) is not None:
            for group in (await self._groups_of(asker, [member])).get(member, []):
                yield group
        else:
            async for group in self._groups.all(asker):
                yield group

    async def _unsorted(
        self, asker: Asker, request: scim.SearchRequest[Any], kinds: Kinds, start: int, size: int
    ) -> tuple[int, list[Person | Group]]:
        total, entities = 0, []
        async for entity, _ in self._fitting(asker, request, kinds):
            if start <= total < start + size:
                entities.append(entity)
            total += 1
        return total, entities

    async def _sorted(
        self, asker: Asker, request: scim.SearchRequest[Any], kinds: Kinds, start: int, size: int
    ) -> tuple[int, list[Person | Group]]:
        keys: list[tuple[tuple[bool, Any], str, bool]] = []
        async for entity, model in self._fitting(asker, request, kinds):
            value = request.sort_value(model)
            keys.append(((value is None, "" if value is None else value), entity.id, isinstance(entity, Person)))
        keys.sort(key=lambda each: each[0], reverse=request.sort_order == scim.SearchRequest.SortOrder.descending)
        page = keys[start : start + size]
        people = await self._register.persons(asker.member, [id_ for _, id_, person in page if person])
        read = [people.get(id_) if person else await self._register.group(asker.member, id_) for _, id_, person in page]
        return len(keys), [entity for entity in read if entity is not None]


def _fits(request: scim.SearchRequest[Any], model: Any) -> bool:
    return request.filter is None or request.filter.match(model)


def _sort_attribute(request: scim.SearchRequest[Any]) -> list[str]:
    return [_head(str(request.sort_by))] if request.sort_by else []


def _head(path: str) -> str:
    """The attribute a path begins with, without its schema, in lower case."""
    return path.lower().rpartition(":")[2].partition(".")[0]


def _wants(request: scim.SearchRequest[Any], attribute: str) -> bool:
    """Whether any of an attribute is asked for."""
    if request.attributes:
        return attribute in map(_head, map(str, request.attributes))
    return attribute not in (str(path).lower().rpartition(":")[2] for path in request.excluded_attributes or ())


def _projected(resource: Resource, model: Any, request: scim.SearchRequest[Any]) -> Resource:
    return model.model_validate(resource).model_dump(
        scim_ctx=scim.Context.RESOURCE_QUERY_RESPONSE, response_parameters=request
    )
