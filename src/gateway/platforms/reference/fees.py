"""Charges and payments: paid in part or whole, oldest first or by name; made and waived by staff.

Every change writes the patron's row as well, so that two payments on one account never run past each other.
A payment with a reference is the same payment for ever: the same terminal naming it again takes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, bindparam, select

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.entities import Payment, PaymentLine
from gateway.canonical.money import MAX_MINOR, Money
from gateway.canonical.outcomes import FeeOutcome, PaymentOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import FeeStatus, PaymentMethod, PaymentStatus
from gateway.platforms.reference import account_parts, parts
from gateway.platforms.reference.circulation import patron_named
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.events import Log
from gateway.platforms.reference.exactly_once import (
    STORED,
    Command,
    Ruling,
    Subject,
    touch_account,
    touch_charge,
)
from gateway.platforms.reference.ids import new_id, trimmed
from gateway.platforms.reference.patrons import NOT_FOUND
from gateway.platforms.reference.policy import STATE, MemberRules, instant
from gateway.platforms.reference.views import fee_view
from gateway.store import schema
from gateway.store.effects import Effect, Insert, Update
from gateway.store.port import Part, Plan
from gateway.store.rows import (
    ChargeRow,
    IdempotencyRow,
    ItemRow,
    MemberStateRow,
    PatronRow,
    PaymentLineRow,
    PaymentRow,
    PseudonymRow,
)

_WHO, _WHICH = parts.asked_patron(), parts.asked_item()
_REFERENCE = bindparam("external_ref", type_=Text)
_FEE = bindparam("fee_id", type_=Text)


@dataclass(slots=True)
class PaySnapshot:
    """`earlier` are payments of this patron at this terminal with the same reference; `lines` what they paid."""

    state: MemberStateRow | None
    stored: IdempotencyRow | None
    patron: PatronRow | None
    pseudonym: PseudonymRow | None
    charges: list[ChargeRow]
    earlier: PaymentRow | None
    lines: list[PaymentLineRow]


@dataclass(slots=True)
class CreateSnapshot:
    """`earlier` is the charge of this patron with the same reference."""

    state: MemberStateRow | None
    stored: IdempotencyRow | None
    patron: PatronRow | None
    pseudonym: PseudonymRow | None
    item: ItemRow | None
    bib: dict[str, Any] | None
    earlier: ChargeRow | None


@dataclass(slots=True)
class WaiveSnapshot:
    state: MemberStateRow | None
    stored: IdempotencyRow | None
    charges: list[ChargeRow]
    patron: PatronRow | None
    pseudonym: PseudonymRow | None


def _earlier() -> tuple[Part, Part]:
    payment, line = schema.payment, schema.payment_line
    same = (
        (payment.c.member == parts.MEMBER)
        & (payment.c.patron_id == _WHO)
        & (payment.c.external_ref == _REFERENCE)
        & (payment.c.terminal == bindparam("terminal", type_=Text))
    )
    paid = select(payment.c.id).where(same).order_by(payment.c.taken_at, payment.c.id).limit(1)
    return (
        Part("earlier", select(*payment.c).where(same).order_by(payment.c.taken_at, payment.c.id).limit(1), PaymentRow),
        Part(
            "lines",
            select(*line.c)
            .where(line.c.member == parts.MEMBER, line.c.payment_id == paid.scalar_subquery())
            .order_by(line.c.charge_id),
            PaymentLineRow,
            many=True,
        ),
    )


PAY = Plan(
    "reference.fee.pay",
    (
        STATE,
        STORED,
        parts.patron(_WHO),
        parts.pseudonym(_WHO),
        account_parts.open_charges(_WHO)[0],
        *_earlier(),
    ),
    PaySnapshot,
)

CREATE = Plan(
    "reference.fee.create",
    (
        STATE,
        STORED,
        parts.patron(_WHO),
        parts.pseudonym(_WHO),
        parts.item(_WHICH),
        parts.bib(_WHICH),
        Part(
            "earlier",
            parts.of_member(schema.charge)
            .where(schema.charge.c.patron_id == _WHO, schema.charge.c.external_ref == _REFERENCE)
            .order_by(schema.charge.c.created_at, schema.charge.c.id)
            .limit(1),
            ChargeRow,
        ),
    ),
    CreateSnapshot,
)

_CHARGED = (
    select(schema.charge.c.patron_id)
    .where(schema.charge.c.member == parts.MEMBER, schema.charge.c.id == _FEE)
    .scalar_subquery()
)
WAIVE = Plan(
    "reference.fee.waive",
    (
        STATE,
        STORED,
        Part("charges", parts.of_member(schema.charge).where(schema.charge.c.id == _FEE), ChargeRow, many=True),
        parts.patron(_CHARGED),
        parts.pseudonym(_CHARGED),
    ),
    WaiveSnapshot,
)


async def pay(core: Core, ctx: Context, request: req.FeePay, key: CommandKey) -> PaymentOutcome | Refusal:
    def rule(command: Command, snapshot: PaySnapshot) -> Ruling:
        return rule_payment(request, command, snapshot)

    params = {**patron_named(request), "external_ref": request.external_ref, "terminal": ctx.terminal}
    return await core.command(ctx, request, key, PAY, params, rule)


async def create(core: Core, ctx: Context, request: req.FeeCreate, key: CommandKey) -> FeeOutcome | Refusal:
    """A new charge. Its item, where one is named, must exist. A reference that has made a charge makes no other."""

    def rule(command: Command, snapshot: CreateSnapshot) -> Ruling:
        patron = snapshot.patron
        if patron is None:
            return Ruling(NOT_FOUND)
        amount = checked_amount(request.amount, command.rules)
        if isinstance(amount, Refusal):
            return Ruling(amount)
        if snapshot.earlier is not None:
            log = Log(command, snapshot.pseudonym)
            log.introduce(patron.id)
            return Ruling(_charged(request, snapshot.earlier, amount, snapshot.item), log.effects)
        if request.item is not None and snapshot.item is None:
            return Ruling(Refusal(code=RefusalCode.ITEM_NOT_FOUND))
        charge = ChargeRow(
            member=command.member,
            id=new_id(command.now),
            patron_id=patron.id,
            type=request.type,
            status=FeeStatus.OPEN,
            original=amount,
            balance=amount,
            currency=command.rules.currency,
            item_id=snapshot.item.id if snapshot.item else None,
            loan_id=None,
            title=snapshot.bib["title"] if snapshot.bib else None,
            description=request.description,
            created_at=command.now,
            last_key=None,
            last_terminal=None,
            external_ref=request.external_ref,
        )
        touch_charge(charge, command)
        log = Log(command, snapshot.pseudonym)
        said: dict[str, Any] = {} if request.external_ref is None else {"external_ref": request.external_ref}
        log.add(
            "fee.created",
            patron_id=patron.id,
            item_id=charge.item_id,
            charge=charge.id,
            type=charge.type,
            amount=amount,
            **said,
        )
        answer = FeeOutcome(fee=fee_view(charge, item_barcode=snapshot.item.barcode if snapshot.item else None))
        effects = [Update(touch_account(patron, command)), Insert(charge), *log.effects]
        return Ruling(answer, effects, Subject("account", patron.id))

    params = {
        **patron_named(request),
        "item": trimmed(request.item),
        "item_id": None,
        "external_ref": request.external_ref,
    }
    return await core.command(ctx, request, key, CREATE, params, rule)


async def waive(core: Core, ctx: Context, request: req.FeeWaive, key: CommandKey) -> FeeOutcome | Refusal:
    """Takes the balance of a charge, or a part of it, back without payment."""

    def rule(command: Command, snapshot: WaiveSnapshot) -> Ruling:
        charge, patron = next(iter(snapshot.charges), None), snapshot.patron
        if charge is None or patron is None or request.patron_id not in (None, patron.id):
            return Ruling(Refusal(code=RefusalCode.FEE_NOT_FOUND))
        if charge.status != FeeStatus.OPEN:
            return Ruling(Refusal(code=RefusalCode.FEE_NOT_FOUND, detail={"kind": "closed", "status": charge.status}))
        part = charge.balance if request.amount is None else checked_amount(request.amount, command.rules)
        if isinstance(part, Refusal):
            return Ruling(part)
        if part > charge.balance:
            return Ruling(_exceeds(charge.balance, command.rules))
        charge.balance -= part
        if charge.balance == 0:
            charge.status = FeeStatus.WAIVED
        touch_charge(charge, command)
        log = Log(command, snapshot.pseudonym)
        log.add("fee.waived", patron_id=patron.id, item_id=charge.item_id, charge=charge.id, amount=part)
        effects = [Update(charge), Update(touch_account(patron, command)), *log.effects]
        return Ruling(FeeOutcome(fee=fee_view(charge)), effects, Subject("charge", charge.id))

    return await core.command(ctx, request, key, WAIVE, {"fee_id": request.fee_id}, rule)


def rule_payment(request: req.FeePay, command: Command, snapshot: PaySnapshot) -> Ruling:
    """Who pays what with how much; the oldest charge first, only those named where some are named."""
    patron = snapshot.patron
    if patron is None:
        return Ruling(NOT_FOUND)
    amount = checked_amount(request.amount, command.rules)
    if isinstance(amount, Refusal):
        return Ruling(amount)
    owed = sum(charge.balance for charge in snapshot.charges)
    log = Log(command, snapshot.pseudonym)
    if snapshot.earlier is not None:
        return Ruling(_again(snapshot.earlier, snapshot.lines, amount, owed, command.rules))
    chosen = _chosen(request.fee_ids, snapshot.charges)
    if isinstance(chosen, Refusal):
        return Ruling(chosen)
    payable = sum(charge.balance for charge in chosen)
    if payable == 0 or (amount > payable and not command.rules.settings.overpay):
        return Ruling(_exceeds(payable, command.rules))
    taken = min(amount, payable)
    payment = PaymentRow(
        member=command.member,
        id=new_id(command.now),
        patron_id=patron.id,
        amount=taken,
        currency=command.rules.currency,
        method=request.method,
        fee_type=request.fee_type,
        external_ref=request.external_ref,
        status=PaymentStatus.ACCEPTED,
        terminal=command.terminal,
        taken_at=command.now,
    )
    lines, touched = _allocate(payment, chosen, command)
    log.add("payment.taken", patron_id=patron.id, payment=payment.id, amount=taken, charges=len(lines))
    effects: list[Effect] = [
        *(Update(charge) for charge in touched),
        Update(touch_account(patron, command)),
        Insert(payment),
        *(Insert(line) for line in lines),
        *log.effects,
    ]
    answer = PaymentOutcome(payment=_payment(payment, lines), balance=command.rules.money(owed - taken))
    return Ruling(answer, effects, Subject("account", patron.id))


def checked_amount(money: Money, rules: MemberRules) -> int | Refusal:
    """Minor units of an amount that may be paid or charged: above zero, in the member's currency, no broken pence."""
    if money.currency != rules.currency:
        return Refusal(code=RefusalCode.PAYMENT_WRONG_CURRENCY, detail={"currency": rules.currency})
    try:
        minor = money.minor
    except (ArithmeticError, ValueError):
        minor = 0
    if not 0 < minor < MAX_MINOR:
        return Refusal(code=RefusalCode.PAYMENT_INVALID_AMOUNT)
    return minor


