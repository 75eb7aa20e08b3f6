"""Whole interlibrary loans, from both sides, through the codec down to the reference platform and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.entities import Hold, Item
from gateway.canonical.outcomes import EventsOutcome
from gateway.canonical.refusals import Refusal
from gateway.canonical.vocabulary import Permission
from library_protocols.ncip import NCIP_1_0, NCIP_2_02, Dialect, SchemeValue, parse_datetime
from library_protocols.ncip import messages as wire
from tests.conftest import SHARED
from tests.gateway.adapters.ncip.responder import (
    Open,
    Responder,
    item,
    item_id,
    patron,
    problem_of,
    request_id,
    type_of,
    user_id,
)
from tests.protocols.ncip.schemas import FOLDER, Schema, load_dtd, load_xsd

PIECE = wire.ItemId(agency_id=SchemeValue("LENDER"), item_identifier_value="X-77")
STANDS_IN = patron(10)
THEIRS = wire.UserId(agency_id=SchemeValue("FAR-AWAY"), user_identifier_value="X9")
HOLD, BIB = SchemeValue("Hold"), SchemeValue("Bibliographic Item")
STATUS = (SchemeValue("Circulation Status"), SchemeValue("Bibliographic Description"))

BOTH = pytest.mark.parametrize("dialect", [NCIP_1_0, NCIP_2_02], ids=["v1", "v2"])


@pytest.fixture(scope="session")
def schemas() -> dict[int, Schema]:
    """The official schemas by generation, where they are present."""
    folder = SHARED / "data" / FOLDER
    if not folder.exists():
        return {}
    return {1: load_dtd(folder / "ncip1/ncip_v1_0.dtd"), 2: load_xsd(folder / "ncip2/ncip_v2_02.xsd")}


@pytest.fixture(autouse=True)
def valid(schemas: dict[int, Schema], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every answer of a story is valid against the schema of its version; extensions have schemas of their own."""
    told = Responder.octets

    async def judged(self: Responder, document: bytes, **more: Any) -> bytes:
        octets = await told(self, document, **more)
        schema = schemas.get(1 if b"v1_0" in octets[:400] else 2)
        if schema is not None and b"RenewAllItem" not in octets:
            assert schema.complaint(octets) == ""
        return octets

    monkeypatch.setattr(Responder, "octets", judged)


def days(number: int) -> str:
    return (datetime.now(UTC) + timedelta(days=number)).strftime("%Y-%m-%dT12:00:00Z")


def accept(number: int = 1, **more: Any) -> wire.AcceptItem:
    fields = wire.ItemOptionalFields(
        bibliographic_description=wire.BibliographicDescription(author="Hardy, Thomas", title="The Woodlanders"),
        item_description=wire.ItemDescription(call_number="PR4750"),
    )
    known: dict[str, Any] = {"request_id": request_id("R-1"), "user_id": user_id(number), "item_id": PIECE}
    known |= {"requested_action_type": SchemeValue("Hold For Pickup And Notify"), "item_optional_fields": fields}
    known["date_for_return"] = days(60)
    return wire.AcceptItem(**(known | more))


def check_out(number: int = 1, **more: Any) -> wire.CheckOutItem:
    known: dict[str, Any] = {"user_id": user_id(number), "item_id": PIECE, "request_id": request_id("R-1")}
    return wire.CheckOutItem(**(known | more))


async def the_item(responder: Responder, barcode: str) -> Item:
    return (await responder.desk_says(req.ItemGet(item=barcode))).item


async def the_hold(responder: Responder, reference: str = "R-1") -> Hold:
    return (await responder.desk_says(req.HoldGet(external_ref=f"ncip:broker:{reference}"))).hold


async def what_happened(responder: Responder) -> list[str]:
    """Types of the events that the peer's messages have led to."""
    peer = responder.peers.find("aber", "broker")
    assert peer is not None
    staff = replace(peer.context(), permissions=frozenset({Permission.STAFF}))
    seen = await responder.desk.perform(staff, req.EventList(limit=1000))
    assert isinstance(seen, EventsOutcome)
    return [one.type for one in seen.events if one.terminal == "ncip:broker"]


async def is_unknown(responder: Responder, barcode: str) -> bool:
    peer = responder.peers.find("aber", "broker")
    assert peer is not None
    return isinstance(await responder.desk.perform(peer.context(), req.ItemGet(item=barcode)), Refusal)


