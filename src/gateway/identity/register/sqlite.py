"""The register in an SQLite file of its own, beside that of the platform: a sync never holds up a kiosk's commit.

Nothing within a transaction suspends, so that none is seen half done by another coroutine of the same process. Another
process's transaction is waited for by the loop's timer, never by blocking it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from gateway.identity.register import migrate
from gateway.identity.register.port import RegisterUnavailable
from gateway.identity.register.stored import StoredRegister
from gateway.store.checkpoint import Checkpointer
from gateway.store.effects import StoreUnavailable
from gateway.store.sqlite_file import connect
from gateway.store.statement import Session, SqliteSession, Statement

BUSY_SECONDS = 15.0  # for others' transactions: a batch of a sync takes about a tenth of a second
BUSY_PAUSE = 0.005
SETTINGS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 50000",  # pages; the checkpointer beside us keeps the log far below this
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -65536",  # KiB
    "PRAGMA temp_store = MEMORY",
    "PRAGMA busy_timeout = 0",
)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class SqliteRegister(StoredRegister):
    """Opens an existing file; raises RegisterUnavailable where it is missing or has another schema."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._db = connect(path)
        except StoreUnavailable as error:
            raise RegisterUnavailable(str(error)) from error
        try:
            migrate.SCHEMA.require_head(self._db, path)
            for setting in SETTINGS:
                self._db.execute(setting).fetchall()
        except (sqlite3.Error, RegisterUnavailable) as error:
            self._db.close()
            raise RegisterUnavailable(f"cannot open {path}: {error}") from error
        self._session = SqliteSession(self._db, RegisterUnavailable)
        self._checkpointer = Checkpointer(path)
        self._checkpointer.start()

    @asynccontextmanager
    async def reading(self, member: str) -> AsyncIterator[Session]:
        try:
            yield self._session
        except sqlite3.Error as error:
            raise RegisterUnavailable(str(error)) from error

    @asynccontextmanager
    async def writing(self, member: str) -> AsyncIterator[Session]:
        await self._begin()
        try:
            yield self._session
            self._db.execute("COMMIT")
        except OverflowError as error:
            raise ValueError(str(error)) from error
        except sqlite3.Error as error:
            raise RegisterUnavailable(str(error)) from error
        finally:
            with suppress(sqlite3.Error):
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    async def _begin(self) -> None:
        until = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._db.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                if (error.sqlite_errorcode & 0xFF) not in _BUSY or time.monotonic() > until:
                    raise RegisterUnavailable(str(error)) from error
            else:
                return
            await asyncio.sleep(BUSY_PAUSE)

    def explain(self, statement: Statement) -> list[str]:
        """How SQLite would find the rows (EXPLAIN QUERY PLAN)."""
        return self._session.explain(statement)

    async def close(self) -> None:
        self._checkpointer.stop()
        self._db.close()
