"""Octets explained: every one of them belongs to a span that says what it is.

The walk follows the same tables the codec reads by, so that what is shown is what was read; a query is one span,
in prefix notation. `explain` answers for a PDU, an object, a diagnostic, an attribute or a code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from library_protocols import ber
from library_protocols.asn1 import ANY, Choice, Explicit, Implicit, Sequence, SequenceOf, Type, standard_name
from library_protocols.ber import CONTEXT, BerError, Head, Reader
from library_protocols.spans import Span
from library_protocols.z3950 import codec
from library_protocols.z3950.apdu import QUERY, Pdu
from library_protocols.z3950.facts import BIB_1_ATTRIBUTES, DIAGNOSTICS, OIDS, PDUS, TABLES, oid_title
from library_protocols.z3950.pqf import format_pqf
from library_protocols.z3950.rpn_codec import ATTRIBUTES_PLUS_TERM, RPN_QUERY, TERM

_TABLE_OF = {
    "options": "option",
    "protocol_version": "version",
    "close_reason": "close_reason",
    "present_status": "present_status",
    "scan_status": "scan_status",
    "sort_status": "sort_status",
    "delete_operation_status": "delete_status",
    "status": "delete_status",
    "sort_relation": "sort_relation",
    "case_sensitivity": "case_sensitivity",
    "resource_report_status": "resource_report_status",
    "requested_action": "requested_action",
    "function": "es_function",
    "operation_status": "es_status",
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """All octets of `data` as spans, in order and without gaps; the PDUs in them; what is wrong."""

    data: bytes
    spans: tuple[Span, ...]
    messages: tuple[Pdu, ...]
    remarks: tuple[str, ...]


def inspect(data: bytes) -> Inspection:
    """Explain one PDU, or several one after the other. Never raises, whatever `data` holds."""
    walk = _Walk(data)
    at = 0
    messages: list[Pdu] = []
    remarks: list[str] = []
    while at < len(data):
        try:
            head = walk.reader.head(at, len(data))
            walk.pdu(at, head)
            messages.append(codec.decode(data[at : head[4]]))
            at = head[4]
        except BerError as error:
            remarks.append(str(error))
            done = walk.spans[-1].offset + walk.spans[-1].length if walk.spans else 0
            at = _rest(walk, done)
    return Inspection(data, tuple(walk.spans), tuple(messages), tuple(remarks))


def _rest(walk: _Walk, at: int) -> int:
    end = len(walk.reader.data)
    if at < end:
        walk.add(at, end, "unknown", "", "", f"{end - at} octets", "", "", 0)
    return end


class _Walk:
    def __init__(self, data: bytes) -> None:
        self.reader = Reader(data)
        self.spans: list[Span] = []

    def add(self, start: int, stop: int, kind: str, code: str, title: str, value: str, meaning: str, clause: str,
            depth: int) -> None:  # fmt: skip
        self.spans.append(Span(start, stop - start, kind, code, title, value, meaning, clause, depth))

    def pdu(self, at: int, head: Head) -> None:
        fact = PDUS.get(head[0] - CONTEXT)
        cls = codec.CLASSES.get(head[0] - CONTEXT)
        title, clause = (fact.name, fact.clause) if fact else ("unknown PDU", "")
        self.element(at, head, Sequence(cls) if cls else None, title, fact.title if fact else "", clause, 0)

    def element(self, at: int, head: Head, kind: Type | None, name: str, meaning: str, clause: str, depth: int) -> None:
        tag, constructed, start, stop, after = head
        kind = _resolve(kind, tag)
        code, title = ber.tag_name(tag), standard_name(name) if name else ""
        if kind in (RPN_QUERY, ATTRIBUTES_PLUS_TERM, TERM) and kind is not None:
            value = kind.read(self.reader, head, 0)
            text = repr(value) if kind is TERM else format_pqf(value)
            self.add(at, after, "field", code, title, text, meaning, clause, depth)
            return
        if not constructed:
            text, words = self._value(kind, head, name)
            self.add(at, after, "field", code, title, text, words or meaning, clause, depth)
            return
        if depth > ber.MAX_DEPTH:
            raise BerError("nested too deep", at)
        self.add(at, start, "header", code, title, "", meaning, clause, depth)
        inside = start
        for item in self.reader.children(start, stop):
            inner, inner_name = _inside(kind, item[0])
            self.element(inside, item, inner, inner_name, "", clause, depth + 1)
            inside = item[4]
        if after != stop:
            self.add(stop, after, "end", "", "end of contents", "", "", clause, depth)

    def _value(self, kind: Type | None, head: Head, name: str) -> tuple[str, str]:
        """The value of a primitive element as text, and what it means."""
        if kind is None:
            octets = self.reader.data[head[2] : head[3]]
            return (octets.decode("ascii") if octets.isascii() and octets.decode().isprintable() else octets.hex()), ""
        value: Any = kind.read(self.reader, head, 0)
        table = DIAGNOSTICS if name == "condition" else TABLES.get(_TABLE_OF.get(name, ""))
        if isinstance(value, frozenset):
            words = (table.describe(bit) or str(bit) for bit in sorted(value)) if table else map(str, sorted(value))
            return ",".join(map(str, sorted(value))), ", ".join(words)
        if isinstance(value, bytes):
            text = value.decode("utf-8", "backslashreplace")
            return (text if text.isprintable() else f"{len(value)} octets"), ""
        if isinstance(value, str) and value in OIDS:
            return value, oid_title(value)
        if isinstance(value, int) and not isinstance(value, bool) and table:
            return str(value), table.describe(value)
        return str(value), ""


def _resolve(kind: Type | None, tag: int) -> Type | None:
    """The type an element of that tag is read by, its own tag put aside."""
    while True:
        if isinstance(kind, Implicit):
            kind = kind.inner
        elif kind is ANY:
            return None
        elif isinstance(kind, Choice) and kind is not QUERY and not isinstance(kind, Explicit):
            found = kind.by_tag(tag)
            if found is kind or found is None:
                return None
            kind = found
        elif kind is QUERY:
            return RPN_QUERY if tag in (CONTEXT | 1, CONTEXT | 101) else None
        else:
            return kind


def _inside(kind: Type | None, tag: int) -> tuple[Type | None, str]:
    """The type and name of what stands inside an element."""
    if isinstance(kind, Explicit):
        return kind.inner, ""
    if isinstance(kind, SequenceOf):
        return kind.inner, ""
    if isinstance(kind, Sequence):
        return kind.field(tag)
    return None, ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One thing of the tables: its code, name and meaning, and where the standard says so."""

    kind: str
    code: str
    name: str
    meaning: str
    clause: str


