"""A stream of octets cut into messages. Only the outermost header is looked at, and no octet twice.

A message begins with a SEQUENCE of definite length (RFC 4511 5.1). What does not ends the stream: nothing after it can
be trusted.
"""

from __future__ import annotations

from library_protocols.ber import BerError, measure
from library_protocols.ldap.errors import DecodeError

MAX_MESSAGE = 262_144
"""Octets of one message where the owner does not say otherwise: requests are small, a long filter a few kilobytes."""
_SEQUENCE = 0x30


class Framer:
    """Cuts one direction of a connection. Once `error` is there, nothing more comes."""

    __slots__ = ("_buffer", "_need", "error", "max_bytes")

    def __init__(self, max_bytes: int = MAX_MESSAGE) -> None:
        self.max_bytes = max_bytes
        self._buffer = bytearray()
        self._need = 2  # octets that must be there before looking again is of use
        self.error: DecodeError | None = None

    @property
    def buffered(self) -> int:
        """Octets held of a message whose end has not arrived."""
        return len(self._buffer)

    def receive(self, octets: bytes) -> list[bytes]:
        """Takes octets as they arrived; gives the messages they complete, in order. Never raises.

        When what follows those is no message, or one that is too long, `error` says so.
        """
        if self.error is not None:
            return []
        size = len(octets)
        if not self._buffer and 1 < size <= self.max_bytes and octets[0] == _SEQUENCE and octets[1] == size - 2 < 0x80:
            return [octets]  # the usual case: one short message, whole
        buffer = self._buffer
        buffer += octets
        found: list[bytes] = []
        start = 0
        while len(buffer) - start >= self._need:
            try:
                stop = self._end(start)
            except DecodeError as error:
                self.error = error
                buffer.clear()
                return found
            if stop is None:
                break
            found.append(bytes(buffer[start:stop]))
            start = stop
            self._need = 2
        del buffer[:start]
        return found

    def _end(self, start: int) -> int | None:
        """Where the message that begins at `start` ends, or None when that has not arrived."""
        buffer = self._buffer
        if buffer[start] != _SEQUENCE:
            raise DecodeError(f"octet {buffer[start]:#04x} begins no message", 0)
        try:
            measured = measure(buffer, start, len(buffer))
        except BerError as error:
            raise DecodeError(error.reason, 0) from None
        if measured is None:
            self._need = len(buffer) - start + 1
            return None
        stop = measured[1]
        if stop is None:
            raise DecodeError("a message of indefinite length", 0)
        if stop - start > self.max_bytes:
            raise DecodeError(f"a message of {stop - start} octets where {self.max_bytes} are allowed", 0)
        if stop > len(buffer):
            self._need = stop - start
            return None
        return stop
