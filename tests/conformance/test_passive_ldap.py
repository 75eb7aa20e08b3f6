"""Recordings of programs that ask a directory, and of directories, are judged."""

from __future__ import annotations

import json
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.exchanges.record import RecordMaker
from library_conformance.catalogue import requirements_of
from library_conformance.listeners.ldap import LIBERTIES
from library_conformance.model import Role
from library_conformance.passive import KEPT, judge, links_of
from library_conformance.passive_rules import Side, rules_of
from library_protocols.ldap import (
    AbandonRequest,
    AddRequest,
    AddResponse,
    BindRequest,
    BindResponse,
    CompareRequest,
    CompareResponse,
    Control,
    DelRequest,
    DelResponse,
    Equality,
    ExtendedRequest,
    ExtendedResponse,
    LdapMessage,
    ModifyDnRequest,
    ModifyDnResponse,
    ModifyRequest,
    ModifyResponse,
    PagedResults,
    Request,
    Response,
    Result,
    Scope,
    SearchRequest,
    SearchResultDone,
    SearchResultEntry,
    Simple,
    UnbindRequest,
    UnknownFilter,
    encode,
    mask,
    parse_filter,
)
from library_protocols.ldap.facts import oids
from tests.conformance.recordings import Talk, recording
from tests.gateway.adapters.ldap.conftest import ABER, SETTINGS, serving
from tests.gateway.adapters.ldap.conftest import READER as LDAP_READER

BASE = "dc=library,dc=example"
READER = BindRequest(3, f"cn=reader,{BASE}", Simple(b"secret"))
ANN = SearchRequest(BASE, Scope.SUB, 0, 2, 10, False, parse_filter("(uid=ann)"), ("cn",))
ENTRY = SearchResultEntry(f"uid=ann,{BASE}", (("cn", (b"Ann Jones",)),))
OTHER = SearchResultEntry(f"uid=anna,{BASE}", (("cn", (b"Anna Jones",)),))
AS_ANN = BindRequest(3, ENTRY.dn, Simple(b"1234"))
EVERYBODY = replace(ANN, filter=parse_filter("(objectClass=person)"), size_limit=0)
NOTICE = ExtendedResponse(Result(52), oids.NOTICE_OF_DISCONNECTION)
TLS = ExtendedRequest(oids.START_TLS)


def ask(number: int, op: Request, *controls: Control) -> tuple[str, bytes]:
    return ">", encode(LdapMessage(number, op, controls))


def say(number: int, op: Response, *controls: Control) -> tuple[str, bytes]:
    return "<", encode(LdapMessage(number, op, controls))


def bound(number: int, op: BindRequest = READER, code: int = 0) -> Talk:
    return [ask(number, op), say(number, BindResponse(Result(code)))]


def search(number: int, *entries: SearchResultEntry, op: SearchRequest = ANN, code: int = 0, **more: bytes) -> Talk:
    """A search and what was found; `asks` and `tells` are cookies."""
    asks = (PagedResults(2, more["asks"]).control(),) if "asks" in more else ()
    tells = (PagedResults(0, more["tells"]).control(),) if "tells" in more else ()
    done = say(number, SearchResultDone(Result(code)), *tells)
    return [ask(number, op, *asks), *(say(number, entry) for entry in entries), done]


LEAVES: Talk = [ask(99, UnbindRequest()), ("left", b"")]
PAGES: Talk = [
    *search(2, ENTRY, OTHER, op=EVERYBODY, asks=b"", tells=b"\x001"),
    *search(3, ENTRY, op=EVERYBODY, asks=b"\x001", tells=b""),
]
GOOD: Talk = [
    *bound(1), *PAGES, *search(4, ENTRY), *bound(5, AS_ANN, 49), *bound(6),
    ask(7, EVERYBODY), ask(8, AbandonRequest(7)), *search(9, code=51), ("wait", b"2"), *search(10, ENTRY),
    *search(11, ENTRY, op=replace(ANN, types_only=True, attributes=("1.1",)))[:1], say(11, SearchResultDone(Result())),
    ask(12, CompareRequest(ENTRY.dn, "userPassword", b"1234")), say(12, CompareResponse(Result(6))),
    ask(13, DelRequest(ENTRY.dn)), say(13, DelResponse(Result(53))),
    *bound(14, replace(READER, name="", authentication=Simple(b""))), *LEAVES,
]  # fmt: skip


def said_of(lines: list[str], side: Side = Side.CLIENT, *, whole: bool = False) -> dict[str, str]:
    made = judge(links_of(lines, "ldap", whole=whole), "ldap", [side])
    return {one.rule.requirement: one.worst[1].observation if one.worst else KEPT for one in made if one.findings}


