"""A connection that is not read while its peer does not read: what the doors of line protocols have in common."""

from __future__ import annotations

import asyncio
from abc import abstractmethod


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
