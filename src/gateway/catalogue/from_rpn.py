"""A type-1 query becomes the catalogue's query: Bib-1 attributes, as real clients send them, by the index map.

Attributes may be missing, repeated, or carry their set's OID each. Where an attribute is not served, or not together
with the others, the diagnostic names it; a client that cannot help itself may be given a `Fallback` instead. What a
list of attributes means is found once and kept as a plan: clients send the same few lists with every term.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, TypeVar

from gateway.catalogue.index.compile import MOST_NODES, Size
from gateway.catalogue.index.compile import term as compiled
from gateway.catalogue.index.patterns import words
from gateway.catalogue.index_map import INDEXES, Index, Kind, by_use
from gateway.catalogue.query import (
    AllRecords,
    And,
    AndNot,
    Completeness,
    Or,
    Position,
    ProblemCode,
    Prox,
    Query,
    QueryProblem,
    Relation,
    ResultSetRef,
    Structure,
    Term,
    Truncation,
)
from library_protocols.z3950 import rpn
from library_protocols.z3950.rpn import BIB_1, AttributeElement

DEEPEST = 256
"""Operators below each other: trees are walked by recursion."""

USE, RELATION, POSITION, STRUCTURE, TRUNCATION, COMPLETENESS = range(1, 7)

# Bib-1, type 2. 100 (phonetic) and 101 (stem) are not served.
_RELATIONS = {
    1: Relation.LESS, 2: Relation.LESS_OR_EQUAL, 3: Relation.EQUAL, 4: Relation.GREATER_OR_EQUAL,
    5: Relation.GREATER, 6: Relation.NOT_EQUAL, 102: Relation.EQUAL, 103: Relation.PRESENT,
}  # fmt: skip
_RELEVANCE = 102
# Type 3.
_POSITIONS = {1: Position.FIRST_IN_FIELD, 2: Position.FIRST_IN_SUBFIELD, 3: Position.ANY}
# Type 4. 103 (structure) is not served; a URX is an identifier written as a URI.
_STRUCTURES = {
    1: Structure.PHRASE, 2: Structure.WORD, 3: Structure.KEY, 4: Structure.DATE, 5: Structure.DATE, 6: Structure.ALL,
    100: Structure.DATE, 101: Structure.PHRASE, 102: Structure.ALL, 105: Structure.ANY, 106: Structure.ANY,
    107: Structure.KEY, 108: Structure.PHRASE, 109: Structure.NUMBER, 104: Structure.KEY,
}  # fmt: skip
# Type 5. 102 and 103 (regular expressions) are not served.
_TRUNCATIONS = {
    1: Truncation.RIGHT, 2: Truncation.LEFT, 3: Truncation.BOTH, 100: Truncation.NONE, 101: Truncation.MASKED,
    104: Truncation.MASKED,
}  # fmt: skip
_HASH, _CCL = 101, 104
# Type 6.
_COMPLETENESS = {1: Completeness.INCOMPLETE, 2: Completeness.SUBFIELD, 3: Completeness.FIELD}

SERVED: dict[int, tuple[int, ...]] = {
    USE: tuple(sorted(use for index in INDEXES.values() for use in index.bib1)),
    RELATION: tuple(sorted(_RELATIONS)),
    POSITION: tuple(sorted(_POSITIONS)),
    STRUCTURE: tuple(sorted(_STRUCTURES)),
    TRUNCATION: tuple(sorted(_TRUNCATIONS)),
    COMPLETENESS: tuple(sorted(_COMPLETENESS)),
}
"""Attribute type -> the values that are served, for Explain."""

_PROBLEMS = {
    USE: ProblemCode.INDEX,
    RELATION: ProblemCode.RELATION,
    POSITION: ProblemCode.POSITION,
    STRUCTURE: ProblemCode.STRUCTURE,
    TRUNCATION: ProblemCode.TRUNCATION,
    COMPLETENESS: ProblemCode.COMPLETENESS,
}
_TYPE_OF = {code: kind for kind, code in _PROBLEMS.items()}


@dataclass(frozen=True, slots=True)
class Fallback:
    """What is done for clients that send what is not served.

    `use`: the Use attribute where there is none. `unknown_use`: the one in the place of one without an index; None
    refuses. `relax`: attributes other than Use that are not served, or not together, are left out of account.
    """

    use: int = 1016
    unknown_use: int | None = None
    relax: bool = False


STRICT = Fallback()
Decode = Callable[[bytes], str]
T = TypeVar("T")


def utf8(octets: bytes) -> str:
    """Terms in UTF-8, or in Latin-1 where they are not: what most clients send that negotiated nothing."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def query(found: rpn.RpnQuery, decode: Decode = utf8, fallback: Fallback = STRICT) -> Query:
    """The tree of a type-1 or type-101 query. `decode` reads terms as the session agreed. Raises QueryProblem."""
    return _Reader(found.attribute_set, decode, fallback).node(found.root, 0)


