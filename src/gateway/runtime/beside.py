"""The processes beside the server: each has a role, gets its orders on standard input, and ends when that does.

The server starts them with its configuration. On standard output they say how they stand (see `gateway.runtime.child`).
Kiosks and searches come first: these processes are nice, and what they do waits when it must.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module

import structlog
import uvloop

from gateway.config import Config
from gateway.runtime import logs
from gateway.runtime.child import Child
from gateway.runtime.program import program
from gateway.store.turns import Blocked, Busy, Turns

LEAST_FREE = 64 << 20  # octets; with less, a commit is what fails for want of them
NICENESS = 5
TURN_SECONDS = 1.0  # between two looks whether another node still does what only one does
AWAY_SECONDS = 5.0  # before a database that was away is asked again


@dataclass(frozen=True, slots=True)
class Role:
    """What a process is for: `module` has the function that does it (`work`), and where more than a line is to be said
    on a full disk, the one that gives room back (`no_room`)."""

    name: str
    module: str
    work: str
    no_room: str = ""


ROLES = {
    "fill": Role("catalogue-fill", "gateway.runtime.catalogue_work", "fill"),
    "index": Role("catalogue-index", "gateway.runtime.catalogue_work", "follow", "give_room_back"),
    "people": Role("people", "gateway.runtime.people_work", "people"),
}
CATALOGUE = ("fill", "index")

log = structlog.get_logger(__name__)


def children(config: Config) -> dict[str, Child]:
    """The processes for the server to keep running, by role."""
    roles = [role for role in ROLES if config.catalogue.enabled or role not in CATALOGUE]
    return {role: Child(ROLES[role].name, [sys.executable, "-m", __name__, role], orders(config)) for role in roles}


def orders(config: Config) -> bytes:
    """What the processes are told when they start: by which program, and what."""
    return program().encode("ascii") + b"\n" + pickle.dumps((config, logs.is_readable()))


def main() -> None:
    size = int.from_bytes(sys.stdin.buffer.read(8), "big")
    server, _, told = sys.stdin.buffer.read(size).partition(b"\n")
    if server != program().encode("ascii"):
        by = server.decode("ascii", "replace")
        print(f"refuses the server is {by}, and {program()} is installed since: restart the server", flush=True)
        return
    config, readable = pickle.loads(told)  # noqa: S301  written by the server that started us
    logs.configure(readable=readable)
    os.nice(NICENESS)
    run(sys.argv[1], config)


def run(role: str, config: Config) -> None:
    """Does what the role is for. Raises what ends it; where the disk is full, says so and ends."""
    wanted = ROLES[role]
    module = import_module(wanted.module)
    try:
        uvloop.run(getattr(module, wanted.work)(config))
    except Exception as error:
        free = shutil.disk_usage(config.data_dir).free
        if free >= LEAST_FREE:
            raise
        log.error("disk_full", process=wanted.name, path=str(config.data_dir), free_megabytes=free >> 20,
                  error=str(error))  # fmt: skip
        if wanted.no_room:
            getattr(module, wanted.no_room)(config)
        raise SystemExit(1) from None


@dataclass(frozen=True, slots=True)
class Words:
    """How work that only one node does is called in the log (`begins`, `cannot`, `waits`) and in a sentence."""

    begins: str
    cannot: str
    waits: str
    does: str  # "another node ..."


async def in_turn(
    turns: Turns,
    name: str,
    work: Callable[[Callable[[], None]], Awaitable[None]],
    stop: asyncio.Event,
    words: Words,
    *,
    away: tuple[type[Exception], ...],
) -> None:
    """Does `work` whenever no other node does, until `stop`; it calls what it is given once it has begun in earnest.

    `away` is raised where a database does not answer: then it is tried again after a while."""
    told = ""

    def begun() -> None:
        nonlocal told
        told = ""
        log.info(words.begins)

    while not stop.is_set():
        try:
            await turns.alone(name, lambda: work(begun))
        except (Busy, *away) as reason:
            if told != str(reason):
                told = str(reason)
                _say_why(reason, words)
            soon = isinstance(reason, Busy) and not isinstance(reason, Blocked)
            await pause(stop, TURN_SECONDS if soon else AWAY_SECONDS)


def _say_why(reason: Exception, words: Words) -> None:
    if isinstance(reason, Blocked):
        wait_for_path(words.cannot, reason)
    elif isinstance(reason, Busy):
        log.info(words.waits, reason=str(reason))
        print("ready", f"does another node {words.does}", sep="\n", flush=True)  # what is to be done, that one does
    else:
        wait_for_database(words.waits, reason)


def wait_for_path(event: str, reason: Exception) -> None:
    """Says that something is in the way of a file."""
    log.error(event, reason=str(reason))
    print(f"does waits until this is put right: {reason}", flush=True)


def wait_for_database(event: str, reason: Exception) -> None:
    """Says that the database does not answer."""
    log.warning(event, reason=str(reason))
    print("does waits for the database: the log says why", flush=True)


def stop_of(parts: asyncio.TaskGroup) -> asyncio.Event:
    """Set once standard input has ended."""
    stop = asyncio.Event()
    parts.create_task(_until(parts.create_task(end_of_input()), stop))
    return stop


async def _until(ended: Awaitable[None], stop: asyncio.Event) -> None:
    await ended
    stop.set()


async def end_of_input() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    await reader.read()


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Sleeps, unless told to stop."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass


if __name__ == "__main__":
    main()
