"""A door of the catalogue over HTTP: one request, its answer or HTTP's own refusal, and the record of both. A browser
gets either as a page."""

from __future__ import annotations

import re
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterable
from urllib.parse import quote

import structlog
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.catalogue.records import ALL
from gateway.doors.pages import HEADERS, Pages, prefers_page
from gateway.exchanges.model import Exchange, Recorder, Verdict
from gateway.members.readers import Readers

FORM = "application/x-www-form-urlencoded"
TEXT = "text/plain"
RECORDED_OCTETS = 4096  # of a request

_HOST = re.compile(
    r"""
    (?: \[ (?: [0-9A-Fa-f:.]+ | [vV][0-9A-Fa-f]+ \. [\w.~!$&'()*+,;=:-]+ ) \]  # IP-literal
      | (?: [\w.~!$&'()*+,;=-] | %[0-9A-Fa-f]{2} )+ )  # IPv4address, reg-name
    (?: : [0-9]{0,5} )?
    """,
    re.ASCII | re.VERBOSE,
)
"""host [":" port], RFC 3986 3.2.2 and 3.2.3."""
_IN_PATH, _IN_QUERY = "/:@!$&()*+,;=", "/:@!$&()*+,;=?%"  # RFC 3986 3.3 and 3.4; a query comes with its own escapes

log = structlog.get_logger(__name__)


class Front:
    """The doors before another application: what is theirs, by their routes, goes to them past all that the
    application does around each of its own requests; everything else is the application's."""

    def __init__(self, routes: Iterable[Route], app: ASGIApp) -> None:
        self._routes = [(route.path_regex.match, route.methods or set(), route.app) for route in routes]
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for match, methods, door in self._routes:
                found = match(scope["path"])
                if found and scope["method"] in methods:
                    scope["path_params"] = found.groupdict()
                    await door(scope, receive, send)
                    return
        await self._app(scope, receive, send)


class Turned(Exception):
    """The request is answered in HTTP's own words."""

    def __init__(self, response: Response, why: str, verdict: Verdict = Verdict.BAD_INPUT) -> None:
        super().__init__(why)
        self.response = response
        self.verdict = verdict


