"""Interlibrary loans: what the desk is asked, and what the peer hears; and two whole ones on the reference platform."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.entities import Fee
from gateway.canonical.money import Money
from gateway.canonical.outcomes import FeeOutcome, IllOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import (
    FeeStatus,
    FeeType,
    HoldLevel,
    ItemStatus,
    MediaType,
    OnDuplicate,
    ShipmentStep,
    UseRestriction,
)
from library_protocols.ncip import SchemeValue
from library_protocols.ncip import messages as wire
from tests.gateway.adapters.ncip.responder import request_id, user_id
from tests.gateway.adapters.ncip.scripted import NOW, Scripted, a_hold, an_item, problem

HOLD_FOR_PICKUP = SchemeValue("Hold For Pickup And Notify")
HERE = an_item(barcode="S-1", status=ItemStatus.ON_HOLD_SHELF, temporary=True, external_ref="ncip:broker:R-1")
ACCEPTED = IllOutcome(item=HERE, hold=a_hold(level=HoldLevel.ITEM, item_id="i1", external_ref="ncip:broker:R-1"))


@pytest.fixture
def scripted(demo: dict[str, Any]) -> Scripted:
    return Scripted(demo)


def piece(barcode: str, agency: str | None = "LENDER") -> wire.ItemId:
    return wire.ItemId(agency_id=SchemeValue(agency) if agency else None, item_identifier_value=barcode)


def described(**more: Any) -> wire.ItemOptionalFields:
    return wire.ItemOptionalFields(
        bibliographic_description=wire.BibliographicDescription(
            author="Hardy, Thomas", title="The Woodlanders", publication_date="1887", medium_type=SchemeValue("Book")
        ),
        item_description=wire.ItemDescription(call_number="PR4750"),
        **more,
    )


def accept(**more: Any) -> wire.AcceptItem:
    known: dict[str, Any] = {"request_id": request_id("R-1"), "requested_action_type": HOLD_FOR_PICKUP}
    known |= {"user_id": user_id(1), "item_id": piece("S-1"), "item_optional_fields": described()}
    return wire.AcceptItem(**(known | more))


def fiscal(minor: str, action: str = "Assess", currency: str = "GBP") -> wire.FiscalTransactionInformation:
    return wire.FiscalTransactionInformation(
        fiscal_action_type=SchemeValue(action),
        fiscal_transaction_type=SchemeValue("Interlibrary Loan Fee"),
        amount=wire.Amount(currency_code=SchemeValue(currency), monetary_value=minor),
    )


class TestAcceptItem:
    async def test_an_item_and_a_hold(self, scripted: Scripted) -> None:
        desk = scripted.desk(ill__accept=ACCEPTED)
        answer = await scripted.ask(
            desk,
            accept(
                date_for_return="2027-01-15T00:00:00Z",
                pickup_location=SchemeValue("DESK 1"),
                pickup_expiry_date="2026-12-20T00:00:00Z",
            ),
            pickup={"DESK 1": "LAW"},
            item_type="ill",
        )
        assert answer.request_id == request_id("R-1")
        assert answer.item_id.item_identifier_value == "S-1"
        asked = desk.only(req.IllAccept)
        assert (asked.external_ref, asked.item, asked.patron) == ("ncip:broker:R-1", "S-1", "20100001")
        assert (asked.hold, asked.pickup_location, asked.item_type) == (True, "LAW", "ill")
        assert asked.return_by == datetime(2027, 1, 15, tzinfo=UTC)
        assert asked.needed_before == datetime(2026, 12, 20, tzinfo=UTC)
        assert asked.words.title == "The Woodlanders"
        assert (asked.words.author, asked.words.year) == ("Hardy, Thomas", "1887")
        assert (asked.words.media_type, asked.call_number) == (MediaType.BOOK, "PR4750")
        assert asked.on_duplicate is OnDuplicate.REFUSE

    @pytest.mark.parametrize(
        ("profile", "sent", "barcode"),
        [
            ({}, "S-1", "S-1"),
            ({}, None, "R-1"),
            ({"barcode_from": "request"}, "S-1", "R-1"),
            ({"barcode_prefix": "ILL-"}, "S-1", "ILL-S-1"),
            ({"barcode_from": "request", "barcode_prefix": "ILL-"}, "S-1", "ILL-R-1"),
        ],
    )
    async def test_the_barcode_is_what_the_profile_says(
        self, scripted: Scripted, profile: dict[str, Any], sent: str | None, barcode: str
    ) -> None:
        desk = scripted.desk(ill__accept=ACCEPTED)
        await scripted.ask(desk, accept(item_id=piece(sent) if sent else None), **profile)
        assert desk.only(req.IllAccept).item == barcode

    async def test_an_item_for_nobody_is_held_for_nobody(self, scripted: Scripted) -> None:
        desk = scripted.desk(ill__accept=IllOutcome(item=HERE))
        answer = await scripted.ask(desk, accept(user_id=None, requested_action_type=SchemeValue("Circulate")))
        assert isinstance(answer, wire.AcceptItemResponse)
        assert desk.only(req.IllAccept).hold is False

    async def test_a_hold_for_nobody_is_refused(self, scripted: Scripted) -> None:
        answer = await scripted.ask(scripted.desk(), accept(user_id=None))
        assert problem(answer) == ("Needed Data Missing", "AcceptItem/UserId", None)

    @pytest.mark.parametrize("sent", [None, wire.RequestId(request_identifier_value=" ")])
    async def test_a_request_without_a_number_is_refused(self, scripted: Scripted, sent: wire.RequestId | None) -> None:
        answer = await scripted.ask(scripted.desk(), accept(request_id=sent))
        assert problem(answer)[:2] == ("Needed Data Missing", "AcceptItem/RequestId/RequestIdentifierValue")

    async def test_restrictions_are_kept(self, scripted: Scripted) -> None:
        desk = scripted.desk(ill__accept=ACCEPTED)
        fields = described(item_use_restriction_type=(SchemeValue("in library use only"),))
        await scripted.ask(
            desk, accept(item_optional_fields=fields, renewal_not_permitted=True, non_returnable_flag=True)
        )
        assert desk.only(req.IllAccept).restrictions == (
            UseRestriction.IN_LIBRARY_USE_ONLY,
            UseRestriction.NO_RETURN_NEEDED,
            UseRestriction.NO_RENEWALS,
        )

    async def test_a_restriction_that_nobody_here_could_keep_is_refused(self, scripted: Scripted) -> None:
        fields = described(item_use_restriction_type=(SchemeValue("Only By Moonlight"),))
        answer = await scripted.ask(scripted.desk(), accept(item_optional_fields=fields))
        element = "AcceptItem/ItemOptionalFields/ItemUseRestrictionType"
        assert problem(answer) == ("Cannot Guarantee Restrictions On Use", element, "Only By Moonlight")

    @pytest.mark.parametrize(
        ("profile", "kind", "element", "value"),
        [
            ({}, "barcode", "ItemId/ItemIdentifierValue", "S-1"),
            ({"barcode_from": "request"}, "barcode", "RequestId/RequestIdentifierValue", "R-1"),
            ({}, "reference", "RequestId/RequestIdentifierValue", "R-1"),
        ],
    )
    async def test_what_is_taken_is_named(
        self, scripted: Scripted, profile: dict[str, Any], kind: str, element: str, value: str
    ) -> None:
        taken = Refusal(code=RefusalCode.CONFLICT, detail={"kind": kind})
        answer = await scripted.ask(scripted.desk(ill__accept=taken), accept(), **profile)
        assert problem(answer) == ("Cannot Accept Item", f"AcceptItem/{element}", value)
        assert answer.problems[0].problem_detail.startswith(f"CONFLICT.{kind}")

    @pytest.mark.parametrize(
        ("sent", "element"),
        [
            ({"date_for_return": "2020-01-01T00:00:00Z"}, "DateForReturn"),
            ({"pickup_expiry_date": "2020-01-01T00:00:00Z"}, "PickupExpiryDate"),
        ],
    )
    async def test_a_date_that_has_passed_is_named(
        self, scripted: Scripted, sent: dict[str, Any], element: str
    ) -> None:
        desk = scripted.desk(ill__accept=Refusal(code=RefusalCode.INVALID_DATE))
        answer = await scripted.ask(desk, accept(**sent))
        assert problem(answer) == ("Invalid Date", f"AcceptItem/{element}", "2020-01-01T00:00:00Z")

    @pytest.mark.parametrize(
        ("code", "type_", "element"),
        [
            (RefusalCode.PATRON_NOT_FOUND, "Unknown User", "UserId/UserIdentifierValue"),
            (RefusalCode.PATRON_BLOCKED, "User Ineligible To Check Out This Item", "UserId/UserIdentifierValue"),
            (RefusalCode.PICKUP_INVALID, "Element Rule Violated", "PickupLocation"),
        ],
    )
    async def test_a_refusal_has_the_types_of_this_service(
        self, scripted: Scripted, code: RefusalCode, type_: str, element: str
    ) -> None:
        message = accept(pickup_location=SchemeValue("Moon"))
        answer = await scripted.ask(scripted.desk(ill__accept=Refusal(code=code)), message)
        assert problem(answer)[:2] == (type_, f"AcceptItem/{element}")


class TestCharge:
    """What the user is to pay is charged after the item is here, or nothing is done."""

    async def test_it_is_charged(self, scripted: Scripted) -> None:
        pounds = Money.of_minor(500, "GBP")
        fee = Fee(id="f1", patron_id="p1", type=FeeType.ILL, status=FeeStatus.OPEN, original=pounds, balance=pounds,
                  created_at=NOW)  # fmt: skip
        desk = scripted.desk(ill__accept=ACCEPTED, fee__create=FeeOutcome(fee=fee))
        await scripted.ask(desk, accept(fiscal_transaction_information=fiscal("500")))
        asked = desk.only(req.FeeCreate)
        assert (asked.patron, asked.type, asked.amount) == ("20100001", FeeType.ILL, pounds)
        assert [type(one) for one in desk.asked] == [req.IllAccept, req.FeeCreate]

    async def test_nothing_is_no_charge_whatever_it_is_called(self, scripted: Scripted) -> None:
        desk = scripted.desk(ill__accept=ACCEPTED)
        message = accept(fiscal_transaction_information=fiscal("0", "charge-default-patron-fee", ""))
        assert isinstance(await scripted.ask(desk, message), wire.AcceptItemResponse)

    @pytest.mark.parametrize(
        ("sent", "profile", "type_", "element"),
        [
            (fiscal("500", currency="USD"), {}, "Invalid Amount", "FiscalTransactionInformation/Amount/CurrencyCode"),
            (fiscal("-500"), {}, "Invalid Amount", "FiscalTransactionInformation/Amount/MonetaryValue"),
            (fiscal("1000000000000"), {}, "Invalid Amount", "FiscalTransactionInformation/Amount/MonetaryValue"),
            (fiscal("500", "Payment"), {}, "Element Rule Violated", "FiscalTransactionInformation/FiscalActionType"),
            (
                fiscal("500"),
                {"services": ["AcceptItem"]},
                "Unauthorized Service For Agency",
                "FiscalTransactionInformation/FiscalActionType",
            ),
        ],
    )
    async def test_what_could_not_be_charged_brings_no_item(
        self,
        scripted: Scripted,
        sent: wire.FiscalTransactionInformation,
        profile: dict[str, Any],
        type_: str,
        element: str,
    ) -> None:
        desk = scripted.desk(ill__accept=ACCEPTED)
        answer = await scripted.ask(desk, accept(fiscal_transaction_information=sent), **profile)
        assert problem(answer)[:2] == (type_, f"AcceptItem/{element}")
        assert desk.asked == []


class TestShipment:
    async def test_shipped(self, scripted: Scripted) -> None:
        desk = scripted.desk(ill__note=IllOutcome())
        message = wire.ItemShipped(request_id=request_id("R-1"), date_shipped="2026-11-20T10:00:00Z")
        answer = await scripted.ask(desk, message)
        assert answer == wire.ItemShippedResponse()
        asked = desk.only(req.IllNote)
        assert (asked.step, asked.external_ref, asked.item) == (ShipmentStep.SHIPPED, "ncip:broker:R-1", None)
        assert asked.happened_at == datetime(2026, 11, 20, 10, tzinfo=UTC)

    async def test_received(self, scripted: Scripted) -> None:
        desk = scripted.desk(ill__note=IllOutcome(item=HERE))
        await scripted.ask(desk, wire.ItemReceived(item_id=piece("S-1"), date_received="some day"))
        asked = desk.only(req.IllNote)
        assert (asked.step, asked.external_ref, asked.item) == (ShipmentStep.RECEIVED, None, "S-1")
        assert asked.happened_at is None

    async def test_nothing_named(self, scripted: Scripted) -> None:
        answer = await scripted.ask(scripted.desk(ill__note=IllOutcome()), wire.ItemShipped())
        assert problem(answer)[:2] == ("Needed Data Missing", "ItemShipped/RequestId")

    async def test_a_platform_that_keeps_no_notes_refuses_none(self, scripted: Scripted) -> None:
        answer = await scripted.ask(scripted.desk(), wire.ItemReceived(item_id=piece("S-1")))
        assert answer == wire.ItemReceivedResponse()
