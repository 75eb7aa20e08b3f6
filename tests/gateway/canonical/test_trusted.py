"""A trusted model is the model that checking would have made, in all that can be seen of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from gateway.canonical.entities import Item, Loan
from gateway.canonical.trusted import trusted
from gateway.canonical.vocabulary import ItemStatus, LoanStatus

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
LOAN = {"status": LoanStatus.OPEN, "id": "l", "item_id": "i", "patron_id": "p", "item_barcode": "3", "due": NOW,
        "loaned_at": NOW, "renewals_left": 2}  # fmt: skip


def test_it_equals_the_validated_one_and_looks_the_same() -> None:
    made, checked = trusted(Loan)(**LOAN), Loan(**LOAN)
    assert made == checked
    assert hash(made) == hash(checked)
    assert made.model_dump_json() == checked.model_dump_json()
    assert repr(made) == repr(checked)


def test_it_is_frozen_and_can_be_copied() -> None:
    made = trusted(Item)(id="i", barcode="3", status=ItemStatus.AVAILABLE)
    with pytest.raises(ValidationError):
        made.title = "another"  # pyright: ignore[reportAttributeAccessIssue]
    copy = made.model_copy(update={"title": "another"})
    assert (made.title, copy.title) == ("", "another")
    assert trusted(Item)(id="j", barcode="4", status=ItemStatus.AVAILABLE).title == ""
