"""What is written in CQL or Bib-1 is read back by `from_cql` and `from_rpn`: it must ask the index the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gateway.adapters.sru import mapping as sru_mapping
from gateway.adapters.z3950 import mapping as z3950_mapping
from gateway.catalogue import from_cql, from_rpn, to_cql, to_rpn
from gateway.catalogue.index.compile import any_of, compile_query
from gateway.catalogue.index_map import INDEXES, Kind
from gateway.catalogue.query import (
    AllRecords,
    And,
    AndNot,
    Completeness,
    InSet,
    Missing,
    Or,
    Position,
    ProblemCode,
    Prox,
    Query,
    QueryProblem,
    Relation,
    ResultSetRef,
    SortKey,
    Structure,
    Term,
    Truncation,
)
from library_protocols import cql, sru
from library_protocols.z3950 import format_pqf
from library_protocols.z3950.rpn import GeneralTerm

A, B = Term("title", "a"), Term("title", "b")
EVERY = "@attrset 1.2.840.10003.3.1 "


def by_cql(tree: Query) -> Query:
    return from_cql.query(cql.parse(cql.write(to_cql.query(tree))))


def by_rpn(tree: Query) -> Query:
    return from_rpn.query(to_rpn.query(tree))


def asked(tree: Query) -> str:
    """What the index is asked."""
    return str(compile_query(tree, lambda _: any_of([])))


WORDS = st.lists(st.sampled_from(["cath", "tŷ", 'a"b', "x*y", "w^", "40", "and", "c#d"]), min_size=1, max_size=3)
MASKS = st.lists(st.sampled_from(["cath", "dog", "*", "?", " ", r"\*", "40", "^"]), min_size=1, max_size=5)
TEXTS = {"date": st.sampled_from(["1990", "2004"]), "isbn": st.sampled_from(["0306406152", "9780306406157"])}
NAMES = st.sampled_from(["title", "author", "any", "subject", "date", "isbn", "language", "control", "name", "udc"])


@st.composite
def terms(draw: Callable[..., object]) -> Term:
    name = draw(NAMES)
    masked = draw(st.booleans())
    text = "".join(draw(MASKS)) if masked else " ".join(draw(WORDS))  # type: ignore[arg-type]
    assume(not masked or set("*?") & set(text.replace(r"\*", "")))
    plain = st.sampled_from([kind for kind in Truncation if kind is not Truncation.MASKED])
    term = Term(
        name,  # type: ignore[arg-type]
        text,
        draw(st.sampled_from([Relation.EQUAL] * 4 + [each for each in Relation if each is not Relation.WITHIN])),  # type: ignore[arg-type]
        draw(st.sampled_from([Structure.DEFAULT, Structure.PHRASE, Structure.WORD, Structure.ALL, Structure.ANY])),  # type: ignore[arg-type]
        Truncation.MASKED if masked else draw(plain),  # type: ignore[arg-type]
        draw(st.sampled_from([Position.ANY] * 2 + [*Position])),  # type: ignore[arg-type]
        draw(st.sampled_from([Completeness.INCOMPLETE] * 2 + [*Completeness])),  # type: ignore[arg-type]
        last_in_field=draw(st.booleans()),  # type: ignore[arg-type]
    )
    # A list of words is cut word by word, where a blank ends the word.
    assume(term.truncation in (Truncation.NONE, Truncation.MASKED) or not set(text) & set('"^#*'))
    is_text = INDEXES[term.index].kind is Kind.TEXT
    assume(is_text or term.structure is Structure.DEFAULT or len(text.split()) > 1)
    assume((term.index, term.relation) != ("any", Relation.PRESENT))  # both readers make that AllRecords
    if not is_text:  # where a number stands in its field nobody asks
        term = replace(term, position=Position.ANY, completeness=Completeness.INCOMPLETE, last_in_field=False)
    if name in TEXTS:
        plain_text = draw(TEXTS[name])  # type: ignore[index]
        return Term(term.index, plain_text, term.relation, truncation=Truncation.NONE)  # type: ignore[arg-type]
    return term


TREES = st.recursive(
    terms() | st.just(AllRecords()),
    lambda inner: (
        st.builds(And, inner, inner)
        | st.builds(Or, inner, inner)
        | st.builds(AndNot, inner, inner)
        | st.builds(Prox, terms(), terms(), st.integers(1, 4), ordered=st.booleans(), exclusion=st.booleans())
    ),
    max_leaves=4,
)  # fmt: skip


@pytest.mark.parametrize("back", [by_cql, by_rpn])
def test_what_is_written_asks_the_same(back: Callable[[Query], Query]) -> None:
    written: list[Query] = []

    @settings(suppress_health_check=[HealthCheck.filter_too_much], deadline=None, max_examples=40)
    @given(TREES)
    def holds(tree: Query) -> None:
        try:
            wanted = asked(tree)
        except QueryProblem:
            assume(False)
            return
        try:
            read = back(tree)
        except QueryProblem as problem:
            if problem.code not in UNSAID:
                raise
            return
        written.append(tree)
        assert asked(read) == wanted

    holds()
    assert written


UNSAID = {ProblemCode.COMPLETENESS, ProblemCode.POSITION, ProblemCode.ANCHOR, ProblemCode.TRUNCATION, ProblemCode.INDEX}
"""What one language can say and the other cannot."""


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (Term("any", "cat"), "cql.serverChoice = cat"),
        (Term("title", "welsh history"), 'dc.title = "welsh history"'),
        (Term("title", "a b", structure=Structure.ANY), 'dc.title any "a b"'),
        (Term("title", "a b", structure=Structure.WORD), 'dc.title all "a b"'),
        (Term("title", "a b", structure=Structure.PHRASE), 'dc.title adj "a b"'),
        (Term("title", "fish", truncation=Truncation.RIGHT), "dc.title = fish*"),
        (Term("title", "a b", structure=Structure.ALL, truncation=Truncation.RIGHT), 'dc.title all "a* b*"'),
        (Term("title", "a b", completeness=Completeness.FIELD), 'dc.title == "a b"'),
        (Term("title", "a", position=Position.FIRST_IN_FIELD), "dc.title = ^a"),
        (Term("title", "a", last_in_field=True), "dc.title = a^"),
        (Term("title", "a", relevant=True), "dc.title =/relevant a"),
        (Term("title", "a", Relation.NOT_EQUAL), "dc.title <> a"),
        (Term("title", "", Relation.PRESENT), "dc.title = *"),
        (Term("title", 'say "a*b"'), r'dc.title = "say \"a\*b\""'),
        (Term("date", "1990 1999", Relation.WITHIN), 'dc.date within "1990 1999"'),
        (Term("date", "1990", Relation.GREATER), "dc.date > 1990"),
        (And(A, Or(A, B)), "dc.title = a and (dc.title = a or dc.title = b)"),
        (AndNot(AllRecords(), A), "cql.allRecords = 1 not dc.title = a"),
        (Prox(A, B, 3, Relation.LESS, ordered=True), "dc.title = a prox/unit=word/distance<3/ordered dc.title = b"),
    ],
)
def test_cql_is_plain(tree: Query, text: str) -> None:
    assert cql.write(to_cql.query(tree)) == text
    assert asked(by_cql(tree)) == asked(tree)


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (Term("any", "cat"), "@attr 1=1016 cat"),
        (Term("title", "a b", structure=Structure.ANY), '@attr 1=4 @attr 4=105 "a b"'),
        (Term("title", "a b", structure=Structure.WORD), '@attr 1=4 @attr 4=2 "a b"'),
        (Term("title", "fish*", truncation=Truncation.MASKED), "@attr 1=4 @attr 5=1 fish"),
        (Term("title", "*fish", truncation=Truncation.MASKED), "@attr 1=4 @attr 5=2 fish"),
        (Term("title", "f*sh", truncation=Truncation.MASKED), "@attr 1=4 @attr 5=101 f#sh"),
        (Term("title", "f?sh*", truncation=Truncation.MASKED), "@attr 1=4 @attr 5=104 f#sh?"),
        (Term("title", "a", completeness=Completeness.FIELD), "@attr 1=4 @attr 6=3 a"),
        (Term("title", "a", Relation.NOT_EQUAL), "@attr 1=4 @attr 2=6 a"),
        (AllRecords(), '@attr 1=1016 @attr 2=103 ""'),
        (AndNot(A, B), "@not @attr 1=4 a @attr 1=4 b"),
        (Prox(A, B, 3, ordered=True), "@prox 0 3 1 2 k 2 @attr 1=4 a @attr 1=4 b"),
        (Prox(A, B, 3, exclusion=True), "@prox 1 3 0 2 k 2 @attr 1=4 a @attr 1=4 b"),
    ],
)
def test_attributes_are_few(tree: Query, text: str) -> None:
    assert format_pqf(to_rpn.query(tree)).removeprefix(EVERY) == text
    assert asked(by_rpn(tree)) == asked(tree)


def test_between_two_years_is_two_terms_in_bib_1() -> None:
    low, high = Term("date", "1990", Relation.GREATER_OR_EQUAL), Term("date", "1999", Relation.LESS_OR_EQUAL)
    assert by_rpn(Term("date", "1990 1999", Relation.WITHIN)) == And(low, high)


@pytest.mark.parametrize(
    ("write", "tree", "code"),
    [
        (by_cql, Term("abstract", "a"), ProblemCode.INDEX),
        (by_rpn, Term("title_proper", "a"), ProblemCode.INDEX),
        (by_cql, Term("title", "a", completeness=Completeness.SUBFIELD), ProblemCode.COMPLETENESS),
        (by_cql, Term("title", "a", position=Position.FIRST_IN_SUBFIELD), ProblemCode.POSITION),
        (by_rpn, Term("title", "a", last_in_field=True), ProblemCode.ANCHOR),
        (by_rpn, Term("title", "a#?b", truncation=Truncation.MASKED), ProblemCode.TRUNCATION),
        (by_rpn, Term("date", "1990", Relation.WITHIN), ProblemCode.TERM_FORMAT),
        (by_cql, ResultSetRef("1"), ProblemCode.RESULT_SET),
        (by_rpn, ResultSetRef("1"), ProblemCode.RESULT_SET),
        (by_cql, InSet(None), ProblemCode.RESULT_SET_COMBINATION),
        (by_rpn, InSet(None), ProblemCode.RESULT_SET_COMBINATION),
    ],
)
def test_what_cannot_be_said_is_named(write: Callable[[Query], Query], tree: Query, code: ProblemCode) -> None:
    with pytest.raises(QueryProblem) as raised:
        write(tree)
    assert raised.value.code is code


def test_terms_are_written_as_the_association_agreed() -> None:
    found = to_rpn.query(Term("title", "tŷ"), lambda text: text.encode("latin-1", "replace")).root
    assert getattr(found, "term", None) == GeneralTerm(b"t?")


KEYS = (
    SortKey("title"),
    SortKey("date", descending=True, missing=Missing.LOW),
    SortKey("author", missing=Missing.FAIL),
    SortKey("dewey", missing=Missing.VALUE, missing_value="500"),
)


def test_sort_keys_in_cql() -> None:
    keys = (*KEYS, SortKey("created", missing=Missing.OMIT))
    assert from_cql.sort_keys(cql.parse(cql.write(to_cql.query(A, keys)))) == keys


def test_sort_keys_as_a_parameter() -> None:
    keys = (*KEYS, SortKey("created", missing=Missing.OMIT))
    form = f"operation=searchRetrieve&version=1.1&query=a&sortKeys={to_cql.sort_parameter(keys)}"
    request = sru.read_request(sru.read_form(form.encode()))
    assert isinstance(request, sru.SearchRequest)
    assert sru_mapping.sort_keys(request.sort) == keys


def test_sort_keys_in_z3950() -> None:
    assert tuple(z3950_mapping.sort_key(spec, "utf-8", tolerant=False) for spec in to_rpn.sort_keys(KEYS)) == KEYS
    with pytest.raises(QueryProblem) as raised:
        to_rpn.sort_keys((SortKey("title", missing=Missing.OMIT),))
    assert raised.value.code is ProblemCode.SORT_MISSING


@pytest.mark.parametrize("name", ["title", "author", "subject", "date", "isbn", "language"])
@pytest.mark.parametrize("words", [False, True])
def test_scans(name: str, words: bool) -> None:
    if words and name not in ("title", "author", "subject"):
        return
    point = from_rpn.scan_point(to_rpn.scan_point(name, "tŷ 1", words=words), None)
    assert (point.index, point.term, point.words) == (name, "tŷ 1", words)
    clause = sru_mapping.scan_target(to_cql.scan_clause(name, "tŷ 1", words=words))
    assert (clause.index, clause.term, clause.words) == (name, "tŷ 1", words)


def test_names_are_those_of_the_index_map() -> None:
    for index in INDEXES.values():
        term = Term(index.name, "1990")
        if index.cql:
            assert by_cql(term) == term
        if index.bib1:
            assert by_rpn(term) == term


def test_names_that_a_server_knows_come_first() -> None:
    known = frozenset({"bib.title", "local.abstract", "bath.isbn"})
    assert cql.write(to_cql.query(Term("title", "a"), (SortKey("title"),), known)) == "bib.title = a sortby bib.title"
    assert cql.write(to_cql.query(Term("abstract", "a"), known=known)) == "local.abstract = a"
    assert cql.write(to_cql.query(Term("author", "a"), known=known)) == "dc.creator = a"
    assert to_cql.scan_clause("isbn", "1", words=False, known=known).index == cql.Name("bath.isbn")
    assert to_cql.sort_parameter((SortKey("title"),), known) == "title,bib,1"
