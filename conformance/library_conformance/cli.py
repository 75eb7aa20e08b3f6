"""`library-conformance`: one command a job, each with `--json` and documented exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from library_conformance import declared, expectations
from library_conformance.exits import Exit, exit_of
from library_conformance.model import Result, Safety
from library_conformance.probes import Probe
from library_conformance.results import by_key
from library_conformance.run import PATIENCE, PAUSE
from library_conformance.runner import Plan, run, selected
from library_conformance.telling import lines_of, summary
from library_conformance.usage import SCHEMES, folder_of, inputs_of, misspelt, standard_of, target_of

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
errors = Console(stderr=True)


@app.callback()
def _root() -> None:
    """Measure which library standards a supplier's system really supports."""


@app.command("run")
def run_command(
    standard: Annotated[str, typer.Argument(help=f"One of {' '.join(SCHEMES)}.")],
    target: Annotated[str, typer.Argument(help="HOST:PORT, tls://HOST:PORT, or an http(s) address.")],
    out: Annotated[Path, typer.Option(help="Folder for results.json and the transcripts.")],
    inputs: Annotated[Path | None, typer.Option(help="TOML file: login, patron, item, … as strings.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="One more input, NAME=VALUE.")] = None,
    allow: Annotated[Safety, typer.Option(help="What may be done to the subject.")] = Safety.READ,
    only: Annotated[list[str] | None, typer.Option(help="Probe or requirement, or how its id begins.")] = None,
    probes: Annotated[list[Path] | None, typer.Option(help="TOML file of probes of your own.")] = None,
    subject: Annotated[str, typer.Option(help="What the results call it; the address without it.")] = "",
    pause: Annotated[float, typer.Option(min=0, help="Seconds between two messages.")] = PAUSE,
    patience: Annotated[float, typer.Option(min=0.1, help="Seconds for an answer.")] = PATIENCE,
    insecure: Annotated[bool, typer.Option("--insecure", help="Trust any certificate.")] = False,
    expect: Annotated[list[Path] | None, typer.Option(help="TOML file of expectations; see exit codes.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="The results on standard output.")] = False,
) -> None:
    """Measure a live system, requirement by requirement.

    Exit codes: 0 no must is broken; 1 one is that no expectation excuses; 2 wrong usage, an error of ours, or the
    subject could not be reached; 3 an expectation is stale: what it excuses is not seen any more, or its day of review
    is over.
    """
    aim = target_of(standard_of(standard), target)
    try:
        own = declared.added(standard, probes or ())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    words = inputs_of(inputs, set_ or [])
    replay = ("library-conformance", "run", standard, target, "--out", "DIR", "--allow", str(allow))
    replay += ("--inputs", str(inputs)) if inputs else ()
    replay += tuple(word for path in probes or () for word in ("--probes", str(path)))
    replay += tuple(word for pair in set_ or [] for word in ("--set", f"{pair.partition('=')[0]}=…"))
    replay += ("--insecure",) if insecure else ()
    plan = Plan(
        standard, aim, words, out, allow, tuple(only or ()), subject, pause, patience,
        not insecure, replay, own,
    )  # fmt: skip
    try:
        excuses = expectations.read(expect or ())
    except expectations.ExpectationError as error:
        raise typer.BadParameter(str(error)) from error
    if not selected(plan):
        raise typer.BadParameter(f"no probe or requirement of {standard} begins with {' or '.join(only or ())}")
    folder_of(out)
    console = Console(stderr=json_, highlight=False, soft_wrap=True)

    def say(lines: Iterable[str]) -> None:
        for line in lines:
            console.print(line, markup=False)

    def told(_: Probe, made: list[Result]) -> None:
        say(lines_of(made))

    say(complaints := misspelt(standard, words, frozenset(name for one in own for name in one.inputs)))
    document = run(plan, told)
    say((*summary(document, out), *complaints))
    if json_:
        print(json.dumps(document, ensure_ascii=False))
    found = by_key([document])
    accounts = expectations.account(found, excuses, datetime.now(UTC).date())
    if accounts.known:
        say([f"Excused by expectations: {len(accounts.known)}."])
    say(f"stale expectation: {excuse.requirement} [{excuse.probe}]: {problem}" for excuse, problem in accounts.stale)
    stopped, stale = bool(document.get("stopped")), bool(accounts.stale)
    raise typer.Exit(exit_of(found.values(), deviation=bool(accounts.new), stale=stale, stopped=stopped))


def _attach() -> None:
    """Commands that stand in modules of their own; one that is not there yet is not offered."""
    for module in (
        "inputs", "consistency", "listen", "passive", "diff", "statement", "show_claims", "matrix", "recommend",
    ):  # fmt: skip
        try:
            found = import_module(f"library_conformance.{module}")
        except ModuleNotFoundError as error:
            if error.name != f"library_conformance.{module}":
                raise
        else:
            found.attach(app)


_attach()


def main() -> None:
    """Files that cannot be read or written are no errors of ours."""
    try:
        app()
    except OSError as error:
        errors.print(f"{error.filename or 'error'}: {error.strerror or error}", markup=False)
        sys.exit(Exit.HARNESS)
