"""`make bench`: runs scenarios, prints the figures and keeps them in `results`.

ARGS: names of scenarios, `--quick`, `--records N` for those of the catalogue and `--people N` for those of identity.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from collections.abc import Callable
from functools import partial

from tests.benchmarks import catalogue, identity, ncip, page
from tests.benchmarks.machine import describe
from tests.benchmarks.scenarios import SCENARIOS, Figures


def main(arguments: list[str]) -> int:
    known = [*SCENARIOS, *ncip.SCENARIOS, *catalogue.SCENARIOS, *identity.SCENARIOS]
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("names", nargs="*", metavar="SCENARIO", help=f"of {', '.join(known)}; all where none is given")
    parser.add_argument("--quick", action="store_true", help="roughly, and keep nothing")
    parser.add_argument("--records", type=int, help="records in the catalogue")
    parser.add_argument("--people", type=int, help="people in the directory or the register")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.names) - set(known):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    scenarios: dict[str, Callable[[bool], Figures]] = {**SCENARIOS, **ncip.SCENARIOS}
    scenarios |= {name: partial(run, records=asked.records) for name, run in catalogue.SCENARIOS.items()}
    scenarios |= {name: partial(run, people=asked.people) for name, run in identity.SCENARIOS.items()}
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # five thousand links need as many descriptors
    machine = describe()
    for name in asked.names or known:
        figures = page.rounded(scenarios[name](asked.quick))
        print(json.dumps({name: figures}, indent=2), flush=True)
        if not asked.quick:
            page.keep(name, machine, figures)
    if not asked.quick:
        page.write()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
