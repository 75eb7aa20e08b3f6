"""Limits and trouble at the door: sizes, silence, slowness, octets that are no message; each ends one connection."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest
import uvloop
from hypothesis import strategies as st

from gateway.adapters.ldap import server
from gateway.adapters.ldap.session import LONGEST_NAME
from gateway.exchanges.model import Exchange, Verdict
from library_protocols.ldap import (
    AbandonRequest,
    AddRequest,
    BindRequest,
    Change,
    Control,
    DelRequest,
    ExtendedRequest,
    LdapMessage,
    Modification,
    ModifyDnRequest,
    ModifyRequest,
    Request,
    Result,
    ResultCode,
    SearchResultDone,
    Simple,
    UnbindRequest,
    decode,
    encode,
)
from library_protocols.ldap.facts import oids
from library_protocols.ldap.mask import mask
from tests.gateway.adapters.ldap.asking import BASE, SECONDS, Client, found, search
from tests.gateway.adapters.ldap.conftest import ABER, ANN, PASSWORD, PIN, READER, SETTINGS, Listening, person, serving

PEOPLE = f"ou=people,{ABER}"
LIVE = search(ANN, "(objectClass=*)", "libraryBlock", scope=BASE)


async def still_serves(listening: Listening) -> None:
    """Whoever else asks is answered."""
    client = await listening.connect(READER)
    assert (await client.search(ANN, scope=BASE)).names == [ANN]


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x30\x80\x00\x00",
        b"\x30\x84\x7f\xff\xff\xff",
        b"\x30\x05\x02\x01\x01\x42\x01x",
        b"\x30\x05\x02\x01\x01\x4f\x00",
        b"\x30\x03\x02\x01\x01",
        b"\x30\x06\x04\x01\x01\x42\x00\x00",
        encode(LdapMessage(0, search())),
        encode(LdapMessage(1, SearchResultDone(Result()))),
    ],
)
async def test_what_is_no_request_ends_the_connection(listening: Listening, octets: bytes) -> None:
    client = await listening.connect()
    client.writer.write(octets)
    assert await client.notice() == ResultCode.PROTOCOL_ERROR
    assert listening.recorded.exchanges[-1].verdict is Verdict.BAD_INPUT
    await still_serves(listening)


async def test_filters_inside_one_another_have_an_end(listening: Listening) -> None:
    inner = bytes.fromhex("870b6f626a656374436c617373")  # (objectClass=*)
    for _ in range(5000):
        inner = b"\xa2\x84" + struct.pack(">I", len(inner)) + inner
    head = b"\x04\x00\x0a\x01\x00\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00"
    body = head + inner + b"\x30\x00"
    op = b"\x63\x84" + struct.pack(">I", len(body)) + body
    message = b"\x02\x01\x01" + op
    client = await listening.connect()
    client.writer.write(b"\x30\x84" + struct.pack(">I", len(message)) + message)
    assert await client.notice() == ResultCode.PROTOCOL_ERROR
    await still_serves(listening)


async def test_a_message_that_is_too_long_is_not_read(listening: Listening) -> None:
    listening.settle(message_bytes=2048)
    client = await listening.connect()
    client.writer.write(b"\x30\x82\x10\x00")
    assert await client.notice() == ResultCode.PROTOCOL_ERROR


async def test_what_came_before_something_that_is_no_message_is_answered(listening: Listening) -> None:
    client = await listening.connect()
    number = client.send(search("", scope=BASE))
    client.writer.write(b"\xff\xff")
    assert found(await client.answers(number)).names == [""]
    assert await client.notice() == ResultCode.PROTOCOL_ERROR


@hypothesis.given(st.lists(st.binary(max_size=60), max_size=4))
@hypothesis.settings(
    max_examples=60, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
async def test_any_octets_are_answered_or_end_the_connection(listening: Listening, parts: list[bytes]) -> None:
    listening.settle(request_seconds=0.05)  # what is taken for the beginning of a message is not waited for
    client = await Client.connect(listening.port)
    for part in parts:
        client.writer.write(part)
    client.writer.write(b"\xff\xff")
    with contextlib.suppress(ConnectionResetError):
        while await client.read() is not None:
            pass
    await client.close()


async def test_octets_one_by_one_are_the_same_message(listening: Listening) -> None:
    client = await listening.connect()
    for octet in encode(LdapMessage(7, search("", scope=BASE))):
        client.writer.write(bytes([octet]))
        await client.writer.drain()
        await asyncio.sleep(0)
    assert found(await client.answers(7)).names == [""]


@pytest.mark.parametrize(
    "request_",
    [
        AddRequest(ANN, (("cn", (b"x",)),)),
        ModifyRequest(ANN, (Modification(Change.REPLACE, "cn", (b"x",)),)),
        DelRequest(ANN),
        ModifyDnRequest(ANN, "uid=x", True),
        ExtendedRequest(oids.PASSWORD_MODIFY, b"\x30\x00"),
    ],
)
async def test_nothing_can_be_changed(listening: Listening, request_: Request) -> None:
    for client in (await listening.connect(), await listening.connect(READER), await listening.connect(ANN, PIN)):
        assert await client.code(request_) == ResultCode.UNWILLING_TO_PERFORM


async def test_extended_operations_that_are_not_offered(listening: Listening) -> None:
    client = await listening.connect(READER)
    for request in (ExtendedRequest("1.2.3"), ExtendedRequest(oids.CANCEL, b"x"), ExtendedRequest(oids.WHO_AM_I, b"x")):
        assert await client.code(request) == ResultCode.PROTOCOL_ERROR
    critical = Control("1.2.3", True)
    assert await client.code(ExtendedRequest(oids.WHO_AM_I), critical) == ResultCode.UNAVAILABLE_CRITICAL_EXTENSION


@pytest.mark.parametrize("value", ["\\ff", "\\00", "\\ed\\a0\\80", "", "a" * 50_000, "*", "\\2a", "%s{0}'--"])
async def test_names_and_passwords_that_are_no_text(listening: Listening, value: str) -> None:
    client = await listening.connect()
    too_long = len(value) > LONGEST_NAME
    wrong = ResultCode.INVALID_DN_SYNTAX if too_long else ResultCode.INVALID_CREDENTIALS
    nowhere = ResultCode.INVALID_DN_SYNTAX if too_long else ResultCode.NO_SUCH_OBJECT
    for name in (f"uid={value},{PEOPLE}", f"cn={value},{ABER}", f"uid={value},ou=people,dc={value}"):
        for password in (b"\xff\0", "ŵ".encode(), b"x" * 100_000):
            assert await client.code(BindRequest(3, name, Simple(password))) == wrong
    assert await client.bind(READER, PASSWORD) == 0
    for scope in (0, 1, 2):
        found = await client.search(f"uid={value},{PEOPLE}", scope=scope)
        assert (found.code, found.entries) == (nowhere, {})
    assert await client.compare(f"uid={value},{PEOPLE}", "cn", value) == nowhere
    assert (await client.search(PEOPLE, f"(|(uid={value.replace('*', chr(92) + '2a')})(!(cn=*)))", scope=1)).uids == []


@pytest.mark.parametrize("octets", [b"no hello of TLS", b"\x16\x03\x01\x00\x05hello", b""])
async def test_a_handshake_that_is_none_ends_the_connection(listening: Listening, octets: bytes) -> None:
    listening.settle(request_seconds=0.2)
    await no_handshake(listening, octets)


@pytest.mark.parametrize("octets", [b"no hello of TLS", b""])
def test_a_handshake_that_is_none_on_the_loop_that_serves(
    server_tls: tuple[Path, ssl.SSLContext], executor: ThreadPoolExecutor, octets: bytes
) -> None:
    async def ask() -> None:
        settings = replace(SETTINGS, request_seconds=0.2)
        async with serving(server_tls, settings, executor) as listening:
            await no_handshake(listening, octets)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(ask())


async def no_handshake(listening: Listening, octets: bytes) -> None:
    client = await listening.connect()
    assert await client.code(ExtendedRequest(oids.START_TLS)) == 0
    client.writer.write(octets)
    with contextlib.suppress(ConnectionResetError):
        while await asyncio.wait_for(client.reader.read(1024), SECONDS):
            pass
    await asyncio.wait_for(listening.door.drain(), SECONDS)
    assert not listening.door.links.open


# Several at once


async def test_an_abandoned_search_is_not_answered(listening: Listening) -> None:
    listening.desk.gate = asyncio.Event()
    client = await listening.connect(READER)
    number = client.send(LIVE)
    await listening.desk.reached.wait()
    client.send(AbandonRequest(number))
    client.send(AbandonRequest(99))
    assert await client.who_am_i() == f"dn:{READER}"
    listening.desk.gate.set()
    assert (await client.search(ANN, scope=BASE)).names == [ANN]
    assert client.waiting == []


async def test_a_search_that_waits_holds_up_no_other(listening: Listening) -> None:
    listening.desk.gate = asyncio.Event()
    client = await listening.connect(READER)
    number = client.send(LIVE)
    await listening.desk.reached.wait()
    assert (await client.search(ANN, "(objectClass=*)", "cn", scope=BASE)).names == [ANN]
    listening.desk.gate.set()
    assert found(await client.answers(number)).names == [ANN]


async def test_too_many_at_once_are_told_so(listening: Listening) -> None:
    listening.settle(outstanding=3)
    listening.desk.gate = asyncio.Event()
    client = await listening.connect(READER)
    numbers = [client.send(LIVE) for _ in range(4)]
    assert found(await client.answers(numbers[3])).code == ResultCode.BUSY
    listening.desk.gate.set()
    assert [found(await client.answers(number)).code for number in numbers[:3]] == [0, 0, 0]


async def test_one_number_is_one_request(listening: Listening) -> None:
    listening.desk.gate = asyncio.Event()
    client = await listening.connect(READER)
    client.send(LIVE, number=50)
    client.send(LIVE, number=50)
    assert await client.notice() == ResultCode.PROTOCOL_ERROR


async def test_many_requests_in_one_write_are_all_answered(listening: Listening) -> None:
    client = await listening.connect(READER)
    numbers = []
    for _ in range(10):
        numbers += [client.send(search("", scope=BASE)) for _ in range(20)]
        assert [found(await client.answers(number)).code for number in numbers[-20:]] == [0] * 20


async def test_requests_behind_a_bind_are_done_as_who_it_binds(listening: Listening) -> None:
    client = await listening.connect()
    client.send(BindRequest(3, READER, Simple(PASSWORD.encode())))
    number = client.send(ExtendedRequest(oids.WHO_AM_I))
    (answer,) = await client.answers(number)
    assert answer.op.value == f"dn:{READER}".encode()  # pyright: ignore[reportAttributeAccessIssue]


# Silence and slowness


async def test_unbind_ends_the_connection_without_a_word(listening: Listening) -> None:
    client = await listening.connect(READER)
    client.send(UnbindRequest())
    assert await client.read() is None


async def test_a_silent_connection_is_closed_with_a_notice(listening: Listening) -> None:
    listening.settle(idle_seconds=0.1)
    client = await listening.connect()
    assert await client.notice() == ResultCode.UNAVAILABLE


async def test_a_connection_that_waits_for_its_answer_is_not_silent(listening: Listening) -> None:
    listening.settle(idle_seconds=0.1)
    listening.desk.gate = asyncio.Event()
    client = await listening.connect(READER)
    number = client.send(LIVE)
    await listening.desk.reached.wait()
    await asyncio.sleep(1.2)
    listening.desk.gate.set()
    assert found(await client.answers(number)).names == [ANN]


async def test_a_message_that_does_not_end_is_not_waited_for(listening: Listening) -> None:
    listening.settle(request_seconds=0.1)
    client = await listening.connect()
    client.writer.write(b"\x30\x20\x02")
    with contextlib.suppress(ConnectionResetError):
        assert await client.read() is None


async def test_each_message_has_a_time_of_its_own(listening: Listening) -> None:
    listening.settle(request_seconds=1.0)
    client = await listening.connect()
    message = encode(LdapMessage(1, ExtendedRequest(oids.WHO_AM_I)))
    client.writer.write(message[:5])
    for _ in range(12):
        await asyncio.sleep(0.12)
        client.writer.write(message[5:] + message[:5])
        assert len(await client.answers(1)) == 1


async def test_who_does_not_read_is_not_sent_to_and_then_dropped(listening: Listening) -> None:
    await listening.add(*(person(number, f"Many People{number}") for number in range(100, 900)))
    listening.settle(write_buffer=1024, request_seconds=0.5)
    client = await listening.connect(READER)
    (connection,) = listening.door.links.open
    client.writer.transport.pause_reading()  # pyright: ignore[reportAttributeAccessIssue]
    for _ in range(30):
        client.send(search(PEOPLE))
    buffered = 0
    while listening.door.links.open:
        await asyncio.sleep(0.02)
        if connection._transport is not None:
            buffered = max(buffered, connection._transport.get_write_buffer_size())
    assert 1024 <= buffered < 1_000_000, "what is not read is not made"
    client.writer.transport.resume_reading()  # pyright: ignore[reportAttributeAccessIssue]
    await still_serves(listening)


async def test_who_has_said_all_still_gets_the_answers(listening: Listening) -> None:
    client = await listening.connect()
    number = client.send(search("", scope=BASE))
    client.writer.write_eof()
    assert found(await client.answers(number)).names == [""]
    assert await client.read() is None


# Connections and leaving


async def test_connections_have_a_limit_and_one_address_half_of_it(listening: Listening) -> None:
    listening.settle(connections=4)
    first, second = await listening.connect(READER), await listening.connect(READER)
    third = await Client.connect(listening.port)
    with pytest.raises((AssertionError, ConnectionResetError)):
        await third.bind()
    assert listening.door.links.turned_away == 1
    first.send(UnbindRequest())
    assert await first.read() is None
    await still_serves(listening)
    assert await second.who_am_i() == f"dn:{READER}"


async def test_draining_finishes_what_is_running_and_gives_notice(listening: Listening) -> None:
    listening.desk.gate = asyncio.Event()
    busy, quiet = await listening.connect(READER), await listening.connect()
    number = busy.send(LIVE)
    await listening.desk.reached.wait()
    drained = asyncio.create_task(listening.door.drain())
    assert await quiet.notice() == ResultCode.UNAVAILABLE
    late = await Client.connect(listening.port)
    with pytest.raises((AssertionError, ConnectionResetError)):
        await late.who_am_i()
    listening.desk.gate.set()
    assert found(await busy.answers(number)).names == [ANN]
    assert await busy.notice() == ResultCode.UNAVAILABLE
    await asyncio.wait_for(drained, SECONDS)


async def test_others_have_their_turn_between_long_messages(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = 0
    read: list[int] = []

    async def count() -> None:
        nonlocal rounds
        while True:
            await asyncio.sleep(0)
            rounds += 1

    def counted(octets: bytes) -> LdapMessage:
        read.append(rounds)
        return decode(octets)

    client = await listening.connect(READER)
    monkeypatch.setattr(server, "decode", counted)
    counting = asyncio.create_task(count())
    for _ in range(4):  # in one go: nothing is sent before the loop comes round
        client.send(search(ABER, f"(cn={'a' * server.IN_A_ROW_OCTETS})"))
    await client.answers(client.send(ExtendedRequest(oids.WHO_AM_I)))
    counting.cancel()
    assert len(set(read)) == len(read) == 5


# The record


async def test_exchanges_are_recorded(listening: Listening) -> None:
    client = await listening.connect(READER)
    await client.search(ANN, scope=BASE)
    await client.search("dc=other")
    await client.compare(ANN, "sn", "Jones")
    await client.bind(READER, "wrong")
    client.send(AbandonRequest(1))
    client.send(UnbindRequest())
    assert await client.read() is None
    told = [(of(one), one.verdict, one.member, one.terminal, one.error) for one in listening.recorded.exchanges]
    assert told == [
        ("ldap.bind", Verdict.ANSWERED, "aber", "reader", None),
        ("ldap.search", Verdict.ANSWERED, "aber", "reader", None),
        ("ldap.search", Verdict.REFUSED, "aber", "reader", "32 noSuchObject"),
        ("ldap.compare", Verdict.ANSWERED, "aber", "reader", None),
        ("ldap.bind", Verdict.REFUSED, None, None, "49 invalidCredentials"),
        ("ldap.abandon", Verdict.IGNORED, None, None, None),
        ("ldap.unbind", Verdict.ANSWERED, None, None, None),
    ]
    bind, asked = listening.recorded.exchanges[:2]
    assert asked.calls, "what the platform was asked stands in the record"
    for octets in (bind.bytes_in, asked.bytes_in, asked.bytes_out):
        masked = mask(octets)
        assert masked is not None
        assert not [word for word in (b"Jones", b"20100001", PASSWORD.encode()) if word in masked]


async def test_a_long_answer_is_recorded_without_its_entries(listening: Listening) -> None:
    await listening.add(*(person(number, f"Many People{number}") for number in range(100, 200)))
    client = await listening.connect(READER)
    await client.search(PEOPLE)
    assert len(listening.recorded.exchanges[-1].bytes_out) < 100


def of(exchange: Exchange) -> str | None:
    return getattr(exchange.request, "operation", None)
