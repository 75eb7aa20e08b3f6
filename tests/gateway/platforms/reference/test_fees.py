"""Fees: what a payment pays, what is refused, and that no money is taken twice."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey
from gateway.canonical.money import Money
from gateway.canonical.outcomes import FeeOutcome, PaymentOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import FeeStatus, FeeType, PaymentMethod
from gateway.platforms.reference.policy import MemberSettings
from gateway.store.port import Store
from gateway.store.rows import ChargeRow, EventRow, PaymentLineRow, PaymentRow
from tests.gateway.platforms.reference.answers import asked
from tests.gateway.platforms.reference.library import Library, charge


def pounds(text: str, currency: str = "GBP") -> Money:
    return Money(amount=Decimal(text), currency=currency)


async def pay(library: Library, amount: str | Money, *, key: CommandKey | None = None, **more: Any) -> Any:
    """Ann pays, unless told otherwise, at terminal t1."""
    terminal = more.pop("terminal", "t1")
    who = {"patron": "c-ann", **more}
    request = req.FeePay(amount=pounds(amount) if isinstance(amount, str) else amount, **who)
    return await asked(library).fee_pay(library.context(terminal=terminal), request, key or library.key())


async def owe(library: Library) -> None:
    """Ann owes 2.50 since the first day, 4.00 since the second; Bob owes 1.00."""
    await library.add(charge("c1", "ann", 250, at=1), charge("c2", "ann", 400, at=2), charge("c3", "bob", 100, at=1))


async def balances(library: Library) -> dict[str, tuple[int, str]]:
    return {row.id: (row.balance, row.status) for row in await library.rows(ChargeRow)}


def refused(answer: Any, code: RefusalCode) -> None:
    assert isinstance(answer, Refusal), answer
    assert answer.code is code


async def test_the_oldest_charge_is_paid_first(library: Library) -> None:
    await owe(library)
    answer = await pay(library, "3.00", method=PaymentMethod.CASH)
    assert isinstance(answer, PaymentOutcome)
    assert str(answer.balance) == "3.50 GBP"
    assert [(line.fee_id, str(line.amount.amount)) for line in answer.payment.lines] == [("c1", "2.50"), ("c2", "0.50")]
    assert await balances(library) == {"c1": (0, "paid"), "c2": (350, "open"), "c3": (100, "open")}
    payment = await library.row(PaymentRow)
    assert (payment.amount, payment.method, payment.terminal) == (300, "cash", "t1")
    assert sum(line.amount for line in await library.rows(PaymentLineRow)) == 300
    assert len(await library.rows(EventRow, type="payment.taken")) == 1


async def test_named_charges_only_are_paid(library: Library) -> None:
    await owe(library)
    answer = await pay(library, "4.00", fee_ids=("c2",))
    assert str(answer.balance) == "2.50 GBP"
    assert await balances(library) == {"c1": (250, "open"), "c2": (0, "paid"), "c3": (100, "open")}
    both = await pay(library, "2.50", fee_ids=("c1",))
    assert str(both.balance) == "0.00 GBP"


async def test_several_named_charges_share_one_payment(library: Library) -> None:
    await owe(library)
    answer = await pay(library, "6.50", fee_ids=("c2", "c1"))
    assert str(answer.balance) == "0.00 GBP"
    assert len(answer.payment.lines) == 2


@pytest.mark.parametrize("fee_id", ["c3", "none"])
async def test_somebody_elses_charge_is_not_found(library: Library, fee_id: str) -> None:
    await owe(library)
    refused(await pay(library, "1.00", fee_ids=(fee_id,)), RefusalCode.FEE_NOT_FOUND)
    assert (await balances(library))["c3"] == (100, "open")


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (pounds("0"), RefusalCode.PAYMENT_INVALID_AMOUNT),
        (pounds("-1.00"), RefusalCode.PAYMENT_INVALID_AMOUNT),
        (pounds("1.005"), RefusalCode.PAYMENT_INVALID_AMOUNT),
        (pounds("1e30"), RefusalCode.PAYMENT_INVALID_AMOUNT),
        (pounds("1.00", "EUR"), RefusalCode.PAYMENT_WRONG_CURRENCY),
        (pounds("6.51"), RefusalCode.PAYMENT_EXCEEDS_BALANCE),
    ],
    ids=str,
)
async def test_nonsense_is_refused_and_nothing_is_taken(library: Library, amount: Money, code: RefusalCode) -> None:
    await owe(library)
    refused(await pay(library, amount), code)
    assert await library.rows(PaymentRow) == []


async def test_who_owes_nothing_pays_nothing(library: Library) -> None:
    refused(await pay(library, "1.00"), RefusalCode.PAYMENT_EXCEEDS_BALANCE)
    refused(await pay(library, "1.00", patron="c-nobody"), RefusalCode.PATRON_NOT_FOUND)


async def test_a_member_may_take_up_to_the_balance(store: Store) -> None:
    library = Library(store, settings={"alpha": MemberSettings(main_location="MAIN", overpay=True)})
    await library.furnish()
    await owe(library)
    answer = await pay(library, "10.00")
    assert (str(answer.payment.amount), str(answer.balance)) == ("6.50 GBP", "0.00 GBP")
    await library.platform.close()


async def test_a_retry_takes_nothing(library: Library) -> None:
    await owe(library)
    key = library.key()
    first, again = await pay(library, "1.00", key=key), await pay(library, "1.00", key=key)
    assert first == again
    assert len(await library.rows(PaymentRow)) == 1


async def test_one_reference_is_one_payment_for_ever(library: Library) -> None:
    await owe(library)
    first = await pay(library, "1.00", external_ref="R1")
    again = await pay(library, "1.00", external_ref="R1")
    assert (first.duplicate, again.duplicate) == (False, True)
    assert again.payment == first.payment
    assert len(await library.rows(PaymentRow)) == 1
    refused(await pay(library, "2.00", external_ref="R1"), RefusalCode.CONFLICT)


async def test_references_are_each_terminals_own(library: Library) -> None:
    await owe(library)
    await pay(library, "1.00", external_ref="R1")
    other = await pay(library, "1.00", external_ref="R1", terminal="t2")
    assert other.duplicate is False
    assert len(await library.rows(PaymentRow)) == 2


async def test_a_payment_lifts_the_block(library: Library) -> None:
    await library.add(charge("c1", "ann", 1000))
    assert isinstance(await library.lend("x", "ann"), Refusal)
    await pay(library, "0.01")
    assert not isinstance(await library.lend("x", "ann"), Refusal)


async def test_staff_make_a_charge(library: Library) -> None:
    request = req.FeeCreate(patron="c-ann", type=FeeType.DAMAGE, amount=pounds("5.00"), item="b-x", description="torn")
    answer = await asked(library).fee_create(library.context(), request, library.key())
    assert isinstance(answer, FeeOutcome)
    assert (answer.fee.item_barcode, answer.fee.title, str(answer.fee.balance)) == ("b-x", "The x book", "5.00 GBP")
    account = await asked(library).patron_account(library.context(), req.PatronAccount(patron="c-ann", fees=True))
    assert account.fees == (answer.fee,)
    request = request.model_copy(update={"item": "b-none"})
    refused(await asked(library).fee_create(library.context(), request, library.key()), RefusalCode.ITEM_NOT_FOUND)


async def test_a_charge_is_waived_only_for_whom_it_is(library: Library) -> None:
    await owe(library)
    owner = (await library.row(ChargeRow, id="c1")).patron_id
    of_other = req.FeeWaive(fee_id="c1", patron_id="somebody-else")
    refused(await asked(library).fee_waive(library.context(), of_other, library.key()), RefusalCode.FEE_NOT_FOUND)
    own = req.FeeWaive(fee_id="c1", patron_id=owner)
    answer = await asked(library).fee_waive(library.context(), own, library.key())
    assert answer.fee.status == FeeStatus.WAIVED


async def test_one_reference_is_one_charge_however_it_stands_since(library: Library) -> None:
    await library.add(charge("c1", "bob", 500))

    async def charged(amount: str = "5.00", **more: Any) -> Any:
        key = more.pop("key", None) or library.key()
        words: dict[str, Any] = {"patron": "c-ann", "type": FeeType.ILL, "external_ref": "ncip:reshare:1", **more}
        request = req.FeeCreate(amount=pounds(amount), **words)
        return await asked(library).fee_create(library.context(), request, key)

    first = await charged(item="b-x")
    assert (first.duplicate, first.fee.external_ref) == (False, "ncip:reshare:1")
    key = library.key()
    again = await charged(item="b-x", key=key)
    assert await charged(item="b-x", key=key) == again
    assert (again.duplicate, again.fee) == (True, first.fee)
    await pay(library, "5.00")
    paid = await charged()
    assert (paid.duplicate, paid.fee.status, paid.fee.id) == (True, FeeStatus.PAID, first.fee.id)
    for other in ({"amount": "5.01"}, {"type": FeeType.OTHER}, {"item": "b-y.1"}):
        refusal = await charged(**other)
        refused(refusal, RefusalCode.CONFLICT)
        assert refusal.detail == {"kind": "reference"}
    assert len(await library.rows(ChargeRow, patron_id="ann")) == 1
    assert (await charged(patron="c-bob")).duplicate is False, "a reference is of one patron"
    assert (await charged(external_ref=None)).duplicate is False
    assert len(await library.rows(EventRow, type="fee.created")) == 3


async def test_two_with_one_reference_at_one_moment_charge_once(library: Library) -> None:
    request = req.FeeCreate(patron="c-ann", type=FeeType.ILL, amount=pounds("5.00"), external_ref="r")
    made = await asyncio.gather(
        *(asked(library).fee_create(library.context(), request, library.key()) for _ in range(3))
    )
    assert sorted(answer.duplicate for answer in made) == [False, True, True]
    assert len(await library.rows(ChargeRow)) == 1


async def test_a_charge_is_waived_in_part_and_then_whole(library: Library) -> None:
    await owe(library)

    async def waive(amount: Money | None) -> Any:
        request = req.FeeWaive(fee_id="c1", amount=amount)
        return await asked(library).fee_waive(library.context(), request, library.key())

    part = await waive(pounds("0.50"))
    assert (part.fee.status, str(part.fee.balance)) == (FeeStatus.OPEN, "2.00 GBP")
    refused(await waive(pounds("2.01")), RefusalCode.PAYMENT_EXCEEDS_BALANCE)
    whole = await waive(None)
    assert (whole.fee.status, str(whole.fee.balance)) == (FeeStatus.WAIVED, "0.00 GBP")
    refused(await waive(None), RefusalCode.FEE_NOT_FOUND)
    events = await library.rows(EventRow, type="fee.waived")
    assert len(events) == 2
