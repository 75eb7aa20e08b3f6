"""What the journal holds of one person: transactions, as they were asked for and answered."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from gateway.journal.entry import State
from gateway.store.sqlite_file import connect

SETTLED = (State.DONE, State.RESOLVED, State.ANSWERED)
"""Entries that are kept only to be looked at."""


def entries_naming(path: Path, member: str, names: Iterable[str]) -> list[dict[str, Any]]:
    """The member's entries in whose request or answer one of the names stands, oldest first. Raises sqlite3.Error."""
    if not path.exists():
        return []
    with closing(connect(str(path))) as db:
        db.row_factory = sqlite3.Row
        return [
            {
                "id": row["id"],
                "kind": row["kind"],
                "state": row["state"],
                "operation": row["operation"],
                "at": row["at"],
                "request": orjson.loads(row["request"]),
                "answer": None if row["answer"] is None else orjson.loads(row["answer"]),
            }
            for row in _rows(db, member, names)
        ]


def forget(path: Path, member: str, names: Iterable[str]) -> tuple[int, int]:
    """Deletes those that are settled; how many, and how many stay until they are. Raises sqlite3.Error."""
    if not path.exists():
        return 0, 0
    with closing(connect(str(path))) as db:
        db.row_factory = sqlite3.Row
        rows = list(_rows(db, member, names))
        settled = [(row["id"],) for row in rows if row["state"] in SETTLED]
        db.executemany("DELETE FROM entry WHERE id = ?", settled)
    return len(settled), len(rows) - len(settled)


def _rows(db: sqlite3.Connection, member: str, names: Iterable[str]) -> Iterator[sqlite3.Row]:
    quoted = [orjson.dumps(name).decode().casefold() for name in names]
    for row in db.execute("SELECT * FROM entry WHERE member = ? ORDER BY id", (member,)):
        text = f"{row['request']} {row['answer'] or ''}".casefold()
        if any(name in text for name in quoted):
            yield row
