"""Responses as octets, in pieces that can be sent as they come; a list of records is never held as a whole.

Text is escaped here; records are XML already and go in as they are, or escaped where the request wants strings.
Everything of SRU's own has a prefix, so that a record without a namespace stays without one. The order of the
elements is the schemas' (srw-types.xsd of 1.1; sruResponse.xsd and scan.xsd of 2.0).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from library_protocols.cql import (
    Query,
    SearchClause,
    depth,
    write_xcql,
    write_xcql_2,
    write_xcql_2_clause,
    write_xcql_clause,
)
from library_protocols.cql.xcql import xml_text
from library_protocols.sru.facts import DIAGNOSTIC_SCHEMA, EXPLAIN_SCHEMA, NAMESPACES, Operation, Version
from library_protocols.sru.messages import (
    Diagnostic,
    ExplainRequest,
    Facet,
    Record,
    Request,
    ScanRequest,
    SearchRequest,
    Surrogate,
    Term,
)

DEEPEST_ECHO: Final = 100
"""Booleans under each other up to which XCQL is echoed: XML parsers refuse more than 256 elements in each other."""

_DECLARATION = re.compile(rb"\s*<\?xml[^>]*\?>\s*")


@dataclass(frozen=True, slots=True)
class ResultSet:
    """A result set that the client may name later; `ttl` in seconds."""

    id: str
    ttl: int


def search_response(
    version: Version,
    count: int,
    records: Iterable[Record | Surrogate] = (),
    *,
    string: bool = False,
    next_position: int | None = None,
    result_set: ResultSet | None = None,
    precision: str = "",
    facets: Sequence[Facet] = (),
    diagnostics: Sequence[Diagnostic] = (),
    echo: SearchRequest | None = None,
    query: Query | None = None,
    extra: bytes = b"",
) -> Iterator[bytes]:
    """searchRetrieveResponse. `count` is of all hits; `precision` (2.0) exact, estimate, … or empty.

    `echo` is echoed with `query`, its tree; `extra` is XML of other namespaces. 1.x leaves out what 2.0 has brought.
    """
    new = version is Version.V2_0
    yield _opening("searchRetrieveResponse", version) + _text("numberOfRecords", str(count))
    if result_set:
        yield _text("resultSetId", result_set.id)
        if not new and result_set.ttl > 0:
            yield _text("resultSetIdleTime", str(result_set.ttl))
    any_record = False
    for record in records:
        if not any_record:
            yield b"<zs:records>"
        yield from _record(version, record, string)
        any_record = True
    if any_record:
        yield b"</zs:records>"
    if next_position is not None:
        yield _text("nextRecordPosition", str(next_position))
    yield _echo_search(echo, query) if echo else b""
    yield _diagnostics(version, diagnostics)
    yield b"<zs:extraResponseData>%b</zs:extraResponseData>" % extra if extra else b""
    if new:
        yield _text("resultSetTTL", str(result_set.ttl)) if result_set else b""
        yield (
            _text("resultCountPrecision", f"info:srw/vocabulary/resultCountPrecision/1/{precision}")
            if precision
            else b""
        )
        yield _facets(facets)
    yield b"</zs:searchRetrieveResponse>\n"


def scan_response(
    version: Version,
    terms: Iterable[Term] = (),
    *,
    diagnostics: Sequence[Diagnostic] = (),
    echo: ScanRequest | None = None,
    clause: SearchClause | None = None,
) -> bytes:
    """scanResponse. `echo` is echoed with `clause`, its tree."""
    found = b"".join(map(_term, terms))
    return b"".join(
        (
            _opening("scanResponse", version),
            b"<zs:terms>%b</zs:terms>" % found if found else b"",
            _echo_scan(echo, clause) if echo else b"",
            _diagnostics(version, diagnostics),
            b"</zs:scanResponse>\n",
        )
    )


def explain_response(
    version: Version,
    explain: bytes,
    *,
    string: bool = False,
    diagnostics: Sequence[Diagnostic] = (),
    echo: ExplainRequest | None = None,
) -> bytes:
    """explainResponse around a ZeeRex record (see `explain.write_explain`)."""
    return b"".join(
        (
            _opening("explainResponse", version),
            *_record(version, Record(EXPLAIN_SCHEMA, explain), string),
            _echo_explain(echo) if echo else b"",
            _diagnostics(version, diagnostics),
            b"</zs:explainResponse>\n",
        )
    )


def failure(operation: Operation, version: Version, diagnostics: Sequence[Diagnostic], explain: bytes = b"") -> bytes:
    """The answer to a request that could not be answered; an explainResponse carries `explain` all the same."""
    match operation:
        case Operation.SEARCH_RETRIEVE:
            return b"".join(search_response(version, 0, diagnostics=diagnostics))
        case Operation.SCAN:
            return scan_response(version, diagnostics=diagnostics)
        case Operation.EXPLAIN:
            return explain_response(version, explain, diagnostics=diagnostics)


def escaped(data: bytes) -> bytes:
    """XML as text inside XML."""
    return data.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")


def _opening(element: str, version: Version) -> bytes:
    names = NAMESPACES[version]
    uri = names.scan if element == "scanResponse" else names.response
    said = "" if version is Version.V2_0 else f"<zs:version>{version.value}</zs:version>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<zs:{element} xmlns:zs="{uri}">{said}'.encode()


def _text(name: str, text: str) -> bytes:
    return f"<zs:{name}>{xml_text(text)}</zs:{name}>".encode()


def _record(version: Version, record: Record | Surrogate, string: bool) -> tuple[bytes, ...]:
    """One record element, its data as it came: copying is most of what a record costs here. A diagnostic is packed
    like the records around it."""
    if isinstance(record, Surrogate):
        schema, data, extra = DIAGNOSTIC_SCHEMA, _diagnostic(version, record.diagnostic), b""
    else:
        schema, data, extra = record.schema, record.data, record.extra
    if data.startswith((b"<?xml", b" ", b"\n", b"\r", b"\t")):
        data = _DECLARATION.sub(b"", data, count=1).strip()
    closing = b"</zs:recordData>"
    if record.position:
        closing += b"<zs:recordPosition>%d</zs:recordPosition>" % record.position
    if extra:
        closing += b"<zs:extraRecordData>%b</zs:extraRecordData>" % extra
    return _record_opening(version, schema, string), escaped(data) if string else data, closing + b"</zs:record>"


@lru_cache(maxsize=256)
def _record_opening(version: Version, schema: str, string: bool) -> bytes:
    """What all records of an answer begin with."""
    name = "recordXMLEscaping" if version is Version.V2_0 else "recordPacking"
    opened = b"<zs:record>%b%b<zs:recordData>"
    return opened % (_text("recordSchema", schema), _text(name, "string" if string else "xml"))


def _diagnostics(version: Version, diagnostics: Sequence[Diagnostic]) -> bytes:
    if not diagnostics:
        return b""
    return b"<zs:diagnostics>%b</zs:diagnostics>" % b"".join(_diagnostic(version, each) for each in diagnostics)


def _diagnostic(version: Version, diagnostic: Diagnostic) -> bytes:
    details = f"<details>{xml_text(diagnostic.details)}</details>" if diagnostic.details else ""
    message = f"<message>{xml_text(diagnostic.message)}</message>" if diagnostic.message else ""
    uri = NAMESPACES[version].diagnostic
    return f'<diagnostic xmlns="{uri}"><uri>{xml_text(diagnostic.uri)}</uri>{details}{message}</diagnostic>'.encode()


def _term(term: Term) -> bytes:
    return b"<zs:term>%b%b%b%b</zs:term>" % (
        _text("value", term.value),
        _text("numberOfRecords", str(term.count)) if term.count is not None else b"",
        _text("displayTerm", term.display) if term.display else b"",
        _text("whereInList", term.where) if term.where else b"",
    )


def _facets(facets: Sequence[Facet]) -> bytes:
    # A facet without a term would not be valid, and tells nobody anything.
    told = [facet for facet in facets if facet.terms]
    if not told:
        return b""
    parts: list[str] = []
    for facet in told:
        label = f"<facetDisplayLabel>{xml_text(facet.label)}</facetDisplayLabel>" if facet.label else ""
        parts.append(f"<facet>{label}<index>{xml_text(facet.index)}</index><relation>=</relation><terms>")
        for term in facet.terms:
            query = f"<query>{xml_text(term.query)}</query>" if term.query else ""
            parts.append(
                f"<term><actualTerm>{xml_text(term.value)}</actualTerm>{query}<count>{term.count}</count></term>"
            )
        parts.append("</terms></facet>")
    uri = NAMESPACES[Version.V2_0].facets
    return f'<zs:facetedResults xmlns="{uri}">{"".join(parts)}</zs:facetedResults>'.encode()


# What was asked, told again. Where the schema wants the query as XCQL and there is none, nothing is echoed.

_SEARCH_1 = (
    "version", "query", "xQuery", "startRecord", "maximumRecords", "recordPacking", "recordSchema", "recordXPath",
    "resultSetTTL", "sortKeys", "stylesheet",
)  # fmt: skip
_SEARCH_2 = (
    "queryType", "query", "xQuery", "startRecord", "maximumRecords", "recordXMLEscaping", "recordPacking",
    "recordSchema", "facetParameters", "resultSetTTL", "sortKeys", "stylesheet", "renderedBy",
    "extraRequestParameter", "httpAccept", "responseType",
)  # fmt: skip
_SCAN_1 = ("version", "scanClause", "xScanClause", "responsePosition", "maximumTerms", "stylesheet")
_SCAN_2 = ("scanClause", "xScanClause", "responsePosition", "maximumTerms", "httpAccept", "stylesheet")
_EXPLAIN_1 = ("version", "recordPacking", "stylesheet")
_EXPLAIN_2 = ("recordXMLEscaping", "recordPacking", "stylesheet")


def _echo_search(request: SearchRequest, query: Query | None) -> bytes:
    shallow = query is not None and depth(query) <= DEEPEST_ECHO
    if request.version is not Version.V2_0:
        if query is None or not shallow:
            return b""
        return _echo("echoedSearchRetrieveRequest", _SEARCH_1, request, {"xQuery": write_xcql(query)})
    xml = {"xQuery": write_xcql_2(query)} if query is not None and shallow else {}
    facets = [f"{name}={request.arguments[name]}" for name in _FACETS if name in request.arguments]
    xml |= {"facetParameters": xml_text("&".join(facets))} if facets else {}
    sent = [f"{name}={value}" for name, value in request.extensions.items()]
    xml |= {"extraRequestParameter": xml_text("&".join(sent))} if sent else {}
    return _echo("echoedSearchRetrieveRequest", _SEARCH_2, request, xml)


_FACETS = ("facetLimit", "facetStart", "facetSort")


def _echo_scan(request: ScanRequest, clause: SearchClause | None) -> bytes:
    if request.version is Version.V2_0:
        xml = {"xScanClause": write_xcql_2_clause(clause)} if clause else {}
        return _echo("echoedScanRequest", _SCAN_2, request, xml)
    if clause is None:
        return b""
    return _echo("echoedScanRequest", _SCAN_1, request, {"xScanClause": write_xcql_clause(clause)})


def _echo_explain(request: ExplainRequest) -> bytes:
    return _echo("echoedExplainRequest", _EXPLAIN_2 if request.version is Version.V2_0 else _EXPLAIN_1, request, {})


def _echo(element: str, names: Sequence[str], request: Request, xml: Mapping[str, str]) -> bytes:
    values = request.arguments | {"version": request.version.value}
    parts = [
        f"<zs:{name}>{xml[name] if name in xml else xml_text(values[name])}</zs:{name}>"
        for name in names
        if name in xml or name in values
    ]
    return f"<zs:{element}>{''.join(parts)}</zs:{element}>".encode() if parts else b""
