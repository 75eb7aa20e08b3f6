"""A key of one member sees nothing of another, on any operation that takes an id or an identifier."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.gateway.api.conftest import ABER, BANGOR, Gateway

FOREIGN_PATRON, FOREIGN_ITEM = BANGOR.patron_barcode(2), BANGOR.item_barcode(1)
OWN_PATRON, OWN_ITEM = ABER.patron_barcode(1), ABER.item_barcode(1)

# Bodies that would do it, were the ids one's own.
BODIES: dict[str, dict[str, Any]] = {
    "loan_undo": {"what": "loan"},
    "patron_authenticate": {"patron": FOREIGN_PATRON, "pin": "1234"},
    "loan_create": {"patron": OWN_PATRON, "item": FOREIGN_ITEM},
    "loan_return": {"item": FOREIGN_ITEM},
    "loan_renew_of_patron": {"patron": FOREIGN_PATRON, "item": FOREIGN_ITEM},
    "hold_place": {"patron": FOREIGN_PATRON, "item": OWN_ITEM, "level": "item"},
    "fee_create": {"patron": FOREIGN_PATRON, "type": "DAMAGE", "amount": {"amount": "1.00", "currency": "GBP"}},
    "fee_pay": {"patron": FOREIGN_PATRON, "amount": {"amount": "1.00", "currency": "GBP"}},
    "item_update": {"properties": "x"},
    "ill_accept": {"patron": FOREIGN_PATRON, "external_ref": "r"},
    "item_create": {"bib_id": "not-here"},
}
FOREIGN_REFERENCE = "reshare:4711"
# These name nobody: what they list is compared below.
LISTS = {
    "system_status", "capabilities", "config_list", "event_list", "conflict_list", "bib_changes", "bib_availability",
    "ill_note",
}  # fmt: skip


async def foreign_ids(client: httpx.AsyncClient) -> dict[str, str]:
    """Ids of another member, made unlike any of this member's where the demo uses the same in both."""
    patron = (await client.get("/v1/patrons", params={"identifier": FOREIGN_PATRON})).json()["patron"]["id"]
    account = (await client.get(f"/v1/patrons/{patron}/account")).json()
    charge = {"patron": BANGOR.patron_barcode(1), "type": "OTHER", "amount": {"amount": "1.00", "currency": "GBP"}}
    hold = {
        "patron": BANGOR.patron_barcode(1),
        "item": BANGOR.item_barcode(22),
        "level": "item",
        "external_ref": FOREIGN_REFERENCE,
    }
    block = await client.post(f"/v1/patrons/{patron}/blocks", json={})
    lent = await client.post("/v1/loans", json={"patron": BANGOR.patron_barcode(1), "item": BANGOR.item_barcode(2)})
    assert account["loans"]
    return {
        "loan_id": lent.json()["loan"]["id"],
        "fee_id": (await client.post("/v1/fees", json=charge)).json()["fee"]["id"],
        "hold_id": (await client.post("/v1/holds", json=hold)).json()["hold"]["id"],
        "block_id": block.json()["patron"]["blocks"][-1]["id"],
    }


async def test_no_operation_reaches_another_members_ids(
    gateway: Gateway, api: httpx.AsyncClient, other: httpx.AsyncClient
) -> None:
    ids = await foreign_ids(other)
    before = (await other.get("/v1/events", params={"limit": 200})).json()
    own = (await api.get("/v1/patrons", params={"identifier": OWN_PATRON})).json()["patron"]["id"]
    tried: set[str] = set()
    for path, methods in gateway.app.openapi()["paths"].items():
        for method, operation in methods.items():
            name = operation["operationId"]
            if not path.startswith("/v1") or name in LISTS:
                continue
            # Patrons, items and titles have the same ids in every demo member; what names them is tried by barcode.
            named = re.findall(r"{(\w+)}", path)
            if named and not set(named) & ids.keys():
                continue
            filled = path.format(**{**dict.fromkeys(named, own), **ids})
            params = {"identifier": FOREIGN_PATRON, "barcode": FOREIGN_ITEM, "external_ref": FOREIGN_REFERENCE}
            wanted = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
            answer = await api.request(
                method,
                filled,
                params={each: value for each, value in params.items() if each in wanted},
                json=BODIES.get(name, {}) if "requestBody" in operation else None,
            )
            assert answer.status_code == 404, (name, answer.text)
            assert answer.json()["code"].endswith("_NOT_FOUND"), (name, answer.text)
            tried.add(name)
    assert len(tried) >= 15
    assert (await other.get("/v1/events", params={"limit": 200})).json() == before


@pytest.mark.parametrize("path", ["/v1/events", "/v1/config/locations", "/v1/conflicts?include_resolved=true"])
async def test_lists_are_of_one_member(api: httpx.AsyncClient, other: httpx.AsyncClient, path: str) -> None:
    kiosk_loan = {"patron": ABER.patron_barcode(4), "item": ABER.item_barcode(3), "offline": True}
    await api.post("/v1/loans", json=kiosk_loan)
    ours, theirs = [(await client.get(path)).json()["items"] for client in (api, other)]
    assert ours
    assert not [row for row in ours if row in theirs]


async def test_a_note_reaches_no_other_members_hold(
    gateway: Gateway, api: httpx.AsyncClient, other: httpx.AsyncClient
) -> None:
    ids = await foreign_ids(other)
    note = {"step": "shipped", "external_ref": FOREIGN_REFERENCE, "item": FOREIGN_ITEM}
    noted = await api.post("/v1/interlibrary-loans/notes", json=note)
    assert (noted.status_code, noted.json()["item"], noted.json()["hold"]) == (200, None, None)
    assert (await other.get(f"/v1/holds/{ids['hold_id']}")).json()["hold"]["status"] == "PENDING"
