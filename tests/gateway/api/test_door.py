"""What every operation has in common: keys, scopes, malformed input, pages, ETags, languages, records."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal, RefusalCode
from gateway.canonical.vocabulary import Permission
from gateway.config import Config
from gateway.exchanges.model import Verdict
from tests.gateway.api.conftest import ABER, BANGOR, Gateway

ITEM = ABER.item_barcode(1)


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Bearer", "Basic ZGVtbw==", f"Token {ABER.api_key}"])
async def test_without_a_valid_key_there_is_nothing(gateway: Gateway, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    async with gateway.client(None) as client:
        for path in ("/v1/status", "/v1/items?barcode=1", "/v1/patrons/1"):
            answer = await client.get(path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "TERMINAL_AUTH_FAILED")
            assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_key_comes_before_the_body(gateway: Gateway) -> None:
    async with gateway.client(None) as client:
        answer = await client.post("/v1/loans", content=b"{", headers={"Content-Type": "application/json"})
        assert answer.status_code == 401


async def test_a_scope_that_is_missing_is_forbidden(gateway: Gateway) -> None:
    key = {"name": "reader", "sha256": hashlib.sha256(b"k").hexdigest(), "scopes": [Permission.ITEM_READ.value]}
    config = gateway.config
    member = config.members[ABER.code]
    reader = type(member.api_keys[0]).model_validate(key)
    changed = member.model_copy(update={"api_keys": (*member.api_keys, reader)})
    gateway.members.replace(config.model_copy(update={"members": {**config.members, ABER.code: changed}}))
    async with gateway.client("k") as client:
        assert (await client.get("/v1/items", params={"barcode": ITEM})).status_code == 200
        for answer in (
            await client.get("/v1/patrons", params={"identifier": ABER.patron_barcode(1)}),
            await client.post("/v1/returns", json={"item": ITEM}),
            await client.get("/v1/events"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "TERMINAL_FORBIDDEN")


MALFORMED: list[tuple[str, Any]] = [
    ("no item", {"patron": "1"}),
    ("both names", {"patron": "1", "patron_id": "p", "item": "2"}),
    ("null", {"patron": None, "item": "2"}),
    ("unknown member", {"patron": "1", "item": "2", "colour": "red"}),
    ("number for text", {"patron": 1, "item": "2"}),
    ("text for flag", {"patron": "1", "item": "2", "offline": "true"}),
    ("number for flag", {"patron": "1", "item": "2", "offline": 1}),
    ("number for instant", {"patron": "1", "item": "2", "due": 1700000000}),
    ("instant without offset", {"patron": "1", "item": "2", "due": "2026-11-23T10:00:00"}),
    ("empty", {"patron": "", "item": "2"}),
    ("NUL", {"patron": "1\0", "item": "2"}),
    ("too long", {"patron": "1" * 201, "item": "2"}),
    ("a list", [1]),
    ("a word", "loan"),
]


@pytest.mark.parametrize(("what", "body"), MALFORMED, ids=[what for what, _ in MALFORMED])
async def test_malformed_bodies_say_where(api: httpx.AsyncClient, what: str, body: Any) -> None:
    answer = await api.post("/v1/loans", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")
    assert answer.json()["errors"][0]["place"].startswith("body")


NOT_JSON = [b"{", b"\xff\xfe", b"[" * 20_000, b'{"patron": "\\ud800", "item": "1"}', b"NaN", b""]


@pytest.mark.parametrize("content", NOT_JSON)
async def test_what_is_not_json_is_a_bad_request(api: httpx.AsyncClient, content: bytes) -> None:
    answer = await api.post("/v1/loans", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")


async def test_an_unknown_parameter_is_not_overlooked(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/conflicts", params={"include_resolve": "true"})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"place": "query.include_resolve", "message": "There is no such parameter"}]


async def test_a_pin_is_never_repeated(api: httpx.AsyncClient) -> None:
    answer = await api.post("/v1/authentications", json={"patron": 1, "pin": "7351-secret", "x": "7351-secret"})
    assert answer.status_code == 400
    assert "7351-secret" not in answer.text


async def test_an_implausible_date_is_a_refusal(api: httpx.AsyncClient) -> None:
    body = {"item": ITEM, "returned_at": "0001-01-01T00:00:00+14:00"}
    answer = await api.post("/v1/returns", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_DATE")


async def _chunks() -> AsyncIterator[bytes]:
    for _ in range(32):
        yield b" " * (1 << 16)


async def test_http_has_its_own_noes(api: httpx.AsyncClient) -> None:
    unknown = await api.get("/v1/nothing")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "NO_SUCH_PATH")
    method = await api.put("/v1/loans", json={})
    assert (method.status_code, method.json()["code"], method.headers["allow"]) == (405, "METHOD_NOT_ALLOWED", "POST")
    several = await api.post("/v1/items/1", json={})
    assert (several.status_code, several.headers["allow"]) == (405, "DELETE, GET, PATCH")
    kind = await api.post("/v1/loans", content=b"a=b", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert (kind.status_code, kind.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    large = await api.post("/v1/loans", content=b" " * (1 << 21), headers={"Content-Type": "application/json"})
    assert (large.status_code, large.json()["code"]) == (413, "CONTENT_TOO_LARGE")
    unannounced = await api.post("/v1/loans", content=_chunks(), headers={"Content-Type": "application/json"})
    assert (unannounced.status_code, unannounced.json()["code"]) == (413, "CONTENT_TOO_LARGE")
    for answer in (unknown, method, kind, large, unannounced):
        assert answer.headers["content-type"] == "application/problem+json"


async def test_an_unforeseen_error_shows_nothing_of_itself(
    api: httpx.AsyncClient, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def explode(*_: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(gateway.desk, "perform", explode)
    answer = await api.get("/v1/items", params={"barcode": ITEM})
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL_ERROR")
    assert "secret" not in answer.text
    assert gateway.recorded.exchanges[-1].verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (FailureCode.UPSTREAM_TIMEOUT, 504),
        (FailureCode.UPSTREAM_THROTTLED, 503),
        (FailureCode.UPSTREAM_ERROR, 502),
    ],
)
async def test_a_failure_says_whether_the_outcome_is_known(
    api: httpx.AsyncClient, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, code: FailureCode, status: int
) -> None:
    async def fail(*_: Any) -> None:
        raise PlatformFailure(code, "inside", outcome_unknown=True, retry_after=1.2)

    monkeypatch.setattr(gateway.desk, "perform", fail)
    answer = await api.post("/v1/returns", json={"item": ITEM})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["params"] == {"outcome_unknown": True}
    assert answer.headers["retry-after"] == "2"
    assert "inside" not in answer.text


async def test_pages_follow_each_other_to_the_end(api: httpx.AsyncClient) -> None:
    whole = (await api.get("/v1/bib-changes", params={"limit": 200})).json()["items"]
    seen: list[Any] = []
    path: str | None = "/v1/bib-changes?limit=70"
    while path and len(seen) < 200:
        page = await api.get(path)
        seen += page.json()["items"]
        assert ('rel="next"' in page.headers.get("link", "")) is (page.json()["next"] is not None)
        path = page.headers["link"].partition(">")[0].removeprefix("<") if "link" in page.headers else None
    assert seen[:200] == whole


async def test_a_follower_goes_on_where_it_stopped(api: httpx.AsyncClient) -> None:
    first = (await api.get("/v1/events", params={"limit": 2})).json()["items"]
    behind = (await api.get("/v1/events", params={"limit": 2, "after": first[0]["sequence"]})).json()["items"]
    assert behind[0] == first[1]


async def test_a_list_that_is_at_hand_whole_is_paged_too(api: httpx.AsyncClient) -> None:
    whole = (await api.get("/v1/config/loan_rules", params={"limit": 200})).json()["items"]
    first = (await api.get("/v1/config/loan_rules", params={"limit": 1})).json()
    second = (await api.get("/v1/config/loan_rules", params={"limit": 1, "cursor": first["next"]})).json()
    assert [*first["items"], *second["items"]] == whole[:2]


async def test_a_cursor_opens_only_its_own_list(api: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    cursor = (await api.get("/v1/bib-changes", params={"limit": 1})).json()["next"]
    assert (await api.get("/v1/bib-changes", params={"limit": 9, "cursor": cursor})).status_code == 200
    tampered = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    for client, path, sent in (
        (other, "/v1/bib-changes", cursor),
        (api, "/v1/events", cursor),
        (api, "/v1/bib-changes?after=1", cursor),
        (api, "/v1/bib-changes", tampered),
        (api, "/v1/bib-changes", "x"),
        (api, "/v1/bib-changes", "£"),
    ):
        answer = await client.get(path, params={**dict(httpx.URL(path).params), "cursor": sent})
        assert (answer.status_code, answer.json()["params"]) == (400, {"parameter": "cursor"})


@pytest.mark.parametrize("path", [f"/v1/items?barcode={ITEM}", f"/v1/patrons?identifier={ABER.patron_barcode(1)}"])
async def test_an_answer_the_client_has_is_not_sent_again(api: httpx.AsyncClient, path: str) -> None:
    first = await api.get(path)
    again = await api.get(path, headers={"If-None-Match": f'"x", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    changed = await api.get(path, headers={"If-None-Match": '"x"'})
    assert changed.status_code == 200


async def test_nothing_of_a_patron_is_kept_by_caches(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/patrons", params={"identifier": ABER.patron_barcode(1)})
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("accept", "language"),
    [("cy", "cy"), ("en", "en"), ("cy-GB, en;q=0.5", "cy"), ("en;q=0.4, cy;q=0.3", "en"), (";;q=x", "en")],
)
async def test_messages_come_in_the_clients_language(api: httpx.AsyncClient, accept: str, language: str) -> None:
    body = {"item": ABER.item_barcode(24)}
    answer = await api.post("/v1/returns", json=body, headers={"Accept-Language": accept})
    assert answer.headers["content-language"] == language


async def test_every_exchange_is_recorded_without_its_octets(api: httpx.AsyncClient, gateway: Gateway) -> None:
    await api.get("/v1/patrons", params={"identifier": ABER.patron_barcode(1)})
    await api.get("/v1/items", params={"barcode": "nothing"})
    await api.post("/v1/loans", json={})
    found, refused, bad = gateway.recorded.exchanges
    assert [each.verdict for each in (found, refused, bad)] == [Verdict.ANSWERED, Verdict.REFUSED, Verdict.BAD_INPUT]
    assert (found.member, found.terminal, found.protocol) == (ABER.code, "api:demo", "http")
    assert found.bytes_in == b"GET /v1/patrons"
    assert isinstance(refused.answer, Refusal)
    assert refused.answer.code is RefusalCode.ITEM_NOT_FOUND
    assert [call.operation for call in found.calls] == ["patron.get"]


async def test_a_tls_name_of_another_member_is_refused(gateway: Gateway, config: Config) -> None:
    member = config.members[BANGOR.code].model_copy(update={"tls_names": ("sip.bangor.test",)})
    gateway.members.replace(config.model_copy(update={"members": {**config.members, BANGOR.code: member}}))
    async with gateway.client() as client:
        assert (await client.get("http://sip.bangor.test/v1/status")).status_code == 401
        assert (await client.get("http://elsewhere.test/v1/status")).status_code == 200
