"""What the grammar leaves to be decided, what is refused and where, and what a query may cost."""

from __future__ import annotations

import pytest

from library_protocols.cql import (
    Boolean,
    CqlError,
    Limits,
    Modifier,
    Name,
    Prefix,
    Query,
    Relation,
    SearchClause,
    SortKey,
    Triple,
    parse,
)

DC = "info:srw/cql-context-set/1/dc-v1.1"


def bare(term: str) -> SearchClause:
    return SearchClause(None, None, term)


def clause(index: str, relation: str, term: str) -> SearchClause:
    return SearchClause(Name(index), Relation(Name(relation)), term)


CASES = [
    # One clause.
    ("cat", Query(bare("cat"))),
    ('"a cat"', Query(bare("a cat"))),
    ('dc.title any/stem "fish chips"', Query(
        SearchClause(Name("dc.title"), Relation(Name("any"), (Modifier(Name("stem")),)), "fish chips"))),
    ('"dc.title" cql.any fish', Query(clause("dc.title", "cql.any", "fish"))),
    ("title=and", Query(clause("title", "=", "and"))),
    ("date within/isoDate \"1990 2000\"", Query(
        SearchClause(Name("date"), Relation(Name("within"), (Modifier(Name("isoDate")),)), "1990 2000"))),
    # Booleans: any case, one precedence, to the left.
    ("a AND b Or c", Query(Triple(Triple(bare("a"), Boolean("and"), bare("b")), Boolean("or"), bare("c")))),
    ("a and (b or c)", Query(Triple(bare("a"), Boolean("and"), Triple(bare("b"), Boolean("or"), bare("c"))))),
    ("a prox/unit=word/distance<=2 b", Query(Triple(
        bare("a"),
        Boolean("prox", (Modifier(Name("unit"), "=", "word"), Modifier(Name("distance"), "<=", "2"))),
        bare("b")))),
    # Several bare words are one term; a prefixed name before exactly two words makes the first of them a relation.
    ("under milk wood", Query(bare("under milk wood"))),
    ("dc.title under milk wood", Query(bare("dc.title under milk wood"))),
    ("dc.title contains fish", Query(clause("dc.title", "contains", "fish"))),
    ("title = under milk wood and thomas", Query(
        Triple(clause("title", "=", "under milk wood"), Boolean("and"), bare("thomas")))),
    ("R. S. Thomas", Query(bare("R. S. Thomas"))),
    # Index and relation before a parenthesis hold for every bare term in it, and for no other clause.
    ("title = (fish or (chips and author = x))", Query(Triple(
        clause("title", "=", "fish"), Boolean("or"),
        Triple(clause("title", "=", "chips"), Boolean("and"), clause("author", "=", "x"))))),
    # A backslash at the end stands for itself.
    ("fish\\", Query(bare("fish\\\\"))),
    # Sorting.
    ("cat sortBy dc.date/sort.descending dc.title", Query(
        bare("cat"), (SortKey(Name("dc.date"), (Modifier(Name("sort.descending")),)), SortKey(Name("dc.title"))))),
    ('"sortby" sortby sortby', Query(bare("sortby"), (SortKey(Name("sortby")),))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_reads(text: str, expected: Query) -> None:
    assert parse(text) == expected


def test_a_prefix_holds_for_its_query_and_a_later_one_for_one_operand() -> None:
    query = parse(f'> d="{DC}" d.title = a and > d="urn:other" d.title = b and d.title = c sortby d.date')
    inner = query.root
    assert isinstance(inner, Triple)
    assert isinstance(inner.left, Triple)
    names = [
        node.index.set_uri
        for node in (inner.left.left, inner.left.right, inner.right)
        if isinstance(node, SearchClause) and node.index
    ]
    assert names == [DC, "urn:other", DC]
    assert inner.prefixes == (Prefix("d", DC),)
    assert query.sort[0].index.set_uri == DC


def test_a_prefix_is_found_whatever_its_case() -> None:
    root = parse(f'> DC="{DC}" dc.title = a').root
    assert isinstance(root, SearchClause)
    assert root.index == Name("dc.title", DC)


def test_a_default_set_is_for_index_names_only() -> None:
    root = parse('> "urn:set" title any/stem a').root
    assert isinstance(root, SearchClause)
    assert (root.index, root.relation) == (Name("title", "urn:set"), Relation(Name("any"), (Modifier(Name("stem")),)))


def test_offsets_point_into_the_query() -> None:
    root = parse("  a and (dc.title = b)").root
    assert isinstance(root, Triple)
    assert (root.left.offset, root.offset, root.right.offset) == (2, 4, 9)


REFUSED = [
    ("", 10, 0),
    ("   ", 10, 0),
    ("dc.title =", 10, 10),
    ("dc.title any", 10, 12),
    ("a and", 10, 5),
    ("<", 10, 0),
    ("=== a", 10, 0),
    ("a/stem", 10, 1),
    ("a b = c", 10, 4),
    ("title = a author any b", 10, 17),
    ("title any/ fish", 10, 15),
    ("title any/stem= ", 10, 16),
    ("a sortby", 10, 8),
    ("a sortby title = b", 10, 15),
    ("(a sortby title)", 13, 0),
    ("()", 13, 1),
    ("(a", 13, 0),
    ("a and (b or (c)", 13, 6),
    ("a)", 13, 1),
    ('"a', 14, 0),
    ('a and "b\\"', 14, 6),
    ('> a="x"', 10, 7),
    ('> a="x" > A="y" b', 45, 8),
]


@pytest.mark.parametrize(("text", "diagnostic", "offset"), REFUSED)
def test_refuses_with_a_diagnostic_and_a_place(text: str, diagnostic: int, offset: int) -> None:
    with pytest.raises(CqlError) as caught:
        parse(text)
    assert (caught.value.diagnostic, caught.value.offset) == (diagnostic, offset)
    assert f"character {offset + 1}" in str(caught.value)


COSTLY = [
    ("x" * 10_000_000, Limits(), 12),
    ("(" * 100_000 + "a" + ")" * 100_000, Limits(length=1_000_000), 13),
    ("title=" + "(" * 100_000, Limits(length=1_000_000), 13),
    ("a or " * 100_000 + "a", Limits(length=1_000_000), 38),
    ("a or (" * 10_000 + "a" + ")" * 10_000, Limits(length=1_000_000), 38),
]


@pytest.mark.parametrize(("text", "limits", "diagnostic"), COSTLY)
def test_what_costs_too_much_is_refused(text: str, limits: Limits, diagnostic: int) -> None:
    with pytest.raises(CqlError) as caught:
        parse(text, limits)
    assert caught.value.diagnostic == diagnostic


def test_limits_are_what_is_still_read() -> None:
    limits = Limits(length=40, nesting=2, operators=2)
    parse("((a)) or b or c", limits)
    for text in ("(((a)))", "a or b or c or d", "x" * 41):
        with pytest.raises(CqlError):
            parse(text, limits)
