"""One document in, one document out: decoded, its sender resolved, carried out, and answered in its own dialect.

Whatever happens there is an answer, and in time: a message of Problems alone where no service could be told, else the
service's own response. An error of ours is logged by its kind and place, never by its words: they may name somebody.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import traceback
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import structlog
from pydantic import SecretStr

from gateway.adapters.ncip import _problems, mapping
from gateway.adapters.ncip._problems import Stopped
from gateway.adapters.ncip.answer_memory import AnswerMemory, Remembered
from gateway.adapters.ncip.session import claim_of, command_key, response_header, service_of
from gateway.adapters.ncip.settings import NcipSettings
from gateway.adapters.ncip.work import PeerDesk, Work
from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal, RefusalCode
from gateway.clock import Clock
from gateway.crosswalks.ncip import SERVICES as SERVED
from gateway.desk.driving import in_time
from gateway.exchanges.model import Exchange, Recorder, Verdict
from gateway.members.evidence import Evidence
from gateway.members.ncip_peers import Claim, PeerIdentity, PeerRefused
from library_protocols.ncip import (
    NCIP_2_02,
    SERVICES,
    DecodeError,
    Dialect,
    EncodeError,
    ExtMessage,
    Problem,
    Problems,
    problem_type,
)
from library_protocols.ncip import messages as wire
from library_protocols.ncip.codec import Envelope, decode, encode
from library_protocols.ncip.dialect import SCHEMAS

PROTOCOL = "ncip"
IN_A_THREAD = 64 << 10
"""Octets of a document from which on it is not read between the messages of others."""
_GRACE = 1.0  # seconds after the deadline, at which the desk gives up by itself
_RENEW_ALL = "RenewAllItem"

log = structlog.get_logger(__name__)


class Peers(Protocol):
    """What says who asks."""

    async def resolve(self, evidence: Evidence, claim: Claim) -> PeerIdentity | PeerRefused: ...


@dataclass(frozen=True, slots=True)
class Reply:
    """`peer` is who was answered, None where that is not known; `exchange` names the record."""

    octets: bytes
    exchange: str
    peer: PeerIdentity | None = None


class NcipOperation:
    """What was asked, for records and metrics, where the desk was not asked anything."""

    def __init__(self, service: str) -> None:
        self.operation = f"{PROTOCOL}.{service}"


@dataclass(slots=True)
class _Turn:
    """A document on its way to its answer."""

    exchange: Exchange
    deadline: float
    dialect: Dialect = NCIP_2_02
    message: Any = None
    service: str = ""
    peer: PeerIdentity | None = None
    work: Work | None = None


class NcipService:
    """Answers every document. `replace` takes new settings while running."""

    def __init__(
        self, desk: PeerDesk, peers: Peers, settings: NcipSettings, *, clock: Clock, recorder: Recorder | None = None
    ) -> None:
        self.settings = settings
        self.clock = clock
        self._desk = desk
        self._peers = peers
        self._recorder = recorder
        self._memory = AnswerMemory()

    def replace(self, settings: NcipSettings) -> None:
        """Takes new settings; what is being answered keeps the old ones."""
        self.settings = settings

    async def answer(
        self, octets: bytes, evidence: Evidence, keys: tuple[SecretStr, ...] = (), *, link: str = ""
    ) -> Reply:
        """The answer to one document. `keys` came with it outside of it; `link` names the connection in records."""
        turn = self._begin(octets, evidence, link)
        answer = await self._guarded(turn, octets, evidence, keys)
        if not isinstance(answer, bytes):
            answer = self._written(turn, answer)
            self._remember(turn, octets, answer)
        return self._end(turn, answer)

    def refuse(self, evidence: Evidence, problem: str, detail: str, *, octets: bytes = b"", link: str = "") -> Reply:
        """The answer to what is no document, or is for nobody."""
        turn = self._begin(octets, evidence, link)
        turn.exchange.verdict, turn.exchange.error = Verdict.BAD_INPUT, detail
        return self._end(turn, encode(_problems_alone(problem, detail), turn.dialect.for_answer()))

    # The exchange

    def _begin(self, octets: bytes, evidence: Evidence, link: str) -> _Turn:
        exchange = Exchange(
            id=secrets.token_hex(16),
            protocol=PROTOCOL,
            link=link,
            peer=evidence.peer or "",
            started=time.time(),
            bytes_in=octets,
            member=evidence.path_member or evidence.listener_member,
        )
        return _Turn(exchange, self.clock.monotonic() + self.settings.answer_seconds)

    def _end(self, turn: _Turn, octets: bytes) -> Reply:
        exchange = turn.exchange
        exchange.bytes_out = octets
        exchange.finished = time.time()
        if exchange.request is None and turn.service:
            exchange.request = NcipOperation(turn.service)
        if self._recorder is not None:
            self._recorder.add(exchange)
        return Reply(octets, exchange.id, turn.peer)

    def _written(self, turn: _Turn, answer: Any) -> bytes:
        dialect = turn.dialect.for_answer()
        try:
            return encode(answer, dialect)
        except EncodeError:
            # The service exists, but not in the NCIP that was spoken.
            turn.exchange.verdict = Verdict.BAD_INPUT
            return encode(_problems_alone("Unsupported Service", "This service is of another version."), dialect)
        except Exception as error:
            self._failed(turn, error)
            return encode(_problems_alone("Temporary Processing Failure", FailureCode.UPSTREAM_ERROR.value), dialect)

    # The answer

    async def _guarded(self, turn: _Turn, octets: bytes, evidence: Evidence, keys: tuple[SecretStr, ...]) -> Any:
        """The answer, whatever happens."""
        try:
            return await in_time(self._answered(turn, octets, evidence, keys), self.settings.answer_seconds + _GRACE)
        except DecodeError as error:
            return self._unread(turn, error)
        except Stopped as stopped:
            return self._response(turn, stopped.problems, stopped.fields)
        except PlatformFailure as failure:
            turn.exchange.verdict, turn.exchange.error = Verdict.FAILED, str(failure.code)
            return self._failure(turn, failure)
        except TimeoutError:
            turn.exchange.verdict, turn.exchange.error = Verdict.FAILED, "no answer in time"
            return self._failure(turn, PlatformFailure(FailureCode.UPSTREAM_TIMEOUT))
        except Exception as error:
            self._failed(turn, error)
            return self._failure(turn, PlatformFailure(FailureCode.UPSTREAM_ERROR))

    async def _answered(self, turn: _Turn, octets: bytes, evidence: Evidence, keys: tuple[SecretStr, ...]) -> Any:
        remembered = self._memory.find(octets)
        envelope = remembered.envelope if remembered is not None else await self._decoded(octets)
        turn.message, turn.dialect = envelope.message, envelope.dialect
        turn.service = service_of(envelope.message)
        if isinstance(envelope.message, wire.LookupVersion):
            return _versions(envelope.message)
        if not turn.service:
            turn.exchange.verdict = Verdict.BAD_INPUT
            known = isinstance(envelope.message, ExtMessage)
            alone = _problems_alone(
                "Unknown Service" if known else "Protocol Error", "BAD_REQUEST: This message asks for nothing."
            )
            if turn.dialect.generation == 1 and isinstance(envelope.message, wire.Response):
                # The document type of version 1 has no place for problems alone.
                return self._headed(turn, type(envelope.message)(problem=alone.problem))
            return alone
        peer = await self._peers.resolve(evidence, claim_of(_asked(envelope.message), keys))
        if isinstance(peer, PeerRefused):
            return self._unrecognised(turn, peer)
        turn.peer = peer
        turn.exchange.member, turn.exchange.terminal = peer.member.code, peer.terminal
        self._check(turn, peer)
        return await self._carried_out(turn, peer, remembered if remembered and remembered.peer is peer else None)

    def _remember(self, turn: _Turn, octets: bytes, answer: bytes) -> None:
        work = turn.work
        if work is None or work.questions != 1 or turn.exchange.verdict is not Verdict.ANSWERED:
            return
        if work.asked is not None and work.answered is not None and not work.asked.command:
            envelope = Envelope(turn.message, turn.dialect)
            self._memory.keep(octets, Remembered(envelope, work.peer, work.asked, work.answered, answer))

    async def _decoded(self, octets: bytes) -> Envelope:
        return await asyncio.to_thread(decode, octets) if len(octets) > IN_A_THREAD else decode(octets)

    def _check(self, turn: _Turn, peer: PeerIdentity) -> None:
        """Whether there is such a service, at this member, and for this peer. Raises Stopped."""
        service = turn.service
        needs = mapping.NEEDS.get(service)
        known = service in mapping.HANDLERS and (service in SERVED or service == _RENEW_ALL)
        if known and needs is not None:
            capabilities = self._desk.capabilities(peer.member.code)
            known = any(name in capabilities and capabilities[name].level != "none" for name in needs)
        if not known:
            raise self._stop(turn, "Unsupported Service", RefusalCode.UNSUPPORTED_BY_PLATFORM)
        if ("RenewItem" if service == _RENEW_ALL else service) not in peer.services:
            raise self._stop(turn, "Unauthorized Service For Agency", RefusalCode.TERMINAL_FORBIDDEN)

    def _stop(self, turn: _Turn, type_: str, code: RefusalCode) -> Stopped:
        turn.exchange.verdict, turn.exchange.answer = Verdict.REFUSED, Refusal(code=code)
        return Stopped(_problems.own(_asked(turn.message), turn.service, type_, detail=code.value))

    async def _carried_out(self, turn: _Turn, peer: PeerIdentity, remembered: Remembered | None) -> Any:
        message, exchange = _asked(turn.message), turn.exchange
        work = Work(
            desk=self._desk,
            peer=peer,
            service=turn.service,
            message=message,
            dialect=turn.dialect,
            now=self.clock.now(),
            settings=self.settings,
            key=partial(command_key, peer, turn.service, message, self.settings.secret),
            deadline=turn.deadline,
            exchange=exchange.id,
            calls=exchange.calls,
        )
        turn.work = work
        try:
            if remembered is not None:
                said = await work.perform(remembered.request)
                if said is remembered.said:
                    return remembered.answer
                work.known = (remembered.request, said)
                work.questions = 0
            answer = await mapping.HANDLERS[turn.service](work, message)
        finally:
            exchange.request, exchange.answer = work.asked, work.answered
        if problems := getattr(answer, "problem", ()):
            return self._response(turn, problems, {}, answer)
        return self._enveloped(turn, self._headed(turn, answer))

    # What a "no" looks like

    def _unrecognised(self, turn: _Turn, refused: PeerRefused) -> Any:
        """Nothing but that: whether a member, a patron or another agency exists is nobody's business."""
        log.warning("ncip.refused", address=turn.exchange.peer, reason=refused.reason, member=refused.member)
        code = RefusalCode.TERMINAL_AUTH_FAILED
        turn.exchange.verdict, turn.exchange.error = Verdict.REFUSED, refused.reason
        turn.exchange.answer = Refusal(code=code, detail={"reason": refused.reason})
        turn.exchange.member = refused.member or turn.exchange.member
        detail = f"{code}: try again in {refused.retry_after:.0f} seconds" if refused.retry_after else code.value
        problem = Problem(
            problem_type=problem_type(refused.problem, turn.service),
            problem_detail=detail,
            problem_element=f"{turn.service}/{refused.element}" if refused.element else None,
        )
        return self._response(turn, (problem,), {})

    def _unread(self, turn: _Turn, error: DecodeError) -> Any:
        """A message of problems alone, in the dialect as far as it was seen."""
        turn.exchange.verdict, turn.exchange.error = Verdict.BAD_INPUT, str(error)
        turn.dialect = error.dialect or turn.dialect
        problem = Problem(problem_type=error.problem_type, problem_detail=f"{RefusalCode.BAD_REQUEST}: {error}")
        row = SERVICES.get(error.service or "")
        if row is None:
            return Problems(problem=(problem,))
        turn.service = row.name
        return self._response(turn, (problem,), {})

    def _failure(self, turn: _Turn, failure: PlatformFailure) -> Any:
        if not turn.service:
            return _problems_alone("Temporary Processing Failure", failure.code.value)
        zone = turn.peer.member.zone if turn.peer else None
        if zone is None:
            problem = _problems.own(turn.message, turn.service, "Temporary Processing Failure", detail=failure.code)
        else:
            problem = _problems.refused(_asked(turn.message), turn.service, failure, zone=zone)
        return self._response(turn, (problem,), {})

    def _failed(self, turn: _Turn, error: Exception) -> None:
        """An error of ours: its kind and place are logged, its words are not."""
        turn.exchange.verdict, turn.exchange.error = Verdict.FAILED, type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)
        log.error(
            "ncip.failed",
            exchange=turn.exchange.id,
            service=turn.service,
            error=type(error).__name__,
            at=[f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames[-4:]],
        )

    def _response(self, turn: _Turn, problems: tuple[Problem, ...], fields: dict[str, Any], made: Any = None) -> Any:
        """The service's own answer with problems; what else it says is what may stand beside them."""
        if turn.exchange.verdict is Verdict.ANSWERED:
            turn.exchange.verdict = Verdict.REFUSED
        if made is None:
            response = getattr(wire, f"{turn.service}Response")
            made = response(problem=problems, **fields)
        return self._enveloped(turn, self._headed(turn, made))

    def _headed(self, turn: _Turn, answer: Any) -> Any:
        header = response_header(_asked(turn.message), turn.dialect, turn.peer)
        return type(answer)(**vars(answer) | {"response_header": header}) if header is not None else answer

    def _enveloped(self, turn: _Turn, answer: Any) -> Any:
        """Wrapped as the question was."""
        question = turn.message
        if isinstance(question, ExtMessage):
            return ExtMessage(service=answer, namespace=question.namespace)
        return answer


def _asked(message: Any) -> Any:
    return message.service if isinstance(message, ExtMessage) else message


def _problems_alone(type_: str, detail: str) -> Problems:
    return Problems(problem=(Problem(problem_type=problem_type(type_), problem_detail=detail),))


def _versions(asked: wire.LookupVersion) -> wire.LookupVersionResponse:
    """Which versions are spoken, by the names of their schemas. Whoever asks need not be known for that."""
    here = asked.to_agency_id.agency_id if asked.to_agency_id else None
    there = asked.from_agency_id.agency_id if asked.from_agency_id else None
    return wire.LookupVersionResponse(
        from_agency_id=wire.FromAgencyId(agency_id=here),
        to_agency_id=wire.ToAgencyId(agency_id=there),
        version_supported=tuple(SCHEMAS.values()),
    )
