from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalogue.from_rpn import Fallback, ScanPoint, query, scan_point, sort_index
from gateway.catalogue.index.evaluate import check
from gateway.catalogue.query import (
    AllRecords,
    And,
    AndNot,
    Completeness,
    Or,
    Position,
    ProblemCode,
    Prox,
    Query,
    QueryProblem,
    Relation,
    ResultSetRef,
    Structure,
    Term,
    Truncation,
)
from library_protocols.z3950 import rpn
from library_protocols.z3950.pqf import parse_pqf
from library_protocols.z3950.rpn import BIB_1, AttributeElement, AttributesPlusTerm, GeneralTerm, RpnQuery

A, B = Term("title", "a"), Term("title", "b")
BATH = "@attr 2=3 @attr 3={} @attr 4={} @attr 5={} @attr 6={}"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("wales", Term("any", "wales")),
        ("@attr 1=4 a", A),
        ("@attr 1=4 @attr 4=2 \"a b\"", Term("title", "a b", structure=Structure.WORD)),
        ("@attr 1=4 @attr 4=6 \"a b\"", Term("title", "a b", structure=Structure.ALL)),
        ("@attr 1=1003 @attr 4=102 \"ann ash\"", Term("author", "ann ash", structure=Structure.ALL)),
        ("@attr 1=4 @attr 5=1 a", Term("title", "a", truncation=Truncation.RIGHT)),
        ("@attr 1=4 @attr 5=101 a#b", Term("title", "a*b", truncation=Truncation.MASKED)),
        ("@attr 1=4 @attr 5=104 a?b#", Term("title", "a*b?", truncation=Truncation.MASKED)),
        ("@attr 1=4 @attr 5=104 a", A),
        ("@attr 1=4 @attr 2=102 a", Term("title", "a", relevant=True)),
        ("@attr 1=4 @attr 2=103 @term null 0", Term("title", "", Relation.PRESENT)),
        ("@attr 2=103 @attr 1=1016 x", AllRecords()),
        ("@attr 1=31 @attr 2=5 @attr 4=4 1990", Term("date", "1990", Relation.GREATER)),
        ("@attr 1=31 @term numeric 1990", Term("date", "1990")),
        ("@attr 1=7 @attr 3=1 @attr 4=1 @attr 6=3 0198526636", Term("isbn", "0198526636")),
        ("@and @attr 1=4 a @attr 1=4 b", And(A, B)),
        ("@or @attr 1=4 a @attr 1=4 b", Or(A, B)),
        ("@not @attr 1=4 a @attr 1=4 b", AndNot(A, B)),
        ("@set here", ResultSetRef("here")),
        ("@prox 0 3 1 2 k 2 @attr 1=4 a @attr 1=4 b", Prox(A, B, 3, Relation.LESS_OR_EQUAL, ordered=True)),
        ("@prox 1 1 0 3 k 2 @attr 1=4 a @attr 1=4 b", Prox(A, B, 1, Relation.EQUAL, exclusion=True)),
        # Bath, functional area A: keyword, truncated, exact, first words, first characters
        ("@attr 1=4 " + BATH.format(3, 2, 100, 1) + " a", Term("title", "a", structure=Structure.WORD)),
        (
            "@attr 1=1003 " + BATH.format(3, 2, 1, 1) + " a",
            Term("author", "a", structure=Structure.WORD, truncation=Truncation.RIGHT),
        ),
        (
            "@attr 1=21 " + BATH.format(1, 1, 100, 3) + " a",
            Term(
                "subject", "a", structure=Structure.PHRASE, position=Position.FIRST_IN_FIELD,
                completeness=Completeness.FIELD,
            ),
        ),
        (
            "@attr 1=4 " + BATH.format(1, 1, 100, 1) + " a",
            Term("title", "a", structure=Structure.PHRASE, position=Position.FIRST_IN_FIELD),
        ),
        (
            "@attr 1=4 " + BATH.format(1, 1, 1, 1) + " a",
            Term(
                "title", "a", structure=Structure.PHRASE, position=Position.FIRST_IN_FIELD, truncation=Truncation.RIGHT
            ),
        ),
        ("@attr 1=1007 " + BATH.format(1, 1, 100, 1) + " 0198526636", Term("identifier", "0198526636")),
    ],
)  # fmt: skip
def test_attributes_become(text: str, tree: Query) -> None:
    found = query(parse_pqf(text))
    assert found == tree
    if not isinstance(tree, ResultSetRef):
        check(found)


