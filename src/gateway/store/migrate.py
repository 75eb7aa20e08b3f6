"""Brings a database's schema to what this program knows: Alembic's revisions, then what is derived from the schema.

Derived (and therefore made anew at every upgrade): SQLite's planner statistics; on PostgreSQL row-level security,
grants and the function that applies effects. Each upgrade is one transaction. There is no downgrade: restore a backup.
"""

from __future__ import annotations

import sqlite3
from functools import cache
from importlib.resources import files

import asyncpg
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from asyncpg.connect_utils import SessionAttribute
from sqlalchemy import Connection, Index, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool, StaticPool

from gateway.store import postgres_schema, revisions, schema
from gateway.store.effects import StoreUnavailable
from gateway.store.sqlite_file import connect
from gateway.store.url import sqlite_path

# One migration at a time, however many nodes start together ("library" in a telephone's keys, nothing more).
_LOCK = 5427279


class WrongRevision(Exception):
    """The database's schema is not the one this program knows."""


@cache
def head() -> str:
    """The revision this program knows."""
    return revisions.head_of(_config())


async def upgrade(url: str, *, app_role: str | None = None) -> None:
    """Creates or upgrades the schema; an existing SQLite file stays as it is where anything fails.

    On PostgreSQL `url` is the owner's, and `app_role` the role the gateway works as: it is granted what it needs.
    Raises StoreUnavailable.
    """
    path = sqlite_path(url)
    if path is None:
        engine = _engine(url)
        try:
            async with engine.begin() as connection:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                await connection.run_sync(_upgrade)
                await connection.run_sync(postgres_schema.derive, app_role)
        except (DBAPIError, asyncpg.PostgresError, OSError, ValueError) as error:
            raise StoreUnavailable(f"cannot upgrade: {error}") from error
        finally:
            await engine.dispose()
        return
    db = connect(path)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        upgrade_sqlite(db)
    finally:
        db.close()


async def current(url: str) -> str | None:
    """The database's revision, None where it is empty. Raises StoreUnavailable."""
    path = sqlite_path(url)
    if path is None:
        return await _postgres_revision(url)
    db = connect(path)
    try:
        return sqlite_revision(db)
    finally:
        db.close()


async def check(url: str) -> None:
    """Raises WrongRevision where the schema is not the one this program knows."""
    require_head(await current(url), url.rpartition("@")[2])


def require_head(found: str | None, where: str) -> None:
    """Raises WrongRevision where `found` is not the revision this program knows."""
    if wrong := revisions.mismatch(_config(), found):
        raise WrongRevision(f"{where} {wrong}")


def upgrade_sqlite(db: sqlite3.Connection) -> None:
    """Upgrades an open database (isolation_level None), in one transaction. Raises StoreUnavailable."""
    if sqlite_revision(db) == head():
        return
    engine = create_engine("sqlite://", creator=lambda: db, poolclass=StaticPool)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            _upgrade(connection)
            _set_statistics(connection)
    except OperationalError as error:
        raise StoreUnavailable(f"cannot upgrade: {error.orig}") from error
    except ValueError as error:
        raise StoreUnavailable(f"cannot upgrade: {error}") from error
    db.execute("ANALYZE sqlite_master")  # reads the statistics in (3.40 does not do so by the newer name)


def sqlite_revision(db: sqlite3.Connection) -> str | None:
    """The revision of an open database, None where it is empty."""
    known = db.execute("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'alembic_version'").fetchone()
    row = known and db.execute("SELECT version_num FROM alembic_version").fetchone()
    return row[0] if row else None


def _set_statistics(connection: Connection) -> None:
    """Tells SQLite's planner how selective each index is in any library, so that plans do not depend on what is stored.

    Real statistics of an empty or small database make it scan all rows of a member once there are many.
    """
    connection.exec_driver_sql("ANALYZE")  # makes the table of statistics where there is none
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    for table in schema.metadata.sorted_tables:
        primary = Index(f"sqlite_autoindex_{table.name}_1", *table.primary_key.columns.keys(), unique=True)
        for index in [*table.indexes, *([primary] if len(table.primary_key.columns) > 1 else [])]:
            # All rows, those of one member, then a handful for each further column; one where nothing is left to tell.
            # A partial index holds what is open, which is little beside what is closed.
            rows = 1_000_000 if index.dialect_options["sqlite"]["where"] is None else 50_000
            counts = [rows, rows // 10, *(10 for _ in index.expressions[1:])]
            if index.unique:
                counts[-1] = 1
            connection.exec_driver_sql(
                "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)",
                (table.name, str(index.name), " ".join(map(str, counts))),
            )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("gateway.store") / "migrations"))
    return config


def _upgrade(connection: Connection) -> None:
    revisions.upgrade(_config(), connection)


async def _postgres_revision(url: str) -> str | None:
    engine = _engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(lambda c: MigrationContext.configure(c).get_current_revision())
    except (DBAPIError, asyncpg.PostgresError, OSError) as error:
        raise StoreUnavailable(f"cannot look at the database: {error}") from error
    finally:
        await engine.dispose()


def _engine(url: str) -> AsyncEngine:
    """An engine whose connections the driver itself makes: SQLAlchemy's URLs know one host only."""

    async def connect_first() -> asyncpg.Connection:
        return await asyncpg.connect(url, target_session_attrs=SessionAttribute.read_write)

    return create_async_engine("postgresql+asyncpg://", async_creator=connect_first, poolclass=NullPool)
