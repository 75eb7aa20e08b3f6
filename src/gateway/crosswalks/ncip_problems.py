"""Which ProblemType a refusal is in which service, and which element it is about.

NCIP's problem lists are per service (Z39.83-1, appendix A): CheckInItem has two values of its own. Each refusal has a
first choice (`crosswalks.refusals`), some services another one, and where a service does not have that value the next
best of `INSTEAD` is taken; the last resort is a general value that every service has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from gateway.canonical.refusals import FailureCode, RefusalCode
from gateway.crosswalks.refusals import REFUSALS
from library_protocols.ncip.facts.problems import GENERAL, MESSAGING, OF_SERVICE

_R = RefusalCode

LAST_RESORT = "Unauthorized Combination Of Element Values For Agency"
"""What every service has and what says least: these values together are not for this agency."""

_CHECK_OUT = "User Ineligible To Check Out This Item"
_RENEW = "User Ineligible To Renew This Item"
_REQUEST = "User Ineligible To Request This Item"
_RULE = "Element Rule Violated"
_CANNOT_ACCEPT = "Cannot Accept Item"
_RESOURCE = "Resource Cannot Be Provided"
_DENIED = "Item Access Denied"

IN_SERVICE: Mapping[tuple[RefusalCode, str], str] = {
    (_R.ITEM_NOT_FOUND, "LookupRequest"): "Unknown Request",
    (_R.HOLD_NOT_FOUND, "LookupItem"): "Unknown Item",
    (_R.ON_HOLD_FOR_OTHER, "RenewItem"): "Renewal Not Allowed - Item Has Outstanding Requests",
    (_R.HOLD_AMBIGUOUS, "LookupRequest"): "Non-Unique Request",
    (_R.RECALL_NOT_ALLOWED, "CancelRecallItem"): "Recall Cannot Be Cancelled At This Time",
    (_R.UNDO_NOT_POSSIBLE, "CancelRecallItem"): "Recall Cannot Be Cancelled At This Time",
    (_R.UNDO_NOT_POSSIBLE, "ItemRecallCancelled"): "Recall Cannot Be Cancelled At This Time",
    (_R.BLOCK_NOT_FOUND, "UpdateUser"): "Unable To Delete Element",
    (_R.BLOCK_NOT_FOUND, "UserUpdated"): "Unable To Delete Element",
    (_R.CONFLICT, "CreateItem"): "Duplicate Item",
    (_R.CONFLICT, "ItemCreated"): "Duplicate Item",
    (_R.CONFLICT, "UpdateItem"): "Unable To Add Element",
    (_R.CONFLICT, "ItemUpdated"): "Unable To Add Element",
    (_R.CONFLICT, "DeleteItem"): _RULE,
    (_R.CONFLICT, "RequestItem"): "Duplicate Request",
    (_R.CONFLICT, "ItemRequested"): "Duplicate Request",
    (_R.CONFLICT, "CreateUserFiscalTransaction"): "Duplicate Fiscal Transaction",
    (_R.CONFLICT, "UserFiscalTransactionCreated"): "Duplicate Fiscal Transaction",
    (_R.CONFLICT, "CheckOutItem"): _RESOURCE,
    (_R.CONFLICT, "ItemCheckedOut"): _RESOURCE,
    (_R.LIMIT_REACHED, "RequestItem"): _REQUEST,
    (_R.LIMIT_REACHED, "ItemRequested"): _REQUEST,
    (_R.PATRON_INELIGIBLE, "RequestItem"): _REQUEST,
    (_R.PATRON_INELIGIBLE, "ItemRequested"): _REQUEST,
    (_R.PATRON_INELIGIBLE, "RenewItem"): _RENEW,
    (_R.PATRON_INELIGIBLE, "ItemRenewed"): _RENEW,
}
"""Where a service has a better word than the refusal's first choice."""

