"""A stream of octets cut into PDUs. Nothing is looked at but headers, and no octet twice.

What cannot be the beginning of a PDU ends the stream at once, for nothing after it can be trusted.
"""

from __future__ import annotations

from library_protocols.ber import BerError, Scan, measure

MAX_PDU = 1_048_576
"""Octets of one PDU where the owner does not say otherwise: the preferred message size most clients propose."""


class Framer:
    """Cuts one direction of an association. Once `error` is there, nothing more comes."""

    __slots__ = ("_buffer", "_need", "_scan", "error", "max_pdu")

    def __init__(self, max_pdu: int = MAX_PDU) -> None:
        self.max_pdu = max_pdu
        self._buffer = bytearray()
        self._need = 2  # octets that must be there before looking again is of use
        self._scan: Scan | None = None
        self.error: BerError | None = None

    @property
    def buffered(self) -> int:
        """Octets held of a PDU whose end has not arrived."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Takes octets as they arrived; gives the PDUs they complete, in order. Never raises.

        When what follows those is no PDU, or one that is too long, `error` says so.
        """
        if self.error is not None:
            return []
        size = len(data)
        if not self._buffer and 1 < size <= self.max_pdu and data[1] < 0x80 and size == data[1] + 2:
            first = data[0]
            if first >> 5 == 5 and first & 0x1F != 0x1F:
                return [data]  # the usual case: one short PDU, whole
        buffer = self._buffer
        buffer += data
        found: list[bytes] = []
        while len(buffer) >= self._need:
            try:
                end = self._end()
            except BerError as error:
                self.error = error
                buffer.clear()
                break
            if end is None:
                break
            found.append(bytes(buffer[:end]))
            del buffer[:end]
            self._need = 2
        return found

    def _end(self) -> int | None:
        """Where the first PDU of the buffer ends, or None when that has not arrived."""
        buffer = self._buffer
        if self._scan is None:
            if buffer[0] >> 5 != 5:  # context-specific and constructed
                raise BerError(f"octet {buffer[0]:#04x} begins no PDU", 0)
            measured = measure(buffer, 0, len(buffer))
            if measured is None:
                self._need = len(buffer) + 1
                return None
            start, stop = measured
            if stop is not None:
                if stop > self.max_pdu:
                    raise BerError(f"a PDU of {stop} octets where {self.max_pdu} are allowed", 0)
                if stop > len(buffer):
                    self._need = stop
                    return None
                return stop
            self._scan = Scan(start)
        scan = self._scan
        if scan.advance(buffer, len(buffer)):
            self._scan = None
            if scan.at > self.max_pdu:
                raise BerError(f"a PDU of {scan.at} octets where {self.max_pdu} are allowed", 0)
            return scan.at
        if len(buffer) > self.max_pdu:
            raise BerError(f"a PDU of more than {self.max_pdu} octets", 0)
        self._need = len(buffer) + 1
        return None
