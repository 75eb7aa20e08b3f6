"""`gateway decode`: a pasted message of SIP2, NCIP, Z39.50 or LDAP explained part by part, each with its clause."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Annotated

import typer
from rich.markup import escape

from gateway.commands.decode_ber import find_ber, show_ber
from gateway.commands.decode_ncip import find_ncip, show_ncip
from gateway.commands.output import (
    checksum_words,
    covered,
    inspect_masked,
    inspection_json,
    print_inspection,
    print_json,
    print_line,
    say,
    title_of,
)
from gateway.commands.pasted import Found, find_messages
from library_protocols.sip2 import Dialect, decode_text, printable

OK, WRONG, NOTHING = 0, 1, 2
"""Exit codes: explained; explained, and a checksum or an encoding is wrong or a document cannot be read; nothing found,
or wrong usage."""


def decode(
    text: Annotated[
        str,
        typer.Argument(
            help="A SIP2 line, a log line, a document or a hex dump; - reads it, or octets, from standard input."
        ),
    ] = "-",
    encoding: Annotated[
        str | None, typer.Option(help="Character set of the message; without it, the one that fits the checksum.")
    ] = None,
    delimiter: Annotated[str, typer.Option(help="Field delimiter.")] = "|",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON value a message and line.")] = False,
    show_secrets: Annotated[bool, typer.Option(help="Show PINs and passwords, which are starred otherwise.")] = False,
) -> None:
    """Explain a pasted message of SIP2, NCIP, Z39.50 or LDAP: every field, its meaning and its clause in the standard.

    Takes a message as it is, a line of a system log with a message in it, or a hex dump (xxd, hexdump -C, tcpdump -X,
    Wireshark's copies); NCIP with the HTTP around it or without; Z39.50 and LDAP as a hex dump, in base64 or as they
    are. Exit code 0: explained; 1: a checksum or an encoding is wrong, or a document cannot be read; 2: nothing found.
    """
    try:
        dialect = Dialect(encoding=encoding or "utf-8", delimiter=delimiter)
    except ValueError as error:
        say(str(error))
        raise typer.Exit(NOTHING) from error
    octets = sys.stdin.buffer.read() if text == "-" else b""
    pasted = octets.decode(errors="surrogateescape") if text == "-" else text
    documents = find_ncip(octets) or find_ncip(pasted)
    if documents:
        raise typer.Exit(OK if show_ncip(documents, as_json=as_json, show_secrets=show_secrets) else WRONG)
    found = find_ber(octets) or find_ber(pasted)
    if found is not None:
        raise typer.Exit(OK if show_ber(found, as_json=as_json, show_secrets=show_secrets) else WRONG)
    messages = find_messages(pasted, encoding, dialect)
    if not messages:
        say(
            "There is no SIP2 message in this, and none of NCIP, Z39.50 or LDAP. One of SIP2 begins with two digits, "
            "such as 9900302.00, one of NCIP has an element NCIPMessage; a hex dump of SIP2 begins with octets such as "
            "39 39, of Z39.50 with B4 or B6, of LDAP with 30."
        )
        raise typer.Exit(NOTHING)
    verdicts = [_show(found, replace(dialect, encoding=found.encoding), as_json, show_secrets) for found in messages]
    raise typer.Exit(WRONG if "invalid" in verdicts else OK)


def _show(found: Found, dialect: Dialect, as_json: bool, show_secrets: bool) -> str:
    inspection = inspect_masked(found.data, dialect, show_secrets=show_secrets)
    checksum = checksum_words(found.data, dialect)
    line = printable(decode_text(found.data if show_secrets else covered(found.data, dialect), dialect))
    if as_json:
        said = inspection_json(inspection, checksum)
        print_json({"from": found.origin, "encoding": found.encoding, "line": line, **said})
        return checksum
    code = inspection.messages[0].code if inspection.messages else ""
    print_line(f"[bold]{code} {escape(title_of(code))}[/bold]  ({found.origin}, {found.encoding}, checksum {checksum})")
    print_line(escape(line))
    print_inspection(inspection, checksum)
    print_line("")
    return checksum
