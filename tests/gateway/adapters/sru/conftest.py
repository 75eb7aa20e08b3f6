"""The door over a catalogue in memory, asked through an HTTP application without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types
from starlette.applications import Starlette

from gateway.adapters.sru.mapping import SruSettings
from gateway.adapters.sru.server import SruDoor, sru_door
from gateway.canonical.answers import Answer
from gateway.canonical.context import Context
from gateway.canonical.entities import Item
from gateway.canonical.outcomes import Availability, AvailabilityOutcome
from gateway.canonical.refusals import FailureCode, PlatformFailure
from gateway.canonical.requests import BibAvailability
from gateway.canonical.vocabulary import ItemStatus
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.exchanges.model import Exchange
from gateway.members.readers import Readers
from gateway.members.secrets import hash_password
from library_protocols.sru import Response, SearchResponse, Version, read_response
from tests.gateway.adapters.sru.shelf import Shelf
from tests.sru_schemas import Judge, judge_of

READER, PASSWORD = "cardiff-discovery", "correct horse"


SETTINGS = SruSettings(
    names={"all": "Everything", "aber": "Aberystwyth", "bangor": "Bangor", "cardiff": "Cardiff"},
    admin_emails=("post@demo.example",),
    search_records=60,
    result_sets=2,
)


class FakeDesk:
    """Knows the items of some bibs; `asked` are the questions it got."""

    def __init__(self) -> None:
        self.away = False
        self.asked: list[tuple[Context, BibAvailability]] = []

    async def perform(self, ctx: Context, request: BibAvailability) -> Answer:
        self.asked.append((ctx, request))
        if self.away:
            raise PlatformFailure(FailureCode.UPSTREAM_ERROR)
        known = [bib for bib in request.bib_ids if bib != "b2"]
        items = {bib: Item(id=bib, barcode=f"item-{bib}", status=ItemStatus.AVAILABLE) for bib in known}
        return AvailabilityOutcome(bibs=tuple(Availability(bib_id=bib, items=(items[bib],), total=1) for bib in known))


@dataclass
class Recorded:
    exchanges: list[Exchange] = field(default_factory=list)

    def add(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


@dataclass
class Clock(SystemClock):
    ahead: float = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


@dataclass
class Asked:
    """The door and who asks it. `ask` checks every answer against the schemas."""

    shelf: Shelf
    desk: FakeDesk
    door: SruDoor
    client: httpx.AsyncClient
    recorded: Recorded
    clock: Clock
    judge: Judge

    async def get(self, path: str = "/sru/aber", *, accept: str = "*/*", **sent: str) -> httpx.Response:
        """An answer as it is."""
        return await self.client.get(path, params=sent, headers={"accept": accept})

    async def ask(self, path: str = "/sru/aber", **sent: str) -> Response:
        """An answer read, after it was found valid."""
        answer = await self.get(path, **sent)
        assert answer.status_code == 200, answer.text
        self.judge(answer.content, self.version(answer.content))
        return read_response(answer.content)

    async def search(self, query: str, path: str = "/sru/aber", **sent: str) -> SearchResponse:
        found = await self.ask(path, query=query, **sent)
        assert isinstance(found, SearchResponse)
        return found

    @staticmethod
    def version(octets: bytes) -> Version:
        return Version.V1_1 if b"www.loc.gov/zing/srw/" in octets[:400] else Version.V2_0

    def settle(self, **changes: Any) -> None:
        self.door.replace(replace(SETTINGS, **changes))


def configuration() -> Config:
    member = {"main_location": "MAIN"}
    return Config.model_validate({
        "pepper": "p" * 32,
        "members": {
            "aber": {"name": "Aberystwyth", **member},
            "bangor": {"name": "Bangor", **member},
            "cardiff": {
                "name": "Cardiff",
                **member,
                "catalogue": {"anonymous": False, "readers": {READER: {"password_hash": hash_password(PASSWORD)}}},
            },
        },
    })  # fmt: skip


@pytest.fixture(scope="session")
def judge(shared_data: Callable[..., Any]) -> Judge:
    """Fails unless a response is valid against the schemas of its version."""
    return judge_of(shared_data)


@pytest.fixture
def asked(judge: Judge) -> Iterator[Asked]:
    """A catalogue with five titles of aber and one of bangor; `cardiff` is open to its reader alone."""
    shelf, recorded, clock, desk = Shelf(), Recorded(), Clock(), FakeDesk()
    for title in ("Wales at war", "The book of Wales", "Fish", "A history of Wales", "Tŷ a gardd"):
        shelf.put("aber", title)
    shelf.put("bangor", "Wales by rail")
    with ThreadPoolExecutor(1) as executor:
        readers = Readers(configuration(), clock=clock, executor=executor)
        door = sru_door(shelf, readers, desk, SETTINGS, clock=clock, recorder=recorded)
        transport = httpx.ASGITransport(Starlette(routes=door.routes()))
        client = httpx.AsyncClient(transport=transport, base_url="http://library.example")
        yield Asked(shelf, desk, door, client, recorded, clock, judge)


def elements(octets: bytes, name: str) -> list[str]:
    """The texts of all elements of that local name."""
    return ["".join(each.itertext()) for each in etree.fromstring(octets).iter(f"{{*}}{name}")]
