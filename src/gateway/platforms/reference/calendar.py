"""When loans fall due and how late they are, in the member's own time zone.

Pure date arithmetic over one location's opening times. Days are local dates, instants are UTC; each crossing goes
through the zone, so that a clock change neither lengthens nor shortens a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from gateway.canonical.vocabulary import DuePrecision
from gateway.store.rows import LoanRuleRow

# A location that is closed for longer than this has a calendar that is wrong: nothing is rolled then.
_LONGEST_CLOSURE = 366
_END_OF_DAY = time(23, 59, 59)
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Calendar:
    """Opening times of one location; minutes count from local midnight."""

    zone: ZoneInfo
    closed_weekdays: frozenset[int] = frozenset()  # 1 Monday … 7 Sunday
    closed_days: frozenset[date] = frozenset()
    opens_minute: int = 0
    closes_minute: int = _DAY_MINUTES

    def day_of(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()

    def open_on(self, day: date) -> bool:
        return day.isoweekday() not in self.closed_weekdays and day not in self.closed_days

    def next_open(self, day: date) -> date:
        """The first open day from `day` on; `day` itself where there is none within a year."""
        for ahead in range(_LONGEST_CLOSURE + 1):
            candidate = day + timedelta(days=ahead)
            if self.open_on(candidate):
                return candidate
        return day

    def at(self, day: date, clock: time) -> datetime:
        """The UTC instant of a local time; where the clock shows it twice, the later one."""
        return _instant(self.zone, day, clock)

    def end_of(self, day: date) -> datetime:
        return self.at(day, _END_OF_DAY)

    def start_of(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self.zone).astimezone(UTC)

    def opening_of(self, day: date) -> datetime:
        return self.at(day, _clock(self.opens_minute))

    def due(self, rule: LoanRuleRow, start: datetime) -> tuple[datetime, DuePrecision]:
        """When a loan under `rule` that starts (or is renewed) at `start` falls due.

        Hours end on the minute and move to the next opening where they would end in closed time; days, weeks and
        months end with the local day and move over closed days. A fixed date still to come is never passed.
        """
        if rule.period_unit == "hour":
            due, precision = self._into_opening(start + timedelta(hours=rule.period)), DuePrecision.MINUTE
        else:
            day = _ahead(self.day_of(start), rule.period, rule.period_unit)
            due, precision = self.end_of(self.next_open(day)), DuePrecision.DAY
        if rule.fixed_due_on is not None:
            fixed = self.end_of(date.fromisoformat(rule.fixed_due_on))
            if start < fixed < due:
                return fixed, DuePrecision.DAY
        return due, precision

    def _into_opening(self, instant: datetime) -> datetime:
        local = instant.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        day = local.date()
        if self.open_on(day):
            if self.opens_minute <= minute < self.closes_minute:
                return instant
            if minute < self.opens_minute:
                return self.opening_of(day)
        following = day + timedelta(days=1)
        opening = self.next_open(following)
        return self.opening_of(opening) if self.open_on(opening) else instant

    def days_late(self, due: datetime, returned: datetime) -> int:
        """Open days after the day on which something fell due, the day of return included."""
        return sum(1 for day in _days_after(self.day_of(due), self.day_of(returned)) if self.open_on(day))

    def hours_late(self, due: datetime, returned: datetime) -> int:
        """Hours begun between the two instants, hours of closed days left out."""
        late = 0.0
        day, last = self.day_of(due), self.day_of(returned)
        while day <= last:
            if self.open_on(day):
                begin = max(due, self.start_of(day))
                end = min(returned, self.start_of(day + timedelta(days=1)))
                late += max(0.0, (end - begin).total_seconds())
            day += timedelta(days=1)
        return -int(-late // 3600)


@lru_cache(1024)
def _instant(zone: ZoneInfo, day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).replace(fold=1).astimezone(UTC)


def _clock(minute: int) -> time:
    return _END_OF_DAY if minute >= _DAY_MINUTES else time(minute // 60, minute % 60)


def _days_after(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range(1, (last - first).days + 1))


def _ahead(day: date, count: int, unit: str) -> date:
    """`count` days, weeks or months after `day`; a month that is too short ends it."""
    if unit == "month":
        years, month = divmod(day.month - 1 + count, 12)
        year, month = day.year + years, month + 1
        last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
        return date(year, month, min(day.day, last))
    return day + timedelta(days=count * 7 if unit == "week" else count)
