"""A library for conversations: desk, reference platform with two demo members, SIP2 service on loopback, kiosks.

`Kiosk` speaks raw octets, so that nothing of ours stands between a test and the wire but the codec's checksum.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.adapters.sip2.service import Sip2Service, Sip2Settings
from gateway.clock import Clock
from gateway.config import Config
from gateway.config.model import LimitsConfig
from gateway.demo.consortium import KIOSK_PASSWORD, MEMBERS, PEPPER
from gateway.desk import Desk
from gateway.exchanges.model import Exchange
from gateway.journal import Journal
from gateway.members import Members
from gateway.platforms.reference.platform import ReferencePlatform
from gateway.platforms.reference.policy import MemberSettings
from gateway.store.port import Store
from library_protocols.sip2.codec import checksum, decode
from library_protocols.sip2.dialect import Dialect
from library_protocols.sip2.messages import Message

ABER, BANGOR = MEMBERS[0], MEMBERS[1]
UTF8 = Dialect(encoding="utf-8")
NOW = "20261122    090000"
BLANK = " " * 18


def patron(number: int, member: Any = ABER) -> str:
    return member.patron_barcode(number)


def item(number: int, member: Any = ABER) -> str:
    return member.item_barcode(number)


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
class Library:
    """One node: everything from the SIP2 port down to the store."""

    service: Sip2Service
    desk: Desk
    platform: ReferencePlatform
    journal: Journal
    recorded: Recorded
    server: asyncio.Server
    kiosks: list[Kiosk] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.server.sockets[0].getsockname()[1]

    async def connect(self, dialect: Dialect = UTF8) -> Kiosk:
        """A kiosk that has connected and said nothing."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        kiosk = Kiosk(reader, writer, dialect)
        self.kiosks.append(kiosk)
        return kiosk

    async def kiosk(self, member: Any = ABER, *, login: str = "", dialect: Dialect = UTF8) -> Kiosk:
        """A kiosk that has logged in."""
        kiosk = await self.connect(dialect)
        answer = await kiosk.ask(f"9300CN{login or member.kiosk_login}|CO{KIOSK_PASSWORD}|CP{member.main_location}|")
        assert answer.fixed["ok"] == "1"
        return kiosk

    async def close(self) -> None:
        for kiosk in self.kiosks:
            kiosk.writer.close()
        self.server.close()
        async with asyncio.timeout(10):
            await self.service.drain()
            await self.desk.drain()
        await self.platform.close()
        self.journal.close()


Open = Callable[..., Awaitable[Library]]
"""Opens a node; see the fixture `node`."""


async def open_library(
    config: Config,
    store: Store,
    clock: Clock,
    *,
    platform: Callable[[ReferencePlatform], Any] | None = None,
    limits: LimitsConfig | None = None,
    prompts: bool = False,
    attempts: Attempts | None = None,
) -> Library:
    """A node on `store`; `platform` takes the reference platform's place where a test wants one that misbehaves."""
    settings = {
        code: MemberSettings(name=member.name, main_location=member.main_location)
        for code, member in config.members.items()
    }
    reference = ReferencePlatform(store, clock, pepper=PEPPER.encode(), settings=settings)
    journal = Journal(None, clock=clock)
    desk = Desk(
        dict.fromkeys(config.members, platform(reference) if platform else reference),
        clock=clock,
        attempts=attempts or Attempts(),
        journal=journal,
        policies={code: member.policies for code, member in config.members.items()},
    )
    recorded = Recorded()
    service = Sip2Service(
        desk,
        Members(config, clock=clock),
        clock=clock,
        settings=Sip2Settings(limits or config.limits),
        recorder=recorded,
    )
    loop = asyncio.get_running_loop()
    server = await loop.create_server(service.factory(prompts=prompts), "127.0.0.1", 0)
    return Library(service, desk, reference, journal, recorded, server)


class Kiosk:
    """The other end of a link. `ask` sends one line and gives back the decoded answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dialect: Dialect) -> None:
        self.reader = reader
        self.writer = writer
        self.dialect = dialect

    def send(self, text: str | bytes, sequence: int | None = None) -> None:
        """One message; with AY and AZ where a sequence number is given."""
        data = text.encode(self.dialect.encoding) if isinstance(text, str) else text
        if sequence is not None:
            data += f"AY{sequence}AZ".encode()
            data += checksum(data).encode()
        self.writer.write(data + b"\r")

    async def hear(self, seconds: float = 10.0) -> bytes:
        """The octets of one answer, terminator included. Raises TimeoutError, IncompleteReadError."""
        async with asyncio.timeout(seconds):
            return await self.reader.readuntil(b"\r")

    async def ask(self, text: str | bytes, sequence: int | None = None) -> Message:
        self.send(text, sequence)
        return decode(await self.hear(), self.dialect)

    async def gone(self, seconds: float = 10.0) -> bool:
        """Whether the other side has closed the link, after whatever it still had to say."""
        async with asyncio.timeout(seconds):
            await self.reader.read()
        return self.reader.at_eof()


def information(
    patron_id: str, pin: str | None = "1234", summary: str = "", *, language: str = "001", more: str = ""
) -> str:
    """A 63."""
    ad = "" if pin is None else f"AD{pin}|"
    return f"63{language}{NOW}{summary:10.10}AOABER|AA{patron_id}|AC|{ad}{more}"


def checkout(
    patron_id: str, item_id: str, *, pin: str | None = "1234", renew: str = "N", no_block: str = "N", at: str = NOW,
    due: str = BLANK, more: str = "",
) -> str:  # fmt: skip
    """An 11."""
    ad = "" if pin is None else f"AD{pin}|"
    return f"11{renew}{no_block}{at}{due}AOABER|AA{patron_id}|AB{item_id}|AC|{ad}{more}"


def checkin(item_id: str, *, no_block: str = "N", at: str = NOW, returned: str = BLANK, more: str = "") -> str:
    """An 09. Without a return date the item is returned now."""
    return f"09{no_block}{at}{returned}APanywhere|AOABER|AB{item_id}|AC|{more}"


def item_information(item_id: str) -> str:
    """A 17."""
    return f"17{NOW}AOABER|AB{item_id}|"


def pay(patron_id: str, amount: str, *, currency: str = "GBP", at: str = NOW, more: str = "") -> str:
    """A 37: an overdue fee, in cash."""
    return f"37{at}0400{currency}BV{amount}|AOABER|AA{patron_id}|{more}"
