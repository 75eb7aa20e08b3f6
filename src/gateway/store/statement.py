"""Single statements as SQL text, generated once a dialect from Core; the engines run the text on the bare driver.

Lists are bound as one value (`gateway.store.sql.any_of`), so that a statement's text never changes. For what stands
beside the platform's tables, in transactions of its own: the catalogue, the person register.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, Protocol

import orjson
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

Make = Callable[[Any], ClauseElement]
Row = tuple[Any, ...]


TOGETHER = 32
"""Rows that one INSERT of SQLite takes at once: half of what a short row costs is to begin and end its statement."""


class Statement:
    """One statement for both databases. `make` gets the dialect's `insert`, which alone differs between them."""

    def __init__(self, make: Make | ClauseElement) -> None:
        self._make = make

    @cached_property
    def sqlite(self) -> tuple[str, tuple[str, ...], frozenset[str]]:
        """Text, names of the values in order, and those of them that are lists."""
        compiled = self._compile(sqlite.dialect(paramstyle="qmark"), sqlite.insert)
        lists = frozenset(
            name for bind, name in compiled.bind_names.items() if getattr(bind.type, "element", None) is not None
        )
        return str(compiled), tuple(compiled.positiontup or ()), lists

    @cached_property
    def sqlite_together(self) -> str:
        """Text of an INSERT of `TOGETHER` rows; empty for what is none."""
        text, order, _ = self.sqlite
        row = f"({', '.join('?' * len(order))})"
        head, one, rest = text.partition(f"VALUES {row}")
        return f"{head}VALUES {', '.join([row] * TOGETHER)}{rest}" if one else ""

    @cached_property
    def postgres(self) -> tuple[str, tuple[str, ...]]:
        """Text and names of the values in order."""
        compiled = self._compile(postgresql.dialect(paramstyle="numeric_dollar"), postgresql.insert)
        return str(compiled), tuple(compiled.positiontup or ())

    @property
    def order(self) -> tuple[str, ...]:
        """Names of the values of a row that `Session.run` gets."""
        return self.sqlite[1]

    def sqlite_values(self, values: Mapping[str, Any]) -> list[Any]:
        _, order, lists = self.sqlite
        # SQLite's LIMIT is always followed by an OFFSET, of nothing: the one value that nobody names.
        return [orjson.dumps(values[name]).decode() if name in lists else values.get(name, 0) for name in order]

    def postgres_values(self, values: Mapping[str, Any]) -> list[Any]:
        return [values[name] for name in self.postgres[1]]

    def _compile(self, dialect: Any, insert: Any) -> SQLCompiler:
        clause = self._make if isinstance(self._make, ClauseElement) else self._make(insert)
        compiled = clause.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        return compiled


class Session(Protocol):
    """One snapshot of the database, or one transaction that writes."""

    async def fetch(self, statement: Statement, **values: Any) -> Sequence[Sequence[Any]]: ...

    async def run(self, statement: Statement, rows: Iterable[Row]) -> None:
        """Executes the statement once a row; the values of a row stand in `Statement.order`."""
        ...


class SqliteSession:
    """One connection as a `Session`; nothing in it suspends. What SQLite cannot do now is raised as `unavailable`."""

    def __init__(self, db: sqlite3.Connection, unavailable: type[Exception]) -> None:
        self._db = db
        self._unavailable = unavailable

    async def fetch(self, statement: Statement, **values: Any) -> Sequence[Sequence[Any]]:
        try:
            return self._db.execute(statement.sqlite[0], statement.sqlite_values(values)).fetchall()
        except sqlite3.OperationalError as error:
            raise self._unavailable(str(error)) from error

    async def run(self, statement: Statement, rows: Iterable[Row]) -> None:
        one_by_one = list(rows)
        together: list[list[Any]] = []
        if len(one_by_one) >= TOGETHER and statement.sqlite_together:
            whole = len(one_by_one) // TOGETHER * TOGETHER
            together = [[*chain.from_iterable(one_by_one[at : at + TOGETHER])] for at in range(0, whole, TOGETHER)]
            one_by_one = one_by_one[whole:]
        try:
            if together:
                self._db.executemany(statement.sqlite_together, together)
            self._db.executemany(statement.sqlite[0], one_by_one)
        except sqlite3.OperationalError as error:
            raise self._unavailable(str(error)) from error

    def explain(self, statement: Statement) -> list[str]:
        """How SQLite would find the rows (EXPLAIN QUERY PLAN)."""
        text, order, _ = statement.sqlite
        return [row[3] for row in self._db.execute(f"EXPLAIN QUERY PLAN {text}", [None] * len(order))]


class PostgresSession:
    """One connection as a `Session`. Whoever opens it translates what the driver raises."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def fetch(self, statement: Statement, **values: Any) -> Sequence[Sequence[Any]]:
        return await self._connection.fetch(statement.postgres[0], *statement.postgres_values(values))

    async def run(self, statement: Statement, rows: Iterable[Row]) -> None:
        await self._connection.executemany(statement.postgres[0], rows)

    async def explain(self, statement: Statement) -> list[str]:
        """How PostgreSQL would find the rows (EXPLAIN of the generic plan)."""
        text, order = statement.postgres
        await self._connection.execute(f"PREPARE explained AS {text}")
        try:
            nulls = f"({', '.join(['NULL'] * len(order))})" if order else ""
            rows = await self._connection.fetch(f"EXPLAIN (COSTS OFF) EXECUTE explained{nulls}")
        finally:
            await self._connection.execute("DEALLOCATE explained")
        return [row[0] for row in rows]
