"""One table that carries every refusal and failure to every door: HTTP, SIP2, NCIP, LDAP, and the words for people.

A row a code (canonical model 3.1), a column a door: adding a protocol adds a column here and no code elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.canonical.messages import MessageRef
from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal, RefusalCode
from gateway.canonical.vocabulary import BlockReason

DENIED = (0, 1, 2, 3)
"""Positions of SIP2's patron status that deny charging, renewing, recalling and holding."""


@dataclass(frozen=True, slots=True)
class Sip2Refusal:
    """How a "no" looks to a kiosk. Every answer has ok=0 (or N) and AF; this says what else.

    `card_known`: the "no" is about a card that exists, so BL may be Y; else 24, 26 and 64 say BL=N and deny everything.
    `needs_pin`: it is a PIN that failed, so BL is N and CQ is N whatever is known, unless the profile says that BL
    tells about the card alone. `status`: positions of patron status that this refusal is a reason for. `fee`: BT, BH
    and BV name the fee to be acknowledged. `ok_in`: answers that say ok=1 all the same.
    """

    card_known: bool = False
    needs_pin: bool = False
    status: tuple[int, ...] = DENIED
    fee: bool = False
    ok_in: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NcipProblem:
    """NCIP's Problem: a ProblemType of Z39.83-1 appendix A and the element it is about."""

    type: str
    element: str | None = None


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """`http` is the status, `http_title` the problem's title; `ldap` is the LDAP result code (RFC 4511, 4.1.9)."""

    http: int
    http_title: str
    sip2: Sip2Refusal
    ncip: NcipProblem
    ldap: int
    message_id: str


_LDAP_NO_SUCH_OBJECT = 32
_LDAP_INVALID_CREDENTIALS = 49
_LDAP_INSUFFICIENT_RIGHTS = 50
_LDAP_BUSY = 51
_LDAP_UNAVAILABLE = 52
_LDAP_UNWILLING = 53
_LDAP_PROTOCOL_ERROR = 2
_LDAP_TIME_LIMIT = 3
_LDAP_ENTRY_EXISTS = 68

_UNKNOWN_CARD = Sip2Refusal()
_WRONG_PIN = Sip2Refusal(card_known=True, needs_pin=True)
_CARD_DENIED = Sip2Refusal(card_known=True)
_NO = Sip2Refusal(status=())

_RESOURCE = "Resource Cannot Be Provided"
_AGENCY = "Unauthorized Combination Of Element Values For Agency"
_TEMPORARY = "Temporary Processing Failure"

_USER = "UserIdentifierValue"
_ITEM = "ItemIdentifierValue"

REFUSALS: dict[RefusalCode | FailureCode, RefusalRow] = {}
"""Every refusal and failure code, with its look at every door."""


def _row(
    code: RefusalCode | FailureCode,
    http: int,
    title: str,
    sip2: Sip2Refusal,
    ncip: str,
    element: str | None = None,
    ldap: int = _LDAP_UNWILLING,
) -> None:
    family = "refusal" if isinstance(code, RefusalCode) else "failure"
    REFUSALS[code] = RefusalRow(http, title, sip2, NcipProblem(ncip, element), ldap, f"{family}.{code.lower()}")


