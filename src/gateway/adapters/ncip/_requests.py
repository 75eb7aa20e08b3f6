"""RequestItem, CancelRequestItem, UpdateRequestItem: holds, by the broker's number or by ours.

A RequestId is first what this peer called the request, then the id of a hold. Several items or titles are taken as
"one of these": the first that can be had, in the order of the message, so that a repetition tries the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from gateway.adapters.ncip._circulation import (
    NOBODY,
    agreed,
    borrower,
    elsewhere,
    optional_fields,
    person_out,
    refusal,
    user_out,
)
from gateway.adapters.ncip._common import (
    User,
    barcode_of,
    external_ref,
    item_id_out,
    item_named,
    moment,
    request_id_out,
    request_named,
    user_typed,
    value,
    written,
)
from gateway.adapters.ncip._items import bib_named, bib_of, bib_sent, description_out, item_elements
from gateway.adapters.ncip._problems import Stopped
from gateway.adapters.ncip.work import Work
from gateway.canonical.entities import Hold
from gateway.canonical.outcomes import AvailabilityOutcome, HoldOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import BibAvailability, HoldCancel, HoldPlace, HoldUpdate
from gateway.canonical.vocabulary import HoldLevel, HoldType, ItemStatus
from gateway.crosswalks.ncip_values import HOLD_LEVEL, HOLD_TYPE
from library_protocols.ncip import SchemeValue
from library_protocols.ncip import messages as wire

_STAYS = "ALWAYS_THERE: A request cannot do without this; another value can be added."
_NOT_OURS = "NOT_KEPT: This is not kept of a request."
_TRIED = 20
"""Items and titles of one message that are tried: each is a command, and no message known in the field has more than
three."""

_ANOTHER = frozenset(
    {
        RefusalCode.ITEM_NOT_FOUND,
        RefusalCode.ITEM_NOT_UNIQUE,
        RefusalCode.BIB_NOT_FOUND,
        RefusalCode.ITEM_NOT_FOR_LOAN,
        RefusalCode.ITEM_UNAVAILABLE,
        RefusalCode.HOLD_NOT_ALLOWED,
        RefusalCode.AGE_RESTRICTED,
    }
)
"""What is wrong with this item, and may be right with the next."""

_BARCODE_FOR_BROKERS = SchemeValue("Item Barcode")
"""The type by which ReShare knows the barcode in the answer to a RequestItem."""


@dataclass(frozen=True, slots=True)
class Target:
    """An item or title that was asked for: as fields of a request (None: not known here), the element that names it,
    and what stands there."""

    fields: dict[str, Any] | None
    element: str
    sent: str
    unknown: RefusalCode


def pickup_location(work: Work, sent: SchemeValue | None) -> str | None:
    """The code of a pickup location that the peer has a name for; its own words where it is none of its names, which
    may be a code of ours. Where nothing was sent, the place of its transactions unless that is where all holds go."""
    named = value(sent)
    if not named:
        return work.peer.location if work.peer.location != work.peer.member.main_location else None
    names = {name.casefold(): code for name, code in work.profile.pickup.items()}
    return names.get(named.casefold(), named)


async def place(work: Work, message: Any) -> tuple[User, HoldOutcome]:
    """Places the hold that RequestItem or ItemRequested asks for."""
    user = await borrower(work, message)
    kind = _kind(work, message.request_type)
    targets = await _targets(work, message)
    needed, element = _needed_before(work, message)
    earliest = moment(work, message.earliest_date_needed, "EarliestDateNeeded")
    request = HoldPlace(
        **user.named,
        type=kind,
        pickup_location=pickup_location(work, message.pickup_location),
        needed_before=needed,
        suspended_until=earliest if earliest is not None and earliest > work.now else None,
        external_ref=external_ref(work, message),
    )
    refused: Stopped | None = None
    for number, target in enumerate(targets):
        answer = await _asked(work, message, request, target, number)
        if isinstance(answer, HoldOutcome):
            return user, answer
        if answer.code not in _ANOTHER:
            raise refusal(work, answer, element if answer.code is RefusalCode.INVALID_DATE else None)
        refused = refused or refusal(work, answer, target.element, target.sent)
    assert refused is not None
    raise refused


async def _asked(work: Work, message: Any, request: HoldPlace, target: Target, number: int) -> HoldOutcome | Refusal:
    if target.fields is None:
        return Refusal(code=target.unknown)
    paid = await agreed(work, message, target.fields.get("item"))
    answer = await work.perform(request.model_copy(update={**target.fields, "fee_acknowledged": paid}), str(number))
    assert isinstance(answer, HoldOutcome | Refusal)
    return answer


def _kind(work: Work, sent: SchemeValue | None) -> HoldType:
    if not value(sent):
        return HoldType.HOLD
    kind = HOLD_TYPE.read(sent)
    if kind is None:
        raise work.stop_with(
            "Element Rule Violated", "RequestType", detail="UNKNOWN_REQUEST_TYPE: No such requests here."
        )
    return kind


async def _targets(work: Work, message: Any) -> list[Target]:
    """The items or titles to try: those that RequestScopeType says, or what there is where it says nothing."""
    items = [(one, barcode) for one in _several(message.item_id) if (barcode := barcode_of(one))][:_TRIED]
    titles = list(_several(message.bibliographic_id))
    level = HOLD_LEVEL.read(message.request_scope_type)
    if titles and (level is HoldLevel.BIB or not items):
        return [await _title(work, one) for one in titles[:_TRIED]]
    if not items:
        raise work.missing("ItemId" if level is HoldLevel.ITEM else "BibliographicId")
    level = HoldLevel.BIB if level is HoldLevel.BIB else HoldLevel.ITEM
    return [await _item(work, one, barcode, level) for one, barcode in items]


async def _title(work: Work, sent: wire.BibliographicId) -> Target:
    words, path = bib_sent(sent)
    if words is None:
        raise work.missing(f"BibliographicId/{path}")
    bib_id = await bib_named(work, sent)
    fields = {"level": HoldLevel.BIB, "bib_id": bib_id} if bib_id else None
    return Target(fields, f"BibliographicId/{path}", words, RefusalCode.BIB_NOT_FOUND)


async def _item(work: Work, sent: wire.ItemId, barcode: str, level: HoldLevel) -> Target:
    fields = None if await elsewhere(work, sent, barcode) else {"level": level, "item": barcode}
    return Target(fields, "ItemId/ItemIdentifierValue", barcode, RefusalCode.ITEM_NOT_FOUND)


def _several(sent: Any) -> tuple[Any, ...]:
    return sent if isinstance(sent, tuple) else () if sent is None else (sent,)


def _needed_before(work: Work, fields: Any, path: str = "") -> tuple[datetime | None, str]:
    """Until when it is wanted, else until when it would be fetched; and which element below `path` says so."""
    element = f"{path}NeedBeforeDate"
    if (needed := moment(work, fields.need_before_date, element)) is not None:
        return needed, element
    expiry = f"{path}PickupExpiryDate"
    if (needed := moment(work, fields.pickup_expiry_date, expiry)) is not None:
        return needed, expiry
    return None, element


async def request_item(work: Work, message: wire.RequestItem) -> wire.RequestItemResponse:
    user, placed = await place(work, message)
    hold = placed.hold
    return wire.RequestItemResponse(
        request_id=request_id_out(work, hold.external_ref or external_ref(work, message), hold.id),
        item_id=await _found(work, placed),
        user_id=user_out(work, message, user),
        request_type=message.request_type or HOLD_TYPE.write(hold.type),
        request_scope_type=message.request_scope_type or HOLD_LEVEL.write(hold.level),
        hold_pickup_date=written(hold.hold_until),
        **await _title_fields(work, message, placed),
        **await optional_fields(work, message, placed.item, hold.patron_id),
    )


async def _title_fields(work: Work, message: wire.RequestItem, placed: HoldOutcome) -> dict[str, Any]:
    """What was asked for of a title, of which no item is to be told yet."""
    if placed.item is not None or "bibliographic description" not in item_elements(work, message.item_element_type):
        return {}
    bib = await bib_of(work, placed.hold.bib_id)
    if bib is None:
        return {}
    described = description_out(work, None, bib)
    return {"item_optional_fields": wire.ItemOptionalFields(bibliographic_description=described)}


async def _found(work: Work, placed: HoldOutcome) -> wire.ItemId | None:
    """The copy that was asked for; for a title that a broker asks for, one that is on the shelf, which is not bound:
    it says at CheckOutItem what it has sent."""
    hold = placed.hold
    if hold.item_barcode:
        return item_id_out(work, hold.item_barcode)
    if hold.external_ref is None or hold.bib_id is None or not placed.available:
        return None
    answer = await work.perform(BibAvailability(bib_ids=(hold.bib_id,)))
    items = [item for bib in answer.bibs for item in bib.items] if isinstance(answer, AvailabilityOutcome) else []
    on_shelf = next((item for item in items if item.status is ItemStatus.AVAILABLE), None)
    if on_shelf is None:
        return None
    return replace(item_id_out(work, on_shelf), item_identifier_type=_BARCODE_FOR_BROKERS)


async def cancel(work: Work, message: Any) -> tuple[User | None, HoldOutcome]:
    """Ends the hold that CancelRequestItem or ItemRequestCancelled names."""
    return await _of_request(work, message, HoldCancel, {})


async def cancel_request_item(work: Work, message: wire.CancelRequestItem) -> wire.CancelRequestItemResponse:
    user, ended = await cancel(work, message)
    hold = ended.hold
    return wire.CancelRequestItemResponse(
        request_id=request_id_out(work, hold.external_ref, hold.id),
        item_id=_item_of(work, message, hold),
        user_id=await _holder(work, message, user, hold),
        **await optional_fields(work, message, ended.item, hold.patron_id),
    )


async def change(work: Work, message: Any) -> tuple[User | None, HoldOutcome]:
    """Changes what UpdateRequestItem or ItemRequestUpdated names. A field to delete is one that another value is added
    for: a hold has a pickup location always, and a last day stays one."""
    added, deleted = message.add_request_fields, message.delete_request_fields
    changes = _changes(work, added)
    for element, attribute in _KEPT.items():
        if _stands(deleted, attribute) and not _stands(added, attribute):
            raise work.stop_with("Unable To Delete Element", f"DeleteRequestFields/{element}", detail=_STAYS)
    for verb, fields in (("Add", added), ("Delete", deleted)):
        for element, attribute in _NOT_KEPT.items():
            if _stands(fields, attribute):
                raise work.stop_with(f"Unable To {verb} Element", f"{verb}RequestFields/{element}", detail=_NOT_OURS)
    if not changes:
        raise work.missing("AddRequestFields")
    places = {
        RefusalCode.PICKUP_INVALID: "AddRequestFields/PickupLocation",
        RefusalCode.INVALID_DATE: _needed_before(work, added, "AddRequestFields/")[1],
    }
    return await _of_request(work, message, HoldUpdate, changes, places)


_KEPT = {
    "EarliestDateNeeded": "earliest_date_needed",
    "NeedBeforeDate": "need_before_date",
    "PickupLocation": "pickup_location",
    "PickupExpiryDate": "pickup_expiry_date",
}
_NOT_KEPT = {
    "UserId": "user_id",
    "ItemId": "item_id",
    "RequestType": "request_type",
    "RequestScopeType": "request_scope_type",
    "RequestStatusType": "request_status_type",
    "ShippingInformation": "shipping_information",
    "DateOfUserRequest": "date_of_user_request",
    "DateAvailable": "date_available",
}
"""What the fields of a request may name and no hold keeps. A fee that is agreed to in passing costs nothing here."""


def _stands(fields: wire.RequestFields | None, attribute: str) -> bool:
    return fields is not None and bool(getattr(fields, attribute))


def _changes(work: Work, added: wire.AddRequestFields | None) -> dict[str, Any]:
    if added is None:
        return {}
    earliest = moment(work, added.earliest_date_needed, "AddRequestFields/EarliestDateNeeded")
    if earliest is not None and earliest <= work.now:
        raise work.stop(Refusal(code=RefusalCode.INVALID_DATE), "AddRequestFields/EarliestDateNeeded")
    found = {
        "pickup_location": pickup_location(work, added.pickup_location) if value(added.pickup_location) else None,
        "needed_before": _needed_before(work, added, "AddRequestFields/")[0],
        "suspended_until": earliest,
    }
    return {name: wanted for name, wanted in found.items() if wanted is not None}


async def update_request_item(work: Work, message: wire.UpdateRequestItem) -> wire.UpdateRequestItemResponse:
    user, changed = await change(work, message)
    hold = changed.hold
    return wire.UpdateRequestItemResponse(
        item_id=_item_of(work, message, hold) or wire.ItemId(),
        user_id=await _holder(work, message, user, hold),
        request_type=HOLD_TYPE.write(hold.type),
        request_scope_type=HOLD_LEVEL.write(hold.level),
        hold_pickup_date=written(hold.hold_until),
        **await optional_fields(work, message, changed.item, hold.patron_id),
    )


async def _of_request(
    work: Work,
    message: Any,
    kind: type[HoldCancel | HoldUpdate],
    changes: dict[str, Any],
    places: Mapping[RefusalCode, str] = MappingProxyType({}),
) -> tuple[User | None, HoldOutcome]:
    """Carries a command out on the hold that the message names: by what this peer called it, of several volumes by the
    item, by our own id, or by user and item. A user who is named must be the one who waits."""
    user = await borrower(work, message) if user_typed(work, message) else None
    item, reference = item_named(message), external_ref(work, message)
    if reference is None:
        if item is None:
            raise work.missing("RequestId")
        user = user or await borrower(work, message)
        ways = [{"item": item}]
    else:
        ways = [{"external_ref": reference}, {"hold_id": request_named(message)}]
    who = user.named if user else NOBODY
    answer = await work.perform(kind(**who, **ways[0], **changes), "0")
    if _is(answer, RefusalCode.HOLD_AMBIGUOUS) and reference is not None and item is not None:
        answer = await work.perform(kind(**who, **ways[0], item=item, **changes), "1")
    elif _is(answer, RefusalCode.HOLD_NOT_FOUND) and len(ways) > 1:
        answer = await work.perform(kind(**who, **ways[1], **changes), "1")
    if isinstance(answer, Refusal):
        raise refusal(work, answer, places.get(answer.code))
    assert isinstance(answer, HoldOutcome)
    return user, answer


def _is(answer: object, code: RefusalCode) -> bool:
    return isinstance(answer, Refusal) and answer.code is code


def _item_of(work: Work, message: Any, hold: Hold) -> wire.ItemId | None:
    barcode = hold.item_barcode or item_named(message)
    return item_id_out(work, barcode) if barcode else None


async def _holder(work: Work, message: Any, user: User | None, hold: Hold) -> wire.UserId | None:
    return user_out(work, message, user) if user is not None else await person_out(work, hold.patron_id)
