"""Draws the figures block of docs/explanation/performance.md from `results`. `python -m tests.benchmarks.page`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "performance.md"
BEGIN = "<!-- figures: python -m tests.benchmarks.page -->"
END = "<!-- end of figures -->"
TARGETS = {
    "wire item.cold_ratio": "≥ 0.13",
    "wire item.warm_ratio": "aim 0.30",
    "wire patron.cold_ratio": "≥ 0.13",
    "wire patron.warm_ratio": "aim 0.30",
    "sqlite ratio": "≥ 1.0",
    "postgres ratio": "≥ 0.7",
    "fleet item_over_alone_ms": "≤ 10",
    "fleet pair_over_alone_ms": "≤ 10",
    "memory kilobytes_a_link": "≤ 40",
}


def figures(results: Path = RESULTS) -> str:
    """The block: a table a scenario, with the machine it was taken on."""
    found = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(results.glob("*.json"))]
    if not found:
        return "No results are kept: run `make bench`."
    return "\n\n".join(_scenario(record) for record in found)


def _scenario(record: dict[str, Any]) -> str:
    machine, name = record["machine"], record["scenario"]
    about = (
        f"{record['at'][:10]}, revision {machine['revision']}, {machine['cores']} × {machine['processor']}, "
        f"Python {machine['python']}, load before {machine['load_before']:.1f}"
    )
    rows = [f"| {key} | {value} | {TARGETS.get(f'{name} {key}', '')} |" for key, value in _flat(record["figures"])]
    return "\n".join([f"**{name}** ({about})", "", "| figure | measured | target |", "|---|---|---|", *rows])


def _flat(figures: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for key, value in figures.items():
        flat += _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else [(prefix + key, value)]
    return flat


def current(text: str, block: str) -> str:
    """The page with the block in its place."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{block}\n\n{END}{after}"


def write() -> None:
    PAGE.write_text(current(PAGE.read_text(encoding="utf-8"), figures()), encoding="utf-8")


if __name__ == "__main__":
    write()
