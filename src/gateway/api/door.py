"""What happens to every request under /v1, around the few lines of its own: who asks, the desk, the answer, the record.

`DoorRoute` authenticates before a body is read, turns whatever is raised into a problem, and records the exchange.
A route gets a `Call` and hands it a canonical request; the desk owns every rule.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import Annotated, Any, TypeVar

import structlog
from fastapi import Depends, Header
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.types import Message

from gateway.api import problems
from gateway.api.paging import BadCursor, Cursors, Page, Position
from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import Outcome, Status
from gateway.canonical.refusals import PlatformFailure, Refusal, RefusalCode
from gateway.canonical.vocabulary import Permission
from gateway.clock import Clock
from gateway.crosswalks.texts import text
from gateway.desk import Desk
from gateway.exchanges.model import Exchange, Recorder, Verdict
from gateway.members import Evidence, Identity, Members

DEADLINE_SECONDS = 30.0  # below the usual 60 s of proxies in front: the client hears from us, not from them
BODY_LIMIT = 1 << 20  # octets; nobody needs more than a few hundred
KEY_WINDOW_SECONDS = 86_400.0
IDEMPOTENCY_KEY = r"^[!-~]{1,128}$"
JSON_TYPE = "application/json"

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer", bound=BaseModel)


class Door:
    """Everything a call needs, once for the application. `recorder` is None where nothing is recorded."""

    def __init__(
        self,
        desk: Desk,
        members: Members,
        clock: Clock,
        cursors: Cursors,
        recorder: Recorder | None = None,
        body_limit: int = BODY_LIMIT,
    ) -> None:
        self.desk = desk
        self.members = members
        self.clock = clock
        self.cursors = cursors
        self.recorder = recorder
        self.body_limit = body_limit

    def identify(self, request: HttpRequest) -> Identity:
        """The API key's identity. Raises Refused where there is none, or where TLS name and key disagree."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        evidence = Evidence(
            peer=request.client.host if request.client else None,
            tls=request.url.scheme == "https",
            tls_name=request.url.hostname,
        )
        found = self.members.by_api_key(key.strip(), evidence) if scheme.lower() == "bearer" else None
        if found is None:
            raise problems.Refused(
                Refusal(code=RefusalCode.TERMINAL_AUTH_FAILED), {"WWW-Authenticate": 'Bearer realm="library"'}
            )
        return found


