"""`gateway probe ldap`: try a directory server with what LDAP asks of one, and say what is odd about its answers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.markup import escape

from gateway.clients.ldap import RECEIVED, LdapLinkFailed, LdapTimeout, Place
from gateway.clients.sip2 import tls_context
from gateway.commands.checks import Result
from gateway.commands.found import LINK, NO, TIMEOUT, USAGE, YES
from gateway.commands.ldap_checks import Subject, run_checks
from gateway.commands.output import diagnostics, print_json, print_line, print_table, say
from library_protocols.ldap import FilterError, parse_filter
from library_protocols.ldap.inspect import inspect
from library_protocols.ldap.mask import mask

DEFAULT_ADDRESS = "127.0.0.1:3389"
PORTS = {"ldap": 389, "ldaps": 636}
_MARKS = {"ok": "ok", "odd": "ODD", "not offered": "-"}


def probe_ldap(
    address: Annotated[str, typer.Argument(help="HOST[:PORT], ldap://… or ldaps://…")] = DEFAULT_ADDRESS,
    user: Annotated[str, typer.Option(help="DN to bind as; Active Directory takes user@domain too.")] = "",
    password: Annotated[
        str, typer.Option(envvar="GATEWAY_PROBE_PASSWORD", help="Password to that name.", show_default=False)
    ] = "",
    base: Annotated[str, typer.Option(help="Where people are; the server's naming context where not given.")] = "",
    people: Annotated[str, typer.Option("--filter", help="Who is looked for there.")] = "(objectClass=person)",
    starttls: Annotated[bool, typer.Option("--starttls", help="Encrypt before anything else.")] = False,
    ca_file: Annotated[
        Path | None, typer.Option(help="PEM file of the authorities that may have signed the certificate.")
    ] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Trust any certificate.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for an answer.", min=0.1, max=600)] = 10.0,
    trace: Annotated[bool, typer.Option("--trace", help="Show every message as it goes, on standard error.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")] = False,
) -> None:
    """Try an LDAP server: what it tells of itself, whom it lets in, how it searches, and how it refuses. Nothing is
    written, no account's password is tried but the one given, and at most a few entries are read.

    Exit codes: 0 nothing is odd; 1 something is; 2 wrong usage; 3 the link failed; 4 no answer in time.
    """
    host, port, tls = _place(address)
    if tls and starttls:
        raise typer.BadParameter("ldaps:// is encrypted already", param_hint="--starttls")
    try:
        context = tls_context(ca_file, insecure=insecure)
        wanted = parse_filter(people)
    except OSError as error:
        say(f"{ca_file}: {error.strerror or error}")
        raise typer.Exit(USAGE) from error
    except FilterError as error:
        raise typer.BadParameter(str(error), param_hint="--filter") from error
    place = Place(host, port, tls, context, timeout, _show if trace else None)
    shown = f"{'ldaps' if tls else 'ldap'}://{host}:{port}"
    try:
        results = asyncio.run(run_checks(Subject(place, user, password, base, wanted, starttls)))
    except (LdapTimeout, LdapLinkFailed) as error:
        say(f"{shown}: {error}")
        raise typer.Exit(TIMEOUT if isinstance(error, LdapTimeout) else LINK) from None
    _print(shown, results, as_json=as_json)
    raise typer.Exit(NO if any(result.verdict == "odd" for result in results) else YES)


def _place(address: str) -> tuple[str, int, bool]:
    """Host, port, and whether TLS begins at once."""
    parts = urlsplit(address if "://" in address else f"ldap://{address}")
    try:
        port = parts.port
    except ValueError:
        port = None
        parts = parts._replace(netloc="")
    if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.username:
        raise typer.BadParameter(f"{address!r} is no HOST[:PORT], ldap:// or ldaps:// address")
    return parts.hostname, port or PORTS[parts.scheme], parts.scheme == "ldaps"


def _print(shown: str, results: list[Result], *, as_json: bool) -> None:
    odd = sum(result.verdict == "odd" for result in results)
    if as_json:
        checks = [
            {"check": each.name, "verdict": each.verdict, "detail": each.detail, "seconds": round(each.seconds, 4)}
            for each in results
        ]
        print_json({"address": shown, "odd": odd, "checks": checks})
        return
    rows = [(_MARKS[each.verdict], each.name, each.detail, f"{each.seconds * 1000:.0f} ms") for each in results]
    print_table(shown, ("", "check", "seen", "took"), rows)
    print_line(f"{odd} odd" if odd else "nothing odd")


def _show(who: str, octets: bytes) -> None:
    """One message, masked and explained, a line each element."""
    masked = mask(octets)
    arrow = "[green]server <[/green]" if who == RECEIVED else "[cyan]client >[/cyan]"
    if masked is None:
        diagnostics.print(f"{arrow} {len(octets)} octets that cannot be shown")
        return
    for span in inspect(masked).spans:
        words = f"  ({span.meaning})" if span.meaning else ""
        diagnostics.print(
            f"{arrow} {'  ' * span.depth}{escape(span.title)} {escape(span.value)}{escape(words)}", soft_wrap=True
        )
