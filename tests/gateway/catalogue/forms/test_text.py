"""Which full stop ends a word, and which only an element."""

from __future__ import annotations

import pytest

from gateway.catalogue.forms.text import non_sorting, trim
from tests.gateway.catalogue.forms.records import field


@pytest.mark.parametrize(
    ("text", "trimmed"),
    [
        ("The history of Wales :", "The history of Wales"),
        ("a short account /", "a short account"),
        ("Cardiff :", "Cardiff"),
        ("University Press,", "University Press"),
        ("Includes index.", "Includes index"),
        ("1985.", "1985"),
        ("[1985]", "1985"),
        ("[S.l.]", "S.l."),
        ("[4], 200 p. [2]", "[4], 200 p. [2]"),
        ("Jones, J.", "Jones, J."),
        ("2nd ed.", "2nd ed."),
        ("Smith & Co., Inc.", "Smith & Co., Inc."),
        ("and so on ...", "and so on ..."),
        (" / ", ""),
        ("", ""),
    ],
)
def test_trim(text: str, trimmed: str) -> None:
    assert trim(text) == trimmed


@pytest.mark.parametrize(
    ("text", "count", "found"),
    [
        ("The history", "4", ("The ", "history")),
        ("The history", "0", ("", "The history")),
        ("The", "4", ("", "The")),
        ("The history", " ", ("", "The history")),
        ("\x98Le \x9cmonde", "0", ("Le ", "monde")),
    ],
)
def test_non_sorting(text: str, count: str, found: tuple[str, str]) -> None:
    assert non_sorting(text, count) == found


def test_fields_are_written_as_people_write_them() -> None:
    assert field("245", "10", "$aA$bB").subfields == (("a", "A"), ("b", "B"))
