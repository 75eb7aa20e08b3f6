"""Slows down who guesses passwords, by address and login, without ever locking a kiosk out.

After some free failures each further one doubles the wait for that address and login, up to a ceiling. One address that
fails at many logins waits for all of them, but shortly: a whole library may stand behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

_KEPT = 20_000  # addresses times logins remembered; the oldest are forgotten first
_FORGET_SECONDS = 900.0
_ADDRESS_FACTOR = 10  # failures that one address has free, in multiples of what one login has
_ADDRESS_CEILING = 5.0  # seconds


@dataclass(slots=True)
class _Failures:
    count: int
    last: float
    until: float


class Throttle:
    """Counts in memory; times are seconds of a monotonic clock. `ceiling` is the longest wait in seconds."""

    def __init__(self, free: int, ceiling: float) -> None:
        self._free = free
        self._ceiling = ceiling
        self._failures: dict[tuple[str, str | None], _Failures] = {}

    def wait(self, peer: str, login: str, now: float) -> float:
        """Seconds that this address must still wait before it may try this login."""
        return max(self._remaining((peer, login), now), self._remaining((peer, None), now), 0.0)

    def failed(self, peer: str, login: str, now: float) -> None:
        self._count((peer, login), now, self._free, self._ceiling)
        self._count((peer, None), now, self._free * _ADDRESS_FACTOR, min(self._ceiling, _ADDRESS_CEILING))

    def succeeded(self, peer: str, login: str) -> None:
        """Forgets the failures at this login; those of the address remain, or one known password would open all."""
        self._failures.pop((peer, login), None)

    def _remaining(self, key: tuple[str, str | None], now: float) -> float:
        failures = self._failures.get(key)
        return 0.0 if failures is None else failures.until - now

    def _count(self, key: tuple[str, str | None], now: float, free: int, ceiling: float) -> None:
        failures = self._failures.pop(key, None)
        if failures is None or now - failures.last > _FORGET_SECONDS:
            failures = _Failures(0, now, now)
        failures.count += 1
        failures.last = now
        if failures.count >= free:
            failures.until = now + min(2.0 ** min(failures.count - free, 30), ceiling)
        self._failures[key] = failures  # at the end: the dict is in order of last failure
        if len(self._failures) > _KEPT:
            del self._failures[next(iter(self._failures))]
