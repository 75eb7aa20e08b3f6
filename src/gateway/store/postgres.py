"""PostgreSQL by asyncpg: a command is one statement that reads, the decision in Python, one function call that writes.

No transaction spans the two: versions guard what the decision relied on, and a command whose ground moved is read
and decided again. The writing call commits by itself, so that a command takes two round trips, three where its
connection was last used for another member.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

import asyncpg
import orjson

from gateway.store.effects import (
    Decision,
    Delete,
    Effect,
    EffectRefused,
    Guard,
    StoreUnavailable,
    Update,
    WriteConflict,
)
from gateway.store.migrate import WrongRevision, require_head
from gateway.store.port import Plan
from gateway.store.postgres_pool import LOST, Link, Pool
from gateway.store.postgres_schema import CODES, CONFLICT
from gateway.store.sql import Group, PostgresPlan, getter, grouped, postgres_plan

T = TypeVar("T")

DECISIONS = 10
PAUSE_MILLISECONDS = 8  # between two decisions, times their number, at random
_APPLY = "SELECT gateway_apply($1, $2::text::jsonb)"
_CONFLICTS = (CONFLICT, "23505", "40001", "40P01")  # ours, unique violation, serialization failure, deadlock
_REFUSED = ("22", "23", "42501")  # bad data, integrity, row security
_OUT_OF_ORDER = ("53", "55", "57", "58", "XX")  # no room, locked, cancelled, disk, internal
_GONE = ("57P", "08", "25006")  # shut down or starting up, connection lost, demoted to a standby


class PostgresStore:
    """Implements `gateway.store.port.Store` as the application's role, over at most `max_size` connections."""

    inline = False

    def __init__(self, dsn: str, *, min_size: int = 1, max_size: int = 10, command_seconds: float = 10.0) -> None:
        self._pool = Pool(dsn, size=max_size, command_seconds=command_seconds)
        self._min_size = min_size
        self._plans: dict[int, tuple[Plan, PostgresPlan]] = {}

    async def open(self) -> None:
        """Connects, and checks that the schema is the one this program knows. Raises StoreUnavailable."""
        await self._pool.open(self._min_size)
        link = await self._pool.acquire("")
        try:
            try:
                found = await link.connection.fetchval("SELECT version_num FROM alembic_version")
            except asyncpg.UndefinedTableError:
                found = None
            require_head(found, "the database")
        except (asyncpg.PostgresError, WrongRevision, *LOST) as error:
            await self._pool.close()
            self._pool.drop(link)
            raise StoreUnavailable(f"cannot use this database: {error}") from error
        self._pool.release(link)

    def generation(self, member: str) -> None:
        """Others commit too, and nothing tells: what was read is not to be kept."""

    async def read(self, plan: Plan, params: Mapping[str, Any]) -> Any:
        compiled = self._compiled(plan)
        link, snapshot = await self._read(compiled, params)
        self._pool.release(link)
        return snapshot

    async def command(self, plan: Plan, params: Mapping[str, Any], decide: Callable[[Any], Decision[T]]) -> T:
        compiled = self._compiled(plan)
        reason: WriteConflict | None = None
        for attempt in range(DECISIONS):
            if attempt:
                await asyncio.sleep(secrets.randbelow(PAUSE_MILLISECONDS * attempt + 1) / 1000)
            link, snapshot = await self._read(compiled, params)
            try:
                decision = decide(snapshot)
                groups = encode(decision.effects, _members(params))
            except BaseException:
                self._pool.release(link)
                raise
            if groups is None:
                self._pool.release(link)
                return decision.answer
            try:
                await self._apply(link, groups)
            except WriteConflict as conflict:
                reason = conflict
            else:
                return decision.answer
        raise StoreUnavailable(f"the command keeps conflicting with others: {reason}") from reason

    async def apply(self, member: str, effects: list[Effect]) -> None:
        groups = encode(effects, [member])
        if groups is not None:
            await self._apply(await self._pool.acquire(member), groups)

    async def close(self) -> None:
        await self._pool.close()

    def _compiled(self, plan: Plan) -> PostgresPlan:
        known = self._plans.get(id(plan))
        if known is None:
            known = self._plans[id(plan)] = (plan, postgres_plan(plan))  # the plan is kept, and its id with it
        return known[1]

    async def _read(self, plan: PostgresPlan, params: Mapping[str, Any]) -> tuple[Link, Any]:
        """The snapshot, and the connection it was read on: the caller gives it back.

        A connection that turns out to be dead is replaced once: nothing was written yet.
        """
        values = [params[name] for name in plan.order]
        members = ",".join(_members(params))
        while True:
            link = await self._pool.acquire(members)
            try:
                text = str(await link.connection.fetchval(plan.sql, *values))
                return link, plan.decode(orjson.loads(text))
            except BaseException as error:
                gone = self._give_back(link, error)
                if not gone or not link.used or isinstance(error, TimeoutError):
                    _translate(error, gone=gone, writing=False)

    async def _apply(self, link: Link, groups: bytes) -> None:
        """Writes, and gives the connection back."""
        try:
            await link.connection.execute(_APPLY, link.members, groups.decode())
        except BaseException as error:
            _translate(error, gone=self._give_back(link, error), writing=True)
        else:
            self._pool.release(link)

    def _give_back(self, link: Link, error: BaseException) -> bool:
        """Gives back a connection on which a statement failed; says whether the connection itself is at fault."""
        gone = _gone(error, link)
        if gone or not isinstance(error, Exception):
            self._pool.drop(link)
        else:
            self._pool.release(link)
        return gone


