"""Dates and sums as peers write them, and as we do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from library_protocols.ncip import (
    SchemeValue,
    format_datetime,
    money,
    money_value,
    parse_datetime,
    parse_decimal,
    parse_integer,
)
from library_protocols.ncip.messages import Amount, PaidFeeAmount

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T12:00:00Z", NOON),
        (" 2026-11-22T12:00:00.250Z ", NOON.replace(microsecond=250_000)),
        ("2026-11-22T13:00:00+01:00", NOON),
        ("2026-11-22T07:00:00-0500", NOON),
        ("2026-11-22T12:00:00", NOON),
        ("2026-11-22 12:00", NOON),
        ("20261122T120000Z", NOON),
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22T24:00:00Z", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-31-12T00:00:00Z", None),
        ("22/11/2026", None),
        ("2026-11-22T25:00:00Z", None),
        ("2026-11-22T12:00:00+99:00", None),
        ("9999-12-31T24:00:00Z", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_are_read_leniently_and_never_guessed(text: str | None, moment: datetime | None) -> None:
    assert parse_datetime(text) == moment


def test_dates_are_written_in_utc() -> None:
    assert format_datetime(datetime(2026, 7, 1, 1, 30, 5, 999, tzinfo=timezone(timedelta(hours=1)))) == (
        "2026-07-01T00:30:05Z"
    )
    assert format_datetime(datetime(26, 7, 1, tzinfo=UTC)) == "0026-07-01T00:00:00Z"
    with pytest.raises(ValueError, match="zone"):
        format_datetime(datetime(2026, 7, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("currency", "text", "value"),
    [
        ("GBP", "250", Decimal("2.50")),
        ("gbp ", "-250", Decimal("-2.50")),
        ("JPY", "250", Decimal(250)),
        ("KWD", "250", Decimal("0.250")),
        ("", "250", Decimal("2.50")),
        ("GBP", "2.5", Decimal("2.5")),
    ],
)
def test_sums_count_the_smallest_unit(currency: str, text: str, value: Decimal) -> None:
    found = money_value(Amount(currency_code=SchemeValue(currency), monetary_value=text))
    assert found == (value, currency.strip().upper())


def test_what_is_no_sum() -> None:
    assert money_value(None) is None
    assert money_value(Amount(monetary_value="2,50")) is None
    assert money_value(Amount()) is None


def test_sums_are_written_as_whole_numbers() -> None:
    paid = money(PaidFeeAmount, Decimal("2.50"), "GBP")
    assert paid.monetary_value == "250"
    assert money_value(paid) == (Decimal("2.50"), "GBP")
    assert money(Amount, Decimal(3), "JPY").monetary_value == "3"
    with pytest.raises(ValueError, match="smallest unit"):
        money(Amount, Decimal("2.505"), "GBP")


def test_numbers() -> None:
    assert [parse_integer(text) for text in (" 7 ", "-1", "1.0", "٣", "9" * 30, None)] == [
        7,
        -1,
        None,
        None,
        None,
        None,
    ]
    assert [parse_decimal(text) for text in ("1.", ".5", "1e5", "")] == [Decimal(1), Decimal("0.5"), None, None]
