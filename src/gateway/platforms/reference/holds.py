"""Holds: looked at, changed, cancelled; and what becomes of an item that waited for one. `hold_place` makes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.entities import Hold
from gateway.canonical.outcomes import HoldOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import HoldStatus, ItemStatus
from gateway.platforms.reference import account_parts, hold_parts, parts
from gateway.platforms.reference.circulation import item_named, patron_named
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.events import Log, referred
from gateway.platforms.reference.exactly_once import (
    STORED,
    Command,
    Ruling,
    Subject,
    touch_account,
    touch_item,
)
from gateway.platforms.reference.policy import STATE, MemberRules, instant, millis
from gateway.platforms.reference.trapping import next_hold, send_home, trap
from gateway.platforms.reference.views import from_elsewhere, hold_view, is_gone, waits_for
from gateway.store import schema
from gateway.store.effects import Effect, Update
from gateway.store.port import Plan
from gateway.store.rows import (
    HoldRow,
    IdempotencyRow,
    ItemRow,
    LoanRow,
    MemberStateRow,
    PatronRow,
    PseudonymRow,
)

_HOLD = schema.hold
_HOLDER = hold_parts.asked_holder()

_BOUND = (HoldStatus.READY, HoldStatus.IN_TRANSIT)  # an item has been found; only cancelling is possible


@dataclass(slots=True)
class ChangeSnapshot:
    state: MemberStateRow | None
    stored: IdempotencyRow | None
    patron: PatronRow | None
    pseudonym: PseudonymRow | None
    item: ItemRow | None
    named: HoldRow | None
    holds: list[HoldRow]
    hold_names: list[dict[str, Any]]
    items: list[ItemRow]
    queues: list[HoldRow]
    waiting: list[dict[str, Any]]


@dataclass(slots=True)
class LookSnapshot:
    state: MemberStateRow | None
    patron: PatronRow | None
    item: ItemRow | None
    named: HoldRow | None
    holds: list[HoldRow]
    hold_names: list[dict[str, Any]]
    named_names: list[dict[str, Any]]


LOOK = Plan(
    "reference.hold",
    (
        STATE,
        parts.patron(_HOLDER),
        parts.item(parts.asked_item()),
        hold_parts.named_hold(),
        *account_parts.open_holds(_HOLDER),
        account_parts.hold_names(
            and_(_HOLD.c.member == parts.MEMBER, _HOLD.c.id == hold_parts.asked_hold()), "named_names"
        ),
    ),
    LookSnapshot,
)

CHANGE = Plan(
    "reference.hold.change",
    (
        STATE,
        STORED,
        parts.patron(_HOLDER),
        parts.pseudonym(_HOLDER),
        parts.item(parts.asked_item()),
        hold_parts.named_hold(),
        *account_parts.open_holds(_HOLDER),
        *hold_parts.trapped(_HOLDER),
    ),
    ChangeSnapshot,
)


async def get(core: Core, ctx: Context, request: req.HoldGet) -> HoldOutcome | Refusal:
    """One hold; one that has ended where it is named by id or `external_ref` and no open one is. `available`: an item
    waits for the patron."""

    def view(rules: MemberRules, now: int, snapshot: LookSnapshot) -> HoldOutcome | Refusal:
        hold = find(request, snapshot, ended=True)
        if isinstance(hold, Refusal):
            return hold
        names = [*snapshot.hold_names, *snapshot.named_names]
        return HoldOutcome(hold=named_hold(hold, names), available=hold.status == HoldStatus.READY)

    return await core.query(ctx, LOOK, _naming(request), view)


async def update(core: Core, ctx: Context, request: req.HoldUpdate, key: CommandKey) -> HoldOutcome | Refusal:
    """Another pickup location, another last date, or a pause, while no item has been found for the hold."""

    def rule(command: Command, snapshot: ChangeSnapshot) -> Ruling:
        hold = find(request, snapshot)
        patron = snapshot.patron
        if isinstance(hold, Refusal) or patron is None:
            return Ruling(hold if isinstance(hold, Refusal) else Refusal(code=RefusalCode.PATRON_NOT_FOUND))
        if hold.status in _BOUND:
            return Ruling(Refusal(code=RefusalCode.HOLD_ALREADY_PROCESSED, detail={"status": hold.status}))
        if refusal := bad_date(command.now, request.needed_before, request.suspended_until):
            return Ruling(refusal)
        if request.pickup_location is not None:
            pickup = pickup_code(request.pickup_location, command)
            if pickup is None:
                return Ruling(Refusal(code=RefusalCode.PICKUP_INVALID))
            hold.pickup_location = pickup
        if request.needed_before is not None:
            hold.needed_before_at = millis(request.needed_before)
        if request.suspended_until is not None:
            hold.suspended_until_at = millis(request.suspended_until)
        log = Log(command, snapshot.pseudonym)
        log.add("hold.updated", patron_id=patron.id, item_id=hold.item_id, hold=hold.id, **referred(hold))
        effects = [Update(hold), Update(touch_account(patron, command)), *log.effects]
        return Ruling(HoldOutcome(hold=named_hold(hold, snapshot.hold_names)), effects, Subject("account", patron.id))

    return await core.command(ctx, request, key, CHANGE, _naming(request), rule)


async def cancel(core: Core, ctx: Context, request: req.HoldCancel, key: CommandKey) -> HoldOutcome | Refusal:
    """Ends a hold; an item that waited or travelled for it goes to the next in the queue, or home.

    A loan that was recalled for it keeps its shortened due date: the borrower has been told."""

    def rule(command: Command, snapshot: ChangeSnapshot) -> Ruling:
        hold = find(request, snapshot)
        patron = snapshot.patron
        if isinstance(hold, Refusal) or patron is None:
            return Ruling(hold if isinstance(hold, Refusal) else Refusal(code=RefusalCode.PATRON_NOT_FOUND))
        queue = [other for other in snapshot.queues if other.bib_id == hold.bib_id and other.id != hold.id]
        item = next((item for item in snapshot.items if item.hold_id == hold.id), None)
        log = Log(command, snapshot.pseudonym, *pseudonyms_of(command.member, snapshot.waiting))
        effects: list[Effect] = [
            *end(hold, item, HoldStatus.CANCELLED, queue, command, categories_of(snapshot.waiting), log),
            Update(touch_account(patron, command)),
        ]
        answer = HoldOutcome(hold=named_hold(hold, snapshot.hold_names))
        return Ruling(answer, [*effects, *log.effects], Subject("account", patron.id))

    return await core.command(ctx, request, key, CHANGE, _naming(request), rule)


def find(
    request: req.HoldGet | req.HoldUpdate | req.HoldCancel,
    snapshot: ChangeSnapshot | LookSnapshot,
    *,
    ended: bool = False,
) -> HoldRow | Refusal:
    """The one open hold that the request names: by id or reference, or by patron and item, title or words of the title.
    With `ended` one that is not open any more is as good, by id or reference.

    An item that a hold asks for, or that waits for it, names that hold before all other holds on its title."""
    if snapshot.patron is None and (request.patron or request.patron_id):
        return Refusal(code=RefusalCode.PATRON_NOT_FOUND)
    if request.hold_id is not None or request.external_ref is not None:
        named = snapshot.named
        if named is None or snapshot.patron is None or named.patron_id != snapshot.patron.id:
            return Refusal(code=RefusalCode.HOLD_NOT_FOUND)
        if request.hold_id is None and named.closed_at is None:  # several volumes may have come for one request
            return _the_only([h for h in _by_words(request, snapshot) if h.external_ref == request.external_ref])
        if named.closed_at is not None and not ended:
            return Refusal(code=RefusalCode.HOLD_ALREADY_PROCESSED, detail={"status": named.status})
        return named
    return _the_only(_by_words(request, snapshot))


def _the_only(found: list[HoldRow]) -> HoldRow | Refusal:
    if not found:
        return Refusal(code=RefusalCode.HOLD_NOT_FOUND)
    if len(found) > 1:
        return Refusal(code=RefusalCode.HOLD_AMBIGUOUS, detail={"hold_ids": [hold.id for hold in found]})
    return found[0]


def close(hold: HoldRow, status: HoldStatus, now: int) -> HoldRow:
    """Ends a hold. Which item waited for it stays on record."""
    hold.status, hold.closed_at, hold.hold_until_at = status, now, None
    return hold


def end(
    hold: HoldRow,
    item: ItemRow | None,
    status: HoldStatus,
    queue: Sequence[HoldRow],
    command: Command,
    categories: dict[str, str],
    log: Log,
) -> list[Effect]:
    """Ends a hold as cancelled or expired; `item`, which waited or travelled for it, goes to the next in its `queue`,
    or home. What is to be written, and the events."""
    close(hold, status, command.now)
    following = None if item is None else pass_on(item, queue, command.rules, command.now, categories)
    log.add(
        f"hold.{status.value.lower()}",
        patron_id=hold.patron_id,
        item_id=hold.filled_item_id,
        hold=hold.id,
        **referred(hold, item),
    )
    if item is None:
        return [Update(hold)]
    return [Update(hold), Update(touch_item(item, command)), *follow(following, item, log)]


def pass_on(
    item: ItemRow, queue: Sequence[HoldRow], rules: MemberRules, now: int, categories: dict[str, str]
) -> HoldRow | None:
    """Gives an item whose hold has ended to the next hold in its queue (answered, and to be written), or sends it home.

    An item on its way stays on its way, to its new destination: nobody can put it on a shelf before it arrives."""
    travelling = item.status == ItemStatus.IN_TRANSIT and not from_elsewhere(item)
    following = next_hold(queue, item, now)
    if travelling:
        item.hold_id = following.id if following else None
        item.destination = following.pickup_location if following else item.permanent_location
        if following is not None:
            following.status, following.filled_item_id = HoldStatus.IN_TRANSIT, item.id
    elif following is not None:
        trap(item, following, item.current_location, rules, now, categories.get(following.patron_id, "*"))
    else:
        send_home(item, item.current_location, rules)
    return following


def recall(loan: LoanRow, rules: MemberRules, now: int) -> LoanRow:
    """Shortens the loan to what its rule leaves a borrower at least; never lengthens it."""
    rule = rules.rules[loan.rule_id]
    calendar = rules.calendar(loan.location)
    last = calendar.day_of(instant(now)) + timedelta(days=rule.recall_minimum_days)
    due = millis(calendar.end_of(calendar.next_open(last)))
    loan.recalled_at = now
    if due < loan.due_at:
        loan.original_due_at = loan.original_due_at or loan.due_at
        loan.due_at = due
    return loan


def pickup_code(wanted: str | None, command: Command) -> str | None:
    """The code of a pickup location, whatever its case; without one the member's main location; None: it is none."""
    rules = command.rules
    name = wanted or rules.settings.main_location or command.here
    found = rules.locations.get(name) or rules.locations.get(name.strip().upper())
    return found.code if found is not None and found.pickup else None


