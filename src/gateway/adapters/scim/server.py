"""The routes of the SCIM door: everything below /scim/v2, which answers in SCIM's own form whatever goes wrong.

What is HTTP's own is here: the API key and its member, types and limits of bodies, entity tags, the record of the
exchange. Of a request only its method and the shape of its path are recorded: all else may name somebody.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any

import orjson
import structlog
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gateway.adapters.scim import bodies
from gateway.adapters.scim.mapping import Resource, ScimSettings
from gateway.adapters.scim.problems import Refused, not_found, unavailable
from gateway.adapters.scim.service import Found, ScimService
from gateway.adapters.scim.session import Asker, Conditions, Question, Reply
from gateway.canonical.vocabulary import Permission
from gateway.clock import Clock
from gateway.doors.http import Turned, body, media_type, origin
from gateway.exchanges.model import Exchange, Recorder, Verdict
from gateway.identity.register.port import Register, RegisterUnavailable
from gateway.members import Evidence, Identity, Members

PROTOCOL = "scim"
PATH = "/scim/v2"
SCIM_JSON, JSON = "application/scim+json", "application/json"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
USER_OCTETS = 256 << 10
"""Of the body of a request about one user, or of a search: people have some thousand."""
GROUP_OCTETS = 4 << 20
"""Of the body of a request about a group with as many members as it may have."""
IN_A_THREAD = 64 << 10
"""Octets of a body from which on it is not read between the requests of others."""
BODY_SECONDS = 30.0
"""For the whole body; who is slower has gone."""
ANSWER_SECONDS = 30.0
"""For a list or a search, which changes nothing: below the usual 60 s of proxies in front."""
log = structlog.get_logger(__name__)
_BAD_INPUT = (400, 405, 408, 413, 415)
_LISTS = ("list", "search")


class ScimOperation:
    """What was asked, for records and metrics."""

    def __init__(self, found: Found, name: str) -> None:
        self.operation = ".".join(filter(None, (PROTOCOL, found.kind.lower(), name)))


class ScimDoor:
    """Answers every request of the door."""

    def __init__(
        self, service: ScimService, members: Members, settings: ScimSettings, recorder: Recorder | None = None
    ) -> None:
        self._service = service
        self._members = members
        self._settings = settings
        self._recorder = recorder

    def routes(self) -> list[Route]:
        """What an HTTP application mounts at its root: with all methods, to say in SCIM which are not there."""
        return [
            Route(PATH, self, methods=METHODS, name="scim"),
            Route(PATH + "/{rest:path}", self, methods=METHODS, name="scim-member"),
        ]

    def replace(self, settings: ScimSettings) -> None:
        """Takes new settings while running."""
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.handle(HttpRequest(scope, receive, send))
        await response(scope, receive, send)

    async def handle(self, request: HttpRequest) -> Response:
        """One request and its answer; whatever goes wrong is this request's alone."""
        exchange = _exchange(request)
        try:
            reply = await self._reply(request, exchange)
            response = _response(request, reply.status, reply.body)
            if reply.version:
                response.headers["ETag"] = reply.version
            if reply.status == 201:
                response.headers["Location"] = reply.location
        except Refused as refused:
            exchange.error = str(refused)
            response = _response(request, refused.status, refused.body(), refused.headers)
        except Turned as turned:
            exchange.error = str(turned)
            response = turned.response
        except Exception:
            exchange.error = "failed"
            log.exception("scim.failed", exchange=exchange.id)
            response = _response(request, 500, Refused(500, "The request could not be answered.").body())
        exchange.verdict = _verdict(response.status_code)
        exchange.bytes_out = b"HTTP %d, %d octets" % (response.status_code, len(response.body))
        exchange.finished = time.time()
        if self._recorder is not None:
            self._recorder.add(exchange)
        response.headers["Exchange-Id"] = exchange.id
        return response

    async def _reply(self, request: HttpRequest, exchange: Exchange) -> Reply:
        member, _, rest = request.scope["path"].removeprefix(PATH).strip("/").partition("/")
        identity = self._identify(request)
        exchange.member, exchange.terminal = identity.member.code, identity.credential
        asker = self._asker(request, identity, member)
        path = tuple(rest.split("/")) if rest else ()
        found = self._service.find(path)
        if found is None:
            raise not_found()
        exchange.bytes_in = f"{request.method} {PATH}/{member}{found.shape}".encode()
        name, _ = found.methods.get(request.method, ("", None))
        exchange.request = ScimOperation(found, name) if name else None
        question = Question(
            request.method,
            path,
            dict(request.query_params),
            await _body(request, _limit(found, asker)) if name else {},
            Conditions.of(request.headers.get("if-match"), request.headers.get("if-none-match")),
        )
        try:
            async with asyncio.timeout(ANSWER_SECONDS if name in _LISTS else None):
                return await self._service.answer(asker, question)
        except (RegisterUnavailable, TimeoutError):
            raise unavailable() from None

    def _identify(self, request: HttpRequest) -> Identity:
        """The API key's identity. Raises Refused where there is none, or where TLS name and key disagree."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        evidence = Evidence(
            peer=request.client.host if request.client else None,
            tls=request.url.scheme == "https",
            tls_name=request.url.hostname,
        )
        found = self._members.by_api_key(key.strip(), evidence) if scheme.lower() == "bearer" else None
        if found is None:
            raise Refused(401, "An API key is needed.", headers={"WWW-Authenticate": 'Bearer realm="library"'})
        return found

    def _asker(self, request: HttpRequest, identity: Identity, member: str) -> Asker:
        """Raises Refused: 404 for another member's address, 403 for a key that may do neither."""
        settings = self._settings.members.get(member)
        if settings is None or identity.member.code != member:
            raise not_found()
        may_write = Permission.PROVISION in identity.permissions
        if not may_write and Permission.PATRON_READ not in identity.permissions:
            raise Refused(403, "This API key has neither the scope `provision` nor `patron_read`.")
        return Asker(
            member,
            f"{PROTOCOL}:{identity.credential.removeprefix('api:')}",
            f"{self._settings.base_url or origin(request)}{PATH}/{member}",
            may_write,
            settings,
        )


