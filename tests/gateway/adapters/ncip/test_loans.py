"""Loans: what the desk is asked, and what the peer hears."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.entities import Fee, Routing
from gateway.canonical.money import Money
from gateway.canonical.outcomes import (
    ItemOutcome,
    LoanOutcome,
    PatronOutcome,
    RenewAllOutcome,
    ReturnOutcome,
    UndoOutcome,
    Unrenewed,
)
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import (
    DesiredDue,
    FeeStatus,
    FeeType,
    ItemStatus,
    LoanStatus,
    RoutingAction,
)
from library_protocols.ncip import SchemeValue
from library_protocols.ncip import messages as wire
from tests.gateway.adapters.ncip.responder import item_id, request_id, user_id
from tests.gateway.adapters.ncip.scripted import (
    DUE,
    NOW,
    Scripted,
    a_loan,
    a_patron,
    an_item,
    problem,
)

LENT = LoanOutcome(loan=a_loan(), item=an_item())
UNKNOWN_USER = Refusal(code=RefusalCode.PATRON_NOT_FOUND)
_BOTH: dict[str, Any] = {"user_id": user_id(1), "item_id": item_id(1)}
STATUS = (SchemeValue("Circulation Status"),)


@pytest.fixture
def scripted(demo: dict[str, Any]) -> Scripted:
    return Scripted(demo)


def check_out(**more: Any) -> wire.CheckOutItem:
    return wire.CheckOutItem(**(_BOTH | more))


def money(kind: Any, minor: str, currency: str = "GBP") -> Any:
    return kind(currency_code=SchemeValue(currency), monetary_value=minor)


def charge(minor: int, **more: Any) -> Fee:
    amount = Money.of_minor(minor, "GBP")
    known: dict[str, Any] = {"id": "f1", "patron_id": "p1", "type": FeeType.OVERDUE, "status": FeeStatus.OPEN}
    return Fee(**(known | {"original": amount, "balance": amount, "created_at": NOW} | more))


class TestCheckOut:
    async def test_the_answer_has_item_user_and_due_date(self, scripted: Scripted) -> None:
        desk = scripted.desk(loan__create=LENT)
        answer = await scripted.ask(desk, check_out(request_id=request_id("R-1")))
        assert answer.item_id.item_identifier_value == "30100001"
        assert answer.user_id.user_identifier_value == "20100001"
        assert answer.date_due == "2026-12-06T23:59:59Z"
        assert answer.item_optional_fields is answer.user_optional_fields is None
        asked = desk.only(req.LoanCreate)
        assert (asked.patron, asked.item, asked.external_ref) == ("20100001", "30100001", "ncip:broker:R-1")
        assert asked.fee_acknowledged is False
        assert asked.renew_if_own is asked.offline is False

    @pytest.mark.parametrize("rule", [DesiredDue.EARLIER, DesiredDue.WINS])
    async def test_a_wish_for_a_due_date_counts_as_the_profile_says(self, scripted: Scripted, rule: DesiredDue) -> None:
        desk = scripted.desk(loan__create=LENT)
        await scripted.ask(desk, check_out(desired_date_due="2026-12-01T12:00:00+01:00"), due_date=rule.value)
        asked = desk.only(req.LoanCreate)
        assert (asked.desired_due, asked.desired_due_rule) == (datetime(2026, 12, 1, 11, tzinfo=UTC), rule)

    async def test_nonsense_in_a_wish_that_counts_for_nothing_loses_no_loan(self, scripted: Scripted) -> None:
        desk = scripted.desk(loan__create=LENT)
        answer = await scripted.ask(desk, check_out(desired_date_due="soon"))
        assert isinstance(answer, wire.CheckOutItemResponse)
        assert desk.only(req.LoanCreate).desired_due is None

    async def test_nonsense_in_a_wish_that_counts_is_refused(self, scripted: Scripted) -> None:
        desk = scripted.desk()
        answer = await scripted.ask(desk, check_out(desired_date_due="soon"), due_date="wins")
        assert problem(answer) == ("Invalid Date", "CheckOutItem/DesiredDateDue", "soon")

    async def test_a_wish_that_the_platform_refuses_is_named(self, scripted: Scripted) -> None:
        desk = scripted.desk(loan__create=Refusal(code=RefusalCode.INVALID_DATE))
        answer = await scripted.ask(desk, check_out(desired_date_due="2020-01-01T00:00:00Z"), due_date="wins")
        assert problem(answer) == ("Invalid Date", "CheckOutItem/DesiredDateDue", "2020-01-01T00:00:00Z")

    async def test_the_elements_asked_for_come_with_it_as_far_as_the_peer_may_see_them(
        self, scripted: Scripted
    ) -> None:
        desk = scripted.desk(loan__create=LENT, patron__get=PatronOutcome(patron=a_patron()))
        asked = check_out(
            item_element_type=STATUS,
            user_element_type=(SchemeValue("Name Information"), SchemeValue("Date Of Birth")),
        )
        answer = await scripted.ask(desk, asked, user_elements=["Name Information"])
        assert answer.item_optional_fields.circulation_status.value == "On Loan"
        assert answer.item_optional_fields.bibliographic_description is None
        name = answer.user_optional_fields.name_information.personal_name_information
        assert name.unstructured_personal_user_name == "Amy Pond"
        assert answer.user_optional_fields.date_of_birth is None

    async def test_a_fee_that_must_be_agreed_to_stands_beside_the_problem(self, scripted: Scripted) -> None:
        detail = {"amount": "2.50", "currency": "GBP"}
        desk = scripted.desk(loan__create=Refusal(code=RefusalCode.FEE_ACK_REQUIRED, detail=detail))
        answer = await scripted.ask(desk, check_out())
        assert problem(answer) == ("Needed Data Missing", "CheckOutItem/AcknowledgedFeeAmount", None)
        assert answer.fields["required_fee_amount"].monetary_value == "250"

    @pytest.mark.parametrize(
        ("sent", "covered"), [("250", True), ("300", True), ("249", False), ("000", False), ("250 USD", False)]
    )
    async def test_only_what_covers_the_fee_is_an_agreement(self, scripted: Scripted, sent: str, covered: bool) -> None:
        dear = an_item(fee=Money(amount=Decimal("2.50"), currency="GBP"))
        desk = scripted.desk(loan__create=LENT, item__get=ItemOutcome(item=dear))
        minor, _, currency = sent.partition(" ")
        amount = money(wire.AcknowledgedFeeAmount, minor, currency or "GBP")
        await scripted.ask(desk, check_out(acknowledged_fee_amount=amount))
        assert desk.only(req.LoanCreate).fee_acknowledged is covered

    async def test_what_was_paid_elsewhere_is_agreed_to(self, scripted: Scripted) -> None:
        desk = scripted.desk(loan__create=LENT, item__get=ItemOutcome(item=an_item()))
        await scripted.ask(desk, check_out(paid_fee_amount=money(wire.PaidFeeAmount, "100")))
        assert desk.only(req.LoanCreate).fee_acknowledged is True

    async def test_a_sum_that_is_none_is_refused_with_its_place(self, scripted: Scripted) -> None:
        amount = money(wire.AcknowledgedFeeAmount, "much")
        answer = await scripted.ask(scripted.desk(), check_out(acknowledged_fee_amount=amount))
        assert problem(answer) == ("Invalid Amount", "CheckOutItem/AcknowledgedFeeAmount/MonetaryValue", "much")

    async def test_what_the_loan_costs_is_told(self, scripted: Scripted) -> None:
        rented = LENT.model_copy(update={"fee": charge(150, type=FeeType.RENTAL)})
        answer = await scripted.ask(scripted.desk(loan__create=rented), check_out())
        told = answer.fiscal_transaction_information
        assert (told.fiscal_action_type.value, told.fiscal_transaction_type.value) == ("Assess", "Rental")
        assert told.amount.monetary_value == "150"
        assert told.fiscal_transaction_reference_id.fiscal_transaction_identifier_value == "f1"

    @pytest.mark.parametrize("element", ["user_id", "item_id"])
    async def test_what_is_missing_is_named(self, scripted: Scripted, element: str) -> None:
        answer = await scripted.ask(scripted.desk(), check_out(**{element: None}))
        name = {"user_id": "UserId", "item_id": "ItemId"}[element]
        assert problem(answer) == ("Needed Data Missing", f"CheckOutItem/{name}", None)

    @pytest.mark.parametrize(
        ("code", "type_", "element", "value"),
        [
            (RefusalCode.PATRON_NOT_FOUND, "Unknown User", "UserId/UserIdentifierValue", "20100001"),
            (RefusalCode.PATRON_BLOCKED, "User Blocked", "UserId/UserIdentifierValue", "20100001"),
            (RefusalCode.PATRON_EXPIRED, "User Blocked", "UserId/UserIdentifierValue", "20100001"),
            (RefusalCode.LIMIT_REACHED, "Maximum Check Outs Exceeded", "UserId/UserIdentifierValue", "20100001"),
            (RefusalCode.ITEM_NOT_FOUND, "Unknown Item", "ItemId/ItemIdentifierValue", "30100001"),
            (RefusalCode.ITEM_NOT_FOR_LOAN, "Item Does Not Circulate", "ItemId/ItemIdentifierValue", "30100001"),
            (RefusalCode.ON_HOLD_FOR_OTHER, "Resource Cannot Be Provided", "ItemId/ItemIdentifierValue", "30100001"),
            (
                RefusalCode.ALREADY_ON_LOAN_TO_PATRON,
                "Resource Cannot Be Provided",
                "ItemId/ItemIdentifierValue",
                "30100001",
            ),
            (RefusalCode.PATRON_AUTH_FAILED, "User Authentication Failed", "AuthenticationInput", None),
        ],
    )
    async def test_a_refusal_has_type_place_and_value(
        self, scripted: Scripted, code: RefusalCode, type_: str, element: str, value: str | None
    ) -> None:
        answer = await scripted.ask(scripted.desk(loan__create=Refusal(code=code)), check_out())
        assert problem(answer) == (type_, f"CheckOutItem/{element}", value)

    async def test_an_item_of_another_member_is_not_ours_of_the_same_barcode(self, scripted: Scripted) -> None:
        theirs = wire.ItemId(agency_id=SchemeValue("BANGOR"), item_identifier_value="30100001")
        desk = scripted.desk(item__get=ItemOutcome(item=an_item()))
        answer = await scripted.ask(desk, check_out(item_id=theirs))
        assert problem(answer) == ("Unknown Item", "CheckOutItem/ItemId/ItemIdentifierValue", "30100001")

    async def test_what_a_lender_has_sent_goes_by_the_lenders_name(self, scripted: Scripted) -> None:
        theirs = wire.ItemId(agency_id=SchemeValue("BANGOR"), item_identifier_value="30100001")
        desk = scripted.desk(item__get=ItemOutcome(item=an_item(temporary=True)), loan__create=LENT)
        assert isinstance(await scripted.ask(desk, check_out(item_id=theirs)), wire.CheckOutItemResponse)


class TestWhoBorrows:
    """A broker borrows for people who are not known here: the patron who stands for it does."""

    PATRON = "20100009"

    async def borrower(self, scripted: Scripted, message: Any, *, known: bool = True) -> req.LoanCreate:
        found = PatronOutcome(patron=a_patron()) if known else UNKNOWN_USER
        desk = scripted.desk(patron__get=found, loan__create=LENT)
        await scripted.ask(desk, message, institution_patron=self.PATRON)
        return desk.only(req.LoanCreate)

    async def test_nobody_named(self, scripted: Scripted) -> None:
        assert (await self.borrower(scripted, check_out(user_id=None))).patron == self.PATRON

    async def test_somebody_unknown(self, scripted: Scripted) -> None:
        assert (await self.borrower(scripted, check_out(), known=False)).patron == self.PATRON

    async def test_somebody_known(self, scripted: Scripted) -> None:
        assert (await self.borrower(scripted, check_out())).patron == "20100001"

    @pytest.mark.parametrize("agency", ["BANGOR", "FAR-AWAY"])
    async def test_somebody_of_another_agency_whose_card_has_a_number_of_ours(
        self, scripted: Scripted, agency: str
    ) -> None:
        theirs = wire.UserId(agency_id=SchemeValue(agency), user_identifier_value="20100001")
        assert (await self.borrower(scripted, check_out(user_id=theirs))).patron == self.PATRON

    async def test_somebody_unknown_who_sends_a_pin_is_nobody(self, scripted: Scripted) -> None:
        sent = [("Username", "amy"), ("Password", "secret")]
        inputs = tuple(
            wire.AuthenticationInput(authentication_input_data=data, authentication_input_type=SchemeValue(kind))
            for kind, data in sent
        )
        desk = scripted.desk(loan__create=UNKNOWN_USER)
        message = check_out(user_id=None, authentication_input=inputs)
        answer = await scripted.ask(desk, message, institution_patron=self.PATRON)
        assert problem(answer) == ("Unknown User", "CheckOutItem/AuthenticationInput", None)
        assert desk.only(req.LoanCreate).patron == "amy"

    async def test_nobodys_loans_are_all_renewed_for_somebody_unknown(self, scripted: Scripted) -> None:
        desk = scripted.desk(loan__renew_all=UNKNOWN_USER)
        answer = await scripted.ask(desk, wire.RenewAllItem(user_id=user_id(1)), institution_patron=self.PATRON)
        assert problem(answer)[0] == "Unknown User"
        assert desk.only(req.LoanRenewAll).patron == "20100001"

    async def test_the_answer_names_the_user_as_the_question_did(self, scripted: Scripted) -> None:
        theirs = wire.UserId(agency_id=SchemeValue("FAR-AWAY"), user_identifier_value="X9")
        desk = scripted.desk(loan__create=LENT)
        answer = await scripted.ask(desk, check_out(user_id=theirs), institution_patron=self.PATRON)
        assert answer.user_id == theirs

    async def test_without_such_a_patron_an_unknown_user_is_refused(self, scripted: Scripted) -> None:
        answer = await scripted.ask(scripted.desk(loan__create=UNKNOWN_USER), check_out())
        assert problem(answer)[0] == "Unknown User"


class TestUndo:
    async def test_a_loan_is_undone(self, scripted: Scripted) -> None:
        undone = UndoOutcome(item=an_item(), loan=a_loan(status=LoanStatus.UNDONE), what="checkout")
        desk = scripted.desk(loan__undo=undone)
        answer = await scripted.ask(desk, wire.UndoCheckOutItem(item_id=item_id(1), user_id=user_id(1)))
        assert answer.item_id.item_identifier_value == "30100001"
        assert answer.user_id.user_identifier_value == "20100001"
        asked = desk.only(req.LoanUndo)
        assert (asked.what, asked.patron, asked.item) == ("checkout", "20100001", "30100001")

    async def test_nobody_need_be_named(self, scripted: Scripted) -> None:
        undone = UndoOutcome(item=an_item(), loan=a_loan(status=LoanStatus.UNDONE), what="checkout")
        desk = scripted.desk(loan__undo=undone)
        answer = await scripted.ask(desk, wire.UndoCheckOutItem(item_id=item_id(1)))
        assert answer.user_id is None
        assert desk.only(req.LoanUndo).patron is None

    async def test_what_cannot_be_undone(self, scripted: Scripted) -> None:
        desk = scripted.desk(loan__undo=Refusal(code=RefusalCode.UNDO_NOT_POSSIBLE))
        answer = await scripted.ask(desk, wire.UndoCheckOutItem(item_id=item_id(1)))
        place = "UndoCheckOutItem/ItemId/ItemIdentifierValue"
        assert problem(answer) == ("Resource Cannot Be Provided", place, "30100001")


def check_in(**more: Any) -> wire.CheckInItem:
    return wire.CheckInItem(item_id=item_id(1), **more)


class TestCheckIn:
    RETURNED = ReturnOutcome(item=an_item(status=ItemStatus.AVAILABLE), loan=a_loan(status=LoanStatus.RETURNED))

    async def test_the_answer_has_the_item_and_where_it_goes(self, scripted: Scripted) -> None:
        answer = await scripted.ask(scripted.desk(loan__return=self.RETURNED), check_in())
        assert answer.item_id.item_identifier_value == "30100001"
        routing = answer.routing_information
        assert routing.routing_instructions == "Re-shelve"
        (level,) = routing.destination.location.location_name.location_name_instance
        assert level.location_name_value == "ABER"

    async def test_whose_it_was_is_told_only_where_it_is_asked_for(self, scripted: Scripted) -> None:
        patron = PatronOutcome(patron=a_patron())
        answer = await scripted.ask(scripted.desk(loan__return=self.RETURNED, patron__get=patron), check_in())
        assert answer.user_id is None
        asked = check_in(user_element_type=(SchemeValue("User Id"),))
        answer = await scripted.ask(scripted.desk(loan__return=self.RETURNED, patron__get=patron), asked)
        assert answer.user_id.user_identifier_value == "20100001"
        blind = await scripted.ask(scripted.desk(loan__return=self.RETURNED), asked, user_elements=[])
        assert blind.user_id is blind.user_optional_fields is None

    async def test_whose_it_was_is_told_of_the_peers_own_transaction(self, scripted: Scripted) -> None:
        own = self.RETURNED.model_copy(update={"loan": a_loan(external_ref="ncip:broker:R-1")})
        desk = scripted.desk(loan__return=own, patron__get=PatronOutcome(patron=a_patron()))
        assert (await scripted.ask(desk, check_in())).user_id.user_identifier_value == "20100001"
        others = self.RETURNED.model_copy(update={"loan": a_loan(external_ref="ncip:broker-2:R-1")})
        assert (await scripted.ask(scripted.desk(loan__return=others), check_in())).user_id is None

    async def test_for_whom_an_item_waits_is_told_as_other_users_are(self, scripted: Scripted) -> None:
        routing = Routing(
            action=RoutingAction.TRANSIT_HOLD,
            destination="LAW",
            hold_patron_barcode="20100005",
            hold_patron_name="Rory Williams",
            sort_bin="7",
        )
        waiting = self.RETURNED.model_copy(update={"routing": routing, "loan": None})
        desk = scripted.desk(loan__return=waiting)
        told = (await scripted.ask(desk, check_in(), checkin_not_on_loan="success")).routing_information
        assert (told.routing_instructions, told.destination.bin_number) == ("Send To Pickup Location", "7")
        assert told.request_type.value == "Hold"
        assert told.user_id is told.name_information is None
        asked = check_in(user_element_type=(SchemeValue("User Id"), SchemeValue("Name Information")))
        told = (await scripted.ask(desk, asked, checkin_not_on_loan="success")).routing_information
        assert told.user_id.user_identifier_value == "20100005"
        assert told.name_information.personal_name_information.unstructured_personal_user_name == "Rory Williams"

    async def test_an_item_that_was_not_on_loan(self, scripted: Scripted) -> None:
        desk = scripted.desk(loan__return=ReturnOutcome(item=an_item()))
        answer = await scripted.ask(desk, check_in())
        assert problem(answer) == ("Item Not Checked Out", "CheckInItem/ItemId/ItemIdentifierValue", "30100001")
        answer = await scripted.ask(desk, check_in(), checkin_not_on_loan="success")
        assert isinstance(answer, wire.CheckInItemResponse)

    async def test_when_it_came_back_is_believed(self, scripted: Scripted) -> None:
        desk = scripted.desk(loan__return=self.RETURNED)
        mandated = wire.MandatedAction(date_event_occurred="2026-11-20T10:00:00Z")
        await scripted.ask(desk, check_in(mandated_action=mandated))
        assert desk.only(req.LoanReturn).returned_at == datetime(2026, 11, 20, 10, tzinfo=UTC)

    async def test_what_is_no_date_keeps_no_book_out(self, scripted: Scripted) -> None:
        desk = scripted.desk(loan__return=self.RETURNED)
        await scripted.ask(desk, check_in(mandated_action=wire.MandatedAction(date_event_occurred="today")))
        assert desk.only(req.LoanReturn).returned_at is None

    async def test_charges_are_told_as_one_sum(self, scripted: Scripted) -> None:
        late = self.RETURNED.model_copy(update={"fees": (charge(120), charge(30, id="f2"))})
        told = (await scripted.ask(scripted.desk(loan__return=late), check_in())).fiscal_transaction_information
        assert (told.fiscal_action_type.value, told.fiscal_transaction_type.value) == ("Penalty", "Fine")
        assert told.amount.monetary_value == "150"
        assert told.fiscal_transaction_reference_id is None

    @pytest.mark.parametrize(
        ("temporary", "reference", "removed"),
        [
            (True, "ncip:broker:R-1", True),
            (True, "ncip:other:R-1", False),
            (True, None, False),
            (False, "ncip:broker:R-1", False),
        ],
    )
    async def test_a_temporary_item_of_the_peers_own_is_removed_where_the_profile_says_so(
        self, scripted: Scripted, temporary: bool, reference: str | None, removed: bool
    ) -> None:
        item = an_item(temporary=temporary, external_ref=reference)
        returned = ReturnOutcome(item=item, loan=a_loan(status=LoanStatus.RETURNED))
        patron = PatronOutcome(patron=a_patron())
        desk = scripted.desk(loan__return=returned, item__delete=ItemOutcome(item=item), patron__get=patron)
        await scripted.ask(desk, check_in(), delete_on_checkin=True)
        deleted = [one for one in desk.asked if isinstance(one, req.ItemDelete)]
        assert [(one.item_id, one.only_temporary) for one in deleted] == ([("i1", True)] if removed else [])
        kept = scripted.desk(loan__return=returned, patron__get=patron)
        assert isinstance(await scripted.ask(kept, check_in()), wire.CheckInItemResponse)

    async def test_two_commands_of_one_message_have_keys_of_their_own_which_it_finds_again(
        self, scripted: Scripted
    ) -> None:
        item = an_item(temporary=True, external_ref="ncip:broker:R-1")
        returned = ReturnOutcome(item=item, loan=a_loan(status=LoanStatus.RETURNED))
        patron = PatronOutcome(patron=a_patron())
        keys = []
        for _ in range(2):
            desk = scripted.desk(loan__return=returned, item__delete=ItemOutcome(item=item), patron__get=patron)
            await scripted.ask(desk, check_in(), delete_on_checkin=True)
            keys.append([key.value for key in desk.keys if key is not None])
        assert keys[0] == keys[1]
        assert len(set(keys[0])) == 2


class TestRenew:
    RENEWED = LoanOutcome(loan=a_loan(renewals_used=2), item=an_item(return_by=DUE), renewed=True)

    def message(self, **more: Any) -> wire.RenewItem:
        return wire.RenewItem(**(_BOTH | more))

    async def test_the_answer_has_the_new_date_and_how_often(self, scripted: Scripted) -> None:
        desk = scripted.desk(loan__renew=self.RENEWED)
        asked = self.message(desired_date_due="2026-12-24T00:00:00Z")
        answer = await scripted.ask(desk, asked, due_date="earlier")
        assert (answer.date_due, answer.renewal_count) == ("2026-12-06T23:59:59Z", "2")
        assert answer.date_for_return == "2026-12-06T23:59:59Z"
        renewed = desk.only(req.LoanRenew)
        assert (renewed.patron, renewed.item, renewed.third_party) == ("20100001", "30100001", False)
        assert renewed.desired_due == datetime(2026, 12, 24, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("code", "type_"),
        [
            (RefusalCode.LOAN_NOT_FOUND, "Item Not Checked Out"),
            (RefusalCode.LOAN_OF_OTHER_PATRON, "Item Not Checked Out"),
            (RefusalCode.RENEWAL_LIMIT, "Maximum Renewals Exceeded"),
            (RefusalCode.RENEWAL_NOT_ALLOWED, "Item Not Renewable"),
            (RefusalCode.RENEWAL_BLOCKED_BY_REQUEST, "Renewal Not Allowed - Item Has Outstanding Requests"),
        ],
    )
    async def test_a_refusal_has_the_types_of_this_service(
        self, scripted: Scripted, code: RefusalCode, type_: str
    ) -> None:
        answer = await scripted.ask(scripted.desk(loan__renew=Refusal(code=code)), self.message())
        assert problem(answer) == (type_, "RenewItem/ItemId/ItemIdentifierValue", "30100001")

    async def test_all_loans_are_told_one_by_one(self, scripted: Scripted) -> None:
        no = Refusal(code=RefusalCode.RENEWAL_LIMIT)
        left = Unrenewed(loan=a_loan(id="l2", item_barcode="30100002"), refusal=no)
        desk = scripted.desk(loan__renew_all=RenewAllOutcome(renewed=(a_loan(renewals_used=1),), unrenewed=(left,)))
        answer = await scripted.ask(desk, wire.RenewAllItem(user_id=user_id(1)))
        renewed, kept = answer.renew_information
        assert (renewed.item_id.item_identifier_value, renewed.renewal_count) == ("30100001", "1")
        (found,) = kept.problem
        assert found.problem_value == kept.item_id.item_identifier_value == "30100002"
        assert found.problem_type.value == "Maximum Renewals Exceeded"


class TestRecall:
    RECALLED = LoanOutcome(loan=a_loan(recalled_at=NOW), item=an_item(status=ItemStatus.RECALLED))

    async def test_the_loan_is_shortened_not_beyond_the_wish(self, scripted: Scripted) -> None:
        desk = scripted.desk(loan__recall=self.RECALLED)
        asked = wire.RecallItem(item_id=item_id(1), desired_date_due="2026-12-01T00:00:00Z")
        answer = await scripted.ask(desk, asked)
        assert (answer.date_due, answer.user_id) == ("2026-12-06T23:59:59Z", None)
        assert desk.only(req.LoanRecall).desired_due == datetime(2026, 12, 1, tzinfo=UTC)

    async def test_what_cannot_be_recalled(self, scripted: Scripted) -> None:
        desk = scripted.desk(loan__recall=Refusal(code=RefusalCode.RECALL_NOT_ALLOWED))
        answer = await scripted.ask(desk, wire.RecallItem(item_id=item_id(1)))
        assert problem(answer) == ("Item Cannot Be Recalled", "RecallItem/ItemId/ItemIdentifierValue", "30100001")

    async def test_a_recall_is_taken_back(self, scripted: Scripted) -> None:
        back = LoanOutcome(loan=a_loan(), item=an_item())
        answer = await scripted.ask(scripted.desk(loan__recall_cancel=back), wire.CancelRecallItem(item_id=item_id(1)))
        assert answer.item_id.item_identifier_value == "30100001"

    async def test_what_cannot_be_taken_back(self, scripted: Scripted) -> None:
        desk = scripted.desk(loan__recall_cancel=Refusal(code=RefusalCode.UNDO_NOT_POSSIBLE))
        answer = await scripted.ask(desk, wire.CancelRecallItem(item_id=item_id(1)))
        assert problem(answer)[0] == "Recall Cannot Be Cancelled At This Time"
