"""The demo members' policies as rows: locations, closed days, patron categories, item types, loan rules.

Money is in pence. No rule names a category with every item type: such a row would outrank those for one item type.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from gateway.canonical.vocabulary import LocationKind, MediaType
from gateway.demo.consortium import DemoMember
from gateway.store.rows import ClosedDayRow, ItemTypeRow, LoanRuleRow, LocationRow, PatronCategoryRow

UNDERGRADUATE, POSTGRADUATE, STAFF, EXTERNAL = "UG", "PG", "STAFF", "EXT"
BOOK, SHORT_LOAN, REFERENCE, FILM = "BOOK", "SHORT", "REF", "FILM"

UNDERGRADUATE_LOANS = 10
UNDERGRADUATE_DAYS = 21
RENTAL_FEE = 100

# Code, label, loans, holds: more for those who stay longer.
_CATEGORIES = (
    (UNDERGRADUATE, "Undergraduate", UNDERGRADUATE_LOANS, 10),
    (POSTGRADUATE, "Postgraduate", 20, 20),
    (STAFF, "Staff", 40, 40),
    (EXTERNAL, "External borrower", 5, 3),
)
_MAX_OVERDUE, _MAX_FEES, _MAX_LOST = 5, 1000, 3

# Code, label, media, replacement cost, processing fee.
_ITEM_TYPES = (
    (BOOK, "Standard loan", MediaType.BOOK, 2000, 500),
    (SHORT_LOAN, "Short loan (4 hours)", MediaType.BOOK, 3000, 500),
    (REFERENCE, "Not for loan", MediaType.BOOK, 5000, 500),
    (FILM, "Film", MediaType.OTHER, 1500, 300),
)

_BOOK_DAYS = {UNDERGRADUATE: UNDERGRADUATE_DAYS, POSTGRADUATE: 28, STAFF: 90, EXTERNAL: 14}


def locations(member: DemoMember) -> list[LocationRow]:
    """The main library is open day and night, so that a four-hour loan always lasts four hours; branches are not."""
    main = LocationRow(
        member=member.code,
        id=member.main_location,
        code=member.main_location,
        name=member.main_name,
        kind=LocationKind.LIBRARY,
        parent=None,
        pickup=True,
        closed_weekdays="",
        opens_minute=0,
        closes_minute=24 * 60,
    )
    branches = [
        LocationRow(
            member=member.code,
            id=member.branch_code(code),
            code=member.branch_code(code),
            name=name,
            kind=LocationKind.LIBRARY,
            parent=None,
            pickup=True,
            closed_weekdays="7",
            opens_minute=9 * 60,
            closes_minute=20 * 60,
        )
        for code, name in member.branches
    ]
    return [main, *branches]


def closed_days(member: DemoMember, today: date) -> list[ClosedDayRow]:
    """Christmas and New Year's Day, this year's and the next two years'."""
    feasts = ((12, 25, "Christmas Day"), (12, 26, "Boxing Day"), (1, 1, "New Year's Day"))
    return [
        ClosedDayRow(member.code, "*", date(year, month, day).isoformat(), reason)
        for year in range(today.year, today.year + 3)
        for month, day, reason in feasts
    ]


def categories(member: DemoMember) -> list[PatronCategoryRow]:
    return [
        PatronCategoryRow(member.code, code, label, loans, _MAX_OVERDUE, holds, _MAX_FEES, _MAX_LOST)
        for code, label, loans, holds in _CATEGORIES
    ]


def item_types(member: DemoMember) -> list[ItemTypeRow]:
    return [
        ItemTypeRow(member.code, code, label, media, replacement_cost, processing_fee)
        for code, label, media, replacement_cost, processing_fee in _ITEM_TYPES
    ]


def book_rule_id(category: str) -> str:
    return f"book-{category.lower()}"


def loan_rules(member: DemoMember) -> list[LoanRuleRow]:
    standard = LoanRuleRow(
        member=member.code,
        id="other",
        patron_category="*",
        item_type="*",
        location="*",
        loanable=True,
        period=14,
        period_unit="day",
        fixed_due_on=None,
        max_loans=None,
        max_renewals=5,
        renew_from="now",
        holdable=True,
        hold_shelf_days=7,
        recallable=True,
        recall_minimum_days=7,
        overdue_fee=20,
        overdue_unit="day",
        overdue_grace=1,
        overdue_ceiling=1000,
        rental_fee=0,
    )
    books = [
        replace(standard, id=book_rule_id(category), patron_category=category, item_type=BOOK, period=days)
        for category, days in _BOOK_DAYS.items()
    ]
    short = replace(
        standard,
        id="short",
        item_type=SHORT_LOAN,
        period=4,
        period_unit="hour",
        max_loans=2,
        max_renewals=1,
        holdable=False,
        recallable=False,
        overdue_fee=50,
        overdue_unit="hour",
        overdue_grace=0,
    )
    reference = replace(standard, id="reference", item_type=REFERENCE, loanable=False, holdable=False, recallable=False)
    film = replace(standard, id="film", item_type=FILM, period=3, max_renewals=1, rental_fee=RENTAL_FEE)
    return [*books, short, reference, film, standard]
