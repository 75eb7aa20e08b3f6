"""The door over a register in memory and a desk that says what it is told to, listening on loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.ldap.mapping import Tree
from gateway.adapters.ldap.server import LdapDoor
from gateway.adapters.ldap.settings import LdapSettings
from gateway.canonical.answers import Answer
from gateway.canonical.context import Context, PlatformCall
from gateway.canonical.entities import Block, Category, Identifier, Patron, PatronName
from gateway.canonical.outcomes import PatronOutcome
from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal, RefusalCode
from gateway.canonical.requests import PatronAuthenticate, PatronGet, Request
from gateway.canonical.vocabulary import BlockReason, BlockSeverity, IdentifierType
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.exchanges.model import Exchange
from gateway.identity.model import Person, PersonIdentifier, Stage
from gateway.identity.register.port import PutPerson
from gateway.members.ldap_accounts import LdapAccounts
from gateway.members.secrets import hash_password
from tests.certificates import Authority
from tests.gateway.adapters.ldap.asking import Client
from tests.gateway.identity.memory_register import MemoryRegister

PASSWORD = "correct horse"
HASH = hash_password(PASSWORD)
PIN = "1234"
ABER, BANGOR = "dc=aber,dc=demo", "dc=bangor,dc=demo"
READER, FEW, CHECKER = f"cn=reader,{ABER}", f"cn=few,{ABER}", f"cn=checker,{ABER}"
BANGOR_READER = f"cn=reader,{BANGOR}"
ANN = f"uid=20100001,ou=people,{ABER}"
TREES = {"aber": Tree("aber", "Aberystwyth", ABER), "bangor": Tree("bangor", "Bangor", BANGOR)}
SETTINGS = LdapSettings(TREES, clear_binds=True)


def configuration() -> Config:
    def account(*attributes: str, **more: Any) -> dict[str, Any]:
        return {"password_hash": HASH, **({"attributes": attributes} if attributes else {}), **more}

    accounts = {
        "aber": {
            "reader": account("*"),
            "few": account("uid", "sn", "libraryMayBorrow"),
            "checker": account("uid", "userPassword"),
            "far": account("*", networks=["192.0.2.0/24"]),
        },
        "bangor": {"reader": account("*")},
    }
    return Config.model_validate(
        {
            "pepper": "p" * 32,
            "limits": {"login_failures": 1000},
            "members": {
                code: {
                    "name": tree.name,
                    "main_location": code.upper(),
                    "identity": {"ldap": {"suffix": tree.suffix, "accounts": accounts[code]}},
                }
                for code, tree in TREES.items()
            },
        }
    )


def person(number: int, display: str, member: str = "aber", **fields: Any) -> Person:
    barcode = f"2{1 if member == 'aber' else 2:02}{number:05}"
    given, _, family = display.partition(" ")
    made = Person(
        f"{member}-{number:06}", member, 0, 1_700_000_000_000, 1_750_000_000_000, "feed:campus", f"s{number}", display,
        (PersonIdentifier(IdentifierType.BARCODE, barcode),), family, given, expires_on="2099-07-31",
        platform_id=f"p{number}",
    )  # fmt: skip
    return replace(made, **fields)


def identified(kind: IdentifierType, value: str) -> PersonIdentifier:
    return PersonIdentifier(kind, value)


PEOPLE = (
    person(
        1, "Ann Jones",
        identifiers=(
            PersonIdentifier(IdentifierType.BARCODE, "20100001"),
            PersonIdentifier(IdentifierType.USERNAME, "ajones"),
            PersonIdentifier(IdentifierType.SIS, "S-1"),
            PersonIdentifier(IdentifierType.BARCODE, "20199999", active=False),
        ),
        preferred="Annie Jones", category="UG", affiliations=("student", "member"), groups=("Hockey",),
        department="Physics", home_library="HOL", language="cy", emails=("ann@aber.example", "ann@home.example"),
        phones=("+44 1970 622-400",), eppn="ajones@aber.example", expires_on="2099-07-31",
    ),
    person(2, "Bob Parry", category="UG", emails=("bob@aber.example",)),
    person(3, "Siân Ŵyn", category="STAFF", affiliations=("staff",)),
    person(4, "Dai Evans", expires_on="2001-01-31"),
    person(5, "Eve Rees", active=False),
    person(6, "Fay Hughes", stage=Stage.EXPIRED),
    person(7, "Gwen Price", identifiers=(PersonIdentifier(IdentifierType.PRIMARY, "gp, x+y"),)),
    person(8, "Nobody Named", identifiers=()),
    person(1, "Bangor Jones", "bangor", category="UG"),
)  # fmt: skip


@dataclass
class SaidDesk:
    """A desk whose patrons are those of the register, and `beside` of whom only the platform knows. `blocks` by
    platform id; `away` fails everything; at a `gate` questions wait."""

    patrons: dict[tuple[str, str], Patron] = field(default_factory=dict)
    blocks: dict[str, tuple[Block, ...]] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    contexts: list[Context] = field(default_factory=list)
    away: bool = False
    gate: asyncio.Event | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def perform(self, ctx: Context, request: Request) -> Answer:
        assert isinstance(request, PatronGet | PatronAuthenticate)
        self.asked.append(request)
        self.contexts.append(ctx)
        if ctx.calls is not None:
            ctx.calls.append(PlatformCall(request.operation, request, 0.0))
        self.reached.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.away:
            raise PlatformFailure(FailureCode.UPSTREAM_TIMEOUT, "away")
        patron = self.patrons.get((ctx.member, request.patron_id or (request.patron or "").casefold()))
        if isinstance(request, PatronAuthenticate):
            right = request.pin is not None and request.pin.get_secret_value() == PIN
            if patron is None or not right:
                return Refusal(code=RefusalCode.PATRON_AUTH_FAILED if patron else RefusalCode.PATRON_NOT_FOUND)
        if patron is None:
            return Refusal(code=RefusalCode.PATRON_NOT_FOUND)
        return PatronOutcome(patron=patron.model_copy(update={"blocks": self.blocks.get(patron.id, ())}))

    def know(self, member: str, patron: Patron) -> None:
        for name in (patron.id, *(one.value.casefold() for one in patron.identifiers if one.active)):
            self.patrons[member, name] = patron


def patron(id_: str, identifiers: Sequence[tuple[IdentifierType, str]], display: str = "A Patron") -> Patron:
    return Patron(
        id=id_,
        identifiers=tuple(Identifier(type=kind, value=value) for kind, value in identifiers),
        name=PatronName(display=display),
        category=Category(code="PUB", label="Public"),
    )


def block(reason: BlockReason, severity: BlockSeverity = BlockSeverity.BLOCK) -> Block:
    return Block(reason=reason, severity=severity)


@dataclass
class Recorded:
    exchanges: list[Exchange] = field(default_factory=list)

    def add(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


@dataclass
class Listening:
    """The door, where it listens in clear and over TLS, and what stands behind it."""

    door: LdapDoor
    port: int
    tls_port: int
    authority: Path
    register: MemoryRegister
    desk: SaidDesk
    recorded: Recorded
    clients: list[Client] = field(default_factory=list)

    async def connect(self, name: str = "", password: str = PASSWORD) -> Client:
        client = await Client.connect(self.port)
        self.clients.append(client)
        if name:
            assert await client.bind(name, password) == 0
        return client

    async def connect_tls(self) -> Client:
        client = await Client.connect(self.tls_port, ssl=self.trusting(), server_hostname="localhost")
        self.clients.append(client)
        return client

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.authority)

    def settle(self, **changes: Any) -> None:
        self.door.replace(replace(self.door.settings, **changes))

    async def add(self, *people: Person) -> None:
        for member in {one.member for one in people}:
            await self.register.write(member, [PutPerson(one, 0) for one in people if one.member == member])
        for one in people:
            if one.platform_id:
                await self.register.provisioned(one.member, one.id, 1, one.platform_id, "")
                self.desk.know(
                    one.member, patron(one.platform_id, [(i.type, i.value) for i in one.identifiers if i.active])
                )


@pytest.fixture(scope="session")
def server_tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """The authority's file, and the context of a server called localhost."""
    authority = Authority.create(tmp_path_factory.mktemp("ldap-tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("localhost", addresses=("127.0.0.1",)))
    return authority.file, context


@pytest.fixture
def settings() -> LdapSettings:
    return SETTINGS


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


@asynccontextmanager
async def serving(
    server_tls: tuple[Path, ssl.SSLContext], settings: LdapSettings, executor: ThreadPoolExecutor
) -> AsyncIterator[Listening]:
    """The door on two ports, with everybody in the register; closed and drained at the end."""
    authority, context = server_tls
    clock = SystemClock()
    register, desk, recorded = MemoryRegister(), SaidDesk(), Recorded()
    accounts = LdapAccounts(configuration(), clock=clock, executor=executor)
    door = LdapDoor(register, accounts, desk, settings, clock=clock, recorder=recorded)
    loop = asyncio.get_running_loop()
    plain = await loop.create_server(door.factory(context), "127.0.0.1", 0)
    tls = await loop.create_server(door.factory(), "127.0.0.1", 0, ssl=context)
    ports = [server.sockets[0].getsockname()[1] for server in (plain, tls)]
    listening = Listening(door, ports[0], ports[1], authority, register, desk, recorded)
    await listening.add(*PEOPLE)
    try:
        yield listening
    finally:
        for client in listening.clients:
            await client.close()
        plain.close()
        tls.close()
        await asyncio.wait_for(door.drain(), 10)


@pytest.fixture
async def listening(
    server_tls: tuple[Path, ssl.SSLContext], settings: LdapSettings, executor: ThreadPoolExecutor
) -> AsyncIterator[Listening]:
    async with serving(server_tls, settings, executor) as made:
        yield made
