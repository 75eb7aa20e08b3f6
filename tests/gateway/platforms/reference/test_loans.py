"""Check-out and check-in through the platform, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.canonical.outcomes import LoanOutcome, ReturnOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import LoanCreate
from gateway.canonical.vocabulary import HoldStatus, ItemStatus, LoanStatus, RoutingAction
from gateway.store.rows import (
    ChargeRow,
    EventRow,
    HoldRow,
    ItemRow,
    LoanRow,
    OfflineConflictRow,
    PseudonymRow,
)
from tests.gateway.platforms.reference.library import (
    DAY,
    Library,
    block,
    charge,
    hold,
    item,
    loan,
    patron,
    rule,
)


def code(answer: Any) -> RefusalCode | None:
    return answer.code if isinstance(answer, Refusal) else None


async def test_a_loan_is_written_with_item_event_and_pseudonym(library: Library) -> None:
    answer = await library.lend("x", "ann")
    assert isinstance(answer, LoanOutcome)
    assert answer.loan.due == datetime(2026, 3, 16, 23, 59, 59, tzinfo=UTC)
    assert (answer.loan.title, answer.loan.patron_barcode, answer.loan.renewals_left) == ("The x book", "C-ann", 2)
    assert answer.loan.renewable is True
    assert answer.item.status is ItemStatus.ON_LOAN
    row = await library.row(LoanRow)
    assert (row.item_id, row.patron_id, row.status, row.location) == ("x", "ann", "open", "MAIN")
    event = await library.row(EventRow)
    alias = await library.row(PseudonymRow)
    assert (event.type, event.subject, event.item_id) == ("loan.created", alias.pseudonym, "x")
    assert "ann" not in event.data_json


async def test_a_return_closes_it_and_puts_the_item_back(library: Library) -> None:
    await library.lend("x", "ann")
    answer = await library.take_back("x")
    assert isinstance(answer, ReturnOutcome)
    assert answer.loan is not None
    assert (answer.loan.status, answer.loan.patron_id, answer.loan.patron_barcode) == ("returned", "ann", "C-ann")
    assert answer.routing.action is RoutingAction.RESHELVE
    assert (await library.row(ItemRow, id="x")).status == ItemStatus.AVAILABLE
    assert [e.type for e in await library.rows(EventRow)] == ["loan.created", "loan.returned"]


async def test_what_was_not_on_loan_is_taken_back_all_the_same(library: Library) -> None:
    answer = await library.take_back("x")
    assert answer.loan is None
    assert answer.routing.action is RoutingAction.RESHELVE
    assert code(await library.take_back("nothing")) is RefusalCode.ITEM_NOT_FOUND


@pytest.mark.parametrize(
    ("extra", "expected", "detail"),
    [
        ([block("k", "ann")], RefusalCode.PATRON_BLOCKED, {"reason": "CARD_LOST", "reasons": ["CARD_LOST"]}),
        ([block("k", "ann", scope="hold")], None, {}),
        ([block("k", "ann", severity="trap")], None, {}),
        ([block("k", "ann", expires_at=1)], None, {}),
        ([charge("f", "ann", 999)], None, {}),
        (
            [charge("f", "ann", 600), charge("g", "ann", 400, type="OTHER")],
            RefusalCode.FEE_LIMIT,
            {"amount": "10.00", "currency": "GBP", "reason": "EXCESS_FEES"},
        ),
    ],
)
async def test_blocks_and_charges_stop_a_loan(library: Library, extra: Any, expected: Any, detail: Any) -> None:
    await library.add(*extra)
    answer = await library.lend("x", "ann")
    assert code(answer) is expected
    if expected is not None:
        assert answer.detail == detail


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"expires_on": "2026-03-02"}, None),
        ({"expires_on": "2026-03-01"}, RefusalCode.PATRON_EXPIRED),
        ({"status": "inactive"}, RefusalCode.PATRON_INACTIVE),
        ({"valid_from_on": "2026-03-03"}, RefusalCode.PATRON_INACTIVE),
        ({"status": "deleted"}, RefusalCode.PATRON_NOT_FOUND),
    ],
)
async def test_the_card_must_be_valid(library: Library, changes: Any, expected: Any) -> None:
    await library.add(patron("dai", **changes))
    request_answer = await library.platform.loan_create(library.context(), _by_id("dai"), library.key())
    assert code(request_answer) is expected


def _by_id(patron_id: str) -> Any:
    return LoanCreate(patron_id=patron_id, item="b-x")


@pytest.mark.parametrize(
    ("changes", "expected", "status"),
    [
        ({"status": "LOST"}, RefusalCode.ITEM_UNAVAILABLE, "LOST"),
        ({"status": "ON_ORDER"}, RefusalCode.ITEM_UNAVAILABLE, "ON_ORDER"),
        ({"status": "MISSING"}, RefusalCode.ITEM_UNAVAILABLE, "MISSING"),
        ({"status": "IN_TRANSIT"}, None, None),
        ({"status": "RESTRICTED_USE"}, RefusalCode.ITEM_NOT_FOR_LOAN, None),
        ({"restrictions": "NOT_FOR_LOAN"}, RefusalCode.ITEM_NOT_FOR_LOAN, None),
        ({"restrictions": "IN_LIBRARY_USE_ONLY"}, None, None),
    ],
)
async def test_the_item_must_be_lendable(library: Library, changes: Any, expected: Any, status: Any) -> None:
    await library.add(item("z", bib_id="x", **changes))
    answer = await library.lend("z", "ann")
    assert code(answer) is expected
    if expected is None:
        assert answer.desensitize is ("restrictions" not in changes)
    else:
        assert answer.detail.get("status") == status


async def test_limits_count_open_loans(library: Library) -> None:
    now, later = library.clock.millis, library.clock.millis + 10**9
    await library.add(*(item(f"x.{n}") for n in range(5)), *(loan(f"x.{n}", "ann", now, later) for n in range(5)))
    answer = await library.lend("y.1", "ann")
    assert (code(answer), answer.detail) == (RefusalCode.LIMIT_REACHED, {"kind": "loans", "limit": 5})
    await library.take_back("x.0")
    assert isinstance(await library.lend("y.1", "ann"), LoanOutcome)


async def test_too_many_overdue(library: Library) -> None:
    await library.add(*(item(f"x.{n}") for n in range(3)), *(loan(f"x.{n}", "ann", 0, 1) for n in range(3)))
    assert code(await library.lend("y.1", "ann")) is RefusalCode.OVERDUE_LIMIT


async def test_an_item_on_loan(library: Library) -> None:
    await library.lend("x", "ann")
    assert code(await library.lend("x", "bob")) is RefusalCode.ALREADY_ON_LOAN_TO_OTHER
    assert code(await library.lend("x", "ann")) is RefusalCode.ALREADY_ON_LOAN_TO_PATRON
    library.clock.turn(2 * DAY)
    renewed = await library.lend("x", "ann", renew_if_own=True)
    assert renewed.renewed
    assert renewed.loan.renewals_used == 1
    assert renewed.loan.due == datetime(2026, 3, 18, 23, 59, 59, tzinfo=UTC)


async def test_a_trapped_copy_is_for_its_patron_alone(library: Library) -> None:
    await library.lend("x", "cai")
    await library.add(hold("x", "ann", 1), hold("x", "bob", 2))
    back = await library.take_back("x")
    assert back.routing.action is RoutingAction.HOLD_HERE
    assert (back.routing.hold_patron_barcode, back.routing.hold_patron_name) == ("C-ann", "Ann")
    waiting = await library.row(HoldRow, patron_id="ann")
    assert (waiting.status, waiting.filled_item_id) == (HoldStatus.READY, "x")
    assert code(await library.lend("x", "bob")) is RefusalCode.ON_HOLD_FOR_OTHER
    lent = await library.lend("x", "ann")
    assert isinstance(lent, LoanOutcome)
    assert (await library.row(HoldRow, patron_id="ann")).status == HoldStatus.FILLED
    assert lent.item.hold_queue_length == 1


async def test_a_title_hold_leaves_shelf_copies_alone_and_a_copy_hold_does_not(library: Library) -> None:
    await library.add(hold("y", "bob", 1), hold("y", "cai", 2, level="item", item_id="y.2"))
    assert isinstance(await library.lend("y.1", "ann"), LoanOutcome)
    assert code(await library.lend("y.2", "ann")) is RefusalCode.ON_HOLD_FOR_OTHER
    assert isinstance(await library.lend("y.2", "bob"), LoanOutcome)
    assert (await library.row(HoldRow, patron_id="bob")).status == HoldStatus.FILLED


async def test_a_hold_elsewhere_sends_the_item_there(library: Library) -> None:
    await library.lend("x", "cai")
    await library.add(hold("x", "ann", 1, pickup_location="BRANCH"))
    back = await library.take_back("x")
    assert (back.routing.action, back.routing.destination) == (RoutingAction.TRANSIT_HOLD, "BRANCH")
    assert (await library.row(HoldRow)).status == HoldStatus.IN_TRANSIT
    assert (await library.row(ItemRow, id="x")).destination == "BRANCH"
    arrived = await library.take_back("x", at={"location": "BRANCH"})
    assert arrived.routing.action is RoutingAction.HOLD_HERE
    assert (await library.row(HoldRow)).hold_until_at > library.clock.millis + 6 * 86_400_000


async def test_an_item_of_another_branch_goes_home(library: Library) -> None:
    await library.lend("x", "cai")
    back = await library.take_back("x", at={"location": "BRANCH"})
    assert (back.routing.action, back.routing.destination) == (RoutingAction.TRANSIT_HOME, "MAIN")
    assert (await library.row(ItemRow, id="x")).status == ItemStatus.IN_TRANSIT
    home = await library.take_back("x")
    assert home.routing.action is RoutingAction.RESHELVE


@pytest.mark.parametrize(
    ("status", "action", "after"),
    [
        ("MISSING", RoutingAction.RESHELVE, "AVAILABLE"),
        ("TO_BE_RESHELVED", RoutingAction.RESHELVE, "AVAILABLE"),
        ("RESTRICTED_USE", RoutingAction.RESHELVE, "RESTRICTED_USE"),
        ("WITHDRAWN", RoutingAction.PROCESS, "WITHDRAWN"),
        ("ON_ORDER", RoutingAction.PROCESS, "ON_ORDER"),
    ],
)
async def test_what_a_scan_makes_of_an_item(library: Library, status: str, action: RoutingAction, after: str) -> None:
    await library.add(item("z", bib_id="x", status=status))
    assert (await library.take_back("z")).routing.action is action
    assert (await library.row(ItemRow, id="z")).status == after


async def test_suspended_and_outdated_holds_wait(library: Library) -> None:
    now = library.clock.millis
    await library.add(
        hold("x", "ann", 1, suspended_until_at=now + 1), hold("x", "bob", 2, needed_before_at=now), hold("x", "cai", 3)
    )
    back = await library.take_back("x")
    assert back.routing.hold_patron_id == "cai"


async def test_lateness_is_charged_once_and_up_to_the_ceiling(library: Library) -> None:
    await library.lend("x", "ann")
    await library.lend("y.1", "ann")
    library.clock.turn(17 * DAY)
    back = await library.take_back("x")
    assert [str(fee.balance) for fee in back.fees] == ["0.30 GBP"]
    library.clock.turn(30 * DAY)
    assert [str(fee.balance) for fee in (await library.take_back("y.1")).fees] == ["0.50 GBP"]
    assert {c.type for c in await library.rows(ChargeRow)} == {"OVERDUE"}


async def test_a_return_date_is_believed_within_reason(library: Library) -> None:
    await library.lend("x", "ann")
    library.clock.turn(17 * DAY)
    told = library.clock.now() - 3 * DAY
    assert (await library.take_back("x", returned_at=told)).fees == ()
    await library.lend("x", "ann")
    library.clock.turn(24 * DAY)
    back = await library.take_back("x", returned_at=library.clock.now() - 20 * DAY)
    assert back.loan.returned_at == library.clock.now() - 7 * DAY
    await library.lend("x", "ann")
    back = await library.take_back("x", returned_at=library.clock.now() + DAY)
    assert back.loan.returned_at == library.clock.now()


async def test_a_lost_item_that_comes_back_is_not_to_be_paid_for(library: Library) -> None:
    await library.add(
        item("z", bib_id="x", status="LOST"),
        loan("z", "ann", 0, library.clock.millis, status="lost"),
        charge("p", "ann", 2000, type="REPLACEMENT", loan_id="loan-z", item_id="z"),
        charge("q", "ann", 500, type="PROCESSING", loan_id="loan-z", item_id="z"),
    )
    back = await library.take_back("z")
    assert back.loan.status is LoanStatus.RETURNED
    assert (await library.row(ChargeRow, id="p")).status == "reversed"
    assert (await library.row(ChargeRow, id="q")).status == "open"
    assert (await library.row(ItemRow, id="z")).status == "AVAILABLE"


async def test_a_rental_fee_has_to_be_acknowledged(library: Library) -> None:
    await library.add(rule(id="film", item_type="FILM", rental_fee=150), item("z", bib_id="x", item_type="FILM"))
    asked = await library.lend("z", "ann")
    assert (code(asked), asked.detail["amount"]) == (RefusalCode.FEE_ACK_REQUIRED, "1.50")
    lent = await library.lend("z", "ann", fee_acknowledged=True)
    assert str(lent.fee.balance) == "1.50 GBP"
    assert (await library.row(ChargeRow)).type == "RENTAL"


async def test_off_line_loans_are_never_refused(library: Library) -> None:
    told = {"offline": True, "happened_at": library.clock.now() - timedelta(hours=2)}
    await library.add(block("k", "ann"))
    kept = await library.lend("x", "ann", due=library.clock.now() + 5 * DAY, **told)
    assert kept.offline_accepted
    assert kept.offline_conflict == "PATRON_BLOCKED:CARD_LOST"
    assert kept.loan.loaned_at == told["happened_at"]
    assert kept.loan.due == library.clock.now() + 5 * DAY
    assert (await library.row(OfflineConflictRow)).item_barcode == "b-x"
    for unknown in (await library.lend("nothing", "ann", **told), await library.lend("y.1", "nobody", **told)):
        assert unknown.offline_accepted
        assert unknown.loan.id == ""
    reasons = {c.reason for c in await library.rows(OfflineConflictRow)}
    assert reasons == {"PATRON_BLOCKED:CARD_LOST", "ITEM_NOT_FOUND", "PATRON_NOT_FOUND"}


async def test_off_line_the_item_of_another_patron_changes_hands(library: Library) -> None:
    await library.lend("x", "bob")
    library.clock.turn(3 * DAY)
    kept = await library.lend("x", "ann", offline=True, happened_at=library.clock.now() - DAY)
    assert kept.offline_conflict == "ALREADY_ON_LOAN_TO_OTHER"
    assert [(r.patron_id, r.status) for r in await library.rows(LoanRow)] == [("bob", "returned"), ("ann", "open")]


async def test_off_line_news_older_than_the_present_loan_leaves_that_loan_alone(library: Library) -> None:
    await library.lend("x", "bob")
    kept = await library.lend("x", "ann", offline=True, happened_at=library.clock.now() - DAY)
    assert kept.offline_conflict == "ALREADY_ON_LOAN_TO_OTHER:later"
    assert {(r.patron_id, r.status) for r in await library.rows(LoanRow)} == {("bob", "open"), ("ann", "returned")}
    assert (await library.row(ItemRow, id="x")).status == "ON_LOAN"


async def test_off_line_returns_are_never_refused(library: Library) -> None:
    kept = await library.take_back("nothing", offline=True)
    assert kept.offline_accepted
    assert kept.routing.action is RoutingAction.EXCEPTION
    assert (await library.row(OfflineConflictRow)).reason == "ITEM_NOT_FOUND"


async def test_an_off_line_return_from_before_the_present_loan_leaves_it_alone(library: Library) -> None:
    await library.lend("x", "bob")
    kept = await library.take_back("x", offline=True, returned_at=library.clock.now() - timedelta(hours=1))
    assert (kept.offline_accepted, kept.loan) == (True, None)
    assert (await library.row(LoanRow)).status == "open"
    assert (await library.row(OfflineConflictRow)).reason == "LOAN_NOT_FOUND:later"


async def test_what_happened_off_line_happened_once_however_late_it_is_sent_again(library: Library) -> None:
    key = library.key(window=10)
    told = {"offline": True, "happened_at": library.clock.now() - timedelta(hours=2), "key": key}
    kept = await library.lend("x", "ann", **told)
    await library.take_back("x")
    library.clock.turn(2 * DAY)
    assert await library.lend("x", "ann", **told) == kept
    assert [r.status for r in await library.rows(LoanRow)] == ["returned"]
