"""The catalogue in PostgreSQL, by asyncpg, in the platform's database: tables `catalogue_*`.

Writers take turns by an advisory lock that is held until they have committed: positions are given under it, and so
become visible in their order. A reader's snapshot is a repeatable-read transaction, bound to its view by row-level
security.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from gateway.catalogue.store import migrate
from gateway.catalogue.store.port import EVERYTHING, CatalogueUnavailable
from gateway.catalogue.store.postgres_schema import setting
from gateway.catalogue.store.schema import VERSION_TABLE, metadata
from gateway.catalogue.store.writer import Writer
from gateway.store.postgres_pool import LOST
from gateway.store.postgres_pool import SETTINGS as ONE_INDEX_A_TABLE
from gateway.store.statement import PostgresSession, Session, Statement

MAX_CONNECTIONS = 4
COMMAND_SECONDS = 120.0
STILL_SECONDS = 60.0  # that a transaction may wait for us: who stands still in one holds up every writer of every node
_LOCK = 2282529  # the turn to write
_TURN = f"SELECT pg_advisory_xact_lock({_LOCK})"
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_SETTINGS = {
    **ONE_INDEX_A_TABLE,
    "enable_sort": "off",  # every order asked for is that of an index
    "application_name": "library-gateway catalogue",
    "idle_in_transaction_session_timeout": f"{STILL_SECONDS * 1000:.0f}",
    "standard_conforming_strings": "on",
}
_AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, *LOST)


class PostgresStore(Writer):
    """Implements `gateway.catalogue.store.port.CatalogueStore`; `open` first."""

    def __init__(self, dsn: str, *, max_connections: int = MAX_CONNECTIONS) -> None:
        super().__init__()
        self._dsn = dsn
        self._size = max_connections
        self._opened: asyncpg.Pool | None = None

    async def open(self) -> None:
        """Connects, and checks that the schema is the one this program knows. Raises CatalogueUnavailable."""
        try:
            self._opened = await asyncpg.create_pool(
                self._dsn,
                min_size=1,
                max_size=self._size,
                command_timeout=COMMAND_SECONDS,
                server_settings=_SETTINGS,
                target_session_attrs=SessionAttribute.read_write,
            )
            try:
                found = await self._pool.fetchval(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608
            except asyncpg.UndefinedTableError:
                found = None
            migrate.require(found, "the database")
        except _AWAY as error:
            raise CatalogueUnavailable(f"PostgreSQL: {error}") from error

    @property
    def _pool(self) -> asyncpg.Pool:
        if self._opened is None:
            raise CatalogueUnavailable("the catalogue is not open")
        return self._opened

    @asynccontextmanager
    async def snapshot(self, view: str) -> AsyncIterator[Session]:
        async with self._transaction(f"{_SNAPSHOT}; {setting(view)}") as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Session]:
        async with self._transaction(f"BEGIN; {setting(EVERYTHING)}; {_TURN}") as session:
            yield session

    @asynccontextmanager
    async def _transaction(self, begin: str) -> AsyncIterator[Session]:
        """`begin` is one round trip, whatever it says of the transaction that it begins."""
        try:
            async with self._pool.acquire() as connection:
                try:
                    await connection.execute(begin)
                    yield PostgresSession(connection)
                    await connection.execute("COMMIT")
                except BaseException:
                    if not connection.is_closed() and connection.is_in_transaction():
                        await connection.execute("ROLLBACK")
                    raise
        except _AWAY as error:
            raise CatalogueUnavailable(f"PostgreSQL: {error}") from error

    async def explain(self, statement: Statement) -> list[str]:
        """How PostgreSQL would find the rows (EXPLAIN of the generic plan)."""
        async with self._pool.acquire() as connection:
            return await PostgresSession(connection).explain(statement)

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    async def _bytes(self, session: Session) -> int:
        async with self._pool.acquire() as connection:
            return await connection.fetchval(
                "SELECT sum(pg_total_relation_size(name::regclass))::bigint FROM unnest($1::text[]) AS name",
                list(metadata.tables),
            )
