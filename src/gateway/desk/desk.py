"""The desk itself: what every request passes, in order, from whatever door it came.

Permission, capability, PIN, then the platform. Reads on an inline platform complete without suspending; commands run
on their own, so that neither a deadline nor a lost link stops one half-way.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Coroutine, Mapping
from typing import Any

from gateway.canonical import requests as req
from gateway.canonical.answers import Answer
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import Capability, PatronOutcome, Status
from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal
from gateway.clock import Clock
from gateway.config import MemberPolicy
from gateway.desk import conflicts, intents, offline
from gateway.desk.circuit import Circuit
from gateway.desk.line import Line
from gateway.desk.permission import objection
from gateway.desk.pin import PinRule, Verifier
from gateway.desk.reconcile import Reconciler
from gateway.desk.running import Running
from gateway.desk.tally import Attempts
from gateway.journal import Entry, Journal, JournalUnavailable, Kind
from gateway.platforms.port import Platform

_DEFAULT_WINDOW = 60.0  # seconds; for commands whose door gave no key nobody can send a retry
_REPLAYS = 10  # of one kept transaction, while the platform answers others
_PIN_KEPT = (req.PatronGet, req.PatronAuthenticate)  # the verified patron is the answer


class Desk:
    """`platforms` by member code, `verifiers` for members whose platform does not check PINs alone. Without a journal
    what was promised is kept in memory only."""

    def __init__(
        self,
        platforms: Mapping[str, Platform],
        *,
        clock: Clock,
        attempts: Attempts,
        journal: Journal | None = None,
        policies: Mapping[str, MemberPolicy] | None = None,
        verifiers: Mapping[str, Verifier] | None = None,
    ) -> None:
        self._clock = clock
        self.journal = journal if journal is not None else Journal(None, clock=clock)
        self._lines: dict[str, Line] = {}
        self._policies: Mapping[str, MemberPolicy] = {}
        self._pins = PinRule(attempts, clock)
        self._reconciler = Reconciler(self.journal, self._lines)
        self._running = Running(clock, self._reconciler.doubt, self._reconciler.settle)
        self.replace(platforms, policies or {}, verifiers)

    def replace(
        self,
        platforms: Mapping[str, Platform],
        policies: Mapping[str, MemberPolicy],
        verifiers: Mapping[str, Verifier] | None = None,
    ) -> None:
        """Takes a new configuration; the circuit of a platform that stays is kept, and the verifiers where none are
        given."""
        for gone in self._lines.keys() - platforms.keys():
            del self._lines[gone]
        for member, platform in platforms.items():
            line = self._lines.get(member)
            if line is None or line.platform is not platform:
                self._lines[member] = Line(member, platform, self._clock)
        self._policies = {member: policies.get(member) or MemberPolicy() for member in platforms}
        if verifiers is not None:
            self._pins.verifiers = verifiers

    def capabilities(self, member: str) -> Mapping[str, Capability]:
        """What this member's platform can do, by operation name."""
        return self._line(member).capabilities

    def circuit(self, member: str) -> Circuit:
        return self._line(member).circuit

    async def status(self, ctx: Context) -> Status:
        """The state of this member's platform, also while it is away. Never raises PlatformFailure."""
        line = self._line(ctx.member)
        try:
            found = await self.perform(ctx, req.SystemStatus())
        except PlatformFailure:
            found = None
        own = found if isinstance(found, Status) else Status(online=False, offline_ok=False, now=self._clock.now())
        return own.model_copy(
            update={
                "online": own.online and not line.circuit.open,
                "offline_ok": self._policies[ctx.member].offline and not self._full(),
                "capabilities": dict(line.capabilities),
            }
        )

    async def perform(self, ctx: Context, request: req.Request, key: CommandKey | None = None) -> Answer:
        """The answer to one request. Raises PlatformFailure and nothing else.

        A command needs a key, by which a retry is known; without one it gets a random one. Where `ctx.deadline` passes,
        a command goes on and is reconciled: the one who asked has been told that it failed.
        """
        line = self._line(ctx.member)
        if (refused := objection(ctx, request) or line.objection(request)) is not None:
            return refused
        verify = False
        if isinstance(request, req.PatronRequest):
            if offline.kept(request, self._policies[ctx.member]) is not None:
                pass  # it has happened: there is nobody left to ask for a PIN
            elif request.pin is not None:
                verify = True
            elif (refused := self._pins.without(ctx, request)) is not None:
                return refused
        if request.command:
            return await self._command(line, ctx, request, key, verify)
        if line.inline and not verify:
            return await self._query(line, ctx, request)
        return await self._in_time(line, ctx, self._verified_query(line, ctx, request, verify))

    async def replay(self, entry: Entry) -> None:
        """Carries out what the journal has kept. Raises PlatformFailure while the platform is away."""
        line = self._lines.get(entry.member)
        if line is None:
            return
        try:
            await self._replay(line, entry)
        except PlatformFailure:
            if line.circuit.open:
                raise
            if entry.attempts < _REPLAYS:
                self.journal.attempted(entry)
                raise
            # The platform answers others: this one is what it cannot do, and it must not hold up the rest.
            self.journal.mark_conflict(entry, "failed")

    async def _replay(self, line: Line, entry: Entry) -> None:
        if entry.kind is Kind.DOUBT:
            await self._reconciler.look(entry)
            return
        answer = await self._work(line, entry.context, entry.request, entry.key)
        if isinstance(answer, Refusal):
            self.journal.mark_conflict(entry, answer.code.value)
        else:
            self.journal.mark_done(entry)

    async def drain(self) -> None:
        """Waits for the commands that are running."""
        await self._running.drain()

    def _line(self, member: str) -> Line:
        line = self._lines.get(member)
        if line is None:
            raise PlatformFailure(FailureCode.UPSTREAM_ERROR, f"member {member!r} has no platform")
        return line

    async def _query(self, line: Line, ctx: Context, request: req.Request) -> Answer:
        if isinstance(request, req.ConflictList):
            try:
                return await conflicts.listed(self.journal, line, ctx, request)
            except JournalUnavailable as error:
                raise PlatformFailure(FailureCode.UPSTREAM_ERROR, "the journal cannot be used") from error
        return await line.ask(ctx, request)

    async def _verified_query(self, line: Line, ctx: Context, request: req.Request, verify: bool) -> Answer:
        if not verify or not isinstance(request, req.PatronRequest):
            return await self._query(line, ctx, request)
        verified = await self._pins.check(line, ctx, request)
        if isinstance(verified, Refusal) or isinstance(request, _PIN_KEPT):
            return verified
        answer = await self._query(line, ctx, request)
        if isinstance(answer, PatronOutcome):
            return answer.model_copy(update={"pin_verified": True})
        return answer

    async def _command(
        self, line: Line, ctx: Context, request: req.Request, key: CommandKey | None, verify: bool
    ) -> Answer:
        key = key or CommandKey(secrets.token_hex(16), _DEFAULT_WINDOW)
        if verify and isinstance(request, req.PatronRequest):
            verified = await self._in_time(line, ctx, self._pins.check(line, ctx, request))
            if isinstance(verified, Refusal):
                return verified
        if isinstance(request, req.ConflictResolve) and conflicts.is_ours(request.conflict_id):
            try:
                return conflicts.resolved(self.journal, ctx, request)
            except JournalUnavailable as error:
                raise PlatformFailure(FailureCode.UPSTREAM_ERROR, "the journal cannot be used") from error
        policy = self._policies[ctx.member]
        kept = offline.kept(request, policy)
        if kept is not None and (line.circuit.open or self._waiting(ctx.member)):
            # Behind what waits already: a return must not be replayed before the loan that it ends.
            return self._keep(
                ctx, kept, key, policy, PlatformFailure(FailureCode.UPSTREAM_ERROR, "the platform is away")
            )
        if ctx.deadline is not None and self._clock.monotonic() >= ctx.deadline:
            raise PlatformFailure(FailureCode.UPSTREAM_TIMEOUT, "no time left to begin")
        try:
            return await self._running.carry_out(
                ctx, request, key, lambda: self._work(line, ctx, request, key), by_hand=line.inline
            )
        except PlatformFailure as failure:
            if kept is None:
                raise
            return self._keep(ctx, kept, key, policy, failure)

    def _keep(
        self,
        ctx: Context,
        request: offline.OfflineRequest,
        key: CommandKey,
        policy: MemberPolicy,
        failure: PlatformFailure,
    ) -> Answer:
        try:
            return offline.accept(self.journal, ctx, request, key, policy, self._clock.now())
        except JournalUnavailable:
            raise failure from None

    def _waiting(self, member: str) -> bool:
        try:
            return self.journal.waiting(member)
        except JournalUnavailable:
            return False

    def _full(self) -> bool:
        try:
            return self.journal.full
        except JournalUnavailable:
            return True

    async def _work(self, line: Line, ctx: Context, request: req.Request, key: CommandKey) -> Answer:
        if line.own:
            return await line.ask(ctx, request, key)
        return await intents.carry_out(self.journal, line, ctx, request, key)

    async def _in_time(self, line: Line, ctx: Context, work: Coroutine[Any, Any, Answer]) -> Answer:
        """A question, given up at the deadline: it changes nothing, so it need not go on."""
        if ctx.deadline is None:
            return await work
        task = asyncio.get_running_loop().create_task(work)
        try:
            await asyncio.wait([task], timeout=max(ctx.deadline - self._clock.monotonic(), 0.0))
        finally:
            if not task.done():
                task.cancel()
        if task.done():
            return task.result()
        failure = PlatformFailure(FailureCode.UPSTREAM_TIMEOUT, "no answer in time")
        line.late(failure)
        raise failure
