"""loan.recall and loan.recall_cancel: a loan ends sooner because somebody asks for the item, whom no hold stands for.

It is shortened as for a hold, and never lengthened; a loan that is recalled already is answered as it is. Taken back,
it is due when it was, unless a hold here recalls it too.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import LoanOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import HoldType, LoanStatus
from gateway.platforms.reference import exactly_once, holds, parts, policy
from gateway.platforms.reference.circulation import (
    Case,
    due_message,
    item_entity,
    item_named,
    loan_entity,
    refuse,
    subject_of,
)
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.events import referred
from gateway.platforms.reference.exactly_once import Command, Ruling, touch_item
from gateway.platforms.reference.policy import MemberRules, instant, millis
from gateway.platforms.reference.views import is_gone, waits_for
from gateway.store.effects import Update
from gateway.store.port import Plan
from gateway.store.rows import HoldRow, LoanRow

_ITEM = parts.asked_item()
_BORROWER = parts.borrower_of(_ITEM)

PLAN = Plan(
    "reference.loan.recall",
    (
        policy.STATE,
        exactly_once.STORED,
        parts.item(_ITEM),
        parts.bib(_ITEM),
        parts.unreturned(_ITEM),
        parts.queue(_ITEM),
        parts.identifiers(_BORROWER),
        parts.pseudonym(_BORROWER),
    ),
    Case,
)


async def recall(core: Core, ctx: Context, request: req.LoanRecall, key: CommandKey) -> LoanOutcome | Refusal:
    """Shortens the loan to what its rule leaves a borrower, and not further than `desired_due`."""
    return await core.command(ctx, request, key, PLAN, item_named(request), partial(_recall, request))


async def cancel(core: Core, ctx: Context, request: req.LoanRecallCancel, key: CommandKey) -> LoanOutcome | Refusal:
    """Gives the borrower back the time that the recall took."""
    return await core.command(ctx, request, key, PLAN, item_named(request), _cancel)


def _recall(request: req.LoanRecall, command: Command, case: Case) -> Ruling:
    loan = _on_loan(case)
    if isinstance(loan, Ruling):
        return loan
    if loan.recalled_at is not None:
        log = case.log(command)
        log.introduce(loan.patron_id)
        return Ruling(_answer(command, case, loan), log.effects, subject_of(case.item))
    rule = command.rules.rules.get(loan.rule_id)
    if rule is None or not rule.recallable:
        return refuse(RefusalCode.RECALL_NOT_ALLOWED, case.item, kind="policy")
    was = loan.due_at
    holds.recall(loan, command.rules, command.now)
    if request.desired_due is not None:
        loan.due_at = min(was, max(loan.due_at, _end_of_day(request.desired_due, loan, was, command.rules)))
    return _done("loan.recalled", command, case, loan)


def _cancel(command: Command, case: Case) -> Ruling:
    loan = _on_loan(case)
    if isinstance(loan, Ruling):
        return loan
    if loan.recalled_at is None:
        return refuse(RefusalCode.UNDO_NOT_POSSIBLE, case.item, kind="not_recalled")
    if any(_recalls(hold, case) for hold in case.queue):
        return refuse(RefusalCode.UNDO_NOT_POSSIBLE, case.item, kind="wanted")
    loan.due_at = max(loan.due_at, loan.original_due_at or 0)
    loan.recalled_at = loan.original_due_at = None
    return _done("loan.recall_cancelled", command, case, loan)


def _on_loan(case: Case) -> LoanRow | Ruling:
    """The open loan of an item that is this member's own affair, or why there is none."""
    item, loan = case.item, case.loan
    if item is None or is_gone(item):
        return refuse(RefusalCode.ITEM_NOT_FOUND, item)
    if item.owner_member is not None or item.lent_to_member is not None:
        return refuse(RefusalCode.RECALL_NOT_ALLOWED, item, kind="foreign")
    if loan is None:
        return refuse(RefusalCode.LOAN_NOT_FOUND, item)
    if loan.status != LoanStatus.OPEN:
        return refuse(RefusalCode.RECALL_NOT_ALLOWED, item, kind=str(loan.status))
    return loan


def _end_of_day(wish: datetime, loan: LoanRow, latest: int, rules: MemberRules) -> int:
    """The end of the day wished for, or of the next one that is open; `latest` where that is no sooner."""
    if wish >= instant(latest):
        return latest
    calendar = rules.calendar(loan.location)
    return millis(calendar.end_of(calendar.next_open(calendar.day_of(wish))))


def _recalls(hold: HoldRow, case: Case) -> bool:
    """Whether a hold that has found no item yet has recalled one of these."""
    assert case.item is not None
    return hold.type == HoldType.RECALL and hold.filled_item_id is None and waits_for(hold, case.item)


def _done(event: str, command: Command, case: Case, loan: LoanRow) -> Ruling:
    item = case.item
    assert item is not None
    log = case.log(command)
    log.add(event, patron_id=loan.patron_id, item_id=item.id, loan_id=loan.id, due=loan.due_at, **referred(loan, item))
    answer = _answer(command, case, loan)
    return Ruling(answer, [*log.effects, Update(loan), Update(touch_item(item, command))], subject_of(item))


def _answer(command: Command, case: Case, loan: LoanRow) -> LoanOutcome:
    return LoanOutcome(
        loan=loan_entity(case, command, loan),
        item=item_entity(case, command, loan=loan),
        desensitize=False,
        messages=(due_message(loan),),
    )
