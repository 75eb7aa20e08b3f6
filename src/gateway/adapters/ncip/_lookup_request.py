"""LookupRequest: a hold by the peer's number or ours, or by who wants which item.

Who it is for is told only where the peer asks for it and may see users at all.
"""

from __future__ import annotations

from typing import Any

from gateway.adapters.ncip._common import (
    item_id_out,
    item_named,
    request_id_out,
    request_named,
    user_elements,
    user_id_out,
    user_needed,
    wanted,
    written,
)
from gateway.adapters.ncip._items import bib_of, hold_named, item_elements, item_optional_fields
from gateway.adapters.ncip._users import pickup_out, user_optional_fields
from gateway.adapters.ncip.work import Work
from gateway.canonical.entities import Hold, Item
from gateway.canonical.outcomes import HoldOutcome, ItemOutcome, PatronOutcome
from gateway.canonical.requests import HoldGet, ItemGet, PatronGet
from gateway.crosswalks.ncip_values import HOLD_LEVEL, HOLD_STATUS, HOLD_TYPE
from library_protocols.ncip import messages as wire

REQUEST_ELEMENTS = frozenset(
    {
        "user id",
        "request type",
        "request scope type",
        "request status type",
        "hold queue position",
        "earliest date needed",
        "need before date",
        "pickup location",
        "pickup expiry date",
        "date of user request",
    }
)
"""RequestElementTypes that are known of a hold here, in lower case."""


async def lookup_request(work: Work, message: Any) -> wire.LookupRequestResponse:
    """How a request stands."""
    if request_named(message) is not None:
        found = await hold_named(work, message)
    elif item_named(message) is not None:
        user = await user_needed(work, message)
        kind = HOLD_TYPE.read(message.request_type)
        found = await work.get(HoldOutcome, HoldGet(**user.named, item=item_named(message), type=kind))
    else:
        raise work.missing("RequestId")
    asked = wanted(message.request_element_type)
    if not asked and work.profile.elements_unasked == "all":
        asked = REQUEST_ELEMENTS
    hold = found.hold
    item = found.item or await _item(work, hold)
    return wire.LookupRequestResponse(
        request_id=request_id_out(work, hold.external_ref, hold.id),
        item_id=item_id_out(work, item, "Barcode") if item is not None else None,
        item_optional_fields=await _item_fields(work, message, item),
        **_elements(work, hold, asked),
        **await _user_fields(work, message, hold, asked),
    )


def _elements(work: Work, hold: Hold, asked: frozenset[str]) -> dict[str, Any]:
    position = hold.queue_position
    told = {
        "request type": ("request_type", HOLD_TYPE.write(hold.type)),
        "request scope type": ("request_scope_type", HOLD_LEVEL.write(hold.level)),
        "request status type": ("request_status_type", HOLD_STATUS.write(hold.status)),
        "hold queue position": ("hold_queue_position", str(position) if position else None),
        "earliest date needed": ("earliest_date_needed", written(hold.suspended_until)),
        "need before date": ("need_before_date", written(hold.needed_before)),
        "pickup location": ("pickup_location", pickup_out(work, hold.pickup_location)),
        "pickup expiry date": ("pickup_expiry_date", written(hold.hold_until)),
        "date of user request": ("date_of_user_request", written(hold.placed_at)),
    }
    return {attribute: found for name, (attribute, found) in told.items() if name in asked}


async def _item(work: Work, hold: Hold) -> Item | None:
    item_id = hold.filled_item_id or hold.item_id
    answer = await work.perform(ItemGet(item_id=item_id)) if item_id is not None else None
    return answer.item if isinstance(answer, ItemOutcome) else None


async def _item_fields(work: Work, message: Any, item: Item | None) -> wire.ItemOptionalFields | None:
    elements = item_elements(work, message.item_element_type)
    if item is None or not elements:
        return None
    bib = await bib_of(work, item.bib_id) if "bibliographic description" in elements else None
    return item_optional_fields(work, item, elements, bib)


async def _user_fields(work: Work, message: Any, hold: Hold, asked: frozenset[str]) -> dict[str, Any]:
    """Who the request is for, as far as the peer asks and may see it."""
    named = "user id" in asked and "user id" in work.peer.user_elements
    elements = user_elements(work, message.user_element_type)
    if not named and not elements:
        return {}
    answer = await work.perform(PatronGet(patron_id=hold.patron_id))
    if not isinstance(answer, PatronOutcome):
        return {}
    return {
        "user_id": user_id_out(work, answer.patron) if named else None,
        "user_optional_fields": user_optional_fields(work, answer.patron, elements),
    }
