"""Two processes at once on one account or one title: no money is taken twice, no hold is doubled or passed by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.money import Money
from gateway.canonical.outcomes import HoldOutcome, PaymentOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.store.port import Store
from gateway.store.rows import ChargeRow, HoldRow, ItemRow, PaymentRow
from tests.gateway.platforms.reference.answers import asked
from tests.gateway.platforms.reference.library import Library, charge

Stores = Callable[[], Awaitable[Store]]


@pytest.fixture
async def pair(library: Library, stores: Stores) -> Any:
    """The library as two processes see it."""
    second = Library(await stores(), clock=library.clock)
    yield library, second
    await second.platform.close()


def outcomes(answers: list[Any]) -> list[str]:
    return sorted(a.code if isinstance(a, Refusal) else type(a).__name__ for a in answers)


async def test_one_debt_is_paid_once(pair: tuple[Library, Library]) -> None:
    first, second = pair
    await first.add(charge("c1", "ann", 500))
    request = req.FeePay(patron="c-ann", amount=Money(amount=Decimal("5.00"), currency="GBP"))
    answers = await asyncio.gather(
        asked(first).fee_pay(first.context(), request, first.key("one")),
        asked(second).fee_pay(second.context(terminal="t2"), request, second.key("two")),
    )
    assert outcomes(answers) == [RefusalCode.PAYMENT_EXCEEDS_BALANCE, PaymentOutcome.__name__]
    assert len(await first.rows(PaymentRow)) == 1
    assert (await first.row(ChargeRow)).balance == 0


async def test_parts_of_one_debt_add_up(pair: tuple[Library, Library]) -> None:
    first, second = pair
    await first.add(charge("c1", "ann", 500), charge("c2", "ann", 300, at=1))
    request = req.FeePay(patron="c-ann", amount=Money(amount=Decimal("1.00"), currency="GBP"))
    answers = await asyncio.gather(
        *(
            asked(library).fee_pay(library.context(terminal=f"t{n}"), request, library.key(f"pay-{n}"))
            for n, library in enumerate([first, second] * 3)
        )
    )
    assert outcomes(answers) == [PaymentOutcome.__name__] * 6
    assert sum(row.balance for row in await first.rows(ChargeRow)) == 200


async def test_one_patron_holds_a_title_once(pair: tuple[Library, Library]) -> None:
    first, second = pair
    request = req.HoldPlace(patron="c-ann", bib_id="y")
    answers = await asyncio.gather(
        asked(first).hold_place(first.context(), request, first.key("one")),
        asked(second).hold_place(second.context(terminal="t2"), request, second.key("two")),
    )
    assert outcomes(answers) == [RefusalCode.DUPLICATE_HOLD, HoldOutcome.__name__]
    assert len(await first.rows(HoldRow)) == 1


@pytest.mark.parametrize("attempt", range(5))
async def test_a_hold_placed_while_the_copy_comes_back_is_not_passed_by(
    pair: tuple[Library, Library], attempt: int
) -> None:
    """Either the return sees the hold and keeps the copy for it, or the hold sees the copy back on its shelf."""
    first, second = pair
    await first.lend("x", "bob")
    request = req.HoldPlace(patron="c-ann", bib_id="x")
    placed, _ = await asyncio.gather(
        asked(first).hold_place(first.context(), request, first.key("hold")), second.take_back("x")
    )
    item, hold = await first.row(ItemRow, id="x"), await first.row(HoldRow)
    trapped = (item.status, item.hold_id, hold.status) == ("ON_HOLD_SHELF", hold.id, "READY")
    on_shelf = (item.status, hold.status, placed.available) == ("AVAILABLE", "PENDING", True)
    assert trapped or on_shelf
