"""A member's rules: loan rules, limits, locations and calendars, cached until `policy_version` moves.

Every plan reads that version; a rule that finds it moved raises `StaleRules`, the platform reads the rules anew
and the command is decided again, so that no decision rests on rules that were no longer true.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Text, bindparam, select

from gateway.canonical.money import Money
from gateway.canonical.vocabulary import ForeignItems
from gateway.platforms.reference.calendar import Calendar
from gateway.store import schema
from gateway.store.port import Part, Plan
from gateway.store.rows import (
    ClosedDayRow,
    ItemRow,
    ItemTypeRow,
    LoanRuleRow,
    LocationRow,
    MemberStateRow,
    PatronCategoryRow,
)

ANY = "*"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MemberSettings:
    """What a member's configuration file says that the reference platform needs; rules and calendars are in tables."""

    name: str = ""
    timezone: str = "Europe/London"
    currency: str = "GBP"
    main_location: str = ""  # code: default pickup, and where a terminal without a known location stands
    foreign_items: ForeignItems = ForeignItems.UNKNOWN
    holds_on_available: bool = True  # a title may be requested while a sister copy is on the shelf
    shelf_copy_for_queue: bool = False  # a copy from the shelf belongs to the first in a title's queue
    overpay: bool = False  # a payment above the balance is taken up to the balance instead of refused
    backdate_days: int = 7  # a return date further back than this is not believed on line
    lost_after_days: int | None = None  # overdue loans become lost; None: never by themselves


class StaleRules(Exception):
    """The member's rules moved since they were read; the platform reads them again and decides anew."""


@dataclass(frozen=True, slots=True)
class MemberRules:
    """All rules of one member as of `version`. Locations are named by code everywhere outside their own table."""

    member: str
    version: int
    settings: MemberSettings
    zone: ZoneInfo
    locations: dict[str, LocationRow]
    categories: dict[str, PatronCategoryRow]
    item_types: dict[str, ItemTypeRow]
    rules: dict[str, LoanRuleRow]
    closed_days: tuple[ClosedDayRow, ...] = ()
    _by_fit: dict[tuple[str, str, str], LoanRuleRow] = field(default_factory=dict)
    _fitting: dict[tuple[str, str, str], LoanRuleRow | None] = field(default_factory=dict)
    _libraries: dict[str, str] = field(default_factory=dict)
    _calendars: dict[str, Calendar] = field(default_factory=dict)
    _days: dict[int, tuple[date, int]] = field(default_factory=dict)

    @property
    def currency(self) -> str:
        return self.settings.currency

    def money(self, minor: int) -> Money:
        return Money.of_minor(minor, self.settings.currency)

    def loan_rule(self, category: str, item_type: str, location: str) -> LoanRuleRow | None:
        """The most specific row that fits: category before item type before location, a location before its parent.

        `location` is the item's permanent location. None: nothing fits, so nothing is lent."""
        asked = (category, item_type, location)
        try:
            return self._fitting[asked]
        except KeyError:
            found = self._fitting[asked] = self._most_specific(*asked)
            return found

    def _most_specific(self, category: str, item_type: str, location: str) -> LoanRuleRow | None:
        places = [*self._upwards(location), ANY]
        for patron_category in (category, ANY):
            for kind in (item_type, ANY):
                for place in places:
                    row = self._by_fit.get((patron_category, kind, place))
                    if row is not None:
                        return row
        return None

    def rule_for(self, category: str, item: ItemRow) -> LoanRuleRow | None:
        return self.loan_rule(category, item.item_type, item.permanent_location)

    def library_of(self, location: str) -> str:
        """The library that a shelving location or collection belongs to; itself where nothing is known of it."""
        found = self._libraries.get(location)
        if found is None:
            found = self._libraries[location] = self._upwards(location)[-1]
        return found

    def same_library(self, one: str, other: str) -> bool:
        return self.library_of(one) == self.library_of(other)

    def here(self, location: str) -> str:
        """Where a terminal stands: its location where that is one of ours, else the member's main location."""
        return (
            location if location in self.locations or not self.settings.main_location else self.settings.main_location
        )

    def calendar(self, location: str) -> Calendar:
        found = self._calendars.get(location)
        if found is None:
            found = self._calendars[location] = self._calendar(location)
        return found

    def today(self, now: int) -> date:
        """The local date of an instant in UTC milliseconds."""
        return self._day(now)[0]

    def next_day(self, now: int) -> int:
        """When `today` changes."""
        return self._day(now)[1]

    def _day(self, now: int) -> tuple[date, int]:
        """Today, and when it ends; worked out once a minute, for no day begins within one."""
        minute = now // 60_000
        found = self._days.get(minute)
        if found is None:
            day = instant(now).astimezone(self.zone).date()
            self._days.clear()
            found = self._days[minute] = day, millis(datetime.combine(day + timedelta(days=1), time(), self.zone))
        return found

    def _upwards(self, location: str) -> list[str]:
        chain = [location]
        while (row := self.locations.get(chain[-1])) is not None and row.parent and len(chain) < 5:
            parent = next((code for code, other in self.locations.items() if row.parent in (other.id, code)), None)
            if parent is None or parent in chain or self.locations[parent].kind == "member":
                break
            chain.append(parent)
        return chain

    def _calendar(self, location: str) -> Calendar:
        row = self.locations.get(self.library_of(location))
        names = {ANY, location, *self._upwards(location)}
        if row is not None:
            names.add(row.id)
        closed = frozenset(date.fromisoformat(c.day) for c in self.closed_days if c.location in names)
        if row is None:
            return Calendar(self.zone, closed_days=closed)
        weekdays = frozenset(int(d) for d in row.closed_weekdays)
        if row.closes_minute <= row.opens_minute:  # not told: open all day
            return Calendar(self.zone, weekdays, closed)
        return Calendar(self.zone, weekdays, closed, row.opens_minute, row.closes_minute)