class Call:
    """One request being answered."""

    def __init__(self, door: Door, request: HttpRequest, identity: Identity, exchange: Exchange) -> None:
        self.door = door
        self.request = request
        self.exchange = exchange
        self.zone = identity.member.zone
        deadline = door.clock.monotonic() + DEADLINE_SECONDS
        context = identity.context(protocol="http", deadline=deadline, calls=exchange.calls, exchange=exchange.id)
        # A key stands for a system that answers for its users; a PIN is checked where one is sent, but none is asked.
        self.context: Context = replace(context, pin_required=frozenset())

    async def ask(self, request: req.Request, answer: type[Answer], key: CommandKey | None = None) -> Answer:
        """The desk's answer. Raises Refused and PlatformFailure."""
        self.exchange.request = request
        said = await self.door.desk.perform(self.context, request, key)
        self.exchange.answer = said
        if isinstance(said, Refusal):
            raise problems.Refused(said)
        assert isinstance(said, answer)
        return said

    async def command(self, request: req.Request, answer: type[Answer]) -> Answer:
        """As `ask`, with the client's Idempotency-Key where it sent one."""
        return await self.ask(request, answer, self._key(request))

    async def status(self) -> Status:
        """The state of the member's platform, also while it is away."""
        self.exchange.request = req.SystemStatus()
        self.exchange.answer = found = await self.door.desk.status(self.context)
        return found

    async def use_location(self, code: str) -> None:
        """Answer as at another location of the member. Raises Refused (DESK_NOT_ALLOWED) where it has none such."""
        wider = replace(self.context, permissions=self.context.permissions | {Permission.CONFIG_READ})
        said = await self.door.desk.perform(wider, req.ConfigList(what="locations"))
        if isinstance(said, Refusal):
            raise problems.Refused(said)
        if all(row["code"] != code for row in getattr(said, "rows", ())):
            raise problems.Refused(Refusal(code=RefusalCode.DESK_NOT_ALLOWED, detail={"location": code}))
        self.context = replace(self.context, location=code)

    def respond(self, answer: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        """The answer as JSON; messages get their words in the language the client prefers."""
        language = self._language()
        if isinstance(answer, Outcome) and answer.messages:
            worded = tuple(ref.model_copy(update={"text": text(ref, language, self.zone)}) for ref in answer.messages)
            answer = answer.model_copy(update={"messages": worded})
        return Response(
            answer.model_dump_json(),
            status_code=status,
            headers={
                "Cache-Control": "private, no-store",
                "Content-Language": language,
                "Vary": "Accept-Language",
                **(headers or {}),
            },
            media_type=JSON_TYPE,
        )

    def respond_conditionally(self, answer: BaseModel, *, keep: bool = False) -> Response:
        """As `respond`, with an ETag, and 304 where the client has this answer already. `keep`: caches may store it."""
        response = self.respond(answer, headers={"Cache-Control": "private, no-cache"} if keep else None)
        etag = f'W/"{hashlib.sha256(response.body).hexdigest()[:32]}"'
        response.headers["ETag"] = etag
        known = (each.strip() for each in self.request.headers.get("if-none-match", "").split(","))
        if any(each in ("*", etag, etag.removeprefix("W/")) for each in known):
            kept = {n: response.headers[n] for n in ("ETag", "Cache-Control", "Content-Language", "Vary")}
            return Response(status_code=304, headers=kept)
        return response

    def position(self, cursor: str | None) -> Position:
        """Where the page begins; None for the first. Raises Refused for a cursor that is not of this list."""
        if cursor is None:
            return None
        try:
            return self.door.cursors.read(self.context.member, self.request.url.path, self._selection(), cursor)
        except BadCursor:
            raise problems.Refused(Refusal(code=RefusalCode.BAD_REQUEST, detail={"parameter": "cursor"})) from None

    def position_in_feed(self, cursor: str | None, after: int) -> int:
        """As `position`, for a list that is ordered by number; `after` is where the first page begins."""
        position = self.position(cursor)
        return position if isinstance(position, int) else after

    def page(self, items: Any, after: Position, kind: Any = Any) -> Response:
        """One page; `after` is where the next begins, None where there is none."""
        if after is None:
            return self.respond(Page[kind](items=tuple(items)))
        cursor = self.door.cursors.make(self.context.member, self.request.url.path, self._selection(), after)
        following = self.request.url.include_query_params(cursor=cursor)
        link = f'<{following.path}?{following.query}>; rel="next"'
        return self.respond(Page[kind](items=tuple(items), next=cursor), headers={"Link": link})

    def _selection(self) -> dict[str, str]:
        return {name: value for name, value in self.request.query_params.items() if name not in ("cursor", "limit")}

    def _key(self, request: req.Request) -> CommandKey | None:
        """Permanent, since the client says that it names one command; its digest leaves the PIN out."""
        sent = self.request.headers.get("idempotency-key")
        if sent is None:
            return None
        words = f"{request.operation}\0{self.context.location}\0{request.model_dump_json()}"
        return CommandKey(
            value=f"{self.context.terminal}:{sent}",
            window=KEY_WINDOW_SECONDS,
            permanent=True,
            fingerprint=hashlib.sha256(words.encode()).hexdigest(),
        )

    def _language(self) -> str:
        """Welsh where the client puts it before English, else English."""
        ranges: list[tuple[float, str]] = []
        for part in self.request.headers.get("accept-language", "").split(","):
            tag, _, weight = part.strip().partition(";q=")
            try:
                ranges.append((-float(weight or 1), tag.lower().partition("-")[0]))
            except ValueError:
                continue
        known = [tag for weight, tag in sorted(ranges, key=lambda each: each[0]) if weight < 0 and tag in ("cy", "en")]
        return known[0] if known else "en"


class DoorRoute(APIRoute):
    """Authenticates, answers, records. Nothing raised below it reaches the server."""

    def get_route_handler(self) -> Callable[[HttpRequest], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = {each.alias for each in self.dependant.query_params}  # what all routes depend on takes headers only

        async def guarded(request: HttpRequest) -> Response:
            door: Door = request.app.state.door
            exchange = _exchange(request, self.path)
            zone: tzinfo = UTC
            try:
                identity = door.identify(request)
                exchange.member, exchange.terminal = identity.member.code, identity.credential
                call = request.state.call = Call(door, request, identity, exchange)
                zone = call.zone
                _only_known(request, known)
                _only_json(request)
                response = await handle(_limited(request, door.body_limit))
            except Exception as error:  # the edge: whatever it is, the client gets a problem
                exchange.verdict = _verdict(error)
                exchange.error = type(error).__name__
                if not isinstance(error, _FORESEEN):
                    log.exception("api.failed", path=self.path, exchange=exchange.id)
                response = problems.respond(*problems.answer_of(error, zone))
            exchange.bytes_out = f"HTTP {response.status_code}".encode()
            exchange.finished = time.time()
            if door.recorder is not None:
                door.recorder.add(exchange)
            response.headers["Exchange-Id"] = exchange.id
            return response

        return guarded


_FORESEEN = (problems.Refused, RequestValidationError, HTTPException, PlatformFailure)


def _verdict(error: Exception) -> Verdict:
    match error:
        case problems.Refused():
            return Verdict.REFUSED
        case RequestValidationError() | HTTPException():
            return Verdict.BAD_INPUT
        case _:
            return Verdict.FAILED


def _exchange(request: HttpRequest, path: str) -> Exchange:
    """Only method and the shape of the path are kept of the octets: ids, queries and bodies may name a patron."""
    peer = f"{request.client.host}:{request.client.port}" if request.client else ""
    return Exchange(
        id=uuid.uuid4().hex,
        protocol="http",
        link=peer,
        peer=peer,
        started=time.time(),
        bytes_in=f"{request.method} {path}".encode(),
    )


def _only_known(request: HttpRequest, known: set[str]) -> None:
    """Raises RequestValidationError for a query parameter that the operation has not: a slip must not go unnoticed."""
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        errors = [{"type": "unknown", "loc": ("query", name), "msg": "There is no such parameter"} for name in unknown]
        raise RequestValidationError(errors)


def _only_json(request: HttpRequest) -> None:
    """Raises HTTPException 415 for a body that is not JSON, before it is read."""
    headers = request.headers
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    sent = headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and request.method != "GET" and sent != JSON_TYPE:
        raise HTTPException(415)


def _limited(request: HttpRequest, limit: int) -> HttpRequest:
    """The request, whose body raises HTTPException 413 where it says or turns out to be larger than `limit`."""
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > limit:
        raise HTTPException(413)
    seen = 0

    async def receive() -> Message:
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise HTTPException(413)
        return message

    return HttpRequest(request.scope, receive)


Location = Annotated[
    str | None,
    Header(
        alias="Gateway-Location",
        pattern=r"^[!-~]{1,64}$",
        description="Code of the member's location where this happens; left out, the member's main location",
    ),
]


async def _reading(request: HttpRequest) -> Call:
    return request.state.call


async def _conditional(
    request: HttpRequest,
    if_none_match: Annotated[
        str | None,
        Header(alias="If-None-Match", description="ETag of an answer that the client has"),
    ] = None,
) -> Call:
    return request.state.call


async def _commanding(
    request: HttpRequest,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            pattern=IDEMPOTENCY_KEY,
            description="Names this command: sent again, however late, it is answered with what it first led to",
        ),
    ] = None,
    location: Location = None,
) -> Call:
    call: Call = request.state.call
    if location is not None:
        await call.use_location(location)
    return call


Reading = Annotated[Call, Depends(_reading)]
Conditional = Annotated[Call, Depends(_conditional)]
Commanding = Annotated[Call, Depends(_commanding)]
