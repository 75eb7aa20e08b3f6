"""CQL becomes the catalogue's query: names by the index map, relations and modifiers by the tables here.

What `=` means is the server's choice (CQL 1.2, relations): on text the words one after the other, on numbers, codes
and dates the value itself. Masks and anchors are read word by word in lists (`any`, `all`), else over the whole term.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from gateway.catalogue.index_map import CONTEXT_SETS, INDEXES, Index, Kind, by_cql, prefix_of
from gateway.catalogue.query import (
    AllRecords,
    And,
    AndNot,
    Completeness,
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
from library_protocols.cql import Mask, Piece

_SYMBOLS = {
    "=": Relation.EQUAL,
    "==": Relation.EQUAL,
    "<>": Relation.NOT_EQUAL,
    "<": Relation.LESS,
    "<=": Relation.LESS_OR_EQUAL,
    ">": Relation.GREATER,
    ">=": Relation.GREATER_OR_EQUAL,
    "within": Relation.WITHIN,
    "any": Relation.EQUAL,
    "all": Relation.EQUAL,
    "adj": Relation.EQUAL,
    "exact": Relation.EQUAL,
    "scr": Relation.EQUAL,
}
_STRUCTURES = {"any": Structure.ANY, "all": Structure.ALL, "adj": Structure.PHRASE}
_WHOLE = ("==", "exact")

_NO_CHANGE = ("ignorecase", "ignoreaccents", "masked")
_VALUES = ("isodate", "number")
RELATION_MODIFIERS = (*_NO_CHANGE, *_VALUES, "relevant", "word", "string", "unmasked")
"""Modifiers of the set cql that are followed."""

SUPPORTS: tuple[tuple[str, str], ...] = (
    *(("relation", name) for name in _SYMBOLS),
    *(("relationModifier", name) for name in
      ("relevant", "word", "string", "isoDate", "number", "masked", "unmasked", "ignoreCase", "ignoreAccents")),
    *(("booleanModifier", f"{name}") for name in ("distance", "unit", "ordered", "unordered")),
    ("proximity", "word"),
    ("maskingCharacter", "*"),
    ("maskingCharacter", "?"),
    ("anchoring", "^"),
    *(("sortModifier", name) for name in
      ("ascending", "descending", "missingOmit", "missingFail", "missingLow", "missingHigh", "missingValue",
       "ignoreCase", "ignoreAccents")),
    ("resultSets", "cql.resultSetId"),
)  # fmt: skip
"""What explain says of the language, as (type, value)."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What relation and modifiers ask of a term."""

    index: Index
    relation: Relation
    structure: Structure
    whole: bool
    relevant: bool = False
    masked: bool = True


def query(found: cql.Query) -> Query:
    """The tree of a query. Raises QueryProblem."""
    return _node(found.root)


def sort_keys(found: cql.Query) -> tuple[SortKey, ...]:
    """What stands behind sortby. Raises QueryProblem."""
    return tuple(_sort_key(key) for key in found.sort)


def index_of(name: cql.Name) -> Index:
    """The index that a name means. Raises QueryProblem (CONTEXT_SET, INDEX)."""
    prefix = _set_of(name)
    found = by_cql(prefix, name.base)
    if found is None:
        raise QueryProblem(ProblemCode.INDEX, name.text)
    return found


def _set_of(name: cql.Name) -> str | None:
    prefix = name.prefix if name.set_uri is None else prefix_of(name.set_uri)
    if (name.set_uri is not None and prefix is None) or (prefix is not None and prefix not in CONTEXT_SETS):
        raise QueryProblem(ProblemCode.CONTEXT_SET, name.set_uri or name.prefix or "")
    return prefix


def _node(node: cql.Node) -> Query:
    if isinstance(node, cql.SearchClause):
        return _clause(node)
    left, right = _node(node.left), _node(node.right)
    operator, modifiers = node.boolean.operator, node.boolean.modifiers
    if operator == "prox":
        return _prox(left, right, modifiers)
    if modifiers:
        raise QueryProblem(ProblemCode.BOOLEAN_MODIFIER, modifiers[0].name.text)
    if operator == "and":
        return And(left, right)
    if operator == "or":
        return Or(left, right)
    if operator == "not":
        return AndNot(left, right)
    raise QueryProblem(ProblemCode.BOOLEAN, operator)


_DISTANCE = {
    "=": Relation.EQUAL,
    "==": Relation.EQUAL,
    "<": Relation.LESS,
    "<=": Relation.LESS_OR_EQUAL,
    ">": Relation.GREATER,
    ">=": Relation.GREATER_OR_EQUAL,
    "<>": Relation.NOT_EQUAL,
}


