"""An NCIP responder that does what a test says, octet by octet, over a bare connection or HTTP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Self

from library_protocols.ncip import NCIP_2_02, Dialect, Message, decode, encode
from library_protocols.ncip.framing import Framer

Script = Callable[["Visit"], Awaitable[None]]


class Visit:
    """One connection. `document` and `head` are the last that were read."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.head = ""
        self.document = b""

    async def read(self) -> bytes:
        """A document, bare."""
        framer = Framer()
        while octets := await self.reader.read(65_536):
            for frame in framer.receive(octets):
                self.document = frame.octets
                return self.document
        raise ConnectionError("no document came")

    async def read_http(self) -> bytes:
        """The body of a request, by the length that its head tells."""
        self.head = (await self.reader.readuntil(b"\r\n\r\n")).decode("ascii")
        length = int(self.field("content-length"))
        self.document = await self.reader.readexactly(length)
        return self.document

    def field(self, name: str) -> str:
        """A field of the head; empty where there is none."""
        fields = dict(line.split(": ", 1) for line in self.head.splitlines()[1:] if ": " in line)
        return {key.lower(): value for key, value in fields.items()}.get(name, "")

    async def write(self, *pieces: bytes) -> None:
        """Each piece on its own."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(0)

    async def answer(self, message: Message, dialect: Dialect = NCIP_2_02) -> None:
        await self.write(encode(message, dialect))

    async def answer_http(self, body: bytes, status: str = "200 OK", content_type: str = "application/xml") -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        await self.write(head.encode() + body)

    def reset(self) -> None:
        """Cuts the connection at once."""
        self.writer.transport.abort()


class Responder:
    """Serves each connection by the script; `visits` counts them. Used with `async with`."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.visits: list[Visit] = []
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def address(self, scheme: str, path: str = "") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        visit = Visit(reader, writer)
        self.visits.append(visit)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self.script(visit)
        finally:
            writer.close()


def asked(octets: bytes) -> Message:
    """The message in a document."""
    return decode(octets).message
