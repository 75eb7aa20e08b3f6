"""The process beside the server that looks after people: it carries out feeds and brings the register to the platform.

Of all nodes on one database only one does. It says `ready` once the platform's patrons are in the register.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable

import structlog

from gateway.clock import Clock, SystemClock
from gateway.config import Config
from gateway.desk import Desk
from gateway.identity.provisioning import Provisioner
from gateway.identity.register import open_register
from gateway.identity.register.port import Register, RegisterUnavailable
from gateway.identity.sync import schedule
from gateway.identity.turns import FOLDER as LOCKS
from gateway.identity.turns import Turns
from gateway.importing.people import SOURCE, Adopted, adopt
from gateway.importing.progress import Stop, never
from gateway.runtime.beside import AWAY_SECONDS, Words, in_turn, pause, stop_of, wait_for_database
from gateway.runtime.platform import reference_platform
from gateway.store import open_store
from gateway.store.attempts import StoreAttempts
from gateway.store.effects import StoreUnavailable
from gateway.store.port import Store

_WORDS = Words("people.follows", "people.cannot_follow", "people.waits", "looks after people")

log = structlog.get_logger(__name__)


async def people(config: Config) -> None:
    """Works until standard input ends, and while no other node does. Raises what ends a part: we are started again."""
    turns = Turns(config.register_url, config.data_dir / LOCKS)
    async with asyncio.TaskGroup() as parts:
        stop = stop_of(parts)

        async def work(begun: Callable[[], None]) -> None:
            await _look_after(config, stop, begun)

        await in_turn(turns, "people", work, stop, _WORDS, away=(RegisterUnavailable, StoreUnavailable))


async def _look_after(config: Config, stop: asyncio.Event, begun: Callable[[], None]) -> None:
    clock = SystemClock()
    async with contextlib.AsyncExitStack() as opened:
        register = await open_register(config.register_url)
        opened.push_async_callback(register.close)
        store = await open_store(config.store_url, max_connections=1)
        opened.push_async_callback(store.close)
        platform = reference_platform(config, store, clock)
        opened.push_async_callback(platform.close)
        desk = Desk(dict.fromkeys(config.members, platform), clock=clock, attempts=StoreAttempts(store))
        begun()
        async for member, done in take_in(store, register, config.members, clock, stop.is_set):
            log.info("people.taken_in", member=member, added=done.added, left=done.left)
        print("ready", flush=True)
        async with asyncio.TaskGroup() as parts:
            parts.create_task(schedule.follow(config, register, clock, stop))
            parts.create_task(_provision(config, register, desk, clock, stop))


async def _provision(config: Config, register: Register, desk: Desk, clock: Clock, stop: asyncio.Event) -> None:
    members = {code: member.identity for code, member in config.members.items()}
    per_second = config.identity.provision_per_second
    worker = Provisioner(register, desk.perform, members, clock=clock, per_second=per_second)
    while not stop.is_set():
        try:
            await worker.follow(stop)
        except RegisterUnavailable as error:
            wait_for_database("register.unavailable", error)
            await pause(stop, AWAY_SECONDS)


async def take_in(
    store: Store, register: Register, members: Iterable[str], clock: Clock, stop: Stop = never
) -> AsyncIterator[tuple[str, Adopted]]:
    """Takes in the patrons of members from whose platform nobody has been taken in yet, and tells of each such member.

    Raises StoreUnavailable, RegisterUnavailable."""
    for member in members:
        if stop() or any((await register.tally(member, SOURCE)).values()):
            continue
        yield member, await adopt(store, register, member, now=lambda: int(clock.now().timestamp() * 1000), stop=stop)
