"""How commands end: one set of exit codes for all of them, so that a script need not know which one it has run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any

from library_conformance.expectations import BROKEN
from library_conformance.model import Execution


class Exit(IntEnum):
    """Where several hold, HARNESS comes before DEVIATION and that before STALE."""

    AS_EXPECTED = 0
    DEVIATION = 1  # a must is broken that no expectation excuses, or what was in order is not looked at any more
    HARNESS = 2  # nothing to rely on: wrong usage, an error of ours, nobody there, nothing to look at
    STALE = 3  # an expectation excuses what is not seen any more, or its day of review is over


def exit_of(
    rows: Iterable[Mapping[str, Any]], *, deviation: bool | None = None, stale: bool = False, stopped: bool = False
) -> Exit:
    """What rows of results come to; `deviation` tells whether somebody has to look, without it a broken must does;
    `stopped`: the run has not come to its end."""
    rows = list(rows)
    executions = {row["execution"] for row in rows}
    if stopped or Execution.HARNESS_ERROR in executions or Execution.RAN not in executions:
        return Exit.HARNESS
    if deviation if deviation is not None else any(row["verdict"] in BROKEN for row in rows):
        return Exit.DEVIATION
    return Exit.STALE if stale else Exit.AS_EXPECTED
