"""The index map: every row says what it means, its names are its own, and the page says what the table says."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.catalogue.index_map import CONTEXT_SETS, INDEXES, by_cql, by_use, cql_names, parts, prefix_of
from gateway.catalogue.index_map.document import page
from gateway.catalogue.index_map.model import sources
from tests.sources import ROOT


def test_the_page_is_what_the_table_says() -> None:
    written = (ROOT / "docs/reference/index-map.md").read_text(encoding="utf-8")
    assert written == page(), "python -m gateway.catalogue.index_map.document"


def test_a_name_means_one_index() -> None:
    names = Counter(name.lower() for index in INDEXES.values() for name in cql_names(index))
    uses = Counter(use for index in INDEXES.values() for use in index.bib1)
    assert [name for name, count in names.items() if count > 1] == []
    assert [use for use, count in uses.items() if count > 1] == []


def test_every_name_finds_its_index() -> None:
    for index in INDEXES.values():
        for name in cql_names(index):
            prefix, _, base = name.partition(".")
            assert prefix in CONTEXT_SETS
            assert by_cql(prefix, base.lower()) is index
        for use in index.bib1:
            assert by_use(use) is index
        assert by_cql(None, index.name) is not None


def test_every_index_has_fields_or_others_that_have() -> None:
    from_elsewhere = {"format", "level", "holder"}
    for index in INDEXES.values():
        if index.of:
            assert [index.marc21, index.unimarc, index.sortable, index.scannable, index.facet] == ["", "", *[False] * 3]
            assert all(not part.of and part.kind is index.kind for part in parts(index))
        elif index.name not in from_elsewhere:
            assert index.marc21_sources


def test_facets_of_text_are_counted_by_its_headings() -> None:
    assert all(index.scannable for index in INDEXES.values() if index.facet)


def test_dublin_core_is_all_there_but_rights() -> None:
    core = "title creator subject description publisher contributor date type format identifier source language"
    assert [name for name in (*core.split(), "relation", "coverage") if by_cql("dc", name) is None] == []


def test_bath_searches_of_area_a_have_their_use() -> None:
    assert {
        use for use in (1003, 4, 21, 1016, 1007, 7, 8, 31, 12, 1002, 1, 2, 3, 6, 33, 58, 63, 54) if not by_use(use)
    } == set()


def test_uses_are_of_bib_1(shared_data: Callable[[str], Path]) -> None:
    known: set[int] = set()
    rows = csv.reader(shared_data("schemas/z3950/attset_bib1.csv").read_text(encoding="utf-8").splitlines())
    for row in rows:
        number = row[0].rpartition("/")[2].strip('" ')
        if '"type"' in ",".join(row) and "2" in row:
            break
        if number.isdigit():
            known.add(int(number))
    # Behind 1036 the register has been continued elsewhere: names of Dublin Core, Bath and OCLC's number.
    assert {use for index in INDEXES.values() for use in index.bib1 if use <= 1036} <= known


@pytest.mark.parametrize(
    ("identifier", "prefix"),
    [
        ("info:srw/cql-context-set/1/dc-v1.1", "dc"),
        ("info:srw/cql-context-set/1/cql-v1.1", "cql"),
        ("info:srw/context-sets/1/dc-v1.1", "dc"),
        ("urn:nobody", None),
    ],
)
def test_sets_are_known_by_their_identifiers(identifier: str, prefix: str | None) -> None:
    assert prefix_of(identifier) == prefix


@pytest.mark.parametrize("notation", ["24", "245A", "245a[1-]", "245a/3=1", "245 a", "x45a"])
def test_what_is_no_field_is_refused(notation: str) -> None:
    with pytest.raises(ValueError, match="names no field"):
        sources(notation)


def test_the_notation_reads_back() -> None:
    assert [str(one) for one in sources("245abn 001 008[35-37] 100a[9-16] 264b/2=1 502*")] == [
        "245$a$b$n", "001", "008/35-37", "100$a/09-16", "264$b (indicator 2 = 1)", "502 all",
    ]  # fmt: skip
