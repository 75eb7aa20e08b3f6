"""Money over NCIP: charged, paid and waived, in whole pence, and never twice."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.entities import Fee
from gateway.canonical.money import Money
from gateway.canonical.outcomes import AccountOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import FeeStatus, FeeType
from library_protocols.ncip import SchemeValue
from library_protocols.ncip import messages as wire
from tests.gateway.adapters.ncip.responder import (
    Responder,
    item,
    item_id,
    patron,
    problem_of,
    type_of,
    user_id,
)
from tests.gateway.adapters.ncip.scripted import NOW, Scripted, a_patron


def amount(pence: str, currency: str | None = "GBP") -> wire.Amount:
    code = SchemeValue(currency) if currency is not None else None
    return wire.Amount(currency_code=code, monetary_value=pence)


def reference(text: str, kind: Any = wire.FiscalTransactionReferenceId) -> Any:
    return kind(agency_id=SchemeValue("BROKER"), fiscal_transaction_identifier_value=text)


def related(*names: str) -> tuple[wire.RelatedFiscalTransactionReferenceId, ...]:
    return tuple(reference(name, wire.RelatedFiscalTransactionReferenceId) for name in names)


def transaction(action: str, pence: str, number: int = 1, **more: Any) -> wire.CreateUserFiscalTransaction:
    known: dict[str, Any] = {
        "fiscal_action_type": SchemeValue(action),
        "fiscal_transaction_type": SchemeValue("Interlibrary Loan Fee"),
        "amount": amount(pence),
    }
    return wire.CreateUserFiscalTransaction(
        user_id=user_id(number), fiscal_transaction_information=wire.FiscalTransactionInformation(**known | more)
    )


async def fees(responder: Responder, number: int = 1) -> Any:
    return (await responder.desk_says(req.PatronAccount(patron=patron(number), fees=True))).fees


def number_of(answer: Any) -> str:
    assert not answer.problem, answer
    return answer.fiscal_transaction_reference_id.fiscal_transaction_identifier_value


@pytest.mark.parametrize("action", ["Assess", "penalty"])
async def test_a_charge(responder: Responder, action: str) -> None:
    about = wire.ItemDetails(
        item_id=item_id(1), bibliographic_description=wire.BibliographicDescription(title="Hanes Cymru")
    )
    message = transaction(action, "1234", item_details=about, fiscal_transaction_description="Copi")
    answer = await responder.ask(message)
    (fee,) = await fees(responder)
    assert fee.id == number_of(answer)
    assert answer.user_id.user_identifier_value == patron(1)
    assert answer.fiscal_transaction_reference_id.agency_id.value == "ABER"
    assert (str(fee.balance), fee.type, fee.item_barcode) == ("12.34 GBP", FeeType.ILL, item(1))
    assert fee.description == "Copi"
    assert number_of(await responder.ask(message)) == fee.id
    assert len(await fees(responder)) == 1


async def test_worldshare_charges_for_a_request_without_an_item(responder: Responder) -> None:
    named = wire.ItemId(item_identifier_type=SchemeValue("ILL Request Id"), item_identifier_value="12345")
    about = wire.ItemDetails(item_id=named, bibliographic_description=wire.BibliographicDescription())
    message = transaction(
        "Assess", "250", item_details=about, request_id=wire.RequestId(request_identifier_value="12345")
    )
    number_of(await responder.ask(message))
    (fee,) = await fees(responder)
    assert (fee.item_barcode, fee.description) == (None, "(12345)")


async def test_an_item_that_is_not_here(responder: Responder) -> None:
    about = wire.ItemDetails(item_id=wire.ItemId(item_identifier_value="none"))
    answer = await responder.ask(transaction("Assess", "250", item_details=about))
    assert type_of(answer) == "Unknown Item"
    path = "CreateUserFiscalTransaction/FiscalTransactionInformation/ItemDetails/ItemId/ItemIdentifierValue"
    assert (problem_of(answer).problem_element, problem_of(answer).problem_value) == (path, "none")


async def test_a_payment_without_names_goes_to_the_oldest_charges(responder: Responder) -> None:
    before = await fees(responder, 10)
    message = transaction("Payment", "100", 10, fiscal_transaction_reference_id=reference("P-1"))
    first = await responder.ask(message)
    assert number_of(first)
    (after,) = await fees(responder, 10)
    assert (str(before[0].balance), str(after.balance)) == ("2.50 GBP", "1.50 GBP")
    assert await responder.ask(message) == first
    assert await fees(responder, 10) == (after,)
    other = transaction("Payment", "150", 10, fiscal_transaction_reference_id=reference("P-1"))
    refused = await responder.ask(other)
    assert type_of(refused) == "Duplicate Fiscal Transaction"
    path = "FiscalTransactionInformation/FiscalTransactionReferenceId/FiscalTransactionIdentifierValue"
    assert problem_of(refused).problem_element == f"CreateUserFiscalTransaction/{path}"
    assert problem_of(refused).problem_value == "P-1"
    assert await fees(responder, 10) == (after,)


async def test_a_payment_is_for_the_charges_that_it_names(responder: Responder) -> None:
    first = number_of(await responder.ask(transaction("Assess", "300")))
    own = transaction("Assess", "200", fiscal_transaction_reference_id=reference("C-7"))
    second = number_of(await responder.ask(own))
    paid = transaction(
        "Payment", "200", related_fiscal_transaction_reference_id=related("C-7"),
        payment_method_type=SchemeValue("Credit Card"),
    )  # fmt: skip
    number_of(await responder.ask(paid))
    assert [fee.id for fee in await fees(responder)] == [first]
    by_our_number = transaction("Payment", "50", related_fiscal_transaction_reference_id=related(first))
    number_of(await responder.ask(by_our_number))
    (left,) = await fees(responder)
    assert (left.id, str(left.balance)) == (first, "2.50 GBP")
    assert second != first
    unknown = transaction("Payment", "50", related_fiscal_transaction_reference_id=related("C-8"))
    answer = await responder.ask(unknown)
    assert (problem_of(answer).problem_element or "").endswith(
        "RelatedFiscalTransactionReferenceId/FiscalTransactionIdentifierValue"
    )
    assert problem_of(answer).problem_value == "C-8"


@pytest.mark.parametrize("action", ["Waive", "forgive", "Cancel", "Write Off"])
async def test_a_charge_is_waived_once(responder: Responder, action: str) -> None:
    made = number_of(await responder.ask(transaction("Assess", "300", fiscal_transaction_reference_id=reference("C"))))
    part = transaction(action, "100", related_fiscal_transaction_reference_id=related(made))
    assert number_of(await responder.ask(part)) == made
    assert number_of(await responder.ask(part)) == made
    (left,) = await fees(responder)
    assert str(left.balance) == "2.00 GBP"
    rest = transaction(action, "200", related_fiscal_transaction_reference_id=related("C"))
    assert number_of(await responder.ask(rest)) == made
    assert await fees(responder) == ()
    assert number_of(await responder.ask(rest)) == made


async def test_nobody_elses_charge_is_waived(responder: Responder) -> None:
    (others,) = await fees(responder, 10)
    message = transaction("Waive", "250", 1, related_fiscal_transaction_reference_id=related(others.id))
    answer = await responder.ask(message)
    assert (problem_of(answer).problem_detail or "").startswith("FEE_NOT_FOUND")
    (left,) = await fees(responder, 10)
    assert (left, left.status) == (others, FeeStatus.OPEN)


async def test_what_is_no_transaction(responder: Responder) -> None:
    before = await fees(responder, 10)
    information = "CreateUserFiscalTransaction/FiscalTransactionInformation"
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"fiscal_action_type": SchemeValue("Balance")}, "Element Rule Violated", "FiscalActionType"),
        ({"fiscal_action_type": None}, "Needed Data Missing", "FiscalActionType"),
        ({"amount": None}, "Needed Data Missing", "Amount"),
        ({"amount": amount("two")}, "Invalid Amount", "Amount/MonetaryValue"),
        ({"amount": amount("-100")}, "Invalid Amount", "Amount/MonetaryValue"),
        ({"amount": amount("0")}, "Invalid Amount", "Amount/MonetaryValue"),
        ({"amount": amount("100", "EUR")}, "Invalid Amount", "Amount/CurrencyCode"),
        ({"amount": amount("251")}, "Invalid Amount", "Amount/MonetaryValue"),
        ({"fiscal_action_type": SchemeValue("Waive")}, "Needed Data Missing", "RelatedFiscalTransactionReferenceId"),
        (
            {
                "fiscal_action_type": SchemeValue("Waive"),
                "related_fiscal_transaction_reference_id": related("a", "b"),
            },
            "Element Rule Violated",
            "RelatedFiscalTransactionReferenceId",
        ),
    ]  # fmt: skip
    for fields, type_, element in cases:
        answer = await responder.ask(transaction("Payment", "100", 10, **fields))
        assert type_of(answer) == type_, fields
        assert problem_of(answer).problem_element == f"{information}/{element}", fields
    bare = await responder.ask(wire.CreateUserFiscalTransaction(user_id=user_id(10)))
    assert (type_of(bare), problem_of(bare).problem_element) == ("Needed Data Missing", information)
    nobody = transaction("Assess", "100")
    nobody = await responder.ask(
        wire.CreateUserFiscalTransaction(
            user_id=wire.UserId(user_identifier_value="nobody"),
            fiscal_transaction_information=nobody.fiscal_transaction_information,
        )
    )
    assert type_of(nobody) == "Unknown User"
    assert await fees(responder, 10) == before


async def test_a_sum_without_a_currency_is_in_the_members(responder: Responder) -> None:
    number_of(await responder.ask(transaction("Assess", "250", amount=amount("250", None))))
    (fee,) = await fees(responder)
    assert str(fee.balance) == "2.50 GBP"


@pytest.mark.parametrize(
    ("sent", "currency", "meant"),
    [("250", "GBP", "2.50 GBP"), ("250", "JPY", "250 JPY"), ("1250", "BHD", "1.250 BHD"), ("2.50", "gbp", "2.50 GBP")],
)
async def test_sums_are_in_the_smallest_unit_of_their_currency(
    demo: dict[str, Any], sent: str, currency: str, meant: str
) -> None:
    scripted, told = Scripted(demo), Refusal(code=RefusalCode.PAYMENT_WRONG_CURRENCY)
    desk = scripted.desk(fee__create=told)
    await scripted.ask(desk, transaction("Assess", sent, amount=amount(sent, currency)))
    assert str(desk.only(req.FeeCreate).amount) == meant


async def test_sums_are_told_in_the_smallest_unit_of_their_currency(demo: dict[str, Any]) -> None:
    scripted = Scripted(demo)
    fee = Fee(
        id="f1", patron_id="p1", type=FeeType.OVERDUE, status=FeeStatus.OPEN, created_at=NOW,
        original=Money.of_minor(300, "JPY"), balance=Money.of_minor(250, "JPY"),
    )  # fmt: skip
    desk = scripted.desk(patron__account=AccountOutcome(patron=a_patron(balance=fee.balance), fees=(fee,)))
    told = await scripted.ask(desk, wire.LookupUser(user_id=user_id(1), user_fiscal_account_desired=True))
    (account,) = told.user_fiscal_account
    assert account.account_balance.monetary_value == "250"
    (line,) = account.account_details
    about = line.fiscal_transaction_information
    assert (about.amount.monetary_value, about.amount.currency_code.value) == ("250", "JPY")
    assert (about.fiscal_action_type.value, about.fiscal_transaction_type.value) == ("Penalty", "Fine")
    assert about.fiscal_transaction_reference_id.fiscal_transaction_identifier_value == "f1"


async def test_a_reference_names_one_charge_for_ever(responder: Responder) -> None:
    message = transaction("Assess", "300", fiscal_transaction_reference_id=reference("C-1"))
    made = number_of(await responder.ask(message))
    assert number_of(await responder.ask(message)) == made
    other = transaction("Assess", "400", fiscal_transaction_reference_id=reference("C-1"))
    assert type_of(await responder.ask(other)) == "Duplicate Fiscal Transaction"
    (fee,) = await fees(responder)
    assert (fee.id, str(fee.balance)) == (made, "3.00 GBP")
