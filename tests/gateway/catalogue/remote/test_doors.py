"""Our doors before members' own servers: clients see one catalogue, and a diagnostic where a server is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette

from gateway.adapters.sru.mapping import SruSettings
from gateway.adapters.sru.server import sru_door
from gateway.adapters.z3950.server import Z3950Door
from gateway.catalogue.catalogue import Catalogue
from gateway.catalogue.index_map import INDEXES
from gateway.catalogue.live import Availability
from gateway.clients.sru import SruClient
from gateway.clients.z3950 import Z3950Client, complaints
from gateway.clock import SystemClock
from gateway.members.readers import Readers
from library_protocols.sru import Diagnostic, Record, Version
from library_protocols.z3950 import Diagnostic as Bib1
from library_protocols.z3950 import SortElement, SortKeySpec, parse_pqf
from library_protocols.z3950.facts import SortStatus
from library_protocols.z3950.facts.oids import BIB_1, OPAC, USMARC
from library_protocols.z3950.records import read_opac
from library_protocols.z3950.rpn import AttributesPlusTerm
from tests.gateway.adapters.z3950.conftest import SETTINGS, Listening, configuration
from tests.gateway.catalogue.remote.conftest import Federated
from tests.sru_server import NoItems

Open = Callable[[Catalogue], Awaitable[Z3950Client]]


@pytest.fixture
def catalogue(federated: Federated, listening: Listening, nowhere: str) -> Catalogue:
    """`aber` is searched over Z39.50, `bangor` at a server that is not there."""
    return federated(aber=f"z3950://127.0.0.1:{listening.port}/aber", bangor=nowhere)


@pytest.fixture
def readers() -> Readers:
    return Readers(configuration(), clock=SystemClock(), executor=ThreadPoolExecutor(1))


@pytest.fixture(params=[True, False])
async def front(request: pytest.FixtureRequest, catalogue: Catalogue, readers: Readers) -> AsyncIterator[Z3950Client]:
    """A client of our door, whose requests are driven by hand or run in tasks."""
    clock = SystemClock()
    availability = cast("Any", Availability(NoItems(), clock, "z3950"))
    door = Z3950Door(catalogue, readers, SETTINGS, clock=clock, availability=availability, inline=request.param)
    server = await asyncio.get_running_loop().create_server(door.factory(), "127.0.0.1", 0)
    client = Z3950Client("127.0.0.1", server.sockets[0].getsockname()[1], timeout=10.0)
    await client.connect()
    yield client
    await client.close()
    server.close()
    await asyncio.wait_for(door.drain(), 10)


@pytest.fixture
def over_http(catalogue: Catalogue, readers: Readers) -> Callable[[str], SruClient]:
    names = {"all": "Everything", "aber": "Aberystwyth", "bangor": "Bangor"}
    door = sru_door(catalogue, readers, NoItems(), SruSettings(names), clock=SystemClock())
    transport = httpx.ASGITransport(Starlette(routes=door.routes()))

    def client(view: str) -> SruClient:
        return SruClient(f"http://library.example/sru/{view}", Version.V2_0, transport=transport)

    return client


async def test_search_present_and_sort(front: Z3950Client) -> None:
    found = await front.search(("aber",), parse_pqf("@attr 1=1003 davies"))
    assert found.result_count == 2
    key = SortKeySpec(sort_element=SortElement(generic="date"), sort_relation=0, case_sensitivity=1)
    assert (await front.sort([key])).sort_status == SortStatus.SUCCESS
    page = await front.present(1, 2, syntax=USMARC)
    assert page.complete
    first, second = (one.record.retrieval_record for one in page.records)
    assert first is not None
    assert second is not None
    assert b"Hanes Cymru" in (first.octets or b"")
    assert b"A history of Wales" in (second.octets or b"")


async def test_a_record_comes_with_its_search_and_with_what_is_on_loan(front: Z3950Client) -> None:
    found = await front.search(("aber",), parse_pqf("@attr 1=4 history"), records=1, syntax=OPAC)
    assert found.records is not None
    external = found.records[0].record.retrieval_record
    assert external is not None
    (holding,) = cast("Any", read_opac(external).holdings_data)
    assert holding.call_number == "DA 740"
    assert holding.circulation_data[0].available_now
    assert holding.circulation_data[0].item_id == "30000001"


async def test_result_sets_narrow_searches(front: Z3950Client) -> None:
    await front.search(("aber",), parse_pqf("@attr 1=1003 davies"), result_set="all of his")
    narrowed = await front.search(("aber",), parse_pqf('@and @set "all of his" @attr 1=4 wales'), result_set="one")
    assert narrowed.result_count == 1
    mixed = await front.search(("all",), parse_pqf('@and @set "all of his" @attr 1=4 wales'))
    assert [one.condition for one in complaints(mixed)] == [18]


async def test_scan_and_diagnostics(front: Z3950Client) -> None:
    start = parse_pqf("@attr 1=4 wales").root
    assert isinstance(start, AttributesPlusTerm)
    scanned = await front.scan(("aber",), start, attribute_set=BIB_1, terms=3)
    assert scanned.number_of_entries_returned > 0
    refused = await front.search(("aber",), parse_pqf("@attr 1=4 @attr 2=1 x"))
    assert complaints(refused) == (Bib1(condition=123, addinfo="1=4 2=1"),)


async def test_a_server_that_is_away_is_a_database_that_is(front: Z3950Client) -> None:
    for _ in range(3):
        (said,) = complaints(await front.search(("bangor",), parse_pqf("x")))
        assert (said.condition, said.addinfo) == (109, "the server of bangor is away")
    assert (await front.search(("all",), parse_pqf("@attr 1=4 wales"))).result_count == 2


async def test_records_that_cannot_be_had_leave_the_search_as_it_is(front: Z3950Client, listening: Listening) -> None:
    shelf, listening.shelf.kept = listening.shelf.kept, {}
    found = await front.search(("aber",), parse_pqf("@attr 1=4 history"), records=1, syntax=USMARC)
    listening.shelf.kept = shelf
    assert (found.result_count, found.search_status) == (1, True)
    assert found.records is not None
    assert found.records[0].record.surrogate_diagnostic is not None


async def test_over_sru(over_http: Callable[[str], SruClient]) -> None:
    async with over_http("aber") as client:
        found = await client.search("dc.creator = davies sortby dc.date", schema="mods")
        assert found.count == 2
        assert [b"<title>" in one.data for one in found.records if isinstance(one, Record)] == [True, True]
        opac = await client.search("dc.title = history", schema="opac")
        (record,) = opac.records
        assert isinstance(record, Record)
        assert b'<availableNow value="1"/>' in record.data
        scanned = await client.scan("dc.date = 1990", maximum=2)
        assert [(term.value, term.count) for term in scanned.terms] == [("1990", 1), ("1993", 1)]
        refused = await client.search("dc.creator = davies", facets="5:dc.creator")
        assert [(one.uri.rpartition("/")[2]) for one in refused.diagnostics] == ["8"]
        explained = await client.explain()
        assert explained.explain is not None
        assert explained.explain.records == 6
        told = {index.id: index for index in explained.explain.indexes}
        assert set(told) == {index.name for index in INDEXES.values() if index.bib1}
        assert told["title"].scan
        assert told["title"].sort
        assert explained.explain.facets == ()


async def test_over_sru_a_server_that_is_away_cannot_answer_now(over_http: Callable[[str], SruClient]) -> None:
    async with over_http("bangor") as client:
        found = await client.search("dc.title = x")
        assert found.diagnostics == (replace(Diagnostic.of(2), details="the server of bangor is away"),)
        told = (await client.explain()).explain
        assert told is not None
        assert (told.title, told.indexes, told.facets) == ("Bangor", (), ())