def build_rules(
    member: str,
    settings: MemberSettings,
    *,
    state: MemberStateRow | None,
    locations: Iterable[LocationRow] = (),
    closed_days: Iterable[ClosedDayRow] = (),
    categories: Iterable[PatronCategoryRow] = (),
    item_types: Iterable[ItemTypeRow] = (),
    loan_rules: Iterable[LoanRuleRow] = (),
) -> MemberRules:
    """The rules out of their rows. Raises ZoneInfoNotFoundError for a time zone that does not exist."""
    rules = {row.id: row for row in loan_rules}
    return MemberRules(
        member=member,
        version=version_of(state),
        settings=settings,
        zone=ZoneInfo(settings.timezone),
        locations={row.code: row for row in locations},
        categories={row.code: row for row in categories},
        item_types={row.code: row for row in item_types},
        rules=rules,
        closed_days=tuple(closed_days),
        _by_fit={(row.patron_category, row.item_type, row.location): row for row in rules.values()},
    )


def version_of(state: MemberStateRow | None) -> int:
    """0 for a member that has no rows yet."""
    return 0 if state is None else state.policy_version


def instant(millis: int) -> datetime:
    """A stored time as an aware UTC datetime."""
    return _EPOCH + timedelta(milliseconds=millis)


def optional_instant(millis: int | None) -> datetime | None:
    return None if millis is None else instant(millis)


def millis(moment: datetime) -> int:
    """An aware datetime as stored: whole UTC milliseconds."""
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def _rows(table_row: type, name: str) -> Part:
    table = schema.TABLES[table_row]
    return Part(name, select(table).where(table.c.member == bindparam("member", type_=Text)), table_row, many=True)


STATE = Part(
    "state",
    select(schema.member_state).where(schema.member_state.c.member == bindparam("member", type_=Text)),
    MemberStateRow,
)

RULES = Plan(
    "reference.rules",
    (
        STATE,
        _rows(LocationRow, "locations"),
        _rows(ClosedDayRow, "closed_days"),
        _rows(PatronCategoryRow, "categories"),
        _rows(ItemTypeRow, "item_types"),
        _rows(LoanRuleRow, "loan_rules"),
    ),
    dict,
)
