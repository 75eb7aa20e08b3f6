"""Which rule fits, what lateness costs, which hold comes next, what blocks follow: pure, without a store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.canonical.answers import dump
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import Status
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.platforms.reference import exactly_once
from gateway.platforms.reference.charging import late_fee, overdue
from gateway.platforms.reference.exactly_once import Command, Ruling, Subject
from gateway.platforms.reference.ids import new_id, normalised, trimmed
from gateway.platforms.reference.policy import StaleRules, instant, millis
from gateway.platforms.reference.trapping import next_hold, release, send_home, trap
from gateway.platforms.reference.views import Standing, blocks_of, patron_view
from gateway.store.effects import Insert, Replace
from gateway.store.rows import IdempotencyRow, MemberStateRow
from tests.gateway.platforms.reference.library import (
    MONDAY_NOON,
    category,
    charge,
    hold,
    item,
    loan,
    location,
    patron,
    rule,
    rules_of,
)

NOW = millis(MONDAY_NOON)
DAY = 86_400_000


@pytest.mark.parametrize(
    ("fits", "expected"),
    [
        ([("*", "*", "*")], 0),
        ([("*", "*", "*"), ("*", "*", "MAIN")], 1),
        ([("*", "*", "MAIN"), ("*", "BOOK", "*")], 1),
        ([("*", "BOOK", "MAIN"), ("UG", "*", "*")], 1),
        ([("PG", "BOOK", "MAIN"), ("*", "*", "*")], 1),
        ([("PG", "BOOK", "MAIN")], None),
    ],
)
def test_the_most_specific_rule_wins(fits: list[tuple[str, str, str]], expected: int | None) -> None:
    rows = [rule(id=str(n), patron_category=c, item_type=t, location=p) for n, (c, t, p) in enumerate(fits)]
    found = rules_of(*rows).loan_rule("UG", "BOOK", "MAIN")
    assert (found and found.id) == (None if expected is None else str(expected))


def test_a_shelf_has_the_rules_and_hours_of_its_library() -> None:
    rules = rules_of(
        rule(id="main", location="MAIN"),
        rule(id="any"),
        locations=[location("MAIN", closed_weekdays="7"), location("STACK", parent="MAIN", kind="shelving")],
    )
    assert rules.loan_rule("UG", "BOOK", "STACK").id == "main"
    assert rules.same_library("STACK", "MAIN")
    assert rules.calendar("STACK").closed_weekdays == {7}


@pytest.mark.parametrize(
    ("changes", "days", "expected"),
    [
        ({}, 0, 0),
        ({}, 3, 30),
        ({"overdue_grace": 2}, 3, 10),
        ({"overdue_grace": 5}, 3, 0),
        ({"overdue_fee": 0}, 3, 0),
        ({"overdue_unit": "hour"}, 1, 240),
    ],
)
def test_lateness_costs_its_units_after_grace(changes: Any, days: int, expected: int) -> None:
    assert overdue(rule(**changes), rules_of().calendar("MAIN"), NOW, NOW + days * DAY) == expected


def test_a_loan_by_the_minute_is_a_day_late_on_the_same_day() -> None:
    assert overdue(rule(), rules_of().calendar("MAIN"), NOW, NOW + 60_000, "minute") == 10
    assert overdue(rule(), rules_of().calendar("MAIN"), NOW, NOW + 60_000) == 0


@given(st.lists(st.integers(0, 20), max_size=5), st.integers(0, 100), st.integers(0, 200))
def test_all_fines_of_a_loan_stay_below_the_ceiling(steps: list[int], ceiling: int, more: int) -> None:
    """However often lateness is charged in between, it adds up to what one charge at the end would have been."""
    rules = rules_of(rule(overdue_ceiling=ceiling))
    made, at = [], NOW
    row = loan("x", "ann", NOW - DAY, NOW)
    for step in [*steps, more]:
        at += step * DAY
        amount = late_fee(rules, row, made, at)
        if amount:
            made.append(charge(f"c{len(made)}", "ann", amount, at=at))
    assert sum(c.original for c in made) == late_fee(rules, row, [], at) <= ceiling


def test_a_reversed_fine_does_not_count_as_charged() -> None:
    row = loan("x", "ann", NOW - DAY, NOW)
    reversed_fine = charge("c", "ann", 10, at=NOW + DAY, status="reversed")
    assert late_fee(rules_of(), row, [reversed_fine], NOW + DAY) == 10


@given(
    st.lists(
        st.tuples(st.sampled_from(["PENDING", "READY", "IN_TRANSIT"]), st.none() | st.sampled_from(["x", "y"]),
                  st.none() | st.integers(NOW - 1, NOW + 1), st.none() | st.integers(NOW - 1, NOW + 1)),
        max_size=6,
    )
)  # fmt: skip
def test_the_first_hold_that_fits_is_next(drawn: list[Any]) -> None:
    queue = [
        hold("x", f"p{n}", n, status=status, item_id=copy, suspended_until_at=suspended, needed_before_at=needed)
        for n, (status, copy, suspended, needed) in enumerate(drawn)
    ]
    found = next_hold(queue, item("x"), NOW)
    fitting = [
        h.place
        for h in queue
        if h.status == "PENDING"
        and h.item_id in (None, "x")
        and (h.suspended_until_at or 0) <= NOW
        and (h.needed_before_at is None or h.needed_before_at > NOW)
    ]
    assert (found.place if found else None) == min(fitting, default=None)


def test_a_copy_that_stays_in_fills_no_title_hold() -> None:
    copy = item("x", restrictions="IN_LIBRARY_USE_ONLY")
    assert next_hold([hold("x", "ann", 1)], copy, NOW) is None
    own = hold("x", "ann", 1, level="item", item_id="x")
    assert next_hold([own], copy, NOW) is own


def test_trapping_and_releasing_leave_the_place_in_the_queue() -> None:
    rules, copy, waiting = rules_of(), item("x"), hold("x", "ann", 1)
    trap(copy, waiting, "MAIN", rules, NOW)
    assert (copy.status, copy.hold_id, waiting.status) == ("ON_HOLD_SHELF", waiting.id, "READY")
    assert rules.calendar("MAIN").day_of(instant(waiting.hold_until_at or 0)).isoformat() == "2026-03-09"
    release(waiting)
    assert waiting == hold("x", "ann", 1)
    send_home(copy, "BRANCH", rules)
    assert (copy.status, copy.destination, copy.hold_id) == ("IN_TRANSIT", "MAIN", None)


def test_derived_blocks_say_each_what_is_the_matter() -> None:
    totals = {"rule_id": "r", "loans": 5, "overdue": 3, "recalled": 1, "recall_overdue": 1}
    standing = Standing(
        patron("ann", expires_on="2026-03-01"),
        [],
        [],
        [totals],
        {"lost": 2, "claimed": 0},
        {"fees": 2, "fines": 1, "balance": 1000, "fine_balance": 999},
    )
    reasons = [str(b.reason) for b in blocks_of(standing, rules_of(), NOW)]
    assert reasons == [
        "BORROW_DENIED", "TOO_MANY_LOANS", "TOO_MANY_OVERDUE", "TOO_MANY_LOST", "RECALL_OVERDUE", "EXCESS_FEES"
    ]  # fmt: skip
    view = patron_view(standing, rules_of(), NOW)
    assert (view.status, view.counts.loans, view.counts.holds_ready) == ("expired", 5, None)


def test_no_limit_is_no_block() -> None:
    free = category(max_loans=None, max_overdue=None, max_fees=None, max_lost=None)
    totals = {"rule_id": "r", "loans": 99, "overdue": 99, "recalled": 0, "recall_overdue": 0}
    charges = {"fees": 1, "fines": 1, "balance": 10**6, "fine_balance": 10**6}
    standing = Standing(patron("ann"), [], [], [totals], {"lost": 9, "claimed": 0}, charges)
    assert blocks_of(standing, rules_of(categories=[free]), NOW) == ()


# Exactly once


def _command(key: str = "k", window: float = 60, permanent: bool = False, at: int = NOW) -> Command:
    ctx = Context("alpha", "t1", "MAIN", frozenset())
    return Command(ctx, CommandKey(key, window, permanent), "loan.create", rules_of(), at)


def _stored(**changes: Any) -> IdempotencyRow:
    answer = dump(Status(online=True, offline_ok=False))
    row = IdempotencyRow("alpha", "k", "loan.create", "t1", NOW, "item", "x", False, False, answer)
    return replace(row, **changes)


class _Snapshot:
    def __init__(self, stored: IdempotencyRow | None, version: int = 1, **item_changes: Any) -> None:
        self.stored = stored
        self.state = MemberStateRow("alpha", version, 0)
        self.item = item("x", **item_changes)


@pytest.mark.parametrize(
    ("stored", "last", "later", "replayed"),
    [
        ({}, ("k", "t1"), 10**9, True),  # the effect stands
        ({}, ("other", "t2"), 60_000, True),  # another terminal's later command, within the window
        ({}, ("other", "t2"), 60_001, False),
        ({}, ("other", "t1"), 1, False),  # the same terminal went on
        ({"permanent": True}, ("other", "t1"), 10**9, True),
        ({"refused": True}, ("other", "t1"), 60_000, True),  # touched before it was refused
        ({"refused": True}, ("other", "t2"), 60_000, True),
        ({"refused": True, "at": NOW - 1}, ("other", "t1"), 1, False),  # touched since
        ({"refused": True, "at": NOW - 1}, ("other", "t2"), 1, False),  # by another terminal: the way may be free now
        ({"refused": True}, ("k", "t1"), 60_001, False),
        (
            {"refused": True, "at": NOW - 1, "subject_kind": "none"},
            ("other", "t1"),
            1,
            False,
        ),  # the item was made since
        ({"subject_kind": "none", "subject_id": None}, ("other", "t1"), 60_000, True),
        ({"subject_kind": "none", "subject_id": None}, ("other", "t1"), 60_001, False),
        ({"operation": "loan.return"}, ("k", "t1"), 0, False),
    ],
)
def test_when_a_stored_answer_is_given_again(stored: Any, last: Any, later: int, replayed: bool) -> None:
    touched = NOW - 1 if stored.get("at") is None else NOW
    snapshot = _Snapshot(_stored(**stored), last_key=last[0], last_terminal=last[1], changed_at=touched)
    answer = Refusal(code=RefusalCode.CONFLICT)
    decision = exactly_once.decide(_command(at=NOW + later), lambda *_: Ruling(answer), snapshot)
    assert (decision.answer != answer) is replayed
    assert [type(e) for e in decision.effects] == ([] if replayed else [Replace])


@pytest.mark.parametrize(("changed", "replayed"), [(NOW - 1, True), (NOW, False), (NOW + 5, False)])
def test_a_refusal_is_not_given_again_once_the_patron_has_paid_or_been_let_in(changed: int, replayed: bool) -> None:
    snapshot: Any = _Snapshot(_stored(refused=True), changed_at=NOW - 1)
    snapshot.patron = patron("ann", changed_at=changed)
    answer = Refusal(code=RefusalCode.CONFLICT)
    decision = exactly_once.decide(_command(at=NOW + 10), lambda *_: Ruling(answer), snapshot)
    assert (decision.answer != answer) is replayed


def test_a_first_answer_is_inserted_with_its_subject() -> None:
    ruling = Ruling(Refusal(code=RefusalCode.ITEM_NOT_FOUND), subject=Subject("item", "x"))
    (effect,) = exactly_once.decide(_command(permanent=True), lambda *_: ruling, _Snapshot(None)).effects
    assert isinstance(effect, Insert)
    assert (effect.row.refused, effect.row.permanent, effect.row.subject_id) == (True, False, "x")


def test_rules_that_have_moved_decide_nothing() -> None:
    with pytest.raises(StaleRules):
        exactly_once.decide(_command(), lambda *_: pytest.fail("decided"), _Snapshot(None, version=2))


# Identifiers


def test_identifiers_are_brought_into_one_form() -> None:
    assert normalised("  Ŵyn\u0065\u0301 ") == "ŵyné"
    assert (normalised("  "), normalised(None), trimmed(" B-1 "), trimmed("")) == (None, None, "B-1", None)


def test_ids_sort_by_time() -> None:
    assert new_id(NOW) < new_id(NOW + 1)
    assert len({new_id(NOW) for _ in range(100)}) == 100


@given(st.datetimes().map(lambda moment: moment.replace(tzinfo=MONDAY_NOON.tzinfo)))
def test_stored_times_come_back(moment: Any) -> None:
    assert instant(millis(moment)) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)