@BOTH
async def test_a_library_borrows(node: Open, dialect: Dialect) -> None:
    """A piece comes, waits for its reader and nobody else, is lent, renewed, recalled, brought back and goes home."""
    responder: Responder = await node(peer={"due_date": "wins"})
    ask = partial(responder.ask, dialect=dialect)
    answer = await ask(accept())
    assert answer.problem == (), answer.problem
    assert answer.request_id.request_identifier_value == "R-1"
    assert answer.item_id.item_identifier_value == "X-77"
    assert ((await the_item(responder, "X-77")).status, (await the_hold(responder)).status) == (
        "ON_HOLD_SHELF", "READY")  # fmt: skip

    again = await ask(accept())
    assert again.item_id == answer.item_id
    assert again.problem == ()

    other = await ask(check_out(10))
    assert type_of(other) == "Resource Cannot Be Provided"

    lent = await ask(check_out(desired_date_due=days(20), item_element_type=STATUS))
    assert lent.problem == (), lent.problem
    assert parse_datetime(lent.date_due) == parse_datetime(days(20))
    assert lent.item_optional_fields.circulation_status.value == "On Loan"
    assert lent.item_optional_fields.bibliographic_description.title == "The Woodlanders"
    assert lent.user_id.user_identifier_value == patron(1)
    assert (await the_hold(responder)).status == "FILLED"

    renewed = await ask(wire.RenewItem(user_id=user_id(1), item_id=PIECE, desired_date_due=days(90)))
    assert renewed.problem == (), renewed.problem
    assert parse_datetime(renewed.date_due) == parse_datetime(days(60)), "not beyond the day it is due at the lender's"
    assert (renewed.renewal_count, parse_datetime(renewed.date_for_return)) == ("1", parse_datetime(days(60)))

    recalled = await ask(wire.RecallItem(item_id=PIECE))
    assert recalled.problem == (), recalled.problem
    assert recalled.date_due < days(60)
    assert recalled.user_id.user_identifier_value == patron(1)
    back = await ask(wire.CancelRecallItem(item_id=PIECE))
    assert back.problem == (), back.problem

    returned = await ask(wire.CheckInItem(item_id=PIECE))
    assert returned.problem == (), returned.problem
    assert returned.routing_information.routing_instructions == "Return To Lending Library"
    assert returned.user_id.user_identifier_value == patron(1)

    other = await ask(check_out(10))
    assert type_of(other) == "Resource Cannot Be Provided", "it goes home"

    for _ in range(2):
        gone = await responder.ask(wire.DeleteItem(item_id=PIECE))
        assert gone.problem == (), gone.problem
    assert await is_unknown(responder, "X-77")


async def test_a_second_piece_under_one_number(node: Open) -> None:
    """Refused, or another volume, as the profile says."""
    responder: Responder = await node()
    second = accept(item_id=wire.ItemId(item_identifier_value="X-78"))
    assert (await responder.ask(accept())).problem == ()
    answer = await responder.ask(second)
    assert type_of(answer) == "Cannot Accept Item"
    assert problem_of(answer).problem_element == "AcceptItem/RequestId/RequestIdentifierValue"
    assert await is_unknown(responder, "X-78")

    responder = await node(peer={"on_duplicate": "suffix", "barcode_from": "request"})
    answer = await responder.ask(accept(request_id=request_id("R-2")))
    assert answer.item_id.item_identifier_value == "R-2"
    answer = await responder.ask(accept(request_id=request_id("R-2"), item_id=wire.ItemId(item_identifier_value="B")))
    assert answer.item_id.item_identifier_value == "R-2-2"
    cancel = wire.CancelRequestItem(
        user_id=user_id(1),
        request_id=request_id("R-2"),
        item_id=wire.ItemId(item_identifier_value="R-2-2"),
        request_type=HOLD,
    )
    assert (await responder.ask(cancel)).problem == ()
    assert (await the_hold(responder, "R-2")).item_barcode == "R-2"


async def test_a_barcode_that_is_taken(responder: Responder) -> None:
    answer = await responder.ask(accept(item_id=item_id(1)))
    assert type_of(answer) == "Cannot Accept Item"
    found = problem_of(answer)
    assert (found.problem_element, found.problem_value) == ("AcceptItem/ItemId/ItemIdentifierValue", item(1))


async def test_a_piece_that_is_deleted_when_it_comes_back(node: Open) -> None:
    responder: Responder = await node(peer={"delete_on_checkin": True})
    for message in (accept(), check_out()):
        assert (await responder.ask(message)).problem == ()
    for _ in range(2):
        returned = await responder.ask(wire.CheckInItem(item_id=PIECE))
        assert returned.problem == (), returned.problem
        assert returned.item_id.item_identifier_value == "X-77"
    assert await is_unknown(responder, "X-77")
    assert (await responder.ask(accept(request_id=request_id("R-2")))).problem == (), "the barcode is free again"


