"""The catalogue's store: source records, shared bibs, holdings, and the change feed that everything else follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.catalogue.store.reader import Reader
    from gateway.catalogue.store.writer import Writer


async def open_reader(url: str) -> Reader:
    """The catalogue to read: `sqlite:////absolute/catalogue.sqlite3` or `postgresql://...`.

    Its schema must be up to date (`gateway.catalogue.store.migrate.upgrade`). Raises CatalogueUnavailable.
    """
    return await _open(url, writing=False)


async def open_writer(url: str) -> Writer:
    """The catalogue to read and write. Raises CatalogueUnavailable."""
    from gateway.catalogue.store.writer import Writer

    opened = await _open(url, writing=True)
    assert isinstance(opened, Writer)
    return opened


async def _open(url: str, *, writing: bool) -> Reader:
    # Here and not above: who prepares records for another process needs neither engine.
    from gateway.store.url import sqlite_path

    path = sqlite_path(url)
    if path is not None:
        from gateway.catalogue.store.sqlite import SqliteReader, SqliteStore

        return SqliteStore(path) if writing else SqliteReader(path)
    from gateway.catalogue.store.postgres import PostgresStore

    store = PostgresStore(url)
    await store.open()
    return store
