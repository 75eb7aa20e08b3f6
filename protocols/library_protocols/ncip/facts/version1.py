"""What NCIP 1.0 has otherwise than NCIP 2.02 (its document type, approved 16 August 2002). All else is the same, in the
same order; `Ext` is nowhere.
"""

from __future__ import annotations

NAMES = {
    "AgencyId": "UniqueAgencyId",
    "BibliographicId": "UniqueBibliographicId",
    "ItemId": "UniqueItemId",
    "RequestId": "UniqueRequestId",
    "UserId": "UniqueUserId",
}
"""Names of NCIP 2, and what stands for them."""
VISIBLE = {
    "VisibleItemId": {
        "ItemIdentifierType": "VisibleItemIdentifierType",
        "ItemIdentifierValue": "VisibleItemIdentifier",
    },
    "VisibleUserId": {
        "UserIdentifierType": "VisibleUserIdentifierType",
        "UserIdentifierValue": "VisibleUserIdentifier",
    },
}
"""Identifiers that people can read, which have a type and need no agency; an item's has none."""
VISIBLE_OF = {"UserId": "VisibleUserId", "ItemId": "VisibleItemId"}
"""The visible identifier that goes with a unique one."""
VISIBLE_INSTEAD = frozenset({"LookupUser", "LookupItem", "CreateUser"})
"""Where a visible identifier may stand instead of the unique one."""
VISIBLE_ONLY = frozenset({"UserOptionalFields"})
"""Where a visible identifier stands for what in NCIP 2 is a UserId."""

ABSENT_EVERYWHERE = frozenset(
    {
        "ItemIdentifierType",
        "NumberOfPieces",
        "PaidFeeAmount",
        "PickupLocation",
        "PreviousUserId",
        "RequestIdentifierType",
        "UserIdentifierType",
    }
)
"""Elements that NCIP 1 does not have."""
ABSENT = {
    "AcceptItem": ("PickupExpiryDate",),
    "CancelRequestItem": ("AcknowledgedFeeAmount",),
    "ItemOptionalFields": ("DateDue",),
    "LoanedItem": ("BibliographicId", "Title", "MediumType"),
    "RequestItem": ("ItemOptionalFields",),
    "RequestedItem": ("BibliographicId", "Title", "MediumType"),
    "RoutingInformation": ("NameInformation",),
    "UpdateRequestItemResponse": ("RequiredItemUseRestrictionType",),
}
"""Elements that NCIP 1 has, but not here."""
SINGLE = {
    "BibliographicDescription": ("BibliographicRecordId",),
    "ItemDescription": ("VisibleItemId",),
    "LookupItem": ("VisibleItemId",),
    "LookupUser": ("VisibleUserId",),
    "RequestItem": ("ItemId", "BibliographicId"),
}
"""Elements that may stand once only."""
REQUIRED = {
    "ItemId": ("AgencyId",),
    "LoanedItem": ("ReminderLevel", "Amount"),
    "LookupItem": ("ItemElementType",),
    "LookupUser": ("UserElementType",),
    "RequestId": ("AgencyId",),
    "UserId": ("AgencyId",),
}
"""Elements that have to stand; so do all headers."""
WRAPPER = "UserTransaction"
"""Around the requests and loans of a LookupUserResponse, requests first."""
WRAPPED = ("RequestedItem", "LoanedItem")
ERRORS = ("MessagingError", "ProcessingError")
"""What a Problem is made of: errors of one of the two kinds."""
