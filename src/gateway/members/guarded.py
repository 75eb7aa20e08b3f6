"""Passwords of names that ask again and again: checked off the event loop, slowed down where somebody guesses.

What was right need not be checked again for a minute: some clients send it with every request, others bind anew each
time. The names, and what they open, are their keepers' affair (`readers`, `ldap_accounts`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor

from gateway.clock import Clock
from gateway.members.remembered import Remembered
from gateway.members.secrets import password_matches
from gateway.members.throttle import Throttle

_CHECKS = 2  # passwords checked at a time, as at `Members`


class Guarded:
    """`stored` gives the argon2 hash of a name's password as it is configured now, or None for a name of nobody."""

    def __init__(self, clock: Clock, executor: Executor, stored: Callable[[str], str | None]) -> None:
        self._clock = clock
        self._executor = executor
        self._stored = stored
        self._checking = asyncio.Semaphore(_CHECKS)
        self._remembered = Remembered()
        self._throttle = Throttle(1, 0.0)

    def replace(self, failures: int, backoff_seconds: float) -> None:
        """Takes the limits of a new configuration; nothing is remembered from before."""
        self._throttle = Throttle(failures, backoff_seconds)
        self._remembered.forget()

    async def check(self, name: str, password: str, peer: str | None, may_come: Callable[[], bool]) -> float | None:
        """None where the password is right and `may_come` agrees, else how many seconds must pass before this name can
        be tried again from this address (0: none). Takes as long for a wrong name as for a wrong password."""
        # Guesses that come all at once wait here, where each meets the count of those before it.
        async with self._checking:
            now, address = self._clock.monotonic(), peer or ""
            if (wait := self._throttle.wait(address, name, now)) > 0:
                return wait
            hashed = self._stored(name)
            matches = await self._matches(name, password, hashed, now)
            # Looked up again: the configuration may have been replaced while the password was checked.
            if not matches or self._stored(name) != hashed or not may_come():
                self._throttle.failed(address, name, now)
                return 0.0
            self._throttle.succeeded(address, name)
            return None

    async def _matches(self, name: str, password: str, hashed: str | None, now: float) -> bool:
        if hashed is not None and self._remembered.knows(name, password, hashed, now):
            return True
        loop = asyncio.get_running_loop()
        matches = await loop.run_in_executor(self._executor, password_matches, password, hashed)
        if hashed is not None and matches:
            self._remembered.keep(name, password, hashed, now)
        return matches
