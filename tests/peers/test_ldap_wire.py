"""The codec against slapd: what it sends is read, written again octet by octet, and means what it should."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from library_protocols.ldap import (
    BindRequest,
    BindResponse,
    CompareRequest,
    CompareResponse,
    Control,
    ExtendedRequest,
    ExtendedResponse,
    Framer,
    IntermediateResponse,
    LdapMessage,
    PagedResults,
    PasswordPolicy,
    PolicyError,
    Request,
    ResultCode,
    SearchRequest,
    SearchResultDone,
    SearchResultEntry,
    Simple,
    SyncDone,
    SyncInfo,
    SyncRequest,
    SyncState,
    SyncStateKind,
    UnbindRequest,
    decode,
    encode,
    find_control,
    inspect,
    mask,
    parse_filter,
    password_policy_request,
)
from library_protocols.ldap.facts import oids
from tests.slapd import LOCKOUT, PEOPLE, READER, READER_PASSWORD, SUFFIX, Slapd, person

COUNT = 20


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    server = Slapd.start(tmp_path_factory.mktemp("slapd"), people=COUNT, lockout=True)
    yield server
    server.stop()


class Wire:
    """A socket, and the messages that come over it."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self.framer = Framer(1 << 24)
        self.last = 0

    def ask(self, op: Request, *controls: Control) -> list[LdapMessage]:
        """All answers to a request, the final one last; each was read and written again without a difference."""
        self.last += 1
        self.link.sendall(encode(LdapMessage(self.last, op, controls)))
        found: list[LdapMessage] = []
        while not found or not hasattr(found[-1].op, "result"):
            for octets in self.framer.receive(self.link.recv(65_536)):
                message = decode(octets)
                assert encode(message) == octets
                assert inspect(octets).remarks == ()
                covered = mask(octets)
                assert covered is not None
                assert message.message_id == self.last
                found.append(message)
        return found

    def bind(self, name: str = READER, password: str = READER_PASSWORD, *controls: Control) -> LdapMessage:
        return self.ask(BindRequest(3, name, Simple(password.encode())), *controls)[-1]


@contextmanager
def wire(slapd: Slapd) -> Iterator[Wire]:
    with socket.create_connection(("127.0.0.1", slapd.ldap_port), 10) as link:
        link.settimeout(10)
        one = Wire(link)
        yield one
        link.sendall(encode(LdapMessage(99, UnbindRequest())))


def search(filter_: str, *attributes: str, base: str = SUFFIX, scope: int = 2) -> SearchRequest:
    return SearchRequest(base, scope, 0, 0, 0, False, parse_filter(filter_), attributes)


def entries(messages: list[LdapMessage]) -> list[SearchResultEntry]:
    return [message.op for message in messages if isinstance(message.op, SearchResultEntry)]


def test_the_root_and_the_schema(slapd: Slapd) -> None:
    with wire(slapd) as link:
        (root,) = entries(link.ask(search("(objectClass=*)", "*", "+", base="", scope=0)))
        facts = {name: set(values) for name, values in root.attributes}
        assert SUFFIX.encode() in facts["namingContexts"]
        assert {oid.encode() for oid in (oids.PAGED_RESULTS, oids.SYNC_REQUEST)} <= facts["supportedControl"]
        named = {value.decode() for value in facts["supportedControl"] | facts["supportedExtension"]}
        assert oids.WHO_AM_I in named
        link.bind()
        (schema,) = entries(link.ask(search("(objectClass=subschema)", "+", base="cn=Subschema", scope=0)))
        assert len(dict(schema.attributes)["attributeTypes"]) > 100


