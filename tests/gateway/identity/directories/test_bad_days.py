"""Directories on bad days: silent, refusing, forgotten by a firewall, or not who they say they are."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from gateway.identity.directories.port import DirectoryDown, Verdict
from tests.bad_network import Relay, SilentServer, closed_port
from tests.certificates import Authority
from tests.gateway.identity.directories.campus import HandClock, clear, settings
from tests.gateway.identity.directories.conftest import Open
from tests.slapd import Slapd


@pytest.mark.parametrize("security", ["verify", "starttls"])
async def test_a_stranger_s_authority_is_refused(slapd: Slapd, directory: Open, tmp_path: Path, security: str) -> None:
    stranger = Authority.create(tmp_path, "Stranger")
    servers = [slapd.secure_url if security == "verify" else slapd.url]
    campus = directory(settings(slapd, servers=servers, security=security, ca=stranger.file))
    with pytest.raises(DirectoryDown, match="not to be trusted") as down:
        await campus.authenticate("u000001", "pw-u000001", deadline=5)
    assert down.value.step == "tls"


async def test_so_is_one_that_only_the_machine_would_have_to_know(slapd: Slapd, directory: Open) -> None:
    with pytest.raises(DirectoryDown, match="not to be trusted"):
        await directory(settings(slapd, ca=None)).authenticate("u000001", "pw-u000001", deadline=5)


async def test_a_certificate_for_another_name_is_refused(slapd: Slapd, directory: Open) -> None:
    campus = directory(settings(slapd, server_name="ldap.campus.example"))
    with pytest.raises(DirectoryDown, match=r"not valid for 'ldap\.campus\.example'") as down:
        await campus.authenticate("u000001", "pw-u000001", deadline=5)
    assert down.value.step == "tls"
    by_address = settings(slapd, servers=[f"ldaps://127.0.0.1:{slapd.ldaps_port}"])
    assert (await directory(by_address).authenticate("u000001", "pw-u000001", deadline=5)).verdict is Verdict.RIGHT
    named = settings(slapd, servers=[f"ldaps://127.0.0.1:{slapd.ldaps_port}"], server_name="localhost")
    assert (await directory(named).authenticate("u000001", "pw-u000001", deadline=5)).verdict is Verdict.RIGHT


async def test_an_expired_certificate_is_refused(tmp_path: Path, directory: Open) -> None:
    server = Slapd.start(tmp_path, people=1, expired=True)
    try:
        with pytest.raises(DirectoryDown, match="expired"):
            await directory(settings(server)).authenticate("u000001", "pw-u000001", deadline=5)
    finally:
        server.stop()


async def test_clear_text_at_a_port_that_speaks_tls_is_no_answer(slapd: Slapd, directory: Open) -> None:
    campus = directory(clear(slapd, servers=[f"ldap://127.0.0.1:{slapd.ldaps_port}"]))
    with pytest.raises(DirectoryDown):
        await campus.authenticate("u000001", "pw-u000001", deadline=5)


async def test_tls_at_a_port_that_speaks_clear_text(slapd: Slapd, directory: Open) -> None:
    campus = directory(settings(slapd, servers=[f"ldaps://localhost:{slapd.ldap_port}"]))
    with pytest.raises(DirectoryDown, match=r"TLS failed|no answer in time") as down:
        await campus.authenticate("u000001", "pw-u000001", deadline=2)
    assert down.value.step == "tls"


@pytest.mark.parametrize("security", ["verify", "starttls", "none"])
async def test_a_silent_server_costs_one_deadline_and_the_next_caller_nothing(
    slapd: Slapd, directory: Open, security: str
) -> None:
    with SilentServer() as silent:
        host = "localhost" if security == "verify" else "127.0.0.1"
        scheme = "ldaps" if security == "verify" else "ldap"
        servers = [f"{scheme}://{host}:{silent.port}"]
        clock = HandClock()
        campus = directory(settings(slapd, servers=servers, security=security, deadline_seconds=0.3), clock)
        with pytest.raises(DirectoryDown, match="no answer in time"):
            await campus.authenticate("u000001", "pw-u000001", deadline=0.3)
        with pytest.raises(DirectoryDown, match="no server answered lately; the next try is in 30 seconds"):
            await campus.authenticate("u000001", "pw-u000001", deadline=0.3)
        assert silent.accepted == 1
        clock.seconds += 31
        tries = [campus.authenticate("u000001", "pw-u000001", deadline=0.3) for _ in range(5)]
        found = await asyncio.gather(*tries, return_exceptions=True)
        assert {type(one) for one in found} == {DirectoryDown}
        assert silent.accepted == 2  # one of the five found out for all
        await silent.deserted()  # what was given up is closed, though the server never spoke


async def test_others_go_on_while_one_directory_is_silent(slapd: Slapd, directory: Open) -> None:
    with SilentServer() as silent:
        servers = [f"ldap://127.0.0.1:{silent.port}"]
        dead, alive = directory(clear(slapd, servers=servers)), directory(clear(slapd))
        waiting = [asyncio.ensure_future(dead.authenticate("u000001", "x", deadline=10)) for _ in range(40)]
        try:
            for _ in range(5):
                assert (await alive.authenticate("u000002", "pw-u000002", deadline=5)).verdict is Verdict.RIGHT
            assert not any(one.done() for one in waiting)
        finally:
            for one in waiting:
                one.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)


async def test_the_loop_is_never_held_up(slapd: Slapd, directory: Open) -> None:
    with SilentServer() as silent:
        dead = directory(clear(slapd, servers=[f"ldap://127.0.0.1:{silent.port}"]))
        waiting = asyncio.ensure_future(dead.authenticate("u000001", "x", deadline=0.5))
        turns = 0
        while not waiting.done():
            await asyncio.sleep(0)
            turns += 1
        with pytest.raises(DirectoryDown):
            waiting.result()
        assert turns > 100


async def test_failover_within_the_deadline_and_back(slapd: Slapd, directory: Open) -> None:
    clock = HandClock()
    with SilentServer() as silent, Relay(slapd.ldap_port) as relay:
        servers = [f"ldap://127.0.0.1:{port}" for port in (silent.port, closed_port(), relay.port)]
        campus = directory(clear(slapd, servers=servers, deadline_seconds=1.5), clock)
        for _ in range(3):
            assert (await campus.authenticate("u000001", "pw-u000001", deadline=1.5)).verdict is Verdict.RIGHT
        assert silent.accepted == 1
        explained = await campus.explain("u000001", "pw-u000001", deadline=1.5)
        assert str(relay.port) in explained.steps[0].detail
        clock.seconds += 31
        explained = await campus.explain("u000001", "pw-u000001", deadline=1.5)
        assert silent.accepted == 2
        assert explained.verdict is Verdict.RIGHT
        assert [step.name for step in explained.steps if not step.ok] == ["service bind", "connect"]


async def test_a_server_that_refused_is_asked_again_when_there_is_no_other(tmp_path: Path, directory: Open) -> None:
    server = Slapd.start(tmp_path, people=1)
    try:
        campus = directory(clear(server), HandClock())
        assert (await campus.authenticate("u000001", "pw-u000001", deadline=5)).verdict is Verdict.RIGHT
        server.kill()
        with pytest.raises(DirectoryDown, match="Connection refused") as down:
            await campus.authenticate("u000001", "pw-u000001", deadline=5)
        assert down.value.step == "connect"
        server.restart()
        assert (await campus.authenticate("u000001", "pw-u000001", deadline=5)).verdict is Verdict.RIGHT
    finally:
        server.stop()


@pytest.mark.parametrize("death", ["cut", "silent"])
async def test_kept_connections_that_have_died_are_replaced_within_the_deadline(
    slapd: Slapd, directory: Open, death: str
) -> None:
    with Relay(slapd.ldap_port) as first, Relay(slapd.ldap_port) as second:
        servers = [f"ldap://127.0.0.1:{port}" for port in (first.port, second.port)]
        campus = directory(clear(slapd, servers=servers, deadline_seconds=2), HandClock())
        together = (campus.find(f"u00000{n}", deadline=5) for n in range(1, 5))
        assert [len(found) for found in await asyncio.gather(*together)] == [1, 1, 1, 1]
        assert (first.accepted, second.accepted) == (4, 0)
        if death == "cut":
            first.cut()
        else:
            first.silent = True
        assert (await campus.authenticate("u000001", "pw-u000001", deadline=2)).verdict is Verdict.RIGHT
        assert second.accepted == (0 if death == "cut" else 2)  # searched there, and bound there


async def test_a_rested_connection_is_not_trusted(slapd: Slapd, directory: Open) -> None:
    clock = HandClock()
    with Relay(slapd.ldap_port) as relay:
        campus = directory(clear(slapd, servers=[f"ldap://127.0.0.1:{relay.port}"]), clock)
        await campus.find("u000001", deadline=5)
        await campus.find("u000001", deadline=5)
        assert relay.accepted == 1
        clock.seconds += 61
        await campus.find("u000001", deadline=5)
        assert relay.accepted == 2  # a firewall may have forgotten the first one by now


async def test_a_bind_that_was_sent_is_never_repeated(slapd: Slapd, directory: Open) -> None:
    """The answer to the search goes through, the one to the bind does not: the password may have been counted."""
    with Relay(slapd.ldap_port) as first, Relay(slapd.ldap_port) as second:
        servers = [f"ldap://127.0.0.1:{port}" for port in (first.port, second.port)]
        campus = directory(clear(slapd, servers=servers, bind_as="template", bind_template="uid={login},dc=x"))
        first.cut_after(0)
        with pytest.raises(DirectoryDown, match="connection was lost") as down:
            await campus.authenticate("u000001", "pw-u000001", deadline=5)
        assert down.value.step == "bind"
        assert down.value.sent
        assert (first.accepted, second.accepted) == (1, 0)


async def test_a_name_of_many_servers_of_which_the_first_is_silent(
    slapd: Slapd, directory: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = socket.getaddrinfo

    def both(host: Any, port: Any, *rest: Any, **more: Any) -> list[Any]:
        if host != "ad.campus.example":
            return look_up(host, port, *rest, **more)
        return [entry for to in (silent.port, slapd.ldaps_port) for entry in look_up("127.0.0.1", to, *rest, **more)]

    with SilentServer() as silent:
        monkeypatch.setattr(socket, "getaddrinfo", both)
        config = settings(slapd, servers=["ldaps://ad.campus.example"], server_name="localhost")
        found = await directory(config).find("u000001", deadline=3)
        assert len(found) == 1
        assert silent.accepted == 1


async def test_a_drip_feeding_server_ends_with_the_deadline(slapd: Slapd, directory: Open) -> None:
    """Each octet resets a timeout that counts per read; the deadline does not care."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        try:
            for octet in bytes.fromhex("3084000000ff02") + bytes(200):
                writer.write(bytes([octet]))
                await writer.drain()
                await asyncio.sleep(0.05)
        except OSError:
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        campus = directory(clear(slapd, servers=[f"ldap://127.0.0.1:{port}"]))
        async with asyncio.timeout(5):
            with pytest.raises(DirectoryDown, match="no answer in time"):
                await campus.authenticate("u000001", "pw-u000001", deadline=0.5)
    finally:
        server.close()


@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        bytes.fromhex("300c020101610702010104000400")[:-1] + b"\xff\xff\xff",
        bytes.fromhex("30050201016100"),  # a bind response with nothing in it
        bytes.fromhex("300c02010161070a017f04000400"),  # result 127, which nobody has given a meaning
        bytes.fromhex("300c02012a61070a010004000400"),  # success, to message 42
        bytes.fromhex("30820000"),
        b"\0" * 100,
        b"",
    ],
)
async def test_what_is_no_ldap_is_a_directory_that_is_down(slapd: Slapd, directory: Open, octets: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(octets)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        campus = directory(clear(slapd, servers=[f"ldap://127.0.0.1:{port}"]))
        with pytest.raises(DirectoryDown):
            await campus.authenticate("u000001", "pw-u000001", deadline=2)
    finally:
        server.close()
