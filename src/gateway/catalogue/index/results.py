"""A result set: what was found, as it was when it was found, page by page in any order, to any depth.

A set keeps its query and the searcher that answered it, no list of records. Pages come in the order of record ids or
of sort keys. A sort key is one or more columns; records that share the value of one are put in order by the next, so
that the order is exact however large the set. Deep pages are narrowed by a histogram first: a page in the middle of
ten million costs two passes over the hits instead of a heap of five million.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import tantivy

from gateway.catalogue.index.compile import MOST_NODES, any_of, both, how_many, without
from gateway.catalogue.index.cost import INLINE
from gateway.catalogue.index.folding import heading
from gateway.catalogue.index.numbers import period, shelf_order
from gateway.catalogue.index.schema import ID, packed, schema, sort_fields, sort_number
from gateway.catalogue.index_map import INDEXES, Kind
from gateway.catalogue.query import Missing, ProblemCode, QueryProblem, SortKey

MOST_KEYS = 5
LARGEST_PAGE = 10_000
_DEEP = 20_000
"""From this position on a page is narrowed by a histogram before it is looked for."""
_BUCKETS = 2_000
_FIRST = 10
"""As many records as most clients ask for first."""
_BY_TEXT = 50_000
"""How many records with the same 22 first letters are put in order by their whole text."""
_TQuery = tantivy.Query


class Column(NamedTuple):
    """One column of a sort: a fast field, of numbers or of text."""

    field: str
    descending: bool
    text: bool = False


class _Part(NamedTuple):
    """A stretch of the result: a query, and the columns that put it in order."""

    query: tantivy.Query
    columns: tuple[Column, ...]


class Masks:
    """What the masks of all result sets that are held cost together, by `patterns.work_of`."""

    def __init__(self) -> None:
        self.held = 0


class Weight:
    """The masks of one query, counted while anything holds them: an automaton takes some kilobytes a unit of work."""

    def __init__(self, masks: Masks, work: int) -> None:
        self.work = work
        self._masks = masks
        masks.held += work

    def __del__(self) -> None:
        self._masks.held -= self.work


@dataclass(slots=True, eq=False)
class ResultSet:
    """The records that a query found in a view. `count` is exact. `view` is the view it was asked in.

    `page` is async so that what takes long can run beside the event loop. `nodes`: terms and booleans of its query,
    what it stands in among them. `weight` is there while any set has its masks. `first`: tantivy's answer with the
    first records, where they were taken along with the count.
    """

    searcher: tantivy.Searcher
    query: tantivy.Query
    view: str
    count: int
    run: Any
    relevance: bool = False
    keys: tuple[SortKey, ...] = ()
    nodes: int = 1
    weight: Weight | None = None
    first: Any = None

    async def page(self, start: int, size: int) -> list[int]:
        """Ids of source records from position `start` (from 1), at most `size`; fewer at the end, none behind it.

        Raises QueryProblem(SORT_TOO_MANY) where too many records share the beginning of the text sorted by."""
        size = min(size, LARGEST_PAGE, self.count - start + 1)
        if start < 1 or size < 1:
            return []
        if self.first is not None and start + size - 1 <= _FIRST:
            return [int(hit[0]) for hit in self.first.hits[start - 1 : start + size - 1]]
        costly = start > _DEEP or self.count > (_DEEP if self.keys else INLINE)
        return await self.run(costly, self._page, start - 1, size)

    def sorted(self, keys: Sequence[SortKey]) -> ResultSet:
        """The same records in another order. Raises QueryProblem for keys that nothing is sorted by."""
        checked = check_keys(keys)
        query, count, nodes = self.query, self.count, self.nodes
        for key in checked:
            if key.missing is Missing.OMIT:
                query, nodes = both(query, _has(key)), nodes + 1
                count = how_many(self.searcher, query)
            elif key.missing is Missing.FAIL and how_many(self.searcher, without(query, _has(key))):
                raise QueryProblem(ProblemCode.SORT_ENDED, key.index)
        if nodes > MOST_NODES:
            raise QueryProblem(ProblemCode.TOO_MANY_BOOLEANS, str(MOST_NODES))
        return ResultSet(self.searcher, query, self.view, count, self.run, False, checked, nodes, self.weight)

    def _page(self, start: int, size: int) -> list[int]:
        if self.relevance:
            hits = self.searcher.search(self.query, size, count=False, offset=start).hits
            return [int(i) for i in self.searcher.fast_field_values(ID, [hit[1] for hit in hits]) if i is not None]
        return _paged(self.searcher, self.query, self.keys, start, size)


def count_and_first(searcher: tantivy.Searcher, query: tantivy.Query) -> Any:
    """How many records a query finds (`count`), and the first of them, which cost little more where the count costs
    little: what `ResultSet.first` is made of."""
    return searcher.search(query, _FIRST, count=True, order_by_field=ID, order=tantivy.Order.Asc)


def check_keys(keys: Sequence[SortKey]) -> tuple[SortKey, ...]:
    """The keys, if a result can be put in their order. Raises QueryProblem."""
    if len(keys) > MOST_KEYS:
        raise QueryProblem(ProblemCode.SORT_KEYS, str(MOST_KEYS))
    for key in keys:
        if key.index not in INDEXES or not INDEXES[key.index].sortable:
            raise QueryProblem(ProblemCode.SORT, key.index)
        if key.missing is Missing.VALUE:
            missing_value(key)
    if len({key.index for key in keys}) < len(keys):
        raise QueryProblem(ProblemCode.SORT_DUPLICATE, ", ".join(key.index for key in keys))
    return tuple(keys)


def missing_value(key: SortKey) -> str | int:
    """The value that records without one are sorted by, in the form of the column. Raises QueryProblem."""
    index = INDEXES[key.index]
    if not index.ranges:
        text = key.missing_value
        return heading(shelf_order(" ".join(index.normal(text)))) if index.kind is Kind.KEY else heading(text)
    found = period(key.missing_value)
    if found is None:
        raise QueryProblem(ProblemCode.SORT_MISSING, key.missing_value[:200])
    return found[0] // 10_000 if index.kind is Kind.YEAR else found[0]


def _columns(key: SortKey) -> tuple[Column, ...]:
    if INDEXES[key.index].ranges:
        return (Column(sort_number(key.index), key.descending),)
    first, second, whole = sort_fields(key.index)
    return Column(first, key.descending), Column(second, key.descending), Column(whole, key.descending, text=True)


def _has(key: SortKey) -> tantivy.Query:
    return _TQuery.exists_query(sort_number(key.index))


def _range(field: str, low: int | None, high: int | None) -> tantivy.Query:
    return _TQuery.const_score_query(_TQuery.range_query(schema(), field, tantivy.FieldType.Integer, low, high), 0.0)


def _paged(
    searcher: tantivy.Searcher, query: tantivy.Query, keys: Sequence[SortKey], start: int, size: int
) -> list[int]:
    if not keys:
        return _ordered(searcher, query, (Column(ID, False),), (), start, size)
    key, rest = keys[0], tuple(keys[1:])
    columns = _columns(key)
    if key.missing in (Missing.OMIT, Missing.FAIL):
        return _ordered(searcher, query, columns, rest, start, size)
    there, absent = both(query, _has(key)), without(query, _has(key))
    if not how_many(searcher, absent):
        return _ordered(searcher, query, columns, rest, start, size)
    ordered = _Part(there, columns)
    nothing = _Part(absent, ())
    if key.missing is Missing.VALUE:
        less, more = _around(searcher, key, there)
        stretches = [_Part(less, columns), nothing, _Part(more, columns)]
    elif (key.missing is Missing.HIGH) is not key.descending:
        stretches = [ordered, nothing]
    else:
        stretches = [nothing, ordered]
    return _stretches(searcher, stretches, rest, start, size)


def _stretches(
    searcher: tantivy.Searcher, stretches: Sequence[_Part], rest: tuple[SortKey, ...], start: int, size: int
) -> list[int]:
    out: list[int] = []
    for query, columns in stretches:
        length = how_many(searcher, query)
        if start < length:
            wanted = min(size - len(out), length - start)
            if columns:
                out += _ordered(searcher, query, columns, rest, start, wanted)
            else:
                out += _paged(searcher, query, rest, start, wanted)
        if len(out) == size:
            break
        start = max(0, start - length)
    return out


def _around(searcher: tantivy.Searcher, key: SortKey, query: tantivy.Query) -> tuple[tantivy.Query, tantivy.Query]:
    """The records that come before those without a value, and those that come behind."""
    value = missing_value(key)
    if isinstance(value, int):
        field = sort_number(key.index)
        lower, upper = both(query, _range(field, None, value - 1)), both(query, _range(field, value, None))
        if key.descending:
            lower, upper = both(query, _range(field, value + 1, None)), both(query, _range(field, None, value))
        return lower, upper
    below = both(query, _below(searcher, key.index, value, inclusive=key.descending))
    return (without(query, below), below) if key.descending else (below, without(query, below))


def _below(searcher: tantivy.Searcher, index: str, value: str, *, inclusive: bool) -> tantivy.Query:
    """The records whose text comes before a value. Text has no ranges: the columns of numbers decide all but those that
    begin alike, and of these the texts themselves are looked at."""
    first, second, whole = sort_fields(index)
    low, high = packed(value)
    same = _range(first, low, low)
    alike = both(same, _range(second, high, high))
    found = searcher.search(alike, _BY_TEXT + 1, count=False, order_by_field=whole, order=tantivy.Order.Asc).hits
    if len(found) > _BY_TEXT:
        raise QueryProblem(ProblemCode.SORT_MISSING, value[:200])
    before = [at for text, at in found if text < value or (inclusive and text == value)]
    return any_of(
        [
            _range(first, None, low - 1),
            both(same, _range(second, None, high - 1)),
            _TQuery.term_set_query(schema(), ID, _ids(searcher, before)),
        ]
    )


def _ordered(
    searcher: tantivy.Searcher,
    query: tantivy.Query,
    columns: tuple[Column, ...],
    rest: tuple[SortKey, ...],
    start: int,
    size: int,
) -> list[int]:
    """A page of records that all have a value in these columns."""
    if size <= 0:
        return []
    column = columns[0]
    if column.text and start + size > _BY_TEXT:
        raise QueryProblem(ProblemCode.SORT_TOO_MANY, f"more than {_BY_TEXT} begin alike")
    order = tantivy.Order.Desc if column.descending else tantivy.Order.Asc

    def look(within: tantivy.Query, offset: int, limit: int) -> list[tuple[Any, tantivy.DocAddress]]:
        return searcher.search(within, limit, count=False, order_by_field=column.field, offset=offset, order=order).hits

    if column.text:
        # Text can only be counted by looking at it: all that comes before is looked at as well.
        hits, place = look(query, 0, start + size), start
    else:
        narrowed, skipped = (query, 0) if start < _DEEP else _narrow(searcher, query, column, start)
        hits, place = look(narrowed, start - skipped, size), 0
        if len(hits) < size and skipped:
            hits = look(query, start, size)
    if column.field == ID:
        return [int(hit[0]) for hit in hits]
    out: list[int] = []
    while place < len(hits):
        value, begin, end = hits[place][0], place, place
        while end < len(hits) and hits[end][0] == value:
            end += 1
        while begin and hits[begin - 1][0] == value:
            begin -= 1
        if end - begin == 1 and end < len(hits) and begin:
            out += _ids(searcher, [hits[place][1]])
        else:
            before = place - begin
            if not column.text and not begin:
                before = start - how_many(searcher, both(query, _before(column, value)))
            out += _next(searcher, both(query, _same(column, value)), columns[1:], rest, before, end - place)
        place = end
    return out


def _next(
    searcher: tantivy.Searcher,
    query: tantivy.Query,
    columns: tuple[Column, ...],
    rest: tuple[SortKey, ...],
    start: int,
    size: int,
) -> list[int]:
    """A page of records that are alike so far."""
    if columns:
        return _ordered(searcher, query, columns, rest, start, size)
    return _paged(searcher, query, rest, start, size)


def _ids(searcher: tantivy.Searcher, addresses: list[tantivy.DocAddress]) -> list[int]:
    return [int(found) for found in searcher.fast_field_values(ID, addresses) if found is not None]


def _same(column: Column, value: Any) -> tantivy.Query:
    if column.text:
        # Without scores a column will do; with them tantivy wants an index.
        return _TQuery.const_score_query(_TQuery.term_query(schema(), column.field, value), 0.0)
    return _range(column.field, value, value)


def _before(column: Column, value: Any) -> tantivy.Query:
    """The records that come before those with this number."""
    return _range(column.field, value + 1, None) if column.descending else _range(column.field, None, value - 1)


def _narrow(searcher: tantivy.Searcher, query: tantivy.Query, column: Column, start: int) -> tuple[tantivy.Query, int]:
    """The query without whole buckets that come before a deep page, and how many records those hold.

    Buckets are a guess at where to cut (they are counted in floating point); what is cut off is counted exactly."""
    stats = searcher.aggregate(
        query, {"low": {"min": {"field": column.field}}, "high": {"max": {"field": column.field}}}
    )
    low, high = stats["low"]["value"], stats["high"]["value"]
    if low is None or high is None or high - low < _BUCKETS:
        return query, 0
    interval = (high - low) / _BUCKETS
    found = searcher.aggregate(query, {"cut": {"histogram": {"field": column.field, "interval": interval}}})
    buckets = found["cut"]["buckets"]
    if column.descending:
        buckets = buckets[::-1]
    passed, cut = 0, None
    for bucket in buckets:
        if passed + bucket["doc_count"] > start:
            break
        passed += bucket["doc_count"]
        cut = int(bucket["key"]) if column.descending else int(bucket["key"] + interval)
    if cut is None:
        return query, 0
    kept = _range(column.field, None, cut) if column.descending else _range(column.field, cut, None)
    gone = _range(column.field, cut + 1, None) if column.descending else _range(column.field, None, cut - 1)
    skipped = how_many(searcher, both(query, gone))
    return (both(query, kept), skipped) if skipped <= start else (query, 0)
