"""What Z39.50 says, as tables: objects, PDUs and their numbers, Bib-1 attributes and diagnostics."""

from __future__ import annotations

from library_protocols.z3950.facts.attributes import BIB_1_ATTRIBUTES, AttributeType, attribute_title
from library_protocols.z3950.facts.diagnostics import DIAGNOSTICS
from library_protocols.z3950.facts.oids import OIDS, OIDS_BY_NAME, OidFact, oid_named, oid_title
from library_protocols.z3950.facts.pdus import (
    PDUS,
    TABLES,
    CloseReason,
    DeleteStatus,
    Option,
    PduFact,
    PresentStatus,
    ResultSetStatus,
    ScanStatus,
    SortRelation,
    SortStatus,
)
from library_protocols.z3950.facts.tables import Row, Table

__all__ = [
    "BIB_1_ATTRIBUTES",
    "DIAGNOSTICS",
    "OIDS",
    "OIDS_BY_NAME",
    "PDUS",
    "TABLES",
    "AttributeType",
    "CloseReason",
    "DeleteStatus",
    "OidFact",
    "Option",
    "PduFact",
    "PresentStatus",
    "ResultSetStatus",
    "Row",
    "ScanStatus",
    "SortRelation",
    "SortStatus",
    "Table",
    "attribute_title",
    "oid_named",
    "oid_title",
]
