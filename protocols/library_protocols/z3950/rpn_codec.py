"""RPN queries in BER. Written by hand, for a tree may be deep: its depth and size have limits of their own."""

from __future__ import annotations

from typing import Any

from library_protocols import asn1, ber
from library_protocols.asn1 import EXTERNAL, INTEGER, OCTETS, OID, TEXT, Implicit, Sequence, Type, required, sequence
from library_protocols.ber import CONTEXT, BerError, Head, Reader
from library_protocols.z3950.rpn import (
    BIB_1,
    STRING_OR_NUMERIC,
    AttributeElement,
    AttributesPlusTerm,
    ComplexValue,
    DateTimeTerm,
    ExternalTerm,
    GeneralTerm,
    IntegerAndUnitTerm,
    NullTerm,
    NumericTerm,
    OidTerm,
    Operation,
    Operator,
    Proximity,
    ResultSetRef,
    RpnNode,
    RpnQuery,
    StringTerm,
    Term,
    Unit,
)

MAX_RPN_DEPTH = 200
"""Operations inside one another: more than any form of a client makes, few enough for everything that walks a tree
by calling itself."""
MAX_ATTRIBUTES = 100
"""Attributes of one operand. Six types are in use, a few of them twice."""

_REMEMBERED, _REMEMBERED_OCTETS = 1_000, 300
"""Lists of attributes that are remembered, and the octets of the longest."""
_RESULT_SET_ID = CONTEXT | 31
_ATTRIBUTE_LIST = CONTEXT | 44
_GENERAL_TERM = CONTEXT | 45
_OPERATOR = CONTEXT | 46
_ATTRIBUTES_PLUS_TERM = CONTEXT | 102
_RESULT_SET_PLUS_ATTRIBUTES = CONTEXT | 214
_OPERAND_BEGINS = ber.write_tag(_ATTRIBUTES_PLUS_TERM, True)
_LIST = ber.write_tag(_ATTRIBUTE_LIST, True)
_TERM_BEGINS = ber.write_tag(_GENERAL_TERM, False)
_BIB_1 = OID.write(BIB_1)
_STRINGS = asn1.SequenceOf(STRING_OR_NUMERIC)
_INTEGERS = asn1.SequenceOf(INTEGER)


class _AttributeElement(Type):
    tags = (ber.SEQUENCE,)
    constructed = True

    def read(self, reader: Reader, head: Head, depth: int) -> AttributeElement:
        kind = value = attribute_set = None
        for item in reader.children(head[2], head[3]):
            tag = item[0]
            if tag == CONTEXT | 120:
                kind = ber.integer(reader, item)
            elif tag == CONTEXT | 121:
                value = ber.integer(reader, item)
            elif tag == CONTEXT | 1:
                attribute_set = ber.oid(reader, item)
            elif tag == CONTEXT | 224:
                value = _complex(reader, item, depth + 1)
        if kind is None or value is None:
            raise BerError("an attribute without type or value", head[2])
        return AttributeElement(kind, value, attribute_set)

    def contents(self, value: Any, /) -> bytes:
        parts: list[bytes] = []
        if value.attribute_set is not None:
            parts.append(ber.element(CONTEXT | 1, False, ber.write_oid(value.attribute_set)))
        parts.append(ber.element(CONTEXT | 120, False, ber.write_integer(value.type)))
        if isinstance(value.value, int):
            parts.append(ber.element(CONTEXT | 121, False, ber.write_integer(value.value)))
        else:
            inner = ber.element(CONTEXT | 1, True, _STRINGS.contents(value.value.values))
            if value.value.semantic_action is not None:
                inner += ber.element(CONTEXT | 2, True, _INTEGERS.contents(value.value.semantic_action))
            parts.append(ber.element(CONTEXT | 224, True, inner))
        return b"".join(parts)


def _complex(reader: Reader, head: Head, depth: int) -> ComplexValue:
    values: tuple[str | int, ...] | None = None
    action = None
    for item in reader.children(head[2], head[3]):
        if item[0] == CONTEXT | 1:
            values = _STRINGS.read(reader, item, depth)
        elif item[0] == CONTEXT | 2:
            action = _INTEGERS.read(reader, item, depth)
    if values is None:
        raise BerError("a list of attribute values without its list", head[2])
    return ComplexValue(values, action)


