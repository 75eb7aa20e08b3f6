"""Texts that mean something: dates and sums. Reading is lenient and gives None for what has no meaning."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from library_protocols.ncip.elements.base import SchemeValue
from library_protocols.ncip.elements.common import Money
from library_protocols.ncip.facts.schemes import CURRENCY_CODE, MINOR_DIGITS

M = TypeVar("M", bound=Money)

_DATE_TIME = re.compile(
    r"(?P<year>\d{4})-?(?P<month>\d\d)-?(?P<day>\d\d)"
    r"(?:[T ](?P<hour>\d\d):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?)?"
    r"\s*(?P<zone>Z|z|[+-]\d\d:?(?:\d\d)?)?",
    re.ASCII,
)


def parse_datetime(text: str | None) -> datetime | None:
    """A moment, aware of its zone; UTC where none is written. Seconds, the time and the zone may be missing, a blank
    may stand for the T; year, month, day in this order, and nothing else: a guess would change a due date."""
    found = _DATE_TIME.fullmatch(text.strip()) if text else None
    if found is None:
        return None
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    microsecond = int((found["fraction"] or "0")[:6].ljust(6, "0"))
    next_day = hour == 24 and minute == second == 0
    try:
        day = datetime(int(found["year"]), int(found["month"]), int(found["day"]), tzinfo=_zone(found["zone"]))
        moment = day if next_day else day.replace(hour=hour, minute=minute, second=second, microsecond=microsecond)
        return moment + timedelta(days=1) if next_day else moment
    except (ValueError, OverflowError):
        return None


def _zone(text: str | None) -> timezone:
    if not text or text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def format_datetime(moment: datetime) -> str:
    """A moment as written: UTC, `Z`, whole seconds. Raises ValueError where it has no zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def parse_integer(text: str | None) -> int | None:
    """A whole number of at most 18 digits."""
    found = re.fullmatch(r"\s*([+-]?[0-9]{1,18})\s*", text or "")
    return int(found[1]) if found else None


def parse_decimal(text: str | None) -> Decimal | None:
    """A number, with a point or without; no exponent, no thousands."""
    found = re.fullmatch(r"\s*([+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,6})?|\.[0-9]{1,6}))\s*", text or "")
    try:
        return Decimal(found[1]) if found else None
    except InvalidOperation:
        return None


def minor_digits(currency: str) -> int:
    """How many digits of a currency's sum stand behind the point: 2 for most (ISO 4217)."""
    return MINOR_DIGITS.get(currency.upper(), 2)


def money_value(money: Money | None) -> tuple[Decimal, str] | None:
    """A sum in the currency's main unit, and the currency's code ("" where there is none).

    MonetaryValue is a whole number of the smallest unit. One with a point is not of the standard; whoever writes it
    means the main unit. None where there is no number."""
    if money is None:
        return None
    currency = money.currency_code.value.strip().upper() if money.currency_code else ""
    value = parse_decimal(money.monetary_value)
    if value is None:
        return None
    if "." in money.monetary_value:
        return value, currency
    return value.scaleb(-minor_digits(currency)), currency


def money(kind: type[M], value: Decimal, currency: str) -> M:
    """A sum in the currency's main unit as an element: `money(Amount, Decimal("2.50"), "GBP")`.

    Raises ValueError where the sum is no whole number of the smallest unit."""
    minor = value.scaleb(minor_digits(currency))
    if minor != minor.to_integral_value():
        raise ValueError("a sum finer than the currency's smallest unit")
    return kind(currency_code=SchemeValue(currency, CURRENCY_CODE), monetary_value=str(int(minor)))
