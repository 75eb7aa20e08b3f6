"""The two lists: that there is something in them, that they agree, and what is said where there is nothing."""

from __future__ import annotations

from library_conformance.model import NotApplicable, Seen, breaks, meets, unclear
from library_conformance.probes import probe
from library_conformance.probes.oai._ask import first_part
from library_conformance.run import Run


@probe("oai.list.identifiers/first-part", octets=True)
def identifiers(run: Run) -> Seen:
    """Asks for the identifiers of everything."""
    page = first_part(run)
    if page.errors == ("noRecordsMatch",):
        raise NotApplicable("the repository is empty")
    return meets("headers") if page.headers else breaks(page.words)


@probe("oai.list.records/first-part", octets=True)
def records(run: Run) -> Seen:
    """Asks for the records of everything."""
    page = first_part(run, "ListRecords")
    if page.errors == ("noRecordsMatch",):
        raise NotApplicable("the repository is empty")
    if not page.headers:
        return breaks(page.words)
    return meets("records") if all(one.record is not None for one in page.headers) else breaks("headers alone")


@probe("oai.list.agree/first-part", needs=("oai.list.records/first-part",), octets=True)
def agree(run: Run) -> Seen:
    """Compares the first parts of the two lists, as far as the shorter one goes."""
    headers, full = first_part(run).headers, first_part(run, "ListRecords").headers
    if not headers or not full:
        raise NotApplicable("one of the lists is empty")
    length = min(len(headers), len(full))
    if [one.key for one in headers[:length]] == [one.key for one in full[:length]]:
        return meets("the same items")
    names, others = [one.identifier for one in headers[:length]], [one.identifier for one in full[:length]]
    if names == others:
        return breaks("other headers")
    both = [name for name in names if name in others]
    if both != [name for name in others if name in names]:
        return unclear("in another order")
    return breaks("other items")
