"""One after the other: what concerns one patron, or one account of a directory, waits for its turn."""

from __future__ import annotations

import asyncio

Turns = dict[tuple[str, str], tuple[asyncio.Lock, int]]
"""Who has the turn and how many want it, by what they wait for."""


class NoTurn(Exception):
    """The patience was over before the turn came."""


class Turn:
    """A lock per key that goes when nobody waits for it. Raises NoTurn where `patience` (seconds) is over."""

    __slots__ = ("_key", "_patience", "_turns")

    def __init__(self, turns: Turns, key: tuple[str, str], patience: float | None = None) -> None:
        self._turns = turns
        self._key = key
        self._patience = patience

    async def __aenter__(self) -> None:
        lock, users = self._turns.get(self._key) or (asyncio.Lock(), 0)
        self._turns[self._key] = (lock, users + 1)
        try:
            if self._patience is None or not lock.locked():
                await lock.acquire()
            else:
                await asyncio.wait_for(lock.acquire(), self._patience)
        except BaseException as error:
            self._leave()
            if isinstance(error, TimeoutError):
                raise NoTurn from None
            raise

    async def __aexit__(self, *_: object) -> None:
        self._turns[self._key][0].release()
        self._leave()

    def _leave(self) -> None:
        lock, users = self._turns[self._key]
        if users == 1:
            del self._turns[self._key]
        else:
            self._turns[self._key] = (lock, users - 1)
