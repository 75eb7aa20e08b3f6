"""How an SQLite file is opened, whoever opens it: engine, migration, backup."""

from __future__ import annotations

import contextlib
import os
import sqlite3

from gateway.store.effects import StoreUnavailable


def connect(path: str, *, timeout: float = 5.0) -> sqlite3.Connection:
    """A connection without implicit transactions; a new file is readable by its owner alone.

    `timeout` is how many seconds a statement waits for another process's lock. Raises StoreUnavailable.
    """
    try:
        if path != ":memory:":
            # Only a file that is not there yet: to close any descriptor of one that is open here already would end its
            # locks, and then the next process to close it would take the log away from under us.
            with contextlib.suppress(FileExistsError):
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        return sqlite3.connect(path, timeout=timeout, isolation_level=None, cached_statements=512)
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(f"cannot open {path}: {error}") from error
