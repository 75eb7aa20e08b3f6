"""Queries that cannot be answered, and the diagnostics that they have to meet."""

from __future__ import annotations

from collections.abc import Iterator

from library_conformance.model import Seen, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.sru._ask import (
    OASIS,
    RESPONSES,
    Answer,
    ask_query,
    orderly,
    pairs_of,
    query_of,
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


def _all_refused(run: Run, queries: tuple[str, ...], *numbers: int) -> Seen:
    for query in queries:
        answer = search(run, query)
        if not answer.numbers & set(numbers):
            return breaks(answer.words)
    return meets("refused")


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
