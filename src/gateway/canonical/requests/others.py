"""The platform's state, titles, configuration, events, conflicts of off-line transactions."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from gateway.canonical.requests.base import Request
from gateway.canonical.vocabulary import Permission


class SystemStatus(Request):
    operation: ClassVar[str] = "system.status"


class BibGet(Request):
    operation: ClassVar[str] = "bib.get"
    permission: ClassVar[Permission | None] = Permission.BIB_READ
    bib_id: str
    with_marc: bool = False


class BibAvailability(Request):
    operation: ClassVar[str] = "bib.availability"
    permission: ClassVar[Permission | None] = Permission.BIB_READ
    bib_ids: tuple[str, ...]


class BibChanges(Request):
    """Bibs of this member in order of change; `after` is the position of the last one seen."""

    operation: ClassVar[str] = "bib.changes"
    permission: ClassVar[Permission | None] = Permission.BIB_READ
    after: int = 0
    limit: int = 100


class ConfigList(Request):
    """`what`: locations, categories, item_types, loan_rules, closed_days."""

    operation: ClassVar[str] = "config.list"
    permission: ClassVar[Permission | None] = Permission.CONFIG_READ
    what: str
    from_day: date | None = None


class EventList(Request):
    operation: ClassVar[str] = "event.list"
    permission: ClassVar[Permission | None] = Permission.STAFF
    after: int = 0
    limit: int = 100


class ConflictList(Request):
    """Conflicts of off-line transactions, for staff."""

    operation: ClassVar[str] = "conflict.list"
    permission: ClassVar[Permission | None] = Permission.STAFF
    after: str | None = None
    limit: int = 100
    include_resolved: bool = False


class ConflictResolve(Request):
    operation: ClassVar[str] = "conflict.resolve"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.STAFF
    conflict_id: str
