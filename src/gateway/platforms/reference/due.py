"""When a loan is due once the rule has spoken: what the one who asks wishes, and what the lender of the item allows."""

from __future__ import annotations

from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import LoanCreate, LoanRenew
from gateway.canonical.vocabulary import DesiredDue
from gateway.platforms.reference.policy import millis
from gateway.store.rows import ItemRow


def wish_refusal(request: LoanCreate | LoanRenew, now: int) -> Refusal | None:
    """INVALID_DATE for a wish that counts and is not in the future."""
    wish = _wish(request)
    if wish is None or wish > now:
        return None
    return Refusal(code=RefusalCode.INVALID_DATE, detail={"kind": "desired_due"})


def capped(item: ItemRow, due_at: int) -> int:
    """Not later than the item is to be back where it came from."""
    return due_at if item.return_by_at is None else min(due_at, item.return_by_at)


def due_as_asked(request: LoanCreate | LoanRenew, item: ItemRow, by_rule: int) -> int:
    """The due date by the rule, or the wish where it counts: the earlier of both, or the wish alone; capped."""
    wish = _wish(request)
    if wish is None:
        return capped(item, by_rule)
    return capped(item, wish if request.desired_due_rule is DesiredDue.WINS else min(by_rule, wish))


def _wish(request: LoanCreate | LoanRenew) -> int | None:
    if request.desired_due is None or request.desired_due_rule is DesiredDue.IGNORED:
        return None
    return millis(request.desired_due)
