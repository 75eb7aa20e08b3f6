"""Requests as clients send them: versions, forms, and what is wrong with them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.sru import (
    ExplainRequest,
    FacetRequest,
    Operation,
    ScanRequest,
    SearchRequest,
    SortParameter,
    SruError,
    Version,
    diagnostic_number,
    explain_parameters,
    read_form,
    read_request,
    scan_parameters,
    search_parameters,
)

OLD = "operation=searchRetrieve&version=1.2&"


def ask(query: str) -> object:
    return read_request(read_form(query.encode()))


def refused(query: str) -> SruError:
    with pytest.raises(SruError) as caught:
        ask(query)
    return caught.value


def test_a_search_of_1_2() -> None:
    request = ask(
        OLD + "query=dc.title%20%3D%20fish+pie&startRecord=11&maximumRecords=0&recordSchema=dc&recordPacking=string"
    )
    assert isinstance(request, SearchRequest)
    assert (request.version, request.query) == (Version.V1_2, "dc.title = fish pie")
    assert (request.start_record, request.maximum_records, request.record_schema) == (11, 0, "dc")
    assert request.string
    assert request.facets is None


def test_a_search_of_2_0_needs_neither_operation_nor_version() -> None:
    request = ask("query=fish&recordXMLEscaping=string&recordPacking=unpacked&resultSetTTL=300&queryType=searchTerms")
    assert isinstance(request, SearchRequest)
    assert (request.version, request.string, request.packing, request.ttl) == (Version.V2_0, True, "unpacked", 300)
    assert request.query_type == "searchTerms"


def test_a_scan() -> None:
    request = ask("scanClause=dc.title%3Df&responsePosition=0&maximumTerms=5")
    assert request == ScanRequest(
        Version.V2_0,
        {"scanClause": "dc.title=f", "responsePosition": "0", "maximumTerms": "5"},
        {},
        clause="dc.title=f",
        position=0,
        maximum_terms=5,
    )


@pytest.mark.parametrize(
    ("query", "version"),
    [
        ("", Version.V2_0),
        ("operation=explain&version=1.1", Version.V1_1),
        ("operation=explain", Version.V1_2),
        ("version=1.1", Version.V1_1),
        ("x-session=1", Version.V2_0),
    ],
)
def test_an_explain(query: str, version: Version) -> None:
    request = ask(query)
    assert isinstance(request, ExplainRequest)
    assert request.version is version


def test_extensions_are_kept_and_empty_values_are_absent() -> None:
    request = ask(OLD + "query=a&x-info-5-token=secret&maximumRecords=&recordSchema=")
    assert isinstance(request, SearchRequest)
    assert request.extensions == {"x-info-5-token": "secret"}
    assert (request.maximum_records, "maximumRecords" in request.arguments) == (None, False)


def test_utf_8_and_what_is_not() -> None:
    for octets in (b"query=t%C5%B7", "query=tŷ".encode()):
        request = read_request(read_form(octets))
        assert isinstance(request, SearchRequest)
        assert request.query == "tŷ"
    latin = read_request(read_form(b"query=%E9cole"))
    assert isinstance(latin, SearchRequest)
    assert latin.query == "école"


def test_sort_keys() -> None:
    request = ask(OLD + "query=a&sortKeys=title,,0+date,dc,1,1,omit+x,,,,%22zz%22")
    assert isinstance(request, SearchRequest)
    assert request.sort == (
        SortParameter("title", ascending=False),
        SortParameter("date", "dc", True, True, "omit"),
        SortParameter("x", missing='"zz"'),
    )


def test_facets() -> None:
    request = ask("query=a&facetLimit=10,5:dc.language&facetStart=3:dc.language&facetSort=alphanumeric,descending")
    assert isinstance(request, SearchRequest)
    assert request.facets == FacetRequest(10, {"dc.language": 5}, 1, {"dc.language": 3}, False, False)


REFUSED = [
    ("query=a&version=3.0", 5, "2.0"),
    ("operation=update&version=1.2", 4, "searchRetrieve, scan, explain"),
    (OLD, 7, "query"),
    (OLD + "query=", 7, "query"),
    ("operation=scan&version=1.1", 7, "scanClause"),
    ("operation=searchRetrieve&query=a", 7, "version"),
    ("version=1.1&query=a", 7, "operation"),
    (OLD + "query=a&recordXMLEscaping=xml", 8, "recordXMLEscaping"),
    (OLD + "query=a&facetLimit=3", 8, "facetLimit"),
    (OLD + "query=a&Query=b", 8, "Query"),
    ("query=a&scanClause=b", 8, "scanClause"),
    ("query=a&recordXPath=/x", 8, "recordXPath"),
    ("query=a&query=b", 6, "query is given more than once"),
    (OLD + "query=a&startRecord=0", 6, "startRecord 0"),
    (OLD + "query=a&startRecord=-1", 6, "startRecord -1"),
    (OLD + "query=a&startRecord=1e3", 6, "startRecord 1e3"),
    (OLD + "query=a&maximumRecords=-1", 6, "maximumRecords -1"),
    (OLD + "query=a&maximumRecords=99999999999999999999", 6, "maximumRecords 99999999999999999999"),
    (OLD + "query=a&maximumRecords=%D9%A3", 6, "maximumRecords ٣"),
    (OLD + "query=a&recordPacking=packed", 71, "packed"),
    ("query=a&recordPacking=xml", 71, "xml"),
    ("query=a&renderedBy=me", 6, "renderedBy me"),
    ("scanClause=a&responsePosition=x", 120, "responsePosition x"),
    ("scanClause=a&maximumTerms=0", 6, "maximumTerms 0"),
    (OLD + "query=a&sortKeys=,x", 80, ",x"),
    (OLD + "query=a&sortKeys=a,,2", 90, "2"),
    (OLD + "query=a&sortKeys=a,,1,x", 91, "x"),
    (OLD + "query=a&sortKeys=a,,1,0,never", 92, "never"),
    (OLD + "query=a&sortKeys=a+a", 85, "a"),
    ("query=a&facetLimit=x", 6, "facetLimit x"),
    ("query=a&facetLimit=1&facetStart=0:a", 6, "facetStart 0:a"),
    ("query=a&facetLimit=1&facetSort=size", 6, "facetSort size"),
    ("&".join(f"a{n}=1" for n in range(200)), 6, "more than 100 parameters"),
]


@pytest.mark.parametrize(("query", "number", "details"), REFUSED)
def test_refusals_name_the_culprit(query: str, number: int, details: str) -> None:
    found = refused(query).diagnostics
    assert [(diagnostic_number(each.uri), each.details) for each in found] == [(number, details)]
    assert found[0].message


def test_all_mistakes_are_told_at_once() -> None:
    error = refused(OLD + "startRecord=x&color=red&maximumRecords=y")
    assert [diagnostic_number(each.uri) for each in error.diagnostics] == [8, 7, 6, 6]
    assert (error.version, error.operation) == (Version.V1_2, Operation.SEARCH_RETRIEVE)


@pytest.mark.parametrize("version", Version)
def test_what_a_client_sends_is_what_a_server_reads(version: Version) -> None:
    pairs = list(search_parameters(version, 'dc.title = "a&b"', start=5, maximum=3, schema="dc", string=True).items())
    search = read_request(pairs)
    assert isinstance(search, SearchRequest)
    assert (search.version, search.query, search.start_record, search.string) == (version, 'dc.title = "a&b"', 5, True)
    scan = read_request(list(scan_parameters(version, "a", position=2, maximum=9).items()))
    assert isinstance(scan, ScanRequest)
    assert (scan.version, scan.position, scan.maximum_terms) == (version, 2, 9)
    assert read_request(list(explain_parameters(version).items())).version is version


NAMES = st.sampled_from(
    ["operation", "version", "query", "startRecord", "maximumRecords", "recordPacking", "sortKeys", "scanClause",
     "responsePosition", "facetLimit", "facetStart", "facetSort", "stylesheet", "x-a", "recordXMLEscaping", "?"]
)  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["1.1", "1.2", "2.0", "searchRetrieve", "scan", "explain", "1", "0", "a,,1", ","]),
)


@pytest.mark.fuzz
@given(st.one_of(st.binary(max_size=60), st.lists(st.tuples(NAMES, VALUES), max_size=6)))
def test_anything_is_a_request_or_refused(sent: bytes | list[tuple[str, str]]) -> None:
    try:
        read_request(read_form(sent) if isinstance(sent, bytes) else sent)
    except SruError as error:
        found = error.diagnostics
    else:
        return
    assert found
    assert all(diagnostic_number(each.uri) for each in found)
