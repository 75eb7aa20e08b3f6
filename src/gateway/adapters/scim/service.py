"""What each address of a member's SCIM does (RFC 7644 3.2): a request without HTTP goes in, a reply comes out.

One table says which methods an address has. The operations of a bulk request come through the same table.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import scim2_models as scim

from gateway.adapters.scim import bulk
from gateway.adapters.scim.groups import Groups
from gateway.adapters.scim.listing import Listing, Page, list_response, search_request
from gateway.adapters.scim.mapping import etag
from gateway.adapters.scim.patch import operations
from gateway.adapters.scim.people import People
from gateway.adapters.scim.problems import Refused, not_found
from gateway.adapters.scim.schemas import EVERYTHING, KINDS, RESOURCE_TYPES, SCHEMAS, service_provider_config
from gateway.adapters.scim.session import Asker, Bookmarks, Question, Reply
from gateway.clock import Clock
from gateway.identity.model import Group, Person
from gateway.identity.register.port import Register


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks what, with the parts of the path that the table leaves open."""

    asker: Asker
    question: Question
    kind: str = ""
    id: str = ""


Handler = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Found:
    """What the table has for an address: the methods, by name, and the shape of the path for records."""

    shape: str
    methods: Mapping[str, tuple[str, Handler]]
    kind: str = ""
    id: str = ""