async def test_what_the_reader_pays(responder: Responder) -> None:
    fee = wire.FiscalTransactionInformation(
        fiscal_action_type=SchemeValue("Assess"),
        fiscal_transaction_type=SchemeValue("Interlibrary Loan Fee"),
        amount=wire.Amount(currency_code=SchemeValue("GBP"), monetary_value="500"),
    )
    for _ in range(2):
        assert (await responder.ask(accept(fiscal_transaction_information=fee))).problem == ()
    account = await responder.desk_says(req.PatronAccount(patron=patron(1), fees=True))
    assert [(one.type, one.original.minor) for one in account.fees] == [("ILL", 500)]


@pytest.mark.parametrize("number", [4, 7])
async def test_nothing_is_left_of_a_piece_for_somebody_who_may_not_borrow(responder: Responder, number: int) -> None:
    answer = await responder.ask(accept(number))
    assert type_of(answer) == "User Ineligible To Check Out This Item"
    assert await is_unknown(responder, "X-77")


@BOTH
async def test_a_library_lends(node: Open, dialect: Dialect) -> None:
    """A broker asks for a title, is told of a copy, sends another one, renews it, and brings it back."""
    responder: Responder = await node(peer={"institution_patron": STANDS_IN, "due_date": "earlier"})
    ask = partial(responder.ask, dialect=dialect)
    title = (await the_item(responder, item(2))).bib_id
    assert title is not None
    record = wire.BibliographicRecordId(bibliographic_record_identifier=title, agency_id=SchemeValue("ABER"))
    wanted = wire.RequestItem(
        user_id=THEIRS,
        bibliographic_id=(wire.BibliographicId(bibliographic_record_id=record),),
        request_id=request_id("R-1"),
        request_type=SchemeValue("Loan"),
        request_scope_type=BIB,
        need_before_date=days(30),
    )
    answer = await ask(wanted)
    assert answer.problem == (), answer.problem
    assert (answer.request_id.request_identifier_value, answer.user_id) == ("R-1", THEIRS)
    if dialect.generation == 2:  # NCIP 1 has no types of items
        assert answer.item_id.item_identifier_type.value == "Item Barcode"
    offered = answer.item_id.item_identifier_value
    assert (await the_item(responder, offered)).bib_id == title
    assert (await ask(wanted)).item_id == answer.item_id
    twice = await ask(
        wire.RequestItem(**{**_said(wanted), "request_id": request_id("R-2")}),
    )
    assert type_of(twice) == "Duplicate Request"

    lent = await ask(
        wire.CheckOutItem(
            user_id=THEIRS,
            item_id=wire.ItemId(item_identifier_value=offered),
            request_id=request_id("R-1"),
            desired_date_due=days(5),
        )
    )
    assert lent.problem == (), lent.problem
    assert (lent.user_id, parse_datetime(lent.date_due)) == (THEIRS, parse_datetime(days(5)))
    assert (await the_hold(responder)).status == "FILLED"
    loans = (await responder.desk_says(req.PatronAccount(patron=STANDS_IN, loans=True))).loans
    assert [(one.item_barcode, one.external_ref) for one in loans] == [(offered, "ncip:broker:R-1")]

    for number, type_ in (("R-1", None), ("R-3", "Resource Cannot Be Provided")):
        out = wire.ItemId(item_identifier_value=offered)
        again = await ask(
            wire.CheckOutItem(
                user_id=THEIRS, item_id=out, request_id=request_id(number), desired_date_due=lent.date_due
            )
        )
        assert type_ is None or type_of(again) == type_
        assert type_ is not None or again.date_due == lent.date_due, "the same message twice lends once"

    shipped = wire.ItemShipped(
        request_id=request_id("R-1"),
        item_id=wire.ItemId(item_identifier_value=offered),
        date_shipped=days(0),
        shipping_information=_parcel(),
    )
    assert (await ask(shipped)).problem == ()

    cancelled = await ask(
        wire.CancelRequestItem(user_id=THEIRS, request_id=request_id("R-1"), request_type=SchemeValue("Loan"))
    )
    assert type_of(cancelled) == "Request Already Processed"

    out = wire.ItemId(item_identifier_value=offered)
    renewed = await ask(wire.RenewItem(user_id=THEIRS, item_id=out))
    assert renewed.problem == (), renewed.problem
    assert renewed.user_id == THEIRS

    returned = await ask(wire.CheckInItem(item_id=out))
    assert returned.problem == (), returned.problem
    assert (await the_item(responder, offered)).status == "AVAILABLE"
    late = await ask(wire.CheckInItem(item_id=out, mandated_action=_mandated()))
    assert type_of(late) == "Item Not Checked Out"