_R, _F = RefusalCode, FailureCode
_row(_R.PATRON_NOT_FOUND, 404, "Patron not found", _UNKNOWN_CARD, "Unknown User", _USER, _LDAP_NO_SUCH_OBJECT)
_row(_R.PATRON_NOT_UNIQUE, 409, "Several patrons have this identifier", _UNKNOWN_CARD, "Non-Unique User", _USER)
_row(
    _R.PATRON_AUTH_FAILED,
    403,
    "Wrong PIN",
    _WRONG_PIN,
    "User Authentication Failed",
    "AuthenticationInput",
    _LDAP_INVALID_CREDENTIALS,
)
_row(
    _R.PATRON_AUTH_REQUIRED,
    403,
    "PIN needed",
    _WRONG_PIN,
    "User Authentication Failed",
    "AuthenticationInput",
    _LDAP_INVALID_CREDENTIALS,
)
_row(
    _R.PATRON_AUTH_LIMITED,
    429,
    "Too many wrong PINs",
    _WRONG_PIN,
    "User Authentication Failed",
    "AuthenticationInput",
    _LDAP_INVALID_CREDENTIALS,
)
_row(_R.PATRON_BLOCKED, 403, "Patron blocked", _CARD_DENIED, "User Blocked", _USER)
_row(_R.PATRON_EXPIRED, 403, "Membership expired", _CARD_DENIED, "User Blocked", _USER)
_row(_R.PATRON_INACTIVE, 403, "Patron not active", _CARD_DENIED, "User Access Denied", _USER)
_row(_R.PATRON_INELIGIBLE, 403, "Not for this category of patron", _NO, "User Ineligible To Check Out This Item", _USER)
_row(_R.AGE_RESTRICTED, 403, "Age limit", _NO, "User Ineligible To Check Out This Item", _USER)
_row(_R.ITEM_NOT_FOUND, 404, "Item not found", _NO, "Unknown Item", _ITEM, _LDAP_NO_SUCH_OBJECT)
_row(_R.ITEM_NOT_UNIQUE, 409, "Several items have this identifier", _NO, "Non-Unique Item", _ITEM)
_row(
    _R.BIB_NOT_FOUND, 404, "Title not found", _NO, "Unknown Item", "BibliographicRecordIdentifier", _LDAP_NO_SUCH_OBJECT
)
_row(_R.ITEM_NOT_FOR_LOAN, 403, "Item not for loan", _NO, "Item Does Not Circulate", _ITEM)
_row(_R.ITEM_UNAVAILABLE, 409, "Item cannot be lent as it stands", _NO, _RESOURCE, _ITEM)
_row(_R.DESK_NOT_ALLOWED, 403, "Not at this desk", _NO, _AGENCY)
_row(_R.ALREADY_ON_LOAN_TO_PATRON, 409, "Already on loan to this patron", _NO, _RESOURCE, _ITEM)
_row(_R.ALREADY_ON_LOAN_TO_OTHER, 409, "On loan to somebody else", _NO, _RESOURCE, _ITEM)
_row(_R.ON_HOLD_FOR_OTHER, 409, "On hold for somebody else", _NO, _RESOURCE, _ITEM)
_row(_R.LIMIT_REACHED, 403, "Limit reached", Sip2Refusal(status=(5,)), "Maximum Check Outs Exceeded", _USER)
_row(_R.FEE_LIMIT, 403, "Too much owed", Sip2Refusal(status=(10, 11)), "User Blocked", _USER)
_row(_R.OVERDUE_LIMIT, 403, "Too much overdue", Sip2Refusal(status=(6,)), "User Blocked", _USER)
_row(
    _R.FEE_ACK_REQUIRED,
    402,
    "Fee must be acknowledged",
    Sip2Refusal(status=(), fee=True),
    "Needed Data Missing",
    "AcknowledgedFeeAmount",
)
_row(_R.CONFIRMATION_REQUIRED, 409, "Staff must confirm", _NO, "Needed Data Missing")
_row(
    _R.LOAN_NOT_FOUND,
    404,
    "Not on loan",
    Sip2Refusal(status=(), ok_in=frozenset({"10"})),
    "Item Not Checked Out",
    _ITEM,
    _LDAP_NO_SUCH_OBJECT,
)
_row(_R.LOAN_OF_OTHER_PATRON, 409, "On loan to somebody else", _NO, "Item Not Checked Out To This User", _ITEM)
_row(_R.RENEWAL_LIMIT, 403, "Renewal limit reached", Sip2Refusal(status=(7,)), "Maximum Renewals Exceeded", _ITEM)
_row(_R.RENEWAL_NOT_ALLOWED, 403, "Loan not renewable", _NO, "Item Not Renewable", _ITEM)
_row(
    _R.RENEWAL_BLOCKED_BY_REQUEST,
    409,
    "Requested by somebody else",
    _NO,
    "Renewal Not Allowed - Item Has Outstanding Requests",
    _ITEM,
)
_row(_R.CHECKIN_BLOCKED, 409, "Not to be returned here", _NO, _RESOURCE, _ITEM)
_row(_R.RECALL_NOT_ALLOWED, 409, "Not to be recalled", _NO, "Item Cannot Be Recalled", _ITEM)
_row(_R.UNDO_NOT_POSSIBLE, 409, "Cannot be undone any more", _NO, _RESOURCE, _ITEM)
_row(_R.HOLD_NOT_FOUND, 404, "Hold not found", _NO, "Unknown Request", "RequestIdentifierValue", _LDAP_NO_SUCH_OBJECT)
_row(_R.HOLD_AMBIGUOUS, 409, "Several holds fit", _NO, "Needed Data Missing", "RequestId")
_row(_R.DUPLICATE_HOLD, 409, "Already on hold for this patron", _NO, "Duplicate Request", _ITEM, _LDAP_ENTRY_EXISTS)
_row(_R.HOLD_NOT_ALLOWED, 403, "Hold not allowed", _NO, "User Ineligible To Request This Item", _ITEM)
_row(_R.PICKUP_INVALID, 422, "No pickup location", _NO, "Element Rule Violated", "PickupLocation")
_row(
    _R.HOLD_ALREADY_PROCESSED,
    409,
    "Hold already dealt with",
    _NO,
    "Request Already Processed",
    "RequestIdentifierValue",
)
_row(_R.BLOCK_NOT_FOUND, 404, "Block not found", _NO, "Unknown Element", "BlockOrTrap", _LDAP_NO_SUCH_OBJECT)
_row(
    _R.FEE_NOT_FOUND,
    404,
    "Charge not found",
    _NO,
    "Unknown Element",
    "FiscalTransactionReferenceId",
    _LDAP_NO_SUCH_OBJECT,
)
_row(_R.PAYMENT_INVALID_AMOUNT, 422, "Amount not valid", _NO, "Invalid Amount", "Amount")
_row(_R.PAYMENT_WRONG_CURRENCY, 422, "Not the library's currency", _NO, "Invalid Amount", "CurrencyCode")
_row(_R.PAYMENT_EXCEEDS_BALANCE, 422, "More than is owed", _NO, "Invalid Amount", "Amount")
_row(_R.INVALID_DATE, 422, "Date not valid", _NO, "Invalid Date")
_row(_R.CONFLICT, 409, "Conflict", _NO, "Duplicate User", _USER, _LDAP_ENTRY_EXISTS)
_row(_R.UNSUPPORTED_BY_PLATFORM, 501, "Not supported by the platform", _NO, "Unsupported Service")
_row(_R.BAD_REQUEST, 400, "Bad request", _UNKNOWN_CARD, "Needed Data Missing", None, _LDAP_PROTOCOL_ERROR)
_row(
    _R.TERMINAL_AUTH_FAILED,
    401,
    "Not logged in",
    _UNKNOWN_CARD,
    "Agency Authentication Failed",
    None,
    _LDAP_INVALID_CREDENTIALS,
)
_row(
    _R.TERMINAL_FORBIDDEN,
    403,
    "Not permitted",
    _UNKNOWN_CARD,
    "Unauthorized Service For Agency",
    None,
    _LDAP_INSUFFICIENT_RIGHTS,
)
_row(_F.UPSTREAM_AUTH, 502, "The platform refused our credentials", _UNKNOWN_CARD, _TEMPORARY, None, _LDAP_UNAVAILABLE)
_row(_F.UPSTREAM_FORBIDDEN, 502, "The platform forbade the call", _UNKNOWN_CARD, _TEMPORARY, None, _LDAP_UNAVAILABLE)
_row(_F.UPSTREAM_THROTTLED, 503, "The platform is busy", _UNKNOWN_CARD, _TEMPORARY, None, _LDAP_BUSY)
_row(_F.UPSTREAM_QUOTA, 503, "The platform's quota is used up", _UNKNOWN_CARD, _TEMPORARY, None, _LDAP_BUSY)
_row(_F.UPSTREAM_TIMEOUT, 504, "The platform did not answer in time", _UNKNOWN_CARD, _TEMPORARY, None, _LDAP_TIME_LIMIT)
_row(_F.UPSTREAM_ERROR, 502, "The platform failed", _UNKNOWN_CARD, _TEMPORARY, None, _LDAP_UNAVAILABLE)
_row(
    _F.AUTHENTICATION_UNAVAILABLE,
    503,
    "Passwords cannot be checked now",
    _UNKNOWN_CARD,
    _TEMPORARY,
    None,
    _LDAP_UNAVAILABLE,
)


