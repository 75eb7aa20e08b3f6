"""Plans and effects as SQL text, generated once a dialect from the schema; the engines run the text on the bare driver.

A plan is one statement, and so one snapshot, on both: each part a scalar subquery giving its rows as JSON arrays.
Values written in a select are put into the text, so that partial indexes are seen; named parameters stay open.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import BigInteger, Boolean, ColumnElement, Integer, LargeBinary, Text, types
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import bindparam
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.functions import FunctionElement

from gateway.store import schema
from gateway.store.effects import Delete, Effect, EffectRefused, Guard, Insert, Replace, Row, Update
from gateway.store.port import Part, Plan

Make = Callable[[Sequence[Any]], Any]
_RANKS = {table.name: rank for rank, table in enumerate(schema.metadata.sorted_tables)}
_POSTGRES_TYPES = {Text: "text", BigInteger: "bigint", Integer: "bigint", Boolean: "boolean", LargeBinary: "bytea"}


class _ListType(types.UserDefinedType[list[Any]]):
    """A bind parameter that takes a list."""

    cache_ok = True

    def __init__(self, element: type = str) -> None:
        self.element = element


class any_of(ColumnElement[bool]):  # noqa: N801 - reads as an SQL function
    """`column IN (the list bound as name)`, whatever the length of the list: the statement's text never changes."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.values: BindParameter[Any] = bindparam(
            name, type_=_ListType(int if isinstance(column.type, Integer) else str)
        )

    def self_group(self, against: Any = None) -> any_of:
        """Stays as it is: `(...) = 1`, as for other boolean expressions, would keep SQLite from using an index."""
        return self


@compiles(any_of, "sqlite")
def _any_of_sqlite(element: any_of, compiler: SQLCompiler, **kw: Any) -> str:
    values = compiler.process(element.values, **kw)
    return f"{compiler.process(element.column, **kw)} IN (SELECT value FROM json_each({values}))"  # noqa: S608


@compiles(any_of, "postgresql")
def _any_of_postgresql(element: any_of, compiler: SQLCompiler, **kw: Any) -> str:
    return f"{compiler.process(element.column, **kw)} = ANY ({compiler.process(element.values, **kw)})"


def _literal(bind: BindParameter[Any]) -> bool:
    """Whether the value is put into the text; a named parameter without a default stays open."""
    if bind.required and bind.expanding:
        raise TypeError(f"bind parameter {bind.key}: use gateway.store.sql.any_of for lists")
    if not bind.required and not bind.unique:
        raise TypeError(f"bind parameter {bind.key} of a plan must have no default")
    return not bind.required


class _SqliteCompiler(sqlite.base.SQLiteCompiler):
    def visit_bindparam(self, bindparam: BindParameter[Any], *args: Any, **kw: Any) -> str:
        return super().visit_bindparam(bindparam, *args, **{**kw, "literal_binds": _literal(bindparam)})


class _PostgresCompiler(postgresql.base.PGCompiler):
    def visit_coalesce_func(self, func: FunctionElement[Any], **kw: Any) -> str:
        """As CASE: beneath row security PostgreSQL does not trust COALESCE, and would use no index for it."""
        *values, last = [self.process(clause, **kw) for clause in func.clauses]
        return f"CASE {' '.join(f'WHEN {v} IS NOT NULL THEN {v}' for v in values)} ELSE {last} END"

    def visit_bindparam(self, bindparam: BindParameter[Any], *args: Any, **kw: Any) -> str:
        return super().visit_bindparam(bindparam, *args, **{**kw, "literal_binds": _literal(bindparam)})


def _dialect(base: type[Dialect], compiler: type[SQLCompiler], paramstyle: str) -> Dialect:
    made = base(paramstyle=paramstyle)  # type: ignore[call-arg]
    made.statement_compiler = compiler
    return made


_SQLITE = _dialect(sqlite.dialect, _SqliteCompiler, "named")
_POSTGRES = _dialect(postgresql.dialect, _PostgresCompiler, "pyformat")


@dataclasses.dataclass(frozen=True, slots=True)
class PartSql:
    """One part: `sql` is its scalar subquery, `make` leads from the list of columns to the row or dict."""

    name: str
    sql: str
    make: Make
    many: bool


@dataclasses.dataclass(frozen=True, slots=True)
class SqlitePlan:
    """`sql` gives one row with a JSON text a part, null where there is no row; `lists` are the parameters that are
    handed over as JSON text."""

    sql: str
    parts: tuple[PartSql, ...]
    lists: frozenset[str]
    parameters: frozenset[str]
    snapshot: Callable[..., Any]

    def decode(self, texts: Sequence[str | None]) -> Any:
        """The snapshot out of the row."""
        found: dict[str, Any] = {}
        for part, text in zip(self.parts, texts, strict=True):
            if part.many:
                found[part.name] = [] if text == "[]" else [part.make(row) for row in orjson.loads(text or "")]
            else:
                found[part.name] = None if text is None else part.make(orjson.loads(text))
        return self.snapshot(**found)


