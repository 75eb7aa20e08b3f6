"""Versions, operations, and the namespaces and schema names that go with them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Version(StrEnum):
    """A version of SRU, as the parameter `version` writes it."""

    V1_1 = "1.1"
    V1_2 = "1.2"
    V2_0 = "2.0"


class Operation(StrEnum):
    """What is asked for, as the parameter `operation` writes it in 1.1 and 1.2."""

    SEARCH_RETRIEVE = "searchRetrieve"
    SCAN = "scan"
    EXPLAIN = "explain"


@dataclass(frozen=True, slots=True)
class Namespaces:
    """The namespaces of one version. `scan` is that of scanResponse, `facets` None where there are none."""

    response: str
    scan: str
    diagnostic: str
    xcql: str
    facets: str | None
    clause: str


_OASIS = "http://docs.oasis-open.org/ns/search-ws/"
_ONE = Namespaces(
    response="http://www.loc.gov/zing/srw/",
    scan="http://www.loc.gov/zing/srw/",
    diagnostic="http://www.loc.gov/zing/srw/diagnostic/",
    xcql="http://www.loc.gov/zing/cql/xcql/",
    facets=None,
    clause="L srw-types.xsd",
)

NAMESPACES: dict[Version, Namespaces] = {
    Version.V1_1: _ONE,
    Version.V1_2: _ONE,
    Version.V2_0: Namespaces(
        response=f"{_OASIS}sruResponse",
        scan=f"{_OASIS}scan",
        diagnostic=f"{_OASIS}diagnostic",
        xcql=f"{_OASIS}xcql",
        facets=f"{_OASIS}facetedResults",
        clause="O part 3, schemas",
    ),
}

DIAGNOSTIC_SCHEMA = "info:srw/schema/1/diagnostics-v1.1"
"""recordSchema of a record that is a diagnostic in the place of one that cannot be given."""
EXPLAIN_SCHEMA = "http://explain.z3950.org/dtd/2.0/"
"""Namespace and recordSchema of ZeeRex, the record that explain answers."""
