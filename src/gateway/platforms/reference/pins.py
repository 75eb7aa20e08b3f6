"""PINs: argon2id over an HMAC with a pepper that the database never sees.

Four digits protect nothing by themselves: without the pepper a stolen hash cannot even be tried. Parameters are
chosen for kiosks in a row (about 4 ms); the work runs on two threads of its own, never on the event loop.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from concurrent.futures import Executor, ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_THREADS = 2


class Pins:
    """`pepper` must be at least 16 bytes (ValueError else). An executor given stays its giver's to shut down."""

    def __init__(self, pepper: bytes, executor: Executor | None = None) -> None:
        if len(pepper) < 16:
            raise ValueError("the pepper must have at least 16 bytes")
        self._pepper = pepper
        self._own = ThreadPoolExecutor(_THREADS, "pins") if executor is None else None
        self._executor: Executor = executor or self._own  # type: ignore[assignment]
        self._hasher = PasswordHasher(time_cost=2, memory_cost=2048, parallelism=1)
        self._nobody = self.hash("", "no PIN is this")

    def hash(self, member: str, pin: str) -> str:
        """The hash to store; takes about 4 ms, so bulk loads call it on threads."""
        return self._hasher.hash(self._keyed(member, pin))

    async def verify(self, member: str, pin: str, pin_hash: str | None) -> bool:
        """Whether `pin` is right. Unknown patrons and patrons without a PIN (None) take as long as a wrong PIN.

        An empty PIN is never right, even where an empty one was stored."""
        loop = asyncio.get_running_loop()
        matches = await loop.run_in_executor(self._executor, self._matches, member, pin, pin_hash or self._nobody)
        return matches and pin_hash is not None and pin != ""

    def needs_rehash(self, pin_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(pin_hash)

    def close(self) -> None:
        if self._own is not None:
            self._own.shutdown(wait=False, cancel_futures=True)

    def _matches(self, member: str, pin: str, pin_hash: str) -> bool:
        try:
            return self._hasher.verify(pin_hash, self._keyed(member, pin))
        except (VerificationError, InvalidHashError):
            return False

    def _keyed(self, member: str, pin: str) -> bytes:
        return hmac.new(self._pepper, f"{member}|{pin}".encode(), hashlib.sha256).digest()