ATTRIBUTE_ELEMENT = _AttributeElement()


class _AttributeList(asn1.SequenceOf):
    """Remembers what it has read: a client sends the same few lists with every query."""

    def __init__(self) -> None:
        super().__init__(ATTRIBUTE_ELEMENT, (_ATTRIBUTE_LIST,))
        self._known: dict[bytes, tuple[AttributeElement, ...]] = {}

    def known(self, octets: bytes) -> tuple[AttributeElement, ...] | None:
        """What has been read of just these contents; None where nothing has."""
        return self._known.get(octets)

    def read(self, reader: Reader, head: Head, depth: int) -> tuple[AttributeElement, ...]:
        octets = reader.data[head[2] : head[3]]
        known = self._known.get(octets)
        if known is not None and head[1]:
            return known
        found = super().read(reader, head, depth)
        if len(found) > MAX_ATTRIBUTES:
            raise BerError(f"an operand with more than {MAX_ATTRIBUTES} attributes", head[2])
        if len(octets) <= _REMEMBERED_OCTETS:
            if len(self._known) == _REMEMBERED:
                self._known.clear()
            self._known[octets] = found
        return found


ATTRIBUTE_LIST = _AttributeList()


@sequence
class _IntUnit(asn1.Composite):
    value: int = required(INTEGER, 1)
    unit_used: Unit = required(Sequence(Unit), 2)


INT_UNIT = Sequence(_IntUnit)


class _Term(Type):
    """Term; every kind has a class."""

    tags = tuple(CONTEXT | tag for tag in (45, 215, 216, 217, 218, 219, 220, 221))

    def read(self, reader: Reader, head: Head, depth: int) -> Term:
        match head[0] & 0xFFFFFF:
            case 45:
                return GeneralTerm(ber.octets(reader, head))
            case 215:
                return NumericTerm(ber.integer(reader, head))
            case 216:
                return StringTerm(asn1.text(reader, head))
            case 217:
                return OidTerm(ber.oid(reader, head))
            case 218:
                return DateTimeTerm(asn1.text(reader, head))
            case 219:
                return ExternalTerm(EXTERNAL.read(reader, head, depth))
            case 220:
                measured = INT_UNIT.read(reader, head, depth)
                return IntegerAndUnitTerm(measured.value, measured.unit_used)
            case 221:
                ber.null(reader, head)
                return NullTerm()
            case _:
                raise BerError(f"{ber.tag_name(head[0])} is no kind of term", head[2])

    def write(self, value: Any, /) -> bytes:
        match value:
            case GeneralTerm(octets):
                return Implicit(CONTEXT | 45, OCTETS).write(octets)
            case NumericTerm(number):
                return Implicit(CONTEXT | 215, INTEGER).write(number)
            case StringTerm(text):
                return Implicit(CONTEXT | 216, TEXT).write(text)
            case OidTerm(oid):
                return Implicit(CONTEXT | 217, OID).write(oid)
            case DateTimeTerm(text):
                return Implicit(CONTEXT | 218, TEXT).write(text)
            case ExternalTerm(external):
                return Implicit(CONTEXT | 219, EXTERNAL).write(external)
            case IntegerAndUnitTerm(number, unit):
                return Implicit(CONTEXT | 220, INT_UNIT).write(_IntUnit(value=number, unit_used=unit))
            case NullTerm():
                return ber.element(CONTEXT | 221, False, b"")
            case _:
                raise TypeError(f"{value!r} is no term")


TERM = _Term()


class _AttributesPlusTerm(Type):
    tags = (_ATTRIBUTES_PLUS_TERM,)
    constructed = True

    def read(self, reader: Reader, head: Head, depth: int) -> AttributesPlusTerm:
        attributes: tuple[AttributeElement, ...] = ()
        term: Term | None = None
        at, stop = head[2], head[3]
        while at < stop:
            item = reader.head(at, stop)
            at = item[4]
            if item[0] == _GENERAL_TERM:
                term = GeneralTerm(ber.octets(reader, item))
            elif item[0] == _ATTRIBUTE_LIST:
                attributes = ATTRIBUTE_LIST.read(reader, item, depth + 1)
            elif item[0] in TERM.tags:
                term = TERM.read(reader, item, depth + 1)
        if term is None:
            raise BerError("an operand without a term", head[2])
        return AttributesPlusTerm(attributes, term)

    def contents(self, value: Any, /) -> bytes:
        return ATTRIBUTE_LIST.write(value.attributes) + TERM.write(value.term)


