"""Conversations of a kiosk with a library: what is said on the wire, and what is true afterwards."""

from __future__ import annotations

from tests.gateway.adapters.sip2.library import (
    Library,
    checkin,
    checkout,
    information,
    item,
    item_information,
    patron,
)


async def test_a_kiosk_borrows_and_returns_a_book(library: Library) -> None:
    kiosk = await library.kiosk()
    status = await kiosk.ask("9900802.00")
    assert status.code == "98"
    assert status.fixed["online_status"] == "Y"
    assert status.get("AM") == "Aberystwyth University"
    assert (await kiosk.ask(item_information(item(1)))).fixed["circulation_status"] == "03"
    lent = await kiosk.ask(checkout(patron(1), item(1)))
    assert (lent.fixed["ok"], lent.fixed["desensitize"], lent.fixed["renewal_ok"]) == ("1", "Y", "N")
    assert (await kiosk.ask(item_information(item(1)))).fixed["circulation_status"] == "04"
    account = await kiosk.ask(information(patron(1), summary="  Y"))
    assert account.fixed["charged_items_count"] == "0001"
    assert account.get_all("AU") == [item(1)]
    returned = await kiosk.ask(checkin(item(1)))
    assert (returned.fixed["ok"], returned.fixed["resensitize"], returned.fixed["alert"]) == ("1", "Y", "N")
    assert returned.get("AA") == patron(1)
    assert (await kiosk.ask(item_information(item(1)))).fixed["circulation_status"] == "03"
