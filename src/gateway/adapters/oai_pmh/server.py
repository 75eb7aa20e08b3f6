"""The routes of the OAI-PMH door: /oai (the consortium) and /oai/{member}, GET and POST.

What is HTTP's own is here: who may read, forms and their limits, compression, conditional requests, 503 when too many
lists are being written, and the record of the exchange. `stream.py` sends a list as it is made.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from importlib.resources import files

import structlog
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from gateway.adapters.oai_pmh.mapping import OaiFormat, OaiSettings, catalogue_formats
from gateway.adapters.oai_pmh.service import LISTS, Answer, Door, OaiCatalogue, OaiService
from gateway.adapters.oai_pmh.stream import Outgoing, Streamed, gzipped
from gateway.adapters.oai_pmh.token import Tokens
from gateway.catalogue.records import ALL
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.exchanges.model import Exchange, Recorder, Verdict
from gateway.members.admission import CHALLENGE, Admitted, NotAdmitted, admit
from gateway.members.readers import Readers
from library_protocols.oai_pmh import BadRequest, read_query
from library_protocols.oai_pmh.request import MAX_OCTETS

PROTOCOL = "oai"
PATH = "/oai"
STYLESHEET = f"{PATH}/browse.xsl"  # no member's code has a dot in it
RETRY_SECONDS = 10  # a page takes well under a second: whoever comes back then finds a place
RECORDED_OCTETS = 4096  # of a request
XML, TEXT, FORM = "text/xml; charset=utf-8", "text/plain", "application/x-www-form-urlencoded"

log = structlog.get_logger(__name__)


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


class _Turned(Exception):
    """The request is answered in HTTP's own words."""

    def __init__(self, response: Response, why: str, verdict: Verdict = Verdict.BAD_INPUT) -> None:
        super().__init__(why)
        self.response = response
        self.verdict = verdict


