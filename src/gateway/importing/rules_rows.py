"""A member's rules between the file's models and the store's rows.

Rows that say the same in two ways (a parent by id or by code, open all day by any of several hours) are one entry, so
that an unchanged file never rewrites them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from gateway.canonical.money import Money
from gateway.importing.rules_model import (
    LONGEST_CLOSURE,
    UNLIMITED,
    WEEKDAYS,
    Category,
    ClosedDays,
    Entry,
    ItemType,
    LoanRule,
    Location,
    Overdue,
    Rules,
    period_text,
    split_period,
)
from gateway.store.rows import ClosedDayRow, ItemTypeRow, LoanRuleRow, LocationRow, PatronCategoryRow

Key = tuple[str, str]
"""Table of the file, and code or id."""

Day = tuple[str, str]
"""ISO date and location."""

_ALL_DAY = (0, 24 * 60)


def rules_of(parts: Mapping[str, Any], currency: str) -> Rules:
    """The rules that the store holds, out of the parts of the reference platform's plan `RULES`.

    They are taken as they are: whether they would be accepted from a file is not asked.
    """
    locations: list[LocationRow] = parts["locations"]
    codes = _codes(locations)
    return Rules.model_construct(
        locations={row.code: _location(row, codes) for row in _by(locations, "code")},
        categories={row.code: _category(row, currency) for row in _by(parts["categories"], "code")},
        item_types={row.code: _item_type(row, currency) for row in _by(parts["item_types"], "code")},
        closed_days=ranges({key: row.reason for key, row in closed_rows(parts).items()}),
        loan_rules=[_loan_rule(row, currency) for row in _by(parts["loan_rules"], "id")],
    )


def entries_of(rules: Rules) -> dict[Key, Entry]:
    """Everything but the closed days, by key."""
    tables = ("locations", "categories", "item_types")
    found: dict[Key, Entry] = {(table, code): e for table in tables for code, e in getattr(rules, table).items()}
    return found | {("loan_rules", rule.id): rule for rule in rules.loan_rules}


def rows_of(parts: Mapping[str, Any]) -> dict[Key, Any]:
    """The rows behind `entries_of`, by the same keys."""
    tables = ("locations", "categories", "item_types")
    found: dict[Key, Any] = {(table, row.code): row for table in tables for row in parts[table]}
    return found | {("loan_rules", row.id): row for row in parts["loan_rules"]}


def closed_rows(parts: Mapping[str, Any]) -> dict[Day, ClosedDayRow]:
    """The rows of closed days by day and location's code."""
    codes = _codes(parts["locations"])
    days: list[ClosedDayRow] = parts["closed_days"]
    return {(row.day, codes.get(row.location, row.location)): row for row in days}


def closed_days_of(rules: Rules) -> dict[Day, str]:
    """The reason of each single closed day."""
    return {(day.isoformat(), entry.location): entry.reason for entry in rules.closed_days for day in entry.days}


def ranges(days: Mapping[Day, str]) -> list[ClosedDays]:
    """Single days as ranges, as far as location and reason are the same, in the order of their beginnings."""
    found: list[ClosedDays] = []
    told = sorted((place, reason, date.fromisoformat(day)) for (day, place), reason in days.items())
    for (place, reason), same in groupby(told, key=lambda one: one[:2]):
        run: list[date] = []
        for *_, day in [*same, ("", "", None)]:
            if run and (day != run[-1] + timedelta(days=1) or len(run) == LONGEST_CLOSURE):
                found.append(_closed(place, reason, run))
                run = []
            if day is not None:
                run.append(day)
    return sorted(found, key=lambda entry: (entry.days[0], entry.location))


def row_for(member: str, key: Key, entry: Entry, current: Any) -> Any:
    """The row that holds the entry: `current` changed, or a new one."""
    values = _values(entry)
    if current is not None:
        return replace(current, **values)
    table, name = key
    match table:
        case "locations":
            return LocationRow(member=member, id=name, code=name, **values)
        case "categories":
            return PatronCategoryRow(member=member, code=name, **values)
        case "item_types":
            return ItemTypeRow(member=member, code=name, **values)
        case _:
            return LoanRuleRow(member=member, id=name, **values)


