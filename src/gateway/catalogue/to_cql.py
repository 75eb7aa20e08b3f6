"""The catalogue's query becomes CQL, for servers that are asked in our place: `from_cql` the other way round.

Names are the first of the index map that the server says it knows, or the first of all. What CQL has no words for is a
QueryProblem that names it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from gateway.catalogue.index_map import INDEXES, Index, Kind, cql_names
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


Known = frozenset[str]
"""Names of indexes in lower case that a server knows; empty where it has not told."""
_UNTOLD: Known = frozenset()


def query(tree: Query, sort: Sequence[SortKey] = (), known: Known = _UNTOLD) -> cql.Query:
    """The query as a tree of CQL, which `cql.write` writes. Raises QueryProblem."""
    return cql.Query(_Writer(known).node(tree), tuple(_sort_key(key, known) for key in sort))


def scan_clause(index: str, term: str, *, words: bool, known: Known = _UNTOLD) -> cql.SearchClause:
    """Where a scan begins: an index's headings, or its words. Raises QueryProblem."""
    return _clause(_name(index, known), "any" if words else "=", cql.escape(term))


def sort_parameter(sort: Sequence[SortKey], known: Known = _UNTOLD) -> str:
    """The keys as the parameter sortKeys of SRU 1.1 has them. Raises QueryProblem."""
    return " ".join(_parameter(key, known) for key in sort)


def _name(index: str, known: Known) -> str:
    """What CQL calls an index. One that only we have a name for is known to nobody who does not say so."""
    found = INDEXES.get(index)
    if found is not None:
        name = next((name for name in cql_names(found) if name.lower() in known), None)
        if name is not None or found.cql:
            return name or found.cql[0]
    raise QueryProblem(ProblemCode.INDEX, index)


def _clause(name: str, relation: str, term: str, *modifiers: cql.Modifier) -> cql.SearchClause:
    return cql.SearchClause(cql.Name(name), cql.Relation(cql.Name(relation), modifiers), term)


def _modifier(name: str, comparison: str | None = None, value: str | None = None) -> cql.Modifier:
    return cql.Modifier(cql.Name(name), comparison, value)


class _Writer:
    def __init__(self, known: Known) -> None:
        self._known = known

    def node(self, tree: Query) -> cql.Node:
        if isinstance(tree, Term):
            return self.term(tree)
        if isinstance(tree, And):
            return self._joined(tree, "and")
        if isinstance(tree, Or):
            return self._joined(tree, "or")
        if isinstance(tree, AndNot):
            return self._joined(tree, "not")
        if isinstance(tree, Prox):
            return self._prox(tree)
        if isinstance(tree, ResultSetRef):
            raise QueryProblem(ProblemCode.RESULT_SET, tree.name)
        if isinstance(tree, InSet):
            raise QueryProblem(ProblemCode.RESULT_SET_COMBINATION)
        return _clause("cql.allRecords", "=", "1")

    def _joined(self, tree: And | Or | AndNot, operator: str) -> cql.Triple:
        return cql.Triple(self.node(tree.left), cql.Boolean(operator), self.node(tree.right))

    def _prox(self, tree: Prox) -> cql.Triple:
        modifiers = [_modifier("unit", "=", "word"), _modifier("distance", tree.relation.value, str(tree.distance))]
        if tree.ordered:
            modifiers.append(_modifier("ordered"))
        left = self.node(tree.left)
        near = cql.Triple(left, cql.Boolean("prox", tuple(modifiers)), self.node(tree.right))
        return cql.Triple(left, cql.Boolean("not"), near) if tree.exclusion else near

    def term(self, term: Term) -> cql.Node:
        name = _name(term.index, self._known)
        if term.relation is Relation.PRESENT:
            return _clause(name, "=", "*")
        if term.completeness is Completeness.SUBFIELD:
            raise QueryProblem(ProblemCode.COMPLETENESS, f"a whole subfield: {name}")
        if term.position is Position.FIRST_IN_SUBFIELD and term.completeness is Completeness.INCOMPLETE:
            raise QueryProblem(ProblemCode.POSITION, f"first in a subfield: {name}")
        relation = _relation(term)
        if term.relation is Relation.NOT_EQUAL and relation != "=":
            return self._joined(AndNot(AllRecords(), replace(term, relation=Relation.EQUAL)), "not")
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
    if term.completeness is Completeness.FIELD:  # with an anchor, which a list would take for its last word's
        return "="
    if term.structure is Structure.WORD and INDEXES[term.index].kind is not Kind.TEXT:
        return "="
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


def _sort_key(key: SortKey, known: Known) -> cql.SortKey:
    modifiers: list[cql.Modifier] = []
    if key.descending:
        modifiers.append(_modifier("sort.descending"))
    if key.missing is Missing.VALUE:
        modifiers.append(_modifier(_MISSING[key.missing], "=", cql.escape(key.missing_value)))
    elif key.missing is not Missing.HIGH:
        modifiers.append(_modifier(_MISSING[key.missing]))
    return cql.SortKey(cql.Name(_name(key.index, known)), tuple(modifiers))


_MISSING_PARAMETER = {
    Missing.HIGH: "",
    Missing.LOW: ",,lowValue",
    Missing.OMIT: ",,omit",
    Missing.FAIL: ",,abort",
}


def _parameter(key: SortKey, known: Known) -> str:
    schema, _, path = _name(key.index, known).partition(".")
    missing = _MISSING_PARAMETER.get(key.missing, f',,"{key.missing_value}"')
    return f"{path},{schema},{int(not key.descending)}{missing}"
