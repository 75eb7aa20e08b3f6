"""Catalogues that others wrote, judged by the same measure: what each does otherwise is known, and stands here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import zebra
from tests.conformance.judging import Judge
from tests.conformance.servers.zebra_catalogue import SRU_INPUTS, Z3950_INPUTS, zebra_catalogue
from tests.presence import missing


@pytest.fixture(autouse=True)
def installed() -> None:
    if absent := zebra.missing():
        missing(absent)


def _deviations(said: Judge) -> set[str]:
    return {row["probe"] for row in said.results if row["verdict"] in ("deviates", "unsafe")}


def test_yaz_ztest_is_judged(tmp_path: Path) -> None:
    """A target that makes results up: its wire is a real one's, its counts and refusals are not."""
    with zebra.ceiling() as (port, _):
        said = Judge.run("z3950", f"127.0.0.1:{port}", {**Z3950_INPUTS, "query": "@attr 1=4 12"}, tmp_path)
    found = _deviations(said)
    assert found >= {
        "z3950.search.none/nonsense", "z3950.attribute.unsupported.use/value-9999", "z3950.sort.direction/both-ways"
    }  # fmt: skip
    assert "GFS/YAZ" in said.document["announced"]["implementation"]
    framing = {row["probe"] for row in said.results if row["probe"].startswith("z3950.frame")}
    assert found & framing == {"z3950.frame.unknown-elements/init", "z3950.frame.constructed-strings/term-in-pieces"}


def test_zebra_is_judged(tmp_path: Path) -> None:
    """The breadth of Koha's configuration over a handful of records: a target that libraries run."""
    with zebra_catalogue(tmp_path / "zebra") as port:
        said = Judge.run("z3950", f"127.0.0.1:{port}", Z3950_INPUTS, tmp_path / "said")
    assert {row["execution"] for row in said.results} <= {"ran", "blocked", "not_applicable", "not_selected"}
    assert sum(row["verdict"] == "conforms" for row in said.results) > 60
    assert said.of("z3950.search.count/plain-query")[0]["verdict"] == "conforms"
    assert said.of("z3950.search.operator.and-not/known-before")[0]["verdict"] == "conforms"
    assert "z3950.frame.unknown-elements/init" in _deviations(said)


def test_zebra_is_judged_by_sru(tmp_path: Path) -> None:
    """YAZ's front end answers SRU for it, mistakes in queries too generously."""
    with zebra_catalogue(tmp_path / "zebra") as port:
        target = f"http://127.0.0.1:{port}/{zebra.DATABASE}"
        said = Judge.run("sru", target, SRU_INPUTS, tmp_path / "said")
    assert sum(row["verdict"] == "conforms" for row in said.results) > 60
    assert said.of("sru.cql.and-or-not/numbers")[0]["verdict"] == "conforms"
    assert _deviations(said) >= {"sru.parameter.start-junk/search", "sru.cql.broken-quotes/one"}
