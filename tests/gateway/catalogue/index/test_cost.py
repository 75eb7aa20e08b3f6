from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from gateway.catalogue.index import compile as compiling
from gateway.catalogue.index import cost, patterns
from gateway.catalogue.index import reader as reading
from gateway.catalogue.index.compile import MOST_NODES, measured
from gateway.catalogue.index.directory import current
from gateway.catalogue.index.reader import IndexReader
from gateway.catalogue.index.results import ResultSet
from gateway.catalogue.index.writer import IndexWriter
from gateway.catalogue.query import (
    AllRecords,
    And,
    AndNot,
    InSet,
    Missing,
    Or,
    ProblemCode,
    Prox,
    Query,
    QueryProblem,
    Relation,
    SortKey,
    Structure,
    Term,
    Truncation,
)
from gateway.catalogue.records import ALL
from tests.gateway.catalogue.index.building import build, entry, record

WALES, RARE = Term("title", "wales"), Term("title", "rare")


@pytest.fixture
def reader(tmp_path: Path) -> IndexReader:
    marc = [record(f"001 {n}\n245 10 $aWales{' rare' * (n == 1)}") for n in range(1, 11)]
    return build(tmp_path, [entry(n, one) for n, one in enumerate(marc, 1)])


@pytest.mark.parametrize(
    ("query", "most"),
    [
        (WALES, 10),
        (RARE, 1),
        (Term("title", "rare wales"), 1),
        (Term("title", "rare wales", structure=Structure.ANY), 11),
        (Term("title", "..."), 0),
        (And(WALES, RARE), 1),
        (Or(WALES, RARE), 11),
        (AndNot(RARE, WALES), 1),
        (Prox(WALES, RARE, 3), 3),
        (Term("control", "3"), 1),
        (Term("title", "ra*", truncation=Truncation.MASKED), 10),
        (Term("title", "rare", Relation.NOT_EQUAL), 10),
        (Term("date", "1999"), 10),
        (AllRecords(), 10),
    ],
)
async def test_a_query_is_as_costly_as_its_rarest_word(reader: IndexReader, query: Query, most: int) -> None:
    searcher = (await reader.search(ALL, AllRecords())).searcher
    assert cost.records(searcher, query) == most
    reader.close()


