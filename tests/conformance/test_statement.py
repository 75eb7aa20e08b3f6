"""A statement says of each requirement what is asked for and what was seen; the committed one is current."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from library_conformance import expectations
from library_conformance.cli import app
from library_conformance.expectations import Expectation
from library_conformance.model import Execution, Result, Verdict
from library_conformance.results import ResultsError, compose, plain, read, write
from library_conformance.statement import implemented, statement

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "conformance" / "results" / "gateway"
EXPECTED = ROOT / "conformance" / "library_conformance" / "expectations" / "gateway.toml"
PAGE = ROOT / "docs" / "reference" / "conformance-statement.md"
STARTED = datetime(2026, 1, 1, tzinfo=UTC)


def row(
    name: str, verdict: Verdict, observation: str = "answered", execution: Execution = Execution.RAN, note: str = ""
) -> Result:
    return Result(name, f"{name}/so", "finished", execution, observation, verdict, note=note)


@pytest.mark.parametrize(
    ("verdicts", "word"),
    [
        ([Verdict.CONFORMS], "yes"),
        ([Verdict.CONFORMS, Verdict.INFORMATIONAL], "yes"),
        ([Verdict.CONFORMS, Verdict.DEVIATES], "partly"),
        ([Verdict.CONFORMS, Verdict.UNSAFE], "no"),
        ([Verdict.DEVIATES], "no"),
        ([Verdict.DISCOURAGED], "no"),
        ([Verdict.PERMITTED], "no"),
        ([Verdict.INFORMATIONAL], "told"),
        ([Verdict.UNDECIDED, Verdict.INFORMATIONAL], "?"),
        ([], "–"),
    ],
)
def test_several_probes_make_one_word(verdicts: list[Verdict], word: str) -> None:
    assert implemented([plain(row("sip2.frame.terminator", one)) for one in verdicts]) == word


def test_what_did_not_run_is_not_said_to_be_missing() -> None:
    blocked = row("sip2.frame.terminator", Verdict.NONE, "", Execution.BLOCKED)
    moot = row("sip2.frame.terminator", Verdict.NONE, "", Execution.NOT_APPLICABLE, "no login is wanted")
    assert implemented([plain(blocked)]) == "–"
    assert implemented([plain(moot)]) == "n/a"


def test_the_page_tells_what_was_seen_and_why_it_is_so() -> None:
    results = [
        row("sip2.frame.terminator", Verdict.CONFORMS),
        row("sip2.frame.command", Verdict.DEVIATES, "answered | all the same"),
    ]
    excuse = Expectation(
        "sip2.frame.command", "sip2.frame.command/so", "answered | all the same", "Old kiosks.", date(2030, 1, 1)
    )
    page = statement([compose("sip2", "a system", STARTED, results)], [excuse])
    assert "# Conformance statement: a system" in page
    assert re.search(r"`sip2\.frame\.terminator` \| [^|]+ \| m \| yes \|", page)
    assert "**Seen: answered \\| all the same.** Old kiosks. (To be reviewed by 2030-01-01.)" in page
    assert "| SIP2 | 1 of 2 |" in page
    assert "*Not looked at: not in these results.*" in page


def test_a_clause_that_was_not_read_again_is_told_as_such() -> None:
    page = statement([compose("z3950", "a system", STARTED, [])])
    assert "| `z3950.syntax.opac` | Bath 5.B (draft) |" in page
    assert "| `z3950.init.version-3` | 3.2.1.1.1 |" in page


def test_one_page_is_about_one_subject() -> None:
    with pytest.raises(ResultsError, match="several subjects"):
        statement([compose("sip2", name, STARTED, []) for name in ("a", "b")])


def test_the_command_writes_a_file_or_says_what_is_wrong(tmp_path: Path) -> None:
    write(tmp_path / "sip2", compose("sip2", "a system", STARTED, []))
    page = tmp_path / "pages" / "statement.md"
    made = CliRunner().invoke(app, ["statement", str(tmp_path), "--out", str(page)])
    assert (made.exit_code, page.read_text().splitlines()[0]) == (0, "# Conformance statement: a system")
    assert CliRunner().invoke(app, ["statement", str(tmp_path / "pages")]).exit_code == 2


@pytest.mark.skipif(not RESULTS.exists(), reason="there are no results of the gateway in the repository")
def test_the_gateways_statement_is_current() -> None:
    excuses = expectations.read([EXPECTED] if EXPECTED.exists() else [])
    assert PAGE.read_text(encoding="utf-8") == statement(read(RESULTS), excuses), (
        "library-conformance statement conformance/results/gateway --expect "
        "conformance/library_conformance/expectations/gateway.toml --out docs/reference/conformance-statement.md"
    )
