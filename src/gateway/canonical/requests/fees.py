"""Charges: paid, made, waived."""

from __future__ import annotations

from typing import ClassVar

from gateway.canonical.money import Money
from gateway.canonical.requests.base import PatronRequest, Request
from gateway.canonical.vocabulary import FeeType, PaymentMethod, Permission


class FeePay(PatronRequest):
    """Without `fee_ids` the oldest charges are paid first. `fee_type` is the terminal's word for it, for the record."""

    operation: ClassVar[str] = "fee.pay"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.PAY
    amount: Money
    method: PaymentMethod = PaymentMethod.OTHER
    fee_ids: tuple[str, ...] = ()
    fee_type: FeeType | None = None
    external_ref: str | None = None


class FeeCreate(PatronRequest):
    """One `external_ref` is one charge of the patron: asked for again it is answered as it stands. Refused: CONFLICT
    (`kind`: reference) where it was another charge."""

    operation: ClassVar[str] = "fee.create"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.CHARGE
    type: FeeType
    amount: Money
    item: str | None = None
    description: str | None = None
    external_ref: str | None = None


class FeeWaive(Request):
    """Waives the balance, or the part given; with a patron, only where the charge is that patron's."""

    operation: ClassVar[str] = "fee.waive"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.CHARGE
    fee_id: str
    patron_id: str | None = None
    amount: Money | None = None
    reason: str | None = None
