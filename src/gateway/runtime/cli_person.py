"""`gateway person`: what there is of one person, all of it for a subject access request, and its removal.

Exit codes: 0 done, 1 nobody or several are named so, or something is owed, 2 wrong usage or configuration, 3 the store
or the register is away. What is printed is personal data: it goes to standard output and nowhere else.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import orjson
import typer
from rich.markup import escape

from gateway.canonical.refusals import PlatformFailure
from gateway.commands.output import print_json, print_line, print_table, say
from gateway.config import Config, ConfigError, load
from gateway.identity import subject as subjects
from gateway.identity.register.port import RegisterUnavailable, StaleVersion
from gateway.identity.subject import Erased, NotFound, Owing, Subject
from gateway.runtime.subject_places import Places, opened
from gateway.store.effects import StoreUnavailable, WriteConflict

app = typer.Typer(help="One person, across everything the gateway holds.", no_args_is_help=True)

NO, WRONG, AWAY = 1, 2, 3
DEFAULT_FILE = Path("gateway.toml")

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Member = Annotated[str, typer.Argument(help="Code of the member.")]
Identifier = Annotated[str, typer.Argument(help="Barcode, user name, student number ..., or the id in the register.")]

T = TypeVar("T")


@app.command("show")
def show(member: Member, identifier: Identifier, config: ConfigFile = DEFAULT_FILE, as_json: AsJson = False) -> None:
    """Say who it is, and how much there is of the person in each place. Exit codes: 1 nobody or several, 3 away."""

    async def look(settings: Config, places: Places) -> tuple[Subject, dict[str, Any]]:
        subject = await subjects.find(places.register, places.platform.patron_named, member, identifier)
        return subject, await subjects.export(places.all, subject)

    subject, found = _with_places(config, look, member)
    counted = {
        place: {name: len(value) if isinstance(value, list) else 1 for name, value in held.items()}
        for place, held in found.items()
    }
    summary = {"register": subject.person.id if subject.person else None, "patron": subject.patron_id, "held": counted}
    if as_json:
        print_json(summary)
        return
    if person := subject.person:
        about = ", ".join(filter(None, (person.category, person.stage.value, person.source, person.problem)))
        print_line(f"[bold]{escape(person.display)}[/bold] ({escape(about)}), {person.id} in the register")
    print_line(f"patron on the platform: {escape(subject.patron_id or 'none')}")
    rows = [(place, name, f"{number:,}") for place, held in counted.items() for name, number in held.items() if number]
    print_table(None, ("where", "what", "how many"), rows)


@app.command("export")
def export(
    member: Member,
    identifier: Identifier,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file, for its owner alone.")] = None,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Give out all that is kept of a person, as JSON. Exit codes: 1 nobody or several, 3 away."""

    async def look(settings: Config, places: Places) -> dict[str, Any]:
        subject = await subjects.find(places.register, places.platform.patron_named, member, identifier)
        return await subjects.export(places.all, subject)

    found = _with_places(config, look, member)
    if output is None:
        print_json(found)
        return
    try:
        output.touch(mode=0o600, exist_ok=False)
        output.write_bytes(orjson.dumps(found, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    except OSError as problem:
        say(f"{output}: {problem.strerror}")
        raise typer.Exit(WRONG) from problem


@app.command("erase")
def erase(
    member: Member,
    identifier: Identifier,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it is only said what would be done.")] = False,
    keep_accounts: Annotated[
        bool, typer.Option("--keep-accounts", help="Where something is owed, keep patron and account on the platform.")
    ] = False,
    config: ConfigFile = DEFAULT_FILE,
    as_json: AsJson = False,
) -> None:
    """Remove a person everywhere. Refused while loans, holds, charges or conflicts are open, unless accounts are kept.

    Exit codes: 1 nobody or several, or something is owed, 3 away.
    """

    async def work(settings: Config, places: Places) -> tuple[dict[str, Any], dict[str, Erased]]:
        subject = await subjects.find(places.register, places.platform.patron_named, member, identifier)
        held = {} if yes else await subjects.export(places.all, subject)
        return held, await subjects.erase(places.all, subject, keep_accounts=keep_accounts, dry=not yes)

    held, done = _with_places(config, work, member)
    if as_json:
        print_json(
            {
                "done": yes,
                "held": {place: sorted(name for name, value in of.items() if value) for place, of in held.items()},
                "gone": {place: of.gone for place, of in done.items()},
                "stays": {place: of.stays for place, of in done.items() if of.stays},
            }
        )
        return
    if not yes:
        rows = [(place, ", ".join(name for name, value in of.items() if value)) for place, of in held.items() if of]
        print_table("Would be gone through (nothing has been done: --yes)", ("where", "what"), rows)
        return
    rows = [(place, name, f"{n:,}", "") for place, of in done.items() for name, n in of.gone.items() if n]
    rows += [(place, name, "", f"stays: {why}") for place, of in done.items() for name, why in of.stays.items()]
    print_table("Erased", ("where", "what", "how many", ""), rows)
    print_line("Backups and files that were loaded still have the person: see docs/explanation/privacy.md.")


def _with_places(path: Path, work: Callable[[Config, Places], Awaitable[T]], member: str) -> T:
    async def done() -> T:
        settings = load(path)
        if member not in settings.members:
            say(f"there is no member {member!r}")
            raise typer.Exit(WRONG)
        async with opened(settings) as places:
            return await work(settings, places)

    try:
        return asyncio.run(done())
    except (ConfigError, OSError) as problem:
        say(str(problem))
        raise typer.Exit(WRONG) from problem
    except NotFound as reason:
        say(str(reason))
        raise typer.Exit(NO) from reason
    except Owing as reason:
        say(f"still open: {reason}; `--keep-accounts` erases everything but the account")
        raise typer.Exit(NO) from reason
    except (StoreUnavailable, RegisterUnavailable, PlatformFailure, sqlite3.Error) as away:
        say(f"does not answer: {away}")
        raise typer.Exit(AWAY) from away
    except (StaleVersion, WriteConflict) as again:
        say("the person has been changed at this moment: try again")
        raise typer.Exit(NO) from again
