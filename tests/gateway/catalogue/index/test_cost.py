from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.catalogue.index import cost
from gateway.catalogue.index import reader as reading
from gateway.catalogue.index.directory import current
from gateway.catalogue.index.reader import IndexReader
from gateway.catalogue.index.writer import IndexWriter
from gateway.catalogue.query import (
    AllRecords,
    And,
    AndNot,
    Or,
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

    monkeypatch.setattr(reading, "how_many", panic)
    with pytest.raises(QueryProblem) as raised:
        await reader.search(ALL, WALES)
    assert raised.value.code is ProblemCode.RESOURCES
    reader.close()


async def test_an_answer_from_before_a_change_is_not_kept_behind_it(
    reader: IndexReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = current(tmp_path)
    assert folder is not None
    count = reading.how_many

    def meanwhile(*arguments: Any) -> int:
        found = count(*arguments)
        writer = IndexWriter(folder)
        writer.apply([entry(1, None, seq=100)])
        writer.commit()
        writer.close()
        reader.reload()
        return found

    monkeypatch.setattr(reading, "how_many", meanwhile)
    assert (await reader.search(ALL, WALES)).count == 10
    monkeypatch.setattr(reading, "how_many", count)
    assert (await reader.search(ALL, WALES)).count == 9
    reader.close()
