"""loan.renew and loan.renew_all: a later due date, unless somebody waits, the limit is reached or nothing is gained.

A renewal counts from the due date or from now, as the rule says. Lateness until now is charged before the due date
moves, or it would be forgotten. All loans of a patron are renewed in one transaction, each with its own verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import and_, select

from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import LoanOutcome, RenewAllOutcome, Unrenewed
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import LoanCreate, LoanRenew, LoanRenewAll
from gateway.canonical.vocabulary import BlockScope, FeeType, LoanStatus, UseRestriction
from gateway.platforms.reference import exactly_once, offline, parts, policy
from gateway.platforms.reference.charging import late_fee, new_charge
from gateway.platforms.reference.circulation import (
    Case,
    Elsewhere,
    due_message,
    item_entity,
    item_named,
    loan_entity,
    patron_named,
    patron_refusal,
    refuse,
    subject_of,
)
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.due import capped, due_as_asked, wish_refusal
from gateway.platforms.reference.events import Log, referred
from gateway.platforms.reference.exactly_once import Command, Ruling, Subject, touch_account, touch_item
from gateway.platforms.reference.policy import instant, millis
from gateway.platforms.reference.trapping import active
from gateway.platforms.reference.views import applying, blocks_of, fee_view, restrictions, waits_for
from gateway.store import schema
from gateway.store.effects import Effect, Insert, Update
from gateway.store.port import Part, Plan
from gateway.store.rows import ChargeRow, HoldRow, ItemRow, LoanRow, LoanRuleRow, PatronRow

_ITEM = parts.asked_item(by_loan=True)
_PATRON = parts.asked_patron()
_BORROWER = parts.borrower_of(_ITEM)

PLAN = Plan(
    "reference.loan.renew",
    (
        policy.STATE,
        exactly_once.STORED,
        parts.patron(_PATRON, "asker"),
        *parts.standing(_BORROWER),
        parts.pseudonym(_BORROWER),
        parts.pseudonym(_PATRON, "askers"),
        parts.item(_ITEM),
        parts.bib(_ITEM),
        parts.unreturned(_ITEM),
        parts.loan_charges(_ITEM),
        parts.queue(_ITEM),
    ),
    Case,
)

Asking = LoanRenew | LoanCreate
"""What may ask for a renewal."""

Verdict = Callable[[LoanRenew, Command, Case], Ruling]


async def perform(
    platform: Core, ctx: Context, request: LoanRenew, key: CommandKey, verdict: Verdict | None = None
) -> LoanOutcome | Refusal:
    """Renews the loan named by item, by loan id, or by a title that fits one loan of the patron.

    Raises Elsewhere for a stand-in, unless a `verdict` is given that does not."""
    named = {**item_named(request), "loan_id": request.loan_id}
    if request.title and not any(named.values()):
        named["item_id"] = await _titled(platform, ctx, request)
    return await platform.command(
        ctx, request, key, PLAN, {**patron_named(request), **named}, partial(verdict or decide, request)
    )


def decide(request: LoanRenew, command: Command, case: Case) -> Ruling:
    if case.item is not None and case.item.owner_member is not None:
        raise Elsewhere(case.item)
    return verdict(request, command, case)


def verdict(request: LoanRenew, command: Command, case: Case) -> Ruling:
    """Refuses or renews; off line always yes."""
    loan, item, asker = case.loan, case.item, case.asker
    by_id = request.loan_id is not None and request.patron is None and request.patron_id is None
    if by_id:
        asker = case.patron  # the loan itself says whose it is
    if asker is None and not by_id:
        refusal = Refusal(code=RefusalCode.PATRON_NOT_FOUND)
    elif item is None:
        code = RefusalCode.ITEM_NOT_FOUND if request.item else RefusalCode.LOAN_NOT_FOUND
        refusal = Refusal(code=code)
    elif loan is None or asker is None or request.loan_id not in (None, loan.id):
        refusal = Refusal(code=RefusalCode.LOAN_NOT_FOUND)
    elif loan.patron_id != asker.id and not request.third_party:
        refusal = Refusal(code=RefusalCode.LOAN_OF_OTHER_PATRON)
    else:
        return renew(request, command, case)
    if not request.offline:
        return Ruling(refusal, subject=subject_of(item))
    return _kept(request, command, case, refusal)


def renew(request: Asking, command: Command, case: Case) -> Ruling:
    """Renews the loan in `case`, whose patron is the borrower."""
    loan, item = case.loan, case.item
    assert loan is not None
    assert item is not None
    refusal = patron_refusal(case.patron, command) or renewal_refusal(command, case, request)
    if refusal is not None and not (request.offline and loan.status == LoanStatus.OPEN):
        if request.offline:
            return _kept(request, command, case, refusal)
        return Ruling(refusal, subject=subject_of(item))
    log, effects = case.log(command), []
    at = offline.happened(request.happened_at, command) if request.offline else command.now
    told = millis(request.due) if request.offline and request.due is not None else None
    charges = extend(request, command, case, log, effects, at=at, told_due=told)
    messages = (due_message(loan),)
    if request.offline:
        messages += (offline.MESSAGE,)
        if refusal is not None:
            effects.append(offline.conflict(command, log, offline.reason_of(refusal), item.barcode, loan.patron_id))
    fee = next((c for c in charges if c.type == FeeType.RENTAL), None)
    answer = LoanOutcome(
        loan=loan_entity(case, command, loan, renewable=can_renew(command, case)),
        item=item_entity(case, command, loan=loan),
        renewed=True,
        fee=None if fee is None else fee_view(fee, item_barcode=item.barcode),
        desensitize=UseRestriction.IN_LIBRARY_USE_ONLY not in restrictions(item),
        offline_accepted=request.offline,
        offline_conflict=None if refusal is None else offline.reason_of(refusal),
        messages=messages,
    )
    return Ruling(answer, log.effects + effects, subject_of(item))


def renewal_refusal(command: Command, case: Case, request: Asking) -> Refusal | None:
    """Why this loan cannot be renewed now; the patron's own state is not looked at, blocks on renewing are."""
    loan, item = case.loan, case.item
    assert loan is not None
    assert item is not None
    if loan.status != LoanStatus.OPEN:
        return _not_allowed(loan.status)
    blocks = applying(blocks_of(case.standing(), command.rules, command.now), BlockScope.RENEW)
    if blocks:
        reasons = [str(b.reason) for b in blocks]
        return Refusal(code=RefusalCode.PATRON_BLOCKED, detail={"reason": reasons[0], "reasons": reasons})
    if loan.recalled_at is not None:
        return Refusal(code=RefusalCode.RENEWAL_BLOCKED_BY_REQUEST, detail={"kind": "recall"})
    if _wanted(command, case):
        return Refusal(code=RefusalCode.RENEWAL_BLOCKED_BY_REQUEST, detail={"kind": "hold"})
    rule = _rule(command, case)
    if rule is None or not rule.loanable or UseRestriction.NO_RENEWALS in restrictions(item):
        return _not_allowed("policy")
    if rule.max_renewals is not None and loan.renewals >= rule.max_renewals:
        return Refusal(code=RefusalCode.RENEWAL_LIMIT, detail={"limit": rule.max_renewals})
    if refusal := wish_refusal(request, command.now):
        return refusal
    due, _ = _new_due(request, command, case, rule, command.now)
    if due <= loan.due_at:
        return _not_allowed("no_change")
    if rule.rental_fee and not request.fee_acknowledged:
        money = command.rules.money(rule.rental_fee)
        detail = {"amount": str(money.amount), "currency": money.currency, "fee_type": str(FeeType.RENTAL)}
        return Refusal(code=RefusalCode.FEE_ACK_REQUIRED, detail=detail)
    return None


