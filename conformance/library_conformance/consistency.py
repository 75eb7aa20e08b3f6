"""`library-conformance consistency`: one system through two doors or more; the probes are those of `probes.cross`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from library_conformance.exits import exit_of
from library_conformance.model import Safety
from library_conformance.run import PATIENCE, PAUSE, Target
from library_conformance.runner import Plan, run
from library_conformance.telling import lines_of, summary
from library_conformance.usage import folder_of, inputs_of, misspelt, target_of

DOORS = ("sip2", "ncip", "ldap", "oai", "sru", "z3950")


def attach(app: typer.Typer) -> None:
    app.command("consistency")(consistency)


def consistency(
    door: Annotated[list[str], typer.Option(help="STANDARD=ADDRESS, twice or more.")],
    out: Annotated[Path, typer.Option(help="Folder for results.json and the transcripts.")],
    inputs: Annotated[Path | None, typer.Option(help="TOML file: login, patron, item, … as strings.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="One more input, NAME=VALUE.")] = None,
    allow: Annotated[Safety, typer.Option(help="What may be done to the subject.")] = Safety.READ,
    subject: Annotated[str, typer.Option(help="What the results call it.")] = "",
    pause: Annotated[float, typer.Option(min=0, help="Seconds between two messages.")] = PAUSE,
    patience: Annotated[float, typer.Option(min=0.1, help="Seconds for an answer.")] = PATIENCE,
    insecure: Annotated[bool, typer.Option("--insecure", help="Trust any certificate.")] = False,
) -> None:
    """Go in by one door of a system and look through another: people, debts, items, loans, holds, records.

    Exit codes: 0 the doors agree; 1 they do not; 2 wrong usage, an error of ours, or the doors could not be tried.
    """
    words = inputs_of(inputs, set_ or [])
    targets: list[Target] = []
    for one in door:
        name, _, address = one.partition("=")
        if name not in DOORS:
            raise typer.BadParameter(f"{one!r} is not STANDARD=ADDRESS with one of {', '.join(DOORS)}")
        targets.append(target_of(name, address))
        words[f"door.{name}"] = address
    if len(targets) < 2:
        raise typer.BadParameter("two doors are needed")
    plan = Plan("cross", targets[0], words, folder_of(out), allow, (), subject, pause, patience, not insecure)
    console = Console(highlight=False, soft_wrap=True)

    def say(lines: Iterable[str]) -> None:
        for line in lines:
            console.print(line, markup=False)

    say(complaints := misspelt("cross", words))
    document = run(plan, lambda _, made: say(lines_of(made)))
    say((*summary(document, out), *complaints))
    raise typer.Exit(exit_of(document["results"], stopped=bool(document.get("stopped"))))
