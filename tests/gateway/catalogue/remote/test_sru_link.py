"""SRU servers that know less than ours: older versions, other schemas, no sort."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from gateway.canonical.query_problems import ProblemCode
from gateway.catalogue.index_map import INDEXES
from gateway.catalogue.query import QueryProblem, SortKey, Term
from gateway.catalogue.remote.link import Able, LinkFailed, LinkTimeout
from gateway.catalogue.remote.sru import Habits, SruLink
from gateway.config import SourceConfig
from library_protocols.marc import to_marcxml
from library_protocols.sru import (
    Description,
    Diagnostic,
    IndexDescription,
    Record,
    SearchRequest,
    Surrogate,
    Version,
    explain_response,
    read_form,
    read_request,
    scan_response,
    search_response,
    write_explain,
)
from library_protocols.sru import Term as SruTerm
from tests.gateway.catalogue.index.building import record

X = Term("title", "x y")
DATA = to_marcxml(record("001 c1\n008 x\n245 10 $aTitle"))
SOURCE = SourceConfig.model_validate({"url": "http://library.example/sru", "user": "us", "password": "secret"})

Answer = Callable[[SearchRequest], bytes]


class Server:
    """Answers searches as told, and remembers what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[SearchRequest] = []
        self.http: list[httpx.Request] = []
        self.habits = Habits()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.http.append(request)
        asked = read_request(read_form(request.url.query))
        assert isinstance(asked, SearchRequest)
        self.asked.append(asked)
        return httpx.Response(200, content=self.answer(asked))

    def link(self) -> SruLink:
        return SruLink("aber", SOURCE, self.habits, transport=httpx.MockTransport(self))


def said(*diagnostics: Diagnostic, count: int = 0) -> bytes:
    return b"".join(search_response(Version.V1_2, count, [], diagnostics=diagnostics))


def found(count: int, *records: Record | Surrogate) -> bytes:
    return b"".join(search_response(Version.V1_2, count, records))


MARC = Record("info:srw/schema/1/marcxml-v1.1", DATA)


async def test_what_is_asked() -> None:
    server = Server(lambda asked: found(30, *[MARC] * (asked.maximum_records or 0)))
    link = server.link()
    opened = await link.find(X, (SortKey("date", descending=True),))
    assert opened.count == 30
    assert len(opened.first) == 10
    assert all(one and one.record.control_number == "c1" for one in opened.first)
    assert link.holds(opened.handle)
    assert len(await link.records(opened.handle, 11, 15)) == 15
    first, second = server.asked
    assert first.query == 'dc.title = "x y" sortby dc.date/sort.descending'
    assert (second.query, second.start_record, second.maximum_records) == (first.query, 11, 15)
    assert server.http[0].headers["authorization"].startswith("Basic ")


async def test_a_server_that_gives_few_at_a_time_is_asked_again() -> None:
    server = Server(lambda asked: found(30, *[MARC] * min(4, max(0, 13 - asked.start_record))))
    link = server.link()
    opened = await link.find(X, ())
    assert len(await link.records(opened.handle, 5, 20)) == 8
    assert [asked.start_record for asked in server.asked] == [1, 5, 9, 13]


async def test_an_old_server_is_told_the_order_by_parameter() -> None:
    def answer(asked: SearchRequest) -> bytes:
        return said(Diagnostic.of(5, "1.1")) if asked.version is not Version.V1_1 else found(1, MARC)

    server = Server(answer)
    opened = await server.link().find(X, (SortKey("date", descending=True),))
    assert opened.count == 1
    assert server.asked[-1].query == 'dc.title = "x y"'
    assert [(key.path, key.schema, key.ascending) for key in server.asked[-1].sort] == [("date", "dc", False)]
    server.asked.clear()
    await server.link().find(X, ())
    assert [asked.version for asked in server.asked] == [Version.V1_1]  # what was learnt is known to the next


