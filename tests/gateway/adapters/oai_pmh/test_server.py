"""What is HTTP's own: addresses, forms, compression, conditional requests, who may read, load, records of exchanges."""

from __future__ import annotations

import asyncio
import gzip

import httpx
import pytest
from starlette.applications import Starlette

from gateway.adapters.oai_pmh import stream
from gateway.exchanges.model import Verdict
from library_protocols.oai_pmh import read_response
from tests.gateway.adapters.oai_pmh.conftest import PASSWORD, READER, Asked

LIST = {"verb": "ListRecords", "metadataPrefix": "marc21"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def fill(asked: Asked, count: int, member: str = "aber") -> None:
    for number in range(count):
        asked.shelf.put(member, str(number))


async def test_an_unknown_member_is_404(asked: Asked) -> None:
    assert (await asked.get({"verb": "Identify"}, "/oai/nowhere")).status_code == 404
    assert (await asked.get({"verb": "Identify"}, "/oai/all")).status_code == 200
    assert (await asked.client.put("/oai/aber")).status_code == 405


async def test_every_verb_can_be_posted(asked: Asked) -> None:
    fill(asked, 11)
    for form in (
        {"verb": "Identify"},
        {"verb": "ListMetadataFormats"},
        {"verb": "GetRecord", "metadataPrefix": "oai_dc", "identifier": "oai:demo.example:aber:1"},
        {"verb": "ListIdentifiers", "metadataPrefix": "oai_dc"},
        LIST,
    ):
        posted = await asked.client.post("/oai/aber", data=form)
        got = await asked.client.get("/oai/aber", params=form)
        assert posted.content == got.content
        asked.valid(posted.content)
        assert not read_response(posted.content).errors


async def test_a_body_that_is_no_form_is_refused(asked: Asked) -> None:
    sent = await asked.client.post("/oai/aber", content="verb=Identify", headers={"Content-Type": "text/plain"})
    assert sent.status_code == 415
    sent = await asked.client.post("/oai/aber", content="verb=Identify&x=" + "y" * 100_000, headers=FORM)
    assert b"badArgument" in sent.content
    sent = await asked.client.post("/oai/aber?verb=Identify", content="verb=Identify", headers=FORM)
    assert b"badVerb" in sent.content


@pytest.mark.parametrize("arguments", [LIST, {"verb": "Identify"}])
async def test_gzip_for_who_asks(asked: Asked, arguments: dict[str, str]) -> None:
    fill(asked, 5)
    for header, packed in (("gzip", True), ("deflate, gzip;q=0.5", True), ("gzip;q=0", False), ("identity", False)):
        async with asked.client.stream(
            "GET", "/oai/aber", params=arguments, headers={"Accept-Encoding": header}
        ) as sent:
            octets = b"".join([part async for part in sent.aiter_raw()])
        assert (sent.headers.get("content-encoding") == "gzip") is packed
        assert sent.headers["vary"] == "Accept, Accept-Encoding"
        asked.valid(gzip.decompress(octets) if packed else octets)


@pytest.mark.parametrize("arguments", [LIST, {"verb": "Identify"}, {"verb": "ListMetadataFormats"}])
async def test_who_has_the_answer_is_told_so(asked: Asked, arguments: dict[str, str]) -> None:
    fill(asked, 12)
    first = await asked.get(arguments)
    tag = {"If-None-Match": first.headers["etag"]}
    asked.shelf.now += 30  # responseDate alone has changed
    again = await asked.get(arguments, headers=tag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    other = await asked.get(arguments, "/oai", tag)
    assert other.status_code == 200
    if arguments is LIST:
        asked.shelf.put("aber", "3", "changed")
        assert (await asked.get(arguments, headers=tag)).status_code == 200


async def test_errors_are_not_kept(asked: Asked) -> None:
    answer = await asked.get({"verb": "junk"})
    assert (answer.headers["cache-control"], "etag" in answer.headers) == ("no-store", False)


async def test_a_view_that_is_not_open_asks_for_its_reader(asked: Asked) -> None:
    fill(asked, 3, "cardiff")
    assert (await asked.get(LIST, "/oai/cardiff")).status_code == 401
    url, query = "/oai/cardiff", LIST
    for name, password, status in (
        (READER, PASSWORD, 200),
        (READER, "wrong", 401),
        ("nobody", PASSWORD, 401),
    ):
        answer = await asked.client.get(url, params=query, auth=(name, password))
        assert answer.status_code == status
        assert (b"<record>" in answer.content) is (status == 200)
    for header in ("Basic", "Basic !!!", "Bearer x", "Basic bm9jb2xvbg=="):
        assert (await asked.get(query, url, {"Authorization": header})).status_code == 401
    assert [each.terminal for each in asked.recorded.exchanges if each.terminal] == [READER]


async def test_too_many_lists_at_once_are_told_to_come_back(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(asked, 3)
    go_on, begun = asyncio.Event(), asyncio.Semaphore(0)
    real = asked.shelf.feed_records

    async def slow(view: str, page: object, **wanted: bool) -> object:
        begun.release()
        await go_on.wait()
        return await real(view, page, **wanted)  # type: ignore[arg-type]

    monkeypatch.setattr(asked.shelf, "feed_records", slow)
    waiting = [asyncio.create_task(asked.get(LIST)) for _ in range(2)]
    for _ in waiting:
        await begun.acquire()
    busy = await asked.get(LIST)  # two of three places are all that one address may have
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "10")
    transport = httpx.ASGITransport(Starlette(routes=asked.door.routes()), client=("192.0.2.9", 1))
    other = httpx.AsyncClient(transport=transport, base_url="http://library.example")
    waiting.append(asyncio.create_task(other.get("/oai/aber", params=LIST)))
    await begun.acquire()
    assert (await other.get("/oai/aber", params=LIST)).status_code == 503
    assert (await asked.get({"verb": "ListMetadataFormats"})).status_code == 200
    go_on.set()
    assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [200] * 3
    assert [(await asked.get(LIST)).status_code for _ in range(5)] == [200] * 5


async def test_places_are_given_back_whatever_happens(asked: Asked) -> None:
    fill(asked, 1)
    for _ in range(5):
        await asked.get({**LIST, "metadataPrefix": "ead"})
        await asked.client.head("/oai/aber", params=LIST)
        answer = await asked.get(LIST)
        assert (await asked.get(LIST, headers={"If-None-Match": answer.headers["etag"]})).status_code == 304
        asked.shelf.away = True
        assert (await asked.get(LIST)).status_code == 503
        asked.shelf.away = False


async def test_a_list_that_breaks_off_is_not_ended(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    asked.settle(page_records=200)
    fill(asked, 120)
    real = asked.shelf.feed_records

    async def failing(view: str, page: object, **wanted: bool) -> object:
        if len(asked.shelf.reads) == 1:
            raise RuntimeError("gone")
        return await real(view, page, **wanted)  # type: ignore[arg-type]

    monkeypatch.setattr(asked.shelf, "feed_records", failing)
    with pytest.raises(RuntimeError):
        await asked.get(LIST)
    assert asked.recorded.exchanges[-1].verdict is Verdict.FAILED
    monkeypatch.undo()
    assert [(await asked.get(LIST)).status_code for _ in range(3)] == [200] * 3


async def test_a_slow_reader_loses_its_place(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(asked, 3)
    monkeypatch.setattr(stream, "SEND_SECONDS", 0.01)
    [route] = [route for route in asked.door.routes() if route.path == "/oai"]

    async def never(message: object) -> None:
        await asyncio.sleep(60)

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http", "method": "GET", "path": "/oai", "headers": [(b"host", b"x")], "scheme": "http",
        "query_string": b"verb=ListRecords&metadataPrefix=marc21", "path_params": {},
    }  # fmt: skip
    with pytest.raises(TimeoutError):
        await route.app(scope, receive, never)  # type: ignore[arg-type]
    assert asked.recorded.exchanges[-1].error == "the reader is too slow"
    monkeypatch.undo()
    assert [(await asked.get(LIST)).status_code for _ in range(3)] == [200] * 3


async def test_exchanges_are_recorded_within_bounds(asked: Asked) -> None:
    fill(asked, 10)
    answer = await asked.get(LIST)
    [kept] = asked.recorded.exchanges
    assert answer.headers["exchange-id"] == kept.id
    assert (kept.protocol, kept.member, kept.verdict) == ("oai", "aber", Verdict.ANSWERED)
    assert kept.bytes_in == b"GET /oai/aber?verb=ListRecords&metadataPrefix=marc21"
    assert kept.bytes_out.startswith(b"HTTP 200, %d octets\n<?xml" % len(answer.content))
    assert len(kept.bytes_out) <= stream.RECORDED_OCTETS + 40
    assert kept.finished >= kept.started
    assert getattr(kept.request, "operation", None) == "oai.ListRecords"
    await asked.get({"verb": "junk"})
    assert asked.recorded.exchanges[-1].error == "badVerb"


async def test_a_slash_at_the_end_of_an_address_is_none(asked: Asked) -> None:
    for path in ("/oai", "/oai/aber"):
        slashed = await asked.get({"verb": "ListSets"}, f"{path}/")
        assert slashed.status_code == 200
        assert (
            slashed.content.replace(b"/</request>", b"</request>")
            == (await asked.get({"verb": "ListSets"}, path)).content
        )
