"""Commands that are running: a retry joins the first one; a deadline ends the wait, not the command.

When the deadline passes, the one who asked is told "no" while the command goes on. What happened in the end is handed
to `settle`, which puts right what was told wrongly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from gateway.canonical.answers import Answer
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.refusals import FailureCode, PlatformFailure
from gateway.canonical.requests import Request
from gateway.clock import Clock
from gateway.desk.driving import Driver


class Run:
    """One command under way. `listeners` wait for its answer now; `told_no` says that one of them has given up."""

    __slots__ = ("_answer", "_ended", "_failure", "_task", "_waiting", "ctx", "key", "listeners", "request", "told_no")

    def __init__(self, ctx: Context, request: Request, key: CommandKey) -> None:
        self.ctx = ctx
        self.request = request
        self.key = key
        self.listeners = 0
        self.told_no = False
        self._waiting: list[asyncio.Future[None]] = []
        self._ended = False
        self._answer: Answer | None = None
        self._failure: BaseException | None = None
        self._task: asyncio.Task[Answer] | None = None

    def begin(self, work: Coroutine[Any, Any, Answer], *, by_hand: bool) -> None:
        """`by_hand`: the work awaits nothing but futures, and is carried on without a task."""
        if by_hand:
            Driver(work, self._end).step()
        else:
            self._task = asyncio.get_running_loop().create_task(work)
            self._task.add_done_callback(self._task_ended)

    async def wait(self, seconds: float | None = None) -> bool:
        """Whether it ends within so many seconds; the command goes on in any case."""
        if self._ended:
            return True
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[None] = loop.create_future()
        self._waiting.append(waiting)
        timer = None if seconds is None else loop.call_later(seconds, _wake, waiting)
        try:
            await waiting
        finally:
            if timer is not None:
                timer.cancel()
            if not self._ended:
                self._waiting.remove(waiting)
        return self._ended

    def answer(self) -> Answer:
        """Of a command that has ended; raises what the command raised."""
        if self._failure is not None:
            raise self._failure
        assert self._answer is not None
        return self._answer

    def _task_ended(self, task: asyncio.Task[Answer]) -> None:
        failure = asyncio.CancelledError() if task.cancelled() else task.exception()
        self._end(None if failure is not None else task.result(), failure)

    def _end(self, answer: Answer | None, failure: BaseException | None) -> None:
        self._ended = True
        self._answer, self._failure = answer, failure
        for waiting in self._waiting:
            _wake(waiting)


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


class Running:
    """The commands that this process is carrying out, by member and key.

    `doubt` is called before a "no" is told that may turn out wrong, `settle` when such a command has ended.
    """

    def __init__(
        self,
        clock: Clock,
        doubt: Callable[[Run], None],
        settle: Callable[[Run, Answer | PlatformFailure], Awaitable[None]],
    ) -> None:
        self._clock = clock
        self._doubt = doubt
        self._settle = settle
        self._runs: dict[tuple[str, str], Run] = {}
        self._settling: set[Run] = set()

    async def carry_out(
        self,
        ctx: Context,
        request: Request,
        key: CommandKey,
        work: Callable[[], Coroutine[Any, Any, Answer]],
        *,
        by_hand: bool = False,
    ) -> Answer:
        """The answer of this command, or of the same one if it is running. Raises PlatformFailure.

        `by_hand`: the work awaits nothing but futures of the loop, and needs no task."""
        name = (ctx.member, key.value)
        while (run := self._runs.get(name)) is not None and run.request != request:
            # The same key for something else: the platform decides what that means, when the first has ended.
            await self._wait(run, ctx)
        if run is None:
            run = self._runs[name] = Run(ctx, request, key)
            run.begin(self._run(name, run, work), by_hand=by_hand)
        return await self._listen(run, ctx)

    async def drain(self) -> None:
        """Waits until every command that is running has ended and is settled."""
        while runs := [*self._runs.values(), *self._settling]:
            await runs[0].wait()

    async def _listen(self, run: Run, ctx: Context) -> Answer:
        run.listeners += 1
        try:
            await self._wait(run, ctx)
        except PlatformFailure:
            if not run.told_no:
                self._doubt(run)
            run.told_no = True
            raise
        finally:
            run.listeners -= 1
        return run.answer()

    async def _wait(self, run: Run, ctx: Context) -> None:
        remaining = None if ctx.deadline is None else max(ctx.deadline - self._clock.monotonic(), 0.0)
        if not await run.wait(remaining):
            raise PlatformFailure(FailureCode.UPSTREAM_TIMEOUT, "no answer in time", outcome_unknown=True)

    async def _run(self, name: tuple[str, str], run: Run, work: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        result: Answer | PlatformFailure | None = None
        try:
            answer = result = await work()
        except PlatformFailure as failure:
            result = failure
            if failure.outcome_unknown and not run.told_no:
                self._doubt(run)
                run.told_no = True
            raise
        finally:
            # Removed before settling: who asks again from now on gets what the platform has stored.
            del self._runs[name]
            if run.told_no and result is not None:
                self._settling.add(run)
                try:
                    await self._settle(run, result)
                finally:
                    self._settling.discard(run)
        return answer
