"""A client that sends what it is told to, and waits for what belongs to it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import dataclass, field
from typing import Any

from library_protocols.ldap import (
    BindRequest,
    CompareRequest,
    Control,
    ExtendedRequest,
    ExtendedResponse,
    Filter,
    Framer,
    LdapMessage,
    PagedResults,
    Request,
    ResultCode,
    SearchRequest,
    SearchResultEntry,
    Simple,
    decode,
    encode,
    find_control,
    parse_filter,
)
from library_protocols.ldap.facts import oids

SECONDS = 10.0
BASE, ONE, SUB = 0, 1, 2


def search(
    base: str = "dc=aber,dc=demo",
    text: str | Filter = "(objectClass=*)",
    *attributes: str,
    scope: int = SUB,
    size: int = 0,
    seconds: int = 0,
    types_only: bool = False,
) -> SearchRequest:
    asked = parse_filter(text) if isinstance(text, str) else text
    return SearchRequest(base, scope, 0, size, seconds, types_only, asked, attributes)


@dataclass(frozen=True)
class Found:
    """What a search brought."""

    code: int
    entries: dict[str, dict[str, list[str]]]
    matched: str = ""
    diagnostic: str = ""
    cookie: bytes | None = None

    @property
    def names(self) -> list[str]:
        return list(self.entries)

    @property
    def uids(self) -> list[str]:
        """First value of each person's name."""
        return [dn.partition(",ou=people,")[0].removeprefix("uid=") for dn in self.entries if dn.startswith("uid=")]


def found(messages: list[LdapMessage]) -> Found:
    *_, done = messages
    result = done.op.result  # pyright: ignore[reportAttributeAccessIssue]
    paged = find_control(done.controls, oids.PAGED_RESULTS)
    entries = {
        message.op.dn: {name: [value.decode() for value in values] for name, values in message.op.attributes}
        for message in messages
        if isinstance(message.op, SearchResultEntry)
    }
    assert len(entries) == len(messages) - 1, "an entry came twice"
    cookie = PagedResults.read(paged).cookie if paged else None
    return Found(result.code, entries, result.matched_dn, result.diagnostic, cookie)


@dataclass
class Client:
    """One connection. Answers are put aside by message id; those of id 0 are notices."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    framer: Framer = field(default_factory=lambda: Framer(10_000_000))
    waiting: list[LdapMessage] = field(default_factory=list)
    count: int = 0

    @classmethod
    async def connect(cls, port: int, **options: Any) -> Client:
        return cls(*await asyncio.open_connection("127.0.0.1", port, **options))

    def send(self, request: Request, *controls: Control, number: int | None = None) -> int:
        if number is None:
            self.count += 1
            number = self.count
        self.writer.write(encode(LdapMessage(number, request, controls)))
        return number

    async def read(self) -> LdapMessage | None:
        """The next message; None at the end."""
        while not self.waiting:
            data = await asyncio.wait_for(self.reader.read(65_536), SECONDS)
            if not data:
                return None
            self.waiting += map(decode, self.framer.receive(data))
        return self.waiting.pop(0)

    async def answers(self, number: int) -> list[LdapMessage]:
        """All that is sent to one request; fails when the connection ends before that."""
        gathered: list[LdapMessage] = []
        aside: list[LdapMessage] = []
        while not gathered or isinstance(gathered[-1].op, SearchResultEntry):
            message = await self.read()
            assert message is not None, "the connection was closed"
            (gathered if message.message_id == number else aside).append(message)
        self.waiting = aside + self.waiting
        return gathered

    async def ask(self, request: Request, *controls: Control) -> list[LdapMessage]:
        return await self.answers(self.send(request, *controls))

    async def result(self, request: Request, *controls: Control) -> Any:
        """The result of what has no entries."""
        (message,) = await self.ask(request, *controls)
        return message.op.result  # pyright: ignore[reportAttributeAccessIssue]

    async def code(self, request: Request, *controls: Control) -> ResultCode:
        return ResultCode((await self.result(request, *controls)).code)

    async def bind(self, name: str = "", password: str = "", version: int = 3) -> ResultCode:
        return await self.code(BindRequest(version, name, Simple(password.encode())))

    async def search(self, *args: Any, controls: tuple[Control, ...] = (), **options: Any) -> Found:
        return found(await self.ask(search(*args, **options), *controls))

    async def page(self, entries: int, cookie: bytes, *args: Any, **options: Any) -> Found:
        return await self.search(*args, controls=(PagedResults(entries, cookie).control(critical=True),), **options)

    async def compare(self, dn: str, attribute: str, value: str) -> ResultCode:
        return await self.code(CompareRequest(dn, attribute, value.encode()))

    async def who_am_i(self) -> str:
        (message,) = await self.ask(ExtendedRequest(oids.WHO_AM_I))
        assert isinstance(message.op, ExtendedResponse)
        assert message.op.result.code == 0
        return (message.op.value or b"").decode()

    async def start_tls(self, context: ssl.SSLContext) -> ResultCode:
        code = await self.code(ExtendedRequest(oids.START_TLS))
        if code == 0:
            await asyncio.wait_for(self.writer.start_tls(context, server_hostname="localhost"), SECONDS)
        return code

    async def notice(self) -> ResultCode:
        """The notice of disconnection that must come next, and the end behind it."""
        message = await self.read()
        assert message is not None
        assert message.message_id == 0
        assert isinstance(message.op, ExtendedResponse)
        assert message.op.oid == oids.NOTICE_OF_DISCONNECTION
        assert await self.read() is None
        return ResultCode(message.op.result.code)

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError, ssl.SSLError):
            await asyncio.wait_for(self.writer.wait_closed(), SECONDS)
