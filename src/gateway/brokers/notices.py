"""Which notification an event calls for, and the message that says it. Pure: the outbox keeps the facts in between.

A message is made from the facts alone, so that every attempt sends the same document. It names items, requests and
dates; of people it says nothing: where the schema wants a user, it is the institution's, or nobody by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from gateway.canonical.entities import Event
from gateway.canonical.vocabulary import HoldType, ItemStatus
from gateway.crosswalks.ncip_values import HOLD_TYPE, ITEM_STATUS
from library_protocols.ncip import NAMESPACE, Ext, Foreign, Request, SchemeValue, format_datetime
from library_protocols.ncip import messages as wire

REFERENCE = "ncip:"
"""How a broker's own name of a transaction begins: `ncip:PEER:REQUESTID`."""
NOBODY = "withheld"
"""Stands for a user whom we do not name."""

_OWN: Mapping[str, str] = {
    "loan.created": "ItemCheckedOut",
    "loan.return_undone": "ItemCheckedOut",
    "loan.returned": "ItemCheckedIn",
    "loan.superseded": "ItemCheckedIn",
    "loan.undone": "ItemCheckedIn",
    "loan.renewed": "ItemRenewed",
    "loan.renewal_undone": "ItemRenewed",
    "loan.recalled": "ItemRecalled",
    "hold.cancelled": "ItemRequestCancelled",
    "hold.expired": "ItemRequestCancelled",
    "item.received": "ItemReceived",
    "ill.received": "ItemReceived",
}
"""Events that are a notification of their own. What was undone is told as it stands then."""
_STATUSES: Mapping[str, ItemStatus | None] = {
    "loan.created": ItemStatus.ON_LOAN,
    "loan.recalled": ItemStatus.RECALLED,
    "loan.recall_cancelled": ItemStatus.ON_LOAN,
    "loan.returned": None,
    "loan.superseded": None,
    "loan.claimed": ItemStatus.CLAIMED_RETURNED,
    "loan.lost": ItemStatus.LOST,
    "loan.undone": None,
    "loan.return_undone": ItemStatus.ON_LOAN,
    "item.checked_in": None,
    "item.created": None,
    "item.deleted": ItemStatus.WITHDRAWN,
    "item.received": None,
    "hold.ready": ItemStatus.ON_HOLD_SHELF,
    "hold.in_transit": ItemStatus.IN_TRANSIT,
    "hold.released": None,
    "hold.cancelled": None,
    "hold.expired": None,
}
"""Events after which an item has another status, and which; None: the one that the event tells, or else the one that
the item has when we look."""
_EDITED = "item.updated"
"""Is about a status where it tells which there was, or that the item is missing."""
_HISTORY = ("was", "reported_as")
_DATED = ("ItemCheckedOut", "ItemRenewed", "ItemRecalled")


@dataclass(frozen=True, slots=True)
class Wish:
    """What one broker is told of: services by name, and whether also of what is not its own."""

    peer: str
    services: frozenset[str]
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What a notification says. `reference` is the broker's RequestIdentifierValue, times are milliseconds; `status`
    is an item's status in canonical words, `request_type` a hold's."""

    at: int
    item: str | None = None
    reference: str | None = None
    due: int | None = None
    status: str | None = None
    request_type: str | None = None

    def as_json(self) -> str:
        return orjson.dumps(self).decode()

    @classmethod
    def of(cls, text: str) -> Facts:
        return cls(**orjson.loads(text))

    @property
    def subject(self) -> str:
        """What the notification is about; those about one thing are told in order."""
        return self.item or self.reference or ""


@dataclass(frozen=True, slots=True)
class Sender:
    """What a message says of us: the agency that names our items, the user who stands for the broker, and how the
    broker's RequestId is written."""

    agency: SchemeValue | None
    request_id: Callable[[str], wire.RequestId]
    user: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an item stands when an event is looked at."""

    barcode: str
    status: ItemStatus
    due: datetime | None = None


def services(event: Event, wish: Wish) -> tuple[str, ...]:
    """The notifications that an event calls for. A broker is not told what it did itself, nor, unless it wishes for
    everything, what is no affair of its own."""
    if event.terminal == f"{REFERENCE}{wish.peer}" or not (wish.everything or _reference(event, wish.peer)):
        return ()
    edited = event.type == _EDITED and any(name in event.data for name in _HISTORY)
    changed = event.type in _STATUSES or edited
    called_for = (_OWN.get(event.type), "CirculationStatusUpdated" if changed else None)
    return tuple(service for service in called_for if service is not None and service in wish.services)


def lacks(service: str, event: Event) -> bool:
    """Whether the item has to be looked at for what the event does not tell."""
    if event.item_id is None:
        return False
    dated = service in _DATED and not isinstance(event.data.get("due"), int)
    return dated or _text(event.data.get("barcode")) is None


def facts(service: str, event: Event, item: Standing | None, wish: Wish) -> Facts | None:
    """What is to be said; None where what the message must have is not known."""
    barcode, due = _text(event.data.get("barcode")), event.data.get("due")
    if barcode is None and item is not None:
        barcode = item.barcode
    if not isinstance(due, int):
        due = _milliseconds(item.due) if item is not None and item.due is not None else None
    status = _STATUSES.get(event.type) or _text(event.data.get("status"))
    if status is None and item is not None:
        status = item.status
    made = Facts(
        at=_milliseconds(event.at),
        item=barcode,
        reference=_reference(event, wish.peer),
        due=due if service in _DATED else None,
        status=str(status) if service == "CirculationStatusUpdated" and status is not None else None,
        request_type=_text(event.data.get("type")) if service == "ItemRequestCancelled" else None,
    )
    return made if _complete(service, made) else None


def message(service: str, told: Facts, sender: Sender) -> Request:
    """The notification. Raises KeyError for a service that none of these events is."""
    return _MESSAGES[service](told, sender)


def _reference(event: Event, peer: str) -> str | None:
    """The broker's own name of the transaction that an event belongs to."""
    told, start = _text(event.data.get("external_ref")) or "", f"{REFERENCE}{peer}:"
    return told.removeprefix(start) if told.startswith(start) else None


