"""One SIP2 connection: octets to the engine, requests to the service one at a time, answers back in order.

Most answers are ready at once, and the others wait for one future: a request's coroutine is driven by hand, no task.
A peer that does not read is not read from; one that sends slowly, or nothing, is cut; nothing here ends another link.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, cast

import structlog

from gateway.adapters.sip2 import mapping
from gateway.adapters.sip2.prompts import LOGIN, WELCOME, Credentials, LoginPrompts
from gateway.adapters.sip2.service import Answer, Sip2Service, Turn
from gateway.adapters.sip2.session import Login, Session
from gateway.adapters.sip2.surroundings import NOBODY
from gateway.canonical.refusals import FailureCode, PlatformFailure
from gateway.desk.driving import Driver
from gateway.doors.line import RequestedName, WatchedProtocol, evidence_of
from gateway.exchanges.model import Exchange, Verdict
from gateway.members import Evidence
from library_protocols.sip2.acs import NEED_DATA, PAUSED, Acs, Ignored, LocalError, Send
from library_protocols.sip2.acs import Request as WireRequest
from library_protocols.sip2.messages import Message

log = structlog.get_logger(__name__)

# Requests of a kiosk that pipelines: so much may wait while one is answered, the rest stays in the network.
BACKLOG = 65_536
# Requests of one link that are answered in a row before all others have their turn.
IN_A_ROW = 16


class Sip2Protocol(WatchedProtocol):
    """One link. Made by `Sip2Service.factory`."""

    def __init__(
        self,
        service: Sip2Service,
        *,
        listener_member: str | None = None,
        prompts: bool = False,
        requested_name: RequestedName | None = None,
    ) -> None:
        super().__init__()
        self.session = Session()
        self._service = service
        self._listener_member = listener_member
        self._requested_name = requested_name
        self._prompts = LoginPrompts() if prompts else None
        self._acs = Acs(NOBODY.profile.wire)
        self._evidence = Evidence()
        self._name = ""
        self._exchanges = 0
        self._ahead = 0.0  # of Unix time over the monotonic clock, in seconds, when the last exchange began
        self._turn: Turn | None = None
        self._logging_in = False
        self._backstop: asyncio.TimerHandle | None = None
        self._heard = 0.0
        self._opened = 0.0
        self._ended = False  # the peer has said all it wants
        self._leaving = False  # we are closing down
        self._waiting_turn = False
        self._tasks: set[asyncio.Task[Any]] = set()

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's transports share no class with asyncio's
        name = self._service.opened(self)
        if name is None:
            transport.abort()
            return
        self._name = name
        self._transport = transport
        self._heard = self._opened = self._service.clock.monotonic()
        transport.set_write_buffer_limits(high=self._service.settings.write_buffer)
        self._evidence = evidence_of(
            transport, listener_member=self._listener_member, requested_name=self._requested_name
        )
        self._watch_over()
        if self._prompts is not None:
            transport.write(LOGIN)
            return
        identity = self._service.members.by_evidence(self._evidence)
        if identity is not None and self._service.admit(self.session, identity):
            self._acs.dialect = self.session.surroundings.profile.wire

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost()
        if self._backstop is not None:
            self._backstop.cancel()
            self._backstop = None
        if self._turn is not None:
            self._turn.abandoned = True  # a command goes on in the desk, only its answer has nowhere to go
        self._service.closed(self)

    def eof_received(self) -> bool:
        """A peer that has said all it wants still gets its answers; TLS cannot be half closed."""
        self._ended = True
        at_work = self._busy or self._waiting_turn or not self._writable
        return at_work and not self._evidence.tls

    def finish(self) -> None:
        """Closes the link once the request that is running has its answer."""
        self._leaving = True
        transport = self._transport
        if transport is None:
            return
        if not self._writable:
            transport.abort()
        elif not self._busy:
            transport.close()

    @property
    def _busy(self) -> bool:
        return self._turn is not None or self._logging_in

    # Limits

    def _watch_over(self) -> None:
        """Closes a link that is silent for too long, or does not log in. Runs once in a while, not per message."""
        settings = self._service.settings
        now = self._service.clock.monotonic()
        wait = settings.limits.idle_seconds - (now - self._heard)
        if self.session.identity is None:
            wait = min(wait, settings.login_seconds - (now - self._opened))
        if wait <= 0 and not self._busy and self._transport is not None:
            log.info("sip2.link_idle", link=self._name, peer=self._evidence.peer)
            self._transport.close()
            return
        self._look_again(wait)

    def _too_slow(self) -> None:
        if self._transport is not None and not self._busy:
            log.info("sip2.sender_slow", link=self._name, peer=self._evidence.peer)
            self._transport.abort()

    def _watch_sender(self, backlog: int) -> None:
        """A message that has begun must end in time."""
        if backlog > 0 and not self._busy and not self._waiting_turn:
            self._expect(self._service.settings.limits.message_seconds)
        else:
            self._arrived()

    # Octets in, requests out

    def data_received(self, data: bytes) -> None:
        self._heard = self._service.clock.monotonic()
        if self._prompts is not None:
            self._prompted(data)
            return
        self._acs.receive_data(data)
        self._pump()

    def _take_turn(self) -> None:
        self._waiting_turn = False
        self._pump()

    def _pump(self) -> None:
        """Answers what can be answered now, in fair shares with the other links."""
        answered = 0
        while self._transport is not None and self._writable and not self._busy and not self._waiting_turn:
            if answered == IN_A_ROW:
                self._waiting_turn = True
                self._loop.call_soon(self._take_turn)
                break
            answered += 1
            if self._leaving:
                self._transport.close()
                return
            event = self._acs.next_event()
            if event is NEED_DATA or event is PAUSED:
                if self._ended:
                    self._transport.close()
                break
            if isinstance(event, WireRequest):
                self._begin(event)
            elif isinstance(event, Send):
                self._transport.write(event.data)
                verdict = Verdict.REPLAYED if event.reason == "resend" else Verdict.BAD_INPUT
                self._record_plain(event.frame, verdict, event.reason, event.data)
            elif isinstance(event, Ignored):
                self._record_plain(event.frame, Verdict.IGNORED, event.reason)
        backlog = self._acs.backlog
        if backlog or self._slow is not None:
            self._watch_sender(backlog)
        self._set_reading(self._writable and backlog <= BACKLOG)

    def _begin(self, request: WireRequest) -> None:
        self._arrived()
        limits = self._service.settings.limits
        deadline = self._heard + limits.answer_seconds - limits.answer_margin_seconds
        turn = self._turn = Turn(request, deadline, self._exchange(request.frame))
        coroutine = turn.carry_out(self._service, self.session, self._evidence)
        try:
            waiting = coroutine.send(None)
        except StopIteration as stop:
            self._answer(turn, stop.value)
            return
        # The desk keeps the deadline itself; this is for whatever else may hang, a login above all.
        patience = deadline + limits.answer_margin_seconds / 2 - self._service.clock.monotonic()
        self._backstop = self._loop.call_later(max(patience, 0.0), self._lose_patience, turn)
        Driver(coroutine, partial(self._resumed, turn)).follow(waiting)

    def _resumed(self, turn: Turn, message: Message | None, error: BaseException | None) -> None:
        if turn.abandoned:
            if self._turn is turn:
                self._turn = None
                self._close_record(turn, b"", "the link was lost before the answer")
            return
        if self._backstop is not None:
            self._backstop.cancel()
            self._backstop = None
        if error is not None:  # a turn answers whatever fails; only being cancelled ends it without
            message = turn.give_up(self._service, self.session, PlatformFailure(FailureCode.UPSTREAM_ERROR))
        self._answer(turn, message)
        self._pump()

    def _lose_patience(self, turn: Turn) -> None:
        self._backstop = None
        turn.abandoned = True
        turn.verdict = Verdict.FAILED
        failure = PlatformFailure(FailureCode.UPSTREAM_TIMEOUT, "no answer in time", outcome_unknown=True)
        self._answer(turn, turn.give_up(self._service, self.session, failure))
        self._pump()

    def _answer(self, turn: Turn, message: Answer | None) -> None:
        self._turn = None
        self._acs.dialect = self.session.surroundings.profile.wire
        if message is None:
            data = self._acs.replay()
        else:
            try:
                data = self._acs.respond(message)
            except (ValueError, LocalError):
                log.exception("sip2.answer_misshapen", code=message.code)
                message = mapping.last_resort(turn.request.message)
                data = self._acs.respond(message)
        if self._transport is not None:
            self._transport.write(data)
        self._close_record(turn, data)

    # Login by prompts

    def _prompted(self, data: bytes) -> None:
        assert self._prompts is not None
        if self._transport is None:
            return
        try:
            out, credentials = self._prompts.feed(data)
        except ValueError:
            self._transport.abort()
            return
        if out:
            self._transport.write(out)
        if credentials is not None and not self._logging_in:
            self._logging_in = True
            task = self._loop.create_task(self._log_in(credentials))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _log_in(self, credentials: Credentials) -> None:
        assert self._prompts is not None
        try:
            asked = Login(credentials.user, credentials.password, "")
            ok = await self._service.login(self.session, asked, self._evidence, lambda: self._transport is not None)
        finally:
            self._logging_in = False
        transport = self._transport
        if transport is None:
            return
        if not ok:
            again = self._prompts.failed()
            if again is None:
                transport.close()
            else:
                transport.write(again)
            return
        self._acs.dialect = self.session.surroundings.profile.wire
        transport.write(WELCOME + self._acs.dialect.terminator_octets)
        rest, self._prompts = self._prompts.rest, None
        self._acs.receive_data(rest)
        self._pump()

    # The record

    def _exchange(self, frame: bytes) -> Exchange | None:
        service = self._service
        if service.recorder is None:
            return None
        self._exchanges += 1
        s = self.session.surroundings
        started = service.clock.now().timestamp()
        self._ahead = started - service.clock.monotonic()
        name, peer = self._name, self._evidence.peer or ""
        return Exchange(
            f"{name}-{self._exchanges}", "sip2", name, peer, started, frame, s.member or None, s.terminal or None
        )

    def _close_record(self, turn: Turn, data: bytes, error: str | None = None) -> None:
        exchange = turn.exchange
        if exchange is None:
            return
        if error is not None:
            exchange.error = exchange.error or error
        if turn.request.message.code == "93" and self.session.identity is not None:
            # After a login the link is somebody else's than when it began.
            exchange.member = self.session.surroundings.member
            exchange.terminal = self.session.surroundings.terminal
        self._record(exchange, turn.verdict, data)

    def _record_plain(self, frame: bytes, verdict: Verdict, reason: str, data: bytes = b"") -> None:
        exchange = self._exchange(frame)
        if exchange is not None:
            exchange.error = reason
            self._record(exchange, verdict, data)

    def _record(self, exchange: Exchange, verdict: Verdict, data: bytes) -> None:
        assert self._service.recorder is not None
        exchange.verdict = verdict
        exchange.bytes_out = data
        exchange.finished = self._service.clock.monotonic() + self._ahead
        self._service.recorder.add(exchange)
