"""Requests: what the desk is asked, and what the peer hears."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.adapters.ncip._problems import Stopped
from gateway.canonical import requests as req
from gateway.canonical.entities import Bib
from gateway.canonical.outcomes import (
    Availability,
    AvailabilityOutcome,
    BibOutcome,
    HoldOutcome,
    ItemOutcome,
    PatronOutcome,
)
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import HoldLevel, HoldStatus, HoldType, ItemStatus
from library_protocols.ncip import SchemeValue
from library_protocols.ncip import messages as wire
from tests.gateway.adapters.ncip.responder import header, item_id, request_id, user_id
from tests.gateway.adapters.ncip.scripted import Desk, Scripted, a_hold, a_patron, an_item, problem

HOLD, LOAN, ITEM, BIB = (SchemeValue(word) for word in ("Hold", "Loan", "Item", "Bibliographic Item"))
PLACED = HoldOutcome(hold=a_hold())
ON_ITEM = HoldOutcome(hold=a_hold(level=HoldLevel.ITEM, item_id="i1", item_barcode="30100001"), item=an_item())
NO_HOLD = Refusal(code=RefusalCode.HOLD_NOT_FOUND)
NOT_FOUND = Refusal(code=RefusalCode.ITEM_NOT_FOUND)


@pytest.fixture
def scripted(demo: dict[str, Any]) -> Scripted:
    return Scripted(demo)


def record(number: str, agency: str | None = None, code: str | None = None) -> wire.BibliographicId:
    return wire.BibliographicId(
        bibliographic_record_id=wire.BibliographicRecordId(
            bibliographic_record_identifier=number,
            agency_id=SchemeValue(agency) if agency else None,
            bibliographic_record_identifier_code=SchemeValue(code) if code else None,
        )
    )


def of_item(*numbers: int, **more: Any) -> wire.RequestItem:
    items = tuple(item_id(number) for number in numbers or (1,))
    known: dict[str, Any] = {"user_id": user_id(1), "item_id": items, "request_type": HOLD, "request_scope_type": ITEM}
    return wire.RequestItem(**(known | more))


def of_title(*numbers: str, **more: Any) -> wire.RequestItem:
    titles = tuple(record(number) for number in numbers or ("b1",))
    known: dict[str, Any] = {"user_id": user_id(1), "bibliographic_id": titles, "request_type": HOLD}
    known["request_scope_type"] = BIB
    return wire.RequestItem(**(known | more))


def placed(desk: Desk) -> req.HoldPlace:
    return desk.only(req.HoldPlace)


class TestRequestItem:
    async def test_an_item(self, scripted: Scripted) -> None:
        desk = scripted.desk(hold__place=ON_ITEM)
        answer = await scripted.ask(desk, of_item())
        assert answer.request_id.request_identifier_value == "h1"
        assert answer.item_id.item_identifier_value == "30100001"
        assert answer.user_id.user_identifier_value == "20100001"
        assert (answer.request_type, answer.request_scope_type) == (HOLD, ITEM)
        asked = placed(desk)
        assert (asked.patron, asked.level, asked.item, asked.bib_id) == ("20100001", HoldLevel.ITEM, "30100001", None)
        assert asked.external_ref is None

    async def test_a_title(self, scripted: Scripted) -> None:
        desk = scripted.desk(hold__place=PLACED)
        answer = await scripted.ask(desk, of_title())
        assert answer.item_id is None
        asked = placed(desk)
        assert (asked.level, asked.item, asked.bib_id) == (HoldLevel.BIB, None, "b1")

    async def test_the_brokers_number_is_kept_and_given_back(self, scripted: Scripted) -> None:
        kept = HoldOutcome(hold=a_hold(external_ref="ncip:broker:R-1"))
        desk = scripted.desk(hold__place=kept)
        answer = await scripted.ask(desk, of_title(request_id=request_id("R-1")))
        assert answer.request_id == request_id("R-1")
        assert placed(desk).external_ref == "ncip:broker:R-1"

    async def test_a_broker_that_asks_for_a_title_hears_of_a_copy_on_the_shelf(self, scripted: Scripted) -> None:
        kept = HoldOutcome(hold=a_hold(external_ref="ncip:broker:R-1"), available=True)
        items = (an_item(), an_item(barcode="30100002", status=ItemStatus.AVAILABLE))
        shelf = AvailabilityOutcome(bibs=(Availability(bib_id="b1", items=items),))
        desk = scripted.desk(hold__place=kept, bib__availability=shelf)
        answer = await scripted.ask(desk, of_title(request_id=request_id("R-1")))
        assert answer.item_id.item_identifier_value == "30100002"
        assert answer.item_id.item_identifier_type.value == "Item Barcode"

    async def test_a_title_is_described_where_that_is_asked_for(self, scripted: Scripted) -> None:
        desk = scripted.desk(hold__place=PLACED, bib__get=BibOutcome(bib=Bib(id="b1", title="Cymru")))
        asked = of_title(item_element_type=(SchemeValue("Bibliographic Description"),))
        answer = await scripted.ask(desk, asked)
        assert answer.item_optional_fields.bibliographic_description.title == "Cymru"
        assert (await scripted.ask(desk, of_title())).item_optional_fields is None

    async def test_a_title_of_which_an_item_is_named_is_requested_as_the_scope_says(self, scripted: Scripted) -> None:
        both: dict[str, Any] = {"bibliographic_id": (record("b1"),)}
        desk = scripted.desk(hold__place=PLACED)
        await scripted.ask(desk, of_item(**both, request_scope_type=BIB))
        assert (placed(desk).level, placed(desk).bib_id, placed(desk).item) == (HoldLevel.BIB, "b1", None)
        desk = scripted.desk(hold__place=ON_ITEM)
        await scripted.ask(desk, of_item(**both))
        assert (placed(desk).level, placed(desk).bib_id, placed(desk).item) == (HoldLevel.ITEM, None, "30100001")

    async def test_the_title_of_an_item(self, scripted: Scripted) -> None:
        desk = scripted.desk(hold__place=PLACED)
        await scripted.ask(desk, of_item(request_scope_type=BIB))
        assert (placed(desk).level, placed(desk).item) == (HoldLevel.BIB, "30100001")

    @pytest.mark.parametrize("scope", [None, SchemeValue("0"), SchemeValue("")])
    async def test_a_scope_that_says_nothing_is_what_there_is(
        self, scripted: Scripted, scope: SchemeValue | None
    ) -> None:
        desk = scripted.desk(hold__place=ON_ITEM)
        await scripted.ask(desk, of_item(request_scope_type=scope))
        assert placed(desk).level is HoldLevel.ITEM
        desk = scripted.desk(hold__place=PLACED)
        await scripted.ask(desk, of_title(request_scope_type=scope))
        assert placed(desk).level is HoldLevel.BIB

    async def test_of_several_items_the_first_that_can_be_had_is_taken(self, scripted: Scripted) -> None:
        no = Refusal(code=RefusalCode.HOLD_NOT_ALLOWED)
        desk = scripted.desk(hold__place=[NOT_FOUND, no, ON_ITEM])
        answer = await scripted.ask(desk, of_item(7, 8, 1))
        assert isinstance(answer, wire.RequestItemResponse)
        asked = [one.item for one in desk.asked if isinstance(one, req.HoldPlace)]
        assert asked == ["30100007", "30100008", "30100001"]
        assert len({key.value for key in desk.keys if key is not None}) == 3

    async def test_of_several_items_none_of_which_can_be_had_the_first_is_why(self, scripted: Scripted) -> None:
        desk = scripted.desk(hold__place=[Refusal(code=RefusalCode.ITEM_NOT_FOR_LOAN), NOT_FOUND])
        answer = await scripted.ask(desk, of_item(7, 8))
        assert problem(answer) == ("Item Does Not Circulate", "RequestItem/ItemId/ItemIdentifierValue", "30100007")

    async def test_what_is_wrong_with_the_patron_is_wrong_for_every_item(self, scripted: Scripted) -> None:
        blocked = Refusal(code=RefusalCode.PATRON_BLOCKED)
        desk = scripted.desk(hold__place=[NOT_FOUND, blocked])
        answer = await scripted.ask(desk, of_item(7, 8, 1))
        assert problem(answer) == ("User Blocked", "RequestItem/UserId/UserIdentifierValue", "20100001")
        assert len(desk.asked) == 2

    async def test_of_very_many_items_some_are_tried(self, scripted: Scripted) -> None:
        desk = scripted.desk(hold__place=NOT_FOUND)
        await scripted.ask(desk, of_item(*range(1, 60)))
        assert len(desk.asked) == 20

    @pytest.mark.parametrize(
        "sent",
        [
            wire.BibliographicId(
                bibliographic_item_id=wire.BibliographicItemId(
                    bibliographic_item_identifier="9780140449136",
                    bibliographic_item_identifier_code=SchemeValue("ISBN"),
                )
            ),
            record("41266045", code="OCLC"),
            record("b1", agency="BANGOR"),
        ],
    )
    async def test_numbers_that_are_no_records_of_ours_are_not_taken_for_one(
        self, scripted: Scripted, sent: wire.BibliographicId
    ) -> None:
        desk = scripted.desk()
        answer = await scripted.ask(desk, of_title(bibliographic_id=(sent,)))
        type_, element, value = problem(answer)
        assert type_ == "Unknown Item"
        assert element is not None
        assert element.startswith("RequestItem/BibliographicId/")
        assert value in ("9780140449136", "41266045", "b1")
        assert desk.asked == []

    async def test_an_item_of_another_member_is_not_ours_of_the_same_barcode(self, scripted: Scripted) -> None:
        theirs = wire.ItemId(agency_id=SchemeValue("BANGOR"), item_identifier_value="30100001")
        desk = scripted.desk(item__get=ItemOutcome(item=an_item()))
        answer = await scripted.ask(desk, of_item(item_id=(theirs,)))
        assert problem(answer) == ("Unknown Item", "RequestItem/ItemId/ItemIdentifierValue", "30100001")

    @pytest.mark.parametrize(
        ("sent", "type_"),
        [
            ("Hold", HoldType.HOLD),
            ("loan", HoldType.ILL),
            ("Stack Retrieval", HoldType.STACK),
            ("Page", HoldType.PAGE),
            ("Recall", HoldType.RECALL),
            ("", HoldType.HOLD),
        ],
    )
    async def test_types(self, scripted: Scripted, sent: str, type_: HoldType) -> None:
        desk = scripted.desk(hold__place=ON_ITEM)
        await scripted.ask(desk, of_item(request_type=SchemeValue(sent)))
        assert placed(desk).type is type_

    async def test_a_type_that_nobody_here_can_give(self, scripted: Scripted) -> None:
        answer = await scripted.ask(scripted.desk(), of_item(request_type=SchemeValue("Non-returnable Copy")))
        assert problem(answer) == ("Element Rule Violated", "RequestItem/RequestType", "Non-returnable Copy")

    @pytest.mark.parametrize(
        ("sent", "pickup", "code"),
        [("Main Desk", {"main desk": "ABER"}, "ABER"), ("LAW", {"Main Desk": "ABER"}, "LAW"), (None, {}, None)],
    )
    async def test_pickup_locations_by_the_peers_names(
        self, scripted: Scripted, sent: str | None, pickup: dict[str, str], code: str | None
    ) -> None:
        desk = scripted.desk(hold__place=ON_ITEM)
        message = of_item(pickup_location=SchemeValue(sent) if sent else None)
        await scripted.ask(desk, message, pickup=pickup)
        assert placed(desk).pickup_location == code

    async def test_a_pickup_location_that_is_none(self, scripted: Scripted) -> None:
        desk = scripted.desk(hold__place=Refusal(code=RefusalCode.PICKUP_INVALID))
        answer = await scripted.ask(desk, of_item(pickup_location=SchemeValue("Moon")))
        assert problem(answer) == ("Element Rule Violated", "RequestItem/PickupLocation", "Moon")

    async def test_dates(self, scripted: Scripted) -> None:
        desk = scripted.desk(hold__place=ON_ITEM)
        early, needed, expiry = "2026-12-01T00:00:00Z", "2026-12-24T00:00:00+01:00", "2026-12-31T00:00:00Z"
        await scripted.ask(
            desk, of_item(earliest_date_needed=early, need_before_date=needed, pickup_expiry_date=expiry)
        )
        assert placed(desk).suspended_until == datetime(2026, 12, 1, tzinfo=UTC)
        assert placed(desk).needed_before == datetime(2026, 12, 23, 23, tzinfo=UTC)
        desk = scripted.desk(hold__place=ON_ITEM)
        await scripted.ask(desk, of_item(earliest_date_needed="2020-01-01T00:00:00Z", pickup_expiry_date=expiry))
        assert placed(desk).suspended_until is None
        assert placed(desk).needed_before == datetime(2026, 12, 31, tzinfo=UTC)

    @pytest.mark.parametrize("element", ["NeedBeforeDate", "PickupExpiryDate"])
    async def test_a_date_that_has_passed_is_named(self, scripted: Scripted, element: str) -> None:
        desk = scripted.desk(hold__place=Refusal(code=RefusalCode.INVALID_DATE))
        attribute = {"NeedBeforeDate": "need_before_date", "PickupExpiryDate": "pickup_expiry_date"}[element]
        answer = await scripted.ask(desk, of_item(**{attribute: "2020-01-01T00:00:00Z"}))
        assert problem(answer) == ("Invalid Date", f"RequestItem/{element}", "2020-01-01T00:00:00Z")

    @pytest.mark.parametrize(
        ("code", "type_", "element"),
        [
            (RefusalCode.DUPLICATE_HOLD, "Duplicate Request", "ItemId/ItemIdentifierValue"),
            (RefusalCode.HOLD_NOT_ALLOWED, "User Ineligible To Request This Item", "ItemId/ItemIdentifierValue"),
            (RefusalCode.LIMIT_REACHED, "User Ineligible To Request This Item", "UserId/UserIdentifierValue"),
            (RefusalCode.PATRON_NOT_FOUND, "Unknown User", "UserId/UserIdentifierValue"),
        ],
    )
    async def test_a_refusal_has_the_types_of_this_service(
        self, scripted: Scripted, code: RefusalCode, type_: str, element: str
    ) -> None:
        answer = await scripted.ask(scripted.desk(hold__place=Refusal(code=code)), of_item())
        assert problem(answer)[:2] == (type_, f"RequestItem/{element}")

    @pytest.mark.parametrize(
        ("scope", "missing"), [(ITEM, "ItemId"), (BIB, "BibliographicId"), (None, "BibliographicId")]
    )
    async def test_nothing_to_request(self, scripted: Scripted, scope: SchemeValue | None, missing: str) -> None:
        answer = await scripted.ask(scripted.desk(), of_item(item_id=(), request_scope_type=scope))
        assert problem(answer) == ("Needed Data Missing", f"RequestItem/{missing}", None)

    async def test_a_lender_takes_it_for_the_patron_who_stands_for_the_broker(self, scripted: Scripted) -> None:
        desk = scripted.desk(hold__place=PLACED)
        theirs = wire.UserId(agency_id=SchemeValue("FAR-AWAY"), user_identifier_value="X9")
        answer = await scripted.ask(desk, of_title(user_id=theirs), institution_patron="20100009")
        assert placed(desk).patron == "20100009"
        assert answer.user_id == theirs


def cancel(**more: Any) -> wire.CancelRequestItem:
    known: dict[str, Any] = {"user_id": user_id(1), "request_type": HOLD}
    return wire.CancelRequestItem(**(known | more))


class TestCancel:
    GONE = HoldOutcome(hold=a_hold(status=HoldStatus.CANCELLED, external_ref="ncip:broker:R-1"))

    async def test_by_the_brokers_number(self, scripted: Scripted) -> None:
        desk = scripted.desk(hold__cancel=self.GONE)
        answer = await scripted.ask(desk, cancel(request_id=request_id("R-1")))
        assert answer.request_id == request_id("R-1")
        assert answer.user_id.user_identifier_value == "20100001"
        asked = desk.only(req.HoldCancel)
        assert (asked.patron, asked.external_ref, asked.hold_id) == ("20100001", "ncip:broker:R-1", None)

    async def test_by_our_number(self, scripted: Scripted) -> None:
        desk = scripted.desk(hold__cancel=[NO_HOLD, HoldOutcome(hold=a_hold())])
        answer = await scripted.ask(desk, cancel(request_id=request_id("h1")))
        assert answer.request_id.request_identifier_value == "h1"
        assert isinstance(last := desk.asked[-1], req.HoldCancel)
        assert (last.patron, last.external_ref, last.hold_id) == ("20100001", None, "h1")

    async def test_the_brokers_number_is_of_its_own_agency_where_it_was_not_sent(self, scripted: Scripted) -> None:
        answer = await scripted.ask(scripted.desk(hold__cancel=self.GONE), cancel(item_id=item_id(1)))
        assert answer.request_id == request_id("R-1")
        asked = cancel(item_id=item_id(1), initiation_header=header(sender="broker"))
        answer = await scripted.ask(scripted.desk(hold__cancel=self.GONE), asked)
        assert answer.request_id.agency_id == SchemeValue("broker")

    async def test_by_the_item_of_several_volumes_of_one_request(self, scripted: Scripted) -> None:
        several = Refusal(code=RefusalCode.HOLD_AMBIGUOUS)
        desk = scripted.desk(hold__cancel=[several, self.GONE])
        await scripted.ask(desk, cancel(request_id=request_id("R-1"), item_id=item_id(2)))
        assert isinstance(last := desk.asked[-1], req.HoldCancel)
        assert (last.external_ref, last.item) == ("ncip:broker:R-1", "30100002")

    async def test_by_user_and_item(self, scripted: Scripted) -> None:
        desk = scripted.desk(hold__cancel=ON_ITEM)
        answer = await scripted.ask(desk, cancel(item_id=item_id(1)))
        assert answer.item_id.item_identifier_value == "30100001"
        asked = desk.only(req.HoldCancel)
        assert (asked.patron, asked.item, asked.external_ref) == ("20100001", "30100001", None)

    async def test_a_number_that_nobody_knows(self, scripted: Scripted) -> None:
        answer = await scripted.ask(scripted.desk(hold__cancel=NO_HOLD), cancel(request_id=request_id("R-9")))
        assert problem(answer) == ("Unknown Request", "CancelRequestItem/RequestId/RequestIdentifierValue", "R-9")

    async def test_what_is_over(self, scripted: Scripted) -> None:
        over = Refusal(code=RefusalCode.HOLD_ALREADY_PROCESSED)
        answer = await scripted.ask(scripted.desk(hold__cancel=over), cancel(request_id=request_id("R-1")))
        assert problem(answer)[:2] == (
            "Request Already Processed",
            "CancelRequestItem/RequestId/RequestIdentifierValue",
        )

    async def test_nothing_named(self, scripted: Scripted) -> None:
        answer = await scripted.ask(scripted.desk(), cancel())
        assert problem(answer) == ("Needed Data Missing", "CancelRequestItem/RequestId", None)


def update(added: wire.AddRequestFields | None, deleted: wire.DeleteRequestFields | None = None) -> Any:
    return wire.UpdateRequestItem(request_id=request_id("R-1"), add_request_fields=added, delete_request_fields=deleted)


class TestUpdate:
    async def test_another_place_and_another_day(self, scripted: Scripted) -> None:
        desk = scripted.desk(hold__update=ON_ITEM, patron__get=PatronOutcome(patron=a_patron()))
        added = wire.AddRequestFields(
            pickup_location=SchemeValue("Over there"),
            need_before_date="2026-12-24T00:00:00Z",
            earliest_date_needed="2026-12-01T00:00:00Z",
        )
        deleted = wire.DeleteRequestFields(pickup_location=SchemeValue("Over here"))
        answer = await scripted.ask(desk, update(added, deleted), pickup={"Over there": "LAW"})
        assert answer.item_id.item_identifier_value == "30100001"
        assert answer.user_id.user_identifier_value == "20100001"
        assert (answer.request_type.value, answer.request_scope_type.value) == ("Hold", "Item")
        asked = desk.only(req.HoldUpdate)
        assert (asked.external_ref, asked.patron, asked.pickup_location) == ("ncip:broker:R-1", None, "LAW")
        assert asked.needed_before == datetime(2026, 12, 24, tzinfo=UTC)
        assert asked.suspended_until == datetime(2026, 12, 1, tzinfo=UTC)

    async def test_what_cannot_be_taken_away(self, scripted: Scripted) -> None:
        deleted = wire.DeleteRequestFields(need_before_date="2026-12-24T00:00:00Z")
        answer = await scripted.ask(scripted.desk(), update(None, deleted))
        assert problem(answer) == (
            "Unable To Delete Element",
            "UpdateRequestItem/DeleteRequestFields/NeedBeforeDate",
            "2026-12-24T00:00:00Z",
        )

    @pytest.mark.parametrize(("verb", "kind"), [("Add", wire.AddRequestFields), ("Delete", wire.DeleteRequestFields)])
    async def test_what_no_hold_keeps(self, scripted: Scripted, verb: str, kind: Any) -> None:
        fields = kind(shipping_information=wire.ShippingInformation(shipping_note="by boat"))
        message = update(fields) if verb == "Add" else update(None, fields)
        element = f"UpdateRequestItem/{verb}RequestFields/ShippingInformation"
        answer = await scripted.ask(scripted.desk(), message)
        assert problem(answer) == (f"Unable To {verb} Element", element, None)

    @pytest.mark.parametrize(
        ("added", "element", "value"),
        [
            ({"pickup_expiry_date": "2020-01-01T00:00:00Z"}, "PickupExpiryDate", "2020-01-01T00:00:00Z"),
            ({"need_before_date": "2020-01-01T00:00:00Z"}, "NeedBeforeDate", "2020-01-01T00:00:00Z"),
            ({"earliest_date_needed": "2020-01-01T00:00:00Z"}, "EarliestDateNeeded", "2020-01-01T00:00:00Z"),
            ({"need_before_date": "noon"}, "NeedBeforeDate", "noon"),
        ],
    )
    async def test_a_bad_date_is_named(
        self, scripted: Scripted, added: dict[str, Any], element: str, value: str
    ) -> None:
        desk = scripted.desk(hold__update=Refusal(code=RefusalCode.INVALID_DATE))
        answer = await scripted.ask(desk, update(wire.AddRequestFields(**added)))
        assert problem(answer) == ("Invalid Date", f"UpdateRequestItem/AddRequestFields/{element}", value)

    async def test_a_bad_place_is_named(self, scripted: Scripted) -> None:
        desk = scripted.desk(hold__update=Refusal(code=RefusalCode.PICKUP_INVALID))
        answer = await scripted.ask(desk, update(wire.AddRequestFields(pickup_location=SchemeValue("Moon"))))
        element = "UpdateRequestItem/AddRequestFields/PickupLocation"
        assert problem(answer) == ("Element Rule Violated", element, "Moon")

    async def test_nothing_to_change(self, scripted: Scripted) -> None:
        answer = await scripted.ask(scripted.desk(), update(None))
        assert isinstance(answer, Stopped)
        assert problem(answer)[:2] == ("Needed Data Missing", "UpdateRequestItem/AddRequestFields")
