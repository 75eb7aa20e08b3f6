"""Results: their number, their size, their records, and that pages of one result fit together."""

from __future__ import annotations

from library_conformance.model import Behaviour, NotApplicable, Seen, breaks, meets, told
from library_conformance.probes import probe
from library_conformance.probes.sru._ask import Answer, Record, ask, explained, once, search, word
from library_conformance.run import Run
from library_conformance.web import child, text

_NOBODY = "zzqxwvkjzzqxwvkj"
"""A word that no library has."""
_PAGES = 6


def _paged(run: Run, size: int, start: int) -> Answer:
    return search(run, word(run), size, startRecord=str(start))


def _several(run: Run) -> Answer:
    """The first three records. Raises NotApplicable where there are fewer."""
    answer = once(run, "three", lambda: _paged(run, 3, 1))
    if answer.count is not None and answer.count < 3:
        raise NotApplicable("the input `query` finds fewer than three records")
    return answer


@probe("sru.search.count/query", inputs=("query",), octets=True)
def count(run: Run) -> Seen:
    """Searches and looks at the number of records."""
    answer = search(run, word(run), 1)
    if answer.diagnostics or answer.count is None:
        return breaks(answer.words if answer.diagnostics else "no number")
    if answer.count == 0:
        raise NotApplicable("the input `query` finds nothing")
    return meets("a number") if answer.records else breaks("a number and no record")


@probe("sru.search.stable/twice", inputs=("query",), octets=True)
def stable(run: Run) -> Seen:
    """Searches twice and compares."""
    first, second = (search(run, word(run), 2) for _ in range(2))
    if first.count is None or first.diagnostics:
        return breaks(first.words)
    same = first.count == second.count and [a.digest for a in first.records] == [b.digest for b in second.records]
    return meets("the same") if same else breaks("another result")


@probe("sru.search.size/two", needs=("sru.search.count/query",), inputs=("query",), octets=True)
def size(run: Run) -> Seen:
    """Asks for two records and counts those that come."""
    _several(run)
    found = len(_paged(run, 2, 1).records)
    if found > 2:
        return breaks("more than were asked for")
    return meets("two") if found == 2 else meets("fewer than were asked for")


@probe(
    "sru.search.record/fields",
    verifies=("sru.search.record", "sru.search.position"),
    needs=("sru.search.count/query",),
    inputs=("query",),
    octets=True,
)
def record(run: Run) -> Seen:
    """Looks at what the records of a result say of themselves."""
    for place, one in enumerate(_paged(run, 2, 2).records, 2):
        if not one.schema or one.packing not in ("xml", "string"):
            return breaks("without schema or packing")
        if one.data is None and not one.surrogate:
            return breaks("without data")
        if one.position != str(place):
            behaviours = {"sru.search.record": Behaviour.MEETS}
            observation = "another position" if one.position else "no position"
            return Seen(observation, Behaviour.BREAKS, behaviours=behaviours)
    return meets("schema, packing, data and position")


@probe("sru.search.echo/request", needs=("sru.search.count/query",), inputs=("query",), octets=True)
def echo(run: Run) -> Seen:
    """Compares the request that an answer repeats with the one that was sent."""
    answer = search(run, word(run), 2)
    echoed = child(answer.root, "echoedSearchRetrieveRequest")
    if echoed is None:
        return told("not repeated")
    return meets("as it was") if text(echoed, "query") == word(run) else breaks("another query")


@probe("sru.paging.next/first-and-last", needs=("sru.search.count/query",), inputs=("query",), octets=True)
def following(run: Run) -> Seen:
    """Looks at the position that follows the first page, and the last."""
    answer = _several(run)
    total = answer.count or 0
    if total > len(answer.records) and answer.following != len(answer.records) + 1:
        return breaks("another position than follows" if answer.following else "no position though there is more")
    last = _paged(run, 3, total)
    if last.following is not None:
        return breaks("a position behind the end")
    return meets("what follows, and none at the end")


@probe("sru.paging.window/overlap", needs=("sru.search.count/query",), inputs=("query",), octets=True)
def window(run: Run) -> Seen:
    """Asks for records 1 to 3 at once and one by one, and compares."""
    together = [one.digest for one in _several(run).records]
    single = [one.digest for start in (1, 2, 3) for one in _paged(run, 1, start).records]
    return meets("the same records") if together[:3] == single else breaks("other records")


@probe("sru.paging.count-same/pages", needs=("sru.search.count/query",), inputs=("query",), octets=True)
def count_same(run: Run) -> Seen:
    """Compares the number that three pages tell."""
    total = _several(run).count or 0
    found = {_paged(run, 2, start).count for start in (1, 3, total)}
    return meets("the same") if found == {total} else breaks("other numbers on other pages")


@probe("sru.paging.complete/six-pages", needs=("sru.search.count/query",), inputs=("query",), octets=True)
def complete(run: Run) -> Seen:
    """Reads a result in six pages, and looks for records that come twice or not at all."""
    total = _several(run).count or 0
    step = min(-(-total // _PAGES), 50)
    records: list[Record] = []
    for start in range(1, min(total, _PAGES * step) + 1, step):
        page = _paged(run, step, start).records
        if len(page) != min(step, total - start + 1):
            return breaks("a page of another size")
        records += page
    digests = [one.digest for one in records if not one.surrogate]
    if len(set(digests)) < len(digests):
        return breaks("records come twice")
    return meets("complete" if len(records) == total else "none twice as far as it was followed")


@probe("sru.paging.beyond/end", needs=("sru.search.count/query",), inputs=("query",), octets=True)
def beyond(run: Run) -> Seen:
    """Asks for records behind the end."""
    answer = _paged(run, 1, (_several(run).count or 0) + 1)
    if answer.records:
        return breaks("a record")
    return meets(answer.words) if 61 in answer.numbers else breaks(answer.words)


@probe("sru.paging.deep/last", needs=("sru.search.count/query",), inputs=("query",), octets=True)
def deep(run: Run) -> Seen:
    """Asks for the last record of the largest result there is, or of the query's."""
    every = search(run, "cql.allRecords = 1")
    query = "cql.allRecords = 1" if every.count and not every.diagnostics else word(run)
    total = search(run, query).count
    answer = search(run, query, 1, startRecord=str(total))
    if answer.diagnostics or len(answer.records) != 1:
        return breaks(answer.words if answer.diagnostics else "no record")
    return meets("the record")


@probe("sru.schema.default/search", needs=("sru.search.count/query",), inputs=("query",), octets=True)
def default_schema(run: Run) -> Seen:
    """Compares the schema of a record that was asked for without one with those that explain lists."""
    found = ask(run, "searchRetrieve", query=word(run), maximumRecords="1").records
    if not found:
        return breaks("no record")
    known = {each for pair in explained(run).schemas for each in pair}
    if not known:
        raise NotApplicable("no schemas are told")
    return meets("one of those listed") if found[0].schema in known else breaks("one that is not listed")