class ScimService:
    """Answers every question about users and groups, and about itself."""

    def __init__(self, register: Register, clock: Clock) -> None:
        groups = Groups(register, clock)
        self._keepers: dict[str, People | Groups] = {"Users": People(register, clock), "Groups": groups}
        self._listing = Listing(register, groups, Bookmarks(clock.monotonic))
        search = {"POST": ("search", self._search)}
        self._fixed: dict[tuple[str, ...], Mapping[str, tuple[str, Handler]]] = {
            (): {"GET": ("search", self._query)},
            (".search",): search,
            ("Bulk",): {"POST": ("bulk", self._bulk)},
            ("ServiceProviderConfig",): {"GET": ("config", self._config)},
            ("ResourceTypes",): {"GET": ("resource-types", self._resource_types)},
            ("Schemas",): {"GET": ("schemas", self._schemas)},
            ("Me",): dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE"), ("me", _me)),
        }
        self._collection = {"GET": ("list", self._query), "POST": ("create", self._create)}
        self._search_methods = search
        self._resource = {
            "GET": ("get", self._get),
            "PUT": ("replace", self._replace),
            "PATCH": ("patch", self._patch),
            "DELETE": ("delete", self._delete),
        }
        self._described = {
            "ResourceTypes": {"GET": ("resource-types", self._resource_type)},
            "Schemas": {"GET": ("schemas", self._schema)},
        }

    def find(self, path: tuple[str, ...]) -> Found | None:
        """What there is at an address."""
        if methods := self._fixed.get(path):
            return Found("/".join(("", *path)), methods)
        match path:
            case (kind,) if kind in KINDS:
                return Found(f"/{kind}", self._collection, kind)
            case (kind, ".search") if kind in KINDS:
                return Found(f"/{kind}/.search", self._search_methods, kind)
            case (kind, id_) if kind in KINDS:
                return Found(f"/{kind}/{{id}}", self._resource, kind, id_)
            case (kind, id_) if kind in self._described:
                return Found(f"/{kind}/{{id}}", self._described[kind], kind, id_)
        return None

    async def answer(self, asker: Asker, question: Question) -> Reply:
        """The reply. Raises Refused, and RegisterUnavailable."""
        found = self.find(question.path)
        if found is None:
            raise not_found()
        if question.method not in found.methods:
            allowed = {"Allow": ", ".join(found.methods)}
            raise Refused(405, "This address has not that method.", headers=allowed)
        _, handler = found.methods[question.method]
        return await handler(Call(asker, question, found.kind, found.id))

    # Users and groups

    async def _query(self, call: Call) -> Reply:
        return await self._listed(call, call.question.parameters)

    async def _search(self, call: Call) -> Reply:
        return await self._listed(call, call.question.body)

    async def _listed(self, call: Call, parameters: Mapping[str, Any]) -> Reply:
        kinds = KINDS.get(call.kind, EVERYTHING)
        page = await self._listing.list(call.asker, search_request(parameters, kinds), kinds)
        return Reply(200, list_response(page))

    async def _get(self, call: Call) -> Reply:
        entity = await self._keepers[call.kind].get(call.asker, call.id)
        if call.question.conditions.is_known(etag(entity)):
            return Reply(304, version=etag(entity))
        return await self._shown(call, entity)

    async def _create(self, call: Call) -> Reply:
        call.asker.writes()
        return await self._shown(call, await self._keepers[call.kind].create(call.asker, call.question.body), made=True)

    async def _replace(self, call: Call) -> Reply:
        call.asker.writes()
        question, keeper = call.question, self._keepers[call.kind]
        return await self._shown(call, await keeper.replace(call.asker, call.id, question.body, question.conditions))

    async def _patch(self, call: Call) -> Reply:
        call.asker.writes()
        question, keeper = call.question, self._keepers[call.kind]
        wanted = operations(question.body)
        return await self._shown(call, await keeper.patch(call.asker, call.id, wanted, question.conditions))

    async def _delete(self, call: Call) -> Reply:
        call.asker.writes()
        await self._keepers[call.kind].delete(call.asker, call.id, call.question.conditions)
        return Reply(204)

    async def _shown(self, call: Call, entity: Person | Group, *, made: bool = False) -> Reply:
        request = search_request(call.question.parameters, KINDS[call.kind])
        (resource,) = await self._listing.shown(call.asker, [entity], request)
        location = f"{call.asker.base}/{call.kind}/{entity.id}"
        return Reply(201 if made else 200, resource, etag(entity), location)

    async def _bulk(self, call: Call) -> Reply:
        return await bulk.carry_out(self.answer, call.asker, call.question.body)

    # The service itself (RFC 7644 4)

    async def _config(self, call: Call) -> Reply:
        return self._about(call, service_provider_config(call.asker.settings), "ServiceProviderConfig")

    async def _resource_types(self, call: Call) -> Reply:
        return self._all_about(call, {each.name or "": each for each in RESOURCE_TYPES}, "ResourceType")

    async def _resource_type(self, call: Call) -> Reply:
        return self._one_about(call, {each.name or "": each for each in RESOURCE_TYPES}, "ResourceType")

    async def _schemas(self, call: Call) -> Reply:
        return self._all_about(call, {str(each.id): each for each in SCHEMAS}, "Schema")

    async def _schema(self, call: Call) -> Reply:
        return self._one_about(call, {str(each.id): each for each in SCHEMAS}, "Schema")

    def _about(self, call: Call, resource: scim.Resource[Any], kind: str, name: str = "") -> Reply:
        location = "/".join((call.asker.base, *call.question.path[:1], *((name,) if name else ())))
        meta = {"resourceType": kind, "location": location}
        return Reply(200, {**resource.model_dump(scim_ctx=scim.Context.RESOURCE_QUERY_RESPONSE), "meta": meta})

    def _all_about(self, call: Call, known: Mapping[str, scim.Resource[Any]], kind: str) -> Reply:
        if any(name.lower() == "filter" for name in call.question.parameters):
            raise Refused(403, "What the service tells about itself cannot be filtered.")
        listed = [self._about(call, resource, kind, name).body or {} for name, resource in known.items()]
        return Reply(200, list_response(Page(len(listed), 1, listed)))

    def _one_about(self, call: Call, known: Mapping[str, scim.Resource[Any]], kind: str) -> Reply:
        name = next((name for name in known if name.lower() == call.id.lower()), None)
        if name is None:
            raise not_found()
        return self._about(call, known[name], kind, name)


async def _me(call: Call) -> Reply:
    raise Refused(501, "An API key stands for a program; there is nobody at /Me.")
