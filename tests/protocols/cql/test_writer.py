"""Trees to text and XCQL: the spelling, and that nothing changes its meaning on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.cql import (
    CqlError,
    Query,
    SearchClause,
    depth,
    hoist,
    parse,
    write,
    write_xcql,
    write_xcql_2,
    write_xcql_2_clause,
    write_xcql_clause,
)
from tests.protocols.cql.plain import plain_query, plain_xcql

SPELLING = [
    ("cat", "cat"),
    ('"a cat"', '"a cat"'),
    ("TITLE = fish", "TITLE = fish"),
    ("a OR (b AND c)", "a or (b and c)"),
    ("((a or b) and c)", "a or b and c"),
    ("fred and any", 'fred and "any"'),
    ("title any/rel.algorithm=CORI fish", "title any/rel.algorithm=CORI fish"),
    (r'"say \"hwyl\""', r'"say \"hwyl\""'),
    ("under milk wood", '"under milk wood"'),
    ("cat sortBy title/sort.descending", "cat sortby title/sort.descending"),
    ('> dc="urn:a" dc.title=x', '>dc="urn:a" dc.title = x'),
    ('x and > dc="urn:a" dc.title=y', '>dc="urn:a" x and dc.title = y'),
    # The same prefix twice, and a prefix that the outer part of the query leaves to the server.
    ('> dc="urn:a" dc.x=1 and (> dc="urn:b" dc.x=2)', '>dc="urn:a" >set1="urn:b" dc.x = 1 and set1.x = 2'),
    ('dc.x=1 and (> dc="urn:b" dc.x=2)', '>set1="urn:b" dc.x = 1 and set1.x = 2'),
    ('x=1 and (> "urn:b" x=2)', '>set1="urn:b" x = 1 and set1.x = 2'),
    ('dc.title = (> dc="urn:a" x)', "dc.title = x"),
]


@pytest.mark.parametrize(("text", "expected"), SPELLING)
def test_spelling(text: str, expected: str) -> None:
    assert write(parse(text)) == expected


WORDS = st.sampled_from(
    ["cat", "any", "all", "and", "or", "not", "prox", "sortby", "exact", "dc.title", "cql.any", "=", "==", "<>", ">",
     ">=", "(", ")", "/", "/stem", "/distance<3", '"', '"a b"', '"\\""', "\\", "\\\\", "\\(", "\\and", "^x*",
     '>dc="urn:a"', '>dc="urn:b"', '>"urn:c"', ">x=y", "ŵ", "\x00", "\ud800", ".", "a.", ".a", "a.b.c", '""', "  "]
)  # fmt: skip


@pytest.mark.fuzz
@given(
    st.one_of(
        st.text(max_size=40), st.lists(WORDS, max_size=14).map(" ".join), st.lists(WORDS, max_size=8).map("".join)
    )
)
def test_anything_is_read_or_refused_and_writing_keeps_it(text: str) -> None:
    try:
        parse(text)
    except CqlError as error:
        refused = error
    else:
        refused = None
    if refused:
        assert 0 <= refused.offset <= len(text)
        assert refused.diagnostic in (10, 13, 14, 45)
        return
    query = parse(text)
    hoisted = hoist(query)
    assert hoist(hoisted) == hoisted
    assert plain_query(hoisted) == plain_query(query)
    assert parse(write(query)) == hoisted
    etree.fromstring(f"<w>{write_xcql(query)}{write_xcql_2(query)}</w>")


QUERIES = [
    "cat",
    '"<&>\x01\ud800"',
    "dc.title any/stem/rel.algorithm=CORI fish",
    "a or b and c not d",
    "a and (b prox/unit=word/distance<3 c)",
    '> dc="urn:a" a and dc.title = b sortby dc.date/sort.descending title',
]


@pytest.mark.parametrize("text", QUERIES)
def test_xcql_is_valid(text: str, shared_data: Callable[[str], Path]) -> None:
    query = parse(text)
    first = etree.XMLSchema(etree.parse(shared_data("schemas/sru1/xcql.xsd")))
    second = etree.XMLSchema(etree.parse(shared_data("schemas/sru2/xcql.xsd")))
    element = next(e for e in etree.fromstring(f"<w>{write_xcql(query)}</w>") if not e.tag.endswith("prefixes"))
    first.assertValid(element)
    second.assertValid(
        etree.fromstring(f'<xcql xmlns="http://docs.oasis-open.org/ns/search-ws/xcql">{write_xcql_2(query)}</xcql>')
    )


@pytest.mark.parametrize("write_parts", [write_xcql_clause, write_xcql_2_clause])
def test_a_clause_alone_is_its_three_elements(write_parts: Callable[[SearchClause], str]) -> None:
    root = parse("dc.title = fish").root
    assert isinstance(root, SearchClause)
    parts = etree.fromstring(f"<w>{write_parts(root)}</w>")
    assert [etree.QName(part).localname for part in parts] == ["index", "relation", "term"]
    assert "".join(parts.itertext()) == "dc.title=fish"


def test_xcql_2_has_sort_keys_and_1_has_not() -> None:
    query = parse("cat sortby dc.date/sort.descending")
    assert plain_xcql(write_xcql(query))[1] == ()
    assert plain_xcql(write_xcql_2(query)) == plain_query(query)


@pytest.mark.parametrize(
    ("text", "levels"), [("a", 0), ("a and b", 1), ("a and b or c", 2), ("a and (b or (c not d))", 3)]
)
def test_depth(text: str, levels: int) -> None:
    assert depth(parse(text)) == levels


def test_the_deepest_query_can_be_written() -> None:
    query = parse("a and (" * 255 + "a" + ")" * 255)
    assert isinstance(query, Query)
    assert depth(query) == 255
    assert parse(write(query)) == query
    assert write_xcql(query).count("<triple") == 255