def _prox(left: Query, right: Query, modifiers: tuple[cql.Modifier, ...]) -> Prox:
    distance, relation, ordered = 1, Relation.LESS_OR_EQUAL, False
    for modifier in modifiers:
        name = _modifier_name(modifier, ProblemCode.BOOLEAN_MODIFIER)
        if name == "distance" and modifier.comparison and modifier.value:
            relation = _DISTANCE[modifier.comparison]
            if not modifier.value.isdecimal() or len(modifier.value) > 6:
                raise QueryProblem(ProblemCode.PROXIMITY_DISTANCE, modifier.value[:100])
            distance = int(modifier.value)
        elif name == "unit" and modifier.value:
            if modifier.value.lower() != "word" or modifier.comparison not in ("=", "=="):
                raise QueryProblem(ProblemCode.PROXIMITY_UNIT, modifier.value[:100])
        elif name in ("ordered", "unordered") and modifier.value is None:
            ordered = name == "ordered"
        else:
            raise QueryProblem(ProblemCode.BOOLEAN_MODIFIER, modifier.name.text)
    if relation not in (Relation.LESS, Relation.LESS_OR_EQUAL, Relation.EQUAL):
        raise QueryProblem(ProblemCode.PROXIMITY_RELATION, relation.value)
    return Prox(left, right, distance, relation, ordered)


def _modifier_name(modifier: cql.Modifier, code: ProblemCode) -> str:
    """The modifier's name in lower case. QueryProblem where it is of another set than cql."""
    prefix = modifier.name.prefix if modifier.name.set_uri is None else prefix_of(modifier.name.set_uri)
    if prefix not in (None, "cql"):
        raise QueryProblem(code, modifier.name.text)
    return modifier.name.base


def _clause(clause: cql.SearchClause) -> Query:
    if clause.index is not None and clause.relation is not None:
        prefix = _set_of(clause.index)
        if prefix in (None, "cql") and clause.index.base in ("allrecords", "resultsetid"):
            return _special(clause.index.base, clause.relation, clause.term)
        index = index_of(clause.index)
        wanted = _wanted(index, clause.relation)
    else:
        wanted = _Wanted(INDEXES["any"], Relation.EQUAL, Structure.DEFAULT, False)
    return _term(wanted, clause.term)


def _special(base: str, relation: cql.Relation, term: str) -> Query:
    if relation.name.base not in ("=", "==", "exact", "scr"):
        raise QueryProblem(ProblemCode.RELATION_FOR_INDEX, f"{relation.name.text} cql.{base}")
    if relation.modifiers:
        raise QueryProblem(ProblemCode.RELATION_MODIFIER, relation.modifiers[0].name.text)
    return AllRecords() if base == "allrecords" else ResultSetRef(cql.unescape(term))


def _wanted(index: Index, asked: cql.Relation) -> _Wanted:
    name = asked.name.base
    prefix = asked.name.prefix if asked.name.set_uri is None else prefix_of(asked.name.set_uri)
    if name not in _SYMBOLS or prefix not in (None, "cql"):
        raise QueryProblem(ProblemCode.RELATION, asked.name.text)
    relation, whole = _SYMBOLS[name], name in _WHOLE
    structure = _STRUCTURES.get(name, Structure.DEFAULT)
    relevant, masked = False, True
    for modifier in asked.modifiers:
        code = _modifier_name(modifier, ProblemCode.RELATION_MODIFIER)
        if code not in RELATION_MODIFIERS or modifier.value is not None:
            raise QueryProblem(ProblemCode.RELATION_MODIFIER, modifier.name.text)
        if code in _VALUES and not index.ranges:
            raise QueryProblem(ProblemCode.RELATION_MODIFIER, f"{modifier.name.text} {index.name}")
        relevant = relevant or code == "relevant"
        masked = masked and code != "unmasked"
        whole = whole or (code == "string" and structure is Structure.DEFAULT)
        if code == "word" and structure is Structure.DEFAULT and not whole:
            structure = Structure.ALL
    if relation not in (Relation.EQUAL, Relation.NOT_EQUAL) and not index.ranges:
        raise QueryProblem(ProblemCode.RELATION_FOR_INDEX, f"{asked.name.text} {index.name}")
    if whole and index.kind is Kind.TEXT and not _anchored(index):
        raise QueryProblem(ProblemCode.RELATION_FOR_INDEX, f"{asked.name.text} {index.name}")
    return _Wanted(index, relation, structure, whole and index.kind is Kind.TEXT, relevant, masked)


def _anchored(index: Index) -> bool:
    return all(INDEXES[name].anchored for name in index.of) if index.of else index.anchored


