"""The index map and how names find their way into it."""

from __future__ import annotations

import re

from gateway.catalogue.index_map.model import Index, Kind, Source
from gateway.catalogue.index_map.table import TABLE

__all__ = [
    "CONTEXT_SETS",
    "DEFAULT_SET",
    "INDEXES",
    "Index",
    "Kind",
    "Source",
    "by_cql",
    "by_use",
    "cql_names",
    "parts",
]

INDEXES: dict[str, Index] = {index.name: index for index in TABLE}
"""Every index by its own name."""

CONTEXT_SETS: dict[str, str] = {
    "cql": "info:srw/cql-context-set/1/cql-v1.2",
    "dc": "info:srw/cql-context-set/1/dc-v1.1",
    "bath": "http://zing.z3950.org/cql/bath/2.0/",
    "rec": "info:srw/cql-context-set/2/rec-1.1",
    "bib": "info:srw/cql-context-set/1/bib-v1",
    "marc": "info:srw/cql-context-set/1/marc-1.1",
    "sort": "info:srw/cql-context-set/1/sort-v1.0",
    "local": "urn:x-library-gateway:cql:local:1",
}
"""Prefix and identifier of the context sets that are known; `local` calls every index by its own name."""

DEFAULT_SET = "dc"
"""Names without a prefix are of this set, or of `cql`, or an index's own name."""

_PREFIX_OF = {identifier: prefix for prefix, identifier in CONTEXT_SETS.items()}
_ANY_VERSION = re.compile(r"info:srw/(?:cql-context-set|context-sets)/[0-9]/(cql|dc|rec|bib|marc|sort)-v?[0-9.]+")
"""Queries name older and newer versions of the sets, and the sets by the name they were first registered under."""

_BY_CQL = {name.lower(): index for index in TABLE for name in index.cql} | {
    f"local.{index.name}".lower(): index for index in TABLE
}
_BY_USE = {use: index for index in TABLE for use in index.bib1}


def prefix_of(identifier: str) -> str | None:
    """The prefix of a context set, whatever its version; None for a set that is not known."""
    if found := _ANY_VERSION.fullmatch(identifier):
        return found.group(1)
    return _PREFIX_OF.get(identifier) or _PREFIX_OF.get(f"{identifier}/")


def cql_names(index: Index) -> tuple[str, ...]:
    """All CQL names of an index, the preferred one first."""
    return (*index.cql, f"local.{index.name}")


def by_cql(prefix: str | None, base: str) -> Index | None:
    """The index that a CQL name means, in lower case; None for a name without one."""
    if prefix is not None:
        return _BY_CQL.get(f"{prefix}.{base}")
    for default in (DEFAULT_SET, "cql", "local"):
        if found := _BY_CQL.get(f"{default}.{base}"):
            return found
    return None


def by_use(value: int) -> Index | None:
    """The index that a Bib-1 Use attribute means."""
    return _BY_USE.get(value)


def parts(index: Index) -> tuple[Index, ...]:
    """The indexes that have fields: itself, or those that it asks at once."""
    return _PARTS[index.name]


_PARTS = {index.name: tuple(INDEXES[name] for name in index.of) or (index,) for index in INDEXES.values()}
