from __future__ import annotations

import httpx

from tests.gateway.api.conftest import ABER


async def patron_id(api: httpx.AsyncClient, number: int) -> str:
    found = await api.get("/v1/patrons", params={"identifier": ABER.patron_barcode(number)})
    assert found.status_code == 200, found.text
    return found.json()["patron"]["id"]


async def test_a_patron_is_found_by_barcode_and_read_by_id(api: httpx.AsyncClient) -> None:
    found = (await api.get("/v1/patrons", params={"identifier": ABER.patron_barcode(8)})).json()["patron"]
    read = (await api.get(f"/v1/patrons/{found['id']}")).json()["patron"]
    assert read == found
    assert any(letter in found["name"]["display"].lower() for letter in "ŵŷ")


async def test_the_account_has_all_three_lists(api: httpx.AsyncClient) -> None:
    account = (await api.get(f"/v1/patrons/{await patron_id(api, 2)}/account")).json()
    assert len(account["loans"]) == 2
    assert sum(loan["overdue"] for loan in account["loans"]) == 1
    assert account["holds"] == []


async def test_a_charge_is_paid_in_two_parts_and_no_more(api: httpx.AsyncClient) -> None:
    patron = await patron_id(api, 10)

    async def pay(amount: str, currency: str = "GBP", **more: str) -> httpx.Response:
        body = {"patron_id": patron, "amount": {"amount": amount, "currency": currency}, **more}
        return await api.post("/v1/payments", json=body)

    first = await pay("1.00", external_ref="till-1")
    assert (first.status_code, first.json()["balance"]["amount"]) == (201, "1.50")
    again = await pay("1.00", external_ref="till-1")
    assert (again.status_code, again.json()["balance"]["amount"], again.json()["duplicate"]) == (200, "1.50", True)
    too_much = await pay("1.51")
    assert (too_much.status_code, too_much.json()["code"]) == (422, "PAYMENT_EXCEEDS_BALANCE")
    euros = await pay("1.00", "EUR")
    assert (euros.status_code, euros.json()["code"]) == (422, "PAYMENT_WRONG_CURRENCY")
    nothing = await pay("0")
    assert (nothing.status_code, nothing.json()["code"]) == (422, "PAYMENT_INVALID_AMOUNT")
    too_fine = await pay("0.001")
    assert (too_fine.status_code, too_fine.json()["code"]) == (422, "PAYMENT_INVALID_AMOUNT")
    rest = await pay("1.50")
    assert (rest.status_code, rest.json()["balance"]["amount"]) == (201, "0.00")
    assert (await api.get(f"/v1/patrons/{patron}/fees")).json() == {"items": [], "next": None}


async def test_a_charge_is_made_and_waived(api: httpx.AsyncClient) -> None:
    body = {
        "patron": ABER.patron_barcode(1),
        "type": "DAMAGE",
        "amount": {"amount": "4.00", "currency": "GBP"},
        "description": "Coffee on the cover",
    }
    made = await api.post("/v1/fees", json=body)
    assert made.status_code == 201, made.text
    path = f"/v1/fees/{made.json()['fee']['id']}/waivers"
    part = await api.post(path, json={"amount": {"amount": "1.00", "currency": "GBP"}})
    assert part.json()["fee"]["balance"]["amount"] == "3.00"
    rest = await api.post(path, json={"reason": "Goodwill"})
    assert rest.json()["fee"]["balance"]["amount"] == "0.00"


async def test_a_patron_is_blocked_and_let_go(api: httpx.AsyncClient) -> None:
    patron = await patron_id(api, 1)
    blocked = await api.post(f"/v1/patrons/{patron}/blocks", json={"reason": "CARD_LOST", "text": "Left behind"})
    assert blocked.status_code == 201, blocked.text
    (block,) = (each for each in blocked.json()["patron"]["blocks"] if each["reason"] == "CARD_LOST")
    lift = f"/v1/patrons/{patron}/blocks/{block['id']}"
    assert (await api.delete(lift)).json()["patron"]["blocks"] == []
    assert (await api.delete(lift)).json()["code"] == "BLOCK_NOT_FOUND"
    await api.post(f"/v1/patrons/{patron}/blocks", json={})
    assert (await api.delete(f"/v1/patrons/{patron}/blocks")).json()["patron"]["blocks"] == []


async def test_a_hold_is_placed_changed_and_cancelled(api: httpx.AsyncClient) -> None:
    bib = (await api.get("/v1/items", params={"barcode": ABER.item_barcode(22)})).json()["item"]["bib_id"]
    body = {"patron": ABER.patron_barcode(1), "bib_id": bib, "pickup_location": ABER.main_location}
    placed = await api.post("/v1/holds", json=body)
    assert placed.status_code == 201, placed.text
    hold = placed.json()["hold"]
    assert (await api.post("/v1/holds", json=body)).json()["code"] == "DUPLICATE_HOLD"
    moved = await api.patch(f"/v1/holds/{hold['id']}", json={"pickup_location": ABER.first_branch})
    assert moved.json()["hold"]["pickup_location"] == ABER.first_branch, moved.text
    wrong = await api.patch(f"/v1/holds/{hold['id']}", json={"pickup_location": "MOON"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "PICKUP_INVALID")
    cancelled = await api.delete(f"/v1/holds/{hold['id']}", params={"reason": "Not needed"})
    assert cancelled.json()["hold"]["status"] == "CANCELLED"
    listed = (await api.get(f"/v1/patrons/{hold['patron_id']}/holds")).json()["items"]
    assert hold["id"] not in [each["id"] for each in listed]


async def test_an_item_keeps_what_is_put_on_it(api: httpx.AsyncClient) -> None:
    item = (await api.get("/v1/items", params={"barcode": ABER.item_barcode(1)})).json()["item"]
    changed = (await api.patch(f"/v1/items/{item['id']}", json={"properties": "cover torn"})).json()["item"]
    assert changed == {**item, "properties": "cover torn", "changed_at": changed["changed_at"]}
