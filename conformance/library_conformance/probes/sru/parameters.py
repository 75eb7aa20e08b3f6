"""Parameters that are wrong, unknown, repeated, or at the edge of what they may be."""

from __future__ import annotations

from library_conformance.model import Seen, breaks, meets, told
from library_conformance.probes import probe
from library_conformance.probes.sru._ask import (
    Answer,
    ask,
    ask_query,
    pairs_of,
    query_of,
    refused,
    search,
    spoken,
    word,
)
from library_conformance.run import Run


def _with(run: Run, **more: str) -> Answer:
    return ask(run, "searchRetrieve", query=word(run), **more)


@probe("sru.parameter.unknown/junk", inputs=("query",), octets=True)
def unknown(run: Run) -> Seen:
    """Sends a parameter that does not exist."""
    answer = _with(run, nosuchparameter="1")
    if answer.count and not answer.diagnostics:
        return meets("left aside")
    return refused(answer, 8)


@probe("sru.parameter.extension/x-unknown", inputs=("query",), octets=True)
def extension(run: Run) -> Seen:
    """Sends an extension that nobody knows."""
    plain, answer = search(run, word(run)), _with(run, **{"x-nobody-knows": "1"})
    if answer.count == plain.count is not None and not answer.diagnostics:
        return meets("changes nothing")
    return breaks(answer.words if answer.diagnostics else "another result")


@probe("sru.parameter.repeated/query", inputs=("query",), octets=True)
def repeated(run: Run) -> Seen:
    """Sends the same query twice."""
    pairs = pairs_of(spoken(run), "searchRetrieve", {"query": word(run)})
    answer = ask_query(run, query_of((*pairs, ("query", word(run)))))
    if answer.diagnostics:
        return told("refused")
    return told("read once") if answer.count else breaks(answer.words)


@probe("sru.parameter.start-zero/search", inputs=("query",), octets=True)
def start_zero(run: Run) -> Seen:
    """Asks for the records from position 0 on."""
    return refused(_with(run, startRecord="0"), 6, 61)


@probe("sru.parameter.start-junk/search", inputs=("query",), octets=True)
def start_junk(run: Run) -> Seen:
    """Asks for the records from a word on, and from below nothing on."""
    for value in ("junk", "-1", "1.5"):
        answer = _with(run, startRecord=value)
        if not answer.numbers & {6, 61}:
            return breaks(answer.words)
    return meets("answered diagnostic 6 or 61")


@probe("sru.parameter.maximum-junk/search", inputs=("query",), octets=True)
def maximum_junk(run: Run) -> Seen:
    """Asks for a word of records, and for fewer than none."""
    for value in ("junk", "-1"):
        answer = _with(run, maximumRecords=value)
        if not answer.numbers & {6, 60}:
            return breaks(answer.words)
    return meets("answered diagnostic 6")


@probe("sru.parameter.maximum-zero/search", inputs=("query",), octets=True)
def maximum_zero(run: Run) -> Seen:
    """Asks for the number of records alone."""
    answer = search(run, word(run), 0)
    if answer.diagnostics or not answer.count:
        return breaks(answer.words)
    return breaks("records all the same") if answer.records else meets("the number alone")


@probe("sru.parameter.stylesheet/named", inputs=("query",), octets=True)
def stylesheet(run: Run) -> Seen:
    """Asks for a stylesheet."""
    answer = _with(run, stylesheet="http://nobody.example/style.xsl", maximumRecords="1")
    if answer.diagnostics:
        return refused(answer, 110, 8, 6, 48)
    if answer.count is None:
        return breaks(answer.words)
    return told("named in the answer" if b"<?xml-stylesheet" in answer.octets[:500] else "left aside")
