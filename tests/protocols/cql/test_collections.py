"""The regression collections of three other parsers, compared as trees: what each writes, or that it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from library_protocols.cql import CqlError, hoist, parse, write, write_xcql, write_xcql_2
from tests.protocols.cql.plain import plain_query, plain_xcql

DECIDED = {
    "cql-java/10/15": "the sort key stands outside the inner parentheses, so the outer assignment holds for it",
}
"""Cases where two collections, or a collection and the grammar, disagree. The README gives the reasons."""


@pytest.fixture(scope="module")
def cases(shared_data: Callable[[str], Path]) -> Callable[[str], list[dict[str, Any]]]:
    def read(name: str) -> list[dict[str, Any]]:
        found = json.loads(shared_data(f"cql/{name}.json").read_text(encoding="utf-8"))
        assert found
        return found

    return read


@pytest.mark.parametrize("name", ["cql-java", "yaz-cql"])
def test_stated_trees(cases: Callable[[str], list[dict[str, Any]]], name: str) -> None:
    wrong: dict[str, object] = {}
    for case in cases(name):
        if case["id"] in DECIDED:
            continue
        try:
            found = plain_query(parse(case["query"]))
        except CqlError as error:
            found = error
        expected = plain_xcql(case["xcql"]) if "xcql" in case else None
        if (isinstance(found, CqlError) if expected is None else found == expected) is False:
            wrong[case["id"]] = (case["query"], found, expected)
    assert wrong == {}


def test_decided_cases_are_still_at_odds(cases: Callable[[str], list[dict[str, Any]]]) -> None:
    both = {case["id"]: case for case in [*cases("cql-java"), *cases("yaz-cql")]}
    assert [i for i in DECIDED if plain_query(parse(both[i]["query"])) == plain_xcql(both[i]["xcql"])] == []


@pytest.mark.parametrize("name", ["cql-ruby", "yaz-cql2pqf"])
def test_everything_else_that_others_read_is_read(cases: Callable[[str], list[dict[str, Any]]], name: str) -> None:
    for case in cases(name):
        parse(_as_typed(case))


@pytest.mark.parametrize("name", ["cql-java", "yaz-cql", "cql-ruby", "yaz-cql2pqf"])
def test_what_is_written_reads_the_same(cases: Callable[[str], list[dict[str, Any]]], name: str) -> None:
    for case in cases(name):
        try:
            query = parse(_as_typed(case))
        except CqlError:
            continue
        assert parse(write(query)) == hoist(query), case["id"]
        assert plain_query(hoist(query)) == plain_query(query), case["id"]
        tree, keys = plain_query(query)
        assert plain_xcql(write_xcql(query)) == (tree, ()), case["id"]
        written_tree, written_keys = plain_xcql(write_xcql_2(query))
        assert written_tree == tree, case["id"]
        assert isinstance(written_keys, tuple)
        assert isinstance(keys, tuple)
        assert len(written_keys) == len(keys), case["id"]


def _as_typed(case: dict[str, Any]) -> str:
    """The query the other program saw: for cql2pqf the line it printed, behind a shell that took backslashes away."""
    first_line = case.get("pqf", "").partition("\n")[0]
    return first_line.removeprefix("Parsing CQL ") if first_line.startswith("Parsing CQL ") else case["query"]
