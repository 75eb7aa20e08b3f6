"""What doors of the catalogue share of HTTP: which requests are theirs, and where they were asked."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gateway.doors.http import Front, origin


class Door:
    """Says whose part of the catalogue was asked for."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        member = scope["path_params"].get("member", "all")
        await PlainTextResponse(f"{scope['method']} {member}")(scope, receive, send)


async def other(request: Request) -> PlainTextResponse:
    return PlainTextResponse("the application's")


ROUTES = [
    Route("/sru", Door(), methods=["GET", "POST"]),
    Route("/sru/{member}", Door(), methods=["GET", "POST"]),
]


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/sru", 200, "GET all"),
        ("POST", "/sru/aber", 200, "POST aber"),
        ("HEAD", "/sru", 200, ""),
        ("DELETE", "/sru", 405, None),
        ("GET", "/sru/", 404, None),
        ("GET", "/sru/aber/more", 404, None),
        ("GET", "/srus", 404, None),
        ("GET", "/v1", 200, "the application's"),
    ],
)
async def test_what_is_a_doors_goes_to_it_and_all_else_to_the_application(
    method: str, path: str, status: int, said: str | None
) -> None:
    application = Starlette(routes=[*ROUTES, Route("/v1", other)])
    application.router.redirect_slashes = False
    front = Front(ROUTES, application)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(front), base_url="http://here") as client:
        answer = await client.request(method, path)
    assert answer.status_code == status
    assert said is None or answer.text == said


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ({"scheme": "https", "headers": [(b"host", b"lib.example:8443")]}, "https://lib.example:8443"),
        ({"scheme": "http", "headers": [(b"host", b"[::1]:80")]}, "http://[::1]:80"),
        ({"scheme": "http", "headers": [], "server": ("10.0.0.1", 8080)}, "http://10.0.0.1:8080"),
        ({"scheme": "http", "headers": []}, "http://localhost"),
    ],
)
def test_where_it_was_asked(scope: dict[str, Any], told: str) -> None:
    assert origin(Request({"type": "http", "method": "GET", "path": "/sru", **scope})) == told
