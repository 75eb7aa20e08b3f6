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


class Run:
    """One command under way. `listeners` wait for its answer now; `told_no` says that one of them has given up."""

    __slots__ = ("ctx", "key", "listeners", "request", "task", "told_no")

    def __init__(self, ctx: Context, request: Request, key: CommandKey) -> None:
        self.ctx = ctx
        self.request = request
        self.key = key
        self.listeners = 0
        self.told_no = False
        self.task: asyncio.Task[Answer]


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

    async def carry_out(
        self, ctx: Context, request: Request, key: CommandKey, work: Callable[[], Coroutine[Any, Any, Answer]]
    ) -> Answer:
        """The answer of this command, or of the same one if it is running. Raises PlatformFailure."""
        name = (ctx.member, key.value)
        while (run := self._runs.get(name)) is not None and run.request != request:
            # The same key for something else: the platform decides what that means, when the first has ended.
            await self._wait(run, ctx)
        if run is None:
            run = self._runs[name] = Run(ctx, request, key)
            run.task = asyncio.get_running_loop().create_task(self._run(name, run, work))
            run.task.add_done_callback(_retrieve)
        return await self._listen(run, ctx)

    async def drain(self) -> None:
        """Waits until every command that is running has ended and is settled."""
        while self._runs:
            await asyncio.wait([run.task for run in self._runs.values()])

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
        return run.task.result()

    async def _wait(self, run: Run, ctx: Context) -> None:
        remaining = None if ctx.deadline is None else max(ctx.deadline - self._clock.monotonic(), 0.0)
        await asyncio.wait([run.task], timeout=remaining)
        if not run.task.done():
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
                await self._settle(run, result)
        return answer


def _retrieve(task: asyncio.Task[Answer]) -> None:
    """Everybody may have stopped listening: a failure nobody hears is no error of the event loop."""
    if not task.cancelled():
        task.exception()
