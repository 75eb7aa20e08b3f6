"""The worker behind the register: carries persons to the platform, at the platform's pace, members in fair turns.

Nobody is carried twice at once: one process has the turn. A platform that is away is left alone for a while; what it
refuses is noted with the person, and tried again when the person changes, and every hour, for the rules may have.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

import structlog

from gateway.canonical.answers import Answer
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import AnonymiseOutcome, PatronOutcome, ProvisionOutcome
from gateway.canonical.refusals import PlatformFailure, Refusal, RefusalCode
from gateway.canonical.requests import PatronAnonymise, PatronGet, Request
from gateway.canonical.vocabulary import PatronStatus, Permission
from gateway.clock import Clock
from gateway.config.identity import MemberIdentityConfig
from gateway.identity.carrying import problem_of, request_for
from gateway.identity.model import Person, Stage, blank
from gateway.identity.register.port import (
    DropReview,
    Effect,
    PutGroup,
    PutPerson,
    Register,
    StaleVersion,
    Taken,
)

Perform = Callable[[Context, Request, CommandKey | None], Awaitable[Answer]]

TERMINAL = "provisioning"
LOOK_SECONDS = 5.0  # between two looks, where nobody waits
TURN = 50  # people of one member, before the next member's turn
AGAIN_SECONDS = 3600.0  # until what was refused is tried again
AWAY_SECONDS = (5.0, 300.0)  # that a platform which is away is left alone, first and at most: it doubles each time
WAITS = 5  # times that somebody waits for an identifier within a day
STUCK = 5  # failures at one person in a row, after which the others go first
CALL_SECONDS = 30.0
WINDOW = 60.0  # seconds within which the same version is the same command
_MAY = frozenset({Permission.PATRON_READ, Permission.PROVISION})

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Tally:
    """What has been done: people carried, refused, and anonymised."""

    carried: int = 0
    refused: int = 0
    anonymised: int = 0


@dataclass(slots=True)
class _Member:
    """Where the worker is with one member. Times are monotonic seconds."""

    code: str
    config: MemberIdentityConfig
    after: str = ""
    behind: str = ""  # the same, of those who have been refused
    again_at: float = 0.0  # when those are due next
    away_until: float = 0.0
    pause: float = AWAY_SECONDS[0]
    waits: dict[str, int] = field(default_factory=dict)  # whose identifier was another's, and `carried` at that time
    waited: Counter[tuple[str, int]] = field(default_factory=Counter)  # how often, by person and version
    carried: int = 0  # people, so far
    failed: tuple[str, int] = ("", 0)  # who was being carried when the platform failed, and how often in a row

    def wait(self, person: Person) -> None:
        """Has somebody tried again when all others have been carried, who may have given up what is asked for."""
        name = (person.id, person.version)
        if self.waited[name] < WAITS:
            self.waited[name] += 1
            self.waits[person.id] = self.carried

    def hopeful(self) -> list[str]:
        """Those for whom something may have changed since, who are no longer waiting then."""
        found = sorted(id_ for id_, carried in self.waits.items() if carried < self.carried)[:TURN]
        for id_ in found:
            del self.waits[id_]
        return found


class Provisioner:
    """`perform` is the desk's; `members` are those with a platform that is to be kept, by code."""

    def __init__(
        self,
        register: Register,
        perform: Perform,
        members: Mapping[str, MemberIdentityConfig],
        *,
        clock: Clock,
        per_second: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._register = register
        self._perform = perform
        self._clock = clock
        self._sleep = sleep
        self._between = 1.0 / per_second
        self._next = 0.0
        self._members = {code: _Member(code, config) for code, config in members.items()}

    def replace(self, members: Mapping[str, MemberIdentityConfig], per_second: float) -> None:
        """Takes a new configuration. What was refused is tried again: the rules may be others."""
        self._between = 1.0 / per_second
        self._members = {code: _Member(code, config) for code, config in members.items()}

    async def follow(self, stop: asyncio.Event) -> None:
        """Carries whoever waits, until `stop`. Raises RegisterUnavailable."""
        while not stop.is_set():
            done = await self.round(stop)
            if done.carried or done.refused or done.anonymised:
                log.info("people.provisioned", carried=done.carried, refused=done.refused, anonymised=done.anonymised)
                continue
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await stop.wait()
            except TimeoutError:
                pass

    async def round(self, stop: asyncio.Event | None = None) -> Tally:
        """One turn of each member whose platform is there. Raises RegisterUnavailable."""
        done = Tally()
        for member in list(self._members.values()):
            if self._clock.monotonic() < member.away_until:
                continue
            found, again = await self._waiting(member)
            for person in found:
                if stop is not None and stop.is_set():
                    return done
                try:
                    await self._carry(member, person, done)
                except PlatformFailure as failure:
                    self._away(member, failure)
                    if not await self._stuck(member, person, done):
                        break
                if again:
                    member.behind = person.id
                else:
                    member.after = person.id
                if self._clock.monotonic() < member.away_until:
                    break
                member.pause = AWAY_SECONDS[0]
        return done

    async def _waiting(self, member: _Member) -> tuple[list[Person], bool]:
        """The next persons of a member: who has not been tried, then who waits for others, then, once an hour, who
        has been refused; and whether they are of those."""
        found = await self._register.unprovisioned(member.code, after=member.after, size=TURN)
        if not found and member.after:
            member.after = ""
            found = await self._register.unprovisioned(member.code, size=TURN)
        if not found and (hopeful := member.hopeful()):
            people = await self._register.persons(member.code, hopeful)
            found = [person for person in people.values() if person.provisioned < person.version]
        now = self._clock.monotonic()
        if found or now < member.again_at:
            return found, False
        found = await self._register.unprovisioned(member.code, refused=True, after=member.behind, size=TURN)
        if not found:
            member.again_at, member.behind = now + AGAIN_SECONDS, ""
            member.waits.clear()
            member.waited.clear()
        return found, True

    def _away(self, member: _Member, failure: PlatformFailure) -> None:
        pause = max(member.pause, failure.retry_after or 0.0)
        member.away_until = self._clock.monotonic() + pause
        member.pause = min(member.pause * 2, AWAY_SECONDS[1])
        log.warning("platform.away", member=member.code, code=failure.code.value, seconds=pause)

    async def _stuck(self, member: _Member, person: Person, done: Tally) -> bool:
        """Whether the platform fails over this one person again and again, who is then put aside."""
        who, times = member.failed
        member.failed = (person.id, times + 1 if who == person.id else 1)
        if member.failed[1] < STUCK:
            return False
        member.failed = ("", 0)
        await self._note(person, "the platform failed", done)
        return True

    async def _pace(self) -> None:
        """Waits until the next person may be carried."""
        now = self._clock.monotonic()
        if self._next > now:
            await self._sleep(self._next - now)
        self._next = max(now, self._next) + self._between

    async def _carry(self, member: _Member, person: Person, done: Tally) -> None:
        await self._pace()
        if person.stage is Stage.ANONYMISED:
            await self._forget(member, person, done)
            return
        request = request_for(person, member.config)
        if isinstance(request, str):
            await self._note(person, request, done)
            return
        if not person.platform_id:
            known, problem = await self._patron_of(person)
            if problem:
                member.wait(person)
                await self._note(person, problem, done)
                return
            if not known and request.status is not PatronStatus.ACTIVE:
                await self._register.provisioned(person.member, person.id, person.version, "", "")
                return
            request = request.model_copy(update={"patron_id": known})
        answer = await self._ask(person, request)
        if isinstance(answer, Refusal) and answer.code is RefusalCode.PATRON_NOT_FOUND:
            request = request.model_copy(update={"patron_id": None})  # the platform has lost the patron
            answer = await self._ask(person, request, "anew")
        problem = ""
        if isinstance(answer, Refusal):
            problem = problem_of(answer)
            if answer.code is RefusalCode.PATRON_NOT_UNIQUE and request.patron_id:
                # Everything else is carried all the same: two who swap a card must each give up theirs first.
                member.wait(person)
                others = set(answer.detail.get("types", ()))
                kept = tuple(one for one in request.identifiers if one.type.value not in others)
                less = request.model_copy(update={"identifiers": kept, "cleared": request.cleared | others})
                answer = await self._ask(person, less, "less")
        patron = answer.patron_id if isinstance(answer, ProvisionOutcome) else ""
        if problem:
            await self._note(person, problem, done, patron)
            return
        await self._register.provisioned(person.member, person.id, person.version, patron, "")
        member.carried += 1
        done.carried += 1

    async def _patron_of(self, person: Person) -> tuple[str | None, str]:
        """The patron whom the person's identifiers name and who is nobody else's here, and why that cannot be told."""
        found: dict[str, str] = {}
        for one in person.identifiers:
            if one.active and one.value.strip():
                answer = await self._ask(person, PatronGet(patron=one.value))
                if isinstance(answer, PatronOutcome):
                    found.setdefault(answer.patron.id, one.type.value)
        owners = await self._register.linked(person.member, list(found))
        others = [found[patron] for patron, owner in owners.items() if owner != person.id]
        if others or len(found) > 1:
            kind = "several" if len(found) > 1 else "taken"
            detail = {"kind": kind, "types": sorted(set(others or found.values()))}
            return None, problem_of(Refusal(code=RefusalCode.PATRON_NOT_UNIQUE, detail=detail))
        return next(iter(found), None), ""

    async def _forget(self, member: _Member, person: Person, done: Tally) -> None:
        """Empties a record once the platform has nothing against it; else the person is expired as before."""
        empty = blank(person, int(self._clock.now().timestamp() * 1000))
        refused: Refusal | None = None
        if person.platform_id and person != replace(empty, changed_at=person.changed_at):
            answer = await self._ask(person, PatronAnonymise(patron_id=person.platform_id))
            if isinstance(answer, Refusal) and answer.code is not RefusalCode.PATRON_NOT_FOUND:
                refused = answer
        after = empty if refused is None else replace(person, stage=Stage.EXPIRED)
        effects: list[Effect] = [PutPerson(after, person.version)]
        if refused is None:
            effects += await self._traces(person)
        try:
            await self._register.write(person.member, effects)
        except StaleVersion:
            return  # changed meanwhile: its new version waits
        except Taken:
            await self._note(person, "came back as somebody else while something was still owed", done)
            return
        changed = replace(after, version=person.version + 1)
        if refused is not None:
            await self._note(changed, problem_of(refused), done)
            return
        await self._register.provisioned(person.member, person.id, changed.version, "", "")
        done.anonymised += 1

    async def _traces(self, person: Person) -> list[Effect]:
        """What takes somebody out of groups, and drops what people were asked to decide about the person's record."""
        groups = (await self._register.groups_of(person.member, [person.id])).get(person.id, [])
        effects: list[Effect] = [
            PutGroup(replace(group, members=tuple(one for one in group.members if one != person.id)), group.version)
            for group in groups
        ]
        kind, _, feed = person.source.partition(":")
        if kind == "feed" and person.source_id:
            reviews = await self._register.reviews_of(person.member, feed, [person.source_id])
            effects += [DropReview(review.id) for of in reviews.values() for review in of]
        return effects

    async def _note(self, person: Person, problem: str, done: Tally, patron: str = "") -> None:
        await self._register.provisioned(person.member, person.id, person.version, patron, problem)
        done.refused += 1

    async def _ask(self, person: Person, request: Request, again: str = "") -> Answer:
        """Raises PlatformFailure."""
        key = None
        if request.command:
            # What was refused is asked anew: the stored refusal would be the answer of rules that have changed since.
            asked = str(int(self._clock.now().timestamp())) if person.problem else ""
            named = ("provision", person.id, str(person.version), again, asked)
            key = CommandKey(":".join(filter(None, named)), WINDOW)
        ctx = Context(
            member=person.member,
            terminal=TERMINAL,
            location="",
            permissions=_MAY,
            protocol="identity",
            deadline=self._clock.monotonic() + CALL_SECONDS,
        )
        answer = await self._perform(ctx, request, key)
        expected = (PatronOutcome, ProvisionOutcome, AnonymiseOutcome, Refusal)
        assert isinstance(answer, expected)
        return answer
