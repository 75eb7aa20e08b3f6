"""The database behind the reference platform: rows, schema, migrations, and one engine each for SQLite and PostgreSQL.

A circulation command is: read a snapshot (one round trip), decide in pure Python, apply all effects guarded by row
versions (one round trip). The same plan, the same decision and the same effects run on both databases.
"""

from __future__ import annotations

from gateway.store.port import Store
from gateway.store.url import sqlite_path


async def open_store(url: str, *, max_connections: int = 10) -> Store:
    """An open store: `sqlite:///relative`, `sqlite:////absolute`, `sqlite://` (in memory) or `postgresql://...`.

    The schema must be up to date (`gateway.store.migrate.upgrade`). Raises ValueError for another kind of URL,
    StoreUnavailable where the database does not answer or has another schema.
    """
    path = sqlite_path(url)
    if path is not None:
        from gateway.store.sqlite import SqliteStore

        store = SqliteStore(path)
    else:
        from gateway.store.postgres import PostgresStore

        store = PostgresStore(url, max_size=max_connections)
    await store.open()
    return store
