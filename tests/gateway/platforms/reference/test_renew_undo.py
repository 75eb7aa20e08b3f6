"""Renewals, undo in both directions, and exactly once, through the platform, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from gateway.canonical.context import CommandKey
from gateway.canonical.outcomes import LoanOutcome, RenewAllOutcome, ReturnOutcome, UndoOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import LoanRenew, LoanUndo
from gateway.canonical.vocabulary import DesiredDue, HoldStatus, ItemStatus, LoanStatus
from gateway.platforms.reference.policy import MemberSettings, millis
from gateway.store.effects import Update
from gateway.store.rows import (
    ChargeRow,
    EventRow,
    HoldRow,
    IdempotencyRow,
    ItemRow,
    LoanRow,
    LoanRuleRow,
    MemberStateRow,
    OfflineConflictRow,
)
from tests.gateway.platforms.reference.library import DAY, Library, block, charge, hold, item, loan, rule


def code(answer: Any) -> RefusalCode | None:
    return answer.code if isinstance(answer, Refusal) else None


# Renewals


async def test_a_renewal_counts_from_now_until_the_limit(library: Library) -> None:
    await library.lend("x", "ann")
    assert (await library.renew("x", "ann")).detail == {"kind": "no_change"}
    for day in (3, 4):
        library.clock.turn(DAY)
        renewed = await library.renew("x", "ann")
        assert renewed.loan.due == datetime(2026, 3, day + 14, 23, 59, 59, tzinfo=UTC)
    library.clock.turn(DAY)
    assert code(await library.renew("x", "ann")) is RefusalCode.RENEWAL_LIMIT
    assert (await library.row(LoanRow)).renewals == 2


async def test_a_renewal_needs_the_loan_to_be_the_patrons(library: Library) -> None:
    await library.lend("x", "ann")
    library.clock.turn(DAY)
    assert code(await library.renew("x", "bob")) is RefusalCode.LOAN_OF_OTHER_PATRON
    assert code(await library.renew("y.1", "bob")) is RefusalCode.LOAN_NOT_FOUND
    assert code(await library.renew("x", "nobody")) is RefusalCode.PATRON_NOT_FOUND
    assert isinstance(await library.renew("x", "bob", third_party=True), LoanOutcome)


async def test_somebody_waiting_or_a_block_stops_a_renewal(library: Library) -> None:
    await library.lend("x", "ann")
    await library.lend("y.1", "ann")
    await library.add(hold("x", "bob", 1))
    library.clock.turn(DAY)
    assert (await library.renew("x", "ann")).detail == {"kind": "hold"}
    await library.add(block("k", "ann", "RENEW_DENIED", scope="renew"))
    assert code(await library.renew("y.1", "ann")) is RefusalCode.PATRON_BLOCKED
    await library.add(loan("y.2", "bob", 0, library.clock.millis, recalled_at=1))
    assert (await library.renew("y.2", "bob")).detail == {"kind": "recall"}


async def test_a_loan_can_be_named_by_title_or_id(library: Library) -> None:
    lent = await library.lend("x", "ann")
    await library.lend("y.1", "ann")
    await library.lend("y.2", "ann")
    library.clock.turn(DAY)
    assert isinstance(await library.renew(None, "ann", title="the X BOOK"), LoanOutcome)
    assert code(await library.renew(None, "ann", title="The y book")) is RefusalCode.LOAN_NOT_FOUND
    library.clock.turn(DAY)
    assert isinstance(await library.renew(None, "ann", loan_id=lent.loan.id), LoanOutcome)


async def test_a_loan_that_is_named_by_id_needs_no_patron_and_is_no_other_loan_of_the_item(library: Library) -> None:
    request = LoanRenew(loan_id=(await library.lend("x", "ann")).loan.id)

    async def renew() -> Any:
        return await library.platform.loan_renew(library.context(), request, library.key())

    library.clock.turn(DAY)
    assert isinstance(await renew(), LoanOutcome)
    await library.take_back("x")
    assert code(await renew()) is RefusalCode.LOAN_NOT_FOUND
    await library.lend("x", "bob")
    library.clock.turn(DAY)
    assert code(await renew()) is RefusalCode.LOAN_NOT_FOUND
    none = LoanRenew(loan_id="none")
    assert code(await library.platform.loan_renew(library.context(), none, library.key())) is RefusalCode.LOAN_NOT_FOUND
    assert (await library.row(LoanRow, patron_id="bob")).renewals == 0


async def test_renewing_an_overdue_loan_charges_the_lateness_so_far(library: Library) -> None:
    await library.lend("x", "ann")
    library.clock.turn(16 * DAY)
    await library.renew("x", "ann")
    assert [c.original for c in await library.rows(ChargeRow)] == [20]
    library.clock.turn(18 * DAY)
    await library.take_back("x")
    amounts = sorted(c.original for c in await library.rows(ChargeRow))
    assert amounts == [20, 30], "the second lateness of four days meets the ceiling of fifty for the loan"


async def test_all_loans_are_renewed_at_once_each_with_its_verdict(library: Library) -> None:
    for name in ("x", "y.1"):
        await library.lend(name, "ann")
    await library.add(hold("x", "bob", 1))
    library.clock.turn(DAY)
    key = library.key()
    answer = await library.renew_all("ann", key=key)
    assert isinstance(answer, RenewAllOutcome)
    assert [renewed.item_barcode for renewed in answer.renewed] == ["b-y.1"]
    (left,) = answer.unrenewed
    assert (left.loan.item_barcode, left.refusal.code) == ("b-x", RefusalCode.RENEWAL_BLOCKED_BY_REQUEST)
    assert left.loan.renewable is False
    assert await library.renew_all("ann", key=key) == answer
    assert {r.renewals for r in await library.rows(LoanRow, item_id="y.1")} == {1}


async def test_an_off_line_renewal_is_kept(library: Library) -> None:
    await library.lend("x", "ann")
    await library.add(hold("x", "bob", 1))
    told = {"offline": True, "happened_at": library.clock.now(), "due": library.clock.now() + 40 * DAY}
    kept = await library.renew("x", "ann", **told)
    assert kept.loan.due == library.clock.now() + 40 * DAY
    assert kept.offline_conflict == "RENEWAL_BLOCKED_BY_REQUEST:hold"
    kept = await library.renew("y.1", "ann", **told)
    assert (kept.loan.id, kept.offline_conflict) == ("", "LOAN_NOT_FOUND")
    assert len(await library.rows(OfflineConflictRow)) == 2


async def test_a_due_date_wished_for_counts_as_it_is_said_to(library: Library) -> None:
    await library.lend("x", "ann")
    library.clock.turn(DAY)
    by_rule = datetime(2026, 3, 17, 23, 59, 59, tzinfo=UTC)
    sooner, later = by_rule - timedelta(hours=5), by_rule + 3 * DAY

    async def renewed(wish: datetime, rule: DesiredDue) -> Any:
        answer = await library.renew("x", "ann", desired_due=wish, desired_due_rule=rule)
        if isinstance(answer, LoanOutcome):
            await library.undo("loan", "x")
        return answer

    assert (await renewed(later, DesiredDue.IGNORED)).loan.due == by_rule
    assert (await renewed(later, DesiredDue.EARLIER)).loan.due == by_rule
    assert (await renewed(sooner, DesiredDue.EARLIER)).loan.due == sooner
    assert (await renewed(later, DesiredDue.WINS)).loan.due == later
    assert (await renewed(sooner, DesiredDue.WINS)).loan.due == sooner
    assert (await renewed(sooner - DAY, DesiredDue.WINS)).detail == {"kind": "no_change"}
    for counted in (DesiredDue.EARLIER, DesiredDue.WINS):
        assert code(await renewed(library.clock.now(), counted)) is RefusalCode.INVALID_DATE
    assert isinstance(await renewed(library.clock.now(), DesiredDue.IGNORED), LoanOutcome)
    assert (await library.renew("x", "ann", desired_due=later, desired_due_rule=DesiredDue.WINS)).loan.due == later
    assert (await library.row(LoanRow)).due_at == millis(later)


async def test_what_has_to_be_back_is_not_renewed_beyond_that(library: Library) -> None:
    back = library.clock.millis + 15 * 86_400_000
    await library.add(item("z", bib_id="x", return_by_at=back))
    lent = await library.lend("z", "ann")
    assert lent.loan.renewable is True
    library.clock.turn(3 * DAY)
    renewed = await library.renew("z", "ann", desired_due=lent.loan.due + 90 * DAY, desired_due_rule=DesiredDue.WINS)
    assert millis(renewed.loan.due) == back
    assert renewed.loan.renewable is False
    library.clock.turn(DAY)
    assert (await library.renew("z", "ann")).detail == {"kind": "no_change"}
    (left,) = (await library.renew_all("ann")).unrenewed
    assert left.refusal.detail == {"kind": "no_change"}


async def test_what_may_not_be_renewed_is_not_whatever_is_wished_for(library: Library) -> None:
    await library.add(item("z", bib_id="x", restrictions="NO_RENEWALS"))
    lent = await library.lend("z", "ann")
    assert lent.loan.renewable is False
    library.clock.turn(DAY)
    wish = {"desired_due": lent.loan.due + 9 * DAY, "desired_due_rule": DesiredDue.WINS}
    refusal = await library.renew("z", "ann", **wish)
    assert (code(refusal), refusal.detail) == (RefusalCode.RENEWAL_NOT_ALLOWED, {"kind": "policy"})


async def test_the_other_side_of_an_interlibrary_loan_is_told_of_a_renewal(library: Library) -> None:
    await library.add(item("z", bib_id="x", external_ref="ncip:reshare:1"))
    await library.lend("z", "ann")
    await library.lend("y.1", "ann")
    library.clock.turn(DAY)
    await library.renew_all("ann")
    renewed = {row.item_id: orjson.loads(row.data_json) for row in await library.rows(EventRow, type="loan.renewed")}
    assert renewed["z"]["external_ref"] == "ncip:reshare:1"
    assert "external_ref" not in renewed["y.1"]


# Undo


async def test_undoing_a_loan_puts_everything_back_and_traps_no_hold(library: Library) -> None:
    await library.add(rule(id="film", item_type="FILM", rental_fee=150), item("z", bib_id="x", item_type="FILM"))
    await library.lend("z", "ann", fee_acknowledged=True)
    await library.add(hold("x", "bob", 1))
    undone = await library.undo("loan", "z")
    assert isinstance(undone, UndoOutcome)
    assert undone.loan.status is LoanStatus.UNDONE
    assert (await library.row(ItemRow, id="z")).status == ItemStatus.AVAILABLE
    assert (await library.row(HoldRow)).status == HoldStatus.PENDING
    assert (await library.row(ChargeRow)).status == "reversed"
    assert [e.type for e in await library.rows(EventRow)] == ["loan.created", "loan.undone"]
    assert isinstance(await library.lend("z", "ann", fee_acknowledged=True), LoanOutcome)


async def test_undoing_a_loan_gives_the_hold_back_that_it_filled(library: Library) -> None:
    await library.add(hold("x", "ann", 1))
    await library.take_back("x")
    before = await library.row(HoldRow)
    await library.lend("x", "ann")
    await library.undo("loan", "x")
    after, copy = await library.row(HoldRow), await library.row(ItemRow, id="x")
    assert (after.status, after.hold_until_at, after.closed_at) == (HoldStatus.READY, before.hold_until_at, None)
    assert (copy.status, copy.hold_id) == (ItemStatus.ON_HOLD_SHELF, after.id)
    assert isinstance(await library.lend("x", "ann"), LoanOutcome)


async def test_undoing_right_after_a_renewal_takes_back_the_renewal_alone(library: Library) -> None:
    lent = await library.lend("x", "ann")
    library.clock.turn(DAY)
    await library.lend("x", "ann", renew_if_own=True)
    undone = await library.undo("loan", "x")
    assert (undone.loan.status, undone.loan.due, undone.loan.renewals_used) == (LoanStatus.OPEN, lent.loan.due, 0)


async def test_undoing_a_return_reopens_the_loan_as_it_was(library: Library) -> None:
    lent = await library.lend("x", "ann")
    await library.add(hold("x", "bob", 1))
    library.clock.turn(16 * DAY)
    back = await library.take_back("x")
    assert back.fees
    undone = await library.undo("return", "x", patron="c-ann")
    assert (undone.loan.id, undone.loan.status, undone.loan.due) == (lent.loan.id, LoanStatus.OPEN, lent.loan.due)
    assert (await library.row(ItemRow, id="x")).status == ItemStatus.ON_LOAN
    waiting = await library.row(HoldRow)
    assert (waiting.status, waiting.filled_item_id) == (HoldStatus.PENDING, None)
    assert (await library.row(ChargeRow)).status == "reversed"
    assert [str(f.balance) for f in (await library.take_back("x")).fees] == ["0.20 GBP"]


async def test_undoing_the_return_of_a_lost_item_asks_for_its_price_again(library: Library) -> None:
    await library.add(
        item("z", bib_id="x", status="LOST"),
        loan("z", "ann", 0, library.clock.millis, status="lost"),
        charge("p", "ann", 2000, type="REPLACEMENT", loan_id="loan-z", item_id="z", balance=1500),
    )
    await library.take_back("z")
    undone = await library.undo("return", "z")
    assert undone.loan.status is LoanStatus.LOST
    assert (await library.row(ItemRow, id="z")).status == "LOST"
    price = await library.row(ChargeRow)
    assert (price.status, price.balance) == ("open", 1500)


async def test_undoing_an_off_line_loan_that_ended_another_leaves_the_item_free(library: Library) -> None:
    await library.lend("x", "bob")
    library.clock.turn(3 * DAY)
    await library.lend("x", "ann", offline=True, happened_at=library.clock.now() - DAY)
    assert isinstance(await library.undo("loan", "x"), UndoOutcome)
    assert (await library.row(ItemRow, id="x")).status == ItemStatus.AVAILABLE
    assert {r.status for r in await library.rows(LoanRow)} == {"returned", "undone"}


async def test_what_has_moved_on_is_not_undone(library: Library) -> None:
    assert (await library.undo("loan", "x")).detail == {"kind": "nothing"}
    await library.lend("x", "ann")
    assert code(await library.undo("return", "x")) is RefusalCode.UNDO_NOT_POSSIBLE
    assert code(await library.undo("loan", "x", patron="c-bob")) is RefusalCode.LOAN_OF_OTHER_PATRON
    await library.take_back("x")
    assert code(await library.undo("loan", "x")) is RefusalCode.UNDO_NOT_POSSIBLE
    await library.lend("x", "bob")
    assert code(await library.undo("return", "x")) is RefusalCode.UNDO_NOT_POSSIBLE


async def test_a_loan_is_undone_only_if_its_own_command_was_the_last(library: Library) -> None:
    first = library.key()
    lent = await library.lend("x", "ann", key=first)
    library.clock.turn(DAY)
    await library.renew("x", "ann")
    request = LoanUndo(loan_id=lent.loan.id, only_if_untouched=True, made_by=first.value)
    assert code(await library.platform.loan_undo(library.context(), request, library.key())) is (
        RefusalCode.UNDO_NOT_POSSIBLE
    )
    second = library.key()
    lent = await library.lend("y.1", "ann", key=second)
    request = LoanUndo(loan_id=lent.loan.id, only_if_untouched=True, made_by=second.value)
    assert isinstance(await library.platform.loan_undo(library.context(), request, library.key()), UndoOutcome)


# Exactly once


async def test_a_retry_gets_the_first_answer_and_nothing_happens_twice(library: Library) -> None:
    key = library.key()
    first = await library.lend("x", "ann", key=key)
    library.clock.turn(timedelta(seconds=5))
    again = await library.lend("x", "ann", key=key)
    assert again == first
    assert again.model_dump_json() == first.model_dump_json()
    assert len(await library.rows(LoanRow)) == 1
    assert len(await library.rows(EventRow)) == 1


async def test_two_retries_at_one_moment_make_one_loan(library: Library) -> None:
    key = library.key()
    answers = await asyncio.gather(*(library.lend("x", "ann", key=key) for _ in range(3)))
    assert all(answer == answers[0] for answer in answers)
    assert len(await library.rows(LoanRow)) == 1


async def test_two_terminals_racing_for_one_item(library: Library) -> None:
    answers = await asyncio.gather(library.lend("x", "ann"), library.lend("x", "bob", at={"terminal": "t2"}))
    assert sorted(code(a) or "" for a in answers) == ["", RefusalCode.ALREADY_ON_LOAN_TO_OTHER]
    assert len(await library.rows(LoanRow)) == 1


async def test_the_limit_holds_for_two_loans_at_one_moment(library: Library) -> None:
    far = library.clock.millis + 10**9
    await library.add(*(item(f"x.{n}") for n in range(4)), *(loan(f"x.{n}", "ann", 0, far) for n in range(4)))
    answers = await asyncio.gather(library.lend("y.1", "ann"), library.lend("y.2", "ann", at={"terminal": "t2"}))
    assert sorted(code(a) or "" for a in answers) == ["", RefusalCode.LIMIT_REACHED]


async def test_after_the_window_an_answer_stands_while_its_effect_does(library: Library) -> None:
    key = library.key(window=10)
    first = await library.lend("x", "ann", key=key)
    library.clock.turn(timedelta(hours=1))
    assert await library.lend("x", "ann", key=key) == first
    await library.take_back("x", at={"terminal": "t2"})
    again = await library.lend("x", "ann", key=key)
    assert isinstance(again, LoanOutcome)
    assert again.loan.id != first.loan.id


async def test_words_that_may_be_said_again_are_another_command_after_the_window(library: Library) -> None:
    key = replace(library.key(window=10), repeatable=True)
    await library.lend("x", "ann")
    library.clock.turn(DAY)
    first = await library.renew("x", "ann", key=key)
    library.clock.turn(timedelta(seconds=9))
    assert await library.renew("x", "ann", key=key) == first
    library.clock.turn(DAY)
    again = await library.renew("x", "ann", key=key)
    assert again.loan.due == first.loan.due + DAY
    assert (await library.row(LoanRow)).renewals == 2


async def test_within_the_window_the_same_terminals_next_command_retires_an_answer(library: Library) -> None:
    out, back = library.key(), library.key()
    first = await library.lend("x", "ann", key=out)
    assert isinstance(await library.take_back("x", key=back, at={"terminal": "t2"}), ReturnOutcome)
    assert await library.lend("x", "ann", key=out) == first, "another terminal's return does not make it a new loan"
    await library.take_back("x")
    assert (await library.lend("x", "ann", key=out)).loan.id != first.loan.id


async def test_words_that_may_be_said_again_are_new_once_anybody_has_moved_the_item(library: Library) -> None:
    out, back = (replace(library.key(), repeatable=True) for _ in range(2))
    first = await library.lend("x", "ann", key=out)
    assert await library.lend("x", "ann", key=out) == first
    returned = await library.take_back("x", key=back)
    assert await library.take_back("x", key=back) == returned
    assert isinstance(await library.lend("x", "bob", at={"terminal": "kiosk"}), LoanOutcome)
    assert isinstance(await library.take_back("x", key=back), ReturnOutcome)
    assert (await library.row(LoanRow, patron_id="bob")).status == "returned", "no old answer is given"
    assert (await library.lend("x", "ann", key=out)).loan.id != first.loan.id


async def test_a_refusal_is_repeated_while_nobody_touches_the_item(library: Library) -> None:
    await library.lend("x", "bob", at={"terminal": "t2"})
    key = library.key(window=10)
    assert code(await library.lend("x", "ann", key=key)) is RefusalCode.ALREADY_ON_LOAN_TO_OTHER
    library.clock.turn(timedelta(seconds=9))
    assert code(await library.lend("x", "ann", key=key)) is RefusalCode.ALREADY_ON_LOAN_TO_OTHER
    await library.take_back("x", at={"terminal": "t2"})
    assert isinstance(await library.lend("x", "ann", key=key), LoanOutcome)
    assert (await library.row(IdempotencyRow, key=library.platform.stored_key(key.value))).refused is False


async def test_a_key_used_for_something_else_is_refused(library: Library) -> None:
    await library.lend("x", "ann", key=CommandKey("mine", 60, fingerprint="one"))
    assert code(await library.lend("y.1", "ann", key=CommandKey("mine", 60, fingerprint="two"))) is RefusalCode.CONFLICT


async def test_rules_that_move_are_read_again(library: Library) -> None:
    await library.lend("x", "ann")
    row, state = await library.row(LoanRuleRow), await library.row(MemberStateRow)
    moved = replace(state, policy_version=2)
    await library.store.apply("alpha", [Update(replace(row, period=3)), Update(moved)])
    lent = await library.lend("y.1", "ann")
    assert lent.loan.due == datetime(2026, 3, 5, 23, 59, 59, tzinfo=UTC)


async def test_settings_can_be_replaced_while_running(library: Library) -> None:
    await library.lend("x", "ann")
    library.platform.replace_settings({"alpha": MemberSettings(timezone="Asia/Tokyo")})
    lent = await library.lend("y.1", "ann")
    assert lent.loan.due == datetime(2026, 3, 16, 14, 59, 59, tzinfo=UTC)
