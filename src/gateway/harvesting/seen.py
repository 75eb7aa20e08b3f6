"""What a full list has held so far, in a file of its own: for what is missing from it at the end, and for resuming."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path


class Seen:
    """Control numbers. `whole`: they are all that the list held; where the file was lost on the way nothing may be
    taken for missing."""

    def __init__(self, path: Path, *, fresh: bool) -> None:
        if fresh:
            path.unlink(missing_ok=True)
        self.whole = fresh or path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS seen (control TEXT PRIMARY KEY) WITHOUT ROWID")

    def add(self, controls: Iterable[str]) -> None:
        self._db.execute("BEGIN")
        self._db.executemany("INSERT OR IGNORE INTO seen VALUES (?)", ((control,) for control in controls))
        self._db.execute("COMMIT")

    def __contains__(self, control: str) -> bool:
        return self._db.execute("SELECT 1 FROM seen WHERE control = ?", (control,)).fetchone() is not None

    def close(self, *, forget: bool = False) -> None:
        """`forget` removes the file: the list has been read to its end."""
        self._db.close()
        if forget:
            self._path.unlink(missing_ok=True)


__all__ = ["Seen"]
