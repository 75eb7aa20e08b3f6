"""The SCIM door over a register in memory, asked through an HTTP application without a network."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from gateway.adapters.scim.mapping import ScimSettings
from gateway.adapters.scim.schemas import ScimMember
from gateway.adapters.scim.server import ScimDoor, scim_door
from gateway.canonical.vocabulary import IdentifierType
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.crosswalks.scim import GROUP, USER
from gateway.demo.config import demo_config
from gateway.exchanges.model import Exchange
from gateway.identity.ids import new_id
from gateway.identity.model import Person, PersonIdentifier
from gateway.identity.register.port import PutPerson
from gateway.members import Members
from tests.gateway.identity.memory_register import MemoryRegister

ENTRA, OTHER, READER, KIOSK, BANGOR = "entra-key", "other-key", "reader-key", "kiosk-key", "bangor-key"
KEYS = {
    "aber": {
        ENTRA: ("entra", ["provision", "patron_read"]),
        OTHER: ("other", ["provision"]),
        READER: ("reader", ["patron_read"]),
        KIOSK: ("kiosk", ["checkout"]),
    },
    "bangor": {BANGOR: ("entra", ["provision"])},
}
SETTINGS = ScimSettings(members={"aber": ScimMember(page=10, bulk_operations=20, bulk_bytes=20_000),
                                 "bangor": ScimMember()})  # fmt: skip
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Clock(SystemClock):
    """Stands still until it is turned, or moves on by a `step` whenever it is read."""

    seconds: float = 0.0
    step: float = 0.0

    def now(self) -> datetime:
        self.seconds += self.step
        return datetime.fromtimestamp(NOW.timestamp() + self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class Recorded:
    exchanges: list[Exchange] = field(default_factory=list)

    def add(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


@dataclass
class Scim:
    """The door and what is behind it. `do` asks as a client and wants a status."""

    door: ScimDoor
    register: MemoryRegister
    clock: Clock
    recorded: Recorded
    app: Starlette
    key: str = ENTRA
    member: str = "aber"

    def as_(self, key: str, member: str = "aber") -> Scim:
        return replace(self, key=key, member=member)

    async def send(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        if body is not None and "content" not in more:
            more["json"] = body
            headers.setdefault("Content-Type", "application/scim+json")
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test", trust_env=False) as client:
            return await client.request(method, f"/scim/v2/{self.member}{path}", headers=headers, **more)

    async def do(self, method: str, path: str, body: Any = None, *, status: int = 200, **more: Any) -> Any:
        """The body of the answer, which is checked to be SCIM's where it is an error."""
        response = await self.send(method, path, body, **more)
        assert response.status_code == status, response.text
        if not response.content:
            return None
        said = response.json()
        if status >= 400:
            assert said["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
            assert said["status"] == str(status)
        assert response.headers["content-type"] == "application/scim+json"
        return said

    async def user(self, name: str = "amy", /, **more: Any) -> Any:
        """A user made by the client."""
        return await self.do("POST", "/Users", {"schemas": [USER], "userName": name, **more}, status=201)

    async def group(self, name: str, /, *members: str, **more: Any) -> Any:
        """A group made by the client."""
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": one} for one in members], **more}
        return await self.do("POST", "/Groups", body, status=201)

    async def patch(self, path: str, *operations: dict[str, Any], status: int = 200, **more: Any) -> Any:
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": list(operations)}
        return await self.do("PATCH", path, body, status=status, **more)

    async def find(self, filter_: str, kind: str = "Users", **more: Any) -> list[str]:
        """What a filter finds, by userName or displayName."""
        said = await self.do("GET", f"/{kind}", params={"filter": filter_, **more})
        assert said["totalResults"] >= len(said["Resources"]) == said["itemsPerPage"]
        return [each.get("userName") or each["displayName"] for each in said["Resources"]]

    async def put(self, *, source: str = "library", member: str = "aber", **fields: Any) -> Person:
        """Somebody whom others have put into the register. Identifiers by type."""
        kinds = {kind: fields.pop(kind) for kind in [each.value for each in IdentifierType] if kind in fields}
        identifiers = tuple(PersonIdentifier(IdentifierType(kind), value) for kind, value in kinds.items())
        fields = {"display": "Somebody", "source_id": new_id(), **fields}
        person = Person(id=new_id(), member=member, version=1, created_at=1, changed_at=1, source=source,
                        identifiers=identifiers, **fields)  # fmt: skip
        await self.register.write(member, [PutPerson(person, 0)])
        return person

    async def person(self, id_: str) -> Person:
        found = await self.register.person(self.member, id_)
        assert found is not None
        return found


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    made = demo_config(tmp_path_factory.mktemp("data"))
    for code, keys in KEYS.items():
        made["members"][code]["api_keys"] = [
            {"name": name, "sha256": hashlib.sha256(key.encode()).hexdigest(), "scopes": scopes}
            for key, (name, scopes) in keys.items()
        ]
    return Config.model_validate(made)


@pytest.fixture
def scim(config: Config) -> Scim:
    register, clock, recorded = MemoryRegister(), Clock(), Recorded()
    door = scim_door(register, Members(config, clock=clock), SETTINGS, clock=clock, recorder=recorded)
    return Scim(door, register, clock, recorded, Starlette(routes=door.routes()))
