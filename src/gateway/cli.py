"""The command line. Each group of commands lives with what it commands; this module only puts them together.

Exit codes: 0 done, 1 the answer is no (a check found problems, a probe was refused), 2 wrong usage or configuration,
3 something outside failed (port in use, store away). What a command adds to these, its help says.
"""

from __future__ import annotations

import typer

from gateway.commands import decode, explain, kiosks, probe_sip2, tail
from gateway.importing import cli as importing
from gateway.journal import cli as journal
from gateway.members import cli as members
from gateway.runtime import cli as operate

app = typer.Typer(
    name="gateway",
    help="A gateway between libraries' machinery and the shared platform behind it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

operate.add_to(app)
app.add_typer(members.member_app, name="member", help="Members of the consortium.")
app.add_typer(members.terminal_app, name="terminal", help="Terminals and their passwords.")
app.add_typer(members.key_app, name="key", help="API keys.")
app.add_typer(importing.app, name="import", help="Load patrons, items and records in bulk.")
app.add_typer(journal.app, name="journal", help="What was promised while a platform was away.")
probe = typer.Typer(help="Speak a standard to a server, from the command line.", no_args_is_help=True)
probe.add_typer(probe_sip2.app, name="sip2")
app.add_typer(probe, name="probe")
app.command("kiosks")(kiosks.kiosks)
app.command("decode")(decode.decode)
app.command("explain")(explain.explain)
app.command("tail")(tail.tail)


def main() -> None:
    app()
