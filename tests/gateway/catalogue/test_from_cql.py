from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.catalogue.from_cql import query, sort_keys
from gateway.catalogue.index.evaluate import check
from gateway.catalogue.query import (
    AllRecords,
    And,
    AndNot,
    Completeness,
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
from library_protocols.cql import CqlError, parser

FISH = Term("title", "fish")
CAT, DOG = Term("any", "cat"), Term("any", "dog")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("cat", CAT),
        ('"welsh history"', Term("any", "welsh history")),
        ("cql.serverChoice = cat", CAT),
        ("dc.title = fish", FISH),
        ("TITLE = fish", FISH),
        ('> d = "info:srw/context-sets/1/dc-v1.1" title = fish', FISH),
        ('> x = "info:srw/cql-context-set/1/dc-v1.1" x.title = fish', FISH),
        ("bath.title = fish", FISH),
        ("local.title = fish", FISH),
        ("cat and dog", And(CAT, DOG)),
        ("cat or dog not fish", AndNot(Or(CAT, DOG), Term("any", "fish"))),
        ('title any "a b"', Term("title", "a b", structure=Structure.ANY)),
        ('title all "a b"', Term("title", "a b", structure=Structure.ALL)),
        ('title adj "a b"', Term("title", "a b", structure=Structure.PHRASE)),
        ('title =/word "a b"', Term("title", "a b", structure=Structure.ALL)),
        ("title == fish", Term("title", "fish", completeness=Completeness.FIELD)),
        ("title exact fish", Term("title", "fish", completeness=Completeness.FIELD)),
        ("title =/string fish", Term("title", "fish", completeness=Completeness.FIELD)),
        ("title = fish*", Term("title", "fish*", truncation=Truncation.MASKED)),
        (r"title = f\*sh", Term("title", "f*sh")),
        (r"title = f\*s?", Term("title", r"f\*s?", truncation=Truncation.MASKED)),
        ("title =/unmasked f*sh", Term("title", "f*sh")),
        ("title = ^fish", Term("title", "fish", position=Position.FIRST_IN_FIELD)),
        ("title = fish^", Term("title", "fish", last_in_field=True)),
        (
            "title = ^fish^",
            Term(
                "title", "fish", position=Position.FIRST_IN_FIELD, completeness=Completeness.FIELD, last_in_field=True
            ),
        ),
        (
            'title any "^cat dog"',
            Or(
                Term("title", "cat", structure=Structure.PHRASE, position=Position.FIRST_IN_FIELD),
                Term("title", "dog", structure=Structure.ANY),
            ),
        ),
        ("title <> fish", Term("title", "fish", Relation.NOT_EQUAL)),
        ("title = *", Term("title", "", Relation.PRESENT)),
        ("*", AllRecords()),
        ("cql.allRecords = 1", AllRecords()),
        ('cql.resultSetId = "a b"', ResultSetRef("a b")),
        ("date > 1990", Term("date", "1990", Relation.GREATER)),
        ('date within "1990 1999"', Term("date", "1990 1999", Relation.WITHIN)),
        ("bath.isbn = 0198526636", Term("isbn", "0198526636")),
        ("isbn == 0198526636", Term("isbn", "0198526636")),
        ("rec.id = c1", Term("control", "c1")),
        ("marc.245$a = fish", Term("title_proper", "fish")),
        ("title =/relevant fish", Term("title", "fish", relevant=True)),
        ("title =/ignoreCase/ignoreAccents fish", FISH),
        ("title = a prox title = b", Prox(Term("title", "a"), Term("title", "b"))),
        (
            "title = a prox/unit=word/distance<3/ordered title = b",
            Prox(Term("title", "a"), Term("title", "b"), 3, Relation.LESS, ordered=True),
        ),
    ],
)
def test_cql_becomes(text: str, tree: Query) -> None:
    found = query(parser.parse(text))
    assert found == tree
    if not isinstance(tree, ResultSetRef):
        check(found)


def both(text: str) -> None:
    parsed = parser.parse(text)
    check(query(parsed))
    sort_keys(parsed)


