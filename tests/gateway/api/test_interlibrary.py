"""What interlibrary loans need over HTTP: pieces that come and go, recalls, reports, notices, due dates wished for."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.gateway.api.conftest import ABER, Gateway

PATRON = ABER.patron_barcode(1)
REFERENCE = "reshare:4711"


def ahead(**by: float) -> str:
    return (datetime.now(UTC) + timedelta(**by)).replace(microsecond=0).isoformat().replace("+00:00", "Z")


async def arrive(api: httpx.AsyncClient, **more: Any) -> httpx.Response:
    body = {"patron": PATRON, "external_ref": REFERENCE, "item": "ill-4711", "words": {"title": "Hanes"}, **more}
    return await api.post("/v1/interlibrary-loans", json=body)


async def item_of(api: httpx.AsyncClient, number: int) -> dict[str, Any]:
    return (await api.get("/v1/items", params={"barcode": ABER.item_barcode(number)})).json()["item"]


async def test_a_piece_comes_is_lent_comes_back_and_goes(api: httpx.AsyncClient) -> None:
    back = ahead(days=20)
    come = await arrive(api, return_by=back, pickup_location=ABER.main_location)
    assert come.status_code == 201, come.text
    item, hold = come.json()["item"], come.json()["hold"]
    assert (item["temporary"], item["title"], item["return_by"]) == (True, "Hanes", back)
    assert (hold["status"], hold["item_barcode"], hold["external_ref"]) == ("READY", "ill-4711", REFERENCE)
    again = await arrive(api)
    assert (again.status_code, again.json()["params"]["kind"]) == (409, "reference")

    by_reference = await api.get("/v1/holds", params={"external_ref": REFERENCE})
    assert by_reference.json()["hold"] == hold
    known = {"If-None-Match": by_reference.headers["etag"]}
    assert (await api.get("/v1/holds", params={"external_ref": REFERENCE}, headers=known)).status_code == 304

    wish = {"desired_due": ahead(days=90), "desired_due_rule": "wins"}
    lent = await api.post("/v1/loans", json={"patron": PATRON, "item": "ill-4711", "external_ref": REFERENCE, **wish})
    assert lent.status_code == 201, lent.text
    assert (lent.json()["loan"]["due"], lent.json()["loan"]["external_ref"]) == (back, REFERENCE)
    ended = await api.get(f"/v1/holds/{hold['id']}")
    assert (ended.status_code, ended.json()["hold"]["status"]) == (200, "FILLED")

    path = f"/v1/items/{item['id']}"
    assert (await api.delete(path)).json()["code"] == "ITEM_UNAVAILABLE"
    returned = await api.post("/v1/returns", json={"item": "ill-4711"})
    assert returned.json()["routing"]["action"] == "ill_return"
    gone = await api.delete(path, params={"only_temporary": True})
    assert (gone.status_code, gone.json()["item"]["status"]) == (200, "WITHDRAWN"), gone.text
    assert (await api.get("/v1/items", params={"barcode": "ill-4711"})).status_code == 404


async def test_the_librarys_own_is_not_taken_for_temporary(api: httpx.AsyncClient) -> None:
    refused = await api.delete(f"/v1/items/{(await item_of(api, 1))['id']}", params={"only_temporary": True})
    assert (refused.status_code, refused.json()["params"]["kind"]) == (409, "permanent")


async def test_the_other_side_says_where_a_piece_is(api: httpx.AsyncClient) -> None:
    body = {"patron": PATRON, "item": ABER.item_barcode(22), "level": "item", "external_ref": REFERENCE}
    placed = await api.post("/v1/holds", json=body)
    assert (placed.status_code, placed.json()["hold"]["external_ref"]) == (201, REFERENCE), placed.text
    noted = await api.post("/v1/interlibrary-loans/notes", json={"step": "shipped", "external_ref": REFERENCE})
    assert noted.status_code == 200, noted.text
    assert noted.json()["hold"]["status"] == "IN_PROCESS"
    (event,) = (await api.get("/v1/events", params={"limit": 200})).json()["items"][-1:]
    assert (event["type"], event["data"]["external_ref"]) == ("ill.shipped", REFERENCE)


async def test_an_item_is_made_and_described(api: httpx.AsyncClient) -> None:
    words = {"title": "Hanes Cymru", "author": "Davies, John", "isbn": ["9780140284751"], "media_type": "book"}
    made = await api.post("/v1/items", json={"item": "new-1", "words": words, "restrictions": ["NO_RENEWALS"]})
    assert made.status_code == 201, made.text
    item = made.json()["item"]
    assert (item["barcode"], item["author"], item["restrictions"]) == ("new-1", "Davies, John", ["NO_RENEWALS"])
    taken = await api.post("/v1/items", json={"item": "new-1", "words": words})
    assert (taken.status_code, taken.json()["params"]["kind"]) == (409, "barcode")
    further = await api.post("/v1/items", json={"item": "new-1", "bib_id": item["bib_id"], "on_duplicate": "suffix"})
    assert (further.status_code, further.json()["item"]["barcode"]) == (201, "new-1-2")
    both = await api.post("/v1/items", json={"words": words, "bib_id": item["bib_id"]})
    assert both.json()["code"] == "BAD_REQUEST"

    path = f"/v1/items/{item['id']}"
    changed = await api.patch(path, json={"status": "IN_PROCESS", "call_number": "942.9", "cleared": ["restrictions"]})
    assert changed.status_code == 200, changed.text
    now = changed.json()["item"]
    assert (now["status"], now["call_number"], now["restrictions"]) == ("IN_PROCESS", "942.9", [])
    assert (await api.patch(path, json={"status": "ON_LOAN"})).json()["code"] == "BAD_REQUEST"


async def test_a_loan_is_recalled_and_the_recall_taken_back(api: httpx.AsyncClient) -> None:
    lent = (await api.post("/v1/loans", json={"patron": PATRON, "item": ABER.item_barcode(1)})).json()
    path = f"/v1/items/{lent['item']['id']}/recall"
    recalled = await api.post(path, json={})
    assert recalled.status_code == 200, recalled.text
    assert recalled.json()["item"]["status"] == "RECALLED"
    assert recalled.json()["loan"]["due"] < lent["loan"]["due"]
    cancelled = await api.delete(path)
    assert (cancelled.status_code, cancelled.json()["loan"]["due"]) == (200, lent["loan"]["due"])
    assert (await api.delete(path)).json()["code"] == "UNDO_NOT_POSSIBLE"
    on_the_shelf = await api.post(f"/v1/items/{(await item_of(api, 2))['id']}/recall", json={})
    assert (on_the_shelf.status_code, on_the_shelf.json()["code"]) == (404, "LOAN_NOT_FOUND")


@pytest.mark.parametrize(
    ("number", "body", "status"),
    [
        (23, {"reported_as": "returned", "patron": ABER.patron_barcode(2)}, "CLAIMED_RETURNED"),
        (23, {"reported_as": "never_borrowed"}, "CLAIMED_RETURNED"),
        (23, {"reported_as": "lost"}, "LOST"),
        (1, {"reported_as": "missing"}, "MISSING"),
    ],
)
async def test_what_is_said_of_an_item(api: httpx.AsyncClient, number: int, body: dict[str, str], status: str) -> None:
    reported = await api.post(f"/v1/items/{(await item_of(api, number))['id']}/reports", json=body)
    assert (reported.status_code, reported.json()["item"]["status"]) == (200, status), reported.text


async def test_only_the_borrower_claims_a_loan(api: httpx.AsyncClient) -> None:
    path = f"/v1/items/{(await item_of(api, 23))['id']}/reports"
    refused = await api.post(path, json={"reported_as": "returned", "patron": PATRON})
    assert refused.json()["code"] == "LOAN_OF_OTHER_PATRON"
    twice = await api.post(path, json={"reported_as": "returned", "patron": PATRON, "patron_id": "p"})
    assert twice.json()["code"] == "BAD_REQUEST"


async def test_a_notice_is_left_shown_and_taken_away(api: httpx.AsyncClient) -> None:
    patron = (await api.get("/v1/patrons", params={"identifier": PATRON})).json()["patron"]["id"]
    path = f"/v1/patrons/{patron}"
    left = await api.post(f"{path}/notices", json={"text": "Your book has come", "expires_at": ahead(days=3)})
    assert left.status_code == 201, left.text
    (notice,) = left.json()["patron"]["blocks"]
    assert (notice["reason"], notice["severity"], notice["text"]) == ("NOTICE", "trap", "Your book has come")
    assert (await api.delete(f"{path}/blocks")).json()["patron"]["blocks"] == [notice]
    assert (await api.delete(f"{path}/blocks/{notice['id']}")).json()["patron"]["blocks"] == []
    past = await api.post(f"{path}/notices", json={"text": "Too late", "expires_at": "2001-01-01T00:00:00Z"})
    assert (past.status_code, past.json()["code"]) == (422, "INVALID_DATE")


async def test_a_renewal_ends_when_it_is_wished_to(api: httpx.AsyncClient) -> None:
    loan = (await api.post("/v1/loans", json={"patron": PATRON, "item": ABER.item_barcode(1)})).json()["loan"]
    wish = {"patron": PATRON, "item": ABER.item_barcode(1), "desired_due": ahead(days=200), "desired_due_rule": "wins"}
    renewed = await api.post("/v1/renewals", json=wish)
    assert (renewed.status_code, renewed.json()["loan"]["due"]) == (200, wish["desired_due"]), renewed.text
    past = {"desired_due": ahead(days=-1), "desired_due_rule": "earlier"}
    refused = await api.post(f"/v1/loans/{loan['id']}/renewals", json=past)
    assert (refused.status_code, refused.json()["code"]) == (422, "INVALID_DATE"), refused.text
    later = {"desired_due": ahead(days=201), "desired_due_rule": "wins"}
    longest = await api.post(f"/v1/loans/{loan['id']}/renewals", json=later)
    assert longest.json()["loan"]["due"] == later["desired_due"]


async def test_a_reference_is_one_charge(api: httpx.AsyncClient) -> None:
    body = {
        "patron": PATRON,
        "type": "ILL",
        "amount": {"amount": "5.00", "currency": "GBP"},
        "external_ref": REFERENCE,
    }
    first, again = await api.post("/v1/fees", json=body), await api.post("/v1/fees", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {**first.json(), "duplicate": True}
    other = await api.post("/v1/fees", json={**body, "type": "OTHER"})
    assert (other.status_code, other.json()["params"]) == (409, {"kind": "reference"})


SCOPED: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/v1/items", {"words": {"title": "x"}}),
    ("DELETE", "/v1/items/i1", {}),
    ("POST", "/v1/items/i1/reports", {"reported_as": "lost"}),
    ("POST", "/v1/items/i1/recall", {}),
    ("DELETE", "/v1/items/i1/recall", {}),
    ("POST", "/v1/interlibrary-loans", {"external_ref": "r"}),
    ("POST", "/v1/interlibrary-loans/notes", {"step": "shipped"}),
    ("POST", "/v1/patrons/p1/notices", {"text": "x"}),
    ("GET", "/v1/holds/h1", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), SCOPED)
async def test_each_needs_its_scope(gateway: Gateway, method: str, path: str, body: dict[str, Any]) -> None:
    key = {"name": "reader", "sha256": hashlib.sha256(b"k").hexdigest(), "scopes": ["item_read"]}
    member = gateway.config.members[ABER.code]
    reader = type(member.api_keys[0]).model_validate(key)
    changed = member.model_copy(update={"api_keys": (*member.api_keys, reader)})
    gateway.members.replace(
        gateway.config.model_copy(update={"members": {**gateway.config.members, ABER.code: changed}})
    )
    async with gateway.client("k") as client:
        answer = await client.request(method, path, json=body if method == "POST" else None)
    assert (answer.status_code, answer.json()["code"]) == (403, "TERMINAL_FORBIDDEN")
