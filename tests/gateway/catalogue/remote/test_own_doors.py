"""Our own Z39.50 and SRU doors as members' servers: what is found there is shown as if it were in our index."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.canonical.query_problems import ProblemCode
from gateway.catalogue.catalogue import Catalogue
from gateway.catalogue.forms import render
from gateway.catalogue.query import (
    AllRecords,
    And,
    AndNot,
    InSet,
    Or,
    Query,
    QueryProblem,
    Relation,
    SortKey,
    Structure,
    Term,
    Truncation,
)
from tests.gateway.adapters.z3950.conftest import READER, Listening
from tests.gateway.catalogue.remote.conftest import Federated

WALES = Term("title", "wales")


@pytest.fixture(params=["z3950", "sru"])
def remote(request: pytest.FixtureRequest, federated: Federated) -> Catalogue:
    """A catalogue whose view `aber` is searched over either protocol."""
    if request.param == "z3950":
        listening: Listening = request.getfixturevalue("listening")
        return federated(aber=f"z3950://127.0.0.1:{listening.port}/aber")
    return federated(aber=request.getfixturevalue("sru_remote"))


async def titles(catalogue: Catalogue, query: Query, *keys: SortKey, start: int = 1, size: int = 10) -> list[str]:
    found = await catalogue.search("aber", query, keys)
    records = await catalogue.records("aber", await found.page(start, size))
    return [render("sutrs", record).decode().splitlines()[0].removeprefix("Title: ") for record in records if record]


async def problem(catalogue: Catalogue, query: Query, *keys: SortKey) -> QueryProblem:
    with pytest.raises(QueryProblem) as raised:
        await catalogue.search("aber", query, keys)
    return raised.value


async def test_what_is_found_is_shown(remote: Catalogue) -> None:
    found = await remote.search("aber", Term("title", "history wales", structure=Structure.ALL))
    assert found.count == 1
    (record,) = await remote.records("aber", await found.page(1, 10))
    assert record is not None
    assert (record.member, record.deleted, record.sets) == ("aber", False, ())
    assert record.control in ("1", "5")
    assert b"A history of Wales" in record.marcxml
    assert b"A history of Wales" in render("mods", record)
    assert render("iso2709", record).startswith(b"0")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (WALES, {"A history of Wales"}),
        (Term("title", "wal", truncation=Truncation.RIGHT), {"A history of Wales"}),
        (And(WALES, Term("author", "davies")), {"A history of Wales"}),
        (Or(WALES, Term("title", "nothing")), {"A history of Wales"}),
        (AndNot(AllRecords(), Term("date", "1993", Relation.NOT_EQUAL)), {"A history of Wales"}),
        (And(WALES, Term("date", "1990 1999", Relation.WITHIN)), {"A history of Wales"}),
    ],
)
async def test_queries_arrive(remote: Catalogue, query: Query, expected: set[str]) -> None:
    found = set(await titles(remote, query))
    assert expected <= found
    assert all("ales" in title for title in found)


async def test_order_is_the_servers(remote: Catalogue) -> None:
    up = await titles(remote, AllRecords(), SortKey("date"))
    down = await titles(remote, AllRecords(), SortKey("date", descending=True))
    assert up == down[::-1]
    assert len(up) >= 5


async def test_a_result_can_be_put_in_another_order(remote: Catalogue) -> None:
    found = await remote.search("aber", AllRecords())
    ordered = await remote.sort(found, (SortKey("title"),))
    assert ordered.count == found.count
    (record,) = await remote.records("aber", await ordered.page(1, 1))
    assert record is not None
    assert b"A history of Wales" in record.marcxml


async def test_pages(remote: Catalogue) -> None:
    every = await titles(remote, AllRecords(), SortKey("title"))
    found = await remote.search("aber", AllRecords(), (SortKey("title"),))
    assert await found.page(found.count + 1, 5) == []
    assert await found.page(0, 5) == []
    deep = await remote.records("aber", await found.page(found.count - 1, 5))
    assert len(deep) == 2
    assert len(every) == found.count
    mixed = [*(await found.page(3, 1)), *(await found.page(1, 1))]
    third, first = await remote.records("aber", mixed)
    again = await remote.records("aber", await found.page(1, 3))
    assert [first, third] == [again[0], again[2]]


async def test_a_result_set_narrows_a_search(remote: Catalogue) -> None:
    found = await remote.search("aber", AndNot(AllRecords(), Term("title", "nothing")))
    narrowed = await remote.search("aber", And(InSet(found), WALES))
    assert 1 <= narrowed.count < found.count


async def test_sets_of_other_views_do_not_mix(remote: Catalogue) -> None:
    there = await remote.search("aber", AllRecords())
    here = await remote.search("all", AllRecords())
    for view, query in (("all", InSet(there)), ("aber", InSet(here))):
        with pytest.raises(QueryProblem) as raised:
            await remote.search(view, query)
        assert raised.value.code is ProblemCode.RESULT_SET_COMBINATION


async def test_scan(remote: Catalogue) -> None:
    scan = await remote.scan("aber", "title", "a history", 3, 1)
    assert scan.entries[0].display == "A history of Wales"
    assert scan.entries[0].count == 1
    assert len(scan.entries) == 3
    years = await remote.scan("aber", "date", "1993", 2, 2)
    assert [entry.term for entry in years.entries][1] == "1993"
    words = await remote.scan("aber", "title", "wales", 1, 1, words=True)
    assert words.entries[0].term == "wales"


async def test_facets_are_refused(remote: Catalogue) -> None:
    found = await remote.search("aber", AllRecords())
    with pytest.raises(QueryProblem) as raised:
        await remote.facets(found, ("author",))
    assert raised.value.code is ProblemCode.FACETS


async def test_other_views_are_our_own(remote: Catalogue) -> None:
    here = await remote.search("all", Term("title", "galles"))
    assert here.count == 1
    assert (await remote.search("aber", Term("title", "nothing"))).count == 0


async def test_the_servers_diagnostics_are_ours(remote: Catalogue) -> None:
    raised = await problem(remote, Term("title", "x", Relation.LESS))
    assert raised.code in (ProblemCode.RELATION_FOR_INDEX, ProblemCode.ATTRIBUTE_COMBINATION)
    assert raised.detail in ("< title", "1=4 2=1")


async def test_keys_that_nothing_is_sorted_by(remote: Catalogue) -> None:
    assert (await problem(remote, WALES, SortKey("notes"))).code is ProblemCode.SORT


# What only Z39.50 does


async def test_holdings_and_what_is_on_loan_come_from_opac_records(listening: Listening, federated: Federated) -> None:
    catalogue = federated(aber=f"z3950://127.0.0.1:{listening.port}/aber")
    found = await catalogue.search("aber", Term("title", "history"))
    ids = await found.page(1, 1)
    (record,) = await catalogue.records("aber", ids)
    assert record is not None
    (holding,) = record.holdings
    assert (holding.member, holding.location, holding.call_number) == ("aber", "Main library", "DA 740")
    assert (holding.barcodes, holding.control) == (("30000001",), record.control)
    assert holding.circulation[0].available_now
    assert b'<availableNow value="1"/>' in render("opac", record)
    assert await catalogue.holdings("aber", ids) == {record.id: record.holdings}


async def test_unimarc_is_seen_to_be_that(listening: Listening, federated: Federated) -> None:
    catalogue = federated(aber=f"z3950://127.0.0.1:{listening.port}/aber")
    assert await titles(catalogue, Term("title", "galles")) == ["Storia di Galles"]


async def test_one_connection_serves_many_results_in_turn(listening: Listening, federated: Federated) -> None:
    catalogue = federated(aber=f"z3950://127.0.0.1:{listening.port}/aber")
    found = [await catalogue.search("aber", Term("title", "history")) for _ in range(25)]
    records = [(await catalogue.records("aber", await one.page(1, 1)))[0] for one in found]
    assert all(record and b"A history of Wales" in record.marcxml for record in records)
    assert len(listening.door.links.open) == 1


async def test_results_outlive_the_connection(listening: Listening, federated: Federated) -> None:
    catalogue = federated(aber=f"z3950://127.0.0.1:{listening.port}/aber")
    found = await catalogue.search("aber", Term("title", "history"))
    for session in list(listening.door.links.open):
        transport: Any = session._transport
        transport.abort()
    (record,) = await catalogue.records("aber", await found.page(1, 1))
    assert record is not None


@pytest.mark.parametrize(("password", "code"), [("correct-horse", None), ("wrong", ProblemCode.UNAVAILABLE)])
async def test_a_name_where_the_server_asks_for_one(
    listening: Listening, federated: Federated, password: str, code: ProblemCode | None
) -> None:
    url = f"z3950://127.0.0.1:{listening.port}/cardiff"
    catalogue = federated(cardiff={"url": url, "user": READER, "password": password})
    if code is None:
        assert (await catalogue.search("cardiff", WALES)).count == 1
        return
    with pytest.raises(QueryProblem) as raised:
        await catalogue.search("cardiff", WALES)
    assert raised.value.code is code
    assert raised.value.detail == "the server of cardiff is away"  # whose name was refused is nobody's affair
