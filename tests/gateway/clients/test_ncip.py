"""The NCIP initiator against responders that answer well, oddly, late or not at all, over every transport."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from gateway.clients import ncip_transport
from gateway.clients.ncip import (
    Login,
    NcipBadAnswer,
    NcipClient,
    NcipRefused,
    NcipTimeout,
    NcipUnavailable,
    Parties,
    problem_words,
)
from gateway.clients.ncip_profiles import PROFILES, STANDARD
from gateway.clients.ncip_transport import place
from library_protocols.ncip import (
    NCIP_1_0,
    NCIP_2_02,
    SERVICES,
    ExtMessage,
    Problem,
    Problems,
    Request,
    SchemeValue,
    encode,
)
from library_protocols.ncip import messages as wire
from tests.bad_network import closed_port
from tests.gateway.clients.scripted_responder import Responder, Script, Visit, asked

QUESTION = wire.LookupUser(user_id=wire.UserId(user_identifier_value="20100001"))
FOUND = wire.LookupUserResponse(user_id=wire.UserId(user_identifier_value="20100001"))
UNKNOWN = wire.LookupUserResponse(
    problem=(
        Problem(
            problem_type=SchemeValue("Unknown User"),
            problem_detail="PATRON_NOT_FOUND",
            problem_element="UserIdentifierValue",
            problem_value="20100001",
        ),
    )
)
PARTIES = Parties("ABER", "BROKER", secret="between us")
ANSWER = encode(FOUND, NCIP_2_02)
SCHEMES = ("http", "tcp", "http10")


def bare(body: bytes) -> bytes:
    """What a responder says to HTTP/1.0 typed onto a socket."""
    return b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n" + body


def script(scheme: str, answer: bytes = ANSWER, status: str = "200 OK") -> Script:
    """A script that reads a question over `scheme` and answers."""

    async def serve(visit: Visit) -> None:
        if scheme == "tcp":
            await visit.read()
            await visit.write(answer)
        else:
            await visit.read_http()
            await visit.answer_http(answer, status)

    return serve


def client(responder: Responder, scheme: str, **options: Any) -> NcipClient:
    return NcipClient(responder.address(scheme, "" if scheme == "tcp" else "/ncip"), timeout=10, **options)


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_question_is_answered_over_every_transport(scheme: str) -> None:
    async with Responder(script(scheme)) as responder, client(responder, scheme, parties=PARTIES) as initiator:
        assert await initiator.ask(QUESTION, wire.LookupUserResponse) == FOUND
    told = asked(responder.visits[0].document)
    assert isinstance(told, wire.LookupUser)
    assert told.user_id == QUESTION.user_id
    assert told.initiation_header is not None
    assert told.initiation_header.from_agency_authentication == "between us"


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_refusal_is_an_answer_to_send_and_raised_by_ask(scheme: str) -> None:
    refusing = script(scheme, encode(UNKNOWN, NCIP_2_02))
    async with Responder(refusing) as responder, client(responder, scheme) as initiator:
        answer = await initiator.send(QUESTION)
        assert answer.problems == UNKNOWN.problem
        with pytest.raises(NcipRefused) as refused:
            await initiator.ask(QUESTION, wire.LookupUserResponse)
    assert refused.value.types == ("Unknown User",)
    assert str(refused.value) == "Unknown User: PATRON_NOT_FOUND"  # the value sent is not repeated


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "500 Internal Server Error"])
@pytest.mark.parametrize("scheme", ["http", "http10"])
async def test_ncip_under_an_http_error_is_an_answer(scheme: str, status: str) -> None:
    """VuFind knows responders that answer 4xx with a Problem."""
    refusing = script(scheme, encode(UNKNOWN, NCIP_2_02), status)
    async with Responder(refusing) as responder, client(responder, scheme) as initiator:
        answer = await initiator.send(QUESTION)
    assert answer.status == int(status[:3])
    assert answer.problems == UNKNOWN.problem


@pytest.mark.parametrize(
    "content_type", ["text/html", "application/octet-stream", "text/xml; charset='utf-8'", "", "no type at all"]
)
async def test_the_content_type_of_an_answer_means_nothing(content_type: str) -> None:
    async def serve(visit: Visit) -> None:
        await visit.read_http()
        await visit.answer_http(ANSWER, content_type=content_type)

    async with Responder(serve) as responder, client(responder, "http") as initiator:
        assert await initiator.ask(QUESTION, wire.LookupUserResponse) == FOUND


@pytest.mark.parametrize("scheme", ["tcp", "http10"])
async def test_an_answer_ends_with_its_last_tag_and_may_come_octet_by_octet(scheme: str) -> None:
    async def serve(visit: Visit) -> None:
        await (visit.read() if scheme == "tcp" else visit.read_http())
        octets = ANSWER if scheme == "tcp" else bare(ANSWER)
        await visit.write(*(octets[place : place + 1] for place in range(len(octets))))
        await visit.reader.read()  # open until the initiator closes

    async with Responder(serve) as responder, client(responder, scheme) as initiator:
        assert await initiator.ask(QUESTION, wire.LookupUserResponse) == FOUND


async def test_http_1_0_may_tell_a_length_that_counts_characters() -> None:
    """Some count characters where octets belong; the last tag is what ends the document."""
    named = replace(FOUND, user_id=wire.UserId(user_identifier_value="ŵŷâ"))

    async def serve(visit: Visit) -> None:
        await visit.read_http()
        body = encode(named, NCIP_2_02)
        head = f"HTTP/1.0 200 OK\r\nContent-Length: {len(body.decode())}\r\n\r\n"
        await visit.write(head.encode(), body[:-5], body[-5:])

    async with Responder(serve) as responder, client(responder, "http10") as initiator:
        assert await initiator.ask(QUESTION, wire.LookupUserResponse) == named


async def test_http_1_0_may_leave_out_the_head_of_its_answer() -> None:
    async def serve(visit: Visit) -> None:
        await visit.read_http()
        await visit.write(ANSWER)

    async with Responder(serve) as responder, client(responder, "http10") as initiator:
        assert await initiator.ask(QUESTION, wire.LookupUserResponse) == FOUND


@pytest.mark.parametrize("scheme", ["http", "http10"])
async def test_the_length_told_counts_octets(scheme: str) -> None:
    question = wire.LookupUser(user_id=wire.UserId(user_identifier_value="Siân ŵŷ 图书馆"))
    async with Responder(script(scheme)) as responder, client(responder, scheme) as initiator:
        await initiator.send(question)
    visit = responder.visits[0]
    assert asked(visit.document) == question
    assert int(visit.field("content-length")) == len(visit.document)
    assert visit.field("content-type") == 'application/xml; charset="utf-8"'


async def test_http_1_0_is_spoken_as_it_was() -> None:
    aleph = PROFILES["aleph"]
    answering = script("http10", encode(FOUND, NCIP_1_0))
    async with Responder(answering) as responder, client(responder, "http10", profile=aleph) as initiator:
        await initiator.send(QUESTION)
    head = responder.visits[0].head
    assert head.startswith("POST /ncip HTTP/1.0\r\n")
    assert responder.visits[0].field("content-type") == "application/x-www-form-urlencoded"
    assert b"UniqueUserId" in responder.visits[0].document


async def test_a_login_goes_over_http() -> None:
    async with Responder(script("http")) as responder:
        async with client(responder, "http", login=Login(bearer="a token")) as initiator:
            await initiator.send(QUESTION)
        async with client(responder, "http", login=Login(user="gateway", password="a word")) as initiator:
            await initiator.send(QUESTION)
    assert responder.visits[0].field("authorization") == "Bearer a token"
    assert responder.visits[1].field("authorization").startswith("Basic ")


@pytest.mark.parametrize("scheme", ["http", "tcp"])
async def test_a_connection_is_kept_where_that_is_wanted(scheme: str) -> None:
    async def serve(visit: Visit) -> None:
        while True:
            if scheme == "tcp":
                await visit.read()
                await visit.write(ANSWER)
            else:
                await visit.read_http()
                await visit.answer_http(ANSWER)

    async with Responder(serve) as responder:
        async with client(responder, scheme, keep=True) as initiator:
            for _ in range(3):
                await initiator.send(QUESTION)
        assert len(responder.visits) == 1
        async with client(responder, scheme) as initiator:
            for _ in range(3):
                await initiator.send(QUESTION)
        assert len(responder.visits) == 4


async def test_a_kept_connection_that_was_closed_is_opened_again() -> None:
    async with Responder(script("tcp")) as responder, client(responder, "tcp", keep=True) as initiator:
        await initiator.send(QUESTION)
        await asyncio.sleep(0.05)  # until the end of the first connection has arrived
        await initiator.send(QUESTION)
    assert len(responder.visits) == 2


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_nothing_was_sent_where_nobody_listens(scheme: str) -> None:
    async with NcipClient(f"{scheme}://127.0.0.1:{closed_port()}", timeout=10) as initiator:
        with pytest.raises(NcipUnavailable) as gone:
            await initiator.send(QUESTION)
    assert not gone.value.outcome_unknown


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_the_outcome_is_unknown_where_the_link_is_lost_behind_the_question(scheme: str) -> None:
    async def serve(visit: Visit) -> None:
        await (visit.read() if scheme == "tcp" else visit.read_http())
        visit.reset()

    async with Responder(serve) as responder, client(responder, scheme, parties=PARTIES) as initiator:
        with pytest.raises(NcipUnavailable) as lost:
            await initiator.send(QUESTION)
    assert lost.value.outcome_unknown
    assert "between us" not in str(lost.value)


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_the_outcome_is_unknown_where_half_an_answer_comes(scheme: str) -> None:
    half = ANSWER[: len(ANSWER) // 2]

    async def serve(visit: Visit) -> None:
        if scheme == "tcp":
            await visit.read()
            await visit.write(half)
        else:
            await visit.read_http()
            await visit.write(bare(half))

    async with Responder(serve) as responder, client(responder, scheme) as initiator:
        with pytest.raises(NcipBadAnswer) as bad:
            await initiator.send(QUESTION)
    assert bad.value.outcome_unknown


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_one_deadline_is_for_the_whole_however_slowly_octets_drip(scheme: str) -> None:
    async def serve(visit: Visit) -> None:
        await (visit.read() if scheme == "tcp" else visit.read_http())
        await visit.write(b"" if scheme == "tcp" else bare(b""))
        while True:
            await visit.write(b" ")
            await asyncio.sleep(0.01)

    async with Responder(serve) as responder:
        initiator = NcipClient(responder.address(scheme), timeout=0.2)
        with pytest.raises(NcipTimeout) as late:
            await initiator.send(QUESTION)
        await initiator.close()
    assert late.value.outcome_unknown


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x02\x00 hello", b"It works!", b"<html><body>No</body></html>"])
async def test_garbage_is_a_bad_answer(scheme: str, garbage: bytes) -> None:
    async with Responder(script(scheme, garbage)) as responder, client(responder, scheme) as initiator:
        with pytest.raises(NcipBadAnswer) as bad:
            await initiator.send(QUESTION)
    assert bad.value.outcome_unknown


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_an_answer_without_end_is_cut(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ncip_transport, "MAX_ANSWER", 100_000)

    async def serve(visit: Visit) -> None:
        await (visit.read() if scheme == "tcp" else visit.read_http())
        await visit.write(b"" if scheme == "tcp" else bare(b""), b"<NCIPMessage>")
        while True:
            await visit.write(b"<x>more</x>" * 1000)

    async with Responder(serve) as responder, client(responder, scheme) as initiator:
        with pytest.raises(NcipBadAnswer, match="more than") as bad:
            await initiator.send(QUESTION)
    assert bad.value.outcome_unknown


async def test_an_answer_that_is_compressed_although_nobody_asked_is_not_unpacked() -> None:
    async def serve(visit: Visit) -> None:
        await visit.read_http()
        body = gzip.compress(b"<NCIPMessage>" + b" " * 10_000_000)
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
        await visit.write(head.encode() + body)

    async with Responder(serve) as responder, client(responder, "http") as initiator:
        with pytest.raises(NcipBadAnswer):
            await initiator.send(QUESTION)
    assert responder.visits[0].field("accept-encoding") == "identity"


async def test_entities_in_an_answer_are_not_expanded() -> None:
    bomb = b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]><NCIPMessage>&b;</NCIPMessage>"
    async with Responder(script("tcp", bomb)) as responder, client(responder, "tcp") as initiator:
        with pytest.raises(NcipBadAnswer, match="declarations"):
            await initiator.send(QUESTION)


async def test_an_http_error_without_ncip_says_so_and_that_nobody_read_the_message() -> None:
    refusing = script("http", b"Who are you?", "401 Unauthorized")
    async with Responder(refusing) as responder, client(responder, "http") as initiator:
        with pytest.raises(NcipBadAnswer) as bad:
            await initiator.send(QUESTION)
    assert str(bad.value) == "HTTP 401: Who are you?"
    assert not bad.value.outcome_unknown


async def test_a_command_does_not_follow_a_redirect() -> None:
    async def serve(visit: Visit) -> None:
        await visit.read_http()
        await visit.write(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n")

    async with Responder(serve) as responder, client(responder, "http") as initiator:
        with pytest.raises(NcipBadAnswer) as bad:
            await initiator.send(QUESTION)
    assert bad.value.status == 302
    assert len(responder.visits) == 1


async def test_a_secret_that_is_repeated_back_is_not_in_the_error() -> None:
    echo = Problems(problem=(Problem(problem_type=SchemeValue("Agency Authentication Failed"),
                                     problem_detail="wrong secret: between us"),))  # fmt: skip
    echoing = script("http", encode(echo, NCIP_2_02))
    async with Responder(echoing) as responder, client(responder, "http", parties=PARTIES) as initiator:
        with pytest.raises(NcipRefused) as refused:
            await initiator.ask(QUESTION, wire.LookupUserResponse)
    assert "between us" not in str(refused.value)
    assert "between us" not in repr(PARTIES)


async def test_an_answer_to_another_question_is_a_bad_one() -> None:
    other = encode(wire.LookupItemResponse(item_id=wire.ItemId(item_identifier_value="1")), NCIP_2_02)
    async with Responder(script("tcp", other)) as responder, client(responder, "tcp") as initiator:
        with pytest.raises(NcipBadAnswer, match="LookupUser was answered with LookupItemResponse"):
            await initiator.ask(QUESTION, wire.LookupUserResponse)


async def test_whoever_traces_sees_both_documents() -> None:
    seen: list[tuple[str, bytes]] = []

    def note(who: str, octets: bytes) -> None:
        seen.append((who, octets))

    async with Responder(script("tcp")) as responder, client(responder, "tcp", trace=note) as initiator:
        await initiator.send(QUESTION)
    assert seen == [("initiator", initiator.document(QUESTION)), ("responder", ANSWER.rstrip())]


def in_versions() -> Iterator[tuple[str, str]]:
    """Every service with each version that has it."""
    for row in SERVICES.values():
        if row.in_1_0:
            yield from ((row.name, "1.0"), (row.name, "1.01"))
        yield from ((row.name, version) for version in ("2.0", "2.01", "2.02") if row.since and version >= row.since)


@pytest.mark.parametrize(("service", "version"), list(in_versions()))
def test_every_service_is_written_in_every_version_that_has_it(service: str, version: str) -> None:
    initiator = NcipClient("tcp://127.0.0.1:1", version=version, parties=PARTIES)
    question = SERVICES[service].request()
    assert isinstance(question, Request)
    told = asked(initiator.document(question))
    assert isinstance(told, Request)
    assert type(told) is type(question)
    assert told.initiation_header is not None


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_a_profile_is_spoken_as_it_says(profile: str) -> None:
    row = PROFILES[profile]
    scheme = row.transports[0]
    initiator = NcipClient(f"{scheme}://127.0.0.1:1", row, parties=replace(PARTIES, application_profile="X"))
    document = initiator.document(replace(QUESTION, user_id=wire.UserId(user_identifier_value="Ŵyn")))
    told = asked(document)
    assert isinstance(told, wire.LookupUser)
    assert told.initiation_header is not None
    assert (b"http://www.niso.org/2008/ncip" in document) == (row.version[0] == "2" and row.namespace)
    assert document.isascii() == row.ascii
    agency = told.initiation_header.to_agency_id
    assert agency is not None
    assert agency.agency_id is not None
    assert (agency.agency_id.scheme or "") == row.agency_scheme
    assert row.name == profile
    assert row.title
    assert row.source


def test_letters_lose_their_marks_for_who_cannot_read_them() -> None:
    initiator = NcipClient("tcp://127.0.0.1:1", PROFILES["voyager"])
    question = wire.LookupUser(user_id=wire.UserId(user_identifier_value="Siân Ŵ ﬁ 图 ﹤b﹥ e\u0301"))
    told = asked(initiator.document(question))
    assert isinstance(told, wire.LookupUser)
    assert told.user_id is not None
    assert told.user_id.user_identifier_value == "Sian W fi ? ?b? e"


def test_a_header_is_left_out_where_nothing_is_to_be_said_in_it() -> None:
    assert NcipClient("tcp://127.0.0.1:1").addressed(QUESTION) == QUESTION
    assert NcipClient("tcp://127.0.0.1:1", version="1.0").addressed(QUESTION) != QUESTION
    own = replace(QUESTION, initiation_header=wire.InitiationHeader(from_agency_authentication="mine"))
    assert NcipClient("tcp://127.0.0.1:1", parties=PARTIES).addressed(own) == own


def test_extensions_and_version_messages_are_addressed_too() -> None:
    initiator = NcipClient("tcp://127.0.0.1:1", parties=PARTIES)
    version = initiator.addressed(wire.LookupVersion())
    assert isinstance(version, wire.LookupVersion)
    assert version.to_agency_id == wire.ToAgencyId(agency_id=SchemeValue("BROKER"))
    wrapped = initiator.addressed(ExtMessage(service=wire.RenewAllItem()))
    assert isinstance(wrapped, ExtMessage)
    assert isinstance(wrapped.service, wire.RenewAllItem)
    assert wrapped.service.initiation_header is not None


def test_what_a_profile_wants_and_is_not_there_is_named() -> None:
    assert Parties().lacks(PROFILES["alma"]) == ("FromAgencyId", "ToAgencyId", "ApplicationProfileType")
    assert Parties().lacks(STANDARD) == ()


def test_a_request_id_is_of_the_kind_that_is_read() -> None:
    initiator = NcipClient("https://127.0.0.1:1", PROFILES["worldshare"], parties=PARTIES)
    named = initiator.request_id("77")
    assert named.request_identifier_type == SchemeValue("ILL Request Id")
    assert named.agency_id is not None
    assert named.agency_id.value == "ABER"


@pytest.mark.parametrize(
    "address",
    ["ftp://x", "tcp://host", "tcp://host:1/path", "http://", "http://u:secret@host/", "http://host:99999999/", "x"],
)
def test_what_is_no_address_is_refused_without_being_quoted(address: str) -> None:
    with pytest.raises(ValueError, match=r"address|tcp://") as wrong:
        place(address)
    assert "secret" not in str(wrong.value)


def test_a_problem_in_words() -> None:
    assert problem_words(Problem()) == "a problem of no type"
