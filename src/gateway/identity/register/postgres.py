"""The register in PostgreSQL, by asyncpg, in the platform's database: tables `identity_*`.

Connections are bound to one member by row-level security, as those of the platform's store are, and come from a pool of
the same kind.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from gateway.identity.register import migrate
from gateway.identity.register.port import RegisterUnavailable
from gateway.identity.register.schema import VERSION_TABLE
from gateway.identity.register.stored import Again, StoredRegister
from gateway.store.effects import StoreUnavailable
from gateway.store.postgres_pool import LOST, Link, Pool
from gateway.store.statement import PostgresSession, Session, Statement

MAX_CONNECTIONS = 4
COMMAND_SECONDS = 60.0
_AGAIN = ("23505", "40001", "40P01")  # unique violation, serialization failure, deadlock
_VALUE = "22"  # text with a NUL, a number that is too large
_DRIVER = (asyncpg.PostgresError, asyncpg.InterfaceError, *LOST)


class PostgresRegister(StoredRegister):
    """`open` first."""

    def __init__(self, dsn: str, *, max_connections: int = MAX_CONNECTIONS) -> None:
        self._pool = Pool(dsn, size=max_connections, command_seconds=COMMAND_SECONDS)

    async def open(self) -> None:
        """Connects, and checks that the schema is the one this program knows. Raises RegisterUnavailable."""
        async with self._linked("") as link:
            try:
                found = await link.connection.fetchval(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608
            except asyncpg.UndefinedTableError:
                found = None
        migrate.SCHEMA.require(found, "the database")

    @asynccontextmanager
    async def reading(self, member: str) -> AsyncIterator[Session]:
        async with self._linked(member) as link:
            yield PostgresSession(link.connection)

    @asynccontextmanager
    async def writing(self, member: str) -> AsyncIterator[Session]:
        async with self._linked(member) as link:
            await link.connection.execute("BEGIN")
            try:
                yield PostgresSession(link.connection)
                await link.connection.execute("COMMIT")
            except BaseException:
                if not link.connection.is_closed() and link.connection.is_in_transaction():
                    await link.connection.execute("ROLLBACK")
                raise

    @asynccontextmanager
    async def _linked(self, member: str) -> AsyncIterator[Link]:
        try:
            link = await self._pool.acquire(member)
            while link.connection.is_closed():  # the server has ended it since: nothing has been asked yet
                self._pool.drop(link)
                link = await self._pool.acquire(member)
        except StoreUnavailable as error:
            raise RegisterUnavailable(str(error)) from error
        kept = False
        try:
            yield link
            kept = True
        except _DRIVER as error:
            kept = isinstance(error, asyncpg.PostgresError) and not link.connection.is_closed()
            _translate(error)
        except Exception:
            kept = not link.connection.is_closed()
            raise
        finally:
            if kept:
                self._pool.release(link)
            else:
                self._pool.drop(link)

    async def explain(self, statement: Statement) -> list[str]:
        """How PostgreSQL would find the rows (EXPLAIN of the generic plan)."""
        async with self._linked("") as link:
            return await PostgresSession(link.connection).explain(statement)

    async def close(self) -> None:
        await self._pool.close()


def _translate(error: BaseException) -> None:
    state = getattr(error, "sqlstate", None) or ""
    if state in _AGAIN:
        raise Again(str(error)) from error
    if state.startswith(_VALUE) or isinstance(error, asyncpg.DataError):
        raise ValueError(f"cannot be kept ({state})") from error
    raise RegisterUnavailable(f"PostgreSQL: {error or type(error).__name__}") from error
