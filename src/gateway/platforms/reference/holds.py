"""Holds: placed on a title or a copy, changed, cancelled; and what becomes of an item that waited for one.

A hold writes its patron's row and the rows of the copies that may fill it, so that neither a second hold of the patron
nor a return of a copy at the same moment can pass it by unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import HoldOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import (
    BlockScope,
    HoldLevel,
    HoldStatus,
    HoldType,
    ItemStatus,
    UseRestriction,
)
from gateway.platforms.reference import account_parts, hold_parts, parts
from gateway.platforms.reference.circulation import item_named, patron_named, patron_refusal
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.events import Log
from gateway.platforms.reference.exactly_once import (
    STORED,
    Command,
    Ruling,
    Subject,
    touch_account,
    touch_item,
)
from gateway.platforms.reference.ids import new_id
from gateway.platforms.reference.policy import STATE, MemberRules, instant, millis
from gateway.platforms.reference.trapping import next_hold, send_home, trap
from gateway.platforms.reference.views import (
    Standing,
    applying,
    blocks_of,
    hold_view,
    item_view,
    restrictions,
    waits_for,
)
from gateway.store.effects import Effect, Insert, Update
from gateway.store.port import Plan
from gateway.store.rows import (
    HoldRow,
    IdempotencyRow,
    ItemRow,
    LoanRow,
    MemberStateRow,
    PatronBlockRow,
    PatronIdentifierRow,
    PatronRow,
    PseudonymRow,
)

_WHO, _BIB, _HOLDER = parts.asked_patron(), hold_parts.asked_bib(), hold_parts.asked_holder()

# A copy in one of these states will not come back to fill a hold.
_GONE = (ItemStatus.LOST, ItemStatus.MISSING, ItemStatus.WITHDRAWN, ItemStatus.CLAIMED_RETURNED)
_STAYS_IN = (UseRestriction.NOT_FOR_LOAN, UseRestriction.IN_LIBRARY_USE_ONLY)
_BOUND = (HoldStatus.READY, HoldStatus.IN_TRANSIT)  # an item has been found; only cancelling is possible


@dataclass(slots=True)
class PlaceSnapshot:
    state: MemberStateRow | None
    stored: IdempotencyRow | None
    patron: PatronRow | None
    identifiers: list[PatronIdentifierRow]
    blocks: list[PatronBlockRow]
    loan_totals: list[dict[str, Any]]
    missing_totals: dict[str, Any] | None
    charge_totals: dict[str, Any] | None
    hold_totals: dict[str, Any] | None
    pseudonym: PseudonymRow | None
    item: ItemRow | None
    titled: list[dict[str, Any]]
    bib: dict[str, Any] | None
    copies: list[ItemRow]
    loans: list[LoanRow]
    queue: list[HoldRow]
    borrowers: list[PseudonymRow]


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


PLACE = Plan(
    "reference.hold.place",
    (
        STATE,
        STORED,
        *parts.standing(_WHO),
        parts.hold_totals(_WHO),
        parts.pseudonym(_WHO),
        parts.item(parts.asked_item()),
        hold_parts.titled(),
        hold_parts.living_bib(_BIB),
        *hold_parts.copies(_BIB),
    ),
    PlaceSnapshot,
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


async def place(core: Core, ctx: Context, request: req.HoldPlace, key: CommandKey) -> HoldOutcome | Refusal:
    def rule(command: Command, snapshot: PlaceSnapshot) -> Ruling:
        return rule_place(request, command, snapshot)

    params = {
        **patron_named(request),
        **item_named(request),
        "bib_id": request.bib_id,
        "title": (request.title or "").strip() or None,
    }
    return await core.command(ctx, request, key, PLACE, params, rule)


async def get(core: Core, ctx: Context, request: req.HoldGet) -> HoldOutcome | Refusal:
    raise NotImplementedError


async def update(core: Core, ctx: Context, request: req.HoldUpdate, key: CommandKey) -> HoldOutcome | Refusal:
    """Another pickup location, another last date, or a pause, while no item has been found for the hold."""

    def rule(command: Command, snapshot: ChangeSnapshot) -> Ruling:
        hold = find(request, snapshot)
        patron = snapshot.patron
        if isinstance(hold, Refusal) or patron is None:
            return Ruling(hold if isinstance(hold, Refusal) else Refusal(code=RefusalCode.PATRON_NOT_FOUND))
        if hold.status in _BOUND:
            return Ruling(Refusal(code=RefusalCode.HOLD_ALREADY_PROCESSED, detail={"status": hold.status}))
        if refusal := _bad_date(command.now, request.needed_before, request.suspended_until):
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
        log.add("hold.updated", patron_id=patron.id, item_id=hold.item_id, hold=hold.id)
        effects = [Update(hold), Update(touch_account(patron, command)), *log.effects]
        return Ruling(_changed(hold, snapshot), effects, Subject("account", patron.id))

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
        close(hold, HoldStatus.CANCELLED, command.now)
        log.add("hold.cancelled", patron_id=patron.id, item_id=hold.filled_item_id, hold=hold.id)
        effects: list[Effect] = [Update(hold), Update(touch_account(patron, command))]
        if item is not None:
            following = pass_on(item, queue, command.rules, command.now, categories_of(snapshot.waiting))
            effects += [Update(touch_item(item, command)), *follow(following, item, log)]
        answer = _changed(hold, snapshot)
        return Ruling(answer, [*effects, *log.effects], Subject("account", patron.id))

    return await core.command(ctx, request, key, CHANGE, _naming(request), rule)


def rule_place(request: req.HoldPlace, command: Command, snapshot: PlaceSnapshot) -> Ruling:
    patron, bib = snapshot.patron, snapshot.bib
    refusal = patron_refusal(patron, command) or _nothing_to_hold(request, snapshot)
    if refusal is not None or patron is None or bib is None:
        return Ruling(refusal or Refusal(code=RefusalCode.BIB_NOT_FOUND))
    wanted = snapshot.item if request.level is HoldLevel.ITEM else None
    fitting = [copy for copy in snapshot.copies if wanted is None or copy.id == wanted.id]
    pickup = pickup_code(request.pickup_location, command)
    refusal = (
        _not_allowed(request, command, snapshot, patron)
        or _own_already(patron.id, wanted, snapshot)
        or _not_holdable(patron, wanted, fitting, pickup, command.rules)
        or _bad_date(command.now, request.needed_before, request.suspended_until)
    )
    if refusal is not None or pickup is None:
        return Ruling(refusal or Refusal(code=RefusalCode.PICKUP_INVALID))
    hold = HoldRow(
        member=command.member,
        id=new_id(command.now),
        patron_id=patron.id,
        level=HoldLevel.BIB if wanted is None else HoldLevel.ITEM,
        type=request.type,
        bib_id=bib["id"],
        item_id=None if wanted is None else wanted.id,
        status=HoldStatus.PENDING,
        pickup_location=pickup,
        place=command.now,
        placed_at=command.now,
        needed_before_at=None if request.needed_before is None else millis(request.needed_before),
        suspended_until_at=None if request.suspended_until is None else millis(request.suspended_until),
        hold_until_at=None,
        filled_item_id=None,
        comment=request.comment,
        closed_at=None,
    )
    log = Log(command, snapshot.pseudonym, *snapshot.borrowers)
    log.add("hold.placed", patron_id=patron.id, item_id=hold.item_id, hold=hold.id, level=hold.level, type=hold.type)
    recalled: list[Effect] = []
    if request.type is HoldType.RECALL:
        loan = _to_recall(fitting, snapshot.loans, command.rules)
        if loan is None:
            return Ruling(Refusal(code=RefusalCode.HOLD_NOT_ALLOWED, detail={"kind": "recall"}))
        recall(loan, command.rules, command.now)
        log.add("loan.recalled", patron_id=loan.patron_id, item_id=loan.item_id, loan_id=loan.id, due=loan.due_at)
        recalled = [Update(loan)]
    answer = HoldOutcome(
        hold=hold_view(
            hold,
            title=bib["title"],
            item_barcode=wanted.barcode if wanted else None,
            position=1 + _ahead(hold, snapshot.queue),
        ),
        available=any(copy.status == ItemStatus.AVAILABLE for copy in fitting),
        item=None if wanted is None else item_view(wanted, bib, command.rules, queue=[*snapshot.queue, hold]),
    )
    effects = [
        Update(touch_account(patron, command)),
        *(Update(copy) for copy in fitting),
        Insert(hold),
        *recalled,
        *log.effects,
    ]
    return Ruling(answer, effects, Subject("account", patron.id))


def find(request: req.HoldUpdate | req.HoldCancel, snapshot: ChangeSnapshot) -> HoldRow | Refusal:
    """The one open hold that the request names: by id, or by patron and item, title or words of the title.

    An item that a hold asks for, or that waits for it, names that hold before all other holds on its title."""
    if snapshot.patron is None and (request.patron or request.patron_id):
        return Refusal(code=RefusalCode.PATRON_NOT_FOUND)
    if request.hold_id is not None:
        named = snapshot.named
        if named is None or snapshot.patron is None or named.patron_id != snapshot.patron.id:
            return Refusal(code=RefusalCode.HOLD_NOT_FOUND)
        if named.closed_at is not None:
            return Refusal(code=RefusalCode.HOLD_ALREADY_PROCESSED, detail={"status": named.status})
        return named
    found = _by_words(request, snapshot)
    if not found:
        return Refusal(code=RefusalCode.HOLD_NOT_FOUND)
    if len(found) > 1:
        return Refusal(code=RefusalCode.HOLD_AMBIGUOUS, detail={"hold_ids": [hold.id for hold in found]})
    return found[0]


def close(hold: HoldRow, status: HoldStatus, now: int) -> HoldRow:
    """Ends a hold. Which item waited for it stays on record."""
    hold.status, hold.closed_at, hold.hold_until_at = status, now, None
    return hold


def pass_on(
    item: ItemRow, queue: Sequence[HoldRow], rules: MemberRules, now: int, categories: dict[str, str]
) -> HoldRow | None:
    """Gives an item whose hold has ended to the next hold in its queue (answered, and to be written), or sends it home.

    An item on its way stays on its way, to its new destination: nobody can put it on a shelf before it arrives."""
    travelling = item.status == ItemStatus.IN_TRANSIT
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


def _nothing_to_hold(request: req.HoldPlace, snapshot: PlaceSnapshot) -> Refusal | None:
    if request.level is HoldLevel.HOLDING:
        return Refusal(code=RefusalCode.HOLD_NOT_ALLOWED, detail={"kind": "holding_level"})
    by_item = request.item is not None or request.item_id is not None
    if snapshot.item is None and (by_item or request.level is HoldLevel.ITEM):
        return Refusal(code=RefusalCode.ITEM_NOT_FOUND)
    if not by_item and request.bib_id is None and len(snapshot.titled) > 1:
        return Refusal(code=RefusalCode.ITEM_NOT_UNIQUE)
    return None


def _not_allowed(
    request: req.HoldPlace, command: Command, snapshot: PlaceSnapshot, patron: PatronRow
) -> Refusal | None:
    standing = Standing(
        patron=patron,
        identifiers=snapshot.identifiers,
        blocks=snapshot.blocks,
        loan_totals=snapshot.loan_totals,
        missing_totals=snapshot.missing_totals,
        charge_totals=snapshot.charge_totals,
        hold_totals=snapshot.hold_totals,
    )
    scopes = (BlockScope.HOLD, BlockScope.RECALL) if request.type is HoldType.RECALL else (BlockScope.HOLD,)
    stopping = applying(blocks_of(standing, command.rules, command.now), *scopes)
    if stopping:
        reasons = list(dict.fromkeys(block.reason.value for block in stopping))
        return Refusal(code=RefusalCode.PATRON_BLOCKED, detail={"reasons": reasons})
    category, totals = command.rules.categories.get(patron.category), snapshot.hold_totals
    limit = category.max_holds if category is not None else None
    if limit is not None and totals is not None and totals["ready"] + totals["pending"] >= limit:
        return Refusal(code=RefusalCode.LIMIT_REACHED, detail={"kind": "holds", "limit": limit})
    return None


def _own_already(patron_id: str, wanted: ItemRow | None, snapshot: PlaceSnapshot) -> Refusal | None:
    def same(item_id: str | None) -> bool:
        return wanted is None or item_id is None or item_id == wanted.id

    mine = next((hold for hold in snapshot.queue if hold.patron_id == patron_id and same(hold.item_id)), None)
    if mine is not None:
        return Refusal(code=RefusalCode.DUPLICATE_HOLD, detail={"hold_id": mine.id})
    if any(loan.patron_id == patron_id and same(loan.item_id) for loan in snapshot.loans):
        return Refusal(code=RefusalCode.HOLD_NOT_ALLOWED, detail={"kind": "own_loan"})
    return None


def _not_holdable(
    patron: PatronRow, wanted: ItemRow | None, fitting: Iterable[ItemRow], pickup: str | None, rules: MemberRules
) -> Refusal | None:
    usable = [copy for copy in fitting if _holdable(patron, copy, wanted, rules)]
    if not usable:
        return Refusal(code=RefusalCode.HOLD_NOT_ALLOWED, detail={"kind": "policy"})
    if pickup is None:
        return Refusal(code=RefusalCode.PICKUP_INVALID)
    on_shelf = any(
        copy.status == ItemStatus.AVAILABLE and rules.same_library(copy.current_location, pickup) for copy in usable
    )
    if on_shelf and not rules.settings.holds_on_available:
        return Refusal(code=RefusalCode.HOLD_NOT_ALLOWED, detail={"kind": "available_on_shelf"})
    return None


def _holdable(patron: PatronRow, copy: ItemRow, wanted: ItemRow | None, rules: MemberRules) -> bool:
    rule = rules.rule_for(patron.category, copy)
    stays_in = wanted is None and any(word in _STAYS_IN for word in restrictions(copy))
    return rule is not None and rule.holdable and copy.status not in _GONE and not stays_in


def _bad_date(now: int, *dates: datetime | None) -> Refusal | None:
    if any(date is not None and millis(date) <= now for date in dates):
        return Refusal(code=RefusalCode.INVALID_DATE)
    return None


def _to_recall(copies: Iterable[ItemRow], loans: Sequence[LoanRow], rules: MemberRules) -> LoanRow | None:
    """The loan that ends soonest of those that may be recalled and have not been."""
    ids = {copy.id for copy in copies}
    for loan in loans:
        rule = rules.rules.get(loan.rule_id)
        if loan.item_id in ids and loan.recalled_at is None and rule is not None and rule.recallable:
            return loan
    return None


def _ahead(hold: HoldRow, queue: Iterable[HoldRow]) -> int:
    return sum(
        1
        for other in queue
        if other.status == HoldStatus.PENDING
        and (other.item_id is None or hold.item_id is None or other.item_id == hold.item_id)
    )


def _naming(request: req.HoldUpdate | req.HoldCancel) -> dict[str, str | None]:
    return {**patron_named(request), **item_named(request), "hold_id": request.hold_id}


def _by_words(request: req.HoldUpdate | req.HoldCancel, snapshot: ChangeSnapshot) -> list[HoldRow]:
    holds = snapshot.holds
    if request.item is not None or request.item_id is not None:
        item = snapshot.item
        if item is None:
            return []
        exact = [hold for hold in holds if item.id in (hold.item_id, hold.filled_item_id)]
        return exact or [hold for hold in holds if hold.bib_id == item.bib_id and waits_for(hold, item)]
    if request.bib_id is not None:
        return [hold for hold in holds if hold.bib_id == request.bib_id]
    if request.title:
        wanted = request.title.strip().casefold()
        titles = {row["id"]: row["title"].casefold() for row in snapshot.hold_names}
        return [h for h in holds if titles[h.id] == wanted] or [h for h in holds if wanted in titles[h.id]]
    return []


def _changed(hold: HoldRow, snapshot: ChangeSnapshot) -> HoldOutcome:
    name = next((row for row in snapshot.hold_names if row["id"] == hold.id), None)
    pending = hold.status == HoldStatus.PENDING
    return HoldOutcome(
        hold=hold_view(
            hold,
            title=name["title"] if name else "",
            item_barcode=name["barcode"] if name else None,
            position=name["ahead"] + 1 if name and pending else None,
        )
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
    event = "hold.ready" if following.status == HoldStatus.READY else "hold.in_transit"
    log.add(event, patron_id=following.patron_id, item_id=item.id, hold=following.id)
    return [Update(following)]
