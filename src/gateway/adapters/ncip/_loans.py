"""CheckOutItem, UndoCheckOutItem, CheckInItem, RenewItem, RecallItem, CancelRecallItem, and WorldShare's RenewAllItem.

Each has a function that carries it out, which notifications that are meant as commands use too, and one that answers.
An item that its borrower has already is not renewed by a second CheckOutItem: the first one's answer is given again
where the message is the same, else it is refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gateway.adapters.ncip._circulation import (
    NOBODY,
    agreed,
    borrower,
    borrower_out,
    carried_out,
    charged,
    due_in,
    item_here,
    optional_fields,
    user_out,
    wish,
)
from gateway.adapters.ncip._common import (
    User,
    agency,
    external_ref,
    item_id_out,
    user_elements,
    user_needed,
    user_typed,
    written,
)
from gateway.adapters.ncip._items import location_out
from gateway.adapters.ncip.work import Work
from gateway.canonical.entities import Item, Routing
from gateway.canonical.outcomes import LoanOutcome, RenewAllOutcome, ReturnOutcome, UndoOutcome, Unrenewed
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import (
    ItemDelete,
    LoanCreate,
    LoanRecall,
    LoanRecallCancel,
    LoanRenew,
    LoanRenewAll,
    LoanReturn,
    LoanUndo,
)
from gateway.canonical.vocabulary import HoldType, RoutingAction
from gateway.crosswalks.ncip_values import HOLD_TYPE, ROUTING
from library_protocols.ncip import messages as wire
from library_protocols.ncip import parse_datetime

_FOR_SOMEBODY = (RoutingAction.HOLD_HERE, RoutingAction.TRANSIT_HOLD)


async def lend(work: Work, message: Any, wished: str = "DesiredDateDue") -> tuple[User, LoanOutcome]:
    """Lends the item to whoever borrows. `wished` is the element with the due date."""
    item = await item_here(work, message)
    user = await borrower(work, message)
    request = LoanCreate(
        **user.named,
        item=item,
        **wish(work, message, wished),
        fee_acknowledged=await agreed(work, message, item),
        external_ref=external_ref(work, message),
    )
    return user, await carried_out(work, LoanOutcome, request, {RefusalCode.INVALID_DATE: wished})


async def check_out_item(work: Work, message: wire.CheckOutItem) -> wire.CheckOutItemResponse:
    user, made = await lend(work, message)
    return wire.CheckOutItemResponse(
        item_id=item_id_out(work, made.item),
        user_id=user_out(work, message, user, made.loan.patron_barcode),
        date_due=written(made.loan.due),
        fiscal_transaction_information=charged(work, [made.fee]),
        **await optional_fields(work, message, made.item, made.loan.patron_id),
    )


async def undo_check_out_item(work: Work, message: wire.UndoCheckOutItem) -> wire.UndoCheckOutItemResponse:
    """The loan was never made; one that was renewed since stays."""
    item = await item_here(work, message)
    user = await borrower(work, message) if user_typed(work, message) else None
    named = user.named if user else NOBODY
    request = LoanUndo(what="checkout", item=item, **named)
    undone = await carried_out(work, UndoOutcome, request)
    return wire.UndoCheckOutItemResponse(
        item_id=item_id_out(work, undone.item),
        user_id=user_out(work, message, user, undone.loan.patron_barcode) if user else None,
    )


async def take_back(work: Work, message: Any) -> ReturnOutcome:
    """Takes the item back, and removes it where it came from this peer and the peer wants that.

    One that was not on loan is routed all the same; the peer hears what its profile has for that."""
    found = await carried_out(
        work, ReturnOutcome, LoanReturn(item=await item_here(work, message), returned_at=_at(message))
    )
    item = found.item
    if work.profile.delete_on_checkin and item.temporary and work.peer.own_ref(item.external_ref) is not None:
        await work.perform(ItemDelete(item_id=item.id, only_temporary=True))
    if found.loan is None and work.profile.checkin_not_on_loan == "problem":
        raise work.stop(Refusal(code=RefusalCode.LOAN_NOT_FOUND))
    return found


def _at(message: Any) -> datetime | None:
    """When a mandated action took place; what is no date is no reason to keep a book out of the library."""
    mandated = getattr(message, "mandated_action", None)
    return parse_datetime(mandated.date_event_occurred) if mandated is not None else None


async def check_in_item(work: Work, message: wire.CheckInItem) -> wire.CheckInItemResponse:
    found = await take_back(work, message)
    return wire.CheckInItemResponse(
        item_id=item_id_out(work, found.item),
        user_id=await borrower_out(work, message, found.loan, found.item),
        routing_information=_routed(work, message, found.item, found.routing),
        fiscal_transaction_information=charged(work, found.fees),
        **await optional_fields(work, message, found.item, found.loan.patron_id if found.loan else None),
    )


def _routed(work: Work, message: wire.CheckInItem, item: Item, routing: Routing) -> wire.RoutingInformation | None:
    """Where the item goes; None where nobody knows. For whom it is told as other users are."""
    place = routing.destination or item.destination or item.permanent_location
    where = location_out("Permanent Location", place) if place else None
    if place is None and routing.sort_bin is None:
        return None
    for_somebody = routing.action in _FOR_SOMEBODY
    seen = user_elements(work, message.user_element_type) if for_somebody else frozenset()
    card = routing.hold_patron_barcode if "user id" in seen else None
    name = routing.hold_patron_name if "name information" in seen else None
    return wire.RoutingInformation(
        routing_instructions=ROUTING[routing.action],
        destination=wire.Destination(bin_number=routing.sort_bin, location=where),
        request_type=HOLD_TYPE.write(HoldType.HOLD) if for_somebody else None,
        user_id=wire.UserId(agency_id=agency(work), user_identifier_value=card) if card else None,
        name_information=_named(name) if name else None,
    )


def _named(name: str) -> wire.NameInformation:
    person = wire.PersonalNameInformation(unstructured_personal_user_name=name)
    return wire.NameInformation(personal_name_information=person)


async def renew(work: Work, message: Any, wished: str = "DesiredDateDue") -> tuple[User, LoanOutcome]:
    """Renews the borrower's loan of the item. `wished` is the element with the due date."""
    item = await item_here(work, message)
    user = await borrower(work, message)
    request = LoanRenew(
        **user.named,
        item=item,
        **wish(work, message, wished),
        fee_acknowledged=await agreed(work, message, item),
    )
    return user, await carried_out(work, LoanOutcome, request, {RefusalCode.INVALID_DATE: wished})


