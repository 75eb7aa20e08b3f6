"""Prefix queries: text, tree and text again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.z3950.pqf import PqfError, format_pqf, parse_pqf
from library_protocols.z3950.rpn import (
    BIB_1,
    AttributeElement,
    AttributesPlusTerm,
    ComplexValue,
    GeneralTerm,
    NumericTerm,
    Operation,
    Operator,
    Proximity,
    ResultSetRef,
    RpnQuery,
    StringTerm,
)

TITLE, AUTHOR, WORD = AttributeElement(1, 4), AttributeElement(1, 1003), AttributeElement(4, 2)


def term(text: str, *attributes: AttributeElement) -> AttributesPlusTerm:
    return AttributesPlusTerm(attributes, GeneralTerm(text.encode()))


CASES = [
    ("wales", term("wales")),
    ('"a b"', term("a b")),
    ("{a b}", term("a b")),
    (r'"a \"b\" \\"', term('a "b" \\')),
    ('""', term("")),
    ("@attr 1=4 wales", term("wales", TITLE)),
    ("@attr 4=2 @attr 1=4 wales", term("wales", WORD, TITLE)),
    ("@attr 1=4 @attr 1=1003 wales", term("wales", AUTHOR)),
    ("@attr 1=4 @and a b", Operation(Operator.AND, term("a", TITLE), term("b", TITLE))),
    (
        "@or @not a b @attr 1=4 c",
        Operation(Operator.OR, Operation(Operator.AND_NOT, term("a"), term("b")), term("c", TITLE)),
    ),
    ("@set x", ResultSetRef("x")),
    ("@attr 1=4 @set x", ResultSetRef("x", (TITLE,))),
    ("@attr gils 1=4 a", term("a", AttributeElement(1, 4, "1.2.840.10003.3.5"))),
    ("@attr 1.2.840.10003.3.1 1=4 a", term("a", AttributeElement(1, 4, BIB_1))),
    ("@attr 1=title,4 a", term("a", AttributeElement(1, ComplexValue(("title", 4))))),
    ("@term string a", AttributesPlusTerm((), StringTerm("a"))),
    ("@term numeric 12", AttributesPlusTerm((), NumericTerm(12))),
    ("@prox 0 3 1 2 k 2 a b", Operation(Operator.PROX, term("a"), term("b"), Proximity(3, True, 2, 2, False, False))),
    ("@prox void 3 0 2 private 7 a b", Operation(Operator.PROX, term("a"), term("b"), Proximity(3, False, 2, 7, True))),
]


@pytest.mark.parametrize(("text", "node"), CASES)
def test_both_directions(text: str, node: object) -> None:
    query = parse_pqf(text)
    assert query == RpnQuery(BIB_1, node)  # type: ignore[arg-type]
    assert parse_pqf(format_pqf(query)) == query


def test_an_attribute_set_for_all() -> None:
    query = parse_pqf("@attrset exp-1 @attr 1=1 TargetInfo")
    assert query.attribute_set == "1.2.840.10003.3.2"
    assert format_pqf(query) == "@attrset exp-1 @attr 1=1 TargetInfo"


def test_terms_in_another_charset() -> None:
    query = parse_pqf("é", "latin-1")
    assert query.root == AttributesPlusTerm((), GeneralTerm(b"\xe9"))
    assert format_pqf(query, "latin-1") == "é"
    with pytest.raises(PqfError):
        parse_pqf("ŵ", "latin-1")


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("", 0),
        ("@and a", 6),
        ("a b", 2),
        ("@attr 1 a", 6),
        ("@attr 1= a", 6),
        ("@attr nothing 1=4 a", 6),
        ("@attrset nothing a", 9),
        ("@near a b", 0),
        ('a "b', 2),
        ("@term odd a", 10),
        ("@term numeric a", 14),
        ("@prox 0 x 1 2 k 2 a b", 8),
        ("@prox 0 1 1 2 q 2 a b", 14),
        ("@and " * 1000, 5000),
    ],
)
def test_what_is_no_query(text: str, offset: int) -> None:
    with pytest.raises(PqfError) as refused:
        parse_pqf(text)
    assert refused.value.offset == offset


@given(st.text(max_size=40))
def test_any_text_is_a_query_or_an_error(text: str) -> None:
    try:
        query = parse_pqf(text)
    except PqfError:
        return
    assert parse_pqf(format_pqf(query)) == query
