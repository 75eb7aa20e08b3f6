"""The catalogue's query becomes CQL, for servers that are asked in our place: `from_cql` the other way round.

Names are the first that the index map has. What CQL has no words for is a QueryProblem that names it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from gateway.catalogue.index_map import INDEXES, Index, Kind
from gateway.catalogue.query import (
    AllRecords,
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
from library_protocols import cql

_LISTS = {Structure.WORD: "all", Structure.ALL: "all", Structure.ANY: "any"}
_MASKED = re.compile(r"\\(.)|(.)", re.DOTALL)
_WORD = re.compile(r"\w+")
_EDGES = re.compile(r"^\W+|\W+$")


def query(tree: Query, sort: Sequence[SortKey] = ()) -> cql.Query:
    """The query as a tree of CQL, which `cql.write` writes. Raises QueryProblem."""
    return cql.Query(_node(tree), tuple(map(_sort_key, sort)))


def scan_clause(index: str, term: str, *, words: bool) -> cql.SearchClause:
    """Where a scan begins: an index's headings, or its words. Raises QueryProblem."""
    return _clause(_name(index), "any" if words else "=", cql.escape(term))


def sort_parameter(sort: Sequence[SortKey]) -> str:
    """The keys as the parameter sortKeys of SRU 1.1 has them. Raises QueryProblem."""
    return " ".join(map(_parameter, sort))


def _node(tree: Query) -> cql.Node:
    if isinstance(tree, Term):
        return _term(tree)
    if isinstance(tree, And):
        return _joined(tree, "and")
    if isinstance(tree, Or):
        return _joined(tree, "or")
    if isinstance(tree, AndNot):
        return _joined(tree, "not")
    if isinstance(tree, Prox):
        return _prox(tree)
    if isinstance(tree, ResultSetRef):
        raise QueryProblem(ProblemCode.RESULT_SET, tree.name)
    if isinstance(tree, InSet):
        raise QueryProblem(ProblemCode.RESULT_SET_COMBINATION)
    return _clause("cql.allRecords", "=", "1")


def _joined(tree: And | Or | AndNot, operator: str) -> cql.Triple:
    return cql.Triple(_node(tree.left), cql.Boolean(operator), _node(tree.right))


def _prox(tree: Prox) -> cql.Triple:
    modifiers = [_modifier("unit", "=", "word"), _modifier("distance", tree.relation.value, str(tree.distance))]
    if tree.ordered:
        modifiers.append(_modifier("ordered"))
    left = _node(tree.left)
    near = cql.Triple(left, cql.Boolean("prox", tuple(modifiers)), _node(tree.right))
    return cql.Triple(left, cql.Boolean("not"), near) if tree.exclusion else near


def _modifier(name: str, comparison: str | None = None, value: str | None = None) -> cql.Modifier:
    return cql.Modifier(cql.Name(name), comparison, value)


def _clause(name: str, relation: str, term: str, *modifiers: cql.Modifier) -> cql.SearchClause:
    return cql.SearchClause(cql.Name(name), cql.Relation(cql.Name(relation), modifiers), term)


def _name(index: str) -> str:
    """What CQL calls an index; those that only we have a name for are known to nobody else."""
    found = INDEXES.get(index)
    if found is None or not found.cql:
        raise QueryProblem(ProblemCode.INDEX, index)
    return found.cql[0]


def _term(term: Term) -> cql.Node:
    name = _name(term.index)
    if term.relation is Relation.PRESENT:
        return _clause(name, "=", "*")
    if term.completeness is Completeness.SUBFIELD:
        raise QueryProblem(ProblemCode.COMPLETENESS, f"a whole subfield: {name}")
    if term.position is Position.FIRST_IN_SUBFIELD and term.completeness is Completeness.INCOMPLETE:
        raise QueryProblem(ProblemCode.POSITION, f"first in a subfield: {name}")
    relation = _relation(term)
    if term.relation is Relation.NOT_EQUAL and relation != "=":
        return _joined(AndNot(AllRecords(), replace(term, relation=Relation.EQUAL)), "not")
    if term.relation is not Relation.EQUAL:
        relation = term.relation.value
    modifiers = (_modifier("relevant"),) if term.relevant else ()
    return _clause(name, relation, _text(term), *modifiers)


def _relation(term: Term) -> str:
    """The word for equality, with what the structure asks of the words."""
    if _is_whole(term):
        return "=="
    if len(_WORD.findall(term.text)) < 2 or INDEXES[term.index].ranges:
        return "="
    if term.structure is Structure.PHRASE and INDEXES[term.index].kind is Kind.TEXT:
        return "adj"
    return _LISTS.get(term.structure, "=")


def _is_whole(term: Term) -> bool:
    """Whether the term is a whole field; an anchor at its end means more than that where the term is cut."""
    return term.completeness is Completeness.FIELD and not term.last_in_field


def _text(term: Term) -> str:
    """The term with its masks and anchors, all else escaped."""
    if term.truncation is Truncation.MASKED:
        text = _MASKED.sub(lambda sign: sign[2] if sign[2] in ("*", "?") else cql.escape(sign[1] or sign[2]), term.text)
    else:
        text = _truncated(term, INDEXES[term.index])
    if _is_whole(term):
        return text
    first = "^" if term.position is Position.FIRST_IN_FIELD or term.completeness is Completeness.FIELD else ""
    return f"{first}{text}{'^' if term.last_in_field else ''}"


def _truncated(term: Term, index: Index) -> str:
    """Each word of a list is cut, of a phrase its first and its last."""
    if term.truncation is Truncation.NONE:
        return cql.escape(term.text)
    left = "*" if term.truncation in (Truncation.LEFT, Truncation.BOTH) else ""
    right = "*" if term.truncation in (Truncation.RIGHT, Truncation.BOTH) else ""
    each = term.structure in _LISTS and index.kind is Kind.TEXT
    words = term.text.split() if each else [term.text]
    return " ".join(f"{left}{cql.escape(_EDGES.sub('', word))}{right}" for word in words)


_MISSING = {
    Missing.LOW: "sort.missingLow",
    Missing.OMIT: "sort.missingOmit",
    Missing.FAIL: "sort.missingFail",
    Missing.VALUE: "sort.missingValue",
}


def _sort_key(key: SortKey) -> cql.SortKey:
    modifiers: list[cql.Modifier] = []
    if key.descending:
        modifiers.append(_modifier("sort.descending"))
    if key.missing is Missing.VALUE:
        modifiers.append(_modifier(_MISSING[key.missing], "=", cql.escape(key.missing_value)))
    elif key.missing is not Missing.HIGH:
        modifiers.append(_modifier(_MISSING[key.missing]))
    return cql.SortKey(cql.Name(_name(key.index)), tuple(modifiers))


_MISSING_PARAMETER = {
    Missing.HIGH: "",
    Missing.LOW: ",,lowValue",
    Missing.OMIT: ",,omit",
    Missing.FAIL: ",,abort",
}


def _parameter(key: SortKey) -> str:
    schema, _, path = _name(key.index).partition(".")
    missing = _MISSING_PARAMETER.get(key.missing, f',,"{key.missing_value}"')
    return f"{path},{schema},{int(not key.descending)}{missing}"
