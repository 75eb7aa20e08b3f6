"""JSON over HTTP: paging of every kind, what proves that it was all, and servers that misbehave."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.config.identity import JsonFeedConfig
from gateway.identity.feeds.json_people import JsonFeed
from gateway.identity.feeds.port import FeedError
from tests.gateway.identity.feeds.http_double import Answered, Asked, Double, serving
from tests.gateway.identity.feeds.reading import Read, collect, first_page, run

Answer = Callable[[Asked], Answered]
PEOPLE = [{"id": str(number), "name": f"N{number}"} for number in range(7)]


class Clock:
    """Stands still, but for what is slept."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def told(content: Any, status: int = 200, **headers: str) -> Answered:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answered(json.dumps(content).encode(), status, {"Content-Type": "application/json", **named})


def feed(double: Double, clock: Clock | None = None, /, **said: Any) -> JsonFeed:
    clock = clock or Clock()
    said = {"url": f"{double.url}/people", "records": "data", "source_id": "id", **said}
    for name in ("url", "delta_url"):
        if str(said.get(name, "")).startswith("/"):
            said[name] = double.url + said[name]
    settings = JsonFeedConfig.model_validate({"kind": "json", "name": "students", "per_second": 1000, **said})
    return JsonFeed(settings, clock=clock, sleep=clock.sleep)


async def read(answer: Answer, clock: Clock | None = None, /, **said: Any) -> Read:
    with serving(answer) as double:
        return await run(feed(double, clock, **said))


async def refused(answer: Answer, clock: Clock | None = None, /, **said: Any) -> FeedError:
    with pytest.raises(FeedError) as error:
        await read(answer, clock, **said)
    assert "N1" not in error.value.reason
    return error.value


def paged(*, cap: int = 100, people: list[Any] = PEOPLE, **more: Any) -> Answer:
    """A server that pages by `page`, `offset` or `after`, and never gives more than `cap`."""

    def answer(asked: Asked) -> Answered:
        size = min(int(asked.query.get("size", "100")), cap)
        start = (int(asked.query.get("page", "1")) - 1) * size
        start = int(asked.query.get("offset", start))
        start = int(asked.query.get("after") or start)
        end = start + size
        after = str(end) if end < len(people) else None
        return told({"data": people[start:end], "total": len(people), "next": after, "more": after is not None, **more})

    return answer


