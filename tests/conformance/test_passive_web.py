"""Recordings of harvesters, brokers, their responders and search clients are judged."""

from __future__ import annotations

import pytest

from library_conformance.passive import KEPT
from library_conformance.passive_rules import Side
from tests.conformance.recordings import Talk, verdicts

OAI = b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-01-05T00:00:00Z</responseDate>%b</OAI-PMH>'
PART = b"<ListRecords><record/><resumptionToken>%b</resumptionToken></ListRecords>"


def get(query: bytes, *headers: bytes) -> bytes:
    own = headers or (b"User-Agent: h", b"From: a@b.example")
    return b"\r\n".join((b"GET /oai?" + query + b" HTTP/1.1", *own)) + b"\r\n\r\n"


def answer(inside: bytes, status: bytes = b"200", *headers: bytes) -> bytes:
    return b"\r\n".join((b"HTTP/1.1 " + status + b" X", *headers)) + b"\r\n\r\n" + OAI % inside


FIRST = b"verb=ListRecords&metadataPrefix=oai_dc"
HARVEST: Talk = [
    (">", get(FIRST)), ("<", answer(PART % b"a1")),
    (">", get(b"verb=ListRecords&resumptionToken=a1")), ("<", answer(b"", b"503", b"Retry-After: 2")), ("wait", b"2"),
    (">", get(b"verb=ListRecords&resumptionToken=a1")), ("<", answer(PART % b"")),
    (">", get(FIRST + b"&from=2026-01-05T00:00:00Z")), ("<", answer(b'<error code="noRecordsMatch"/>')),
]  # fmt: skip
HARVESTERS: dict[str, tuple[Talk, str]] = {
    "oai.harvester.get": ([(">", get(b"verb=ListRecords"))], "a request that the protocol does not permit"),
    "oai.harvester.escapes": ([(">", get(b"verb=Identify&x=%zz"))], "characters that are not escaped"),
    "oai.harvester.token-alone": (
        [(">", get(FIRST)), ("<", answer(PART % b"a1")), (">", get(FIRST + b"&resumptionToken=a1"))],
        "a token with other arguments",
    ),
    "oai.harvester.token-opaque": (
        [(">", get(FIRST)), ("<", answer(PART % b"a1")), (">", get(b"verb=ListRecords&resumptionToken=a2"))],
        "a token that nobody gave",
    ),
    "oai.harvester.token-end": (
        [(">", get(FIRST)), ("<", answer(PART % b"")), (">", get(b"verb=ListRecords&resumptionToken="))],
        "an empty token is sent back",
    ),
    "oai.harvester.retry-after": (
        [(">", get(FIRST)), ("<", answer(b"", b"503", b"Retry-After: 2")), (">", get(FIRST))],
        "asked again before Retry-After was over",
    ),
    "oai.harvester.response-date": (
        [(">", get(FIRST)), ("<", answer(PART % b"")), (">", get(FIRST + b"&from=2026-01-06T00:00:00Z"))],
        "began later than the last harvest did",
    ),
    "oai.harvester.granularity": (
        [
            (">", get(b"verb=Identify")), ("<", answer(b"<Identify><granularity>YYYY-MM-DD</granularity></Identify>")),
            (">", get(FIRST + b"&from=2026-01-06T00:00:00Z")),
        ],
        "finer than Identify tells",
    ),
    "oai.harvester.restart": (
        [
            (">", get(FIRST)), ("<", answer(PART % b"a1")),
            (">", get(b"verb=ListRecords&resumptionToken=a1")), ("<", answer(b'<error code="badResumptionToken"/>')),
            (">", get(b"verb=ListRecords&resumptionToken=a1")),
        ],
        "sent the dead token again",
    ),
    "oai.harvester.who": ([(">", get(FIRST, b"User-Agent: h"))], "no From"),
}  # fmt: skip


def test_a_good_harvester_keeps_everything_that_shows() -> None:
    said = verdicts("oai", HARVEST)
    assert {name: one for name, one in said.items() if one != KEPT} == {}
    assert len(said) >= 7


@pytest.mark.parametrize("requirement", HARVESTERS)
def test_a_harvester_that_deviates_is_found_out(requirement: str) -> None:
    talk, observation = HARVESTERS[requirement]
    assert verdicts("oai", talk)[requirement] == observation


NCIP = (
    b'<NCIPMessage xmlns="http://www.niso.org/2008/ncip" xmlns:n="http://www.niso.org/2008/ncip" n:version="v2">'
    b"%b</NCIPMessage>"
)
HEADER = (
    b"<InitiationHeader><FromAgencyId><AgencyId>A</AgencyId></FromAgencyId>"
    b"<ToAgencyId><AgencyId>B</AgencyId></ToAgencyId></InitiationHeader>"
)
USER = b"<UserId><UserIdentifierValue>1</UserIdentifierValue></UserId>"


