"""`gateway directory`: a member's campus directory, tried by hand."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from gateway.clock import SystemClock
from gateway.commands.output import print_json, print_line, print_table, say
from gateway.config import Config, ConfigError, load
from gateway.identity.directories import open_directory
from gateway.identity.login_report import Report, report
from gateway.identity.model import Person
from gateway.identity.register import open_register
from gateway.identity.register.port import Register, RegisterUnavailable

RIGHT, NO, WRONG, AWAY = range(4)
DEFAULT_FILE = Path("gateway.toml")

app = typer.Typer(help="Campus directories.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Campus directories."""


@app.command("test")
def try_login(
    member: Annotated[str, typer.Argument(help="Code of the member.")],
    user: Annotated[str, typer.Argument(help="What a patron would type or scan: a user name, a card's number.")],
    directory: Annotated[
        str | None, typer.Option(help="Name of the directory; the member's only one where not given.")
    ] = None,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Only look the person up; nobody's password is tried.")
    ] = False,
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")] = DEFAULT_FILE,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")] = False,
) -> None:
    """Try a login at a campus directory and explain each step: connect, TLS, service account, search, password, entry,
    the person that each feed would make of it, and whom the register knows.

    The password is asked for without echo, or read from standard input. It is tried once, and a wrong one counts in the
    directory like any other.

    Exit codes: 0 the password is right (or the person was found, with --no-password); 1 it is not; 2 wrong usage or
    configuration; 3 the directory does not answer.
    """
    try:
        settings = load(config)
    except ConfigError as problem:
        say(str(problem))
        raise typer.Exit(WRONG) from problem
    name = _chosen(settings, member, directory)
    password = None if no_password else _password()
    try:
        made, without = asyncio.run(_report(settings, member, name, user, password))
    except ValueError as problem:  # a file of authorities that cannot be read
        say(str(problem))
        raise typer.Exit(WRONG) from problem
    verdict = made.verdict(with_password=not no_password)
    if as_json:
        print_json(_plain(made, verdict, without))
    else:
        _show(made, verdict, without)
    if made.result.down:
        raise typer.Exit(AWAY)
    raise typer.Exit(RIGHT if made.right else NO)


def _chosen(settings: Config, member: str, name: str | None) -> str:
    """The directory meant; says what is wrong and ends where there is none."""
    if member not in settings.members:
        say(f"there is no member {member!r}")
        raise typer.Exit(WRONG)
    known = list(settings.members[member].identity.directories)
    if name is None and len(known) == 1:
        return known[0]
    if name is None or name not in known:
        asked = f"has no directory {name!r}" if name else "has several directories: name one with --directory"
        has = f"it has {', '.join(known)}" if known else f"see members.{member}.identity.directories"
        say(f"{member} {asked if known or name else 'has no directory'}; {has}")
        raise typer.Exit(WRONG)
    return name


def _password() -> str:
    if sys.stdin.isatty():
        return typer.prompt("Password", hide_input=True, err=True)
    return sys.stdin.readline().rstrip("\r\n")


async def _report(settings: Config, member: str, name: str, user: str, password: str | None) -> tuple[Report, str]:
    """The report, and why the register has no part in it."""
    clock = SystemClock()
    chosen = settings.members[member].identity.directories[name]
    directory = open_directory(name, chosen, clock=clock)
    register: Register | None = None
    try:
        try:
            register, without = await open_register(settings.register_url), ""
            # It may only now turn out that it cannot be read.
            await register.known(member, "library", [])
        except (RegisterUnavailable, OSError) as away:
            without = f"the register cannot be read: {away}"
        asked = register if not without else None
        made = await report(name, chosen, settings.members[member], directory, asked, user, password, clock)
        return made, without
    finally:
        await directory.close()
        if register is not None:
            await register.close()


def _show(made: Report, verdict: str, without: str) -> None:
    print_line(f"[bold]{escape(made.directory)}[/bold]: asked for {escape(made.login)} ({escape(made.login_from)})")
    marks = {True: "ok", False: "NO"}
    rows = [(marks[step.ok], step.name, step.detail, f"{step.milliseconds:.0f} ms") for step in made.result.steps]
    print_table(None, ("", "step", "", "took"), rows)
    if made.result.dn:
        print_line("")
        attributes = sorted(made.result.attributes.items())
        print_line(f"Entry {escape(made.result.dn)}")
        if attributes:
            print_table(None, ("attribute", "values"), [(name, ", ".join(values)) for name, values in attributes])
    for mapped in made.mapped:
        print_line("")
        print_line(f"Feed {mapped.feed}: source id {escape(mapped.source_id or '(none)')}")
        said = {kind: ", ".join(values) for kind, values in mapped.identifiers.items()}
        said |= {field: _text(value) for field, value in mapped.fields.items()}
        if said:
            print_table(None, ("field", "value"), list(said.items()))
        for problem in mapped.problems:
            print_line(f"[yellow]![/yellow] {escape(problem)}")
        if mapped.whom:
            print_line(f"In the register this is {escape(mapped.whom)}")
    print_line("")
    print_line(escape(without or _known(made.person)))
    print_line(f"[bold]{escape(verdict)}[/bold]")


def _known(person: Person | None) -> str:
    if person is None:
        return "The register knows nobody by what was typed"
    platform = f"on the platform as {person.platform_id}" if person.platform_id else "not on the platform yet"
    if person.problem:
        platform += f" ({person.problem})"
    return f"The register knows person {person.id} by it: {person.display}, {person.stage}, {platform}"


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _plain(made: Report, verdict: str, without: str) -> dict[str, Any]:
    person = made.person
    return {
        "directory": made.directory,
        "typed": made.typed,
        "login": made.login,
        "login_from": made.login_from,
        "verdict": str(made.result.verdict),
        "down": made.result.down,
        "means": verdict,
        "steps": [dataclasses.asdict(step) for step in made.result.steps],
        "dn": made.result.dn,
        "attributes": dict(made.result.attributes),
        "feeds": [dataclasses.asdict(mapped) for mapped in made.mapped],
        "person": person and {
            "id": person.id, "stage": person.stage, "source": person.source, "platform_id": person.platform_id,
            "problem": person.problem,
        },
        "register": without,
    }  # fmt: skip
