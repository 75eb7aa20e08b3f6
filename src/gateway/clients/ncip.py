"""An NCIP initiator: any service asked of any responder, in the dialect of its profile, and the answer as a message.

One message is out at a time; nothing is repeated here, for whoever asked knows whether it may be. A "no" is an answer
like any other to `send`; `ask` raises it.
"""

from __future__ import annotations

import asyncio
import ssl
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self, TypeVar

from gateway.clients.ncip_profiles import STANDARD, Profile
from gateway.clients.ncip_transport import (
    Login,
    NcipBadAnswer,
    NcipTimeout,
    NcipUnavailable,
    place,
    refusal_words,
    transport,
)
from library_protocols.ncip import (
    DecodeError,
    Deviation,
    Dialect,
    ExtMessage,
    Message,
    Problem,
    Problems,
    Request,
    Response,
    SchemeValue,
    decode,
    encode,
)
from library_protocols.ncip.messages import (
    FromAgencyId,
    InitiationHeader,
    LookupVersion,
    LookupVersionResponse,
    OnBehalfOfAgency,
    RequestId,
    ToAgencyId,
)

SENT, RECEIVED = "initiator", "responder"
"""Who wrote a document that is traced."""

Question = Request | ExtMessage | LookupVersion
Trace = Callable[[str, bytes], None]
R = TypeVar("R", bound=Response | LookupVersionResponse)


class NcipRefused(Exception):
    """The responder said no. The text has its problem types and details, never the values that it echoes."""

    def __init__(self, problems: tuple[Problem, ...], words: str = "") -> None:
        super().__init__(words or "; ".join(map(problem_words, problems)))
        self.problems = problems

    @property
    def types(self) -> tuple[str, ...]:
        """The values of ProblemType, as they were written."""
        return tuple(problem.problem_type.value for problem in self.problems if problem.problem_type is not None)