def request(number: bytes, item: bytes, extra: bytes = b"") -> bytes:
    body = b"<RequestItem>%b%b<ItemId><ItemIdentifierValue>%b</ItemIdentifierValue></ItemId>" % (HEADER, USER, item)
    body += b"<RequestId><RequestIdentifierValue>%b</RequestIdentifierValue></RequestId>%b</RequestItem>" % (
        number,
        extra,
    )
    return NCIP % body


REQUESTED = NCIP % b"<RequestItemResponse><RequestId/></RequestItemResponse>"
BROKERS: dict[str, tuple[Talk, str]] = {
    "ncip.client.namespace": (
        [(">", (NCIP % b'<LookupUser xmlns=""/>'))], "elements in no namespace",
    ),
    "ncip.client.version.qualified": (
        [(">", request(b"1", b"i").replace(b"n:version", b"version"))], "a version in no namespace",
    ),
    "ncip.client.length.octets": (
        [(">", b"POST /ncip HTTP/1.1\r\nContent-Length: 9\r\n\r\n" + request(b"1", "ŵ".encode()))],
        "a length that is not that of the octets",
    ),
    "ncip.client.user-or-login": (
        [(">", NCIP % (b"<LookupUser>" + HEADER + USER + b"<AuthenticationInput/></LookupUser>"))],
        "a user named in two ways",
    ),
    "ncip.client.header": ([(">", NCIP % (b"<LookupUser>" + USER + b"</LookupUser>"))], "no agencies in the header"),
    "ncip.client.number.unique": (
        [(">", request(b"1", b"i")), ("<", REQUESTED), (">", request(b"1", b"j"))], "a number of another transaction",
    ),
    "ncip.client.number.same-again": (
        [(">", request(b"1", b"i")), (">", request(b"2", b"i"))], "said again with another number",
    ),
    "ncip.client.fee.acknowledged": (
        [(">", request(b"1", b"i", b"<AcknowledgedFeeAmount/>"))], "a fee acknowledged that nobody had named",
    ),
}  # fmt: skip
RESPONDERS: dict[str, tuple[bytes, str]] = {
    "ncip.session.answer": (NCIP % b"<LookupUserResponse/>", "another service's answer"),
    "ncip.namespace.answer": (REQUESTED.replace(b"<RequestId/>", b'<RequestId xmlns=""/>'), "elements in no namespace"),
    "ncip.version.answer.attribute": (REQUESTED.replace(b' n:version="v2"', b""), "no version"),
    "ncip.problem.instead-of-success": (
        NCIP % b"<RequestItemResponse><Problem/><RequestId/></RequestItemResponse>", "a problem beside an answer",
    ),
}  # fmt: skip


@pytest.mark.parametrize("requirement", BROKERS)
def test_a_broker_that_deviates_is_found_out(requirement: str) -> None:
    talk, observation = BROKERS[requirement]
    assert verdicts("ncip", talk)[requirement] == observation
    good = verdicts("ncip", [(">", request(b"1", b"i")), ("<", REQUESTED)])
    assert good.get(requirement, KEPT) == KEPT


@pytest.mark.parametrize("requirement", RESPONDERS)
def test_a_responder_that_deviates_is_found_out(requirement: str) -> None:
    told, observation = RESPONDERS[requirement]
    assert verdicts("ncip", [(">", request(b"1", b"i")), ("<", told)], side=Side.SERVER)[requirement] == observation


SRU = (
    b"<searchRetrieveResponse><records><record/><record/></records><nextRecordPosition>3</nextRecordPosition>"
    b"</searchRetrieveResponse>"
)
SEARCH = b"version=1.1&operation=searchRetrieve&query=wales"
READERS: dict[str, tuple[Talk, str]] = {
    "sru.client.escapes": ([(">", get(b"query=%e4"))], "parameters that are not escaped as UTF-8"),
    "sru.client.version": ([(">", get(b"version=1.1&query=wales"))], "version or operation is missing"),
    "sru.client.next": (
        [(">", get(SEARCH)), ("<", b"HTTP/1.1 200 OK\r\n\r\n" + SRU), (">", get(SEARCH + b"&startRecord=7"))],
        "a page that begins elsewhere than the last ended",
    ),
    "sru.client.explain": ([(">", get(SEARCH))], "never asked for explain"),
}  # fmt: skip


@pytest.mark.parametrize("requirement", READERS)
def test_a_search_client_that_deviates_is_found_out(requirement: str) -> None:
    talk, observation = READERS[requirement]
    assert verdicts("sru", talk)[requirement] == observation
    page = [
        (">", get(b"")),
        (">", get(SEARCH)),
        ("<", b"HTTP/1.1 200 OK\r\n\r\n" + SRU),
        (">", get(SEARCH + b"&startRecord=3")),
    ]
    assert verdicts("sru", page).get(requirement, KEPT) == KEPT
