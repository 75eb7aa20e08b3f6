"""Patrons: who they are, what they have, whether their PIN is right, and stored blocks put on and lifted.

A patron is found by any active identifier. Nothing here asks for a PIN: the desk does, through `authenticate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.entities import Fee, Hold, Loan, Patron
from gateway.canonical.outcomes import AccountOutcome, PatronOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.trusted import trusted
from gateway.canonical.vocabulary import BlockReason, BlockSeverity, BlockSource, HoldStatus, PatronStatus
from gateway.platforms.reference import account_parts, parts
from gateway.platforms.reference.circulation import patron_named
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.events import Log
from gateway.platforms.reference.exactly_once import STORED, Command, Ruling, Subject, touch_account
from gateway.platforms.reference.ids import new_id
from gateway.platforms.reference.policy import STATE, MemberRules, millis
from gateway.platforms.reference.views import Standing, fee_view, hold_view, loan_view, patron_view
from gateway.store.effects import Delete, Insert, Update
from gateway.store.port import Plan
from gateway.store.rows import (
    ChargeRow,
    HoldRow,
    IdempotencyRow,
    LoanRow,
    MemberStateRow,
    PatronBlockRow,
    PatronIdentifierRow,
    PatronRow,
    PseudonymRow,
)

_WHO = parts.asked_patron()

_outcome, _account = trusted(PatronOutcome), trusted(AccountOutcome)

NOT_FOUND = Refusal(code=RefusalCode.PATRON_NOT_FOUND)


@dataclass(slots=True)
class AccountSnapshot:
    """A patron with totals; the lists are empty where they were not asked for."""

    state: MemberStateRow | None
    patron: PatronRow | None
    identifiers: list[PatronIdentifierRow]
    blocks: list[PatronBlockRow]
    loan_totals: list[dict[str, Any]]
    missing_totals: dict[str, Any] | None
    charge_totals: dict[str, Any] | None
    hold_totals: dict[str, Any] | None
    loans: list[LoanRow] = field(default_factory=list)
    loan_items: list[dict[str, Any]] = field(default_factory=list)
    holds: list[HoldRow] = field(default_factory=list)
    hold_names: list[dict[str, Any]] = field(default_factory=list)
    charges: list[ChargeRow] = field(default_factory=list)
    charge_items: list[dict[str, Any]] = field(default_factory=list)
    pseudonym: PseudonymRow | None = None
    stored: IdempotencyRow | None = None


_CORE_PARTS = (STATE, *parts.standing(_WHO), parts.hold_totals(_WHO))

GET = Plan("reference.patron", _CORE_PARTS, AccountSnapshot)
CHANGE_BLOCKS = Plan("reference.patron.blocks", (*_CORE_PARTS, parts.pseudonym(_WHO), STORED), AccountSnapshot)


@cache
def _account_plan(loans: bool, holds: bool, fees: bool) -> Plan:
    """Only the lists that are asked for are read."""
    lists = (
        *(account_parts.open_loans(_WHO) if loans else ()),
        *(account_parts.open_holds(_WHO) if holds else ()),
        *(account_parts.open_charges(_WHO) if fees else ()),
    )
    return Plan(f"reference.account.{loans:d}{holds:d}{fees:d}", (*_CORE_PARTS, *lists), AccountSnapshot)


WHOLE_ACCOUNT = _account_plan(True, True, True)


async def get(core: Core, ctx: Context, request: req.PatronGet) -> PatronOutcome | Refusal:
    def view(rules: MemberRules, now: int, snapshot: AccountSnapshot) -> PatronOutcome | Refusal:
        if (patron := living(snapshot)) is None:
            return NOT_FOUND
        return _outcome(patron=patron_of(snapshot, patron, rules, now))

    return await core.query(ctx, GET, patron_named(request), view, _holds_until)


async def authenticate(core: Core, ctx: Context, request: req.PatronAuthenticate) -> PatronOutcome | Refusal:
    """The patron where the PIN is right; an unknown patron takes as long as a wrong PIN."""
    if request.pin is None:
        return Refusal(code=RefusalCode.PATRON_AUTH_REQUIRED)

    def view(rules: MemberRules, now: int, snapshot: AccountSnapshot) -> tuple[str | None, Patron] | None:
        if (patron := living(snapshot)) is None:
            return None
        return patron.pin_hash, patron_of(snapshot, patron, rules, now)

    found = await core.query(ctx, GET, patron_named(request), view)
    pin_hash = found[0] if found is not None else None
    right = await core.pins.verify(ctx.member, request.pin.get_secret_value(), pin_hash)
    if found is None:
        return NOT_FOUND
    if not right:
        return Refusal(code=RefusalCode.PATRON_AUTH_FAILED)
    return PatronOutcome(patron=found[1], pin_verified=True)


async def account(core: Core, ctx: Context, request: req.PatronAccount) -> AccountOutcome | Refusal:
    """Open loans soonest due first, open holds and charges oldest first."""

    def view(rules: MemberRules, now: int, snapshot: AccountSnapshot) -> AccountOutcome | Refusal:
        if (row := living(snapshot)) is None:
            return NOT_FOUND
        patron = patron_of(snapshot, row, rules, now)
        return _account(
            patron=patron,
            loans=_loans(snapshot, patron, rules, now),
            holds=_holds(snapshot),
            fees=_fees(snapshot),
        )

    plan = _account_plan(request.loans, request.holds, request.fees)
    return await core.query(ctx, plan, patron_named(request), view, _holds_until)


async def block(core: Core, ctx: Context, request: req.PatronBlock, key: CommandKey) -> PatronOutcome | Refusal:
    """Stores a block. One that stands already for the same reason and scope is not stored twice."""

    def rule(command: Command, snapshot: AccountSnapshot) -> Ruling:
        patron = living(snapshot)
        if patron is None:
            return Ruling(NOT_FOUND)
        log = Log(command, snapshot.pseudonym)
        effects: list[Any] = [Update(touch_account(patron, command))]
        if not _standing_already(snapshot.blocks, request, command.now):
            row = PatronBlockRow(
                member=command.member,
                id=new_id(command.now),
                patron_id=patron.id,
                reason=request.reason,
                scope=request.scope,
                severity=request.severity,
                text=request.text,
                source=BlockSource.MANUAL,
                placed_at=command.now,
                expires_at=None if request.expires_at is None else millis(request.expires_at),
            )
            snapshot.blocks.append(row)
            effects.append(Insert(row))
        log.add(
            "patron.blocked",
            patron_id=patron.id,
            reason=request.reason,
            scope=request.scope,
            card_retained=request.card_retained,
        )
        answer = PatronOutcome(patron=patron_of(snapshot, patron, command.rules, command.now))
        return Ruling(answer, [*effects, *log.effects], Subject("account", patron.id))

    return await core.command(ctx, request, key, CHANGE_BLOCKS, patron_named(request), rule)


async def enable(core: Core, ctx: Context, request: req.PatronEnable, key: CommandKey) -> PatronOutcome | Refusal:
    """Lifts one stored block or all of them. Blocks that follow from the account are not stored and stay, and so do
    notices, which stop nothing: one of those is taken away by its id."""

    def rule(command: Command, snapshot: AccountSnapshot) -> Ruling:
        patron = living(snapshot)
        if patron is None:
            return Ruling(NOT_FOUND)
        if request.block_id is None:
            lifted = [row for row in snapshot.blocks if not is_notice(row)]
        else:
            lifted = [row for row in snapshot.blocks if row.id == request.block_id]
        if request.block_id is not None and not lifted:
            return Ruling(Refusal(code=RefusalCode.BLOCK_NOT_FOUND))
        log = Log(command, snapshot.pseudonym)
        effects: list[Any] = [Update(touch_account(patron, command)), *(Delete(row) for row in lifted)]
        snapshot.blocks = [row for row in snapshot.blocks if row not in lifted]
        log.add("patron.enabled", patron_id=patron.id, reasons=[row.reason for row in lifted])
        answer = PatronOutcome(patron=patron_of(snapshot, patron, command.rules, command.now))
        return Ruling(answer, [*effects, *log.effects], Subject("account", patron.id))

    return await core.command(ctx, request, key, CHANGE_BLOCKS, patron_named(request), rule)


def _holds_until(rules: MemberRules, now: int, snapshot: AccountSnapshot) -> int:
    """When time alone changes the answer: a card or a block runs out, a loan falls due. Cards run out at midnight."""
    due = [row["next_due"] + 1 for row in snapshot.loan_totals if row["next_due"] is not None]
    ends = [row.expires_at for row in snapshot.blocks if row.expires_at is not None and row.expires_at > now]
    return min([rules.next_day(now), *due, *ends])


def living(snapshot: AccountSnapshot) -> PatronRow | None:
    """The patron, unless deleted: a deleted one is kept for the accounts and is nobody at any door."""
    patron = snapshot.patron
    return None if patron is None or patron.status == PatronStatus.DELETED else patron


def is_notice(row: PatronBlockRow) -> bool:
    """Whether this is something for the patron to read, and nothing else."""
    return row.reason == BlockReason.NOTICE and row.severity == BlockSeverity.TRAP


def _standing_already(blocks: Sequence[PatronBlockRow], request: req.PatronBlock, now: int) -> bool:
    return any(
        row.reason == request.reason
        and row.scope == request.scope
        and row.severity == request.severity
        and (row.text == request.text or row.reason != BlockReason.NOTICE)
        and (row.expires_at is None or row.expires_at > now)
        for row in blocks
    )


def patron_of(snapshot: AccountSnapshot, patron: PatronRow, rules: MemberRules, now: int) -> Patron:
    standing = Standing(
        patron=patron,
        identifiers=snapshot.identifiers,
        blocks=snapshot.blocks,
        loan_totals=snapshot.loan_totals,
        missing_totals=snapshot.missing_totals,
        charge_totals=snapshot.charge_totals,
        hold_totals=snapshot.hold_totals,
    )
    return patron_view(standing, rules, now)


def _loans(snapshot: AccountSnapshot, patron: Patron, rules: MemberRules, now: int) -> tuple[Loan, ...]:
    items = {row["id"]: row for row in snapshot.loan_items}
    return tuple(
        loan_view(
            loan,
            rules,
            now,
            item_barcode=items[loan.id]["barcode"],
            title=items[loan.id]["title"],
            patron_barcode=patron.barcode,
        )
        for loan in snapshot.loans
    )


def _holds(snapshot: AccountSnapshot) -> tuple[Hold, ...]:
    names = {row["id"]: row for row in snapshot.hold_names}
    return tuple(
        hold_view(
            hold,
            title=names[hold.id]["title"],
            item_barcode=names[hold.id]["barcode"],
            position=names[hold.id]["ahead"] + 1 if hold.status == HoldStatus.PENDING else None,
        )
        for hold in snapshot.holds
    )


def _fees(snapshot: AccountSnapshot) -> tuple[Fee, ...]:
    barcodes = {row["id"]: row["barcode"] for row in snapshot.charge_items}
    return tuple(fee_view(charge, item_barcode=barcodes.get(charge.id)) for charge in snapshot.charges)
