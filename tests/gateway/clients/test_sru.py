"""The SRU client against servers that answer well, badly, late, at length, or not at all."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from gateway.clients.sru import LONGEST_URL, SruBadAnswer, SruClient, SruLinkFailed, SruTimeout
from library_protocols.sru import (
    Description,
    Diagnostic,
    Record,
    SearchRequest,
    Term,
    Version,
    explain_response,
    read_form,
    read_request,
    scan_response,
    search_response,
    write_explain,
)

BASE = "http://library.example/sru/aber"


def client(answer: Callable[[httpx.Request], httpx.Response], **more: object) -> SruClient:
    return SruClient(BASE, transport=httpx.MockTransport(answer), **more)  # pyright: ignore[reportArgumentType]


def found(count: int = 1) -> bytes:
    records = [Record("dc", b"<dc>x</dc>", number + 1) for number in range(count)]
    return b"".join(search_response(Version.V1_2, count, records))


@pytest.mark.parametrize("version", Version)
async def test_what_is_asked_and_what_is_found(version: Version) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=found(2))

    async with client(answer, version=version) as sru:
        answered = await sru.search('dc.title = "tŷ & gardd"', start=3, maximum=2, schema="dc", sort="title")
        assert (answered.count, len(answered.records)) == (2, 2)
        assert sru.received == found(2)
        assert sru.sent.startswith("GET http://library.example/sru/aber?")
    read = read_request(read_form(asked[0].url.query))
    assert isinstance(read, SearchRequest)
    assert (read.version, read.query, read.start_record) == (version, 'dc.title = "tŷ & gardd"', 3)
    assert (read.maximum_records, read.record_schema, read.sort[0].path) == (2, "dc", "title")


async def test_an_old_server_is_spoken_to_in_its_version() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("version", "2.0"))
        known = asked[-1] == "1.1"
        return httpx.Response(200, content=found() if known else refusal("1.1"))

    async with client(answer, version=Version.V2_0) as sru:
        assert (await sru.search("a")).count == 1
        assert (await sru.search("a")).count == 1
    assert asked == ["2.0", "1.1", "1.1"]


@pytest.mark.parametrize("told", ["2.0", "1.2", "3.0", ""])
async def test_a_server_that_only_says_no_is_asked_once(told: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["version"])
        return httpx.Response(200, content=refusal(told))

    async with client(answer) as sru:
        assert len((await sru.search("a")).diagnostics) == 1
    assert asked == ["1.2"]


def refusal(version: str) -> bytes:
    return b"".join(search_response(Version.V1_1, 0, diagnostics=[Diagnostic.of(5, version)]))


async def test_scan_and_explain() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "scanClause" in request.url.params:
            return httpx.Response(200, content=scan_response(Version.V1_2, [Term("a", 1)]))
        octets = explain_response(Version.V1_2, write_explain(Description("h", 80, "d", "Title"), Version.V1_2))
        return httpx.Response(200, content=octets)

    async with client(answer) as sru:
        assert (await sru.scan("dc.title = a", position=2, maximum=5)).terms == (Term("a", 1),)
        told = (await sru.explain()).explain
        assert told is not None
        assert told.title == "Title"
        with pytest.raises(SruBadAnswer, match="SearchResponse"):
            await sru.search("a")


async def test_a_long_query_goes_as_a_form() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=found())

    query = " or ".join(f"dc.identifier = {n}" for n in range(300))
    assert len(query) > LONGEST_URL
    async with client(answer) as sru:
        await sru.search(query)
        await sru.ask({"query": "a"}, form=True)
    assert [request.method for request in asked] == ["POST", "POST"]
    read = read_request(read_form(asked[0].content))
    assert isinstance(read, SearchRequest)
    assert read.query == query


async def test_name_and_password_do_not_leave_for_another_host() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.host == "library.example":
            return httpx.Response(302, headers={"location": "http://elsewhere.example/sru?query=a"})
        return httpx.Response(200, content=found())

    async with client(answer, user="reader", password="secret") as sru:
        await sru.search("a")
    assert ["authorization" in request.headers for request in asked] == [True, False]


async def test_a_refusal_of_sru_is_an_answer_whatever_its_status() -> None:
    octets = b"".join(search_response(Version.V1_2, 0, diagnostics=[Diagnostic.of(3)]))
    async with client(lambda _: httpx.Response(401, content=octets)) as sru:
        assert (await sru.search("a")).diagnostics[0].uri == "info:srw/diagnostic/1/3"


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (httpx.Response(404, text="<html><body>no</body></html>"), "HTTP 404"),
        (httpx.Response(200, text="<html><body>Welcome</body></html>"), "html"),
        (httpx.Response(200, text=""), "no XML"),
        (httpx.Response(200, text='<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), "document type"),
        (httpx.Response(200, content=b"\x00" * 100), "no XML"),
    ],
)
async def test_what_is_no_sru(response: httpx.Response, words: str) -> None:
    async with client(lambda _: response) as sru:
        with pytest.raises(SruBadAnswer, match=words):
            await sru.search("a")


async def test_an_answer_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.clients.sru.MAX_OCTETS", 1000)
    given: list[int] = []

    async def endless():
        while True:
            given.append(1)
            yield b"<a>" * 100

    async with client(lambda _: httpx.Response(200, content=endless())) as sru:
        with pytest.raises(SruBadAnswer, match="longer"):
            await sru.search("a")
    assert len(given) < 10


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ReadTimeout("late"), SruTimeout),
        (httpx.ConnectTimeout("late"), SruTimeout),
        (httpx.ConnectError("refused"), SruLinkFailed),
        (httpx.RemoteProtocolError("cut off"), SruLinkFailed),
    ],
)
async def test_no_answer(error: Exception, kind: type[Exception]) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise error

    async with client(answer) as sru:
        with pytest.raises(kind):
            await sru.search("a")


async def test_an_address_that_is_none() -> None:
    async with SruClient("http://[broken") as sru:
        with pytest.raises(SruLinkFailed):
            await sru.explain()