def scim_door(
    register: Register, members: Members, settings: ScimSettings, *, clock: Clock, recorder: Recorder | None = None
) -> ScimDoor:
    """The door, ready to be mounted."""
    return ScimDoor(ScimService(register, clock), members, settings, recorder)


async def _body(request: HttpRequest, limit: int) -> Resource:
    """What the body says. Raises Refused for another type, too many octets, or none in time."""
    if request.method not in ("POST", "PUT", "PATCH"):
        return {}
    if media_type(request) not in (SCIM_JSON, JSON):
        raise Refused(415, f"A body must be {SCIM_JSON} or {JSON}.")
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > limit:
        raise Refused(413, f"The body has more than {limit} octets.")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            octets = await body(request, limit)
    except TimeoutError:
        raise Refused(408, "The body did not arrive in time.") from None
    if len(octets) > limit:
        raise Refused(413, f"The body has more than {limit} octets.")
    return await asyncio.to_thread(bodies.read, octets) if len(octets) > IN_A_THREAD else bodies.read(octets)


def _limit(found: Found, asker: Asker) -> int:
    if found.shape == "/Bulk":
        return asker.settings.bulk_bytes
    return GROUP_OCTETS if found.kind == "Groups" else USER_OCTETS


def _response(request: HttpRequest, status: int, made: Any, headers: dict[str, str] | None = None) -> Response:
    octets = b"" if made is None else orjson.dumps(made)
    accepted = request.headers.get("accept", "").lower()
    kind = JSON if JSON in accepted and "scim+json" not in accepted else SCIM_JSON
    kept = {"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization", **(headers or {})}
    return Response(octets, status, kept, None if made is None else kind)


def _verdict(status: int) -> Verdict:
    if status < 400:
        return Verdict.ANSWERED
    if status >= 500:
        return Verdict.FAILED
    return Verdict.BAD_INPUT if status in _BAD_INPUT else Verdict.REFUSED


def _exchange(request: HttpRequest) -> Exchange:
    peer = f"{request.client.host}:{request.client.port}" if request.client else ""
    return Exchange(
        id=secrets.token_hex(16),
        protocol=PROTOCOL,
        link=peer,
        peer=peer,
        started=time.time(),
        bytes_in=f"{request.method} {PATH}".encode(),
    )