def _said(message: wire.RequestItem) -> dict[str, Any]:
    names = ("user_id", "bibliographic_id", "request_type", "request_scope_type")
    return {name: getattr(message, name) for name in names}


def _mandated() -> wire.MandatedAction:
    return wire.MandatedAction(date_event_occurred=days(0))


def _parcel() -> wire.ShippingInformation:
    address = wire.ElectronicAddress(
        electronic_address_type=SchemeValue("mailto"), electronic_address_data="ill@far-away.example"
    )
    return wire.ShippingInformation(electronic_address=address)


async def test_a_request_that_is_changed_and_cancelled(node: Open) -> None:
    responder: Responder = await node(peer={"pickup": {"The Desk": "ABER"}})
    wanted = wire.RequestItem(
        user_id=user_id(1), item_id=(item_id(22),), request_type=HOLD, request_scope_type=SchemeValue("Item")
    )
    placed = await responder.ask(wanted)
    assert placed.problem == (), placed.problem
    named = wire.RequestId(request_identifier_value=placed.request_id.request_identifier_value)
    added = wire.AddRequestFields(pickup_location=SchemeValue("The Desk"), need_before_date=days(10))
    changed = await responder.ask(wire.UpdateRequestItem(request_id=named, add_request_fields=added))
    assert changed.problem == (), changed.problem
    assert changed.item_id.item_identifier_value == item(22)
    hold = (await responder.desk_says(req.HoldGet(hold_id=named.request_identifier_value))).hold
    assert (hold.pickup_location, hold.needed_before) == ("ABER", parse_datetime(days(10)))

    others = wire.CancelRequestItem(user_id=user_id(10), request_id=named, request_type=HOLD)
    assert type_of(await responder.ask(others)) == "Unknown Request"
    own = wire.CancelRequestItem(user_id=user_id(1), request_id=named, request_type=HOLD)
    for _ in range(2):
        cancelled = await responder.ask(own)
        assert cancelled.problem == (), cancelled.problem
        assert cancelled.request_id.request_identifier_value == named.request_identifier_value
    later = wire.UpdateRequestItem(request_id=named, add_request_fields=wire.AddRequestFields(need_before_date=days(9)))
    assert type_of(await responder.ask(later)) in ("Element Rule Violated", "Unknown Request")


async def test_a_fee_is_agreed_to(responder: Responder) -> None:
    """A film costs something: the answer says how much, and lends it to whoever agrees to that."""
    made = wire.CreateItem(
        item_id=wire.ItemId(item_identifier_value="F-1"),
        bibliographic_description=wire.BibliographicDescription(title="Hedd Wyn"),
    )
    assert (await responder.ask(made)).problem == ()
    await responder.desk_says(req.ItemGet(item="F-1"))
    film = await _film(responder)
    asked: dict[str, Any] = {"user_id": user_id(1), "item_id": wire.ItemId(item_identifier_value=film)}
    answer = await responder.ask(wire.CheckOutItem(**asked))
    assert type_of(answer) == "Needed Data Missing"
    assert problem_of(answer).problem_element == "CheckOutItem/AcknowledgedFeeAmount"
    due = answer.required_fee_amount
    assert int(due.monetary_value) > 0
    too_little = wire.AcknowledgedFeeAmount(currency_code=due.currency_code, monetary_value="1")
    answer = await responder.ask(wire.CheckOutItem(**asked, acknowledged_fee_amount=too_little))
    assert type_of(answer) == "Needed Data Missing"
    enough = wire.AcknowledgedFeeAmount(currency_code=due.currency_code, monetary_value=due.monetary_value)
    answer = await responder.ask(wire.CheckOutItem(**asked, acknowledged_fee_amount=enough))
    assert answer.problem == (), answer.problem
    assert answer.fiscal_transaction_information.amount.monetary_value == due.monetary_value


async def _film(responder: Responder) -> str:
    """The barcode of an item that costs something."""
    for number in range(1, 60):
        found = await the_item(responder, item(number))
        if found.fee is not None and found.status == "AVAILABLE":
            return found.barcode
    raise AssertionError("the demo has no film on the shelf")


