"""A patron of whom nothing is known yet, and one of whom nothing is known any more: one list of columns for both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.canonical.vocabulary import PatronStatus
from gateway.platforms.reference.ids import new_id
from gateway.store.rows import PatronRow

EMPTY: dict[str, Any] = {
    "home_library": None,
    "expires_on": None,
    "valid_from_on": None,
    "birth_on": None,
    "language": None,
    "emails_json": "[]",
    "phones_json": "[]",
    "addresses_json": "[]",
}
"""Columns that may be emptied, and what they are then."""
_PERSONAL: dict[str, Any] = {
    **{name: value for name, value in EMPTY.items() if name != "home_library"},
    "name": "",
    "family": None,
    "given": None,
    "pin_hash": None,
    "account_key": None,
    "account_terminal": None,
}
"""What names somebody or tells of them. Category and home library are kept for statistics."""


def new_patron(member: str, now: int) -> PatronRow:
    """An active patron without a name, a category or anything else; `now` in UTC milliseconds."""
    return PatronRow(
        member=member,
        id=new_id(now),
        category="",
        home_library=None,
        status=PatronStatus.ACTIVE,
        is_institution=False,
        created_at=now,
        changed_at=now,
        **_PERSONAL,
    )


def nobody(patron: PatronRow, now: int) -> PatronRow:
    """The patron without the person: what is left for the accounts."""
    return replace(patron, status=PatronStatus.DELETED, changed_at=now, **_PERSONAL)