def can_renew(command: Command, case: Case) -> bool:
    """What a list would say of the loan: nobody waits for it, and the rule leaves it a renewal."""
    loan, rule = case.loan, _rule(command, case)
    if loan is None or case.item is None or rule is None or loan.recalled_at is not None or _wanted(command, case):
        return False
    left = rule.max_renewals is None or loan.renewals < rule.max_renewals
    longer = capped(case.item, loan.due_at + 1) > loan.due_at
    return left and longer and UseRestriction.NO_RENEWALS not in restrictions(case.item)


def extend(
    request: Asking,
    command: Command,
    case: Case,
    log: Log,
    effects: list[Effect],
    *,
    at: int,
    told_due: int | None = None,
) -> list[ChargeRow]:
    """Moves the due date, charges lateness so far and the rental fee; the new charges. Appends its effects."""
    loan, item, rule = case.loan, case.item, _rule(command, case)
    assert loan is not None
    assert item is not None
    before = {"due": loan.due_at, "precision": loan.due_precision, "renewals": loan.renewals}
    charges = []
    late = late_fee(command.rules, loan, case.loan_charges, at)
    if late:
        charges.append(new_charge(command, FeeType.OVERDUE, late, loan, case.title))
    if rule is not None and rule.rental_fee:
        charges.append(new_charge(command, FeeType.RENTAL, rule.rental_fee, loan, case.title))
    if told_due is not None:
        loan.due_at = max(told_due, loan.due_at)
    elif rule is not None:
        due, precision = _new_due(request, command, case, rule, at)
        if due > loan.due_at:
            loan.due_at, loan.due_precision = due, precision
    loan.renewals += 1
    log.add(
        "loan.renewed",
        patron_id=loan.patron_id,
        item_id=item.id,
        loan_id=loan.id,
        before=before,
        due=loan.due_at,
        charges=[c.id for c in charges],
        **referred(loan, item),
    )
    effects += [Update(loan), Update(touch_item(item, command)), *(Insert(c) for c in charges)]
    return charges


