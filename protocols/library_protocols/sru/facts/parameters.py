"""Parameters of a request: in which versions and operations each is known, and what its value may be.

`x-` parameters are extensions: known everywhere. A parameter that is not here is answered with diagnostic 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from library_protocols.sru.facts.names import Operation, Version


class Value(StrEnum):
    """What form the value has."""

    TEXT = "text"
    POSITIVE = "positive whole number"
    COUNT = "whole number from 0"
    CHOICE = "one of its choices"
    FACETS = "number for all facets, or number:index, with commas between"


@dataclass(frozen=True, slots=True)
class ParameterFact:
    """One parameter. `versions` and `operations` say where it may stand, `required` where it must.

    `diagnostic` is answered for a value that its form does not allow.
    """

    name: str
    value: Value
    operations: frozenset[Operation]
    versions: frozenset[Version]
    clause: str
    required: bool = False
    choices: tuple[str, ...] = ()
    diagnostic: int = 6


_SEARCH, _SCAN, _EXPLAIN = Operation.SEARCH_RETRIEVE, Operation.SCAN, Operation.EXPLAIN
_V11, _V12, _V20 = Version.V1_1, Version.V1_2, Version.V2_0
_ALL, _OLD, _NEW = frozenset(Version), frozenset({_V11, _V12}), frozenset({_V20})


def _fact(
    name: str,
    value: Value,
    operations: tuple[Operation, ...],
    versions: frozenset[Version],
    clause: str,
    *,
    required: bool = False,
    choices: tuple[str, ...] = (),
    diagnostic: int = 6,
) -> ParameterFact:
    return ParameterFact(name, value, frozenset(operations), versions, clause, required, choices, diagnostic)


PARAMETERS: tuple[ParameterFact, ...] = (
    # 2.0 has neither of these two; clients that say version=2.0 send both all the same.
    _fact("operation", Value.TEXT, tuple(Operation), _ALL, "L common"),
    _fact("version", Value.TEXT, tuple(Operation), _ALL, "L common"),
    _fact("query", Value.TEXT, (_SEARCH,), _ALL, "L search-retrieve; O part 3, 4.2", required=True),
    _fact("startRecord", Value.POSITIVE, (_SEARCH,), _ALL, "L search-retrieve; O part 3, 4.3"),
    _fact("maximumRecords", Value.COUNT, (_SEARCH,), _ALL, "L search-retrieve; O part 3, 4.4"),
    _fact("recordSchema", Value.TEXT, (_SEARCH,), _ALL, "L search-retrieve; O part 3, 4.6"),
    _fact("resultSetTTL", Value.COUNT, (_SEARCH,), _ALL, "L search-retrieve; O part 3, 4.8"),
    _fact(
        "recordPacking", Value.CHOICE, (_SEARCH, _EXPLAIN), _OLD, "L search-retrieve",
        choices=("xml", "string"), diagnostic=71,
    ),
    _fact(
        "recordPacking", Value.CHOICE, (_SEARCH, _EXPLAIN), _NEW, "O part 3, 4.5",
        choices=("packed", "unpacked"), diagnostic=71,
    ),
    _fact(
        "recordXMLEscaping", Value.CHOICE, (_SEARCH, _EXPLAIN), _NEW, "O part 3, 4.7",
        choices=("xml", "string"), diagnostic=71,
    ),
    # 1.2 moved sorting into CQL, but its clients went on sending what they sent before.
    _fact("sortKeys", Value.TEXT, (_SEARCH,), _ALL, "L search-retrieve 1.1; W for 1.2; O part 3, 4.9"),
    _fact("recordXPath", Value.TEXT, (_SEARCH,), frozenset({_V11}), "L search-retrieve 1.1"),
    _fact("stylesheet", Value.TEXT, tuple(Operation), _ALL, "L search-retrieve; O part 3, 4.10"),
    _fact("queryType", Value.TEXT, (_SEARCH,), _NEW, "O part 3, 4.1"),
    _fact("renderedBy", Value.CHOICE, (_SEARCH,), _NEW, "O part 3, 4.11", choices=("client", "server")),
    _fact("httpAccept", Value.TEXT, tuple(Operation), _NEW, "O part 3, 4.12"),
    _fact("responseType", Value.TEXT, (_SEARCH,), _NEW, "O part 3, 4.13"),
    _fact("facetLimit", Value.FACETS, (_SEARCH,), _NEW, "O part 3, 5"),
    _fact("facetStart", Value.FACETS, (_SEARCH,), _NEW, "O part 3, 5"),
    _fact("facetSort", Value.TEXT, (_SEARCH,), _NEW, "O part 3, 5"),
    _fact("scanClause", Value.TEXT, (_SCAN,), _ALL, "L scan; O part 6", required=True),
    _fact("responsePosition", Value.COUNT, (_SCAN,), _ALL, "L scan; O part 6", diagnostic=120),
    _fact("maximumTerms", Value.POSITIVE, (_SCAN,), _ALL, "L scan; O part 6"),
)  # fmt: skip


@cache
def parameters(operation: Operation, version: Version) -> Mapping[str, ParameterFact]:
    """The parameters that an operation has in a version, by name. Names are case-sensitive."""
    return {fact.name: fact for fact in PARAMETERS if operation in fact.operations and version in fact.versions}
