"""What a full list has held so far, in a file of its own: for what is missing from it at the end, and for resuming.

The file is this node's. With what was seen it keeps the state that the catalogue has of the list behind it: where
another node has read a part of the list since, the states differ, and the file no longer says all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path


class Seen:
    """Control numbers. `led_to` is the state that a list goes on from, None for a list that begins. `whole`: the
    numbers are all that the list held; where some may not be here nothing may be taken for missing."""

    def __init__(self, path: Path, led_to: str | None) -> None:
        if led_to is None:
            path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS seen (control TEXT PRIMARY KEY) WITHOUT ROWID")
        self._db.execute("CREATE TABLE IF NOT EXISTS led (state TEXT)")
        found = self._db.execute("SELECT 1 FROM led WHERE state = ?", (led_to,)).fetchone()
        self.whole = led_to is None or found is not None

    def add(self, controls: Iterable[str], leads_to: str) -> None:
        """A page, and the state behind it, which is about to be written with the page's records."""
        self._db.execute("BEGIN")
        self._db.executemany("INSERT OR IGNORE INTO seen VALUES (?)", ((control,) for control in controls))
        # Of the states before only the last can be the catalogue's, should this page never get there.
        self._db.execute("DELETE FROM led WHERE rowid < (SELECT max(rowid) FROM led)")
        self._db.execute("INSERT INTO led VALUES (?)", (leads_to,))
        self._db.execute("COMMIT")

    def begin_anew(self) -> None:
        """The list begins again: what it held before is not what it holds now."""
        self._db.execute("DELETE FROM seen")
        self._db.execute("DELETE FROM led")
        self.whole = True

    def __contains__(self, control: str) -> bool:
        return self._db.execute("SELECT 1 FROM seen WHERE control = ?", (control,)).fetchone() is not None

    def close(self, *, forget: bool = False) -> None:
        """`forget` removes the file: the list has been read to its end."""
        self._db.close()
        if forget:
            self._path.unlink(missing_ok=True)


__all__ = ["Seen"]
