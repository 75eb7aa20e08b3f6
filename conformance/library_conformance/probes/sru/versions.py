"""Which versions are spoken, and what is said where one is asked for that is not."""

from __future__ import annotations

from library_conformance.model import NotApplicable, Seen, absent, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.sru._ask import ask_query, query_of, refused, versions, word
from library_conformance.run import Run
from library_conformance.web import escaped, text


def _spoken(run: Run, version: str) -> Seen:
    return meets("spoken") if version in versions(run) else absent("not spoken")


@probe("sru.version.v1-1/search", inputs=("query",), octets=True)
def v1_1(run: Run) -> Seen:
    """Searches in version 1.1."""
    return _spoken(run, "1.1")


@probe("sru.version.v1-2/search", inputs=("query",), octets=True)
def v1_2(run: Run) -> Seen:
    """Searches in version 1.2."""
    return _spoken(run, "1.2")


@probe("sru.version.v2-0/search", inputs=("query",), octets=True)
def v2_0(run: Run) -> Seen:
    """Searches in version 2.0, which names neither version nor operation."""
    return _spoken(run, "2.0")


def _old(run: Run) -> str:
    """The better of the versions that name themselves."""
    found = [version for version in ("1.2", "1.1") if version in versions(run)]
    if not found:
        raise NotApplicable("neither 1.1 nor 1.2 is spoken")
    return found[0]


@probe("sru.version.told/old", inputs=("query",), octets=True)
def told_version(run: Run) -> Seen:
    """Compares the version that is asked for with the one that is told."""
    _old(run)
    for version in ("1.1", "1.2"):
        query = query_of((("operation", "searchRetrieve"), ("version", version), ("query", word(run))))
        answer = ask_query(run, query)
        found = text(answer.root, "version")
        if not found:
            return breaks("no version")
        if found > version:
            return breaks("a higher version than was asked for")
    return meets("as asked, or lower")


@probe("sru.version.unknown/nine", inputs=("query",), octets=True)
def unknown(run: Run) -> Seen:
    """Searches in a version that does not exist."""
    answer = ask_query(run, f"operation=searchRetrieve&version=9.9&query={escaped(word(run))}")
    told = text(answer.root, "version")
    if answer.count and not answer.diagnostics and told in (None, *versions(run)):
        return meets("answered in a version that is spoken")
    return refused(answer, 5)


@probe("sru.same.in-versions/count", inputs=("query",), octets=True)
def same(run: Run) -> Seen:
    """Compares the numbers that one search finds in all versions that are spoken."""
    found = versions(run)
    if len(found) < 2:
        raise NotApplicable("one version is spoken")
    return meets("as many") if len({answer.count for answer in found.values()}) == 1 else breaks("other numbers")
