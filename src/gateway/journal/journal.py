"""The journal's file: SQLite of its own (WAL, FULL), because it must work while the platform's database does not.

Every change is one commit on the event loop: what the caller goes on to say to a kiosk is on disk by then. Several
processes may write to one file; one of them replays.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.canonical.answers import Answer, dump
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.requests import Request
from gateway.clock import Clock, SystemClock
from gateway.journal.entry import FOR_STAFF, Entry, JournalUnavailable, Kind, State, milliseconds, packed, unpacked
from gateway.journal.replay import Replays, replayer
from gateway.store.sqlite_file import connect

FILE_NAME = "journal.sqlite3"  # in the data directory
KEPT = timedelta(days=7)  # what is settled stays so long for `journal list`; it names patrons, so no longer
_BUSY_SECONDS = 0.5  # another process of this node is writing; the event loop waits

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    member TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    key TEXT NOT NULL,
    key_window REAL NOT NULL,
    key_permanent INTEGER NOT NULL,
    key_fingerprint TEXT NOT NULL,
    operation TEXT NOT NULL,
    context TEXT NOT NULL,
    request TEXT NOT NULL,
    at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    resolved_at INTEGER,
    answer TEXT
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS entry_key ON entry (member, kind, key);
CREATE INDEX IF NOT EXISTS entry_pending ON entry (member, id) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS entry_for_staff ON entry (member, id) WHERE state IN ('conflict', 'unknown', 'resolved');
"""
_VERSION = 1


class JournalFull(JournalUnavailable):
    """As much is waiting as the configuration allows; nothing more is promised."""


