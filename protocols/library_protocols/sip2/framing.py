"""A stream of octets cut into messages, whatever ends them: CR, LF, or both in any order.

A message may arrive in pieces or several at once. A line longer than the limit is thrown away up to its
terminator and reported, so that the link survives and memory stays bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from library_protocols.sip2.dialect import MAX_MESSAGE

_TERMINATORS = re.compile(rb"[\r\n]+")
_ENDS = (b"\r", b"\n")
_PADDING = b"\0 "
"""NULs and blanks before a message are line noise of terminal servers; no message begins with one."""


@dataclass(frozen=True, slots=True)
class Oversize:
    """A line that was longer than allowed and is gone; `length` counts its octets."""

    length: int


def _single(data: bytes) -> bytes:
    """The message, where `data` is one and its terminator and nothing else, as nearly always; else empty."""
    line = data[:-1]
    if data[-1:] not in _ENDS or b"\r" in line or b"\n" in line or line[:1] <= b" " or line[-1] == 0:
        return b""
    return line


class Framer:
    """Cuts one direction of one link. `max_message` limits a message without its terminator, in octets."""

    __slots__ = ("_buffer", "_lost", "max_message")

    def __init__(self, max_message: int = MAX_MESSAGE) -> None:
        self.max_message = max_message
        self._buffer = b""
        self._lost = 0

    @property
    def buffered(self) -> int:
        """Octets held of a message whose end has not arrived."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes | Oversize]:
        """Take octets as they arrived; give back the messages they complete, without terminators, in order."""
        if self._buffer:
            data = self._buffer + data
        elif not self._lost and (line := _single(data)) and len(line) <= self.max_message:
            return [line]
        lines = _TERMINATORS.split(data)
        rest = lines.pop()
        found: list[bytes | Oversize] = []
        for line in lines:
            if self._lost:
                found.append(Oversize(self._lost + len(line)))
                self._lost = 0
                continue
            line = line.lstrip(_PADDING)
            if len(line) > self.max_message:
                found.append(Oversize(len(line)))
            elif line := line.rstrip(b"\0"):
                found.append(line)
        if not self._lost:
            rest = rest.lstrip(_PADDING)
        if self._lost or len(rest) > self.max_message:
            self._lost += len(rest)
            rest = b""
        self._buffer = rest
        return found


__all__ = ["Framer", "Oversize"]
