"""The command line. Each command lives with what it commands and is imported when it is asked for, not before.

Exit codes: 0 done, 1 the answer is no (a check found problems, a probe was refused), 2 wrong usage or configuration,
3 something outside failed (port in use, store away). What a command adds to these, its help says.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from gateway.runtime import logs

# Name: (module, function or app). Importing a server to decode one message would take seconds.
COMMANDS = {
    "demo": ("gateway.runtime.cli", "demo"),
    "serve": ("gateway.runtime.cli", "serve"),
    "check": ("gateway.runtime.cli", "check"),
    "reload": ("gateway.runtime.cli", "reload"),
    "config": ("gateway.runtime.cli", "config_app"),
    "platform": ("gateway.runtime.cli", "platform_app"),
    "backup": ("gateway.runtime.cli", "backup_command"),
    "restore": ("gateway.runtime.cli", "restore_command"),
    "member": ("gateway.members.cli", "member_app"),
    "terminal": ("gateway.members.cli", "terminal_app"),
    "key": ("gateway.members.cli", "key_app"),
    "import": ("gateway.importing.cli", "app"),
    "harvest": ("gateway.harvesting.cli", "harvest"),
    "catalogue": ("gateway.catalogue.cli", "app"),
    "sync": ("gateway.identity.cli_sync", "app"),
    "person": ("gateway.runtime.cli_person", "app"),
    "journal": ("gateway.journal.cli", "app"),
    "broker": ("gateway.brokers.cli", "app"),
    "directory": ("gateway.identity.cli_directory", "app"),
    "probe": ("gateway.commands.probe", "app"),
    "search": ("gateway.commands.search", "search"),
    "kiosks": ("gateway.commands.kiosks", "kiosks"),
    "decode": ("gateway.commands.decode", "decode"),
    "explain": ("gateway.commands.explain", "explain"),
    "tail": ("gateway.commands.tail", "tail"),
}


class _WhenAsked(TyperGroup):
    """Finds its commands in COMMANDS."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name]
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            command = typer.main.get_group(found)
        else:
            single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            single.command(cmd_name)(found)
            command = typer.main.get_command(single)
        command.name = cmd_name
        return command

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:  # mostly while what is asked for is being loaded: exit code 130, as shells have it
            print("interrupted", file=sys.stderr)
            raise


app = typer.Typer(
    name="gateway",
    cls=_WhenAsked,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _root() -> None:
    """A gateway between libraries' machinery and the shared platform behind it."""


def main() -> None:
    logs.configure(readable=True)  # whatever a command logs: standard output is for its answer
    app()
