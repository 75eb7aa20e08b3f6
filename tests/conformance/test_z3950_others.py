"""Z39.50 targets that others wrote, judged by the same measure: what each does otherwise is known, and stands here."""

from __future__ import annotations

from pathlib import Path

import pytest

from library_protocols.marc import to_iso2709
from tests.benchmarks import zebra
from tests.conformance.judging import Judge
from tests.gateway.adapters.z3950.conftest import TITLES
from tests.gateway.catalogue.index.building import record
from tests.presence import missing

INPUTS = {"database": "Default", "query": "@attr 1=4 wales", "term": "wales"}


@pytest.fixture(autouse=True)
def installed() -> None:
    if absent := zebra.missing():
        missing(absent)


def _deviations(said: Judge) -> set[str]:
    return {row["probe"] for row in said.results if row["verdict"] in ("deviates", "unsafe")}


def test_yaz_ztest_is_judged(tmp_path: Path) -> None:
    """A target that makes results up: its wire is a real one's, its counts and refusals are not."""
    with zebra.ceiling() as (port, _):
        said = Judge.run("z3950", f"127.0.0.1:{port}", {**INPUTS, "query": "@attr 1=4 12"}, tmp_path)
    found = _deviations(said)
    assert found >= {
        "z3950.search.none/nonsense", "z3950.attribute.unsupported.use/value-9999", "z3950.sort.direction/both-ways"
    }  # fmt: skip
    assert "GFS/YAZ" in said.document["announced"]["implementation"]
    framing = {row["probe"] for row in said.results if row["probe"].startswith("z3950.frame")}
    assert found & framing == {"z3950.frame.unknown-elements/init", "z3950.frame.constructed-strings/term-in-pieces"}


def test_zebra_is_judged(tmp_path: Path) -> None:
    """Koha's configuration over a handful of records: a target that libraries run."""
    records = tmp_path / "records.mrc"
    made = [
        record(f"001 {number}\n008 990101s{year}    xxk||||||||||||||||eng||\n100 1  $a{author}\n245 10 $a{title}")
        for number, (title, author, year) in enumerate(TITLES, 1)
    ]
    records.write_bytes(b"".join(map(to_iso2709, made)))
    folder = tmp_path / "zebra"
    zebra.index(folder, zebra.KOHA, records, len(made))
    with zebra.server(folder) as (port, _):
        said = Judge.run("z3950", f"127.0.0.1:{port}", INPUTS, tmp_path / "said")
    assert {row["execution"] for row in said.results} <= {"ran", "blocked", "not_applicable", "not_selected"}
    assert sum(row["verdict"] == "conforms" for row in said.results) > 60
    assert said.of("z3950.search.count/plain-query")[0]["verdict"] == "conforms"
    assert said.of("z3950.search.operator.and-not/known-before")[0]["verdict"] == "conforms"
    assert "z3950.frame.unknown-elements/init" in _deviations(said)
