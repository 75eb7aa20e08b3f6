"""Who may bind and how, and what a failed bind leaves behind."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import uvloop

from gateway.canonical.vocabulary import IdentifierType, PatronStatus
from library_protocols.ldap import (
    BindRequest,
    Control,
    ExtendedRequest,
    Result,
    ResultCode,
    Sasl,
    SearchRequest,
    Simple,
)
from library_protocols.ldap.facts import oids
from tests.gateway.adapters.ldap.asking import BASE, SECONDS, search
from tests.gateway.adapters.ldap.conftest import (
    ABER,
    ANN,
    BANGOR,
    PASSWORD,
    PIN,
    READER,
    SETTINGS,
    TREES,
    Listening,
    configuration,
    patron,
    serving,
)


async def test_an_account_binds_and_is_told_who_it_is(listening: Listening) -> None:
    client = await listening.connect()
    assert await client.who_am_i() == ""
    assert await client.bind("CN=Reader , DC=ABER,dc=demo", PASSWORD) == ResultCode.SUCCESS
    assert await client.who_am_i() == f"dn:{READER}"


async def test_a_patron_binds_by_pin(listening: Listening) -> None:
    client = await listening.connect()
    assert await client.bind(ANN, PIN) == ResultCode.SUCCESS
    assert await client.who_am_i() == f"dn:{ANN}"
    (context,) = {(one.member, one.protocol, one.terminal) for one in listening.desk.contexts}
    assert context == ("aber", "ldap", "ldap 127.0.0.1")


async def test_a_patron_who_binds_by_another_name_is_the_same_patron(listening: Listening) -> None:
    client = await listening.connect()
    assert await client.bind(f"uid=AJones,ou=People,{ABER}", PIN) == ResultCode.SUCCESS
    assert await client.who_am_i() == f"dn:{ANN}"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        (READER, "wrong"),
        (f"cn=nobody,{ABER}", PASSWORD),
        (f"cn=far,{ABER}", PASSWORD),
        ("cn=reader,dc=elsewhere", PASSWORD),
        ("cn=reader,ou=people,dc=aber,dc=demo", PASSWORD),
        (f"cn=few,{BANGOR}", PASSWORD),
        (ABER, PASSWORD),
        (ANN, "9999"),
        (ANN, PASSWORD),
        (f"uid=20199999,ou=people,{ABER}", PIN),
        (f"uid=20300001,ou=people,{ABER}", PIN),
        (f"uid=20100001,ou=people,{BANGOR}", PIN),
        (f"uid=20100005,ou=people,{ABER}", PIN),
        ("uid=20100001,ou=people,dc=elsewhere", PIN),
        ("", "something"),
    ],
)
async def test_every_wrong_bind_looks_the_same(listening: Listening, name: str, password: str) -> None:
    client = await listening.connect()
    result = await client.result(BindRequest(3, name, Simple(password.encode())))
    assert result == Result(int(ResultCode.INVALID_CREDENTIALS))
    assert await client.who_am_i() == ""


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (BindRequest(2, READER, Simple(PASSWORD.encode())), ResultCode.PROTOCOL_ERROR),
        (BindRequest(4, READER, Simple(PASSWORD.encode())), ResultCode.PROTOCOL_ERROR),
        (BindRequest(3, READER, Simple(b"")), ResultCode.UNWILLING_TO_PERFORM),
        (BindRequest(3, "", Sasl("PLAIN", b"\0a\0b")), ResultCode.AUTH_METHOD_NOT_SUPPORTED),
        (BindRequest(3, "reader@aber.example", Simple(b"x")), ResultCode.INVALID_DN_SYNTAX),
        (BindRequest(3, "", Simple(b"")), ResultCode.SUCCESS),
    ],
)
async def test_binds_of_other_kinds(listening: Listening, request_: BindRequest, code: ResultCode) -> None:
    client = await listening.connect(READER)
    assert await client.code(request_) == code
    assert await client.who_am_i() == "", "a bind that fails leaves nobody bound"


async def test_a_bind_with_a_critical_control_is_refused(listening: Listening) -> None:
    client = await listening.connect(READER)
    request = BindRequest(3, READER, Simple(PASSWORD.encode()))
    assert await client.code(request, Control("1.2.3", True)) == ResultCode.UNAVAILABLE_CRITICAL_EXTENSION
    assert await client.who_am_i() == ""
    assert await client.code(request, Control(oids.PASSWORD_POLICY)) == ResultCode.SUCCESS


async def test_passwords_in_clear_are_refused(listening: Listening) -> None:
    listening.settle(clear_binds=False)
    client = await listening.connect()
    assert await client.bind(READER, PASSWORD) == ResultCode.CONFIDENTIALITY_REQUIRED
    assert await client.bind(ANN, PIN) == ResultCode.CONFIDENTIALITY_REQUIRED
    assert await client.bind() == ResultCode.SUCCESS
    assert listening.desk.asked == []
    encrypted = await listening.connect_tls()
    assert await encrypted.bind(READER, PASSWORD) == ResultCode.SUCCESS


async def test_start_tls_protects_what_follows(listening: Listening) -> None:
    listening.settle(clear_binds=False)
    client = await listening.connect()
    assert await client.start_tls(listening.trusting()) == ResultCode.SUCCESS
    assert await client.bind(READER, PASSWORD) == ResultCode.SUCCESS
    assert await client.code(ExtendedRequest(oids.START_TLS)) == ResultCode.OPERATIONS_ERROR
    assert len((await client.search("ou=people," + ABER, scope=1)).entries) == 7


def test_start_tls_on_the_loop_that_serves(
    server_tls: tuple[Path, ssl.SSLContext], executor: ThreadPoolExecutor
) -> None:
    async def ask() -> None:
        async with serving(server_tls, SETTINGS, executor) as listening:
            client = await listening.connect()
            assert await client.start_tls(listening.trusting()) == ResultCode.SUCCESS
            assert await client.bind(READER, PASSWORD) == ResultCode.SUCCESS
            assert len((await client.search(scope=2)).entries) == 10
            encrypted = await listening.connect_tls()
            assert await encrypted.bind(ANN, PIN) == ResultCode.SUCCESS

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(ask())


async def test_what_was_slipped_in_before_tls_is_never_done(listening: Listening) -> None:
    client = await listening.connect()
    number = client.send(ExtendedRequest(oids.START_TLS))
    client.send(BindRequest(3, READER, Simple(PASSWORD.encode())))
    (answer,) = await client.answers(number)
    assert answer.op.result.code == 0  # pyright: ignore[reportAttributeAccessIssue]
    await client.writer.start_tls(listening.trusting(), server_hostname="localhost")
    assert await client.who_am_i() == ""
    assert client.waiting == []


async def test_start_tls_waits_for_nothing_and_is_not_offered_over_tls(listening: Listening) -> None:
    listening.desk.gate = asyncio.Event()
    client = await listening.connect(READER)
    running = client.send(search_live())
    await listening.desk.reached.wait()
    assert await client.code(ExtendedRequest(oids.START_TLS)) == ResultCode.OPERATIONS_ERROR
    listening.desk.gate.set()
    assert len(await client.answers(running)) == 2
    encrypted = await listening.connect_tls()
    assert await encrypted.code(ExtendedRequest(oids.START_TLS)) == ResultCode.OPERATIONS_ERROR


def search_live() -> SearchRequest:
    """What the platform must be asked for."""
    return search(ANN, "(objectClass=*)", "libraryBlock", scope=BASE)


async def test_a_bind_abandons_what_was_asked_before(listening: Listening) -> None:
    listening.desk.gate = asyncio.Event()
    client = await listening.connect(READER)
    client.send(search_live())
    await listening.desk.reached.wait()
    gate, listening.desk.gate = listening.desk.gate, None
    assert await client.bind(ANN, PIN) == ResultCode.SUCCESS
    gate.set()
    assert await client.who_am_i() == f"dn:{ANN}"
    assert client.waiting == []


async def test_a_platform_that_is_away_is_no_wrong_pin(listening: Listening) -> None:
    listening.desk.away = True
    client = await listening.connect()
    assert await client.bind(ANN, PIN) == ResultCode.UNAVAILABLE


@pytest.mark.parametrize("status", [PatronStatus.INACTIVE, PatronStatus.DELETED])
async def test_a_patron_whom_the_platform_has_switched_off_is_not_let_in(
    listening: Listening, status: PatronStatus
) -> None:
    off = patron("p50", [(IdentifierType.BARCODE, "20100050")]).model_copy(update={"status": status})
    listening.desk.know("aber", off)
    client = await listening.connect()
    assert await client.bind(f"uid=20100050,ou=people,{ABER}", PIN) == ResultCode.INVALID_CREDENTIALS


async def test_somebody_else_with_the_same_identifier_is_not_taken_for_the_patron(listening: Listening) -> None:
    """The register has an ajones who is another patron of the platform than the one who has bound."""
    listening.desk.know("aber", patron("p77", [(IdentifierType.USERNAME, "ajones")], "Another Jones"))
    client = await listening.connect()
    assert await client.bind(f"uid=ajones,ou=people,{ABER}", PIN) == ResultCode.SUCCESS
    found = await client.search()
    assert [entry["cn"] for entry in found.entries.values()] == [["Another Jones"]]


async def test_a_patron_whom_the_register_does_not_hold_reads_what_the_platform_says(listening: Listening) -> None:
    listening.desk.know("aber", patron("p60", [(IdentifierType.BARCODE, "20100060")], "Only There"))
    client = await listening.connect()
    name = f"uid=20100060,ou=people,{ABER}"
    assert await client.bind(name, PIN) == ResultCode.SUCCESS
    found = await client.search(name, scope=0)
    assert found.entries[name]["cn"] == ["Only There"]
    assert found.entries[name]["libraryCategory"] == ["PUB"]


async def test_where_patrons_do_not_bind_nobody_asks_the_desk(listening: Listening) -> None:
    listening.settle(trees={**TREES, "aber": replace(TREES["aber"], patron_binds=False)})
    client = await listening.connect()
    assert await client.bind(ANN, PIN) == ResultCode.INVALID_CREDENTIALS
    assert listening.desk.asked == []


async def test_guesses_at_an_account_are_slowed_down(listening: Listening) -> None:
    config = configuration()
    limits = config.limits.model_copy(update={"login_failures": 2, "login_backoff_seconds": 60.0})
    listening.door.service._accounts.replace(config.model_copy(update={"limits": limits}))
    client = await listening.connect()
    for _ in range(2):
        assert await client.bind(READER, "wrong") == ResultCode.INVALID_CREDENTIALS
    assert await client.bind(READER, PASSWORD) == ResultCode.INVALID_CREDENTIALS
    assert await client.bind(f"cn=few,{ABER}", PASSWORD) == ResultCode.SUCCESS


async def test_a_bind_goes_on_when_its_connection_is_lost(listening: Listening) -> None:
    listening.desk.gate = asyncio.Event()
    client = await listening.connect()
    client.send(BindRequest(3, ANN, Simple(b"9999")))
    await listening.desk.reached.wait()
    reset = struct.pack("ii", 1, 0)  # what is closed now is closed at once, without a goodbye
    client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
    client.writer.transport.abort()
    (bind,) = listening.door._binds
    drained = asyncio.create_task(listening.door.drain())
    async with asyncio.timeout(SECONDS):
        while listening.door.links.open:  # noqa: ASYNC110  the transport tells nobody but its protocol
            await asyncio.sleep(0.01)
    assert not bind.done()
    listening.desk.gate.set()
    await drained
    assert bind.done()
    assert not bind.cancelled()
