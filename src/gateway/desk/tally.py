"""Failed PINs and passwords, counted where all nodes see them.

A count that cannot be read lets nobody in; a failure that cannot be written down is kept in memory.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Protocol

import structlog

from gateway.canonical.refusals import FailureCode, PlatformFailure
from gateway.clock import Clock

UNWRITTEN = 10_000  # subjects whose failures are remembered here while the count cannot be written
UNWRITTEN_EACH = 100  # failures of one subject; every limit is lower

_log = structlog.get_logger(__name__)


class Attempts(Protocol):
    """Where failures are kept. `patron_id` is whatever they are counted under."""

    async def failures(self, member: str, patron_id: str, since: datetime) -> int: ...

    async def record(self, member: str, patron_id: str, terminal: str, at: datetime) -> None: ...

    async def clear(self, member: str, patron_id: str) -> None: ...


class Tally:
    """`Attempts`, with what could not be written to them."""

    def __init__(self, attempts: Attempts, clock: Clock) -> None:
        self._attempts = attempts
        self._clock = clock
        self._unwritten: dict[tuple[str, str], deque[datetime]] = {}

    async def since(self, member: str, subject: str, since: datetime) -> int:
        """How many failures there have been at `since` (aware) or later. Raises PlatformFailure."""
        try:
            written = await self._attempts.failures(member, subject, since)
        except Exception as error:
            _log.warning("PIN attempts cannot be counted", error=str(error))
            raise PlatformFailure(FailureCode.UPSTREAM_ERROR, "PIN attempts cannot be counted") from error
        return written + sum(at >= since for at in self._unwritten.get((member, subject), ()))

    async def record(self, member: str, subject: str, terminal: str) -> None:
        """Counts a failure, here where the count cannot be written: the answer must not tell a wrong PIN from a right
        one by a failure that only one of them meets."""
        now = self._clock.now()
        try:
            await self._attempts.record(member, subject, terminal, now)
        except Exception as error:
            _log.warning("a PIN attempt is counted in memory only", error=str(error))
            if len(self._unwritten) >= UNWRITTEN:
                self._unwritten.pop(next(iter(self._unwritten)))
            self._unwritten.setdefault((member, subject), deque(maxlen=UNWRITTEN_EACH)).append(now)

    async def forgive(self, member: str, subject: str) -> None:
        """Forgets the failures, after the right PIN."""
        self._unwritten.pop((member, subject), None)
        try:
            await self._attempts.clear(member, subject)
        except Exception as error:
            _log.warning("PIN attempts are not cleared", error=str(error))