def explain(text: str) -> tuple[Explanation, ...]:
    """What the tables say about a PDU's name or tag, an OID or object's name, a diagnostic's number
    (`diagnostic 114` or `114`), an attribute (`1=4`) or a table's name. Empty when they say nothing."""
    key = text.strip().lower()
    found: list[Explanation] = []
    for pdu in PDUS.values():
        if key in (pdu.name.lower(), f"[{pdu.tag}]"):
            found.append(Explanation("pdu", f"[{pdu.tag}]", pdu.name, pdu.title, pdu.clause))
    for one in OIDS.values():
        if key in (one.oid, one.name):
            found.append(Explanation(one.kind, one.oid, one.name, one.title, "OID"))
    number = key.removeprefix("diagnostic").strip()
    if number.isdecimal() and (row := DIAGNOSTICS.rows.get(int(number))):
        found.append(Explanation("diagnostic", number, row.name, row.meaning, row.clause))
    kind, _, value = key.partition("=")
    if kind.isdecimal() and value.isdecimal() and (table := BIB_1_ATTRIBUTES.get(int(kind))):
        row = table.rows.get(int(value))
        if row:
            found.append(Explanation(table.name, key, row.name, row.meaning, row.clause))
    if table := TABLES.get(key):
        found.extend(Explanation(table.name, str(r.number), r.name, r.meaning, r.clause) for r in table.rows.values())
    return tuple(found)


__all__ = ["Explanation", "Inspection", "Span", "explain", "inspect"]
