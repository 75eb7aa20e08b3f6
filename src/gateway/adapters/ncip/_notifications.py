"""Notifications: what a peer says has happened.

They are on record as every message is, and that is all, unless the peer's profile says that it means them as commands
(brokers that speak NCIP 1 do): then the command's own function carries them out, and the answer tells problems only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields
from typing import Any

from gateway.adapters.ncip import _fees, _item_changes, _loans, _requests, _user_changes
from gateway.adapters.ncip.work import Handler, Work
from library_protocols.ncip import SERVICES
from library_protocols.ncip import messages as wire

Act = Callable[[Work, Any], Awaitable[Any]]


def _as(command: type[Any], handler: Handler) -> Act:
    """A notification read as the command that has the same elements."""
    known = {field.name for field in fields(command)}

    async def act(work: Work, message: Any) -> Any:
        shared = {one.name: getattr(message, one.name) for one in fields(message) if one.name in known}
        return await handler(work, command(**shared))

    return act


async def _lent(work: Work, message: wire.ItemCheckedOut) -> None:
    await _loans.lend(work, message, "DateDue")


async def _renewed(work: Work, message: wire.ItemRenewed) -> None:
    await _loans.renew(work, message, "DateDue")


async def _recalled(work: Work, message: wire.ItemRecalled) -> None:
    await _loans.recall(work, message, "DateDue")


ACTS: Mapping[str, Act] = {
    "CirculationStatusChangeReported": _as(
        wire.ReportCirculationStatusChange, _item_changes.report_circulation_status_change
    ),
    "CirculationStatusUpdated": _as(wire.UpdateCirculationStatus, _item_changes.update_circulation_status),
    "ItemCheckedIn": _loans.take_back,
    "ItemCheckedOut": _lent,
    "ItemCreated": _as(wire.CreateItem, _item_changes.create_item),
    "ItemRecallCancelled": _loans.cancel_recall,
    "ItemRecalled": _recalled,
    "ItemRenewed": _renewed,
    "ItemRequestCancelled": _requests.cancel,
    "ItemRequestUpdated": _requests.change,
    "ItemRequested": _requests.place,
    "ItemUpdated": _as(wire.UpdateItem, _item_changes.update_item),
    "UserCreated": _as(wire.CreateUser, _user_changes.create_user),
    "UserFiscalTransactionCreated": _fees.transact,
    "UserNoticeSent": _as(wire.SendUserNotice, _user_changes.send_user_notice),
    "UserUpdated": _as(wire.UpdateUser, _user_changes.update_user),
}
"""What each notification means as a command. ItemShipped and ItemReceived are always acted upon: `_ill`."""


async def notified(work: Work, message: Any) -> Any:
    """Answers a notification of `ACTS`."""
    done = await ACTS[work.service](work, message) if work.profile.notifications == "act" else None
    answer: Any = SERVICES[work.service].response
    return answer(problem=getattr(done, "problem", ()))
