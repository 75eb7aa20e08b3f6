"""The index answers every query as the plain evaluator does, or both refuse it in the same words."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalogue.index.evaluate import check, matches
from gateway.catalogue.index.extract import Fields
from gateway.catalogue.index.reader import IndexReader
from gateway.catalogue.index.schema import MAX_DISTANCE
from gateway.catalogue.index_map import INDEXES
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
    Structure,
    Term,
    Truncation,
)
from gateway.catalogue.records import ALL
from tests.gateway.catalogue.index.building import build, entry, fields, record

WORDS = ["wales", "history", "the", "of", "ŵyl", "art", "arts", "marti", "a", "l'histoire", "42", "كتاب"]


def _records() -> list[str]:
    random.seed(20)
    lines: list[str] = []
    for number in range(120):

        def some(most: int) -> str:
            return " ".join(random.choices(WORDS, k=random.randint(1, most)))

        def maybe(subfield: str) -> str:
            return random.choice([subfield, ""])

        lines.append(
            f"001 c{number}\n"
            f"008 {random.choice(['990101', '200229'])}s{random.choice(['1998', '2001', '19uu', '|||| '])[:4]}    xxk"
            f"|||||||||||||||||{random.choice(['eng', 'wel', 'ara'])}||\n"
            f"020 __ $a{random.choice(['0198526636', '9780198526636', '0-14-044911-3 (pbk.)', '123'])}\n"
            f"100 1_ $a{some(2)}{maybe('$d' + random.choice(['1900-', '1950-1999']))}\n"
            f"245 1{random.choice('0004')} $a{some(3)}{maybe(f' :$b{some(3)}')} /$c{some(2)}\n"
            f"260 __ $bPress {some(1)}$c{random.choice(['1998', 'c2001', '[1950?]'])}\n"
            + "".join(f"650 _0 $a{some(2)}{maybe(f'$x{some(1)}')}\n" for _ in range(random.randint(0, 3)))
            + maybe(f"700 1_ $a{some(2)}$t{some(2)}\n")
        )
    return lines


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[IndexReader, dict[int, Fields]]]:
    marc = {number: record(text) for number, text in enumerate(_records(), 1)}
    reader = build(tmp_path_factory.mktemp("index"), [entry(number, one) for number, one in marc.items()])
    yield reader, {number: fields(one) for number, one in marc.items()}
    reader.close()


def found(reader: IndexReader, query: Query) -> set[int]:
    async def ask() -> set[int]:
        result = await reader.search(ALL, query)
        ids = await result.page(1, 1_000)
        assert len(ids) == result.count
        return set(ids)

    return asyncio.run(ask())


def problem_of(query: Query) -> tuple[ProblemCode, str] | None:
    try:
        check(query)
    except QueryProblem as problem:
        return problem.code, problem.detail
    return None


_text = st.lists(st.sampled_from([*WORDS, "hist*", "*art", "ar?", "*ist*", "w"]), min_size=1, max_size=3).map(" ".join)
_dates = st.sampled_from(["1998", "1950", "1998-05", "1950 1999", "2000", "1999-01-01", "x", "", "2020 1990"])
_numbers = st.sampled_from(
    ["0198526636", "978-0-19-852663-6", "0140449*", "97801*", "x", "eng", "en*", "wel ara", "*7"]
)
_free = {"relation": st.sampled_from([*[Relation.EQUAL] * 5, Relation.NOT_EQUAL, Relation.PRESENT])}
_sound = st.one_of(
    st.builds(
        Term,
        index=st.sampled_from(["any", "title", "title", "author", "subject", "name", "author_title_subject"]),
        text=_text,
        structure=st.sampled_from(list(Structure)),
        truncation=st.sampled_from([*Truncation, *[Truncation.NONE] * 4]),
        **_free,
    ),
    st.builds(
        Term,
        index=st.sampled_from(["title", "title", "author", "personal_name", "subject", "name"]),
        text=_text,
        structure=st.sampled_from([Structure.PHRASE, Structure.DEFAULT]),
        truncation=st.sampled_from([Truncation.NONE, Truncation.NONE, Truncation.RIGHT, Truncation.MASKED]),
        position=st.sampled_from(list(Position)),
        completeness=st.sampled_from(list(Completeness)),
        last_in_field=st.sampled_from([False, False, False, True]),
        **_free,
    ),
    st.builds(
        Term,
        index=st.sampled_from(["isbn", "identifier", "language", "control", "format", "holder"]),
        text=st.sampled_from(
            ["0198526636", "9780198526636", "0140449*", "97801*", "eng", "w*", "c7", "c1*", "aber", "book"]
        ),
        truncation=st.sampled_from([Truncation.NONE, Truncation.RIGHT, Truncation.MASKED]),
        **_free,
    ),
    st.builds(
        Term,
        index=st.just("date"),
        text=st.sampled_from(["1998", "1950", "1900", "2001"]),
        relation=st.sampled_from([one for one in Relation if one is not Relation.WITHIN]),
    ),
    st.builds(
        Term,
        index=st.just("created"),
        text=st.sampled_from(["1999", "1999-01", "2020-02-29", "20200228"]),
        relation=st.sampled_from([one for one in Relation if one is not Relation.WITHIN]),
    ),
    st.builds(
        Term,
        index=st.sampled_from(["date", "created"]),
        text=st.sampled_from(["1998 2001", "1900 1950", "2001 1998"]),
        relation=st.just(Relation.WITHIN),
    ),
)
_hostile = st.builds(
    Term,
    index=st.sampled_from([*INDEXES, "nothing"]),
    text=_text | _dates | _numbers | st.text(max_size=8),
    relation=st.sampled_from([*Relation, *[Relation.EQUAL] * 12]),
    structure=st.sampled_from(list(Structure)),
    truncation=st.sampled_from([*Truncation, *[Truncation.NONE] * 4]),
    position=st.sampled_from([*Position, *[Position.ANY] * 3]),
    completeness=st.sampled_from([*Completeness, *[Completeness.INCOMPLETE] * 3]),
    last_in_field=st.sampled_from([False, False, False, True]),
)
_near = st.builds(
    Prox,
    left=_hostile | _sound,
    right=_hostile | _sound,
    distance=st.integers(0, 25),
    relation=st.sampled_from([Relation.LESS, Relation.LESS_OR_EQUAL, Relation.EQUAL, Relation.GREATER]),
    ordered=st.booleans(),
    exclusion=st.booleans(),
)
_simple_near = st.builds(
    Prox,
    left=st.builds(Term, index=st.just("title"), text=st.sampled_from(WORDS)),
    right=st.builds(Term, index=st.just("title"), text=st.sampled_from(["of", "the", "history of", "art*"])),
    distance=st.integers(1, 20),
    relation=st.sampled_from([Relation.LESS_OR_EQUAL, Relation.EQUAL]),
    ordered=st.booleans(),
)
_joined = {
    "extend": lambda inner: (
        st.builds(And, inner, inner) | st.builds(Or, inner, inner) | st.builds(AndNot, inner, inner)
    ),
    "max_leaves": 5,
}
_trees = st.recursive(_sound | _simple_near | st.just(AllRecords()), **_joined)
_odd_trees = st.recursive(_hostile | _near | st.just(AllRecords()), **_joined)


@pytest.mark.fuzz
@given(query=_trees | _odd_trees)
def test_any_tree_gives_the_same_records_or_the_same_problem(
    indexed: tuple[IndexReader, dict[int, Fields]], query: Query
) -> None:
    reader, all_fields = indexed
    if problem := problem_of(query):
        with pytest.raises(QueryProblem) as raised:
            found(reader, query)
        assert (raised.value.code, raised.value.detail) == problem
        return
    assert found(reader, query) == {number for number, one in all_fields.items() if matches(query, one)}


@pytest.mark.fuzz
@given(query=_simple_near)
def test_nearness_is_counted_in_words(indexed: tuple[IndexReader, dict[int, Fields]], query: Query) -> None:
    reader, all_fields = indexed
    assert found(reader, query) == {number for number, one in all_fields.items() if matches(query, one)}


@pytest.mark.parametrize("index", ["any", "notes", "title"])
def test_what_stands_in_two_fields_is_never_near(tmp_path: Path, index: str) -> None:
    apart = record("001 1\n245 10 $aEnd\n246 3_ $aStart\n500 __ $aEnd\n500 __ $aStart")
    between = " ".join(["on"] * (MAX_DISTANCE - 1))
    together = record(f"001 2\n245 10 $aEnd {between} start\n500 __ $aEnd {between} start")
    reader = build(tmp_path, [entry(1, apart), entry(2, together)])
    assert found(reader, Prox(Term(index, "end"), Term(index, "start"), MAX_DISTANCE)) == {2}
    reader.close()


def test_subfields_are_found_whether_fields_have_one_or_several(tmp_path: Path) -> None:
    several = record("001 1\n245 10 $aWales $bhistory\n700 1_ $aArt $d1900")
    one = record("001 2\n245 10 $aWales history\n700 1_ $aArt 1900")
    both = record("001 3\n245 10 $aWales\n246 3_ $aHistory $bwales")
    reader = build(tmp_path, [entry(number, marc) for number, marc in enumerate((several, one, both), 1)])

    def whole(text: str) -> Term:
        return Term("title", text, completeness=Completeness.SUBFIELD)

    assert found(reader, whole("wales")) == {1, 3}
    assert found(reader, whole("history")) == {1, 3}
    assert found(reader, whole("wales history")) == {2}
    assert found(reader, whole("history wales")) == set()
    assert found(reader, Term("title", "history", position=Position.FIRST_IN_SUBFIELD)) == {1, 3}
    assert found(reader, Term("title", "wales", position=Position.FIRST_IN_SUBFIELD)) == {1, 2, 3}
    assert found(reader, Term("author", "art", completeness=Completeness.SUBFIELD)) == {1}
    reader.close()