def _term(wanted: _Wanted, text: str) -> Query:
    index = wanted.index
    if not wanted.masked:
        return _one(wanted, (cql.unescape(text),))
    pieces = cql.pieces(text)
    if pieces and all(piece is Mask.MANY for piece in pieces):
        if wanted.relation is not Relation.EQUAL:
            raise QueryProblem(ProblemCode.MASKING, text[:200])
        return AllRecords() if index.name == "any" else Term(index.name, "", Relation.PRESENT)
    if index.kind is Kind.TEXT and wanted.structure in (Structure.ANY, Structure.ALL) and Mask.ANCHOR in pieces:
        words = [_one(wanted, word) for word in _split(pieces)]
        if not words:
            raise QueryProblem(ProblemCode.TERM_EMPTY, text[:200])
        join = Or if wanted.structure is Structure.ANY else And
        return reduce(join, words)
    return _one(wanted, pieces)


def _split(pieces: tuple[Piece, ...]) -> list[tuple[Piece, ...]]:
    """The words of a list, each with its own masks and anchors."""
    words: list[list[Piece]] = [[]]
    for piece in pieces:
        if isinstance(piece, Mask):
            words[-1].append(piece)
            continue
        parts = piece.split()
        if piece[:1].isspace():
            words.append([])
        for number, part in enumerate(parts):
            if number:
                words.append([])
            words[-1].append(part)
        if piece[-1:].isspace() and parts:
            words.append([])
    return [tuple(word) for word in words if word]


def _one(wanted: _Wanted, pieces: tuple[Piece, ...]) -> Term:
    """One term, its anchors read from both ends."""
    index = wanted.index
    inner = list(pieces)
    first = bool(inner) and inner[0] is Mask.ANCHOR
    inner = inner[1:] if first else inner
    last = bool(inner) and inner[-1] is Mask.ANCHOR
    inner = inner[:-1] if last else inner
    if Mask.ANCHOR in inner or ((first or last) and (index.kind is not Kind.TEXT or not _anchored(index))):
        raise QueryProblem(ProblemCode.ANCHOR, f"{index.name}: {_plain(pieces)}"[:200])
    masks = any(isinstance(piece, Mask) for piece in inner)
    if masks and index.ranges:
        raise QueryProblem(ProblemCode.MASKING, f"{index.name}: {_plain(pieces)}"[:200])
    structure = wanted.structure
    if (first or last) and structure in (Structure.ANY, Structure.ALL):
        structure = Structure.PHRASE
    return Term(
        index.name,
        _masked(inner) if masks else _plain(tuple(inner)),
        wanted.relation,
        structure,
        Truncation.MASKED if masks else Truncation.NONE,
        Position.FIRST_IN_FIELD if first else Position.ANY,
        Completeness.FIELD if wanted.whole or (first and last) else Completeness.INCOMPLETE,
        last_in_field=last,
        relevant=wanted.relevant,
    )


def _plain(pieces: tuple[Piece, ...]) -> str:
    return "".join(piece if isinstance(piece, str) else piece.value for piece in pieces)


def _masked(pieces: list[Piece]) -> str:
    """The text of a masked term as `Term` has it."""
    return "".join(
        piece.value if isinstance(piece, Mask) else "".join(f"\\{sign}" if sign in "\\*?" else sign for sign in piece)
        for piece in pieces
    )


_MISSING = {
    "missingomit": Missing.OMIT,
    "missingfail": Missing.FAIL,
    "missinglow": Missing.LOW,
    "missinghigh": Missing.HIGH,
    "missingvalue": Missing.VALUE,
}


def _sort_key(key: cql.SortKey) -> SortKey:
    index = index_of(key.index)
    if not index.sortable:
        raise QueryProblem(ProblemCode.SORT, key.index.text)
    descending, missing, value = False, Missing.HIGH, ""
    for modifier in key.modifiers:
        prefix = modifier.name.prefix if modifier.name.set_uri is None else prefix_of(modifier.name.set_uri)
        name = modifier.name.base
        if prefix not in (None, "sort", "cql"):
            raise QueryProblem(ProblemCode.SORT_SEQUENCE, modifier.name.text)
        if name in ("ascending", "descending"):
            descending = name == "descending"
        elif name in _MISSING:
            missing = _MISSING[name]
            value = cql.unescape(modifier.value or "")
            if (missing is Missing.VALUE) is not bool(modifier.value):
                raise QueryProblem(ProblemCode.SORT_MISSING, modifier.name.text)
        elif name in ("respectcase", "respectaccents"):
            raise QueryProblem(ProblemCode.SORT_CASE, modifier.name.text)
        elif name not in ("ignorecase", "ignoreaccents"):
            raise QueryProblem(ProblemCode.SORT_SEQUENCE, modifier.name.text)
    return SortKey(index.name, descending, missing, value)
