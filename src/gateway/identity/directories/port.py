"""What is asked of a campus directory. Two things can fail in a login: the password, and the directory; they are never
taken for each other. Nothing here blocks the event loop, and every call ends by its deadline.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Verdict(StrEnum):
    """What a bind as a person came to."""

    RIGHT = "right"
    WRONG = "wrong"  # password; also where the directory does not tell it from an unknown name
    UNKNOWN = "unknown"  # the search found nobody
    AMBIGUOUS = "ambiguous"  # the search found more than one: nobody was bound as
    EXPIRED_PASSWORD = "expired-password"  # noqa: S105  AD 532, or must be changed first (773)
    DISABLED = "disabled"  # AD 533
    EXPIRED = "expired"  # the account: AD 701
    LOCKED = "locked"  # AD 775, pwdAccountLockedTime
    NOT_NOW = "not-now"  # AD 530, 531: not at this hour or from here


class DirectoryDown(Exception):
    """No server answered in time, or what answered was not to be trusted. `step` is where it failed last: connect, tls,
    bind (as the service account), search; `reason` is for people and holds no personal data. `sent`: somebody's
    password had been sent and was not answered, so that the directory may count it as wrong."""

    def __init__(self, step: str, reason: str, *, sent: bool = False) -> None:
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = reason
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done, for `gateway directory test`: its name, how it went, how long it took (milliseconds)."""

    name: str
    ok: bool
    detail: str
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Login:
    """How a login went. `attributes` (of RIGHT) by lower-case name, those that the configuration asks for. `down` is
    for `explain` alone: the directory did not answer, and nothing is known of the login."""

    verdict: Verdict
    dn: str = ""
    attributes: Mapping[str, list[str]] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    down: bool = False


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """An entry as read. `attributes` by lower-case name without options, values as octets."""

    dn: str
    attributes: Mapping[str, list[bytes]]


class Directory(Protocol):
    """One directory of one member, by however many servers it has."""

    async def authenticate(self, login: str, password: str, *, deadline: float) -> Login:
        """Checks a password with at most one bind as the person. `deadline` is in seconds from now, over everything.

        An empty password is WRONG without a bind (RFC 4513 5.1.2 would let it in). Raises DirectoryDown."""
        ...

    async def find(self, login: str, *, deadline: float) -> list[DirectoryEntry]:
        """The entries that the configured filter finds for a login, at most two. Raises DirectoryDown."""
        ...

    async def explain(self, login: str, password: str | None, *, deadline: float) -> Login:
        """`authenticate` step by step, for people: connect, TLS, service bind, search, bind. Without a password it
        stops before the bind and says RIGHT where exactly one entry was found. Does not raise DirectoryDown: the step
        that failed says so."""
        ...

    def entries(
        self, base: str, filter_: str, attributes: Sequence[str], *, page: int
    ) -> AsyncIterator[list[DirectoryEntry]]:
        """A whole subtree, page by page (RFC 2696). Ends by itself only where the server said that this was all; raises
        DirectoryDown where the connection was lost or a limit of the server's cut the list short."""
        ...

    async def check(self) -> list[Step]:
        """Connects and binds as the service account, for `gateway check`."""
        ...

    async def close(self) -> None: ...
