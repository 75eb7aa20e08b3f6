"""TLS contexts: the certificate a client asks for by name, and client certificates that are really verified."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from gateway.runtime import tls


async def greet(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> tuple[str | None, bytes]:
    """What the server saw as the name asked for, and the certificate the client was shown."""
    seen: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.set_result(tls.requested_name(writer.get_extra_info("ssl_object")))
        writer.write(b"hello\n")
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server)
    try:
        port = listener.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname=name)
        assert await reader.readline() == b"hello\n"
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        return await seen, shown
    finally:
        listener.close()
        await listener.wait_closed()


def trusting(*certificates: Path) -> ssl.SSLContext:
    context = ssl.create_default_context()
    for certificate in certificates:
        context.load_verify_locations(certificate)
    return context


async def test_each_name_has_its_certificate_and_is_remembered(tmp_path: Path) -> None:
    default = tls.demo_certificate(tmp_path / "a")
    bangor = tls.demo_certificate(tmp_path / "b", names=("sip.bangor.example",))
    server = tls.server_context(*default, by_name={"SIP.Bangor.example": bangor})
    trust = trusting(default[0], bangor[0])
    name, shown = await greet(server, trust, "sip.bangor.example")
    assert name == "sip.bangor.example"
    assert shown == ssl.PEM_cert_to_DER_cert(bangor[0].read_text())
    name, shown = await greet(server, trust, "localhost")
    assert name == "localhost"
    assert shown == ssl.PEM_cert_to_DER_cert(default[0].read_text())


async def test_a_required_client_certificate_is_required(tmp_path: Path) -> None:
    files = tls.demo_certificate(tmp_path)
    server = tls.server_context(*files, client_ca=files[0], client_required=True)
    with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
        await asyncio.wait_for(greet(server, trusting(files[0]), "localhost"), 5)


def test_the_demo_certificate_is_made_once_and_its_key_is_private(tmp_path: Path) -> None:
    certificate, key = tls.demo_certificate(tmp_path)
    before = certificate.read_bytes()
    assert tls.demo_certificate(tmp_path) == (certificate, key)
    assert certificate.read_bytes() == before
    assert key.stat().st_mode & 0o077 == 0
    assert 363 < tls.days_left(certificate) <= 365
