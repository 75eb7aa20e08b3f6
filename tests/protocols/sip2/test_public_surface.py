"""What other programs may rely on, and that the printed reference is the tables."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from library_protocols import sip2
from library_protocols.sip2 import facts
from library_protocols.sip2.dialect import switches
from library_protocols.sip2.reference import reference

README = Path(sip2.__file__).with_name("README.md")


def test_the_surface_is_explicit() -> None:
    for module in (sip2, facts):
        assert len(set(module.__all__)) == len(module.__all__)
        for name in module.__all__:
            assert getattr(module, name) is not None


def test_the_readme_holds_the_reference() -> None:
    text = README.read_text(encoding="utf-8")
    start, end = "<!-- reference: begin -->\n", "<!-- reference: end -->\n"
    assert text.count(start) == text.count(end) == 1
    block = text[text.index(start) + len(start) : text.index(end)]
    assert block.strip() == reference().strip(), "run python -m library_protocols.sip2.reference"


def test_the_reference_can_be_printed() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "library_protocols.sip2.reference"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert run.stdout == reference()


def test_the_readme_decides_every_disagreement() -> None:
    rows = [[cell.strip() for cell in line.split("|")] for line in README.read_text(encoding="utf-8").splitlines()]
    decisions = {int(row[1]): row for row in rows if len(row) == 6 and row[1].isdecimal()}
    assert sorted(decisions) == list(range(1, 31))
    named = {name for row in decisions.values() for name in re.findall(r"`(\w+)`", row[4])}
    known = {name for name, _, _ in switches()}
    assert named <= known
    # The others are no matter of disagreement but of taste, and the table of switches explains them.
    assert known - named == {"encoding", "delimiter", "max_field_length", "date_zone", "max_message"}
