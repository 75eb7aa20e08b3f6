"""What brokers do kiosks see, and the other way round: NCIP and SIP2 on one store, each as a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.store.sqlite import SqliteStore
from library_protocols.ncip import SchemeValue
from library_protocols.ncip import messages as wire
from tests.gateway.adapters.ncip.responder import Responder, item, item_id, patron, request_id, type_of, user_id
from tests.gateway.adapters.sip2.library import Kiosk, checkin, checkout, information, item_information, open_library

PIECE = wire.ItemId(item_identifier_value="X-77")
STATUS = (SchemeValue("Circulation Status"),)


@pytest.fixture
async def kiosk(responder: Responder, tmp_path: Path) -> AsyncIterator[Kiosk]:
    store = SqliteStore(tmp_path / "store.sqlite3")
    await store.open()
    library = await open_library(responder.config, store, SystemClock())
    yield await library.kiosk()
    await library.close()
    await store.close()


async def status(responder: Responder, which: wire.ItemId) -> str:
    answer = await responder.ask(wire.LookupItem(item_id=which, item_element_type=STATUS))
    assert answer.problem == (), answer.problem
    return answer.item_optional_fields.circulation_status.value


async def test_what_a_broker_checked_out_a_kiosk_returns(responder: Responder, kiosk: Kiosk) -> None:
    lent = await responder.ask(wire.CheckOutItem(user_id=user_id(1), item_id=item_id(1)))
    assert lent.problem == (), lent.problem
    seen = await kiosk.ask(item_information(item(1)))
    assert seen.fixed["circulation_status"] == "04"
    account = await kiosk.ask(information(patron(1), summary="  Y"))
    assert any(item(1) in value for value in account.get_all("AU"))
    returned = await kiosk.ask(checkin(item(1)))
    assert returned.fixed["ok"] == "1"
    again = await responder.ask(wire.CheckInItem(item_id=item_id(1)))
    assert type_of(again) == "Item Not Checked Out"


async def test_what_a_kiosk_lent_a_broker_takes_back(responder: Responder, kiosk: Kiosk) -> None:
    assert (await kiosk.ask(checkout(patron(1), item(2)))).fixed["ok"] == "1"
    assert await status(responder, item_id(2)) == "On Loan"
    assert (await responder.ask(wire.CheckInItem(item_id=item_id(2)))).problem == ()
    assert (await kiosk.ask(item_information(item(2)))).fixed["circulation_status"] == "03"


async def test_a_hold_that_a_broker_placed_sets_off_the_kiosks_alert(responder: Responder, kiosk: Kiosk) -> None:
    wanted = wire.RequestItem(
        user_id=user_id(10),
        item_id=(item_id(23),),
        request_id=request_id("R-1"),
        request_type=SchemeValue("Hold"),
        request_scope_type=SchemeValue("Item"),
    )
    assert (await responder.ask(wanted)).problem == ()
    returned = await kiosk.ask(checkin(item(23)))
    assert (returned.fixed["ok"], returned.fixed["alert"], returned.get("CV")) == ("1", "Y", "01")


async def test_a_piece_from_elsewhere_is_lent_and_returned_at_a_kiosk(responder: Responder, kiosk: Kiosk) -> None:
    title = wire.BibliographicDescription(title="The Woodlanders")
    came = wire.AcceptItem(
        request_id=request_id("R-1"),
        requested_action_type=SchemeValue("Hold For Pickup"),
        user_id=user_id(1),
        item_id=PIECE,
        item_optional_fields=wire.ItemOptionalFields(bibliographic_description=title),
    )
    assert (await responder.ask(came)).problem == ()
    account = await kiosk.ask(information(patron(1), summary="Y"))
    assert account.fixed["hold_items_count"] == "0001"
    assert (await kiosk.ask(checkout(patron(10), "X-77"))).fixed["ok"] == "0"
    lent = await kiosk.ask(checkout(patron(1), "X-77"))
    assert (lent.fixed["ok"], lent.get("AJ")) == ("1", "The Woodlanders")
    assert await status(responder, PIECE) == "On Loan"
    assert type_of(await responder.ask(wire.DeleteItem(item_id=PIECE))) == "Resource Cannot Be Provided"
    returned = await kiosk.ask(checkin("X-77"))
    assert (returned.fixed["ok"], returned.fixed["alert"], returned.get("CV")) == ("1", "Y", "03")
    late = await responder.ask(wire.CheckInItem(item_id=PIECE))
    assert type_of(late) == "Item Not Checked Out"
    assert (await responder.ask(wire.DeleteItem(item_id=PIECE))).problem == ()
    assert (await kiosk.ask(checkout(patron(1), "X-77", at="20261122    110000"))).fixed["ok"] == "0"
