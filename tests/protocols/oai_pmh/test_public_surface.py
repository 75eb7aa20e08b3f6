"""What other programs may rely on, that the printed reference is the tables, and that the tables hang together."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import library_protocols.oai_pmh as package
from library_protocols.oai_pmh import ARGUMENTS, ERRORS, FORMATS, VERBS, ErrorCode, Verb, is_metadata_prefix
from library_protocols.oai_pmh.reference import reference

README = Path(package.__file__).parent / "README.md"


def test_every_public_name_is_there() -> None:
    assert [name for name in package.__all__ if not hasattr(package, name)] == []


def test_the_readme_holds_the_reference() -> None:
    text = README.read_text(encoding="utf-8")
    start, end = "<!-- reference: begin -->\n", "<!-- reference: end -->\n"
    block = text[text.index(start) + len(start) : text.index(end)]
    assert block.strip() == reference().strip(), "run python -m library_protocols.oai_pmh.reference"


def test_the_reference_can_be_printed() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "library_protocols.oai_pmh.reference"],
        capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    assert run.stdout == reference()


def test_the_tables_hang_together() -> None:
    assert set(VERBS) == set(Verb)
    assert set(ERRORS) == set(ErrorCode)
    assert {name for fact in VERBS.values() for name in fact.arguments} == set(ARGUMENTS)
    assert {code for fact in VERBS.values() for code in fact.errors} | {ErrorCode.BAD_VERB} == set(ErrorCode)
    assert all(is_metadata_prefix(prefix) and prefix == fact.prefix for prefix, fact in FORMATS.items())
