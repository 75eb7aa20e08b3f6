"""A coroutine carried on by hand ends as it would in a task."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from gateway.desk.driving import Driver, in_time

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


async def _waits(future: asyncio.Future[str], cleaned: list[str]) -> str:
    try:
        return await future
    finally:
        cleaned.append("up")


@pytest.mark.parametrize("task", [True, False], ids=["in a task", "by hand"])
async def test_what_has_to_end_in_time_is_cancelled_when_it_does_not(task: bool) -> None:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    cleaned: list[str] = []

    async def limited() -> str:
        return await in_time(_waits(future, cleaned), 0.01)

    if task:
        with pytest.raises(TimeoutError):
            await asyncio.create_task(limited())
    else:
        _, error = await begun(limited())
        assert isinstance(error, TimeoutError)
    assert future.cancelled()
    assert cleaned == ["up"]


async def test_what_ends_in_time_is_left_alone() -> None:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.01, future.set_result, "done")
    assert await in_time(_waits(future, []), 5) == "done"
    assert await in_time(_waits(future, []), 0) == "done"


async def test_turns_of_the_loop_end_in_time_too() -> None:
    async def turns() -> None:
        for _ in range(10**9):
            await asyncio.sleep(0)

    with pytest.raises(TimeoutError):
        await in_time(turns(), 0.01)


async def test_who_cancels_the_task_cancels_what_it_waits_for() -> None:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    cleaned: list[str] = []

    async def limited() -> str:
        return await in_time(_waits(future, cleaned), 5)

    task = asyncio.create_task(limited())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned == ["up"]


async def test_what_it_raises_is_raised() -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await in_time(fails(), 5)