@pytest.mark.parametrize(
    ("text", "code", "detail"),
    [
        ("foo.title = a", ProblemCode.CONTEXT_SET, "foo"),
        ('> dc = "urn:else" dc.title = a', ProblemCode.CONTEXT_SET, "urn:else"),
        ("dc.rights = a", ProblemCode.INDEX, "dc.rights"),
        ("nothing = a", ProblemCode.INDEX, "nothing"),
        ("title encloses a", ProblemCode.RELATION, "encloses"),
        ("title =/stem a", ProblemCode.RELATION_MODIFIER, "stem"),
        ("title =/respectCase a", ProblemCode.RELATION_MODIFIER, "respectCase"),
        ("title =/respectAccents a", ProblemCode.RELATION_MODIFIER, "respectAccents"),
        ("title =/phonetic a", ProblemCode.RELATION_MODIFIER, "phonetic"),
        ("title =/regexp a", ProblemCode.RELATION_MODIFIER, "regexp"),
        ("title > a", ProblemCode.RELATION_FOR_INDEX, "> title"),
        ("cql.anywhere == a", ProblemCode.RELATION_FOR_INDEX, "== any"),
        ("date = 199?", ProblemCode.MASKING, "date: 199?"),
        ("title = a^b", ProblemCode.ANCHOR, "title: a^b"),
        ("cql.anywhere = ^a", ProblemCode.ANCHOR, "any: ^a"),
        ("a and/rel.combine=sum b", ProblemCode.BOOLEAN_MODIFIER, "rel.combine"),
        ("a prox/unit=sentence b", ProblemCode.PROXIMITY_UNIT, "sentence"),
        ("a prox/distance>3 b", ProblemCode.PROXIMITY_RELATION, ">"),
        ("title = a sortby dc.publisher", ProblemCode.SORT, "dc.publisher"),
        ("title = a sortby title/sort.respectCase", ProblemCode.SORT_CASE, "sort.respectCase"),
        ("title = a sortby title/missingValue", ProblemCode.SORT_MISSING, "missingValue"),
    ],
)
def test_what_is_not_served_is_named(text: str, code: ProblemCode, detail: str) -> None:
    with pytest.raises(QueryProblem) as raised:
        both(text)
    assert (raised.value.code, raised.value.detail) == (code, detail)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('title = ""', ProblemCode.TERM_EMPTY),
        ('title = "..."', ProblemCode.TERM_EMPTY),
        ("date = soon", ProblemCode.TERM_FORMAT),
        ("date within 1990", ProblemCode.TERM_FORMAT),
        ("isbn = abc", ProblemCode.TERM_FORMAT),
        ("title = *a", ProblemCode.MASKED_TOO_SHORT),
        ("title = a*b*c*d*e*f*g*h*i*j*", ProblemCode.MASKED_TOO_MANY),
        ("title = a prox author = b", ProblemCode.PROXIMITY),
        ("(title = a or title = c) prox title = b", ProblemCode.PROXIMITY),
        ("title = a prox/distance<=21 title = b", ProblemCode.PROXIMITY_DISTANCE),
        ("title = a prox/distance=0 title = b", ProblemCode.PROXIMITY_DISTANCE),
        ("date = 1990 prox date = 1991", ProblemCode.PROXIMITY),
    ],
)
def test_what_cannot_be_looked_up(text: str, code: ProblemCode) -> None:
    with pytest.raises(QueryProblem) as raised:
        check(query(parser.parse(text)))
    assert raised.value.code is code


def test_sort_keys() -> None:
    parsed = parser.parse(
        "cat sortby dc.date/sort.descending dc.title/sort.missingOmit author/missingValue=x rec.creationDate"
    )
    assert sort_keys(parsed) == (
        SortKey("date", descending=True),
        SortKey("title", missing=Missing.OMIT),
        SortKey("author", missing=Missing.VALUE, missing_value="x"),
        SortKey("created"),
    )


@pytest.mark.parametrize("name", ["cql-java.json", "cql-ruby.json", "yaz-cql.json"])
def test_queries_of_other_parsers_give_a_tree_or_a_problem(shared_data: Callable[[str], Path], name: str) -> None:
    cases = json.loads(shared_data(f"cql/{name}").read_text(encoding="utf-8"))
    assert cases
    for case in cases:
        with contextlib.suppress(CqlError, QueryProblem):
            both(case["query"])
