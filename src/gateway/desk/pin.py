"""Who needs the patron's PIN, and how often it may be guessed.

A PIN that was sent is always checked. Failures alone are limited, per patron, over all doors and nodes; a terminal with
very many is slowed down and reported, never locked. A verified PIN counts on its link for three minutes.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import structlog

from gateway.canonical.context import Context
from gateway.canonical.messages import MessageRef
from gateway.canonical.outcomes import PatronOutcome
from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal, RefusalCode
from gateway.canonical.requests import PatronAuthenticate, PatronGet, PatronRequest
from gateway.clock import Clock
from gateway.desk.line import Line

# Failures allowed within a period. The second row is the back-off: four digits would otherwise fall within days.
LIMITS = ((timedelta(minutes=5), 5), (timedelta(hours=1), 15))
LINK_MEMORY = 180.0  # seconds: canonical model 4.3
TERMINAL_FAILURES = 50  # within the shortest period
TERMINAL_PAUSE = 2.0  # seconds before each further check at such a terminal
UNWRITTEN = 10_000  # patrons whose attempts are remembered here while the count cannot be written

_log = structlog.get_logger(__name__)
T = TypeVar("T")


class Attempts(Protocol):
    """Failed PINs, counted where all nodes see them. A count that cannot be read lets nobody in; one that cannot be
    written is kept in memory."""

    async def failures(self, member: str, patron_id: str, since: datetime) -> int: ...

    async def record(self, member: str, patron_id: str, terminal: str, at: datetime) -> None: ...

    async def clear(self, member: str, patron_id: str) -> None: ...


class PinRule:
    """The PIN policy. One patron's attempts are checked one after the other, or a burst would slip past the limit."""

    def __init__(
        self, attempts: Attempts, clock: Clock, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self._attempts = attempts
        self._clock = clock
        self._sleep = sleep
        self._turns: dict[tuple[str, str], tuple[asyncio.Lock, int]] = {}
        self._terminals: dict[tuple[str, str], deque[float]] = {}
        self._unwritten: dict[tuple[str, str], deque[datetime]] = {}

    def without(self, ctx: Context, request: PatronRequest) -> Refusal | None:
        """For a request that brings no PIN: PATRON_AUTH_REQUIRED, or None where it may go on."""
        link = ctx.link
        named = _named(request)
        if link.verified_patron is not None and link.verified_patron != named and named:
            link.forget()
        if request.operation not in ctx.pin_required and not isinstance(request, PatronAuthenticate):
            return None
        if (
            named
            and link.verified_patron == named
            and self._clock.monotonic() < link.verified_until
            and not isinstance(request, PatronAuthenticate)
        ):
            return None
        return _refusal(RefusalCode.PATRON_AUTH_REQUIRED)

    async def check(self, line: Line, ctx: Context, request: PatronRequest) -> PatronOutcome | Refusal:
        """For a request that brings a PIN: the patron, verified, or a refusal. Raises PlatformFailure."""
        ctx.link.forget()
        if request.pin is None or not request.pin.get_secret_value() or not _named(request):
            return _refusal(RefusalCode.PATRON_AUTH_FAILED)
        found = await line.ask(ctx, PatronGet(patron=request.patron, patron_id=request.patron_id))
        subject = found.patron.id if isinstance(found, PatronOutcome) else _stranger(request)
        if self._alarmed(ctx):
            await self._sleep(TERMINAL_PAUSE)
        async with _Turn(self._turns, (ctx.member, subject)):
            return await self._attempt(line, ctx, request, subject)

    async def _attempt(self, line: Line, ctx: Context, request: PatronRequest, subject: str) -> PatronOutcome | Refusal:
        failures, limited = await self._failures(ctx.member, subject)
        if limited is not None:
            return limited
        answer = await line.ask(
            ctx, PatronAuthenticate(patron=request.patron, patron_id=request.patron_id, pin=request.pin)
        )
        if isinstance(answer, PatronOutcome):
            if failures:
                await self._forgive(ctx.member, subject)
            ctx.link.verified_patron = _named(request)
            ctx.link.verified_until = self._clock.monotonic() + LINK_MEMORY
            return answer if answer.pin_verified else answer.model_copy(update={"pin_verified": True})
        # An unknown patron is counted as well: that a limit never comes would tell that nobody is there.
        if answer.code in (RefusalCode.PATRON_AUTH_FAILED, RefusalCode.PATRON_NOT_FOUND):
            await self._record(ctx, subject)
            self._count(ctx)
        return answer

    async def _record(self, ctx: Context, subject: str) -> None:
        """Counts a wrong PIN, here where the count cannot be written: the answer must not tell a wrong PIN from a right
        one by a failure that only one of them meets."""
        now = self._clock.now()
        try:
            await self._attempts.record(ctx.member, subject, ctx.terminal, now)
        except Exception as error:
            _log.warning("a PIN attempt is counted in memory only", error=str(error))
            if len(self._unwritten) >= UNWRITTEN:
                self._unwritten.pop(next(iter(self._unwritten)))
            self._unwritten.setdefault((ctx.member, subject), deque(maxlen=LIMITS[-1][1])).append(now)

    async def _forgive(self, member: str, subject: str) -> None:
        self._unwritten.pop((member, subject), None)
        try:
            await self._attempts.clear(member, subject)
        except Exception as error:
            _log.warning("PIN attempts are not cleared", error=str(error))

    async def _since(self, member: str, subject: str, since: datetime) -> int:
        written = await _counted(self._attempts.failures(member, subject, since))
        return written + sum(at >= since for at in self._unwritten.get((member, subject), ()))

    async def _failures(self, member: str, subject: str) -> tuple[int, Refusal | None]:
        now = self._clock.now()
        most = await self._since(member, subject, now - LIMITS[-1][0])
        if most < LIMITS[0][1]:
            return most, None
        for period, allowed in LIMITS:
            count = most
            if period is not LIMITS[-1][0]:
                count = await self._since(member, subject, now - period)
            if count >= allowed:
                minutes = int(period.total_seconds() // 60)
                return most, _refusal(RefusalCode.PATRON_AUTH_LIMITED, minutes=minutes)
        return most, None

    def _count(self, ctx: Context) -> None:
        failures = self._terminals.setdefault((ctx.member, ctx.terminal), deque(maxlen=TERMINAL_FAILURES))
        failures.append(self._clock.monotonic())
        if self._alarmed(ctx):
            _log.warning("many wrong PINs at a terminal", member=ctx.member, terminal=ctx.terminal)

    def _alarmed(self, ctx: Context) -> bool:
        failures = self._terminals.get((ctx.member, ctx.terminal))
        if failures is None or len(failures) < TERMINAL_FAILURES:
            return False
        return self._clock.monotonic() - failures[0] < LIMITS[0][0].total_seconds()


class _Turn:
    """A lock per patron that goes when nobody waits for it."""

    __slots__ = ("_key", "_turns")

    def __init__(self, turns: dict[tuple[str, str], tuple[asyncio.Lock, int]], key: tuple[str, str]) -> None:
        self._turns = turns
        self._key = key

    async def __aenter__(self) -> None:
        lock, users = self._turns.get(self._key) or (asyncio.Lock(), 0)
        self._turns[self._key] = (lock, users + 1)
        try:
            await lock.acquire()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._turns[self._key][0].release()
        self._leave()

    def _leave(self) -> None:
        lock, users = self._turns[self._key]
        if users == 1:
            del self._turns[self._key]
        else:
            self._turns[self._key] = (lock, users - 1)


async def _counted(work: Awaitable[T]) -> T:
    """What the count says, or a failure like any other: the count may be away as the platform may."""
    try:
        return await work
    except Exception as error:
        _log.warning("PIN attempts cannot be counted", error=str(error))
        raise PlatformFailure(FailureCode.UPSTREAM_ERROR, "PIN attempts cannot be counted") from error


def _named(request: PatronRequest) -> str:
    """How the request names its patron; two ways of naming one patron are two names here."""
    if request.patron is not None:
        return request.patron.strip().casefold()
    return f"id:{request.patron_id}" if request.patron_id else ""


def _stranger(request: PatronRequest) -> str:
    """What attempts at an unknown patron are counted under: a digest, for what was typed may be anything."""
    return "?" + hashlib.sha256(_named(request).encode()).hexdigest()[:24]


def _refusal(code: RefusalCode, **detail: int) -> Refusal:
    return Refusal(code=code, detail=detail, messages=(MessageRef(id=f"refusal.{code.lower()}"),))
