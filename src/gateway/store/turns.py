"""What only one process may do with a database at a time: of all nodes on PostgreSQL, of one machine with a file.

On PostgreSQL a turn is an advisory lock of a connection of its own. It ends with the process; the server ends it too
when nothing has been heard for some seconds (a machine that is gone, a process that stands still). Whoever has a turn
says that it is there, and is stopped as soon as the connection is lost: somebody else may have begun.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import ClassVar, TypeVar

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from gateway.store import lock_file
from gateway.store.effects import StoreUnavailable
from gateway.store.postgres_pool import CONNECT_SECONDS, LOST
from gateway.store.url import sqlite_path

FOLDER = "locks"
"""Below the data directory, where the database is a file."""
SIGN_SECONDS = 3.0  # between two signs of life
SILENCE_SECONDS = 15.0  # after which the server takes the turn away: also a batch may hold up the loop for a while
_CLASS = 2282530  # of advisory locks, beside those of migrations and writers
_TRY = "SELECT pg_try_advisory_lock($1, $2)"
_DONE = "SELECT pg_advisory_unlock($1, $2)"
_WHO = """
SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND classid = $1::oid AND objid = $2::oid AND objsubid = 2 AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, *LOST)

T = TypeVar("T")


class Busy(Exception):
    """Another process has the turn; the message says which, where that can be told."""


class Blocked(Busy):
    """Nobody can have the turn: something is in the way of its file. The message names the path."""


class Turns:
    """The turns of one database. `folder` is for lock files, `unavailable` what is raised where it does not answer."""

    unavailable: ClassVar[type[Exception]] = StoreUnavailable

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder

    async def alone(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Does `work` while nobody else does what goes by this name.

        Raises Busy at once where somebody does, Blocked where that cannot be found out, and `unavailable` where the
        database is away or goes away meanwhile: `work` has been cancelled then.
        """
        if sqlite_path(self._url) is not None:
            with _file(self._folder / f"{name}.lock"):
                return await work()
        async with _lock(self._url, name, self.unavailable) as lost:
            return await _unless(lost, work, self.unavailable)


@contextmanager
def _file(path: Path) -> Iterator[None]:
    try:
        with lock_file.held(path):
            yield
    except lock_file.Held:
        raise Busy("another process of this machine") from None
    except lock_file.Blocked as reason:
        raise Blocked(str(reason)) from reason


@asynccontextmanager
async def _lock(url: str, name: str, unavailable: type[Exception]) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """Gives what returns, with the reason, once the lock is lost."""
    number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest()) >> 1
    try:
        connection = await asyncpg.connect(
            url,
            timeout=CONNECT_SECONDS,
            command_timeout=SILENCE_SECONDS,
            server_settings={
                "application_name": f"library-gateway {name} {socket.gethostname()}/{os.getpid()}",
                "idle_session_timeout": f"{SILENCE_SECONDS * 1000:.0f}",
            },
            target_session_attrs=SessionAttribute.read_write,
        )
    except _AWAY as error:
        raise unavailable(f"PostgreSQL: {error}") from error
    try:
        try:
            if not await connection.fetchval(_TRY, _CLASS, number):
                raise Busy(await connection.fetchval(_WHO, _CLASS, number) or "another node")
        except _AWAY as error:
            raise unavailable(f"PostgreSQL: {error}") from error
        yield lambda: _until_lost(connection)
        with suppress(*_AWAY):
            await connection.fetchval(_DONE, _CLASS, number)
    finally:
        connection.terminate()


async def _until_lost(connection: asyncpg.Connection) -> str:
    """Gives signs of life until the connection is lost; how that was noticed."""
    gone = asyncio.Event()
    connection.add_termination_listener(lambda _: gone.set())
    try:
        while True:
            await connection.execute("SELECT 1")  # in one message, or the server may wait for the next one for ever
            with suppress(TimeoutError):
                async with asyncio.timeout(SIGN_SECONDS):
                    await gone.wait()
                return "the connection has ended"
    except _AWAY as error:
        return str(error) or type(error).__name__


async def _unless(
    lost: Callable[[], Awaitable[str]], work: Callable[[], Awaitable[T]], unavailable: type[Exception]
) -> T:
    watching, working = asyncio.ensure_future(lost()), asyncio.ensure_future(work())
    try:
        await asyncio.wait((watching, working), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise unavailable(f"PostgreSQL: {watching.result()}: another node may do this now")
    finally:
        for task in (watching, working):
            task.cancel()
        await asyncio.gather(watching, working, return_exceptions=True)