async def test_a_check_out_is_undone(responder: Responder) -> None:
    lent = wire.CheckOutItem(user_id=user_id(1), item_id=item_id(3))
    assert (await responder.ask(lent)).problem == ()
    undone = await responder.ask(wire.UndoCheckOutItem(item_id=item_id(3), user_id=user_id(1)))
    assert undone.problem == (), undone.problem
    assert (await the_item(responder, item(3))).status == "AVAILABLE"
    again = await responder.ask(wire.UndoCheckOutItem(item_id=item_id(3), user_id=user_id(10)))
    assert type_of(again) in ("Resource Cannot Be Provided", "Item Not Checked Out To This User")


async def test_a_renewal_is_not_undone_for_the_check_out_before_it(node: Open) -> None:
    responder: Responder = await node(peer={"due_date": "wins"})
    assert (await responder.ask(wire.CheckOutItem(user_id=user_id(1), item_id=item_id(3)))).problem == ()
    renewed = await responder.ask(wire.RenewItem(user_id=user_id(1), item_id=item_id(3), desired_date_due=days(80)))
    assert renewed.problem == (), renewed.problem
    undone = await responder.ask(wire.UndoCheckOutItem(item_id=item_id(3)))
    assert type_of(undone) == "Resource Cannot Be Provided"
    assert (await the_item(responder, item(3))).due == parse_datetime(days(80))


@pytest.mark.parametrize("namespace", ["http://www.oclc.org/ncip/renewall/2014", ""])
async def test_all_loans_are_renewed(responder: Responder, namespace: str) -> None:
    message = wire.ExtMessage(service=wire.RenewAllItem(user_id=user_id(2)), namespace=namespace)
    answer = (await responder.ask(message)).service
    assert answer.problem == (), answer.problem
    assert {one.item_id.item_identifier_value for one in answer.renew_information} == {item(22), item(23)}


@BOTH
async def test_a_broker_that_means_its_notifications_as_commands(node: Open, dialect: Dialect) -> None:
    """The lender's side again: everything is reported, and everything happens."""
    responder: Responder = await node(
        peer={"institution_patron": STANDS_IN, "due_date": "wins", "notifications": "act"}
    )
    broker = wire.UserId(agency_id=SchemeValue("BROKER"), user_identifier_value="BROKER")

    def piece(number: int) -> wire.ItemId:
        return wire.ItemId(agency_id=SchemeValue("ABER"), item_identifier_value=item(number))

    async def report(message: Any) -> None:
        answer = await responder.ask(message, dialect=dialect)
        assert answer.problem == (), answer.problem

    await report(
        wire.ItemRequested(user_id=broker, item_id=piece(4), request_type=HOLD, request_scope_type=SchemeValue("Item"))
    )
    holds = (await responder.desk_says(req.PatronAccount(patron=STANDS_IN, holds=True))).holds
    assert [one.item_barcode for one in holds] == [item(4)]
    await report(wire.ItemCheckedOut(user_id=broker, item_id=piece(4), request_id=request_id("R-1"), date_due=days(21)))
    found = await the_item(responder, item(4))
    assert (found.status, found.due) == ("ON_LOAN", parse_datetime(days(21)))
    await report(
        wire.ItemShipped(
            request_id=request_id("R-1"), item_id=piece(4), date_shipped=days(0), shipping_information=_parcel()
        )
    )
    await report(wire.ItemReceived(item_id=piece(4), request_id=request_id("R-1"), date_received=days(0)))
    await report(wire.ItemRenewed(user_id=broker, item_id=piece(4), date_due=days(40)))
    assert (await the_item(responder, item(4))).due == parse_datetime(days(40))
    await report(wire.ItemRecalled(user_id=broker, item_id=piece(4), date_due=days(10)))
    assert (await the_item(responder, item(4))).status == "RECALLED"
    await report(wire.ItemRecallCancelled(user_id=broker, item_id=piece(4)))
    await report(wire.ItemCheckedIn(item_id=piece(4)))
    assert (await the_item(responder, item(4))).status == "AVAILABLE"
    kinds = await what_happened(responder)
    for kind in ("hold.placed", "loan.created", "ill.shipped", "ill.received", "loan.renewed", "loan.recalled",
                 "loan.recall_cancelled", "loan.returned"):  # fmt: skip
        assert kind in kinds

    refused = await responder.ask(
        wire.ItemCheckedOut(user_id=broker, item_id=piece(21), date_due=days(21)), dialect=dialect
    )
    assert type_of(refused) == "Item Does Not Circulate"
    again = await responder.ask(
        wire.ItemRequestCancelled(user_id=broker, item_id=piece(4), request_type=HOLD), dialect=dialect
    )
    assert type_of(again) == "Unknown Request"