def _values(entry: Entry) -> dict[str, Any]:
    """The columns of an entry's row, but those that name it."""
    match entry:
        case Location():
            opens, closes = _ALL_DAY if entry.opens is None else (_minute(entry.opens), _minute(entry.closes or ""))
            return {
                "name": entry.name,
                "kind": str(entry.kind),
                "parent": entry.parent,
                "pickup": entry.pickup,
                "closed_weekdays": "".join(str(WEEKDAYS.index(day) + 1) for day in entry.closed_weekdays),
                "opens_minute": opens,
                "closes_minute": closes,
            }
        case Category():
            limits = {name: getattr(entry, name) for name in ("max_loans", "max_overdue", "max_holds", "max_lost")}
            return {"label": entry.label, "max_fees": _minor(entry.max_fees), **limits}
        case ItemType():
            return {
                "label": entry.label,
                "media_type": str(entry.media_type),
                "replacement_cost": entry.replacement_cost.minor,
                "processing_fee": entry.processing_fee.minor,
            }
        case LoanRule():
            return _rule_values(entry)
    raise TypeError(f"{type(entry).__name__} has no row")


def _rule_values(entry: LoanRule) -> dict[str, Any]:
    period, unit = (0, "day") if entry.period is None else split_period(entry.period)
    same = (
        "patron_category", "item_type", "location", "loanable", "max_loans", "renew_from", "holdable",
        "hold_shelf_days", "recallable", "recall_minimum_days",
    )  # fmt: skip
    late = entry.overdue
    return {
        **{name: getattr(entry, name) for name in same},
        "period": period,
        "period_unit": unit,
        "fixed_due_on": entry.fixed_due and entry.fixed_due.isoformat(),
        "max_renewals": None if entry.renewals == UNLIMITED else entry.renewals,
        "overdue_fee": 0 if late is None else late.fee.minor,
        "overdue_unit": "day" if late is None else late.per,
        "overdue_grace": 0 if late is None else late.grace,
        "overdue_ceiling": None if late is None else _minor(late.ceiling),
        "rental_fee": _minor(entry.rental) or 0,
    }


def _location(row: LocationRow, codes: Mapping[str, str]) -> Location:
    told = row.closes_minute > row.opens_minute and (row.opens_minute, row.closes_minute) != _ALL_DAY
    return Location.model_construct(
        name=row.name,
        kind=row.kind,
        parent=row.parent and codes.get(row.parent, row.parent),
        pickup=row.pickup,
        closed_weekdays=[WEEKDAYS[int(digit) - 1] for digit in sorted(set(row.closed_weekdays))],
        opens=_clock(row.opens_minute) if told else None,
        closes=_clock(row.closes_minute) if told else None,
    )


def _category(row: PatronCategoryRow, currency: str) -> Category:
    return Category.model_construct(
        label=row.label,
        max_loans=row.max_loans,
        max_overdue=row.max_overdue,
        max_holds=row.max_holds,
        max_fees=_money(row.max_fees, currency),
        max_lost=row.max_lost,
    )


def _item_type(row: ItemTypeRow, currency: str) -> ItemType:
    return ItemType.model_construct(
        label=row.label,
        media_type=row.media_type,
        replacement_cost=_money(row.replacement_cost, currency),
        processing_fee=_money(row.processing_fee, currency),
    )


def _loan_rule(row: LoanRuleRow, currency: str) -> LoanRule:
    late = Overdue.model_construct(
        fee=_money(row.overdue_fee, currency),
        per=row.overdue_unit,
        grace=row.overdue_grace,
        ceiling=_money(row.overdue_ceiling, currency),
    )
    return LoanRule.model_construct(
        id=row.id,
        patron_category=row.patron_category,
        item_type=row.item_type,
        location=row.location,
        loanable=row.loanable,
        period=period_text(row.period, row.period_unit) if row.period else None,
        fixed_due=date.fromisoformat(row.fixed_due_on) if row.fixed_due_on else None,
        max_loans=row.max_loans,
        renewals=UNLIMITED if row.max_renewals is None else row.max_renewals,
        renew_from=row.renew_from,
        holdable=row.holdable,
        hold_shelf_days=row.hold_shelf_days,
        recallable=row.recallable,
        recall_minimum_days=row.recall_minimum_days,
        overdue=late if row.overdue_fee else None,
        rental=_money(row.rental_fee, currency) if row.rental_fee else None,
    )


def _closed(place: str, reason: str, run: list[date]) -> ClosedDays:
    day, first, last = (run[0], None, None) if len(run) == 1 else (None, run[0], run[-1])
    return ClosedDays.model_construct(day=day, first=first, last=last, location=place, reason=reason)


def _codes(locations: Iterable[LocationRow]) -> dict[str, str]:
    """Code by id, or by itself."""
    found = {row.id: row.code for row in locations}
    return found | {row.code: row.code for row in locations}


def _by(rows: Iterable[Any], name: str) -> list[Any]:
    return sorted(rows, key=lambda row: getattr(row, name))


def _minor(money: Money | None) -> int | None:
    return None if money is None else money.minor


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money.of_minor(minor, currency)


def _minute(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
