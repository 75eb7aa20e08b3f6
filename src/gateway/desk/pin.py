"""Who needs the patron's PIN, and how often it may be guessed.

A PIN that was sent is always checked. Failures alone are limited, per patron, over all doors and nodes; a terminal with
very many is slowed down and reported, never locked. A verified PIN counts on its link for three minutes.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Protocol

import structlog

from gateway.canonical.context import Context
from gateway.canonical.messages import MessageRef
from gateway.canonical.outcomes import PatronOutcome
from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal, RefusalCode
from gateway.canonical.requests import PatronAuthenticate, PatronGet, PatronRequest
from gateway.clock import Clock
from gateway.desk.line import Line
from gateway.desk.tally import Attempts, Tally
from gateway.desk.turns import NoTurn, Turn, Turns

# Failures allowed within a period. The second row is the back-off: four digits would otherwise fall within days.
LIMITS = ((timedelta(minutes=5), 5), (timedelta(hours=1), 15))
LINK_MEMORY = 180.0  # seconds: canonical model 4.3
TERMINAL_FAILURES = 50  # within the shortest period
TERMINAL_PAUSE = 2.0  # seconds before each further check at such a terminal
# Seconds before the request's deadline at which a check elsewhere is given up: at the deadline itself the desk would
# take the platform for silent.
HEADROOM = 0.1

_log = structlog.get_logger(__name__)


class CheckUnavailable(PlatformFailure):
    """What would have to say whether a PIN is right does not answer. `guessed`: something else had said no before, so
    that the attempt counts as a wrong PIN."""

    def __init__(self, detail: str, *, guessed: bool = False, retry_after: float | None = None) -> None:
        super().__init__(FailureCode.AUTHENTICATION_UNAVAILABLE, detail, retry_after=retry_after)
        self.guessed = guessed


class Verifier(Protocol):
    """What says whether a PIN is right, for a member whose platform does not say it alone."""

    async def verify(
        self, line: Line, ctx: Context, request: PatronRequest, found: PatronOutcome | Refusal
    ) -> PatronOutcome | Refusal:
        """The patron where the PIN of the request is right, else why not.

        `found` is what the platform said of the patron. PATRON_AUTH_FAILED and PATRON_NOT_FOUND count as a wrong PIN,
        once however many were asked. Returns HEADROOM before the deadline. Raises PlatformFailure, CheckUnavailable
        where something else than the platform is away.
        """
        ...


class _Platform:
    """The platform alone: what it says is what is said."""

    async def verify(
        self, line: Line, ctx: Context, request: PatronRequest, found: PatronOutcome | Refusal
    ) -> PatronOutcome | Refusal:
        return await line.ask(
            ctx, PatronAuthenticate(patron=request.patron, patron_id=request.patron_id, pin=request.pin)
        )


_PLATFORM = _Platform()


class PinRule:
    """The PIN policy. One patron's attempts are checked one after the other, or a burst would slip past the limit."""

    def __init__(
        self, attempts: Attempts, clock: Clock, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self._tally = Tally(attempts, clock)
        self._clock = clock
        self._sleep = sleep
        self._turns: Turns = {}
        self._terminals: dict[tuple[str, str], deque[float]] = {}
        self.verifiers: Mapping[str, Verifier] = {}
        """By member, for those whose platform does not say it alone."""

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
        verifier = self.verifiers.get(ctx.member, _PLATFORM)
        patience = None if verifier is _PLATFORM else time_left(ctx, self._clock)
        try:
            async with Turn(self._turns, (ctx.member, subject), patience):
                return await self._attempt(line, ctx, request, found, subject, verifier)
        except NoTurn:
            raise CheckUnavailable("another attempt of this patron is being checked") from None

    async def _attempt(
        self,
        line: Line,
        ctx: Context,
        request: PatronRequest,
        found: PatronOutcome | Refusal,
        subject: str,
        verifier: Verifier,
    ) -> PatronOutcome | Refusal:
        failures, limited = await self._failures(ctx.member, subject)
        if limited is not None:
            return limited
        try:
            answer = await verifier.verify(line, ctx, request, found)
        except CheckUnavailable as failure:
            if failure.guessed:
                await self._failed(ctx, subject)
            raise
        if isinstance(answer, PatronOutcome):
            if failures:
                await self._tally.forgive(ctx.member, subject)
            ctx.link.verified_patron = _named(request)
            ctx.link.verified_until = self._clock.monotonic() + LINK_MEMORY
            return answer if answer.pin_verified else answer.model_copy(update={"pin_verified": True})
        # An unknown patron is counted as well: that a limit never comes would tell that nobody is there.
        if answer.code in (RefusalCode.PATRON_AUTH_FAILED, RefusalCode.PATRON_NOT_FOUND):
            await self._failed(ctx, subject)
        return answer

    async def _failed(self, ctx: Context, subject: str) -> None:
        await self._tally.record(ctx.member, subject, ctx.terminal)
        self._count(ctx)

    async def _failures(self, member: str, subject: str) -> tuple[int, Refusal | None]:
        now = self._clock.now()
        most = await self._tally.since(member, subject, now - LIMITS[-1][0])
        if most < LIMITS[0][1]:
            return most, None
        for period, allowed in LIMITS:
            count = most
            if period is not LIMITS[-1][0]:
                count = await self._tally.since(member, subject, now - period)
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


def time_left(ctx: Context, clock: Clock) -> float | None:
    """Seconds that a check elsewhere than on the platform may still take; None where there is no deadline."""
    return None if ctx.deadline is None else max(ctx.deadline - HEADROOM - clock.monotonic(), 0.0)


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
