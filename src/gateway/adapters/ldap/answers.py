"""What is sent to a request: which response answers it, its entries, and what is kept of both for the record."""

from __future__ import annotations

from typing import Protocol

from gateway.adapters.ldap.people import Work
from gateway.exchanges.model import Exchange, Verdict
from library_protocols.ldap import (
    AbandonRequest,
    AddRequest,
    AddResponse,
    BindRequest,
    BindResponse,
    CompareRequest,
    CompareResponse,
    Control,
    DelRequest,
    DelResponse,
    ExtendedRequest,
    ExtendedResponse,
    LdapMessage,
    ModifyDnRequest,
    ModifyDnResponse,
    ModifyRequest,
    ModifyResponse,
    Response,
    Result,
    ResultCode,
    SearchRequest,
    SearchResultDone,
    SearchResultEntry,
    UnbindRequest,
    encode,
)
from library_protocols.ldap.facts import oids, result_name

_RESPONSES = {
    BindRequest: BindResponse,
    SearchRequest: SearchResultDone,
    ModifyRequest: ModifyResponse,
    AddRequest: AddResponse,
    DelRequest: DelResponse,
    ModifyDnRequest: ModifyDnResponse,
    CompareRequest: CompareResponse,
    ExtendedRequest: ExtendedResponse,
}
RECORDED_OCTETS = 8_192
"""Longest answer that is recorded with its entries."""
REQUESTS = tuple(_RESPONSES)
"""Requests that are answered; the others are UnbindRequest and AbandonRequest."""
_GOOD = frozenset((ResultCode.SUCCESS, ResultCode.COMPARE_TRUE, ResultCode.COMPARE_FALSE))
_FAILED = frozenset((ResultCode.BUSY, ResultCode.UNAVAILABLE, ResultCode.OTHER))


class LdapOperation:
    """What was asked, for records and metrics."""

    __slots__ = ("operation",)

    def __init__(self, operation: str) -> None:
        self.operation = operation


_OPERATIONS = {
    kind: LdapOperation(f"ldap.{kind.__name__.removesuffix('Request').lower()}")
    for kind in (*REQUESTS, UnbindRequest, AbandonRequest)
}


def operation_of(request: object) -> LdapOperation | None:
    """What a request asks for; None for what is no request."""
    return _OPERATIONS.get(type(request))


def answer_to(request: object, result: Result) -> Response:
    """The response to one of REQUESTS, with this result and nothing else."""
    return _RESPONSES[type(request)](result)


def notice_of_disconnection(code: ResultCode, reason: str) -> LdapMessage:
    """What is said before the server closes a connection (RFC 4511 4.4.1)."""
    return LdapMessage(0, ExtendedResponse(Result(int(code), "", reason), oids.NOTICE_OF_DISCONNECTION))


def verdict_of(result: Result) -> tuple[Verdict, str | None]:
    """How a result is recorded, and in what words: the diagnostics of this door name nobody."""
    if result.code in _GOOD:
        return Verdict.ANSWERED, None
    told = f"{result_name(result.code)} {result.diagnostic}".rstrip()
    return Verdict.FAILED if result.code in _FAILED else Verdict.REFUSED, told


class Connection(Protocol):
    """Where answers go."""

    def write(self, data: bytes) -> None: ...

    async def writable(self) -> None:
        """Returns when the client reads what it is sent."""
        ...

    def record(self, exchange: Exchange, data: bytes) -> None: ...


class Answering:
    """One request and what is sent to it; the record keeps the entries of a short answer."""

    __slots__ = ("_connection", "_exchange", "_request", "_sent", "number", "work")

    def __init__(self, connection: Connection, message: LdapMessage, exchange: Exchange | None, work: Work) -> None:
        self._connection = connection
        self._request = message.op
        self._exchange = exchange
        self._sent = bytearray()
        self.number = message.message_id
        self.work = work

    async def send(self, entry: SearchResultEntry) -> None:
        """Sends an entry, and waits while the client does not read."""
        data = encode(LdapMessage(self.number, entry))
        if len(self._sent) <= RECORDED_OCTETS:
            self._sent += data
        self._connection.write(data)
        await self._connection.writable()

    def refuse(self, code: ResultCode, reason: str) -> None:
        result = Result(int(code), "", reason)
        self.finish(answer_to(self._request, result), result)

    def finish(self, response: Response, result: Result, controls: tuple[Control, ...] = ()) -> None:
        """Sends the response and records the exchange."""
        data = encode(LdapMessage(self.number, response, controls))
        self._connection.write(data)
        if (exchange := self._exchange) is None:
            return
        exchange.verdict, exchange.error = verdict_of(result)
        exchange.calls = self.work.calls
        short = len(self._sent) <= RECORDED_OCTETS
        self._connection.record(exchange, bytes(self._sent) + data if short else data)
