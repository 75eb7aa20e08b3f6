"""What the doors of line protocols have in common: a connection that is not read while its peer does not read, and what
a connection says about its other end."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable

from cryptography import x509

from gateway.members import Evidence

RequestedName = Callable[[object], str | None]
"""Reads the name that a TLS client asked for (SNI) from the connection's SSL object."""


def evidence_of(
    transport: asyncio.BaseTransport,
    *,
    listener_member: str | None = None,
    requested_name: RequestedName | None = None,
) -> Evidence:
    """What a connection says about its other end."""
    peer = transport.get_extra_info("peername")
    connection = transport.get_extra_info("ssl_object")
    subject = None
    if connection is not None and (der := connection.getpeercert(binary_form=True)):
        subject = x509.load_der_x509_certificate(der).subject.rfc4514_string()
    return Evidence(
        peer=peer[0] if isinstance(peer, tuple) else None,
        tls=connection is not None,
        tls_name=requested_name(connection) if connection is not None and requested_name else None,
        client_certificate=subject,
        listener_member=listener_member,
    )


class PacedProtocol(asyncio.Protocol):
    """`_writable` says that the peer takes what is written; `_pump` answers what can be answered now."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._writable = True
        self._reading = True

    @abstractmethod
    def _pump(self) -> None:
        """Goes on where it stopped."""

    def pause_writing(self) -> None:
        self._writable = False
        self._set_reading(False)

    def resume_writing(self) -> None:
        self._writable = True
        self._pump()

    def _set_reading(self, wanted: bool) -> None:
        transport = self._transport
        if transport is None or wanted is self._reading or transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            transport.resume_reading()
        else:
            transport.pause_reading()
