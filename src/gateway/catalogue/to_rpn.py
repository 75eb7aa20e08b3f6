"""The catalogue's query becomes a type-1 query in Bib-1, for targets that are asked in our place: `from_rpn` reversed.

An attribute is only given where it says more than a target takes for granted: many refuse what they need not be told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from gateway.catalogue.from_rpn import COMPLETENESS, POSITION, RELATION, STRUCTURE, TRUNCATION, USE
from gateway.catalogue.index_map import INDEXES, Kind
from gateway.catalogue.query import (
    And,
    AndNot,
    Completeness,
    InSet,
    Missing,
    Or,
    Position,
    ProblemCode,
    Prox,
    Query,
    QueryProblem,
    Relation,
    ResultSetRef,
    SortKey,
    Structure,
    Term,
    Truncation,
)
from library_protocols.z3950 import MissingValueAction, SortAttributes, SortElement, SortKeySpec, rpn
from library_protocols.z3950.rpn import BIB_1, AttributeElement, AttributesPlusTerm, GeneralTerm, Operation, Operator

Encode = Callable[[str], bytes]

_RELATIONS = {
    Relation.LESS: 1, Relation.LESS_OR_EQUAL: 2, Relation.GREATER_OR_EQUAL: 4, Relation.GREATER: 5,
    Relation.NOT_EQUAL: 6, Relation.PRESENT: 103,
}  # fmt: skip
_RELEVANCE = 102
_POSITIONS = {Position.FIRST_IN_FIELD: 1, Position.FIRST_IN_SUBFIELD: 2}
_STRUCTURES = {
    Structure.PHRASE: 1, Structure.WORD: 2, Structure.KEY: 3, Structure.DATE: 5, Structure.ALL: 6, Structure.ANY: 105,
    Structure.NUMBER: 109,
}  # fmt: skip
_TRUNCATIONS = {Truncation.RIGHT: 1, Truncation.LEFT: 2, Truncation.BOTH: 3}
_HASH, _CCL = 101, 104
_COMPLETENESS = {Completeness.SUBFIELD: 2, Completeness.FIELD: 3}
_NEAR = {Relation.LESS: 1, Relation.LESS_OR_EQUAL: 2, Relation.EQUAL: 3, Relation.GREATER_OR_EQUAL: 4,
         Relation.GREATER: 5, Relation.NOT_EQUAL: 6}  # fmt: skip
_ANY = 1016


def utf8(text: str) -> bytes:
    """Terms in UTF-8."""
    return text.encode()


def query(tree: Query, encode: Encode = utf8) -> rpn.RpnQuery:
    """The query in Bib-1; `encode` writes terms as the association agreed. Raises QueryProblem."""
    return rpn.RpnQuery(BIB_1, _Writer(encode).node(tree))


def scan_point(index: str, term: str, *, words: bool, encode: Encode = utf8) -> AttributesPlusTerm:
    """Where a scan begins: an index's headings, or its words. Raises QueryProblem."""
    attributes = [_use(index)]
    if INDEXES[index].kind is Kind.TEXT:
        attributes.append(AttributeElement(STRUCTURE, _STRUCTURES[Structure.WORD if words else Structure.PHRASE]))
    return AttributesPlusTerm(tuple(attributes), GeneralTerm(encode(term)))


def sort_keys(sort: Sequence[SortKey]) -> tuple[SortKeySpec, ...]:
    """The keys of a sort. Raises QueryProblem for what Z39.50 cannot be told."""
    return tuple(map(_sort_key, sort))


def _sort_key(key: SortKey) -> SortKeySpec:
    action = None
    if key.missing is Missing.OMIT:
        raise QueryProblem(ProblemCode.SORT_MISSING, "omit")
    if key.missing is Missing.VALUE:
        action = MissingValueAction(missing_value_data=key.missing_value.encode())
    elif key.missing is Missing.FAIL:
        action = MissingValueAction(abort=True)
    elif key.missing is Missing.LOW:
        action = MissingValueAction(null=True)
    return SortKeySpec(
        sort_element=SortElement(generic=SortAttributes(id=BIB_1, list=(_use(key.index),))),
        sort_relation=int(key.descending),
        case_sensitivity=1,
        missing_value_action=action,
    )


def _use(index: str) -> AttributeElement:
    """The Use attribute of an index, the first that the index map has. Raises QueryProblem."""
    found = INDEXES.get(index)
    if found is None or not found.bib1:
        raise QueryProblem(ProblemCode.INDEX, index)
    return AttributeElement(USE, found.bib1[0])


