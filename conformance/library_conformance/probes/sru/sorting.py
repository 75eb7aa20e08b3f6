"""Sorted results: that they are sorted, both ways, and that their pages fit together."""

from __future__ import annotations

import re

from library_conformance.model import NotApplicable, Seen, absent, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.sru._ask import Answer, ask, dublin_core, search, spoken, versions, word
from library_conformance.run import Run
from library_conformance.web import children, local

_FIRST = ("sru.search.count/query",)
_YEAR = re.compile(r"\d{4}")
_KEY = "dc.date"


def _sorted(run: Run, size: int = 20, start: int = 1, *, descending: bool = False) -> Answer:
    way = "/sort.descending" if descending else ""
    return search(run, f"{word(run)} sortby {_KEY}{way}", size, startRecord=str(start))


def _can_sort(run: Run) -> None:
    """Raises NotApplicable where a query cannot be sorted by date."""
    if spoken(run) == "1.1":
        raise NotApplicable("1.1 sorts by a parameter")
    answer = _sorted(run, 1)
    if answer.diagnostics or not answer.records:
        raise NotApplicable("results are not sorted by date")


@probe("sru.sort.cql/dates", needs=_FIRST, inputs=("query",), octets=True)
def cql(run: Run) -> Seen:
    """Sorts a result by date."""
    if spoken(run) == "1.1":
        raise NotApplicable("1.1 sorts by a parameter")
    answer, plain = _sorted(run), search(run, word(run))
    if answer.diagnostics:
        return absent(answer.words) if answer.numbers & {*range(80, 97), 10, 16, 48} else breaks(answer.words)
    return meets("sorted, and as many") if answer.count == plain.count else breaks("another number")


@probe("sru.sort.reverse/dates", needs=_FIRST, inputs=("query",), octets=True)
def reverse(run: Run) -> Seen:
    """Sorts by date both ways and reads the years out of Dublin Core."""
    _can_sort(run)
    up, down = (_years(run, way) for way in ("", "/sort.descending"))
    if len(up) < 2 or len(down) < 2:
        raise NotApplicable("the records have no dates to read")
    if up != sorted(up):
        return breaks("ascending is not in order")
    if down != sorted(down, reverse=True):
        return breaks("descending is not in order")
    return meets("in order both ways") if down[0] >= up[-1] else breaks("descending does not begin at the end")


def _years(run: Run, way: str) -> list[str]:
    """The first year of each record that has one, as they come."""
    records = dublin_core(run, f"{word(run)} sortby {_KEY}{way}")
    dates = ["".join(each.text or "" for each in children(one) if local(each) == "date") for one in records]
    found = (_YEAR.search(date) for date in dates)
    return [year[0] for year in found if year]


@probe("sru.sort.pages/three", needs=_FIRST, inputs=("query",), octets=True)
def pages(run: Run) -> Seen:
    """Reads a sorted result in pages of three and at once, and compares."""
    _can_sort(run)
    together = [one.digest for one in _sorted(run, 9).records]
    single = [one.digest for start in (1, 4, 7) for one in _sorted(run, 3, start).records]
    return meets("the same records") if together == single[: len(together)] else breaks("other records")


@probe("sru.sort.parameter/sort-keys", needs=_FIRST, inputs=("query",), octets=True)
def parameter(run: Run) -> Seen:
    """Sorts by the parameter sortKeys."""
    version = next((each for each in ("1.1", "2.0") if each in versions(run)), None)
    if version is None:
        raise NotApplicable("neither 1.1 nor 2.0 is spoken")
    answer = ask(run, "searchRetrieve", version, query=word(run), maximumRecords="1", sortKeys="date,dc,1")
    if answer.diagnostics:
        return meets("refused") if answer.numbers & {8, 48, *range(80, 97)} else breaks(answer.words)
    return meets("sorted") if answer.count == search(run, word(run)).count else breaks(answer.words)