@dataclass(frozen=True, slots=True)
class ScanPoint:
    """Where a scan begins: an index's headings, or its `words`."""

    index: str
    term: str
    words: bool


def scan_point(
    found: rpn.AttributesPlusTerm, attribute_set: str | None, decode: Decode = utf8, fallback: Fallback = STRICT
) -> ScanPoint:
    """What attributes and term of a scan point at: structure word or word list means words, as an index without
    headings does. Raises QueryProblem."""
    values = _values(found.attributes, attribute_set or BIB_1, fallback)
    index = _index(values, fallback)
    structure = values.get(STRUCTURE)
    if structure is not None and structure not in _STRUCTURES and not fallback.relax:
        raise QueryProblem(ProblemCode.STRUCTURE, str(structure))
    by_word = index.kind is Kind.TEXT and (structure in (2, 6, 105, 106) or not index.scannable)
    return ScanPoint(index.name, _text(found.term, decode), by_word)


def sort_index(found: str | tuple[AttributeElement, ...], attribute_set: str = BIB_1) -> str:
    """The index that a sort field or sort attributes mean. Raises QueryProblem(SORT)."""
    if isinstance(found, str):
        index = INDEXES.get(found.strip().lower()) or _BY_SORT_NAME.get(found.strip().lower())
    else:
        index = _index(_values(found, attribute_set, STRICT), STRICT)
    if index is None or not index.sortable:
        raise QueryProblem(ProblemCode.SORT, found if isinstance(found, str) else index.name if index else "")
    return index.name


_BY_SORT_NAME = {name.partition(".")[2].lower(): index for index in INDEXES.values() for name in index.cql}


@dataclass(frozen=True)
class _Plan:
    """What a list of attributes means, whatever the term is. `marks`: the value of truncation that says which signs of
    the term are masks, 0 where none are. `each`: of several words each is a number or code of its own."""

    index: Index
    values: Mapping[int, int]
    relation: Relation
    structure: Structure = Structure.DEFAULT
    truncation: Truncation = Truncation.NONE
    marks: int = 0
    each: bool = False
    position: Position = Position.ANY
    completeness: Completeness = Completeness.INCOMPLETE
    relevant: bool = False

    @cached_property
    def always_served(self) -> bool:
        """Whether nothing but the words can be wrong, as they may stand anywhere in a field: compiling these once, when
        they are searched, is enough."""
        return (
            self.relation is Relation.EQUAL
            and self.index.kind is Kind.TEXT
            and self.position is Position.ANY
            and self.completeness is Completeness.INCOMPLETE
        )


