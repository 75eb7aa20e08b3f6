"""One Z39.50 connection: octets to the engine, requests to the service one at a time, answers back in order.

Most answers are ready at once: over SQLite a request's coroutine is driven by hand and goes on when it has to wait.
A peer that does not read is not read from; one that sends slowly, or nothing, is closed; nothing here ends another's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import cast

import structlog

from gateway.adapters.z3950.records import Availability
from gateway.adapters.z3950.service import Work, Z3950Catalogue, Z3950Service
from gateway.adapters.z3950.session import Session
from gateway.adapters.z3950.settings import Z3950Settings
from gateway.catalogue.records import ALL
from gateway.clock import Clock
from gateway.desk.driving import Driver
from gateway.doors.line import WatchedProtocol
from gateway.doors.links import Links, half
from gateway.exchanges.model import Exchange, Recorder, Verdict
from gateway.members.readers import Readers
from library_protocols.z3950 import (
    Close,
    Ignored,
    InitializeResponse,
    Pdu,
    PresentResponse,
    Request,
    SearchResponse,
    Send,
    Target,
    Waiting,
    encode,
)
from library_protocols.z3950.facts import PDUS, CloseReason

PROTOCOL = "z3950"
BACKLOG = 65_536
"""Octets of a client that pipelines: so much may wait while one request is answered, the rest stays in the network."""
IN_A_ROW = 16
"""Requests of one session that are answered in a row before all others have their turn."""
RECORDED_OCTETS = 8_192
"""Longest answer that is recorded with its records."""

log = structlog.get_logger(__name__)


class Z3950Operation:
    """What was asked, for records and metrics."""

    __slots__ = ("operation",)

    def __init__(self, operation: str) -> None:
        self.operation = operation


_OPERATIONS = {tag: Z3950Operation(f"z3950.{fact.name.removesuffix('Request')}") for tag, fact in PDUS.items()}


class Z3950Door:
    """What all sessions of a process share: the service, limits, the record, and the sessions themselves."""

    def __init__(
        self,
        catalogue: Z3950Catalogue,
        readers: Readers,
        settings: Z3950Settings,
        *,
        clock: Clock,
        availability: Availability | None = None,
        recorder: Recorder | None = None,
        inline: bool = False,
    ) -> None:
        """`inline`: the catalogue's store awaits nothing but futures of the loop, as SQLite does, and requests need no
        tasks of their own."""
        self.inline = inline
        self.service = Z3950Service(catalogue, readers, settings, availability)
        self.clock = clock
        self.recorder = recorder
        self.links: Links[Z3950Protocol] = Links()

    @property
    def settings(self) -> Z3950Settings:
        return self.service.settings

    def replace(self, settings: Z3950Settings) -> None:
        """Takes new settings while running."""
        self.service.replace(settings)

    def factory(self) -> Callable[[], Z3950Protocol]:
        """What a listener needs: makes a protocol for each connection."""
        return lambda: Z3950Protocol(self)

    def opened(self, session: Z3950Protocol) -> str | None:
        """Counts a session in and names it; None where there are too many, or where we are leaving."""
        most = self.settings.sessions
        return self.links.opened(session, most, session.peer, of_one_peer=half(most))

    async def drain(self) -> None:
        """Lets every session finish what it is doing, says goodbye and closes it. Returns when the last is gone."""
        await self.links.drain()


class Z3950Protocol(WatchedProtocol):
    """One association. Made by `Z3950Door.factory`."""

    def __init__(self, door: Z3950Door) -> None:
        super().__init__()
        self._door = door
        self._session = Session()
        self._target = Target(door.settings.max_request)
        self.peer: str | None = None
        self._name = ""
        self._exchanges = 0
        self._working = False
        self._task: asyncio.Task[Pdu] | None = None
        self._heard = self._opened = 0.0
        self._ended = False  # the peer has said all it wants
        self._leaving = False  # we are closing down
        self._waiting_turn = False

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's transports share no class with asyncio's
        peer = transport.get_extra_info("peername")
        self.peer = peer[0] if isinstance(peer, tuple) else None
        name = self._door.opened(self)
        if name is None:
            transport.abort()
            return
        self._name = name
        self._transport = transport
        self._heard = self._opened = self._door.clock.monotonic()
        transport.set_write_buffer_limits(high=self._door.settings.write_buffer)
        self._watch_over()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost()
        self._session.leave()
        self._door.links.closed(self)

    def eof_received(self) -> bool:
        """A peer that has said all it wants still gets its answers."""
        self._ended = True
        if not (self._working or self._waiting_turn) and self._writable:
            self._close()
        return True

    def finish(self) -> None:
        """Closes the association once the request that is running has its answer."""
        self._leaving = True
        if self._transport is not None and not self._writable:
            self._transport.abort()
        elif not self._working:
            self._say_goodbye(CloseReason.SHUTDOWN)

    def _say_goodbye(self, reason: CloseReason) -> None:
        if self._transport is None:
            return
        if data := self._target.close(reason):
            self._transport.write(data)
        self._close()

    def _close(self) -> None:
        self._close_within(self._door.settings.request_seconds)

    # Limits

    def _watch_over(self) -> None:
        """Ends a session that is silent for too long, or does not initialize. Runs once in a while."""
        settings = self._door.settings
        now = self._door.clock.monotonic()
        wait = settings.idle_seconds - (now - self._heard)
        if not self._target.opened:
            wait = min(wait, settings.init_seconds - (now - self._opened))
        if wait <= 0 and not self._working:
            log.info("z3950.idle", session=self._name, peer=self.peer)
            self._say_goodbye(CloseReason.LACK_OF_ACTIVITY)
            return
        self._look_again(wait)

    def _watch_sender(self, backlog: int) -> None:
        """A PDU that has begun must end in time. `backlog`: octets that are here of PDUs not yet begun with."""
        if backlog > 0 and not self._working and not self._waiting_turn:
            self._expect(self._door.settings.request_seconds)
        elif self._slow is not None:
            self._arrived()

    def _too_slow(self) -> None:
        if self._transport is not None and not self._working:
            log.info("z3950.sender_slow", session=self._name, peer=self.peer)
            self._transport.abort()

    # Octets in, requests out

    def data_received(self, data: bytes) -> None:
        self._heard = self._door.clock.monotonic()
        self._target.receive_data(data)
        self._pump()

    def _take_turn(self) -> None:
        self._waiting_turn = False
        self._pump()

    def _pump(self) -> None:
        """Answers what can be answered now, in fair shares with the other sessions."""
        answered = 0
        while self._transport is not None and self._writable and not self._working and not self._waiting_turn:
            if answered == IN_A_ROW:
                self._waiting_turn = True
                self._loop.call_soon(self._take_turn)
                break
            answered += 1
            if self._leaving:
                self._say_goodbye(CloseReason.SHUTDOWN)
                return
            event = self._target.next_event()
            if isinstance(event, Request):
                self._begin(event)
            elif isinstance(event, Waiting):
                if self._ended:
                    self._close()
                break
            elif isinstance(event, Send):
                self._transport.write(event.data)
                verdict = Verdict.ANSWERED if isinstance(event.pdu, Close) else Verdict.BAD_INPUT
                self._record_plain(event, verdict, event.data)
                if event.closes:
                    self._close()
                    return
            else:
                self._record_plain(event, Verdict.IGNORED)
        backlog = self._target.backlog
        self._watch_sender(backlog)
        self._set_reading(self._writable and backlog <= BACKLOG)

    def _begin(self, request: Request) -> None:
        if self._slow is not None:
            self._arrived()
        self._working = True
        exchange = self._exchange(request.octets, request.pdu)
        work = Work(exchange.id if exchange else self._name, self.peer)
        coroutine = self._door.service.answer(self._session, request.pdu, work)
        if not self._door.inline:
            self._task = self._loop.create_task(coroutine)
            self._task.add_done_callback(partial(self._task_ended, work, exchange))
            return
        try:
            waiting = coroutine.send(None)
        except StopIteration as stop:
            self._answer(work, exchange, stop.value)
        except Exception:
            self._fail(exchange)
        else:
            Driver(coroutine, partial(self._resumed, work, exchange)).follow(waiting)

    def _task_ended(self, work: Work, exchange: Exchange | None, task: asyncio.Task[Pdu]) -> None:
        self._task = None
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        self._resumed(work, exchange, None if error is not None else task.result(), error)

    def _resumed(self, work: Work, exchange: Exchange | None, pdu: Pdu | None, error: BaseException | None) -> None:
        if pdu is None:
            log.error("z3950.failed", session=self._name, exc_info=error)
            self._fail(exchange, logged=True)
            return
        self._answer(work, exchange, pdu)
        self._pump()

    def _fail(self, exchange: Exchange | None, *, logged: bool = False) -> None:
        """What should not happen ends this association, and no other."""
        if not logged:
            log.exception("z3950.failed", session=self._name)
        self._working = False
        if exchange is not None:
            exchange.verdict, exchange.error = Verdict.FAILED, "failed"
            self._record(exchange, b"")
        self._say_goodbye(CloseReason.SYSTEM_PROBLEM)

    def _answer(self, work: Work, exchange: Exchange | None, pdu: Pdu) -> None:
        self._working = False
        if self._transport is None:
            if exchange is not None:
                exchange.error = "the connection was lost before the answer"
                self._record(exchange, b"")
            return
        if work.segments:
            parts = [self._target.segment(segment) for segment in work.segments]
            data = self._target.respond(pdu)
            self._transport.write(b"".join((*parts, data)))
        else:
            data = self._target.respond(pdu)
            self._transport.write(data)
        if exchange is not None:
            if work.problem is not None:
                exchange.verdict = Verdict.FAILED if work.failed else Verdict.REFUSED
                exchange.error = f"{work.problem.condition} {work.problem.addinfo}".rstrip()
            exchange.member = work.view if work.view != ALL else None
            exchange.terminal = self._session.reader.name if self._session.reader else None
            exchange.calls = work.calls
            self._record(exchange, _brief(pdu, data))
        if isinstance(pdu, InitializeResponse) and not pdu.result:
            self._close()

    # The record

    def _exchange(self, octets: bytes, pdu: Pdu | None) -> Exchange | None:
        if self._door.recorder is None:
            return None
        self._exchanges += 1
        return Exchange(
            id=f"{self._name}-{self._exchanges}",
            protocol=PROTOCOL,
            link=self._name,
            peer=self.peer or "",
            started=self._door.clock.now().timestamp(),
            bytes_in=octets,
            request=_OPERATIONS.get(getattr(pdu, "tag", 0)),
        )

    def _record_plain(self, event: Send | Ignored, verdict: Verdict, data: bytes = b"") -> None:
        exchange = self._exchange(event.octets, event.pdu)
        if exchange is not None:
            exchange.verdict = verdict
            exchange.error = None if verdict is Verdict.ANSWERED else event.reason
            self._record(exchange, data)

    def _record(self, exchange: Exchange, data: bytes) -> None:
        assert self._door.recorder is not None
        exchange.bytes_out = data
        exchange.finished = self._door.clock.now().timestamp()
        self._door.recorder.add(exchange)


def _brief(pdu: Pdu, data: bytes) -> bytes:
    """The octets of an answer for the record: a long one without its records, which the catalogue has."""
    if len(data) > RECORDED_OCTETS and isinstance(pdu, SearchResponse | PresentResponse):
        return encode(replace(pdu, records=None))
    return data
