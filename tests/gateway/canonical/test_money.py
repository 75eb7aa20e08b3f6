"""Money: exact, in the currency's own places, and nonsense is refused rather than guessed at."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.canonical.money import Money, parse_amount


@pytest.mark.parametrize(
    ("minor", "currency", "amount"),
    [(250, "GBP", "2.50"), (0, "EUR", "0.00"), (7, "JPY", "7"), (1234, "KWD", "1.234"), (5, "GBP", "0.05")],
)
def test_minor_units_follow_the_currency(minor: int, currency: str, amount: str) -> None:
    money = Money.of_minor(minor, currency)
    assert str(money.amount) == amount
    assert money.minor == minor
    assert money.model_dump(mode="json") == {"amount": amount, "currency": currency}


def test_more_places_than_the_currency_has_are_an_error() -> None:
    with pytest.raises(ValueError, match="decimal places"):
        _ = Money(amount=Decimal("1.005"), currency="GBP").minor


@pytest.mark.parametrize(
    ("text", "minor"), [("2.50", 250), ("3", 300), (" 0.5 ", 50), ("000002.50", 250), ("0", 0), (".5", 50), ("2.", 200)]
)
def test_plain_decimals_are_read(text: str, minor: int) -> None:
    money = parse_amount(text, "GBP")
    assert money is not None
    assert money.minor == minor
    assert str(money.amount) == f"{minor // 100}.{minor % 100:02d}"


@pytest.mark.parametrize(
    "text",
    ["", " ", "-3.00", "+3.00", "abc", "1,50", "1,000.00", "1e3", "NaN", "Infinity", "2.505", "1.2.3", ".", "£2", "²",
     "1" * 16, "0x10", "1_000", "٣"],
)  # fmt: skip
def test_nonsense_is_refused(text: str) -> None:
    assert parse_amount(text, "GBP") is None


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused_and_never_negative(text: str) -> None:
    money = parse_amount(text, "GBP")
    assert money is None or money.minor >= 0


@given(st.integers(-(10**12), 10**12), st.sampled_from(["GBP", "JPY", "KWD"]))
def test_minor_units_survive_the_round_trip(minor: int, currency: str) -> None:
    money = Money.of_minor(minor, currency)
    assert money.minor == minor
    assert Money.model_validate_json(money.model_dump_json()) == money
