"""The fleet's ledger: what is a violation, what proves nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gateway.clients.ledger import Ledger, Wrong, amount


def found(ledger: Ledger) -> list[tuple[Wrong, str]]:
    return [(violation.kind, violation.subject) for violation in ledger.violations]


@pytest.fixture
def ledger() -> Ledger:
    """One patron with a loan from before, who owes 2.50."""
    opened = Ledger()
    opened.open_account("P1", ["I0"], "2.50")
    return opened


def test_books_that_agree(ledger: Ledger) -> None:
    ledger.lent("I1", "P1")
    ledger.lent("I2", "P1")
    ledger.returned("I2")
    ledger.paid_in("P1", Decimal("0.50"))
    ledger.compare_account("P1", ["I0", "I1"], "2.00")
    ledger.compare_item("I1", "04")
    ledger.compare_item("I2", "03")
    assert found(ledger) == []


def test_a_loan_lost(ledger: Ledger) -> None:
    ledger.lent("I1", "P1")
    ledger.compare_account("P1", ["I0"], "2.50")
    assert found(ledger) == [(Wrong.LOST, "I1")]


def test_a_loan_made_up(ledger: Ledger) -> None:
    ledger.compare_account("P1", ["I0", "I9"], "2.50")
    assert found(ledger) == [(Wrong.MADE_UP, "I9")]


def test_a_loan_doubled(ledger: Ledger) -> None:
    ledger.compare_account("P1", ["I0", "I0"], "2.50")
    assert found(ledger) == [(Wrong.DOUBLED, "I0")]


def test_an_item_lent_to_two(ledger: Ledger) -> None:
    ledger.lent("I1", "P1")
    ledger.lent("I1", "P2")
    assert found(ledger) == [(Wrong.TWO_BORROWERS, "I1")]


@pytest.mark.parametrize("owed", ["2.50", "1.50", "nonsense", None])
def test_a_payment_that_did_not_count_once(ledger: Ledger, owed: str | None) -> None:
    ledger.paid_in("P1", Decimal("0.50"))
    ledger.compare_account("P1", ["I0"], owed)
    assert found(ledger) == [(Wrong.MONEY, "P1")]


@pytest.mark.parametrize(("status", "lent"), [("03", True), ("08", True), ("04", False), ("07", False)])
def test_an_items_status(ledger: Ledger, status: str, lent: bool) -> None:
    ledger.lent("I1", "P1")
    if not lent:
        ledger.returned("I1")
    ledger.compare_item("I1", status)
    assert found(ledger) == [(Wrong.STATUS, "I1")]


@pytest.mark.parametrize("listed", [["I0"], ["I0", "I1"]])
def test_what_was_never_answered_proves_nothing(ledger: Ledger, listed: list[str]) -> None:
    ledger.unanswered("I1")
    ledger.payment_unanswered("P1")
    ledger.compare_account("P1", listed, "99.00")
    ledger.compare_item("I1", "04" if "I1" in listed else "03")
    assert found(ledger) == []


def test_an_answer_settles_what_was_open(ledger: Ledger) -> None:
    ledger.unanswered("I1")
    ledger.lent("I1", "P1")
    ledger.compare_account("P1", ["I0"], "2.50")
    assert found(ledger) == [(Wrong.LOST, "I1")]


def test_an_account_opens_once(ledger: Ledger) -> None:
    ledger.open_account("P1", ["I7"], "9.00")
    assert ledger.of("P1") == ["I0"]


@pytest.mark.parametrize(("text", "sum_of_money"), [("2.50", "2.50"), ("", "0"), (None, "0"), (" 1 ", "1")])
def test_amounts(text: str | None, sum_of_money: str) -> None:
    assert amount(text) == Decimal(sum_of_money)
