"""What a connection to a member's server can be asked, whatever it speaks, and how it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from gateway.catalogue.index.headings import Scan
from gateway.catalogue.query import Query, SortKey
from gateway.catalogue.remote.reading import Told


class LinkFailed(Exception):
    """There is no connection, it was lost, the server let us not in, or what it said cannot be understood."""


class LinkTimeout(Exception):
    """No answer in time."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A result of the server's. `handle` asks for its records; `first` are those that came at once."""

    count: int
    handle: Any
    first: tuple[Told | None, ...] = ()


class Able(NamedTuple):
    """What a server says that it does with an index beside searching it."""

    scan: bool = False
    sort: bool = False


class Link(Protocol):
    """One connection, for one question at a time. All raise QueryProblem, LinkFailed, LinkTimeout."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    def holds(self, handle: Any) -> bool:
        """Whether the records of a result can be asked for here, without searching anew."""
        ...

    async def find(self, query: Query, sort: Sequence[SortKey]) -> Opened:
        """Searches, and sorts what was found."""
        ...

    async def records(self, handle: Any, start: int, size: int) -> list[Told | None]:
        """Records from position `start` (from 1), fewer where the server gives no more; None for what is no MARC."""
        ...

    async def indexes(self) -> dict[str, Able]:
        """Those of our indexes, by name, that the server has as far as it tells; without I/O once it is open."""
        ...

    async def scan(self, index: str, term: str, size: int, position: int, *, words: bool) -> Scan:
        """The terms around one (see `Catalogue.scan`)."""
        ...
