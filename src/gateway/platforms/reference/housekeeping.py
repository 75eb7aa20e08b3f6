"""What time does by itself: holds run out, overdue loans become lost; answers, PIN failures and persons are forgotten.

Each step is a row of small commands, so that kiosks are served in between and a crash loses nothing but the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, bindparam, or_, select

from gateway.canonical.context import CommandKey, Context
from gateway.canonical.vocabulary import BlockReason, HoldStatus
from gateway.platforms.reference import hold_parts, parts
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.events import Log
from gateway.platforms.reference.exactly_once import Command
from gateway.platforms.reference.forgetting import bared
from gateway.platforms.reference.holds import categories_of, end, pseudonyms_of
from gateway.platforms.reference.ids import new_id
from gateway.platforms.reference.listings import CONFIG
from gateway.platforms.reference.policy import STATE
from gateway.platforms.reference.reports import lose
from gateway.store import schema
from gateway.store.effects import Decision, Delete, Effect, Update
from gateway.store.port import Part, Plan
from gateway.store.rows import (
    HoldRow,
    IdempotencyRow,
    ItemRow,
    LoanRow,
    MemberStateRow,
    OfflineConflictRow,
    PatronBlockRow,
    PatronRow,
    PinFailureRow,
    PseudonymRow,
)

TERMINAL = "housekeeping"

ANSWERS_KEPT = timedelta(hours=48)
"""Twice what the model asks for (canonical model 0.5): nothing goes while a late retry may still want it."""

PERSONS_KEPT = timedelta(hours=24)
"""How long an answer that is kept for good says whom it was given to: as long as a retry must get it whole."""

CONFLICTS_KEPT = timedelta(days=30)
"""How long after it was settled a conflict says whose it was: until nobody comes back to it."""

PIN_FAILURES_KEPT = timedelta(hours=25)
"""Longer than the longest period in which failures count, which is a campus directory's."""

BATCH = 100
"""Rows a command: a few milliseconds of work at most."""

_BEFORE = bindparam("before", type_=BigInteger)
_LOAN, _HOLD, _ITEM = schema.loan, schema.hold, schema.item


@dataclass(slots=True)
class Done:
    """How much of each there was."""

    expired_holds: int = 0
    lost_loans: int = 0
    forgotten_answers: int = 0
    forgotten_failures: int = 0
    bared_answers: int = 0
    bared_conflicts: int = 0
    forgotten_notices: int = 0


@dataclass(slots=True)
class HoldsSnapshot:
    state: MemberStateRow | None
    ended: list[HoldRow]
    items: list[ItemRow]
    queues: list[HoldRow]
    waiting: list[dict[str, Any]]
    pseudonyms: list[PseudonymRow]


@dataclass(slots=True)
class LoansSnapshot:
    state: MemberStateRow | None
    late: list[LoanRow]
    items: list[ItemRow]
    titles: list[dict[str, Any]]
    patrons: list[PatronRow]
    pseudonyms: list[PseudonymRow]


def _pseudonyms(patrons: parts.Rows) -> Part:
    table = schema.pseudonym
    return Part("pseudonyms", parts.of_member(table).where(table.c.patron_id.in_(patrons)), PseudonymRow, many=True)


def _holds_plan() -> Plan:
    ended = parts.of_member(_HOLD).where(hold_parts.shelf_run_out()).order_by(_HOLD.c.id).limit(BATCH)
    some = ended.subquery()
    return Plan(
        "reference.housekeeping.holds",
        (
            STATE,
            Part("ended", ended, HoldRow, many=True),
            *hold_parts.waiting_for(select(some.c.filled_item_id), select(some.c.bib_id)),
            _pseudonyms(select(some.c.patron_id)),
        ),
        HoldsSnapshot,
    )


def _loans_plan() -> Plan:
    late = (
        parts.of_member(_LOAN)
        .where(_LOAN.c.status == "open", _LOAN.c.due_at < _BEFORE)
        .order_by(_LOAN.c.due_at, _LOAN.c.id)
        .limit(BATCH)
    )
    some = late.subquery()
    bib = schema.bib
    of_these = _ITEM.c.id.in_(select(some.c.item_id))
    return Plan(
        "reference.housekeeping.loans",
        (
            STATE,
            Part("late", late, LoanRow, many=True),
            Part("items", parts.of_member(_ITEM).where(of_these), ItemRow, many=True),
            Part(
                "titles",
                select(bib.c.id, bib.c.title).where(
                    bib.c.member == parts.MEMBER,
                    bib.c.id.in_(select(_ITEM.c.bib_id).where(_ITEM.c.member == parts.MEMBER, of_these)),
                ),
                many=True,
            ),
            Part(
                "patrons",
                parts.of_member(schema.patron).where(schema.patron.c.id.in_(select(some.c.patron_id))),
                PatronRow,
                many=True,
            ),
            _pseudonyms(select(some.c.patron_id)),
        ),
        LoansSnapshot,
    )


HOLDS, LOANS = _holds_plan(), _loans_plan()