def encode(effects: list[Effect], members: list[str]) -> bytes | None:
    """The argument of `gateway_apply`, None where there is nothing to write. Raises EffectRefused."""
    if not effects:
        return None
    try:
        return orjson.dumps([_group(group) for group in grouped(effects, members)], default=_bytes)
    except orjson.JSONEncodeError as error:  # half a surrogate pair, a number beyond 64 bits
        raise EffectRefused(str(error)) from error


def _group(group: Group) -> tuple[str, list[Any], bool]:
    kind, how, rows = group
    code = f"{CODES[kind]}:{how.table}"
    if kind in (Delete, Guard):
        names = how.identity
        values = getter(names)
        return code, [dict(zip(names, values(row), strict=True)) for row in rows], how.versioned
    return code, rows, kind is Update


def _bytes(value: object) -> str:
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(f"{type(value).__name__} is no column's type")


def _members(params: Mapping[str, Any]) -> list[str]:
    return [params[name] for name in ("member", "partner") if name in params]


def _state(error: asyncpg.PostgresError) -> str:
    return getattr(error, "sqlstate", None) or ""


def _gone(error: BaseException, link: Link) -> bool:
    """Whether the connection, not the statement, is at fault."""
    if isinstance(error, asyncpg.PostgresError):
        return _state(error).startswith(_GONE)
    return isinstance(error, LOST) or (isinstance(error, asyncpg.InterfaceError) and link.connection.is_closed())


def _translate(error: BaseException, *, gone: bool, writing: bool) -> NoReturn:
    """Raises what the port promises instead of the driver's exception; a mistake of the caller's stays what it is."""
    if gone:
        raise StoreUnavailable(f"PostgreSQL: {error or type(error).__name__}", outcome_unknown=writing) from error
    if not isinstance(error, asyncpg.PostgresError):
        raise error
    state = _state(error)
    if state in _CONFLICTS:
        raise WriteConflict(str(error)) from error
    if writing and state.startswith(_REFUSED):
        raise EffectRefused(str(error)) from error
    if state.startswith(_OUT_OF_ORDER):
        raise StoreUnavailable(f"PostgreSQL: {error} ({state})") from error
    raise error
