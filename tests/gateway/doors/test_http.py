"""What doors of the catalogue share of HTTP: which requests are theirs, and where they were asked."""

from __future__ import annotations

from typing import Any, cast

import httpx
import pytest
from lxml import html
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from gateway.doors.http import Front, HttpDoor, origin
from gateway.exchanges.model import Exchange
from gateway.members.readers import Readers

BROWSER = {"Accept": "text/html, application/xhtml+xml"}


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
        ({"scheme": "http", "headers": [(b"host", b"a<b>")], "server": ("10.0.0.1", 80)}, "http://10.0.0.1:80"),
    ],
)
def test_where_it_was_asked(scope: dict[str, Any], told: str) -> None:
    assert origin(Request({"type": "http", "method": "GET", "path": "/sru", **scope})) == told


class Views:
    def exists(self, view: str) -> bool:
        return view in ("all", "aber")


class Echo(HttpDoor):
    """Says where it was asked; `faults` are raised by the first who comes."""

    protocol, path, package = "oai", "/oai", "gateway.adapters.oai_pmh"

    def __init__(self) -> None:
        super().__init__(cast(Readers, Views()), self)
        self.exchanges: list[Exchange] = []
        self.fault: Exception | None = None

    def add(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)

    async def respond(self, request: Request, view: str, exchange: Exchange) -> Response:
        if self.fault is not None:
            raise self.fault
        return PlainTextResponse(origin(request))

    async def ask(self, path: str, headers: Any = None, *, version: str = "1.1") -> httpx.Response:
        """What the door answers; `headers` are all that is sent."""
        routes = Starlette(routes=self.routes())

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            names = [(name.lower(), value) for name, value in request.headers.raw]
            await routes(
                {**scope, "http_version": version, "server": ("10.0.0.1", 80), "headers": names}, receive, send
            )

        request = httpx.Request("GET", f"http://here{path}")
        request.headers = httpx.Headers({"Host": "here", **BROWSER} if headers is None else headers)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(serve)) as client:
            return await client.send(request)


@pytest.mark.parametrize("name", ["%00", "%01", "%0B", "%1F", "a%00b", "%7F", "%EF%BF%BE", "%FF", "a%27b"])
async def test_a_name_that_xml_cannot_have_is_no_catalogue(name: str) -> None:
    door = Echo()
    with capture_logs() as logged:
        answer = await door.ask(f"/oai/{name}")
        plain = await door.ask(f"/oai/{name}", {"Host": "here"})
    assert (answer.status_code, plain.status_code, plain.text) == (404, 404, "There is no such catalogue.")
    page = html.document_fromstring(answer.content)
    assert page.findtext(".//*[@role='alert']") == plain.text
    shown = "%EF%BF%BD" if name == "%FF" else name
    assert page.findtext(".//footer//code") == f"curl 'http://here/oai/{shown}'"
    assert [answer.headers["exchange-id"], plain.headers["exchange-id"]] == [each.id for each in door.exchanges]
    assert {(each.verdict, each.error, each.member) for each in door.exchanges} == {("bad_input", "no such view", None)}
    assert logged == []


async def test_a_query_is_shown_as_it_was_written() -> None:
    query = "a=%00&b=%2B+%27&c=%C3%A9"
    page = html.document_fromstring((await Echo().ask(f"/oai/none?{query}")).content)
    assert page.findtext(".//footer//code") == f"curl 'http://here/oai/none?{query}'"


@pytest.mark.parametrize("headers", [{"Host": "here"}, None])
async def test_whatever_is_raised_is_one_error_of_the_door(headers: Any) -> None:
    door = Echo()
    door.fault = LookupError("nobody foresaw this")
    with capture_logs() as logged:
        answer = await door.ask("/oai", headers)
    assert answer.status_code == 500
    assert "could not be answered" in answer.text
    assert answer.headers["exchange-id"] == door.exchanges[0].id
    assert [(each.verdict, each.error) for each in door.exchanges] == [("failed", "failed")]
    assert [each["event"] for each in logged] == ["door.failed"]


async def test_what_is_raised_while_a_page_is_made_is_too(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Echo()
    monkeypatch.setattr("gateway.doors.pages.etree.fromstring", None)
    with capture_logs() as logged:
        answer = await door.ask("/oai/none")
    assert (answer.status_code, answer.text) == (500, "The request could not be answered.")
    assert answer.headers["exchange-id"] == door.exchanges[0].id
    assert [(each.verdict, each.error) for each in door.exchanges] == [("failed", "failed")]
    assert [each["event"] for each in logged] == ["door.failed"]


@pytest.mark.parametrize(
    "host",
    ["lib.example", "lib.example:8080", "10.0.0.1", "[2001:db8::1]:80", "[v1.a:b]", "xn--llyfr-9za", "a%20b", "lib_1"],
)
async def test_a_host_is_taken_as_it_is(host: str) -> None:
    answer = await Echo().ask("/oai", {"Host": host})
    assert (answer.status_code, answer.text) == (200, f"http://{host}")


@pytest.mark.parametrize(
    "hosts",
    [
        *(
            [each]
            for each in ("a b", "a<b>", 'a"b', "a/b", "a@b", "a?b", "a#b", "a\\b", "a%2", "d\u0175r", "a\n", "a, b")
        ),
        *([each] for each in ("a:b", "a:1:2", "a:123456", ":80", "::1", "[::1", "[x]")),
        ["lib.example", "lib.example"],
        ["lib.example", "evil.example"],
        [],
    ],
)
async def test_what_is_no_host_is_refused(hosts: list[str]) -> None:
    door = Echo()
    for extra in ([], list(BROWSER.items())):
        named = [("Host", host.encode("utf-8")) for host in hosts]
        answer = await door.ask("/oai/aber", [*named, *((name.encode(), value.encode()) for name, value in extra)])
        assert answer.status_code == 400
        assert "Host must name one host." in answer.text
        assert "evil" not in answer.text
        assert answer.headers["exchange-id"] == door.exchanges[-1].id
        assert door.exchanges[-1].verdict == "bad_input"


async def test_who_speaks_http_1_0_need_not_name_a_host() -> None:
    door = Echo()
    assert (await door.ask("/oai", [], version="1.0")).text == "http://10.0.0.1:80"
    assert (await door.ask("/oai", {"Host": "a b"}, version="1.0")).status_code == 400
