"""SIP2 over TLS: the name a kiosk asks for and the certificate it shows are evidence of who it is."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.runtime import tls
from tests.gateway.adapters.sip2.library import UTF8, Kiosk, Library, Open, information, patron
from tests.gateway.adapters.sip2.test_links import LOGIN


def client_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate with this common name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


class Listener:
    """The library's service on a TLS port of its own."""

    def __init__(self, library: Library, folder: Path, client_ca: Path | None) -> None:
        self._library = library
        self._folder = folder
        self._files = tls.demo_certificate(folder)
        self._context = tls.server_context(*self._files, client_ca=client_ca)
        self.server: asyncio.Server | None = None

    async def connect(self, name: str = "localhost", certificate: tuple[Path, Path] | None = None) -> Kiosk:
        loop = asyncio.get_running_loop()
        if self.server is None:
            factory = self._library.service.factory(requested_name=tls.requested_name)
            self.server = await loop.create_server(factory, "127.0.0.1", 0, ssl=self._context)
        context = ssl.create_default_context(cafile=str(self._files[0]))
        context.check_hostname = False  # the names under test are asked for, not proved
        if certificate:
            context.load_cert_chain(*certificate)
        port = self.server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
        kiosk = Kiosk(reader, writer, UTF8)
        self._library.kiosks.append(kiosk)
        return kiosk


def terminal(document: dict[str, Any]) -> dict[str, Any]:
    return document["members"]["aber"]["terminals"]["aber-kiosk-1"]


async def test_a_kiosk_over_tls(node: Open, tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        terminal(document)["require_tls"] = True

    library = await node(change=change)
    clear = await library.connect()
    assert (await clear.ask(LOGIN)).fixed["ok"] == "0"
    listener = Listener(library, tmp_path, None)
    kiosk = await listener.connect()
    assert (await kiosk.ask(LOGIN)).fixed["ok"] == "1"
    assert (await kiosk.ask(information(patron(1)))).get("BL") == "Y"
    assert listener.server is not None
    listener.server.close()


@pytest.mark.parametrize(("asked", "ok"), [("sip.aber.example", "1"), ("sip.bangor.example", "0"), ("localhost", "1")])
async def test_the_name_asked_for_may_only_agree(node: Open, tmp_path: Path, asked: str, ok: str) -> None:
    def change(document: dict[str, Any]) -> None:
        for code in ("aber", "bangor"):
            document["members"][code]["tls_names"] = [f"sip.{code}.example"]

    listener = Listener(await node(change=change), tmp_path, None)
    kiosk = await listener.connect(asked)
    assert (await kiosk.ask(LOGIN)).fixed["ok"] == ok
    assert listener.server is not None
    listener.server.close()


async def test_a_client_certificate_is_a_login(node: Open, tmp_path: Path) -> None:
    files = client_certificate(tmp_path, "aber-kiosk-1")

    def change(document: dict[str, Any]) -> None:
        terminal(document)["client_certificate"] = "CN=aber-kiosk-1"

    listener = Listener(await node(change=change), tmp_path, files[0])
    known = await listener.connect(certificate=files)
    assert (await known.ask(information(patron(1)))).get("BL") == "Y"
    without = await listener.connect()
    assert (await without.ask(information(patron(1)))).get("BL") == "N"
    assert (await without.ask(LOGIN)).fixed["ok"] == "0"  # the password alone is not enough for it
    assert listener.server is not None
    listener.server.close()
