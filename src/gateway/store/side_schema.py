"""Schemas beside the platform's, each with revisions and a version table of its own: the catalogue's, the register's.

Each upgrade is one transaction. There is no downgrade: restore a backup, or load what there was again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

import asyncpg
from alembic.config import Config
from asyncpg.connect_utils import SessionAttribute
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool, StaticPool

from gateway.store import revisions
from gateway.store.effects import StoreUnavailable
from gateway.store.sqlite_file import connect
from gateway.store.url import sqlite_path


@dataclass(frozen=True)
class SideSchema:
    """`what` it is to people, `package` holds a folder `migrations`, `lock` is the advisory lock under which one node
    upgrades at a time. `derive` makes on PostgreSQL what follows from the tables, and grants a role what it needs.
    `unavailable` is what is raised where a database does not answer or has another schema."""

    what: str
    package: str
    version_table: str
    lock: int
    derive: Callable[[Connection, str | None], None]
    unavailable: type[Exception]

    def head(self) -> str:
        """The revision this program knows."""
        return revisions.head_of(self._config())

    async def upgrade(self, url: str, *, app_role: str | None = None) -> None:
        """Creates or upgrades the schema. On PostgreSQL `url` is the owner's, and `app_role` is granted what it needs.

        Raises `unavailable`.
        """
        path = sqlite_path(url)
        if path is not None:
            self._upgrade_file(path)
            return

        async def connection_of_owner() -> asyncpg.Connection:
            return await asyncpg.connect(url, target_session_attrs=SessionAttribute.read_write)

        engine = create_async_engine("postgresql+asyncpg://", async_creator=connection_of_owner, poolclass=NullPool)
        try:
            async with engine.begin() as connection:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": self.lock})
                await connection.run_sync(self._upgrade)
                await connection.run_sync(self.derive, app_role)
        except (DBAPIError, asyncpg.PostgresError, OSError, ValueError) as error:
            raise self.unavailable(f"cannot upgrade {self.what}: {error}") from error
        finally:
            await engine.dispose()

    def require_head(self, db: sqlite3.Connection, where: str) -> None:
        """Raises `unavailable` where the schema is not the one this program knows."""
        table = self.version_table
        known = db.execute("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", (table,)).fetchone()
        row = known and db.execute(f"SELECT version_num FROM {table}").fetchone()  # noqa: S608 - our own name
        self.require(row[0] if row else None, where)

    def require(self, found: str | None, where: str) -> None:
        """Raises `unavailable` where `found` is not the revision this program knows."""
        if wrong := revisions.mismatch(self._config(), found):
            raise self.unavailable(f"{where} {wrong}")

    def _upgrade_file(self, path: str) -> None:
        try:
            db = connect(path)
        except StoreUnavailable as error:
            raise self.unavailable(str(error)) from error
        engine = create_engine("sqlite://", creator=lambda: db, poolclass=StaticPool)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            with engine.begin() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                self._upgrade(connection)
        except (DBAPIError, sqlite3.Error, ValueError) as error:
            raise self.unavailable(f"cannot upgrade {path}: {error}") from error
        finally:
            db.close()

    def _config(self) -> Config:
        config = Config()
        config.set_main_option("script_location", str(files(self.package) / "migrations"))
        return config

    def _upgrade(self, connection: Connection) -> None:
        revisions.upgrade(self._config(), connection)
