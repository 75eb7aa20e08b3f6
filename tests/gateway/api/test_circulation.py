from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.gateway.api.conftest import ABER, Gateway

PATRON, PIN = ABER.patron_barcode(1), "1234"
ITEM = ABER.item_barcode(1)


async def lend(api: httpx.AsyncClient, item: str = ITEM, headers: dict[str, str] | None = None, **more: Any) -> Any:
    return await api.post("/v1/loans", json={"patron": PATRON, "item": item, **more}, headers=headers)


async def test_a_book_is_lent_renewed_and_taken_back(api: httpx.AsyncClient) -> None:
    lent = await lend(api, pin=PIN)
    assert lent.status_code == 201, lent.text
    loan = lent.json()["loan"]
    assert loan["item_barcode"] == ITEM

    again = await lend(api)
    assert (again.status_code, again.json()["code"]) == (409, "ALREADY_ON_LOAN_TO_PATRON")

    listed = (await api.get(f"/v1/patrons/{loan['patron_id']}/loans")).json()
    assert [each["id"] for each in listed["items"]] == [loan["id"]]

    back = await api.post("/v1/returns", json={"item": ITEM})
    assert (back.status_code, back.json()["loan"]["status"]) == (200, "returned")
    assert (await api.get("/v1/items", params={"barcode": ITEM})).json()["item"]["status"] == "AVAILABLE"


async def test_what_the_patron_has_already_is_renewed_where_that_was_asked_for(api: httpx.AsyncClient) -> None:
    body = {"patron": ABER.patron_barcode(2), "item": ABER.item_barcode(23), "renew_if_own": True}
    renewed = await api.post("/v1/loans", json=body)
    assert (renewed.status_code, renewed.json()["renewed"]) == (200, True), renewed.text


async def test_a_loan_is_undone(api: httpx.AsyncClient) -> None:
    loan = (await lend(api)).json()["loan"]
    undone = await api.post(f"/v1/loans/{loan['id']}/undo", json={"what": "loan"})
    assert undone.status_code == 200, undone.text
    assert undone.json()["loan"]["status"] == "undone"
    again = await api.post(f"/v1/loans/{loan['id']}/undo", json={"what": "loan"})
    assert (again.status_code, again.json()["code"]) == (409, "UNDO_NOT_POSSIBLE")


async def test_a_loan_from_another_systems_history_cannot_be_undone(api: httpx.AsyncClient) -> None:
    held = (await api.get("/v1/patrons", params={"identifier": ABER.patron_barcode(2)})).json()["patron"]["id"]
    loan = (await api.get(f"/v1/patrons/{held}/loans")).json()["items"][0]
    undone = await api.post(f"/v1/loans/{loan['id']}/undo", json={"what": "loan"})
    assert (undone.status_code, undone.json()["params"]) == (409, {"kind": "history"})


async def test_a_return_is_undone(api: httpx.AsyncClient) -> None:
    loan = (await lend(api)).json()["loan"]
    await api.post("/v1/returns", json={"item": ITEM})
    reopened = await api.post(f"/v1/loans/{loan['id']}/undo", json={"what": "return"})
    assert reopened.status_code == 200, reopened.text
    assert (reopened.json()["loan"]["status"], reopened.json()["loan"]["due"]) == ("open", loan["due"])


async def test_everything_a_patron_has_is_renewed_at_once(api: httpx.AsyncClient) -> None:
    patron = (await lend(api)).json()["loan"]["patron_id"]
    await lend(api, ABER.item_barcode(2))
    done = (await api.post(f"/v1/patrons/{patron}/renewals", json={})).json()
    assert len(done["renewed"]) + len(done["unrenewed"]) == 2


async def test_a_refusal_is_a_problem_with_a_code_and_words_in_two_languages(api: httpx.AsyncClient) -> None:
    refused = await lend(api, ABER.item_barcode(21))
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    problem = refused.json()
    assert problem["code"] == "ITEM_NOT_FOR_LOAN"
    assert problem["type"] == "/problems/item-not-for-loan"
    assert problem["detail"]
    assert problem["detail_cy"]
    assert problem["detail"] != problem["detail_cy"]


async def test_a_wrong_pin_shows_nothing(api: httpx.AsyncClient) -> None:
    refused = await api.post("/v1/authentications", json={"patron": PATRON, "pin": "9999"})
    assert (refused.status_code, refused.json()["code"]) == (403, "PATRON_AUTH_FAILED")
    assert PATRON not in refused.text
    let_in = await api.post("/v1/authentications", json={"patron": PATRON, "pin": PIN})
    assert (let_in.status_code, let_in.json()["pin_verified"]) == (200, True)


async def test_the_same_key_and_body_is_one_command(api: httpx.AsyncClient, gateway: Gateway) -> None:
    key = {"Idempotency-Key": "k1"}
    first = await lend(api, headers=key)
    await api.post("/v1/returns", json={"item": ITEM})
    again = await lend(api, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    # Only told again, not done again: the book is still on the shelf.
    assert (await api.get("/v1/items", params={"barcode": ITEM})).json()["item"]["status"] == "AVAILABLE"


async def test_the_same_key_with_another_body_or_operation_is_refused(api: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "k1"}
    await lend(api, headers=key)
    other_body = await lend(api, ABER.item_barcode(2), headers=key)
    assert (other_body.status_code, other_body.json()["code"]) == (409, "CONFLICT")
    other_operation = await api.post("/v1/returns", json={"item": ITEM}, headers=key)
    assert (other_operation.status_code, other_operation.json()["params"]["kind"]) == (409, "key_reused")


async def test_two_with_the_same_key_at_once_are_one_command(api: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "k1"}
    first, second = await asyncio.gather(lend(api, headers=key), lend(api, headers=key))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert first.status_code == 201


async def test_a_key_belongs_to_one_member(api: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "k1"}
    assert (await api.post("/v1/returns", json={"item": ITEM}, headers=key)).status_code == 200
    elsewhere = await other.post("/v1/returns", json={"item": ITEM}, headers=key)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "ITEM_NOT_FOUND")


async def test_it_happens_where_the_request_says(api: httpx.AsyncClient) -> None:
    branch = {"Gateway-Location": ABER.first_branch}
    lent = await lend(api, headers=branch)
    assert (lent.status_code, lent.json()["loan"]["loan_location"]) == (201, ABER.first_branch)
    nowhere = await lend(api, ABER.item_barcode(2), headers={"Gateway-Location": "NOWHERE"})
    assert (nowhere.status_code, nowhere.json()["code"]) == (403, "DESK_NOT_ALLOWED")


async def test_an_offline_loan_needs_no_pin_and_keeps_its_dates(api: httpx.AsyncClient) -> None:
    due = "2027-03-01T12:00:00Z"
    lent = await lend(api, offline=True, happened_at="2026-11-20T09:00:00+01:00", due=due)
    assert lent.status_code in (201, 202), lent.text
    assert lent.json()["loan"]["loaned_at"] == "2026-11-20T08:00:00Z"
    assert lent.json()["loan"]["due"] == due