class HttpDoor(ABC):
    """Answers every request of a door. `protocol` names it in records; `path` is the consortium's address, to which a
    member's code is added; `package` holds its `page.xsl`. `recorder` is None where nothing is recorded."""

    protocol: str
    path: str
    package: str

    def __init__(self, readers: Readers, recorder: Recorder | None = None) -> None:
        self._readers = readers
        self._recorder = recorder
        self._pages = Pages(self.package)

    def routes(self) -> list[Route]:
        """What an HTTP application mounts at its root; a slash that clients add at the end changes nothing."""
        name = self.path.strip("/")
        return [
            Route(address + end, self, methods=["GET", "POST"], name=name + kind)
            for end in ("", "/")
            for address, kind in ((self.path, ""), (f"{self.path}/{{member}}", "-member"))
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.handle(HttpRequest(scope, receive, send))
        await response(scope, receive, send)

    async def handle(self, request: HttpRequest) -> Response:
        """One request and its answer; whatever goes wrong is this request's alone."""
        view = request.path_params.get("member", ALL)
        exchange = _exchange(request, self.protocol, view)
        response = await self._guarded(exchange, self._checked(request, view, exchange))
        if response.status_code >= 400 and wants_page(request):
            response = await self._guarded(exchange, self._refusal(request, response))
        response.headers["Exchange-Id"] = exchange.id
        self.answered(response, exchange)
        return response

    async def _guarded(self, exchange: Exchange, work: Awaitable[Response]) -> Response:
        """What comes of the work, be it HTTP's own refusal or an error of ours."""
        try:
            return await work
        except Turned as turned:
            exchange.verdict, exchange.error = turned.verdict, str(turned)
            return turned.response
        except Exception:
            exchange.verdict, exchange.error = Verdict.FAILED, "failed"
            log.exception("door.failed", protocol=self.protocol, exchange=exchange.id)
            return Response("The request could not be answered.", 500, media_type=TEXT)

    async def _checked(self, request: HttpRequest, view: str, exchange: Exchange) -> Response:
        """The door's own answer where the request names a view and a host. Raises Turned."""
        if not self._readers.exists(view):
            exchange.member = None
            raise Turned(Response("There is no such catalogue.", 404, media_type=TEXT), "no such view")
        if not _names_a_host(request):
            raise Turned(Response("Host must name one host.", 400, media_type=TEXT), "no host, or not one")
        return await self.respond(request, view, exchange)

    @abstractmethod
    async def respond(self, request: HttpRequest, view: str, exchange: Exchange) -> Response:
        """The answer to a request for a view that exists. Raises Turned."""

    def answered(self, response: Response, exchange: Exchange) -> None:
        """Records an answer that is whole; one that is still being made is recorded once it has been sent."""
        exchange.bytes_out = b"HTTP %d, %d octets" % (response.status_code, len(response.body))
        self.record(exchange)

    async def page(self, request: HttpRequest, answer: bytes, headers: dict[str, str]) -> bytes:
        """The page of an answer, whose `headers` become the page's; the answer itself where no page can be made."""
        page = await self._pages.made(answer, _address(request))
        if page is None:
            return answer
        headers |= HEADERS
        return page

    async def _refusal(self, request: HttpRequest, refused: Response) -> Response:
        """HTTP's own refusal as a page."""
        address, body = _address(request), bytes(refused.body)
        if refused.media_type == TEXT:
            page = await self._pages.refusal(refused.status_code, body.decode(), address)
        else:
            page = await self._pages.made(body, address)
        if page is None:
            return refused
        kept = {name: value for name, value in refused.headers.items() if not name.startswith("content-")}
        return Response(page, refused.status_code, {**kept, **HEADERS, "Vary": "Accept"})

    def record(self, exchange: Exchange) -> None:
        """Ends the exchange now."""
        exchange.finished = time.time()
        if self._recorder is not None:
            self._recorder.add(exchange)


def asked(request: HttpRequest, parameters: bytes) -> bytes:
    """A request as it is recorded: method, path and parameters."""
    path = request.scope["path"].encode("utf-8", "replace")
    return b"%b %b?%b" % (request.method.encode(), path, parameters[:RECORDED_OCTETS])


def origin(request: HttpRequest) -> str:
    """Scheme, host and port as they were asked; of who names none that can be, this server's own."""
    asked_of = request.headers.get("host", "")
    if not _HOST.fullmatch(asked_of):
        asked_of = ":".join(map(str, request.scope.get("server") or ("localhost",)))
    return f"{request.scope['scheme']}://{asked_of}"


def _names_a_host(request: HttpRequest) -> bool:
    """Whether Host is there once, as HTTP/1.1 asks for, and of a form that it may have (RFC 9112 3.2)."""
    hosts = request.headers.getlist("host")
    if not hosts:
        return request.scope.get("http_version") != "1.1"
    return len(hosts) == 1 and (not hosts[0] or _HOST.fullmatch(hosts[0]) is not None)


def _address(request: HttpRequest) -> str:
    """What was asked for, as it is written in a request."""
    query = quote(request.scope["query_string"], safe=_IN_QUERY)
    return origin(request) + quote(request.scope["path"], safe=_IN_PATH) + (f"?{query}" if query else "")


async def body(request: HttpRequest, limit: int) -> bytes:
    """The body, or its beginning as soon as it is longer than `limit` octets. Raises Turned where the client goes."""
    read = b""
    try:
        async for piece in request.stream():
            read += piece
            if len(read) > limit:
                break
    except ClientDisconnect:
        raise Turned(Response(status_code=400), "gone before the request was whole") from None
    return read


def wants_page(request: HttpRequest) -> bool:
    """Whether a browser asks."""
    return prefers_page(request.headers.get("accept", ""))


def media_type(request: HttpRequest) -> str:
    """What kind of body a request says it has, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _exchange(request: HttpRequest, protocol: str, view: str) -> Exchange:
    client = request.client
    peer = f"{client.host}:{client.port}" if client else ""
    return Exchange(
        id=secrets.token_hex(16),
        protocol=protocol,
        link=peer,
        peer=peer,
        started=time.time(),
        bytes_in=request.method.encode(),
        member=view,
    )
