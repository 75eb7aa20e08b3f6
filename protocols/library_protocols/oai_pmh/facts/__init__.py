"""The facts of OAI-PMH 2.0 as tables: verbs with their arguments, error codes, namespaces, what values look like.

A clause is written as the number of a section of the protocol document (`3.5`), or `G <name>` for one of its
implementation guidelines; `SOURCES` says which documents these are. A fact stands nowhere else.
"""

from __future__ import annotations

from library_protocols.oai_pmh.facts.errors import ERRORS, ErrorCode, ErrorFact
from library_protocols.oai_pmh.facts.names import (
    DELETED_RECORD,
    FORMATS,
    NAMESPACES,
    Deleted,
    FormatFact,
    NamespaceFact,
    schema_location,
)
from library_protocols.oai_pmh.facts.verbs import ARGUMENTS, VERBS, ArgumentFact, Use, Verb, VerbFact

SOURCES: dict[str, str] = {
    "2 to 4": "The Open Archives Initiative Protocol for Metadata Harvesting, protocol version 2.0 (document of 2015)",
    "G": "Implementation Guidelines for the Open Archives Initiative Protocol for Metadata Harvesting",
    "X": "OAI-PMH.xsd, the schema of responses (2004)",
    "W": "seen on the wire or in the code of other implementations; in no standard",
}
"""What a clause refers to."""

__all__ = [
    "ARGUMENTS",
    "DELETED_RECORD",
    "ERRORS",
    "FORMATS",
    "NAMESPACES",
    "SOURCES",
    "VERBS",
    "ArgumentFact",
    "Deleted",
    "ErrorCode",
    "ErrorFact",
    "FormatFact",
    "NamespaceFact",
    "Use",
    "Verb",
    "VerbFact",
    "schema_location",
]
