"""Scan: the terms of an index, and that they are what a search finds."""

from __future__ import annotations

from dataclasses import dataclass

from library_conformance.model import NotApplicable, Seen, breaks, meets, told
from library_conformance.probes import probe
from library_conformance.probes.sru._ask import (
    Answer,
    first_scan,
    quoted,
    scan,
    search,
    title_index,
)
from library_conformance.run import Run
from library_conformance.web import child, children, local, text

_OFFERED = ("sru.scan.offered/index",)


@dataclass(frozen=True, slots=True)
class Term:
    value: str
    count: int | None
    where: str


def _terms(answer: Answer) -> list[Term]:
    holder = child(answer.root, "terms")
    found = [] if holder is None else [each for each in children(holder) if local(each) == "term"]
    counts = [text(each, "numberOfRecords") or "" for each in found]
    return [
        Term(text(each, "value") or "", int(count) if count.isdigit() else None, text(each, "whereInList") or "")
        for each, count in zip(found, counts, strict=True)
    ]


def _first(run: Run) -> list[Term]:
    """Five terms from a on. Raises NotApplicable where there are fewer than three."""
    found = _terms(first_scan(run))
    if len(found) < 3:
        raise NotApplicable("the index has fewer than three terms from a on")
    return found


@probe("sru.scan.terms/five", verifies=("sru.scan.terms", "sru.scan.most"), needs=_OFFERED, octets=True)
def terms(run: Run) -> Seen:
    """Asks for five terms and looks at them."""
    found = _first(run)
    if len(found) > 5:
        return breaks("more terms than were asked for")
    values = [one.value for one in found]
    if not all(values):
        return breaks("a term without value")
    return breaks("a term twice") if len(set(values)) < len(values) else meets("terms, each once")


@probe("sru.scan.count/search", needs=_OFFERED, octets=True)
def count(run: Run) -> Seen:
    """Searches for terms of a list and compares the numbers."""
    index, tried = title_index(run), False
    for one in _first(run):
        if one.count is None:
            continue
        tried = True
        found = [search(run, f'{index} {relation} "{quoted(one.value)}"').count for relation in ("==", "=", "exact")]
        if one.count not in found:
            return breaks("a search finds another number")
    if not tried:
        raise NotApplicable("terms tell no number")
    return meets("as many as a search finds")


@probe("sru.scan.position/second", needs=_OFFERED, octets=True)
def position(run: Run) -> Seen:
    """Scans for a known term and wants it in the second and in the first place."""
    wanted = _first(run)[2].value
    for place in (1, 2):
        answer = scan(run, wanted, 3, responsePosition=str(place))
        if answer.diagnostics:
            return meets("refused") if answer.numbers & {8, 48, 120} else breaks(answer.words)
        found = _terms(answer)
        if len(found) < place or found[place - 1].value != wanted:
            return breaks("in another place")
    return meets("where it was wanted")


@probe("sru.scan.forward/last-term", needs=_OFFERED, octets=True)
def forward(run: Run) -> Seen:
    """Scans from the third term of a list on, and compares with what followed it."""
    values = [one.value for one in _first(run)]
    found = [one.value for one in _terms(scan(run, values[2]))]
    overlap = values[2:]
    return meets("goes on") if found[: len(overlap)] == overlap else breaks("other terms follow")


@probe("sru.scan.where/first-term", needs=_OFFERED, octets=True)
def where(run: Run) -> Seen:
    """Looks where terms say that they stand, in a list of terms between others."""
    said = [one.where for one in _first(run)]
    if not any(said):
        return told("not told")
    if set(said) - {"", "first", "last", "only", "inner"}:
        return breaks("none of the four words")
    if "first" in said[1:] or "last" in said[:-1] or "only" in said:
        return breaks("in the middle, and said to be at an end")
    return meets("as it is")
