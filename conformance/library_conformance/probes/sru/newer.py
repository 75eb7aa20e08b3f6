"""Result sets, and what SRU 2.0 added: query types, facets, media types."""

from __future__ import annotations

from library_conformance.model import NotApplicable, Seen, absent, breaks, meets, told
from library_conformance.probes import probe
from library_conformance.probes.sru._ask import Answer, ask, once, refused, search, versions, word
from library_conformance.run import Run
from library_conformance.web import child, children, local, text

_FIRST = ("sru.search.count/query",)


def _new(run: Run, **parameters: str) -> Answer:
    """A request of 2.0. Raises NotApplicable where that is not spoken."""
    if "2.0" not in versions(run):
        raise NotApplicable("2.0 is not spoken")
    return ask(run, "searchRetrieve", "2.0", **{"query": word(run), "maximumRecords": "0", **parameters})


@probe("sru.result-set.kept/again", needs=_FIRST, inputs=("query",), octets=True)
def kept(run: Run) -> Seen:
    """Asks for a result to be kept and searches in it."""
    answer = search(run, word(run), 1, resultSetTTL="60")
    name = text(answer.root, "resultSetId")
    if not name:
        return absent("none is kept")
    again = search(run, f'cql.resultSetId = "{name}"')
    if again.diagnostics:
        return breaks(again.words)
    return meets("the same result") if again.count == answer.count else breaks("another result")


@probe("sru.query-type.unknown/junk", needs=_FIRST, inputs=("query",), octets=True)
def query_type(run: Run) -> Seen:
    """Asks in a query language that does not exist."""
    return refused(_new(run, queryType="junk"), 11, 6)


@probe("sru.query-type.search-terms/words", needs=_FIRST, inputs=("query",), octets=True)
def search_terms(run: Run) -> Seen:
    """Asks in plain words, with a quotation mark that CQL would not take."""
    answer = _new(run, queryType="searchTerms", query=word(run))
    if answer.diagnostics:
        return absent("not offered") if answer.numbers & {11, 6, 8} else breaks(answer.words)
    return meets("answered") if answer.count else breaks(answer.words)


@probe("sru.precision.told/search", needs=_FIRST, inputs=("query",), octets=True)
def precision(run: Run) -> Seen:
    """Looks whether an answer says how exact its number is."""
    found = text(_new(run).root, "resultCountPrecision")
    if not found:
        return told("not told")
    known = found.startswith("info:srw/vocabulary/resultCountPrecision/1/")
    return told(f"{found.rpartition('/')[2]}") if known else breaks("a word of no list")


@probe("sru.media-type.unknown/accept", needs=_FIRST, inputs=("query",), octets=True)
def media_type(run: Run) -> Seen:
    """Asks for a media type that nobody has."""
    answer = _new(run, httpAccept="application/x-nobody")
    if answer.status == 406:
        return meets("refused by HTTP")
    return meets("refused") if answer.diagnostics else breaks(answer.words)


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
