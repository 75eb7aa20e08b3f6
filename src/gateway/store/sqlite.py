"""SQLite on the event loop itself: reads run inline, commands that arrive together are committed together.

One connection, no thread: a thread that gives up the interpreter's lock per statement starves beside a busy loop.
A flush is BEGIN IMMEDIATE, each command reading, deciding and writing behind a savepoint, one durable COMMIT, and
only then the answers. Another process's lock is waited for by the loop's timer, never by blocking it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import orjson

from gateway.store import migrate
from gateway.store.checkpoint import Checkpointer
from gateway.store.effects import (
    Decision,
    Delete,
    Effect,
    EffectRefused,
    Guard,
    Insert,
    Replace,
    StoreUnavailable,
    Update,
    WriteConflict,
)
from gateway.store.port import Plan
from gateway.store.sql import Group, SqlitePlan, Writing, getter, grouped, sqlite_plan
from gateway.store.sqlite_file import connect
from gateway.store.sqlite_head import LogHead

T = TypeVar("T")

GROUP = 64  # commands a commit: a commit of more would hold up the loop for more than a few milliseconds
BUSY_SECONDS = 3.0  # how long another process may keep the write lock before commands fail
BUSY_PAUSE = 0.005
DECISIONS = 2  # a command that conflicts with itself twice inside one transaction will always do so
SETTINGS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA wal_autocheckpoint = 50000",  # pages of 4 KiB; the checkpointer beside us keeps the log far below this
    "PRAGMA journal_size_limit = 67108864",  # the log shrinks to this after a burst
    "PRAGMA cache_size = -65536",  # KiB
    "PRAGMA temp_store = MEMORY",
    "PRAGMA busy_timeout = 0",
)
_UNIQUE = (
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_ROWID,
)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@dataclass(slots=True)
class _Waiting:
    """A command in the queue; `plan` is None for effects that were decided before."""

    plan: SqlitePlan | None
    params: Mapping[str, Any]
    decide: Callable[[Any], Decision[Any]]
    future: asyncio.Future[Any]


@cache
def _brief_update(how: Writing) -> tuple[str, Callable[[Any], tuple[Any, ...]]]:
    """An update that hits only a row whose lasting columns stay as they are, and therefore rewrites no whole index."""
    names = tuple(name for name in how.settable if name not in how.lasting)
    sets = [f"{name} = ?" for name in names] + (["version = version + 1"] if how.versioned else [])
    same = [f"{name} = ?" for name in how.identity] + [f"{name} IS ?" for name in how.lasting]
    sql = f"UPDATE {how.table} SET {', '.join(sets)} WHERE {' AND '.join(same)}"  # noqa: S608
    return sql, getter(names + how.identity + how.lasting)


@cache
def _statement(kind: type, how: Writing) -> tuple[str, Callable[[Any], tuple[Any, ...]], bool]:
    """The text, the values of a row, and whether every row must be hit."""
    same = " AND ".join(f"{name} = ?" for name in how.identity)
    if kind in (Insert, Replace):
        sql = f"INSERT INTO {how.table} ({', '.join(how.columns)}) VALUES ({', '.join('?' * len(how.columns))})"  # noqa: S608
        if kind is Replace:
            others = [name for name in how.columns if name not in how.key]
            sql += f" ON CONFLICT ({', '.join(how.key)}) DO UPDATE SET "
            sql += ", ".join(f"{name} = excluded.{name}" for name in others)
        return sql, how.values, False
    if kind is Update:
        sets = [f"{name} = ?" for name in how.settable] + (["version = version + 1"] if how.versioned else [])
        sql = f"UPDATE {how.table} SET {', '.join(sets)} WHERE {same}"  # noqa: S608
        return sql, getter(how.settable + how.identity), True
    if kind is Delete:
        return f"DELETE FROM {how.table} WHERE {same}", getter(how.identity), how.versioned  # noqa: S608
    return f"SELECT 1 FROM {how.table} WHERE {same}", getter(how.identity), True  # noqa: S608


class SqliteStore:
    """Implements `gateway.store.port.Store`. `:memory:` is a private database that lives as long as the store."""

    inline = True

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._opened: sqlite3.Connection | None = None
        self._checkpointer: Checkpointer | None = None
        self._plans: dict[int, tuple[Plan, SqlitePlan]] = {}
        self._queue: deque[_Waiting] = deque()
        self._scheduled = False
        self._busy_since: float | None = None
        self._commits: dict[str, int] = {}  # of this store, that wrote for the member
        self._foreign_commits = 0  # times that others' were noticed
        self._data_version = 0
        self._log_head: LogHead | None = None
        self._seen_head = b""

    async def open(self) -> None:
        """Opens the file and checks that its schema is the one this program knows.

        Raises StoreUnavailable.
        """
        db = connect(self.path)
        try:
            if self.path == ":memory:":
                migrate.upgrade_sqlite(db)
            else:
                migrate.require_head(migrate.sqlite_revision(db), self.path)
            for setting in SETTINGS:
                db.execute(setting)
        except (sqlite3.Error, migrate.WrongRevision) as error:
            db.close()
            raise StoreUnavailable(f"cannot open {self.path}: {error}") from error
        self._opened = db
        if self.path != ":memory:":
            with contextlib.suppress(OSError, ValueError):
                self._log_head = LogHead(self.path)
            self._checkpointer = Checkpointer(self.path)
            self._checkpointer.start()

    @property
    def _db(self) -> sqlite3.Connection:
        if self._opened is None:
            raise StoreUnavailable(f"{self.path} is not open")
        return self._opened

    def generation(self, member: str) -> int:
        """Moves with every commit of this store's that wrote for `member`, and with any of another connection's."""
        head = b"" if self._log_head is None else self._log_head.read()
        if not head or head != self._seen_head:
            self._look_for_others()
            self._seen_head = head  # as it was before SQLite looked: what came since is looked for next time
        return self._foreign_commits + self._commits.get(member, 0)

    def _look_for_others(self) -> None:
        try:
            (version,) = self._db.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error as error:
            raise StoreUnavailable(str(error)) from error
        if version != self._data_version:
            self._data_version = version
            self._foreign_commits += 1

    async def read(self, plan: Plan, params: Mapping[str, Any]) -> Any:
        compiled = self._compiled(plan)
        until = None
        while True:
            try:
                return self._snapshot(compiled, params)
            except sqlite3.ProgrammingError:  # a mistake of the caller's, such as a missing value
                raise
            except sqlite3.Error as error:
                if not _is_busy(error):
                    raise _unavailable(error) from error
                until = until or time.monotonic() + BUSY_SECONDS
                if time.monotonic() > until:
                    raise _unavailable(error) from error
            await asyncio.sleep(BUSY_PAUSE)

    async def command(self, plan: Plan, params: Mapping[str, Any], decide: Callable[[Any], Decision[T]]) -> T:
        return await self._enqueue(self._compiled(plan), params, decide)

    async def apply(self, member: str, effects: list[Effect]) -> None:
        decision: Decision[None] = Decision(None, effects)
        await self._enqueue(None, {"member": member}, lambda _: decision)

    async def close(self) -> None:
        """Carries out what is queued, then closes."""
        if self._opened is None:
            return
        if self._queue:
            await asyncio.wait([waiting.future for waiting in self._queue])
        if self._checkpointer is not None:
            self._checkpointer.stop()
            self._checkpointer = None
        self._opened.close()
        self._opened = None
        if self._log_head is not None:
            self._log_head.close()
            self._log_head = None

    def explain(self, plan: Plan) -> dict[str, list[str]]:
        """For each part how SQLite would find its rows (EXPLAIN QUERY PLAN)."""
        compiled = self._compiled(plan)
        values = dict.fromkeys(compiled.parameters)
        return {
            part.name: [row[3] for row in self._db.execute(f"EXPLAIN QUERY PLAN SELECT {part.sql}", values)]
            for part in compiled.parts
        }

    def _compiled(self, plan: Plan) -> SqlitePlan:
        known = self._plans.get(id(plan))
        if known is None:
            known = self._plans[id(plan)] = (plan, sqlite_plan(plan))  # the plan is kept, and its id with it
        return known[1]

    def _snapshot(self, plan: SqlitePlan, params: Mapping[str, Any]) -> Any:
        if plan.lists:
            params = {**params, **{name: orjson.dumps(list(params[name])).decode() for name in plan.lists}}
        return plan.decode(self._db.execute(plan.sql, params).fetchone())

    def _enqueue(
        self, plan: SqlitePlan | None, params: Mapping[str, Any], decide: Callable[[Any], Decision[Any]]
    ) -> asyncio.Future[Any]:
        _ = self._db  # raises where the store is closed
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._queue.append(_Waiting(plan, params, decide, future))
        if not self._scheduled:
            self._scheduled = True
            loop.call_soon(self._gather, loop, 0)
        return future

    def _gather(self, loop: asyncio.AbstractEventLoop, before: int) -> None:
        """Flushes once a turn of the loop has brought nothing more: who can be read by now shares the commit."""
        queued = len(self._queue)
        if before < queued < GROUP:
            loop.call_soon(self._gather, loop, queued)
        else:
            self._flush(loop)

    def _flush(self, loop: asyncio.AbstractEventLoop) -> None:
        """Carries out and commits what is queued, up to GROUP commands, and comes back for the rest."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            now = time.monotonic()
            self._busy_since = self._busy_since or now
            if _is_busy(error) and now - self._busy_since < BUSY_SECONDS:
                loop.call_later(BUSY_PAUSE, self._flush, loop)
                return
            self._busy_since = None
            self._scheduled = False
            waiting, self._queue = self._queue, deque()
            _fail(waiting, error)
            return
        self._busy_since = None
        taken: list[_Waiting] = []
        while self._queue and len(taken) < GROUP:
            if not (waiting := self._queue.popleft()).future.done():
                taken.append(waiting)
        self._carry_out(taken)
        self._scheduled = bool(self._queue)
        if self._queue:
            loop.call_soon(self._flush, loop)

    def _carry_out(self, taken: list[_Waiting]) -> None:
        db = self._db
        results: list[tuple[_Waiting, Any, BaseException | None]] = []
        try:
            for waiting in taken:
                try:
                    results.append((waiting, self._perform(waiting), None))
                except sqlite3.ProgrammingError as error:
                    results.append((waiting, None, error))
                except sqlite3.Error as error:
                    if not db.in_transaction:  # a full disk, for one, ends the whole transaction
                        raise
                    results.append((waiting, None, _unavailable(error)))
                except Exception as error:
                    results.append((waiting, None, error))
            db.execute("COMMIT")
        except BaseException as error:
            with contextlib.suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            if not isinstance(error, sqlite3.Error):
                raise
            _fail(taken, error)
            return
        for waiting, answer, error in results:
            if waiting.future.done():
                continue
            if error is None:
                waiting.future.set_result(answer)
            else:
                waiting.future.set_exception(error)

    def _perform(self, waiting: _Waiting) -> Any:
        plan, params = waiting.plan, waiting.params
        members = [params[name] for name in ("member", "partner") if name in params]
        if plan is None:
            decision = waiting.decide(None)
            self._apply(decision.effects, members)
            return decision.answer
        reason: WriteConflict | None = None
        for _ in range(DECISIONS):
            decision = waiting.decide(self._snapshot(plan, params))
            try:
                self._apply(decision.effects, members)
            except WriteConflict as conflict:
                reason = conflict
            else:
                return decision.answer
        raise StoreUnavailable(f"the command keeps conflicting: {reason}") from reason

    def _apply(self, effects: list[Effect], members: list[str]) -> None:
        """All effects or none of them."""
        if not effects:
            return
        groups = grouped(effects, members)
        for member in members:  # nobody reads between here and the commit, or its failure
            self._commits[member] = self._commits.get(member, 0) + 1
        execute = self._db.execute
        execute("SAVEPOINT command")
        try:
            for group in groups:
                self._write(group)
        except BaseException as error:
            if self._db.in_transaction:
                execute("ROLLBACK TO command")
                execute("RELEASE command")
            if isinstance(error, sqlite3.IntegrityError):
                if error.sqlite_errorcode in _UNIQUE:
                    raise WriteConflict(str(error)) from error
                raise EffectRefused(str(error)) from error
            if isinstance(error, (UnicodeEncodeError, OverflowError)):
                raise EffectRefused(str(error)) from error
            raise
        execute("RELEASE command")

    def _write(self, group: Group) -> None:
        kind, how, rows = group
        if kind is Update and len(rows) == 1 and how.lasting:
            sql, values = _brief_update(how)
            if self._db.execute(sql, values(rows[0])).rowcount:
                return
        sql, values, must_hit = _statement(kind, how)
        if kind is Guard:
            hit = sum(self._db.execute(sql, values(row)).fetchone() is not None for row in rows)
        elif len(rows) == 1:
            hit = self._db.execute(sql, values(rows[0])).rowcount
        else:
            hit = self._db.executemany(sql, map(values, rows)).rowcount
        if must_hit and hit != len(rows):
            raise WriteConflict(f"{how.table}: {len(rows) - hit} of {len(rows)} rows have another version")


def _is_busy(error: sqlite3.Error) -> bool:
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _BUSY


def _unavailable(error: sqlite3.Error) -> StoreUnavailable:
    # Only where the disk itself failed may a commit have reached it all the same.
    lost = (getattr(error, "sqlite_errorcode", 0) & 0xFF) == sqlite3.SQLITE_IOERR
    return StoreUnavailable(str(error), outcome_unknown=lost)


def _fail(waiting: list[_Waiting] | deque[_Waiting], error: sqlite3.Error) -> None:
    for one in waiting:
        if not one.future.done():
            one.future.set_exception(_unavailable(error))
