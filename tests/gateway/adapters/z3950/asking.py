"""Requests and answers of the tests, in short."""

from __future__ import annotations

from gateway.clients.z3950 import Z3950Client, complaints
from library_protocols.z3950 import NamePlusRecord, RpnQuery, SearchRequest, SearchResponse, parse_pqf
from library_protocols.z3950.apdu import Query

WALES = parse_pqf("@attr 1=4 wales")
EVERYTHING = parse_pqf("@attr 1=1016 @attr 2=103 x")


def octets(record: NamePlusRecord) -> bytes:
    external = record.record.retrieval_record
    assert external is not None, record
    assert external.octets is not None
    return external.octets


def condition(record: NamePlusRecord) -> tuple[int, str]:
    diagnostic = record.record.surrogate_diagnostic
    assert diagnostic is not None
    return diagnostic.condition, diagnostic.addinfo  # type: ignore[union-attr]


async def refused(client: Z3950Client, request: SearchRequest) -> tuple[int, str]:
    response = await client.send(request)
    assert isinstance(response, SearchResponse)
    assert response.search_status is False
    assert response.result_set_status == 3
    (diagnostic,) = complaints(response)
    return diagnostic.condition, diagnostic.addinfo


def search(query: RpnQuery | Query, databases: tuple[str, ...] = ("aber",), **changes: object) -> SearchRequest:
    values: dict[str, object] = {
        "small_set_upper_bound": 0,
        "large_set_lower_bound": 1,
        "medium_set_present_number": 0,
        "replace_indicator": True,
        "result_set_name": "default",
        "database_names": databases,
        "query": Query(1, query) if isinstance(query, RpnQuery) else query,
    }
    return SearchRequest(**{**values, **changes})  # type: ignore[arg-type]
