"""SOAP against a student system of our own: paging, logging in, faults, and answers that go wrong."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.config.identity import SoapFeedConfig
from gateway.identity.feeds.port import FeedError
from gateway.identity.feeds.soap_people import SoapFeed
from tests.gateway.identity.feeds.reading import Read, collect, first_page, run
from tests.soap_service import SCHEMA, SoapService, soap_service, wsdl

REQUEST = {"Page": "{page}", "Size": "{size}", "Filter": {"ModifiedSince": "{since}"}}
PAGING = {"kind": "page", "size": 3, "total": "Total"}
FAULTS = [
    {"contains": "busy", "means": "retry"},
    {"contains": "GONE", "means": "empty"},
    {"contains": "login", "means": "login"},
    {"contains": "broken", "means": "stop"},
]


class Clock:
    """Stands still; nothing is slept."""

    def now(self) -> datetime:
        return datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """No time passes."""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[SoapService]:
    with soap_service(tmp_path) as running:
        yield running


def feed(service: SoapService, /, **said: Any) -> SoapFeed:
    clock = Clock()
    settings = SoapFeedConfig.model_validate(
        {
            "kind": "soap",
            "name": "students",
            "wsdl": service.wsdl,
            "operation": "GetStudents",
            "user": service.user,
            "password": service.password,
            "records": "Students.Student",
            "source_id": "Code",
            "request": REQUEST,
            "paging": PAGING,
            "faults": FAULTS,
            "per_second": 1000,
            **said,
        }
    )
    return SoapFeed(settings, clock=clock, sleep=clock.sleep)


async def read(service: SoapService, /, **said: Any) -> Read:
    return await run(feed(service, **said))


async def refused(service: SoapService, /, **said: Any) -> FeedError:
    with pytest.raises(FeedError) as error:
        await read(service, **said)
    for personal in ("S1", "F1", service.password):
        assert personal not in error.value.reason
    return error.value


@pytest.mark.parametrize("port", ["", "Soap11", "Soap12"])
async def test_everybody_page_by_page(service: SoapService, port: str) -> None:
    found = await read(service, port=port, service="StudentService")
    assert found.ids == [f"S{number}" for number in range(7)]
    assert found.ended.complete
    assert found.pages[0].expected == 7
    assert found.records[1].attributes == {
        "Code": ["S1"],
        "Name.First": ["F1"],
        "Name.Last": ["L1"],
        "Email": ["s1@x.example"],
        "ID": ["30001"],
        "ID.@type": ["CARD"],
        "ID[CARD]": ["30001"],
        "ID[CARD].@type": ["CARD"],
    }
    assert service.problems == []
    assert service.since == [None, None, None]


async def test_empty_is_not_absent(service: SoapService) -> None:
    service.students[0] = (
        '<Student><Code>S0</Code><Name><First xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>'
        "<Last>L</Last></Name><Email/></Student>"
    )
    first = (await read(service)).records[0].attributes
    assert first["Name.First"] == []
    assert first["Email"] == []
    assert "Ends" not in first


async def test_reading_goes_on_behind_a_page(service: SoapService) -> None:
    first = feed(service)
    page = await first_page(first.read())
    await first.close()
    found = await run(feed(service), json.loads(json.dumps(page.position)))
    assert found.ids == ["S3", "S4", "S5", "S6"]
    assert found.ended.complete


@pytest.mark.parametrize(
    ("security", "authentication"),
    [("text", "username-token"), ("digest", "username-token-digest"), ("none", "basic"), ("none", "none")],
)
async def test_logging_in(service: SoapService, security: str, authentication: str) -> None:
    service.security = security
    assert (await read(service, authentication=authentication)).ended.complete
    basic = "Basic " + base64.b64encode(f"{service.user}:{service.password}".encode()).decode()
    assert {asked.headers.get("authorization") for asked in service.double.asked} == {
        basic if authentication == "basic" else None
    }


@pytest.mark.parametrize("security", ["text", "digest"])
async def test_a_wrong_password_stops_at_once(service: SoapService, security: str) -> None:
    service.security = security
    error = await refused(
        service, password="other", authentication="username-token" + ("-digest" if security == "digest" else "")
    )
    assert not error.retry
    assert len(service.double.asked) == 1


async def test_a_nonce_serves_once_also_where_a_question_is_asked_again(service: SoapService) -> None:
    service.security = "digest"
    service.behave = ["down", "busy", "", "truncated"]
    assert (await read(service, authentication="username-token-digest")).ended.complete
    assert service.problems == []
    assert len(service.double.asked) == 6


@pytest.mark.parametrize("port", ["Soap11", "Soap12"])
@pytest.mark.parametrize(
    ("faults", "retry", "asked"),
    [(["busy"] * 3, True, 3), (["login"] * 2, False, 2), (["broken"], False, 1)],
)
async def test_what_faults_mean(service: SoapService, port: str, faults: list[str], retry: bool, asked: int) -> None:
    service.behave = list(faults)
    error = await refused(service, port=port)
    assert "fault" in error.reason
    assert (error.retry, len(service.double.asked)) == (retry, asked)


async def test_a_fault_that_nobody_listed_stops(service: SoapService) -> None:
    service.behave = ["busy"]
    error = await refused(service, faults=[])
    assert not error.retry
    assert error.reason == "the service answers with a fault (e:Server)"


async def test_a_fault_may_pass(service: SoapService) -> None:
    service.behave = ["busy", "", "login"]
    assert (await read(service)).ended.complete


async def test_a_fault_may_mean_nobody(service: SoapService) -> None:
    service.behave = ["gone"]
    found = await read(service)
    assert found.ended.reason == "the service gave no records"
    service.behave = ["", "gone"]
    found = await read(service)
    assert "says that there are 7 records and gave 3" in found.ended.reason


async def test_a_wrong_total_proves_nothing(service: SoapService) -> None:
    service.total = 9
    assert "says that there are 9 records and gave 7" in (await read(service)).ended.reason


@pytest.mark.parametrize("word", ["truncated", "page", "dtd"])
async def test_what_is_no_answer_is_asked_for_again(service: SoapService, word: str) -> None:
    service.behave = ["", word]
    assert (await read(service)).ended.complete
    service.behave = ["", *[word] * 3]
    assert (await refused(service)).retry


async def test_an_answer_in_parts_is_refused(service: SoapService) -> None:
    service.behave = ["multipart"]
    assert "several parts" in (await refused(service)).reason


async def test_strictness_is_about_the_schema(service: SoapService) -> None:
    service.behave = ["extra"]
    error = await refused(service)
    assert error.reason == "the answer does not keep to the schema (XMLParseError)"
    service.behave = ["extra"]
    assert (await read(service, strict=False)).ended.complete


async def test_a_broken_answer_is_none_without_strictness_either(service: SoapService) -> None:
    service.behave = ["truncated"] * 3
    assert (await refused(service, strict=False)).retry


async def test_a_silent_service_costs_one_timeout_a_try(service: SoapService) -> None:
    service.behave = ["silent"] * 2
    error = await refused(service, timeout_seconds=0.2, retries=1)
    assert error.reason == "no answer within 0.2 s, 2 times"


async def test_a_long_answer_is_given_up(service: SoapService) -> None:
    service.students[0] = service.students[0].replace("F0", "F" * 5000)
    assert "longer than 4,096" in (await refused(service, max_bytes=4096)).reason


async def test_changes_since_a_day(service: SoapService) -> None:
    whole = await read(service, delta=True)
    assert whole.ended.next_delta is not None
    assert feed(service).delta(whole.ended.next_delta) is None
    pages = feed(service, delta=True).delta(json.loads(json.dumps(whole.ended.next_delta)))
    assert pages is not None
    found = await collect(pages)
    assert len(found.ids) == 7
    assert not found.ended.complete
    assert service.since[-1] == "2026-11-21T12:00:00Z"


async def test_another_address_than_the_wsdl_has(service: SoapService) -> None:
    address = f"{service.double.url}/elsewhere"
    service.wsdl.write_text(wsdl("https://sits.example.ac.uk/students"))
    assert (await read(service, address=address)).ended.complete
    assert {asked.path for asked in service.double.asked} == {"/elsewhere"}


async def test_people_do_not_go_over_the_network_in_clear_text(service: SoapService) -> None:
    service.wsdl.write_text(wsdl("http://sits.example.ac.uk/students"))
    assert "without TLS" in (await refused(service)).reason


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"operation": "GetStudent"}, "has no operation 'GetStudent'; it has GetStudents"),
        ({"service": "Staff"}, "no service 'Staff'; it has StudentService"),
        ({"port": "Http"}, "no SOAP port 'Http'; it has Soap11, Soap12"),
        ({"request": {"Page": "1"}}, "does not fit the WSDL"),
        ({"request": {**REQUEST, "Order": "name"}}, "does not fit the WSDL"),
        ({"records": "People.Person"}, "has no `People.Person`"),
        ({"paging": {**PAGING, "total": "Count"}}, "no number at `Count`"),
    ],
)
async def test_settings_that_do_not_fit_are_told(service: SoapService, said: dict[str, Any], reason: str) -> None:
    error = await refused(service, **said)
    assert reason in error.reason
    assert not error.retry


@pytest.mark.parametrize(
    "schema",
    [
        "http://127.0.0.1:9/students.xsd",
        "https://www.example.org/students.xsd",
        "//127.0.0.1/students.xsd",
        "../outside.xsd",
        "/etc/hostname",
        "file:///etc/hostname",
        "ftp://127.0.0.1/students.xsd",
    ],
)
async def test_nothing_is_fetched_and_nothing_read_elsewhere(service: SoapService, schema: str) -> None:
    (service.folder.parent / "outside.xsd").write_text(SCHEMA)
    service.wsdl.write_text(wsdl(service.double.url, schema))
    assert not (await refused(service)).retry
    assert service.double.asked == []


async def test_a_link_out_of_the_folder_is_not_followed(service: SoapService) -> None:
    outside = service.folder.parent / "outside.xsd"
    outside.write_text(SCHEMA)
    (service.folder / "students.xsd").unlink()
    (service.folder / "students.xsd").symlink_to(outside)
    assert "not in its folder" in (await refused(service)).reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<definitions>",
        "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/'/>",
        "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><definitions>&a;</definitions>",
    ],
)
async def test_what_is_no_wsdl_is_told(service: SoapService, text: str) -> None:
    service.wsdl.write_text(text)
    assert not (await refused(service)).retry


async def test_a_wsdl_that_is_not_there(service: SoapService) -> None:
    service.wsdl.unlink()
    assert "WSDL cannot be read" in (await refused(service)).reason


async def test_nothing_of_people_or_passwords_is_logged(service: SoapService, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    service.behave = ["", "busy", "truncated"]
    await read(service)
    assert caplog.records  # there is a log to look through
    for personal in ("S1", "F1", "s1@x.example", service.password):
        assert personal not in caplog.text
