"""Result sets, and what SRU 2.0 added: query types, facets, media types."""

from __future__ import annotations

from library_conformance.model import NotApplicable, Seen, absent, breaks, meets, told
from library_conformance.probes import probe
from library_conformance.probes.sru._ask import Answer, ask, once, versions, word
from library_conformance.run import Run
from library_conformance.web import child, children, local, text

_FIRST = ("sru.search.count/query",)


def _new(run: Run, **parameters: str) -> Answer:
    """A request of 2.0. Raises NotApplicable where that is not spoken."""
    if "2.0" not in versions(run):
        raise NotApplicable("2.0 is not spoken")
    return ask(run, "searchRetrieve", "2.0", **{"query": word(run), "maximumRecords": "0", **parameters})


@probe("sru.precision.told/search", needs=_FIRST, inputs=("query",), octets=True)
def precision(run: Run) -> Seen:
    """Looks whether an answer says how exact its number is."""
    found = text(_new(run).root, "resultCountPrecision")
    if not found:
        return told("not told")
    known = found.startswith("info:srw/vocabulary/resultCountPrecision/1/")
    return told(f"{found.rpartition('/')[2]}") if known else breaks("a word of no list")


def _facets(run: Run) -> list[tuple[str, int | None, str]]:
    """Value, count and query of the facets of a result."""
    answer = once(run, "facets", lambda: _new(run, facetLimit=f"5:{run.input('facet_index', 'dc.creator')}"))
    holder = child(answer.root, "facetedResults")
    found = [] if holder is None else [each for each in holder.iter() if local(each) == "term"]
    return [
        (text(each, "actualTerm") or "", int(number) if (number := text(each, "count") or "").isdigit() else None,
         text(each, "query") or "")
        for each in found if children(each)
    ]  # fmt: skip


@probe("sru.facets.offered/limit", needs=_FIRST, inputs=("query",), octets=True)
def facets_offered(run: Run) -> Seen:
    """Searches with facets."""
    return meets("offered") if _facets(run) else absent("not offered")


@probe("sru.facets.count/narrowed", needs=("sru.facets.offered/limit",), inputs=("query",), octets=True)
def facets_count(run: Run) -> Seen:
    """Searches as each value of a facet says, and compares the numbers."""
    total = _new(run).count or 0
    for value, number, query in _facets(run):
        if not value or number is None or number > total:
            return breaks("a value without a number that can be right")
        if query and ask(run, "searchRetrieve", "2.0", query=query, maximumRecords="0").count != number:
            return breaks("its query finds another number")
    return meets("its query finds as many")