class _Writer:
    def __init__(self, encode: Encode) -> None:
        self._encode = encode

    def node(self, tree: Query) -> rpn.RpnNode:
        if isinstance(tree, Term):
            return self.term(tree)
        if isinstance(tree, And):
            return self._joined(tree, Operator.AND)
        if isinstance(tree, Or):
            return self._joined(tree, Operator.OR)
        if isinstance(tree, AndNot):
            return self._joined(tree, Operator.AND_NOT)
        if isinstance(tree, Prox):
            return self._prox(tree)
        if isinstance(tree, ResultSetRef):
            raise QueryProblem(ProblemCode.RESULT_SET, tree.name)
        if isinstance(tree, InSet):
            raise QueryProblem(ProblemCode.RESULT_SET_COMBINATION)
        every = (AttributeElement(USE, _ANY), AttributeElement(RELATION, _RELATIONS[Relation.PRESENT]))
        return AttributesPlusTerm(every, GeneralTerm(b""))

    def _joined(self, tree: And | Or | AndNot, operator: Operator) -> Operation:
        return Operation(operator, self.node(tree.left), self.node(tree.right))

    def _prox(self, tree: Prox) -> Operation:
        near = rpn.Proximity(
            tree.distance,
            tree.ordered,
            _NEAR[tree.relation],
            rpn.ProximityUnit.WORD,
            exclusion=tree.exclusion,
        )
        return Operation(Operator.PROX, self.node(tree.left), self.node(tree.right), near)

    def term(self, term: Term) -> rpn.RpnNode:
        if term.relation is Relation.WITHIN:
            return self._within(term)
        attributes = [_use(term.index)]
        relation = _RELATIONS.get(term.relation, _RELEVANCE if term.relevant else None)
        _add(attributes, RELATION, relation)
        if term.relation is Relation.PRESENT:
            return AttributesPlusTerm(tuple(attributes), GeneralTerm(self._encode(term.text)))
        whole = term.completeness is Completeness.FIELD and term.truncation is Truncation.NONE
        if term.last_in_field and not whole:
            raise QueryProblem(ProblemCode.ANCHOR, f"{term.index}: {term.text}"[:200])
        text, truncation = _masked(term) if term.truncation is Truncation.MASKED else (term.text, None)
        _add(attributes, POSITION, _POSITIONS.get(term.position))
        _add(attributes, STRUCTURE, _STRUCTURES.get(term.structure))
        _add(attributes, TRUNCATION, truncation or _TRUNCATIONS.get(term.truncation))
        _add(attributes, COMPLETENESS, _COMPLETENESS.get(term.completeness))
        return AttributesPlusTerm(tuple(attributes), GeneralTerm(self._encode(text)))

    def _within(self, term: Term) -> rpn.RpnNode:
        ends = term.text.split()
        if len(ends) != 2:
            raise QueryProblem(ProblemCode.TERM_FORMAT, f"{term.index}: {term.text}"[:200])
        low = replace(term, text=ends[0], relation=Relation.GREATER_OR_EQUAL)
        high = replace(term, text=ends[1], relation=Relation.LESS_OR_EQUAL)
        return self.node(And(low, high))


def _add(attributes: list[AttributeElement], kind: int, value: int | None) -> None:
    if value is not None:
        attributes.append(AttributeElement(kind, value))


_MANY, _ONE = "*", "?"
_PIECE = re.compile(r"\\(.)|(.)", re.DOTALL)
_LISTS = (Structure.WORD, Structure.ALL, Structure.ANY)


def _masked(term: Term) -> tuple[str, int | None]:
    """A masked term's text and truncation attribute: the plainest that says the same, since few targets know masks."""
    pieces = [(literal or sign, not literal and sign in (_MANY, _ONE)) for literal, sign in _PIECE.findall(term.text)]
    masks = [place for place, (_, mask) in enumerate(pieces) if mask]
    literals = "".join(sign for sign, mask in pieces if not mask)
    if not masks:
        return literals, None
    many_only = all(pieces[place][0] == _MANY for place in masks)
    ends = _ends(masks, len(pieces))
    if INDEXES[term.index].kind is Kind.TEXT:
        cut = term.structure not in _LISTS or len(literals.split()) == 1
    else:
        cut = ends is Truncation.RIGHT
    if many_only and cut and ends is not None:
        return literals, _TRUNCATIONS[ends]
    if many_only and "#" not in literals:
        return "".join("#" if mask else sign for sign, mask in pieces), _HASH
    counted = any(pieces[place][0] == _MANY and pieces[place + 1 : place + 2] and pieces[place + 1][0].isdecimal()
                  for place in masks)  # fmt: skip
    if "#" in literals or "?" in literals or counted:
        raise QueryProblem(ProblemCode.TRUNCATION, term.text[:200])
    signs = {_MANY: "?", _ONE: "#"}
    return "".join(signs[sign] if mask else sign for sign, mask in pieces), _CCL


def _ends(masks: list[int], length: int) -> Truncation | None:
    """The truncation that masks at the ends alone amount to."""
    if masks == [length - 1]:
        return Truncation.RIGHT
    if masks == [0]:
        return Truncation.LEFT
    return Truncation.BOTH if masks == [0, length - 1] else None
