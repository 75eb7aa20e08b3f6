"""hold.place: whether this patron may wait for this title or copy, and the hold that follows where they may.

A hold writes its patron's row and the rows of the copies that may fill it, so that neither a second hold of the patron
nor a return of a copy at the same moment can pass it by unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import HoldOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import BlockScope, HoldLevel, HoldStatus, HoldType, ItemStatus, UseRestriction
from gateway.platforms.reference import hold_parts, parts
from gateway.platforms.reference.circulation import item_named, patron_named, patron_refusal
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.events import Log, referred
from gateway.platforms.reference.exactly_once import STORED, Command, Ruling, Subject, touch_account
from gateway.platforms.reference.holds import bad_date, pickup_code, recall
from gateway.platforms.reference.ids import new_id
from gateway.platforms.reference.policy import STATE, MemberRules, millis
from gateway.platforms.reference.views import (
    Standing,
    applying,
    blocks_of,
    from_elsewhere,
    hold_view,
    is_gone,
    item_view,
    restrictions,
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

_WHO, _BIB = parts.asked_patron(), hold_parts.asked_bib()

# A copy in one of these states will not come back to fill a hold.
_GONE = (ItemStatus.LOST, ItemStatus.MISSING, ItemStatus.WITHDRAWN, ItemStatus.CLAIMED_RETURNED)
_STAYS_IN = (UseRestriction.NOT_FOR_LOAN, UseRestriction.IN_LIBRARY_USE_ONLY)


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
    referred: list[HoldRow]


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
        hold_parts.referred_holds(),
    ),
    PlaceSnapshot,
)


async def place(core: Core, ctx: Context, request: req.HoldPlace, key: CommandKey) -> HoldOutcome | Refusal:
    def rule(command: Command, snapshot: PlaceSnapshot) -> Ruling:
        return rule_place(request, command, snapshot)

    params = {
        **patron_named(request),
        **item_named(request),
        "bib_id": request.bib_id,
        "title": (request.title or "").strip() or None,
        "external_ref": request.external_ref,
    }
    return await core.command(ctx, request, key, PLACE, params, rule)


def rule_place(request: req.HoldPlace, command: Command, snapshot: PlaceSnapshot) -> Ruling:
    patron, bib = snapshot.patron, snapshot.bib
    refusal = patron_refusal(patron, command) or _nothing_to_hold(request, snapshot)
    if refusal is not None or patron is None or bib is None:
        return Ruling(refusal or Refusal(code=RefusalCode.BIB_NOT_FOUND))
    wanted = snapshot.item if request.level is HoldLevel.ITEM else None
    fitting = [copy for copy in snapshot.copies if wanted is None or copy.id == wanted.id]
    pickup = pickup_code(request.pickup_location, command)
    refusal = (
        may_not_hold(request.type, command, patron, snapshot)
        or _referred_already(snapshot)
        or _own_already(request, patron, wanted, snapshot)
        or _not_holdable(patron, wanted, fitting, pickup, command.rules)
        or bad_date(command.now, request.needed_before, request.suspended_until)
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
        external_ref=request.external_ref,
    )
    log = Log(command, snapshot.pseudonym, *snapshot.borrowers)
    log.add(
        "hold.placed",
        patron_id=patron.id,
        item_id=hold.item_id,
        hold=hold.id,
        level=hold.level,
        type=hold.type,
        **referred(hold),
    )
    recalled: list[Effect] = []
    if request.type is HoldType.RECALL:
        loan = _to_recall(fitting, snapshot.loans, command.rules)
        if loan is None:
            return Ruling(Refusal(code=RefusalCode.HOLD_NOT_ALLOWED, detail={"kind": "recall"}))
        recall(loan, command.rules, command.now)
        lent = next(copy for copy in fitting if copy.id == loan.item_id)
        log.add(
            "loan.recalled",
            patron_id=loan.patron_id,
            item_id=loan.item_id,
            loan_id=loan.id,
            due=loan.due_at,
            **referred(loan, lent),
        )
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
        *one_at_a_time(request.external_ref, snapshot.state),
        *log.effects,
    ]
    return Ruling(answer, effects, Subject("account", patron.id))


def _nothing_to_hold(request: req.HoldPlace, snapshot: PlaceSnapshot) -> Refusal | None:
    if request.level is HoldLevel.HOLDING:
        return Refusal(code=RefusalCode.HOLD_NOT_ALLOWED, detail={"kind": "holding_level"})
    by_item = request.item is not None or request.item_id is not None
    unknown = snapshot.item is None or is_gone(snapshot.item)
    if unknown and (by_item or request.level is HoldLevel.ITEM):
        return Refusal(code=RefusalCode.ITEM_NOT_FOUND)
    if not by_item and request.bib_id is None and len(snapshot.titled) > 1:
        return Refusal(code=RefusalCode.ITEM_NOT_UNIQUE)
    return None


class PatronRead(Protocol):
    """What a snapshot has read of a patron, for what they may do."""

    identifiers: list[PatronIdentifierRow]
    blocks: list[PatronBlockRow]
    loan_totals: list[dict[str, Any]]
    missing_totals: dict[str, Any] | None
    charge_totals: dict[str, Any] | None
    hold_totals: dict[str, Any] | None


def may_not_hold(kind: HoldType, command: Command, patron: PatronRow, snapshot: PatronRead) -> Refusal | None:
    """Blocks that stop holds (of this kind), and the number that the patron's category may have."""
    standing = Standing(
        patron=patron,
        identifiers=snapshot.identifiers,
        blocks=snapshot.blocks,
        loan_totals=snapshot.loan_totals,
        missing_totals=snapshot.missing_totals,
        charge_totals=snapshot.charge_totals,
        hold_totals=snapshot.hold_totals,
    )
    scopes = (BlockScope.HOLD, BlockScope.RECALL) if kind is HoldType.RECALL else (BlockScope.HOLD,)
    stopping = applying(blocks_of(standing, command.rules, command.now), *scopes)
    if stopping:
        reasons = list(dict.fromkeys(block.reason.value for block in stopping))
        return Refusal(code=RefusalCode.PATRON_BLOCKED, detail={"reasons": reasons})
    category, totals = command.rules.categories.get(patron.category), snapshot.hold_totals
    limit = category.max_holds if category is not None else None
    if limit is not None and totals is not None and totals["ready"] + totals["pending"] >= limit:
        return Refusal(code=RefusalCode.LIMIT_REACHED, detail={"kind": "holds", "limit": limit})
    return None


