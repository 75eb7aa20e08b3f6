"""Money: CreateUserFiscalTransaction (charged, paid, waived), and charges as they are told.

A sum is a whole number of the currency's smallest unit, and always positive: the action says in which direction. One
transaction is one command. A payment may name the charges it is for, by our numbers or by those the peer gave them; a
waiver names one, and a charge of somebody else is none.
"""

from __future__ import annotations

from typing import Any, TypeVar

from gateway.adapters.ncip._common import (
    User,
    agency,
    clean,
    item_id_out,
    sum_in,
    sum_out,
    typed_user_id_out,
    user_needed,
    value,
    written,
)
from gateway.adapters.ncip.work import Work
from gateway.canonical.entities import Fee
from gateway.canonical.money import Money
from gateway.canonical.outcomes import AccountOutcome, FeeOutcome, Outcome, PaymentOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import FeeCreate, FeePay, FeeWaive, PatronAccount
from gateway.canonical.vocabulary import FeeType, PaymentMethod
from gateway.crosswalks.ncip_values import (
    FEE_TYPE,
    FISCAL_ACTION,
    PAYMENT_METHOD,
    FiscalAction,
    fiscal_action_of_fee,
    folded,
)
from library_protocols.ncip import messages as wire

O = TypeVar("O", bound=Outcome)  # noqa: E741  what a request is answered with

_INFORMATION = "FiscalTransactionInformation"
_RELATED = f"{_INFORMATION}/RelatedFiscalTransactionReferenceId"
_REFERENCE = f"{_INFORMATION}/FiscalTransactionReferenceId/FiscalTransactionIdentifierValue"
_PLACES = {
    RefusalCode.ITEM_NOT_FOUND: f"{_INFORMATION}/ItemDetails/ItemId/ItemIdentifierValue",
    RefusalCode.CONFLICT: _REFERENCE,  # it has named another transaction already
}
"""Elements that refusals of charges and payments are about where it is not their usual one."""
_NO_BARCODES = frozenset({"ill request id", "request id"})
"""ItemIdentifierTypes that name a transaction: WorldShare sends them where there is no item."""
_DESCRIPTION = 500
"""Characters that are kept of a description."""


async def create_user_fiscal_transaction(work: Work, message: Any) -> wire.CreateUserFiscalTransactionResponse:
    """Charges, takes a payment or waives, as FiscalActionType says."""
    user, reference = await transact(work, message)
    return wire.CreateUserFiscalTransactionResponse(
        user_id=typed_user_id_out(work, user.typed or ""),
        fiscal_transaction_reference_id=wire.FiscalTransactionReferenceId(
            agency_id=agency(work), fiscal_transaction_identifier_value=reference
        ),
    )


async def transact(work: Work, message: Any) -> tuple[User, str]:
    """Carries a fiscal transaction out: whose it is, and our number of it. Raises Stopped."""
    told: wire.FiscalTransactionInformation | None = message.fiscal_transaction_information
    if told is None:
        raise work.missing(_INFORMATION)
    action = _action(work, told)
    amount = sum_in(work, told.amount, f"{_INFORMATION}/Amount")
    if amount is None:
        raise work.missing(f"{_INFORMATION}/Amount")
    user = await user_needed(work, message)
    if action is FiscalAction.CHARGE:
        return user, await _charge(work, user, told, amount)
    if action is FiscalAction.PAY:
        return user, await _pay(work, user, told, amount)
    return user, await _waive(work, user, told, amount)


def _action(work: Work, told: wire.FiscalTransactionInformation) -> FiscalAction:
    if not value(told.fiscal_action_type):
        raise work.missing(f"{_INFORMATION}/FiscalActionType")
    action = FISCAL_ACTION.read(told.fiscal_action_type)
    if action is None:
        raise work.stop_with(
            "Element Rule Violated",
            f"{_INFORMATION}/FiscalActionType",
            detail="UNKNOWN_ACTION: Assess, Penalty, Payment, Waive, Forgive, Cancel and Write Off are carried out.",
        )
    return action


async def _charge(work: Work, user: User, told: wire.FiscalTransactionInformation, amount: Money) -> str:
    request = FeeCreate(
        **user.named,
        type=FEE_TYPE.read(told.fiscal_transaction_type) or FeeType.OTHER,
        amount=amount,
        item=_item(told),
        description=_description(told),
        external_ref=_own_reference(work, told),
    )
    return (await _carried_out(work, FeeOutcome, request)).fee.id


