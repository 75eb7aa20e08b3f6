"""A connection that is watched: what is expected comes or is missed, and what is closed is gone in time."""

from __future__ import annotations

import asyncio
from typing import Any

from gateway.doors.line import WatchedProtocol

SOON, NEVER = 0.01, 60.0


class Wire:
    """A transport that notes what is done to it."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def close(self) -> None:
        self.done.append("close")

    def abort(self) -> None:
        self.done.append("abort")


class Connection(WatchedProtocol):
    def __init__(self) -> None:
        super().__init__()
        self.wire: Any = Wire()
        self._transport = self.wire
        self.missed = self.looked = 0

    def _pump(self) -> None: ...

    def _watch_over(self) -> None:
        self.looked += 1

    def _too_slow(self) -> None:
        self.missed += 1


async def turned(connection: Connection) -> Connection:
    """The same, when what is due soon has been done."""
    await asyncio.sleep(SOON * 5)
    return connection


async def test_what_does_not_come_is_missed_once() -> None:
    connection = Connection()
    connection._expect(SOON)
    connection._expect(SOON)
    assert (await turned(connection)).missed == 1


async def test_the_first_time_counts_and_what_comes_is_not_missed() -> None:
    connection = Connection()
    connection._expect(SOON)
    connection._expect(NEVER)
    assert (await turned(connection)).missed == 1
    connection._expect(SOON)
    connection._arrived()
    assert (await turned(connection)).missed == 1


async def test_a_closed_connection_is_cut_in_time_and_closed_once() -> None:
    connection = Connection()
    assert not connection._closing
    connection._close_within(SOON)
    connection._close_within(NEVER)
    assert connection._closing
    assert connection.wire.done == ["close"]
    assert (await turned(connection)).wire.done == ["close", "abort"]


async def test_of_a_lost_connection_nothing_is_expected_any_more() -> None:
    connection = Connection()
    connection._expect(SOON)
    connection._close_within(SOON)
    connection._lost()
    assert connection._closing
    assert (await turned(connection)).missed == 0
    assert connection.wire.done == ["close"]