@dataclasses.dataclass(frozen=True, slots=True)
class PostgresPlan:
    """`sql` gives one JSON text, an array with one element a part; `order` names the values of $1, $2, ..."""

    sql: str
    order: tuple[str, ...]
    parts: tuple[PartSql, ...]
    snapshot: Callable[..., Any]

    def decode(self, parts: Sequence[Any]) -> Any:
        """The snapshot out of the decoded JSON array."""
        found: dict[str, Any] = {}
        for part, value in zip(self.parts, parts, strict=True):
            if part.many:
                found[part.name] = [part.make(row) for row in value]
            else:
                found[part.name] = None if value is None else part.make(value)
        return self.snapshot(**found)


def _compiled(part: Part, dialect: Dialect) -> tuple[str, dict[str, types.TypeEngine[Any]]]:
    compiled = part.select.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    return str(compiled), {name: bind.type for bind, name in compiled.bind_names.items() if bind.required}


def _columns(part: Part) -> list[tuple[str, types.TypeEngine[Any]]]:
    columns = [(column.key or "", column.type) for column in part.select.selected_columns]
    names = [name for name, _ in columns]
    if len(set(names)) != len(names) or "" in names:
        raise TypeError(f"part {part.name} selects columns without names of their own: {names}")
    if part.row is not None and names != (wanted := [f.name for f in dataclasses.fields(part.row)]):
        raise TypeError(f"part {part.name} selects {names}, {part.row.__name__} has {wanted}")
    return columns


def _maker(part: Part, fixes: list[tuple[int, Callable[[Any], Any]]]) -> Make:
    row = part.row
    if row is None:
        names = [name for name, _ in _columns(part)]

        def build(values: Iterable[Any]) -> Any:
            return dict(zip(names, values, strict=True))
    else:

        def build(values: Iterable[Any]) -> Any:
            return row(*values)

    if not fixes:
        return build

    def fix(values: Sequence[Any]) -> Any:
        fixed = list(values)
        for place, convert in fixes:
            if fixed[place] is not None:
                fixed[place] = convert(fixed[place])
        return build(fixed)

    return fix


def _fixes(part: Part, convert: Mapping[type, Callable[[Any], Any]]) -> list[tuple[int, Callable[[Any], Any]]]:
    return [
        (place, convert[kind])
        for place, (_, column) in enumerate(_columns(part))
        for kind in convert
        if isinstance(column, kind)
    ]


def sqlite_plan(plan: Plan) -> SqlitePlan:
    """Raises TypeError where a part's columns are not its row's fields, or a parameter has a default or is a list."""
    parts: list[PartSql] = []
    binds: dict[str, types.TypeEngine[Any]] = {}
    for part in plan.parts:
        sql, found = _compiled(part, _SQLITE)
        binds |= found
        columns = [_sqlite_column(f'x."{name}"', kind) for name, kind in _columns(part)]
        array = f"json_array({', '.join(columns)})"
        # A part's ORDER BY is kept: SQLite drops that of a subquery only beneath aggregates that no order changes.
        sql = (
            f"(SELECT json_group_array({array}) FROM ({sql}) AS x)"  # noqa: S608
            if part.many
            else f"(SELECT {array} FROM ({sql}) AS x LIMIT 1)"  # noqa: S608
        )
        make = _maker(part, _fixes(part, {Boolean: bool, LargeBinary: bytes.fromhex}))
        parts.append(PartSql(part.name, sql, make, part.many))
    lists = frozenset(name for name, kind in binds.items() if isinstance(kind, _ListType))
    sql = "SELECT " + ", ".join(part.sql for part in parts)
    return SqlitePlan(sql, tuple(parts), lists, frozenset(binds), plan.snapshot)


def _sqlite_column(name: str, kind: types.TypeEngine[Any]) -> str:
    return f"CASE WHEN {name} IS NOT NULL THEN hex({name}) END" if isinstance(kind, LargeBinary) else name


