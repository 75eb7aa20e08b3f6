"""The routes of the OAI-PMH door: /oai (the consortium) and /oai/{member}, GET and POST.

What is HTTP's own is here: who may read, forms and their limits, compression, conditional requests, 503 when too many
lists are being written, and the record of the exchange. `stream.py` sends a list as it is made.
"""

from __future__ import annotations

from collections import Counter

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from gateway.adapters.oai_pmh.mapping import OaiFormat, OaiSettings, catalogue_formats
from gateway.adapters.oai_pmh.service import LISTS, Answer, Door, OaiCatalogue, OaiService
from gateway.adapters.oai_pmh.stream import Outgoing, Streamed, gzipped
from gateway.adapters.oai_pmh.token import Tokens
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.doors.http import FORM, TEXT, HttpDoor, Turned, asked, body, media_type, origin, wants_page
from gateway.exchanges.model import Exchange, Recorder, Verdict
from gateway.members.admission import CHALLENGE, Admitted, NotAdmitted, admit
from gateway.members.readers import Readers
from library_protocols.oai_pmh import BadRequest, read_query
from library_protocols.oai_pmh.request import MAX_OCTETS

PROTOCOL = "oai"
RETRY_SECONDS = 10  # a page takes well under a second: whoever comes back then finds a place
XML = "text/xml; charset=utf-8"


class OaiOperation:
    """What was asked, for records and metrics."""

    def __init__(self, verb: str) -> None:
        self.operation = f"oai.{verb}"


class Place:
    """One list's place, given back once."""

    def __init__(self, places: Counter[str] | None = None, peer: str = "") -> None:
        self._places = places
        self._peer = peer

    def release(self) -> None:
        if self._places is not None:
            self._places[self._peer] -= 1
            self._places += Counter()  # in place: forgets who has none
            self._places = None


class OaiDoor(HttpDoor):
    """Answers every request of the door."""

    protocol = PROTOCOL
    path = "/oai"
    package = __package__ or ""

    def __init__(self, service: OaiService, readers: Readers, recorder: Recorder | None = None) -> None:
        super().__init__(readers, recorder)
        self._service = service
        self._places: Counter[str] = Counter()  # lists being written, by the address that reads them

    def replace(self, settings: OaiSettings) -> None:
        """Takes new settings while running; lists that have begun go on."""
        self._service.settings = settings

    async def respond(self, request: HttpRequest, view: str, exchange: Exchange) -> Response:
        try:
            return await self._respond(request, view, exchange)
        except CatalogueUnavailable:
            words = "The catalogue is away for the moment."
            raise Turned(_busy(words), "the catalogue is away", Verdict.FAILED) from None

    def answered(self, response: Response, exchange: Exchange) -> None:
        if not isinstance(response, Streamed):
            super().answered(response, exchange)

    async def _respond(self, request: HttpRequest, view: str, exchange: Exchange) -> Response:
        await self._admit(request, view, exchange)
        octets = await _arguments(request)
        exchange.bytes_in = asked(request, octets)
        question = read_query(octets)
        door = Door(view, self._base_url(request), wants_page(request))
        if isinstance(question, BadRequest):
            exchange.verdict = Verdict.BAD_INPUT
            return await self._send(request, await self._service.bad(door, question.errors), exchange, Place())
        exchange.request = OaiOperation(question.verb.value)
        place = self._place(request) if question.verb in LISTS else Place()
        try:
            return await self._send(request, await self._service.answer(door, question), exchange, place)
        except BaseException:
            place.release()
            raise

    def _place(self, request: HttpRequest) -> Place:
        """A place for one more list. One address has half of them at most, so that no slow reader shuts out all others.

        Raises Turned where there is none."""
        peer = request.client.host if request.client else ""
        limit = self._service.settings.list_requests
        if self._places.total() >= limit or self._places[peer] >= (limit + 1) // 2:
            raise Turned(_busy("Too many lists are being written."), "too many lists at once", Verdict.FAILED)
        self._places[peer] += 1
        return Place(self._places, peer)

    async def _send(self, request: HttpRequest, answer: Answer, exchange: Exchange, place: Place) -> Response:
        """The answer as it goes out: a list piece by piece, anything else, and every page, as a whole."""
        headers = {"Vary": "Accept, Accept-Encoding", "Content-Type": XML}
        open_to_all = self._readers.may_read(exchange.member or "")
        headers["Cache-Control"] = "no-cache" if open_to_all else "private, no-cache"
        if answer.codes:
            exchange.error = " ".join(answer.codes)
            if exchange.verdict is Verdict.ANSWERED:
                exchange.verdict = Verdict.REFUSED
            headers["Cache-Control"] = "no-store"
        elif answer.mark is not None and request.method != "POST":
            headers["ETag"] = f'W/"{answer.mark}"'
            if _has_it(request, headers["ETag"]):
                await answer.pieces.aclose()
                place.release()
                return Response(status_code=304, headers=headers)
        accepts_gzip = _accepts_gzip(request.headers.get("accept-encoding", ""))
        outgoing = Outgoing(answer, headers, accepts_gzip=accepts_gzip, head_only=request.method == "HEAD")
        as_page = wants_page(request)
        if answer.streamed and not as_page:
            return Streamed(outgoing, lambda sent: self._sent(exchange, place, sent))
        octets = b"".join([piece async for piece in answer.pieces])
        if as_page:
            octets = await self.page(request, octets, headers)
        _note_skipped(exchange, answer)
        place.release()
        if accepts_gzip:
            octets, headers["Content-Encoding"] = gzipped(octets), "gzip"
        return Response(octets, headers=headers)

    def _sent(self, exchange: Exchange, place: Place, sent: Outgoing) -> None:
        place.release()
        exchange.bytes_out = b"HTTP 200, %d octets\n%b" % (sent.octets, sent.beginning)
        if sent.failure is not None:
            exchange.verdict, exchange.error = Verdict.FAILED, sent.failure
        else:
            _note_skipped(exchange, sent.answer)
        self.record(exchange)

    async def _admit(self, request: HttpRequest, view: str, exchange: Exchange) -> None:
        """Raises Turned where the view is not open and no reader of it asks."""
        peer = request.client.host if request.client else None
        match await admit(self._readers, view, request.headers.get("authorization", ""), peer):
            case Admitted(reader=name):
                exchange.terminal = name or None
            case NotAdmitted(retry_after=wait) if wait > 0:
                response = Response("Too many guesses.", 429, {"Retry-After": str(int(wait) + 1)}, TEXT)
                raise Turned(response, "too many guesses", Verdict.REFUSED)
            case _:
                raise Turned(_unauthorised(), "no reader", Verdict.REFUSED)

    def _base_url(self, request: HttpRequest) -> str:
        """The address as harvesters know it: Identify must repeat the one they asked."""
        return (self._service.settings.base_url or origin(request)) + request.scope["path"]