@pytest.mark.parametrize(
    ("text", "code", "detail"),
    [
        ("@attr 1=9999 a", ProblemCode.INDEX, "9999"),
        ("@attr 1=4 @attr 2=100 a", ProblemCode.RELATION, "100"),
        ("@attr 1=4 @attr 2=101 a", ProblemCode.RELATION, "101"),
        ("@attr 1=4 @attr 3=9 a", ProblemCode.POSITION, "9"),
        ("@attr 1=4 @attr 4=103 a", ProblemCode.STRUCTURE, "103"),
        ("@attr 1=4 @attr 5=102 a", ProblemCode.TRUNCATION, "102"),
        ("@attr 1=4 @attr 5=104 a?2", ProblemCode.TRUNCATION, "104 with a number behind ?"),
        ("@attr 1=4 @attr 6=4 a", ProblemCode.COMPLETENESS, "4"),
        ("@attr 1=4 @attr 9=1 a", ProblemCode.ATTRIBUTE_TYPE, "9=1"),
        ("@attr gils 1=4 a", ProblemCode.ATTRIBUTE_SET, "1.2.840.10003.3.5"),
        ("@attr 1=1016 @attr 3=1 a", ProblemCode.POSITION, "1"),
        ("@attr 1=1016 @attr 6=3 a", ProblemCode.COMPLETENESS, "3"),
        ("@attr 1=7 @attr 5=2 0198526636", ProblemCode.TRUNCATION, "2"),
        ("@attr 1=4 @attr 2=1 a", ProblemCode.RELATION_FOR_INDEX, "1=4 2=1"),
        ("@attr 1=1002 @attr 2=1 @attr 4=6 a", ProblemCode.RELATION_FOR_INDEX, "1=1002 2=1 4=6"),
        ("@attr 1=4 @attr 4=4 a", ProblemCode.ATTRIBUTE_COMBINATION, "1=4 4=4"),
        ("@attr 1=31 soon", ProblemCode.TERM_FORMAT, "date: soon"),
        ("@prox 0 1 0 2 k 3 a b", ProblemCode.PROXIMITY_UNIT, "3"),
        ("@prox 0 1 0 2 p 2 a b", ProblemCode.PROXIMITY_UNIT, "2"),
        ("@prox 0 1 0 5 k 2 a b", ProblemCode.PROXIMITY_RELATION, "5"),
    ],
)
def test_what_is_not_served_is_named(text: str, code: ProblemCode, detail: str) -> None:
    with pytest.raises(QueryProblem) as raised:
        query(parse_pqf(text))
    assert (raised.value.code, raised.value.detail) == (code, detail)


def test_a_client_that_repeats_the_set_on_every_attribute_is_understood() -> None:
    attributes = tuple(AttributeElement(*pair, BIB_1) for pair in ((1, 4), (2, 3), (3, 3), (4, 2), (5, 100), (6, 1)))
    found = query(RpnQuery("1.2.3", AttributesPlusTerm(attributes, GeneralTerm(b"a"))))
    assert found == Term("title", "a", structure=Structure.WORD)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("@attr 1=1016 @attr 3=1 @attr 6=3 a", Term("any", "a")),
        ("@attr 1=4 @attr 2=100 @attr 9=1 a", A),
        ("@attr 1=4 @attr 4=4 a", A),
        ("@attr 1=9999 a", Term("any", "a")),
    ],
)
def test_a_client_that_cannot_help_itself_may_be_met_half_way(text: str, tree: Query) -> None:
    assert query(parse_pqf(text), fallback=Fallback(unknown_use=1016, relax=True)) == tree


def test_terms_are_read_as_the_session_agreed() -> None:
    asked = RpnQuery(BIB_1, AttributesPlusTerm((), GeneralTerm("ŵyl".encode())))
    assert query(asked) == Term("any", "ŵyl")
    assert query(RpnQuery(BIB_1, AttributesPlusTerm((), GeneralTerm(b"\xe9t\xe9")))) == Term("any", "été")
    assert query(asked, decode=lambda octets: octets.hex()) == Term("any", "c5b5796c")


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("@attr 1=4 wales", ScanPoint("title", "wales", words=False)),
        ("@attr 1=4 @attr 4=2 wales", ScanPoint("title", "wales", words=True)),
        ("wales", ScanPoint("any", "wales", words=True)),
        ("@attr 1=7 0198", ScanPoint("isbn", "0198", words=False)),
    ],
)
def test_where_a_scan_begins(text: str, point: ScanPoint) -> None:
    root = parse_pqf(text).root
    assert isinstance(root, AttributesPlusTerm)
    assert scan_point(root, None) == point


def test_what_is_sorted_by() -> None:
    assert sort_index((AttributeElement(1, 4),)) == "title"
    assert [sort_index(name) for name in ("title", "creator", "date")] == ["title", "author", "date"]
    for wrong in ("nothing", (AttributeElement(1, 1018),)):
        with pytest.raises(QueryProblem):
            sort_index(wrong)


_elements = st.builds(
    AttributeElement,
    st.sampled_from([1, 1, 1, 2, 3, 4, 5, 6, 7, 99]),
    st.sampled_from([1, 2, 3, 4, 5, 6, 7, 21, 31, 100, 101, 102, 103, 104, 1003, 1016, 12345])
    | st.builds(rpn.ComplexValue, st.lists(st.integers(0, 110) | st.text(max_size=2), max_size=3).map(tuple)),
    st.sampled_from([None, None, BIB_1, "1.2.3"]),
)
_terms = st.one_of(
    st.binary(max_size=12).map(GeneralTerm),
    st.integers().map(rpn.NumericTerm),
    st.text(max_size=8).map(rpn.StringTerm),
    st.just(rpn.NullTerm()),
    st.just(rpn.OidTerm("1.2")),
    st.just(rpn.DateTimeTerm("20261122120000Z")),
)
_operands = st.builds(AttributesPlusTerm, st.lists(_elements, max_size=4).map(tuple), _terms)
_nodes = st.recursive(
    _operands | st.builds(rpn.ResultSetRef, st.text(max_size=3)),
    lambda inner: st.builds(
        lambda operator, left, right, near: rpn.Operation(
            operator, left, right, near if operator is rpn.Operator.PROX else None
        ),
        st.sampled_from(rpn.Operator),
        inner,
        inner,
        st.builds(rpn.Proximity, st.integers(), st.booleans(), st.integers(0, 7), st.integers(0, 12), st.booleans()),
    ),
    max_leaves=6,
)


@pytest.mark.fuzz
@given(root=_nodes, relax=st.booleans())
def test_any_tree_becomes_a_query_or_a_problem(root: rpn.RpnNode, relax: bool) -> None:
    with contextlib.suppress(QueryProblem):
        check(query(RpnQuery(BIB_1, root), fallback=Fallback(relax=relax)))
