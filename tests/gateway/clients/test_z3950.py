"""The client against targets that are scripted: silent, rude, or no targets at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from gateway.clients.z3950 import (
    RECEIVED,
    SENT,
    Z3950BadAnswer,
    Z3950Client,
    Z3950LinkFailed,
    Z3950Refused,
    Z3950Timeout,
    diagnostic_words,
)
from library_protocols.z3950 import (
    Close,
    Diagnostic,
    Framer,
    InitializeRequest,
    InitializeResponse,
    Pdu,
    PresentResponse,
    SearchResponse,
    Segment,
    decode,
    encode,
    parse_pqf,
    record_of,
    surrogate,
)
from library_protocols.z3950.control import AccessControlRequest, ResourceControlRequest
from library_protocols.z3950.facts.oids import USMARC
from library_protocols.z3950.records import init_diagnostic

ACCEPTED = InitializeResponse(
    protocol_version=frozenset((0, 1, 2)),
    options=frozenset((0, 1, 14)),
    preferred_message_size=1_000,
    exceptional_record_size=1_000,
    result=True,
    implementation_name="script",
)
FOUND = SearchResponse(result_count=3, number_of_records_returned=0, next_result_set_position=1, search_status=True)
RECORD = record_of(USMARC, b"marc")
QUERY = parse_pqf("x")

Script = list[tuple[Pdu | bytes, ...]]
Serve = Callable[[Script], Awaitable[int]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a target that answers each request with the next entry of a script, then hangs up."""
    servers: list[asyncio.Server] = []

    async def start(script: Script) -> int:
        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            framer, rest = Framer(), list(script)
            while rest and (data := await reader.read(10_000)):
                for request in framer.feed(data):
                    for answer in rest.pop(0) if rest else ():
                        reference = decode(request).reference_id
                        octets = (
                            answer if isinstance(answer, bytes) else encode(replace(answer, reference_id=reference))
                        )
                        writer.write(octets)
            await writer.drain()
            writer.close()

        servers.append(await asyncio.start_server(converse, "127.0.0.1", 0))
        return servers[-1].sockets[0].getsockname()[1]

    yield start
    for server in servers:
        server.close()


async def connected(port: int, **options: object) -> Z3950Client:
    client = Z3950Client("127.0.0.1", port, **{"timeout": 5.0, **options})  # type: ignore[arg-type]
    await client.connect()
    return client


async def test_segments_are_put_together(serve: Serve) -> None:
    segment = Segment(number_of_records_returned=2, segment_records=(RECORD, RECORD))
    last = PresentResponse(
        number_of_records_returned=3, next_result_set_position=0, present_status=0, records=(surrogate(1028),)
    )
    client = await connected(await serve([(ACCEPTED,), (FOUND,), (segment, last)]))
    assert (await client.search(("x",), QUERY)).result_count == 3
    page = await client.present(1, 3)
    assert page.records == (RECORD, RECORD, surrogate(1028))
    assert page.complete
    await client.close()


async def test_what_a_target_asks_in_between_is_answered(serve: Serve) -> None:
    challenge = AccessControlRequest(simple_form=b"?")
    report = ResourceControlRequest(response_required=True)
    client = await connected(await serve([(ACCEPTED,), (challenge,), (report,), (FOUND,)]))
    assert (await client.search(("x",), QUERY)).result_count == 3
    await client.close()


async def test_everything_on_the_wire_can_be_watched(serve: Serve) -> None:
    seen: list[tuple[str, int]] = []
    client = await connected(
        await serve([(ACCEPTED,), (Close(close_reason=0),)]),
        trace=lambda who, octets: seen.append((who, decode(octets).tag)),
    )
    await client.close()
    assert seen == [(SENT, 20), (RECEIVED, 21), (SENT, 48), (RECEIVED, 48)]


async def test_no_answer_in_time_ends_the_association(serve: Serve) -> None:
    client = await connected(await serve([(ACCEPTED,), ()] + [()] * 9), timeout=0.3)
    with pytest.raises(Z3950Timeout):
        await client.search(("x",), QUERY)
    with pytest.raises(Z3950LinkFailed):
        await client.present(1, 1)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "begins no PDU"),
        (ACCEPTED, "does not answer"),
        (bytes.fromhex("b7 03 97 01 01"), "without"),
        (Close(close_reason=1, diagnostic_information="until Monday"), "shutdown: until Monday"),
        (Close(close_reason=77), "unknown"),
    ],
)
async def test_answers_that_are_none(serve: Serve, answer: Pdu | bytes, words: str) -> None:
    client = await connected(await serve([(ACCEPTED,), (answer,)]))
    with pytest.raises(Z3950BadAnswer, match=words):
        await client.search(("x",), QUERY)


async def test_a_target_that_hangs_up(serve: Serve) -> None:
    client = await connected(await serve([(ACCEPTED,)]))
    with pytest.raises(Z3950LinkFailed):
        await client.search(("x",), QUERY)


async def test_a_refused_association_says_why(serve: Serve) -> None:
    reason = Diagnostic(condition=1015, addinfo="3")
    refusal = replace(ACCEPTED, result=False, user_information_field=init_diagnostic(reason))
    with pytest.raises(Z3950Refused) as refused:
        await connected(await serve([(refusal,)]))
    assert refused.value.diagnostics == (reason,)
    assert str(refused.value) == "1015 too many associations for the user id: 3"
    with pytest.raises(Z3950Refused, match="no reason given"):
        await connected(await serve([(replace(ACCEPTED, result=False),)]))


async def test_what_is_proposed(serve: Serve) -> None:
    seen: list[bytes] = []
    port = await serve([(ACCEPTED,)])
    await connected(
        port, user="u", password="p", trace=lambda who, octets: seen.append(octets) if who == SENT else None
    )
    init = decode(seen[0])
    assert isinstance(init, InitializeRequest)
    assert init.other_info is not None
    assert init.protocol_version == {0, 1, 2}
    with pytest.raises(ValueError, match="cannot be proposed"):
        Z3950Client("127.0.0.1", port, charset="klingon")


async def test_nobody_is_there(free_port: Callable[[], int]) -> None:
    with pytest.raises(Z3950LinkFailed):
        await connected(free_port())
    client = Z3950Client("127.0.0.1", 1)
    await client.close()


def test_diagnostics_in_words() -> None:
    assert diagnostic_words(Diagnostic(condition=114, addinfo="9")) == "114 this access point is not offered: 9"
    assert diagnostic_words(Diagnostic(condition=9999)) == "9999 unknown diagnostic"
