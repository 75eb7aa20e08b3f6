"""An item and a loan as they stand in answers, for tests of the canonical model."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gateway.canonical.entities import Item, Loan
from gateway.canonical.vocabulary import ItemStatus, LoanStatus

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def item() -> Item:
    return Item(id="i", barcode="b", status=ItemStatus.AVAILABLE)


def loan(**who: Any) -> Loan:
    return Loan(id="l", item_id="i", item_barcode="b", status=LoanStatus.RETURNED, loaned_at=NOON, due=NOON, **who)
