"""The routes of the SRU door: /sru (the consortium) and /sru/{member}, GET and POST.

What is HTTP's own is here: who may read, forms and their limits, pages for people, the record of the exchange.
Every answer of SRU has the status 200, diagnostics included; HTTP's own statuses are for what is not SRU's affair.
"""

from __future__ import annotations

import re

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from gateway.adapters.sru.mapping import SruSettings
from gateway.adapters.sru.service import Answer, Asker, SruCatalogue, SruService
from gateway.adapters.sru.session import ResultSets
from gateway.catalogue.live import Availability, AvailabilityDesk
from gateway.clock import Clock
from gateway.doors.http import FORM, TEXT, HttpDoor, Turned, asked, body, media_type, origin, wants_page
from gateway.exchanges.model import Exchange, Recorder, Verdict
from gateway.members.admission import CHALLENGE, NotAdmitted, admit
from gateway.members.readers import Readers
from library_protocols import sru
from library_protocols.sru import Diagnostic, Operation, SruError, Version

PROTOCOL = "sru"
BODY_LIMIT = 64 << 10  # octets of a form; a query may have some thousand characters
XML, SRU_XML = "text/xml; charset=utf-8", "application/sru+xml; charset=utf-8"
SOAP = ("text/xml", "application/soap+xml", "application/xml")


class SruOperation:
    """What was asked, for records and metrics."""

    def __init__(self, operation: Operation) -> None:
        self.operation = f"sru.{operation.value}"


class SruDoor(HttpDoor):
    """Answers every request of the door."""

    protocol = PROTOCOL
    path = "/sru"
    package = __package__ or ""

    def __init__(self, service: SruService, readers: Readers, recorder: Recorder | None = None) -> None:
        super().__init__(readers, recorder)
        self._service = service

    def replace(self, settings: SruSettings) -> None:
        """Takes new settings while running; result sets that are kept stay."""
        self._service.replace(settings)

    async def respond(self, request: HttpRequest, view: str, exchange: Exchange) -> Response:
        asker = Asker(view, self._url(request), exchange=exchange.id, calls=exchange.calls)
        await self._admit(request, asker, exchange)
        octets, in_envelope = await _parameters(request)
        asker.as_page = wants_page(request) and not in_envelope
        exchange.bytes_in = asked(request, _shown(octets, in_envelope=in_envelope))
        response = await self._answer(request, octets, asker, exchange, in_envelope=in_envelope)
        if in_envelope:
            response = Response(sru.envelope(bytes(response.body)), headers={"Content-Type": XML})
        return response

    async def _answer(
        self, request: HttpRequest, octets: bytes, asker: Asker, exchange: Exchange, *, in_envelope: bool
    ) -> Response:
        try:
            question = sru.read_request(sru.read_envelope(octets) if in_envelope else sru.read_form(octets))
        except sru.SoapFault as error:
            raise Turned(Response(sru.fault(error), 500, {"Content-Type": XML}), "a SOAP fault") from None
        except SruError as error:
            exchange.verdict = Verdict.BAD_INPUT
            answer = await self._service.failure(asker, error.operation, error.version, error.diagnostics)
            return await self._send(request, answer, error.version, asker, exchange)
        exchange.request = SruOperation(_OPERATIONS[type(question)])
        answer = await self._service.answer(asker, question)
        return await self._send(request, answer, question.version, asker, exchange)

    async def _send(
        self, request: HttpRequest, answer: Answer, version: Version, asker: Asker, exchange: Exchange
    ) -> Response:
        if answer.diagnostics:
            exchange.error = " ".join(each.uri.rpartition("/")[2] for each in answer.diagnostics)
            if exchange.verdict is Verdict.ANSWERED:
                exchange.verdict = Verdict.FAILED if answer.failed else Verdict.REFUSED
        open_to_all = self._readers.may_read(asker.view)
        headers = {
            "Content-Type": _media_type(request, version),
            "Cache-Control": "no-cache" if open_to_all else "private, no-cache",
            "Vary": "Accept",
        }
        octets = answer.octets
        if asker.as_page:
            octets = await self.page(request, octets, headers)
        return Response(octets, headers=headers)

    async def _admit(self, request: HttpRequest, asker: Asker, exchange: Exchange) -> None:
        """Raises Turned where the view is not open and no reader of it asks."""
        peer = request.client.host if request.client else None
        found = await admit(self._readers, asker.view, request.headers.get("authorization", ""), peer)
        if not isinstance(found, NotAdmitted):
            if found.reader:
                exchange.terminal = asker.reader = found.reader
            return
        octets = sru.failure(Operation.SEARCH_RETRIEVE, Version.V1_2, (Diagnostic.of(3),))
        if found.retry_after > 0:
            wait = {"Retry-After": str(int(found.retry_after) + 1)}
            raise Turned(Response(octets, 429, wait, "text/xml"), "too many guesses", Verdict.REFUSED)
        raise Turned(Response(octets, 401, {"WWW-Authenticate": CHALLENGE}, "text/xml"), "no reader", Verdict.REFUSED)

    def _url(self, request: HttpRequest) -> tuple[str, str, int, str]:
        """Scheme, host, port and path as clients reach them."""
        scheme, _, authority = (self._service.settings.base_url or origin(request)).partition("://")
        host, colon, port = authority.rpartition(":")
        if not colon or authority.endswith("]"):
            host, port = authority, ""
        default = 443 if scheme == "https" else 80
        return scheme, host.strip("[]"), int(port) if port.isdecimal() else default, request.scope["path"]


