"""A coroutine carried on by hand ends as it would in a task."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from gateway.desk.driving import Driver

End = tuple[Any, BaseException | None]


def begun(coroutine: Coroutine[Any, Any, Any]) -> asyncio.Future[End]:
    ended: asyncio.Future[End] = asyncio.get_running_loop().create_future()
    Driver(coroutine, lambda *end: ended.set_result(end)).step()
    return ended


async def test_what_never_waits_ends_at_once() -> None:
    async def work() -> str:
        return "done"

    assert begun(work()).result() == ("done", None)


async def test_it_goes_on_after_each_thing_it_waits_for() -> None:
    loop = asyncio.get_running_loop()
    first: asyncio.Future[int] = loop.create_future()

    async def work() -> int:
        found = await first
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        return found + await loop.run_in_executor(None, int, "2")

    ended = begun(work())
    await asyncio.sleep(0.01)
    assert not ended.done()
    first.set_result(40)
    assert await ended == (42, None)


async def test_what_a_future_raises_can_be_caught_inside() -> None:
    broken: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def work() -> str:
        try:
            await broken
        except ZeroDivisionError:
            return "caught"
        return "not raised"

    ended = begun(work())
    broken.set_exception(ZeroDivisionError())
    assert await ended == ("caught", None)


@pytest.mark.parametrize("late", [False, True])
async def test_what_it_raises_is_handed_over(late: bool) -> None:
    async def work() -> None:
        if late:
            await asyncio.sleep(0)
        raise LookupError("nowhere")

    answer, error = await begun(work())
    assert answer is None
    assert isinstance(error, LookupError)


async def test_a_future_that_is_cancelled_cancels_it() -> None:
    waited: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def work() -> None:
        await waited

    ended = begun(work())
    waited.cancel()
    answer, error = await ended
    assert answer is None
    assert isinstance(error, asyncio.CancelledError)
