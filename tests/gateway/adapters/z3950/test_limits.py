"""Limits and trouble at the door: sizes, silence, slowness, octets that are no protocol; each ends one session only."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from gateway.adapters.z3950 import records as making
from gateway.adapters.z3950.server import Z3950Door
from gateway.catalogue.forms import Items
from gateway.catalogue.index.reader import IndexReader
from gateway.catalogue.records import CatalogueRecord
from gateway.clients.z3950 import Z3950BadAnswer, Z3950LinkFailed, complaints
from gateway.clock import SystemClock
from gateway.exchanges.model import Verdict
from gateway.members.readers import Readers
from library_protocols.z3950 import (
    Framer,
    InitializeRequest,
    PresentRequest,
    PresentResponse,
    RpnQuery,
    decode,
    encode,
)
from library_protocols.z3950.facts import PDUS as FACTS
from library_protocols.z3950.facts import Option
from library_protocols.z3950.facts.oids import OPAC, XML
from library_protocols.z3950.rpn import (
    BIB_1,
    AttributeElement,
    AttributesPlusTerm,
    GeneralTerm,
    Operation,
    Operator,
    RpnNode,
)
from library_protocols.z3950.rpn_codec import MAX_RPN_DEPTH
from tests.gateway.adapters.z3950.asking import EVERYTHING, WALES, condition, octets, search
from tests.gateway.adapters.z3950.conftest import SETTINGS, Listening, OnLoan, Shelf, configuration
from tests.protocols.z3950.samples import PDUS

GRS_1 = "1.2.840.10003.5.105"
GREETING = InitializeRequest(
    protocol_version=frozenset((0, 1, 2)),
    options=frozenset((0, 1)),
    preferred_message_size=16_000_000,
    exceptional_record_size=16_000_000,
)


@pytest.fixture(params=[True, False], ids=["by hand", "in tasks"])
def inline(request: pytest.FixtureRequest) -> bool:
    return request.param


# Sizes and segments


async def test_what_does_not_fit_comes_with_the_next_request(listening: Listening) -> None:
    client = await listening.connect(message_size=1)  # 2048 is the least
    await client.search(("all",), EVERYTHING)
    assert Option.LEVEL_1_SEGMENTATION in client.options
    segmented = await client.present(1, 6, syntax=XML)
    assert segmented.complete
    assert len(segmented.records) == 6
    request = PresentRequest(
        result_set_id="default",
        result_set_start_point=1,
        number_of_records_requested=6,
        preferred_record_syntax=XML,
        max_segment_count=1,
    )
    response = await client.send(request)
    assert isinstance(response, PresentResponse)
    assert response.present_status == 2
    assert 0 < response.number_of_records_returned < 6
    assert response.next_result_set_position == response.number_of_records_returned + 1


async def test_a_record_larger_than_a_message_comes_alone_or_not_at_all(listening: Listening) -> None:
    client = await listening.connect(message_size=1)
    await client.search(("all",), WALES)
    wide = listening.shelf.kept[1].marcxml.replace(b"A history", b"A history" * 500)
    listening.shelf.kept[1] = listening.shelf.kept[4] = type(listening.shelf.kept[1])(
        1, "aber", "1", 1, listening.shelf.kept[1].format, wide, 0
    )
    assert {condition(one)[0] for one in (await client.present(1, 2)).records} == {16}
    assert len(octets((await client.present(1, 1)).records[0])) > 4_000


async def test_no_more_records_than_one_answer_may_hold(listening: Listening) -> None:
    listening.settle(search_records=3)
    client = await listening.connect()
    await client.search(("all",), EVERYTHING)
    page = await client.present(1, 6)
    assert len(page.records) == 3
    assert not page.complete


# Trouble


async def test_a_slow_search_holds_nobody_up(listening: Listening) -> None:
    slow, quick = await listening.connect(), await listening.connect()
    listening.shelf.gate = asyncio.Event()
    waiting = asyncio.create_task(slow.search(("all",), WALES))
    await listening.shelf.reached.wait()
    gate, listening.shelf.gate = listening.shelf.gate, None
    assert (await quick.search(("all",), WALES)).result_count == 2
    assert not waiting.done()
    gate.set()
    assert (await waiting).result_count == 2


async def test_a_catalogue_that_is_away(listening: Listening) -> None:
    client = await listening.connect()
    listening.shelf.away = True
    assert complaints(await client.search(("aber",), WALES))[0].condition == 109
    listening.shelf.away = False
    assert (await client.search(("aber",), WALES)).result_count == 2
    assert [one.verdict for one in listening.recorded.exchanges[-2:]] == [Verdict.FAILED, Verdict.ANSWERED]


async def test_octets_that_are_no_protocol_end_one_session_only(listening: Listening) -> None:
    client = await listening.connect()
    reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    answer = decode(await reader.read(10_000))
    assert answer.tag == 48
    assert await reader.read() == b""
    writer.close()
    assert listening.recorded.exchanges[-1].verdict is Verdict.BAD_INPUT
    assert (await client.search(("aber",), WALES)).result_count == 2


async def test_a_request_that_is_too_long_is_not_waited_for(listening: Listening) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
    writer.write(b"\xb6\x84\x7f\xff\xff\xff")
    assert decode(await reader.read(10_000)).tag == 48
    writer.close()


async def test_what_goes_wrong_inside_ends_one_session(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    client, other = await listening.connect(), await listening.connect()

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(listening.shelf, "search", broken)
        with pytest.raises(Z3950BadAnswer, match="system problem"):
            await client.search(("aber",), WALES)
    assert (await other.search(("aber",), WALES)).result_count == 2


async def test_there_are_no_more_sessions_than_allowed(listening: Listening) -> None:
    listening.settle(sessions=1)
    await listening.connect()
    with pytest.raises(Z3950LinkFailed):
        await listening.connect()
    assert listening.door.links.turned_away == 1


async def test_one_address_has_half_of_all_sessions(listening: Listening) -> None:
    listening.settle(sessions=4)
    first = await listening.connect()
    await listening.connect()
    with pytest.raises(Z3950LinkFailed):
        await listening.connect()
    reader, writer = await asyncio.open_connection("127.0.0.1", listening.port, local_addr=("127.0.0.2", 0))
    writer.write(encode(GREETING))
    assert decode(await reader.read(10_000)).tag == 21
    await first.close()
    await until(lambda: len(listening.door.links.open) == 2)
    assert (await (await listening.connect()).search(("aber",), WALES)).result_count == 2
    writer.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110  what is waited for is the door's own
            await asyncio.sleep(0.01)


async def test_who_does_not_read_the_answers_does_not_keep_the_place(listening: Listening) -> None:
    wide = replace(listening.shelf.kept[1], marcxml=listening.shelf.kept[1].marcxml.replace(b"A", b"A" * 4_000_000))
    listening.shelf.kept.update(dict.fromkeys(listening.shelf.kept, wide))
    listening.settle(request_seconds=0.1)
    ask = PresentRequest(
        result_set_id="default", result_set_start_point=1, number_of_records_requested=3, preferred_record_syntax=XML
    )
    quiet = socket.create_connection(("127.0.0.1", listening.port))
    quiet.setblocking(False)
    quiet.sendall(encode(GREETING) + encode(search(EVERYTHING)) + encode(ask))
    await until(lambda: any(not one._writable for one in listening.door.links.open))
    (session,) = listening.door.links.open
    listening.settle(idle_seconds=0.0)
    session._watch_over()
    await until(lambda: not listening.door.links.open)
    quiet.close()


async def test_nothing_more_is_made_for_a_client_that_is_gone(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "SLICE", 1)
    gate, ask = asyncio.Event(), listening.items.of

    async def slowly(*arguments: Any) -> dict[int, Items]:
        found = await ask(*arguments)
        await gate.wait()
        return found

    monkeypatch.setattr(listening.items, "of", slowly)
    ask_all = PresentRequest(
        result_set_id="default", result_set_start_point=1, number_of_records_requested=6, preferred_record_syntax=OPAC
    )
    _, writer = await asyncio.open_connection("127.0.0.1", listening.port)
    writer.write(encode(GREETING) + encode(search(EVERYTHING, ("all",))) + encode(ask_all))
    await until(lambda: len(listening.items.asked) == 1)
    # A reset: who says only that nothing more is asked may still read.
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    await until(lambda: not listening.door.links.open)
    gate.set()
    await until(lambda: listening.recorded.exchanges[-1].error == "the connection was lost before the answer")
    assert len(listening.items.asked) == 1


async def test_a_silent_client_is_told_to_go(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await listening.connect()
    (session,) = listening.door.links.open
    listening.settle(idle_seconds=0.0)
    session._watch_over()
    with pytest.raises(Z3950BadAnswer, match="lack of activity"):
        await client.search(("aber",), WALES)


async def test_pipelined_requests_are_answered_in_order(listening: Listening) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
    many = [search(WALES, reference_id=b"%d" % number) for number in range(100)]
    writer.write(encode(GREETING) + b"".join(map(encode, many)))
    writer.write_eof()
    received = await reader.read()
    while chunk := await reader.read():
        received += chunk
    writer.close()
    references: list[bytes | None] = []
    at = 0
    while at < len(received):
        size = received[at + 1] + 2
        references.append(decode(received[at : at + size]).reference_id)
        at += size
    assert references == [None, *(one.reference_id for one in many)]


async def test_leaving_says_goodbye(listening: Listening) -> None:
    client = await listening.connect()
    await listening.door.drain()
    with pytest.raises(Z3950LinkFailed):
        await client.search(("aber",), WALES)
    with pytest.raises(Z3950LinkFailed):
        await listening.connect()


def test_a_door_has_settings() -> None:
    assert SETTINGS.rule(None, "", "other").charset == "utf-8"
    assert SETTINGS.rule(None, "", "OLD CLIENT").charset == "marc-8"
    assert Z3950Door.factory is not None


# Hostile queries


def deep(depth: int) -> RpnQuery:
    node: RpnNode = AttributesPlusTerm((AttributeElement(1, 4),), GeneralTerm(b"wales"))
    for number in range(depth):
        other = AttributesPlusTerm((AttributeElement(1, 4),), GeneralTerm(b"word%d" % number))
        node = Operation(Operator.OR, node, other)
    return RpnQuery(BIB_1, node)


async def test_a_deep_query_is_answered_and_a_deeper_one_ends_the_session(listening: Listening) -> None:
    client = await listening.connect()
    assert (await client.search(("aber",), deep(MAX_RPN_DEPTH))).result_count == 2
    with pytest.raises(Z3950BadAnswer, match="operations inside one another"):
        await client.search(("aber",), deep(MAX_RPN_DEPTH + 1))


async def test_a_query_of_ten_megabytes_is_not_read(listening: Listening) -> None:
    client = await listening.connect()
    huge = RpnQuery(BIB_1, AttributesPlusTerm((), GeneralTerm(b"x" * 10_000_000)))
    with pytest.raises(Z3950LinkFailed):
        await client.search(("aber",), huge)
    again = await listening.connect()
    assert (await again.search(("aber",), WALES)).result_count == 2


@pytest.mark.parametrize(
    "cql", ["(" * 50_000, 'dc.title = "' + "x" * 100_000, "dc.title = " + "a " * 20_000, "and " * 10_000]
)
async def test_hostile_cql_is_refused_with_a_diagnostic(listening: Listening, cql: str) -> None:
    client = await listening.connect()
    response = await client.search(("aber",), cql)
    assert not response.search_status
    assert len(complaints(response)) == 1


@pytest.mark.fuzz
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture], max_examples=30)
@hypothesis.given(
    st.lists(st.sampled_from([encode(pdu) for pdu in PDUS if FACTS[pdu.tag].sender != "target"]), max_size=5),
    st.binary(max_size=20),
)
def test_any_requests_get_answers_or_a_goodbye(
    built_index: IndexReader, shelf_records: list[CatalogueRecord], requests: list[bytes], rest: bytes
) -> None:
    async def converse() -> None:
        executor = ThreadPoolExecutor(1)
        readers = Readers(configuration(), clock=SystemClock(), executor=executor)
        shelf = Shelf(built_index, {one.id: one for one in shelf_records})
        door = Z3950Door(shelf, readers, SETTINGS, clock=SystemClock(), availability=OnLoan(), inline=True)
        server = await asyncio.get_running_loop().create_server(door.factory(), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        init = InitializeRequest(
            protocol_version=frozenset((0, 1, 2)), options=frozenset(range(22)), preferred_message_size=10_000,
            exceptional_record_size=10_000,
        )  # fmt: skip
        writer.write(encode(init) + b"".join(requests) + rest)
        writer.write_eof()
        received = b""
        while chunk := await asyncio.wait_for(reader.read(100_000), 10):
            received += chunk
        writer.close()
        framer = Framer(10_000_000)
        answers = framer.feed(received)
        assert framer.error is None
        assert framer.buffered == 0
        assert decode(answers[0]).tag == 21
        assert all(FACTS[decode(one).tag].sender != "origin" for one in answers)
        server.close()
        await door.drain()
        executor.shutdown()

    asyncio.run(converse())
