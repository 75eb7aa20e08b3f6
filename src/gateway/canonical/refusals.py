"""Refusals (legitimate "no"s, values), failures (exceptions) and edge errors; canonical model 3.1.

A refusal is stored under its command's idempotency key and replayed; a failure never is.
How each looks at each door stands in one table: `gateway.crosswalks.refusals`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from gateway.canonical.messages import MessageRef


class RefusalCode(StrEnum):
    PATRON_NOT_FOUND = "PATRON_NOT_FOUND"
    PATRON_NOT_UNIQUE = "PATRON_NOT_UNIQUE"
    PATRON_AUTH_FAILED = "PATRON_AUTH_FAILED"
    PATRON_AUTH_REQUIRED = "PATRON_AUTH_REQUIRED"  # a PIN is needed and none was given
    PATRON_AUTH_LIMITED = "PATRON_AUTH_LIMITED"  # too many wrong PINs; try again later
    PATRON_BLOCKED = "PATRON_BLOCKED"
    PATRON_EXPIRED = "PATRON_EXPIRED"
    PATRON_INACTIVE = "PATRON_INACTIVE"
    PATRON_INELIGIBLE = "PATRON_INELIGIBLE"
    AGE_RESTRICTED = "AGE_RESTRICTED"
    ITEM_NOT_FOUND = "ITEM_NOT_FOUND"
    ITEM_NOT_UNIQUE = "ITEM_NOT_UNIQUE"
    BIB_NOT_FOUND = "BIB_NOT_FOUND"
    ITEM_NOT_FOR_LOAN = "ITEM_NOT_FOR_LOAN"
    ITEM_UNAVAILABLE = "ITEM_UNAVAILABLE"
    DESK_NOT_ALLOWED = "DESK_NOT_ALLOWED"
    ALREADY_ON_LOAN_TO_PATRON = "ALREADY_ON_LOAN_TO_PATRON"
    ALREADY_ON_LOAN_TO_OTHER = "ALREADY_ON_LOAN_TO_OTHER"
    ON_HOLD_FOR_OTHER = "ON_HOLD_FOR_OTHER"
    LIMIT_REACHED = "LIMIT_REACHED"
    FEE_LIMIT = "FEE_LIMIT"
    OVERDUE_LIMIT = "OVERDUE_LIMIT"
    FEE_ACK_REQUIRED = "FEE_ACK_REQUIRED"
    CONFIRMATION_REQUIRED = "CONFIRMATION_REQUIRED"
    LOAN_NOT_FOUND = "LOAN_NOT_FOUND"
    LOAN_OF_OTHER_PATRON = "LOAN_OF_OTHER_PATRON"
    RENEWAL_LIMIT = "RENEWAL_LIMIT"
    RENEWAL_NOT_ALLOWED = "RENEWAL_NOT_ALLOWED"
    RENEWAL_BLOCKED_BY_REQUEST = "RENEWAL_BLOCKED_BY_REQUEST"
    CHECKIN_BLOCKED = "CHECKIN_BLOCKED"
    RECALL_NOT_ALLOWED = "RECALL_NOT_ALLOWED"
    UNDO_NOT_POSSIBLE = "UNDO_NOT_POSSIBLE"  # what was to be undone is not there or has moved on
    HOLD_NOT_FOUND = "HOLD_NOT_FOUND"
    HOLD_AMBIGUOUS = "HOLD_AMBIGUOUS"  # the words given fit more than one hold
    DUPLICATE_HOLD = "DUPLICATE_HOLD"
    HOLD_NOT_ALLOWED = "HOLD_NOT_ALLOWED"
    PICKUP_INVALID = "PICKUP_INVALID"
    HOLD_ALREADY_PROCESSED = "HOLD_ALREADY_PROCESSED"
    BLOCK_NOT_FOUND = "BLOCK_NOT_FOUND"
    FEE_NOT_FOUND = "FEE_NOT_FOUND"
    PAYMENT_INVALID_AMOUNT = "PAYMENT_INVALID_AMOUNT"
    PAYMENT_WRONG_CURRENCY = "PAYMENT_WRONG_CURRENCY"
    PAYMENT_EXCEEDS_BALANCE = "PAYMENT_EXCEEDS_BALANCE"
    INVALID_DATE = "INVALID_DATE"
    CONFLICT = "CONFLICT"
    UNSUPPORTED_BY_PLATFORM = "UNSUPPORTED_BY_PLATFORM"
    # Edge errors: they belong to the door, not to an operation, and are never stored.
    BAD_REQUEST = "BAD_REQUEST"
    TERMINAL_AUTH_FAILED = "TERMINAL_AUTH_FAILED"
    TERMINAL_FORBIDDEN = "TERMINAL_FORBIDDEN"


EDGE_ERRORS = frozenset({RefusalCode.BAD_REQUEST, RefusalCode.TERMINAL_AUTH_FAILED, RefusalCode.TERMINAL_FORBIDDEN})


class FailureCode(StrEnum):
    """Something broke or is away; the outcome may be unknown."""

    UPSTREAM_AUTH = "UPSTREAM_AUTH"
    UPSTREAM_FORBIDDEN = "UPSTREAM_FORBIDDEN"
    UPSTREAM_THROTTLED = "UPSTREAM_THROTTLED"
    UPSTREAM_QUOTA = "UPSTREAM_QUOTA"
    UPSTREAM_TIMEOUT = "UPSTREAM_TIMEOUT"
    UPSTREAM_ERROR = "UPSTREAM_ERROR"
    AUTHENTICATION_UNAVAILABLE = "AUTHENTICATION_UNAVAILABLE"  # what checks PINs and passwords does not answer


class Refusal(BaseModel):
    """A legitimate "no". `detail` names what a machine may act on, such as `{"kind": "loans", "limit": 10}`."""

    model_config = ConfigDict(frozen=True)

    code: RefusalCode
    detail: dict[str, Any] = {}
    messages: tuple[MessageRef, ...] = ()


class PlatformFailure(Exception):
    """The platform could not answer. `outcome_unknown` says that a command may have been carried out."""

    def __init__(
        self,
        code: FailureCode,
        detail: str = "",
        *,
        outcome_unknown: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail
        self.outcome_unknown = outcome_unknown
        self.retry_after = retry_after