def test_every_kind_of_filter_means_to_slapd_what_it_means_here(slapd: Slapd) -> None:
    one = person(3)
    login = one.login
    given = one.attributes["givenName"][0]
    finds = [
        f"(uid={login})", f"(uid={login[:4]}*{login[-2:]})", f"(uid=*{login[2:]})", f"(uid={login.upper()})",
        f"(&(uid={login})(!(mail=nobody)))", f"(|(uid=nobody)(uid={login}))", f"(uid:caseIgnoreMatch:={login})",
        f"(&(employeeNumber={one.attributes['employeeNumber'][0]})(|(uid=*)))", f"(&(uid={login})(givenName~={given}))",
        f"(&(uid={login})(schacExpiryDate>=20300101000000Z)(schacExpiryDate<=20301231235959Z))",
        f"(&(uid={login})(&))", f"(&(ou:dn:=people)(uid={login}))",
    ]  # fmt: skip
    with wire(slapd) as link:
        link.bind()
        for text in finds:
            assert [entry.dn for entry in entries(link.ask(search(text, "uid")))] == [one.dn], text
        assert entries(link.ask(search("(|)"))) == []
        assert len(entries(link.ask(search("(&(ou:dn:=people)(uid=*))", "1.1")))) == COUNT


def test_compare_and_who_am_i(slapd: Slapd) -> None:
    one = person(1)
    with wire(slapd) as link:
        link.bind()
        for value, code in ((one.login, ResultCode.COMPARE_TRUE), ("nobody", ResultCode.COMPARE_FALSE)):
            op = link.ask(CompareRequest(one.dn, "uid", value.encode()))[-1].op
            assert isinstance(op, CompareResponse)
            assert op.result.code == code
        op = link.ask(ExtendedRequest(oids.WHO_AM_I))[-1].op
        assert isinstance(op, ExtendedResponse)
        assert op.value == f"dn:{READER}".encode()


def test_pages(slapd: Slapd) -> None:
    found: list[str] = []
    with wire(slapd) as link:
        link.bind()
        cookie = b""
        while True:
            messages = link.ask(search("(uid=*)", "uid"), PagedResults(7, cookie).control(critical=True))
            found += [entry.dn for entry in entries(messages)]
            control = find_control(messages[-1].controls, oids.PAGED_RESULTS)
            assert control is not None
            cookie = PagedResults.read(control).cookie
            if not cookie:
                break
    assert len(found) == len(set(found)) == COUNT


def test_a_lock_is_told_by_the_password_policy(slapd: Slapd) -> None:
    one = person(2)
    with wire(slapd) as link:
        for _ in range(LOCKOUT):
            link.bind(one.dn, "wrong", password_policy_request())
        answer = link.bind(one.dn, one.password, password_policy_request())
    assert isinstance(answer.op, BindResponse)
    assert answer.op.result.code == ResultCode.INVALID_CREDENTIALS
    control = find_control(answer.controls, oids.PASSWORD_POLICY)
    assert control is not None
    assert PasswordPolicy.read(control).error == PolicyError.ACCOUNT_LOCKED


def test_synchronization(slapd: Slapd) -> None:
    asked = search("(uid=*)", "uid", base=PEOPLE)
    with wire(slapd) as link:
        link.bind()
        messages = link.ask(asked, SyncRequest().control())
        states = [
            SyncState.read(control)
            for message in messages[:-1]
            if (control := find_control(message.controls, oids.SYNC_STATE)) is not None
        ]
        assert {state.state for state in states} == {SyncStateKind.ADD}
        assert {str(uuid.UUID(bytes=state.entry_uuid)) for state in states} == {
            person(number).key for number in range(1, COUNT + 1)
        }
        done = find_control(messages[-1].controls, oids.SYNC_DONE)
        assert done is not None
        cookie = SyncDone.read(done).cookie
        assert cookie
        slapd.modify(person(5).dn, "mail", "other@campus.example")
        messages = link.ask(asked, SyncRequest(cookie=cookie).control())
        assert [entry.dn for entry in entries(messages)] == [person(5).dn]
        for message in messages:
            if isinstance(message.op, IntermediateResponse):
                assert SyncInfo.read(message.op).kind
        assert isinstance(messages[-1].op, SearchResultDone)
        assert messages[-1].op.result.code == ResultCode.SUCCESS
