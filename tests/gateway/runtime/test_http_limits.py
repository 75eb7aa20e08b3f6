"""Connections that cost the HTTP listener something before they have shown a key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.runtime import http_limits
from gateway.runtime.listeners import HttpListener, bind

GET = b"GET / HTTP/1.1\r\nHost: library\r\n"
POST = b"POST / HTTP/1.1\r\nHost: library\r\n"
PATIENCE = 10.0


async def application(_scope: Any, receive: Any, send: Any) -> None:
    """Answers with the number of octets in the body."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = str(size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    listener = HttpListener("http", bind("127.0.0.1", 0), application)
    await listener.start()
    yield listener.port
    await listener.stop()


async def told(port: int, *sent: bytes) -> bytes:
    """Everything that comes back until the listener closes; empty where it just cuts."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in sent:
            writer.write(part)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), PATIENCE)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_a_request_within_the_limits_is_answered(port: int) -> None:
    body = b"x" * 500_000
    length = b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert (await told(port, POST + length, body)).endswith(b"500000")
    chunks = b"".join(b"3\r\nabc\r\n" for _ in range(1000)) + b"0\r\n\r\n"
    chunked = b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert (await told(port, POST + chunked, chunks)).endswith(b"3000")


@pytest.mark.parametrize(
    "begun",
    [
        GET + b"X: ",
        GET + b"X: 1\r\n",
        b"GET /",
        POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: ",
    ],
    ids=["value", "name", "path", "trailer"],
)
async def test_a_head_without_end_is_cut(port: int, begun: bytes) -> None:
    endless = [b"a" * 100_000] * 100
    answer = await told(port, begun, *endless)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))


@pytest.mark.parametrize("begun", [b"", GET, POST + b"Content-Length: 10\r\n\r\n123"], ids=["nothing", "head", "body"])
async def test_a_request_that_does_not_come_is_cut(monkeypatch: pytest.MonkeyPatch, port: int, begun: bytes) -> None:
    monkeypatch.setattr(http_limits, "REQUEST_SECONDS", 0.05)
    assert await told(port, begun) == b""


async def test_connections_beyond_the_limit_are_turned_away(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setattr(http_limits, "CONNECTIONS", 3)
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    held[0][1].write(GET + b"\r\n")
    assert (await held[0][0].readline()).startswith(b"HTTP/1.1 200")
    assert await told(port, GET + b"Connection: close\r\n\r\n") == b""
    for _, writer in held:
        writer.close()
