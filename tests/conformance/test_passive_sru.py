"""Recordings of SRU are judged: each rule for clients and servers sees what it is for, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from library_conformance.catalogue import catalogue
from library_conformance.model import Role
from library_conformance.passive import KEPT, judge, links_of
from library_conformance.passive_rules import Side, rules_of
from tests.conformance.recordings import Talk, verdicts

RESULTS = Path(__file__).parents[2] / "conformance" / "results"
SPACE = "http://www.loc.gov/zing/srw/"
RECORD = (
    "<record><recordSchema>info:srw/schema/1/dc-v1.1</recordSchema><recordPacking>xml</recordPacking>"
    "<recordData><dc/></recordData><recordPosition>%d</recordPosition></record>"
)
SEARCH = {"operation": "searchRetrieve", "version": "1.2", "query": "wales", "recordSchema": "dc"}


def get(path: str = "/sru", **parameters: str | int) -> tuple[str, bytes]:
    return ">", f"GET {path}?{urlencode(parameters)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def search(**more: str | int) -> tuple[str, bytes]:
    return get(**{**SEARCH, **more})


def told(document: str, *headers: str, status: int = 200, media_type: str = "text/xml") -> tuple[str, bytes]:
    head = "\r\n".join((f"HTTP/1.1 {status} X", f"Content-Type: {media_type}", *headers))
    return "<", f"{head}\r\n\r\n{document}".encode()


def response(inside: str, root: str = "searchRetrieveResponse", space: str = SPACE, version: str = "1.2") -> str:
    return f'<{root} xmlns="{space}"><version>{version}</version>{inside}</{root}>'


def page(*places: int, count: int = 3, next_: int | None = None) -> str:
    records = "".join(RECORD % place for place in places)
    inside = f"<numberOfRecords>{count}</numberOfRecords>" + (f"<records>{records}</records>" if places else "")
    return response(inside + (f"<nextRecordPosition>{next_}</nextRecordPosition>" if next_ else ""))


def refusal(number: int, space: str = f"{SPACE}diagnostic/", more: str = "") -> str:
    diagnostic = f'<diagnostic xmlns="{space}"><uri>info:srw/diagnostic/1/{number}</uri></diagnostic>'
    return response(f"<numberOfRecords>0</numberOfRecords>{more}<diagnostics>{diagnostic}</diagnostics>")


SCANNED = response("<terms><term><value>a</value></term><term><value>b</value></term></terms>", "scanResponse")
EXPLAINED = response("<record/>", "explainResponse")
GOOD: Talk = [
    get(operation="explain", version="1.2"), told(EXPLAINED),
    search(maximumRecords=2), told("", "Location: /moved?x", status=302),
    get("/moved", **SEARCH, maximumRecords=2), told("", "Retry-After: 2", status=503),
    ("wait", b"3"), get("/moved", **SEARCH, maximumRecords=2), told(page(1, 2, next_=3)),
    search(startRecord=3), told(page(3)),
    search(query="nothing"), told(page(count=0)),
    search(query="shoe.size=1"), told(refusal(16)),
    get(operation="scan", version="1.2", scanClause="a", maximumTerms=2), told(SCANNED),
]  # fmt: skip
CURIOUS: Talk = [
    search(startRecord=0), told(refusal(6)), search(), told(page(1, 2, 3)), search(startRecord=4), told(refusal(61)),
]  # fmt: skip

CLIENTS: dict[str, tuple[Talk, str]] = {
    "escapes": ([(">", b"GET /sru?query=%e4 HTTP/1.1\r\n\r\n")], "parameters that are not escaped as UTF-8"),
    "version": ([get(version="1.1", query="wales")], "version or operation is missing"),
    "operation": ([search(operation="find")], "a version or an operation that does not exist"),
    "parameters": ([search(limit=3)], "parameters that do not exist: limit"),
    "values": ([search(maximumRecords="all")], "values that are not allowed: maximumRecords"),
    "query": ([search(query="")], "a search without a query, or a scan without a clause"),
    "quotes": ([search(query='title = "wales')], "a query that is no CQL"),
    "schema": ([search(recordSchema="")], "records of whatever schema"),
    "next": (
        [search(), told(page(1, 2, next_=3)), search(startRecord=9)],
        "a page that begins elsewhere than the last ended",
    ),
    "range": ([search(), told(page(1, 2, next_=3)), search(startRecord=4)], "a page behind the last record"),
    "explain": ([search()], "never asked for explain"),
    "redirect": (
        [search(), told("", "Location: http://localhost/moved", status=301), search()], "did not go where it was sent",
    ),
    "busy": ([search(), told("", "Retry-After: 9", status=503), search()], "asked again before Retry-After was over"),
}  # fmt: skip

SERVERS: dict[str, tuple[Talk, str]] = {
    "http.content-type": ([search(), told(page(), media_type="text/html")], "a media type that is none of XML"),
    "http.status": ([search(), told(page(), status=400)], "a document with HTTP 400"),
    "xml.well-formed": ([search(), told(page()[:-9])], "no well-formed document"),
    "xml.root": ([search(), told(EXPLAINED)], "a root of another operation"),
    "xml.namespace": (
        [search(), told(response("", space="urn:else"))], "a namespace that is not that of the version",
    ),
    "version.told": ([search(version="1.1"), told(page(1))], "no version, or one above that of the request"),
    "search.count": ([search(), told(response(""))], "no number of records"),
    "search.size": ([search(maximumRecords=1), told(page(1, 2, next_=3))], "more records than were asked for"),
    "search.record": (
        [search(), told(page(1, 2, 3).replace("recordData", "data"))], "a record without schema, packing or data",
    ),
    "search.position": ([search(), told(page(1, 3, next_=3))], "records without positions, or with others"),
    "paging.next": ([search(), told(page(1, 2))], "a next position that is missing, wrong, or behind the end"),
    "paging.beyond": (
        [search(), told(page(1, 2, 3)), search(startRecord=4), told(page())], "a page behind the end is not refused",
    ),
    "parameter.start-zero": ([search(startRecord=0), told(page(1))], "startRecord 0 is not refused"),
    "diagnostic.form": (
        [search(), told(refusal(16, space=SPACE))], "a diagnostic without an address, or in another namespace",
    ),
    "diagnostic.alone": (
        [search(), told(refusal(16, more=f"<records>{RECORD % 1}</records>"))],
        "records beside a diagnostic that ends the search",
    ),
    "scan.most": (
        [get(operation="scan", version="1.2", scanClause="a", maximumTerms=1), told(SCANNED)],
        "more terms than were asked for",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("talk", "side", "most"), [(GOOD, Side.CLIENT, 13), (GOOD, Side.SERVER, 12), (CURIOUS, Side.SERVER, 12)]
)
def test_a_good_client_and_a_good_server_keep_everything_that_shows(talk: Talk, side: Side, most: int) -> None:
    said = verdicts("sru", talk, side=side)
    assert {name: one for name, one in said.items() if one != KEPT} == {}
    assert len(said) >= most


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_that_deviates_is_found_out(name: str) -> None:
    talk, observation = CLIENTS[name]
    assert verdicts("sru", talk)[f"sru.client.{name}"] == observation


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_deviates_is_found_out(name: str) -> None:
    talk, observation = SERVERS[name]
    assert verdicts("sru", talk, side=Side.SERVER)[f"sru.{name}"] == observation


def test_every_rule_has_somebody_who_breaks_it() -> None:
    assert {one.requirement for one in rules_of("sru", [Side.CLIENT])} == {f"sru.client.{name}" for name in CLIENTS}
    assert {one.requirement for one in rules_of("sru", [Side.SERVER])} == {f"sru.{name}" for name in SERVERS}
    for one in rules_of("sru"):
        role = catalogue()[one.requirement].role
        assert role is Role.BOTH or role.value == one.side.value, one.requirement


def test_envelopes_are_opened() -> None:
    soap = '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>%s</S:Body></S:Envelope>'
    asked = f'<searchRetrieveRequest xmlns="{SPACE}"><version>1.1</version>%s<limit>3</limit></searchRetrieveRequest>'
    body = soap % asked % "<query>a b = c</query><maximumRecords>1</maximumRecords>"
    question = ">", f"POST /sru HTTP/1.1\r\nContent-Type: text/xml\r\n\r\n{body}".encode()
    talk: Talk = [question, told(soap % page(1, 2, next_=3))]
    client = verdicts("sru", talk)
    assert client["sru.client.parameters"] == "parameters that do not exist: limit"
    assert client["sru.client.schema"] == "records of whatever schema"
    assert "sru.client.escapes" not in client
    server = verdicts("sru", talk, side=Side.SERVER)
    assert server["sru.version.told"] == "no version, or one above that of the request"
    assert server["sru.search.size"] == "more records than were asked for"
    assert server["sru.paging.next"] == KEPT


def test_addresses_may_be_anything() -> None:
    for address in (b"http://[::1/?query=a", b"?", b"http://localhost/sru?query=a#b", b"//"):
        talk: Talk = [(">", b"GET " + address + b" HTTP/1.1\r\n\r\n"), told("", "Location: http://[", status=302)]
        said = verdicts("sru", [*talk, search()])
        assert said["sru.client.redirect"] == "did not go where it was sent"
        assert said["sru.client.escapes"] == KEPT


def test_chunks_are_put_together() -> None:
    document = page(1, 2, next_=3)
    chunked = f"{len(document[:50]):x}\r\n{document[:50]}\r\n{len(document[50:]):x}\r\n{document[50:]}\r\n0\r\n\r\n"
    for body in (chunked, document):  # a transcript has the body without its chunks
        talk: Talk = [search(), told(body, "Transfer-Encoding: chunked"), search(startRecord=9)]
        assert verdicts("sru", talk)["sru.client.next"] != KEPT
        assert verdicts("sru", talk, side=Side.SERVER)["sru.xml.well-formed"] == KEPT


def test_what_was_not_kept_is_not_judged() -> None:
    """The gateway's record has of answers nothing but their status, and transcripts the beginning of long ones."""
    request, answer = search()[1].decode(), "HTTP 200, 3021 octets"
    row = {
        "protocol": "sru", "peer": "10.0.0.1:7", "started": 1e9, "milliseconds": 1.0,
        "in": {"length": 9, "text": request.partition(" HTTP")[0]}, "out": {"length": 9, "text": answer},
    }  # fmt: skip
    cut = {"t": 0.1, "dir": "receive", "hex": told(page())[1].hex()[:-20], "cut": True}
    for rows in ([row], [{"t": 0.0, "dir": "connect"}, {"t": 0.05, "dir": "send", "hex": request.encode().hex()}, cut]):
        links = links_of(map(json.dumps, rows), "sru")
        assert [one for one in judge(links, "sru", [Side.SERVER]) if one.findings] == []


def test_what_a_run_has_recorded_of_a_server_is_judged_as_it_was_measured() -> None:
    """The transcripts of probes against the gateway, which keeps all of these requirements."""
    kept = 0
    for file in sorted((RESULTS / "gateway" / "sru" / "transcripts").glob("*.jsonl")):
        for one in judge(links_of(file.read_text().splitlines(), "sru"), "sru", [Side.SERVER]):
            kept += sum(finding.kept for _, finding in one.findings)
            assert one.worst is None, f"{file.name}: {one.rule.requirement}"
    assert kept > 1000
