"""loan.return, the check-in: closes the loan, charges lateness, takes back what loss had cost, and says where the
item goes next: to the first hold that waits for it, home, or back on its shelf.

An item that was not on loan is taken back all the same. A return date is believed within reason: never in the future,
never before the loan, and on line not further back than the member allows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from gateway.canonical.context import CommandKey, Context
from gateway.canonical.entities import Fee, Routing
from gateway.canonical.messages import MessageRef
from gateway.canonical.outcomes import ReturnOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import LoanReturn
from gateway.canonical.trusted import trusted
from gateway.canonical.vocabulary import FeeType, ItemStatus, LoanStatus, RoutingAction
from gateway.platforms.reference import exactly_once, offline, parts, policy
from gateway.platforms.reference.charging import late_fee, new_charge, take_back
from gateway.platforms.reference.circulation import (
    Case,
    item_before,
    item_entity,
    item_named,
    loan_entity,
    look_elsewhere,
    refuse,
    subject_of,
)
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.events import Log, referred
from gateway.platforms.reference.exactly_once import Command, Ruling, touch_item
from gateway.platforms.reference.holds import tell
from gateway.platforms.reference.trapping import next_hold, routing, send_home, trap
from gateway.platforms.reference.views import fee_view, from_elsewhere
from gateway.store.effects import Effect, Insert, Update
from gateway.store.port import Plan
from gateway.store.rows import ChargeRow, HoldRow, ItemRow

_ITEM = parts.asked_item()
_BORROWER = parts.borrower_of(_ITEM)

PARTS = (
    policy.STATE,
    exactly_once.STORED,
    parts.item(_ITEM),
    parts.bib(_ITEM),
    parts.unreturned(_ITEM),
    parts.loan_charges(_ITEM),
    parts.queue(_ITEM),
    parts.queue_people(_ITEM),
    parts.identifiers(_BORROWER),
    parts.pseudonym(_BORROWER),
)
PLAN = Plan("reference.loan.return", PARTS, Case)

# Statuses that a scan at a terminal does not end: such an item goes to staff.
_FOR_STAFF = (ItemStatus.WITHDRAWN, ItemStatus.ON_ORDER, ItemStatus.IN_PROCESS, ItemStatus.UNAVAILABLE)
_DAY = 86_400_000

_outcome = trusted(ReturnOutcome)

Verdict = Callable[[LoanReturn, Command, Case], Ruling]


async def perform(
    platform: Core, ctx: Context, request: LoanReturn, key: CommandKey, verdict: Verdict | None = None
) -> ReturnOutcome | Refusal:
    """Takes an item of this member back. Raises Elsewhere where `foreign` has to look further; `verdict` does not."""
    return await platform.command(ctx, request, key, PLAN, item_named(request), partial(verdict or decide, request))


def decide(request: LoanReturn, command: Command, case: Case) -> Ruling:
    """The verdict over one snapshot, unless the item is another member's affair too (Elsewhere)."""
    look_elsewhere(command, case, returning=True)
    return verdict(request, command, case)


def verdict(request: LoanReturn, command: Command, case: Case) -> Ruling:
    """Takes the item back; only an item that is not known is refused, and that not off line."""
    item, log = case.item, case.log(command)
    if item is None:
        if not request.offline:
            return refuse(RefusalCode.ITEM_NOT_FOUND)
        barcode = (request.item or "").strip()
        answer = ReturnOutcome(
            item=offline.unknown_item(barcode),
            routing=Routing(action=RoutingAction.EXCEPTION),
            offline_accepted=True,
            messages=(MessageRef(id="return.exception"),),
        )
        row = offline.conflict(command, log, str(RefusalCode.ITEM_NOT_FOUND), barcode)
        return Ruling(answer, [*log.effects, row])
    loan = case.loan
    if request.offline and loan is not None and offline.happened(request.returned_at, command) < loan.loaned_at:
        return _keep_as_past(command, case, log)
    before = item_before(item)
    closed = close_loan(command, case, log, returned_at(request, command, case))
    here = command.rules.here(request.location or command.ctx.location)
    if request.properties is not None:
        item.properties = request.properties
    waited = {h.id for h in case.queue if h.filled_item_id is not None}
    hold, routed = _place(command, case, here)
    effects: list[Effect] = [*closed.effects, Update(touch_item(item, command))]
    if hold is not None:
        effects.append(Update(hold))
        log.introduce(hold.patron_id)
        if hold.external_ref is not None and hold.id not in waited:  # the other side waits for news of its own
            tell(hold, item, log)
    log.add(
        "loan.returned" if loan else "item.checked_in",
        patron_id=loan.patron_id if loan else None,
        item_id=item.id,
        loan_id=loan.id if loan else None,
        at_location=here,
        before=before,
        hold=hold.id if hold else None,
        charges=[c.id for c in closed.charges],
        reversed=closed.reversed,
        loan_status=closed.loan_status,
        offline=request.offline,
        **referred(loan, item),
    )
    answer = _outcome(
        item=item_entity(case, command, loan=None),
        loan=None if loan is None else loan_entity(case, command, loan),
        routing=routed,
        fees=fees_of(closed, item),
        offline_accepted=request.offline,
        messages=() if routed.action is RoutingAction.RESHELVE else (MessageRef(id=f"return.{routed.action}"),),
    )
    return Ruling(answer, log.effects + effects, subject_of(item))


