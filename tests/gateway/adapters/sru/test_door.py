"""Scan, explain, and what is HTTP's own at the door: views, readers, forms, the record."""

from __future__ import annotations

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from gateway.adapters.sru.mapping import SCHEMAS
from gateway.catalogue.index_map import INDEXES
from gateway.exchanges.model import Verdict
from library_protocols.sru import ExplainResponse, ScanResponse, Version, diagnostic_number
from tests.gateway.adapters.sru.conftest import PASSWORD, READER, Asked

XML = {"content-type": "text/xml; charset=utf-8"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


async def scan(asked: Asked, clause: str, **sent: str) -> ScanResponse:
    found = await asked.ask(scanClause=clause, **sent)
    assert isinstance(found, ScanResponse)
    return found


async def test_a_scan_of_headings(asked: Asked) -> None:
    found = await scan(asked, "dc.title = F")
    assert [(term.value, term.display, term.where) for term in found.terms] == [
        ("fish", "Fish", "inner"),
        ("the book of wales", "The book of Wales", "inner"),
        ("tŷ a gardd", "Tŷ a gardd", "inner"),
        ("wales at war", "Wales at war", "last"),
    ]
    old = await scan(asked, "dc.title = A", operation="scan", version="1.1", maximumTerms="1")
    assert [(term.value, term.where) for term in old.terms] == [("a history of wales", "first")]


async def test_a_scan_of_words(asked: Asked) -> None:
    for clause in ('dc.title any "war"', "war"):
        assert [term.value for term in (await scan(asked, clause, maximumTerms="1")).terms] == ["war"]


@pytest.mark.parametrize(
    ("clause", "number"),
    [
        ("a and b", 10),
        ("a sortby dc.title", 10),
        ("dc.title", None),
        ("dc.date < 3", 19),
        ("dc.title =/stem a", 20),
        ("shoe.size = a", 15),
        ("dc.shoe = a", 16),
        ("dc.date = a", 16),
        ('> q="urn:nowhere" q.title = a', 15),
        ('> q="info:srw/cql-context-set/1/dc-v1.1" q.title = a', None),
        ("dc.title =", 10),
    ],
)
async def test_what_can_be_scanned(asked: Asked, clause: str, number: int | None) -> None:
    found = await scan(asked, clause)
    assert [diagnostic_number(each.uri) for each in found.diagnostics] == ([number] if number else [])


async def test_too_many_terms(asked: Asked) -> None:
    found = await scan(asked, "dc.title = a", maximumTerms="100000")
    assert [diagnostic_number(each.uri) for each in found.diagnostics] == [121]


@pytest.mark.parametrize("sent", [{}, {"operation": "explain", "version": "1.1"}, {"operation": "explain"}])
async def test_explain_tells_what_the_door_answers(asked: Asked, sent: dict[str, str]) -> None:
    found = await asked.ask("/sru/aber", **sent)
    assert isinstance(found, ExplainResponse)
    told = found.explain
    assert told is not None
    assert (told.host, told.port, told.database, told.title) == ("library.example", 80, "sru/aber", "Aberystwyth")
    assert (told.records, told.updated) == (5, "20231114221320")
    assert [(schema.name, schema.identifier) for schema in told.schemas] == [(f.schemas[0], f.uri) for f in SCHEMAS]
    assert {index.id for index in told.indexes} == set(INDEXES)
    assert ("relation", "all") in told.supports
    assert dict(told.settings)["maximumRecords"] == "60"
    sortable = {index.id for index in told.indexes if index.sort}
    assert sortable == {index.name for index in INDEXES.values() if index.sortable}
    # Every name it tells can be scanned or is refused for what it is, never as unknown.
    for index in told.indexes:
        for prefix, name in index.names:
            diagnostics = (await scan(asked, f'"{prefix}.{name}" = a')).diagnostics
            assert 15 not in [diagnostic_number(each.uri) for each in diagnostics]


async def test_explain_is_told_while_the_catalogue_is_away_and_for_wrong_requests(asked: Asked) -> None:
    asked.shelf.away = True
    found = await asked.ask("/sru", color="red")
    assert isinstance(found, ExplainResponse)
    assert found.explain is not None
    assert (found.explain.title, found.explain.records) == ("Everything", None)
    assert [diagnostic_number(each.uri) for each in found.diagnostics] == [8]


async def test_the_address_is_the_configured_one(asked: Asked) -> None:
    asked.settle(base_url="https://catalogue.demo.example")
    found = await asked.ask("/sru/aber")
    assert isinstance(found, ExplainResponse)
    assert found.explain is not None
    assert (found.explain.transport, found.explain.host, found.explain.port) == ("https", "catalogue.demo.example", 443)


async def test_an_unknown_member_is_not_found(asked: Asked) -> None:
    for path in ("/sru/nobody", "/sru/ABER"):
        assert (await asked.get(path, query="wales")).status_code == 404
    assert asked.recorded.exchanges[-1].member is None


async def test_a_closed_view_asks_for_its_reader(asked: Asked) -> None:
    asked.shelf.put("cardiff", "Wales in Cardiff")
    refused = await asked.get("/sru/cardiff", query="wales")
    assert (refused.status_code, refused.headers["www-authenticate"].split()[0]) == (401, "Basic")
    assert b"info:srw/diagnostic/1/3" in refused.content
    for wrong in ((READER, "guess"), ("nobody", PASSWORD)):
        assert (await asked.client.get("/sru/cardiff", params={"query": "wales"}, auth=wrong)).status_code == 401
    found = await asked.client.get("/sru/cardiff", params={"query": "wales"}, auth=(READER, PASSWORD))
    assert (found.status_code, found.headers["cache-control"]) == (200, "private, no-cache")
    assert asked.recorded.exchanges[-1].terminal == READER


async def test_guessing_is_slowed_down(asked: Asked) -> None:
    answers = [await asked.client.get("/sru/cardiff", auth=(READER, f"guess {n}")) for n in range(12)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_only_forms_and_not_large_ones(asked: Asked) -> None:
    json = await asked.client.post("/sru/aber", content=b"{}", headers={"content-type": "application/json"})
    assert json.status_code == 415
    large = await asked.client.post("/sru/aber", content=b"query=" + b"a" * 70_000, headers=FORM)
    assert large.status_code == 413
    twice = await asked.client.post("/sru/aber?query=a", content=b"query=b", headers=FORM)
    assert b"given more than once" in twice.content
    assert (await asked.client.put("/sru/aber")).status_code == 405


async def test_soap_is_answered_in_soap(asked: Asked) -> None:
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><searchRetrieveRequest '
        'xmlns="http://www.loc.gov/zing/srw/"><version>1.1</version><query>%s</query></searchRetrieveRequest>'
        "</e:Body></e:Envelope>"
    )
    for query, count in (("dc.title = wales", "3"), ("(a", "0")):
        answer = await asked.client.post("/sru/aber", content=(body % query).encode(), headers=XML)
        [inner] = etree.fromstring(answer.content).iter("{http://www.loc.gov/zing/srw/}searchRetrieveResponse")
        asked.judge(etree.tostring(inner), Version.V1_1)
        assert (answer.status_code, inner.findtext("{*}numberOfRecords")) == (200, count)
    broken = await asked.client.post("/sru/aber", content=b"<a>", headers=XML)
    assert (broken.status_code, b"<faultcode>SOAP:Client</faultcode>" in broken.content) == (500, True)
    assert asked.recorded.exchanges[-1].verdict is Verdict.BAD_INPUT


async def test_sru_2_has_a_type_of_its_own(asked: Asked) -> None:
    wanted = "application/sru+xml"
    for accept in (wanted, "Application/SRU+XML"):
        assert (await asked.get(accept=accept, query="wales")).headers["content-type"].startswith(wanted)
    old = await asked.get(accept=wanted, query="wales", operation="searchRetrieve", version="1.1")
    assert old.headers["content-type"].startswith("text/xml")


async def test_every_exchange_is_recorded(asked: Asked) -> None:
    answer = await asked.get(query="wales")
    [exchange] = asked.recorded.exchanges
    assert (exchange.protocol, exchange.member, exchange.verdict) == ("sru", "aber", "answered")
    assert exchange.bytes_in == b"GET /sru/aber?query=wales"
    assert getattr(exchange.request, "operation", "") == "sru.searchRetrieve"
    assert exchange.bytes_out == b"HTTP 200, %d octets" % len(answer.content)
    assert answer.headers["exchange-id"] == exchange.id
    await asked.get(query="(a")
    assert (asked.recorded.exchanges[-1].verdict, asked.recorded.exchanges[-1].error) == ("refused", "13")


async def test_what_extensions_carry_is_not_recorded(asked: Asked) -> None:
    await asked.client.get("/sru/aber?x-info-2-auth1.0-authenticationToken=secret&query=wales&x-a=b")
    assert asked.recorded.exchanges[-1].bytes_in == (
        b"GET /sru/aber?x-info-2-auth1.0-authenticationToken=******&query=wales&x-a=*"
    )
    body = b"<searchRetrieveRequest><query>a</query><s:extraRequestData><t>secret</t></s:extraRequestData>"
    await asked.client.post("/sru/aber", content=body, headers=XML)
    recorded = asked.recorded.exchanges[-1].bytes_in
    assert b"secret" not in recorded
    assert b"<query>a</query>" in recorded


async def test_what_nobody_foresaw_is_an_error_of_ours(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked.shelf, "search", None)
    answer = await asked.get(query="wales")
    assert answer.status_code == 500
    assert b"Traceback" not in answer.content
    assert asked.recorded.exchanges[-1].verdict == "failed"
