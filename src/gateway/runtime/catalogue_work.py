"""The catalogue's own process: follows changes into the index, mirrors the platform, moves the horizon, harvests.

Started by the server with its configuration on standard input; ends when that input ends. It says `ready` once the
index says what the catalogue said when it started.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from collections.abc import Awaitable

import structlog
import uvloop

from gateway.catalogue.catalogue import INDEX_FOLDER
from gateway.catalogue.index import writer as index
from gateway.catalogue.records import IndexEntry
from gateway.catalogue.store import open_writer
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.catalogue.store.writer import Writer
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.runtime import logs
from gateway.runtime.child import Child

BEAT_SECONDS = 5.0  # how far behind now a harvester's next `from` may lie while nothing changes
NICENESS = 5  # kiosks and searches come first

_UP_TO_DATE = 2

log = structlog.get_logger(__name__)


def child(config: Config) -> Child:
    """The process for the server to keep running."""
    return Child("catalogue", [sys.executable, "-m", __name__], pickle.dumps(config))


def main() -> None:
    size = int.from_bytes(sys.stdin.buffer.read(8), "big")
    config = pickle.loads(sys.stdin.buffer.read(size))  # noqa: S301  written by the server that started us
    logs.configure(readable=sys.stderr.isatty())
    os.nice(NICENESS)
    uvloop.run(work(config))


async def work(config: Config) -> None:
    """Works until standard input ends. Raises what ends a part: the server starts us again."""
    stop = asyncio.Event()
    store = await open_writer(config.catalogue_url)
    try:
        async with asyncio.TaskGroup() as parts:
            ended = parts.create_task(_end_of_input())
            parts.create_task(_until(ended, stop))
            parts.create_task(_beat(store, stop))
            parts.create_task(index.follow(_Feed(store), config.data_dir / INDEX_FOLDER, stop))
    finally:
        await store.close()


class _Feed:
    """The feed as the index follows it. Says `ready` when there was twice nothing new: what was read before the first
    time has been committed by the second."""

    def __init__(self, store: Writer) -> None:
        self._store = store
        self._nothing = 0

    async def index_entries(self, after_seq: int, size: int) -> list[IndexEntry]:
        entries = await self._store.index_entries(after_seq, size)
        self._nothing = 0 if entries else self._nothing + 1
        if self._nothing == _UP_TO_DATE:
            print("ready", flush=True)
        return entries


async def _until(ended: Awaitable[None], stop: asyncio.Event) -> None:
    await ended
    stop.set()


async def _end_of_input() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    await reader.read()


async def _beat(store: Writer, stop: asyncio.Event) -> None:
    clock = SystemClock()
    while not stop.is_set():
        try:
            await store.beat(int(clock.now().timestamp()))
        except CatalogueUnavailable as error:
            log.warning("catalogue.unavailable", error=str(error))
        await pause(stop, BEAT_SECONDS)


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Sleeps, unless told to stop."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass


if __name__ == "__main__":
    main()
