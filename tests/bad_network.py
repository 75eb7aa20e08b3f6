"""What networks and servers do on bad days, on loopback: a server that says nothing, a relay that goes silent or cuts.

Each runs an event loop in a thread of its own, so that tests with and without a loop can use it. Both are context
managers and close what they opened.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from types import TracebackType
from typing import Self


class SilentServer:
    """Accepts connections on `port`, reads what comes and never answers. `accepted` counts them."""

    def __init__(self) -> None:
        self.accepted = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def port(self) -> int:
        assert self._server is not None
        return self._server.sockets[0].getsockname()[1]

    async def deserted(self, seconds: float = 10.0) -> None:
        """Waits until no connection is left. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while self._open:  # noqa: ASYNC110  another thread's
                await asyncio.sleep(0.01)

    def __enter__(self) -> Self:
        self._thread.start()
        starting = asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self._open.add(writer)
        try:
            await self._talk(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # the other side went away, or the test is over
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65_536):
            pass

    async def _end(self) -> None:
        assert self._server is not None
        self._server.close()
        await self.drop()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def drop(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()


class Relay(SilentServer):
    """Passes octets to and from a port on loopback, until told otherwise. Applies to connections there are and to come.

    `cut_after`: connections end when so many octets have come back in all, counted from now; None for never.
    `silent`: nothing is passed on any more, and nothing is closed. `refusing`: new connections are closed at once.
    """

    def __init__(self, target: int) -> None:
        super().__init__()
        self._target = target
        self._left: int | None = None
        self.silent = False
        self.refusing = False

    def cut_after(self, octets: int | None) -> None:
        self._left = octets

    def cut(self) -> None:
        """Ends every connection there is, once."""
        asyncio.run_coroutine_threadsafe(self.drop(), self._loop).result(10)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            return
        back, forth = await asyncio.open_connection("127.0.0.1", self._target)
        self._open.add(forth)
        ways = [
            asyncio.ensure_future(self._pass(reader, forth, counted=False)),
            asyncio.ensure_future(self._pass(back, writer, counted=True)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._open.discard(forth)
            forth.transport.abort()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, counted: bool) -> None:
        while octets := await source.read(4096):
            if self.silent:
                continue
            if counted and self._left is not None:
                octets = octets[: self._left]
                self._left -= len(octets)
            sink.write(octets)
            await sink.drain()
            if counted and self._left == 0:
                return


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
