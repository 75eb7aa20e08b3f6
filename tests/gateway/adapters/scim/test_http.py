"""What is HTTP's own: keys and statuses, types and limits, entity tags, what the service tells of itself, records."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.responses import Response

from gateway.adapters.scim import server
from gateway.adapters.scim.bodies import read
from gateway.adapters.scim.mapping import ScimSettings
from gateway.adapters.scim.problems import Refused
from gateway.adapters.scim.schemas import ScimMember
from gateway.crosswalks.scim import ENTERPRISE, GROUP, LIBRARY, USER
from gateway.doors.http import Front
from gateway.exchanges.model import Verdict
from tests.gateway.adapters.scim.conftest import ENTRA, SETTINGS, Scim


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", f"Basic {ENTRA}", f"{ENTRA}"])
@pytest.mark.parametrize("path", ["/aber/Users", "/nowhere/Users", "/aber/nosuch", "", "/", "/aber"])
async def test_nothing_is_told_without_a_key(scim: Scim, header: str | None, path: str) -> None:
    headers = {} if header is None else {"Authorization": header}
    transport = httpx.ASGITransport(scim.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test", trust_env=False) as client:
        for method in ("GET", "POST", "OPTIONS"):
            response = await client.request(method, f"/scim/v2{path}", headers=headers)
            assert response.status_code == 401
            assert response.headers["www-authenticate"].startswith("Bearer")
            assert response.json()["status"] == "401"
            assert response.headers["content-type"] == "application/scim+json"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nosuch", 404),
        ("GET", "/users", 404),
        ("GET", "/Users/x/y", 404),
        ("GET", "/Users//", 200),
        ("GET", "/Users/", 200),
        ("GET", "/Users/nobody", 404),
        ("GET", "/Schemas/nosuch", 404),
        ("GET", "/ResourceTypes/nosuch", 404),
        ("DELETE", "/Users", 405),
        ("PATCH", "/Groups", 405),
        ("GET", "/.search", 405),
        ("GET", "/Bulk", 405),
        ("POST", "/Users/x", 405),
        ("HEAD", "/Users", 405),
        ("OPTIONS", "/Users", 405),
        ("POST", "/Schemas", 405),
        ("DELETE", "/ServiceProviderConfig", 405),
        ("GET", "/Me", 501),
        ("DELETE", "/Me", 501),
    ],
)
async def test_an_address_has_its_methods(scim: Scim, method: str, path: str, status: int) -> None:
    response = await scim.send(method, path)
    assert response.status_code == status
    assert ("allow" in response.headers) == (status == 405)
    if status >= 400 and method != "HEAD":
        assert response.json()["status"] == str(status)


@pytest.mark.parametrize(
    ("kind", "status"),
    [("application/scim+json", 201), ("application/json", 201), ("Application/SCIM+JSON; charset=utf-8", 201),
     ("text/plain", 415), ("application/xml", 415), ("application/x-www-form-urlencoded", 415), ("", 415)],
)  # fmt: skip
async def test_a_body_is_json(scim: Scim, kind: str, status: int) -> None:
    body = json.dumps({"userName": "amy"}).encode()
    await scim.do("POST", "/Users", content=body, headers={"Content-Type": kind}, status=status)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("application/scim+json", "application/scim+json"), ("application/json", "application/json"),
     ("*/*", "application/scim+json"), ("application/json, application/scim+json", "application/scim+json")],
)  # fmt: skip
async def test_the_client_chooses_between_two_names_of_json(scim: Scim, accept: str, kind: str) -> None:
    response = await scim.send("GET", "/Users", headers={"Accept": accept})
    assert response.headers["content-type"] == kind


HOSTILE: list[tuple[str, bytes, int]] = [
    ("nothing", b"", 400),
    ("no json", b"{", 400),
    ("a list", b"[]", 400),
    ("a text", b'"x"', 400),
    ("null", b"null", 400),
    ("not utf-8", b'{"userName": "\xff"}', 400),
    ("half a surrogate pair", b'{"userName": "\\ud800"}', 400),
    ("a NUL", b'{"userName": "a\\u0000b"}', 400),
    ("a NUL in a key", b'{"userName": "a", "\\u0000": 1}', 400),
    ("no number", b'{"userName": NaN}', 400),
    ("deep", b'{"userName": ' + b"[" * 5000 + b"]" * 5000 + b"}", 400),
    ("rather deep", b'{"userName": "a", "title": ' + b"[" * 40 + b"]" * 40 + b"}", 400),
    ("deep objects", b'{"a":' * 900 + b"1" + b"}" * 900, 400),
    ("a long text", b'{"userName": "' + b"x" * 9000 + b'"}', 400),
    ("a large number", b'{"userName": 1' + b"0" * 400 + b"}", 400),
    ("other types", b'{"userName": {"a": []}, "emails": "x", "name": 3}', 400),
    ("entries that are none", b'{"userName": "a", "emails": ["x", 3, null]}', 400),
    ("no userName", b'{"displayName": "a"}', 400),
    ("an empty userName", b'{"userName": " "}', 400),
    ("schemas that are none", b'{"schemas": 3, "userName": "a"}', 400),
    ("another schema", b'{"schemas": ["urn:x"], "userName": "a"}', 400),
    ("too much", b'{"userName": "' + b"x" * 300_000 + b'"}', 413),
]


@pytest.mark.parametrize(("octets", "status"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
async def test_any_octets_are_answered(scim: Scim, octets: bytes, status: int) -> None:
    await scim.do("POST", "/Users", content=octets, headers={"Content-Type": "application/json"}, status=status)
    assert (await scim.do("GET", "/Users"))["totalResults"] == 0


async def test_a_body_that_says_no_length_is_limited_too(scim: Scim) -> None:
    async def pieces() -> Any:
        for _ in range(10):
            yield b"x" * 40_000

    await scim.do("POST", "/Users", content=pieces(), headers={"Content-Type": "application/json"}, status=413)


async def test_a_body_that_does_not_end_is_not_waited_for(scim: Scim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "BODY_SECONDS", 0.01)

    async def never(request: Any, limit: int) -> bytes:
        await asyncio.sleep(60)
        return b""

    monkeypatch.setattr(server, "body", never)
    await scim.do("POST", "/Users", {"userName": "amy"}, status=408)


@pytest.fixture
async def amy(scim: Scim) -> str:
    return (await scim.user("amy"))["id"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["userName", "emails", "value", "name", "active", "Operations", "op", "path", "members",
                         "schemas", LIBRARY, ENTERPRISE, "manager", "expires", "primary", "x"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@pytest.mark.fuzz
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=JSON, target=st.sampled_from(["POST /Users", "PUT /Users/{}", "PATCH /Users/{}", "POST /Groups",
                                          "POST /Bulk", "POST /.search", "POST /Users/.search"]))  # fmt: skip
async def test_any_json_is_answered(scim: Scim, amy: str, body: Any, target: str) -> None:
    method, _, path = target.partition(" ")
    response = await scim.send(method, path.format(amy), body)
    assert response.status_code < 500, response.text


@pytest.mark.fuzz
@given(st.binary(max_size=200))
def test_any_octets_are_an_object_or_refused(octets: bytes) -> None:
    with suppress(Refused):
        assert isinstance(read(octets), dict)


# Versions


async def test_a_change_may_be_meant_for_a_version(scim: Scim) -> None:
    amy = await scim.user("amy")
    address = f"/Users/{amy['id']}"
    body = {"userName": "amy", "title": "Dr"}
    for tag in ('W/"2"', '"7"', 'W/"11"', "x"):
        await scim.do("PUT", address, body, headers={"If-Match": tag}, status=412)
        await scim.do("DELETE", address, headers={"If-Match": tag}, status=412)
    await scim.do("PUT", address, body, headers={"If-Match": 'W/"9", W/"1"'})
    await scim.do("PUT", address, {"userName": "amy"}, headers={"If-Match": "*"})
    await scim.do("DELETE", address, headers={"If-Match": 'W/"3"'}, status=204)
    group = await scim.group("Staff")
    address = f"/Groups/{group['id']}"
    await scim.do("PUT", address, {"displayName": "x"}, headers={"If-Match": 'W/"2"'}, status=412)
    await scim.do("DELETE", address, headers={"If-Match": '"1"'}, status=204)


async def test_what_the_client_has_is_not_sent_again(scim: Scim) -> None:
    amy = await scim.user("amy")
    address = f"/Users/{amy['id']}"
    for tag in ('W/"1"', '"1"', 'W/"0", W/"1"', "*"):
        response = await scim.send("GET", address, headers={"If-None-Match": tag})
        assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", 'W/"1"')
    response = await scim.send("GET", address, headers={"If-None-Match": 'W/"2"'})
    assert response.status_code == 200


# What the service tells of itself


async def test_it_tells_what_it_can_do(scim: Scim) -> None:
    said = await scim.do("GET", "/ServiceProviderConfig")
    assert said["bulk"] == {"supported": True, "maxOperations": 20, "maxPayloadSize": 20_000}
    assert said["filter"] == {"supported": True, "maxResults": 100}
    assert said["meta"]["location"] == "http://gateway.test/scim/v2/aber/ServiceProviderConfig"
    said = await scim.do("GET", "/ResourceTypes")
    assert [each["endpoint"] for each in said["Resources"]] == ["/Users", "/Groups"]
    assert (await scim.do("GET", "/ResourceTypes/User"))["schemaExtensions"] == [
        {"schema": ENTERPRISE, "required": False},
        {"schema": LIBRARY, "required": False},
    ]
    said = await scim.do("GET", "/Schemas")
    assert [each["id"] for each in said["Resources"]] == [USER, ENTERPRISE, LIBRARY, GROUP]
    one = await scim.do("GET", f"/Schemas/{LIBRARY}")
    assert {each["name"] for each in one["attributes"]} >= {"barcode", "category", "expires", "affiliation"}
    assert one["meta"]["location"].endswith(f"/Schemas/{LIBRARY}")
    for path in ("/Schemas", "/ResourceTypes"):
        await scim.do("GET", path, params={"filter": 'id eq "x"'}, status=403)


async def test_settings_change_while_it_runs(scim: Scim) -> None:
    scim.door.replace(ScimSettings(members={"aber": ScimMember(page=1)}, base_url="https://library.example"))
    await scim.user("amy")
    said = await scim.do("POST", "/Users", {"userName": "ben"}, status=201)
    assert said["meta"]["location"].startswith("https://library.example/scim/v2/aber/Users/")
    assert len((await scim.do("GET", "/Users"))["Resources"]) == 1
    scim.door.replace(ScimSettings())
    await scim.do("GET", "/Users", status=404)
    scim.door.replace(SETTINGS)
    assert len((await scim.do("GET", "/Users"))["Resources"]) == 2


# Records


async def test_an_exchange_is_recorded_without_anybodys_name(scim: Scim, capsys: pytest.CaptureFixture[str]) -> None:
    amy = await scim.user("amy", name={"familyName": "Secretname"})
    await scim.do("GET", "/Users", params={"filter": 'userName eq "amy"'})
    await scim.do("PUT", f"/Users/{amy['id']}", {"userName": ""}, status=400)
    await scim.do("GET", "/Users/amy", status=404)
    await scim.do("GET", "/amy", status=404)
    await scim.as_("wrong").do("GET", "/Users", status=401)
    made, listed, bad, missing, nothing, nobody = scim.recorded.exchanges
    assert [each.verdict for each in scim.recorded.exchanges] == [
        Verdict.ANSWERED, Verdict.ANSWERED, Verdict.BAD_INPUT, Verdict.REFUSED, Verdict.REFUSED, Verdict.REFUSED,
    ]  # fmt: skip
    assert [getattr(each.request, "operation", None) for each in scim.recorded.exchanges] == [
        "scim.users.create", "scim.users.list", "scim.users.replace", "scim.users.get", None, None,
    ]  # fmt: skip
    assert (made.member, made.terminal, made.protocol) == ("aber", "api:entra", "scim")
    assert listed.bytes_in == b"GET /scim/v2/aber/Users"
    assert missing.bytes_in == b"GET /scim/v2/aber/Users/{id}"
    assert made.bytes_out.startswith(b"HTTP 201, ")
    assert bad.error == "400 invalidValue"
    assert (nothing.member, nobody.member) == ("aber", None)
    kept = "".join(f"{each.bytes_in} {each.bytes_out} {each.error}" for each in scim.recorded.exchanges)
    assert "amy" not in kept
    assert "Secretname" not in kept + capsys.readouterr().out
    assert len({each.id for each in scim.recorded.exchanges}) == 6


async def test_an_error_of_ours_is_one_answer_and_no_more(
    scim: Scim, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(*_: object) -> None:
        raise KeyError("Secretname")

    monkeypatch.setattr(scim.register, "person", broken)
    said = await scim.do("GET", "/Users/x", status=500)
    assert "Secretname" not in json.dumps(said)
    assert scim.recorded.exchanges[-1].verdict is Verdict.FAILED
    capsys.readouterr()
    assert (await scim.do("GET", "/Users"))["totalResults"] == 0


async def test_everything_below_its_address_is_the_doors(scim: Scim) -> None:
    assert [route.path for route in scim.door.routes()] == ["/scim/v2", "/scim/v2/{rest:path}"]


async def test_the_door_stands_before_an_application(scim: Scim) -> None:
    async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
        await Response("elsewhere")(scope, receive, send)

    front = httpx.ASGITransport(Front(scim.door.routes(), elsewhere))
    headers = {"Authorization": f"Bearer {ENTRA}"}
    async with httpx.AsyncClient(transport=front, base_url="http://gateway.test", headers=headers) as client:
        for method, path, status in (("GET", "/scim/v2/aber/Users", 200), ("DELETE", "/scim/v2/aber/Users", 405),
                                     ("GET", "/scim/v2/aber/Users/x/y", 404), ("GET", "/scim/v2", 404)):  # fmt: skip
            response = await client.request(method, path)
            assert (response.status_code, "schemas" in response.json()) == (status, True)
        assert (await client.get("/scim")).text == "elsewhere"
