"""`gateway journal`: what waits and what staff must look at. Works beside a running gateway."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.output import print_json, print_line, print_table, say
from gateway.config import ConfigError, load
from gateway.journal.entry import FOR_STAFF, Entry, State
from gateway.journal.journal import FILE_NAME, Journal
from gateway.store.effects import StoreUnavailable

app = typer.Typer(help="What was promised while a platform was away.", no_args_is_help=True)

NO, WRONG_USAGE, FAILED = 1, 2, 3
_OPEN = (State.PENDING, *FOR_STAFF)

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
DataDir = Annotated[
    Path | None, typer.Option(help="Directory of the journal, where no configuration file says it (the demo's).")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
Number = Annotated[int, typer.Argument(help="Number of the entry, as `list` shows it.")]

DEFAULT_FILE = Path("gateway.toml")


@app.command("list")
def list_entries(
    config: ConfigFile = DEFAULT_FILE,
    data_dir: DataDir = None,
    member: Annotated[str | None, typer.Option(help="Only this member's, by code.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Settled entries as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what waits and what staff must look at. Exit code 1: there is something for staff."""
    with _opened(config, data_dir) as journal:
        entries = list(journal.entries(member, tuple(State) if everything else _OPEN))
    rows = [_row(entry) for entry in entries]
    if as_json:
        print_json(rows)
    else:
        print_table(None, list(_COLUMNS), [[str(row[column] or "") for column in _COLUMNS] for row in rows])
    if any(entry.state in FOR_STAFF for entry in entries):
        raise typer.Exit(NO)


@app.command()
def retry(number: Number, config: ConfigFile = DEFAULT_FILE, data_dir: DataDir = None) -> None:
    """Put a refused transaction back among those that wait. Exit code 1: it is none that could be tried again."""
    with _opened(config, data_dir) as journal:
        entry = journal.retry(number)
    _said(entry, number, "waits again")


@app.command()
def resolve(number: Number, config: ConfigFile = DEFAULT_FILE, data_dir: DataDir = None) -> None:
    """Mark a conflict as dealt with. Exit code 1: there is no such conflict."""
    with _opened(config, data_dir) as journal:
        found = journal.entry(number)
        entry = journal.resolve(found.member, number) if found else None
    _said(entry, number, "is resolved")


_COLUMNS = ("number", "at", "member", "terminal", "kind", "state", "operation", "item", "patron", "reason")


def _row(entry: Entry) -> dict[str, object]:
    return {
        "number": entry.id,
        "at": entry.at.isoformat(timespec="seconds"),
        "member": entry.member,
        "terminal": entry.context.terminal,
        "kind": entry.kind.value,
        "state": entry.state.value,
        "operation": entry.request.operation,
        "item": getattr(entry.request, "item", None),
        "patron": getattr(entry.request, "patron", None),
        "reason": entry.reason,
    }


def _said(entry: Entry | None, number: int, what: str) -> None:
    if entry is None:
        say(f"entry {number}: nothing to do")
        raise typer.Exit(NO)
    print_line(f"entry {number} {what}")


class _opened:  # noqa: N801  reads as what it is: `with _opened(...)`
    def __init__(self, config: Path, data_dir: Path | None) -> None:
        try:
            path = (data_dir or load(config).data_dir) / FILE_NAME
        except ConfigError as error:
            for problem in error.problems:
                say(str(problem))
            raise typer.Exit(WRONG_USAGE) from error
        if not path.exists():
            say(f"there is no journal at {path}")
            raise typer.Exit(FAILED)
        try:
            self._journal = Journal(path)
        except (StoreUnavailable, sqlite3.Error) as error:
            say(f"{path}: {error}")
            raise typer.Exit(FAILED) from error

    def __enter__(self) -> Journal:
        return self._journal

    def __exit__(self, *_: object) -> None:
        self._journal.close()
