"""Datestamps and selection by them."""

from __future__ import annotations

from library_conformance.model import NotApplicable, Seen, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.oai._ask import (
    Page,
    ask,
    example,
    first_part,
    in_granularity,
    prefix,
)
from library_conformance.run import Run

_MOST_FOLLOWED = 5
"""Parts of a list in which a record is looked for."""


def _list(run: Run, **arguments: str) -> Page:
    return ask(run, "ListIdentifiers", metadataPrefix=prefix(run), **arguments)


def _holds(run: Run, page: Page, identifier: str) -> bool | None:
    """Whether a list holds an item; None where it is too long to say."""
    for _ in range(_MOST_FOLLOWED):
        if any(one.identifier == identifier for one in page.headers):
            return True
        if not page.token:
            return False
        page = ask(run, "ListIdentifiers", resumptionToken=page.token)
    return any(one.identifier == identifier for one in page.headers) or (None if page.token else False)


@probe("oai.dates.granularity/first-part", needs=("oai.list.identifiers/first-part",), octets=True)
def datestamps(run: Run) -> Seen:
    """Looks at the datestamps of the first part of a list."""
    found = [one.datestamp for one in first_part(run).headers]
    if not found:
        raise NotApplicable("the list is empty")
    return meets("as announced") if all(in_granularity(run, each) for each in found) else breaks("another form")


def _included(run: Run, **arguments: str) -> Seen:
    page = _list(run, **arguments)
    if page.errors or page.root is None:
        return breaks(page.words)
    found = _holds(run, page, example(run).identifier)
    if found is None:
        return meets("not within the parts that were followed")
    return meets("there") if found else breaks("not there")


@probe("oai.dates.from-included/example", needs=("oai.list.identifiers/first-part",), octets=True)
def from_included(run: Run) -> Seen:
    """Asks from the datestamp of a known record on, to the same datestamp."""
    stamp = example(run).datestamp
    return _included(run, from_=stamp, until=stamp)


@probe("oai.dates.until-included/example", needs=("oai.list.identifiers/first-part",), octets=True)
def until_included(run: Run) -> Seen:
    """Asks for everything up to the datestamp of a known record."""
    return _included(run, until=example(run).datestamp)


@probe("oai.dates.window/example", needs=("oai.list.identifiers/first-part",), octets=True)
def window(run: Run) -> Seen:
    """Asks for the records of one datestamp and looks at those that come."""
    stamp = example(run).datestamp
    page = _list(run, from_=stamp, until=stamp)
    if not page.headers:
        return breaks(page.words)
    return meets("none outside") if {one.datestamp for one in page.headers} == {stamp} else breaks("records outside")


@probe("oai.dates.days/example", needs=("oai.list.identifiers/first-part",), octets=True)
def days(run: Run) -> Seen:
    """Asks for the day on which a known record changed."""
    day = example(run).datestamp[:10]
    return _included(run, from_=day, until=day)
