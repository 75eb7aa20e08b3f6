"""Transactions that already happened at a terminal while its line was down: kept while the platform is away.

They are answered as the kiosk expects, replayed in order with their own dates and keys, and listed for staff where the
rules would have refused them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.canonical.context import CommandKey, Context
from gateway.canonical.entities import Item, Loan, Routing
from gateway.canonical.messages import MessageRef
from gateway.canonical.outcomes import LoanOutcome, Outcome, ReturnOutcome
from gateway.canonical.requests import LoanCreate, LoanRenew, LoanReturn, Request
from gateway.canonical.vocabulary import ItemStatus, LoanStatus, RoutingAction
from gateway.config import MemberPolicy
from gateway.journal import Journal

OfflineRequest = LoanCreate | LoanReturn | LoanRenew
_ACCEPTED = (MessageRef(id="loan.offline"),)


def kept(request: Request, policy: MemberPolicy) -> OfflineRequest | None:
    """The request, if it is one that may be kept for later."""
    if isinstance(request, (LoanCreate, LoanReturn, LoanRenew)) and request.offline and policy.offline:
        return request
    return None


def accept(
    journal: Journal, ctx: Context, request: OfflineRequest, key: CommandKey, policy: MemberPolicy, now: datetime
) -> Outcome:
    """Keeps the transaction durably and answers it. Raises JournalFull. The same key is kept once."""
    dated = _dated(request, now)
    journal.append(ctx, dated, key)
    item = Item(id="", barcode=request.item or request.item_id or "", status=ItemStatus.UNKNOWN)
    if isinstance(dated, LoanReturn):
        # Whether somebody waits for it is not known: it must not go back to the shelf unseen.
        return ReturnOutcome(
            item=item, routing=Routing(action=RoutingAction.EXCEPTION), offline_accepted=True, messages=_ACCEPTED
        )
    happened = dated.happened_at or now
    loan = Loan(
        id="",
        item_id=request.item_id or "",
        patron_id=dated.patron_id or "",
        item_barcode=item.barcode,
        patron_barcode=dated.patron,
        status=LoanStatus.OPEN,
        loaned_at=happened,
        due=dated.due or happened + timedelta(days=policy.offline_loan_days),
    )
    renewed = isinstance(dated, LoanRenew)
    return LoanOutcome(loan=loan, item=item, renewed=renewed, offline_accepted=True, messages=_ACCEPTED)


def _dated(request: OfflineRequest, now: datetime) -> OfflineRequest:
    """With the moment at which it happened: replayed tomorrow, it still happened today."""
    if isinstance(request, LoanReturn):
        return request if request.returned_at else request.model_copy(update={"returned_at": now})
    return request if request.happened_at else request.model_copy(update={"happened_at": now})
