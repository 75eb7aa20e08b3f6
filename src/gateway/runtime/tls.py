"""TLS for every listener: server certificates (by requested name), client certificates, and the demo's own certificate.

Verification of client certificates is on as soon as a client CA is named; there is no half-way setting.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_ATTRIBUTE = "gateway_requested_name"


def server_context(
    certificate: Path,
    key: Path,
    *,
    client_ca: Path | None = None,
    client_required: bool = False,
    by_name: Mapping[str, tuple[Path, Path]] | None = None,
) -> ssl.SSLContext:
    """A server context. `by_name` gives other certificates for names a client asks for (SNI).

    The name asked for is kept on the connection, see `requested_name`. Raises OSError and ssl.SSLError where a file
    is missing or does not hold what it should.
    """
    context = _context(certificate, key, client_ca, client_required)
    others = {name.casefold(): _context(*files, client_ca, client_required) for name, files in (by_name or {}).items()}

    def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name:
            setattr(connection, _ATTRIBUTE, name.casefold())
            if other := others.get(name.casefold()):
                connection.context = other

    context.sni_callback = choose  # pyright: ignore[reportAttributeAccessIssue]
    return context


def requested_name(connection: object) -> str | None:
    """The name the client asked for (SNI), lower case; None where it asked for none or speaks in clear."""
    return getattr(connection, _ATTRIBUTE, None)


def _context(certificate: Path, key: Path, client_ca: Path | None, client_required: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED if client_required else ssl.CERT_OPTIONAL
    return context


def demo_certificate(directory: Path, names: tuple[str, ...] = ("localhost",)) -> tuple[Path, Path]:
    """A self-signed certificate for loopback, made once and kept in `directory` with its key (mode 0600)."""
    certificate_file, key_file = directory / "demo-certificate.pem", directory / "demo-key.pem"
    if certificate_file.exists() and key_file.exists():
        return certificate_file, key_file
    directory.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Library gateway demo")
    # Some kiosk software compares the common name with the host and looks at no alternative name.
    name = x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    alternatives: list[x509.GeneralName] = [x509.DNSName(n) for n in names]
    alternatives += [x509.IPAddress(ipaddress.ip_address(a)) for a in ("127.0.0.1", "::1")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_file.touch(mode=0o600)
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return certificate_file, key_file


def days_left(certificate: Path) -> float:
    """Days until the certificate expires; negative once it has. Raises OSError and ValueError."""
    end = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    return (end - datetime.now(UTC)).total_seconds() / 86400