def _new_due(request: Asking, command: Command, case: Case, rule: LoanRuleRow, at: int) -> tuple[int, str]:
    """By the rule: counted from the due date where it says so and that leads beyond `at`, else from `at`. Then as it is
    wished for, and never later than the item has to be back."""
    loan, item = case.loan, case.item
    assert loan is not None
    assert item is not None
    calendar = command.rules.calendar(loan.location)
    due, precision = calendar.due(rule, instant(loan.due_at if rule.renew_from == "due" else at))
    if millis(due) <= at:
        due, precision = calendar.due(rule, instant(at))
    return due_as_asked(request, item, millis(due)), precision


def _rule(command: Command, case: Case) -> LoanRuleRow | None:
    """The rule the loan was made under, or the one that fits today where that row is gone."""
    assert case.loan is not None
    found = command.rules.rules.get(case.loan.rule_id)
    if found is None and case.patron is not None and case.item is not None:
        return command.rules.rule_for(case.patron.category, case.item)
    return found


def _wanted(command: Command, case: Case) -> bool:
    assert case.loan is not None
    assert case.item is not None
    return any(
        active(hold, command.now) and waits_for(hold, case.item) and hold.patron_id != case.loan.patron_id
        for hold in case.queue
    )


def _not_allowed(kind: str) -> Refusal:
    return Refusal(code=RefusalCode.RENEWAL_NOT_ALLOWED, detail={"kind": kind})


def _kept(request: Any, command: Command, case: Case, refusal: Refusal) -> Ruling:
    """An off-line renewal of what is not on loan: a conflict for staff, and yes to the terminal."""
    asker = case.asker
    reason = offline.reason_of(refusal)
    barcode = case.item.barcode if case.item else (request.item or "").strip()
    told = offline.told_loan(
        request, command, item_id=case.item.id if case.item else "", patron_id=asker.id if asker else ""
    )
    shown = item_entity(case, command, loan=case.open_loan) if case.item else offline.unknown_item(barcode)
    answer = LoanOutcome(
        loan=told,
        item=shown,
        renewed=True,
        offline_accepted=True,
        offline_conflict=reason,
        messages=(offline.MESSAGE,),
    )
    log, card = case.log(command), offline.card_of(request, asker)
    row = offline.conflict(command, log, reason, barcode, asker.id if asker else None, card=card)
    return Ruling(answer, [*log.effects, row])


_TITLES = Plan(
    "reference.loan.titles",
    (
        Part(
            "titles",
            select(schema.loan.c.item_id, schema.bib.c.title)
            .select_from(
                schema.loan.join(
                    schema.item,
                    and_(schema.item.c.member == schema.loan.c.member, schema.item.c.id == schema.loan.c.item_id),
                ).join(
                    schema.bib,
                    and_(schema.bib.c.member == schema.item.c.member, schema.bib.c.id == schema.item.c.bib_id),
                )
            )
            .where(
                schema.loan.c.member == parts.MEMBER,
                schema.loan.c.patron_id == _PATRON,
                schema.loan.c.status == "open",
            ),
            many=True,
        ),
    ),
    dict,
)


async def _titled(platform: Core, ctx: Context, request: LoanRenew) -> str | None:
    """Item id of the patron's one loan whose title begins so; None where none or several do."""
    wanted = (request.title or "").strip().casefold()
    found = await platform.read(ctx.member, _TITLES, patron_named(request))
    fitting = [row["item_id"] for row in found["titles"] if wanted and row["title"].casefold().startswith(wanted)]
    return fitting[0] if len(fitting) == 1 else None


