"""What becomes of people who are not in a source any more: missing, then expired, then anonymised, one step a run.

Two looks at the same list: the first counts, the second writes, and between them the limits have their say.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

from gateway.config.identity import DeprovisionConfig
from gateway.identity.model import Person, Stage
from gateway.identity.register.port import PutPerson, Register, StaleVersion
from gateway.identity.sync.limits import Limits
from gateway.identity.sync.planning import PAGE, Line

DAY = 86_400_000
ATTEMPTS = 5

Next = Callable[[Person], Person | None]
"""The person after the step that is due, None where none is."""


def next_stage(person: Person, config: DeprovisionConfig, now: int) -> Person | None:
    """One step on of somebody whom a complete read did not have; `now` is UTC milliseconds."""
    since = now - person.stage_since
    match person.stage:
        case Stage.PRESENT:
            if config.expire_days:
                return replace(person, stage=Stage.MISSING, stage_since=now)
            return replace(person, stage=Stage.EXPIRED, stage_since=now)
        case Stage.MISSING if since >= config.expire_days * DAY:
            return replace(person, stage=Stage.EXPIRED, stage_since=now)
        case Stage.EXPIRED if config.anonymise_days is not None and since >= config.anonymise_days * DAY:
            return replace(person, stage=Stage.ANONYMISED)  # the worker asks the platform first: see `Stage`
    return None


class Leaving:
    """The people of one feed whom a run did not meet."""

    def __init__(self, member: str, register: Register, config: DeprovisionConfig, limits: Limits) -> None:
        self._member = member
        self._register = register
        self._config = config
        self._limits = limits
        self._anonymise = 0

    async def check(self, people: AsyncIterator[list[Person]], of: int, now: int) -> Counter[str]:
        """Counts what would become of them, in words of `Run.counters`. Raises Stopped."""
        found: Counter[str] = Counter()
        gone = 0
        async for page in people:
            for person in page:
                after = next_stage(person, self._config, now)
                gone += person.stage is Stage.PRESENT
                if after is not None:
                    found[str(after.stage)] += 1
        self._limits.check(gone, of, "are not in the source any more")
        self._limits.check(found["expired"], of, "would expire")
        return found

    async def write(self, people: AsyncIterator[list[Person]], of: int, now: int) -> AsyncIterator[list[Line]]:
        """Takes the steps, a page at a time. Of those who are due to be anonymised at most as many as may go in one
        run: the others follow in the next."""
        self._anonymise = max(1, self._limits.most(of))
        async for page in people:
            yield await self.step(page, lambda person: self._next(person, now), now)

    def _next(self, person: Person, now: int) -> Person | None:
        after = next_stage(person, self._config, now)
        if after is not None and after.stage is Stage.ANONYMISED:
            if not self._anonymise:
                return None
            self._anonymise -= 1
        return after

    async def step(self, people: Sequence[Person], next_: Next, now: int) -> list[Line]:
        """Takes a step with some people, in one transaction; what was changed meanwhile is looked at again."""
        for _ in range(ATTEMPTS):
            steps = [(person, after) for person in people if (after := next_(person)) is not None]
            puts = [PutPerson(replace(after, changed_at=now), person.version) for person, after in steps]
            try:
                await self._register.write(self._member, puts)
            except StaleVersion:
                found = await self._register.persons(self._member, [person.id for person in people])
                people = list(found.values())
                continue
            await asyncio.sleep(0)
            return [Line(str(after.stage), after.id, after.source_id) for _, after in steps]
        raise StaleVersion(people[0].id if people else "")


async def unmet(
    member: str, register: Register, source: str, run: str, met: Callable[[str], bool]
) -> AsyncIterator[list[Person]]:
    """People of a source whom a run has not marked and `met` does not know by their key, page by page."""
    after = ""
    while page := await register.unseen(member, source, run, after=after, size=PAGE):
        yield [person for person in page if not met(person.source_id)]
        after = page[-1].id
        await asyncio.sleep(0)
