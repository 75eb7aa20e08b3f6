"""Due dates and lateness: by hand where a day matters, by property where every day does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.canonical.vocabulary import DuePrecision
from gateway.platforms.reference.calendar import Calendar
from tests.gateway.platforms.reference.library import rule

LONDON = ZoneInfo("Europe/London")
WEEKDAYS = Calendar(LONDON, closed_weekdays=frozenset({6, 7}), opens_minute=9 * 60, closes_minute=17 * 60)
ALWAYS = Calendar(LONDON)

calendars = st.builds(
    Calendar,
    zone=st.sampled_from(["Europe/London", "America/St_Johns", "Pacific/Apia", "UTC"]).map(ZoneInfo),
    closed_weekdays=st.frozensets(st.integers(1, 7), max_size=6),
    closed_days=st.frozensets(st.dates(date(2025, 1, 1), date(2027, 12, 31)), max_size=10),
    opens_minute=st.integers(0, 11 * 60),
    closes_minute=st.integers(12 * 60, 24 * 60),
)
instants = st.integers(0, 900 * 86_400).map(lambda s: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=s))


def local(year: int, month: int, day: int, hour: int = 23, minute: int = 59, second: int = 59) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=LONDON).astimezone(UTC)


def test_days_end_with_the_local_day_also_over_a_clock_change() -> None:
    start = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
    due, precision = ALWAYS.due(rule(period=14), start)
    assert due == datetime(2026, 4, 3, 22, 59, 59, tzinfo=UTC), "summer time began on 29 March"
    assert precision is DuePrecision.DAY


def test_late_in_the_evening_utc_is_already_the_next_day() -> None:
    due, _ = ALWAYS.due(rule(period=1), datetime(2026, 7, 1, 23, 30, tzinfo=UTC))
    assert due == local(2026, 7, 3)


def test_closed_days_are_rolled_over() -> None:
    closed = replace(WEEKDAYS, closed_days=frozenset({date(2026, 3, 9)}))
    due, _ = closed.due(rule(period=5), datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
    assert due == local(2026, 3, 10), "Saturday, Sunday and the closed Monday are passed over"


@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [
        (local(2026, 3, 2, 10, 0, 0), 4, local(2026, 3, 2, 14, 0, 0)),
        (local(2026, 3, 2, 15, 0, 0), 4, local(2026, 3, 3, 9, 0, 0)),
        (local(2026, 3, 6, 15, 0, 0), 4, local(2026, 3, 9, 9, 0, 0)),
        (local(2026, 3, 2, 16, 0, 0), 14, local(2026, 3, 3, 9, 0, 0)),
    ],
)
def test_hours_move_to_the_next_opening(start: datetime, count: int, expected: datetime) -> None:
    due, precision = WEEKDAYS.due(rule(period=count, period_unit="hour"), start)
    assert (due, precision) == (expected, DuePrecision.MINUTE)


def test_hours_are_elapsed_hours_while_the_clock_changes() -> None:
    start = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    due, _ = ALWAYS.due(rule(period=2, period_unit="hour"), start)
    assert due - start == timedelta(hours=2)


@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [(date(2026, 1, 31), 1, date(2026, 2, 28)), (date(2024, 1, 31), 1, date(2024, 2, 29)),
     (date(2026, 11, 30), 3, date(2027, 2, 28)), (date(2026, 12, 15), 1, date(2027, 1, 15))],
)  # fmt: skip
def test_months_end_where_they_end(start: date, count: int, expected: date) -> None:
    due, _ = ALWAYS.due(rule(period=count, period_unit="month"), ALWAYS.at(start, datetime.min.time()))
    assert ALWAYS.day_of(due) == expected


def test_a_fixed_date_still_to_come_is_never_passed() -> None:
    start = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
    assert ALWAYS.due(rule(fixed_due_on="2026-06-05"), start)[0] == local(2026, 6, 5)
    assert ALWAYS.due(rule(fixed_due_on="2026-07-05"), start)[0] == local(2026, 6, 15)
    assert ALWAYS.due(rule(fixed_due_on="2026-05-05"), start)[0] == local(2026, 6, 15)


def test_lateness_counts_open_days_and_open_hours() -> None:
    friday = local(2026, 3, 6)
    assert WEEKDAYS.days_late(friday, local(2026, 3, 9, 10, 0, 0)) == 1
    assert WEEKDAYS.days_late(friday, local(2026, 3, 8, 10, 0, 0)) == 0
    assert WEEKDAYS.hours_late(local(2026, 3, 6, 12, 0, 0), local(2026, 3, 6, 14, 1, 0)) == 3
    assert WEEKDAYS.hours_late(local(2026, 3, 6, 22, 0, 0), local(2026, 3, 9, 1, 0, 0)) == 3


@given(calendars, instants, st.integers(1, 400), st.sampled_from(["day", "week", "month"]))
def test_a_day_loan_ends_with_an_open_local_day_in_the_future(
    calendar: Calendar, start: datetime, period: int, unit: str
) -> None:
    due, precision = calendar.due(rule(period=min(period, 24) if unit == "month" else period, period_unit=unit), start)
    shown = due.astimezone(calendar.zone)
    assert due > start
    assert precision is DuePrecision.DAY
    assert (shown.hour, shown.minute, shown.second) == (23, 59, 59)
    assert calendar.open_on(shown.date())


@given(calendars, instants, st.integers(1, 72))
def test_an_hour_loan_is_never_cut_and_ends_while_open(calendar: Calendar, start: datetime, count: int) -> None:
    due, _ = calendar.due(rule(period=count, period_unit="hour"), start)
    assert due >= start + timedelta(hours=count)
    shown = due.astimezone(calendar.zone)
    assert calendar.open_on(shown.date())


@given(calendars, instants, st.integers(0, 10**6), st.integers(0, 10**6))
def test_lateness_never_shrinks(calendar: Calendar, due: datetime, first: int, second: int) -> None:
    sooner, later = (due + timedelta(seconds=s) for s in sorted((first, second)))
    assert 0 <= calendar.days_late(due, sooner) <= calendar.days_late(due, later)
    assert 0 <= calendar.hours_late(due, sooner) <= calendar.hours_late(due, later)
