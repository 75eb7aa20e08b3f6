"""The tree of a type-1 or type-101 query: operands with attributes, operators, result sets by name.

Terms keep their octets as they came: which charset they are in is for the owner of the session to know.
"""

from __future__ import annotations

from enum import IntEnum

from library_protocols.asn1 import INTEGER, TEXT, Choice, Composite, External, Implicit, optional, sequence
from library_protocols.ber import CONTEXT
from library_protocols.values import value

BIB_1 = "1.2.840.10003.3.1"
"""The attribute set of bibliographic searches."""


@value
class ComplexValue:
    """An attribute value that is a list of alternatives, in order of preference (version 3)."""

    values: tuple[str | int, ...]
    semantic_action: tuple[int, ...] | None = None


@value
class AttributeElement:
    """One attribute. `attribute_set` overrides the query's, for this attribute alone (version 3; some clients
    repeat the query's own set here on every attribute)."""

    type: int
    value: int | ComplexValue
    attribute_set: str | None = None


@value
class GeneralTerm:
    """What nearly all clients send: octets in whatever charset the two sides hold to."""

    octets: bytes


@value
class NumericTerm:
    value: int


@value
class StringTerm:
    """A characterString; undecodable octets are surrogates (`surrogateescape`)."""

    text: str


@value
class OidTerm:
    oid: str


@value
class DateTimeTerm:
    """GeneralizedTime as it came, e.g. `20261122120000Z`."""

    text: str


@value
class ExternalTerm:
    external: External


STRING_OR_NUMERIC = Choice((str, Implicit(CONTEXT | 1, TEXT)), (int, Implicit(CONTEXT | 2, INTEGER)))


@sequence
class Unit(Composite):
    """A unit of measure; `scale_factor` is a power of ten."""

    unit_system: str | None = optional(TEXT, 1, explicit=True, default=None)
    unit_type: str | int | None = optional(STRING_OR_NUMERIC, 2, default=None)
    unit: str | int | None = optional(STRING_OR_NUMERIC, 3, default=None)
    scale_factor: int | None = optional(INTEGER, 4, default=None)


@value
class IntegerAndUnitTerm:
    value: int
    unit: Unit


@value
class NullTerm:
    """No term at all; goes with relation "always matches"."""


Term = GeneralTerm | NumericTerm | StringTerm | OidTerm | DateTimeTerm | ExternalTerm | IntegerAndUnitTerm | NullTerm


@value
class AttributesPlusTerm:
    """A search for one term."""

    attributes: tuple[AttributeElement, ...]
    term: Term


@value
class ResultSetRef:
    """An earlier result as operand; with `attributes` it is a restriction of one (resultAttr, type-101)."""

    name: str
    attributes: tuple[AttributeElement, ...] = ()


class Operator(IntEnum):
    """Values are the tags of the choice on the wire."""

    AND = 0
    OR = 1
    AND_NOT = 2
    PROX = 3


class ProximityUnit(IntEnum):
    """KnownProximityUnit."""

    CHARACTER = 1
    WORD = 2
    SENTENCE = 3
    PARAGRAPH = 4
    SECTION = 5
    CHAPTER = 6
    DOCUMENT = 7
    ELEMENT = 8
    SUBELEMENT = 9
    ELEMENT_TYPE = 10
    BYTE = 11


class ProximityRelation(IntEnum):
    """How the distance found relates to the distance asked for."""

    LESS_THAN = 1
    LESS_THAN_OR_EQUAL = 2
    EQUAL = 3
    GREATER_THAN_OR_EQUAL = 4
    GREATER_THAN = 5
    NOT_EQUAL = 6


@value
class Proximity:
    """How near the two operands must be. `relation` and `unit` may hold numbers their tables do not know;
    `private_unit`: the unit is not of the table at all. `exclusion`: they must not be so near."""

    distance: int
    ordered: bool
    relation: int
    unit: int
    private_unit: bool = False
    exclusion: bool | None = None


@value
class Operation:
    """Two operands and what joins them; `proximity` is there if and only if `operator` is PROX."""

    operator: Operator
    left: RpnNode
    right: RpnNode
    proximity: Proximity | None = None


RpnNode = AttributesPlusTerm | ResultSetRef | Operation


@value
class RpnQuery:
    """`attribute_set` (an OID) holds for every attribute that names none of its own."""

    attribute_set: str
    root: RpnNode