@pytest.mark.parametrize(("side", "least"), [(Side.CLIENT, 16), (Side.SERVER, 9)])
def test_what_is_in_order_is_kept_everywhere(side: Side, least: int) -> None:
    said = said_of(recording(GOOD, encrypted=True), side)
    assert {name: one for name, one in said.items() if one != KEPT} == {}
    assert len(said) >= least


CLIENTS: dict[str, tuple[Talk, str]] = {
    "ldap.client.message": ([(">", b"\x30\x03\x02\x01\x01")], "what is no request"),
    "ldap.client.message-id": ([ask(3, ANN), ask(3, EVERYBODY)], "the number of a request that is still open"),
    "ldap.client.version": (bound(1, replace(READER, version=2)), "another version than 3"),
    "ldap.client.bind-alone": ([ask(1, READER), ask(2, ANN)], "spoke before the bind was answered"),
    "ldap.client.no-empty-password": (
        bound(1, replace(AS_ANN, authentication=Simple(b"")), 53),
        "a name with an empty password",
    ),
    "ldap.client.password-in-clear": (bound(1), "a password over a connection in clear"),
    "ldap.client.start-tls.alone": ([ask(1, ANN), ask(2, TLS)], "StartTLS while other requests were open"),
    "ldap.client.start-tls.refused": (
        [ask(1, TLS), say(1, ExtendedResponse(Result(2), oids.START_TLS)), *bound(2)],
        "a password in clear, though TLS was asked for",
    ),
    "ldap.client.bind-result": ([*bound(1, code=49), *search(2, ENTRY)], "went on as if it had been let in"),
    "ldap.client.one-entry": (
        [*search(1, ENTRY, OTHER, code=4), *bound(2, AS_ANN)],
        "tried a password at one of several",
    ),
    "ldap.client.base": (search(1, op=replace(ANN, base="everywhere")), "a base that is no name"),
    "ldap.client.filter": (
        [ask(1, replace(ANN, filter=UnknownFilter(31, b"\x9f\x1f\x00")))],
        "a filter that no document defines",
    ),
    "ldap.client.filter.plain-values": (
        search(1, op=replace(ANN, filter=Equality("uid", b"a\\2a"))),
        "escapes that are for filters written as text",
    ),
    "ldap.client.attributes": (
        search(1, ENTRY, op=replace(ANN, attributes=())),
        "asked for everything that is known of people",
    ),
    "ldap.client.paging.cookie": (
        [*PAGES[:4], *search(3, op=EVERYBODY, asks=b"mine")],
        "a cookie that nobody gave",
    ),
    "ldap.client.paging.same": (
        [*PAGES[:4], *search(3, op=ANN, asks=b"\x001")],
        "another search with the cookie of the first",
    ),
    "ldap.client.paging.goes-on": ([*PAGES[:4], *PAGES[:4]], "began again where there was another page"),
    "ldap.client.referral-loop": (
        [one for number in (1, 2, 3) for one in search(number, code=10)],
        "asked the same again and again after a referral",
    ),
    "ldap.client.busy": ([*search(1, code=51), *search(2, ENTRY)], "asked again at once"),
    "ldap.client.notice": ([ask(1, ANN), say(0, NOTICE), ask(2, ANN)], "spoke on after a notice of disconnection"),
    "ldap.client.unbind": ([*search(1, ENTRY), ("left", b"")], "left without unbind"),
    "ldap.client.unbind.last": ([ask(1, UnbindRequest()), ask(2, ANN)], "spoke on after unbind"),
    "ldap.client.abandon": ([ask(1, READER), ask(2, AbandonRequest(1))], "abandoned what cannot be"),
}
DIRECTORIES: dict[str, tuple[Talk, str]] = {
    "ldap.frame.message": ([ask(1, ANN), say(1, BindResponse(Result()))], "a response to something else"),
    "ldap.frame.message-id": ([ask(1, ANN), say(7, SearchResultDone(Result()))], "a response to nothing that was open"),
    "ldap.frame.unbind": ([ask(1, UnbindRequest()), say(1, BindResponse(Result()))], "unbind was answered"),
    "ldap.frame.abandon": ([ask(1, AbandonRequest(7)), say(1, BindResponse(Result()))], "abandon was answered"),
    "ldap.bind.unauthenticated": (
        bound(1, replace(READER, authentication=Simple(b""))),
        "let in without a password",
    ),
    "ldap.bind.version": (bound(1, replace(READER, version=4), 49), "another version, not a protocol error"),
    "ldap.bind.in-clear": (bound(1), "a password in clear was taken"),
    "ldap.search.scope.base": (
        search(1, ENTRY, OTHER, op=replace(ANN, scope=Scope.BASE)),
        "several entries of one name",
    ),
    "ldap.search.size-limit": (search(1, ENTRY, OTHER, OTHER), "more entries than the client wants"),
    "ldap.paging.size": (
        search(1, ENTRY, OTHER, OTHER, op=EVERYBODY, asks=b""),
        "more entries than a page has",
    ),
    "ldap.search.attributes.none": (
        search(1, ENTRY, op=replace(ANN, attributes=("1.1",))),
        "attributes that nobody asked for",
    ),
    "ldap.search.types-only": (
        search(1, ENTRY, op=replace(ANN, types_only=True)),
        "values, though only types were asked for",
    ),
    "ldap.privacy.password": (
        search(1, replace(ENTRY, attributes=(("userPassword", (b"{SSHA}x",)),))),
        "passwords are shown",
    ),
    "ldap.compare.true-false": (
        [ask(1, CompareRequest(ENTRY.dn, "cn", b"Ann")), say(1, CompareResponse(Result()))],
        "neither true nor false",
    ),
    "ldap.write.add": ([ask(1, AddRequest("cn=x", ())), say(1, AddResponse(Result()))], "taken"),
    "ldap.write.modify": ([ask(1, ModifyRequest("cn=x", ())), say(1, ModifyResponse(Result()))], "taken"),
    "ldap.write.delete": ([ask(1, DelRequest("cn=x")), say(1, DelResponse(Result()))], "taken"),
    "ldap.write.rename": (
        [ask(1, ModifyDnRequest("cn=x", "cn=y", True)), say(1, ModifyDnResponse(Result()))],
        "taken",
    ),
}