_OPERATIONS: dict[type[sru.Request], Operation] = {
    sru.SearchRequest: Operation.SEARCH_RETRIEVE,
    sru.ScanRequest: Operation.SCAN,
    sru.ExplainRequest: Operation.EXPLAIN,
}


def sru_door(
    catalogue: SruCatalogue,
    readers: Readers,
    desk: AvailabilityDesk,
    settings: SruSettings,
    *,
    clock: Clock,
    recorder: Recorder | None = None,
) -> SruDoor:
    """The door, ready to be mounted."""
    sets = ResultSets(settings.result_sets, clock.monotonic)
    service = SruService(catalogue, settings, sets, Availability(desk, clock, PROTOCOL))
    return SruDoor(service, readers, recorder)


def _media_type(request: HttpRequest, version: Version) -> str:
    """text/xml; SRU 2.0's own type for who asks for it by name."""
    accepted = request.headers.get("accept", "").lower()
    own = version is Version.V2_0 and "application/sru+xml" in accepted
    return SRU_XML if own else XML


async def _parameters(request: HttpRequest) -> tuple[bytes, bool]:
    """Query and form together (a parameter in both is repeated), or a SOAP envelope and True.

    Raises Turned for a body of another kind or size."""
    query: bytes = request.scope["query_string"]
    if request.method != "POST":
        return query, False
    kind = media_type(request)
    if kind != FORM and kind not in SOAP:
        raise Turned(Response(f"A body must be {FORM} or SOAP.", 415, media_type=TEXT), "neither form nor SOAP")
    sent = await body(request, BODY_LIMIT)
    if len(sent) > BODY_LIMIT:
        raise Turned(Response("The body is too large.", 413, media_type=TEXT), "body too large")
    if kind in SOAP:
        return sent, True
    return (query + b"&" + sent if query and sent else query or sent), False


def _shown(octets: bytes, *, in_envelope: bool) -> bytes:
    """What is recorded of a request: extensions may carry a token, so that their values are covered."""
    pattern = _EXTENSION_ELEMENT if in_envelope else _EXTENSION_PARAMETER
    return pattern.sub(lambda match: match[1] + b"*" * len(match[2]), octets)


_EXTENSION_PARAMETER = re.compile(rb"((?:^|&)x-[^=&]*=)([^&]*)")
_EXTENSION_ELEMENT = re.compile(
    rb"(<(?:[^<>/]*:)?extraRequestData[^<>]*>)(.*?)(?=</(?:[^<>/]*:)?extraRequestData|\Z)", re.DOTALL
)