def _charged(request: req.FeeCreate, earlier: ChargeRow, amount: int, item: ItemRow | None) -> FeeOutcome | Refusal:
    """The charge that a reference has made, as it stands; the item may be gone since."""
    same_item = item is None or item.id == earlier.item_id
    if (earlier.type, earlier.original) != (request.type, amount) or not same_item:
        return Refusal(code=RefusalCode.CONFLICT, detail={"kind": "reference"})
    return FeeOutcome(fee=fee_view(earlier, item_barcode=item.barcode if item else None), duplicate=True)


def _chosen(fee_ids: Sequence[str], charges: Sequence[ChargeRow]) -> list[ChargeRow] | Refusal:
    unknown = sorted(set(fee_ids) - {charge.id for charge in charges})
    if unknown:
        return Refusal(code=RefusalCode.FEE_NOT_FOUND, detail={"fee_ids": unknown})
    return [charge for charge in charges if not fee_ids or charge.id in fee_ids]


def _allocate(
    payment: PaymentRow, charges: Sequence[ChargeRow], command: Command
) -> tuple[list[PaymentLineRow], list[ChargeRow]]:
    lines: list[PaymentLineRow] = []
    touched: list[ChargeRow] = []
    left = payment.amount
    for charge in charges:
        part = min(left, charge.balance)
        if part == 0:
            break
        left -= part
        charge.balance -= part
        if charge.balance == 0:
            charge.status = FeeStatus.PAID
        touched.append(touch_charge(charge, command))
        lines.append(PaymentLineRow(payment.member, payment.id, charge.id, part, charge.balance))
    return lines, touched


def _again(
    earlier: PaymentRow, lines: Sequence[PaymentLineRow], amount: int, owed: int, rules: MemberRules
) -> PaymentOutcome | Refusal:
    if earlier.amount != amount:
        return Refusal(code=RefusalCode.CONFLICT, detail={"kind": "reference_reused"})
    return PaymentOutcome(payment=_payment(earlier, lines), balance=rules.money(owed), duplicate=True)


def _payment(row: PaymentRow, lines: Sequence[PaymentLineRow]) -> Payment:
    def money(minor: int) -> Money:
        return Money.of_minor(minor, row.currency)

    return Payment(
        id=row.id,
        patron_id=row.patron_id,
        amount=money(row.amount),
        method=PaymentMethod(row.method),
        external_ref=row.external_ref,
        lines=tuple(
            PaymentLine(fee_id=line.charge_id, amount=money(line.amount), balance=money(line.balance)) for line in lines
        ),
        taken_at=instant(row.taken_at),
        terminal=row.terminal,
        status=PaymentStatus(row.status),
    )


def _exceeds(balance: int, rules: MemberRules) -> Refusal:
    return Refusal(code=RefusalCode.PAYMENT_EXCEEDS_BALANCE, detail={"balance": str(rules.money(balance))})