_ANSWER, _FAILURE, _CONFLICT = schema.idempotency, schema.pin_failure, schema.offline_conflict
ANSWERS = Plan(
    "reference.housekeeping.answers",
    (
        Part(
            "rows",
            parts.of_member(_ANSWER)
            .where(_ANSWER.c.at < _BEFORE, ~_ANSWER.c.permanent)
            .order_by(_ANSWER.c.at)
            .limit(BATCH),
            IdempotencyRow,
            many=True,
        ),
    ),
    dict,
)
PERSONS = Plan(
    "reference.housekeeping.persons",
    (
        Part(
            "rows",
            parts.of_member(_ANSWER)
            .where(_ANSWER.c.at < _BEFORE, _ANSWER.c.permanent, _ANSWER.c.personal.is_not(None))
            .order_by(_ANSWER.c.at)
            .limit(BATCH),
            IdempotencyRow,
            many=True,
        ),
    ),
    dict,
)
CONFLICTS = Plan(
    "reference.housekeeping.conflicts",
    (
        Part(
            "rows",
            parts.of_member(_CONFLICT)
            .where(
                _CONFLICT.c.resolved_at < _BEFORE,
                or_(_CONFLICT.c.patron_id.is_not(None), _CONFLICT.c.card.is_not(None)),
            )
            .order_by(_CONFLICT.c.id)
            .limit(BATCH),
            OfflineConflictRow,
            many=True,
        ),
    ),
    dict,
)
FAILURES = Plan(
    "reference.housekeeping.failures",
    (
        Part(
            "rows",
            parts.of_member(_FAILURE).where(_FAILURE.c.at < _BEFORE).order_by(_FAILURE.c.at).limit(BATCH),
            PinFailureRow,
            many=True,
        ),
    ),
    dict,
)
_BLOCK = schema.patron_block
NOTICES = Plan(
    "reference.housekeeping.notices",
    (
        Part(
            "rows",
            parts.of_member(_BLOCK)
            .where(_BLOCK.c.reason == BlockReason.NOTICE.value, _BLOCK.c.expires_at < _BEFORE)
            .order_by(_BLOCK.c.expires_at)
            .limit(BATCH),
            PatronBlockRow,
            many=True,
        ),
    ),
    dict,
)


async def run(core: Core, member: str) -> Done:
    """Does all that is due for one member now. Raises StoreUnavailable and PlatformFailure."""
    here = Context(member, TERMINAL, "", frozenset(), protocol="internal")
    rules = await core.query(here, CONFIG, {}, lambda fresh, now, snapshot: fresh)
    now = core.now()
    command = Command(here, CommandKey(new_id(now), 0), TERMINAL, rules, now)
    done = Done(expired_holds=await _all(core, command, HOLDS, {}, end_holds))
    lost_after = rules.settings.lost_after_days
    if lost_after is not None:
        before = now - _millis(timedelta(days=lost_after))
        done.lost_loans = await _all(core, command, LOANS, {"before": before}, lose_loans)
    answers = {"before": now - _millis(ANSWERS_KEPT)}
    done.forgotten_answers = await _all(core, command, ANSWERS, answers, _forget)
    persons = {"before": now - _millis(PERSONS_KEPT)}
    done.bared_answers = await _all(core, command, PERSONS, persons, _bare_answers)
    settled = {"before": now - _millis(CONFLICTS_KEPT)}
    done.bared_conflicts = await _all(core, command, CONFLICTS, settled, _bare_conflicts)
    failures = {"before": now - _millis(PIN_FAILURES_KEPT)}
    done.forgotten_failures = await _all(core, command, FAILURES, failures, _forget)
    done.forgotten_notices = await _all(core, command, NOTICES, {"before": now}, _forget)
    return done


def end_holds(command: Command, snapshot: HoldsSnapshot) -> Decision[int]:
    """Ends holds that were not collected or are no longer needed; what waited for them goes to the next, or home."""
    log = Log(command, *snapshot.pseudonyms, *pseudonyms_of(command.member, snapshot.waiting))
    items = {item.hold_id: item for item in snapshot.items if item.hold_id is not None}
    effects: list[Effect] = []
    for hold in snapshot.ended:
        queue = [other for other in snapshot.queues if other.bib_id == hold.bib_id]
        categories = categories_of(snapshot.waiting)
        effects += end(hold, items.get(hold.id), HoldStatus.EXPIRED, queue, command, categories, log)
    return Decision(len(snapshot.ended), [*effects, *log.effects])


def lose_loans(command: Command, snapshot: LoansSnapshot) -> Decision[int]:
    """Declares overdue loans lost."""
    log = Log(command, *snapshot.pseudonyms)
    items = {item.id: item for item in snapshot.items}
    titles = {row["id"]: row["title"] for row in snapshot.titles}
    effects: list[Effect] = [Update(patron) for patron in snapshot.patrons]
    for loan in snapshot.late:
        item = items[loan.item_id]
        effects += lose(command, log, loan, item, titles.get(item.bib_id))
    return Decision(len(snapshot.late), [*effects, *log.effects])


def _forget(command: Command, snapshot: dict[str, list[Any]]) -> Decision[int]:
    return Decision(len(snapshot["rows"]), [Delete(row) for row in snapshot["rows"]])


def _bare_answers(command: Command, snapshot: dict[str, list[IdempotencyRow]]) -> Decision[int]:
    rows = snapshot["rows"]
    for row in rows:
        row.personal = None
    return Decision(len(rows), [Update(row) for row in rows])


def _bare_conflicts(command: Command, snapshot: dict[str, list[OfflineConflictRow]]) -> Decision[int]:
    return Decision(len(snapshot["rows"]), [Update(bared(row)) for row in snapshot["rows"]])


async def _all(
    core: Core,
    command: Command,
    plan: Plan,
    params: dict[str, Any],
    step: Callable[[Command, Any], Decision[int]],
) -> int:
    """Repeats a step until it finds less than a whole batch."""
    total = 0
    bound = {"member": command.member, "now": command.now, **params}
    while True:
        found = await core.store.command(plan, bound, partial(step, command))
        total += found
        if found < BATCH:
            return total


def _millis(period: timedelta) -> int:
    return int(period.total_seconds() * 1000)