async def test_what_is_costly_is_answered_the_same(reader: IndexReader, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = await (await reader.search(ALL, WALES)).page(1, 10)
    monkeypatch.setattr(cost, "INLINE", 0)
    reader.reload()
    found = await reader.search(ALL, WALES)
    assert await found.page(1, 10) == plain
    assert await reader.search(ALL, WALES) is found
    reader.close()


async def test_a_panic_below_is_a_problem_of_the_query(reader: IndexReader, monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        pass

    def panic(*_: object) -> int:
        raise PanicException("index out of bounds")

    monkeypatch.setattr(reading, "count_and_first", panic)
    with pytest.raises(QueryProblem) as raised:
        await reader.search(ALL, WALES)
    assert raised.value.code is ProblemCode.RESOURCES
    reader.close()


async def test_an_answer_from_before_a_change_is_not_kept_behind_it(
    reader: IndexReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = current(tmp_path)
    assert folder is not None
    count = reading.count_and_first

    def meanwhile(*arguments: Any) -> tuple[int, tuple[int, ...]]:
        found = count(*arguments)
        writer = IndexWriter(folder)
        writer.apply([entry(1, None, seq=100)])
        writer.commit()
        writer.close()
        reader.reload()
        return found

    monkeypatch.setattr(reading, "count_and_first", meanwhile)
    assert (await reader.search(ALL, WALES)).count == 10
    monkeypatch.setattr(reading, "count_and_first", count)
    assert (await reader.search(ALL, WALES)).count == 9
    reader.close()


def masked(text: str, structure: Structure = Structure.DEFAULT) -> Term:
    return Term("title", text, structure=structure, truncation=Truncation.MASKED)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (masked("a*b??????"), ProblemCode.MASKED_TOO_MANY),
        (masked("*ab???????"), ProblemCode.MASKED_TOO_MANY),
        (masked(" ".join(f"*ab{n}*" for n in range(10))), ProblemCode.MASKED_TOO_MANY),
        (masked(" ".join(f"{'long' * 3}{n}*" for n in range(50))), ProblemCode.MASKED_TOO_MANY),
        (reduce(Or, [masked("*ab*")] * 10), ProblemCode.MASKED_TOO_MANY),
        (Prox(masked("wales*"), masked("history*"), 20), ProblemCode.MASKED_TOO_MANY),
        (Term("control", "9" * 600, truncation=Truncation.RIGHT), ProblemCode.MASKED_TOO_MANY),
        (reduce(Or, [WALES] * 301), ProblemCode.TOO_MANY_BOOLEANS),
        (reduce(Or, [Term("title", "a " * 100)] * 51), ProblemCode.TERM_TOO_LONG),
    ],
)
async def test_what_costs_too_much_is_refused_before_it_is_begun(
    reader: IndexReader, query: Query, code: ProblemCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "_masked", None)
    with pytest.raises(QueryProblem) as raised:
        await reader.search(ALL, query)
    assert raised.value.code is code
    reader.close()


@pytest.mark.parametrize("text", ["*ale*", "w?l?s", "wal*", "*w*a??s", " ".join(["wale*"] * 40)])
async def test_masks_as_people_write_them_are_answered(reader: IndexReader, text: str) -> None:
    assert (await reader.search(ALL, masked(text, Structure.ALL))).count == 10
    reader.close()


async def test_an_automaton_that_grows_too_large_is_a_problem_of_the_query(
    reader: IndexReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "MOST_WORK", 1_000_000)
    with pytest.raises(QueryProblem) as raised:
        await reader.search(ALL, masked("a*b??????"))
    assert raised.value.code is ProblemCode.MASKED_TOO_MANY
    reader.close()


@pytest.mark.parametrize(
    "query", [masked("*ales"), reduce(And, [WALES] * 200), Prox(WALES, RARE, 20)], ids=["mask", "many", "near"]
)
async def test_a_small_index_is_no_reason_to_hold_up_everybody(
    reader: IndexReader, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost, "INLINE", 10)
    searcher = (await reader.search(ALL, AllRecords())).searcher
    assert cost.is_costly(searcher, query, measured(query))
    assert not cost.is_costly(searcher, WALES, measured(WALES))
    reader.close()


async def test_sets_of_sets_are_as_large_as_what_they_are_made_of(reader: IndexReader) -> None:
    async def twice(found: ResultSet) -> ResultSet:
        return await reader.search(ALL, Or(InSet(found), InSet(found)))

    async def sorted_again(found: ResultSet) -> ResultSet:
        return (await reader.search(ALL, InSet(found))).sorted([SortKey("title", missing=Missing.OMIT)])

    for step, most in ((twice, 10), (sorted_again, MOST_NODES // 2)):
        with pytest.raises(QueryProblem) as raised:
            await repeated(step, await reader.search(ALL, WALES), most)
        assert raised.value.code is ProblemCode.TOO_MANY_BOOLEANS
    reader.close()


async def repeated(step: Callable[[ResultSet], Awaitable[ResultSet]], found: ResultSet, times: int) -> None:
    for _ in range(times):
        found = await step(found)


async def test_who_asks_while_too_many_wait_is_told_so(reader: IndexReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "INLINE", 0)
    monkeypatch.setattr(reading, "_MOST_WAITING", 1)
    asked = [reader.search(ALL, one) for one in (WALES, RARE)]
    first, second = await asyncio.gather(*asked, return_exceptions=True)
    assert not isinstance(first, BaseException)
    assert isinstance(second, QueryProblem)
    assert second.code is ProblemCode.RESOURCES
    assert (await reader.search(ALL, RARE)).count == 1
    reader.close()


async def test_masks_are_counted_while_anything_holds_them(
    reader: IndexReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_MOST_MASKS", 150)
    held = [(await reader.search(ALL, masked(text))).sorted([SortKey("title")]) for text in ("*ale*", "*wal*")]
    with pytest.raises(QueryProblem) as raised:
        await reader.search(ALL, masked("*les*"))
    assert raised.value.code is ProblemCode.RESOURCES
    with pytest.raises(QueryProblem):
        await reader.search(ALL, Or(InSet(held[0]), InSet(held[1])))
    assert (await reader.search(ALL, WALES)).count == 10
    held.pop()
    assert (await reader.search(ALL, masked("*les*"))).count == 10
    held.clear()
    assert (await reader.search(ALL, masked("*wal*"))).count == 10  # what is merely kept makes room
    reader.close()
