"""The page on comparing suppliers says nothing that is not so: its files are read, its commands run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from library_conformance.claims import KINDS as SOURCES
from library_conformance.claims import Grade, Value
from library_conformance.cli import app
from library_conformance.evidence import MEANINGS, Label
from library_conformance.recommend import KINDS
from tests.conformance.reports import write_run

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "compare-suppliers.md").read_text(encoding="utf-8")
CLAIMS, SYSTEMS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as the page has it: claims, systems, and runs of the two products that it names."""
    (tmp_path / "our-claims" / "example").mkdir(parents=True)
    (tmp_path / "our-claims" / "example" / "shelfmark.toml").write_text(CLAIMS, encoding="utf-8")
    (tmp_path / "member-systems.toml").write_text(SYSTEMS, encoding="utf-8")
    write_run(tmp_path / "results" / "shelfmark" / "sip2", "Shelfmark")
    write_run(tmp_path / "results" / "koha" / "sip2", "Koha")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_command_of_the_page_does_what_it_says(place: Path) -> None:
    said: dict[str, str] = {}
    for line in COMMANDS:
        program, *words = shlex.split(line)
        assert program == "library-conformance"
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, f"{line}: {done.output}"
        said[line] = " ".join(done.output.split())
    assert "SIP2 hold, cancel-hold: no Planned for release 8." in said[COMMANDS[2]]
    assert "read 2026-11-20" in said[COMMANDS[2]]
    map_ = (place / "map" / "matrix.html").read_text("utf-8")
    assert "Answers to our questions of 3 November 2026" in map_
    assert {path.suffix for path in (place / "map").iterdir()} == {".html", ".json", ".csv", ".xml"}
    tender = (place / "tender.md").read_text("utf-8")
    assert tender.startswith("# Our consortium: integration requirements")
    assert "| need | over | Shelfmark | Koha | the gateway |" in tender
    assert "| Borrow at a kiosk or desk | SIP2 | broken " in tender


def test_the_labels_of_the_page_are_those_of_the_map() -> None:
    rows = re.findall(r"^\| ([^A-Za-z ]) \| ([a-z ,-]+) \|", PAGE, re.MULTILINE)
    assert [(sign, MEANINGS[Label(name)][0]) for sign, name in rows] == [(sign, sign) for sign, _ in rows]
    assert {name for _, name in rows} >= {
        "confirmed", "broken claim", "under-announced", "undocumented", "claimed only", "absent, as stated", "unknown",
    }  # fmt: skip


def test_what_the_page_lists_is_all_there_is() -> None:
    def named(after: str, before: str = ".") -> set[str]:
        return set(re.findall(r"`([a-z-]+)`", PAGE.partition(after)[2].partition(before)[0]))

    assert set(re.findall(r"^\| ([A-Z]) \|", PAGE, re.MULTILINE)) == {grade.value for grade in Grade}
    assert named("- `value`: ") == {value.value for value in Value} - {"disputed"}
    assert named("- `kind`: ") == SOURCES - {"search"}
    assert named("`kind` is one of ", ";") == set(KINDS)