async def renew_item(work: Work, message: wire.RenewItem) -> wire.RenewItemResponse:
    user, renewed = await renew(work, message)
    return wire.RenewItemResponse(
        item_id=item_id_out(work, renewed.item),
        user_id=user_out(work, message, user, renewed.loan.patron_barcode),
        date_due=written(renewed.loan.due),
        date_for_return=written(renewed.item.return_by),
        renewal_count=str(renewed.loan.renewals_used),
        fiscal_transaction_information=charged(work, [renewed.fee]),
        **await optional_fields(work, message, renewed.item, renewed.loan.patron_id),
    )


async def renew_all_item(work: Work, message: wire.RenewAllItem) -> wire.RenewAllItemResponse:
    # Nobody stands in: not all loans of a broker go on because one of its users is not known.
    user = await user_needed(work, message)
    request = LoanRenewAll(**user.named, fee_acknowledged=await agreed(work, message))
    done = await carried_out(work, RenewAllOutcome, request)
    renewed = [
        wire.RenewInformation(
            item_id=item_id_out(work, loan.item_barcode),
            date_due=written(loan.due),
            renewal_count=str(loan.renewals_used),
        )
        for loan in done.renewed
    ]
    left = [_unrenewed(work, one) for one in done.unrenewed]
    whose = next((loan.patron_id for loan in (*done.renewed, *(one.loan for one in done.unrenewed))), None)
    fields = await optional_fields(work, message, None, whose)
    return wire.RenewAllItemResponse(
        user_id=user_out(work, message, user), renew_information=(*renewed, *left), **fields
    )


def _unrenewed(work: Work, left: Unrenewed) -> wire.RenewInformation:
    barcode = left.loan.item_barcode
    problem = work.problem(left.refusal, "ItemId/ItemIdentifierValue", barcode)
    return wire.RenewInformation(item_id=item_id_out(work, barcode), problem=(problem,))


async def recall(work: Work, message: Any, wished: str = "DesiredDateDue") -> LoanOutcome:
    """Asks for the item back, not before the date in the element `wished`."""
    request = LoanRecall(item=await item_here(work, message), desired_due=due_in(work, message, wished))
    return await carried_out(work, LoanOutcome, request, {RefusalCode.INVALID_DATE: wished})


async def recall_item(work: Work, message: wire.RecallItem) -> wire.RecallItemResponse:
    recalled = await recall(work, message)
    return wire.RecallItemResponse(
        item_id=item_id_out(work, recalled.item),
        user_id=await borrower_out(work, message, recalled.loan, recalled.item),
        date_due=written(recalled.loan.due),
        **await optional_fields(work, message, recalled.item, recalled.loan.patron_id),
    )


async def cancel_recall(work: Work, message: Any) -> LoanOutcome:
    """The item may stay out as long as it might before it was recalled."""
    return await carried_out(work, LoanOutcome, LoanRecallCancel(item=await item_here(work, message)))


async def cancel_recall_item(work: Work, message: wire.CancelRecallItem) -> wire.CancelRecallItemResponse:
    back = await cancel_recall(work, message)
    return wire.CancelRecallItemResponse(
        item_id=item_id_out(work, back.item),
        user_id=await borrower_out(work, message, back.loan, back.item),
        **await optional_fields(work, message, back.item, back.loan.patron_id),
    )
