"""A search filter in octets and back (RFC 4511 4.5.1.7), no deeper than `MAX_FILTER_DEPTH`."""

from __future__ import annotations

from collections.abc import Callable

from library_protocols import ber
from library_protocols.ber import CONTEXT, BerError, Head, Reader
from library_protocols.ldap import wire
from library_protocols.ldap.filters import (
    MAX_FILTER_DEPTH,
    MAX_FILTER_PARTS,
    And,
    Approx,
    Equality,
    Extensible,
    Filter,
    GreaterOrEqual,
    LessOrEqual,
    Not,
    Or,
    Present,
    Substrings,
    UnknownFilter,
)
from library_protocols.ldap.wire import Fields

AND, OR, NOT, EQUALITY, SUBSTRINGS, GREATER, LESS, PRESENT, APPROX, EXTENSIBLE = (CONTEXT | n for n in range(10))
"""Tags of the choices."""
INITIAL, ANY, FINAL = (CONTEXT | n for n in range(3))
"""Tags of the pieces of a substring."""
RULE, TYPE, MATCH_VALUE, DN_ATTRIBUTES = (CONTEXT | n for n in range(1, 5))
"""Tags of the parts of an extensible match."""

_Comparison = type[Equality] | type[GreaterOrEqual] | type[LessOrEqual] | type[Approx]
_COMPARISONS: dict[int, _Comparison] = {
    EQUALITY: Equality,
    GREATER: GreaterOrEqual,
    LESS: LessOrEqual,
    APPROX: Approx,
}
_TAGS: dict[type, int] = {cls: tag for tag, cls in _COMPARISONS.items()}


class _Count:
    """How many filters one filter holds, itself and the pieces of its substrings included."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_FILTER_PARTS

    def one_more(self, at: int) -> None:
        self.left -= 1
        if self.left < 0:
            raise BerError(f"a filter of more than {MAX_FILTER_PARTS} parts", at)


def read_filter(fields: Fields) -> Filter:
    """The filter that comes next. Raises BerError."""
    return _read(fields, 1, _Count())


def _read(fields: Fields, depth: int, count: _Count) -> Filter:
    at = fields.at
    count.one_more(at)
    if at >= fields.stop:
        raise BerError("filter is missing", at)
    if depth > MAX_FILTER_DEPTH:
        raise BerError(f"more than {MAX_FILTER_DEPTH} filters inside one another", at)
    reader = fields.reader
    head = fields.element()
    tag, constructed, start, stop, _ = head
    if tag == PRESENT:
        if constructed:
            raise BerError("present is constructed", at)
        return Present(reader.data[start:stop].decode("utf-8", "surrogateescape"))
    comparison = _COMPARISONS.get(tag)
    if comparison is not None:
        inner = _inside(reader, head, "a comparison")
        attribute, value = inner.text("attributeDesc"), inner.octets("assertionValue")
        inner.end()
        return comparison(attribute, value)
    if tag in (AND, OR):
        return _read_parts(And if tag == AND else Or, _inside(reader, head, "a list of filters"), depth, count)
    if tag == NOT:
        inner = _inside(reader, head, "not")
        part = _read(inner, depth + 1, count)
        inner.end()
        return Not(part)
    if tag == SUBSTRINGS:
        return _read_substrings(_inside(reader, head, "substrings"), count)
    if tag == EXTENSIBLE:
        return _read_extensible(_inside(reader, head, "extensibleMatch"))
    if tag >> 24 != CONTEXT >> 24:
        raise BerError(f"{ber.tag_name(tag)} is no filter", at)
    return UnknownFilter(tag - CONTEXT, reader.data[at:stop])


def _inside(reader: Reader, head: Head, what: str) -> Fields:
    if not head[1]:
        raise BerError(f"{what} is primitive", head[2])
    return Fields(reader, head[2], head[3])


def _read_parts(cls: Callable[[tuple[Filter, ...]], Filter], inner: Fields, depth: int, count: _Count) -> Filter:
    parts: list[Filter] = []
    while inner.at < inner.stop:
        parts.append(_read(inner, depth + 1, count))
    return cls(tuple(parts))


def _read_substrings(inner: Fields, count: _Count) -> Filter:
    attribute = inner.text("type")
    pieces = inner.inside(ber.SEQUENCE, "substrings")
    initial = pieces.optional_octets(INITIAL, "initial")
    middle: list[bytes] = []
    while (piece := pieces.optional_octets(ANY, "any")) is not None:
        count.one_more(pieces.at)
        middle.append(piece)
    final = pieces.optional_octets(FINAL, "final")
    if pieces.at < pieces.stop:
        raise BerError("pieces of a substring out of order", pieces.at)
    if initial is None and final is None and not middle:
        raise BerError("a substring without pieces", pieces.at)
    inner.end()
    return Substrings(attribute, initial, tuple(middle), final)


def _read_extensible(inner: Fields) -> Filter:
    at = inner.at
    rule = inner.optional_text(RULE, "matchingRule")
    attribute = inner.optional_text(TYPE, "type")
    value = inner.octets("matchValue", MATCH_VALUE)
    dn_attributes = inner.boolean("dnAttributes", DN_ATTRIBUTES) if inner.comes(DN_ATTRIBUTES) else False
    inner.end()
    if rule is None and attribute is None:
        raise BerError("an extensible match of neither a rule nor an attribute", at)
    return Extensible(rule, attribute, value, dn_attributes)


def write_filter(filter_: Filter) -> bytes:
    """The octets of a filter."""
    match filter_:
        case And(parts):
            return wire.sequence(*map(write_filter, parts), tag=AND)
        case Or(parts):
            return wire.sequence(*map(write_filter, parts), tag=OR)
        case Not(part):
            return wire.sequence(write_filter(part), tag=NOT)
        case Present(attribute):
            return wire.text(attribute, PRESENT)
        case Substrings(attribute, initial, middle, final):
            pieces = [] if initial is None else [wire.octets(initial, INITIAL)]
            pieces += [wire.octets(piece, ANY) for piece in middle]
            pieces += [] if final is None else [wire.octets(final, FINAL)]
            return wire.sequence(wire.text(attribute), wire.sequence(*pieces), tag=SUBSTRINGS)
        case Extensible(rule, attribute, value, dn_attributes):
            return wire.sequence(
                b"" if rule is None else wire.text(rule, RULE),
                b"" if attribute is None else wire.text(attribute, TYPE),
                wire.octets(value, MATCH_VALUE),
                ber.element(DN_ATTRIBUTES, False, b"\xff") if dn_attributes else b"",
                tag=EXTENSIBLE,
            )
        case UnknownFilter(_, octets):
            return octets
        case _:
            tag = _TAGS[type(filter_)]
            return wire.sequence(wire.text(filter_.attribute), wire.octets(filter_.value), tag=tag)
