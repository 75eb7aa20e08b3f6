"""The connections to a directory: whose server they lead to, which are kept for searching, and what a dead one costs.

Searches are made as the service account on kept connections. One that has died meanwhile is replaced by a fresh one
within the same budget. A server that fails is passed over for the next; a refused service account is not tried again
for a while, so that nobody locks it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from gateway.clock import Clock
from gateway.config.identity import DirectoryConfig
from gateway.identity.directories.line import Answer, Budget, Line, LineLost, Opener, Search, SearchAnswer, Server
from gateway.identity.directories.port import DirectoryDown
from gateway.identity.directories.servers import Servers
from gateway.identity.directories.trace import Trace
from gateway.identity.directories.verdicts import service_refusal
from library_protocols.ldap.facts.results import ResultCode, result_name

IDLE_SECONDS = 60.0  # below what firewalls and directories (Active Directory: 900) let a connection rest
PATIENCE = 1.0  # a server that was given less than this, or half its part of the deadline, cannot be called silent

UNFIT = frozenset({ResultCode.BUSY, ResultCode.UNAVAILABLE, ResultCode.OTHER})
"""Results after which another server may do better."""

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class Lines:
    def __init__(self, name: str, config: DirectoryConfig, servers: Servers, opener: Opener, clock: Clock) -> None:
        self._name = name
        self._config = config
        self._servers = servers
        self._opener = opener
        self._clock = clock
        self._slots = asyncio.Semaphore(config.connections)
        self._idle: list[tuple[float, Line]] = []
        self._refused = ""  # why the service account was, and until when it is left alone
        self._refused_until = 0.0
        self._closed = False

    @property
    def count(self) -> int:
        """How many servers there are."""
        return len(self._servers.all)

    async def search(
        self, search: Search, budget: Budget, trace: Trace, *, fresh: bool = False
    ) -> tuple[SearchAnswer, Server]:
        """Searches as the service account, on a kept connection or (`fresh`) on a new one. Raises DirectoryDown."""
        try:
            async with asyncio.timeout(budget.left()):
                await self._slots.acquire()
        except TimeoutError:
            raise DirectoryDown("connect", "all connections were busy") from None
        try:
            line = None if fresh else self._kept()
            if line is not None:
                # Half of what is left, so that a connection that a firewall has forgotten leaves time for another.
                answer = await self._on_kept(line, search, budget.part(2), trace)
                if answer is not None:
                    return answer, line.server

            async def fully(server: Server, part: Budget) -> tuple[SearchAnswer, Server]:
                line = await self.bound(server, part, trace)
                return await self._ask(line, search, part, trace), server

            return await self.on_a_server(budget, fully)
        finally:
            self._slots.release()

    async def _on_kept(self, line: Line, search: Search, part: Budget, trace: Trace) -> SearchAnswer | None:
        """The answer; None where the connection turned out to be dead. Others to that server are then given up too."""
        try:
            return await self._ask(line, search, part, trace)
        except LineLost:
            self._forget(line.server)
            return None

    async def _ask(self, line: Line, search: Search, part: Budget, trace: Trace) -> SearchAnswer:
        try:
            with trace.step("search") as note:
                answer = await line.search(search, seconds=part.left())
                if answer.code in UNFIT:
                    raise LineLost("search", f"the server answered {result_name(answer.code)}")
                note.detail = f"{len(answer.entries)} found"
        except BaseException:
            line.drop()
            raise
        self._keep(line)
        return answer

    async def on_a_server(
        self, budget: Budget, work: Callable[[Server, Budget], Awaitable[T]], prefer: Server | None = None
    ) -> T:
        """Does `work` at the first server that lets it: LineLost goes on to the next one, anything else ends it. Each
        has an equal part of what is left, the last one all of it. Raises DirectoryDown when none is left."""
        if self._closed:
            raise DirectoryDown("connect", "the directory has been closed")
        order = self._servers.order(prefer)
        last: LineLost | None = None
        for left, server in zip(range(len(order), 0, -1), order, strict=True):
            part = budget.part(left)
            given = part.left()
            if given <= 0 or not self._servers.claim(server):
                continue
            try:
                done = await work(server, part)
            except LineLost as lost:
                last = lost
                self.failed(server, lost, given)
                continue
            if self._servers.answered(server):
                _log.info("directory.server_back", directory=self._name, server=str(server))
            return done
        if last is not None:
            raise DirectoryDown(last.step, last.reason)
        if order and budget.left() <= 0:
            raise DirectoryDown("connect", "no time was left")
        wait = self._servers.seconds_to_wait()
        raise DirectoryDown("connect", f"no server answered lately; the next try is in {wait:.0f} seconds")

    def failed(self, server: Server, lost: LineLost, given: float) -> None:
        """Passes a server over for a while. `given` is how many seconds it had."""
        if lost.silent and given < min(PATIENCE, self._config.deadline_seconds / self.count / 2):
            return
        if self._servers.failed(server, silent=lost.silent):
            _log.warning(
                "directory.server_passed_over",
                directory=self._name,
                server=str(server),
                step=lost.step,
                reason=lost.reason,
                seconds=self._config.retry_seconds,
            )

    async def opened(self, server: Server, part: Budget, trace: Trace) -> Line:
        """A connection that nobody is bound on yet. Raises LineLost."""
        started = time.monotonic()
        try:
            line = await self._opener.open(server, seconds=part.left())
        except LineLost as lost:
            trace.not_opened(server, lost, started)
            raise
        trace.opened(line)
        return line

    async def bound(self, server: Server, part: Budget, trace: Trace) -> Line:
        """A connection bound as the service account, or anonymous where there is none. Raises LineLost, and
        DirectoryDown where the account was refused."""
        if self._refused and self._clock.monotonic() < self._refused_until:
            raise DirectoryDown("bind", self._refused)
        line = await self.opened(server, part, trace)
        if not self._config.bind_dn:
            return line
        try:
            with trace.step("service bind") as note:
                note.detail = self._config.bind_dn
                self._judge(await line.bind(self._config.bind_dn, self._password(), seconds=part.left()))
        except BaseException:
            line.drop()
            raise
        return line

    def _password(self) -> str:
        password = self._config.bind_password.get_secret_value()
        if not password:  # RFC 4513 5.1.2: it would be an anonymous bind that looks like another
            raise DirectoryDown("bind", "the service account has no password in the configuration")
        return password

    def _judge(self, answer: Answer) -> None:
        if answer.code == ResultCode.SUCCESS:
            self._refused = ""
            return
        if answer.code in UNFIT:
            raise LineLost("bind", f"the server answered {result_name(answer.code)}")
        # As long as a silent server: the account may be locked by trying again and again.
        self._refused_until = self._clock.monotonic() + self._config.retry_seconds
        self._refused = service_refusal(answer)
        raise DirectoryDown("bind", self._refused)

    def _kept(self) -> Line | None:
        """The connection that was used last, if it has not rested too long."""
        while self._idle:
            since, line = self._idle.pop()
            if self._clock.monotonic() - since < IDLE_SECONDS:
                return line
            line.drop()
        return None

    def _keep(self, line: Line) -> None:
        if self._closed:
            line.drop()
            return
        self._idle.append((self._clock.monotonic(), line))
        oldest = self._clock.monotonic() - IDLE_SECONDS
        while len(self._idle) > self._config.connections or (self._idle and self._idle[0][0] <= oldest):
            self._idle.pop(0)[1].drop()

    def _forget(self, server: Server) -> None:
        for _, line in self._idle:
            if line.server == server:
                line.drop()
        self._idle = [(since, line) for since, line in self._idle if line.server != server]

    def close(self) -> None:
        self._closed = True
        for _, line in self._idle:
            line.drop()
        self._idle.clear()
        self._opener.close()
