"""The open links of a door that keeps connections: how many there may be, their names, and how all of them end."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Set
from typing import Generic, Protocol, TypeVar


class Link(Protocol):
    """A connection."""

    def finish(self) -> None:
        """Ends what is running, says goodbye and closes."""
        ...


L = TypeVar("L", bound=Link)


class Links(Generic[L]):
    """The links of one process. `turned_away` counts those that were not let in."""

    def __init__(self) -> None:
        self._peers: dict[L, str | None] = {}
        self.turned_away = 0
        self._of_peer: Counter[str | None] = Counter()
        self._process = secrets.token_hex(4)
        self._count = 0
        self._draining = False
        self._empty = asyncio.Event()

    @property
    def open(self) -> Set[L]:
        return self._peers.keys()

    def opened(self, link: L, most: int, peer: str | None = None, *, of_one_peer: int | None = None) -> str | None:
        """Counts a link in and names it; None where there are `most` already, or `of_one_peer` from the address `peer`,
        or where we are leaving."""
        crowd = of_one_peer is not None and self._of_peer[peer] >= of_one_peer
        if self._draining or len(self._peers) >= most or crowd:
            self.turned_away += 1
            return None
        self._peers[link] = peer
        self._of_peer[peer] += 1
        self._count += 1
        return f"{self._process}-{self._count}"

    def closed(self, link: L) -> None:
        """Counts it out; one that was never let in changes nothing."""
        if link in self._peers:
            peer = self._peers.pop(link)
            self._of_peer[peer] -= 1
            if not self._of_peer[peer]:
                del self._of_peer[peer]
        if not self._peers:
            self._empty.set()

    async def drain(self) -> None:
        """Lets nobody in any more, and every link finish what it is doing. Returns when the last is gone."""
        self._draining = True
        self._empty.clear()
        for link in list(self._peers):
            link.finish()
        if self._peers:
            await self._empty.wait()


def half(most: int) -> int:
    """What one address may have of so many, so that nobody shuts out all others."""
    return (most + 1) // 2
