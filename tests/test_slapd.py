"""The private slapd and the bad network of the tests do what they say."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.bad_network import Relay, SilentServer
from tests.slapd import ADMIN, Slapd, person


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    server = Slapd.start(tmp_path_factory.mktemp("slapd"), people=5)
    yield server
    server.stop()


def test_people_are_as_generated(slapd: Slapd) -> None:
    found = slapd.search("(uid=u000002)", "entryUUID", "employeeNumber", "creatorsName")
    assert found.startswith(f"dn: {person(2).dn}\n")
    assert f"entryUUID: {person(2).key}\n" in found
    assert "employeeNumber: 10000002\n" in found
    assert f"creatorsName: {ADMIN}\n" in found


def test_people_change_come_and_go(slapd: Slapd) -> None:
    slapd.modify(person(3).dn, "mail", "new@campus.example", "other@campus.example")
    slapd.modify(person(3).dn, "departmentNumber")
    slapd.delete(person(4).dn)
    slapd.add(person(6))
    slapd.rename(person(5).dn, "uid=married")
    found = slapd.search("(objectClass=inetOrgPerson)", "mail", "departmentNumber")
    assert "mail: new@campus.example\nmail: other@campus.example\n\n" in found
    assert person(4).dn not in found
    assert person(6).dn in found
    assert "dn: uid=married," in found


def test_people_were_changed_when_it_is_told(tmp_path: Path) -> None:
    server = Slapd.start(tmp_path, people=2, changed=datetime(2018, 1, 1, tzinfo=UTC))
    try:
        assert "modifyTimestamp: 20180101002000Z\n" in server.search("(uid=u000001)", "modifyTimestamp")
        assert "modifyTimestamp: 20180101004000Z\n" in server.search("(uid=u000002)", "modifyTimestamp")
    finally:
        server.stop()


def test_it_proves_who_it_is(slapd: Slapd) -> None:
    context = ssl.create_default_context(cafile=str(slapd.authority))
    for name in ("localhost", "127.0.0.1"):
        with (
            socket.create_connection(("127.0.0.1", slapd.ldaps_port), 5) as plain,
            context.wrap_socket(plain, server_hostname=name) as secured,
        ):
            assert secured.version() == "TLSv1.3"


def test_an_expired_certificate_when_wanted(tmp_path: Path) -> None:
    server = Slapd.start(tmp_path, people=1, expired=True)
    try:
        context = ssl.create_default_context(cafile=str(server.authority))
        with (
            socket.create_connection(("127.0.0.1", server.ldaps_port), 5) as plain,
            pytest.raises(ssl.SSLCertVerificationError, match="expired"),
        ):
            context.wrap_socket(plain, server_hostname="localhost")
    finally:
        server.stop()


def test_what_was_written_survives_a_crash_of_the_program(tmp_path: Path) -> None:
    server = Slapd.start(tmp_path, people=3)
    try:
        server.modify(person(1).dn, "mail", "kept@campus.example")
        first = server.pid
        server.kill()
        server.restart()
        assert server.pid != first
        assert "mail: kept@campus.example" in server.search("(uid=u000001)", "mail")
    finally:
        server.stop()


def test_a_relay_cuts_where_it_is_told(slapd: Slapd) -> None:
    # What openssl would call an anonymous bind: version 3, no name, no password, and success without any text.
    bind = bytes.fromhex("300c020101600702010304008000")
    answer = bytes.fromhex("300c02010161070a010004000400")
    with Relay(slapd.ldap_port) as relay:
        with socket.create_connection(("127.0.0.1", relay.port), 5) as link:
            link.sendall(bind)
            assert link.recv(100) == answer
            relay.cut_after(5)
            link.sendall(bind)
            assert link.recv(100) == answer[:5]
            assert link.recv(100) == b""
        relay.cut_after(None)
        relay.silent = True
        with socket.create_connection(("127.0.0.1", relay.port), 5) as link:
            link.sendall(bind)
            link.settimeout(0.05)
            with pytest.raises(TimeoutError):
                link.recv(100)
        assert relay.accepted == 2


def test_a_silent_server_takes_everything_and_says_nothing() -> None:
    with SilentServer() as server, socket.create_connection(("127.0.0.1", server.port), 5) as link:
        link.sendall(b"anybody?")
        link.settimeout(0.05)
        with pytest.raises(TimeoutError):
            link.recv(1)
        assert server.accepted == 1