def row_of(no: Refusal | PlatformFailure) -> RefusalRow:
    """The table's row for a refusal or failure."""
    return REFUSALS[no.code]


def kind_of(detail: Mapping[str, object]) -> str | None:
    """What a refusal's detail says more exactly: its `kind`, or the item status or block reason that caused it."""
    for name in ("kind", "status", "reason"):
        value = detail.get(name)
        if isinstance(value, str) and value:
            return value.lower()
    return None


def messages_of(no: Refusal | PlatformFailure) -> tuple[MessageRef, ...]:
    """What to tell people: the refusal's own messages, else the row's, with the detail as parameters."""
    if isinstance(no, PlatformFailure):
        return (MessageRef(id=REFUSALS[no.code].message_id),)
    if no.messages:
        return no.messages
    if no.code is RefusalCode.PATRON_BLOCKED and (told := _blocks(no.detail)):
        return told
    kind = kind_of(no.detail)
    params = {name: str(value) for name, value in no.detail.items() if isinstance(value, str | int | float)}
    if kind is not None:
        params["kind"] = kind
    return (MessageRef(id=REFUSALS[no.code].message_id, params=params),)


def _blocks(detail: Mapping[str, object]) -> tuple[MessageRef, ...]:
    """The reasons of the blocks, where the detail names reasons that have words of their own."""
    reasons = detail.get("reasons") or [detail.get("reason")]
    named = [str(reason) for reason in reasons] if isinstance(reasons, list | tuple) else []
    return tuple(MessageRef(id=f"block.{name.lower()}") for name in named if name in BlockReason.__members__)


def problem_type(code: RefusalCode | FailureCode) -> str:
    """The `type` of the RFC 9457 problem: a path below the API's own host."""
    return "/problems/" + code.lower().replace("_", "-")
