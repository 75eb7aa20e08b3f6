"""Single records: header, metadata, what is told about them, and the errors of GetRecord."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_conformance.model import NotApplicable, Seen, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.oai._ask import (
    OAI_DC,
    SECOND,
    Header,
    Page,
    all_of,
    ask,
    example,
    first_part,
    prefix,
)
from library_conformance.run import Run
from library_conformance.web import XSI, children, local, namespace, text

_DC = "http://purl.org/dc/elements/1.1/"
_FIFTEEN = frozenset(
    [
        "title",
        "creator",
        "subject",
        "description",
        "publisher",
        "contributor",
        "date",
        "type",
        "format",
        "identifier",
        "source",
        "language",
        "relation",
        "coverage",
        "rights",
    ]
)
_PROVENANCE = "http://www.openarchives.org/OAI/2.0/provenance"
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`]+")
_MOJIBAKE = re.compile("Ã[\u0080-\u00bf]|Å[\u00b5\u00b7\u0192]|Â[\u0080-\u00bf]|\ufffd")


def _record(run: Run, name: str | None = None) -> Page:
    return ask(run, "GetRecord", identifier=example(run).identifier, metadataPrefix=name or prefix(run))


def _listed(run: Run) -> list[Header]:
    found = [one for one in first_part(run, "ListRecords").headers if not one.deleted]
    if not found:
        raise NotApplicable("the first part of the list holds no record")
    return found


@probe("oai.record.get/example", needs=("oai.list.identifiers/first-part",), octets=True)
def get(run: Run) -> Seen:
    """Asks for a record that a list names."""
    page = _record(run)
    if not page.headers:
        return breaks(page.words)
    good = [one.identifier for one in page.headers] == [example(run).identifier] and page.headers[0].metadata
    return meets("the record") if good else breaks("another record, or none of its metadata")


@probe(
    "oai.record.header/first-part",
    needs=("oai.list.identifiers/first-part",),
    verifies=("oai.record.header", "oai.record.identifier-uri", "oai.record.identifiers-differ"),
    octets=True,
)
def header(run: Run) -> Seen:
    """Looks at every header of the first part of a list."""
    return all_of(_bad_headers(first_part(run).headers), "well-formed, each its own")


def _bad_headers(found: list[Header]) -> Iterator[str]:
    if not found:
        yield "no headers"
    names = [one.identifier for one in found]
    if len(set(names)) < len(names):
        yield "an identifier twice"
    for one in found:
        parts = [local(each) for each in children(one.element)]
        if parts[:2] != ["identifier", "datestamp"] or set(parts[2:]) - {"setSpec"}:
            yield "a header of another shape"
        if not _URI.fullmatch(one.identifier):
            yield "an identifier that is no URI"


@probe(
    "oai.record.one-metadata/first-part",
    needs=("oai.list.records/first-part",),
    verifies=("oai.record.one-metadata", "oai.record.metadata-schema", "oai.record.about"),
    octets=True,
)
def one_metadata(run: Run) -> Seen:
    """Looks at the metadata and the rest of every record in the first part of a list."""
    return all_of(_bad_records(_listed(run)), "one element each, with its schema")


def _bad_records(found: list[Header]) -> Iterator[str]:
    for one in found:
        if one.record is None:
            yield "a record without its element"
            return
        names = [local(each) for each in children(one.record)]
        if names[:2] != ["header", "metadata"] or set(names[2:]) - {"about"}:
            yield "a record of another shape"
        if len(one.metadata) != 1:
            yield "metadata that is not one element"
            return
        pairs = one.metadata[0].get(f"{XSI}schemaLocation", "").split()
        if not namespace(one.metadata[0]) or namespace(one.metadata[0]) not in pairs[::2]:
            yield "metadata that names no schema"
        if any(len(children(each)) != 1 for each in children(one.record) if local(each) == "about"):
            yield "an about that is not one element"


@probe("oai.record.dublin-core/first-part", octets=True)
def dublin_core(run: Run) -> Seen:
    """Reads the records of the first part of a list in oai_dc."""
    page = ask(run, "ListRecords", metadataPrefix="oai_dc")
    found = [one for one in page.headers if not one.deleted]
    if not found:
        return breaks(page.words)
    return all_of(_bad_core(found), "the fifteen elements")


def _bad_core(found: list[Header]) -> Iterator[str]:
    for one in found:
        root = one.metadata[0] if one.metadata else None
        if root is None or etree.QName(root).text != f"{{{OAI_DC}}}dc":
            yield "no oai_dc"
            return
        for each in children(root):
            if namespace(each) != _DC or local(each) not in _FIFTEEN or children(each):
                yield "other elements than the fifteen"


@probe("oai.record.same/list-and-single", needs=("oai.list.records/first-part",), octets=True)
def same(run: Run) -> Seen:
    """Compares a record of the list with the same record asked for by itself."""
    listed = _listed(run)[0]
    page = ask(run, "GetRecord", identifier=listed.identifier, metadataPrefix=prefix(run))
    if len(page.headers) != 1:
        return breaks(page.words)
    single = page.headers[0]
    if single.key != listed.key:
        return breaks("another header")
    forms = [[etree.tostring(each, method="c14n", exclusive=True) for each in one.metadata] for one in (listed, single)]
    return meets("the same") if forms[0] == forms[1] else breaks("other metadata")


@probe("oai.record.provenance/first-part", needs=("oai.list.records/first-part",), octets=True)
def provenance(run: Run) -> Seen:
    """Reads where the records of the first part say they came from."""
    found = [
        each for one in _listed(run) if one.record is not None for about in children(one.record)
        if local(about) == "about" for each in children(about) if namespace(each) == _PROVENANCE
    ]  # fmt: skip
    if not found:
        raise NotApplicable("no record tells a provenance")
    return all_of(_bad_provenance(found), "told in full")


def _bad_provenance(found: list[etree._Element]) -> Iterator[str]:
    for one in found:
        origins = children(one)
        if len(origins) != 1 or local(origins[0]) != "originDescription":
            yield "no description of the origin"
            return
        origin = origins[0]
        if not SECOND.fullmatch(origin.get("harvestDate", "")) or origin.get("altered") not in ("true", "false"):
            yield "without harvestDate or altered"
        needed = ("baseURL", "identifier", "datestamp", "metadataNamespace")
        if any(not text(origin, name) for name in needed):
            yield "an origin with gaps"


@probe("oai.record.characters/first-part", needs=("oai.list.records/first-part",), octets=True)
def characters(run: Run) -> Seen:
    """Looks in the first part of a list for text that went through the wrong character set."""
    for one in _listed(run):
        if any(_MOJIBAKE.search("".join(each.itertext())) for each in one.metadata):
            return breaks("text in a wrong character set")
    return meets("none")
