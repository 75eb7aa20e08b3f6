"""Z39.50 PDUs in what was pasted, and every octet of them explained. Passwords are covered, as everywhere."""

from __future__ import annotations

from typing import Any

from rich.markup import escape

from gateway.commands.output import print_json, print_line, print_table
from gateway.commands.pasted import hex_octets
from library_protocols.ber import CONTEXT, BerError, Reader
from library_protocols.z3950 import Inspection, Span, decode, inspect, mask
from library_protocols.z3950.facts import PDUS

_LONGEST_HEADERS = 128
"""Octets that may stand before the first PDU: those of Ethernet, IP and TCP with all their options."""
_LONGEST_VALUE = 100
"""Characters of a value that a table shows; a record is thousands."""


def find_pdus(pasted: str | bytes) -> list[bytes]:
    """The PDUs in octets, or in a hex dump of them with the headers of a captured packet perhaps; none where it is
    something else: PDUs must fill it to the end."""
    octets = pasted if isinstance(pasted, bytes) else hex_octets(pasted)
    if not octets:
        return []
    for start in range(min(len(octets), _LONGEST_HEADERS)):
        found = _pdus(octets, start)
        if found and (start == 0 or _readable(found[0])):
            return found
    return []


def _readable(octets: bytes) -> bool:
    """Whether a PDU is one down to its last element: after other octets nothing less tells it from chance."""
    try:
        decode(octets)
    except BerError:
        return False
    return True


def _pdus(octets: bytes, at: int) -> list[bytes]:
    reader = Reader(octets)
    found: list[bytes] = []
    while at < len(octets):
        try:
            tag, constructed, _, _, after = reader.head(at, len(octets))
        except BerError:
            return []
        if not constructed or tag - CONTEXT not in PDUS:
            return []
        found.append(octets[at:after])
        at = after
    return found


def show_pdus(pdus: list[bytes], *, as_json: bool, show_secrets: bool) -> bool:
    """Prints them one after the other; whether all are in order."""
    sound = True
    for octets in pdus:
        shown = octets if show_secrets else mask(octets)
        inspection = inspect(b"*" * len(octets) if shown is None else shown)
        sound = sound and not inspection.remarks
        if as_json:
            print_json(_as_json(inspection))
        else:
            _show(inspection)
    return sound


def _show(inspection: Inspection) -> None:
    spans = inspection.spans
    first = spans[0]
    print_line(f"[bold]{escape(first.title or 'no PDU')}[/bold]  (Z39.50, {len(inspection.data)} octets)")
    rows = [_row(span) for span in spans if span.kind != "end"]
    print_table(None, ("octet", "tag", "field", "value", "meaning", "clause"), rows)
    for remark in inspection.remarks:
        print_line(f"[yellow]![/yellow] {escape(remark)}")
    print_line("")


def _row(span: Span) -> tuple[str, ...]:
    value = span.value if len(span.value) <= _LONGEST_VALUE else f"{span.value[:_LONGEST_VALUE]}…"
    return str(span.offset), span.code, f"{'  ' * span.depth}{span.title}", value, span.meaning, span.clause


def _as_json(inspection: Inspection) -> dict[str, Any]:
    return {
        "protocol": "z3950",
        "message": inspection.spans[0].title,
        "fields": [
            {
                "offset": span.offset,
                "length": span.length,
                "kind": span.kind,
                "code": span.code,
                "title": span.title,
                "value": span.value,
                "meaning": span.meaning,
                "clause": span.clause,
                "depth": span.depth,
            }
            for span in inspection.spans
            if span.kind != "end"
        ],
        "remarks": list(inspection.remarks),
    }
