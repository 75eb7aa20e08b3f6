from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.canonical.query_problems import ProblemCode
from gateway.crosswalks.catalogue import DIAGNOSTICS, code_of_bib1, code_of_sru


def test_every_problem_has_a_row() -> None:
    assert set(DIAGNOSTICS) == set(ProblemCode)


@pytest.mark.parametrize(("file", "column"), [("srw.csv", "sru"), ("bib1.csv", "bib1")])
def test_the_numbers_exist(shared_data: Callable[[str], Path], file: str, column: str) -> None:
    text = shared_data(f"schemas/z3950/{file}").read_text(encoding="utf-8")
    known = {int(row[0]) for row in csv.reader(text.splitlines()) if row and row[0].strip().isdigit()}
    assert {code: row for code, row in DIAGNOSTICS.items() if getattr(row, column) not in known} == {}


@pytest.mark.parametrize("code", list(ProblemCode))
def test_what_another_server_says_looks_the_same_when_we_say_it(code: ProblemCode) -> None:
    row = DIAGNOSTICS[code]
    if row.sru not in (2, 8):  # what RESOURCES and FACETS say here is said for other reasons there
        assert DIAGNOSTICS[code_of_sru(row.sru)].sru == row.sru
    assert DIAGNOSTICS[code_of_bib1(row.bib1)].bib1 == row.bib1


def test_what_we_have_no_word_for_means_that_the_server_cannot_serve_us() -> None:
    for number in (None, 1, 2, 4711):
        assert code_of_sru(number) is ProblemCode.UNAVAILABLE
    assert code_of_sru(8) is ProblemCode.QUERY_FEATURE
    for condition in (1, 2, 101, 235, 1011, 4711):
        assert code_of_bib1(condition) is ProblemCode.UNAVAILABLE
    assert code_of_bib1(4) is ProblemCode.TERM_EMPTY
