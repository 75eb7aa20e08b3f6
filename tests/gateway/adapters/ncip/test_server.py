"""The door over HTTP: addresses, keys, bodies of every kind, and what is HTTP's own."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette

from gateway.adapters.ncip.self_test import SelfTest
from gateway.adapters.ncip.server import NcipHttpDoor
from gateway.canonical.vocabulary import Permission
from gateway.members import Members
from gateway.members.secrets import key_digest
from library_protocols.ncip import NCIP_1_0, NCIP_2_02
from library_protocols.ncip import messages as wire
from library_protocols.ncip.codec import decode, encode
from tests.gateway.adapters.ncip.responder import KEY, Open, Responder, header, type_of

ASKED = encode(wire.UpdateAgency(initiation_header=header()), NCIP_2_02)
BEARER = {"Authorization": f"Bearer {KEY}"}
STAFF_KEY = "gw_staff"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9"}


def door_on(responder: Responder) -> httpx.AsyncClient:
    members = Members(responder.config, clock=responder.service.clock, executor=responder.executor)
    tests = SelfTest(responder.desk, responder.service.clock.monotonic)
    door = NcipHttpDoor(responder.service, responder.peers, members, tests)
    transport = httpx.ASGITransport(Starlette(routes=door.routes()))
    return httpx.AsyncClient(transport=transport, base_url="http://library.example")


@pytest.fixture
async def http(node: Open) -> AsyncIterator[httpx.AsyncClient]:
    def staff(document: dict[str, Any]) -> None:
        for code, scopes in (("aber", [Permission.CONFIG_READ.value]), ("bangor", [])):
            key = {"name": "staff", "sha256": key_digest(STAFF_KEY + code), "scopes": scopes}
            document["members"][code]["api_keys"] = [key]

    async with door_on(await node(change=staff)) as client:
        yield client


def problem(response: httpx.Response) -> str:
    return type_of(decode(response.content).message)


async def test_a_document_is_answered_with_200_whatever_the_answer(http: httpx.AsyncClient) -> None:
    for address in ("/ncip", "/ncip/", "/ncip/aber", "/ncip/aber/"):
        response = await http.post(address, content=ASKED, headers=BEARER)
        assert (response.status_code, problem(response)) == (200, "Unsupported Service")
        assert response.headers["Content-Type"] == 'application/xml; charset="utf-8"'
        assert response.headers["Exchange-Id"]
    assert problem(await http.post("/ncip", content=ASKED)) == "Agency Authentication Failed"
    assert problem(await http.post("/ncip", content=b"<broken", headers=BEARER)) == "Invalid Message Syntax Error"


@pytest.mark.parametrize("way", ["bearer", "apikey", "basic", "query", "path"])
async def test_a_key_comes_by_any_way(http: httpx.AsyncClient, way: str) -> None:
    def asked(key: str) -> dict[str, Any]:
        basic = base64.b64encode(f"anybody:{key}".encode()).decode()
        headers = {"bearer": f"Bearer {key}", "apikey": f"apikey {key}", "basic": f"Basic {basic}"}
        address = {"query": f"/ncip?apikey={quote(key)}", "path": f"/ncip/aber/{quote(key)}"}.get(way, "/ncip")
        return {"url": address, "headers": {"Authorization": headers[way]} if way in headers else {}}

    assert problem(await http.post(**asked(KEY), content=ASKED)) == "Unsupported Service"
    assert problem(await http.post(**asked("gw_wrong"), content=ASKED)) == "Agency Authentication Failed"


async def test_a_key_that_is_no_key_opens_nothing(http: httpx.AsyncClient) -> None:
    for told in ("Basic ???", "Basic ", "Bearer ", "Negotiate abc"):
        response = await http.post("/ncip", content=ASKED, headers={"Authorization": told})
        assert problem(response) == "Agency Authentication Failed"


async def test_the_path_may_only_agree(http: httpx.AsyncClient) -> None:
    combination = "Unauthorized Combination Of Element Values For Agency"
    assert problem(await http.post("/ncip/bangor", content=ASKED, headers=BEARER)) == combination
    nowhere = await http.post("/ncip/mars", content=ASKED, headers=BEARER)
    assert (nowhere.status_code, problem(nowhere)) == (404, "Unknown Agency")


@pytest.mark.parametrize(
    ("kind", "wrapped"),
    [
        ("", ASKED),
        ("text/xml", ASKED),
        ("application/octet-stream", ASKED),
        ("application/x-www-form-urlencoded", ASKED),
        ("application/x-www-form-urlencoded", b"xml=" + quote(ASKED).encode()),
        ("application/x-www-form-urlencoded", b"XForms%3AModel=" + quote(ASKED).encode()),
        ("application/xml; charset='utf-8'", b"\xef\xbb\xbf\r\n" + ASKED),
    ],
)
async def test_every_kind_of_body_is_read(http: httpx.AsyncClient, kind: str, wrapped: bytes) -> None:
    headers = {**BEARER, **({"Content-Type": kind} if kind else {})}
    assert problem(await http.post("/ncip", content=wrapped, headers=headers)) == "Unsupported Service"


async def test_nothing_and_nonsense_are_problems(http: httpx.AsyncClient) -> None:
    for nothing in (b"", b"  ", b"hello", b'{"a": 1}', b"\x16\x03\x01\x00"):
        response = await http.post("/ncip", content=nothing, headers=BEARER)
        assert (response.status_code, problem(response)) == (200, "Invalid Message Syntax Error")


async def test_the_answer_is_in_the_dialect_of_the_question(http: httpx.AsyncClient) -> None:
    old = encode(wire.UpdateAgency(initiation_header=header()), NCIP_1_0)
    response = await http.post("/ncip", content=old, headers=BEARER)
    assert decode(response.content).dialect.version == "1.0"
    assert b"ProcessingError" in response.content


async def test_too_much_and_too_slow_have_a_status_and_a_problem(node: Open) -> None:
    responder = await node(message_bytes=4096, message_seconds=0.05)

    async def drip() -> AsyncIterator[bytes]:
        yield ASKED[:20]
        await asyncio.sleep(60)

    async with door_on(responder) as http:
        told = await http.post("/ncip", content=ASKED + b" " * 5000, headers=BEARER)
        assert (told.status_code, problem(told)) == (413, "Invalid Message Syntax Error")

        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield b" " * 1000

        streamed = await http.post("/ncip", content=endless(), headers=BEARER)
        assert (streamed.status_code, streamed.headers["Connection"]) == (413, "close")
        slow = await http.post("/ncip", content=drip(), headers=BEARER)
        assert (slow.status_code, problem(slow)) == (408, "Invalid Message Syntax Error")


async def test_other_methods_are_told_which_there_are(http: httpx.AsyncClient) -> None:
    for method in ("PUT", "DELETE", "HEAD", "OPTIONS"):
        response = await http.request(method, "/ncip/aber")
        assert (response.status_code, response.headers["Allow"]) == (405, "GET, POST")
    assert (await http.post("/ncip/aber/self-test", content=ASKED)).headers["Allow"] == "GET"


async def test_whoever_opens_the_address_sees_what_it_is(http: httpx.AsyncClient) -> None:
    told = (await http.get("/ncip/aber")).json()
    assert "NCIPMessage" in told["post"]
    page = await http.get(f"/ncip/aber/{KEY}", headers=BROWSER)
    assert page.headers["Content-Type"].startswith("text/html")
    assert KEY not in page.text


async def test_a_self_test_is_for_the_peer_itself_and_for_staff(http: httpx.AsyncClient) -> None:
    address = "/ncip/aber/self-test"
    assert (await http.get(address)).status_code == 401
    own = await http.get(address, headers=BEARER)
    assert (own.json()["peer"], own.json()["member"]) == ("broker", "aber")
    staff = {"Authorization": f"Bearer {STAFF_KEY}aber"}
    assert (await http.get(address, headers=staff)).status_code == 401
    assert (await http.get(address, params={"peer": "broker"}, headers=staff)).json()["peer"] == "broker"
    assert (await http.get(address, params={"peer": "nobody"}, headers=staff)).status_code == 401
    stranger = {"Authorization": f"Bearer {STAFF_KEY}bangor"}
    for member in ("aber", "bangor"):
        refused = await http.get(f"/ncip/{member}/self-test", params={"peer": "broker"}, headers=stranger)
        assert refused.status_code == 401
        assert "config_read" in refused.text
    page = await http.get(address, headers={**BEARER, **BROWSER})
    assert "NCIP self-test: broker at aber" in page.text
    assert "<span>our_</span><span>ids</span>" in page.text
    assert "peer=" not in page.text
    page = await http.get(address, params={"peer": "broker"}, headers={**staff, **BROWSER})
    assert "/ncip/aber/self-test?peer=broker'" in page.text


async def test_keys_are_in_no_record(node: Open) -> None:
    responder = await node()
    async with door_on(responder) as http:
        await http.post(f"/ncip/aber/{KEY}?apikey={KEY}", content=ASKED)
    (exchange,) = responder.recorded.exchanges
    assert KEY not in repr(exchange)
    assert (exchange.member, exchange.terminal) == ("aber", "ncip:broker")
