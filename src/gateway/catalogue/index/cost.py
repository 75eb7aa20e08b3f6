"""How much work a query may be, guessed from how often its words occur: whether it may hold up the event loop.

A guess from above, in records looked at. It costs a look into the dictionary a word, a few microseconds.
"""

from __future__ import annotations

import tantivy

from gateway.catalogue.index import patterns
from gateway.catalogue.index.compile import Size
from gateway.catalogue.index_map import INDEXES, Kind, parts
from gateway.catalogue.query import (
    And,
    AndNot,
    Or,
    Prox,
    Query,
    QueryProblem,
    Relation,
    Structure,
    Term,
    Truncation,
)

INLINE = 100_000
"""Records that are looked at within a millisecond or two."""
LITTLE_WORK = 40
"""Masks that are made ready and looked up within some milliseconds, by `patterns.work_of`."""


def is_costly(searcher: tantivy.Searcher, query: Query, size: Size) -> bool:
    """Whether a query of this size is better answered in a thread."""
    if size.work > LITTLE_WORK:
        return True
    return size.looks * searcher.num_docs > INLINE and size.looks * records(searcher, query) > INLINE


def records(searcher: tantivy.Searcher, query: Query) -> int:
    """About how many records are looked at, at most."""
    if isinstance(query, And):
        return min(records(searcher, query.left), records(searcher, query.right))
    if isinstance(query, Or):
        return records(searcher, query.left) + records(searcher, query.right)
    if isinstance(query, AndNot):
        return records(searcher, query.left)
    if isinstance(query, Prox):
        return query.distance * min(records(searcher, query.left), records(searcher, query.right))
    if isinstance(query, Term):
        return _term(searcher, query)
    return searcher.num_docs


def _term(searcher: tantivy.Searcher, asked: Term) -> int:
    index = INDEXES.get(asked.index)
    if index is None or index.ranges or asked.relation is not Relation.EQUAL:
        return searcher.num_docs
    if asked.truncation is not Truncation.NONE:
        return searcher.num_docs
    total = 0
    for part in parts(index):
        if part.kind is not Kind.TEXT:
            forms = part.normal(asked.text)
            total += sum(searcher.doc_freq(part.name, form) for form in forms)
            continue
        try:
            words = patterns.words(asked)
        except QueryProblem:
            return 0
        counts = [searcher.doc_freq(part.name, word.written) for word in words]
        total += sum(counts) if asked.structure is Structure.ANY else min(counts)
    return total