ATTRIBUTES_PLUS_TERM = _AttributesPlusTerm()


class _RpnQuery(Type):
    tags = (ber.SEQUENCE,)
    constructed = True

    def read(self, reader: Reader, head: Head, depth: int) -> RpnQuery:
        if reader.data.startswith(_BIB_1, head[2]):
            root = reader.head(head[2] + len(_BIB_1), head[3])
            if root[4] == head[3]:
                return RpnQuery(BIB_1, _read_node(reader, root, 0))
        attribute_set = reader.head(head[2], head[3])
        root = reader.head(attribute_set[4], head[3])
        if root[4] != head[3]:
            raise BerError("more than 2 elements where there are 2", root[4])
        if attribute_set[0] != ber.OBJECT_IDENTIFIER:
            raise BerError("a query without attribute set or root", head[2])
        return RpnQuery(ber.oid(reader, attribute_set), _read_node(reader, root, 0))

    def contents(self, value: Any, /) -> bytes:
        return OID.write(value.attribute_set) + _write_node(value.root)


RPN_QUERY = _RpnQuery()


def _read_node(reader: Reader, head: Head, depth: int) -> RpnNode:
    if depth > MAX_RPN_DEPTH:
        raise BerError(f"a query with more than {MAX_RPN_DEPTH} operations inside one another", head[2])
    tag, constructed = head[0], head[1]
    if not constructed or tag not in (CONTEXT, CONTEXT | 1):
        raise BerError(f"{ber.tag_name(tag)} is neither an operand nor an operation", head[2])
    if tag == CONTEXT:
        usual = _usual_operand(reader.data, head[2], head[3])
        if usual is not None:
            return usual
        operand = reader.head(head[2], head[3])
        if operand[4] != head[3]:
            raise BerError("more than 1 elements where there are 1", operand[4])
        return _read_operand(reader, operand)
    left = reader.head(head[2], head[3])
    right = reader.head(left[4], head[3])
    plain = _PLAIN_OPERATORS.get(reader.data[right[4] : head[3]])
    if plain is not None:
        return Operation(plain, _read_node(reader, left, depth + 1), _read_node(reader, right, depth + 1))
    left, right, operator = _exactly(reader, head, 3)
    kind, proximity = _read_operator(reader, operator)
    return Operation(kind, _read_node(reader, left, depth + 1), _read_node(reader, right, depth + 1), proximity)


_PLAIN_OPERATORS = {
    ber.element(_OPERATOR, True, ber.element(CONTEXT | kind, False, b"")): kind
    for kind in (Operator.AND, Operator.OR, Operator.AND_NOT)
}
"""Octets of the operators that say nothing but which they are."""


def _usual_operand(data: bytes, at: int, stop: int) -> AttributesPlusTerm | None:
    """The operand between two offsets where it is what nearly all are, each length in one octet: attributes that have
    been read before, and a term of octets. None where it is anything else, or wrong."""
    if not 11 <= stop - at < 0x80 or not data.startswith(_OPERAND_BEGINS, at) or not data.startswith(_LIST, at + 3):
        return None
    end = at + 6 + data[at + 5]
    if end + 3 > stop or not data.startswith(_TERM_BEGINS, end):
        return None
    if data[at + 2] != stop - at - 3 or data[end + 2] != stop - end - 3:
        return None
    attributes = ATTRIBUTE_LIST.known(data[at + 6 : end])
    return None if attributes is None else AttributesPlusTerm(attributes, GeneralTerm(data[end + 3 : stop]))


def _exactly(reader: Reader, head: Head, count: int) -> list[Head]:
    found: list[Head] = []
    at, stop = head[2], head[3]
    while at < stop:
        item = reader.head(at, stop)
        if len(found) == count:
            raise BerError(f"more than {count} elements where there are {count}", item[2])
        found.append(item)
        at = item[4]
    if len(found) != count:
        raise BerError(f"{len(found)} elements where there are {count}", head[2])
    return found


