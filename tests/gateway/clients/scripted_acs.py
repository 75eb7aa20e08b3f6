"""A scripted ACS on loopback: what it answers to each request is a function of the test's own."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from library_protocols.sip2 import MESSAGES, STANDARD, Acs, Dialect, Message, Request, Send, build

Script = Callable[[Request], Message | bytes | None]
"""An answer, octets to write as they are (none: silence), or None to hang up."""


@dataclass
class ScriptedAcs:
    """`requests` are those of all links in order; `octets` everything that came."""

    script: Script
    dialect: Dialect = STANDARD
    port: int = 0
    links: int = 0
    requests: list[Request] = field(default_factory=list)
    octets: bytearray = field(default_factory=bytearray)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.links += 1
        engine = Acs(self.dialect)
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                self.octets += data
                engine.receive_data(data)
                if not self._turn(engine, writer):
                    break
        with contextlib.suppress(OSError):
            writer.close()
            await writer.wait_closed()

    def _turn(self, engine: Acs, writer: asyncio.StreamWriter) -> bool:
        while True:
            event = engine.next_event()
            if isinstance(event, Send):
                writer.write(event.data)
            elif isinstance(event, Request):
                self.requests.append(event)
                said = self.script(event)
                if said is None:
                    return False
                if isinstance(said, Message):
                    writer.write(engine.respond(said))
                else:
                    # The engine waits for an answer; what it would have written is thrown away.
                    engine.respond(build(MESSAGES[event.message.code].answers[0]))
                    writer.write(said)
            else:
                return True


@contextlib.asynccontextmanager
async def scripted_acs(
    script: Script, *, dialect: Dialect = STANDARD, tls: ssl.SSLContext | None = None
) -> AsyncIterator[ScriptedAcs]:
    """Serves `script` on a free port of loopback until the block ends."""
    acs = ScriptedAcs(script, dialect)
    server = await asyncio.start_server(acs.serve, "127.0.0.1", 0, ssl=tls)
    acs.port = server.sockets[0].getsockname()[1]
    try:
        yield acs
    finally:
        server.close()
