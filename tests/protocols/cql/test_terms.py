"""What stands inside a term, and what makes it literal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.cql import Mask, Piece, escape, pieces, unescape

CASES: list[tuple[str, tuple[Piece, ...]]] = [
    ("", ()),
    ("cat", ("cat",)),
    ("cat*", ("cat", Mask.MANY)),
    ("*c?t", (Mask.MANY, "c", Mask.ONE, "t")),
    ("^cat^", (Mask.ANCHOR, "cat", Mask.ANCHOR)),
    (r"\*cat\?\^", ("*cat?^",)),
    (r"says \"fish\"", ('says "fish"',)),
    (r"back\\slash", ("back\\slash",)),
    (r"\w", ("w",)),
    ("end\\", ("end\\",)),
]


@pytest.mark.parametrize(("term", "expected"), CASES)
def test_pieces(term: str, expected: tuple[Piece, ...]) -> None:
    assert pieces(term) == expected


def test_unescape_keeps_masks_as_characters() -> None:
    assert unescape(r"a*b\"c") == 'a*b"c'


@pytest.mark.fuzz
@given(st.text())
def test_escaped_text_means_itself(text: str) -> None:
    assert pieces(escape(text)) == ((text,) if text else ())
    assert unescape(escape(text)) == text
