"""What the catalogue's store offers to readers and to writers. `sqlite.py` and `postgres.py` implement it.

Methods are async for PostgreSQL's sake; on SQLite they end without suspending. A reader sees every answer in one
snapshot. All raise CatalogueUnavailable where the database does not answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.catalogue.records import (
    CatalogueRecord,
    FeedPage,
    Format,
    Holding,
    IndexEntry,
    ReviewPair,
    SetDescription,
    StoreStats,
)

EVERYTHING = "*"
"""Who writes, indexes or reviews sees every row: no view's name."""


class CatalogueUnavailable(Exception):
    """The catalogue's database does not answer, or has another schema than this program knows."""


class CatalogueReader(Protocol):
    """What the doors and the index read."""

    async def records(self, view: str, ids: Sequence[int], *, holdings: bool = True) -> list[CatalogueRecord | None]:
        """In the order asked; None for what the view does not show now. Where `holdings` are not wanted, there are
        none."""
        ...

    async def exact(self, view: str, ids: Sequence[int]) -> dict[int, tuple[Format, bytes]]:
        """ISO 2709 in UTF-8 of those of `records` that came as just these octets, by the ids asked."""
        ...

    async def holdings(self, view: str, ids: Sequence[int]) -> dict[int, tuple[Holding, ...]]:
        """By the ids asked, without those that the view does not show."""
        ...

    async def by_identifier(self, view: str, identifier: str) -> CatalogueRecord | None:
        """By control number, in `ALL` by the number of the shared bib; a tombstone (`deleted`) where it is gone,
        None where it never was in the view."""
        ...

    async def horizon(self) -> int:
        """Seconds since 1970; nothing will ever appear with an earlier datestamp."""
        ...

    async def changes(
        self,
        view: str,
        set_spec: str,
        after_seq: int,
        from_: int | None,
        until: int | None,
        size: int,
        *,
        with_deleted: bool = True,
    ) -> FeedPage:
        """Changes with seq > `after_seq` whose datestamp lies in [from_, until], both inclusive, at most `size`.

        `set_spec` '' is the whole view; an unknown set is an empty list."""
        ...

    async def feed_records(self, view: str, page: FeedPage, *, holdings: bool = True) -> list[CatalogueRecord]:
        """The records of a page, tombstones among them, in the page's order, with the page's datestamps. Where
        `holdings` are not wanted, there are none."""
        ...

    async def count(self, view: str, set_spec: str, from_: int | None, until: int | None) -> tuple[int, int]:
        """How many live records and how many tombstones `changes` would list."""
        ...

    async def earliest(self, view: str) -> int | None:
        """The earliest datestamp in the view, None where it is empty."""
        ...

    async def sets(self, view: str) -> list[SetDescription]:
        """The sets of the view that have ever held a record, and those of the configuration, by setSpec."""
        ...

    async def index_entries(self, after_seq: int, size: int) -> list[IndexEntry]:
        """What the index must make true, in order; empty where it is up to date."""
        ...

    async def lineage(self) -> str:
        """Which feed it is: another one where a backup was put back since, and what was followed of it is void."""
        ...

    async def last_seq(self) -> int:
        """The end of the feed: no change has a higher seq."""
        ...

    async def state(self, key: str) -> str | None:
        """A value that a harvest or a mirror keeps (its position)."""
        ...

    async def reviews(self, *, after: int = 0, size: int = 50, decided: bool = False) -> list[ReviewPair]: ...

    async def stats(self) -> StoreStats: ...

    async def close(self) -> None: ...


class CatalogueStore(CatalogueReader, Protocol):
    """What the worker and the loaders write beside records, which go through `gateway.catalogue.ingest.Ingest`."""

    async def set_state(self, key: str, value: str | None) -> None:
        """Keeps a value; None forgets it."""
        ...

    async def beat(self, now: int) -> int:
        """Moves the horizon to `now` (seconds) where nothing else did; the horizon then."""
        ...