def bad_date(now: int, *dates: datetime | None) -> Refusal | None:
    if any(date is not None and millis(date) <= now for date in dates):
        return Refusal(code=RefusalCode.INVALID_DATE)
    return None


def _naming(request: req.HoldGet | req.HoldUpdate | req.HoldCancel) -> dict[str, str | None]:
    return {
        **patron_named(request),
        **item_named(request),
        "hold_id": request.hold_id,
        "external_ref": request.external_ref,
    }


def _by_words(
    request: req.HoldGet | req.HoldUpdate | req.HoldCancel, snapshot: ChangeSnapshot | LookSnapshot
) -> list[HoldRow]:
    """Open holds by item, title or words of the title; all of the patron's where a reference alone is given."""
    holds = snapshot.holds
    if isinstance(request, req.HoldGet) and request.type is not None:
        holds = [hold for hold in holds if hold.type == request.type]
    if request.item is not None or request.item_id is not None:
        item = snapshot.item
        if item is None or is_gone(item):
            return []
        exact = [hold for hold in holds if item.id in (hold.item_id, hold.filled_item_id)]
        return exact or [hold for hold in holds if hold.bib_id == item.bib_id and waits_for(hold, item)]
    if isinstance(request, req.HoldGet):
        return holds if request.external_ref is not None else []
    if request.bib_id is not None:
        return [hold for hold in holds if hold.bib_id == request.bib_id]
    if request.title:
        wanted = request.title.strip().casefold()
        titles = {row["id"]: row["title"].casefold() for row in snapshot.hold_names}
        return [h for h in holds if titles[h.id] == wanted] or [h for h in holds if wanted in titles[h.id]]
    return holds if request.external_ref is not None else []