@pytest.mark.parametrize("in_place", [False, True])
async def test_schemas_are_tried_in_turn_and_remembered(in_place: bool) -> None:
    def answer(asked: SearchRequest) -> bytes:
        if asked.record_schema == "marc21":
            return found(1, MARC)
        wrong = Diagnostic.of(66, asked.record_schema)
        return found(1, Surrogate(wrong)) if in_place else said(wrong)

    server = Server(answer)
    await server.link().find(X, ())
    await server.link().find(X, ())
    assert [asked.record_schema for asked in server.asked] == [
        "marcxml", "info:srw/schema/1/marcxml-v1.1", "marc21", "marc21",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("diagnostic", "code", "detail"),
    [
        (Diagnostic.of(16, "dc.title"), ProblemCode.INDEX, "dc.title"),
        (Diagnostic.of(80, "dc.date"), ProblemCode.SORT, "dc.date"),
        (Diagnostic("info:srw/diagnostic/1/16", "", "no such index"), ProblemCode.INDEX, "no such index"),
        (Diagnostic("urn:else:7", "x", "odd"), ProblemCode.UNAVAILABLE, "urn:else:7 odd (x)"),
        (Diagnostic("info:srw/diagnostic/1/1", "x", "broken"), ProblemCode.UNAVAILABLE, "1 broken (x)"),
    ],
)
async def test_diagnostics_keep_their_detail(diagnostic: Diagnostic, code: ProblemCode, detail: str) -> None:
    with pytest.raises(QueryProblem) as raised:
        await Server(lambda _: said(diagnostic)).link().find(X, ())
    assert (raised.value.code, raised.value.detail) == (code, detail)


async def test_records_that_are_none_leave_gaps() -> None:
    page = found(3, MARC, Surrogate(Diagnostic.of(65)), Record("dc", b"<dc>x</dc>"))
    opened = await Server(lambda _: page).link().find(X, ())
    assert [one is not None for one in opened.first] == [True, False, False]


async def test_scan() -> None:
    terms = (SruTerm("a", 3, where="first"), SruTerm("b", None, "B"), SruTerm("c", 1, where="last"))
    octets = scan_response(Version.V1_2, terms)
    link = SruLink(
        "aber", SOURCE, Habits(), transport=httpx.MockTransport(lambda _: httpx.Response(200, content=octets))
    )
    scan = await link.scan("title", "b", 3, 2, words=False)
    assert [(one.term, one.display, one.count) for one in scan.entries] == [
        ("a", "a", 3),
        ("b", "B", None),
        ("c", "c", 1),
    ]
    assert (scan.position, scan.first, scan.last) == (2, True, True)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(500, text="sorry"), LinkFailed),
        (httpx.Response(200, text="<html/>"), LinkFailed),
        (httpx.ConnectError("refused"), LinkFailed),
        (httpx.ReadTimeout("late"), LinkTimeout),
    ],
)
async def test_servers_that_are_none(answer: httpx.Response | Exception, error: type[Exception]) -> None:
    def respond(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    link = SruLink("aber", SOURCE, Habits(), transport=httpx.MockTransport(respond))
    with pytest.raises(error):
        await link.find(X, ())
    await link.close()


TITLE_ALONE = {"title": Able(scan=True)}
EXPLAINED = write_explain(
    Description(
        "library.example", 80, "sru", "x", indexes=(IndexDescription("Title", (("bib", "title"),), scan=True),)
    ),
    Version.V1_2,
)


@pytest.mark.parametrize(
    ("explained", "query", "able"),
    [
        (explain_response(Version.V1_2, EXPLAINED), 'bib.title = "x y"', TITLE_ALONE),
        (b"<html/>", 'dc.title = "x y"', {index.name: Able() for index in INDEXES.values() if index.cql}),
    ],
)
async def test_a_server_is_asked_once_what_it_calls_its_indexes(
    explained: bytes, query: str, able: dict[str, Able]
) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("query", "explain"))
        return httpx.Response(200, content=explained if asked[-1] == "explain" else found(0))

    habits = Habits()
    for _ in range(2):
        link = SruLink("aber", SOURCE, habits, transport=httpx.MockTransport(answer))
        await link.open()
        await link.find(X, ())
        assert await link.indexes() == able
        await link.close()
    assert asked == ["explain", query, query]


async def test_a_server_that_is_away_is_asked_again_what_it_calls_its_indexes() -> None:
    def away(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    habits = Habits()
    with pytest.raises(LinkFailed):
        await SruLink("aber", SOURCE, habits, transport=httpx.MockTransport(away)).open()
    assert habits.known is None