class Journal:
    """`path` None keeps everything in memory.

    Raises StoreUnavailable or sqlite3.Error where the file cannot be opened; every method raises JournalUnavailable.
    """

    def __init__(self, path: Path | None, *, clock: Clock | None = None, max_entries: int = 100_000) -> None:
        self.path = path
        self._clock = clock or SystemClock()
        self._max_entries = max_entries
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = connect(":memory:" if path is None else str(path), timeout=_BUSY_SECONDS)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        found = self._db.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, _VERSION):
            raise sqlite3.DatabaseError(f"{path} was written by another version ({found})")
        self._db.executescript(_SCHEMA)
        self._db.execute(f"PRAGMA user_version={_VERSION}")

    def close(self) -> None:
        self._db.close()

    def _execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        try:
            return self._db.execute(sql, values)
        except sqlite3.Error as error:
            raise JournalUnavailable(str(error)) from error

    async def replayer(self, desk: Replays) -> None:
        """Carries out what waits, until it is cancelled."""
        await replayer(self, desk)

    # Transactions that already happened

    def append(self, ctx: Context, request: Request, key: CommandKey) -> Entry:
        """Keeps a transaction to be carried out. The same key is kept once, until it is done. Raises JournalFull."""
        if self.full and self._named(ctx.member, Kind.OFFLINE, key) is None:
            raise JournalFull
        return self._write(Kind.OFFLINE, ctx, request, key, again=(State.DONE, State.RESOLVED))

    def waiting(self, member: str) -> bool:
        """Whether transactions of this member wait to be carried out."""
        sql = "SELECT 1 FROM entry WHERE member = ? AND state = 'pending' AND kind = 'offline' LIMIT 1"
        return self._execute(sql, (member,)).fetchone() is not None

    @property
    def full(self) -> bool:
        sql = "SELECT 1 FROM entry WHERE state = 'pending' LIMIT 1 OFFSET ?"
        return self._execute(sql, (self._max_entries - 1,)).fetchone() is not None

    # What was told as refused and may have been done

    def doubt(self, ctx: Context, request: Request, key: CommandKey) -> Entry:
        """A command that may turn out to have been carried out, about to be told as refused."""
        return self._write(Kind.DOUBT, ctx, request, key, again=tuple(State))

    # Commands to a platform that keeps no keys

    def intent(self, ctx: Context, key: CommandKey) -> Entry | None:
        """What is known of an earlier command with this key, while that matters."""
        entry = self._named(ctx.member, Kind.INTENT, key)
        if entry is None or entry.key.permanent:
            return entry
        age = self._clock.now() - entry.at
        return entry if age <= timedelta(seconds=entry.key.window) else None

    def begin(self, ctx: Context, request: Request, key: CommandKey) -> Entry:
        """Written before the call: whatever happens then, it is known that it was begun."""
        return self._write(Kind.INTENT, ctx, request, key, again=tuple(State), state=State.UNKNOWN)

    def mark_answered(self, entry: Entry, answer: Answer) -> None:
        self._set(entry, State.ANSWERED, answer=dump(answer))

    def forget(self, entry: Entry) -> None:
        """The command did not happen: a retry may try again."""
        self._execute("DELETE FROM entry WHERE id = ?", (entry.id,))

    # What became of it

    def pending(self, member: str) -> Iterator[Entry]:
        """What waits, in the order in which it was promised. Entries written meanwhile are seen."""
        last = 0
        sql = "SELECT * FROM entry WHERE member = ? AND state = 'pending' AND id > ? ORDER BY id LIMIT 1"
        while (row := self._execute(sql, (member, last)).fetchone()) is not None:
            last = row["id"]
            yield unpacked(row)

    def pending_members(self) -> list[str]:
        rows = self._execute("SELECT DISTINCT member FROM entry WHERE state = 'pending' ORDER BY member")
        return [row["member"] for row in rows]

    def mark_done(self, entry: Entry) -> None:
        self._set(entry, State.DONE)

    def mark_conflict(self, entry: Entry, reason: str) -> None:
        """Staff must look: `reason` is a refusal's code or a word of the desk."""
        self._set(entry, State.CONFLICT, reason=reason)

    def attempted(self, entry: Entry) -> None:
        self._execute("UPDATE entry SET attempts = attempts + 1 WHERE id = ?", (entry.id,))

    def conflicts(
        self, member: str, *, after: int = 0, limit: int = 100, include_resolved: bool = False
    ) -> list[Entry]:
        """What staff must look at, oldest first: refused on replay, told no but done, or of unknown outcome."""
        states = (*FOR_STAFF, State.RESOLVED) if include_resolved else FOR_STAFF
        marks = ",".join("?" * len(states))
        sql = f"SELECT * FROM entry WHERE member = ? AND id > ? AND state IN ({marks}) ORDER BY id LIMIT ?"  # noqa: S608
        return [unpacked(row) for row in self._execute(sql, (member, after, *states, limit))]

    def resolve(self, member: str, number: int) -> Entry | None:
        """Staff have dealt with a conflict; None where there is no such one."""
        entry = self.entry(number)
        if entry is None or entry.member != member or entry.state not in (*FOR_STAFF, State.RESOLVED):
            return None
        if entry.state is not State.RESOLVED:
            self._set(entry, State.RESOLVED, resolved_at=milliseconds(self._clock.now()))
        return self.entry(number)

    def retry(self, number: int) -> Entry | None:
        """Puts a refused transaction back among those that wait; None where there is no such one."""
        entry = self.entry(number)
        if entry is None or entry.state is not State.CONFLICT:
            return None
        self._set(entry, State.PENDING, reason="")
        return self.entry(number)

    def entry(self, number: int) -> Entry | None:
        row = self._execute("SELECT * FROM entry WHERE id = ?", (number,)).fetchone()
        return None if row is None else unpacked(row)

    def entries(self, member: str | None = None, states: tuple[State, ...] = tuple(State)) -> Iterator[Entry]:
        """Everything, oldest first."""
        marks = ",".join("?" * len(states))
        sql = f"SELECT * FROM entry WHERE state IN ({marks}) AND (? IS NULL OR member = ?) ORDER BY id"  # noqa: S608
        for row in self._execute(sql, (*states, member, member)):
            yield unpacked(row)

    def prune(self) -> int:
        """Deletes what has been settled long enough; a permanent key's answer is never deleted."""
        sql = (
            "DELETE FROM entry WHERE changed_at < ? AND state IN ('done', 'resolved', 'answered')"
            " AND NOT (kind = 'intent' AND key_permanent)"
        )
        return self._execute(sql, (milliseconds(self._clock.now() - KEPT),)).rowcount

    def _named(self, member: str, kind: Kind, key: CommandKey) -> Entry | None:
        sql = "SELECT * FROM entry WHERE member = ? AND kind = ? AND key = ?"
        row = self._execute(sql, (member, kind, key.value)).fetchone()
        return None if row is None else unpacked(row)

    def _write(
        self,
        kind: Kind,
        ctx: Context,
        request: Request,
        key: CommandKey,
        *,
        again: tuple[State, ...],
        state: State = State.PENDING,
    ) -> Entry:
        """Inserts, or begins anew an entry of the same key that is in one of the states `again`."""
        now = milliseconds(self._clock.now())
        columns: dict[str, Any] = packed(ctx, request, key) | {
            "kind": kind, "state": state, "at": now, "changed_at": now,
            "attempts": 0, "reason": "", "resolved_at": None, "answer": None,
        }  # fmt: skip
        names = ", ".join(columns)
        values = ", ".join(f":{name}" for name in columns)
        changes = ", ".join(f"{name} = excluded.{name}" for name in columns)
        states = ", ".join(f"'{state}'" for state in again)
        self._execute(
            f"INSERT INTO entry ({names}) VALUES ({values})"  # noqa: S608  names of columns and states, no values
            f" ON CONFLICT (member, kind, key) DO UPDATE SET {changes} WHERE entry.state IN ({states})",
            columns,
        )
        entry = self._named(ctx.member, kind, key)
        assert entry is not None
        return entry

    def _set(
        self, entry: Entry, state: State, *, reason: str = "", resolved_at: int | None = None, answer: str | None = None
    ) -> None:
        self._execute(
            "UPDATE entry SET state = ?, reason = CASE WHEN ? = '' THEN reason ELSE ? END, resolved_at = ?,"
            " answer = coalesce(?, answer), changed_at = ? WHERE id = ?",
            (state, reason, reason, resolved_at, answer, milliseconds(self._clock.now()), entry.id),
        )
