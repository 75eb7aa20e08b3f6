"""What one member alone may see is in no other view: not in hits, counts, facets or scan, whatever came first."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.catalogue.index.facets import Count, asking_for
from gateway.catalogue.index.reader import IndexReader
from gateway.catalogue.query import AllRecords, AndNot, Or, ProblemCode, QueryProblem, Relation, Term, Truncation
from gateway.catalogue.records import ALL, IndexEntry
from tests.gateway.catalogue.index.building import build, entry, record

OPEN = record("001 1\n008 990101s1998    xxk|||||||||||||||||eng||\n245 10 $aOpen things\n650 _0 $aBees")
SECRET = record(
    "001 2\n008 990101s1999    xxk|||||||||||||||||wel||\n245 10 $aSecret things\n650 _0 $aBEES\n650 _0 $aWasps"
)
ENTRIES = [
    entry(1, OPEN, member="bangor", holders=["bangor"]),
    entry(2, SECRET, member="aber", views=["aber"], holders=["aber"]),
]


def terms(found: tuple[object, ...]) -> list[tuple[str, str, int]]:
    return [(one.term, one.display, one.count) for one in found]  # type: ignore[attr-defined]


@pytest.fixture(params=list(itertools.permutations(ENTRIES)), ids=["open first", "private first"])
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[IndexReader]:
    entries: list[IndexEntry] = list(request.param)
    opened = build(tmp_path, entries)
    yield opened
    opened.close()


@pytest.mark.parametrize(("view", "ids"), [(ALL, [1]), ("bangor", [1]), ("aber", [2]), ("nlw", [])])
async def test_hits_and_counts(reader: IndexReader, view: str, ids: list[int]) -> None:
    for query in (AllRecords(), Term("title", "things"), Term("title", "nothing")):
        found = await reader.search(view, query)
        wanted = [] if query == Term("title", "nothing") else ids
        assert (found.count, await found.page(1, 10)) == (len(wanted), wanted)
    for word, number in (("open", 1), ("secret", 2)):
        assert (await reader.search(view, Term("title", word))).count == int(number in ids)
        assert (await reader.search(view, Term("title", word[:3] + "*"))).count == 0


@pytest.mark.parametrize(
    ("view", "subjects", "languages"),
    [
        (ALL, [Count("Bees", 1)], [Count("eng", 1)]),
        ("bangor", [Count("Bees", 1)], [Count("eng", 1)]),
        ("aber", [Count("BEES", 1), Count("Wasps", 1)], [Count("wel", 1)]),
        ("nlw", [], []),
    ],
)
async def test_facets(reader: IndexReader, view: str, subjects: list[Count], languages: list[Count]) -> None:
    found = await reader.search(view, AllRecords())
    assert await reader.facets(found, ["subject", "language"]) == {"subject": subjects, "language": languages}
    for count in subjects:
        assert (await reader.search(view, asking_for("subject", count.value))).count == count.count


@pytest.mark.parametrize(
    ("view", "listed"),
    [
        (ALL, [("bees", "Bees", 1)]),
        ("bangor", [("bees", "Bees", 1)]),
        ("aber", [("bees", "Bees", 1), ("wasps", "Wasps", 1)]),
        ("nlw", []),
    ],
)
async def test_scan(reader: IndexReader, view: str, listed: list[tuple[str, str, int]]) -> None:
    scan = await reader.scan(view, "subject", "", 10)
    assert terms(scan.entries) == listed
    assert (scan.first, scan.last) == (True, True)
    words = await reader.scan(view, "subject", "", 10, words=True)
    assert terms(words.entries) == [(term, term, count) for term, _, count in listed]


async def test_a_heading_of_two_private_records_is_shown_to_neither_as_the_other_writes_it(tmp_path: Path) -> None:
    marc = [record(f"001 {n}\n245 10 $aT\n650 _0 ${text}") for n, text in enumerate(("aBEES", "abeeS"), 1)]
    entries = [entry(n, one, member=m, views=[m]) for n, one, m in zip((1, 2), marc, ("aber", "nlw"), strict=True)]
    reader = build(tmp_path, entries)
    for view in ("aber", "nlw"):
        assert terms((await reader.scan(view, "subject", "")).entries) == [("bees", "bees", 1)]
    reader.close()


async def test_who_holds_what_is_asked_and_counted(tmp_path: Path) -> None:
    reader = build(tmp_path, [entry(1, OPEN, member="bangor", holders=["aber", "bangor"])])
    found = await reader.search(ALL, Term("holder", "aber"))
    assert found.count == 1
    assert await reader.facets(found, ["holder"]) == {"holder": [Count("aber", 1), Count("bangor", 1)]}
    for names, limit, code in ((["title"], 5, ProblemCode.INDEX), (["holder"], 5000, ProblemCode.QUERY_FEATURE)):
        with pytest.raises(QueryProblem) as raised:
            await reader.facets(found, names, limit)
        assert raised.value.code is code
    reader.close()


async def test_who_else_holds_a_record_is_told_in_all_alone(tmp_path: Path) -> None:
    both = ["aber", "bangor"]
    reader = build(tmp_path, [entry(1, OPEN, member="aber", holders=both), entry(3, OPEN, member="aber")])
    holder = {code: Term("holder", code) for code in both}
    asked = {
        "aber": (2, 0, 2, [Count("aber", 2)], [("aber", "aber", 2)]),
        ALL: (2, 1, 1, [Count("aber", 2), Count("bangor", 1)], [("aber", "aber", 2), ("bangor", "bangor", 1)]),
    }
    for view, (own, other, without, counts, entries) in asked.items():
        assert (await reader.search(view, holder["aber"])).count == own
        assert (await reader.search(view, holder["bangor"])).count == other
        assert (await reader.search(view, Term("holder", "bangor", Relation.NOT_EQUAL))).count == without
        assert (await reader.search(view, AndNot(AllRecords(), holder["bangor"]))).count == without
        assert (await reader.search(view, Or(holder["aber"], holder["bangor"]))).count == own
        found = await reader.search(view, AllRecords())
        assert (await reader.facets(found, ["holder"]))["holder"] == counts
        assert (await reader.facets(found, ["holder"], start=1))["holder"] == counts[1:]
        assert terms((await reader.scan(view, "holder", "a")).entries) == entries
    with pytest.raises(QueryProblem):
        await reader.search("aber", Term("holder", "ang", truncation=Truncation.LEFT))
    reader.close()
