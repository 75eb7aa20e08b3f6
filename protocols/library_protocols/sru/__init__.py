"""SRU 1.1, 1.2 and 2.0, searching over HTTP: both sides of the wire, without HTTP.

A server reads parameters (`read_form`, `read_request`) and writes responses (`search_response`, `scan_response`,
`explain_response`, `failure`); a client writes parameters (`search_parameters`, …) and reads `read_response`.
"""

from __future__ import annotations

from library_protocols.sru.ask import explain_parameters, scan_parameters, search_parameters
from library_protocols.sru.explain import (
    ContextSet,
    Description,
    FacetDescription,
    IndexDescription,
    SchemaDescription,
    write_explain,
)
from library_protocols.sru.facts import DIAGNOSTIC_SCHEMA, EXPLAIN_SCHEMA, Operation, Version, diagnostic_number
from library_protocols.sru.messages import (
    Diagnostic,
    ExplainRequest,
    Facet,
    FacetRequest,
    FacetTerm,
    Record,
    Request,
    ScanRequest,
    SearchRequest,
    SortParameter,
    SruError,
    Surrogate,
    Term,
)
from library_protocols.sru.read import (
    ExplainResponse,
    ReadError,
    Response,
    ScanResponse,
    SearchResponse,
    read_response,
)
from library_protocols.sru.request import read_form, read_request
from library_protocols.sru.soap import SoapFault, envelope, fault, read_envelope
from library_protocols.sru.write import ResultSet, explain_response, failure, scan_response, search_response

__all__ = [
    "DIAGNOSTIC_SCHEMA",
    "EXPLAIN_SCHEMA",
    "ContextSet",
    "Description",
    "Diagnostic",
    "ExplainRequest",
    "ExplainResponse",
    "Facet",
    "FacetDescription",
    "FacetRequest",
    "FacetTerm",
    "IndexDescription",
    "Operation",
    "ReadError",
    "Record",
    "Request",
    "Response",
    "ResultSet",
    "ScanRequest",
    "ScanResponse",
    "SchemaDescription",
    "SearchRequest",
    "SearchResponse",
    "SoapFault",
    "SortParameter",
    "SruError",
    "Surrogate",
    "Term",
    "Version",
    "diagnostic_number",
    "envelope",
    "explain_parameters",
    "explain_response",
    "failure",
    "fault",
    "read_envelope",
    "read_form",
    "read_request",
    "read_response",
    "scan_parameters",
    "scan_response",
    "search_parameters",
    "search_response",
    "write_explain",
]
