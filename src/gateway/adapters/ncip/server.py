"""The routes of the NCIP door over HTTP: what is HTTP's own around one document and its answer.

An answer that NCIP has words for is given with status 200; only an address that names no member, and a body that does
not arrive, have a status of their own. Of an address neither key nor query is recorded or shown.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol
from urllib.parse import quote

import orjson
import structlog
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types
from pydantic import SecretStr
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gateway.adapters.ncip.paths import PATH, SELF_TEST, Place, place_of
from gateway.adapters.ncip.self_test import Outward, SelfTest
from gateway.adapters.ncip.service import NcipService, Peers, Reply
from gateway.canonical.vocabulary import Permission
from gateway.doors.http import Turned, body, origin, wants_page
from gateway.doors.pages import HEADERS, Pages
from gateway.members import Evidence, Identity
from gateway.members.ncip_peers import Claim, PeerIdentity
from library_protocols.ncip.bodies import BodyError, document_of

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
XML = 'application/xml; charset="utf-8"'
JSON = "application/json"
SYNTAX = "Invalid Message Syntax Error"
_KEY_SCHEMES = ("bearer", "apikey")
_ITSELF = "A peer's own credential is needed."
_STAFF = "An API key with the scope config_read is needed, of the member that has this peer."

log = structlog.get_logger(__name__)


class KnownPeers(Peers, Protocol):
    """What says who asks, and who there is."""

    def exists(self, member: str) -> bool: ...

    def find(self, member: str, name: str) -> PeerIdentity | None: ...


class Keys(Protocol):
    """What knows the API keys of members."""

    def by_api_key(self, key: str, evidence: Evidence | None = None) -> Identity | None: ...


class NcipHttpDoor:
    """Answers every request of the door. `outward` asks a peer's own server, for the self-test."""

    def __init__(
        self,
        service: NcipService,
        peers: KnownPeers,
        members: Keys,
        self_test: SelfTest,
        outward: Outward | None = None,
    ) -> None:
        self._service = service
        self._peers = peers
        self._members = members
        self._self_test = self_test
        self._outward = outward
        self._pages = Pages(__package__ or "")

    def routes(self) -> list[Route]:
        """What an HTTP application mounts at its root: with all methods, to say in one voice which are not there."""
        addresses = {"": PATH, "-member": f"{PATH}/{{member}}", "-key": f"{PATH}/{{member}}/{{key}}"}
        return [
            Route(address + end, self, methods=METHODS, name=f"ncip{kind}")
            for kind, address in addresses.items()
            for end in ("", "/")
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.handle(HttpRequest(scope, receive, send))
        await response(scope, receive, send)

    async def handle(self, request: HttpRequest) -> Response:
        """One request and its answer; whatever goes wrong is this request's alone."""
        try:
            return await self._answered(request)
        except Turned as turned:
            return turned.response
        except Exception as error:
            log.error("ncip.http_failed", error=type(error).__name__)
            return Response("The request could not be answered.", 500, media_type="text/plain")

    async def _answered(self, request: HttpRequest) -> Response:
        place = place_of(request.scope["raw_path"].decode("latin-1") + "?" + request.scope["query_string"].decode())
        evidence = evidence_of_request(request)
        if place is None or (place.member is not None and not self._peers.exists(place.member)):
            return _document(self._service.refuse(evidence, "Unknown Agency", "NO_SUCH_ADDRESS"), 404)
        evidence = replace(evidence, path_member=place.member)
        if request.method == "GET":
            return await (self._tested(request, place, evidence) if place.self_test else self._described(request))
        if request.method != "POST" or place.self_test:
            allowed = "GET" if place.self_test else "GET, POST"
            return Response("", 405, headers={"Allow": allowed})
        octets = await self._body(request, evidence)
        document = document_of(request.headers.get("content-type", ""), octets)
        if isinstance(document, BodyError):
            return _document(self._service.refuse(evidence, SYNTAX, f"BAD_REQUEST: {document.reason}", octets=octets))
        keys = (*_keys_of(request), *place.keys)
        return _document(await self._service.answer(document, evidence, keys, link=_link(request)))

    async def _body(self, request: HttpRequest, evidence: Evidence) -> bytes:
        """Raises Turned for too many octets, or for none in time."""
        limits = self._service.settings
        told = request.headers.get("content-length", "")
        octets = b""
        if not (told.isdecimal() and int(told) > limits.message_bytes):
            try:
                async with asyncio.timeout(limits.message_seconds):
                    octets = await body(request, limits.message_bytes)
            except TimeoutError:
                reply = self._service.refuse(evidence, SYNTAX, "BAD_REQUEST: the document did not arrive in time")
                raise Turned(_document(reply, 408, close=True), "slow") from None
            if len(octets) <= limits.message_bytes:
                return octets
        reason = f"BAD_REQUEST: the document has more than {limits.message_bytes} octets"
        raise Turned(_document(self._service.refuse(evidence, SYNTAX, reason), 413, close=True), "too long")

    # Pages

    async def _described(self, request: HttpRequest) -> Response:
        """What there is at this address, for whoever opens it to see whether it is there."""
        told = {
            "protocol": "NCIP (ANSI/NISO Z39.83) 1.0, 1.01, 2.0, 2.01 and 2.02, as responder",
            "post": f"one NCIPMessage, as {XML}",
            "addresses": f"{PATH} and {PATH}/{{member}}",
            "self_test": f"{PATH}/{{member}}/{SELF_TEST}",
        }
        if not wants_page(request):
            return _json(told)
        page = etree.Element("ncip")
        for name, value in told.items():
            etree.SubElement(page, "fact", name=name).text = value
        return await self._page(request, page, told)

    async def _tested(self, request: HttpRequest, place: Place, evidence: Evidence) -> Response:
        """The self-test of the peer that asks, or of the one that staff name. Raises Turned."""
        name = request.query_params.get("peer")
        if name:
            peer = self._named(place, name, request, evidence)
        else:
            peer = await self._itself(place, request, evidence)
        if peer is None:
            challenge = {"WWW-Authenticate": 'Basic realm="ncip", charset="UTF-8"'}
            raise Turned(Response(_STAFF if name else _ITSELF, 401, challenge, "text/plain"), "nobody")
        report = await self._self_test.examine(peer, self._outward, tls=None if name else evidence.tls)
        told = report.told()
        if not wants_page(request):
            return _json(told)
        page = etree.Element("self-test", member=report.member, peer=report.peer, level=report.level.value)
        for check in report.checks:
            etree.SubElement(page, "check", name=check.name, level=check.level.value).text = check.told
        return await self._page(request, page, told)

    def _named(self, place: Place, name: str, request: HttpRequest, evidence: Evidence) -> PeerIdentity | None:
        """The peer that staff ask about, who have an API key of the member with the scope `config_read`."""
        for key in (*_keys_of(request), *place.keys):
            identity = self._members.by_api_key(key.get_secret_value(), evidence)
            if identity is not None and Permission.CONFIG_READ in identity.permissions:
                return self._peers.find(identity.member.code, name)
        return None

    async def _itself(self, place: Place, request: HttpRequest, evidence: Evidence) -> PeerIdentity | None:
        """The peer that asks: by its API key, or by its agency id and shared secret as HTTP Basic."""
        claims = [Claim(keys=(*_keys_of(request), *place.keys))]
        if (basic := _basic(request)) is not None:
            claims.append(Claim(from_agency=basic[0], secret=SecretStr(basic[1]), keys=place.keys))
        for claim in claims:
            found = await self._peers.resolve(evidence, claim)
            if isinstance(found, PeerIdentity):
                return found
        return None

    async def _page(self, request: HttpRequest, page: Any, told: Mapping[str, Any]) -> Response:
        address = origin(request) + quote(request.scope["path"].removesuffix("/").rpartition("/")[0])
        if page.tag != "ncip":
            peer = request.query_params.get("peer")
            address += f"/{SELF_TEST}" + (f"?peer={quote(peer)}" if peer else "")
        made = await self._pages.made(etree.tostring(page), address)
        return _json(told) if made is None else Response(made, headers=HEADERS)


def evidence_of_request(request: HttpRequest) -> Evidence:
    """What a request says about its sender; the certificate where the server hands it on (ASGI's TLS extension)."""
    tls = (request.scope.get("extensions") or {}).get("tls") or {}
    return Evidence(
        peer=request.client.host if request.client else None,
        tls=request.scope["scheme"] == "https",
        tls_name=request.url.hostname,
        client_certificate=tls.get("client_cert_name") or None,
    )


def _keys_of(request: HttpRequest) -> tuple[SecretStr, ...]:
    """The keys that the Authorization header holds: a bearer's, or the password of HTTP Basic."""
    scheme, _, told = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() in _KEY_SCHEMES:
        return (SecretStr(told.strip()),)
    basic = _basic(request)
    return (SecretStr(basic[1]),) if basic is not None else ()


def _basic(request: HttpRequest) -> tuple[str, str] | None:
    scheme, _, told = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(told.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", told  # nobody's
    return name, password


def _link(request: HttpRequest) -> str:
    return f"{request.client.host}:{request.client.port}" if request.client else ""


def _document(reply: Reply, status: int = 200, *, close: bool = False) -> Response:
    headers = {"Cache-Control": "no-store", "Exchange-Id": reply.exchange, "Content-Type": XML}
    if close:
        headers["Connection"] = "close"
    return Response(reply.octets, status, headers)


def _json(told: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(told), headers={"Cache-Control": "no-store", "Vary": "Accept"}, media_type=JSON)
