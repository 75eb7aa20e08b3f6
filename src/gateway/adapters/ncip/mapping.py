"""Which function carries out which service: one row a service. What has no row is answered "Unsupported Service"."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.adapters.ncip import (
    _agency,
    _fees,
    _ill,
    _item_changes,
    _item_sets,
    _items,
    _loans,
    _lookup_request,
    _notifications,
    _requests,
    _user_changes,
    _users,
)
from gateway.adapters.ncip.work import Handler

HANDLERS: Mapping[str, Handler] = {
    # Lookups, users, money, items
    "LookupAgency": _agency.lookup_agency,
    "LookupItem": _items.lookup_item,
    "LookupItemSet": _item_sets.lookup_item_set,
    "LookupRequest": _lookup_request.lookup_request,
    "LookupUser": _users.lookup_user,
    "AuthenticateUser": _users.authenticate_user,
    "CreateItem": _item_changes.create_item,
    "CreateUser": _user_changes.create_user,
    "CreateUserFiscalTransaction": _fees.create_user_fiscal_transaction,
    "DeleteItem": _item_changes.delete_item,
    "ReportCirculationStatusChange": _item_changes.report_circulation_status_change,
    "SendUserNotice": _user_changes.send_user_notice,
    "UpdateCirculationStatus": _item_changes.update_circulation_status,
    "UpdateItem": _item_changes.update_item,
    "UpdateUser": _user_changes.update_user,
    # Loans, requests, interlibrary loans, notifications
    "AcceptItem": _ill.accept_item,
    "CancelRecallItem": _loans.cancel_recall_item,
    "CancelRequestItem": _requests.cancel_request_item,
    "CheckInItem": _loans.check_in_item,
    "CheckOutItem": _loans.check_out_item,
    "RecallItem": _loans.recall_item,
    "RenewAllItem": _loans.renew_all_item,
    "RenewItem": _loans.renew_item,
    "RequestItem": _requests.request_item,
    "UndoCheckOutItem": _loans.undo_check_out_item,
    "UpdateRequestItem": _requests.update_request_item,
    "ItemReceived": _ill.item_received,
    "ItemShipped": _ill.item_shipped,
    **dict.fromkeys(_notifications.ACTS, _notifications.notified),
}
"""By name of the service; LookupVersion, which has its own root, and WorldShare's RenewAllItem among them."""

NEEDS: Mapping[str, frozenset[str]] = {
    "LookupItem": frozenset({"item.get"}),
    "LookupItemSet": frozenset({"item.get"}),
    "LookupRequest": frozenset({"hold.get"}),
    "LookupUser": frozenset({"patron.get"}),
    "AuthenticateUser": frozenset({"patron.authenticate"}),
    "AcceptItem": frozenset({"ill.accept"}),
    "CancelRecallItem": frozenset({"loan.recall_cancel"}),
    "CancelRequestItem": frozenset({"hold.cancel"}),
    "CheckInItem": frozenset({"loan.return"}),
    "CheckOutItem": frozenset({"loan.create"}),
    "CreateItem": frozenset({"item.create"}),
    "CreateUser": frozenset({"patron.provision"}),
    "CreateUserFiscalTransaction": frozenset({"fee.create", "fee.pay"}),
    "DeleteItem": frozenset({"item.delete"}),
    "RecallItem": frozenset({"loan.recall"}),
    "RenewItem": frozenset({"loan.renew"}),
    "RenewAllItem": frozenset({"loan.renew_all"}),
    "ReportCirculationStatusChange": frozenset({"item.report"}),
    "RequestItem": frozenset({"hold.place"}),
    "SendUserNotice": frozenset({"patron.notify"}),
    "UndoCheckOutItem": frozenset({"loan.undo"}),
    "UpdateCirculationStatus": frozenset({"item.update"}),
    "UpdateItem": frozenset({"item.update"}),
    "UpdateRequestItem": frozenset({"hold.update"}),
    "UpdateUser": frozenset({"patron.provision"}),
}
"""Operations of which the member's platform must have one at least, or the service is unsupported; a notification is
put on record whatever the platform can do."""
