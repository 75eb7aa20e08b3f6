"""CQL, the Contextual Query Language 1.1, 1.2 and 2.0: text to tree and back, and XCQL.

`parse` reads a query, `write` and `write_xcql` write one; `pieces` reads the masking inside a term.
"""

from __future__ import annotations

from library_protocols.cql.errors import CqlError
from library_protocols.cql.hoist import hoist
from library_protocols.cql.parser import parse
from library_protocols.cql.terms import Mask, Piece, escape, pieces, unescape
from library_protocols.cql.tree import (
    DEFAULT_LIMITS,
    Boolean,
    Limits,
    Modifier,
    Name,
    Node,
    Prefix,
    Query,
    Relation,
    SearchClause,
    SortKey,
    Triple,
)
from library_protocols.cql.writer import write
from library_protocols.cql.xcql import depth, write_xcql, write_xcql_2, write_xcql_2_clause, write_xcql_clause

__all__ = [
    "DEFAULT_LIMITS",
    "Boolean",
    "CqlError",
    "Limits",
    "Mask",
    "Modifier",
    "Name",
    "Node",
    "Piece",
    "Prefix",
    "Query",
    "Relation",
    "SearchClause",
    "SortKey",
    "Triple",
    "depth",
    "escape",
    "hoist",
    "parse",
    "pieces",
    "unescape",
    "write",
    "write_xcql",
    "write_xcql_2",
    "write_xcql_2_clause",
    "write_xcql_clause",
]
