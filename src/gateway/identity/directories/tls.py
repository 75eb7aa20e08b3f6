"""Encryption of connections to a directory: the certificate and the name in it are always verified."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from typing import Any

from gateway.config.identity import DirectoryConfig
from gateway.identity.directories.line import Protection, Server, TlsFacts

PROTECTION = {"verify": Protection.TLS, "starttls": Protection.STARTTLS, "none": Protection.NONE}
"""What the setting `security` asks for."""


def context(config: DirectoryConfig) -> ssl.SSLContext:
    """Trusts the configured authorities, or the machine's own. Raises OSError (ssl.SSLError is one) where the file
    cannot be read."""
    made = ssl.create_default_context(cafile=None if config.ca is None else str(config.ca))
    # Said aloud, though it is the default: a directory that anybody can stand in for gives away every password.
    made.check_hostname = True
    made.verify_mode = ssl.CERT_REQUIRED
    return made


def expected_name(config: DirectoryConfig, server: Server) -> str:
    """The name that the server's certificate must have."""
    return config.server_name or server.host


def facts(link: ssl.SSLSocket | ssl.SSLObject) -> TlsFacts:
    """What was agreed on an encrypted connection whose certificate was verified."""
    certificate = link.getpeercert() or {}
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    name: Any = certificate.get("subject", ())  # RDNs of pairs of type and value
    subject = ", ".join(f"{kind}={value}" for rdn in name for kind, value in rdn)
    return TlsFacts(link.version() or "", subject, until)


def why(error: OSError) -> str:
    """Why a connection could not be encrypted, in words for people."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not to be trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {(error.reason or 'no reason given').replace('_', ' ').lower()}"
    return f"TLS failed: {error.strerror or 'the connection was closed'}"
