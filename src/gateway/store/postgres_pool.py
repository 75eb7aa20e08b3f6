"""A pool of PostgreSQL connections that remembers which members each connection is set to.

Row security reads the session's `gateway.member`; a connection that is set already saves a round trip. It is session
state: a pooler in between must pool sessions, not transactions.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from gateway.store.effects import StoreUnavailable

CONNECT_SECONDS = 5
# The server gives up first, and then the outcome is known; a server that says nothing is given up after this.
SILENCE_SECONDS = 2.0
SETTINGS = {
    "application_name": "library-gateway",
    # Statements are made for one index a table, and are planned once: also while the tables are still small.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}
# A commit waits for the disk even where the server's default does not; a stricter default (a standby's) stays.
_DURABLE = """
SELECT set_config('synchronous_commit', 'on', false)
WHERE current_setting('synchronous_commit') IN ('off', 'local')
"""
_BIND = "SELECT set_config('gateway.member', $1, false)"
LOST = (asyncpg.PostgresConnectionError, asyncpg.InternalClientError, OSError, TimeoutError)


@dataclass(slots=True, eq=False)
class Link:
    """One connection; `members` is what row security lets it see. `used` says that it has answered before."""

    connection: asyncpg.Connection
    members: str = ""
    used: bool = False


class Pool:
    """At most `size` connections to the first host of `dsn` that takes writes."""

    def __init__(self, dsn: str, *, size: int, command_seconds: float) -> None:
        self._dsn = dsn
        self._room = size
        self._command_seconds = command_seconds
        self._free: deque[Link] = deque()  # the one used last stands at the right
        self._waiting: deque[asyncio.Future[Link | None]] = deque()
        self._closed = False

    async def open(self, links: int) -> None:
        """Opens the first `links` connections. Raises StoreUnavailable."""
        for link in [await self._take("") for _ in range(links)]:
            self.release(link)

    async def acquire(self, members: str) -> Link:
        """A connection set to `members`; waits for one at most as long as a command may take.

        Raises StoreUnavailable.
        """
        link = await self._take(members)
        if link.members != members:
            try:
                await link.connection.fetchval(_BIND, members)
            except BaseException as error:
                again = link.used and link.connection.is_closed()
                self.drop(link)
                if again and isinstance(error, Exception):
                    return await self.acquire(members)
                if isinstance(error, (*LOST, asyncpg.PostgresError, asyncpg.InterfaceError)):
                    raise StoreUnavailable(f"PostgreSQL: {error}") from error
                raise
            link.members = members
        return link

    def release(self, link: Link) -> None:
        """Gives a connection back that is in order."""
        if self._closed or link.connection.is_closed():
            self.drop(link)
            return
        link.used = True
        if not self._hand_over(link):
            self._free.append(link)

    def drop(self, link: Link) -> None:
        """Gives up a connection whose state nobody knows."""
        link.connection.terminate()
        self._room += 1
        self._hand_over(None)

    async def close(self) -> None:
        """Closes what is free now, and what is in use as soon as it is given back."""
        self._closed = True
        while self._free:
            link = self._free.popleft()
            self._room += 1
            try:
                await link.connection.close(timeout=CONNECT_SECONDS)
            except (*LOST, asyncpg.PostgresError, asyncpg.InterfaceError):
                link.connection.terminate()

    async def _take(self, members: str) -> Link:
        while True:
            if self._closed:
                raise StoreUnavailable("the store is closed")
            if (link := self._find(members)) is not None:
                return link
            if self._room:
                return await self._connect()
            waiting: asyncio.Future[Link | None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            try:
                async with asyncio.timeout(self._command_seconds):
                    handed = await waiting
            except BaseException as error:
                if waiting.done() and not waiting.cancelled():  # it came at the very moment we gave up
                    if (late := waiting.result()) is not None:
                        self.release(late)
                    else:
                        self._hand_over(None)
                if isinstance(error, TimeoutError):
                    raise StoreUnavailable("every connection to PostgreSQL is busy") from error
                raise
            if handed is not None:
                return handed

    def _find(self, members: str) -> Link | None:
        """A free connection: one set to `members`, else the one that was used longest ago."""
        for place in range(len(self._free) - 1, -1, -1):
            if self._free[place].members == members:
                link = self._free[place]
                del self._free[place]
                return link
        return self._free.popleft() if self._free else None

    async def _connect(self) -> Link:
        self._room -= 1
        link: Link | None = None
        try:
            connection = await asyncpg.connect(
                self._dsn,
                timeout=CONNECT_SECONDS,
                command_timeout=self._command_seconds + SILENCE_SECONDS,
                statement_cache_size=1000,
                max_cached_statement_lifetime=0,
                max_cacheable_statement_size=0,
                server_settings={**SETTINGS, "statement_timeout": f"{self._command_seconds * 1000:.0f}"},
                target_session_attrs=SessionAttribute.read_write,
            )
            link = Link(connection)
            await connection.execute(_DURABLE)
        except BaseException as error:
            if link is not None:
                self.drop(link)
            else:
                self._room += 1
                self._hand_over(None)
            if isinstance(error, (*LOST, asyncpg.PostgresError, asyncpg.InterfaceError)):
                raise StoreUnavailable(f"cannot connect to PostgreSQL: {error}") from error
            raise
        return link

    def _hand_over(self, link: Link | None) -> bool:
        """Wakes whoever waits longest; None tells it that there is room for a connection of its own."""
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(link)
                return True
        return False
