"""Money: a decimal amount with an ISO 4217 currency; stores keep it as whole minor units. Never a float."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer, StringConstraints

# ISO 4217 exponents that are not 2.
_EXPONENTS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0,
    "UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0, "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3,
    "LYD": 3, "OMR": 3, "TND": 3,
}  # fmt: skip

MAX_MINOR = 10**12
"""Minor units of one charge or payment stay below: far above any debt, and within what both databases can hold."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Amount = Annotated[Decimal, PlainSerializer(str, return_type=str, when_used="json")]


def exponent(currency: str) -> int:
    """Number of decimal places of a currency (ISO 4217)."""
    return _EXPONENTS.get(currency, 2)


class Money(BaseModel):
    """`amount` is a decimal with exactly the currency's number of places."""

    model_config = ConfigDict(frozen=True)

    amount: Amount
    currency: Currency

    @classmethod
    def of_minor(cls, minor: int, currency: str) -> Money:
        """From whole minor units (pence, cents). Equal amounts may be the same object."""
        return _of_minor(minor, currency)

    @property
    def minor(self) -> int:
        """Whole minor units; raises ValueError where the amount has more places than the currency."""
        scaled = self.amount.scaleb(exponent(self.currency))
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{self.amount} has more decimal places than {self.currency}")
        return int(scaled)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"


@lru_cache(4096)
def _of_minor(minor: int, currency: str) -> Money:
    return Money(amount=Decimal(minor).scaleb(-exponent(currency)), currency=currency)


def parse_amount(text: str, currency: str) -> Money | None:
    """A plain decimal with a point, such as `2.50` or `3`; None for anything else.

    Signs, exponents, grouping commas, NaN and more places than the currency has are nonsense here:
    a kiosk that sends them must be refused, not guessed at.
    """
    stripped = text.strip()
    if not stripped or len(stripped) > 15 or not all(c in "0123456789." for c in stripped):
        return None
    try:
        money = Money(amount=Decimal(stripped), currency=currency)
        return Money.of_minor(money.minor, currency)
    except (InvalidOperation, ValueError):
        return None
