"""loan.create, the check-out: every rule that may refuse it, and the loan that follows where none does.

Deliberate: a title hold in the queue does not keep a copy from the shelf from being lent (the member may decide
otherwise); a trapped copy, a recall, and a hold on this very copy do. An item in transit that somebody holds in their
hand is lent. An unknown age passes an age limit: staff see the item type, a kiosk cannot ask.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

from gateway.canonical.context import CommandKey, Context
from gateway.canonical.entities import Block
from gateway.canonical.outcomes import LoanOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import LoanCreate
from gateway.canonical.trusted import trusted
from gateway.canonical.vocabulary import (
    BlockReason,
    BlockScope,
    BlockSource,
    FeeType,
    HoldLevel,
    HoldStatus,
    HoldType,
    ItemStatus,
    LoanStatus,
    UseRestriction,
)
from gateway.platforms.reference import exactly_once, hold_parts, offline, parts, policy
from gateway.platforms.reference.charging import new_charge
from gateway.platforms.reference.circulation import (
    Case,
    due_message,
    item_before,
    item_entity,
    item_named,
    loan_entity,
    look_elsewhere,
    patron_named,
    patron_refusal,
    subject_of,
)
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.due import due_as_asked, wish_refusal
from gateway.platforms.reference.events import Log, referred
from gateway.platforms.reference.exactly_once import Command, Ruling, touch_item
from gateway.platforms.reference.ids import new_id
from gateway.platforms.reference.loan_renew import can_renew, renew
from gateway.platforms.reference.loan_return import close_loan
from gateway.platforms.reference.policy import instant, millis
from gateway.platforms.reference.trapping import active, release
from gateway.platforms.reference.views import applying, blocks_of, fee_view, restrictions, waits_for
from gateway.store.effects import Effect, Insert, Update
from gateway.store.port import Plan
from gateway.store.rows import HoldRow, ItemRow, LoanRow, LoanRuleRow, PatronRow

_ITEM = parts.asked_item()
_PATRON = parts.asked_patron()

PARTS = (
    policy.STATE,
    exactly_once.STORED,
    *parts.standing(_PATRON),
    parts.pseudonym(_PATRON),
    parts.item(_ITEM),
    parts.bib(_ITEM),
    parts.unreturned(_ITEM),
    parts.loan_charges(_ITEM),
    parts.queue(_ITEM),
    parts.pseudonym(parts.borrower_of(_ITEM), "borrower"),
)
PLAN = Plan("reference.loan.create", PARTS, Case)
REFERRED_PLAN = Plan("reference.loan.create.referred", (*PARTS, hold_parts.referred_holds()), Case)
"""For the loan that an interlibrary loan asks for: the hold that it fills may be one on another title."""

_LENDABLE = (
    ItemStatus.AVAILABLE,
    ItemStatus.ON_HOLD_SHELF,
    ItemStatus.REQUESTED,
    ItemStatus.IN_TRANSIT,
    ItemStatus.PENDING_TRANSFER,
    ItemStatus.TO_BE_RESHELVED,
)
_NEVER_LENT = (UseRestriction.NOT_FOR_LOAN, UseRestriction.SUPERVISED, UseRestriction.CONTROLLED_ACCESS)
_ADULT = 18

_outcome = trusted(LoanOutcome)

Verdict = Callable[[LoanCreate, Command, Case], Ruling]


async def perform(
    platform: Core, ctx: Context, request: LoanCreate, key: CommandKey, verdict: Verdict | None = None
) -> LoanOutcome | Refusal:
    """Lends an item of this member. Raises Elsewhere where `foreign` has to look further; `verdict` does not."""
    params = {**patron_named(request), **item_named(request)}
    plan = PLAN
    if request.external_ref is not None:
        plan, params = REFERRED_PLAN, {**params, "external_ref": request.external_ref}
    return await platform.command(ctx, request, key, plan, params, partial(verdict or decide, request))


def decide(request: LoanCreate, command: Command, case: Case) -> Ruling:
    """The verdict over one snapshot, unless the item is another member's affair too (Elsewhere)."""
    look_elsewhere(command, case)
    return verdict(request, command, case)


