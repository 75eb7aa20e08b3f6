"""The catalogue as the doors see it: one object that searches, lists, scans and hands out records, and writes nothing.

Every question names its view, a member's code or `ALL`. What is found is an id; what an id is, the store says, so that
an index that is a second behind never shows a record that has just been withdrawn. A view may be searched at a server
of the member's own instead: its ids are that server's affair, and its feed is still what the store holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gateway.catalogue.index.facets import Count
from gateway.catalogue.index.headings import Scan
from gateway.catalogue.index.reader import IndexReader
from gateway.catalogue.index.results import ResultSet
from gateway.catalogue.query import ProblemCode, Query, QueryProblem, SortKey
from gateway.catalogue.records import CatalogueRecord, FeedPage, Format, Holding, SetDescription
from gateway.catalogue.remote import Able, RemoteResultSet, RemoteSource, RemoteViews
from gateway.catalogue.remote.views import check_sets
from gateway.catalogue.store import open_reader
from gateway.catalogue.store.port import CatalogueReader

INDEX_FOLDER = "catalogue-index"
"""Below the data directory."""

Found = ResultSet | RemoteResultSet
"""What a search finds, in our index or at a server of the member's own."""


class Catalogue:
    """Raises `QueryProblem` for questions that cannot be answered, `CatalogueUnavailable` where the store is away."""

    def __init__(self, store: CatalogueReader, index: IndexReader, remote: RemoteViews | None = None) -> None:
        self._store = store
        self._index = index
        self._remote = remote

    @classmethod
    async def open(cls, url: str, data_dir: Path, remote: RemoteViews | None = None) -> Catalogue:
        """The catalogue behind a store's address, with this node's index. Raises CatalogueUnavailable."""
        return cls(await open_reader(url), IndexReader(data_dir / INDEX_FOLDER), remote)

    @property
    def searchable(self) -> bool:
        """Whether there is an index to search; a new one is being made otherwise."""
        return self._index.ready

    def refresh(self) -> None:
        """Sees what has been indexed since."""
        self._index.reload()

    async def is_current(self) -> bool:
        """Whether the index holds every change that the store holds, and is seen to."""
        behind = await self._store.index_entries(self._index.position, 1)
        self._index.reload()
        return self._index.ready and not behind

    async def close(self) -> None:
        if self._remote is not None:
            await self._remote.close()
        self._index.close()
        await self._store.close()

    def _server_of(self, view: str) -> RemoteSource | None:
        return None if self._remote is None else self._remote.get(view)

    async def search(
        self, view: str, query: Query, sort: Sequence[SortKey] = (), *, once: bool = False, unread: bool = False
    ) -> Found:
        """What a query finds now; the set stays what it is while it is held. `once`: who asks keeps it, and does not
        ask the same again for its next page. `unread`: the count is wanted, and records perhaps never."""
        server = self._server_of(view)
        if server is not None:
            return await server.search(query, sort)
        if self._remote is not None and self._remote.searched:
            check_sets(query)
        return await self._index.search(view, query, sort, once=once, unread=unread)

    async def sort(self, found: Found, keys: Sequence[SortKey]) -> Found:
        """The same records in another order."""
        return await found.source.sort(found, keys) if isinstance(found, RemoteResultSet) else found.sorted(keys)

    async def facets(
        self, found: Found, names: Sequence[str], limit: int = 10, start: int = 0
    ) -> dict[str, list[Count]]:
        """How often each value of these indexes is among the records found, the most frequent first."""
        if isinstance(found, RemoteResultSet):
            raise QueryProblem(ProblemCode.FACETS, f"facets of {found.view}, which is searched at its own server")
        return await self._index.facets(found, names, limit, start)

    async def scan(
        self, view: str, index: str, term: str, size: int = 10, position: int = 1, *, words: bool = False
    ) -> Scan:
        """The headings around a term, which stands at `position` among them, with the number of records of each."""
        server = self._server_of(view)
        if server is not None:
            return await server.scan(index, term, size, position, words=words)
        return await self._index.scan(view, index, term, size, position, words=words)

    async def indexes(self, view: str) -> dict[str, Able] | None:
        """Which of the indexes a member's own server has, by name, as far as it tells; None for our own, which has all.

        Raises QueryProblem where the server is away."""
        server = self._server_of(view)
        return None if server is None else await server.indexes()

    async def records(self, view: str, ids: Sequence[int], *, holdings: bool = True) -> list[CatalogueRecord | None]:
        """In the order asked; None for what the view does not show now. Who wants no `holdings` pays for none."""
        server = self._server_of(view)
        if server is not None:
            return await server.records(ids)
        return await self._store.records(view, ids, holdings=holdings)

    async def exact(self, view: str, ids: Sequence[int]) -> dict[int, tuple[Format, bytes]]:
        """ISO 2709 in UTF-8 of those of `records` that came as just these octets, by the ids asked: nothing needs to be
        made of them."""
        return {} if self._server_of(view) is not None else await self._store.exact(view, ids)

    async def holdings(self, view: str, ids: Sequence[int]) -> dict[int, tuple[Holding, ...]]:
        """As last published; what is on loan is asked of the desk."""
        server = self._server_of(view)
        if server is not None:
            return {one.id: one.holdings for one in await server.records(ids) if one is not None}
        return await self._store.holdings(view, ids)

    async def by_identifier(self, view: str, identifier: str) -> CatalogueRecord | None:
        """By control number, in `ALL` by the number of the shared bib; a tombstone where it is gone, None where it
        never was in the view."""
        return await self._store.by_identifier(view, identifier)

    async def horizon(self) -> int:
        """Seconds since 1970; nothing will ever appear with an earlier datestamp."""
        return await self._store.horizon()

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
        """Changes behind `after_seq` whose datestamp lies in [from_, until], at most `size`."""
        return await self._store.changes(view, set_spec, after_seq, from_, until, size, with_deleted=with_deleted)

    async def feed_records(self, view: str, page: FeedPage, *, holdings: bool = True) -> list[CatalogueRecord]:
        """The records of a page, tombstones among them, in its order; without `holdings` where these are not wanted."""
        return await self._store.feed_records(view, page, holdings=holdings)

    async def count(self, view: str, set_spec: str, from_: int | None, until: int | None) -> tuple[int, int]:
        """How many live records and how many tombstones `changes` would list."""
        return await self._store.count(view, set_spec, from_, until)

    async def earliest(self, view: str) -> int | None:
        """The earliest datestamp in the view, None where it is empty."""
        return await self._store.earliest(view)

    async def sets(self, view: str) -> list[SetDescription]:
        """The sets of the view, by setSpec."""
        return await self._store.sets(view)
