"""How often each value of an index is among the records of a result set, and the term that asks for one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.catalogue.index.results import ResultSet
from gateway.catalogue.index.schema import facet_field
from gateway.catalogue.index_map import INDEXES, Kind
from gateway.catalogue.query import Completeness, ProblemCode, QueryProblem, Structure, Term

MOST_VALUES = 1_000


@dataclass(frozen=True, slots=True)
class Count:
    """`value` as people read it; `count` records of the set have it."""

    value: str
    count: int


def count(found: ResultSet, names: Sequence[str], limit: int, start: int = 0) -> dict[str, list[Count]]:
    """The most frequent values of each index, from position `start` (from 0), ties in the order of their values.

    Raises QueryProblem for indexes that nothing is counted by, or more values than `MOST_VALUES`."""
    for name in names:
        if name not in INDEXES or not INDEXES[name].facet:
            raise QueryProblem(ProblemCode.INDEX, name)
    if limit < 0 or start < 0 or limit + start > MOST_VALUES:
        raise QueryProblem(ProblemCode.QUERY_FEATURE, f"more than {MOST_VALUES} values")
    if not found.count or not limit:
        return {name: [] for name in names}
    wanted = {
        name: {
            "terms": {
                "field": facet_field(name),
                "size": limit + start,
                "segment_size": max(10 * (limit + start), 1_000),
                "order": {"_count": "desc"},
            }
        }
        for name in names
    }
    answer = found.searcher.aggregate(found.query, wanted)
    out: dict[str, list[Count]] = {}
    for name in names:
        counts = [Count(bucket["key"], bucket["doc_count"]) for bucket in answer[name]["buckets"]]
        counts.sort(key=lambda one: (-one.count, one.value))
        out[name] = counts[start:]
    return out


def asking_for(index: str, value: str) -> Term:
    """The term that finds the records counted under a value."""
    if INDEXES[index].kind is Kind.TEXT:
        return Term(index, value, structure=Structure.PHRASE, completeness=Completeness.FIELD)
    return Term(index, value)
