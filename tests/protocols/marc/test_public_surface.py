"""What other programs may rely on, and that the printed page is the tables."""

from __future__ import annotations

from pathlib import Path

from library_protocols import marc
from library_protocols.marc import facts
from library_protocols.marc.reference import reference

PAGE = Path(__file__).resolve().parents[3] / "docs/reference/marc-reading.md"
README = Path(marc.__file__).with_name("README.md")


def test_the_surface_is_explicit() -> None:
    for module in (marc, facts):
        assert len(set(module.__all__)) == len(module.__all__)
        for name in module.__all__:
            assert getattr(module, name) is not None


def test_the_page_is_printed_from_the_tables() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run python -m library_protocols.marc.reference"


def test_every_repair_stands_on_the_page_once() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert {code: page.count(f"| `{code}` |") for code in facts.REPAIRS} == dict.fromkeys(facts.REPAIRS, 1)


def test_positions_lie_in_what_they_are_positions_of() -> None:
    for table, length in ((facts.LEADER, 24), (facts.FIELD_008, 40), (facts.UNIMARC_100A, 36)):
        for name, row in table.items():
            assert 0 <= row.start < row.end <= length, name
    leader = sorted(facts.LEADER.values(), key=lambda row: row.start)
    assert [row.end for row in leader[:-1]] == [row.start for row in leader[1:]]


def test_the_readme_names_the_surface() -> None:
    text = README.read_text(encoding="utf-8")
    assert [
        name for name in ("read", "Cutter", "to_marcxml", "write_iso2709", "REPAIRS") if f"`{name}`" not in text
    ] == []
