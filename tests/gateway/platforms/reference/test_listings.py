"""Lists for staff, and what housekeeping forgets and declares lost."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.platforms.reference import housekeeping
from gateway.platforms.reference.policy import MemberSettings
from gateway.store.port import Store
from gateway.store.rows import (
    ChargeRow,
    ClosedDayRow,
    IdempotencyRow,
    ItemRow,
    LoanRow,
    OfflineConflictRow,
    PinFailureRow,
)
from tests.gateway.platforms.reference.answers import asked
from tests.gateway.platforms.reference.library import DAY, Library


@pytest.mark.parametrize(("what", "first"), [("locations", "BRANCH"), ("categories", "UG"), ("item_types", "BOOK")])
async def test_configuration_lists_are_the_members_own(library: Library, what: str, first: str) -> None:
    answer = await asked(library).config_list(library.context(), req.ConfigList(what=what))
    assert answer.rows[0]["code"] == first
    assert all("member" not in row for row in answer.rows)


async def test_closed_days_from_a_day_on(library: Library) -> None:
    await library.add(ClosedDayRow("alpha", "*", "2026-12-25", "x"), ClosedDayRow("alpha", "*", "2026-01-01", "y"))
    request = req.ConfigList(what="closed_days", from_day=date(2026, 6, 1))
    answer = await asked(library).config_list(library.context(), request)
    assert [row["day"] for row in answer.rows] == ["2026-12-25"]


async def test_an_unknown_list_says_which_there_are(library: Library) -> None:
    answer = await asked(library).config_list(library.context(), req.ConfigList(what="secrets"))
    assert isinstance(answer, Refusal)
    assert "loan_rules" in answer.detail["known"]


async def test_events_are_read_on_from_the_last_one_seen(library: Library) -> None:
    await library.lend("x", "ann")
    await library.take_back("x")
    first = await asked(library).event_list(library.context(), req.EventList(limit=1))
    assert [event.type for event in first.events] == ["loan.created"]
    rest = await asked(library).event_list(library.context(), req.EventList(after=first.events[0].sequence))
    assert [event.type for event in rest.events] == ["loan.returned"]
    assert rest.events[0].subject == first.events[0].subject
    assert (await asked(library).event_list(library.context("beta"), req.EventList())).events == ()


async def test_conflicts_are_listed_until_they_are_resolved(library: Library) -> None:
    def conflict(name: str, who: str | None) -> OfflineConflictRow:
        return OfflineConflictRow("alpha", name, 5, "t1", "loan.create", "already on loan", "b-x", who, None)

    await library.add(conflict("k1", "ann"), conflict("k2", None))
    listed = await asked(library).conflict_list(library.context(), req.ConflictList(limit=1))
    assert [(c.id, c.patron_barcode) for c in listed.conflicts] == [("k1", "C-ann")]
    request = req.ConflictResolve(conflict_id="k1")
    answer = await asked(library).conflict_resolve(library.context(), request, library.key())
    assert answer.conflicts[0].resolved_at == library.clock.now()
    still = await asked(library).conflict_list(library.context(), req.ConflictList())
    assert [c.id for c in still.conflicts] == ["k2"]
    everything = await asked(library).conflict_list(library.context(), req.ConflictList(include_resolved=True))
    assert [c.id for c in everything.conflicts] == ["k1", "k2"]
    unknown = await asked(library).conflict_resolve(
        library.context("beta"), req.ConflictResolve(conflict_id="k2"), library.key()
    )
    assert isinstance(unknown, Refusal)
    assert unknown.code is RefusalCode.CONFLICT


async def test_stored_answers_go_after_two_days_those_of_payments_never(library: Library) -> None:
    await library.lend("x", "ann", key=CommandKey("late", 60))
    await library.lend("y.1", "ann", key=CommandKey("for ever", 60, permanent=True))
    library.clock.turn(timedelta(hours=47))
    await library.lend("y.2", "bob", key=CommandKey("new", 60))
    assert (await housekeeping.run(library.platform, "alpha")).forgotten_answers == 0
    library.clock.turn(timedelta(hours=2))
    assert (await housekeeping.run(library.platform, "alpha")).forgotten_answers == 1
    kept = {library.platform.stored_key(key) for key in ("for ever", "new")}
    assert {row.key for row in await library.rows(IdempotencyRow)} == kept


async def test_pin_failures_go_and_more_than_a_batch_at_a_time(library: Library) -> None:
    rows = [PinFailureRow("alpha", f"f{n}", "ann", "t1", n) for n in range(housekeeping.BATCH + 5)]
    recent = PinFailureRow("alpha", "recent", "ann", "t1", library.clock.millis)
    await library.add(*rows, recent)
    assert (await housekeeping.run(library.platform, "alpha")).forgotten_failures == len(rows)
    assert [row.id for row in await library.rows(PinFailureRow)] == ["recent"]


async def test_long_overdue_loans_become_lost_where_the_member_says_so(store: Store) -> None:
    library = Library(store, settings={"alpha": MemberSettings(main_location="MAIN", lost_after_days=30)})
    await library.furnish()
    await library.lend("x", "ann")
    library.clock.turn(40 * DAY)
    await library.lend("y.1", "bob")
    assert (await housekeeping.run(library.platform, "alpha")).lost_loans == 0
    library.clock.turn(5 * DAY)
    assert (await housekeeping.run(library.platform, "alpha")).lost_loans == 1
    assert (await library.row(LoanRow, item_id="x")).status == "lost"
    assert (await library.row(ItemRow, id="x")).status == "LOST"
    charges = {row.type: row.balance for row in await library.rows(ChargeRow, patron_id="ann")}
    assert charges == {"REPLACEMENT": 2000, "PROCESSING": 500}
    shown = await asked(library).patron_get(library.context(), req.PatronGet(patron="c-ann"))
    assert (shown.patron.counts.loans, shown.patron.counts.lost) == (0, 1)
    await library.platform.close()


async def test_without_a_period_nothing_becomes_lost(library: Library) -> None:
    await library.lend("x", "ann")
    library.clock.turn(400 * DAY)
    assert (await housekeeping.run(library.platform, "alpha")).lost_loans == 0
