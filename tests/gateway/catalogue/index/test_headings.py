"""Scan: a stretch of the list around a term, with the counts that a search would give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.catalogue.index import headings
from gateway.catalogue.index.directory import begin, current, use
from gateway.catalogue.index.headings import Scan
from gateway.catalogue.index.reader import IndexReader
from gateway.catalogue.index.writer import IndexWriter
from gateway.catalogue.query import ProblemCode, QueryProblem
from gateway.catalogue.records import ALL
from tests.gateway.catalogue.index.building import build, entry, record

TITLES = ["Ants", "Bees", "Bees", "Cats :$bor, Dogs /", "Élan", "The Fish", "Gnats"]


def marc(number: int, title: str) -> str:
    nonfiling = 4 if title.startswith("The ") else 0
    return (
        f"001 {number}\n008 990101s199{number}    xxk|||||||||||||||||eng||\n020 __ $a0-19-85266{number}-X\n"
        f"100 1_ $aWriter {number}.\n245 1{nonfiling} $a{title}"
    )


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IndexReader]:
    entries = [entry(number, record(marc(number, title))) for number, title in enumerate(TITLES, 1)]
    opened = build(tmp_path_factory.mktemp("index"), entries)
    yield opened
    opened.close()


def shown(scan: Scan) -> str:
    inner = " ".join(f"{one.display}={one.count}" for one in scan.entries)
    return f"{'[' if scan.first else ''}{inner}{']' if scan.last else ''} @{scan.position}"


@pytest.mark.parametrize(
    ("term", "size", "position", "expected"),
    [
        ("", 3, 1, "[Ants=1 Bees=2 Cats : or, Dogs=1 @1"),
        ("bees", 2, 1, "Bees=2 Cats : or, Dogs=1 @1"),
        ("BEES", 2, 2, "[Ants=1 Bees=2 @2"),
        ("bees", 2, 0, "Cats : or, Dogs=1 Élan=1 @0"),
        ("bee", 2, 0, "Bees=2 Cats : or, Dogs=1 @0"),
        ("cats", 2, 3, "[Ants=1 Bees=2 @3"),
        ("elan", 1, 1, "Élan=1 @1"),
        ("elan", 3, 2, "Cats : or, Dogs=1 Élan=1 The Fish=1 @2"),
        ("gnats", 5, 1, "Gnats=1] @1"),
        ("zebra", 3, 2, "Gnats=1] @2"),
        ("zebra", 2, 1, "] @1"),
        ("", 20, 1, "[Ants=1 Bees=2 Cats : or, Dogs=1 Élan=1 The Fish=1 Gnats=1] @1"),
        ("a", 3, 3, "[Ants=1 @1"),
        ("bees", 3, 3, "[Ants=1 Bees=2 @2"),
    ],
)
async def test_stretches(reader: IndexReader, term: str, size: int, position: int, expected: str) -> None:
    assert shown(await reader.scan(ALL, "title", term, size, position)) == expected


async def test_a_title_stands_where_it_is_filed(reader: IndexReader) -> None:
    scan = await reader.scan(ALL, "title", "", 20)
    assert [one.term for one in scan.entries] == ["ants", "bees", "cats or dogs", "elan", "fish", "gnats"]


async def test_numbers_dates_and_words_are_listed(reader: IndexReader) -> None:
    years = await reader.scan(ALL, "date", "1993", 2)
    assert [(one.term, one.count) for one in years.entries] == [("1993", 1), ("1994", 1)]
    numbers = await reader.scan(ALL, "isbn", "0-19-852663-X", 1)
    assert [one.term for one in numbers.entries] == ["019852663X"]
    words = await reader.scan(ALL, "title", "dogs", 2, words=True)
    assert [(one.term, one.count) for one in words.entries] == [("dogs", 1), ("elan", 1)]
    assert (await reader.scan(ALL, "author", "writer", 1)).entries[0].display == "Writer 1"


@pytest.mark.parametrize(
    ("index", "size", "position", "words", "code"),
    [
        ("nothing", 5, 1, False, ProblemCode.INDEX),
        ("notes", 5, 1, False, ProblemCode.SCAN),
        ("publisher", 5, 1, True, ProblemCode.SCAN),
        ("title", 0, 1, False, ProblemCode.SCAN_SIZE),
        ("title", 100_000, 1, False, ProblemCode.SCAN_SIZE),
        ("title", 5, 7, False, ProblemCode.SCAN_POSITION),
        ("title", 5, -1, False, ProblemCode.SCAN_POSITION),
    ],
)
async def test_what_is_not_listed(
    reader: IndexReader, index: str, size: int, position: int, words: bool, code: ProblemCode
) -> None:
    with pytest.raises(QueryProblem) as raised:
        await reader.scan(ALL, index, "a", size, position, words=words)
    assert raised.value.code is code


async def test_headings_follow_their_records(tmp_path: Path) -> None:
    reader = build(tmp_path, [entry(1, record(marc(1, "Ants"))), entry(2, record(marc(2, "Bees")))])
    folder = current(tmp_path)
    assert folder is not None
    writer = IndexWriter(folder)
    writer.apply(
        [entry(1, record(marc(1, "Wasps")), seq=3), entry(2, None, seq=4), entry(3, record(marc(3, "Ants")), seq=5)]
    )
    writer.commit()
    writer.close()
    reader.reload()
    assert shown(await reader.scan(ALL, "title", "")) == "[Ants=1 Wasps=1] @1"
    reader.close()


async def test_a_scan_gives_up_among_the_headings_of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marcs = [record(f"001 {n}\n245 10 $aTitle {n:03}") for n in range(1, 41)]
    reader = build(tmp_path, [entry(n, one) for n, one in enumerate(marcs, 1)])
    folder = current(tmp_path)
    assert folder is not None
    writer = IndexWriter(folder)
    writer.apply([entry(n, None, seq=100 + n) for n in range(1, 40)])
    writer.commit()
    writer.close()
    reader.reload()
    assert shown(await reader.scan(ALL, "title", "")) == "[Title 040=1] @1"
    monkeypatch.setattr(headings, "_MOST_PASSED", 10)
    assert (await reader.scan(ALL, "title", "")).partial
    reader.close()


async def test_more_headings_than_memory_holds_come_out_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {"aber": ("aber", ALL), "bangor": ("bangor",)}
    entries = [
        entry(
            n, record(f"001 {n}\n245 10 $aTitle {n // 2 % 30:02}{'!' * (member == 'aber')}"), member=member, views=views
        )
        for n, (member, views) in enumerate([*seen.items()] * 50, 1)
    ]
    scans: list[list[Scan]] = []
    for most in (10_000, 7):
        monkeypatch.setattr(headings, "_MOST_NEW", most)
        path = tmp_path / str(most)
        folder = begin(path)
        writer = IndexWriter(folder, fresh=True)
        for start in range(0, 100, 10):
            writer.apply(entries[start : start + 10])
        writer.finish()
        writer.close()
        use(path, folder)
        assert not (folder / "headings.aside").exists()
        reader = IndexReader(path)
        scans.append([await reader.scan(view, "title", "", 50) for view in (ALL, "aber", "bangor")])
        scans[-1].append(await reader.scan(ALL, "title", "", 50, words=True))
        reader.close()
    assert scans[0] == scans[1]
    assert shown(scans[0][0]).startswith("[Title 00!=")
