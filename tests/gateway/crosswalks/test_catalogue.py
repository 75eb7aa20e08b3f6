from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.canonical.query_problems import ProblemCode
from gateway.crosswalks.catalogue import DIAGNOSTICS


def test_every_problem_has_a_row() -> None:
    assert set(DIAGNOSTICS) == set(ProblemCode)


@pytest.mark.parametrize(("file", "column"), [("srw.csv", "sru"), ("bib1.csv", "bib1")])
def test_the_numbers_exist(shared_data: Callable[[str], Path], file: str, column: str) -> None:
    text = shared_data(f"schemas/z3950/{file}").read_text(encoding="utf-8")
    known = {int(row[0]) for row in csv.reader(text.splitlines()) if row and row[0].strip().isdigit()}
    assert {code: row for code, row in DIAGNOSTICS.items() if getattr(row, column) not in known} == {}
