"""`gateway member`, `gateway terminal` and `gateway key`: what stands in the configuration, and new credentials for it.

Credentials are printed, never written: the configuration is the operator's file. Secrets are read without echo.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.output import print_json, print_line, print_table, say
from gateway.config import Config, ConfigError, load
from gateway.members.secrets import hash_password, new_key

member_app = typer.Typer(help="The member libraries.", no_args_is_help=True)
terminal_app = typer.Typer(help="The machines that log in, and their passwords.", no_args_is_help=True)
key_app = typer.Typer(help="The keys of programs that use the API.", no_args_is_help=True)

WRONG_CONFIGURATION = 2

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
Member = Annotated[str | None, typer.Option(help="Only this member's, by code.")]

DEFAULT_FILE = Path("gateway.toml")


@member_app.command("list")
def list_members(config: ConfigFile = DEFAULT_FILE, as_json: AsJson = False) -> None:
    """List the members. Exit code 2: the configuration cannot be used."""
    members = _read(config).members.values()
    rows = [
        {
            "code": member.code,
            "name": member.name,
            "institution_ids": list(member.institution_ids),
            "main_location": member.main_location,
            "terminals": len(member.terminals),
            "api_keys": len(member.api_keys),
        }
        for member in members
    ]
    _show(rows, as_json)


@terminal_app.command("list")
def list_terminals(config: ConfigFile = DEFAULT_FILE, member: Member = None, as_json: AsJson = False) -> None:
    """List the terminals and what each may do. Exit code 2: the configuration cannot be used."""
    rows = [
        {
            "login": terminal.login,
            "member": code,
            "location": terminal.location or owner.main_location,
            "kind": terminal.kind.value,
            "profile": terminal.profile,
            "permissions": sorted(permission.value for permission in terminal.permissions),
        }
        for code, owner in _read(config).members.items()
        for terminal in owner.terminals.values()
        if member in (None, code)
    ]
    _show(rows, as_json)


@terminal_app.command("hash-password")
def hash_a_password(as_json: AsJson = False) -> None:
    """Hash a terminal's password for the configuration: asked for without echo, or read from standard input."""
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        say("an empty password lets anybody in")
        raise typer.Exit(WRONG_CONFIGURATION)
    hashed = hash_password(password)
    if as_json:
        print_json({"password_hash": hashed})
    else:
        print_line(f'password_hash = "{hashed}"')


@key_app.command("list")
def list_keys(config: ConfigFile = DEFAULT_FILE, member: Member = None, as_json: AsJson = False) -> None:
    """List the API keys by name. Exit code 2: the configuration cannot be used."""
    rows = [
        {
            "name": key.name,
            "member": code,
            "scopes": sorted(scope.value for scope in key.scopes),
            "networks": list(key.networks),
        }
        for code, owner in _read(config).members.items()
        for key in owner.api_keys
        if member in (None, code)
    ]
    _show(rows, as_json)


@key_app.command("new")
def make_key(as_json: AsJson = False) -> None:
    """Make an API key. The key is shown here and nowhere else; the configuration takes its SHA-256."""
    key, digest = new_key()
    if as_json:
        print_json({"key": key, "sha256": digest})
        return
    say("Give this to the client; it is not kept anywhere:")
    print_line(key)
    say("And this to the configuration:")
    print_line(f'sha256 = "{digest}"')


def _read(path: Path) -> Config:
    try:
        return load(path)
    except ConfigError as error:
        for problem in error.problems:
            say(str(problem))
        raise typer.Exit(WRONG_CONFIGURATION) from error


def _show(rows: list[dict[str, object]], as_json: bool) -> None:
    if as_json:
        print_json(rows)
        return
    columns = list(rows[0]) if rows else ["nothing"]
    print_table(None, columns, [[_cell(row[column]) for column in columns] for row in rows])


def _cell(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