def _read_operand(reader: Reader, head: Head) -> AttributesPlusTerm | ResultSetRef:
    tag = head[0]
    if tag == _ATTRIBUTES_PLUS_TERM:
        return ATTRIBUTES_PLUS_TERM.read(reader, head, 0)
    if tag == _RESULT_SET_ID:
        return ResultSetRef(asn1.text(reader, head))
    if tag == _RESULT_SET_PLUS_ATTRIBUTES:
        name, attributes = None, ()
        for item in reader.children(head[2], head[3]):
            if item[0] == _RESULT_SET_ID:
                name = asn1.text(reader, item)
            elif item[0] == _ATTRIBUTE_LIST:
                attributes = ATTRIBUTE_LIST.read(reader, item, 0)
        if name is None:
            raise BerError("a restriction of no result set", head[2])
        return ResultSetRef(name, attributes)
    raise BerError(f"{ber.tag_name(tag)} is no operand", head[2])


def _read_operator(reader: Reader, head: Head) -> tuple[Operator, Proximity | None]:
    if head[0] != _OPERATOR or not head[1]:
        raise BerError(f"{ber.tag_name(head[0])} where an operator is", head[2])
    (choice,) = _exactly(reader, head, 1)
    tag = choice[0] - CONTEXT
    if not 0 <= tag <= 3:
        raise BerError(f"{ber.tag_name(choice[0])} is no operator", choice[2])
    if tag == Operator.PROX:
        return Operator.PROX, _read_proximity(reader, choice)
    ber.null(reader, choice)
    return Operator(tag), None


def _read_proximity(reader: Reader, head: Head) -> Proximity:
    values: dict[int, Any] = {}
    private = False
    for item in reader.children(head[2], head[3]):
        tag = item[0] - CONTEXT
        if tag in (1, 3):
            values[tag] = ber.boolean(reader, item)
        elif tag in (2, 4):
            values[tag] = ber.integer(reader, item)
        elif tag == 5:
            (unit,) = _exactly(reader, item, 1)
            private = unit[0] == CONTEXT | 2
            values[tag] = ber.integer(reader, unit)
    if not values.keys() >= {2, 3, 4, 5}:
        raise BerError("proximity without distance, order, relation or unit", head[2])
    return Proximity(values[2], values[3], values[4], values[5], private, values.get(1))


def _write_node(node: RpnNode) -> bytes:
    if isinstance(node, AttributesPlusTerm):
        return ber.element(CONTEXT, True, ATTRIBUTES_PLUS_TERM.write(node))
    if isinstance(node, ResultSetRef):
        operand = Implicit(_RESULT_SET_ID, TEXT).write(node.name)
        if node.attributes:
            operand += ATTRIBUTE_LIST.write(node.attributes)
            operand = ber.element(_RESULT_SET_PLUS_ATTRIBUTES, True, operand)
        return ber.element(CONTEXT, True, operand)
    if node.proximity is None:
        choice = ber.element(CONTEXT | node.operator, False, b"")
    else:
        choice = ber.element(CONTEXT | node.operator, True, _proximity_contents(node.proximity))
    operator = ber.element(_OPERATOR, True, choice)
    return ber.element(CONTEXT | 1, True, _write_node(node.left) + _write_node(node.right) + operator)


def _proximity_contents(proximity: Proximity) -> bytes:
    parts: list[bytes] = []
    if proximity.exclusion is not None:
        parts.append(ber.element(CONTEXT | 1, False, b"\xff" if proximity.exclusion else b"\0"))
    unit = ber.element(CONTEXT | (2 if proximity.private_unit else 1), False, ber.write_integer(proximity.unit))
    return b"".join((
        *parts,
        ber.element(CONTEXT | 2, False, ber.write_integer(proximity.distance)),
        ber.element(CONTEXT | 3, False, b"\xff" if proximity.ordered else b"\0"),
        ber.element(CONTEXT | 4, False, ber.write_integer(proximity.relation)),
        ber.element(CONTEXT | 5, True, unit),
    ))  # fmt: skip