class OaiDoor:
    """Answers every request of the door. `recorder` is None where nothing is recorded."""

    def __init__(self, service: OaiService, readers: Readers, recorder: Recorder | None = None) -> None:
        self._service = service
        self._readers = readers
        self._recorder = recorder
        self._places: Counter[str] = Counter()  # lists being written, by the address that reads them

    def replace(self, settings: OaiSettings) -> None:
        """Takes new settings while running; lists that have begun go on."""
        self._service.settings = settings

    def routes(self) -> list[Route]:
        """What an HTTP application mounts at its root."""
        return [
            Route(STYLESHEET, _stylesheet, methods=["GET"], name="oai-stylesheet"),
            Route(PATH, self.handle, methods=["GET", "POST"], name="oai"),
            Route(f"{PATH}/{{member}}", self.handle, methods=["GET", "POST"], name="oai-member"),
        ]

    async def handle(self, request: HttpRequest) -> Response:
        """One request; recorded once its answer has been sent."""
        view = request.path_params.get("member", ALL)
        exchange = _exchange(request, view)
        try:
            response = await self._respond(request, view, exchange)
        except _Turned as turned:
            exchange.verdict, exchange.error, response = turned.verdict, str(turned), turned.response
        except CatalogueUnavailable:
            exchange.verdict, exchange.error = Verdict.FAILED, "the catalogue is away"
            response = _busy("The catalogue is away for the moment.")
        except Exception:
            exchange.verdict, exchange.error = Verdict.FAILED, "failed"
            log.exception("oai_pmh.failed", exchange=exchange.id)
            response = Response("The request could not be answered.", 500, media_type=TEXT)
        response.headers["Exchange-Id"] = exchange.id
        if not isinstance(response, Streamed):
            exchange.bytes_out = f"HTTP {response.status_code}".encode()
            self._record(exchange)
        return response

    async def _respond(self, request: HttpRequest, view: str, exchange: Exchange) -> Response:
        if not self._readers.exists(view):
            exchange.member = None
            raise _Turned(Response("There is no such catalogue.", 404, media_type=TEXT), "no such view")
        await self._admit(request, view, exchange)
        octets = await _arguments(request)
        exchange.bytes_in = b"%b %b?%b" % (
            request.method.encode(),
            request.url.path.encode("utf-8", "replace"),
            octets[:RECORDED_OCTETS],
        )
        asked = read_query(octets)
        door = Door(view, self._base_url(request), STYLESHEET)
        if isinstance(asked, BadRequest):
            exchange.verdict = Verdict.BAD_INPUT
            return await self._send(request, await self._service.bad(door, asked.errors), exchange, Place())
        exchange.request = OaiOperation(asked.verb.value)
        place = self._place(request) if asked.verb in LISTS else Place()
        try:
            return await self._send(request, await self._service.answer(door, asked), exchange, place)
        except BaseException:
            place.release()
            raise

    def _place(self, request: HttpRequest) -> Place:
        """A place for one more list. One address has half of them at most, so that no slow reader shuts out all others.

        Raises _Turned where there is none."""
        peer = request.client.host if request.client else ""
        limit = self._service.settings.list_requests
        if self._places.total() >= limit or self._places[peer] >= (limit + 1) // 2:
            raise _Turned(_busy("Too many lists are being written."), "too many lists at once", Verdict.FAILED)
        self._places[peer] += 1
        return Place(self._places, peer)

    async def _send(self, request: HttpRequest, answer: Answer, exchange: Exchange, place: Place) -> Response:
        """The answer as it goes out: a list piece by piece, anything else as a whole."""
        headers = {"Vary": "Accept-Encoding", "Content-Type": XML}
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
        if answer.streamed:
            return Streamed(outgoing, lambda sent: self._sent(exchange, place, sent))
        body = b"".join([piece async for piece in answer.pieces])
        place.release()
        if accepts_gzip:
            body, headers["Content-Encoding"] = gzipped(body), "gzip"
        return Response(body, headers=headers)

    def _sent(self, exchange: Exchange, place: Place, sent: Outgoing) -> None:
        place.release()
        exchange.bytes_out = b"HTTP 200, %d octets\n%b" % (sent.octets, sent.beginning)
        if sent.failure is not None:
            exchange.verdict, exchange.error = Verdict.FAILED, sent.failure
        elif sent.answer.skipped:
            exchange.error = f"{sent.answer.skipped} records have no such form"
        self._record(exchange)

    def _record(self, exchange: Exchange) -> None:
        exchange.finished = time.time()
        if self._recorder is not None:
            self._recorder.add(exchange)

    async def _admit(self, request: HttpRequest, view: str, exchange: Exchange) -> None:
        """Raises _Turned where the view is not open and no reader of it asks."""
        peer = request.client.host if request.client else None
        match await admit(self._readers, view, request.headers.get("authorization", ""), peer):
            case Admitted(reader=name):
                exchange.terminal = name or None
            case NotAdmitted(retry_after=wait) if wait > 0:
                response = Response("Too many guesses.", 429, {"Retry-After": str(int(wait) + 1)}, TEXT)
                raise _Turned(response, "too many guesses", Verdict.REFUSED)
            case _:
                raise _Turned(_unauthorised(), "no reader", Verdict.REFUSED)

    def _base_url(self, request: HttpRequest) -> str:
        """The address as harvesters know it: Identify must repeat the one they asked."""
        origin = self._service.settings.base_url or f"{request.url.scheme}://{request.url.netloc}"
        return origin + request.url.path


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


async def _stylesheet(request: HttpRequest) -> Response:
    octets = files("gateway.adapters.oai_pmh").joinpath("browse.xsl").read_bytes()
    return Response(octets, headers={"Cache-Control": "max-age=86400"}, media_type="text/xsl")


async def _arguments(request: HttpRequest) -> bytes:
    """Query and form together: an argument in both is repeated. Raises _Turned for a body of another kind."""
    query: bytes = request.scope["query_string"]
    if request.method != "POST":
        return query
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise _Turned(Response(f"A body must be {FORM}.", 415, media_type=TEXT), "no form")
    form = b""
    try:
        async for piece in request.stream():
            form += piece
            if len(form) > MAX_OCTETS:
                break
    except ClientDisconnect:
        raise _Turned(Response(status_code=400), "gone before the request was whole") from None
    return query + b"&" + form if query else form


def _exchange(request: HttpRequest, view: str) -> Exchange:
    peer = f"{request.client.host}:{request.client.port}" if request.client else ""
    return Exchange(
        id=uuid.uuid4().hex,
        protocol=PROTOCOL,
        link=peer,
        peer=peer,
        started=time.time(),
        bytes_in=request.method.encode(),
        member=view,
    )


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
