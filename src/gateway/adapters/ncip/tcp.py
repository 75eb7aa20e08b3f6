"""One NCIP connection over bare TCP: octets to documents, these to the service one after the other, answers in order.

Nothing but a document's last tag frames it; the connection may stay open or be closed after one. A peer that does not
read is not read from; one that sends slowly, or nothing, is cut; nothing here ends another's connection. Most answers
are ready at once, and the others wait for futures: documents are answered by hand, without a task.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import structlog

from gateway.adapters.ncip.paths import place_of
from gateway.adapters.ncip.service import NcipService, Reply
from gateway.clock import Clock
from gateway.desk.driving import Driver
from gateway.doors.line import RequestedName, WatchedProtocol, evidence_of
from gateway.doors.links import Links, half
from gateway.members import Evidence
from library_protocols.ncip.bodies import BodyError, document_of
from library_protocols.ncip.framing import Frame, Framer

BACKLOG = 65_536
"""Octets of a peer that pipelines: so much may wait while one document is answered, the rest stays in the network."""
IN_A_ROW = 16
"""Documents of one connection that are answered in a row before all others have their turn."""
GOODBYE_SECONDS = 5.0
"""How long a connection that is closed may take to be: the last octets to be read, and TLS to say goodbye."""
SYNTAX = "Invalid Message Syntax Error"
_HEAD = (
    "HTTP/1.0 {status}\r\n"
    'Content-Type: application/xml; charset="utf-8"\r\n'
    "Content-Length: {length}\r\n"
    "Connection: close\r\n\r\n"
)

log = structlog.get_logger(__name__)


class NcipDoor:
    """What all connections of a process share: the service, its limits, and the connections themselves. `exists` says
    whether there is a member of that code."""

    def __init__(self, service: NcipService, clock: Clock, exists: Callable[[str], bool]) -> None:
        self.service = service
        self.clock = clock
        self.exists = exists
        self.links: Links[NcipProtocol] = Links()

    def factory(
        self, listener_member: str | None = None, requested_name: RequestedName | None = None
    ) -> Callable[[], NcipProtocol]:
        """What a listener needs: makes a protocol for each connection."""
        return lambda: NcipProtocol(self, listener_member, requested_name)

    def opened(self, connection: NcipProtocol, peer: str | None) -> str | None:
        """Counts a connection in and names it; None where there are too many, or where we are leaving."""
        most = self.service.settings.connections
        return self.links.opened(connection, most, peer, of_one_peer=half(most))

    async def drain(self) -> None:
        """Lets every connection finish what it is doing, then closes it. Returns when the last is gone."""
        await self.links.drain()


class NcipProtocol(WatchedProtocol):
    """One connection. Made by `NcipDoor.factory`."""

    def __init__(self, door: NcipDoor, listener_member: str | None, requested_name: RequestedName | None) -> None:
        super().__init__()
        self._door = door
        self._listener_member = listener_member
        self._requested_name = requested_name
        self._framer = Framer(door.service.settings.message_bytes)
        self._frames: deque[Frame] = deque()
        self._waiting = 0  # octets of `_frames`
        self._evidence = Evidence()
        self._name = ""
        self._working = False
        self._heard = 0.0
        self._ended = self._leaving = False

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's transports share no class with asyncio's
        self._evidence = evidence_of(
            transport, listener_member=self._listener_member, requested_name=self._requested_name
        )
        name = self._door.opened(self, self._evidence.peer)
        if name is None:
            transport.abort()
            return
        self._name = name
        self._transport = transport
        self._heard = self._door.clock.monotonic()
        transport.set_write_buffer_limits(high=self._door.service.settings.write_buffer)
        self._watch_over()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost()
        self._frames.clear()
        self._door.links.closed(self)

    def eof_received(self) -> bool:
        """A peer that has said all it wants still gets its answers; TLS has no half-closed connections."""
        self._ended = True
        self._pump()
        return not self._evidence.tls and self._transport is not None

    def finish(self) -> None:
        """Closes the connection once the document that is being answered has its answer."""
        self._leaving = True
        self._frames.clear()
        if self._transport is not None and not self._writable:
            self._transport.abort()
        elif not self._working:
            self._close()

    def _close(self) -> None:
        if not self._closing:
            self._frames.clear()
            self._close_within(GOODBYE_SECONDS)

    # Limits

    def _watch_over(self) -> None:
        """Ends a connection that is silent for too long. Runs once in a while."""
        wait = self._door.service.settings.idle_seconds - (self._door.clock.monotonic() - self._heard)
        if wait <= 0 and not self._working:
            self._close()
            return
        self._look_again(wait)

    def _watch_peer(self) -> None:
        """A document that has begun must end in time, and what is sent must be read in time."""
        if not self._writable or (self._framer.buffered > 0 and not self._working):
            self._expect(self._door.service.settings.message_seconds)
        else:
            self._arrived()

    def _too_slow(self) -> None:
        assert self._transport is not None
        log.info("ncip.slow", connection=self._name, address=self._evidence.peer)
        self._transport.abort()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_peer()

    # Octets in, documents out

    def data_received(self, data: bytes) -> None:
        self._heard = self._door.clock.monotonic()
        frames = self._framer.receive(data)
        if frames and self._writable:
            self._arrived()  # the next one has its own time
        self._frames.extend(frames)
        self._waiting += sum(len(frame.octets) for frame in frames)
        self._pump()

    def _pump(self) -> None:
        """Begins what can be begun, or ends what has come to its end."""
        if self._closing:
            return
        if not self._working and self._writable:
            if self._frames and not self._leaving:
                self._working = True
                Driver(self._work(), self._worked).step()
            elif self._leaving:
                self._close()
            elif self._framer.error is not None:
                self._give_up(self._framer.error.reason, http=self._framer.error.http)
            elif self._ended:
                if self._framer.buffered:
                    self._give_up("the document is not whole")
                self._close()
        self._watch_peer()
        self._set_reading(self._writable and self._waiting <= BACKLOG and self._framer.error is None)

    async def _work(self) -> None:
        """Answers what waits, one document after the other."""
        done = 0
        try:
            while self._frames and self._writable and not self._closing:
                frame = self._frames.popleft()
                self._waiting -= len(frame.octets)
                reply = await self._answer(frame)
                self._send(reply, http=frame.http)
                done += 1
                if done % IN_A_ROW == 0:
                    await asyncio.sleep(0)
        except Exception as error:  # what should not happen ends this connection, and no other
            log.error("ncip.connection_failed", connection=self._name, error=type(error).__name__)
            if self._transport is not None:
                self._transport.abort()

    def _worked(self, _: None, error: BaseException | None) -> None:
        self._working = False
        self._heard = self._door.clock.monotonic()
        self._pump()

    async def _answer(self, frame: Frame) -> Reply:
        service = self._door.service
        if not frame.http:
            return await service.answer(frame.octets, self._evidence, link=self._name)
        place = place_of(frame.target)
        if place is None or (place.member is not None and not self._door.exists(place.member)):
            return service.refuse(self._evidence, "Unknown Agency", "NO_SUCH_ADDRESS", link=self._name)
        document = document_of(frame.content_type, frame.octets)
        if isinstance(document, BodyError):
            return service.refuse(self._evidence, SYNTAX, document.reason, octets=frame.octets, link=self._name)
        evidence = replace(self._evidence, path_member=place.member)
        return await service.answer(document, evidence, place.keys, link=self._name)

    def _send(self, reply: Reply, *, http: bool, status: str = "200 OK") -> None:
        if self._transport is None:
            return
        if http:
            self._transport.write(_HEAD.format(status=status, length=len(reply.octets)).encode())
        self._transport.write(reply.octets)
        if http:  # HTTP/1.0 knows one request a connection
            self._close()

    def _give_up(self, reason: str, *, http: bool = False) -> None:
        """Says what is wrong with octets that are no document, and closes."""
        reply = self._door.service.refuse(self._evidence, SYNTAX, f"BAD_REQUEST: {reason}", link=self._name)
        self._send(reply, http=http, status="400 Bad Request")
        self._close()
