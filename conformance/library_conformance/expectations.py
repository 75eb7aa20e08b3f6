"""Deviations that are known: what exactly is seen, why it is left so, and until when nobody need ask again.

An expectation excuses one observation of one probe about one requirement. It is stale when what it excuses is not seen
any more, or when its day of review is over: an unexpected pass is news too.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any

from library_conformance.model import Execution, Verdict
from library_conformance.results import Key

FAILING = frozenset({Verdict.DEVIATES, Verdict.DISCOURAGED, Verdict.UNSAFE})
"""Verdicts that somebody has to answer for."""
BROKEN = FAILING - {Verdict.DISCOURAGED}
"""Those of them that make a run a failure without being known from before."""


class ExpectationError(ValueError):
    """A row that cannot be read."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """`observation` is compared letter by letter; `why` is for people; after `review_by` it excuses nothing quietly."""

    requirement: str
    probe: str
    observation: str
    why: str
    review_by: date
    link: str = ""

    @property
    def key(self) -> Key:
        return self.requirement, self.probe


@dataclass(slots=True)
class Accounts:
    """What expectations make of results. `new`: results that nothing excuses; `known`: those that are excused, with
    the reason; `stale`: expectations that are not needed any more, or overdue, with what is the matter."""

    new: list[Mapping[str, Any]] = field(default_factory=list)
    known: list[tuple[Mapping[str, Any], Expectation]] = field(default_factory=list)
    stale: list[tuple[Expectation, str]] = field(default_factory=list)


def read(paths: Iterable[Path]) -> list[Expectation]:
    """The rows of TOML files. Raises ExpectationError."""
    known = {one.name for one in fields(Expectation)}
    found: list[Expectation] = []
    for path in paths:
        try:
            rows = tomllib.loads(path.read_text(encoding="utf-8")).get("expectation", [])
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ExpectationError(f"{path}: {error}") from error
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ExpectationError(f"{path}: expectations are written as [[expectation]]")
        for row in rows:
            if unknown := row.keys() - known:
                raise ExpectationError(f"{path}: no such field: {', '.join(sorted(unknown))}")
            try:
                made = Expectation(**row)
            except TypeError as error:
                raise ExpectationError(f"{path}: {error}") from error
            if not all(isinstance(getattr(made, name), str) for name in known - {"review_by"}):
                raise ExpectationError(f"{path}: {made.probe}: all but the day is text")
            if not isinstance(made.review_by, date) or not made.why.strip() or not made.observation:
                raise ExpectationError(f"{path}: {made.probe}: a day, a reason and an observation are needed")
            found.append(made)
    return found


def account(
    results: Mapping[Key, Mapping[str, Any]],
    expectations: Iterable[Expectation],
    today: date,
    *,
    failing: frozenset[Verdict] = BROKEN,
) -> Accounts:
    """Sets expectations against results. Of probes that were not run nothing is said."""
    made = Accounts()
    by_key: dict[Key, list[Expectation]] = {}
    for one in expectations:
        by_key.setdefault(one.key, []).append(one)
    for key, row in results.items():
        excuse = next((one for one in by_key.get(key, ()) if one.observation == row["observation"]), None)
        if row["verdict"] in FAILING and excuse is not None:
            made.known.append((row, excuse))
        elif row["verdict"] in failing:
            made.new.append(row)
    for key, several in by_key.items():
        row = results.get(key)
        for one in several:
            if row is not None and row["execution"] == Execution.RAN and row["observation"] != one.observation:
                made.stale.append((one, f"seen now: {row['observation']}"))
            elif row is not None and row["execution"] == Execution.RAN and row["verdict"] not in FAILING:
                made.stale.append((one, "passes now"))
            elif today > one.review_by:
                made.stale.append((one, f"was to be reviewed by {one.review_by}"))
    return made
