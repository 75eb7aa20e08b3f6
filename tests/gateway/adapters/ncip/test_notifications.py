"""Notifications: on record, or carried out where the peer means them as commands."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.adapters.ncip import mapping
from gateway.adapters.ncip._notifications import ACTS
from gateway.canonical import requests as req
from gateway.canonical.outcomes import HoldOutcome, LoanOutcome, ReturnOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import HoldLevel, LoanStatus
from gateway.crosswalks.ncip import SERVICES as SERVED
from library_protocols.ncip import SERVICES, SchemeValue, ServiceKind
from library_protocols.ncip import messages as wire
from tests.gateway.adapters.ncip.responder import Responder, item, item_id, patron, request_id, type_of, user_id
from tests.gateway.adapters.ncip.scripted import Scripted, a_hold, a_loan, an_item, problem

DUE = "2026-12-24T00:00:00Z"
LENT = LoanOutcome(loan=a_loan(), item=an_item())


@pytest.fixture
def scripted(demo: dict[str, Any]) -> Scripted:
    return Scripted(demo)


def test_every_notification_that_is_served_is_recorded_or_noted() -> None:
    notifications = {name for name, row in SERVICES.items() if row.kind is ServiceKind.NOTIFICATION}
    assert notifications & SERVED.keys() == ACTS.keys() | {"ItemShipped", "ItemReceived"}
    assert notifications & SERVED.keys() <= mapping.HANDLERS.keys()


@pytest.mark.parametrize("service", sorted(ACTS))
async def test_a_report_asks_the_desk_nothing(scripted: Scripted, service: str) -> None:
    desk = scripted.desk()
    answer = await scripted.ask(desk, SERVICES[service].request())
    assert answer == SERVICES[service].response()
    assert desk.asked == []


class TestCommands:
    async def ask(self, scripted: Scripted, message: Any, **answers: Any) -> tuple[Any, list[req.Request]]:
        desk = scripted.desk(**answers)
        answer = await scripted.ask(desk, message, notifications="act", due_date="wins")
        return answer, desk.asked

    async def test_checked_out(self, scripted: Scripted) -> None:
        message = wire.ItemCheckedOut(
            user_id=user_id(1), item_id=item_id(1), request_id=request_id("R-1"), date_due=DUE
        )
        answer, (asked,) = await self.ask(scripted, message, loan__create=LENT)
        assert answer == wire.ItemCheckedOutResponse()
        assert isinstance(asked, req.LoanCreate)
        assert (asked.patron, asked.item, asked.external_ref) == (patron(1), item(1), "ncip:broker:R-1")
        assert asked.desired_due == datetime(2026, 12, 24, tzinfo=UTC)

    async def test_checked_in(self, scripted: Scripted) -> None:
        returned = ReturnOutcome(item=an_item(), loan=a_loan(status=LoanStatus.RETURNED))
        answer, (asked,) = await self.ask(scripted, wire.ItemCheckedIn(item_id=item_id(1)), loan__return=returned)
        assert answer == wire.ItemCheckedInResponse()
        assert isinstance(asked, req.LoanReturn)

    async def test_renewed(self, scripted: Scripted) -> None:
        message = wire.ItemRenewed(user_id=user_id(1), item_id=item_id(1), date_due=DUE)
        answer, (asked,) = await self.ask(scripted, message, loan__renew=LENT)
        assert answer == wire.ItemRenewedResponse()
        assert isinstance(asked, req.LoanRenew)
        assert asked.desired_due == datetime(2026, 12, 24, tzinfo=UTC)

    async def test_recalled_and_not(self, scripted: Scripted) -> None:
        message = wire.ItemRecalled(item_id=item_id(1), date_due=DUE)
        _, (asked,) = await self.ask(scripted, message, loan__recall=LENT)
        assert isinstance(asked, req.LoanRecall)
        assert asked.desired_due == datetime(2026, 12, 24, tzinfo=UTC)
        _, (asked,) = await self.ask(scripted, wire.ItemRecallCancelled(item_id=item_id(1)), loan__recall_cancel=LENT)
        assert isinstance(asked, req.LoanRecallCancel)

    async def test_requested_by_item_and_by_title(self, scripted: Scripted) -> None:
        placed = HoldOutcome(hold=a_hold())
        message = wire.ItemRequested(
            user_id=user_id(1),
            item_id=item_id(1),
            request_type=SchemeValue("Hold"),
            request_scope_type=SchemeValue("Item"),
        )
        answer, (asked,) = await self.ask(scripted, message, hold__place=placed)
        assert answer == wire.ItemRequestedResponse()
        assert isinstance(asked, req.HoldPlace)
        assert (asked.level, asked.item) == (HoldLevel.ITEM, item(1))
        title = wire.BibliographicRecordId(bibliographic_record_identifier="b1")
        message = wire.ItemRequested(
            user_id=user_id(1),
            bibliographic_id=wire.BibliographicId(bibliographic_record_id=title),
            request_id=request_id("R-1"),
        )
        _, (asked,) = await self.ask(scripted, message, hold__place=placed)
        assert isinstance(asked, req.HoldPlace)
        assert (asked.level, asked.bib_id, asked.external_ref) == (HoldLevel.BIB, "b1", "ncip:broker:R-1")

    async def test_a_request_cancelled_or_changed(self, scripted: Scripted) -> None:
        gone = HoldOutcome(hold=a_hold())
        message = wire.ItemRequestCancelled(user_id=user_id(1), request_id=request_id("R-1"))
        _, (asked,) = await self.ask(scripted, message, hold__cancel=gone)
        assert isinstance(asked, req.HoldCancel)
        changed = wire.ItemRequestUpdated(
            request_id=request_id("R-1"), add_request_fields=wire.AddRequestFields(need_before_date=DUE)
        )
        _, (asked,) = await self.ask(scripted, changed, hold__update=gone)
        assert isinstance(asked, req.HoldUpdate)

    async def test_a_problem_names_the_notifications_own_elements(self, scripted: Scripted) -> None:
        no = Refusal(code=RefusalCode.ITEM_NOT_FOUND)
        answer, _ = await self.ask(scripted, wire.ItemCheckedIn(item_id=item_id(1)), loan__return=no)
        assert problem(answer) == ("Unknown Item", "ItemCheckedIn/ItemId/ItemIdentifierValue", item(1))
        message = wire.ItemCheckedOut(user_id=user_id(1), item_id=item_id(1), date_due="soon")
        answer, _ = await self.ask(scripted, message)
        assert problem(answer) == ("Invalid Date", "ItemCheckedOut/DateDue", "soon")

    def test_a_notification_has_no_element_that_its_command_would_not_read(self) -> None:
        """What `_as` leaves out says how it came about, and nothing of what it is."""
        left = {
            ("CirculationStatusChangeReported", "ReportCirculationStatusChange"): {
                "item_optional_fields", "user_optional_fields", "fiscal_transaction_information"},
            ("CirculationStatusUpdated", "UpdateCirculationStatus"): set(),
            ("ItemCreated", "CreateItem"): set(),
            ("ItemUpdated", "UpdateItem"): set(),
            ("UserCreated", "CreateUser"): set(),
            ("UserNoticeSent", "SendUserNotice"): {"date_sent"},
            ("UserUpdated", "UpdateUser"): set(),
        }  # fmt: skip
        for (notification, command), beside in left.items():
            said = {one.name for one in fields(SERVICES[notification].request)}
            read = {one.name for one in fields(SERVICES[command].request)}
            assert said - read == beside, notification


class TestOnThePlatform:
    """Each notification that means a command, through the codec to the store and back."""

    async def test_a_new_user_a_charge_and_a_notice(self, node: Any) -> None:
        responder: Responder = await node(peer={"notifications": "act"})
        name = wire.PersonalNameInformation(unstructured_personal_user_name="Nyota Uhura")
        new = wire.UserId(user_identifier_value="29999991")
        created = wire.UserCreated(
            user_id=new,
            name_information=wire.NameInformation(personal_name_information=name),
            user_privilege=(
                wire.UserPrivilege(
                    agency_id=SchemeValue("ABER"),
                    agency_user_privilege_type=SchemeValue("PROFILE"),
                    user_privilege_status=wire.UserPrivilegeStatus(user_privilege_status_type=SchemeValue("UG")),
                ),
            ),
        )
        answer = await responder.ask(created)
        assert answer.problem == (), answer.problem
        fee = wire.FiscalTransactionInformation(
            fiscal_action_type=SchemeValue("Assess"),
            fiscal_transaction_type=SchemeValue("Service Charge"),
            amount=wire.Amount(currency_code=SchemeValue("GBP"), monetary_value="150"),
        )
        answer = await responder.ask(wire.UserFiscalTransactionCreated(user_id=new, fiscal_transaction_information=fee))
        assert answer.problem == (), answer.problem
        details = wire.UserNoticeDetails(notice_type=SchemeValue("Pickup"), notice_content="Your book is here")
        answer = await responder.ask(wire.UserNoticeSent(user_id=new, date_sent=DUE, user_notice_details=details))
        assert answer.problem == (), answer.problem
        found = await responder.desk_says(req.PatronAccount(patron="29999991", fees=True))
        assert found.patron.name.display == "Nyota Uhura"
        assert [one.original.minor for one in found.fees] == [150]

    async def test_an_item_made_changed_and_missed(self, node: Any) -> None:
        responder: Responder = await node(peer={"notifications": "act"})
        new = wire.ItemId(item_identifier_value="39999991")
        title = wire.BibliographicDescription(title="A new one")
        answer = await responder.ask(wire.ItemCreated(item_id=new, bibliographic_description=title))
        assert answer.problem == (), answer.problem
        fields_ = wire.AddItemFields(item_description=wire.ItemDescription(call_number="QA1"))
        answer = await responder.ask(wire.ItemUpdated(item_id=new, add_item_fields=fields_))
        assert answer.problem == (), answer.problem
        answer = await responder.ask(
            wire.CirculationStatusUpdated(item_id=new, circulation_status=SchemeValue("Missing"))
        )
        assert answer.problem == (), answer.problem
        found = (await responder.desk_says(req.ItemGet(item="39999991"))).item
        assert (found.title, found.call_number, found.status) == ("A new one", "QA1", "MISSING")

    async def test_without_the_profiles_word_nothing_happens_and_all_is_on_record(self, responder: Responder) -> None:
        answer = await responder.ask(wire.ItemCheckedOut(user_id=user_id(1), item_id=item_id(1), date_due=DUE))
        assert answer.problem == ()
        assert (await responder.desk_says(req.ItemGet(item=item(1)))).item.status == "AVAILABLE"
        assert b"ItemCheckedOut" in responder.recorded.exchanges[-1].bytes_in

    async def test_a_status_that_was_reported_wrongly_is_told(self, node: Any) -> None:
        responder: Responder = await node(peer={"notifications": "act"})
        message = wire.CirculationStatusChangeReported(
            item_id=item_id(1), user_id=user_id(1), item_reported_never_borrowed=True
        )
        answer = await responder.ask(message)
        assert type_of(answer) == "Item Not Checked Out"
