"""Servers that are away, slow, rude or poor: a diagnostic, soon, and the other views never notice."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from gateway.canonical.query_problems import ProblemCode
from gateway.catalogue import to_rpn
from gateway.catalogue.catalogue import Catalogue
from gateway.catalogue.query import AllRecords, QueryProblem, SortKey, Term
from gateway.catalogue.remote import RemoteSource, RemoteViews, problem_of_address
from gateway.catalogue.remote.circuit import FAILURES, FIRST_PAUSE, LONGEST_PAUSE, Circuit
from gateway.catalogue.remote.link import Link
from gateway.clock import SystemClock
from gateway.config import SourceConfig
from library_protocols.z3950 import (
    Close,
    Diagnostic,
    InitializeResponse,
    NamePlusRecord,
    Pdu,
    PresentRequest,
    PresentResponse,
    Query,
    SearchRequest,
    SearchResponse,
    record_of,
    surrogate,
)
from library_protocols.z3950.facts.oids import OPAC, SUTRS, UNIMARC, USMARC, XML
from tests.gateway.adapters.z3950.conftest import Listening
from tests.gateway.catalogue.remote.conftest import Federated, Scripted, Serve

X = Term("title", "x")
PLAIN = InitializeResponse(
    protocol_version=frozenset((0, 1, 2)),
    options=frozenset((0, 1)),
    preferred_message_size=100_000,
    exceptional_record_size=100_000,
    result=True,
    implementation_name="script",
)
FOUND = SearchResponse(result_count=3, number_of_records_returned=0, next_result_set_position=1, search_status=True)
MARC = b"00051nam  2200037 a 4500245001300000\x1e00\x1faL\xe1apis\x1e\x1d"
"""In Latin-1 an a with an acute and another a; in MARC-8 an a with a grave."""


def at(target: Scripted, **settings: object) -> dict[str, object]:
    return {"url": f"z3950://127.0.0.1:{target.port}/x", **settings}


def presented(*records: NamePlusRecord, problem: Diagnostic | None = None) -> PresentResponse:
    return PresentResponse(
        number_of_records_returned=len(records),
        next_result_set_position=0,
        present_status=5 if problem else 0,
        records=records or None,
        non_surrogate_diagnostic=problem,
    )


def failed(condition: int, addinfo: str = "") -> SearchResponse:
    return SearchResponse(
        result_count=0, number_of_records_returned=0, next_result_set_position=0, search_status=False,
        non_surrogate_diagnostic=Diagnostic(condition=condition, addinfo=addinfo),
    )  # fmt: skip


async def problem(catalogue: Catalogue, view: str = "aber", *keys: SortKey) -> QueryProblem:
    with pytest.raises(QueryProblem) as raised:
        await catalogue.search(view, X, keys)
    return raised.value


async def test_a_server_that_is_away_spoils_no_other_view(
    federated: Federated, nowhere: str, listening: Listening
) -> None:
    catalogue = federated(bangor=nowhere, aber=f"z3950://127.0.0.1:{listening.port}/aber")
    for _ in range(4):
        raised = await problem(catalogue, "bangor")
        assert (raised.code, raised.detail) == (ProblemCode.UNAVAILABLE, "the server of bangor is away")
    assert (await catalogue.search("aber", AllRecords())).count > 0
    assert (await catalogue.search("all", AllRecords())).count > 0


async def test_no_answer_in_time(federated: Federated, serve: Serve) -> None:
    target = await serve([(PLAIN,), ()] + [()] * 5)
    catalogue = federated(aber=at(target, timeout_seconds=0.2))
    for _ in range(FAILURES):
        assert (await problem(catalogue)).detail == "the server of aber did not answer in time"
    asked = target.connections
    assert (await problem(catalogue)).code is ProblemCode.UNAVAILABLE
    assert target.connections == asked  # it is left alone


async def test_more_questions_than_connections_wait_their_turn(federated: Federated, serve: Serve) -> None:
    target = await serve([(PLAIN,)] + [(FOUND,)] * 20)
    catalogue = federated(aber=at(target))
    found = await asyncio.gather(*(catalogue.search("aber", X) for _ in range(20)))
    assert [one.count for one in found] == [3] * 20
    assert target.connections <= 4


class Stuck:
    """A connection that never answers, and is slow to end."""

    async def open(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        await asyncio.sleep(0.3)


async def test_who_waits_too_long_is_told_that_it_is_busy() -> None:
    source = RemoteSource("aber", lambda: cast("Link", Stuck()), 0.05, SystemClock())
    raised = await asyncio.gather(*(source.search(X) for _ in range(6)), return_exceptions=True)
    assert all(isinstance(one, QueryProblem) and one.code is ProblemCode.UNAVAILABLE for one in raised)
    assert sum("busy" in str(one) for one in raised) == 2


@pytest.mark.parametrize(
    ("said", "code", "detail"),
    [
        ((114, "1=4"), ProblemCode.INDEX, "1=4"),
        ((125, ""), ProblemCode.TERM_EMPTY, ""),
        ((3, "@not"), ProblemCode.QUERY_FEATURE, "@not"),
        ((235, "x"), ProblemCode.UNAVAILABLE, "235 there is no such database: x"),
        ((9_999, "y"), ProblemCode.UNAVAILABLE, "9999 unknown diagnostic: y"),
    ],
)
async def test_diagnostics_keep_their_detail(
    federated: Federated, serve: Serve, said: tuple[int, str], code: ProblemCode, detail: str
) -> None:
    catalogue = federated(aber=at(await serve([(PLAIN,), (failed(*said),), (FOUND,)])))
    raised = await problem(catalogue)
    assert raised.code is code
    assert raised.detail == detail
    assert (await catalogue.search("aber", X)).count == 3  # the same connection goes on


@pytest.mark.parametrize("rude", [b"HTTP/1.1 400 Bad Request\r\n\r\n", Close(close_reason=1), PLAIN])
async def test_answers_that_are_none(federated: Federated, serve: Serve, rude: Pdu | bytes) -> None:
    catalogue = federated(aber=at(await serve([(PLAIN,), (rude,)])))
    assert (await problem(catalogue)).code is ProblemCode.UNAVAILABLE


async def test_what_a_poor_target_cannot_do_is_said(federated: Federated, serve: Serve) -> None:
    catalogue = federated(aber=at(await serve([(PLAIN,)] + [(FOUND,)] * 5)))
    assert (await problem(catalogue, "aber", SortKey("title"))).code is ProblemCode.SORT
    with pytest.raises(QueryProblem) as raised:
        await catalogue.scan("aber", "title", "x")
    assert raised.value.code is ProblemCode.SCAN


async def test_a_target_with_one_result_set_is_searched_anew(federated: Federated, serve: Serve) -> None:
    page = presented(record_of(USMARC, MARC))
    target = await serve([(PLAIN,), (FOUND,), (FOUND,), (FOUND,), (page,)])
    catalogue = federated(aber=at(target))
    first, _ = await catalogue.search("aber", X), await catalogue.search("aber", AllRecords())
    (record,) = await catalogue.records("aber", await first.page(1, 1))
    assert record is not None
    searches = [one for one in target.requests or () if isinstance(one, SearchRequest)]
    assert [one.result_set_name for one in searches] == ["default"] * 3
    assert searches[2].query == searches[0].query


async def test_syntaxes_are_tried_in_turn_and_remembered(federated: Federated, serve: Serve) -> None:
    no = presented(problem=Diagnostic(condition=239, addinfo="x"))
    unimarc = presented(record_of(UNIMARC, MARC))
    script = [(PLAIN,), (FOUND,), (no,), (presented(surrogate(238)),), (unimarc,), (unimarc,)]
    target = await serve(script)
    catalogue = federated(aber=at(target))
    found = await catalogue.search("aber", X)
    for position in (1, 2):
        (record,) = await catalogue.records("aber", await found.page(position, 1))
        assert record is not None
    asked = [one.preferred_record_syntax for one in target.requests or () if isinstance(one, PresentRequest)]
    assert asked == [OPAC, USMARC, UNIMARC, UNIMARC]


async def test_a_target_that_has_no_marc(federated: Federated, serve: Serve) -> None:
    no = presented(problem=Diagnostic(condition=239, addinfo="none"))
    catalogue = federated(aber=at(await serve([(PLAIN,), (FOUND,), (no,), (no,), (no,), (no,)])))
    found = await catalogue.search("aber", X)
    with pytest.raises(QueryProblem) as raised:
        await catalogue.records("aber", await found.page(1, 1))
    assert "239" in raised.value.detail


async def test_records_that_are_none_leave_gaps(federated: Federated, serve: Serve) -> None:
    text = record_of(SUTRS, b"text")
    page = presented(record_of(USMARC, MARC), surrogate(14, "x"), text, record_of(USMARC, b"no record"))
    opac = NamePlusRecord(record=text.record, name="x")
    page = presented(*page.records or (), opac, record_of(XML, b"<no"))
    many = SearchResponse(result_count=6, number_of_records_returned=0, next_result_set_position=1, search_status=True)
    catalogue = federated(aber=at(await serve([(PLAIN,), (many,), (page,)])))
    found = await catalogue.search("aber", X)
    records = await catalogue.records("aber", await found.page(1, 6))
    assert [record is not None for record in records] == [True] + [False] * 5


@pytest.mark.parametrize(("charset", "text"), [("iso-8859-1", "Láapis"), ("marc-8", "Làpis"), ("utf-8", "Làpis")])
async def test_records_are_in_the_configured_charset(
    federated: Federated, serve: Serve, charset: str, text: str
) -> None:
    page = presented(record_of(USMARC, MARC))
    catalogue = federated(aber=at(await serve([(PLAIN,), (FOUND,), (page,)]), charset=charset))
    found = await catalogue.search("aber", X)
    (record,) = await catalogue.records("aber", await found.page(1, 1))
    assert record is not None
    assert text in record.marcxml.decode()


async def test_terms_are_in_the_configured_charset(federated: Federated, serve: Serve) -> None:
    target = await serve([(PLAIN,), (FOUND,)])
    await federated(aber=at(target, charset="iso-8859-1")).search("aber", Term("title", "Dämmer"))
    (asked,) = (one for one in target.requests or () if isinstance(one, SearchRequest))
    assert asked.query == Query(1, to_rpn.query(Term("title", "Dämmer"), lambda text: text.encode("latin-1")))


async def test_sources_may_change_while_running(nowhere: str) -> None:
    source = SourceConfig.model_validate({"url": nowhere})
    remote = RemoteViews({"aber": source}, SystemClock())
    kept = remote.get("aber")
    remote.replace({"aber": source, "bangor": source})
    assert remote.get("aber") is kept
    remote.replace({"aber": source.model_copy(update={"charset": "marc-8"})})
    assert remote.get("aber") is not kept
    assert remote.get("bangor") is None
    await remote.close()


@pytest.mark.parametrize(
    ("url", "wrong"),
    [("z3950://host/x", False), ("z3950:///x", True), ("z3950://host:port/x", True), ("http://x", False)],
)
def test_addresses(url: str, wrong: bool) -> None:
    assert bool(problem_of_address(SourceConfig.model_validate({"url": url}))) is wrong


def test_the_circuit() -> None:
    circuit = Circuit()
    for _ in range(FAILURES):
        circuit.admit(0.0)
        circuit.failed("away", 0.0)
    assert circuit.open
    with pytest.raises(QueryProblem, match="away"):
        circuit.admit(FIRST_PAUSE - 0.1)
    circuit.admit(FIRST_PAUSE)
    with pytest.raises(QueryProblem):
        circuit.admit(FIRST_PAUSE)  # one at a time
    circuit.failed("away", FIRST_PAUSE)
    with pytest.raises(QueryProblem):
        circuit.admit(2.5 * FIRST_PAUSE)
    circuit.admit(3 * FIRST_PAUSE)
    circuit.abandoned()
    circuit.admit(3 * FIRST_PAUSE)
    circuit.answered()
    assert not circuit.open
    for _ in range(20):
        circuit.failed("away", 0.0)
    with pytest.raises(QueryProblem):
        circuit.admit(FIRST_PAUSE / 2)
    circuit.admit(LONGEST_PAUSE)
