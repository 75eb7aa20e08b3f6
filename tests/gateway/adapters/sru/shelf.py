"""A catalogue in memory that finds words in titles: a small model of the real one, for tests of the door."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.catalogue.index.facets import Count
from gateway.catalogue.index.headings import Entry, Scan
from gateway.catalogue.query import (
    AllRecords,
    And,
    InSet,
    Or,
    ProblemCode,
    Query,
    QueryProblem,
    SortKey,
    Term,
)
from gateway.catalogue.records import ALL, CatalogueRecord, Format, Holding
from gateway.catalogue.store.port import CatalogueUnavailable

MARCXML = (
    '<record xmlns="http://www.loc.gov/MARC21/slim"><leader>00000nam a2200000 i 4500</leader>'
    '<controlfield tag="001">{control}</controlfield><datafield tag="245" ind1="1" ind2="0">'
    '<subfield code="a">{title}</subfield></datafield></record>'
)


@dataclass
class Found:
    """A result set of the shelf."""

    ids: list[int]
    titles: dict[int, str]
    pages: list[tuple[int, int]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.ids)

    async def page(self, start: int, size: int) -> list[int]:
        self.pages.append((start, size))
        return self.ids[start - 1 : start - 1 + size]


class Shelf:
    """Every record is in its member's view and in `all`. `gone` are withdrawn after they were found."""

    def __init__(self) -> None:
        self.away = False
        self.gone: set[int] = set()
        self.sorts: list[tuple[SortKey, ...]] = []
        self.queries: list[Query] = []
        self._records: dict[int, CatalogueRecord] = {}
        self._titles: dict[int, str] = {}

    def put(self, member: str, title: str, marc: Format = Format.MARC21) -> int:
        number = len(self._records) + 1
        control = f"b{number}"
        self._titles[number] = title
        self._records[number] = CatalogueRecord(
            number, member, control, 1000 + number, marc,
            MARCXML.format(control=control, title=title).encode(), 1_700_000_000,
            holdings=(Holding(member, "MAIN", "PR 1", barcodes=(f"item-{control}",)),),
        )  # fmt: skip
        return number

    def retitle(self, number: int, marcxml: bytes) -> None:
        self._records[number] = replace(self._records[number], marcxml=marcxml)

    async def search(self, view: str, query: Query, sort: Sequence[SortKey] = ()) -> Any:
        self._answer()
        self.queries.append(query)
        self.sorts.append(tuple(sort))
        ids = [n for n, r in self._records.items() if view in (r.member, ALL) and self._matches(n, query)]
        for key in reversed(sort):
            if key.index != "title":
                raise QueryProblem(ProblemCode.SORT, key.index)
            ids.sort(key=lambda number: self._titles[number], reverse=key.descending)
        return Found(ids, self._titles)

    def _matches(self, number: int, query: Query) -> bool:
        match query:
            case Term(text=text):
                return set(text.lower().split()) <= set(self._titles[number].lower().split())
            case And(left, right):
                return self._matches(number, left) and self._matches(number, right)
            case Or(left, right):
                return self._matches(number, left) or self._matches(number, right)
            case InSet(found):
                return number in found.ids
            case AllRecords():
                return True
            case _:
                raise QueryProblem(ProblemCode.QUERY_FEATURE, type(query).__name__)

    async def facets(self, found: Any, names: Sequence[str], limit: int = 10, start: int = 0) -> dict[str, list[Count]]:
        counted = Counter(word for number in found.ids for word in set(found.titles[number].split()))
        counts = sorted((Count(word, count) for word, count in counted.items()), key=lambda c: (-c.count, c.value))
        return dict.fromkeys(names, counts[start : start + limit])

    async def scan(
        self, view: str, index: str, term: str, size: int = 10, position: int = 1, *, words: bool = False
    ) -> Scan:
        self._answer()
        if index not in ("title", "any"):
            raise QueryProblem(ProblemCode.SCAN, index)
        if size > 1000:
            raise QueryProblem(ProblemCode.SCAN_SIZE, str(size))
        own = [self._titles[number] for number, record in self._records.items() if view in (record.member, ALL)]
        listed = sorted({each for title in own for each in (title.lower().split() if words else [title])})
        at = next((number for number, each in enumerate(listed) if each >= term), len(listed))
        begin = max(at - position + 1, 0)
        entries = tuple(Entry(each.lower(), each, 1) for each in listed[begin : begin + size])
        return Scan(entries, position, begin == 0, begin + size >= len(listed))

    async def records(self, view: str, ids: Sequence[int], *, holdings: bool = True) -> list[CatalogueRecord | None]:
        self._answer()
        return [None if number in self.gone else self._records[number] for number in ids]

    async def indexes(self, view: str) -> None:
        return None

    async def horizon(self) -> int:
        self._answer()
        return 1_700_000_000

    def _answer(self) -> None:
        if self.away:
            raise CatalogueUnavailable("away")
