"""Z39.50-2003 (ISO 23950), between a search client (origin) and a catalogue (target).

`decode` and `encode` turn octets into PDUs and back; `Origin` and `Target` are the two ends of an association
without any I/O; `parse_pqf` reads queries as people write them; `inspect`, `explain` and `mask` serve people who
read traffic. The facts are in `facts`.
"""

from __future__ import annotations

from library_protocols.asn1 import External
from library_protocols.ber import BerError
from library_protocols.z3950.apdu import (
    ANONYMOUS,
    Anonymous,
    Close,
    DeleteResultSetRequest,
    DeleteResultSetResponse,
    Entry,
    IdPass,
    InitializeRequest,
    InitializeResponse,
    ListEntries,
    ListStatus,
    Pdu,
    PresentRequest,
    PresentResponse,
    Query,
    Range,
    ScanRequest,
    ScanResponse,
    SearchRequest,
    SearchResponse,
    Segment,
    TermInfo,
    UnknownPdu,
)
from library_protocols.z3950.codec import decode, encode
from library_protocols.z3950.common import (
    CompSpec,
    DatabaseElementSet,
    Diagnostic,
    DiagRec,
    ElementSpec,
    NamePlusRecord,
    OtherInformationItem,
    RecordChoice,
    Specification,
    record_of,
    structured_record,
    surrogate,
)
from library_protocols.z3950.events import (
    CLOSED,
    NEED_DATA,
    PAUSED,
    Failed,
    Ignored,
    LocalError,
    Request,
    Response,
    Send,
    Waiting,
)
from library_protocols.z3950.framing import MAX_PDU, Framer
from library_protocols.z3950.inspect import Explanation, Inspection, Span, explain, inspect
from library_protocols.z3950.mask import mask
from library_protocols.z3950.origin import Origin
from library_protocols.z3950.pqf import PqfError, format_pqf, parse_pqf
from library_protocols.z3950.rpn import RpnQuery
from library_protocols.z3950.sorting import (
    MissingValueAction,
    SortAttributes,
    SortElement,
    SortKeySpec,
    SortRequest,
    SortResponse,
)
from library_protocols.z3950.target import Target

__all__ = [
    "ANONYMOUS",
    "CLOSED",
    "MAX_PDU",
    "NEED_DATA",
    "PAUSED",
    "Anonymous",
    "BerError",
    "Close",
    "CompSpec",
    "DatabaseElementSet",
    "DeleteResultSetRequest",
    "DeleteResultSetResponse",
    "DiagRec",
    "Diagnostic",
    "ElementSpec",
    "Entry",
    "Explanation",
    "External",
    "Failed",
    "Framer",
    "IdPass",
    "Ignored",
    "InitializeRequest",
    "InitializeResponse",
    "Inspection",
    "ListEntries",
    "ListStatus",
    "LocalError",
    "MissingValueAction",
    "NamePlusRecord",
    "Origin",
    "OtherInformationItem",
    "Pdu",
    "PqfError",
    "PresentRequest",
    "PresentResponse",
    "Query",
    "Range",
    "RecordChoice",
    "Request",
    "Response",
    "RpnQuery",
    "ScanRequest",
    "ScanResponse",
    "SearchRequest",
    "SearchResponse",
    "Segment",
    "Send",
    "SortAttributes",
    "SortElement",
    "SortKeySpec",
    "SortRequest",
    "SortResponse",
    "Span",
    "Specification",
    "Target",
    "TermInfo",
    "UnknownPdu",
    "Waiting",
    "decode",
    "encode",
    "explain",
    "format_pqf",
    "inspect",
    "mask",
    "parse_pqf",
    "record_of",
    "structured_record",
    "surrogate",
]
