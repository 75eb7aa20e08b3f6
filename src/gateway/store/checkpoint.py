"""Copies the write-ahead log back into the SQLite file, beside the event loop instead of on it.

A checkpoint of some thousand pages takes tenths of a second, and on the loop every kiosk would wait for it. It changes
no row and takes no part in any command: the one job that a thread with a connection of its own may do.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading

from gateway.store.effects import StoreUnavailable
from gateway.store.sqlite_file import connect

EVERY_SECONDS = 1.0


class Checkpointer:
    """Runs from `start` to `stop`. What fails is tried again: the log only grows meanwhile, and SQLite has a limit of
    its own at which the writer does the work itself."""

    def __init__(self, path: str, every: float = EVERY_SECONDS) -> None:
        self._path = path
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpoint", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, after the checkpoint that is running."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._every):
            with contextlib.suppress(sqlite3.Error, StoreUnavailable), contextlib.closing(connect(self._path)) as db:
                db.execute("PRAGMA synchronous = FULL")
                while not self._ended.wait(self._every):
                    # PASSIVE waits for nobody and holds nobody up; it copies what no reader needs any longer.
                    db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
