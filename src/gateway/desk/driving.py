"""Carries a coroutine on by hand, without a task: what waits for one future needs no more than to be called back.

Fit for whatever awaits futures of the loop and nothing else. What asks for its task, as `asyncio.timeout` does, needs
one, and so does what must be cancelled; `in_time` is for what has to end in time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from types import coroutine as generator_based
from typing import Any, TypeVar

T = TypeVar("T")
Ended = Callable[[Any, BaseException | None], None]


class Driver:
    """`ended` is called once with what the coroutine returned, or with what it raised."""

    __slots__ = ("_coroutine", "_ended")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], ended: Ended) -> None:
        self._coroutine = coroutine
        self._ended = ended

    def step(self, _: object = None) -> None:
        """Runs the coroutine as far as it comes; what it then waits for calls back."""
        try:
            waiting = self._coroutine.send(None)
        except StopIteration as stop:
            self._ended(stop.value, None)
        except BaseException as error:
            self._ended(None, error)
            if not isinstance(error, Exception) and not isinstance(error, asyncio.CancelledError):
                raise
        else:
            self.follow(waiting)

    def follow(self, waiting: Any) -> None:
        """Goes on when `waiting`, which the coroutine has just yielded, is done."""
        if waiting is None:  # a turn of the loop, as `asyncio.sleep(0)` asks for
            asyncio.get_running_loop().call_soon(self.step)
            return
        waiting._asyncio_future_blocking = False  # says that somebody has taken notice
        waiting.add_done_callback(self.step)


@generator_based
def in_time(coroutine: Coroutine[Any, Any, T], seconds: float) -> Generator[Any, None, T]:
    """To be awaited, in a task or by hand: what the coroutine returns or raises. Raises TimeoutError where it waits for
    longer than that; it has then been cancelled as a task would be. What waits for nothing needs no timer."""
    try:
        waiting = coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    late = False

    def expire() -> None:
        nonlocal late
        late = True
        if waiting is not None:
            waiting.cancel()

    timer = asyncio.get_running_loop().call_later(seconds, expire)
    try:
        while True:
            try:
                yield waiting
                if late and waiting is None:
                    raise asyncio.CancelledError
            except BaseException as error:  # above all where the task that awaits this is cancelled
                waiting = coroutine.throw(error)
            else:
                waiting = coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    except asyncio.CancelledError:
        if late:
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()
