"""`gateway tail`: the exchanges of a gateway as they happen, decoded, one line each or with all their stations.

Reads the file of exchanges, which another process writes; what is not in that file (PINs, names) cannot be shown.
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.commands.output import print_json, say
from gateway.commands.stations import print_stations, print_summary, summary
from gateway.config import ConfigError, load
from gateway.exchanges.file import FILE_NAME, ExchangeFile
from gateway.exchanges.model import Verdict

USAGE, OUTSIDE = 2, 3
"""Exit codes beside 0: wrong usage, or nothing to read; the file cannot be read."""

POLL_SECONDS = 0.25
DEFAULT_CONFIG = Path("gateway.toml")
DEMO_DIRECTORIES = "library-gateway-*"
_SPAN = re.compile(r"(\d+)\s*([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NOES = frozenset({Verdict.REFUSED, Verdict.FAILED, Verdict.BAD_INPUT})


@dataclass(frozen=True, slots=True)
class Filter:
    """Which exchanges are wanted; None and False want all. `since` is in Unix seconds."""

    member: str | None = None
    terminal: str | None = None
    refused: bool = False
    since: float | None = None

    def wants(self, record: dict[str, Any]) -> bool:
        return (
            (self.member is None or record.get("member") == self.member)
            and (self.terminal is None or record.get("terminal") == self.terminal)
            and (not self.refused or record.get("verdict") in _NOES)
            and (self.since is None or record["started"] >= self.since)
        )


def tail(
    data_dir: Annotated[
        Path | None,
        typer.Option(help="The gateway's data directory; without it, that of gateway.toml, else of the running demo."),
    ] = None,
    member: Annotated[str | None, typer.Option(help="Only this member's.")] = None,
    terminal: Annotated[str | None, typer.Option(help="Only this terminal's.")] = None,
    refused: Annotated[
        bool, typer.Option("--refused", help="Only what was not done: refused, failed, malformed.")
    ] = False,
    since: Annotated[str | None, typer.Option(help="From then on: 30s, 10m, 2h, 1d ago, or a date and time.")] = None,
    follow: Annotated[bool, typer.Option(help="Go on as exchanges happen.")] = True,
    detail: Annotated[bool, typer.Option("--detail", help="All five stations of each exchange.")] = False,
    number: Annotated[
        int, typer.Option("--number", "-n", min=0, help="How many to begin with; --since overrules it.")
    ] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON value an exchange and line.")] = False,
) -> None:
    """Show what passes through a gateway: time, terminal, message, item, patron's tag, answer, milliseconds.

    Patrons appear as tags that stay the same from line to line and lead back to nobody. Exit codes: 0 done;
    2 wrong usage or nothing to read; 3 the file cannot be read.
    """
    wanted = Filter(member, terminal, refused, _since(since, time.time()))
    path = _find(data_dir)
    show = print_json_record if as_json else print_stations if detail else print_summary
    try:
        file = ExchangeFile(path, read_only=True)
        try:
            for record in _stream(file, wanted, number, follow=follow):
                show(record)
        finally:
            file.close()
    except sqlite3.Error as error:
        say(f"{path}: {error}")
        raise typer.Exit(OUTSIDE) from error
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def print_json_record(record: dict[str, Any]) -> None:
    """The record as it is kept, with what the summary says in words."""
    print_json({**record, "summary": summary(record)})


def _stream(file: ExchangeFile, wanted: Filter, number: int, *, follow: bool) -> Iterator[dict[str, Any]]:
    end, records = _beginning(file, wanted, number)
    yield from records
    while follow:
        for position, chunk in file.chunks(end):
            end = position
            yield from filter(wanted.wants, chunk)
        time.sleep(POLL_SECONDS)


def _beginning(file: ExchangeFile, wanted: Filter, number: int) -> tuple[int, Iterable[dict[str, Any]]]:
    """The position from which to follow, and what to show before it."""
    if wanted.since is not None:
        end = file.position_before(wanted.since)
        found: list[dict[str, Any]] = []
        for position, chunk in file.chunks(end):
            end = position
            found += filter(wanted.wants, chunk)
        return end, found
    asked = number
    while True:
        end, records = file.last(asked)
        matching = list(filter(wanted.wants, records))
        if len(matching) >= number or len(records) < asked:
            return end, matching[len(matching) - number :] if number < len(matching) else matching
        asked = len(records) * 4


def _since(text: str | None, now: float) -> float | None:
    if text is None:
        return None
    span = _SPAN.fullmatch(text.strip())
    if span:
        return now - int(span.group(1)) * _UNITS[span.group(2)]
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is neither a span such as 10m nor a date and time") from error


def _find(data_dir: Path | None) -> Path:
    """The file of exchanges. Raises typer.Exit where there is none."""
    if data_dir is None and DEFAULT_CONFIG.exists():
        try:
            data_dir = load(DEFAULT_CONFIG).data_dir
        except ConfigError as error:
            say(f"{DEFAULT_CONFIG} cannot be used ({error}); name the directory with --data-dir.")
            raise typer.Exit(USAGE) from error
    if data_dir is not None:
        path = data_dir / FILE_NAME
        if path.exists():
            return path
        say(f"{data_dir} has no {FILE_NAME}: no gateway keeps its data there, or it records no exchanges.")
        raise typer.Exit(USAGE)
    demos = [path / FILE_NAME for path in Path(tempfile.gettempdir()).glob(DEMO_DIRECTORIES)]
    running = [path for path in demos if path.exists()]
    if not running:
        say(f"There is no {DEFAULT_CONFIG} here and no demo is running: name the data directory with --data-dir.")
        raise typer.Exit(USAGE)
    return max(running, key=_written)


def _written(path: Path) -> float:
    """When the file or its write-ahead log was last written."""
    log = path.with_name(f"{path.name}-wal")
    return max(file.stat().st_mtime for file in (path, log) if file.exists())
