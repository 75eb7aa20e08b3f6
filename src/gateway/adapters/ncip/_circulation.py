"""What loans, requests and interlibrary loans share: who borrows, what was agreed to pay, what else an answer tells.

A peer that borrows for people who are not known here has a patron who stands for it; it reads its own words for a user
again in every answer. Whose an item was is told only where the peer asks for it and may see it, or named it itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from gateway.adapters.ncip._common import (
    Named,
    User,
    agency,
    clean,
    foreign,
    item_needed,
    moment,
    sum_in,
    sum_out,
    typed_user_id_out,
    user_elements,
    user_id_out,
    user_needed,
    user_typed,
    value,
)
from gateway.adapters.ncip._items import item_elements, item_optional_fields
from gateway.adapters.ncip._problems import Stopped, attribute
from gateway.adapters.ncip._users import user_optional_fields
from gateway.adapters.ncip.work import Work
from gateway.canonical.entities import Fee, Item, Loan
from gateway.canonical.money import Money
from gateway.canonical.outcomes import ItemOutcome, Outcome, PatronOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import ItemGet, PatronGet, Request
from gateway.canonical.vocabulary import DesiredDue
from gateway.crosswalks.ncip_values import FEE_TYPE, fiscal_action_of_fee
from library_protocols.ncip import SERVICES
from library_protocols.ncip import messages as wire

O = TypeVar("O", bound=Outcome)  # noqa: E741  what a request is answered with

NOBODY = Named(patron=None, patron_id=None, pin=None)
"""For a request that need not say whom it is about."""
_REQUIRED_FEE = "required_fee_amount"
Places = Mapping[RefusalCode, str]
"""Elements of a message that refusals are about where it is not their usual one."""


async def carried_out(work: Work, outcome: type[O], request: Request, places: Places | None = None) -> O:
    """The desk's answer where it is a yes. Raises Stopped with the refusal as a problem, and beside it the fee without
    which the answer stays no."""
    answer = await work.perform(request)
    if isinstance(answer, Refusal):
        raise refusal(work, answer, (places or {}).get(answer.code))
    assert isinstance(answer, outcome), f"{request.operation} gave {type(answer).__name__}"
    return answer


def refusal(work: Work, no: Refusal, element: str | None = None, sent: str | None = None) -> Stopped:
    """To be raised: the problem that a refusal is, with RequiredFeeAmount where the answer has room for it."""
    fields: dict[str, Any] = {}
    row = SERVICES.get(work.service)
    told = {name: no.detail[name] for name in ("amount", "currency") if name in no.detail}
    if no.code is RefusalCode.FEE_ACK_REQUIRED and len(told) == 2 and hasattr(row and row.response, _REQUIRED_FEE):
        fields[_REQUIRED_FEE] = sum_out(wire.RequiredFeeAmount, Money.model_validate(told))
    return work.stop(no, element, sent, **fields)


async def borrower(work: Work, message: Any) -> User:
    """Who borrows: whom the message names, or who stands for the peer where it names nobody, somebody of another
    agency, or somebody who is not known here. Raises Stopped where there is neither. Who proves to be somebody is
    that person or nobody."""
    stands_in, named = work.profile.institution_patron, user_typed(work, message)
    if stands_in is None or (named is not None and named.pin is not None):
        return await user_needed(work, message)
    if named is None or _of_elsewhere(work, message.user_id):
        return User(stands_in)
    found = await work.perform(PatronGet(patron=named.typed))
    if isinstance(found, Refusal) and found.code is RefusalCode.PATRON_NOT_FOUND:
        return User(stands_in)
    return await user_needed(work, message)


def _of_elsewhere(work: Work, sent: wire.UserId | None) -> bool:
    """Whether a user is said to be an agency's that is neither this member nor one of its branches."""
    named = value(sent.agency_id).casefold() if sent is not None else ""
    ours = (*work.profile.our_ids, *work.profile.branches)
    return (
        bool(named)
        and work.peer.owner_of(named) != work.peer.member.code
        and named not in {one.casefold() for one in ours}
    )


async def item_here(work: Work, message: Any) -> str:
    """The barcode of the item that the message names. Raises Stopped where it names none, or one of another member
    that only happens to have the barcode of one of ours."""
    barcode = item_needed(work, message)
    if await elsewhere(work, message.item_id, barcode):
        raise work.stop(Refusal(code=RefusalCode.ITEM_NOT_FOUND))
    return barcode


