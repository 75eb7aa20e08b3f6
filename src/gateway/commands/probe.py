"""`gateway probe`: speak a standard to a server from the command line, one sub-command a standard."""

from __future__ import annotations

import typer

from gateway.commands import probe_sip2
from gateway.commands.probe_ldap import probe_ldap
from gateway.commands.probe_ncip import probe_ncip
from gateway.commands.probe_oai import probe_oai
from gateway.commands.probe_sru import probe_sru
from gateway.commands.probe_z3950 import probe_z3950

app = typer.Typer(help="Speak a standard to a server, from the command line.", no_args_is_help=True)
app.add_typer(probe_sip2.app, name="sip2")
app.command("sru")(probe_sru)
app.command("oai")(probe_oai)
app.command("z3950")(probe_z3950)
app.command("ldap")(probe_ldap)
app.command("ncip")(probe_ncip)
