"""Carries a coroutine on by hand, without a task: what waits for one future needs no more than to be called back.

Fit for whatever awaits futures of the loop and nothing else. What asks for its task, as `asyncio.timeout` does, needs
one, and so does what must be cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

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
