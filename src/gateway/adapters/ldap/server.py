"""One LDAP connection: octets to messages, operations to the service side by side, entries and results back.

Searches and comparisons run at once, a bind and StartTLS alone. A client that does not read is not read from, and what
it asked for waits; one that sends slowly, or nothing, is told so and closed; nothing here ends another's connection.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, cast

import structlog

from gateway.adapters.ldap.answers import REQUESTS, Answering, answer_to, notice_of_disconnection, operation_of
from gateway.adapters.ldap.people import PROTOCOL, PatronDesk, Work
from gateway.adapters.ldap.service import LdapService
from gateway.adapters.ldap.session import Session
from gateway.adapters.ldap.settings import LdapSettings
from gateway.clock import Clock
from gateway.doors.line import WatchedProtocol
from gateway.doors.links import Links, half
from gateway.exchanges.model import Exchange, Recorder, Verdict
from gateway.identity.register.port import Register
from gateway.members.ldap_accounts import LdapAccounts
from library_protocols.ldap import (
    AbandonRequest,
    BindRequest,
    CompareRequest,
    Control,
    DecodeError,
    ExtendedRequest,
    ExtendedResponse,
    Framer,
    LdapMessage,
    Result,
    ResultCode,
    SearchRequest,
    UnbindRequest,
    decode,
    encode,
)
from library_protocols.ldap.facts import oids

BACKLOG = 65_536
"""Octets of a client that pipelines: so much may wait while a bind is answered, the rest stays in the network."""
GOODBYE_SECONDS = 5.0
"""How long a connection that is closed may take to be: the last octets to be read, and TLS to say goodbye."""
IN_A_ROW = 16
"""Messages of one connection that are taken in a row before all others have their turn."""
IN_A_ROW_OCTETS = 16_384
"""Of such messages: to read a long one takes some ten milliseconds."""

log = structlog.get_logger(__name__)


class LdapDoor:
    """What all connections of a process share: the service, limits, the record, and the connections themselves."""

    def __init__(
        self,
        register: Register,
        accounts: LdapAccounts,
        desk: PatronDesk,
        settings: LdapSettings,
        *,
        clock: Clock,
        recorder: Recorder | None = None,
    ) -> None:
        self.service = LdapService(register, accounts, desk, settings, clock)
        self.clock = clock
        self.recorder = recorder
        self.links: Links[LdapProtocol] = Links()
        self._binds: set[asyncio.Task[None]] = set()

    @property
    def settings(self) -> LdapSettings:
        return self.service.settings

    def replace(self, settings: LdapSettings) -> None:
        """Takes new settings while running."""
        self.service.replace(settings)

    def factory(
        self, start_tls: ssl.SSLContext | None = None, listener_member: str | None = None
    ) -> Callable[[], LdapProtocol]:
        """What a listener needs: makes a protocol for each connection. `start_tls` is the server's context for clients
        that go on encrypted on a listener in clear."""
        return lambda: LdapProtocol(self, start_tls, listener_member)

    def opened(self, connection: LdapProtocol) -> str | None:
        """Counts a connection in and names it; None where there are too many, or where we are leaving."""
        most = self.settings.connections
        return self.links.opened(connection, most, connection.peer, of_one_peer=half(most))

    def begin_bind(self, work: Coroutine[Any, Any, None]) -> None:
        """A bind goes on when its connection is lost: a wrong PIN counts, whoever hears of it."""
        task = asyncio.get_running_loop().create_task(work)
        self._binds.add(task)
        task.add_done_callback(self._binds.discard)

    async def drain(self) -> None:
        """Lets every connection finish what it is doing, gives notice and closes it. Returns when the last is gone."""
        await self.links.drain()
        if self._binds:
            await asyncio.wait(self._binds)


class LdapProtocol(WatchedProtocol):
    """One connection. Made by `LdapDoor.factory`."""

    def __init__(self, door: LdapDoor, start_tls: ssl.SSLContext | None, listener_member: str | None) -> None:
        super().__init__()
        self._door = door
        self._start_tls = start_tls
        self._listener_member = listener_member
        self._framer = Framer(door.settings.message_bytes)
        self._frames: deque[bytes] = deque()
        self._waiting = 0  # octets of `_frames`
        self._session = Session("")
        self.peer: str | None = None
        self._exchanges = 0
        self._running: dict[int, asyncio.Task[None]] = {}
        self._alone = self._handshaking = False  # a bind or StartTLS is running; StartTLS is
        self._readable: asyncio.Future[None] | None = None  # what senders wait for while the client does not read
        self._heard = 0.0
        self._ended = self._leaving = self._waiting_turn = False

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's transports share no class with asyncio's
        peer = transport.get_extra_info("peername")
        self.peer = peer[0] if isinstance(peer, tuple) else None
        name = self._door.opened(self)
        if name is None:
            transport.abort()
            return
        encrypted = transport.get_extra_info("sslcontext") is not None
        self._session = Session(
            name,
            encrypted=encrypted,
            start_tls=self._start_tls is not None and not encrypted,
            clear=self._door.settings.clear_binds and _on_loopback(transport),
            listener_member=self._listener_member,
        )
        self._transport = transport
        self._heard = self._door.clock.monotonic()
        transport.set_write_buffer_limits(high=self._door.settings.write_buffer)
        self._watch_over()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost()
        self._abandon_all()
        self._door.links.closed(self)

    def eof_received(self) -> bool:
        """A client that has said all it wants still gets its answers; TLS has no half-closed connections."""
        self._ended = True
        if self._idle() and self._writable:
            self._close()
        return not self._session.encrypted

    def finish(self) -> None:
        """Closes the connection once what is running has its answers."""
        self._leaving = True
        if self._transport is not None and not self._writable:
            self._transport.abort()
        elif self._idle():
            self._disconnect(ResultCode.UNAVAILABLE, "the server is shutting down")

    def _idle(self) -> bool:
        return not (self._running or self._alone or self._frames)

    def _disconnect(self, code: ResultCode, reason: str) -> None:
        """Gives notice and closes; what is running is not finished."""
        if self._transport is None:
            return
        self._abandon_all()
        self._transport.write(encode(notice_of_disconnection(code, reason)))
        self._close()

    def _close(self) -> None:
        if not self._closing:
            self._frames.clear()
            self._close_within(GOODBYE_SECONDS)

    def _abandon_all(self) -> None:
        for task in self._running.values():
            task.cancel()
        self._running.clear()

    # Limits

    def _watch_over(self) -> None:
        """Ends a connection that is silent for too long. Runs once in a while."""
        wait = self._door.settings.idle_seconds - (self._door.clock.monotonic() - self._heard)
        if wait <= 0 and self._idle():
            self._disconnect(ResultCode.UNAVAILABLE, "nothing was asked for too long")
            return
        self._look_again(wait)

    def _watch_peer(self) -> None:
        """A message that has begun must end in time, and what is sent must be read in time."""
        if not self._writable or (self._framer.buffered > 0 and self._idle()):
            self._expect(self._door.settings.request_seconds)
        else:
            self._arrived()

    def _too_slow(self) -> None:
        assert self._transport is not None
        log.info("ldap.slow", connection=self._session.name, peer=self.peer)
        self._transport.abort()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._readable = self._loop.create_future()
        self._watch_peer()

    def resume_writing(self) -> None:
        if self._readable is not None:
            self._readable.set_result(None)
            self._readable = None
        super().resume_writing()

    # Octets in, operations out

    def data_received(self, data: bytes) -> None:
        self._heard = self._door.clock.monotonic()
        frames = self._framer.receive(data)
        if frames and self._writable:
            self._arrived()  # the next one has its own time
        self._frames.extend(frames)
        self._waiting += sum(map(len, frames))
        self._pump()

    def _take_turn(self) -> None:
        self._waiting_turn = False
        self._pump()

    def _pump(self) -> None:
        """Takes what can be taken now, in fair shares with the other connections."""
        taken = size = 0
        while self._can_take():
            if taken == IN_A_ROW or size >= IN_A_ROW_OCTETS:
                self._waiting_turn = True
                self._loop.call_soon(self._take_turn)
                break
            taken += 1
            octets = self._frames.popleft()
            self._waiting -= len(octets)
            size += len(octets)
            self._take(octets)
        if self._closing:
            return
        if self._idle():
            if self._framer.error is not None:
                self._record_plain(b"", Verdict.BAD_INPUT, self._framer.error.reason)
                self._disconnect(ResultCode.PROTOCOL_ERROR, self._framer.error.reason)
            elif self._leaving:
                self._disconnect(ResultCode.UNAVAILABLE, "the server is shutting down")
            elif self._ended:
                self._close()
        self._watch_peer()
        if not self._handshaking:
            self._set_reading(self._writable and self._waiting <= BACKLOG)

    def _can_take(self) -> bool:
        usable = not self._closing and self._writable
        return usable and bool(self._frames) and not (self._alone or self._waiting_turn or self._leaving)

    def _take(self, octets: bytes) -> None:
        try:
            message = decode(octets)
        except DecodeError as error:
            self._record_plain(octets, Verdict.BAD_INPUT, str(error))
            self._disconnect(ResultCode.PROTOCOL_ERROR, str(error))
            return
        request, number = message.op, message.message_id
        if isinstance(request, UnbindRequest):
            self._record_plain(octets, Verdict.ANSWERED, None, request)
            self._abandon_all()
            self._close()
            return
        if isinstance(request, AbandonRequest):
            self._record_plain(octets, Verdict.IGNORED, None, request)
            if (task := self._running.pop(request.message_id, None)) is not None:
                task.cancel()
            return
        if number and number not in self._running and isinstance(request, REQUESTS):
            self._begin(message, request, octets)
        else:
            reason = f"message {number} is none that a client may send now"
            self._record_plain(octets, Verdict.BAD_INPUT, reason)
            self._disconnect(ResultCode.PROTOCOL_ERROR, reason)

    def _begin(self, message: LdapMessage, request: object, octets: bytes) -> None:
        exchange = self._exchange(octets, request)
        work = Work(exchange.id if exchange else self._session.name, self.peer)
        answering = Answering(self, message, exchange, work)
        match request:
            case BindRequest():
                self._abandon_all()
                self._alone = True
                self._door.begin_bind(self._bind(request, message.controls, answering))
            case SearchRequest() | CompareRequest() if len(self._running) >= self._door.settings.outstanding:
                answering.refuse(ResultCode.BUSY, "too many requests at once")
            case SearchRequest():
                self._run(message.message_id, self._search(request, message.controls, answering))
            case CompareRequest():
                self._run(message.message_id, self._compare(request, message.controls, answering))
            case ExtendedRequest():
                self._extended(request, message.controls, answering)
            case _:
                answering.refuse(ResultCode.UNWILLING_TO_PERFORM, "nothing can be changed here")

    def _run(self, number: int, work: Coroutine[Any, Any, None]) -> None:
        task = self._running[number] = self._loop.create_task(work)
        task.add_done_callback(self._broken)

    def _broken(self, task: asyncio.Task[None]) -> None:
        """What should not happen ends this connection, and no other."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("ldap.failed", connection=self._session.name, exc_info=error)
            self._disconnect(ResultCode.OTHER, "an error of the server's own")

    def _ended_one(self, number: int) -> None:
        self._running.pop(number, None)
        self._pump()

    # Operations

    async def _bind(self, request: BindRequest, controls: tuple[Control, ...], answering: Answering) -> None:
        result = await self._door.service.bind(self._session, request, controls, answering.work)
        answering.finish(answer_to(request, result), result)
        self._alone = False
        self._pump()

    async def _search(self, request: SearchRequest, controls: tuple[Control, ...], answering: Answering) -> None:
        result, answered = await self._door.service.search(
            self._session, request, controls, answering.work, answering.send
        )
        answering.finish(answer_to(request, result), result, answered)
        self._ended_one(answering.number)

    async def _compare(self, request: CompareRequest, controls: tuple[Control, ...], answering: Answering) -> None:
        result = await self._door.service.compare(self._session, request, controls, answering.work)
        answering.finish(answer_to(request, result), result)
        self._ended_one(answering.number)

    def _extended(self, request: ExtendedRequest, controls: tuple[Control, ...], answering: Answering) -> None:
        if critical := next((one.oid for one in controls if one.critical), None):
            answering.refuse(ResultCode.UNAVAILABLE_CRITICAL_EXTENSION, critical)
        elif request.oid == oids.WHO_AM_I and request.value is None:
            identity = self._session.principal.authorization_id.encode()
            answering.finish(ExtendedResponse(Result(), value=identity), Result())
        elif request.oid == oids.PASSWORD_MODIFY:
            answering.refuse(ResultCode.UNWILLING_TO_PERFORM, "nothing can be changed here")
        elif request.oid == oids.START_TLS and request.value is None:
            self._begin_tls(answering)
        else:
            answering.refuse(ResultCode.PROTOCOL_ERROR, "no such extended operation here")

    def _begin_tls(self, answering: Answering) -> None:
        """RFC 4511 4.14. What came in clear behind the request is nobody's any more: it may have been slipped in."""
        if self._session.encrypted or self._running:
            answering.refuse(ResultCode.OPERATIONS_ERROR, "not while the connection is encrypted or requests are open")
        elif self._start_tls is None:
            answering.refuse(ResultCode.PROTOCOL_ERROR, "TLS is not offered here")
        else:
            self._alone = self._handshaking = True
            self._frames.clear()
            self._waiting = 0
            self._framer = Framer(self._door.settings.message_bytes)
            self._set_reading(False)
            answering.finish(ExtendedResponse(Result(), oids.START_TLS), Result())
            self._run(0, self._encrypt(self._start_tls))

    async def _encrypt(self, context: ssl.SSLContext) -> None:
        assert self._transport is not None
        seconds = self._door.settings.request_seconds
        plain = self._transport
        try:
            transport = await self._loop.start_tls(
                plain, self, context, server_side=True, ssl_handshake_timeout=seconds
            )
        except (OSError, ssl.SSLError):
            plain.abort()
            self.connection_lost(None)  # not every loop says so of a handshake that did not come about
            return
        if transport is None or self._transport is None:
            return
        self._transport = transport
        transport.set_write_buffer_limits(high=self._door.settings.write_buffer)
        self._session.encrypted, self._session.start_tls = True, False
        self._reading, self._alone, self._handshaking = True, False, False
        self._ended_one(0)

    # Answers

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._closing:
            self._transport.write(data)

    async def writable(self) -> None:
        """Returns when the client reads what it is sent."""
        while self._readable is not None:
            await asyncio.shield(self._readable)

    # The record

    def _exchange(self, octets: bytes, request: object) -> Exchange | None:
        if self._door.recorder is None:
            return None
        self._exchanges += 1
        return Exchange(
            id=f"{self._session.name}-{self._exchanges}",
            protocol=PROTOCOL,
            link=self._session.name,
            peer=self.peer or "",
            started=self._door.clock.now().timestamp(),
            bytes_in=octets,
            request=operation_of(request),
        )

    def _record_plain(self, octets: bytes, verdict: Verdict, error: str | None, request: object = None) -> None:
        if (exchange := self._exchange(octets, request)) is not None:
            exchange.verdict, exchange.error = verdict, error
            self.record(exchange, b"")

    def record(self, exchange: Exchange, data: bytes) -> None:
        assert self._door.recorder is not None
        principal = self._session.principal
        exchange.member = principal.member or None
        exchange.terminal = principal.name or None
        exchange.bytes_out = data
        exchange.finished = self._door.clock.now().timestamp()
        self._door.recorder.add(exchange)


def _on_loopback(transport: asyncio.Transport) -> bool:
    """Whether the address that the client has connected to is this machine's own."""
    name = transport.get_extra_info("sockname")
    try:
        return isinstance(name, tuple) and ipaddress.ip_address(name[0].partition("%")[0]).is_loopback
    except ValueError:
        return False
