"""What a client sends: the parameters of each operation, as the version it speaks wants them."""

from __future__ import annotations

from library_protocols.sru.facts import Operation, Version

Parameters = dict[str, str]


def search_parameters(
    version: Version,
    query: str,
    *,
    start: int = 1,
    maximum: int | None = None,
    schema: str = "",
    string: bool = False,
    facets: str = "",
    sort: str = "",
    ttl: int | None = None,
) -> Parameters:
    """searchRetrieve. `facets` (2.0) is the value of facetLimit; `sort` that of sortKeys, `ttl` in seconds."""
    escaping = "recordXMLEscaping" if version is Version.V2_0 else "recordPacking"
    return _begin(version, Operation.SEARCH_RETRIEVE) | _given(
        query=query,
        startRecord=str(start),
        maximumRecords="" if maximum is None else str(maximum),
        recordSchema=schema,
        sortKeys=sort,
        facetLimit=facets if version is Version.V2_0 else "",
        resultSetTTL="" if ttl is None else str(ttl),
        **{escaping: "string" if string else "xml"},
    )


def scan_parameters(version: Version, clause: str, *, position: int = 1, maximum: int | None = None) -> Parameters:
    """scan."""
    return _begin(version, Operation.SCAN) | _given(
        scanClause=clause, responsePosition=str(position), maximumTerms="" if maximum is None else str(maximum)
    )


def explain_parameters(version: Version) -> Parameters:
    """explain; none at all in 2.0."""
    return _begin(version, Operation.EXPLAIN)


def _begin(version: Version, operation: Operation) -> Parameters:
    return {} if version is Version.V2_0 else {"version": version.value, "operation": operation.value}


def _given(**values: str) -> Parameters:
    return {name: value for name, value in values.items() if value}
