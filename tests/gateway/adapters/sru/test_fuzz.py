"""Whatever is asked of a real catalogue, the answer is valid: records or diagnostics, and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.sru.mapping import SruSettings
from gateway.adapters.sru.service import Asker, SruService
from gateway.adapters.sru.session import ResultSets
from gateway.catalogue.catalogue import INDEX_FOLDER, Catalogue
from gateway.catalogue.index_map import INDEXES, cql_names
from library_protocols.sru import SruError, Version, diagnostic_number, read_form, read_request
from tests.sru_schemas import Judge
from tests.sru_server import load

pytestmark = pytest.mark.fuzz

Ask = Callable[[list[tuple[str, str]]], tuple[bytes, Version, list[int | None]]]
"""Parameters to the answer, its version, and the numbers of its diagnostics."""

NAMES = st.sampled_from(
    [*sorted(name for index in INDEXES.values() for name in cql_names(index)), "dc.x", "x.title", "cql.resultSetId"]
)
RELATIONS = st.sampled_from(
    [
        "=",
        "==",
        "<>",
        "<",
        "<=",
        ">",
        ">=",
        "any",
        "all",
        "adj",
        "exact",
        "within",
        "encloses",
        "any/stem",
        "any/relevant",
        "=/word",
        "=/string",
        "=/unmasked",
        "=/isoDate",
        "=/respectCase",
        "cql.any",
        "foo",
    ]
)
TERMS = st.one_of(
    st.sampled_from(
        [
            "wales",
            '"a history"',
            '"^a history^"',
            "w*",
            "*",
            "*a",
            "w?les",
            '""',
            '"1990 2000"',
            "1993",
            "19*",
            "tŷ",
            '"\u200f"',
            '"the of"',
            "9780000000016",
            "978-0-00-000001-6",
            '"\\\\*"',
            '"^"',
            '"a b c d e f g h"',
            "'",
        ]
    ),
    st.text(max_size=12).map(lambda text: '"' + text.replace("\\", "").replace('"', "") + '"'),
)
BOOLEANS = st.sampled_from(
    ["and", "or", "not", "prox", "prox/distance<3", "prox/unit=sentence", "prox/ordered", "prox/distance>1", "and/x"]
)
SORTS = st.sampled_from(
    [
        "",
        "",
        " sortby dc.title",
        " sortby dc.date/sort.descending dc.title",
        " sortby dc.x",
        " sortby dc.date/sort.missingOmit",
    ]
)
CLAUSES = st.tuples(NAMES, RELATIONS, TERMS).map(" ".join) | TERMS
QUERIES = st.recursive(
    CLAUSES,
    lambda inner: st.tuples(inner, BOOLEANS, inner).map(lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    url = f"sqlite:///{folder / 'catalogue.sqlite3'}"
    loop = asyncio.new_event_loop()
    loop.run_until_complete(load(url, folder / INDEX_FOLDER))
    catalogue = loop.run_until_complete(Catalogue.open(url, folder))
    service = SruService(catalogue, SruSettings({"aber": "Aberystwyth"}), ResultSets(5, time.monotonic))

    def ask(pairs: list[tuple[str, str]]) -> tuple[bytes, Version, list[int | None]]:
        request = read_request(pairs)
        found = loop.run_until_complete(service.answer(Asker("aber", ("http", "h", 80, "/sru/aber")), request))
        return found.octets, request.version, [diagnostic_number(each.uri) for each in found.diagnostics]

    yield ask
    loop.run_until_complete(catalogue.close())
    loop.close()


VERSIONS = st.sampled_from([[("operation", "searchRetrieve"), ("version", "1.1")], []])


@given(st.tuples(QUERIES, SORTS).map("".join), VERSIONS, st.sampled_from(["", "dc", "opac", "mods"]), st.integers(1, 9))
def test_searches(answer: Ask, judge: Judge, query: str, head: list[tuple[str, str]], schema: str, start: int) -> None:
    pairs = [*head, ("query", query), ("recordSchema", schema), ("startRecord", str(start))]
    try:
        octets, version, numbers = answer(pairs)
    except SruError as error:
        numbers = [diagnostic_number(each.uri) for each in error.diagnostics]
        octets, version = b"", error.version
    if octets:
        judge(octets, version)
    assert not {1, 2, None} & set(numbers), (query, numbers)


@given(CLAUSES, st.integers(0, 12), st.integers(1, 12))
def test_scans(answer: Ask, judge: Judge, clause: str, position: int, size: int) -> None:
    pairs = [("scanClause", clause), ("responsePosition", str(position)), ("maximumTerms", str(size))]
    octets, version, numbers = answer(pairs)
    judge(octets, version)
    assert not {1, 2, None} & set(numbers), (clause, numbers)


@given(st.binary(max_size=60))
def test_any_octets_behind_the_question_mark(answer: Ask, judge: Judge, octets: bytes) -> None:
    try:
        pairs = read_form(b"query=a&" + octets)
        written, version, _ = answer(pairs)
    except SruError:
        return
    judge(written, version)
