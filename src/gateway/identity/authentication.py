"""How a member's patrons are checked: library PIN and campus directories, in the order of the configuration.

Each step says right, wrong, unknown, or nothing because it is away; what follows is the step's own policy. A directory
is asked at most once per attempt, and not at all for an account of which our guesses come near its lockout. A "no" is
told on the next quarter of a second, so that its time does not tell who exists. No password outlives its check.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from enum import Enum, auto
from typing import Protocol

import structlog

from gateway.canonical.context import Context, PlatformCall
from gateway.canonical.outcomes import PatronOutcome
from gateway.canonical.refusals import PlatformFailure, Refusal, RefusalCode
from gateway.canonical.requests import PatronAuthenticate, PatronRequest
from gateway.canonical.vocabulary import IdentifierType
from gateway.clock import Clock
from gateway.config import Config
from gateway.config.identity import CheckConfig, DirectoryConfig
from gateway.desk import Attempts, CheckUnavailable, Verifier
from gateway.desk.line import Line
from gateway.desk.pin import time_left
from gateway.desk.tally import Tally
from gateway.identity.directories.port import Directory, DirectoryDown, Verdict
from gateway.identity.model import PersonIdentifier, folded
from gateway.identity.register.port import Lookup, Register, RegisterUnavailable

GRAIN = 0.25  # seconds; longer than a directory takes for one bind more or less
PLATFORM = "platform"

_log = structlog.get_logger(__name__)


class _Said(Enum):
    """What one step came to, where it was neither a yes nor the end."""

    WRONG = auto()
    UNKNOWN = auto()
    LIMITED = auto()  # not asked: too many wrong passwords lately
    DOWN = auto()


# The password may be right, and still nobody comes in: kinds of PATRON_AUTH_FAILED, each with words of its own.
ENDS: Mapping[Verdict, str] = {
    Verdict.LOCKED: "locked",
    Verdict.DISABLED: "disabled",
    Verdict.EXPIRED: "expired",
    Verdict.EXPIRED_PASSWORD: "password_expired",
    Verdict.NOT_NOW: "not_now",
}
_SAYS: Mapping[Verdict, _Said] = {
    Verdict.WRONG: _Said.WRONG,
    Verdict.UNKNOWN: _Said.UNKNOWN,
    Verdict.AMBIGUOUS: _Said.UNKNOWN,
}
# Nobody was bound as, so nothing was counted over there.
_WITHOUT_A_BIND = frozenset({Verdict.UNKNOWN, Verdict.AMBIGUOUS})


class _Step(Protocol):
    policy: CheckConfig

    async def check(self, line: Line, ctx: Context, request: PatronRequest, found: PatronOutcome) -> _Outcome: ...


_Outcome = PatronOutcome | Refusal | _Said


class PlatformStep:
    """The library PIN."""

    def __init__(self, policy: CheckConfig) -> None:
        self.policy = policy

    async def check(self, line: Line, ctx: Context, request: PatronRequest, found: PatronOutcome) -> _Outcome:
        """A refusal that is not about the PIN is final. Raises PlatformFailure."""
        answer = await _ask_platform(line, ctx, request)
        if isinstance(answer, PatronOutcome):
            return answer
        if answer.code is RefusalCode.PATRON_AUTH_FAILED:
            return _Said.UNKNOWN if found.patron.has_pin is False else _Said.WRONG
        return _Said.UNKNOWN if answer.code is RefusalCode.PATRON_NOT_FOUND else answer


class DirectoryStep:
    """The password of one directory."""

    def __init__(
        self,
        policy: CheckConfig,
        directory: Directory,
        settings: DirectoryConfig,
        logins: Logins,
        tally: Tally,
        clock: Clock,
    ) -> None:
        self.policy = policy
        self._name = policy.by.partition(":")[2]
        self._directory = directory
        self._settings = settings
        self._logins = logins
        self._tally = tally
        self._clock = clock

    async def check(self, line: Line, ctx: Context, request: PatronRequest, found: PatronOutcome) -> _Outcome:
        """Raises PlatformFailure where failures cannot be counted, CheckUnavailable where the register is away."""
        left = time_left(ctx, self._clock)
        try:
            async with asyncio.timeout(left):
                login = await self._logins.of(ctx.member, self._settings.login_by, request, found)
        except TimeoutError:
            return _Said.DOWN
        if not login or request.pin is None:
            return _Said.UNKNOWN
        return await self._ask(ctx, login, request.pin.get_secret_value(), found)

    async def _ask(self, ctx: Context, login: str, password: str, found: PatronOutcome) -> _Outcome:
        # By patron, for one account may have several logins, and the desk takes a patron's attempts one by one.
        subject = f"dir:{self._name}:{found.patron.id}"
        since = self._clock.now() - timedelta(minutes=self._settings.failure_minutes)
        failures = await self._tally.since(ctx.member, subject, since)
        if failures >= self._settings.max_failures:
            return _Said.LIMITED
        try:
            verdict = await self._bind(ctx, login, password)
        except DirectoryDown as down:
            if down.sent:
                await self._tally.record(ctx.member, subject, ctx.terminal)
            return _Said.DOWN
        if verdict is Verdict.RIGHT:
            if failures:
                await self._tally.forgive(ctx.member, subject)
            return found
        if verdict not in _WITHOUT_A_BIND:
            await self._tally.record(ctx.member, subject, ctx.terminal)
        kind = ENDS.get(verdict)
        return _SAYS[verdict] if kind is None else _refusal(RefusalCode.PATRON_AUTH_FAILED, kind)

    async def _bind(self, ctx: Context, login: str, password: str) -> Verdict:
        """How the login went. Raises DirectoryDown. The exchange's record names directory and verdict."""
        left = time_left(ctx, self._clock)
        deadline = self._settings.deadline_seconds if left is None else min(left, self._settings.deadline_seconds)
        if deadline <= 0:
            raise DirectoryDown("connect", "no time was left")
        call = PlatformCall(f"directory.{self._name}", None, self._clock.monotonic(), failure="cancelled")
        if ctx.calls is not None:
            ctx.calls.append(call)
        try:
            came_to = await self._directory.authenticate(login, password, deadline=deadline)
        except DirectoryDown as down:
            call.failure = f"down at {down.step}"
            _log.warning("directory.down", member=ctx.member, directory=self._name, step=down.step, reason=down.reason)
            raise
        except Exception as error:
            # A fault of the driver, whose text may hold anything.
            call.failure = type(error).__name__
            _log.error("directory.failed", member=ctx.member, directory=self._name, error=type(error).__name__)
            raise DirectoryDown("bind", "the driver failed", sent=True) from None
        finally:
            call.finished = self._clock.monotonic()
        call.answer = came_to
        call.failure = None if came_to.verdict is Verdict.RIGHT else came_to.verdict.value
        return came_to.verdict


