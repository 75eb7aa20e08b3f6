from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from gateway.catalogue import query_sets
from gateway.catalogue.index.evaluate import matches
from gateway.catalogue.index.extract import Fields, extract
from gateway.catalogue.index_map import INDEXES, parts
from gateway.catalogue.query import AllRecords, And, QueryProblem, Term
from gateway.catalogue.query_sets import part_of, query_set, tags_of
from gateway.catalogue.records import Format
from library_protocols.cql import CqlError
from library_protocols.marc import Cutter, MarcError, Parsed, read
from tests.gateway.catalogue.index.building import record

WALES = record("001 1\n008 990101s1998    xxk|||||||||||||||||eng||\n245 10 $aWales :$ba history")
ART = record("001 2\n008 990101s2001    xxk|||||||||||||||||wel||\n245 10 $aArt")


def test_a_set_holds_what_its_query_finds() -> None:
    found = query_set("aber", "welsh", "Welsh", "title = wales or language = wel")
    assert [found.matches(one, Format.MARC21) for one in (WALES, ART, WALES)] == [True, True, True]
    old = query_set("aber", "old", "Old", "date < 2000")
    assert [old.matches(one, Format.MARC21) for one in (WALES, ART)] == [True, False]


@pytest.mark.parametrize(
    "text",
    ["title =", "nothing = x", "title > a", "date = soon", "cql.resultSetId = x", "bath.possessingInstitution = aber"],
)
def test_a_query_that_cannot_be_answered_is_refused_at_once(text: str) -> None:
    with pytest.raises((CqlError, QueryProblem)):
        query_set("aber", "x", "X", text)


def _said(name: str, fields: Fields) -> list[object]:
    """What a query of an index may ask of a record."""
    kept = (fields.texts, fields.parts, fields.keys, fields.numbers)
    return [values.get(part.name) for part in parts(INDEXES[name]) for values in kept]


@pytest.fixture(scope="module")
def real(shared_data: Callable[[str], Path]) -> list[Parsed]:
    """Some hundred real records of both formats."""
    found: list[Parsed] = []
    for path in sorted(shared_data("marc").glob("*.mrc")):
        cutter = Cutter()
        for cut in (*cutter.feed(path.read_bytes()[:200_000]), *cutter.close())[:200]:
            try:
                found.append(read(cut.data))
            except MarcError:
                continue
    return Random(1).sample(found, 600)


def test_the_fields_that_decide_are_enough(real: list[Parsed]) -> None:
    whole = [extract(one.record, Format(one.format)) for one in real]
    asked: set[str] = set()
    for name, index in INDEXES.items():
        tags = tags_of(And(Term(name, "x"), AllRecords()))
        if tags is None:
            assert "any" in [part.name for part in parts(index)]
            continue
        for one, fields in zip(real, whole, strict=True):
            marc = Format(one.format)
            assert _said(name, extract(part_of(one.record, tags[marc]), marc)) == _said(name, fields)
            if any(_said(name, fields)):
                asked.add(name)
    assert len(asked) > 0.8 * len(INDEXES)


@pytest.mark.parametrize(
    "query", ["language = eng", "local.country = enk or language = fre", "local.source = d* not language = eng"]
)
@pytest.mark.parametrize("most", [3, 10_000])
def test_answers_kept_are_those_that_the_record_gives(
    real: list[Parsed], query: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query_sets, "_MOST_ANSWERS", most)
    rule = query_set("aber", "x", "X", query)
    assert rule.codes.decide
    answers = [rule.matches(one.record, Format(one.format)) for one in (*real, *reversed(real))]
    wanted = [matches(rule.query, extract(one.record, Format(one.format))) for one in real]
    assert answers == [*wanted, *reversed(wanted)]
    assert 0 < sum(wanted) < len(wanted)


@pytest.mark.parametrize(
    "query", ["title = wales", "level = m", "format = book", "language = wel or any = x", "cql.allRecords = 1"]
)
def test_what_more_than_codes_decide_is_always_asked_of_the_record(query: str) -> None:
    assert not query_set("aber", "x", "X", query).codes.decide
