"""Content models of answers, written down from the 2.02 schema and the 1.0 document type, as regular expressions over
the names of children. Names of version 1 are read as those of version 2 (UniqueUserId as UserId).
"""

from __future__ import annotations

import re
from functools import cache

_NAME = re.compile(r"\w+")
_USER_ITEM_REST = "FiscalTransactionInformation?, ItemOptionalFields?, UserOptionalFields?"
_ITEM_OR_REQUEST = "(ItemId | (RequestId, ItemId?))"
_DUE = "(DateDue | IndeterminateLoanPeriodFlag | NonReturnableFlag)"
_FEE = "RequiredFeeAmount?, RequiredItemUseRestrictionType*"

SUCCESS = {
    "LookupAgency": "AgencyId, OrganizationNameInformation*, AgencyAddressInformation*, AuthenticationPrompt*, "
    "ApplicationProfileSupportedType*, ConsortiumAgreement*, AgencyUserPrivilegeType*",
    "LookupItem": f"{_ITEM_OR_REQUEST}, HoldPickupDate?, DateRecalled?, ItemTransaction?, ItemOptionalFields?",
    "LookupItemSet": "BibInformation+, NextItemToken?",
    "LookupRequest": f"{_ITEM_OR_REQUEST}, UserId?, RequestType?, RequestScopeType?, RequestStatusType?, "
    "HoldQueuePosition?, ShippingInformation?, EarliestDateNeeded?, NeedBeforeDate?, PickupDate?, PickupLocation?, "
    "PickupExpiryDate?, DateOfUserRequest?, DateAvailable?, AcknowledgedFeeAmount?, PaidFeeAmount?, "
    "ItemOptionalFields?, UserOptionalFields?",
    "LookupUser": "UserId, UserFiscalAccount*, LoanedItemsCount*, LoanedItem*, RequestedItemsCount*, RequestedItem*, "
    "UserOptionalFields?",
    "AcceptItem": "RequestId, ItemId?",
    "CancelRecallItem": f"ItemId, UserId?, {_USER_ITEM_REST}",
    "CancelRequestItem": f"{_ITEM_OR_REQUEST}, UserId, {_USER_ITEM_REST}",
    "CheckInItem": f"ItemId, UserId?, RoutingInformation?, {_USER_ITEM_REST}",
    "CheckOutItem": f"ItemId, UserId, {_DUE}, RenewalCount?, ElectronicResource?, {_USER_ITEM_REST}",
    "CreateUserFiscalTransaction": "UserId, FiscalTransactionReferenceId",
    "DeleteItem": "ItemId",
    "RecallItem": f"ItemId, UserId?, DateDue?, {_USER_ITEM_REST}",
    "RenewItem": f"(Pending | (ItemId, UserId?, DateDue?, DateForReturn?, RenewalCount?, {_USER_ITEM_REST}))",
    "RequestItem": f"{_ITEM_OR_REQUEST}, UserId, RequestType, RequestScopeType, ShippingInformation?, DateAvailable?, "
    f"HoldPickupDate?, {_USER_ITEM_REST}",
    "UndoCheckOutItem": "ItemId, UserId?, FiscalTransactionInformation?",
    "UpdateAgency": "AgencyId",
    "UpdateRequestItem": "ItemId, UserId, RequestType, RequestScopeType, DateAvailable?, HoldPickupDate?, "
    f"{_USER_ITEM_REST}",
}
"""Service -> what an answer without problems holds, after its header and before Ext."""
_SUCCESS_1 = {
    "AuthenticateUser": "UserId",
    "LookupUser": "UserId, UserFiscalAccount*, LoanedItemsCount*, RequestedItemsCount*, UserTransaction?, "
    "UserOptionalFields?",
}
_WITH_FEE = frozenset({"CheckOutItem", "RenewItem", "RequestItem", "UpdateRequestItem"})
NOTIFICATIONS = frozenset({"ItemReceived", "ItemShipped", "ItemCheckedIn", "ItemCheckedOut", "ItemRequested"})
"""Of the notifications those that are said here: their answers hold problems or nothing."""

