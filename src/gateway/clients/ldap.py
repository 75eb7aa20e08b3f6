"""One LDAP connection as a probe needs it: whatever is to be sent, whatever comes back, by message id.

A result code is an answer like any other and no exception. Nothing is retried, and nothing is sent that nobody asked
for: what the server makes of odd messages is what the probe wants to see.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from library_protocols.ldap import (
    Control,
    DecodeError,
    ExtendedRequest,
    ExtendedResponse,
    Framer,
    IntermediateResponse,
    LdapMessage,
    Request,
    Result,
    SearchResultEntry,
    SearchResultReference,
    decode,
    encode,
)
from library_protocols.ldap.facts.oids import NOTICE_OF_DISCONNECTION, START_TLS
from library_protocols.ldap.facts.results import result_name

SENT, RECEIVED = "client", "server"
"""Who wrote a message that is traced."""
READ_OCTETS = 65_536
MAX_MESSAGE = 64 * 1_048_576  # a schema in one entry has megabytes
_MORE = (SearchResultEntry, SearchResultReference, IntermediateResponse)

Trace = Callable[[str, bytes], None]


class LdapLinkFailed(Exception):
    """There is no connection, it was lost, or TLS was refused."""


class LdapBadAnswer(LdapLinkFailed):
    """The server broke the protocol, or ended the connection with a notice."""


class LdapTimeout(Exception):
    """No answer in time."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server is, and how it is reached. `context` verifies, or not, whom TLS leads to; `tls` from the start."""

    host: str
    port: int
    tls: bool
    context: ssl.SSLContext
    timeout: float
    trace: Trace | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """What came to one request: entries, references and the like, then the last message."""

    final: LdapMessage
    before: tuple[LdapMessage, ...] = ()

    @property
    def result(self) -> Result:
        result = getattr(self.final.op, "result", None)
        if not isinstance(result, Result):
            raise LdapBadAnswer(f"{type(self.final.op).__name__} came where a result belongs")
        return result

    @property
    def code(self) -> int:
        return self.result.code

    @property
    def entries(self) -> list[SearchResultEntry]:
        return [message.op for message in self.before if isinstance(message.op, SearchResultEntry)]

    @property
    def words(self) -> str:
        """The result in words: code, name, the server's own text."""
        return _with_text(self.result)


@dataclass(slots=True)
class LdapLink:
    """A connection, opened by `async with`. Raises LdapLinkFailed and LdapTimeout, wherever something is awaited."""

    place: Place
    _reader: asyncio.StreamReader = field(init=False)
    _writer: asyncio.StreamWriter = field(init=False)
    _framer: Framer = field(init=False)
    _read: deque[bytes] = field(default_factory=deque, init=False)
    _waiting: dict[int, list[LdapMessage]] = field(default_factory=lambda: defaultdict(list), init=False)
    _last: int = field(default=0, init=False)

    async def __aenter__(self) -> Self:
        place = self.place
        context = place.context if place.tls else None
        self._framer = Framer(MAX_MESSAGE)
        try:
            async with asyncio.timeout(place.timeout):
                self._reader, self._writer = await asyncio.open_connection(place.host, place.port, ssl=context)
        except TimeoutError:
            raise LdapTimeout("no connection in time") from None
        except ssl.SSLError as error:
            raise LdapLinkFailed(f"TLS failed: {_words(error)}") from None
        except OSError as error:
            raise LdapLinkFailed(f"no connection: {error.strerror or error}") from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        with contextlib.suppress(Exception):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()

    @property
    def encrypted(self) -> str:
        """Version and cipher of TLS, empty in clear text."""
        chosen = self._writer.get_extra_info("cipher")
        return f"{chosen[1]}, {chosen[0]}" if chosen else ""

    @property
    def certificate_ends(self) -> str:
        """Until when the server's certificate is valid; empty where it was not verified."""
        shown = self._writer.get_extra_info("peercert")
        return str(shown.get("notAfter", "")) if shown else ""

    async def ask(self, op: Request, *controls: Control) -> Answers:
        return await self.answers(self.send(op, *controls))

    def send(self, op: Request, *controls: Control) -> int:
        """Sends without waiting; gives the message id."""
        self._last += 1
        self.send_octets(encode(LdapMessage(self._last, op, controls)))
        return self._last

    def send_octets(self, octets: bytes) -> None:
        if self.place.trace is not None:
            self.place.trace(SENT, octets)
        self._writer.write(octets)

    async def answers(self, message_id: int) -> Answers:
        """Everything that comes to a request, up to its last message; what is for others is kept for them."""
        mine = self._waiting[message_id]
        while not mine or isinstance(mine[-1].op, _MORE):
            message = await self.receive()
            if message is None:
                raise LdapLinkFailed("the server closed the connection")
            if message.message_id == 0:
                raise LdapBadAnswer(f"the server ended the connection: {notice(message)}")
            if message.message_id not in self._waiting and not 0 < message.message_id <= self._last:
                raise LdapBadAnswer(f"an answer to message {message.message_id}, which was never sent")
            self._waiting[message.message_id].append(message)
        del self._waiting[message_id]
        return Answers(mine[-1], tuple(mine[:-1]))

    async def receive(self) -> LdapMessage | None:
        """The next message, whatever it is; None when the server has closed."""
        try:
            async with asyncio.timeout(self.place.timeout):
                while not self._read:
                    octets = await self._reader.read(READ_OCTETS)
                    if not octets:
                        return None
                    self._read.extend(self._framer.receive(octets))
                    if self._framer.error is not None and not self._read:
                        raise LdapBadAnswer(f"no LDAP came: {self._framer.error}")
        except TimeoutError:
            raise LdapTimeout("no answer in time") from None
        except OSError as error:
            raise LdapLinkFailed(f"the connection was lost: {error.strerror or error}") from None
        octets = self._read.popleft()
        if self.place.trace is not None:
            self.place.trace(RECEIVED, octets)
        try:
            return decode(octets)
        except DecodeError as error:
            raise LdapBadAnswer(f"a message that cannot be read: {error}") from None

    async def start_tls(self) -> Answers:
        """Asks for TLS and, where the server says yes, goes on encrypted."""
        answers = await self.ask(ExtendedRequest(START_TLS))
        if answers.code == 0:
            try:
                async with asyncio.timeout(self.place.timeout):
                    await self._writer.start_tls(self.place.context, server_hostname=self.place.host)
            except TimeoutError:
                raise LdapTimeout("TLS was not agreed on in time") from None
            except ssl.SSLError as error:
                raise LdapLinkFailed(f"TLS failed: {_words(error)}") from None
            except OSError as error:
                raise LdapLinkFailed(f"TLS failed: {error.strerror or error}") from None
        return answers


def notice(message: LdapMessage) -> str:
    """What an unsolicited notification says."""
    if isinstance(message.op, ExtendedResponse) and message.op.oid == NOTICE_OF_DISCONNECTION:
        return _with_text(message.op.result)
    return "a message with id 0 that is no Notice of Disconnection"


def _with_text(result: Result) -> str:
    told = " ".join(result.diagnostic.replace("\0", " ").split())
    return f"{result_name(result.code)}{f' ({told})' if told else ''}"


def _words(error: ssl.SSLError) -> str:
    return getattr(error, "verify_message", "") or error.reason or str(error)
