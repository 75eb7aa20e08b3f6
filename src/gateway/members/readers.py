"""Who may read which view of the catalogue: a member's code, or `all` for the consortium.

A view is open to everybody or asks for a reader's name and password; guesses are slowed down as terminals' are. A
password that was right need not be checked again for a minute: HTTP sends it with every request.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

from gateway.clock import Clock
from gateway.config import Config, ReaderConfig
from gateway.config.agreement import ALL
from gateway.members.evidence import within
from gateway.members.guarded import Guarded


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader whose password was right, and the views that the name opens beside those open to all."""

    name: str
    views: frozenset[str]


@dataclass(frozen=True, slots=True)
class ReaderRefused:
    """`retry_after` in seconds where the address has guessed too often; 0 where name or password are wrong."""

    retry_after: float = 0.0


class Readers:
    """The views of the catalogue and their readers. Replaced as a whole with the configuration."""

    def __init__(self, config: Config, *, clock: Clock, executor: Executor) -> None:
        self._readers: dict[str, tuple[ReaderConfig, frozenset[str]]] = {}
        self._guarded = Guarded(clock, executor, self._hash_of)
        self.replace(config)

    def replace(self, config: Config) -> None:
        """Takes a new configuration. A reader's views hold until the next login."""
        self.views: tuple[str, ...] = (ALL, *config.members)
        self._open = frozenset(code for code, member in config.members.items() if member.catalogue.anonymous) | (
            frozenset({ALL}) if config.catalogue.anonymous else frozenset()
        )
        self._readers = {name: (reader, frozenset(self.views)) for name, reader in config.catalogue.readers.items()}
        for code, member in config.members.items():
            self._readers.update(
                (name, (reader, frozenset({code}))) for name, reader in member.catalogue.readers.items()
            )
        self._guarded.replace(config.limits.login_failures, config.limits.login_backoff_seconds)

    def exists(self, view: str) -> bool:
        return view in self.views

    def may_read(self, view: str, reader: Reader | None = None) -> bool:
        """Whether the view is open to everybody, or to this reader. False for a view that does not exist."""
        return view in self._open or (reader is not None and view in reader.views and view in self.views)

    async def login(self, name: str, password: str, peer: str | None) -> Reader | ReaderRefused:
        """Takes as long for a wrong name as for a wrong password."""
        wait = await self._guarded.check(name, password, peer, lambda: _may_come(self._readers.get(name), peer))
        found = self._readers.get(name)
        return ReaderRefused(wait or 0.0) if wait is not None or found is None else Reader(name, found[1])

    def _hash_of(self, name: str) -> str | None:
        found = self._readers.get(name)
        return found[0].password_hash.get_secret_value() if found else None


def _may_come(found: tuple[ReaderConfig, frozenset[str]] | None, peer: str | None) -> bool:
    """Whether a reader comes from where it may."""
    return found is not None and (not found[0].networks or within(peer, found[0].networks))