@lru_cache(maxsize=1_000)
def _plan(attributes: tuple[AttributeElement, ...], attribute_set: str, fallback: Fallback) -> _Plan:
    """Raises QueryProblem for what is not served, whatever the term is."""
    values = _values(attributes, attribute_set, fallback)
    index = _index(values, fallback)

    def value(kind: int, table: Mapping[int, T], default: T) -> T:
        found = values.get(kind)
        if found is None:
            return default
        if found in table:
            return table[found]
        if fallback.relax:
            return default
        raise QueryProblem(_PROBLEMS[kind], str(found))

    relation = value(RELATION, _RELATIONS, Relation.EQUAL)
    if relation is Relation.PRESENT:
        return _Plan(index, values, relation)
    truncation = value(TRUNCATION, _TRUNCATIONS, Truncation.NONE)
    structure = value(STRUCTURE, _STRUCTURES, Structure.DEFAULT)
    masked = truncation is Truncation.MASKED
    plan = _Plan(
        index,
        values,
        relation,
        truncation=Truncation.NONE if masked else truncation,
        marks=values[TRUNCATION] if masked else 0,
        relevant=values.get(RELATION) == _RELEVANCE,
    )
    if index.kind is not Kind.TEXT:
        each = structure in (Structure.ANY, Structure.ALL) and not index.ranges
        return replace(plan, structure=structure if each else Structure.DEFAULT, each=each)
    if structure in (Structure.DATE, Structure.NUMBER):
        if not fallback.relax:
            raise QueryProblem(
                ProblemCode.ATTRIBUTE_COMBINATION, f"1={values.get(USE)} {STRUCTURE}={values[STRUCTURE]}"
            )
        structure = Structure.DEFAULT
    return replace(
        plan,
        structure=Structure.PHRASE if structure is Structure.KEY else structure,
        position=value(POSITION, _POSITIONS, Position.ANY),
        completeness=value(COMPLETENESS, _COMPLETENESS, Completeness.INCOMPLETE),
    )


def _values(attributes: tuple[AttributeElement, ...], attribute_set: str, fallback: Fallback) -> dict[int, int]:
    """Type -> value; of a type given twice the last, of a list of alternatives the first that is served."""
    found: dict[int, int] = {}
    for attribute in attributes:
        named = attribute.attribute_set or attribute_set
        if named != BIB_1:
            raise QueryProblem(ProblemCode.ATTRIBUTE_SET, named)
        kind, value = attribute.type, attribute.value
        if kind not in _PROBLEMS:
            if fallback.relax:
                continue
            shown = value if isinstance(value, int) else "complex"
            raise QueryProblem(ProblemCode.ATTRIBUTE_TYPE, f"{kind}={shown}")
        if not isinstance(value, int):
            numbers = [one for one in value.values if isinstance(one, int)]
            served = [one for one in numbers if one in SERVED[kind]]
            if not numbers:
                raise QueryProblem(ProblemCode.COMPLEX_ATTRIBUTE, str(kind))
            value = (served or numbers)[0]
        found[kind] = value
    return found


def _index(values: Mapping[int, int], fallback: Fallback) -> Index:
    """The index that the Use attribute means."""
    use = values.get(USE, fallback.use)
    index = by_use(use)
    if index is None and fallback.unknown_use is not None:
        index = by_use(fallback.unknown_use)
    if index is None:
        raise QueryProblem(ProblemCode.INDEX, str(use))
    return index


def _text(term: rpn.Term, decode: Decode) -> str:
    """The term as text. Raises QueryProblem(TERM_TYPE)."""
    if isinstance(term, rpn.GeneralTerm):
        return decode(term.octets)
    match term:
        case rpn.NumericTerm(value):
            return str(value)
        case rpn.StringTerm(text):
            return decode(text.encode("utf-8", "surrogateescape"))
        case rpn.DateTimeTerm(text):
            return text[:8]
        case rpn.NullTerm():
            return ""
        case _:
            raise QueryProblem(ProblemCode.TERM_TYPE, type(term).__name__.removesuffix("Term"))