def verdict(request: LoanCreate, command: Command, case: Case, owner_refuses: Refusal | None = None) -> Ruling:
    """Refuses, renews, or lends; off line always lends. `owner_refuses`: what another member's rules had to say."""
    item, loan, patron = case.item, case.open_loan, case.patron
    refusal = patron_refusal(patron, command)
    if refusal is None and item is None:
        refusal = Refusal(code=RefusalCode.ITEM_NOT_FOUND)
    mine = patron is not None and loan is not None and loan.patron_id == patron.id
    if mine and (request.offline or (refusal is None and request.renew_if_own)):
        return renew(request, command, case)
    if refusal is None:
        refusal = (
            Refusal(code=RefusalCode.ALREADY_ON_LOAN_TO_PATRON) if mine else checkout_refusal(request, command, case)
        )
    if request.offline:
        return _keep(request, command, case, refusal)
    if refusal is not None:
        return Ruling(refusal, subject=subject_of(item))
    return lend(request, command, case, command.now)


def checkout_refusal(request: LoanCreate, command: Command, case: Case) -> Refusal | None:
    """Why this item is not lent to this patron, who is known and not expired; None where it is."""
    patron, item = case.patron, case.item
    assert patron is not None
    assert item is not None
    return (
        _item_refusal(item, case.open_loan, command.now)
        or wish_refusal(request, command.now)
        or _patron_blocked(command, case)
        or _rule_refusal(command, case, patron, item)
        or _hold_refusal(command, case, patron, item)
        or _fee_refusal(request, command, patron, item)
    )


def _item_refusal(item: ItemRow, loan: LoanRow | None, now: int) -> Refusal | None:
    if loan is not None:
        return Refusal(code=RefusalCode.ALREADY_ON_LOAN_TO_OTHER)
    if item.status == ItemStatus.RESTRICTED_USE or any(word in _NEVER_LENT for word in restrictions(item)):
        return Refusal(code=RefusalCode.ITEM_NOT_FOR_LOAN)
    if item.status not in _LENDABLE:
        return Refusal(code=RefusalCode.ITEM_UNAVAILABLE, detail={"status": item.status})
    if item.return_by_at is not None and item.return_by_at <= now:  # the lender waits for it
        return Refusal(code=RefusalCode.ITEM_UNAVAILABLE, detail={"status": item.status, "kind": "return_by"})
    return None


def _patron_blocked(command: Command, case: Case) -> Refusal | None:
    """Stored blocks first: somebody placed them on purpose. Then what the account itself says."""
    found = applying(blocks_of(case.standing(), command.rules, command.now), BlockScope.BORROW)
    stored = [b for b in found if b.source is not BlockSource.DERIVED]
    if stored:
        return _blocked(stored)
    rules, standing = command.rules, case.standing()
    category = rules.categories.get(standing.patron.category)
    for block in found:
        if block.reason is BlockReason.TOO_MANY_LOANS and category is not None:
            return Refusal(code=RefusalCode.LIMIT_REACHED, detail={"kind": "loans", "limit": category.max_loans})
        if block.reason is BlockReason.TOO_MANY_OVERDUE and category is not None:
            return Refusal(code=RefusalCode.OVERDUE_LIMIT, detail={"limit": category.max_overdue})
        if block.reason in (BlockReason.EXCESS_FINES, BlockReason.EXCESS_FEES) and standing.charge_totals:
            balance = rules.money(standing.charge_totals["balance"])
            detail = {"amount": str(balance.amount), "currency": balance.currency, "reason": str(block.reason)}
            return Refusal(code=RefusalCode.FEE_LIMIT, detail=detail)
    return _blocked(found) if found else None


def _blocked(blocks: list[Block] | tuple[Block, ...]) -> Refusal:
    reasons = [str(b.reason) for b in blocks]
    return Refusal(code=RefusalCode.PATRON_BLOCKED, detail={"reason": reasons[0], "reasons": reasons})


def _rule_refusal(command: Command, case: Case, patron: PatronRow, item: ItemRow) -> Refusal | None:
    rule = command.rules.rule_for(patron.category, item)
    if rule is None:
        return Refusal(code=RefusalCode.ITEM_NOT_FOR_LOAN, detail={"kind": "no_rule"})
    if not rule.loanable:
        general = command.rules.loan_rule("*", item.item_type, item.permanent_location)
        if general is not None and general.loanable:
            return Refusal(code=RefusalCode.PATRON_INELIGIBLE)
        return Refusal(code=RefusalCode.ITEM_NOT_FOR_LOAN)
    if rule.max_loans is not None and case.standing().loans_under(rule.id) >= rule.max_loans:
        return Refusal(code=RefusalCode.LIMIT_REACHED, detail={"kind": "item_type", "limit": rule.max_loans})
    if UseRestriction.AGE_RESTRICTED in restrictions(item) and _is_minor(command, patron):
        return Refusal(code=RefusalCode.AGE_RESTRICTED, detail={"age": _ADULT})
    return None