KINDS: dict[str, dict[str, Any]] = {
    "page": {"url": "/people?page={page}&size={size}", "paging": {"kind": "page", "size": 3}},
    "offset": {"url": "/people?offset={offset}&size={size}", "paging": {"kind": "offset", "size": 3}},
    "cursor": {"url": "/people?after={cursor}&size={size}", "paging": {"kind": "cursor", "size": 3, "cursor": "next"}},
    "has-more": {"url": "/people?page={page}&size={size}", "paging": {"kind": "has-more", "size": 3, "more": "more"}},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("total", ["", "total"])
async def test_every_kind_of_paging_brings_everybody(kind: str, total: str) -> None:
    said = {**KINDS[kind], "paging": {**KINDS[kind]["paging"], "total": total}}
    found = await read(paged(), **said)
    assert found.ids == [person["id"] for person in PEOPLE]
    assert found.ended.complete
    assert found.pages[0].expected == (7 if total else None)
    assert found.records[3].where == "page 2, record 1"


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_paging_goes_on_behind_a_page(kind: str) -> None:
    said = {**KINDS[kind], "paging": {**KINDS[kind]["paging"], "total": "total"}}
    with serving(paged()) as double:
        first = feed(double, **said)
        page = await first_page(first.read())
        await first.close()
        found = await run(feed(double, **said), json.loads(json.dumps(page.position)))
    assert found.ids == ["3", "4", "5", "6"]
    assert found.ended.complete


async def test_behind_the_last_page_there_is_only_the_end() -> None:
    with serving(paged()) as double:
        whole = await run(feed(double))
        asked = len(double.asked)
        found = await run(feed(double), whole.pages[-1].position)
        assert len(double.asked) == asked
    assert found.records == []
    assert found.ended.complete


async def test_going_on_without_a_total_proves_nothing() -> None:
    with serving(paged()) as double:
        page = await first_page(feed(double, **KINDS["page"]).read())
        found = await run(feed(double, **KINDS["page"]), page.position)
    assert found.ids == ["3", "4", "5", "6"]
    assert "whether the list moved" in found.ended.reason


@pytest.mark.parametrize("kind", ["page", "offset"])
async def test_a_server_that_gives_fewer_than_asked_for_is_read_to_the_end(kind: str) -> None:
    said = {**KINDS[kind], "paging": {"kind": kind, "size": 5}}
    assert len((await read(paged(cap=2), **said)).ids) == 7


@pytest.mark.parametrize("kind", ["none", "page", "cursor", "has-more"])
async def test_a_short_read_is_found_out_by_the_total(kind: str) -> None:
    said = dict(KINDS.get(kind, {"paging": {"kind": "none"}}))
    said["paging"] = {**said["paging"], "total": "said"}
    found = await read(paged(said=9), **said)
    assert len(found.ids) == 7
    assert "says that there are 9 records and gave 7" in found.ended.reason


async def test_a_total_that_changes_proves_nothing() -> None:
    totals = iter([7, 8, 7, 7])

    def answer(asked: Asked) -> Answered:
        content = json.loads(paged()(asked).body)
        return told({**content, "total": next(totals)})

    said = {**KINDS["page"], "paging": {"kind": "page", "size": 3, "total": "total"}}
    assert "changed while they were read" in (await read(answer, **said)).ended.reason


@pytest.mark.parametrize(
    ("content", "said", "reason"),
    [
        ({"data": []}, {}, "gave no records"),
        ({"data": None}, {}, "gave no records"),
        ({"data": PEOPLE}, {"expected": 8}, "fewer than 8"),
        ({"data": [*PEOPLE, {"name": "nobody"}]}, {}, "1 records could not be read"),
    ],
)
async def test_a_read_that_is_not_everybody(content: Any, said: dict[str, Any], reason: str) -> None:
    assert reason in (await read(lambda _: told(content), **said)).ended.reason


async def test_a_record_without_its_key_is_told_by_its_place() -> None:
    found = await read(lambda _: told({"data": [{"id": "1"}, {"id": ""}, "x", None, {"id": "\ud800"}, {"id": "a\0"}]}))
    assert [(bad.where, bad.reason) for bad in found.bad] == [
        ("page 1, record 2", "has no usable id"),
        ("page 1, record 3", "is no object"),
        ("page 1, record 4", "is no object"),
        ("page 1, record 5", "has no usable id"),
        ("page 1, record 6", "has no usable id"),
    ]


async def test_a_server_that_does_not_page_is_noticed() -> None:
    error = await refused(lambda _: told({"data": PEOPLE}), **KINDS["page"])
    assert "has been there before" in error.reason
    assert not error.retry


async def test_a_list_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.identity.feeds.paging.MAX_PAGES", 5)

    def endless(asked: Asked) -> Answered:
        return told({"data": [{"id": asked.query["page"]}], "more": True})

    assert "does not end" in (await refused(endless, **KINDS["has-more"])).reason
    monkeypatch.setattr("gateway.identity.feeds.paging.MAX_PAGES", 1000)
    assert "does not end" in (await refused(lambda _: told({"data": [], "more": True}), **KINDS["has-more"])).reason


@pytest.mark.parametrize(
    ("paging", "lacks"),
    [({"kind": "cursor"}, "paging.cursor"), ({"kind": "has-more"}, "paging.more")],
)
async def test_paging_without_its_path_is_refused(paging: dict[str, Any], lacks: str) -> None:
    assert lacks in (await refused(paged(), paging=paging)).reason


async def test_without_a_source_id_nothing_is_asked() -> None:
    assert "source_id" in (await refused(paged(), source_id="")).reason


@pytest.mark.parametrize("path", ["total", "more"])
async def test_an_answer_that_does_not_say_what_it_has_to(path: str) -> None:
    paging = {"kind": "has-more", "more": "flag"} if path == "more" else {"kind": "page", "total": "count"}
    assert not (await refused(paged(), **{**KINDS["page"], "paging": paging})).retry


async def test_a_cursor_may_be_a_link() -> None:
    def answer(asked: Asked) -> Answered:
        page = int(asked.query.get("p", "1"))
        link = {"next": f"/people?p={page + 1}"} if page < 3 else {}
        return told({"data": [{"id": str(page)}], "links": link})

    assert (await read(answer, paging={"kind": "cursor", "cursor": "links.next"})).ids == ["1", "2", "3"]
    away = {"data": [{"id": "1"}], "links": {"next": "https://elsewhere.example/people"}}
    error = await refused(lambda _: told(away), paging={"kind": "cursor", "cursor": "links.next"})
    assert "another address" in error.reason


async def test_a_table_is_rows_by_column() -> None:
    table = [["STU_CODE", "SPR_CODE", "END"], ["20159707", "20159707/2", "07-JUN-24"], ["2", "2/1", ""], ["3", "3/1"]]
    found = await read(lambda _: told(table), records="", rows="table", source_id="STU_CODE")
    assert found.records[0].attributes == {
        "STU_CODE": ["20159707"],
        "SPR_CODE": ["20159707/2"],
        "END": ["07-JUN-24"],
    }
    assert found.records[1].attributes["END"] == []
    assert [bad.where for bad in found.bad] == ["page 1, record 3"]


@pytest.mark.parametrize("table", [[["A", "A"]], [["A", None]], [{"A": 1}], [["A", ""]]])
async def test_a_table_without_a_header_is_refused(table: Any) -> None:
    assert not (await refused(lambda _: told({"data": table}), rows="table")).retry


async def test_changes_are_asked_for_from_before_the_last_read() -> None:
    said = {
        "delta_url": "/changes?since={since}&page={page}",
        "paging": {"kind": "page", "total": "total"},
        "overlap_seconds": 3600,
    }
    with serving(paged()) as double:
        whole = await run(feed(double, **said))
        assert whole.ended.next_delta is not None
        pages = feed(double, **said).delta(json.loads(json.dumps(whole.ended.next_delta)))
        assert pages is not None
        found = await collect(pages)
        assert double.asked[-1].path == "/changes"
        assert double.asked[-1].query["since"] == "2026-11-22T11:00:00Z"
        assert feed(double).delta({"at": "2026-11-22T11:00:00+00:00"}) is None
    assert not found.ended.complete
    assert found.ended.next_delta == {"at": "2026-11-22T12:00:00+00:00"}


async def test_changes_cut_short_are_asked_for_again() -> None:
    said = {"delta_url": "/changes?since={since}&page={page}", "paging": {"kind": "page", "total": "said"}}
    since = {"at": "2026-11-22T11:00:00+00:00"}
    with serving(paged(said=9)) as double:
        pages = feed(double, **said).delta(since)
        assert pages is not None
        end = (await collect(pages)).ended
        assert "gave 7" in end.reason
        assert end.next_delta is None
        assert feed(double, **said).delta({}) is None
    with serving(paged(people=[], said=0)) as double:
        pages = feed(double, **said, expected=5).delta(since)
        assert pages is not None
        assert (await collect(pages)).ended.next_delta is not None


async def test_placeholders_cannot_break_out_of_the_address() -> None:
    def answer(asked: Asked) -> Answered:
        after = asked.query.get("after", "")
        return told({"data": [{"id": after or "1"}], "next": "" if after else "x&admin=1#?/.."})

    with serving(answer) as double:
        await run(feed(double, **KINDS["cursor"]))
        assert double.asked[1].query == {"after": "x&admin=1#?/..", "size": "3"}


@pytest.mark.parametrize(
    ("said", "header"),
    [
        ({"authentication": "bearer", "password": "t0ken"}, "Bearer t0ken"),
        (
            {"authentication": "basic", "user": "ü", "password": "p:w"},
            "Basic " + base64.b64encode("ü:p:w".encode()).decode(),
        ),
        ({}, None),
    ],
)
async def test_logging_in(said: dict[str, Any], header: str | None) -> None:
    with serving(paged()) as double:
        await run(feed(double, **said))
        assert double.asked[0].headers.get("authorization") == header


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_login_is_not_tried_again(status: int) -> None:
    clock = Clock()
    error = await refused(lambda _: told({"N1": 1}, status), clock, authentication="bearer", password="secret")
    assert (error.retry, clock.slept) == (False, [])
    assert "login" in error.reason
    assert "secret" not in error.reason


def failing(times: int, answer: Answered) -> Answer:
    left: Iterator[int] = iter(range(times))
    return lambda asked: paged()(asked) if next(left, None) is None else answer


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_busy_server_is_asked_again(status: int) -> None:
    clock = Clock()
    assert len((await read(failing(2, told({}, status)), clock)).ids) == 7
    assert [slept for slept in clock.slept if slept > 1] == [2.0, 4.0]


async def test_a_busy_server_may_say_how_long() -> None:
    clock = Clock()
    assert (await read(failing(1, told({}, 503, Retry_After="7")), clock)).ended.complete
    assert 7.0 in clock.slept
    date = "Sun, 22 Nov 2026 12:00:30 GMT"
    assert (await read(failing(1, told({}, 429, Retry_After=date)), clock)).ended.complete
    assert 30.0 in clock.slept
    error = await refused(failing(1, told({}, 503, Retry_After="86400")), clock)
    assert "wait 86400 s" in error.reason
    assert error.retry


async def test_a_server_that_stays_busy_is_left_for_later() -> None:
    error = await refused(failing(9, told({}, 503)))
    assert error.reason == "HTTP 503 Service Unavailable, 3 times"
    assert error.retry


@pytest.mark.parametrize("status", [400, 404, 410])
async def test_a_question_that_is_wrong_stays_wrong(status: int) -> None:
    clock = Clock()
    assert not (await refused(lambda _: told({"error": "N1"}, status), clock)).retry
    assert clock.slept == []


@pytest.mark.parametrize(
    "answer",
    [
        Answered(b'{"data": [{"id": "1"}', promised=900),  # the connection ends in mid-answer
        Answered(b'{"data": [{"id": "1"}'),
        Answered(b"<html>log in, N1</html>"),
    ],
)
async def test_an_answer_that_breaks_off_is_asked_for_again(answer: Answered) -> None:
    assert (await read(failing(1, answer))).ended.complete
    error = await refused(failing(9, answer))
    assert error.retry


async def test_an_error_that_looks_like_an_answer_is_not_an_empty_list() -> None:
    error = await refused(lambda _: told({"error": "N1 is not allowed"}))
    assert error.reason == "the answer has no `data`"


async def test_no_content_is_nobody_any_more() -> None:
    def answer(asked: Asked) -> Answered:
        return told({"data": PEOPLE}) if asked.query["page"] == "1" else Answered(status=204)

    found = await read(answer, **KINDS["page"])
    assert len(found.ids) == 7
    assert found.ended.complete
    assert "gave no records" in (await read(lambda _: Answered(status=204))).ended.reason


async def test_a_long_answer_is_given_up() -> None:
    big = told({"data": [{"id": "x" * 5000}]})
    assert "longer than 1,024" in (await refused(lambda _: big, max_bytes=1024)).reason
    packed = Answered(gzip.compress(b" " * 1_000_000 + big.body), headers={"Content-Encoding": "gzip"})
    assert "longer than 2,048" in (await refused(lambda _: packed, max_bytes=2048)).reason


async def test_a_packed_answer_is_read() -> None:
    packed = Answered(gzip.compress(told({"data": PEOPLE}).body), headers={"Content-Encoding": "gzip"})
    assert len((await read(lambda _: packed)).ids) == 7


async def test_a_silent_server_costs_one_timeout_a_try() -> None:
    never = threading.Event()
    error = await refused(lambda _: Answered(wait=never), timeout_seconds=0.1, retries=1)
    never.set()
    assert error.reason == "no answer within 0.1 s, 2 times"


async def test_nobody_there() -> None:
    with serving(paged()) as double:
        pass
    with pytest.raises(FeedError, match="cannot be reached"):
        await run(feed(double))


async def test_redirects_stay_on_the_host() -> None:
    def moved(asked: Asked) -> Answered:
        return paged()(asked) if asked.path == "/new" else told({}, 302, Location="/new")

    assert len((await read(moved)).ids) == 7
    away = told({}, 302, Location="http://127.0.0.1:9/people")
    assert "another address" in (await refused(lambda _: away)).reason
    assert "sends us on" in (await refused(lambda _: told({}, 302, Location="/people"))).reason


async def test_the_pace_is_kept() -> None:
    clock = Clock()
    await read(paged(), clock, per_second=2, **KINDS["page"])
    assert clock.slept == [0.5, 0.5, 0.5]


@pytest.mark.parametrize("url", ["http://sits.example.ac.uk/people", "http://10.0.0.1/people"])
async def test_people_do_not_go_over_the_network_in_clear_text(url: str) -> None:
    with pytest.raises(FeedError, match="without TLS"):
        await run(feed(Double(""), url=url))


async def test_a_file_of_authorities_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="`ca`"):
        feed(Double("http://127.0.0.1:9"), ca=tmp_path / "ca.pem")
