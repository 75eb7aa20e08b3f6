"""Holds: who may place which, the queue, what cancelling and running out do to the item that waited."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.outcomes import HoldOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import HoldLevel, HoldStatus, HoldType, ItemStatus
from gateway.platforms.reference import housekeeping
from gateway.platforms.reference.policy import MemberSettings
from gateway.store.port import Store
from gateway.store.rows import EventRow, HoldRow, ItemRow, LoanRow
from tests.gateway.platforms.reference.answers import asked
from tests.gateway.platforms.reference.library import (
    DAY,
    Library,
    block,
    hold,
    item,
    location,
    rule,
)


async def place(library: Library, who: str, **more: Any) -> Any:
    request = req.HoldPlace(patron=f"c-{who}", **more)
    return await asked(library).hold_place(library.context(), request, library.key())


async def cancel(library: Library, who: str | None, **more: Any) -> Any:
    request = req.HoldCancel(patron=who and f"c-{who}", **more)
    return await asked(library).hold_cancel(library.context(), request, library.key())


async def update(library: Library, who: str, **more: Any) -> Any:
    request = req.HoldUpdate(patron=f"c-{who}", **more)
    return await asked(library).hold_update(library.context(), request, library.key())


def refused(answer: Any, code: RefusalCode, kind: str | None = None) -> None:
    assert isinstance(answer, Refusal), answer
    assert answer.code is code
    if kind is not None:
        assert answer.detail["kind"] == kind


async def queue_of(library: Library, bib: str) -> list[tuple[str, str]]:
    rows = await library.rows(HoldRow, bib_id=bib)
    return [(row.patron_id, row.status) for row in sorted(rows, key=lambda r: (r.place, r.id))]


async def test_a_title_hold_waits_at_the_main_location_of_the_member(library: Library) -> None:
    answer = await place(library, "ann", item="b-y.1")
    assert isinstance(answer, HoldOutcome)
    assert (answer.hold.level, answer.hold.bib_id, answer.hold.item_id) == (HoldLevel.BIB, "y", None)
    assert (answer.hold.pickup_location, answer.hold.title, answer.hold.queue_position) == ("MAIN", "The y book", 1)
    assert answer.available
    events = await library.rows(EventRow, type="hold.placed")
    assert [event.subject is not None for event in events] == [True]


async def test_a_title_is_named_by_its_id_or_its_name_too(library: Library) -> None:
    by_id = await place(library, "ann", bib_id="x")
    by_name = await place(library, "ann", title=" The y book ")
    assert (by_id.hold.bib_id, by_name.hold.bib_id) == ("x", "y")
    refused(await place(library, "bob", title="No such book"), RefusalCode.BIB_NOT_FOUND)
    refused(await place(library, "bob", item="b-none"), RefusalCode.ITEM_NOT_FOUND)
    refused(await place(library, "bob"), RefusalCode.BIB_NOT_FOUND)


async def test_positions_count_the_holds_before_that_want_the_same_copies(library: Library) -> None:
    await place(library, "ann", bib_id="y")
    library.clock.turn(timedelta(seconds=1))
    of_copy = await place(library, "bob", item="b-y.1", level=HoldLevel.ITEM)
    library.clock.turn(timedelta(seconds=1))
    of_other_copy = await place(library, "cai", item="b-y.2", level=HoldLevel.ITEM)
    assert (of_copy.hold.queue_position, of_copy.hold.item_barcode) == (2, "b-y.1")
    assert of_other_copy.hold.queue_position == 2
    account = await asked(library).patron_account(library.context(), req.PatronAccount(patron="c-cai", holds=True))
    assert [(h.queue_position, h.item_barcode, h.title) for h in account.holds] == [(2, "b-y.2", "The y book")]


async def test_the_same_title_is_not_held_twice(library: Library) -> None:
    first = await place(library, "ann", bib_id="y")
    again = await place(library, "ann", item="b-y.2", level=HoldLevel.ITEM)
    refused(again, RefusalCode.DUPLICATE_HOLD)
    assert again.detail["hold_id"] == first.hold.id


async def test_what_one_has_on_loan_cannot_be_held(library: Library) -> None:
    await library.lend("y.1", "ann")
    refused(await place(library, "ann", bib_id="y"), RefusalCode.HOLD_NOT_ALLOWED, "own_loan")
    other_copy = await place(library, "ann", item="b-y.2", level=HoldLevel.ITEM)
    assert isinstance(other_copy, HoldOutcome)


async def test_the_limit_counts_ready_and_pending_holds(library: Library) -> None:
    rows = [hold("y", "ann", at, id=f"h{at}", item_id=f"other{at}") for at in range(5)]
    await library.add(*rows)
    answer = await place(library, "ann", bib_id="x")
    refused(answer, RefusalCode.LIMIT_REACHED, "holds")
    assert answer.detail["limit"] == 5


async def test_a_blocked_patron_holds_nothing(library: Library) -> None:
    await library.add(block("b1", "ann"))
    answer = await place(library, "ann", bib_id="x")
    refused(answer, RefusalCode.PATRON_BLOCKED)
    assert answer.detail["reasons"] == ["CARD_LOST"]


async def test_a_hold_on_the_copies_of_one_branch_is_refused_not_a_fault(library: Library) -> None:
    answer = await place(library, "ann", item="b-x", level=HoldLevel.HOLDING)
    refused(answer, RefusalCode.HOLD_NOT_ALLOWED, "holding_level")


async def test_pickup_is_only_where_the_member_lets_people_collect(library: Library) -> None:
    await library.add(location("STORE", pickup=False))
    refused(await place(library, "ann", bib_id="x", pickup_location="STORE"), RefusalCode.PICKUP_INVALID)
    refused(await place(library, "ann", bib_id="x", pickup_location="MOON"), RefusalCode.PICKUP_INVALID)
    answer = await place(library, "ann", bib_id="x", pickup_location="branch")
    assert answer.hold.pickup_location == "BRANCH"


async def test_dates_that_have_passed_are_refused(library: Library) -> None:
    yesterday = library.clock.now() - DAY
    refused(await place(library, "ann", bib_id="x", needed_before=yesterday), RefusalCode.INVALID_DATE)
    refused(await place(library, "ann", bib_id="x", suspended_until=yesterday), RefusalCode.INVALID_DATE)


async def test_lost_copies_and_copies_for_use_inside_fill_no_title_hold(library: Library) -> None:
    await library.add(item("x.lost", bib_id="x", status="LOST"))
    assert isinstance(await place(library, "ann", bib_id="x"), HoldOutcome)
    refused(await place(library, "bob", item="b-x.lost", level=HoldLevel.ITEM), RefusalCode.HOLD_NOT_ALLOWED, "policy")


async def test_a_rule_may_forbid_holds(store: Store) -> None:
    library = Library(store)
    await library.furnish(loan_rules=(rule(holdable=False),))
    refused(await place(library, "ann", bib_id="x"), RefusalCode.HOLD_NOT_ALLOWED, "policy")
    await library.platform.close()


async def test_a_member_may_forbid_holds_on_what_is_on_the_shelf(store: Store) -> None:
    settings = {m: MemberSettings(main_location="MAIN", holds_on_available=False) for m in ("alpha", "beta")}
    library = Library(store, settings=settings)
    await library.furnish()
    refused(await place(library, "ann", bib_id="x"), RefusalCode.HOLD_NOT_ALLOWED, "available_on_shelf")
    elsewhere = await place(library, "ann", bib_id="x", pickup_location="BRANCH")
    assert isinstance(elsewhere, HoldOutcome)
    await library.platform.close()


async def test_a_recall_shortens_the_loan_but_leaves_what_the_rule_grants(library: Library) -> None:
    await library.lend("x", "bob")
    before = await library.row(LoanRow, item_id="x")
    answer = await place(library, "ann", bib_id="x", type=HoldType.RECALL)
    assert answer.hold.type is HoldType.RECALL
    loan = await library.row(LoanRow, item_id="x")
    assert loan.recalled_at == library.clock.millis
    assert loan.original_due_at == before.due_at
    granted = library.clock.now() + 3 * DAY
    assert loan.due_at == int(granted.replace(hour=23, minute=59, second=59).timestamp() * 1000)
    shown = await asked(library).item_get(library.context(), req.ItemGet(item="b-x"))
    assert shown.item.status is ItemStatus.RECALLED


async def test_nothing_on_loan_can_be_recalled(library: Library) -> None:
    refused(await place(library, "ann", bib_id="x", type=HoldType.RECALL), RefusalCode.HOLD_NOT_ALLOWED, "recall")
    assert await library.rows(HoldRow) == []


async def test_a_hold_is_found_by_item_title_or_id(library: Library) -> None:
    placed = await place(library, "ann", bib_id="y")
    refused(await cancel(library, "ann", item="b-x"), RefusalCode.HOLD_NOT_FOUND)
    refused(await cancel(library, "bob", hold_id=placed.hold.id), RefusalCode.HOLD_NOT_FOUND)
    assert (await cancel(library, "ann", title="Y BOOK")).hold.status is HoldStatus.CANCELLED
    placed = await place(library, "ann", bib_id="y")
    assert (await cancel(library, "ann", item="b-y.2")).hold.id == placed.hold.id
    placed = await place(library, "ann", bib_id="y")
    assert (await cancel(library, None, hold_id=placed.hold.id)).hold.status is HoldStatus.CANCELLED
    refused(await cancel(library, None, hold_id=placed.hold.id), RefusalCode.HOLD_ALREADY_PROCESSED)


async def test_words_that_fit_several_holds_are_ambiguous(library: Library) -> None:
    await place(library, "ann", bib_id="x")
    await place(library, "ann", bib_id="y")
    answer = await cancel(library, "ann", title="book")
    refused(answer, RefusalCode.HOLD_AMBIGUOUS)
    assert len(answer.detail["hold_ids"]) == 2
    assert await queue_of(library, "x") == [("ann", "PENDING")]


async def ready_for(library: Library, who: str) -> None:
    """The item x on the hold shelf for a patron."""
    await library.lend("x", "cai")
    await place(library, who, bib_id="x")
    await library.take_back("x")


async def test_cancelling_a_ready_hold_gives_the_item_to_the_next(library: Library) -> None:
    await ready_for(library, "ann")
    library.clock.turn(timedelta(minutes=1))
    await place(library, "bob", bib_id="x", pickup_location="BRANCH")
    await cancel(library, "ann", item="b-x")
    found = await library.row(ItemRow, id="x")
    following = await library.row(HoldRow, patron_id="bob")
    assert (found.status, found.hold_id, found.destination) == ("IN_TRANSIT", following.id, "BRANCH")
    assert (following.status, following.filled_item_id) == ("IN_TRANSIT", "x")
    assert len(await library.rows(EventRow, type="hold.in_transit")) == 1


async def test_cancelling_the_only_hold_sends_the_item_home(library: Library) -> None:
    await ready_for(library, "ann")
    await cancel(library, "ann", item="b-x")
    found = await library.row(ItemRow, id="x")
    assert (found.status, found.hold_id) == ("AVAILABLE", None)


async def test_an_item_on_its_way_is_not_put_on_a_shelf_by_cancelling(library: Library) -> None:
    await library.lend("x", "cai")
    await place(library, "ann", bib_id="x", pickup_location="BRANCH")
    await library.take_back("x")
    library.clock.turn(timedelta(minutes=1))
    await place(library, "bob", bib_id="x", pickup_location="MAIN")
    await cancel(library, "ann", item="b-x")
    found = await library.row(ItemRow, id="x")
    assert (found.status, found.destination) == ("IN_TRANSIT", "MAIN")
    assert (await library.row(HoldRow, patron_id="bob")).status == "IN_TRANSIT"
    arrived = await library.take_back("x")
    assert arrived.routing.hold_patron_id == "bob"
    assert (await library.row(HoldRow, patron_id="bob")).status == "READY"


async def test_a_waiting_hold_can_be_changed_a_ready_one_only_cancelled(library: Library) -> None:
    await place(library, "ann", bib_id="y")
    until = library.clock.now() + 7 * DAY
    answer = await update(library, "ann", item="b-y.1", pickup_location="BRANCH", suspended_until=until)
    assert (answer.hold.pickup_location, answer.hold.suspended_until) == ("BRANCH", until)
    refused(await update(library, "ann", item="b-y.1", pickup_location="MOON"), RefusalCode.PICKUP_INVALID)
    await ready_for(library, "bob")
    refused(await update(library, "bob", item="b-x", pickup_location="BRANCH"), RefusalCode.HOLD_ALREADY_PROCESSED)


async def test_a_suspended_hold_is_passed_over_until_its_time(library: Library) -> None:
    await library.lend("x", "cai")
    until = library.clock.now() + 2 * DAY
    await place(library, "ann", bib_id="x", suspended_until=until)
    library.clock.turn(timedelta(minutes=1))
    await place(library, "bob", bib_id="x")
    answer = await library.take_back("x")
    assert answer.routing.hold_patron_id == "bob"


async def test_a_retry_places_one_hold(library: Library) -> None:
    key, request = library.key(), req.HoldPlace(patron="c-ann", bib_id="x")
    first = await asked(library).hold_place(library.context(), request, key)
    again = await asked(library).hold_place(library.context(), request, key)
    assert first == again
    assert len(await library.rows(HoldRow)) == 1


async def test_another_member_sees_nothing_of_it(library: Library) -> None:
    placed = await place(library, "ann", bib_id="x")
    elsewhere = library.context(member="beta")
    request = req.HoldCancel(hold_id=placed.hold.id)
    refused(await asked(library).hold_cancel(elsewhere, request, library.key()), RefusalCode.HOLD_NOT_FOUND)
    request = req.HoldPlace(patron="c-ann", bib_id="x")
    refused(await asked(library).hold_place(elsewhere, request, library.key()), RefusalCode.PATRON_NOT_FOUND)


@pytest.mark.parametrize("followed", [False, True])
async def test_a_hold_that_is_not_collected_runs_out(library: Library, followed: bool) -> None:
    await ready_for(library, "ann")
    if followed:
        library.clock.turn(timedelta(minutes=1))
        await place(library, "bob", bib_id="x")
    assert (await housekeeping.run(library.platform, "alpha")).expired_holds == 0
    library.clock.turn(9 * DAY)
    done = await housekeeping.run(library.platform, "alpha")
    assert done.expired_holds == 1
    ended = await library.row(HoldRow, patron_id="ann")
    assert (ended.status, ended.closed_at) == ("EXPIRED", library.clock.millis)
    found = await library.row(ItemRow, id="x")
    assert found.status == ("ON_HOLD_SHELF" if followed else "AVAILABLE")
    if followed:
        following = await library.row(HoldRow, patron_id="bob")
        assert (following.status, found.hold_id) == ("READY", following.id)
        assert following.hold_until_at > library.clock.millis


async def test_a_hold_that_is_no_longer_needed_runs_out(library: Library) -> None:
    await library.lend("x", "cai")
    await place(library, "ann", bib_id="x", needed_before=library.clock.now() + DAY)
    library.clock.turn(2 * DAY)
    assert (await housekeeping.run(library.platform, "alpha")).expired_holds == 1
    assert await queue_of(library, "x") == [("ann", "EXPIRED")]
