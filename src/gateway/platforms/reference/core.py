"""What the reference platform's modules stand on: store, clock, PINs, the members' rules, and the way of a command."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from gateway.canonical.answers import Answer
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.refusals import FailureCode, PlatformFailure
from gateway.canonical.requests import Request
from gateway.clock import Clock
from gateway.platforms.reference import exactly_once
from gateway.platforms.reference.exactly_once import PEOPLE, Command, Kept, Rule
from gateway.platforms.reference.pins import Pins
from gateway.platforms.reference.policy import (
    RULES,
    MemberRules,
    MemberSettings,
    StaleRules,
    build_rules,
    millis,
    version_of,
)
from gateway.platforms.reference.read_cache import ReadCache
from gateway.store.effects import StoreUnavailable, WriteConflict
from gateway.store.port import Plan, Store

T = TypeVar("T")

# Rules that move between reading and deciding this often in a row are being written in a loop.
_ATTEMPTS = 5


class Core:
    """`settings` by member code; a member without settings has the defaults. `pepper`: at least 16 bytes."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        pepper: bytes,
        settings: Mapping[str, MemberSettings] | None = None,
        executor: Executor | None = None,
    ) -> None:
        self.store = store
        self.clock = clock
        self.pins = Pins(pepper, executor)
        self._pepper = pepper
        self.settings = dict(settings or {})
        self._rules: dict[str, MemberRules] = {}
        self._reads = ReadCache()

    def replace_settings(self, settings: Mapping[str, MemberSettings]) -> None:
        """From the next command on these hold; rules built with the old ones are forgotten."""
        self.settings = dict(settings)
        self._rules.clear()
        self._reads.clear()

    def now(self) -> int:
        """UTC milliseconds."""
        return millis(self.clock.now())

    def stored_key(self, value: str) -> str:
        """A command's key, or its fingerprint, as it is stored. A door makes them of the words of a message, a card
        number among them: without the pepper nobody can try out whose they were."""
        return hmac.digest(self._pepper, value.encode(), "sha256").hex()

    async def rules(self, member: str) -> MemberRules:
        """The member's rules, from memory where they were read before."""
        known = self._rules.get(member)
        return known if known is not None else await self._load(member)

    async def read(self, member: str, plan: Plan, params: Mapping[str, Any]) -> Any:
        """The snapshot of `plan`; `member` and `now` are added to the parameters. Raises PlatformFailure."""
        try:
            return await self.store.read(plan, {"member": member, "now": self.now(), **params})
        except StoreUnavailable as unavailable:
            raise _failure(unavailable) from unavailable

    async def query(
        self,
        ctx: Context,
        plan: Plan,
        params: Mapping[str, Any],
        view: Callable[[MemberRules, int, Any], T],
        holds_until: Callable[[MemberRules, int, Any], int] | None = None,
    ) -> T:
        """`view(rules, now, snapshot)` over a snapshot whose plan has the part `policy.STATE`.

        With `holds_until`, which gives the instant at which the answer changes by itself, a fresh answer that must be
        the same as the last one is not made again; then `view` depends on nothing but its arguments."""
        now = self.now()
        if holds_until is None:
            return view(*await self._look(ctx, plan, params, now))
        try:
            generation = self.store.generation(ctx.member)
        except StoreUnavailable as unavailable:
            raise _failure(unavailable) from unavailable
        if generation is None:
            return view(*await self._look(ctx, plan, params, now))
        key = (ctx.member, plan.name, *params.values())
        answer = self._reads.get(key, generation, now)
        if answer is None:
            seen = await self._look(ctx, plan, params, now)
            answer = view(*seen)
            self._reads.put(key, generation, now, holds_until(*seen), answer)
        return answer

    async def _look(
        self, ctx: Context, plan: Plan, params: Mapping[str, Any], now: int
    ) -> tuple[MemberRules, int, Any]:
        snapshot = await self.read(ctx.member, plan, {**params, "now": now})
        rules = await self.rules(ctx.member)
        if version_of(snapshot.state) != rules.version:
            rules = await self._load(ctx.member)
        return rules, now, snapshot

    async def command(
        self,
        ctx: Context,
        request: Request | str,
        key: CommandKey,
        plan: Plan,
        params: Mapping[str, Any],
        rule: Rule,
    ) -> Any:
        """Carries out one command exactly once; the answer is what `rule` rules, or a Refusal.

        The plan has the parts `policy.STATE` and `exactly_once.STORED`; `member`, `now` and `key` are added to the
        parameters. Raises PlatformFailure."""
        operation = request if isinstance(request, str) else request.operation
        fingerprint = key.fingerprint and self.stored_key(key.fingerprint)
        key = replace(key, value=self.stored_key(key.value), fingerprint=fingerprint)
        for _ in range(_ATTEMPTS):
            rules = await self.rules(ctx.member)
            command = Command(ctx, key, operation, rules, self.now())
            bound = {**params, "member": ctx.member, "now": command.now, "key": key.value}
            try:
                answer = await self.store.command(plan, bound, partial(exactly_once.decide, command, rule))
            except StaleRules:
                await self._load(ctx.member)
            except StoreUnavailable as unavailable:
                raise _failure(unavailable) from unavailable
            except WriteConflict as conflict:
                raise PlatformFailure(FailureCode.UPSTREAM_ERROR, f"busy: {conflict}", retry_after=1) from conflict
            else:
                return await self._open(ctx.member, answer) if isinstance(answer, Kept) else answer
        raise PlatformFailure(FailureCode.UPSTREAM_ERROR, "the member's rules do not stand still", retry_after=1)

    async def _open(self, member: str, kept: Kept) -> Answer:
        """A stored answer as it was first given; who is named in it is read only now, for retries are rare."""
        if not kept.pseudonyms:
            return kept.opened([])
        try:
            found = await self.store.read(PEOPLE, {"member": member, "pseudonyms": kept.pseudonyms})
        except StoreUnavailable as unavailable:
            # What is asked for again was carried out, and must not be taken for something that was not.
            raise PlatformFailure(
                FailureCode.UPSTREAM_ERROR, str(unavailable), outcome_unknown=True, retry_after=1
            ) from unavailable
        return kept.opened(found["people"])

    async def close(self) -> None:
        """Ends the PIN threads; the store belongs to whoever opened it."""
        self.pins.close()

    async def _load(self, member: str) -> MemberRules:
        parts = await self.read(member, RULES, {})
        loaded = self._rules[member] = build_rules(member, self.settings.get(member, MemberSettings()), **parts)
        return loaded


def _failure(unavailable: StoreUnavailable) -> PlatformFailure:
    return PlatformFailure(
        FailureCode.UPSTREAM_ERROR, str(unavailable), outcome_unknown=unavailable.outcome_unknown, retry_after=1
    )
