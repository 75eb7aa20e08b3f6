"""Draws the figures block of docs/explanation/performance.md from `results`. `python -m tests.benchmarks.page`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
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
    "ncip look_up_user.ratio": "aim 0.5",
    "ncip check_out_and_in.ratio": "aim 0.5",
    "ncip codec.ratio": "aim 0.5",
    "fleet item_over_alone_ms": "≤ 10",
    "fleet pair_over_alone_ms": "≤ 10",
    "memory kilobytes_a_link": "≤ 40",
    "ingest times_zebra_koha.records_per_second": "≥ 15",
    "ingest times_zebra_koha.index_bytes": "≤ 0.1",
    "z3950 times_koha.searches_1": "≥ 1",
    "z3950 times_koha.searches_16": "≥ 1",
    "z3950 times_koha.records_1": "≥ 3",
    "z3950 times_koha.records_16": "≥ 3",
    "sru times_koha.at_1": "≥ 5",
    "sru times_koha.at_16": "≥ 5",
    "oai four_harvesters_per_second": "≥ 10,000",
    "oai last_to_first": "≤ 1.2",
    "scale harvest.last_to_first": "≤ 1.2",
}


def rounded(figures: dict[str, Any]) -> dict[str, Any]:
    """With three decimals, as people read them."""
    return {
        key: round(value, 3) if isinstance(value, float) else rounded(value) if isinstance(value, dict) else value
        for key, value in figures.items()
    }


def keep(name: str, machine: dict[str, object], figures: dict[str, Any]) -> None:
    """Puts a scenario's figures in the place of those that are kept of it."""
    RESULTS.mkdir(exist_ok=True)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    text = json.dumps({"scenario": name, "at": at, "machine": machine, "figures": figures}, indent=2)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


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