def oai_door(
    catalogue: OaiCatalogue,
    readers: Readers,
    settings: OaiSettings,
    *,
    secret: bytes,
    recorder: Recorder | None = None,
    formats: tuple[OaiFormat, ...] | None = None,
) -> OaiDoor:
    """The door, ready to be mounted. `secret` signs the tokens and must be the same on every node; `formats` are the
    catalogue's where not given."""
    return OaiDoor(OaiService(catalogue, Tokens(secret), settings, formats or catalogue_formats()), readers, recorder)


async def _arguments(request: HttpRequest) -> bytes:
    """Query and form together: an argument in both is repeated. Raises Turned for a body of another kind."""
    query: bytes = request.scope["query_string"]
    if request.method != "POST":
        return query
    if media_type(request) != FORM:
        raise Turned(Response(f"A body must be {FORM}.", 415, media_type=TEXT), "no form")
    form = await body(request, MAX_OCTETS)
    return query + b"&" + form if query else form


def _note_skipped(exchange: Exchange, answer: Answer) -> None:
    if answer.skipped:
        exchange.error = f"{answer.skipped} records have no such form"


def _busy(words: str) -> Response:
    return Response(words, 503, {"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store"}, TEXT)


def _unauthorised() -> Response:
    return Response("This catalogue asks for a name and password.", 401, {"WWW-Authenticate": CHALLENGE}, TEXT)


def _has_it(request: HttpRequest, etag: str) -> bool:
    known = (each.strip() for each in request.headers.get("if-none-match", "").split(","))
    return any(each in ("*", etag, etag.removeprefix("W/")) for each in known)


def _accepts_gzip(header: str) -> bool:
    """Whether gzip is asked for; who says nothing gets none (3.1.3)."""
    for part in header.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() in ("gzip", "x-gzip"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


__all__ = ["OaiDoor", "oai_door"]