_PARTS = {
    "ItemId": "AgencyId?, ItemIdentifierType?, ItemIdentifierValue, Ext?",
    "UserId": "AgencyId?, UserIdentifierType?, UserIdentifierValue, Ext?",
    "RequestId": "AgencyId?, RequestIdentifierType?, RequestIdentifierValue, Ext?",
    "Problem": "ProblemType, ProblemDetail?, ProblemElement?, ProblemValue?, Ext?",
    "ResponseHeader": "FromSystemId?, FromSystemAuthentication?, FromAgencyId, FromAgencyAuthentication?, ToSystemId?, "
    "ToAgencyId, Ext?",
    "ItemOptionalFields": "BibliographicDescription?, ItemUseRestrictionType*, CirculationStatus?, HoldQueueLength?, "
    "ItemDescription?, Location*, PhysicalCondition?, ElectronicResource?, SecurityMarker?, SensitizationFlag?, "
    "DateDue?, Ext?",
    "UserOptionalFields": "NameInformation?, UserAddressInformation*, DateOfBirth?, UserLanguage*, UserPrivilege*, "
    "BlockOrTrap*, UserId*, PreviousUserId*, Ext?",
    "BlockOrTrap": "AgencyId, BlockOrTrapType, ValidFromDate?, ValidToDate?, Ext?",
    "UserPrivilege": "AgencyId, AgencyUserPrivilegeType, ValidFromDate?, ValidToDate?, UserPrivilegeFee?, "
    "UserPrivilegeStatus?, UserPrivilegeDescription?, Ext?",
    "NameInformation": "(PersonalNameInformation | OrganizationNameInformation+), Ext?",
    "PersonalNameInformation": "(UnstructuredPersonalUserName | "
    "(StructuredPersonalUserName, UnstructuredPersonalUserName?)), Ext?",
    "StructuredPersonalUserName": "Prefix?, GivenName?, Initials?, Surname, Suffix?, Ext?",
    "Amount": "CurrencyCode, MonetaryValue, Ext?",
    "UserFiscalAccount": "AccountBalance, AccountDetails*, Ext?",
    "AccountBalance": "CurrencyCode, MonetaryValue, Ext?",
    "LoanedItem": "ItemId, BibliographicId*, ReminderLevel?, (DateDue | IndeterminateLoanPeriodFlag), Amount?, Title?, "
    "MediumType?, Ext?",
    "RequestedItem": f"{_ITEM_OR_REQUEST}, BibliographicId*, RequestType, RequestStatusType, DatePlaced, PickupDate?, "
    "PickupLocation?, PickupExpiryDate?, ReminderLevel?, HoldQueuePosition?, Title?, MediumType?, Ext?",
    "Location": "LocationType, LocationName, ValidFromDate?, ValidToDate?, Ext?",
    "RoutingInformation": "RoutingInstructions, Destination, RequestType?, UserId?, NameInformation?, Ext?",
    "FiscalTransactionReferenceId": "AgencyId, FiscalTransactionIdentifierValue, Ext?",
    "BibInformation": "BibliographicId?, ((BibliographicDescription?, TitleHoldQueueLength?, CurrentRequester*, "
    "HoldingsSet+, Ext?) | Problem+)",
    "ItemInformation": "ItemId?, ((RequestId*, CurrentBorrower?, CurrentRequester*, DateDue?, DateRecalled?, "
    "HoldPickupDate?, ItemTransaction?, ItemOptionalFields?, ItemNote?, Ext?) | Problem+)",
}
"""Structures of 2.02 that answers hold, looked at wherever they stand."""
_PARTS_1 = {
    "ItemId": "AgencyId, ItemIdentifierValue",
    "UserId": "AgencyId, UserIdentifierValue",
    "RequestId": "AgencyId, RequestIdentifierValue",
    "Problem": "(MessagingError+ | ProcessingError+)",
    "ProcessingError": "ProcessingErrorType, ProcessingErrorElement",
    "MessagingError": "MessagingErrorType, MessagingErrorElement",
    "ProcessingErrorElement": "ElementName, (ProcessingErrorElement | ProcessingErrorValue)?",
    "MessagingErrorElement": "ElementName, (MessagingErrorElement | MessagingErrorValue)?",
    "ResponseHeader": "FromSystemId?, FromSystemAuthentication?, FromAgencyId, FromAgencyAuthentication?, ToSystemId?, "
    "ToAgencyId",
    "BlockOrTrap": "AgencyId, BlockOrTrapType, ValidFromDate?, ValidToDate?",
    "UserTransaction": "RequestedItem*, LoanedItem*",
}


def model(name: str, generation: int) -> str | None:
    """What stands in an element, None where that is not known here."""
    service = name.removesuffix("Response")
    if service != name:
        return _answer(service, generation)
    return (_PARTS_1 if generation == 1 else _PARTS).get(name)


def _answer(service: str, generation: int) -> str | None:
    problem = "Problem" if generation == 1 else "Problem+"
    if service in NOTIFICATIONS:
        return "ResponseHeader, MessagingError*" if generation == 1 else "ResponseHeader?, Problem*, Ext?"
    success = (_SUCCESS_1 if generation == 1 else {}).get(service) or SUCCESS.get(service)
    if success is None:
        return None
    if service in _WITH_FEE:
        problem = f"({problem}, {_FEE})"
    return (
        f"ResponseHeader, ({problem} | ({success}))"
        if generation == 1
        else (f"ResponseHeader?, ({problem} | ({success})), Ext?")
    )


@cache
def _compiled(of: str) -> tuple[re.Pattern[str], dict[str, int]]:
    names: dict[str, int] = {}

    def token(found: re.Match[str]) -> str:
        names.setdefault(found[0], len(names))
        return f"(?:{found[0]},)"

    spaced = of.replace(", ", " ")
    return re.compile(_NAME.sub(token, spaced).replace(" ", "")), names


def fault(name: str, children: list[str], generation: int) -> str:
    """`order` where the right elements stand in the wrong order, `content` where some lack or do not belong, "" where
    all is well or nothing is known."""
    of = model(name, generation)
    if of is None:
        return ""
    pattern, names = _compiled(of)
    if pattern.fullmatch("".join(f"{child}," for child in children)):
        return ""
    if set(children) <= names.keys():
        sorted_ = sorted(children, key=names.__getitem__)
        if pattern.fullmatch("".join(f"{child}," for child in sorted_)):
            return "order"
    return "content"