def one_at_a_time(external_ref: str | None, state: MemberStateRow | None) -> list[Effect]:
    """Writes a row that all interlibrary loans of the member share: what was read of a reference that nobody had used
    is still true when this commits."""
    return [Update(state)] if external_ref is not None and state is not None else []


def _referred_already(snapshot: PlaceSnapshot) -> Refusal | None:
    """Whether the interlibrary loan has brought a hold that is still open: a true retry has been answered before."""
    if not snapshot.referred:
        return None
    return Refusal(code=RefusalCode.DUPLICATE_HOLD, detail={"kind": "reference", "hold_id": snapshot.referred[0].id})


def _own_already(
    request: req.HoldPlace, patron: PatronRow, wanted: ItemRow | None, snapshot: PlaceSnapshot
) -> Refusal | None:
    """Whether the patron waits for it or has it already. An institution may, for different people of its own."""

    def same(item_id: str | None) -> bool:
        return wanted is None or item_id is None or item_id == wanted.id

    if patron.is_institution and request.external_ref is not None:
        return None
    mine = next((hold for hold in snapshot.queue if hold.patron_id == patron.id and same(hold.item_id)), None)
    if mine is not None:
        return Refusal(code=RefusalCode.DUPLICATE_HOLD, detail={"hold_id": mine.id})
    if any(loan.patron_id == patron.id and same(loan.item_id) for loan in snapshot.loans):
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
    if from_elsewhere(copy):  # it has come for one patron, and goes back when that patron has done with it
        return False
    rule = rules.rule_for(patron.category, copy)
    stays_in = wanted is None and any(word in _STAYS_IN for word in restrictions(copy))
    return rule is not None and rule.holdable and copy.status not in _GONE and not stays_in


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