def _keep_as_past(command: Command, case: Case, log: Log) -> Ruling:
    """An off-line return from before the present loan began: that loan stands, and staff are told."""
    item = case.item
    assert item is not None
    answer = ReturnOutcome(
        item=item_entity(case, command, loan=case.open_loan),
        routing=Routing(action=RoutingAction.EXCEPTION),
        offline_accepted=True,
        messages=(MessageRef(id="return.exception"),),
    )
    reason = f"{RefusalCode.LOAN_NOT_FOUND}:later"
    row = offline.conflict(command, log, reason, item.barcode)
    return Ruling(answer, [*log.effects, row], subject_of(item))


@dataclass(slots=True)
class Closed:
    """What closing a loan did: new charges, charges taken back with the balance they had, and what is to be written."""

    charges: list[ChargeRow]
    reversed: list[list[Any]]
    loan_status: str | None
    effects: list[Effect]


def close_loan(command: Command, case: Case, log: Log, at: int) -> Closed:
    """Closes the item's unreturned loan, if there is one, as returned at `at`: lateness is charged, and what the loss
    of the item had cost is taken back as far as it was not paid."""
    loan = case.loan
    if loan is None:
        return Closed([], [], None, [])
    was = loan.status
    charges = []
    late = late_fee(command.rules, loan, case.loan_charges, at)
    if late:
        charges.append(new_charge(command, FeeType.OVERDUE, late, loan, case.title))
    lost = [c for c in case.loan_charges if c.type == FeeType.REPLACEMENT]
    taken = take_back(command, lost)
    loan.status, loan.returned_at, loan.return_terminal = LoanStatus.RETURNED, at, command.terminal
    effects: list[Effect] = [Update(loan), *(Insert(c) for c in charges), *(Update(c) for c, _ in taken)]
    if was == LoanStatus.LOST:
        paid = sum(c.original for c in lost) - sum(balance for _, balance in taken)
        log.add(
            "loan.found",
            patron_id=loan.patron_id,
            item_id=loan.item_id,
            loan_id=loan.id,
            paid=paid,
            **referred(loan, case.item),
        )
    return Closed(charges, [[c.id, balance] for c, balance in taken], was, effects)


def fees_of(closed: Closed, item: ItemRow) -> tuple[Fee, ...]:
    return tuple(fee_view(c, item_barcode=item.barcode) for c in closed.charges)


def _place(command: Command, case: Case, here: str) -> tuple[HoldRow | None, Routing]:
    """Decides where the item goes; changes the item and the hold it is trapped for, which is handed back."""
    item, rules = case.item, command.rules
    assert item is not None
    if item.status in _FOR_STAFF and not from_elsewhere(item):
        return None, Routing(action=RoutingAction.PROCESS, destination=item.permanent_location)
    if item.status == ItemStatus.RESTRICTED_USE:
        return None, Routing(action=RoutingAction.RESHELVE)
    hold = case.hold(item.hold_id) or next_hold(case.queue, item, command.now)
    if hold is None:
        send_home(item, here, rules)
        return None, routing(item, None)
    person = case.person(hold.patron_id)
    waiting_since = hold.hold_until_at
    trap(item, hold, here, rules, command.now, person["category"] if person else "*")
    if waiting_since is not None and item.status == ItemStatus.ON_HOLD_SHELF:
        hold.hold_until_at = waiting_since  # scanned again on the shelf: the patron's days do not start anew
    return hold, routing(item, hold, person)


def returned_at(request: LoanReturn, command: Command, case: Case) -> int:
    """When the item came back, as far as the terminal is believed (UTC milliseconds)."""
    at = offline.happened(request.returned_at, command)
    if not request.offline:
        at = max(at, command.now - command.rules.settings.backdate_days * _DAY)
    return at if case.loan is None else max(at, case.loan.loaned_at)
