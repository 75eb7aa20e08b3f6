"""Sets: their list, harvesting by them, and sets that are not there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_conformance.model import NotApplicable, Seen, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.oai._ask import (
    all_of,
    ask,
    first_part,
    prefix,
    set_list,
    sets,
)
from library_conformance.run import Run
from library_conformance.web import children, local, text

_NAMES = re.compile(r"[A-Za-z0-9\-_.!~*'()]+(:[A-Za-z0-9\-_.!~*'()]+)*")
_MOST_TRIED = 3
"""Sets that are harvested in their first part."""


def _known(run: Run) -> list[str]:
    found = sets(run)
    run.found.setdefault("announced", {})["sets"] = found[:50]
    if not found:
        raise NotApplicable("there are no sets")
    return found


def _below(spec: str, parent: str) -> bool:
    return f"{spec}:".startswith(f"{parent}:")


@probe("oai.sets.list/first-part", octets=True)
def listed(run: Run) -> Seen:
    """Asks for the sets."""
    page = set_list(run)
    if page.errors == ("noSetHierarchy",):
        return meets("there are none")
    return meets("sets") if sets(run) else breaks(page.words if page.errors else "an empty list")


@probe("oai.sets.syntax/first-part", needs=("oai.sets.list/first-part",), octets=True)
def syntax(run: Run) -> Seen:
    """Looks at every set: its setSpec, its name, and that it is there once."""
    _known(run)
    body = set_list(run).body("ListSets")
    found = [] if body is None else [each for each in children(body) if local(each) == "set"]
    return all_of(_bad_sets(found), "well-formed, each once")


def _bad_sets(found: list[etree._Element]) -> Iterator[str]:
    specs = [text(each, "setSpec") or "" for each in found]
    if len(set(specs)) < len(specs):
        yield "a set twice"
    for spec, each in zip(specs, found, strict=True):
        if not _NAMES.fullmatch(spec):
            yield "a setSpec of other characters"
        if not text(each, "setName"):
            yield "a set without a name"


@probe("oai.sets.selective/first-part", needs=("oai.sets.list/first-part",), octets=True)
def selective(run: Run) -> Seen:
    """Asks for the records of some sets and looks at their headers."""
    tried = False
    for spec in _known(run)[:_MOST_TRIED]:
        page = ask(run, "ListIdentifiers", metadataPrefix=prefix(run), set=spec)
        if page.errors == ("noRecordsMatch",):
            continue
        if not page.headers:
            return breaks(page.words)
        tried = True
        for one in page.headers:
            if not one.deleted and not any(_below(each, spec) for each in one.sets):
                return breaks("records of other sets, or headers without the set")
    return meets("records of the set") if tried else meets("the sets are empty")


@probe("oai.sets.hierarchy/parent", needs=("oai.sets.list/first-part",), octets=True)
def hierarchy(run: Run) -> Seen:
    """Asks for a set and for the one above it, and looks for a record of the one in the other."""
    inner = next((spec for spec in _known(run) if ":" in spec), None)
    if inner is None:
        raise NotApplicable("no set is below another")
    below = ask(run, "ListIdentifiers", metadataPrefix=prefix(run), set=inner)
    if not below.headers:
        raise NotApplicable("the set below is empty")
    above = ask(run, "ListIdentifiers", metadataPrefix=prefix(run), set=inner.rpartition(":")[0])
    if not above.headers:
        return breaks(f"of the set above: {above.words}")
    known = {one.identifier for one in above.headers}
    if below.headers[0].identifier in known or above.token:
        return meets("the set above holds the record")
    return breaks("the set above lacks the record")


@probe("oai.sets.listed/first-part", needs=("oai.list.identifiers/first-part",), octets=True)
def headers_name_listed(run: Run) -> Seen:
    """Compares the sets that headers name with those that ListSets tells."""
    named = {spec for one in first_part(run).headers for spec in one.sets}
    if not named:
        raise NotApplicable("no header names a set")
    page = set_list(run)
    known = sets(run)
    if page.token:
        raise NotApplicable("the list of sets comes in parts")
    strange = [spec for spec in named if not any(_below(spec, each) or _below(each, spec) for each in known)]
    return breaks("headers name sets that are not listed") if strange else meets("listed")
