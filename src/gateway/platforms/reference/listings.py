"""Lists for staff and machines: the member's configuration tables, the event log, conflicts of off-line work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import orjson
from sqlalchemy import BigInteger, Text, and_, bindparam, or_, select

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.entities import Event, OfflineConflict
from gateway.canonical.outcomes import ConfigOutcome, ConflictsOutcome, EventsOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.platforms.reference import parts
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.events import Log
from gateway.platforms.reference.exactly_once import STORED, Command, Ruling
from gateway.platforms.reference.policy import STATE, MemberRules, instant, optional_instant
from gateway.store import schema
from gateway.store.effects import Update
from gateway.store.port import Part, Plan
from gateway.store.rows import IdempotencyRow, MemberStateRow, OfflineConflictRow, PseudonymRow

PAGE = 1000
"""Rows in one answer at most."""


@dataclass(slots=True)
class StateSnapshot:
    state: MemberStateRow | None


@dataclass(slots=True)
class EventsSnapshot:
    state: MemberStateRow | None
    events: list[dict[str, Any]]


@dataclass(slots=True)
class ConflictsSnapshot:
    """`barcodes`: the barcode of each patron that a conflict names."""

    state: MemberStateRow | None
    conflicts: list[OfflineConflictRow]
    barcodes: list[dict[str, Any]]
    stored: IdempotencyRow | None = None
    pseudonym: PseudonymRow | None = None


CONFIG = Plan("reference.config", (STATE,), StateSnapshot)

_EVENT = schema.event
EVENTS = Plan(
    "reference.events",
    (
        STATE,
        Part(
            "events",
            select(*_EVENT.c)
            .where(_EVENT.c.member == parts.MEMBER, _EVENT.c.seq > bindparam("after", type_=BigInteger))
            .order_by(_EVENT.c.seq)
            .limit(bindparam("limit", type_=BigInteger)),
            many=True,
        ),
    ),
    EventsSnapshot,
)

_CONFLICT = schema.offline_conflict
_CONFLICT_ID = bindparam("conflict_id", type_=Text)


def _barcodes(conflict_patrons: Any) -> Part:
    ident = schema.patron_identifier
    return Part(
        "barcodes",
        select(ident.c.patron_id, ident.c.shown)
        .where(
            ident.c.member == parts.MEMBER,
            ident.c.patron_id.in_(conflict_patrons),
            ident.c.type == "barcode",
            ident.c.active.is_(True),
        )
        .order_by(ident.c.position.desc()),
        many=True,
    )


def _page(open_only: bool) -> Plan:
    # Conflicts are listed in the order of their ids, which begin with the time; `after` is the last id seen.
    after = bindparam("after", type_=Text)
    wanted = and_(_CONFLICT.c.member == parts.MEMBER, or_(after.is_(None), _CONFLICT.c.id > after))
    if open_only:
        wanted = and_(wanted, _CONFLICT.c.resolved_at.is_(None))
    limit = bindparam("limit", type_=BigInteger)
    page = select(_CONFLICT.c.patron_id).where(wanted).order_by(_CONFLICT.c.id).limit(limit).subquery()
    return Plan(
        f"reference.conflicts.{'open' if open_only else 'all'}",
        (
            STATE,
            Part(
                "conflicts",
                select(*_CONFLICT.c).where(wanted).order_by(_CONFLICT.c.id).limit(limit),
                OfflineConflictRow,
                many=True,
            ),
            _barcodes(select(page.c.patron_id)),
        ),
        ConflictsSnapshot,
    )


OPEN_CONFLICTS, ALL_CONFLICTS = _page(open_only=True), _page(open_only=False)

_THIS = and_(_CONFLICT.c.member == parts.MEMBER, _CONFLICT.c.id == _CONFLICT_ID)
RESOLVE = Plan(
    "reference.conflict.resolve",
    (
        STATE,
        STORED,
        Part("conflicts", select(*_CONFLICT.c).where(_THIS), OfflineConflictRow, many=True),
        _barcodes(select(_CONFLICT.c.patron_id).where(_THIS)),
        parts.pseudonym(select(_CONFLICT.c.patron_id).where(_THIS).scalar_subquery()),
    ),
    ConflictsSnapshot,
)


async def config(core: Core, ctx: Context, request: req.ConfigList) -> ConfigOutcome | Refusal:
    """The rows of one table, money as whole minor units. `from_day` leaves out closed days before it."""
    table = _TABLES.get(request.what)
    if table is None:
        return Refusal(code=RefusalCode.BAD_REQUEST, detail={"kind": "unknown_list", "known": sorted(_TABLES)})

    def view(rules: MemberRules, now: int, snapshot: StateSnapshot) -> ConfigOutcome:
        first_day = request.from_day.isoformat() if request.from_day is not None else ""
        rows = (_public(row) for row in table(rules))
        return ConfigOutcome(rows=tuple(row for row in rows if row.get("day", "9999") >= first_day))

    return await core.query(ctx, CONFIG, {}, view)


async def events(core: Core, ctx: Context, request: req.EventList) -> EventsOutcome | Refusal:
    """Oldest first. On PostgreSQL a sequence number may appear after a higher one: read again from a little before."""

    def view(rules: MemberRules, now: int, snapshot: EventsSnapshot) -> EventsOutcome:
        return EventsOutcome(events=tuple(_event(row) for row in snapshot.events))

    return await core.query(ctx, EVENTS, {"after": request.after, "limit": _limit(request.limit)}, view)


async def conflicts(core: Core, ctx: Context, request: req.ConflictList) -> ConflictsOutcome | Refusal:
    """Oldest first; those resolved only where asked for."""

    def view(rules: MemberRules, now: int, snapshot: ConflictsSnapshot) -> ConflictsOutcome:
        return _conflicts(snapshot)

    plan = ALL_CONFLICTS if request.include_resolved else OPEN_CONFLICTS
    return await core.query(ctx, plan, {"after": request.after, "limit": _limit(request.limit)}, view)


async def resolve(
    core: Core, ctx: Context, request: req.ConflictResolve, key: CommandKey
) -> ConflictsOutcome | Refusal:
    """Marks a conflict as dealt with; one that is already keeps its first time."""

    def rule(command: Command, snapshot: ConflictsSnapshot) -> Ruling:
        if not snapshot.conflicts:
            return Ruling(Refusal(code=RefusalCode.CONFLICT, detail={"kind": "unknown_conflict"}))
        row = snapshot.conflicts[0]
        log = Log(command, snapshot.pseudonym)
        if row.resolved_at is not None:
            return Ruling(_conflicts(snapshot))
        row.resolved_at = command.now
        log.add("conflict.resolved", patron_id=row.patron_id, conflict=row.id)
        return Ruling(_conflicts(snapshot), [Update(row), *log.effects])

    return await core.command(ctx, request, key, RESOLVE, {"conflict_id": request.conflict_id}, rule)


_TABLES: dict[str, Callable[[MemberRules], list[Any]]] = {
    "locations": lambda rules: sorted(rules.locations.values(), key=lambda row: row.code),
    "categories": lambda rules: sorted(rules.categories.values(), key=lambda row: row.code),
    "item_types": lambda rules: sorted(rules.item_types.values(), key=lambda row: row.code),
    "loan_rules": lambda rules: sorted(rules.rules.values(), key=lambda row: row.id),
    "closed_days": lambda rules: sorted(rules.closed_days, key=lambda row: (row.day, row.location)),
}


def _public(row: Any) -> dict[str, Any]:
    return {f.name: getattr(row, f.name) for f in fields(row) if f.name not in ("member", "version")}


def _limit(asked: int) -> int:
    return max(1, min(asked, PAGE))


def _event(row: dict[str, Any]) -> Event:
    return Event(
        sequence=row["seq"],
        at=instant(row["at"]),
        type=row["type"],
        subject=row["subject"],
        item_id=row["item_id"],
        loan_id=row["loan_id"],
        terminal=row["terminal"],
        data=orjson.loads(row["data_json"]),
    )


def _conflicts(snapshot: ConflictsSnapshot) -> ConflictsOutcome:
    barcodes = {row["patron_id"]: row["shown"] for row in snapshot.barcodes}
    return ConflictsOutcome(
        conflicts=tuple(
            OfflineConflict(
                id=row.id,
                at=instant(row.at),
                terminal=row.terminal,
                operation=row.operation,
                reason=row.reason,
                item_barcode=row.item_barcode,
                patron_id=row.patron_id,
                patron_barcode=row.card if row.patron_id is None else barcodes.get(row.patron_id),
                resolved_at=optional_instant(row.resolved_at),
            )
            for row in snapshot.conflicts
        )
    )
