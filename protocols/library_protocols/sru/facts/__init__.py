"""The facts of SRU 1.1, 1.2 and 2.0 as tables: parameters, diagnostics, namespaces, names of record schemas.

A clause is written `L <page>` or `O <section>`; `SOURCES` says which document each letter means. Reader, writer and
README all read these rows; a fact stands nowhere else.
"""

from __future__ import annotations

from library_protocols.sru.facts.diagnostics import DIAGNOSTICS, DiagnosticFact, diagnostic_number, diagnostic_uri
from library_protocols.sru.facts.names import (
    DIAGNOSTIC_SCHEMA,
    EXPLAIN_SCHEMA,
    NAMESPACES,
    Namespaces,
    Operation,
    Version,
)
from library_protocols.sru.facts.parameters import PARAMETERS, ParameterFact, Value, parameters

SOURCES: dict[str, str] = {
    "L": "SRU 1.1 and 1.2, Library of Congress (2004, 2007), by page of the site",
    "O": "searchRetrieve 1.0, OASIS (2013): SRU 2.0, Scan 1.0, Explain 1.0, by part",
    "W": "seen on the wire or in the code of other implementations; in no standard",
}
"""What the letter at the head of a clause stands for."""

__all__ = [
    "DIAGNOSTICS",
    "DIAGNOSTIC_SCHEMA",
    "EXPLAIN_SCHEMA",
    "NAMESPACES",
    "PARAMETERS",
    "SOURCES",
    "DiagnosticFact",
    "Namespaces",
    "Operation",
    "ParameterFact",
    "Value",
    "Version",
    "diagnostic_number",
    "diagnostic_uri",
    "parameters",
]
