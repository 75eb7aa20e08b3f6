"""The one query tree that CQL, RPN and simple search become, and what can be wrong with it.

A tree is a value: frozen, comparable, hashable, free of any protocol. A `Term` says with Bib-1's six words (relation,
structure, truncation, position, completeness, and the index for Use) what both languages can say; word lists with
marks on single words are expanded into And/Or of terms by `from_cql` and `from_rpn`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from gateway.canonical.query_problems import ProblemCode
from library_protocols.values import value

__all__ = [
    "AllRecords", "And", "AndNot", "Completeness", "InSet", "Missing", "Or", "Position", "ProblemCode", "Prox", "Query",
    "QueryProblem", "Relation", "ResultSetRef", "SortKey", "Structure", "Term", "Truncation", "bind", "walk",
]  # fmt: skip


class QueryProblem(Exception):
    """The question cannot be answered as asked: `code` says why, `detail` names the index, attribute or word."""

    def __init__(self, code: ProblemCode, detail: str = "") -> None:
        super().__init__(f"{code.value}: {detail}" if detail else code.value)
        self.code = code
        self.detail = detail


class Relation(StrEnum):
    EQUAL = "="  # the index has the term, read as `structure` says
    NOT_EQUAL = "<>"  # records of the view whose index has not the term
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER_OR_EQUAL = ">="
    GREATER = ">"
    WITHIN = "within"  # `text` is two values and a space between; both ends belong to it
    PRESENT = "present"  # the index has any value (Bib-1 relation 103)


class Structure(StrEnum):
    DEFAULT = "default"  # what the index is made for: phrase on text, its normal form on numbers and codes
    WORD = "word"  # one word; of several, all
    PHRASE = "phrase"  # the words one after the other
    ALL = "all"  # every word, wherever
    ANY = "any"  # one of the words at least
    KEY = "key"  # a standard number or code in its normal form
    NUMBER = "number"
    DATE = "date"  # year, year-month or year-month-day


class Truncation(StrEnum):
    NONE = "none"
    RIGHT = "right"
    LEFT = "left"
    BOTH = "both"
    MASKED = "masked"  # in the text `*` is any characters, `?` is one, a backslash takes a sign as it is


class Position(StrEnum):
    ANY = "any"
    FIRST_IN_SUBFIELD = "subfield"
    FIRST_IN_FIELD = "field"


class Completeness(StrEnum):
    INCOMPLETE = "incomplete"
    SUBFIELD = "subfield"  # the term is a whole subfield
    FIELD = "field"  # the term is a whole field


@value
class Term:
    """One condition on one index. `index`: a name of `index_map.INDEXES`. `text`: as typed, not folded.

    `last_in_field`: the term ends the field (CQL's `^` behind a word). `relevant`: hits are to be ranked.
    """

    index: str
    text: str
    relation: Relation = Relation.EQUAL
    structure: Structure = Structure.DEFAULT
    truncation: Truncation = Truncation.NONE
    position: Position = Position.ANY
    completeness: Completeness = Completeness.INCOMPLETE
    last_in_field: bool = False
    relevant: bool = False


@value
class And:
    left: Query
    right: Query


@value
class Or:
    left: Query
    right: Query


@value
class AndNot:
    left: Query
    right: Query


@value
class Prox:
    """Words or phrases near each other in one field of one index.

    `distance` counts words: 1 is adjacent. `relation` compares it (only <, <=, =, >=, > and <>). `ordered`: left comes
    first. `exclusion`: records of the left where they are not so (Z39.50's exclusionFlag).
    """

    left: Query
    right: Query
    distance: int = 1
    relation: Relation = Relation.LESS_OR_EQUAL
    ordered: bool = False
    exclusion: bool = False


@value
class ResultSetRef:
    """A result set by its name; `bind` puts the set itself in its place before the query is run."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class InSet:
    """The records of a result set that is held."""

    result_set: Any


@value
class AllRecords:
    """Every record of the view."""


Query = Term | And | Or | AndNot | Prox | ResultSetRef | InSet | AllRecords
_JOINED = (And, Or, AndNot, Prox)
"""What has two queries below it; told by a tuple, for a union is made anew each time that it is written down."""


class Missing(StrEnum):
    """What happens to records without the value sorted by (sort-v1.0; Z39.50 SortKeySpec.missingValueAction)."""

    HIGH = "high"  # as if higher than every value: last when ascending, first when descending
    LOW = "low"
    OMIT = "omit"
    FAIL = "fail"
    VALUE = "value"  # they are sorted as if they had `missing_value`


@value
class SortKey:
    """`index`: a sortable index. Ties are broken by the next key, at last by record id."""

    index: str
    descending: bool = False
    missing: Missing = Missing.HIGH
    missing_value: str = ""


def walk(query: Query) -> Iterator[Query]:
    """Every node, without recursion: trees may be as deep as their parser allows."""
    rest = [query]
    while rest:
        node = rest.pop()
        yield node
        if not isinstance(node, Term) and isinstance(node, _JOINED):
            rest += (node.right, node.left)


def bind(query: Query, find: Callable[[str], Any | None]) -> Query:
    """Puts the sets that `find` knows by name in the place of references; QueryProblem(RESULT_SET) for others."""
    if isinstance(query, Term):
        return query
    if isinstance(query, ResultSetRef):
        found = find(query.name)
        if found is None:
            raise QueryProblem(ProblemCode.RESULT_SET, query.name)
        return InSet(found)
    if isinstance(query, _JOINED):
        left, right = bind(query.left, find), bind(query.right, find)
        return query if left is query.left and right is query.right else replace(query, left=left, right=right)
    return query