class _Reader:
    def __init__(self, attribute_set: str, decode: Decode, fallback: Fallback) -> None:
        self._set = attribute_set
        self._decode = decode
        self._fallback = fallback
        self._size = Size()  # of the terms that are compiled here
        self._joined = 0

    def node(self, node: rpn.RpnNode, depth: int) -> Query:
        if depth > DEEPEST:
            raise QueryProblem(ProblemCode.TOO_MANY_BOOLEANS, str(DEEPEST))
        if isinstance(node, rpn.AttributesPlusTerm):
            return self.term(node)
        if isinstance(node, rpn.ResultSetRef):
            if node.attributes:
                raise QueryProblem(ProblemCode.QUERY_FEATURE, "a restriction of a result set")
            return ResultSetRef(node.name)
        left, right = self.node(node.left, depth + 1), self.node(node.right, depth + 1)
        self._joined += 1
        if self._joined > MOST_NODES:
            raise QueryProblem(ProblemCode.TOO_MANY_BOOLEANS, str(MOST_NODES))
        if node.operator is rpn.Operator.AND:
            return And(left, right)
        if node.operator is rpn.Operator.OR:
            return Or(left, right)
        if node.operator is rpn.Operator.AND_NOT:
            return AndNot(left, right)
        assert node.proximity is not None
        return _near(left, right, node.proximity)

    def term(self, node: rpn.AttributesPlusTerm) -> Query:
        plan = _plan(node.attributes, self._set, self._fallback)
        text = _text(node.term, self._decode)
        if plan.relation is Relation.PRESENT:
            return AllRecords() if plan.index.name == "any" else Term(plan.index.name, text, Relation.PRESENT)
        truncation, structure = plan.truncation, plan.structure
        if plan.marks:
            text, truncation = _masked(text, plan.marks)
        if plan.each and len(text.split()) < 2:
            structure = Structure.DEFAULT
        asked = Term(
            plan.index.name,
            text,
            plan.relation,
            structure,
            truncation,
            plan.position,
            plan.completeness,
            False,
            plan.relevant,
        )
        if not plan.always_served:
            self._size.add(asked)
            return self._served(asked, plan.values)
        if not text.isalnum():
            words(asked)  # a server of a member's own would not say what is wrong with them
        return asked

    def _served(self, asked: Term, values: Mapping[int, int]) -> Term:
        """The term, if its attributes are served together; else with fewer of them, or the problem that names them."""
        steps: list[dict[str, Any]] = [
            {"completeness": Completeness.INCOMPLETE},
            {"position": Position.ANY},
            {"structure": Structure.DEFAULT},
            {"truncation": Truncation.NONE},
            {"relation": Relation.EQUAL},
        ]
        while True:
            try:
                compiled(asked)
            except QueryProblem as problem:
                if problem.code not in _ATTRIBUTES_TOGETHER:
                    raise
                if not self._fallback.relax or not steps:
                    raise QueryProblem(problem.code, _culprit(problem, values)) from problem
                asked = replace(asked, **steps.pop(0))
            else:
                return asked


_ATTRIBUTES_TOGETHER = {
    ProblemCode.POSITION,
    ProblemCode.COMPLETENESS,
    ProblemCode.STRUCTURE,
    ProblemCode.TRUNCATION,
    ProblemCode.RELATION_FOR_INDEX,
    ProblemCode.ATTRIBUTE_COMBINATION,
    ProblemCode.ANCHOR,
}


def _culprit(problem: QueryProblem, values: Mapping[int, int]) -> str:
    """The attribute that a diagnostic is about by its value, several as type=value."""
    kind = _TYPE_OF.get(problem.code)
    if kind is not None and kind in values:
        return str(values[kind])
    return " ".join(f"{kind}={value}" for kind, value in sorted(values.items()))


def _masked(text: str, value: int) -> tuple[str, Truncation]:
    """A term with marks of its own as `Term` has it; without marks it is not truncated at all."""
    many, one = ("#", "") if value == _HASH else ("?", "#")
    if value == _CCL and re.search(r"\?[0-9]", text):
        raise QueryProblem(ProblemCode.TRUNCATION, "104 with a number behind ?")
    out = "".join(
        "*" if sign == many else "?" if sign == one else f"\\{sign}" if sign in "\\*?" else sign for sign in text
    )
    return (out, Truncation.MASKED) if many in text or (one and one in text) else (text, Truncation.NONE)


# Proximity relations (3.7.2, proximity operator): those with an upper end.
_NEAR = {1: Relation.LESS, 2: Relation.LESS_OR_EQUAL, 3: Relation.EQUAL}


def _near(left: Query, right: Query, found: rpn.Proximity) -> Prox:
    if found.private_unit or found.unit != rpn.ProximityUnit.WORD:
        raise QueryProblem(ProblemCode.PROXIMITY_UNIT, str(found.unit))
    relation = _NEAR.get(found.relation)
    if relation is None:
        raise QueryProblem(ProblemCode.PROXIMITY_RELATION, str(found.relation))
    return Prox(left, right, found.distance, relation, found.ordered, bool(found.exclusion))
