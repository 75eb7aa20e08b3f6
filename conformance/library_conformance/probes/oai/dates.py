"""Datestamps and selection by them."""

from __future__ import annotations

from library_conformance.model import NotApplicable, Seen, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.oai._ask import (
    Page,
    ask,
    ask_query,
    example,
    first_part,
    granularity,
    identify,
    in_granularity,
    prefix,
    refused,
)
from library_conformance.run import Run
from library_conformance.web import text

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


@probe("oai.dates.future/far", octets=True)
def future(run: Run) -> Seen:
    """Asks for what will change from the year 2999 on."""
    return refused(_list(run, from_="2999-01-01"), "noRecordsMatch", "badArgument")


@probe("oai.dates.mixed/day-and-second", octets=True)
def mixed(run: Run) -> Seen:
    """Asks from a day until a second."""
    return refused(_list(run, from_="2002-02-05", until="2002-02-06T05:35:00Z"), "badArgument")


@probe("oai.dates.malformed/junk", octets=True)
def malformed(run: Run) -> Seen:
    """Gives words and other ways of writing dates, as from and as until."""
    for name in ("from", "until"):
        for value in ("junk", "05.02.2002", "2002-2-5", "20020205", "2002-02-05%2005:35:00Z", "2002"):
            page = ask_query(run, f"verb=ListIdentifiers&metadataPrefix={prefix(run)}&{name}={value}")
            if page.errors != ("badArgument",):
                return breaks(page.words)
    return meets("answered badArgument")


@probe("oai.dates.no-such-day/february", octets=True)
def no_such_day(run: Run) -> Seen:
    """Asks from the thirtieth of February and from a thirteenth month on."""
    for value in ("2021-02-30", "2021-13-01"):
        page = _list(run, from_=value)
        if page.errors != ("badArgument",):
            return breaks(page.words)
    return meets("answered badArgument")


@probe("oai.dates.offset/local-time", octets=True)
def offset(run: Run) -> Seen:
    """Asks with an offset, without any zone, and with fractions of a second."""
    for value in ("2002-02-05T05:35:00+01:00", "2002-02-05T05:35:00", "2002-02-05T05:35:00.5Z"):
        page = _list(run, from_=value)
        if page.errors != ("badArgument",):
            return breaks(page.words)
    return meets("answered badArgument")


@probe("oai.dates.reversed/days", octets=True)
def reversed_(run: Run) -> Seen:
    """Asks from a later day until an earlier one."""
    return refused(_list(run, from_="2002-02-06", until="2002-02-05"), "badArgument")


@probe("oai.dates.too-fine/seconds", octets=True)
def too_fine(run: Run) -> Seen:
    """Asks for seconds where the granularity is days."""
    if granularity(run) != "YYYY-MM-DD":
        raise NotApplicable("the granularity is seconds")
    return refused(_list(run, from_="2002-02-05T05:35:00Z"), "badArgument")


@probe("oai.dates.before-earliest/until", octets=True)
def before_earliest(run: Run) -> Seen:
    """Asks for what changed before the year of the earliest datestamp."""
    earliest = text(identify(run).body("Identify"), "earliestDatestamp") or ""
    if not earliest[:4].isdecimal() or int(earliest[:4]) < 1000:
        raise NotApplicable("there is no earlier year")
    return refused(_list(run, until=f"{int(earliest[:4]) - 1:04}-01-01"), "noRecordsMatch")
