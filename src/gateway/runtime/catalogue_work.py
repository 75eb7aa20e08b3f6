"""The catalogue's own processes: `fill` mirrors the platform, harvests and moves the horizon; `index` follows the feed.

Every node has both (see `gateway.runtime.beside`): an index is its node's own, but of all nodes on one database only
one fills. `fill` says `ready` once everything is mirrored, `index` once there is an index of what was there before it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import structlog

from gateway.catalogue import set_rules, visibility
from gateway.catalogue.catalogue import INDEX_FOLDER
from gateway.catalogue.index import writer as index
from gateway.catalogue.index.directory import tidy
from gateway.catalogue.index.progress import Making, Progress
from gateway.catalogue.ingest import Ingest
from gateway.catalogue.rebuild import rebuild
from gateway.catalogue.records import IndexEntry
from gateway.catalogue.store import open_reader, open_writer
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.catalogue.store.reader import Reader
from gateway.catalogue.store.turns import FOLDER as LOCKS
from gateway.catalogue.store.turns import Turns
from gateway.catalogue.store.writer import Writer
from gateway.clock import Clock, SystemClock
from gateway.config import Config
from gateway.harvesting import schedule
from gateway.importing.mirror import Mirror
from gateway.runtime.beside import Words, in_turn, pause, stop_of, wait_for_database, wait_for_path
from gateway.store import lock_file, open_store
from gateway.store.effects import StoreUnavailable

BEAT_SECONDS = 5.0  # how far behind now a harvester's next `from` may lie while nothing changes
TURN_SECONDS = 1.0  # between two looks whether another process still indexes
SORTED_SECONDS = 60.0  # between two looks whether all records are still sorted by our settings
MIRROR_SECONDS = 1.0  # between two looks at a platform that stands still

_FILLS = Words("catalogue.fills", "catalogue.cannot_fill", "catalogue.waits_to_fill", "fills")

log = structlog.get_logger(__name__)


async def fill(config: Config) -> None:
    """Works until standard input ends, and while no other node does. Raises what ends a part: we are started again."""
    turns = Turns(config.catalogue_url, config.data_dir / LOCKS)
    async with asyncio.TaskGroup() as parts:
        stop = stop_of(parts)

        async def work(begun: Callable[[], None]) -> None:
            await _fill(config, stop, begun)

        await in_turn(turns, "fill", work, stop, _FILLS, away=(CatalogueUnavailable, StoreUnavailable))


async def _fill(config: Config, stop: asyncio.Event, begun: Callable[[], None]) -> None:
    clock = SystemClock()
    async with contextlib.AsyncExitStack() as opened:
        store = await open_writer(config.catalogue_url)
        opened.push_async_callback(store.close)
        platform = await open_store(config.store_url, max_connections=1)
        opened.push_async_callback(platform.close)
        ingest = Ingest.configured(store, config)
        begun()
        async with asyncio.TaskGroup() as parts:
            parts.create_task(_beat(store, clock, stop))
            parts.create_task(keep_sorted(store, config, clock, stop))
            parts.create_task(_mirror(Mirror(platform, ingest), list(config.members), stop))
            parts.create_task(schedule.follow(config, store, ingest, clock, stop))


async def follow(config: Config) -> None:
    """Works until standard input ends, as `fill` does."""
    async with contextlib.AsyncExitStack() as opened:
        store = await open_reader(config.catalogue_url)
        opened.push_async_callback(store.close)
        path, ready = config.data_dir / INDEX_FOLDER, _Ready()
        async with asyncio.TaskGroup() as parts:
            stop = stop_of(parts)
            told = ""
            while not stop.is_set():
                try:
                    await index.follow(_Feed(store, path, stop, ready), path, stop, ready.say)
                except (lock_file.Held, lock_file.Blocked) as reason:
                    if told != str(reason):
                        told = str(reason)
                        wait_for_path("catalogue.cannot_index", reason)
                    await pause(stop, TURN_SECONDS if isinstance(reason, lock_file.Held) else BEAT_SECONDS)


class _Ready:
    """Says `ready`, once, and once more when what it was lost for is over: a database that was away, an index that is
    made after all because the first records came only now."""

    def __init__(self) -> None:
        self._said = False

    def say(self) -> None:
        if not self._said:
            self._said = True
            print("ready", flush=True)

    def lose(self) -> None:
        self._said = False


class _Feed:
    """The feed as the index follows it, through times when the database does not answer. Tells how far an index is that
    is made from the beginning of the feed."""

    def __init__(self, store: Reader, path: Path, stop: asyncio.Event, ready: _Ready) -> None:
        self._store = store
        self._path = path
        self._stop = stop
        self._ready = ready
        self._read_all = False
        self._progress: Progress | None = None

    async def lineage(self) -> str:
        return await self._store.lineage()

    async def last_seq(self) -> int:
        return await self._store.last_seq()

    async def index_entries(self, after_seq: int, size: int) -> list[IndexEntry]:
        if self._progress is not None and self._read_all:  # all had been read, and the index has been put in its place
            self._progress.end()
            self._progress = None
        entries = await self._read(after_seq, size)
        self._read_all = not entries
        if entries and not after_seq:
            self._ready.lose()
            self._progress = Progress(self._path, (await self._store.stats()).records, _tell)
        if self._progress is not None:
            self._progress.add(len(entries))
        return entries

    async def _read(self, after_seq: int, size: int) -> list[IndexEntry]:
        """Asks until there is an answer, or until we are told to stop."""
        lost = False
        while True:
            try:
                return await self._store.index_entries(after_seq, size)
            except CatalogueUnavailable as error:
                if self._stop.is_set():
                    raise
                if not lost:
                    lost = True
                    self._ready.lose()
                    wait_for_database("catalogue.unavailable", error)
            await pause(self._stop, BEAT_SECONDS)


def _tell(making: Making) -> None:
    print(f"does {making}", flush=True)


async def _mirror(mirror: Mirror, members: list[str], stop: asyncio.Event) -> None:
    """Brings what the platform has changed into the catalogue, member by member in turn."""
    ready = False
    while not stop.is_set():
        looked = 0
        try:
            for member in members:
                looked += await mirror.step(member)
                await asyncio.sleep(0)
        except (StoreUnavailable, CatalogueUnavailable) as error:
            log.warning("mirror.unavailable", error=str(error))
            await pause(stop, BEAT_SECONDS)
            continue
        if not looked:
            if not ready:
                ready = True
                print("ready", flush=True)
            await pause(stop, MIRROR_SECONDS)


async def keep_sorted(store: Writer, config: Config, clock: Clock, stop: asyncio.Event) -> None:
    """Sorts the records anew where they were last sorted by other settings, and where a load of other settings, such as
    one that began before ours did, has put some in."""
    sets, hiding = set_rules.configured(config), visibility.configured(config)
    ours = set_rules.digest(sets, hiding)
    first = True
    while not stop.is_set():
        begun = clock.monotonic()
        try:
            said = await store.state(set_rules.STATE)
            if said is None or (first and said != ours):
                done = await rebuild(
                    store,
                    sets=sets,
                    union=config.catalogue.union_ids,
                    hiding=hiding,
                    names={code: member.name for code, member in config.members.items()},
                    now=lambda: int(clock.now().timestamp()),
                    stop=stop.is_set,
                )
                log.info("catalogue.sorted", looked=done.looked, moved=done.moved, finished=done.finished)
            first = False
        except CatalogueUnavailable as error:
            log.warning("catalogue.unavailable", error=str(error))
        # A load by other settings that goes on for hours must not keep us sorting all that time.
        await pause(stop, max(SORTED_SECONDS, clock.monotonic() - begun))


async def _beat(store: Writer, clock: Clock, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await store.beat(int(clock.now().timestamp()))
        except CatalogueUnavailable as error:
            log.warning("catalogue.unavailable", error=str(error))
        await pause(stop, BEAT_SECONDS)


def give_room_back(config: Config) -> None:
    """On a full disk: an index half made would leave no room to kiosks until we try again."""
    tidy(config.data_dir / INDEX_FOLDER)
