"""Responses: valid against the schemas, and read back as they were meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.cql import SearchClause, parse
from library_protocols.sru import (
    ContextSet,
    Description,
    Diagnostic,
    ExplainRequest,
    ExplainResponse,
    Facet,
    FacetDescription,
    FacetTerm,
    IndexDescription,
    Operation,
    ReadError,
    Record,
    ResultSet,
    ScanRequest,
    ScanResponse,
    SchemaDescription,
    SearchRequest,
    SearchResponse,
    Surrogate,
    Term,
    Version,
    explain_response,
    failure,
    read_form,
    read_request,
    read_response,
    scan_response,
    search_response,
    write_explain,
)
from library_protocols.sru.facts import DIAGNOSTICS
from tests.sru_schemas import Judge

MARCXML = "info:srw/schema/1/marcxml-v1.1"
RECORD = b'<record xmlns="http://www.loc.gov/MARC21/slim"><leader>00000nam a2200000 a 4500</leader></record>'
BARE = "<r a='1'>tŷ &amp; \"gardd\" ]]&gt;</r>".encode()
EVIL = "\x00\x1f\ud800<&>]]>\"'\ufffe"

VERSIONS = pytest.mark.parametrize("version", Version)


def search_request(version: Version, query: str, more: str = "") -> SearchRequest:
    head = b"" if version is Version.V2_0 else f"operation=searchRetrieve&version={version.value}&".encode()
    request = read_request([*read_form(head), ("query", query), *read_form(more.encode())])
    assert isinstance(request, SearchRequest)
    return request


@VERSIONS
@pytest.mark.parametrize("string", [False, True])
def test_a_search_goes_there_and_back(version: Version, string: bool, judge: Judge) -> None:
    text = '> dc="urn:x" dc.title any/stem "fish & chips" and (a or b) sortby dc.date/sort.descending'
    request = search_request(version, text, "startRecord=3&maximumRecords=2&sortKeys=title,,1")
    facets = (Facet("dc.language", (FacetTerm("wel", 2, 'dc.language = "wel"'), FacetTerm("eng", 1)), "Language"),)
    octets = b"".join(
        search_response(
            version,
            7,
            [
                Record(MARCXML, b'<?xml version="1.0"?>\n' + RECORD, 3),
                Surrogate(Diagnostic.of(67, EVIL), 4),
                Record("urn:bare", BARE, 5, extra=b'<x xmlns="urn:extra">1</x>'),
            ],
            string=string,
            next_position=6,
            result_set=ResultSet("set <1>", 300),
            precision="exact",
            facets=facets,
            diagnostics=[Diagnostic.of(59, "tŷ")],
            echo=request,
            query=parse(text),
        )
    )
    judge(octets, version)
    found = read_response(octets)
    assert isinstance(found, SearchResponse)
    assert (found.count, found.next_position, found.result_set, found.ttl) == (7, 6, "set <1>", 300)
    first, second, third = found.records
    assert isinstance(first, Record)
    assert isinstance(third, Record)
    assert (first.schema, first.position) == (MARCXML, 3)
    assert etree.canonicalize(first.data.decode()) == etree.canonicalize(RECORD.decode())
    assert isinstance(second, Surrogate)
    assert second.diagnostic.uri == "info:srw/diagnostic/1/67"
    assert second.position == 4
    # A record without a namespace stays without one; only unused declarations may have been added around it.
    assert etree.fromstring(third.data).tag == "r"
    assert etree.fromstring(third.data).text == 'tŷ & "gardd" ]]>'
    assert etree.fromstring(third.extra).tag == "{urn:extra}x"
    assert found.diagnostics == (Diagnostic.of(59, "tŷ"),)
    assert (found.precision, found.facets) == (("exact", facets) if version is Version.V2_0 else ("", ()))


@VERSIONS
def test_a_search_without_hits(version: Version, judge: Judge) -> None:
    request = search_request(version, "a")
    octets = b"".join(search_response(version, 0, echo=request, query=parse("a"), facets=[Facet("x", ())]))
    root = judge(octets, version)
    assert root.find("{*}records") is None
    assert read_response(octets) == SearchResponse(root.findtext("{*}version") or "", 0)


@VERSIONS
def test_a_scan_goes_there_and_back(version: Version, judge: Judge) -> None:
    head = "" if version is Version.V2_0 else f"operation=scan&version={version.value}&"
    request = read_request(read_form(f"{head}scanClause=dc.title%3Df&maximumTerms=3".encode()))
    assert isinstance(request, ScanRequest)
    clause = parse(request.clause).root
    assert isinstance(clause, SearchClause)
    terms = (Term("fish", 3, "Fish & chips", "first"), Term("frog", 0), Term("ŵyn", None, "", "last"))
    octets = scan_response(version, terms, diagnostics=[Diagnostic.of(121, "2")], echo=request, clause=clause)
    judge(octets, version)
    found = read_response(octets)
    assert isinstance(found, ScanResponse)
    assert (found.terms, found.diagnostics) == (terms, (Diagnostic.of(121, "2"),))


@pytest.mark.parametrize("operation", Operation)
@VERSIONS
def test_failures_are_valid(version: Version, operation: Operation, judge: Judge) -> None:
    octets = failure(
        operation,
        version,
        [Diagnostic.of(6, EVIL), Diagnostic("info:other/1", "", "?")],
        write_explain(SERVER, version),
    )
    root = judge(octets, version)
    assert etree.QName(root).localname == f"{operation.value}Response"
    found = read_response(octets)
    assert [each.uri for each in found.diagnostics] == ["info:srw/diagnostic/1/6", "info:other/1"]


SERVER = Description(
    host="demo.example",
    port=8080,
    database="sru/aber",
    title="Llyfrgell & more",
    description="What it holds",
    contact="staff@demo.example",
    records=1000,
    updated="20261122120000",
    sets=(ContextSet("dc", "info:srw/cql-context-set/1/dc-v1.1", "Dublin Core"),),
    indexes=(
        IndexDescription("Title", (("dc", "title"), ("bath", "title")), scan=True, sort=True, bib1=(4,), id="title"),
        IndexDescription("Note", (("bath", "notes"),), supports=(("relation", "all"),)),
    ),
    schemas=(
        SchemaDescription(MARCXML, "marcxml", "MARCXML", "http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd"),
    ),
    defaults=(("numberOfRecords", "10"), ("retrieveSchema", "marcxml")),
    settings=(("maximumRecords", "100"),),
    supports=(("relation", "any"), ("proximity", "")),
    examples=("dc.title = fish",),
    facets=(FacetDescription("dc.language", 10, "Language"),),
)


@VERSIONS
@pytest.mark.parametrize("string", [False, True])
def test_an_explain_goes_there_and_back(version: Version, string: bool, judge: Judge) -> None:
    head = "" if version is Version.V2_0 else f"operation=explain&version={version.value}"
    request = read_request(read_form(head.encode()))
    assert isinstance(request, ExplainRequest)
    octets = explain_response(version, write_explain(SERVER, version), string=string, echo=request)
    judge(octets, version)
    found = read_response(octets)
    assert isinstance(found, ExplainResponse)
    described = found.explain
    assert described is not None
    assert (described.title, described.sets, described.indexes) == (SERVER.title, SERVER.sets, SERVER.indexes)
    assert (described.schemas, described.defaults, described.settings) == (
        SERVER.schemas,
        SERVER.defaults,
        SERVER.settings,
    )
    assert (described.records, described.port, described.supports) == (1000, 8080, SERVER.supports)
    assert (described.facets, described.examples) == (
        (SERVER.facets, SERVER.examples) if version is Version.V2_0 else ((), ())
    )


@pytest.mark.parametrize("version", [Version.V1_2, Version.V2_0])
def test_the_least_explain_is_valid(version: Version, judge: Judge) -> None:
    judge(explain_response(version, write_explain(Description("h", 80, "d", "t"), version)), version)


@VERSIONS
def test_a_query_too_deep_for_xml_parsers_is_not_echoed_as_xml(version: Version, judge: Judge) -> None:
    text = " or ".join(["a"] * 250)
    octets = b"".join(search_response(version, 0, echo=search_request(version, text), query=parse(text)))
    root = judge(octets, version)
    assert root.find(".//{*}xQuery") is None


@VERSIONS
def test_a_query_that_could_not_be_read_is_echoed_where_the_schema_allows_it(version: Version, judge: Judge) -> None:
    octets = b"".join(
        search_response(version, 0, echo=search_request(version, f"a ( {EVIL}"), diagnostics=[Diagnostic.of(10)])
    )
    echoed = judge(octets, version).find(".//{*}query")
    assert (echoed is not None) == (version is Version.V2_0)


def test_pieces_come_as_records_do() -> None:
    taken: list[int] = []

    def records() -> object:
        for number in range(3):
            taken.append(number)
            yield Record("urn:x", b"<r/>", number + 1)

    pieces = search_response(Version.V1_2, 3, records())  # pyright: ignore[reportArgumentType]
    next(pieces)
    assert taken == []
    next(pieces)
    assert taken == [0]


@pytest.mark.fuzz
@given(st.text(max_size=30), st.sampled_from(Version))
def test_any_text_makes_xml(text: str, version: Version) -> None:
    octets = b"".join(
        search_response(
            version, 1, [Record(text, b"<r/>", 1)], diagnostics=[Diagnostic(text, text, text)],
            echo=SearchRequest(version, {"query": text, "stylesheet": text}, {"x-a": text}, query=text),
            result_set=ResultSet(text, 1), facets=[Facet(text, (FacetTerm(text, 1, text),), text)],
        )
    )  # fmt: skip
    assert isinstance(read_response(octets), SearchResponse)
    assert isinstance(read_response(scan_response(version, [Term(text, 1, text)])), ScanResponse)
    assert isinstance(
        read_response(explain_response(version, write_explain(Description(text, 1, text, text), version))),
        ExplainResponse,
    )


BOMB = b'<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]><searchRetrieveResponse>&z;</searchRetrieveResponse>'


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"HTTP error",
        b"<html><body>Not found</body></html>",
        b"<searchRetrieveResponse>",
        BOMB,
        BOMB.decode().encode("utf-16"),
        b"<a>" * 100_000,
        b"\xff\xfe",
    ],
)
def test_what_is_no_response_is_refused(octets: bytes) -> None:
    with pytest.raises(ReadError) as caught:
        read_response(octets)
    assert 0 <= caught.value.offset <= max(len(octets), 1)


@pytest.mark.fuzz
@given(st.binary(max_size=80))
def test_any_octets_are_a_response_or_refused(octets: bytes) -> None:
    for sent in (octets, b"<searchRetrieveResponse>" + octets + b"</searchRetrieveResponse>"):
        try:
            read_response(sent)
        except ReadError:
            continue


def test_others_write_otherwise_and_are_read() -> None:
    octets = b"""<?xml version="1.0"?><searchRetrieveResponse xmlns="http://other/">
    <numberOfRecords> 2 </numberOfRecords><records><record><recordData>&lt;dc&gt;x&lt;/dc&gt;</recordData>
    <recordSchema>dc</recordSchema>
    <recordIdentifier>b1</recordIdentifier></record><record><recordSchema>info:srw/schema/1/diagnostics-v1.0</recordSchema>
    <recordData>broken</recordData></record></records><unknown/><!-- note --></searchRetrieveResponse>"""
    found = read_response(octets)
    assert isinstance(found, SearchResponse)
    assert found.count == 2
    assert found.records[0] == Record("dc", b"<dc>x</dc>", None, "b1")
    assert isinstance(found.records[1], Surrogate)


def test_every_diagnostic_of_the_list_is_known(shared_data: Callable[[str], Path]) -> None:
    rows = shared_data("schemas/z3950/srw.csv").read_text().splitlines()
    numbers = {int(row.partition(",")[0]) for row in rows if row.strip()}
    assert set(DIAGNOSTICS) == numbers
