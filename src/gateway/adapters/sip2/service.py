"""What all SIP2 links of a process share: the desk, the members, limits, and the links themselves.

`Turn` carries one request from the session's step to its answer; a read on an inline platform never suspends on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from gateway.adapters.sip2 import mapping
from gateway.adapters.sip2.answer_memory import AnswerMemory
from gateway.adapters.sip2.profile import load_profile
from gateway.adapters.sip2.session import (
    AskStatus,
    EndSession,
    Login,
    Perform,
    Refuse,
    Replay,
    Session,
    StatusToNobody,
)
from gateway.adapters.sip2.surroundings import Surroundings
from gateway.canonical.context import PlatformCall
from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal, RefusalCode
from gateway.clock import Clock
from gateway.desk import Desk
from gateway.doors.links import Links
from gateway.exchanges.model import Exchange, Recorder, Verdict
from gateway.members import Evidence, Identity, LoginRefused, Members
from library_protocols.sip2.acs import Request as WireRequest
from library_protocols.sip2.codec import Body
from library_protocols.sip2.messages import Message

if TYPE_CHECKING:
    from gateway.adapters.sip2.server import Sip2Protocol

Answer = Message | Body

log = structlog.get_logger(__name__)

_NAME = re.compile(r"[\w.@-]{0,32}")
_DIGIT = re.compile(r"\d")


class Limits(Protocol):
    """What the configuration's limits must have; times in seconds, sizes in octets."""

    @property
    def max_links(self) -> int: ...
    @property
    def idle_seconds(self) -> float: ...
    @property
    def message_bytes(self) -> int: ...
    @property
    def message_seconds(self) -> float: ...
    @property
    def answer_seconds(self) -> float: ...
    @property
    def answer_margin_seconds(self) -> float: ...
    @property
    def retries(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Sip2Settings:
    """`login_seconds`: a link that has not logged in after so long is closed; `write_buffer`: octets that may wait for
    a peer that does not read before its link is not read either."""

    limits: Limits
    login_seconds: float = 120.0
    write_buffer: int = 65_536


class Sip2Service:
    """Makes links and answers their requests."""

    def __init__(
        self,
        desk: Desk,
        members: Members,
        *,
        clock: Clock,
        settings: Sip2Settings,
        recorder: Recorder | None = None,
    ) -> None:
        self.desk = desk
        self.members = members
        self.clock = clock
        self.settings = settings
        self.recorder = recorder
        self.answers = AnswerMemory()
        self.links: Links[Sip2Protocol] = Links()
        self._surroundings: dict[str, tuple[Any, Any, Surroundings]] = {}

    def replace(self, settings: Sip2Settings) -> None:
        """Takes new limits; open links have them from their next login."""
        self.settings = settings
        self._surroundings.clear()

    def factory(
        self,
        *,
        listener_member: str | None = None,
        prompts: bool = False,
        requested_name: Callable[[object], str | None] | None = None,
    ) -> Callable[[], Sip2Protocol]:
        """What a listener needs: makes a protocol for each connection. `requested_name` reads the name a TLS client
        asked for (SNI) from the connection's SSL object."""
        from gateway.adapters.sip2.server import Sip2Protocol

        return lambda: Sip2Protocol(
            self, listener_member=listener_member, prompts=prompts, requested_name=requested_name
        )

    def opened(self, link: Sip2Protocol) -> str | None:
        """Counts the link in and names it; None where there are too many, or where we are leaving."""
        return self.links.opened(link, self.settings.limits.max_links)

    def closed(self, link: Sip2Protocol) -> None:
        if link.session.identity is not None:
            self.members.release(link.session.identity)
            link.session.leave()
        self.links.closed(link)

    async def drain(self) -> None:
        """Lets every link finish what it is doing, then closes it. Returns when the last one is gone."""
        await self.links.drain()

    def surroundings(self, identity: Identity) -> Surroundings:
        """What answers to this identity depend on. Raises ValueError where its profile cannot be used."""
        member, terminal = identity.member, identity.terminal
        cached = self._surroundings.get(identity.credential)
        if cached is not None and cached[0] is member and cached[1] is terminal:
            return cached[2]
        profile = load_profile(terminal.profile, terminal.overrides) if terminal else load_profile("standard")
        limits = self.settings.limits
        wire = profile.wire
        if wire.max_message > limits.message_bytes:
            profile = profile.model_copy(update={"wire": replace(wire, max_message=limits.message_bytes)})
        language = profile.texts.language
        made = Surroundings(
            profile=profile,
            member=member.code,
            terminal=identity.credential,
            institution=member.institution_ids[0] if member.institution_ids else member.code.upper(),
            library_name=member.name,
            location=identity.location,
            zone=member.zone,
            currency=member.currency,
            languages=tuple(member.languages),
            bilingual=member.policies.bilingual.value if language == "member" else language,
            permissions=identity.permissions,
            pin_required=identity.context(protocol="sip2").pin_required,
            timeout=limits.answer_seconds,
            retries=limits.retries,
        )
        self._surroundings[identity.credential] = (member, terminal, made)
        return made

    def admit(self, session: Session, identity: Identity, location: str = "") -> bool:
        """Logs the link in; False where the terminal's profile cannot be used."""
        try:
            surroundings = self.surroundings(identity)
        except ValueError as error:
            log.error("sip2.profile_unusable", terminal=identity.credential, error=str(error))
            self.members.release(identity)
            return False
        if session.identity is not None:
            self.members.release(session.identity)
        session.admit(identity, surroundings, location)
        return True

    async def login(self, session: Session, asked: Login, evidence: Evidence, wanted: Callable[[], bool]) -> bool:
        """Tries a login for this link. A wrong one leaves nobody logged in, and so does one that took so long that
        nobody waits for it any more (`wanted`)."""
        found = await self.members.login(asked.user, asked.password, evidence)
        if not wanted():
            if isinstance(found, Identity):
                self.members.release(found)
            return False
        if isinstance(found, LoginRefused):
            login = asked.user if self.members.knows(asked.user) else _outline(asked.user)
            log.warning("sip2.login_refused", login=login, peer=evidence.peer, reason=found.reason.value)
            if session.identity is not None:
                self.members.release(session.identity)
                session.leave()
            return False
        return self.admit(session, found, asked.location)


def _outline(name: str) -> str:
    """An unknown login name for the log: where a kiosk's fields are mixed up it holds a password, a card or a PIN."""
    found = _NAME.match(name)
    return _DIGIT.sub("#", found[0]) if found else ""


class Turn:
    """One request on its way to its answer. `abandoned` says that the link has answered without waiting for it."""

    __slots__ = ("abandoned", "deadline", "exchange", "request", "verdict")

    def __init__(self, request: WireRequest, deadline: float, exchange: Exchange | None) -> None:
        self.request = request
        self.deadline = deadline
        self.exchange = exchange
        self.verdict = Verdict.ANSWERED
        self.abandoned = False

    async def carry_out(self, service: Sip2Service, session: Session, evidence: Evidence) -> Answer | None:
        """The answer, well formed whatever happens; None where the engine is to replay the last one."""
        message = self.request.message
        try:
            step = session.begin(self.request, service.clock.monotonic())
            if isinstance(step, Perform):
                return await self._perform(step.request, step.key, message, service, session)
            return await self._take(step, message, service, session, evidence)
        except Exception as error:
            log.exception("sip2.request_failed", code=message.code, terminal=session.surroundings.terminal)
            self._failed(f"{type(error).__name__}: {error}")
            return self.give_up(service, session, PlatformFailure(FailureCode.UPSTREAM_ERROR))

    def give_up(self, service: Sip2Service, session: Session, failure: PlatformFailure) -> Message:
        """A "no" for a request that broke or that nobody waits for any longer."""
        message = self.request.message
        try:
            return mapping.refuse(message, session.surroundings, failure, service.clock.now(), session.language)
        except Exception:
            log.exception("sip2.answer_failed", code=message.code)
            return mapping.last_resort(message)

    async def _take(
        self,
        step: Login | AskStatus | Replay | Refuse | EndSession | StatusToNobody,
        message: Message,
        service: Sip2Service,
        session: Session,
        evidence: Evidence,
    ) -> Message | None:
        s = session.surroundings
        match step:
            case Replay():
                self.verdict = Verdict.REPLAYED
                return None
            case Refuse(refusal):
                self._note(refusal)
                return mapping.refuse(message, s, refusal, service.clock.now(), session.language)
            case AskStatus():
                assert session.identity is not None
                status = await service.desk.status(self._context(session))
                return mapping.answer_status(message, s, status, service.clock.now(), session.language)
            case StatusToNobody():
                return mapping.answer_status_to_nobody(message, s, service.clock.now())
            case EndSession():
                return mapping.end_session(message, s, service.clock.now(), session.language)
            case Login():
                ok = await service.login(session, step, evidence, lambda: not self.abandoned)
                if not ok:
                    self._note(Refusal(code=RefusalCode.TERMINAL_AUTH_FAILED))
                return mapping.answer_login(ok)

    async def _perform(
        self, request: Any, key: Any, message: Message, service: Sip2Service, session: Session
    ) -> Answer:
        exchange = self.exchange
        if exchange is not None:
            exchange.request = request
        try:
            result = await service.desk.perform(self._context(session), request, key)
        except PlatformFailure as failure:
            self._failed(str(failure))
            result = failure
        else:
            if exchange is not None:
                exchange.answer = result
            if isinstance(result, Refusal):
                self._note(result)
        if not self.abandoned:
            session.finish(message, result, service.clock.monotonic())
        return service.answers.to_answer(message, session.surroundings, result, service.clock.now(), session.language)

    def _context(self, session: Session) -> Any:
        assert session.identity is not None
        exchange = self.exchange
        calls: list[PlatformCall] | None = None if exchange is None else exchange.calls
        return session.identity.context(
            protocol="sip2",
            link=session.memory,
            deadline=self.deadline,
            calls=calls,
            location=session.location,
            exchange=None if exchange is None else exchange.id,
        )

    def _note(self, refusal: Refusal) -> None:
        bad = refusal.code is RefusalCode.BAD_REQUEST
        self.verdict = Verdict.BAD_INPUT if bad else Verdict.REFUSED
        if self.exchange is not None:
            self.exchange.answer = refusal

    def _failed(self, error: str) -> None:
        self.verdict = Verdict.FAILED
        if self.exchange is not None:
            self.exchange.error = error
