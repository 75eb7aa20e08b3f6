"""A small library whose broker is a scripted responder: the outbox with everything around it but the server."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from gateway.brokers.metrics import BrokerMetrics
from gateway.brokers.outbox import Outbox
from gateway.brokers.peer import Broker
from gateway.canonical import requests as req
from gateway.canonical.requests import BibWords
from gateway.config import Config
from gateway.desk import Desk
from gateway.store.attempts import StoreAttempts
from gateway.store.port import Store
from gateway.store.rows import BrokerNoticeRow
from library_protocols.ncip import NCIP_2_02, SERVICES, Message, Problem, Request, Response, SchemeValue, encode
from tests.gateway.clients.scripted_responder import Responder, Visit, asked
from tests.gateway.platforms.reference.library import Library

NOTIFY = (
    "CirculationStatusUpdated", "ItemCheckedIn", "ItemCheckedOut", "ItemReceived", "ItemRecalled", "ItemRenewed",
    "ItemRequestCancelled",
)  # fmt: skip
OURS = "ncip:reshare:R-1"
"""What the broker calls its transaction, as items, holds and loans of it say."""


@dataclass
class BrokerHost:
    """A responder that keeps what it was told, and answers it; `problems` are answered instead. Where it is `down` it
    hangs up; where it is `mute` it listens and says nothing."""

    told: list[Request] = field(default_factory=list)
    documents: list[bytes] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)  # problem type, by service or by item's barcode
    down: bool = False
    mute: bool = False

    async def serve(self, visit: Visit) -> None:
        while True:
            await visit.read()
            if self.down:
                visit.reset()
                return
            message = asked(visit.document)
            assert isinstance(message, Request)
            self.told.append(message)
            self.documents.append(visit.document)
            if self.mute:
                await visit.reader.read()
                return
            await visit.write(encode(self._answer(message), NCIP_2_02))

    def _answer(self, message: Request) -> Message:
        name = type(message).__name__
        kind = self.problems.get(name) or self.problems.get(barcode(message) or "")
        answer = SERVICES[name].response
        assert issubclass(answer, Response)
        return answer(problem=(Problem(problem_type=SchemeValue(kind)),) if kind else ())

    @property
    def services(self) -> list[str]:
        return [type(message).__name__ for message in self.told]


def barcode(message: Any) -> str | None:
    return message.item_id.item_identifier_value if message.item_id is not None else None


@dataclass
class Bench:
    """The broker `reshare` of the member `alpha`, where it is wanted another one, and what happens at the desk."""

    library: Library
    store: Store
    outbox: Outbox
    desk: Desk
    host: BrokerHost
    responder: Responder

    @classmethod
    def made(cls, library: Library, store: Store, host: BrokerHost, responder: Responder) -> Bench:
        desk = Desk({"alpha": library.platform}, clock=library.clock, attempts=StoreAttempts(store))
        return cls(library, store, Outbox(store), desk, host, responder)

    def config(self, **more: Any) -> Config:
        return configured(self.responder.address("tcp"), **more)

    def broker(self, name: str = "reshare", **outward: Any) -> Broker:
        member = self.config(**outward).members["alpha"]
        return Broker(
            member, "alpha", name, member.ncip.peers[name], self.outbox, self.desk.perform, self.library.clock,
            BrokerMetrics(CollectorRegistry()),
        )  # fmt: skip

    async def accept(self, reference: str = OURS, terminal: str = "t1", **more: Any) -> str:
        """An interlibrary loan has come for Ann; the barcode of its item."""
        request = req.IllAccept(patron="c-ann", external_ref=reference, words=BibWords(title="From afar"), **more)
        done = await self.library.platform.ill_accept(
            self.library.context(terminal=terminal), request, self.library.key()
        )
        return done.item.barcode  # type: ignore[union-attr]

    async def lend(self, barcode: str, terminal: str = "t1") -> Any:
        request = req.LoanCreate(patron="c-ann", item=barcode)
        return await self.library.platform.loan_create(
            self.library.context(terminal=terminal), request, self.library.key()
        )

    async def take_back(self, barcode: str, terminal: str = "t1") -> Any:
        request = req.LoanReturn(item=barcode)
        return await self.library.platform.loan_return(
            self.library.context(terminal=terminal), request, self.library.key()
        )

    async def notices(self) -> list[BrokerNoticeRow]:
        return await self.library.rows(BrokerNoticeRow)


def configured(address: str, *, store: str = "", folder: Path | None = None, **outward: Any) -> Config:
    """A member with two brokers, both at one address."""
    peers = {
        name: {
            "agency_ids": [name.upper()],
            "our_ids": ["ALPHA-ILL"],
            "networks": ["127.0.0.1/32"],
            "outward": {"url": address, "secret": "between us", "notify": NOTIFY, **outward},
        }
        for name in ("reshare", "relais")
    }
    member = {"name": "Alpha", "institution_ids": ["ALPHA"], "main_location": "MAIN", "ncip": {"peers": peers}}
    document: dict[str, Any] = {"pepper": "a pepper for these tests", "members": {"alpha": member}}
    if folder is not None:
        document |= {"data_dir": str(folder), "store": {"url": store}}
    return Config.model_validate(document)
