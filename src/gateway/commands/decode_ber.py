"""Messages of the standards that are written in BER, Z39.50 and LDAP, in what was pasted, and every octet of them
explained. Passwords are covered, as everywhere.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rich.markup import escape

from gateway.commands.output import print_json, print_line, print_table
from gateway.commands.pasted import hex_octets
from library_protocols import ldap, z3950
from library_protocols.ber import CONTEXT, INTEGER, SEQUENCE, BerError, Head, Reader
from library_protocols.ldap.facts.layout import MESSAGE
from library_protocols.z3950.facts import PDUS

_LONGEST_HEADERS = 128
"""Octets that may stand before the first message: those of Ethernet, IP and TCP with all their options."""
_LONGEST_VALUE = 100
"""Characters of a value that a table shows; a record is thousands."""
_MOST_RECORDED = 20
"""Messages that are shown of one direction of an exchange; a search may be answered with thousands of entries."""
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{8,}={0,2}\s*")


class _Span(Protocol):
    @property
    def offset(self) -> int: ...
    @property
    def length(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def meaning(self) -> str: ...
    @property
    def clause(self) -> str: ...
    @property
    def depth(self) -> int: ...


class _Inspection(Protocol):
    @property
    def data(self) -> bytes: ...
    @property
    def spans(self) -> Sequence[_Span]: ...
    @property
    def remarks(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Standard:
    """What is asked of a standard here. `begins`: whether an element is the outside of one of its messages. `read`
    raises ValueError for what is none down to its last element. `names`: whether a span's title is the message's."""

    key: str
    name: str
    begins: Callable[[Reader, Head], bool]
    read: Callable[[bytes], object]
    inspect: Callable[[bytes], _Inspection]
    mask: Callable[[bytes], bytes | None]
    names: Callable[[_Span], bool]


def _is_pdu(_: Reader, head: Head) -> bool:
    return head[1] and head[0] - CONTEXT in PDUS


def _is_ldap(reader: Reader, head: Head) -> bool:
    """A sequence of a number and an operation; only then can it be shown, even where the rest is broken."""
    if not head[1] or head[0] != SEQUENCE:
        return False
    inside = reader.children(head[2], head[3])
    number, operation = next(inside, None), next(inside, None)
    if number is None or operation is None or number[0] != INTEGER:
        return False
    return MESSAGE.inside[1].fits(operation[0]) is not None


Z3950 = Standard("z3950", "Z39.50", _is_pdu, z3950.decode, z3950.inspect, z3950.mask, lambda span: span.depth == 0)
LDAP = Standard(
    "ldap",
    "LDAP",
    _is_ldap,
    ldap.decode,
    ldap.inspect,
    lambda octets: ldap.mask(octets, personal=False),
    lambda span: span.depth == 1 and span.code.startswith("[APPLICATION"),
)


STANDARDS = {one.key: one for one in (Z3950, LDAP)}
"""By the name under which exchanges are recorded."""


@dataclass(frozen=True, slots=True)
class Messages:
    """What was found: all of one standard."""

    standard: Standard
    octets: tuple[bytes, ...]


def find_ber(pasted: str | bytes) -> Messages | None:
    """The messages in octets, in base64, or in a hex dump of them with the headers of a captured packet perhaps; None
    where it is something else: messages must fill it to the end."""
    octets = pasted if isinstance(pasted, bytes) else hex_octets(pasted)
    if octets is None and isinstance(pasted, str):
        return _in_base64(pasted)
    if not octets:
        return None
    for start in range(min(len(octets), _LONGEST_HEADERS)):
        for standard in (Z3950, LDAP):
            found = _cut(standard, octets, start)
            if found and (start == 0 or _readable(standard, found[0])):
                return Messages(standard, tuple(found))
    return None


def _in_base64(text: str) -> Messages | None:
    """Only what is readable to its last element: a word may be base64 by chance."""
    if not _BASE64.fullmatch(text):
        return None
    try:
        octets = base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        return None
    for standard in (Z3950, LDAP):
        found = _cut(standard, octets, 0)
        if found and all(_readable(standard, one) for one in found):
            return Messages(standard, tuple(found))
    return None


def _readable(standard: Standard, octets: bytes) -> bool:
    """Whether it is a message down to its last element: after other octets nothing less tells it from chance."""
    try:
        standard.read(octets)
    except ValueError:
        return False
    return True


def _cut(standard: Standard, octets: bytes, at: int) -> list[bytes]:
    reader = Reader(octets)
    found: list[bytes] = []
    while at < len(octets):
        try:
            head = reader.head(at, len(octets))
            if not standard.begins(reader, head):
                return []
        except BerError:
            return []
        found.append(octets[at : head[4]])
        at = head[4]
    return found


def show_ber(messages: Messages, *, as_json: bool, show_secrets: bool) -> bool:
    """Prints them one after the other; whether all are in order."""
    standard = messages.standard
    sound = True
    for octets in messages.octets:
        shown = octets if show_secrets else standard.mask(octets)
        inspection = standard.inspect(b"*" * len(octets) if shown is None else shown)
        sound = sound and not inspection.remarks
        if as_json:
            print_json(_as_json(standard, inspection))
        else:
            _show(standard, inspection)
    return sound


def _title(standard: Standard, inspection: _Inspection) -> str:
    return next((span.title for span in inspection.spans if standard.names(span)), "")


def print_recorded(standard: Standard, octets: bytes) -> None:
    """What a recorded exchange holds of one direction, masked already: the first messages, and how many more."""
    found = _cut(standard, octets, 0)
    for one in found[:_MOST_RECORDED]:
        _show(standard, standard.inspect(one))
    if not found:
        print_line(f"   {len(octets)} octets that are no {standard.name}")
    elif len(found) > _MOST_RECORDED:
        print_line(f"   and {len(found) - _MOST_RECORDED} more")


def _show(standard: Standard, inspection: _Inspection) -> None:
    title = _title(standard, inspection) or "no message"
    print_line(f"[bold]{escape(title)}[/bold]  ({standard.name}, {len(inspection.data)} octets)")
    rows = [_row(span) for span in inspection.spans if span.kind != "end"]
    print_table(None, ("octet", "tag", "field", "value", "meaning", "clause"), rows)
    for remark in inspection.remarks:
        print_line(f"[yellow]![/yellow] {escape(remark)}")
    print_line("")


def _row(span: _Span) -> tuple[str, ...]:
    value = span.value if len(span.value) <= _LONGEST_VALUE else f"{span.value[:_LONGEST_VALUE]}…"
    return str(span.offset), span.code, f"{'  ' * span.depth}{span.title}", value, span.meaning, span.clause


def _as_json(standard: Standard, inspection: _Inspection) -> dict[str, Any]:
    return {
        "protocol": standard.key,
        "message": _title(standard, inspection),
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