@pytest.mark.parametrize("requirement", CLIENTS)
def test_programs_that_deviate_are_found_out(requirement: str) -> None:
    talk, observation = CLIENTS[requirement]
    assert said_of(recording(talk))[requirement] == observation


@pytest.mark.parametrize("requirement", DIRECTORIES)
def test_directories_that_deviate_are_found_out(requirement: str) -> None:
    talk, observation = DIRECTORIES[requirement]
    assert said_of(recording(talk), Side.SERVER)[requirement] == observation


def test_every_rule_finds_somebody_out() -> None:
    assert {one.requirement for one in rules_of("ldap", [Side.CLIENT])} == set(CLIENTS)
    assert {one.requirement for one in rules_of("ldap", [Side.SERVER])} == set(DIRECTORIES)


def test_every_requirement_of_programs_is_looked_at_or_says_why_not() -> None:
    looked_at = {*CLIENTS, *LIBERTIES.values()}
    testable = {row.id for row in requirements_of("ldap") if row.role is Role.CLIENT and row.testable}
    assert testable == looked_at


@pytest.mark.parametrize("requirement", sorted({*CLIENTS} - {"ldap.client.filter.plain-values", "ldap.client.message"}))
def test_what_is_covered_is_judged_alike_or_not_at_all(requirement: str) -> None:
    """The gateway's record shows no names, values and passwords."""
    talk, observation = CLIENTS[requirement]
    shown = [(mark, mask(octets) or b"" if mark in "<>" else octets) for mark, octets in talk]
    assert said_of(recording(shown)).get(requirement, observation) == observation


@pytest.mark.parametrize("side", list(Side))
def test_covered_recordings_of_what_is_in_order_show_nothing_wrong(side: Side) -> None:
    shown = [(mark, mask(octets) or b"" if mark in "<>" else octets) for mark, octets in GOOD]
    assert {one for one in said_of(recording(shown, encrypted=True), side).values() if one != KEPT} == set()


async def test_what_the_gateway_recorded_of_a_program_is_judged() -> None:
    """As `gateway tail --json` shows it."""
    with ThreadPoolExecutor(1) as threads:
        async with serving((Path(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)), SETTINGS, threads) as door:
            client = await door.connect(LDAP_READER)
            await client.search(ABER, "(uid=20100001)", "cn")
            assert await client.bind(f"uid=20100001,ou=people,{ABER}", "") == 53
            await client.close()
            exchanges = door.recorded.exchanges
    maker = RecordMaker({"ldap": mask}, b"secret")
    lines = [json.dumps(maker.make(one), default=str) for one in exchanges]
    said = said_of(lines, whole=True)
    assert {name: one for name, one in said.items() if one != KEPT} == {
        "ldap.client.no-empty-password": "a name with an empty password",
    }
    assert len(said) >= 8
    assert set(said_of(lines, Side.SERVER, whole=True).values()) == {KEPT}