def _is_minor(command: Command, patron: PatronRow) -> bool:
    if patron.birth_on is None:
        return False
    born, today = date.fromisoformat(patron.birth_on), command.rules.today(command.now)
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return age < _ADULT


def _hold_refusal(command: Command, case: Case, patron: PatronRow, item: ItemRow) -> Refusal | None:
    trapped = case.hold(item.hold_id)
    if trapped is not None:
        return None if trapped.patron_id == patron.id else Refusal(code=RefusalCode.ON_HOLD_FOR_OTHER)
    for hold in case.queue:
        if not active(hold, command.now) or not waits_for(hold, item):
            continue
        if hold.patron_id == patron.id:
            return None
        insists = hold.level == HoldLevel.ITEM or hold.type == HoldType.RECALL
        if insists or command.rules.settings.shelf_copy_for_queue:
            return Refusal(code=RefusalCode.ON_HOLD_FOR_OTHER)
    return None


def _fee_refusal(request: LoanCreate, command: Command, patron: PatronRow, item: ItemRow) -> Refusal | None:
    rule = command.rules.rule_for(patron.category, item)
    if rule is None or not rule.rental_fee or request.fee_acknowledged:
        return None
    money = command.rules.money(rule.rental_fee)
    detail = {"amount": str(money.amount), "currency": money.currency, "fee_type": str(FeeType.RENTAL)}
    return Refusal(code=RefusalCode.FEE_ACK_REQUIRED, detail=detail)


def lend(
    request: LoanCreate, command: Command, case: Case, at: int, *, conflict: str | None = None, log: Log | None = None
) -> Ruling:
    """The loan, with the hold it fills and the rental fee; nothing is refused any more."""
    patron, item = case.patron, case.item
    assert patron is not None
    assert item is not None
    rule = command.rules.rule_for(patron.category, item)
    log = log or case.log(command)
    loan = _new_loan(request, command, patron, item, rule, at)
    before = item_before(item)
    filled = _fill(request, command, case, patron, item)
    loan.external_ref = request.external_ref or next((h.external_ref for h, was in filled if was["own"]), None)
    effects: list[Effect] = [Update(hold) for hold, _ in filled]
    item.status, item.destination, item.hold_id = ItemStatus.ON_LOAN, None, None
    item.current_location = command.here
    if request.properties is not None:
        item.properties = request.properties
    charge = None
    if rule is not None and rule.rental_fee:
        charge = new_charge(command, FeeType.RENTAL, rule.rental_fee, loan, case.title)
        effects.append(Insert(charge))
    # Written although unchanged: two loans for one patron that both counted the same number of loans must not pass.
    effects += [Update(patron), Update(touch_item(item, command)), Insert(loan)]
    log.add(
        "loan.created",
        patron_id=patron.id,
        item_id=item.id,
        loan_id=loan.id,
        due=loan.due_at,
        rule=loan.rule_id,
        location=loan.location,
        offline=request.offline,
        before=before,
        holds=[was for _, was in filled],
        charges=[] if charge is None else [charge.id],
        **referred(loan, item),
    )
    lent = Case(item=item, bib=case.bib, queue=case.queue, identifiers=case.identifiers, patron=patron, loan=loan)
    messages = (due_message(loan), offline.MESSAGE) if request.offline else (due_message(loan),)
    answer = _outcome(
        loan=loan_entity(lent, command, loan, renewable=can_renew(command, lent)),
        item=item_entity(lent, command, loan=loan, rule=rule),
        fee=None if charge is None else fee_view(charge, item_barcode=item.barcode),
        desensitize=UseRestriction.IN_LIBRARY_USE_ONLY not in restrictions(item),
        offline_accepted=request.offline,
        offline_conflict=conflict,
        messages=messages,
    )
    return Ruling(answer, log.effects + effects, subject_of(item))


def _new_loan(
    request: LoanCreate, command: Command, patron: PatronRow, item: ItemRow, rule: LoanRuleRow | None, at: int
) -> LoanRow:
    due_at, precision = at, "day"
    if rule is not None and rule.period:
        due, precision = command.rules.calendar(command.here).due(rule, instant(at))
        due_at = millis(due)
    due_at = due_as_asked(request, item, due_at)
    if request.offline and request.due is not None and millis(request.due) > at:
        due_at = millis(request.due)
    return LoanRow(
        member=command.member,
        id=new_id(command.now),
        item_id=item.id,
        patron_id=patron.id,
        status=LoanStatus.OPEN,
        loaned_at=at,
        due_at=due_at,
        due_precision=precision,
        original_due_at=None,
        renewals=0,
        recalled_at=None,
        rule_id=rule.id if rule else "",
        location=command.here,
        terminal=command.terminal,
        returned_at=None,
        return_terminal=None,
        offline=request.offline,
    )


