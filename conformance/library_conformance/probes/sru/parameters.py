"""Parameters that are wrong, unknown, repeated, or at the edge of what they may be."""

from __future__ import annotations

from library_conformance.model import Seen, breaks, told
from library_conformance.probes import probe
from library_conformance.probes.sru._ask import (
    Answer,
    ask,
    ask_query,
    pairs_of,
    query_of,
    spoken,
    word,
)
from library_conformance.run import Run


def _with(run: Run, **more: str) -> Answer:
    return ask(run, "searchRetrieve", query=word(run), **more)


@probe("sru.parameter.repeated/query", inputs=("query",), octets=True)
def repeated(run: Run) -> Seen:
    """Sends the same query twice."""
    pairs = pairs_of(spoken(run), "searchRetrieve", {"query": word(run)})
    answer = ask_query(run, query_of((*pairs, ("query", word(run)))))
    if answer.diagnostics:
        return told("refused")
    return told("read once") if answer.count else breaks(answer.words)
