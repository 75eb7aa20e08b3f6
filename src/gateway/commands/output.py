"""How every command writes: tables for people on one console, JSON for programs, diagnostics on stderr.

The console honours NO_COLOR and a terminal's width; away from a terminal lines are not cut.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from library_protocols.sip2 import MESSAGES, Dialect, Inspection, Span, decode, inspect, mask
from library_protocols.sip2.codec import DecodeError

console = Console(highlight=False)
diagnostics = Console(stderr=True, highlight=False)

WIDE = 200
"""Columns of a table that no terminal shows: grep and files want whole lines."""

QUIET_KINDS = frozenset({"delimiter", "terminator"})


def say(problem: str) -> None:
    """A diagnostic, on stderr."""
    diagnostics.print(escape(problem), soft_wrap=True)


def without_password(address: str) -> str:
    """An address as it may be shown: `z3950://user:secret@host/database` keeps the user alone."""
    scheme, marks, rest = address.rpartition("://")
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    return f"{scheme}{marks}{user.partition(':')[0]}{at}{host}{slash}{path}"


def print_line(line: str) -> None:
    """One line with rich's markup, never wrapped by us."""
    console.print(line, soft_wrap=True)


def print_json(value: object) -> None:
    """One JSON value on one line, UTF-8."""
    sys.stdout.write(orjson.dumps(value).decode() + "\n")
    sys.stdout.flush()


def print_table(title: str | None, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table; cells are plain text."""
    table = Table(title=escape(title) if title else None, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", header_style="bold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    if not console.is_terminal:
        console.width = WIDE
    console.print(table)


def inspect_masked(data: bytes, dialect: Dialect, *, show_secrets: bool = False) -> Inspection:
    """`data` explained with PINs and passwords covered before anything is read from it.

    A frame that is no SIP2 message is covered as a whole: a PIN may stand anywhere in it.
    """
    if show_secrets:
        return inspect(data, dialect)
    return inspect(covered(data, dialect), dialect)


def covered(data: bytes, dialect: Dialect) -> bytes:
    """`data` with secrets starred, of the same length."""
    return mask(data, dialect.delimiter_octet) or b"*" * len(data)


def title_of(code: str) -> str:
    """The standard's name of a message, or that there is none."""
    fact = MESSAGES.get(code)
    return fact.title if fact else "unknown message"


def checksum_words(frame: bytes, dialect: Dialect) -> str:
    """The verdict on a frame's checksum, computed on the octets as they came, so that masking cannot change it."""
    try:
        return decode(frame, dialect).checksum.value.replace("_", " ")
    except DecodeError:
        return "absent"


def print_inspection(inspection: Inspection, checksum: str) -> None:
    """Every field of a message: where it is, what it is called, what it says and where that is written."""
    rows = [_row(span, checksum) for span in inspection.spans if _worth_showing(span)]
    print_table(None, ("octet", "code", "field", "value", "meaning", "clause"), rows)
    for remark in inspection.remarks:
        print_line(f"[yellow]![/yellow] {escape(remark)}")


def inspection_json(inspection: Inspection, checksum: str) -> dict[str, Any]:
    """The same for programs; octets are counted from 0."""
    code = inspection.messages[0].code if inspection.messages else None
    return {
        "message": code,
        "title": title_of(code) if code else None,
        "checksum": checksum,
        "fields": [
            {
                "offset": span.offset,
                "length": span.length,
                "kind": span.kind,
                "code": span.code,
                "title": span.title,
                "value": span.value,
                "meaning": checksum if span.kind == "checksum" else span.meaning,
                "clause": span.clause,
                "remarks": list(span.remarks),
            }
            for span in inspection.spans
            if _worth_showing(span)
        ],
        "remarks": list(inspection.remarks),
    }


def _worth_showing(span: Span) -> bool:
    return span.kind not in QUIET_KINDS or bool(span.remarks)


def _row(span: Span, checksum: str) -> tuple[str, ...]:
    meaning = checksum if span.kind == "checksum" else span.meaning
    words = "; ".join(part for part in (meaning, *span.remarks) if part)
    code = span.code if span.kind != "fixed" and len(span.code) == 2 else ""
    return (str(span.offset), code, span.title, span.value, words, span.clause)
