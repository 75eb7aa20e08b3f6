"""The door over bare TCP: documents in pieces and in rows, HTTP typed onto the socket, peers that are slow or gone."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gateway.adapters.ncip.tcp import NcipDoor
from library_protocols.ncip import NCIP_1_0, NCIP_2_02
from library_protocols.ncip import messages as wire
from library_protocols.ncip.codec import decode, encode
from library_protocols.ncip.framing import Framer
from tests.gateway.adapters.ncip.responder import Open, Responder, header, type_of

LAN = {"agency_ids": ["LAN"], "networks": ["127.0.0.0/8"], "services": ["@all"]}
ASKED = encode(wire.UpdateAgency(initiation_header=header(sender="LAN")), NCIP_2_02)
OTHER = encode(wire.DeleteUser(initiation_header=header(sender="LAN")), NCIP_1_0)


class Peer:
    """The other end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.framer = Framer()
        self._heard: list[bytes] = []

    def say(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def hear(self, seconds: float = 10.0) -> Any:
        """The next message."""
        async with asyncio.timeout(seconds):
            while not self._heard:
                octets = await self.reader.read(65_536)
                assert octets, "closed"
                self._heard += [frame.octets for frame in self.framer.receive(octets)]
        return decode(self._heard.pop(0)).message

    async def rest(self, seconds: float = 10.0) -> bytes:
        """What comes until the other side closes."""
        async with asyncio.timeout(seconds):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""


Connect = Callable[[], Awaitable[Peer]]


@asynccontextmanager
async def served(responder: Responder, listener_member: str | None = None) -> AsyncIterator[tuple[NcipDoor, Connect]]:
    door = NcipDoor(responder.service, responder.service.clock, responder.peers.exists)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(door.factory(listener_member), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    peers: list[Peer] = []

    async def connect() -> Peer:
        peers.append(Peer(*await asyncio.open_connection("127.0.0.1", port)))
        return peers[-1]

    try:
        yield door, connect
    finally:
        for peer in peers:
            peer.writer.close()
        server.close()
        async with asyncio.timeout(10):
            await door.drain()


def lan(document: dict[str, Any]) -> None:
    document["members"]["aber"]["ncip"]["peers"]["lan"] = LAN


@pytest.fixture
async def tcp(node: Open) -> AsyncIterator[tuple[NcipDoor, Connect]]:
    async with served(await node(change=lan)) as made:
        yield made


@pytest.fixture
async def peer(tcp: tuple[NcipDoor, Connect]) -> Peer:
    return await tcp[1]()


async def test_a_connection_stays_open_and_answers_in_order(peer: Peer) -> None:
    for _ in range(2):
        peer.say(ASKED)
        assert isinstance(await peer.hear(), wire.UpdateAgencyResponse)
    peer.say(ASKED + b"\n" + OTHER + b"\r\n" + ASKED)
    kinds = [type(await peer.hear()).__name__ for _ in range(3)]
    assert kinds == ["UpdateAgencyResponse", "DeleteUserResponse", "UpdateAgencyResponse"]


async def test_pieces_of_any_size_make_a_document(peer: Peer) -> None:
    for at in range(0, len(ASKED), 7):
        peer.say(ASKED[at : at + 7])
        await peer.writer.drain()
        await asyncio.sleep(0)
    assert type_of(await peer.hear()) == "Unsupported Service"


async def test_who_closes_his_half_after_one_document_gets_the_answer(peer: Peer) -> None:
    peer.say(ASKED)
    peer.writer.write_eof()
    answer = decode(await peer.rest()).message
    assert type_of(answer) == "Unsupported Service"


async def test_half_a_document_is_a_problem_at_the_end(peer: Peer) -> None:
    peer.say(ASKED[:-20])
    peer.writer.write_eof()
    assert type_of(decode(await peer.rest()).message) == "Invalid Message Syntax Error"


@pytest.mark.parametrize("nonsense", [b"hello\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/1.1\r\n\r\n"])
async def test_what_is_no_document_is_a_problem_and_the_end(peer: Peer, nonsense: bytes) -> None:
    peer.say(nonsense)
    told = await peer.rest()
    assert b"Invalid Message Syntax Error" in told


async def test_a_broken_document_does_not_end_the_connection(peer: Peer) -> None:
    peer.say(b"<NCIPMessage><a></b></NCIPMessage>")
    assert type_of(await peer.hear()) == "Invalid Message Syntax Error"
    peer.say(ASKED)
    assert type_of(await peer.hear()) == "Unsupported Service"


def typed(body: bytes, target: str = "/ncip", length: bool = True) -> bytes:
    told = f"Content-Length: {len(body)}\r\n" if length else ""
    return f"POST {target} HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\n{told}\r\n".encode() + body


async def test_http_typed_onto_the_socket_is_answered_as_http(tcp: tuple[NcipDoor, Connect]) -> None:
    for target in ("/ncip", "/", "/ncip/aber", "http://library.example/ncip/aber"):
        for length in (True, False):
            peer = await tcp[1]()
            peer.say(typed(ASKED, target, length))
            head, _, body = (await peer.rest()).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.0 200 OK\r\n")
            assert f"Content-Length: {len(body)}".encode() in head
            assert type_of(decode(body).message) == "Unsupported Service"


async def test_the_address_of_typed_http_counts(tcp: tuple[NcipDoor, Connect]) -> None:
    told = {
        "/ncip/bangor": "Unauthorized Combination Of Element Values For Agency",
        "/ncip/mars": "Unknown Agency",
        "/elsewhere": "Unknown Agency",
        "/ncip/aber/gw_wrong": "Agency Authentication Failed",
    }
    for target, problem in told.items():
        peer = await tcp[1]()
        peer.say(typed(ASKED, target))
        assert type_of(decode((await peer.rest()).partition(b"\r\n\r\n")[2]).message) == problem


async def test_a_listener_of_one_member_serves_that_member_alone(node: Open) -> None:
    responder = await node(change=lan)
    for member, problem in (
        ("aber", "Unsupported Service"),
        ("bangor", "Unauthorized Combination Of Element Values For Agency"),
    ):
        async with served(responder, member) as (_, connect):
            peer = await connect()
            peer.say(ASKED)
            assert type_of(await peer.hear()) == problem


async def test_who_drips_or_is_silent_is_cut_and_nobody_else(node: Open) -> None:
    responder = await node(change=lan, message_seconds=0.2, idle_seconds=0.3)
    async with served(responder) as (_, connect):
        dripping, silent, busy = [await connect() for _ in range(3)]
        dripping.say(ASKED[:30])
        for _ in range(4):
            busy.say(ASKED)
            assert type_of(await busy.hear()) == "Unsupported Service"
            await asyncio.sleep(0.1)
        assert await dripping.rest() == b""
        assert await silent.rest() == b""


async def test_too_long_a_document_ends_its_connection(node: Open) -> None:
    responder = await node(change=lan, message_bytes=8192)
    async with served(responder) as (_, connect):
        peer, other = await connect(), await connect()
        peer.say(ASKED[:-30] + b" " * 20_000)
        told = await peer.rest()
        assert told == b"" or b"Invalid Message Syntax Error" in told
        other.say(ASKED)
        assert type_of(await other.hear()) == "Unsupported Service"


async def test_there_are_so_many_connections_and_half_of_them_for_one_address(node: Open) -> None:
    responder = await node(change=lan, connections=6)
    async with served(responder) as (door, connect):
        peers = [await connect() for _ in range(3)]
        for peer in peers:
            peer.say(ASKED)
            await peer.hear()
        assert await (await connect()).rest() == b""
        assert (len(door.links.open), door.links.turned_away) == (3, 1)
        peers[0].writer.close()
        while len(door.links.open) == 3:  # noqa: ASYNC110  the other side notices by itself
            await asyncio.sleep(0.01)
        again = await connect()
        again.say(ASKED)
        assert type_of(await again.hear()) == "Unsupported Service"


async def test_a_peer_that_does_not_read_is_not_read_from(node: Open) -> None:
    responder = await node(change=lan, message_seconds=0.5, write_buffer=4096)
    async with served(responder) as (door, connect):
        deaf = await connect()
        deaf.say(ASKED)
        await deaf.hear()
        (connection,) = door.links.open
        small(connection._transport)
        small(deaf.writer.transport)
        deaf.writer.transport.pause_reading()  # pyright: ignore[reportAttributeAccessIssue]
        other = await connect()
        for _ in range(1000):
            deaf.say(ASKED)
        other.say(ASKED)
        assert type_of(await other.hear()) == "Unsupported Service"
        async with asyncio.timeout(10):
            while len(door.links.open) == 2:  # noqa: ASYNC110  it is cut once it has not read for long enough
                await asyncio.sleep(0.02)
        assert len(responder.recorded.exchanges) < 500


def small(transport: Any) -> None:
    """Lets little be on its way."""
    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, option, 4096)


async def test_leaving_lets_what_runs_end(node: Open) -> None:
    responder = await node(change=lan)
    async with served(responder) as (door, connect):
        idle, busy = await connect(), await connect()
        busy.say(ASKED)
        assert type_of(await busy.hear()) == "Unsupported Service"
        async with asyncio.timeout(10):
            await door.drain()
        assert await idle.rest() == b""
        assert await busy.rest() == b""
        assert await (await connect()).rest() == b""