def named_hold(hold: HoldRow, names: Iterable[dict[str, Any]]) -> Hold:
    """The hold with what `account_parts.hold_names` has read of it."""
    name = next((row for row in names if row["id"] == hold.id), None)
    pending = hold.status == HoldStatus.PENDING
    return hold_view(
        hold,
        title=name["title"] if name else "",
        item_barcode=name["barcode"] if name else None,
        position=name["ahead"] + 1 if name and pending else None,
    )


def pseudonyms_of(member: str, people: Iterable[dict[str, Any]]) -> list[PseudonymRow]:
    """Of the rows that `hold_parts.waiting_for` reads as `waiting`."""
    return [
        PseudonymRow(member, row["patron_id"], row["pseudonym"], row["secret"]) for row in people if row["pseudonym"]
    ]


def categories_of(people: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Category by patron id, of the rows that `hold_parts.waiting_for` reads as `waiting`."""
    return {row["patron_id"]: row["category"] for row in people}


def follow(following: HoldRow | None, item: ItemRow, log: Log) -> list[Effect]:
    """Writes the hold that an item was passed on to, and its event."""
    if following is None:
        return []
    tell(following, item, log)
    return [Update(following)]


def tell(hold: HoldRow, item: ItemRow, log: Log) -> None:
    """The event that an item has been found for a hold."""
    event = "hold.ready" if hold.status == HoldStatus.READY else "hold.in_transit"
    log.add(event, patron_id=hold.patron_id, item_id=item.id, hold=hold.id, **referred(hold, item))
