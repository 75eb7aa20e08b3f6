"""Octets explained: every one of them belongs to a span that says what it is.

The walk is along the layout, so even a message that cannot be read as a whole is explained up to where it goes wrong.
`explain` answers for an operation, a result code, an OID, a sub-code of Active Directory, an option.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from library_protocols import ber
from library_protocols.ber import BerError, Head, Reader
from library_protocols.ldap import codec
from library_protocols.ldap.errors import DecodeError
from library_protocols.ldap.facts import BIND_REASONS, OIDS, OIDS_BY_NAME, OPERATIONS, OPTIONS, RESULTS, bind_reason
from library_protocols.ldap.facts.layout import Element
from library_protocols.ldap.facts.secrets import SECRET_ATTRIBUTES
from library_protocols.ldap.messages import Change, Deref, LdapMessage, Scope
from library_protocols.ldap.walk import walk
from library_protocols.spans import Span


@dataclass(frozen=True, slots=True)
class Inspection:
    """All octets of `data` as spans, in order and without gaps; the messages in them; what is wrong."""

    data: bytes
    spans: tuple[Span, ...]
    messages: tuple[LdapMessage, ...]
    remarks: tuple[str, ...]


def inspect(data: bytes) -> Inspection:
    """Explain one message, or several one after the other. Never raises, whatever `data` holds."""
    reader = Reader(data)
    spans: list[Span] = []
    messages: list[LdapMessage] = []
    remarks: list[str] = []
    at = 0
    while at < len(data):
        try:
            stop = reader.head(at, len(data))[4]
            walk(reader, at, stop, _Spans(data, spans).visit)
            messages.append(codec.decode(data[at:stop]))
            at = stop
        except BerError as error:
            remarks.append(str(error))
            at = _rest(data, spans)
        except DecodeError as error:
            remarks.append(str(DecodeError(error.reason, at + error.offset)))
            at = _rest(data, spans)
    return Inspection(data, tuple(spans), tuple(messages), tuple(remarks))


def _rest(data: bytes, spans: list[Span]) -> int:
    """Everything behind the last span is one that nobody knows."""
    done = spans[-1].offset + spans[-1].length if spans else 0
    left = len(data) - done
    if left:
        spans.append(Span(done, left, "unknown", "", "", f"{left} octets", "", ""))
    return len(data)


class _Spans:
    """Spans in the order of the walk; an element without a clause of its own has that of what it stands in."""

    def __init__(self, data: bytes, spans: list[Span]) -> None:
        self.data = data
        self.spans = spans
        self.clauses: list[str] = []  # of the elements around, from the outside in

    def visit(self, at: int, head: Head, element: Element | None, depth: int, attribute: bytes) -> None:
        tag, constructed, start, stop, _ = head
        del self.clauses[depth:]
        own = element.clause if element else ""
        self.clauses.append(own or (self.clauses[-1] if self.clauses else ""))
        title = element.name if element else ""
        container = constructed and element is not None
        value, meaning, end = "", "", start if container else stop
        if not container:
            value, meaning = _value(element.kind if element else "", self.data[start:stop])
        if depth == 1 and (fact := OPERATIONS.get(tag - ber.APPLICATION)):
            meaning = fact.meaning
        kind = "unknown" if element is None else "header" if container else "field"
        clause = self.clauses[-1] if element else ""
        self.spans.append(Span(at, end - at, kind, ber.tag_name(tag), title, value, meaning, clause, depth))


def _shown(octets: bytes) -> str:
    text = octets.decode("utf-8", "replace")
    if text.isprintable() and "\ufffd" not in text:
        return text
    return octets.hex() if len(octets) <= 16 else f"{len(octets)} octets"


def _named(names: type[Scope] | type[Deref] | type[Change]) -> Callable[[int], str]:
    words = {int(one): one.name.lower() for one in names}
    return lambda number: words.get(number, "")


_NUMBERS: dict[str, Callable[[int], str]] = {
    "number": lambda number: "",
    "boolean": lambda number: "true" if number else "false",
    "result": lambda number: f"{RESULTS[number].name}: {RESULTS[number].meaning}" if number in RESULTS else "",
    "scope": _named(Scope),
    "deref": _named(Deref),
    "change": _named(Change),
}


def _value(kind: str, octets: bytes) -> tuple[str, str]:
    """A value as text, and what it means."""
    words = _NUMBERS.get(kind)
    if words is not None and 0 < len(octets) <= ber.MAX_INTEGER:
        number = int.from_bytes(octets, "big", signed=kind != "boolean")
        return str(number), words(number)
    text = _shown(octets)
    if kind == "oid" and text in OIDS:
        return text, f"{OIDS[text].name}: {OIDS[text].meaning}"
    if kind == "diagnostic" and (reason := BIND_REASONS.get(bind_reason(text))):
        return text, f"{reason.code}: {reason.meaning}"
    if kind == "name" and text in OPTIONS:
        return text, OPTIONS[text].meaning
    return text, ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One thing of the tables: its code, name and meaning, and where that is written."""

    kind: str
    code: str
    name: str
    meaning: str
    clause: str


def explain(text: str) -> tuple[Explanation, ...]:
    """What the tables say about a result code (`49`, `invalidCredentials`), an OID or its name, a sub-code of Active
    Directory (`52e`, `data 52e`, or a whole diagnostic with one), an operation's name or tag (`[APPLICATION 3]`), an
    option or selector (`range=`, `+`), an attribute that is a secret. Empty when they say nothing."""
    key = text.strip().lower()
    found: list[Explanation] = []
    for fact in RESULTS.values():
        if key in (str(fact.code), fact.name.lower()):
            found.append(Explanation("result code", str(fact.code), fact.name, fact.meaning, fact.clause))
    reason = BIND_REASONS.get(bind_reason(text) or key.removeprefix("data").strip())
    if reason is not None:
        found.append(Explanation("Active Directory", reason.code, reason.name, reason.meaning, reason.clause))
    one = OIDS.get(key) or OIDS_BY_NAME.get(key)
    if one is not None:
        found.append(Explanation(one.kind, one.oid, one.name, one.meaning, one.clause))
    for fact in OPERATIONS.values():
        tag = f"[APPLICATION {fact.tag}]"
        if key in (fact.name.lower(), tag.lower()):
            found.append(Explanation("operation", tag, fact.name, fact.meaning, fact.clause))
    if key in OPTIONS:
        found.append(Explanation("attribute option", key, key, OPTIONS[key].meaning, OPTIONS[key].clause))
    if key in SECRET_ATTRIBUTES:
        row = SECRET_ATTRIBUTES[key]
        found.append(Explanation("secret attribute", row.name, row.name, row.meaning, row.clause))
    return tuple(found)


def explained_names() -> tuple[str, ...]:
    """What `explain` may be asked for by name."""
    return (
        *(fact.name for fact in RESULTS.values()),
        *(fact.name for fact in OIDS.values()),
        *(fact.name for fact in OPERATIONS.values()),
        *SECRET_ATTRIBUTES,
    )


__all__ = ["Explanation", "Inspection", "Span", "explain", "explained_names", "inspect"]
