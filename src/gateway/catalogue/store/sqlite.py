"""The catalogue in an SQLite file of its own: one that reads beside any number of others, one that writes.

Nothing here suspends, so that a transaction is never seen half done by another coroutine of the same process. Writers
of other processes are waited for by SQLite itself: a writer has no kiosk to answer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from gateway.catalogue.records import CatalogueRecord
from gateway.catalogue.store import migrate
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.catalogue.store.reader import Reader
from gateway.catalogue.store.recent import Key, Recent
from gateway.catalogue.store.writer import Writer
from gateway.store.checkpoint import Checkpointer
from gateway.store.effects import StoreUnavailable
from gateway.store.sqlite_file import connect
from gateway.store.statement import Session, SqliteSession, Statement

WAIT_SECONDS = 60.0  # for another writer's batch; the longest ones take about a second
READING = ("PRAGMA query_only = ON", "PRAGMA cache_size = -65536", "PRAGMA mmap_size = 4294967296")
WRITING = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 100000",  # pages; the checkpointer beside us keeps the log far below this
    "PRAGMA journal_size_limit = 268435456",
    "PRAGMA cache_size = -262144",  # KiB: match keys are looked up all over their table
    "PRAGMA temp_store = MEMORY",
)


class _Snapshot:
    """One moment of the file; within a transaction of our own that one, which sees what it has written."""

    def __init__(self, db: sqlite3.Connection, session: SqliteSession) -> None:
        self._db = db
        self._session = session
        self._begun = False

    async def __aenter__(self) -> Session:
        if not self._db.in_transaction:
            _begin(self._db, "BEGIN")
            self._begun = True
        return self._session

    async def __aexit__(self, *_: object) -> None:
        if self._begun:
            with suppress(sqlite3.Error):
                self._db.execute("COMMIT")


def _begin(db: sqlite3.Connection, statement: str) -> None:
    try:
        db.execute(statement)
    except sqlite3.Error as error:
        raise CatalogueUnavailable(str(error)) from error


class SqliteReader(Reader):
    """Opens an existing file; raises CatalogueUnavailable where it is missing or has another schema."""

    _settings: tuple[str, ...] = READING

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        try:
            self._db = connect(path, timeout=WAIT_SECONDS)
        except StoreUnavailable as error:
            raise CatalogueUnavailable(str(error)) from error
        self._session = SqliteSession(self._db, CatalogueUnavailable)
        self._recent = Recent()
        try:
            migrate.require_head(self._db, path)
            for setting in self._settings:
                self._db.execute(setting).fetchall()
        except (sqlite3.Error, CatalogueUnavailable) as error:
            self._db.close()
            raise CatalogueUnavailable(f"cannot open {path}: {error}") from error

    def snapshot(self, view: str) -> _Snapshot:
        return _Snapshot(self._db, self._session)

    async def records(self, view: str, ids: Sequence[int], *, holdings: bool = True) -> list[CatalogueRecord | None]:
        """Here alone what was read is kept: on PostgreSQL to ask how far the feed is costs as much as to read."""
        if self._db.in_transaction:  # of our own: what it sees may never come to be
            return await super().records(view, ids, holdings=holdings)
        kept = await self._kept(self._session)
        told = [kept.get((view, number, holdings)) for number in ids]
        if None not in told:
            return told
        async with self.snapshot(view) as session:
            kept = await self._kept(session)
            found = {number: record for number in ids if (record := kept.get((view, number, holdings)))}
            missing = [number for number in ids if number not in found]
            for number, record in (await self._records(session, view, missing, holdings=holdings)).items():
                found[number] = record
                self._recent.keep((view, number, holdings), record)
        return [found.get(number) for number in ids]

    async def _kept(self, session: Session) -> dict[Key, CatalogueRecord]:
        _, last_seq, _ = await self._position(session)
        return self._recent.at(last_seq)

    async def close(self) -> None:
        self._db.close()

    def explain(self, statement: Statement) -> list[str]:
        """How SQLite would find the rows (EXPLAIN QUERY PLAN)."""
        return self._session.explain(statement)

    async def _bytes(self, session: Session) -> int:
        (pages,), (size,) = (self._db.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
        return pages * size


class SqliteStore(SqliteReader, Writer):
    """Implements `gateway.catalogue.store.port.CatalogueStore`."""

    _settings = WRITING

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._checkpointer = Checkpointer(path)
        self._checkpointer.start()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Session]:
        _begin(self._db, "BEGIN IMMEDIATE")
        try:
            yield self._session
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise CatalogueUnavailable(str(error)) from error
        finally:
            if self._db.in_transaction:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")

    async def close(self) -> None:
        self._checkpointer.stop()
        await super().close()
