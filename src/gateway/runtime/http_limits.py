"""What uvicorn's HTTP protocol does not limit: connections, octets of a head, and the time a request may take to come;
and what it does not hand on: who the client's certificate is for.

HTTP shares its event loop with the kiosks, and whoever opens a connection has shown no key yet.
"""

from __future__ import annotations

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.doors.line import evidence_of

HEAD_OCTETS = 65_536  # in a row without an octet of body: a head, or trailers; ours need a few hundred
REQUEST_SECONDS = 20.0  # from its first octet to its last; the largest body takes a second on any line we know
CONNECTIONS = 1024  # of one listener: more than all staff systems of a consortium hold open

WAITING_OCTETS = 1 << 20  # of an answer on the way: a page of a list, so that it is made while its beginning is read

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class LimitedHttp(HttpToolsProtocol):
    """One HTTP connection. What goes beyond a limit costs its sender the connection."""

    _unmoved = 0
    _moved = False
    _late: asyncio.TimerHandle | None = None
    _client: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        if len(self.connections) > CONNECTIONS:
            self.transport.abort()
            return
        self.transport.set_write_buffer_limits(high=WAITING_OCTETS)
        self._client = evidence_of(self.transport).client_certificate
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._moved = False
        super().data_received(data)
        self._unmoved = 0 if self._moved else self._unmoved + len(data)
        if self._unmoved > HEAD_OCTETS and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._client is not None:
            # The names of the ASGI extension for TLS.
            self.scope["extensions"] = {"tls": {"client_cert_name": self._client}}
        self._expect()

    def on_headers_complete(self) -> None:
        self._moved = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._moved = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._moved = True
        self._arrived()
        super().on_message_complete()

    def _expect(self) -> None:
        """Starts the time within which a request must have come."""
        self._arrived()
        self._late = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def _arrived(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
