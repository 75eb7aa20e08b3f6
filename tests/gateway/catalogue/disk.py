"""A disk that gets full and has room again, as a store on SQLite meets it."""

from __future__ import annotations

import sqlite3
from typing import Any, cast

from gateway.catalogue.store.writer import Writer


class Disk:
    """A connection whose commits of what was written fail as they do on a full disk, all but the first `room`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.room: int | None = None
        self._writing = False

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        if statement.startswith("BEGIN"):
            self._writing = statement == "BEGIN IMMEDIATE"
        if statement == "COMMIT" and self._writing and self.room is not None:
            if not self.room:
                raise sqlite3.OperationalError("database or disk is full")
            self.room -= 1
        return self._db.execute(statement, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)


def disk_of(store: Writer) -> Disk:
    """The disk that a store on SQLite is on from now on; it has room until it is told otherwise."""
    own = cast("Any", store)
    made = own._db = own._session._db = Disk(own._db)
    return made