async def elsewhere(work: Work, sent: wire.ItemId | None, barcode: str) -> bool:
    """Whether an item is said to be another member's and an item of ours has that barcode. What an interlibrary loan
    has brought goes by the lender's name."""
    if sent is None or not foreign(work, sent.agency_id):
        return False
    found = await work.perform(ItemGet(item=barcode))
    if not isinstance(found, ItemOutcome):
        return False
    return not found.item.temporary and found.item.owner_member == work.peer.member.code


async def agreed(work: Work, message: Any, item: str | None = None) -> bool:
    """Whether a fee that was agreed to, or paid at the peer's, covers what borrowing the item costs."""
    sums = [
        sum_in(work, getattr(message, f"{kind}_fee_amount", None), f"{kind.capitalize()}FeeAmount")
        for kind in ("acknowledged", "paid")
    ]
    covering = [money for money in sums if money is not None and money.amount > 0]
    if not covering or item is None:
        return bool(covering)
    found = await work.perform(ItemGet(item=item))
    fee = found.item.fee if isinstance(found, ItemOutcome) else None
    return fee is None or any(money.currency == fee.currency and money.amount >= fee.amount for money in covering)


def wish(work: Work, message: Any, element: str) -> dict[str, Any]:
    """The due date that the message wishes for in `element`, as fields of a request. One that counts for nothing with
    this peer is not looked at: nonsense in it does no harm."""
    rule = work.profile.due_date
    if rule is DesiredDue.IGNORED:
        return {}
    return {"desired_due": due_in(work, message, element), "desired_due_rule": rule}


def due_in(work: Work, message: Any, element: str) -> datetime | None:
    """The date in an element of the message. Raises Stopped for what is none."""
    return moment(work, getattr(message, attribute(element)), element)


# Answers


def user_out(work: Work, message: Any, user: User, barcode: str | None = None) -> wire.UserId:
    """The user in the peer's own words, else by an identifier of ours."""
    sent = message.user_id
    if sent is not None and clean(sent.user_identifier_value):
        return wire.UserId(
            agency_id=sent.agency_id or agency(work),
            user_identifier_type=sent.user_identifier_type,
            user_identifier_value=sent.user_identifier_value,
        )
    if user.patron is not None:
        return user_id_out(work, user.patron, user.typed)
    return typed_user_id_out(work, barcode or user.typed or "")


async def person_out(work: Work, patron_id: str) -> wire.UserId | None:
    """Somebody whom the message did not name, by the identifier that this peer reads; None where it may not ask."""
    found = await work.perform(PatronGet(patron_id=patron_id))
    return user_id_out(work, found.patron) if isinstance(found, PatronOutcome) else None


async def borrower_out(work: Work, message: Any, loan: Loan | None, item: Item) -> wire.UserId | None:
    """Who has or had the item: told of the peer's own transactions, and where it asks for it and may see it."""
    if loan is None:
        return None
    own = any(work.peer.own_ref(one) is not None for one in (loan.external_ref, item.external_ref))
    if not own and "user id" not in user_elements(work, message.user_element_type):
        return None
    return await person_out(work, loan.patron_id)


async def optional_fields(
    work: Work, message: Any, item: Item | None = None, patron_id: str | None = None
) -> dict[str, Any]:
    """ItemOptionalFields and UserOptionalFields of an answer, as far as they were asked for and may be seen."""
    fields: dict[str, Any] = {}
    if item is not None and (elements := item_elements(work, message.item_element_type)):
        fields["item_optional_fields"] = item_optional_fields(work, item, elements)
    if patron_id is not None and (elements := user_elements(work, message.user_element_type)):
        found = await work.perform(PatronGet(patron_id=patron_id))
        if isinstance(found, PatronOutcome):
            fields["user_optional_fields"] = user_optional_fields(work, found.patron, elements)
    return fields


def charged(work: Work, fees: Iterable[Fee | None]) -> wire.FiscalTransactionInformation | None:
    """What was charged, as one transaction: their sum under the type of the first, which it names where it is alone."""
    made = [fee for fee in fees if fee is not None]
    if not made:
        return None
    first = made[0]
    reference = wire.FiscalTransactionReferenceId(agency_id=agency(work), fiscal_transaction_identifier_value=first.id)
    total = Money.of_minor(sum(fee.original.minor for fee in made), first.original.currency)
    return wire.FiscalTransactionInformation(
        fiscal_action_type=fiscal_action_of_fee(first.type),
        fiscal_transaction_reference_id=reference if len(made) == 1 else None,
        fiscal_transaction_type=FEE_TYPE.write(first.type),
        amount=sum_out(wire.Amount, total),
    )
