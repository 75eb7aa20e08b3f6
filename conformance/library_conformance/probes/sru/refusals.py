"""Queries that cannot be answered, and the diagnostics that they have to meet."""

from __future__ import annotations

from collections.abc import Iterator

from library_conformance.model import NotApplicable, Seen, breaks, meets, told
from library_conformance.probes import probe
from library_conformance.probes.sru._ask import (
    OASIS,
    RESPONSES,
    Answer,
    ask_query,
    orderly,
    pairs_of,
    query_of,
    refused,
    search,
    spoken,
    title_index,
    word,
)
from library_conformance.run import Run
from library_conformance.web import local, namespace

_SYNTAX = (10, 11, 12, 13, 14, 27, 37)
_FIRST = ("sru.search.count/query",)
_SPACES = ("http://www.loc.gov/zing/srw/diagnostic/", f"{OASIS}diagnostic")
_HOSTILE = ('"><script>alert(1)</script>', "]]></query><x/>&amp;", "\u0001\ufffe", "<!DOCTYPE x [<!ENTITY y 'z'>]>&y;")


@probe("sru.cql.unknown-index/junk", needs=_FIRST, inputs=("query",), octets=True)
def unknown_index(run: Run) -> Seen:
    """Searches in an index of a known set that does not exist."""
    return refused(search(run, f"dc.nosuchindex = {word(run)}"), 16)


@probe("sru.cql.unknown-set/junk", needs=_FIRST, inputs=("query",), octets=True)
def unknown_set(run: Run) -> Seen:
    """Searches in an index of a set that does not exist."""
    return refused(search(run, f"nosuchset.title = {word(run)}"), 15, 16)


@probe("sru.cql.unknown-relation/junk", needs=_FIRST, inputs=("query",), octets=True)
def unknown_relation(run: Run) -> Seen:
    """Searches with a relation that does not exist."""
    return refused(search(run, f'{title_index(run)} cql.nosuchrelation "{word(run)}"'), 19)


@probe("sru.cql.unknown-modifier/junk", needs=_FIRST, inputs=("query",), octets=True)
def unknown_modifier(run: Run) -> Seen:
    """Searches with a relation modifier that does not exist."""
    return refused(search(run, f'{title_index(run)} =/nosuchmodifier "{word(run)}"'), 20, 21)


@probe("sru.cql.unknown-boolean-modifier/junk", needs=_FIRST, inputs=("query",), octets=True)
def unknown_boolean_modifier(run: Run) -> Seen:
    """Searches with a boolean modifier that does not exist."""
    return refused(search(run, f"{word(run)} and/nosuchmodifier {word(run)}"), 46)


def _all_refused(run: Run, queries: tuple[str, ...], *numbers: int) -> Seen:
    for query in queries:
        answer = search(run, query)
        if not answer.numbers & set(numbers):
            return breaks(answer.words)
    return meets("refused")


@probe("sru.cql.broken/syntax", needs=_FIRST, inputs=("query",), octets=True)
def broken(run: Run) -> Seen:
    """Sends queries that are no CQL."""
    index = title_index(run)
    return _all_refused(
        run, (f"{index} =", f"{word(run)} and", f"= {word(run)}", f"{word(run)} sortby", "()"), *_SYNTAX
    )


@probe("sru.cql.broken-quotes/one", needs=_FIRST, inputs=("query",), octets=True)
def broken_quotes(run: Run) -> Seen:
    """Sends a query with one quotation mark."""
    return _all_refused(run, (f'"{word(run)}', f'{title_index(run)} = "{word(run)}'), 14, 10)


@probe("sru.cql.broken-parentheses/one", needs=_FIRST, inputs=("query",), octets=True)
def broken_parentheses(run: Run) -> Seen:
    """Sends queries with one parenthesis."""
    return _all_refused(run, (f"({word(run)}", f"{word(run)})"), 13, 10)


@probe("sru.cql.empty-term/quotes", needs=_FIRST, inputs=("query",), octets=True)
def empty_term(run: Run) -> Seen:
    """Searches for an empty term."""
    answer = search(run, f'{title_index(run)} = ""')
    if answer.diagnostics:
        return refused(answer, 27, 10, 35)
    return told("answered") if answer.count is not None else breaks(answer.words)


