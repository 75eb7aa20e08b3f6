"""Order, pages and snapshots: every order is compared with sorting the same values in memory."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.catalogue.index import results
from gateway.catalogue.index.directory import current
from gateway.catalogue.index.extract import Fields
from gateway.catalogue.index.reader import IndexReader
from gateway.catalogue.index.results import ResultSet
from gateway.catalogue.index.schema import packed
from gateway.catalogue.index.writer import IndexWriter
from gateway.catalogue.query import (
    AllRecords,
    And,
    InSet,
    Missing,
    ProblemCode,
    QueryProblem,
    SortKey,
    Term,
    Truncation,
)
from gateway.catalogue.records import ALL
from tests.gateway.catalogue.index.building import build, entry, fields, record

Indexed = tuple[IndexReader, dict[int, Fields]]


def _lines(number: int, chance: random.Random) -> str:
    words = [
        "wales",
        "the history of wales",
        "Ŵyl",
        "zebra",
        "art",
        "كتاب",
        "Проза",
        "proceedings of the conference on",
    ]
    title = f"{chance.choice(words)} {chance.choice(words)} {chance.randint(1, 9)}"
    author = f"100 1_ $a{chance.choice(['Ash, Ann', 'Byrd, Bo', 'Évans, Eve'])}\n" if chance.random() < 0.7 else ""
    year = chance.choice(["1998", "2001", "1850", "||||"])
    return f"001 c{number}\n008 990101s{year}    xxk|||||||||||||||||eng||\n{author}245 10 $a{title}\n"


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexed]:
    chance = random.Random(5)
    marc = {number: record(_lines(number, chance)) for number in range(1, 301)}
    reader = build(tmp_path_factory.mktemp("index"), [entry(number, one) for number, one in marc.items()])
    yield reader, {number: fields(one) for number, one in marc.items()}
    reader.close()


async def everything(found: ResultSet, size: int = 7) -> list[int]:
    """All pages of a set, one after the other."""
    out: list[int] = []
    while len(out) < found.count:
        page = await found.page(len(out) + 1, size)
        assert len(page) == min(size, found.count - len(out))
        out += page
    assert await found.page(len(out) + 1, size) == []
    return out


def in_memory(all_fields: dict[int, Fields], keys: list[SortKey], missing: dict[str, Any] | None = None) -> list[int]:
    ids = sorted(all_fields)
    for key in reversed(keys):
        values = {number: all_fields[number].sort.get(key.index) for number in ids}
        there = [number for number in ids if values[number] is not None]
        absent = [number for number in ids if values[number] is None]
        there.sort(key=lambda number: values[number], reverse=False)  # type: ignore[arg-type, return-value]
        if key.descending:
            # Equal ones keep their order: reverse the distinct values, not the list.
            distinct = sorted({values[number] for number in there}, reverse=True)  # type: ignore[type-var]
            there = [number for value in distinct for number in there if values[number] == value]
        if key.missing in (Missing.OMIT, Missing.FAIL):
            ids = there
        elif key.missing is Missing.VALUE:
            limit = (missing or {})[key.index]
            before = [n for n in there if (values[n] > limit if key.descending else values[n] < limit)]  # type: ignore[operator]
            ids = before + absent + [number for number in there if number not in before]
        elif (key.missing is Missing.HIGH) is not key.descending:
            ids = there + absent
        else:
            ids = absent + there
    return ids


KEYS = [
    [SortKey("title")],
    [SortKey("title", descending=True)],
    [SortKey("author"), SortKey("title", descending=True)],
    [SortKey("author", missing=Missing.LOW), SortKey("date")],
    [SortKey("author", descending=True), SortKey("date", descending=True, missing=Missing.LOW)],
    [SortKey("date", missing=Missing.OMIT), SortKey("author", missing=Missing.OMIT)],
    [SortKey("created"), SortKey("title")],
    [SortKey("date", missing=Missing.VALUE, missing_value="1900"), SortKey("title")],
    [SortKey("date", descending=True, missing=Missing.VALUE, missing_value="1998")],
    [SortKey("author", missing=Missing.VALUE, missing_value="Byrd, Bo"), SortKey("date")],
    [SortKey("author", descending=True, missing=Missing.VALUE, missing_value="c")],
]


@pytest.mark.parametrize(
    "keys", KEYS, ids=lambda keys: "+".join(f"{k.index}{'-' * k.descending}{k.missing[0]}" for k in keys)
)
async def test_orders_are_exact(indexed: Indexed, keys: list[SortKey]) -> None:
    reader, all_fields = indexed
    missing = {key.index: results.missing_value(key) for key in keys if key.missing is Missing.VALUE}
    found = (await reader.search(ALL, AllRecords())).sorted(keys)
    expected = in_memory(all_fields, keys, missing)
    assert found.count == len(expected)
    assert await everything(found) == expected


async def test_deep_pages_are_those_that_paging_through_gives(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, _ = indexed
    whole = [await everything((await reader.search(ALL, AllRecords())).sorted(keys), 50) for keys in ([], *KEYS)]
    monkeypatch.setattr(results, "_DEEP", 3)
    monkeypatch.setattr(results, "_BUCKETS", 5)
    for keys, expected in zip(([], *KEYS), whole, strict=True):
        found = (await reader.search(ALL, AllRecords())).sorted(keys)
        for start in (1, 4, 60, 200, 290):
            assert await found.page(start, 20) == expected[start - 1 : start + 19]


async def test_without_keys_records_come_by_their_number(indexed: Indexed) -> None:
    reader, all_fields = indexed
    assert await everything(await reader.search(ALL, AllRecords())) == sorted(all_fields)


async def test_ranked_records_are_all_there(indexed: Indexed) -> None:
    reader, _ = indexed
    plain = await reader.search(ALL, Term("title", "wales"))
    ranked = await reader.search(ALL, Term("title", "wales", relevant=True))
    assert sorted(await everything(ranked, 1000)) == await everything(plain, 1000)


async def test_what_is_asked_once_is_found_alike_and_kept_by_who_asks(indexed: Indexed) -> None:
    reader, _ = indexed
    asked = And(Term("title", "wales"), AllRecords())
    once = await reader.search(ALL, asked, once=True)
    assert once is not await reader.search(ALL, asked, once=True)
    unread = await reader.search(ALL, asked, once=True, unread=True)
    again = await reader.search(ALL, asked)
    assert again is await reader.search(ALL, asked)
    assert await everything(once) == await everything(again)
    for start, size in ((1, 1), (3, 5), (1, 10), (6, 5), (9, 4), (once.count, 9), (once.count + 1, 1)):
        wanted = (await everything(again))[start - 1 : start - 1 + size]
        assert await once.page(start, size) == await unread.page(start, size) == wanted
    masked = Term("title", "wa*e*", truncation=Truncation.MASKED)
    assert (await reader.search(ALL, masked, once=True)).count == (await reader.search(ALL, masked)).count


async def test_a_record_without_the_value_ends_a_sort_that_says_so(indexed: Indexed) -> None:
    reader, _ = indexed
    with pytest.raises(QueryProblem) as raised:
        await reader.search(ALL, AllRecords(), [SortKey("author", missing=Missing.FAIL)])
    assert raised.value.code is ProblemCode.SORT_ENDED
    assert (await reader.search(ALL, AllRecords(), [SortKey("title", missing=Missing.FAIL)])).count == 300


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ([SortKey("publisher")], ProblemCode.SORT),
        ([SortKey("nothing")], ProblemCode.SORT),
        ([SortKey("title"), SortKey("title")], ProblemCode.SORT_DUPLICATE),
        ([SortKey("title")] * 9, ProblemCode.SORT_KEYS),
        ([SortKey("date", missing=Missing.VALUE, missing_value="x")], ProblemCode.SORT_MISSING),
    ],
)
async def test_keys_that_nothing_is_sorted_by(indexed: Indexed, keys: list[SortKey], code: ProblemCode) -> None:
    reader, _ = indexed
    with pytest.raises(QueryProblem) as raised:
        await reader.search(ALL, AllRecords(), keys)
    assert raised.value.code is code


async def test_a_set_stays_what_it_was(tmp_path: Path) -> None:
    marc = record("001 1\n245 10 $aWales")
    reader = build(tmp_path, [entry(1, marc), entry(2, marc)])
    held = await reader.search(ALL, Term("title", "wales"))
    folder = current(tmp_path)
    assert folder is not None
    writer = IndexWriter(folder)
    writer.apply([entry(1, None, seq=3), entry(3, marc, seq=4)])
    writer.commit()
    writer.close()
    reader.reload()
    fresh = await reader.search(ALL, Term("title", "wales"))
    assert (held.count, await held.page(1, 9)) == (2, [1, 2])
    assert (fresh.count, await fresh.page(1, 9)) == (2, [2, 3])
    both = await reader.search(ALL, And(InSet(fresh), InSet(held)))
    assert await both.page(1, 9) == [2]
    with pytest.raises(QueryProblem) as raised:
        await reader.search("aber", InSet(held))
    assert raised.value.code is ProblemCode.RESULT_SET_COMBINATION
    reader.close()


async def test_an_index_that_is_not_there_yet_says_so(tmp_path: Path) -> None:
    reader = IndexReader(tmp_path)
    assert not reader.ready
    with pytest.raises(QueryProblem) as raised:
        await reader.search(ALL, AllRecords())
    assert raised.value.code is ProblemCode.UNAVAILABLE
    reader.close()


def test_packed_text_keeps_its_order() -> None:
    chance = random.Random(9)
    texts = ["".join(chance.choices("ab z09éكπ\U00010400", k=chance.randint(0, 26))) for _ in range(2000)]
    texts = sorted({" ".join(text.split()) for text in texts})
    assert [packed(text) for text in texts] == sorted(packed(text) for text in texts)
    assert packed("history of wales") != packed("history of the world")
