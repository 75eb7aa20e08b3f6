"""Brings the catalogue's schema to what this program knows; its revisions are counted apart from the platform's.

Each upgrade is one transaction. There is no downgrade: restore a backup, or load the records again.
"""

from __future__ import annotations

import sqlite3
from functools import cache
from importlib.resources import files

import asyncpg
from alembic.config import Config
from asyncpg.connect_utils import SessionAttribute
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool, StaticPool

from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.catalogue.store.postgres_schema import derive
from gateway.catalogue.store.schema import VERSION_TABLE
from gateway.store import revisions
from gateway.store.effects import StoreUnavailable
from gateway.store.sqlite_file import connect
from gateway.store.url import sqlite_path

_LOCK = 2282528  # one migration at a time, however many nodes start together ("catalog" in a telephone's keys)


@cache
def head() -> str:
    """The revision this program knows."""
    return revisions.head_of(_config())


async def upgrade(url: str, *, app_role: str | None = None) -> None:
    """Creates or upgrades the schema. On PostgreSQL `url` is the owner's, and `app_role` is granted what it needs.

    Raises CatalogueUnavailable.
    """
    path = sqlite_path(url)
    if path is not None:
        _upgrade_file(path)
        return

    async def connection_of_owner() -> asyncpg.Connection:
        return await asyncpg.connect(url, target_session_attrs=SessionAttribute.read_write)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connection_of_owner, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            await connection.run_sync(_upgrade)
            await connection.run_sync(derive, app_role)
    except (DBAPIError, asyncpg.PostgresError, OSError, ValueError) as error:
        raise CatalogueUnavailable(f"cannot upgrade the catalogue: {error}") from error
    finally:
        await engine.dispose()


def require_head(db: sqlite3.Connection, where: str) -> None:
    """Raises CatalogueUnavailable where the schema is not the one this program knows."""
    known = db.execute("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", (VERSION_TABLE,)).fetchone()
    row = known and db.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()  # noqa: S608 - our own name
    require(row[0] if row else None, where)


def require(found: str | None, where: str) -> None:
    """Raises CatalogueUnavailable where `found` is not the revision this program knows."""
    if wrong := revisions.mismatch(_config(), found):
        raise CatalogueUnavailable(f"{where} {wrong}")


def _upgrade_file(path: str) -> None:
    try:
        db = connect(path)
    except StoreUnavailable as error:
        raise CatalogueUnavailable(str(error)) from error
    engine = create_engine("sqlite://", creator=lambda: db, poolclass=StaticPool)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        with engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            _upgrade(connection)
    except (OperationalError, sqlite3.Error, ValueError) as error:
        raise CatalogueUnavailable(f"cannot upgrade {path}: {error}") from error
    finally:
        db.close()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("gateway.catalogue.store") / "migrations"))
    return config


def _upgrade(connection: Connection) -> None:
    revisions.upgrade(_config(), connection)
