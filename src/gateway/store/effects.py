"""Effects: what a decision wants written. Values only; the engines carry them out, all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Row = Any  # one of the dataclasses of gateway.store.rows
T = TypeVar("T")


@dataclass(slots=True)
class Insert:
    """A new row. A key that exists already makes the whole command a `WriteConflict` (read and decided again)."""

    row: Row


@dataclass(slots=True)
class Update:
    """The whole row as it shall be. Its `version` is the one that was read; the engine checks it and writes it + 1."""

    row: Row


@dataclass(slots=True)
class Replace:
    """Insert, or overwrite the row with the same primary key, without a version check (stored answers only)."""

    row: Row


@dataclass(slots=True)
class Delete:
    """Deletes the row; where it has a version, only the version that was read."""

    row: Row


@dataclass(slots=True)
class Guard:
    """Nothing is written, but the row must still have the version that was read when the command commits.

    Two commands that guard the same row do not exclude each other: a command that relies on a count or a sum below a
    row (loans of a patron, queue of a title) updates that row.
    """

    row: Row


Effect = Insert | Update | Replace | Delete | Guard


@dataclass(slots=True)
class Decision(Generic[T]):
    """The answer and what it takes to make it true."""

    answer: T
    effects: list[Effect] = field(default_factory=list)


class WriteConflict(Exception):
    """Somebody else wrote a row that this command had read; the engine reads and decides again."""


class EffectRefused(Exception):
    """A decision wants what the schema forbids (another member's row, a missing parent or value): a bug."""


class StoreUnavailable(Exception):
    """The database does not answer. `outcome_unknown`: the commit may have happened."""

    def __init__(self, detail: str, *, outcome_unknown: bool = False) -> None:
        super().__init__(detail)
        self.outcome_unknown = outcome_unknown


Decide = Callable[[Any], Decision[T]]
