"""`library-conformance diff A B`: what is different between two runs, and whether anybody has to look.

A vanished test is a regression like a failing one. Expectations excuse what is known, observation by observation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from library_conformance import expectations as known
from library_conformance.exits import Exit, exit_of
from library_conformance.expectations import FAILING, Accounts, Expectation, ExpectationError
from library_conformance.model import Execution
from library_conformance.results import Key, ResultsError, by_key, read

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One requirement and probe in two runs; None where a run has nothing of it."""

    requirement: str
    probe: str
    before: Row | None
    after: Row | None


@dataclass(slots=True)
class Difference:
    """`failing`: broken now and not before; `passing`: the other way round; `changed`: seen otherwise, with neither;
    `lost`: looked at before and not now; `gained`: looked at for the first time, and in order."""

    failing: list[Change] = field(default_factory=list)
    passing: list[Change] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    lost: list[Change] = field(default_factory=list)
    gained: list[Change] = field(default_factory=list)


def difference(before: Mapping[Key, Row], after: Mapping[Key, Row]) -> Difference:
    """Compares two runs by requirement and probe."""
    made = Difference()
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key), after.get(key)
        change = Change(*key, old, new)
        ran_before, ran_now = _ran(old), _ran(new)
        if ran_before and not ran_now:
            made.lost.append(change)
        elif not ran_now or new is None:
            continue
        elif new["verdict"] in FAILING and (old is None or old["verdict"] not in FAILING):
            made.failing.append(change)
        elif not ran_before or old is None:
            made.gained.append(change)
        elif old["verdict"] in FAILING and new["verdict"] not in FAILING:
            made.passing.append(change)
        elif _seen(old) != _seen(new):
            made.changed.append(change)
    return made


def attach(app: typer.Typer) -> None:
    app.command("diff")(diff)


def diff(
    before: Annotated[Path, typer.Argument(help="results.json, or a folder of results.")],
    after: Annotated[Path, typer.Argument(help="The same, later.")],
    expect: Annotated[list[Path] | None, typer.Option(help="TOML file of expectations.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="The differences on standard output, as JSON.")] = False,
) -> None:
    """Compare two runs: newly failing, newly passing, seen otherwise, not looked at any more.

    Exit codes: 0 as expected; 1 something fails or is not looked at that was in order before, and no expectation
    excuses it; 2 wrong usage, an error of ours, or nothing was looked at; 3 an expectation is stale: what it excuses is
    not seen any more, or its day of review is over.
    """
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        old, new = by_key(read(before)), by_key(read(after))
        excuses = known.read(expect or ())
    except (ResultsError, ExpectationError) as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(Exit.HARNESS) from error
    found = difference(old, new)
    accounts = account_of(found, new, excuses, datetime.now(UTC).date())
    if json_:
        print(json.dumps(_document(found, accounts), ensure_ascii=False))
    else:
        _show(found, accounts, Console(highlight=False, soft_wrap=True))
    somebody = bool(accounts.new or found.lost)
    raise typer.Exit(exit_of(new.values(), deviation=somebody, stale=bool(accounts.stale)))


def account_of(found: Difference, after: Mapping[Key, Row], excuses: Iterable[Expectation], today: date) -> Accounts:
    """Newly failing results that nothing excuses, and what has become of the expectations."""
    accounts = known.account(after, excuses, today, failing=FAILING)
    newly = {(change.requirement, change.probe) for change in found.failing}
    accounts.new = [row for row in accounts.new if (row["requirement"], row["probe"]) in newly]
    return accounts


def _ran(row: Row | None) -> bool:
    return row is not None and row["execution"] == Execution.RAN


def _seen(row: Row) -> tuple[str, str, tuple[str, ...]]:
    return row["observation"], row["verdict"], tuple(row["manner"])


_TITLES = {
    "failing": "newly failing", "lost": "not looked at any more", "passing": "newly passing",
    "changed": "seen otherwise", "gained": "looked at for the first time",
}  # fmt: skip


def _show(found: Difference, accounts: Accounts, console: Console) -> None:
    for name, title in _TITLES.items():
        changes: list[Change] = getattr(found, name)
        if changes:
            console.print(f"{title} ({len(changes)})", markup=False)
        for change in changes:
            console.print(f"  {change.requirement} [{change.probe}]: {_told(change)}", markup=False)
    for row, excuse in accounts.known:
        console.print(f"known: {row['requirement']}: {excuse.why} (until {excuse.review_by})", markup=False)
    for excuse, problem in accounts.stale:
        console.print(f"stale expectation: {excuse.requirement} [{excuse.probe}]: {problem}", markup=False)
    if not any(getattr(found, name) for name in _TITLES):
        console.print("no difference")


def _told(change: Change) -> str:
    return f"{_words(change.before)} -> {_words(change.after)}"


def _words(row: Row | None) -> str:
    if row is None:
        return "no result"
    if not _ran(row):
        return str(row["execution"])
    manner = f" ({', '.join(row['manner'])})" if row["manner"] else ""
    return f"{row['observation']}{manner}, {row['verdict']}"


def _document(found: Difference, accounts: Accounts) -> dict[str, Any]:
    def change(one: Change) -> dict[str, Any]:
        return {
            "requirement": one.requirement,
            "probe": one.probe,
            "before": _words(one.before),
            "after": _words(one.after),
        }

    return {
        **{name: [change(one) for one in getattr(found, name)] for name in _TITLES},
        "new_deviations": [dict(row) for row in accounts.new],
        "known": [
            {"requirement": one.requirement, "probe": one.probe, "why": one.why, "review_by": str(one.review_by)}
            for _, one in accounts.known
        ],
        "stale": [
            {"requirement": one.requirement, "probe": one.probe, "problem": problem} for one, problem in accounts.stale
        ],
    }
