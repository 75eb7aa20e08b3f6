"""item.report: what somebody says of an item that no desk has seen, and the loss of a loan, told or come by time.

A claim leaves the loan unreturned and what was charged as it is, until the item is scanned or staff call it lost.
"""

from __future__ import annotations

from functools import partial

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import ItemOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import FeeType, ItemStatus, LoanStatus, PatronStatus, ReportedAs
from gateway.platforms.reference import exactly_once, parts, policy
from gateway.platforms.reference.charging import new_charge
from gateway.platforms.reference.circulation import (
    Case,
    item_before,
    item_entity,
    item_named,
    patron_named,
    refuse,
    subject_of,
)
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.events import Log, referred
from gateway.platforms.reference.exactly_once import Command, Ruling, touch_item
from gateway.platforms.reference.trapping import release
from gateway.platforms.reference.views import is_gone
from gateway.store.effects import Effect, Insert, Update
from gateway.store.port import Plan
from gateway.store.rows import ChargeRow, ItemRow, LoanRow

_ITEM = parts.asked_item()
_BORROWER = parts.borrower_of(_ITEM)
_ASKER = parts.asked_patron()

PLAN = Plan(
    "reference.item.report",
    (
        policy.STATE,
        exactly_once.STORED,
        parts.item(_ITEM),
        parts.bib(_ITEM),
        parts.unreturned(_ITEM),
        parts.queue(_ITEM),
        parts.queue_people(_ITEM),
        parts.patron(_ASKER, "asker"),
        parts.patron(_BORROWER),
        parts.pseudonym(_BORROWER),
    ),
    Case,
)

# Of these an item is not told to be missing: it is elsewhere, was never here, or is gone for good.
_NOT_HERE = (ItemStatus.ON_ORDER, ItemStatus.ILL_OUT, ItemStatus.WITHDRAWN)


async def report(core: Core, ctx: Context, request: req.ItemReport, key: CommandKey) -> ItemOutcome | Refusal:
    """A claim, a loss or an item that is missing; what was reported so before is answered as it is."""
    params = {**item_named(request), **patron_named(request)}
    return await core.command(ctx, request, key, PLAN, params, partial(_decide, request))


def lose(command: Command, log: Log, loan: LoanRow, item: ItemRow, title: str | None) -> list[Effect]:
    """Declares a loan lost and charges what the item's type costs to replace."""
    loan.status, item.status = LoanStatus.LOST, ItemStatus.LOST
    log.add("loan.lost", patron_id=loan.patron_id, item_id=item.id, loan_id=loan.id, **referred(loan, item))
    effects: list[Effect] = [Update(loan), Update(touch_item(item, command))]
    for charge in _replacement(command, loan, item, title):
        log.add(
            "fee.created",
            patron_id=loan.patron_id,
            item_id=item.id,
            loan_id=loan.id,
            charge=charge.id,
            type=charge.type,
            amount=charge.original,
        )
        effects.append(Insert(charge))
    return effects


def _replacement(command: Command, loan: LoanRow, item: ItemRow, title: str | None) -> list[ChargeRow]:
    kind = command.rules.item_types.get(item.item_type)
    cost = item.price if item.price is not None else kind.replacement_cost if kind is not None else 0
    costs = ((FeeType.REPLACEMENT, cost), (FeeType.PROCESSING, kind.processing_fee if kind is not None else 0))
    return [new_charge(command, fee, amount, loan, title) for fee, amount in costs if amount > 0]


def _decide(request: req.ItemReport, command: Command, case: Case) -> Ruling:
    item, loan, asker = case.item, case.loan, case.asker
    if item is None or is_gone(item):
        return refuse(RefusalCode.ITEM_NOT_FOUND, item)
    if request.patron is not None or request.patron_id is not None:
        if asker is None or asker.status == PatronStatus.DELETED:
            return refuse(RefusalCode.PATRON_NOT_FOUND, item)
        if loan is None:
            return refuse(RefusalCode.LOAN_NOT_FOUND, item)
        if loan.patron_id != asker.id:
            return refuse(RefusalCode.LOAN_OF_OTHER_PATRON, item)
    if request.reported_as is ReportedAs.MISSING:
        return _missing(command, case, item)
    if loan is None:
        return refuse(RefusalCode.LOAN_NOT_FOUND, item)
    if request.reported_as is ReportedAs.LOST:
        return _lost(command, case, item, loan)
    return _claimed(request.reported_as, command, case, item, loan)


def _claimed(said: ReportedAs, command: Command, case: Case, item: ItemRow, loan: LoanRow) -> Ruling:
    if loan.status == LoanStatus.CLAIMED:
        return _unchanged(command, case)
    was = loan.status
    loan.status, item.status = LoanStatus.CLAIMED, ItemStatus.CLAIMED_RETURNED
    log = case.log(command)
    log.add(
        "loan.claimed",
        patron_id=loan.patron_id,
        item_id=item.id,
        loan_id=loan.id,
        reported_as=said,
        loan_status=was,
        **referred(loan, item),
    )
    return _done(command, case, log, [Update(loan), Update(touch_item(item, command))])


def _lost(command: Command, case: Case, item: ItemRow, loan: LoanRow) -> Ruling:
    if loan.status == LoanStatus.LOST:
        return _unchanged(command, case)
    log = case.log(command)
    return _done(command, case, log, lose(command, log, loan, item, case.title))


def _missing(command: Command, case: Case, item: ItemRow) -> Ruling:
    if item.status == ItemStatus.MISSING:
        return _unchanged(command, case)
    lent = case.loan is not None or item.lent_to_member is not None
    if lent or item.owner_member is not None or item.status in _NOT_HERE:
        return refuse(RefusalCode.ITEM_UNAVAILABLE, item, status=item.status)
    before, trapped = item_before(item), case.hold(item.hold_id)
    item.status, item.hold_id, item.destination = ItemStatus.MISSING, None, None
    effects: list[Effect] = [Update(touch_item(item, command))]
    log = case.log(command)
    if trapped is not None:
        release(trapped)
        effects.append(Update(trapped))
        news = referred(trapped, item)
        log.add("hold.released", patron_id=trapped.patron_id, item_id=item.id, hold=trapped.id, **news)
    said = {"fields": ["status"], "status": item.status, "reported_as": ReportedAs.MISSING, **referred(item)}
    log.add("item.updated", item_id=item.id, before=before, **said)
    return _done(command, case, log, effects)


def _done(command: Command, case: Case, log: Log, effects: list[Effect]) -> Ruling:
    """With the borrower's row, although it is unchanged: what a patron may borrow depends on claims and losses."""
    if case.loan is not None and case.patron is not None:
        effects.append(Update(case.patron))
    return Ruling(_answer(command, case), [*log.effects, *effects], subject_of(case.item))


def _unchanged(command: Command, case: Case) -> Ruling:
    return Ruling(_answer(command, case), subject=subject_of(case.item))


def _answer(command: Command, case: Case) -> ItemOutcome:
    return ItemOutcome(item=item_entity(case, command, loan=case.open_loan))
