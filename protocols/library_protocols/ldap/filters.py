"""Search filters as values, and their text both ways (RFC 4515).

The text is read leniently where tools write it so: blanks between parts, and an item without its parentheses. A value
is octets; in text what is no printable UTF-8 is written octet by octet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from library_protocols.asn1 import write_text
from library_protocols.ldap.errors import FilterError

MAX_FILTER_DEPTH = 64
"""Filters inside one another. People and programs write fewer than ten; whatever walks a filter may call itself."""

MAX_FILTER_PARTS = 4096
"""Filters and pieces of substrings in one filter, all together. Programs that ask for many people at once put a few
hundred into one; each part is work for every entry."""


@dataclass(frozen=True, slots=True)
class And:
    """True where all parts are; without parts always (RFC 4526)."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True where a part is; without parts never (RFC 4526)."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Turns true and false about; undefined stays so."""

    part: Filter


@dataclass(frozen=True, slots=True)
class Equality:
    attribute: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Substrings:
    """At least one of the three is given; `any` in their order."""

    attribute: str
    initial: bytes | None = None
    any: tuple[bytes, ...] = ()
    final: bytes | None = None


@dataclass(frozen=True, slots=True)
class GreaterOrEqual:
    attribute: str
    value: bytes


@dataclass(frozen=True, slots=True)
class LessOrEqual:
    attribute: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Present:
    attribute: str


@dataclass(frozen=True, slots=True)
class Approx:
    attribute: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Extensible:
    """A match by a named rule, of one attribute, of all that the rule is for (no `attribute`), or of the name's parts
    too (`dn_attributes`). Without a `rule` it is the attribute's equality."""

    rule: str | None
    attribute: str | None
    value: bytes
    dn_attributes: bool = False


@dataclass(frozen=True, slots=True)
class UnknownFilter:
    """A choice that RFC 4511 does not have: undefined for every entry. `octets` with tag and length."""

    tag: int
    octets: bytes


Filter = (
    And | Or | Not | Equality | Substrings | GreaterOrEqual | LessOrEqual | Present | Approx | Extensible
    | UnknownFilter
)  # fmt: skip

# An attribute description (RFC 4512 2.5), and the underscores that some servers' own attributes have.
_DESCRIPTION = r"[A-Za-z0-9][A-Za-z0-9._-]*(?:;[A-Za-z0-9_-]+)*"
_ITEM = re.compile(rf"(?P<attribute>{_DESCRIPTION})?(?P<extended>(?::[A-Za-z0-9._-]+)*)(?P<kind>:=|>=|<=|~=|=)")
_HEX = re.compile(r"[0-9A-Fa-f]{2}")
_UNSAFE = frozenset(b"*()\\\x7f") | frozenset(range(0x20))


def escape_filter_value(value: bytes | str) -> str:
    """A value as it stands in a filter's text (RFC 4515 3): nothing in it is taken for a part of the filter.

    Octets that are no printable UTF-8, such as a GUID, are all written as `\\xx`.
    """
    if isinstance(value, bytes):
        text = value.decode("utf-8", "replace")
        if "\ufffd" in text or not text.isprintable():
            return "".join(f"\\{octet:02x}" for octet in value)
        value = text
    escaped: list[str] = []
    for character in value:
        code = ord(character)
        if code in _UNSAFE:
            escaped.append(f"\\{code:02x}")
        elif 0xD800 <= code <= 0xDFFF:
            escaped.append("".join(f"\\{octet:02x}" for octet in write_text(character)))
        else:
            escaped.append(character)
    return "".join(escaped)


def filter_text(filter_: Filter) -> str:
    """The text of a filter. One that has none in RFC 4515 is `(?=unknown)`, which nothing reads."""
    match filter_:
        case And(parts):
            return f"(&{''.join(map(filter_text, parts))})"
        case Or(parts):
            return f"(|{''.join(map(filter_text, parts))})"
        case Not(part):
            return f"(!{filter_text(part)})"
        case Present(attribute):
            return f"({attribute}=*)"
        case Equality(attribute, value):
            return f"({attribute}={escape_filter_value(value)})"
        case GreaterOrEqual(attribute, value):
            return f"({attribute}>={escape_filter_value(value)})"
        case LessOrEqual(attribute, value):
            return f"({attribute}<={escape_filter_value(value)})"
        case Approx(attribute, value):
            return f"({attribute}~={escape_filter_value(value)})"
        case Substrings(attribute, initial, middle, final):
            pieces = (initial or b"", *middle, final or b"")
            return f"({attribute}={'*'.join(map(escape_filter_value, pieces))})"
        case Extensible(rule, attribute, value, dn_attributes):
            about = (attribute or "") + (":dn" if dn_attributes else "") + (f":{rule}" if rule else "")
            return f"({about}:={escape_filter_value(value)})"
        case UnknownFilter():
            return "(?=unknown)"


