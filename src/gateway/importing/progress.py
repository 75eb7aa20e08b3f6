"""What a bulk load tells while it runs and when it is done, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


class ImportProblem(Exception):
    """The file as a whole cannot be loaded: unreadable, no usable header, no such member. Nothing has been written."""


@dataclass(slots=True)
class Report:
    """`rows_done` counts every row or record read so far, over all runs of this load; `rows_refused` those of them
    that are in the file of rejects, `rows_repaired` those that are in the file of repairs. `resumed_at` is the number
    of rows that an earlier run had done."""

    rows_done: int = 0
    rows_refused: int = 0
    resumed_at: int = 0
    finished: bool = False
    rejects: Path | None = None
    rows_repaired: int = 0
    repairs: Path | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Told after every batch. `position` and `total` are in bytes of the source; `resumed_at` as in the report."""

    position: int
    total: int
    rows_done: int
    rows_refused: int
    resumed_at: int


Progress = Callable[[Step], None]
Stop = Callable[[], bool]


def silent(step: Step) -> None:
    """A progress that tells nobody."""


def never() -> bool:
    """A stop that never comes."""
    return False
