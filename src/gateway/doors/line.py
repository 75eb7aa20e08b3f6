"""What the doors of line protocols have in common: a connection that is not read while its peer does not read, one that
is ended where its peer is silent or slow, and what a connection says about its other end."""

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


class WatchedProtocol(PacedProtocol):
    """A connection with three times: `_watch` looks after silence now and then, `_slow` runs while something is waited
    for, `_last` while a connection that was closed may still be read."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._watch: asyncio.TimerHandle | None = None
        self._slow: asyncio.TimerHandle | None = None
        self._last: asyncio.TimerHandle | None = None

    @abstractmethod
    def _watch_over(self) -> None:
        """Ends a connection that is silent for too long, or looks again later."""

    @abstractmethod
    def _too_slow(self) -> None:
        """What was expected has not come in time; the connection is still there."""

    @property
    def _closing(self) -> bool:
        """Whether nothing more is said here: the connection is lost, or was closed."""
        return self._transport is None or self._last is not None

    def _look_again(self, seconds: float) -> None:
        self._watch = self._loop.call_later(max(seconds, 1.0), self._watch_over)

    def _expect(self, seconds: float) -> None:
        """Something has to come within so many seconds of the first time that this is said."""
        if self._slow is None:
            self._slow = self._loop.call_later(seconds, self._overdue)

    def _arrived(self) -> None:
        """What was expected is there."""
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def _close_within(self, seconds: float) -> None:
        """Closes the connection once the peer has read its answers; one that does not read them loses them."""
        transport = self._transport
        if transport is not None and self._last is None:
            transport.close()
            self._last = self._loop.call_later(seconds, transport.abort)

    def _lost(self) -> None:
        """The connection is gone, and all its times with it."""
        self._transport = None
        for timer in (self._watch, self._slow, self._last):
            if timer is not None:
                timer.cancel()
        self._watch = self._slow = self._last = None

    def _overdue(self) -> None:
        self._slow = None
        if self._transport is not None:
            self._too_slow()
