"""What the stores really say to their databases for a number of check-outs and check-ins, recorded to be said again.

The baselines run exactly these statements: on SQLite in a bare loop with one commit a command, on PostgreSQL by
pgbench, prepared. So a ratio shows what the gateway costs around its statements, and grouping what it saves.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.refusals import Refusal
from gateway.canonical.vocabulary import Permission
from gateway.demo.consortium import MEMBERS
from gateway.runtime.compose import Composition
from gateway.store import postgres, postgres_pool
from gateway.store.sqlite import SqliteStore
from tests.benchmarks.load import lendable
from tests.benchmarks.node import config, loaded

Statement = tuple[str, Any]


async def pairs(gateway: Composition, seat: int, count: int) -> None:
    """Check-outs and check-ins of one seat, one after the other, through the desk."""
    member = MEMBERS[seat % len(MEMBERS)]
    place = seat // len(MEMBERS)
    ctx = Context(member.code, f"{member.code}-bench", member.main_location, frozenset(Permission), protocol="sip2")
    patron = member.patron_barcode(12 + place % 48)
    for step in range(count):
        item = member.item_barcode(lendable(place * 20 + step % 20))
        for number, request in enumerate((req.LoanCreate(patron=patron, item=item), req.LoanReturn(item=item))):
            answer = await gateway.desk.perform(ctx, request, CommandKey(f"bench-{seat}-{step}-{number}", 30.0))
            if isinstance(answer, Refusal):
                raise RuntimeError(f"{request.operation}: {answer.code}")


class _Listening:
    """A connection that writes down what is executed."""

    def __init__(self, connection: sqlite3.Connection, heard: list[Statement]) -> None:
        self._connection, self._heard = connection, heard

    def execute(self, sql: str, params: Any = ()) -> sqlite3.Cursor:
        self._heard.append((sql, dict(params) if isinstance(params, dict) else params))
        return self._connection.execute(sql, params)

    def executemany(self, sql: str, rows: Any) -> sqlite3.Cursor:
        kept = list(rows)
        self._heard += [(sql, row) for row in kept]
        return self._connection.executemany(sql, kept)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


async def on_sqlite(folder: Path, count: int) -> tuple[Path, list[Statement]]:
    """A copy of the demo's store as it was before, and the statements of `count` pairs."""
    gateway = await loaded(config(folder))
    store = gateway.store
    assert isinstance(store, SqliteStore)
    await pairs(gateway, 0, 20)  # caches and pseudonyms
    before = folder / "before.sqlite3"
    target = sqlite3.connect(before)
    heard: list[Statement] = []
    assert store._opened is not None
    store._opened.backup(target)
    target.close()
    store._opened = _Listening(store._opened, heard)  # pyright: ignore[reportAttributeAccessIssue]
    await pairs(gateway, 0, count)
    await gateway.close()
    return before, heard


def sqlite_loop(file: Path, statements: list[Statement]) -> float:
    """Seconds for saying the statements again: a bare sqlite3 loop with the same settings, one commit a command."""
    db = sqlite3.connect(file, isolation_level=None, cached_statements=512)
    for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "wal_autocheckpoint = 10000",
                    "cache_size = -65536"):  # fmt: skip
        db.execute(f"PRAGMA {setting}")
    start = time.perf_counter()
    for sql, params in statements:
        db.execute(sql, params).fetchall()
    took = time.perf_counter() - start
    db.close()
    return took


async def on_postgres(dsn: str, folder: Path, seats: int, count: int) -> list[list[Statement]]:
    """The statements of `count` pairs for each seat. The database is changed by it."""
    gateway = await loaded(config(folder, dsn))
    store = gateway.store
    assert isinstance(store, postgres.PostgresStore)
    found: list[list[Statement]] = []
    read, apply = store._read, store._apply

    async def heard_read(plan: Any, params: Any) -> Any:
        if found:
            found[-1].append((plan.sql, [params[name] for name in plan.order]))
        return await read(plan, params)

    async def heard_apply(link: Any, groups: bytes) -> None:
        if found:
            found[-1].append((postgres._APPLY, [link.members, groups.decode()]))
        await apply(link, groups)

    store._read, store._apply = heard_read, heard_apply
    for seat in range(seats):
        found.append([])
        await pairs(gateway, seat, count)
    await gateway.close()
    return found


def pgbench_script(statements: list[Statement], member: str) -> str:
    """The statements as a pgbench script: prepared once, then executed, each in its own transaction."""
    names: dict[str, str] = {}
    lines = [f"SET {name} = '{value}';" for name, value in postgres_pool.SETTINGS.items()]
    lines.append(f"SELECT set_config('gateway.member', '{member}', false);")
    body: list[str] = []
    for sql, values in statements:
        if sql not in names:
            names[sql] = f"s{len(names)}"
            lines.append(f"PREPARE {names[sql]} AS {_one_line(sql)};")
        body.append(f"EXECUTE {names[sql]}({', '.join(_literal(value) for value in values)});")
    # pgbench reads ":name" as a variable; the only colons inside our statements are casts and literals.
    return "\n".join([*lines, *body]) + "\n"


def _one_line(sql: str) -> str:
    return " ".join(sql.split())


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return f"ARRAY[{', '.join(_literal(one) for one in value)}]::text[]"
    return "'" + str(value).replace("'", "''") + "'"