async def _pay(work: Work, user: User, told: wire.FiscalTransactionInformation, amount: Money) -> str:
    named = _related(told)
    fee_ids: tuple[str, ...] = ()
    if named:
        account = await work.perform(PatronAccount(**user.named, fees=True))
        fees = account.fees if isinstance(account, AccountOutcome) else ()
        fee_ids = tuple(_fee_id(work, one, fees) for one in named)
    request = FeePay(
        **user.named,
        amount=amount,
        method=PAYMENT_METHOD.read(told.payment_method_type) or PaymentMethod.OTHER,
        fee_ids=fee_ids,
        fee_type=FEE_TYPE.read(told.fiscal_transaction_type),
        external_ref=_own_reference(work, told),
    )
    paid = await _carried_out(work, PaymentOutcome, request)
    if paid.duplicate:
        raise work.stop_with(
            "Duplicate Fiscal Transaction", _REFERENCE, detail="PAYMENT_DUPLICATE: This payment had been taken before."
        )
    return paid.payment.id


async def _waive(work: Work, user: User, told: wire.FiscalTransactionInformation, amount: Money) -> str:
    named = _related(told) or ([own] if (own := _reference(told)) else [])
    if not named:
        raise work.missing(_RELATED)
    if len(named) > 1:
        raise work.stop_with(
            "Element Rule Violated", _RELATED, detail="ONE_CHARGE: A waiver is about one charge at a time."
        )
    account = await work.get(AccountOutcome, PatronAccount(**user.named, fees=True), element=user.path)
    request = FeeWaive(
        fee_id=_fee_id(work, named[0], account.fees),
        patron_id=account.patron.id,
        amount=amount,
        reason=clean(told.fiscal_transaction_description) or value(told.fiscal_action_type),
    )
    return (await work.get(FeeOutcome, request)).fee.id


async def _carried_out(work: Work, outcome: type[O], request: FeeCreate | FeePay) -> O:
    """The desk's answer where it is a yes. Raises Stopped with the element that a refusal is about."""
    answer = await work.perform(request)
    if isinstance(answer, Refusal):
        raise work.stop(answer, _PLACES.get(answer.code))
    assert isinstance(answer, outcome), f"{request.operation} gave {type(answer).__name__}"
    return answer


def _fee_id(work: Work, named: str, fees: tuple[Fee, ...]) -> str:
    """Our number of an open charge that the message names by it or by the peer's own; a charge that is not open any
    more keeps its name: a repetition is answered as the first time."""
    theirs = work.peer.external_ref(named)
    return next((fee.id for fee in fees if fee.external_ref == theirs), named)


def _related(told: wire.FiscalTransactionInformation) -> list[str]:
    names = (clean(one.fiscal_transaction_identifier_value) for one in told.related_fiscal_transaction_reference_id)
    return list(dict.fromkeys(name for name in names if name))


def _reference(told: wire.FiscalTransactionInformation) -> str | None:
    sent = told.fiscal_transaction_reference_id
    return clean(sent.fiscal_transaction_identifier_value) if sent is not None else None


def _own_reference(work: Work, told: wire.FiscalTransactionInformation) -> str | None:
    sent = _reference(told)
    return work.peer.external_ref(sent) if sent else None


def _item(told: wire.FiscalTransactionInformation) -> str | None:
    """The barcode of the item that it is about, where one of ours is named."""
    sent = told.item_details.item_id if told.item_details is not None else None
    if sent is None or folded(sent.item_identifier_type) in _NO_BARCODES:
        return None
    return clean(sent.item_identifier_value)


def _description(told: wire.FiscalTransactionInformation) -> str | None:
    """The words that came with it, else its title; and the number of the request, which staff can look up."""
    details = told.item_details
    described = details.bibliographic_description if details is not None else None
    words = clean(told.fiscal_transaction_description) or (clean(described.title) if described is not None else None)
    request = clean(told.request_id.request_identifier_value) if told.request_id is not None else None
    said = [words, f"({request})" if request else None]
    return " ".join(filter(None, said))[:_DESCRIPTION] or None


# Charges as they are told


def account_details(work: Work, fee: Fee) -> wire.AccountDetails:
    """An open charge: what is still to be paid of it, by our number of it."""
    details = None
    if fee.item_barcode:
        details = wire.ItemDetails(
            item_id=item_id_out(work, fee.item_barcode),
            bibliographic_description=wire.BibliographicDescription(title=fee.title),
        )
    return wire.AccountDetails(
        accrual_date=written(fee.created_at) or "",
        fiscal_transaction_information=wire.FiscalTransactionInformation(
            fiscal_action_type=fiscal_action_of_fee(fee.type),
            fiscal_transaction_reference_id=wire.FiscalTransactionReferenceId(
                agency_id=agency(work), fiscal_transaction_identifier_value=fee.id
            ),
            fiscal_transaction_type=FEE_TYPE.write(fee.type),
            amount=sum_out(wire.Amount, fee.balance),
            fiscal_transaction_description=fee.description or (None if details else fee.title),
            item_details=details,
        ),
    )
