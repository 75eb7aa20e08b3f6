"""Identify: what a repository says of itself, and whether its records agree."""

from __future__ import annotations

import re
from collections.abc import Iterator

from library_conformance.model import Behaviour, NotApplicable, Seen, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.oai._ask import (
    OAI,
    all_of,
    first_part,
    identify,
    in_granularity,
)
from library_conformance.run import Run
from library_conformance.web import child, children, local, namespace, text

_ORDER = (
    "repositoryName", "baseURL", "protocolVersion", "adminEmail", "earliestDatestamp", "deletedRecord", "granularity",
    "compression", "description",
)  # fmt: skip
_MANY = frozenset({"adminEmail", "compression", "description"})
_OPTIONAL = frozenset({"compression", "description"})
_MAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>.]+|[^\s@<>]+@localhost")
_DOMAIN = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*(\.[a-zA-Z][a-zA-Z0-9-]*)+")
_SCHEME = "http://www.openarchives.org/OAI/2.0/oai-identifier"


@probe("oai.identify.complete/elements", octets=True)
def complete(run: Run) -> Seen:
    """Looks at the elements of Identify: all there, once where once is meant, in the schema's order."""
    body = identify(run).body("Identify")
    if body is None:
        return breaks(identify(run).words)
    _announce(run)
    return all_of(_incomplete([local(each) for each in children(body)]), "complete")


def _announce(run: Run) -> None:
    """What Identify says that other parts of the judge want to show beside what was seen."""
    body = identify(run).body("Identify")
    told = run.found.setdefault("announced", {})
    for name in ("repositoryName", "protocolVersion", "deletedRecord", "granularity"):
        told[name] = text(body, name) or ""
    told["compression"] = [(each.text or "").strip() for each in children(body) if local(each) == "compression"]


def _incomplete(names: list[str]) -> Iterator[str]:
    for name in _ORDER:
        if name not in names and name not in _OPTIONAL:
            yield f"no {name}"
        if names.count(name) > 1 and name not in _MANY:
            yield f"{name} more than once"
    known = [name for name in names if name in _ORDER]
    if known != sorted(known, key=_ORDER.index) or len(known) < len(names):
        yield "another order or other elements"


def _value(run: Run, name: str) -> str:
    return text(identify(run).body("Identify"), name) or ""


@probe("oai.identify.earliest.form/value", octets=True)
def earliest_form(run: Run) -> Seen:
    """Compares the form of the earliest datestamp with the granularity."""
    found = _value(run, "earliestDatestamp")
    return meets("as announced") if in_granularity(run, found) else breaks("another form than announced")


@probe("oai.identify.earliest.bound/first-part", needs=("oai.identify.earliest.form/value",), octets=True)
def earliest_bound(run: Run) -> Seen:
    """Compares the datestamps of the first part of a list with the earliest one."""
    found = _value(run, "earliestDatestamp")
    listed = [one.datestamp for one in first_part(run).headers]
    if not listed:
        raise NotApplicable("the list is empty")
    return breaks("a record is older") if min(listed) < found else meets("none is older")


@probe("oai.identify.email/form", octets=True)
def email(run: Run) -> Seen:
    """Looks at every adminEmail."""
    body = identify(run).body("Identify")
    found = (
        [(each.text or "").strip() for each in children(body) if local(each) == "adminEmail"]
        if body is not None
        else []
    )
    good = found and all(_MAIL.fullmatch(each.removeprefix("mailto:")) for each in found)
    return meets("mail addresses") if good else breaks("no mail address")


@probe(
    "oai.identify.identifier-scheme/description",
    verifies=("oai.identify.identifier-scheme", "oai.identify.description"),
    octets=True,
)
def identifier_scheme(run: Run) -> Seen:
    """Reads the descriptions, and compares the one of identifiers with those of the first part of a list."""
    body = identify(run).body("Identify")
    found = [each for each in children(body) if local(each) == "description"] if body is not None else []
    if not found:
        raise NotApplicable("Identify has no description")
    inner = [children(each) for each in found]
    if any(len(each) != 1 or namespace(each[0]) in ("", OAI) for each in inner):
        return breaks("a description that is not one element of a namespace of its own")
    schemes = [each[0] for each in inner if namespace(each[0]) == _SCHEME]
    if not schemes:
        seen = {"oai.identify.identifier-scheme": Behaviour.ABSENT}
        return Seen("described, without identifiers", Behaviour.MEETS, behaviours=seen)
    if len(schemes) > 1:
        return breaks("identifiers described twice")
    repository, sample = text(schemes[0], "repositoryIdentifier") or "", text(schemes[0], "sampleIdentifier") or ""
    start = f"oai:{repository}:"
    if text(schemes[0], "scheme") != "oai" or text(schemes[0], "delimiter") != ":" or child(schemes[0]) is None:
        return breaks("another scheme or delimiter")
    if not _DOMAIN.fullmatch(repository) or not sample.startswith(start):
        return breaks("no domain as repository, or a sample that does not follow it")
    if any(not one.identifier.startswith(start) for one in first_part(run).headers):
        return breaks("records do not follow the scheme")
    return meets("described, and records follow it")