def _fill(
    request: LoanCreate, command: Command, case: Case, patron: PatronRow, item: ItemRow
) -> list[tuple[HoldRow, dict[str, object]]]:
    """Closes the patron's own hold that this loan fills, and puts back another's hold that the item was trapped for;
    each with what it was before, for an undo. The hold that waits under the loan's own reference goes before others."""
    trapped = case.hold(item.hold_id)
    own = trapped if trapped is not None and trapped.patron_id == patron.id else None
    if own is None and request.external_ref is not None:
        own = next((h for h in case.referred if h.patron_id == patron.id and h.filled_item_id is None), None)
    if own is None:
        own = next(
            (h for h in case.queue if h.patron_id == patron.id and active(h, command.now) and waits_for(h, item)), None
        )
    changed = []
    for hold in (own, None if trapped is own else trapped):
        if hold is not None:
            was = {"id": hold.id, "status": hold.status, "until": hold.hold_until_at, "item": hold.filled_item_id}
            changed.append((hold, was | {"own": hold is own}))
    if own is not None:
        own.status, own.filled_item_id, own.closed_at = HoldStatus.FILLED, item.id, command.now
    if trapped is not None and trapped is not own:
        release(trapped)
    return changed


def _keep(request: LoanCreate, command: Command, case: Case, refusal: Refusal | None) -> Ruling:
    """An off-line loan: made whatever the rules say; what they say becomes a conflict for staff."""
    patron, item, other = case.patron, case.item, case.open_loan
    reason = None if refusal is None else offline.reason_of(refusal)
    barcode = item.barcode if item else (request.item or "").strip()
    log = case.log(command)
    if patron is None or item is None:
        assert reason is not None
        told = offline.told_loan(
            request, command, item_id=item.id if item else "", patron_id=patron.id if patron else ""
        )
        shown = item_entity(case, command, loan=other) if item else offline.unknown_item(barcode)
        answer = LoanOutcome(
            loan=told, item=shown, offline_accepted=True, offline_conflict=reason, messages=(offline.MESSAGE,)
        )
        known, card = patron.id if patron else None, offline.card_of(request, patron)
        row = offline.conflict(command, log, reason, barcode, known, card=card)
        return Ruling(answer, [*log.effects, row])
    at = offline.happened(request.happened_at, command)
    effects: list[Effect] = []
    if other is not None and other.loaned_at > at:
        return _keep_as_past(request, command, case, at, other)
    if case.loan is not None:  # open for another patron, or lost: it came back before it could be lent again
        closed = close_loan(command, case, log, at)
        effects += closed.effects
        item.status = ItemStatus.AVAILABLE
        log.add(
            "loan.superseded",
            patron_id=case.loan.patron_id,
            item_id=item.id,
            loan_id=case.loan.id,
            charges=[c.id for c in closed.charges],
            offline=True,
            **referred(case.loan, item),
        )
    if reason is not None:
        effects.append(offline.conflict(command, log, reason, barcode, patron.id))
    ruling = lend(request, command, case, at, conflict=reason, log=log)
    ruling.effects = effects + ruling.effects
    return ruling


def _keep_as_past(request: LoanCreate, command: Command, case: Case, at: int, later: LoanRow) -> Ruling:
    """The item has been lent on to somebody since: this loan is recorded as over, and the later one stands."""
    patron, item = case.patron, case.item
    assert patron is not None
    assert item is not None
    rule = command.rules.rule_for(patron.category, item)
    loan = _new_loan(request, command, patron, item, rule, at)
    loan.status, loan.returned_at, loan.return_terminal = LoanStatus.RETURNED, later.loaned_at, later.terminal
    reason = f"{RefusalCode.ALREADY_ON_LOAN_TO_OTHER}:later"
    log = case.log(command)
    loan.external_ref = request.external_ref
    log.add(
        "loan.recorded",
        patron_id=patron.id,
        item_id=item.id,
        loan_id=loan.id,
        due=loan.due_at,
        offline=True,
        **referred(loan, item),
    )
    answer = LoanOutcome(
        loan=loan_entity(case, command, loan),
        item=item_entity(case, command, loan=later, rule=rule),
        offline_accepted=True,
        offline_conflict=reason,
        messages=(due_message(loan), offline.MESSAGE),
    )
    conflict = offline.conflict(command, log, reason, item.barcode, patron.id)
    effects: list[Effect] = [Insert(loan), Update(touch_item(item, command)), conflict]
    return Ruling(answer, log.effects + effects, subject_of(item))
