"""AcceptItem, ItemShipped, ItemReceived: the piece of an interlibrary loan comes, and travels.

What AcceptItem asks for beyond the item is looked at before anything is done: a restriction that nobody here could
keep, a charge that could not be made. The charge is made after the item, as a command of its own: where it is refused
all the same, the problem is the answer although the item is here, and the same message again finds both so.
"""

from __future__ import annotations

from typing import Any

from gateway.adapters.ncip._circulation import NOBODY, carried_out
from gateway.adapters.ncip._common import (
    User,
    barcode_of,
    clean,
    external_ref,
    item_id_out,
    item_named,
    moment,
    request_id_out,
    request_named,
    sum_in,
    user_of,
    value,
)
from gateway.adapters.ncip._fees import transact
from gateway.adapters.ncip._items import words_of
from gateway.adapters.ncip._problems import Stopped
from gateway.adapters.ncip._requests import pickup_location
from gateway.adapters.ncip.work import Work
from gateway.canonical.money import MAX_MINOR
from gateway.canonical.outcomes import IllOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import BibWords, IllAccept, IllNote
from gateway.canonical.vocabulary import Permission, ShipmentStep, UseRestriction
from gateway.crosswalks.ncip_values import FISCAL_ACTION, USE_RESTRICTION, FiscalAction, folded
from library_protocols.ncip import messages as wire
from library_protocols.ncip import parse_datetime

_CHARGE = "FiscalTransactionInformation"


async def accept_item(work: Work, message: wire.AcceptItem) -> wire.AcceptItemResponse:
    """A temporary item, and a hold on it for the user where there is one: nobody else is to have it."""
    reference = external_ref(work, message)
    if reference is None:
        raise work.missing("RequestId/RequestIdentifierValue")
    user = await user_of(work, message)
    if user is None and folded(message.requested_action_type).startswith("hold"):
        raise work.missing("UserId")
    charged = _charged(work, message, user)
    fields = message.item_optional_fields or wire.ItemOptionalFields()
    description = fields.item_description or wire.ItemDescription()
    request = IllAccept(
        **(user.named if user else NOBODY),
        external_ref=reference,
        item=_barcode(work, message),
        words=words_of(work, fields.bibliographic_description) if fields.bibliographic_description else BibWords(),
        hold=user is not None,
        pickup_location=pickup_location(work, message.pickup_location) if user else None,
        needed_before=moment(work, message.pickup_expiry_date, "PickupExpiryDate"),
        item_type=work.profile.item_type,
        call_number=clean(description.call_number),
        restrictions=_restrictions(work, message, fields),
        return_by=moment(work, message.date_for_return, "DateForReturn"),
        on_duplicate=work.profile.on_duplicate,
    )
    accepted = await work.perform(request)
    if isinstance(accepted, Refusal):
        raise _refused(work, message, request, accepted)
    assert isinstance(accepted, IllOutcome)
    assert accepted.item is not None
    if charged:
        await transact(work, message)
    return wire.AcceptItemResponse(
        request_id=request_id_out(work, reference),
        item_id=item_id_out(work, accepted.item),
    )


def _barcode(work: Work, message: wire.AcceptItem) -> str:
    """The barcode of the temporary item: that of the piece or the number of the request, as the profile has it."""
    own = barcode_of(message.item_id) if work.profile.barcode_from == "item" else None
    return work.profile.barcode_prefix + (own or request_named(message) or "")


def _restrictions(work: Work, message: wire.AcceptItem, fields: wire.ItemOptionalFields) -> tuple[UseRestriction, ...]:
    """What the lender asks to be kept. Raises Stopped for what has no meaning here: nobody could vouch for it."""
    found = []
    for sent in fields.item_use_restriction_type:
        restriction = USE_RESTRICTION.read(sent)
        if restriction is None:
            element = "ItemOptionalFields/ItemUseRestrictionType"
            detail = "UNKNOWN_RESTRICTION: Nobody here could heed it."
            raise work.stop_with("Cannot Guarantee Restrictions On Use", element, value(sent), detail)
        found.append(restriction)
    if message.non_returnable_flag:
        found.append(UseRestriction.NO_RETURN_NEEDED)
    if message.renewal_not_permitted:
        found.append(UseRestriction.NO_RENEWALS)
    return tuple(dict.fromkeys(found))


def _refused(work: Work, message: wire.AcceptItem, request: IllAccept, no: Refusal) -> Stopped:
    """To be raised: what cannot be accepted is the barcode, the request, a date, or what is usual."""
    element = None
    if no.code is RefusalCode.CONFLICT:
        by_item = no.detail.get("kind") == "barcode" and work.profile.barcode_from == "item" and message.item_id
        element = "ItemId/ItemIdentifierValue" if by_item else "RequestId/RequestIdentifierValue"
    elif no.code is RefusalCode.INVALID_DATE:
        late = request.return_by is not None and request.return_by <= work.now
        element = "DateForReturn" if late else "PickupExpiryDate"
    return work.stop(no, element)


def _charged(work: Work, message: wire.AcceptItem, user: User | None) -> bool:
    """Whether the user is to pay for it. Raises Stopped for what could not be charged afterwards."""
    sent = message.fiscal_transaction_information
    amount = sum_in(work, sent.amount, f"{_CHARGE}/Amount") if sent is not None else None
    if sent is None or amount is None or amount.amount == 0:
        return False
    if FISCAL_ACTION.read(sent.fiscal_action_type) is not FiscalAction.CHARGE:
        detail = "ONLY_CHARGES: With an item comes what its user is to pay, and nothing else."
        raise work.stop_with("Element Rule Violated", f"{_CHARGE}/FiscalActionType", detail=detail)
    if not 0 < amount.minor < MAX_MINOR:
        raise work.stop(Refusal(code=RefusalCode.PAYMENT_INVALID_AMOUNT), f"{_CHARGE}/Amount/MonetaryValue")
    if amount.currency != work.peer.member.currency:
        raise work.stop(Refusal(code=RefusalCode.PAYMENT_WRONG_CURRENCY), f"{_CHARGE}/Amount/CurrencyCode")
    if user is None:
        raise work.missing("UserId")
    if not work.peer.context().may(Permission.CHARGE):
        raise work.stop(Refusal(code=RefusalCode.TERMINAL_FORBIDDEN), f"{_CHARGE}/FiscalActionType")
    return True


async def item_shipped(work: Work, message: wire.ItemShipped) -> wire.ItemShippedResponse:
    await _note(work, message, ShipmentStep.SHIPPED, message.date_shipped)
    return wire.ItemShippedResponse()


async def item_received(work: Work, message: wire.ItemReceived) -> wire.ItemReceivedResponse:
    await _note(work, message, ShipmentStep.RECEIVED, message.date_received)
    return wire.ItemReceivedResponse()


async def _note(work: Work, message: Any, step: ShipmentStep, sent: str) -> None:
    """Puts on record where the piece is, where the platform keeps such notes: the message itself is on record anyway.
    A date that is none is left out: what it is about has happened."""
    if not work.supports("ill.note"):
        return
    reference, item = external_ref(work, message), item_named(message)
    if reference is None and item is None:
        raise work.missing("RequestId")
    request = IllNote(step=step, external_ref=reference, item=item, happened_at=parse_datetime(sent))
    await carried_out(work, IllOutcome, request)
