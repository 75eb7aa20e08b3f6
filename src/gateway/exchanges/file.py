"""The file of exchanges: one SQLite database a node, one row a chunk of up to fifty exchanges, compressed.

Written by one process, read by any number (`gateway tail`). Losing the last chunk in a power cut is acceptable here,
and is why this is a file of its own beside the store: nothing that circulates depends on it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import zstandard

FILE_NAME = "exchanges.sqlite3"
"""Its name within the data directory."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS chunk (
    id INTEGER PRIMARY KEY,
    first_at REAL NOT NULL,
    last_at REAL NOT NULL,
    records INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_chunk_last_at ON chunk (last_at);
"""


class ExchangeFile:
    """`path` is created with mode 0600. Raises sqlite3.Error where the file cannot be opened or written."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        if read_only:
            self._database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
        else:
            path.touch(mode=0o600)
            self._database = sqlite3.connect(path, isolation_level=None)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.executescript(_SCHEMA)
        self._compressor = zstandard.ZstdCompressor(level=3)
        self._decompressor = zstandard.ZstdDecompressor()

    def append(self, records: list[dict[str, Any]]) -> None:
        body = self._compressor.compress(b"\n".join(orjson.dumps(record) for record in records))
        self._database.execute(
            "INSERT INTO chunk (first_at, last_at, records, body) VALUES (?, ?, ?, ?)",
            (records[0]["started"], records[-1]["started"], len(records), body),
        )

    def chunks(self, after: int = 0) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Chunks in order of writing, those after the position given."""
        query = "SELECT id, body FROM chunk WHERE id > ? ORDER BY id"
        for position, body in self._database.execute(query, (after,)):
            yield position, [orjson.loads(line) for line in self._decompressor.decompress(body).split(b"\n")]

    def last(self, records: int) -> tuple[int, list[dict[str, Any]]]:
        """The position of the end, and at least the last `records` exchanges (all, where there are fewer)."""
        found: list[dict[str, Any]] = []
        end = 0
        for position, body in self._database.execute("SELECT id, body FROM chunk ORDER BY id DESC"):
            end = max(end, position)
            if len(found) >= records:
                break
            found = [orjson.loads(line) for line in self._decompressor.decompress(body).split(b"\n")] + found
        return end, found

    def position_before(self, moment: float) -> int:
        """The position after which lie all exchanges since `moment` (Unix seconds), and perhaps some before it."""
        query = "SELECT COALESCE(MAX(id), 0) FROM chunk WHERE last_at < ?"
        return int(self._database.execute(query, (moment,)).fetchone()[0])

    def forget(self, days: float) -> int:
        """Deletes chunks whose last exchange is older than `days`; the number deleted."""
        limit = time.time() - days * 86400
        return self._database.execute("DELETE FROM chunk WHERE last_at < ?", (limit,)).rowcount

    def close(self) -> None:
        self._database.close()