def _hex(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _cast(name: str, kind: types.TypeEngine[Any]) -> str:
    if isinstance(kind, _ListType):
        return "::bigint[]" if kind.element is int else "::text[]"
    known = next((cast for python, cast in _POSTGRES_TYPES.items() if isinstance(kind, python)), None)
    if known is None:
        raise TypeError(f"bind parameter {name} needs a type: bindparam({name!r}, type_=...)")
    return f"::{known}"


def postgres_plan(plan: Plan) -> PostgresPlan:
    """Raises TypeError like `sqlite_plan`, and where a parameter has no type or two."""
    parts: list[PartSql] = []
    texts: list[str] = []
    places: dict[str, str] = {}
    for part in plan.parts:
        sql, binds = _compiled(part, _POSTGRES)
        for name, kind in binds.items():
            known = places.setdefault(name, f"${len(places) + 1}{_cast(name, kind)}")
            if known.partition("::")[2] != _cast(name, kind)[2:]:
                raise TypeError(f"bind parameter {name} of plan {plan.name} has two types")
        array = "json_build_array(" + ", ".join(f'x."{name}"' for name, _ in _columns(part)) + ")"
        inner = f"FROM ({sql % places}) AS x"
        texts.append(
            f"(SELECT coalesce(json_agg({array}), '[]') {inner})" if part.many else f"(SELECT {array} {inner} LIMIT 1)"
        )
        parts.append(PartSql(part.name, texts[-1], _maker(part, _fixes(part, {LargeBinary: _hex})), part.many))
    sql = "SELECT json_build_array(" + ",\n".join(texts) + ")"
    return PostgresPlan(sql, tuple(places), tuple(parts), plan.snapshot)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Writing:
    """How one row class is written: column names, primary key, and the getters of their values.

    `lasting` are the columns of its whole (not partial) indexes beside the key: most updates leave them as they are.
    """

    table: str
    rank: int
    columns: tuple[str, ...]
    key: tuple[str, ...]
    lasting: tuple[str, ...]
    versioned: bool
    values: Callable[[Row], tuple[Any, ...]]
    key_of: Callable[[Row], tuple[Any, ...]]

    @property
    def identity(self) -> tuple[str, ...]:
        """What names the row as it was read: the key, and the version where it has one."""
        return (*self.key, "version") if self.versioned else self.key

    @property
    def settable(self) -> tuple[str, ...]:
        """What an update sets: neither key nor version."""
        return tuple(name for name in self.columns if name not in self.key and name != "version")


def getter(names: Sequence[str]) -> Callable[[Row], tuple[Any, ...]]:
    """Gives the values of the fields named, always as a tuple."""
    if len(names) == 1:
        one = attrgetter(names[0])
        return lambda row: (one(row),)
    return attrgetter(*names) if names else lambda row: ()


@cache
def writing(row: type) -> Writing:
    """Raises EffectRefused for a class that is no row of the schema."""
    table = schema.TABLES.get(row)
    if table is None:
        raise EffectRefused(f"{row.__name__} is no row of the schema")
    columns = tuple(field.name for field in dataclasses.fields(row))
    key = tuple(str(column.name) for column in table.primary_key if column.name in columns)
    whole = [index for index in table.indexes if index.dialect_options["sqlite"]["where"] is None]
    indexed = {str(name) for index in whole for name in index.columns.keys()} - set(key)  # noqa: SIM118 - no dict
    lasting = tuple(name for name in columns if name in indexed)
    versioned = "version" in columns
    return Writing(str(table.name), _RANKS[table.name], columns, key, lasting, versioned, getter(columns), getter(key))


class Group(NamedTuple):
    """Effects of one kind on one table, by key."""

    kind: type
    writing: Writing
    rows: list[Row]


# Deletes come first, children before parents; then table by table, parents first, what exists before what is new:
# foreign keys hold at every step, a unique place is free before it is taken, and locks are taken in one order.
_STEPS = {Guard: 0, Update: 0, Replace: 1, Insert: 2}


def grouped(effects: Iterable[Effect], members: Iterable[str]) -> list[Group]:
    """Effects in the order in which both engines carry them out.

    Raises EffectRefused for a row of another member than `members`, for two writes of one row, and for a row without
    a key that is not inserted.
    """
    keyed: list[tuple[tuple[Any, ...], type, Writing, Row]] = []
    written: set[tuple[Any, ...]] = set()
    guards: list[tuple[tuple[Any, ...], type, Writing, Row]] = []
    for effect in effects:
        kind, row = type(effect), effect.row
        how = writing(type(row))
        if row.member not in members:
            raise EffectRefused(f"{how.table} of {row.member} is not this command's to write")
        key = how.key_of(row)
        if not key and kind is not Insert:
            raise EffectRefused(f"{how.table} has no key: its rows are only inserted")
        if kind is Guard and not how.versioned:
            raise EffectRefused(f"{how.table} has no version to guard")
        entry = (((0, -how.rank, 0) if kind is Delete else (1, how.rank, _STEPS[kind])) + key, kind, how, row)
        if kind is Guard:
            guards.append(entry)
            continue
        if key and (how.table, key) in written:
            raise EffectRefused(f"{how.table} {key} is written twice by one command")
        written.add((how.table, key))
        keyed.append(entry)
    keyed += [entry for entry in guards if (entry[2].table, entry[2].key_of(entry[3])) not in written]
    keyed.sort(key=lambda entry: entry[0])
    groups: list[Group] = []
    for _, kind, how, row in keyed:
        if groups and groups[-1].kind is kind and groups[-1].writing is how:
            groups[-1].rows.append(row)
        else:
            groups.append(Group(kind, how, [row]))
    return groups
