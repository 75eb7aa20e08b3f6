"""Carries out what waits in the journal, per member in order, as soon as its platform answers again."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog

from gateway.canonical.refusals import PlatformFailure
from gateway.journal.entry import Entry, JournalUnavailable

if TYPE_CHECKING:
    from gateway.journal.journal import Journal

PAUSE = 1.0  # seconds between looks; a look at an empty journal costs microseconds
_LOOKS_PER_PRUNING = 3600

_log = structlog.get_logger(__name__)


class Replays(Protocol):
    """The desk, as far as the journal knows it."""

    async def replay(self, entry: Entry) -> None:
        """Carries out one entry and marks what became of it. Raises PlatformFailure while the platform is away."""
        ...


async def replayer(
    journal: Journal, desk: Replays, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
) -> None:
    """Runs until it is cancelled. Of several processes with one journal only one replays at a time."""
    async with _Alone(journal.path, sleep):
        looks = 0
        while True:
            try:
                await replay_once(journal, desk)
                if looks % _LOOKS_PER_PRUNING == 0:
                    journal.prune()
            except JournalUnavailable as error:
                _log.error("the journal cannot be used", error=str(error))
            looks += 1
            await sleep(PAUSE)


async def replay_once(journal: Journal, desk: Replays) -> int:
    """One round over all members; how many entries were dealt with. A member's platform that fails ends its turn."""
    settled = 0
    for member in journal.pending_members():
        for entry in journal.pending(member):
            try:
                await desk.replay(entry)
            except PlatformFailure as failure:
                _log.info("replay waits", member=member, entry=entry.id, failure=str(failure))
                break
            settled += 1
    return settled


class _Alone:
    """Holds a lock beside the journal's file, waiting until no other process has it."""

    def __init__(self, path: Path | None, sleep: Callable[[float], Awaitable[object]]) -> None:
        self._path = path
        self._sleep = sleep
        self._file: int | None = None

    async def __aenter__(self) -> None:
        if self._path is None:
            return
        self._file = os.open(self._path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                await self._sleep(PAUSE)
            else:
                return

    async def __aexit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)