@dataclass(slots=True)
class _All:
    """A patron with all open loans; items, bibs, queues and charges belong to those loans."""

    state: Any
    stored: Any
    patron: PatronRow | None
    identifiers: Sequence[Any]
    blocks: Sequence[Any]
    loan_totals: Sequence[Any]
    missing_totals: Any
    charge_totals: Any
    pseudonym: Any
    loans: Sequence[LoanRow] = ()
    items: Sequence[ItemRow] = ()
    bibs: Sequence[Mapping[str, Any]] = ()
    holds: Sequence[HoldRow] = ()
    charges: Sequence[ChargeRow] = ()
    cases: list[Case] = field(default_factory=list)

    def __post_init__(self) -> None:
        items = {row.id: row for row in self.items}
        bibs = {row["id"]: row for row in self.bibs}
        for loan in self.loans:
            item = items[loan.item_id]
            self.cases.append(
                Case(
                    item=item,
                    bib=bibs.get(item.bib_id),
                    loan=loan,
                    loan_charges=[c for c in self.charges if c.loan_id == loan.id],
                    queue=[h for h in self.holds if h.bib_id == item.bib_id],
                    patron=self.patron,
                    identifiers=self.identifiers,
                    blocks=self.blocks,
                    loan_totals=self.loan_totals,
                    missing_totals=self.missing_totals,
                    charge_totals=self.charge_totals,
                )
            )


def _open_loans(column: Any) -> Any:
    loan = schema.loan
    return select(column).where(loan.c.member == parts.MEMBER, loan.c.patron_id == _PATRON, loan.c.status == "open")


_LOANED_ITEMS = _open_loans(schema.loan.c.item_id)
_LOANED_BIBS = select(schema.item.c.bib_id).where(
    schema.item.c.member == parts.MEMBER, schema.item.c.id.in_(_LOANED_ITEMS)
)

ALL_PLAN = Plan(
    "reference.loan.renew_all",
    (
        policy.STATE,
        exactly_once.STORED,
        *parts.standing(_PATRON),
        parts.pseudonym(_PATRON),
        Part(
            "loans",
            parts.of_member(schema.loan)
            .where(schema.loan.c.patron_id == _PATRON, schema.loan.c.status == "open")
            .order_by(schema.loan.c.due_at, schema.loan.c.id),
            LoanRow,
            many=True,
        ),
        Part("items", parts.of_member(schema.item).where(schema.item.c.id.in_(_LOANED_ITEMS)), ItemRow, many=True),
        Part(
            "bibs",
            select(schema.bib.c.id, schema.bib.c.title, schema.bib.c.author).where(
                schema.bib.c.member == parts.MEMBER, schema.bib.c.id.in_(_LOANED_BIBS)
            ),
            many=True,
        ),
        Part(
            "holds",
            parts.of_member(schema.hold)
            .where(schema.hold.c.bib_id.in_(_LOANED_BIBS), schema.hold.c.closed_at.is_(None))
            .order_by(schema.hold.c.place, schema.hold.c.id),
            HoldRow,
            many=True,
        ),
        Part(
            "charges",
            parts.of_member(schema.charge).where(schema.charge.c.loan_id.in_(_open_loans(schema.loan.c.id))),
            ChargeRow,
            many=True,
        ),
    ),
    _All,
)


async def perform_all(
    platform: Core, ctx: Context, request: LoanRenewAll, key: CommandKey
) -> RenewAllOutcome | Refusal:
    """Renews every open loan that can be renewed."""
    return await platform.command(ctx, request, key, ALL_PLAN, patron_named(request), partial(_decide_all, request))


def _decide_all(request: LoanRenewAll, command: Command, snapshot: _All) -> Ruling:
    patron = snapshot.patron
    refusal = patron_refusal(patron, command)
    if refusal is not None or patron is None:
        return refuse(RefusalCode.PATRON_NOT_FOUND) if refusal is None else Ruling(refusal)
    log, effects = Log(command, snapshot.pseudonym), []
    log.introduce(patron.id)
    each = LoanRenew(fee_acknowledged=request.fee_acknowledged)
    renewed, unrenewed = [], []
    for case in snapshot.cases:
        loan = case.loan
        assert loan is not None
        refusal = renewal_refusal(command, case, each)
        if case.item is not None and case.item.owner_member is not None:
            refusal = _not_allowed("foreign")  # one by one, for the owner has to be asked
        if refusal is None:
            extend(each, command, case, log, effects, at=command.now)
        shown = loan_entity(case, command, loan, renewable=can_renew(command, case))
        if refusal is None:
            renewed.append(shown)
        else:
            unrenewed.append(Unrenewed(loan=shown, refusal=refusal))
    effects.append(Update(touch_account(patron, command)))
    answer = RenewAllOutcome(renewed=tuple(renewed), unrenewed=tuple(unrenewed))
    return Ruling(answer, log.effects + effects, Subject("account", patron.id))
