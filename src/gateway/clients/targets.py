"""Where a Z39.50 target is, as people write it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

PORT = 210


@dataclass(frozen=True, slots=True)
class Z3950Target:
    """What `z3950://user:password@host:port/database` says."""

    host: str
    port: int
    database: str
    user: str
    password: str


def z3950_target(address: str) -> Z3950Target:
    """The parts of an address. Raises ValueError."""
    parts = urlsplit(address if "://" in address else f"z3950://{address}")
    if parts.scheme != "z3950" or not parts.hostname:
        raise ValueError(f"{address!r} is no z3950://HOST[:PORT]/DATABASE")
    database = unquote(parts.path.strip("/")) or "Default"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Z3950Target(parts.hostname, parts.port or PORT, database, user, password)
