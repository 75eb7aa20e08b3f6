"""A library for conversations in NCIP: two demo members, the desk and the reference platform, the responder on them.

`Responder.ask` sends a typed message through the codec in both directions, so that what a test sees is what a peer
reads. Each member has the peer `broker`, which is known by its API key and may do everything, and whatever else a test
configures.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from gateway.adapters.ncip.service import NcipService
from gateway.adapters.ncip.settings import NcipSettings
from gateway.canonical.refusals import Refusal
from gateway.canonical.requests import Request
from gateway.clock import Clock
from gateway.config import Config
from gateway.demo.consortium import MEMBERS, PEPPER
from gateway.desk import Desk
from gateway.exchanges.model import Exchange
from gateway.journal import Journal
from gateway.members import Evidence
from gateway.members.ncip_peers import NcipPeers
from gateway.members.secrets import key_digest
from gateway.platforms.reference.platform import ReferencePlatform
from gateway.platforms.reference.policy import MemberSettings
from gateway.store.port import Store
from library_protocols.ncip import NCIP_2_02, Dialect, SchemeValue
from library_protocols.ncip import messages as wire
from library_protocols.ncip.codec import decode, encode

ABER, BANGOR = MEMBERS[0], MEMBERS[1]
KEY = "gw_the-brokers-own-key"
"""API key of `broker`, at both members."""
BROKER: dict[str, Any] = {
    "agency_ids": ["BROKER"],
    "api_key_sha256": key_digest(KEY),
    "services": ["@all"],
    "pin_required": [],
    "user_elements": [
        "User Id", "Name Information", "User Privilege", "Block Or Trap", "User Language", "User Address Information",
        "Date Of Birth",
    ],
}  # fmt: skip
SECRET = b"a secret for these tests, of 32 octets"


def patron(number: int, member: Any = ABER) -> str:
    return member.patron_barcode(number)


def item(number: int, member: Any = ABER) -> str:
    return member.item_barcode(number)


def user_id(number: int, member: Any = ABER) -> wire.UserId:
    return wire.UserId(user_identifier_value=patron(number, member))


def item_id(number: int, member: Any = ABER) -> wire.ItemId:
    return wire.ItemId(item_identifier_value=item(number, member))


def request_id(value: str) -> wire.RequestId:
    return wire.RequestId(agency_id=SchemeValue("BROKER"), request_identifier_value=value)


def header(to: str = "ABER", sender: str = "BROKER", **more: Any) -> wire.InitiationHeader:
    return wire.InitiationHeader(
        from_agency_id=wire.FromAgencyId(agency_id=SchemeValue(sender)),
        to_agency_id=wire.ToAgencyId(agency_id=SchemeValue(to)),
        **more,
    )


class Attempts:
    """Failed PINs in memory."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, datetime]] = []

    async def failures(self, member: str, patron_id: str, since: datetime) -> int:
        return sum(1 for row in self.rows if row[:2] == (member, patron_id) and row[2] >= since)

    async def record(self, member: str, patron_id: str, terminal: str, at: datetime) -> None:
        self.rows.append((member, patron_id, at))

    async def clear(self, member: str, patron_id: str) -> None:
        self.rows = [row for row in self.rows if row[:2] != (member, patron_id)]


class Recorded:
    """A recorder that keeps what it is given."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def add(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


@dataclass
class Responder:
    """One node: everything from the octets of a document down to the store."""

    service: NcipService
    desk: Desk
    peers: NcipPeers
    config: Config
    platform: ReferencePlatform
    journal: Journal
    recorded: Recorded
    executor: ThreadPoolExecutor
    evidence: Evidence = field(default_factory=lambda: Evidence(peer="127.0.0.1"))

    async def ask(
        self, message: Any, *, dialect: Dialect = NCIP_2_02, key: str | None = KEY, evidence: Evidence | None = None
    ) -> Any:
        """The answer to a message of `broker`; it gets a header to Aberystwyth where it has none."""
        asked = message.service if isinstance(message, wire.ExtMessage) else message
        if isinstance(asked, wire.Request) and asked.initiation_header is None:
            asked = replace(asked, initiation_header=header())
            message = replace(message, service=asked) if isinstance(message, wire.ExtMessage) else asked
        return decode(await self.octets(encode(message, dialect), key=key, evidence=evidence)).message

    async def octets(self, document: bytes, *, key: str | None = KEY, evidence: Evidence | None = None) -> bytes:
        """The answer to a document."""
        keys = (SecretStr(key),) if key else ()
        return (await self.service.answer(document, evidence or self.evidence, keys)).octets

    async def desk_says(self, request: Request, *, member: str = "aber", name: str = "broker") -> Any:
        """The desk's answer to a question of a test; a command has a key of its own."""
        peer = self.peers.find(member, name)
        assert peer is not None
        answer = await self.desk.perform(replace(peer.context(), pin_required=frozenset()), request)
        assert not isinstance(answer, Refusal), answer
        return answer

    async def close(self) -> None:
        await self.desk.drain()
        await self.platform.close()
        self.journal.close()
        self.executor.shutdown()


Open = Callable[..., Awaitable[Responder]]
"""Opens a node; see the fixture `node`."""


async def open_responder(
    config: Config,
    store: Store,
    clock: Clock,
    *,
    platform: Callable[[ReferencePlatform], Any] | None = None,
    **settings: Any,
) -> Responder:
    """A node on `store`; `platform` takes the reference platform's place where a test wants one that misbehaves."""
    rules = {
        code: MemberSettings(name=member.name, main_location=member.main_location)
        for code, member in config.members.items()
    }
    reference = ReferencePlatform(store, clock, pepper=PEPPER.encode(), settings=rules)
    journal = Journal(None, clock=clock)
    desk = Desk(
        dict.fromkeys(config.members, platform(reference) if platform else reference),
        clock=clock,
        attempts=Attempts(),
        journal=journal,
        policies={code: member.policies for code, member in config.members.items()},
    )
    executor = ThreadPoolExecutor(1)
    peers = NcipPeers(config, clock=clock, executor=executor)
    recorded = Recorded()
    service = NcipService(desk, peers, NcipSettings(SECRET, **settings), clock=clock, recorder=recorded)
    return Responder(service, desk, peers, config, reference, journal, recorded, executor)


def problem_of(answer: Any) -> wire.Problem:
    """The one problem of an answer."""
    (problem,) = answer.problem
    return problem


def type_of(answer: Any) -> str:
    """The type of the one problem of an answer."""
    found = problem_of(answer).problem_type
    assert found is not None
    return found.value
