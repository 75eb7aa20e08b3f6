"""Where a request comes from: what a proxy of ours says of it, and the connection's own address else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.runtime.listeners import HttpListener, bind

ASKED = (
    b"GET / HTTP/1.1\r\nHost: library\r\nX-Forwarded-For: 10.9.9.9\r\nX-Forwarded-Proto: https\r\n"
    b"Connection: close\r\n\r\n"
)


async def whence(scope: Any, _receive: Any, send: Any) -> None:
    """Answers with the client's address and the scheme."""
    body = f"{scope['client'][0]} {scope['scheme']}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@pytest.mark.parametrize(
    ("proxies", "said"),
    [
        ((), b"127.0.0.1 http"),
        (("10.0.0.0/8",), b"127.0.0.1 http"),
        (("127.0.0.1",), b"10.9.9.9 https"),
        (("127.0.0.0/8", "10.1.0.0/16"), b"10.9.9.9 https"),
    ],
)
async def test_a_proxy_is_believed_where_it_is_one_of_ours(proxies: tuple[str, ...], said: bytes) -> None:
    listener = HttpListener("http", bind("127.0.0.1", 0), whence, proxies=proxies)
    await listener.start()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(ASKED)
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
    finally:
        await listener.stop()
    assert answer.endswith(b"\r\n\r\n" + said)