@probe("sru.cql.unknown-result-set/junk", needs=_FIRST, inputs=("query",), octets=True)
def unknown_result_set(run: Run) -> Seen:
    """Searches in a result set that does not exist."""
    return refused(search(run, 'cql.resultSetId = "nosuchset"'), 50, 51, 16)


def _survives(run: Run, query: str) -> Seen:
    """A query that is out of the ordinary, and then an ordinary one."""
    answer = search(run, query)
    after = search(run, word(run))
    if after.count is None or after.diagnostics:
        return breaks("the next query was not answered")
    if not orderly(answer):
        return breaks(answer.words)
    return meets("refused in order" if answer.diagnostics or answer.status != 200 else "answered")


@probe("sru.cql.long/words", needs=_FIRST, inputs=("query",), octets=True)
def long(run: Run) -> Seen:
    """Sends a query of six thousand characters, and then an ordinary one."""
    return _survives(run, " or ".join([word(run)] * 600))


@probe("sru.cql.deep/parentheses", needs=_FIRST, inputs=("query",), octets=True)
def deep(run: Run) -> Seen:
    """Sends a query of a hundred parentheses in each other, and then an ordinary one."""
    return _survives(run, "(" * 100 + word(run) + ")" * 100)


def _mistakes(run: Run) -> list[Answer]:
    queries = ('"', f"dc.nosuchindex = {word(run)}", f'{title_index(run)} cql.nosuchrelation "{word(run)}"')
    return [search(run, query) for query in queries]


@probe("sru.diagnostic.form/mistakes", needs=_FIRST, inputs=("query",), octets=True)
def form(run: Run) -> Seen:
    """Looks at the diagnostics of several mistakes: address and namespace."""
    for answer in _mistakes(run):
        if not answer.diagnostics:
            return breaks(answer.words)
        for one in answer.diagnostics:
            if local(one.element) != "diagnostic" or namespace(one.element) not in _SPACES:
                return breaks("outside the namespace of diagnostics")
            if not one.number:
                return breaks("an address of no list")
    return meets("address and namespace")


@probe("sru.diagnostic.words/mistakes", needs=_FIRST, inputs=("query",), octets=True)
def words(run: Run) -> Seen:
    """Looks whether diagnostics say what was wrong."""
    for answer in _mistakes(run):
        if not answer.diagnostics:
            return breaks(answer.words)
        if not all(one.message or one.details for one in answer.diagnostics):
            return breaks("a number without words")
    return meets("in words")


@probe("sru.diagnostic.alone/mistakes", needs=_FIRST, inputs=("query",), octets=True)
def alone(run: Run) -> Seen:
    """Looks whether answers to queries that cannot be read hold records."""
    answer = search(run, f'{title_index(run)} = "{word(run)}', 2)
    if not answer.diagnostics:
        return breaks(answer.words)
    if answer.records or answer.count:
        return breaks("a result beside the diagnostic")
    return meets("no records")


@probe("sru.diagnostic.hostile/echo", needs=_FIRST, inputs=("query",), octets=True)
def hostile(run: Run) -> Seen:
    """Puts markup, entities and forbidden characters into queries and other parameters, and reads what comes back."""
    for answer in _hostile(run):
        if answer.status in (400, 404):
            continue
        if answer.root is None or answer.kind not in RESPONSES.values():
            return breaks(answer.words)
        if any(local(each) in ("script", "x") for each in answer.root.iter()):
            return breaks("it became markup")
    return meets("nothing became markup")


def _hostile(run: Run) -> Iterator[Answer]:
    for value in _HOSTILE:
        yield search(run, value, 1)
        yield search(run, f'"{value.replace(chr(34), "")}"', 1)
        yield search(run, word(run), 1, recordSchema=value)
    pairs = pairs_of(spoken(run), "searchRetrieve", {"query": word(run)})
    yield ask_query(run, f"{query_of(pairs)}&%3Cscript%3E=1")


@probe("sru.sort.unknown/junk", needs=_FIRST, inputs=("query",), octets=True)
def sort_unknown(run: Run) -> Seen:
    """Sorts by an index that does not exist."""
    if spoken(run) == "1.1":
        raise NotApplicable("1.1 sorts by a parameter")
    return refused(search(run, f"{word(run)} sortby dc.nosuchindex", 1), *range(80, 97), 15, 16, 48)