def _complete(service: str, told: Facts) -> bool:
    if service == "ItemRequestCancelled":
        return told.item is not None or told.reference is not None
    if told.item is None:
        return False
    if service in ("ItemRenewed", "ItemRecalled"):
        return told.due is not None
    return service != "CirculationStatusUpdated" or _status(told) is not None


def _status(told: Facts) -> SchemeValue | None:
    return ITEM_STATUS.write(ItemStatus(told.status)) if told.status in set(ItemStatus) else None


def _request_type(told: Facts) -> SchemeValue | None:
    known = told.request_type in set(HoldType)
    return HOLD_TYPE.write(HoldType(told.request_type) if known else HoldType.HOLD)


def _item_id(told: Facts, sender: Sender) -> wire.ItemId | None:
    if told.item is None:
        return None
    return wire.ItemId(agency_id=sender.agency, item_identifier_value=told.item)


def _user_id(sender: Sender) -> wire.UserId:
    return wire.UserId(agency_id=sender.agency, user_identifier_value=sender.user or NOBODY)


def _request_id(told: Facts, sender: Sender) -> wire.RequestId | None:
    return None if told.reference is None else sender.request_id(told.reference)


def _ext(told: Facts, sender: Sender) -> Ext | None:
    """The RequestId where the schema has no place for it but an extension."""
    named = _request_id(told, sender)
    if named is None:
        return None
    parts = (
        ("AgencyId", named.agency_id.value if named.agency_id else ""),
        ("RequestIdentifierType", named.request_identifier_type.value if named.request_identifier_type else ""),
        ("RequestIdentifierValue", named.request_identifier_value),
    )
    children = tuple(Foreign(name, NAMESPACE, text) for name, text in parts if text)
    return Ext(content=(Foreign("RequestId", NAMESPACE, children=children),))


def _when(milliseconds: int | None) -> str:
    return "" if milliseconds is None else format_datetime(datetime.fromtimestamp(milliseconds / 1000, UTC))


def _checked_in(told: Facts, sender: Sender) -> Request:
    return wire.ItemCheckedIn(item_id=_item_id(told, sender), ext=_ext(told, sender))


def _checked_out(told: Facts, sender: Sender) -> Request:
    return wire.ItemCheckedOut(
        user_id=_user_id(sender),
        item_id=_item_id(told, sender),
        request_id=_request_id(told, sender),
        date_due=_when(told.due) or None,
        indeterminate_loan_period_flag=told.due is None,
    )


def _received(told: Facts, sender: Sender) -> Request:
    return wire.ItemReceived(
        item_id=_item_id(told, sender), request_id=_request_id(told, sender), date_received=_when(told.at)
    )


def _renewed(told: Facts, sender: Sender) -> Request:
    return wire.ItemRenewed(item_id=_item_id(told, sender), date_due=_when(told.due), ext=_ext(told, sender))


def _recalled(told: Facts, sender: Sender) -> Request:
    return wire.ItemRecalled(item_id=_item_id(told, sender), date_due=_when(told.due), ext=_ext(told, sender))


def _cancelled(told: Facts, sender: Sender) -> Request:
    return wire.ItemRequestCancelled(
        user_id=_user_id(sender),
        request_id=_request_id(told, sender),
        item_id=_item_id(told, sender),
        request_type=_request_type(told),
    )


def _updated(told: Facts, sender: Sender) -> Request:
    return wire.CirculationStatusUpdated(
        item_id=_item_id(told, sender), circulation_status=_status(told), ext=_ext(told, sender)
    )


_MESSAGES: Mapping[str, Callable[[Facts, Sender], Request]] = {
    "ItemCheckedIn": _checked_in,
    "ItemCheckedOut": _checked_out,
    "ItemReceived": _received,
    "ItemRenewed": _renewed,
    "ItemRecalled": _recalled,
    "ItemRequestCancelled": _cancelled,
    "CirculationStatusUpdated": _updated,
}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