@dataclass(frozen=True, slots=True)
class Parties:
    """Who asks whom, for the header. Empty where nothing is to be said; secrets are never shown."""

    from_agency: str = ""
    to_agency: str = ""
    from_system: str = ""
    to_system: str = ""
    on_behalf_of: str = ""
    application_profile: str = ""
    secret: str = field(default="", repr=False)
    system_secret: str = field(default="", repr=False)

    def header(self, profile: Profile) -> InitiationHeader:
        """The header as a responder of this kind reads it."""
        agency, system = profile.agency_scheme or None, profile.system_scheme or None
        on_behalf = SchemeValue(self.on_behalf_of, agency)
        kind = SchemeValue(self.application_profile, profile.profile_scheme or None)
        return InitiationHeader(
            from_system_id=SchemeValue(self.from_system, system) if self.from_system else None,
            from_system_authentication=self.system_secret or None,
            from_agency_id=FromAgencyId(agency_id=SchemeValue(self.from_agency, agency)),
            from_agency_authentication=self.secret or None,
            on_behalf_of_agency=OnBehalfOfAgency(agency_id=on_behalf) if self.on_behalf_of else None,
            to_system_id=SchemeValue(self.to_system, system) if self.to_system else None,
            to_agency_id=ToAgencyId(agency_id=SchemeValue(self.to_agency, agency)),
            application_profile_type=kind if self.application_profile else None,
        )

    def lacks(self, profile: Profile) -> tuple[str, ...]:
        """What a responder of this kind wants in the header and these do not have."""
        wanted = (
            ("FromAgencyId", self.from_agency, profile.header),
            ("ToAgencyId", self.to_agency, profile.header),
            ("ApplicationProfileType", self.application_profile, profile.application_profile),
        )
        return tuple(name for name, value, needed in wanted if needed and not value)

    def __bool__(self) -> bool:
        return self != Parties()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the message, how it was written, and the octets. `status` is HTTP's, None without it."""

    message: Message
    dialect: Dialect
    deviations: tuple[Deviation, ...]
    octets: bytes
    status: int | None
    content_type: str
    seconds: float

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why not; empty where it is a yes."""
        message = self.message.service if isinstance(self.message, ExtMessage) else self.message
        return message.problem if isinstance(message, Response | Problems) else ()


class NcipClient:
    """A responder at `address`, used with `async with`, or closed with `close`.

    `version` where another is spoken than the profile's own. `timeout` is in seconds, for a message and its answer in
    all. `keep`: one connection for many messages. `trace` is called with `SENT` or `RECEIVED` and each document, which
    holds secrets. Raises ValueError for what is no address.
    """

    def __init__(
        self,
        address: str,
        profile: Profile = STANDARD,
        *,
        version: str = "",
        parties: Parties | None = None,
        login: Login | None = None,
        timeout: float = 30.0,
        verify: ssl.SSLContext | bool = True,
        keep: bool = False,
        trace: Trace | None = None,
    ) -> None:
        self.place = place(address)
        self.profile = profile
        self.dialect = profile.dialect(version)
        self.parties = parties or Parties()
        self.timeout = timeout
        self._trace = trace
        login = login or Login()
        self._secrets = (self.parties.secret, self.parties.system_secret, login.bearer, login.password)
        self._way = transport(self.place, login, profile.content_type, verify=verify, keep=keep)
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._way.close()

    async def ask(self, question: Question, kind: type[R]) -> R:
        """The answer to one question, of the class that belongs to it.

        Raises NcipRefused where it is a no, NcipBadAnswer where it is something else, NcipTimeout and NcipUnavailable
        where there is none."""
        answer = await self.send(question)
        if answer.problems:
            raise NcipRefused(answer.problems, self._clean("; ".join(map(problem_words, answer.problems))))
        message = answer.message
        if isinstance(message, ExtMessage) and message.service is not None:
            message = message.service
        if not isinstance(message, kind):
            raise NcipBadAnswer(f"{type(question).__name__} was answered with {type(message).__name__}", answer.status)
        return message

    async def send(self, question: Question) -> Answer:
        """One question and whatever NCIP comes back. Raises NcipUnavailable and what is one; EncodeError for a message
        that the version does not have."""
        return await self.send_octets(self.document(question))

    async def send_octets(self, octets: bytes) -> Answer:
        """A document as it is, well formed or not."""
        begun = time.perf_counter()
        async with self._turn:
            if self._trace is not None:
                self._trace(SENT, octets)
            try:
                async with asyncio.timeout(self.timeout):
                    reply = await self._way.carry(octets)
            except TimeoutError:
                raise NcipTimeout(f"no answer within {self.timeout:g} s", outcome_unknown=self._way.sent) from None
        seconds = time.perf_counter() - begun
        if self._trace is not None:
            self._trace(RECEIVED, reply.octets)
        try:
            read = decode(reply.octets)
        except DecodeError as error:
            refused = reply.status is not None and not 200 <= reply.status < 300
            words = refusal_words(reply) if refused else f"the answer is no NCIP message: {error}"
            raise NcipBadAnswer(
                self._clean(words), reply.status, outcome_unknown=not _never_read(reply.status)
            ) from None
        return Answer(
            read.message, read.dialect, tuple(read.deviations), reply.octets, reply.status, reply.content_type, seconds
        )

    def _clean(self, words: str) -> str:
        """What the responder says, without a secret of ours that it repeats."""
        for secret in filter(None, self._secrets):
            words = words.replace(secret, "***")
        return words

    def document(self, question: Question) -> bytes:
        """The document that carries a question to this responder, with its header."""
        octets = encode(self.addressed(question), self.dialect)
        return _plain(octets) if self.profile.ascii else octets

    def addressed(self, question: Question) -> Question:
        """The question with a header, where it has none and one is wanted or something is to be said in it."""
        if isinstance(question, ExtMessage):
            if not isinstance(question.service, Request):
                return question
            service = self.addressed(question.service)
            return replace(question, service=service) if isinstance(service, Request) else question
        header = self.parties.header(self.profile)
        if isinstance(question, LookupVersion):
            return replace(
                question,
                from_agency_id=question.from_agency_id or header.from_agency_id,
                to_agency_id=question.to_agency_id or header.to_agency_id,
            )
        if question.initiation_header is not None:
            return question
        if self.parties or self.profile.header or self.dialect.generation == 1:
            return replace(question, initiation_header=header)
        return question

    def request_id(self, value: str, agency: str = "") -> RequestId:
        """A RequestId as this responder reads it; without an agency, of the one who asks."""
        agency = agency or self.parties.from_agency
        scheme = self.profile.agency_scheme or None
        return RequestId(
            agency_id=SchemeValue(agency, scheme) if agency else None,
            request_identifier_type=SchemeValue(self.profile.request_type) if self.profile.request_type else None,
            request_identifier_value=value,
        )


def problem_words(problem: Problem) -> str:
    """A problem for people, without the value that it echoes."""
    kind = problem.problem_type.value if problem.problem_type is not None else ""
    return ": ".join(part for part in (kind or "a problem of no type", problem.problem_detail) if part)


def _never_read(status: int | None) -> bool:
    """Whether HTTP says that nobody looked at the message: it was refused for who sent it, or where it was sent."""
    return status in (301, 302, 303, 307, 308, 401, 403, 404, 405, 411, 413, 415, 429)


def _plain(octets: bytes) -> bytes:
    """A document in ASCII: letters lose their marks, what has no like becomes a question mark."""
    return "".join(c if c.isascii() else _like(c) for c in octets.decode("utf-8")).encode("ascii")


def _like(character: str) -> str:
    if unicodedata.combining(character):
        return ""
    letters = [part for part in unicodedata.normalize("NFKD", character) if part.isascii() and part.isalnum()]
    return "".join(letters) or "?"


__all__ = [
    "RECEIVED",
    "SENT",
    "Answer",
    "Login",
    "NcipBadAnswer",
    "NcipClient",
    "NcipRefused",
    "NcipTimeout",
    "NcipUnavailable",
    "Parties",
    "Question",
    "problem_words",
]
