"""Responses as a client reads them: lenient about namespaces, versions and order, strict about what can hurt.

No entities, no document type, no network, bounded size. What is not known is passed over; records stay as they came.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.sru.explain import (
    ContextSet,
    Description,
    FacetDescription,
    IndexDescription,
    SchemaDescription,
)
from library_protocols.sru.facts import DIAGNOSTIC_SCHEMA
from library_protocols.sru.messages import Diagnostic, Facet, FacetTerm, Record, Surrogate, Term

MAX_OCTETS = 64 << 20
"""Longest response read: a hundred records of the size of the largest known ones."""

_DOCUMENT_TYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_PARSER_OPTIONS = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}


class ReadError(ValueError):
    """These octets are no SRU response: where it shows (octets from the start, or 0) and why."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(f"{reason} (octet {offset})")
        self.offset = offset
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SearchResponse:
    """A searchRetrieveResponse. `count` is None where the server does not tell it."""

    version: str = ""
    count: int | None = None
    records: tuple[Record | Surrogate, ...] = ()
    next_position: int | None = None
    result_set: str = ""
    ttl: int | None = None
    precision: str = ""
    facets: tuple[Facet, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class ScanResponse:
    """A scanResponse."""

    version: str = ""
    terms: tuple[Term, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class ExplainResponse:
    """An explainResponse. `explain` is None where the record is no ZeeRex or could not be read."""

    version: str = ""
    explain: Description | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


Response = SearchResponse | ScanResponse | ExplainResponse


def read_response(octets: bytes) -> Response:
    """The response that `octets` are. Raises ReadError for what is no XML or no SRU response."""
    root = _parse(octets)
    match _local(root):
        case "searchRetrieveResponse":
            return _search(root)
        case "scanResponse":
            return ScanResponse(
                _find(root, "version"), tuple(map(_term, _all(root, "terms", "term"))), _diagnostics(root)
            )
        case "explainResponse":
            record = _child(root, "record")
            data = _data(record) if record is not None else b""
            return ExplainResponse(_find(root, "version"), _explain(data), _diagnostics(root))
        case "explain":
            return ExplainResponse(explain=_description(root))
        case other:
            raise ReadError(0, f"the answer is <{other}>, not an SRU response")


def _parse(octets: bytes) -> etree._Element:
    if len(octets) > MAX_OCTETS:
        raise ReadError(MAX_OCTETS, f"the answer is longer than {MAX_OCTETS} octets")
    found = _DOCUMENT_TYPE.search(octets)
    if found:
        raise ReadError(found.start(), "the answer has a document type or an entity; it is not read")
    try:
        root = etree.fromstring(octets, etree.XMLParser(**_PARSER_OPTIONS))
    except (etree.XMLSyntaxError, ValueError) as error:
        line, column = getattr(error, "position", (1, 0))
        before = octets.split(b"\n")[: max(line - 1, 0)]
        raise ReadError(min(sum(len(each) + 1 for each in before) + column, len(octets)), f"no XML: {error}") from None
    if root.getroottree().docinfo.doctype:  # in an encoding where the octets did not show it
        raise ReadError(0, "the answer has a document type; it is not read")
    return root


def _search(root: etree._Element) -> SearchResponse:
    return SearchResponse(
        version=_find(root, "version"),
        count=_number(_find(root, "numberOfRecords")),
        records=tuple(map(_record, _all(root, "records", "record"))),
        next_position=_number(_find(root, "nextRecordPosition")),
        result_set=_find(root, "resultSetId"),
        ttl=_number(_find(root, "resultSetTTL") or _find(root, "resultSetIdleTime")),
        precision=_find(root, "resultCountPrecision").rpartition("/")[2],
        facets=tuple(map(_facet, _all(root, "facetedResults", "facet"))),
        diagnostics=_diagnostics(root),
    )


def _record(element: etree._Element) -> Record | Surrogate:
    schema, data = _find(element, "recordSchema"), _data(element)
    position = _number(_find(element, "recordPosition"))
    if schema == DIAGNOSTIC_SCHEMA or schema.endswith("/diagnostics-v1.0"):
        try:
            return Surrogate(_diagnostic(_parse(data)), position)
        except ReadError:
            return Surrogate(
                Diagnostic("", data.decode("utf-8", "replace"), "a diagnostic that cannot be read"), position
            )
    extra = _child(element, "extraRecordData")
    more = b"".join(_serialised(each) for each in extra) if extra is not None else b""
    return Record(schema, data, position, _find(element, "recordIdentifier"), more)


def _data(record: etree._Element) -> bytes:
    """The record as XML: the element within recordData, or its text where it was sent as a string."""
    holder = _child(record, "recordData")
    if holder is None:
        return b""
    elements = [each for each in holder if isinstance(each.tag, str)]
    return _serialised(elements[0]) if elements else (holder.text or "").strip().encode()


def _serialised(element: etree._Element) -> bytes:
    return etree.tostring(element, encoding="utf-8", with_tail=False) if isinstance(element.tag, str) else b""


def _term(element: etree._Element) -> Term:
    return Term(
        _find(element, "value"),
        _number(_find(element, "numberOfRecords")),
        _find(element, "displayTerm"),
        _find(element, "whereInList"),
    )


def _facet(element: etree._Element) -> Facet:
    terms = tuple(
        FacetTerm(_find(each, "actualTerm"), _number(_find(each, "count")) or 0, _find(each, "query"))
        for each in _all(element, "terms", "term")
    )
    return Facet(_find(element, "index"), terms, _find(element, "facetDisplayLabel"))


def _diagnostics(root: etree._Element) -> tuple[Diagnostic, ...]:
    return tuple(map(_diagnostic, _all(root, "diagnostics", "diagnostic")))


def _diagnostic(element: etree._Element) -> Diagnostic:
    return Diagnostic(_find(element, "uri"), _find(element, "details"), _find(element, "message"))


def _explain(data: bytes) -> Description | None:
    try:
        element = _parse(data)
    except ReadError:
        return None
    return _description(element) if _local(element) == "explain" else None


def _description(root: etree._Element) -> Description:
    server, database = _child(root, "serverInfo"), _child(root, "databaseInfo")
    where = _child(server, "database")
    configuration = _Configuration.of(_child(root, "configInfo"))
    return Description(
        host=_find(server, "host"),
        port=_number(_find(server, "port")) or 0,
        database=_find(server, "database"),
        title=_find(database, "title"),
        transport=server.get("transport", "http") if server is not None else "http",
        description=_find(database, "description"),
        contact=_find(database, "contact"),
        records=_number(where.get("numRecs", "")) if where is not None else None,
        updated=where.get("lastUpdate", "") if where is not None else "",
        sets=tuple(
            ContextSet(each.get("name", ""), each.get("identifier", ""), _find(each, "title"))
            for each in _all(root, "indexInfo", "set")
        ),
        indexes=tuple(map(_index, _all(root, "indexInfo", "index"))),
        schemas=tuple(
            SchemaDescription(
                each.get("identifier", ""), each.get("name", ""), _find(each, "title"), each.get("location", "")
            )
            for each in _all(root, "schemaInfo", "schema")
        ),
        defaults=tuple(configuration.default),
        settings=tuple(configuration.setting),
        supports=tuple(configuration.supports),
        examples=tuple(_content(each) for each in _all(root, "searchInfo", "queryExample")),
        facets=tuple(
            FacetDescription(
                _find(each, "facetType"), _number(_find(_child(each, "limit"), "limitDefault")) or 0,
                _find(each, "facetDescription"),
            )
            for each in _all(_child(root, "searchInfo"), "facets", "facet")
        ),
    )  # fmt: skip


@dataclass(slots=True)
class _Configuration:
    default: list[tuple[str, str]] = field(default_factory=list)
    setting: list[tuple[str, str]] = field(default_factory=list)
    supports: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, element: etree._Element | None) -> _Configuration:
        found = cls()
        groups = {"default": found.default, "setting": found.setting, "supports": found.supports}
        for each in element if element is not None else ():
            if isinstance(each.tag, str) and _local(each) in groups:
                groups[_local(each)].append((each.get("type", ""), _content(each)))
        return found


def _index(element: etree._Element) -> IndexDescription:
    names: list[tuple[str, str]] = []
    uses: list[int] = []
    for entry in _all(element, "map"):
        name = _child(entry, "name")
        if name is not None:
            names.append((name.get("set", ""), _content(name)))
        for attribute in _all(entry, "attr"):
            use = _number(_content(attribute))
            if attribute.get("type") == "1" and use is not None:
                uses.append(use)
    flags = {name: element.get(name) == "true" for name in ("scan", "sort")}
    return IndexDescription(
        title=_find(element, "title"),
        names=tuple(names),
        search=element.get("search", "true") == "true",
        bib1=tuple(uses),
        supports=tuple(_Configuration.of(_child(element, "configInfo")).supports),
        id=element.get("id", ""),
        **flags,
    )


# Elements by their local names: servers disagree about namespaces, never about these.


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname


def _child(element: etree._Element | None, name: str) -> etree._Element | None:
    if element is None:
        return None
    return next((each for each in element if isinstance(each.tag, str) and _local(each) == name), None)


def _all(element: etree._Element | None, *path: str) -> list[etree._Element]:
    """The elements at the end of `path`; the steps before the last one take the first of their name."""
    *steps, last = path
    for step in steps:
        element = _child(element, step)
    if element is None:
        return []
    return [each for each in element if isinstance(each.tag, str) and _local(each) == last]


def _find(element: etree._Element | None, name: str) -> str:
    found = _child(element, name)
    return _content(found) if found is not None else ""


def _content(element: etree._Element) -> str:
    return "".join(element.itertext()).strip()


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
