"""`make bench`: runs scenarios, prints the figures and keeps them in `results`. ARGS: names of scenarios, --quick."""

from __future__ import annotations

import json
import resource
import sys
from datetime import UTC, datetime

from tests.benchmarks import page
from tests.benchmarks.machine import describe
from tests.benchmarks.scenarios import SCENARIOS, Figures


def main(arguments: list[str]) -> int:
    quick = "--quick" in arguments
    names = [name for name in arguments if not name.startswith("-")] or list(SCENARIOS)
    if unknown := set(names) - SCENARIOS.keys():
        print(f"no such scenario: {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}", file=sys.stderr)
        return 2
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # five thousand links need as many descriptors
    machine = describe()
    for name in names:
        figures = SCENARIOS[name](quick)
        print(json.dumps({name: _rounded(figures)}, indent=2), flush=True)
        if not quick:
            page.RESULTS.mkdir(exist_ok=True)
            record = {"scenario": name, "at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine}
            text = json.dumps({**record, "figures": _rounded(figures)}, indent=2)
            (page.RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    if not quick:
        page.write()
    return 0


def _rounded(figures: Figures) -> Figures:
    return {
        key: round(value, 3) if isinstance(value, float) else _rounded(value) if isinstance(value, dict) else value
        for key, value in figures.items()
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
