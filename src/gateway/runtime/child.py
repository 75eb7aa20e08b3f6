"""A child process of the server: started, fed its orders, started again when it ends by itself.

The child gets its orders on standard input, which stays open: its end tells the child that the server is gone, however
that came about. On standard output it says how it stands, a line each: `ready`, `does` and what it is doing meanwhile,
`refuses` and why it cannot follow its orders. It is not started again then, until there are others.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import structlog

AGAIN_SECONDS = 1.0  # before a child that ended is started again; doubled each time, up to
AGAIN_CEILING = 60.0
STEADY_SECONDS = 300.0  # a child that ran for so long had not failed at its start
STOP_SECONDS = 10.0  # to finish what it is writing before it is killed

log = structlog.get_logger(__name__)


class Child:
    """`orders` are written to the child's standard input when it starts, with their length before them. `state` says in
    some words how it stands."""

    def __init__(self, name: str, command: Sequence[str], orders: bytes = b"") -> None:
        self.name = name
        self.starts = 0
        self.state = "starts"
        self._command = tuple(command)
        self._orders = orders
        self._process: asyncio.subprocess.Process | None = None
        self._ready = asyncio.Event()
        self._refusal = ""
        self._renewed = asyncio.Event()
        self._stopping = False
        self._renewing = False

    @property
    def pid(self) -> int | None:
        """The process id while the child runs."""
        return self._process.pid if self._process is not None else None

    async def run(self) -> None:
        """Keeps the child running until cancelled or stopped."""
        loop = asyncio.get_running_loop()
        wait = AGAIN_SECONDS
        try:
            while not self._stopping:
                begun = loop.time()
                code = await self._once()
                if self._stopping:
                    return
                if self._renewing:
                    self._renewing, wait = False, AGAIN_SECONDS
                    continue
                if self._refusal:
                    log.error("child.refused", child=self.name, reason=self._refusal)
                    await self._renewed.wait()
                    continue
                wait = AGAIN_SECONDS if loop.time() - begun > STEADY_SECONDS else wait
                self.state = f"ended with code {code}, is started again"
                log.error("child.ended", child=self.name, code=code, again_in=wait)
                await asyncio.sleep(wait)
                wait = min(wait * 2, AGAIN_CEILING)
        finally:
            await self.stop()

    async def ready(self) -> None:
        """Returns once the child has said that it is ready, at this start or an earlier one."""
        await self._ready.wait()

    def renew(self, orders: bytes) -> None:
        """Gives the child other orders: it finishes, and is started again with them. One that refused tries anew."""
        if orders == self._orders and not self._refusal:
            return
        self._orders = orders
        self._renewed.set()
        if self._process is not None and self._process.stdin is not None and self._process.returncode is None:
            self._renewing = True
            self._process.stdin.close()

    async def stop(self) -> None:
        """Lets the child finish, then ends it."""
        self._stopping = True
        self._renewed.set()
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _once(self) -> int:
        self.starts += 1
        self.state, self._refusal = "starts", ""
        self._renewed.clear()
        process = self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(len(self._orders).to_bytes(8, "big") + self._orders)
        with contextlib.suppress(ConnectionError):
            await process.stdin.drain()
        while line := await process.stdout.readline():
            self._hear(line.decode(errors="replace").strip())
        return await process.wait()

    def _hear(self, line: str) -> None:
        word, _, said = line.partition(" ")
        match word:
            case "ready":
                self.state = "ready"
                self._ready.set()
            case "does":
                self.state = said
            case "refuses":
                self.state = self._refusal = said
