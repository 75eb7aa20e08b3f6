"""NCIP's words for the canonical model's: what a service needs, statuses, types, and which problem a "no" is in which
service.

Read by the responder in one direction and by clients of other systems in the other. Values are those of the code lists
of Z39.83 (`library_protocols.ncip.facts.schemes` has their schemes).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gateway.canonical.vocabulary import Permission

_P = Permission

SERVICES: Mapping[str, frozenset[Permission]] = {
    "LookupAgency": frozenset(),
    "LookupVersion": frozenset(),
    "LookupItem": frozenset({_P.ITEM_READ, _P.BIB_READ, _P.HOLD}),
    "LookupItemSet": frozenset({_P.ITEM_READ, _P.BIB_READ, _P.HOLD}),
    "LookupRequest": frozenset({_P.HOLD, _P.ITEM_READ, _P.BIB_READ, _P.PATRON_READ}),
    "LookupUser": frozenset({_P.PATRON_READ}),
    "AuthenticateUser": frozenset({_P.PATRON_READ}),
    "AcceptItem": frozenset({_P.ILL, _P.HOLD, _P.PATRON_READ}),
    "CancelRecallItem": frozenset({_P.RECALL}),
    "CancelRequestItem": frozenset({_P.HOLD, _P.PATRON_READ}),
    "CheckInItem": frozenset({_P.CHECKIN, _P.ITEM_READ}),
    "CheckOutItem": frozenset({_P.CHECKOUT, _P.PATRON_READ, _P.ITEM_READ}),
    "CreateItem": frozenset({_P.ITEM_EDIT}),
    "CreateUser": frozenset({_P.PROVISION, _P.BLOCK, _P.PATRON_READ}),
    "CreateUserFiscalTransaction": frozenset({_P.CHARGE, _P.PAY, _P.PATRON_READ}),
    "DeleteItem": frozenset({_P.ITEM_EDIT, _P.ITEM_READ}),
    "RecallItem": frozenset({_P.RECALL, _P.ITEM_READ}),
    "RenewItem": frozenset({_P.RENEW, _P.PATRON_READ, _P.ITEM_READ}),
    "ReportCirculationStatusChange": frozenset({_P.ITEM_UPDATE, _P.PATRON_READ}),
    "RequestItem": frozenset({_P.HOLD, _P.PATRON_READ, _P.ITEM_READ, _P.BIB_READ}),
    "SendUserNotice": frozenset({_P.NOTIFY, _P.PATRON_READ}),
    "UndoCheckOutItem": frozenset({_P.UNDO}),
    "UpdateCirculationStatus": frozenset({_P.ITEM_UPDATE}),
    "UpdateItem": frozenset({_P.ITEM_UPDATE, _P.ITEM_READ}),
    "UpdateRequestItem": frozenset({_P.HOLD, _P.PATRON_READ}),
    "UpdateUser": frozenset({_P.PROVISION, _P.BLOCK, _P.ENABLE, _P.PATRON_READ}),
    "CirculationStatusChangeReported": frozenset({_P.ITEM_UPDATE, _P.PATRON_READ}),
    "CirculationStatusUpdated": frozenset({_P.ITEM_UPDATE}),
    "ItemCheckedIn": frozenset({_P.CHECKIN, _P.ITEM_READ}),
    "ItemCheckedOut": frozenset({_P.CHECKOUT, _P.PATRON_READ, _P.ITEM_READ}),
    "ItemCreated": frozenset({_P.ITEM_EDIT}),
    "ItemRecallCancelled": frozenset({_P.RECALL}),
    "ItemRecalled": frozenset({_P.RECALL}),
    "ItemReceived": frozenset({_P.ILL, _P.ITEM_READ}),
    "ItemRenewed": frozenset({_P.RENEW, _P.PATRON_READ, _P.ITEM_READ}),
    "ItemRequestCancelled": frozenset({_P.HOLD, _P.PATRON_READ}),
    "ItemRequestUpdated": frozenset({_P.HOLD, _P.PATRON_READ}),
    "ItemRequested": frozenset({_P.HOLD, _P.PATRON_READ, _P.ITEM_READ, _P.BIB_READ}),
    "ItemShipped": frozenset({_P.ILL, _P.ITEM_READ}),
    "ItemUpdated": frozenset({_P.ITEM_UPDATE, _P.ITEM_READ}),
    "UserCreated": frozenset({_P.PROVISION, _P.BLOCK, _P.PATRON_READ}),
    "UserFiscalTransactionCreated": frozenset({_P.CHARGE, _P.PAY, _P.PATRON_READ}),
    "UserNoticeSent": frozenset({_P.NOTIFY, _P.PATRON_READ}),
    "UserUpdated": frozenset({_P.PROVISION, _P.BLOCK, _P.ENABLE, _P.PATRON_READ}),
}
"""Every service that is answered, and the permissions that a peer has which may ask for it."""

GROUPS: Mapping[str, frozenset[str]] = {
    "@lookup": frozenset({"LookupAgency", "LookupVersion", "LookupItem", "LookupItemSet", "LookupRequest", "LookupUser",
                          "AuthenticateUser"}),
    "@borrowing": frozenset({"LookupVersion", "LookupUser", "AuthenticateUser", "AcceptItem", "CheckOutItem",
                             "CheckInItem", "UndoCheckOutItem", "RenewItem", "RecallItem", "CancelRecallItem",
                             "CancelRequestItem", "CreateUserFiscalTransaction", "DeleteItem", "ItemShipped",
                             "ItemReceived", "SendUserNotice"}),
    "@lending": frozenset({"LookupVersion", "LookupItem", "LookupItemSet", "LookupRequest", "RequestItem",
                           "UpdateRequestItem", "CancelRequestItem", "CheckOutItem", "UndoCheckOutItem", "CheckInItem",
                           "RenewItem", "RecallItem", "CancelRecallItem", "ItemShipped", "ItemReceived",
                           "ItemRequested", "ItemRequestCancelled", "ItemCheckedOut", "ItemCheckedIn", "ItemRenewed"}),
    "@patron": frozenset({"LookupVersion", "LookupAgency", "LookupItem", "LookupItemSet", "LookupRequest", "LookupUser",
                          "AuthenticateUser", "RequestItem", "UpdateRequestItem", "CancelRequestItem", "RenewItem"}),
    "@staff": frozenset({"CreateItem", "UpdateItem", "DeleteItem", "CreateUser", "UpdateUser",
                         "UpdateCirculationStatus", "ReportCirculationStatusChange"}),
    "@all": frozenset(SERVICES),
}  # fmt: skip
"""What `services` of a peer may name instead of each service."""

USER_ELEMENTS = frozenset({
    "Authentication Input", "Block Or Trap", "Date Of Birth", "Name Information", "User Address Information",
    "User Language", "User Privilege", "User Id", "Previous User Id",
})  # fmt: skip
"""UserElementType."""


def services_of(names: Iterable[str]) -> frozenset[str]:
    """The services that names and groups stand for."""
    return frozenset().union(*(GROUPS.get(name, {name}) for name in names))


def permissions_of(services: Iterable[str]) -> frozenset[Permission]:
    """What a peer may do which may ask for these services."""
    return frozenset().union(*(SERVICES[name] for name in services))
