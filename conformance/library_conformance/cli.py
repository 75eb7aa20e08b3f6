"""`library-conformance`: one command a job, each with `--json` and documented exit codes."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from library_conformance import declared, expectations
from library_conformance.exits import exit_of
from library_conformance.model import Result, Safety, Verdict
from library_conformance.probes import Probe
from library_conformance.results import by_key
from library_conformance.run import PATIENCE, PAUSE, Target
from library_conformance.runner import Plan, run
from library_conformance.standards import STANDARDS

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)
errors = Console(stderr=True)

_MARKS = {
    Verdict.CONFORMS: "yes ", Verdict.DEVIATES: "NO  ", Verdict.DISCOURAGED: "no  ", Verdict.PERMITTED: "may ",
    Verdict.INFORMATIONAL: "info", Verdict.UNDECIDED: "?   ", Verdict.UNSAFE: "BAD ", Verdict.NONE: "-   ",
}  # fmt: skip


@app.callback()
def _root() -> None:
    """Measure which library standards a supplier's system really supports."""


def inputs_of(path: Path | None, given: list[str]) -> dict[str, str]:
    """The inputs of a run: a TOML file of strings, and `NAME=VALUE`s that win over it. Raises typer.BadParameter."""
    inputs: dict[str, str] = {}
    if path is not None:
        try:
            document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise typer.BadParameter(f"{path}: {error}") from error
        inputs = {name: str(value) for name, value in document.get("inputs", document).items()}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"{pair!r} is not NAME=VALUE")
        inputs[name] = value
    return inputs


@app.command("run")
def run_command(
    standard: Annotated[str, typer.Argument(help=f"One of {' '.join(STANDARDS)}.")],
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
    if standard not in STANDARDS:
        raise typer.BadParameter(f"{standard!r} is none of {', '.join(STANDARDS)}")
    try:
        aim, own = Target.parse(target), declared.added(standard, probes or ())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    replay = ("library-conformance", "run", standard, target, "--out", "DIR", "--allow", str(allow))
    replay += ("--inputs", str(inputs)) if inputs else ()
    replay += tuple(word for path in probes or () for word in ("--probes", str(path)))
    plan = Plan(
        standard, aim, inputs_of(inputs, set_ or []), out, allow, tuple(only or ()), subject, pause, patience,
        not insecure, replay, own,
    )  # fmt: skip
    try:
        excuses = expectations.read(expect or ())
    except expectations.ExpectationError as error:
        raise typer.BadParameter(str(error)) from error
    console = Console(stderr=json_, highlight=False, soft_wrap=True)

    def told(probe: Probe, made: list[Result]) -> None:
        for one in made:
            said = one.observation or f"{one.execution}: {one.note or one.blocked_by}"
            console.print(f"{_MARKS[one.verdict]} {probe.id}: {said}", markup=False)

    document = run(plan, told)
    if json_:
        print(json.dumps(document, ensure_ascii=False))
    found = by_key([document])
    accounts = expectations.account(found, excuses, datetime.now(UTC).date())
    for excuse, problem in accounts.stale:
        console.print(f"stale expectation: {excuse.requirement} [{excuse.probe}]: {problem}", markup=False)
    raise typer.Exit(exit_of(found.values(), deviation=bool(accounts.new), stale=bool(accounts.stale)))


def _attach() -> None:
    """Commands that stand in modules of their own; one that is not there yet is not offered."""
    for module in ("show_claims", "matrix", "recommend", "diff", "passive", "listen", "statement", "consistency"):
        try:
            found = import_module(f"library_conformance.{module}")
        except ModuleNotFoundError as error:
            if error.name != f"library_conformance.{module}":
                raise
        else:
            found.attach(app)


_attach()


def main() -> None:
    app()
