"""Documents made to hurt, at both doors: a Problem or a closed connection within limits, and nobody else disturbed."""

from __future__ import annotations

import asyncio
import contextlib
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest

from gateway.members import Evidence
from library_protocols.ncip import NCIP_2_02, DecodeError
from library_protocols.ncip import messages as wire
from library_protocols.ncip.codec import decode, encode
from tests.gateway.adapters.ncip.responder import Open, Responder, header, item_id, type_of
from tests.gateway.adapters.ncip.test_server import BEARER, door_on
from tests.gateway.adapters.ncip.test_tcp import ASKED, lan, served

SYNTAX = "Invalid Message Syntax Error"
GOOD = encode(wire.LookupItem(initiation_header=header(), item_id=item_id(1)), NCIP_2_02)
_HEAD = b'<?xml version="1.0"?>'
_BODY = (
    b"<NCIPMessage><LookupUser><UserId><UserIdentifierValue>%s</UserIdentifierValue></UserId></LookupUser>"
    b"</NCIPMessage>"
)
_LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
HOSTILE = {
    "entity bomb": _HEAD + b'<!DOCTYPE NCIPMessage [<!ENTITY l0 "ha">' + _LAUGHS + b"]>" + _BODY % b"&l9;",
    "quadratic bomb": _HEAD
    + b'<!DOCTYPE a [<!ENTITY x "' + b"x" * 50_000 + b'">]>'
    + _BODY % (b"&x;" * 5_000),
    "external entity": _HEAD + b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + _BODY % b"&x;",
    "entity over the network": _HEAD + b'<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>' + _BODY % b"&x;",
    "parameter entity": _HEAD + b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]>' + _BODY % b"x",
    "an entity of nobody": _HEAD + _BODY % b"&nobody;",
    "deep nesting": b"<NCIPMessage><LookupUser>" + b"<a>" * 20_000 + b"</a>" * 20_000 + b"</LookupUser></NCIPMessage>",
    "many attributes": b"<NCIPMessage "
    + b" ".join(b'a%d="1"' % n for n in range(20_000))
    + b"><a/></NCIPMessage>",
    "a long name": b"<" + b"N" * 100_000 + b"/>",
    "wrong encoding": b'<?xml version="1.0" encoding="utf-16"?>' + _BODY % b"x",
    "no such encoding": b'<?xml version="1.0" encoding="klingon"?>' + _BODY % b"x",
    "utf-7": b'<?xml version="1.0" encoding="utf-7"?>' + _BODY % b"+ADw-a+AD4-",
    "null octets": _BODY % b"\0\0",
    "half a message": GOOD[:-25],
    "two roots": GOOD + b"<a/>",
    "octets": bytes(range(256)) * 8,
}  # fmt: skip


@pytest.fixture
def quickly() -> Iterator[None]:
    """What is made of a document takes no more memory than a few times its length."""
    tracemalloc.start()
    yield
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 32 << 20


def nothing_told(octets: bytes) -> None:
    """A Problem, and nothing of this machine."""
    assert b"Problem" in octets
    for word in (b"root:", b"Traceback", b"/work", b".py", b"lxml"):
        assert word not in octets


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.usefixtures("quickly")
async def test_over_http_it_is_a_problem(responder: Responder, kind: str) -> None:
    async with asyncio.timeout(10), door_on(responder) as http:
        told = await http.post("/ncip/aber", content=HOSTILE[kind], headers=BEARER)
        assert told.status_code == 200
        nothing_told(told.content)
        good = await http.post("/ncip/aber", content=GOOD, headers=BEARER)
        assert isinstance(decode(good.content).message, wire.LookupItemResponse)


@pytest.mark.parametrize("kind", HOSTILE)
async def test_over_tcp_it_is_a_problem_or_the_end_of_its_connection(node: Open, kind: str) -> None:
    responder = await node(change=lan, message_seconds=1.0)
    async with served(responder) as (_, connect):
        bad, good = await connect(), await connect()
        bad.say(HOSTILE[kind])
        with contextlib.suppress(OSError):
            bad.writer.write_eof()
        good.say(ASKED)
        assert type_of(await good.hear()) == "Unsupported Service"
        told = await bad.rest()
        if told:
            nothing_told(told)


async def test_a_hundred_megabytes_are_not_held(node: Open) -> None:
    responder = await node(change=lan)

    async def endless() -> AsyncIterator[bytes]:
        yield GOOD[:-30]
        for _ in range(1600):
            yield b" " * 65_536

    async with asyncio.timeout(30), door_on(responder) as http, served(responder) as (_, connect):
        tracemalloc.start()
        told = await http.post("/ncip", content=endless(), headers=BEARER)
        assert (told.status_code, told.headers["Connection"]) == (413, "close")
        peer, other = await connect(), await connect()
        with contextlib.suppress(OSError):
            async for piece in endless():
                peer.say(piece)
                await peer.writer.drain()
                if peer.writer.is_closing() or peer.reader.at_eof():
                    break
        other.say(ASKED)
        assert type_of(await other.hear()) == "Unsupported Service"
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 24 << 20


async def test_a_thousand_connections_leave_room_for_others(node: Open) -> None:
    responder = await node(change=lan, connections=100)
    async with served(responder) as (door, connect):
        first = await connect()
        first.say(ASKED)
        await first.hear()
        for _ in range(1000):
            with contextlib.suppress(OSError):
                (await connect()).say(ASKED[:10])
        assert len(door.links.open) <= 50
        first.say(ASKED)
        assert type_of(await first.hear()) == "Unsupported Service"


async def test_a_heavy_document_does_not_hold_up_the_others(responder: Responder) -> None:
    """While it is read in a thread, short ones are answered."""
    titles = b"".join(
        b"<ItemId><ItemIdentifierValue>%d</ItemIdentifierValue></ItemId>" % number for number in range(12_000)
    )
    heavy = b"<NCIPMessage><LookupItemSet>" + titles + b"</LookupItemSet></NCIPMessage>"
    done: list[str] = []

    async def ask(name: str, document: bytes) -> None:
        evidence = Evidence(peer="127.0.0.1", path_member="aber")
        await responder.octets(document, evidence=evidence, key=None if name == "heavy" else "gw_wrong")
        done.append(name)

    async with asyncio.timeout(20):
        await asyncio.gather(ask("heavy", heavy), *(ask("light", GOOD) for _ in range(3)))
    assert done.index("heavy") == 3


@hypothesis.given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.binary(max_size=12)), min_size=1, max_size=4))
@hypothesis.settings(
    max_examples=80, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
async def test_any_damage_has_an_answer(responder: Responder, damage: list[tuple[int, bytes]]) -> None:
    document = GOOD
    for at, octets in damage:
        document = document[:at] + octets + document[at + len(octets) :]
    answer: Any
    try:
        answer = decode(await responder.octets(document)).message
    except DecodeError as error:
        pytest.fail(f"{error} of {document!r}")
    assert not [one for one in getattr(answer, "problem", ()) if "Temporary" in one.problem_type.value]
