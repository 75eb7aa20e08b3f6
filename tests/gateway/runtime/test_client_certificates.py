"""An HTTPS client with a certificate: whose it is reaches the application, and nobody has to show one."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.runtime.listeners import HttpListener, bind
from tests.certificates import Authority

PATIENCE = 10.0


async def who(scope: Any, _receive: Any, send: Any) -> None:
    """Answers with the name in the client's certificate."""
    name = scope.get("extensions", {}).get("tls", {}).get("client_cert_name", "nobody").encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(name))]})
    await send({"type": "http.response.body", "body": name})


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path / "ours")


@pytest.fixture
async def port(authority: Authority) -> AsyncIterator[int]:
    own = authority.issue("localhost")
    listener = HttpListener("https", bind("127.0.0.1", 0), who, own, authority.file)
    await listener.start()
    yield listener.port
    await listener.stop()


async def answer(port: int, trusted: Authority, certificate: tuple[Path, Path] | None) -> list[bytes]:
    """Of two requests on one connection the bodies."""
    context = ssl.create_default_context(cafile=trusted.file)
    if certificate is not None:
        context.load_cert_chain(*certificate)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    found: list[bytes] = []
    for _ in range(2):
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        (length,) = [int(line.split(b":")[1]) for line in head.splitlines() if line.startswith(b"content-length")]
        found.append(await asyncio.wait_for(reader.readexactly(length), PATIENCE))
    writer.close()
    return found


async def test_the_name_in_a_certificate_comes_with_every_request(port: int, authority: Authority) -> None:
    assert await answer(port, authority, authority.issue("broker.example")) == [b"CN=broker.example"] * 2


async def test_without_a_certificate_a_client_is_nobody_and_served(port: int, authority: Authority) -> None:
    assert await answer(port, authority, None) == [b"nobody"] * 2


async def test_a_certificate_of_another_authority_opens_nothing(
    port: int, authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority.create(tmp_path / "theirs").issue("broker.example")
    with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
        await answer(port, authority, stranger)
