"""Deleted records: their shape, and that every door to them tells the same."""

from __future__ import annotations

from library_conformance.model import NotApplicable, Seen, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.oai._ask import Header, ask, first_part, followed, identify, once, prefix
from library_conformance.run import Run
from library_conformance.web import text


def _deleted(run: Run) -> Header:
    """A deleted record among those that were seen. Raises NotApplicable where there is none."""

    def look() -> Header | None:
        found = [one for one in first_part(run, "ListRecords").headers if one.deleted]
        if not found:
            try:
                found = [one for page in followed(run) for one in page.headers if one.deleted]
            except NotApplicable:
                found = []
        return next(iter(found), None)

    found = once(run, "deleted", look)
    if found is None:
        raise NotApplicable("no deleted record was seen")
    return found


@probe("oai.deletions.shape/lists", needs=("oai.list.records/first-part",), octets=True)
def shape(run: Run) -> Seen:
    """Looks at the deleted records of a list, and that every other record has its metadata."""
    headers = first_part(run, "ListRecords").headers
    if any(one.element.get("status") not in (None, "deleted") for one in headers):
        return breaks("another status")
    if any(one.deleted and one.record is not None and len(one.record) > 1 for one in headers):
        return breaks("a deleted record with more than its header")
    if any(not one.deleted and not one.metadata for one in headers):
        return breaks("a record without metadata that is not said to be deleted")
    return meets("headers alone" if any(one.deleted for one in headers) else "none deleted")


@probe("oai.deletions.announced/no", octets=True)
def announced(run: Run) -> Seen:
    """Looks for deleted records where Identify says that none are kept."""
    if text(identify(run).body("Identify"), "deletedRecord") != "no":
        raise NotApplicable("Identify says that deletions are told")
    return breaks("deleted records though none are announced") if _any(run) else meets("none")


def _any(run: Run) -> bool:
    try:
        _deleted(run)
    except NotApplicable:
        return False
    return True


@probe("oai.deletions.get/seen", needs=("oai.list.records/first-part",), octets=True)
def get(run: Run) -> Seen:
    """Asks for a deleted record by itself."""
    wanted = _deleted(run)
    page = ask(run, "GetRecord", identifier=wanted.identifier, metadataPrefix=prefix(run))
    if not page.headers:
        return breaks(page.words)
    one = page.headers[0]
    if not one.deleted or one.metadata:
        return breaks("not as a deleted one")
    return meets("the same") if one.key == wanted.key else breaks("another header")


@probe("oai.deletions.formats/oai-dc", needs=("oai.list.records/first-part",), octets=True)
def formats(run: Run) -> Seen:
    """Asks for a deleted record in oai_dc and in another format."""
    wanted = _deleted(run)
    page = ask(run, "ListMetadataFormats")
    body = page.body("ListMetadataFormats")
    names = [] if body is None else [text(each, "metadataPrefix") or "" for each in body]
    for name in names[:3]:
        found = ask(run, "GetRecord", identifier=wanted.identifier, metadataPrefix=name).headers
        if not any(one.deleted for one in found):
            return breaks("not in every format")
    return meets("in every format")


@probe("oai.deletions.selective/by-date", needs=("oai.list.records/first-part",), octets=True)
def selective(run: Run) -> Seen:
    """Asks for what happened at the moment of a deletion."""
    wanted = _deleted(run)
    page = ask(run, "ListRecords", metadataPrefix=prefix(run), from_=wanted.datestamp, until=wanted.datestamp)
    for _ in range(5):
        if any(one.identifier == wanted.identifier and one.deleted for one in page.headers):
            return meets("there")
        if not page.token:
            return breaks("not there" if page.headers else page.words)
        page = ask(run, "ListRecords", resumptionToken=page.token)
    return meets("not within the parts that were followed")
