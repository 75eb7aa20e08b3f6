"""The servers of a directory, and which of them are passed over for a while.

One that was silent is left alone for the whole period, so that it costs one caller its patience and not every caller;
then one caller tries it again. One that refused at once is tried after the others: asking it again costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.clock import Clock
from gateway.identity.directories.line import Server


@dataclass(slots=True)
class _Trouble:
    until: float
    silent: bool


class Servers:
    def __init__(self, servers: Sequence[Server], retry_seconds: float, clock: Clock) -> None:
        self._servers = tuple(servers)
        self._retry = retry_seconds
        self._clock = clock
        self._troubles: dict[Server, _Trouble] = {}

    @property
    def all(self) -> Sequence[Server]:
        return self._servers

    def order(self, prefer: Server | None = None) -> list[Server]:
        """Those that may be tried now, the best first: `prefer`, then the configured order, then those that refused."""
        now = self._clock.monotonic()
        rank: dict[Server, tuple[bool, bool]] = {}
        for server in self._servers:
            trouble = self._troubles.get(server)
            waiting = trouble is not None and now < trouble.until
            if trouble is None or not (waiting and trouble.silent):
                rank[server] = (waiting, server != prefer)
        return sorted(rank, key=rank.__getitem__)

    def claim(self, server: Server) -> bool:
        """Asks to try a server now. False where it has been silent and another caller is finding out about it."""
        trouble = self._troubles.get(server)
        if trouble is None or not trouble.silent:
            return True
        now = self._clock.monotonic()
        if now < trouble.until:
            return False
        trouble.until = now + self._retry
        return True

    def failed(self, server: Server, *, silent: bool) -> bool:
        """Passes a server over. True where nothing had been wrong with it before."""
        known = server in self._troubles
        self._troubles[server] = _Trouble(self._clock.monotonic() + self._retry, silent)
        return not known

    def answered(self, server: Server) -> bool:
        """True where something had been wrong with it."""
        return self._troubles.pop(server, None) is not None

    def seconds_to_wait(self) -> float:
        """Until the first of those passed over is tried again."""
        now = self._clock.monotonic()
        return max(0.0, min((trouble.until - now for trouble in self._troubles.values()), default=0.0))
