"""The performance page shows the results that are kept, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from tests.benchmarks import catalogue, identity, ncip, page, scale
from tests.benchmarks.scenarios import SCENARIOS

KNOWN = {*SCENARIOS, *ncip.SCENARIOS, *catalogue.SCENARIOS, *identity.SCENARIOS, scale.NAME}


def test_the_page_is_current() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert text == page.current(text, page.figures()), "run: python -m tests.benchmarks.page"


def test_the_page_names_every_scenario() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert [name for name in KNOWN if f"\n| {name} |" not in text] == []
    assert {target.partition(" ")[0] for target in page.TARGETS} <= KNOWN


def test_figures_stand_beside_their_targets(tmp_path: Path) -> None:
    machine = {"revision": "abc", "cores": 2, "processor": "P", "python": "3.11", "load_before": 0.25}
    record = {
        "scenario": "wire",
        "at": "2026-11-23T09:00:00+00:00",
        "machine": machine,
        "figures": {"item": {"cold_ratio": 0.2}},
    }
    (tmp_path / "wire.json").write_text(json.dumps(record), encoding="utf-8")
    drawn = page.figures(tmp_path)
    assert "| item.cold_ratio | 0.2 | ≥ 0.13 |" in drawn
    assert "2026-11-23, revision abc, 2 × P" in drawn


def test_the_block_alone_is_replaced() -> None:
    text = f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n"
    assert page.current(text, "new") == f"before\n{page.BEGIN}\n\nnew\n\n{page.END}\nafter\n"
