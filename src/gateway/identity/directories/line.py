"""One connection to one server of a directory, as the rest of this package sees it: open, bind, search, drop.

`ldap3_line.py` implements it. What a server says is an Answer, whatever its result code; that nothing was said, or by
somebody who is not to be trusted, is LineLost. Which server, how long, and what a result code means is decided above.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

from library_protocols.ldap.messages import Control, IntermediateResponse, Scope

PORTS = {"ldap": 389, "ldaps": 636}


class Budget:
    """Seconds that several steps have together."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left, 0.0 when they are used up."""
        return max(0.0, self._end - time.monotonic())

    def part(self, of: int) -> Budget:
        """An equal part of what is left."""
        return Budget(self.left() / of)


class Protection(StrEnum):
    TLS = "tls"  # from the first octet
    STARTTLS = "starttls"  # before anything else is said
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def server(url: str) -> Server:
    """The server of an `ldap://` or `ldaps://` URL."""
    parts = urlsplit(url)
    return Server(parts.hostname or "", parts.port or PORTS[parts.scheme])


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What was agreed and shown when the connection was encrypted. `subject` is the certificate's, as text."""

    version: str
    subject: str
    not_after: datetime


class LineLost(Exception):
    """The connection is not there (any more). `step`: connect, tls, bind or search. `silent`: nothing came in time;
    otherwise it was refused, closed, or could not be trusted. `reason` is for people and names no person."""

    def __init__(self, step: str, reason: str, *, silent: bool = False) -> None:
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = reason
        self.silent = silent


@dataclass(frozen=True, slots=True)
class Answer:
    """A result: its code (RFC 4511 4.1.9), the server's text, the response's controls."""

    code: int
    diagnostic: str = ""
    controls: Sequence[Control] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as sent: attributes by name with their options."""

    dn: str
    attributes: Mapping[str, list[bytes]]
    controls: Sequence[Control] = ()


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked for. `size` 0 is no limit of ours; no attributes are no attributes, not all. `discard`: entries are
    let go as they come, and none is in the answer."""

    base: str
    filter: str
    attributes: Sequence[str] = ()
    scope: Scope = Scope.SUB
    size: int = 0
    controls: Sequence[Control] = ()
    discard: bool = False


@dataclass(frozen=True, slots=True)
class SearchAnswer(Answer):
    """`references` counts places where the server says more could be found: they are not followed."""

    entries: Sequence[Entry] = ()
    references: int = 0
    between: Sequence[IntermediateResponse] = ()


class Line(Protocol):
    """An open connection. One thing is done on it at a time. After LineLost it is of no use."""

    server: Server
    tls: TlsFacts | None
    connect_milliseconds: float
    tls_milliseconds: float

    async def bind(self, name: str, password: str, controls: Sequence[Control] = (), *, seconds: float) -> Answer:
        """A simple bind with a name and a password that are not empty. Raises LineLost."""
        ...

    async def search(self, search: Search, *, seconds: float) -> SearchAnswer:
        """Raises LineLost."""
        ...

    def drop(self) -> None:
        """Closes the connection without waiting for anything."""
        ...


class Opener(Protocol):
    async def open(self, server: Server, *, seconds: float) -> Line:
        """A connection, encrypted as configured and with the server's certificate verified. Raises LineLost."""
        ...

    def close(self) -> None:
        """Gives back what connections share."""
        ...