class Logins:
    """What a directory knows a patron by: as the platform has it, else as the register has it, else as typed."""

    def __init__(self, register: Register | None) -> None:
        self._register = register

    async def of(
        self, member: str, kinds: Sequence[IdentifierType], request: PatronRequest, found: PatronOutcome
    ) -> str:
        """The login, '' where there is none. Raises CheckUnavailable where only the register could tell."""
        held = ((one.type, one.value) for one in found.patron.identifiers if one.active)
        if login := first_of(kinds, held):
            return login
        typed = (request.patron or "").strip()
        if self._register is None:
            return typed
        known_by = typed or found.patron.barcode or ""
        try:
            persons = await self._register.search(member, Lookup("identifier", known_by), size=2) if known_by else []
        except RegisterUnavailable:
            raise CheckUnavailable("the register does not answer") from None
        if len(persons) == 1 and persons[0].platform_id in ("", found.patron.id):
            own = persons[0].identifiers
            if named(own, known_by) and (
                login := first_of(kinds, ((one.type, one.value) for one in own if one.active))
            ):
                return login
        return typed


class Chain:
    """The steps of one member, as a `Verifier` of the desk."""

    def __init__(
        self, steps: Sequence[_Step], *, clock: Clock, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self._steps = steps
        self._clock = clock
        self._sleep = sleep
        self._grains = 1  # that the last "no" to somebody known took: one to a stranger is not to be faster

    async def verify(
        self, line: Line, ctx: Context, request: PatronRequest, found: PatronOutcome | Refusal
    ) -> PatronOutcome | Refusal:
        """See `Verifier`. Whom the platform does not know no directory is asked about: nobody could borrow by it."""
        began = self._clock.monotonic()
        if isinstance(found, PatronOutcome):
            answer = await self._checked(line, ctx, request, found)
            if isinstance(answer, PatronOutcome):
                return answer
            self._grains = grains = self._grains_since(began)
        else:
            answer = await _ask_platform(line, ctx, request)
            grains = max(self._grains_since(began), self._grains)
        wait = began + grains * GRAIN - self._clock.monotonic()
        left = time_left(ctx, self._clock)
        await self._sleep(wait if left is None else min(wait, left))
        return answer

    def _grains_since(self, began: float) -> int:
        return int((self._clock.monotonic() - began) / GRAIN) + 1

    async def _checked(
        self, line: Line, ctx: Context, request: PatronRequest, found: PatronOutcome
    ) -> PatronOutcome | Refusal:
        said: list[_Said] = []
        for step in self._steps:
            refuses: PlatformFailure = CheckUnavailable("a directory does not answer")
            try:
                outcome = await step.check(line, ctx, request, found)
            except PlatformFailure as failure:
                outcome, refuses = _Said.DOWN, failure
            if not isinstance(outcome, _Said):
                return outcome
            if outcome is _Said.DOWN and step.policy.when_down == "refuse":
                if _Said.WRONG in said:
                    raise CheckUnavailable(refuses.detail, guessed=True, retry_after=refuses.retry_after)
                raise refuses
            said.append(outcome)
            if _policy(step.policy, outcome) == "refuse":
                break
        return _summed(said)


class Authentication:
    """The chains of all members and the directories that they ask. `verifiers` is what the desk takes."""

    def __init__(
        self,
        config: Config,
        *,
        register: Register | None,
        attempts: Attempts,
        clock: Clock,
        open_directory: Callable[[str, DirectoryConfig], Directory],
    ) -> None:
        self._register = register
        self._tally = Tally(attempts, clock)
        self._clock = clock
        self._open = open_directory
        self._directories: dict[tuple[str, str], tuple[DirectoryConfig, Directory]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self.verifiers: Mapping[str, Verifier] = {}
        self.replace(config)

    def replace(self, config: Config) -> None:
        """Takes a new configuration; a directory whose settings stay keeps its connections."""
        before, after = self._directories, dict[tuple[str, str], tuple[DirectoryConfig, Directory]]()
        for key, settings in dict(_directories(config)).items():
            known = before.get(key)
            if known is None or known[0] != settings:
                known = settings, self._open(key[1], settings)
            after[key] = known
        self._directories = after
        self.verifiers = {
            code: self._chain(code, member.identity.authentication.checks)
            for code, member in config.members.items()
            if any(check.by != PLATFORM for check in member.identity.authentication.checks)
        }
        kept = {id(directory) for _, directory in after.values()}
        for _, directory in before.values():
            if id(directory) not in kept:
                task = asyncio.get_running_loop().create_task(directory.close())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Closes every connection."""
        open_ones = [directory for _, directory in self._directories.values()]
        self._directories = {}
        await asyncio.gather(*self._closing, *(directory.close() for directory in open_ones))

    def _chain(self, member: str, checks: Sequence[CheckConfig]) -> Chain:
        logins = Logins(self._register)
        steps: list[_Step] = []
        for check in checks:
            if check.by == PLATFORM:
                steps.append(PlatformStep(check))
                continue
            settings, directory = self._directories[member, check.by.partition(":")[2]]
            steps.append(DirectoryStep(check, directory, settings, logins, self._tally, self._clock))
        return Chain(steps, clock=self._clock)


def _directories(config: Config) -> Iterator[tuple[tuple[str, str], DirectoryConfig]]:
    """The directories that some chain asks, by member and name."""
    for code, member in config.members.items():
        for check in member.identity.authentication.checks:
            if check.by != PLATFORM:
                name = check.by.partition(":")[2]
                yield (code, name), member.identity.directories[name]


async def _ask_platform(line: Line, ctx: Context, request: PatronRequest) -> PatronOutcome | Refusal:
    return await line.ask(ctx, PatronAuthenticate(patron=request.patron, patron_id=request.patron_id, pin=request.pin))


def _policy(policy: CheckConfig, said: _Said) -> str:
    """`refuse` or `next`. What was not asked for being wrong too often is wrong."""
    match said:
        case _Said.DOWN:
            return policy.when_down
        case _Said.UNKNOWN:
            return policy.when_unknown
        case _Said.WRONG | _Said.LIMITED:
            return policy.when_wrong


def _summed(said: Sequence[_Said]) -> Refusal:
    """What nobody's yes comes to. It is a plain "wrong" only where everybody was asked; it counts as wrong wherever one
    said so, or guessing at one would be free while another is away. Raises CheckUnavailable."""
    guessed = _Said.WRONG in said
    if _Said.DOWN in said:
        if not guessed:
            raise CheckUnavailable("a directory does not answer")
        return _refusal(RefusalCode.PATRON_AUTH_FAILED, "directory_down")
    if _Said.LIMITED in said:
        if not guessed:
            return _refusal(RefusalCode.PATRON_AUTH_LIMITED, "directory")
        return _refusal(RefusalCode.PATRON_AUTH_FAILED, "directory_limited")
    return Refusal(code=RefusalCode.PATRON_AUTH_FAILED)


def _refusal(code: RefusalCode, kind: str) -> Refusal:
    return Refusal(code=code, detail={"kind": kind})


def first_of(kinds: Sequence[IdentifierType], held: Iterable[tuple[IdentifierType, str]]) -> str:
    """The value of the first of these kinds that is held, '' where none is."""
    by_kind: dict[IdentifierType, str] = {}
    for kind, value in held:
        by_kind.setdefault(kind, value)
    return next((by_kind[kind] for kind in kinds if by_kind.get(kind)), "")


def named(identifiers: Sequence[PersonIdentifier], known_by: str) -> bool:
    """Whether a person is named so by an identifier in use: a card reported lost leads nowhere."""
    return any(one.active and folded(one.value) == folded(known_by) for one in identifiers)
