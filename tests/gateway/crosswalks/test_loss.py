"""The matrix of what is lost says what the tables do, and the page is the matrix."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import pytest

from gateway.canonical.refusals import FailureCode, RefusalCode
from gateway.canonical.vocabulary import BlockReason, FeeType, HoldStatus, ItemStatus, MediaType, PaymentMethod
from gateway.crosswalks.loss import DOORS, WIDER, Cell, Fate, matrices, page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "translation-loss.md"
BY_TITLE = {matrix.title: matrix for matrix in matrices()}


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m gateway.crosswalks.loss > docs/reference/…"


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Where an item stands", ItemStatus),
        ("Where a hold stands", HoldStatus),
        ("What a charge is for", FeeType),
        ("How a charge was paid", PaymentMethod),
        ("What an item is", MediaType),
        ("Why a patron is blocked", BlockReason),
        ("Why something is not done", (*RefusalCode, *FailureCode)),
    ],
)
def test_every_value_has_a_cell_at_every_door(title: str, words: Iterable[StrEnum]) -> None:
    rows = BY_TITLE[title].rows
    assert list(rows) == [word.name for word in words]
    assert {tuple(cells) for cells in rows.values()} == {DOORS}


@pytest.mark.parametrize(
    ("title", "value", "door", "cell"),
    [
        ("Where an item stands", "LOST", "SIP2", Cell(Fate.KEPT, "12")),
        ("Where an item stands", "WITHDRAWN", "SIP2", Cell(Fate.NARROWED, "01", "UNAVAILABLE")),
        ("Where an item stands", "REQUESTED", "NCIP", Cell(Fate.INVENTED, "Recalled", "RECALLED")),
        ("Where a hold stands", "FILLED", "NCIP", Cell(Fate.DROPPED)),
        ("How a charge was paid", "OTHER", "SIP2", Cell(Fate.INVENTED, "00", "CASH")),
        ("Why a patron is blocked", "EXCESS_FINES", "NCIP", Cell(Fate.NARROWED, "Block Check Out", "BORROW_DENIED")),
        ("Why a patron is blocked", "BAD_ADDRESS", "SIP2", Cell(Fate.DROPPED)),
        ("Why something is not done", "FEE_ACK_REQUIRED", "SIP2", Cell(Fate.KEPT, "BT, BH, BV")),
        ("Why something is not done", "TERMINAL_FORBIDDEN", "LDAP", Cell(Fate.KEPT, "50")),
        ("Where an item stands", "LOST", "LDAP", Cell(Fate.ABSENT)),
    ],
)
def test_a_value_has_the_fate_that_the_tables_give_it(title: str, value: str, door: str, cell: Cell) -> None:
    assert BY_TITLE[title].rows[value][door] == cell


def test_what_is_wider_is_of_the_same_vocabulary() -> None:
    for vocabulary, values in WIDER.items():
        for value, wider in values.items():
            assert {type(one) for one in (value, *wider)} == {vocabulary}


def test_the_api_keeps_everything() -> None:
    for matrix in matrices():
        assert set(matrix.count("HTTP")) == {Fate.KEPT}, matrix.title