INSTEAD: Mapping[str, tuple[str, ...]] = {
    "User Blocked": (_CHECK_OUT, "User Access Denied", "Account Access Denied", _RULE),
    "User Access Denied": ("User Blocked", _CHECK_OUT, _RULE),
    "Non-Unique User": ("Unknown User",),
    "Unknown User": ("Unknown Request",),
    "User Authentication Failed": ("User Access Denied", _CANNOT_ACCEPT),
    _CHECK_OUT: (_RENEW, _REQUEST, _RULE),
    "Maximum Check Outs Exceeded": (_CHECK_OUT, _REQUEST, _RENEW, _RULE),
    "Non-Unique Item": ("Unknown Item", "Non-Unique Request"),
    "Item Does Not Circulate": ("Item Not Renewable", _CANNOT_ACCEPT, _DENIED, _RULE),
    _RESOURCE: ("Item Does Not Circulate", "Item Not Renewable", _CANNOT_ACCEPT, _DENIED, _RULE),
    "Item Not Checked Out": ("Unknown Item",),
    "Item Not Checked Out To This User": ("Item Not Checked Out", "Unknown Item"),
    "Maximum Renewals Exceeded": (_RESOURCE, _RULE),
    "Item Not Renewable": (_RESOURCE, _RULE),
    "Renewal Not Allowed - Item Has Outstanding Requests": (_RESOURCE, _RULE),
    "Item Cannot Be Recalled": (_REQUEST, _RESOURCE, _RULE),
    "Duplicate Request": (_CANNOT_ACCEPT, _RULE),
    _REQUEST: (_CANNOT_ACCEPT, _RESOURCE, _RULE),
    _RULE: (_CANNOT_ACCEPT, _RESOURCE),
    "Unknown Request": (_RULE, "Unknown Item"),
    "Request Already Processed": (_RULE, _CANNOT_ACCEPT, _RESOURCE),
    "Unknown Element": (_RULE, _CANNOT_ACCEPT, _RESOURCE),
    "Duplicate User": (_CANNOT_ACCEPT, _RULE, _RESOURCE),
    "Unable To Delete Element": (_RULE,),
    "Unable To Add Element": (_RULE,),
}
"""What comes nearest where a service has not this value, best first."""

PATHS: Mapping[str, tuple[str, ...]] = {
    "UserIdentifierValue": ("UserId/UserIdentifierValue", "AuthenticationInput"),
    "ItemIdentifierValue": ("ItemId/ItemIdentifierValue",),
    "RequestIdentifierValue": ("RequestId/RequestIdentifierValue", "ItemId/ItemIdentifierValue"),
    "BibliographicRecordIdentifier": (
        "BibliographicId/BibliographicRecordId/BibliographicRecordIdentifier",
        "BibliographicId/BibliographicItemId/BibliographicItemIdentifier",
    ),
    "FiscalTransactionReferenceId": (
        "FiscalTransactionInformation/RelatedFiscalTransactionReferenceId/FiscalTransactionIdentifierValue",
        "FiscalTransactionInformation/FiscalTransactionReferenceId/FiscalTransactionIdentifierValue",
    ),
    "Amount": ("FiscalTransactionInformation/Amount/MonetaryValue",),
    "CurrencyCode": ("FiscalTransactionInformation/Amount/CurrencyCode",),
    "BlockOrTrap": ("DeleteUserFields/BlockOrTrap/BlockOrTrapType", "AddUserFields/BlockOrTrap/BlockOrTrapType"),
}
"""Where the elements of `crosswalks.refusals` stand below a service, the likeliest place first; others stand directly
below it."""

UNTOLD = frozenset({"AuthenticationInput", "AuthenticationInputData", "FromAgencyAuthentication",
                    "FromSystemAuthentication"})  # fmt: skip
"""Elements whose content is in no answer."""

VALUE_LIMIT = 200
"""Characters of a value that are told back: the longest identifiers in use have some eighty."""


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """`paths` are the places, below the service's element, that the problem may be about, the likeliest first."""

    type: str
    paths: tuple[str, ...] = ()


def allowed(service: str | None) -> frozenset[str] | None:
    """The values that a service may answer with; None where its list is not known and it borrows others'."""
    own = OF_SERVICE.get(service or "")
    return None if own is None else frozenset((*own, *GENERAL))


@cache
def problem_row(code: RefusalCode | FailureCode, service: str | None) -> ProblemRow:
    """How a refusal or failure looks in the answer of a service; of a message without one where `service` is None."""
    row = REFUSALS[code].ncip
    wanted = row.type
    if isinstance(code, RefusalCode) and service is not None:
        wanted = IN_SERVICE.get((code, service), wanted)
    return ProblemRow(fitting(wanted, service), paths_of(row.element))


@cache
def fitting(wanted: str, service: str | None) -> str:
    """The value where the service has it, else the nearest one that it has."""
    values = allowed(service)
    if values is None:
        return INSTEAD[wanted][0] if wanted in MESSAGING and wanted in INSTEAD else wanted
    return next((value for value in (wanted, *INSTEAD.get(wanted, ())) if value in values), LAST_RESORT)


def paths_of(element: str | None) -> tuple[str, ...]:
    """Where an element that a refusal is about may stand below a service's element."""
    if element is None:
        return ()
    return PATHS.get(element, (element,))