def parse_filter(text: str) -> Filter:
    """The filter that a text says. Raises FilterError."""
    parser = _Parser(text)
    parser.blanks()
    if parser.peek() == "(":
        found = parser.filter(1)
    else:
        found = parser.item(len(text))
        parser.at = len(text)
    parser.blanks()
    if parser.at < len(text):
        raise FilterError("something stands behind the filter", parser.at)
    return found


class _Parser:
    __slots__ = ("at", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def blanks(self) -> None:
        while self.peek() in (" ", "\t", "\r", "\n"):
            self.at += 1

    def filter(self, depth: int) -> Filter:
        if depth > MAX_FILTER_DEPTH:
            raise FilterError(f"more than {MAX_FILTER_DEPTH} filters inside one another", self.at)
        opened = self.at
        self.at += 1
        self.blanks()
        kind = self.peek()
        if kind in ("&", "|"):
            self.at += 1
            parts = self._list(depth)
            found: Filter = And(parts) if kind == "&" else Or(parts)
        elif kind == "!":
            self.at += 1
            self.blanks()
            if self.peek() != "(":
                raise FilterError("`!` needs a filter in parentheses", self.at)
            found = Not(self.filter(depth + 1))
            self.blanks()
        else:
            stop = self.text.find(")", self.at)
            if stop < 0:
                raise FilterError("a parenthesis is not closed", opened)
            found = self.item(stop)
            self.at = stop
        if self.peek() != ")":
            raise FilterError("a parenthesis is not closed", opened)
        self.at += 1
        return found

    def _list(self, depth: int) -> tuple[Filter, ...]:
        parts: list[Filter] = []
        self.blanks()
        while self.peek() == "(":
            parts.append(self.filter(depth + 1))
            self.blanks()
        return tuple(parts)

    def item(self, stop: int) -> Filter:
        """A comparison up to `stop`."""
        start = self.at
        match = _ITEM.match(self.text, start, stop)
        if match is None:
            raise FilterError("no comparison: an attribute and one of = >= <= ~= := are missing", start)
        attribute, kind, at = match["attribute"], match["kind"], match.end()
        if kind == ":=":
            return self._extensible(attribute, match["extended"], at, stop)
        if not attribute or match["extended"]:
            raise FilterError("the attribute is missing", start)
        if kind == "=":
            return self._equality(attribute, at, stop)
        value = self._value(at, stop)
        if kind == ">=":
            return GreaterOrEqual(attribute, value)
        return LessOrEqual(attribute, value) if kind == "<=" else Approx(attribute, value)

    def _extensible(self, attribute: str | None, extended: str, at: int, stop: int) -> Filter:
        names = extended.split(":")[1:]
        dn_attributes = bool(names) and names[0].lower() == "dn"
        rules = names[1:] if dn_attributes else names
        if len(rules) > 1 or (not attribute and not rules):
            raise FilterError("`:=` needs an attribute or one matching rule", at)
        return Extensible(rules[0] if rules else None, attribute, self._value(at, stop), dn_attributes)

    def _equality(self, attribute: str, at: int, stop: int) -> Filter:
        text = self.text[at:stop]
        if text == "*":
            return Present(attribute)
        if "*" not in text:
            return Equality(attribute, self._value(at, stop))
        pieces: list[bytes] = []
        for piece in text.split("*"):
            pieces.append(self._value(at, at + len(piece)))
            at += len(piece) + 1
        initial, *middle, final = pieces
        if not all(middle) or not (initial or middle or final):
            raise FilterError("nothing stands between two `*`", at - 1)
        return Substrings(attribute, initial or None, tuple(middle), final or None)

    def _value(self, at: int, stop: int) -> bytes:
        out = bytearray()
        text = self.text
        while at < stop:
            character = text[at]
            if character == "\\":
                pair = _HEX.match(text, at + 1, stop)
                if pair is None:
                    raise FilterError("`\\` needs two hexadecimal digits", at)
                out.append(int(pair[0], 16))
                at += 3
                continue
            if character in "*(":
                raise FilterError(f"`{character}` in a value is written \\{ord(character):02x}", at)
            out += write_text(character)
            at += 1
        return bytes(out)
