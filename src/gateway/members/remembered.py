"""Names and passwords that were right a moment ago: HTTP Basic sends them with every request, and argon2 is made slow.

Only what was right is kept, as a hash keyed with a random key of this process, so that neither a password nor its
argon2 hash can be read here. The stored hash is part of what is hashed: with another one nothing is recognised.
"""

from __future__ import annotations

import hashlib
import secrets

from gateway.members.secrets import octets

SECONDS = 60.0  # from the check, however often it is used since
SIZE = 1_000  # the oldest are forgotten first


class Remembered:
    """Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._until: dict[bytes, float] = {}

    def knows(self, name: str, password: str, hashed: str, now: float) -> bool:
        """Whether this password was found to be the hashed one within the last SECONDS."""
        digest = self._digest(name, password, hashed)
        until = self._until.get(digest)
        if until is not None and until <= now:
            del self._until[digest]
        return until is not None and now < until

    def keep(self, name: str, password: str, hashed: str, now: float) -> None:
        """To be called only with what was checked at `now`."""
        digest = self._digest(name, password, hashed)
        self._until.pop(digest, None)  # at the end: the dict is in order of the checks
        self._until[digest] = now + SECONDS
        if len(self._until) > SIZE:
            del self._until[next(iter(self._until))]

    def forget(self) -> None:
        """Everything, as a new configuration demands."""
        self._until.clear()

    def _digest(self, name: str, password: str, hashed: str) -> bytes:
        digest = hashlib.blake2b(key=self._key, digest_size=32)
        for part in (octets(name), octets(password), octets(hashed)):
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.digest()
