"""Loans: made, ended, renewed, recalled, undone."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from gateway.canonical.requests.base import PatronRequest, Request
from gateway.canonical.vocabulary import DesiredDue, Permission


class LoanCreate(PatronRequest):
    """Check-out. `happened_at` and `due` are kept as told only with `offline` (it already happened at the terminal)."""

    operation: ClassVar[str] = "loan.create"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.CHECKOUT
    item: str | None = None
    item_id: str | None = None
    renew_if_own: bool = False  # the item is already on loan to this patron: renew it
    offline: bool = False
    happened_at: datetime | None = None
    due: datetime | None = None
    desired_due: datetime | None = None
    desired_due_rule: DesiredDue = DesiredDue.IGNORED
    fee_acknowledged: bool = False
    properties: str | None = None
    external_ref: str | None = None


class LoanReturn(Request):
    """Check-in. `location` is where the item is now (None: the terminal's own)."""

    operation: ClassVar[str] = "loan.return"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.CHECKIN
    item: str | None = None
    item_id: str | None = None
    returned_at: datetime | None = None
    location: str | None = None
    offline: bool = False
    properties: str | None = None


class LoanRenew(PatronRequest):
    operation: ClassVar[str] = "loan.renew"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.RENEW
    item: str | None = None
    item_id: str | None = None
    title: str | None = None  # SIP2 lets a loan be named by title alone
    loan_id: str | None = None
    third_party: bool = False  # the one who asks may be someone else than the borrower
    offline: bool = False
    happened_at: datetime | None = None
    due: datetime | None = None
    desired_due: datetime | None = None
    desired_due_rule: DesiredDue = DesiredDue.IGNORED
    fee_acknowledged: bool = False


class LoanRecall(Request):
    """Asks for an item back that is on loan, for nobody's hold; the loan ends at the earliest when its rule allows it,
    and not before `desired_due`. Refused: LOAN_NOT_FOUND, RECALL_NOT_ALLOWED."""

    operation: ClassVar[str] = "loan.recall"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.RECALL
    item: str | None = None
    item_id: str | None = None
    desired_due: datetime | None = None


class LoanRecallCancel(Request):
    """Takes a recall back: the loan is due when it was before. Refused: LOAN_NOT_FOUND, UNDO_NOT_POSSIBLE where it is
    not recalled or somebody waits for it."""

    operation: ClassVar[str] = "loan.recall_cancel"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.RECALL
    item: str | None = None
    item_id: str | None = None


class LoanRenewAll(PatronRequest):
    operation: ClassVar[str] = "loan.renew_all"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.RENEW
    fee_acknowledged: bool = False


class LoanUndo(PatronRequest):
    """`what="loan"` closes a loan as never made, or takes back its renewal where that came last; `what="checkout"` does
    the first only, and refuses a loan that was renewed; `what="return"` reopens the loan that a check-in closed.

    `made_by` is the key of the command to be undone: refuse where it was not the last one to touch the item.
    """

    operation: ClassVar[str] = "loan.undo"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.UNDO
    what: str = "loan"
    item: str | None = None
    item_id: str | None = None
    loan_id: str | None = None
    only_if_untouched: bool = False  # refuse where anything happened to the item since
    made_by: str | None = None
