"""What people decide about records that may be one of several persons; carried out at once, and remembered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import tzinfo

from gateway.canonical.vocabulary import IdentifierType
from gateway.clock import Clock
from gateway.config.identity import FeedConfigBase
from gateway.identity.model import MANY, Draft, Person, Review
from gateway.identity.register.port import PutReview, Register, StaleVersion, Taken
from gateway.identity.sync import matching
from gateway.identity.sync.leaving import ATTEMPTS
from gateway.identity.sync.planning import PAGE, Planner


class NotSettled(Exception):
    """A decision that cannot be taken; the message says why, to people."""


async def listed(register: Register, member: str, feed: str = "", *, decided: bool = False) -> AsyncIterator[Review]:
    """The items of a member's list, oldest first; of one feed or of all."""
    after = ""
    while page := await register.reviews(member, feed=feed, decided=decided, after=after, size=PAGE):
        for item in page:
            yield item
        after = page[-1].id


async def candidates(register: Register, item: Review) -> list[Person]:
    """The people whom a record may be, as far as they are still there."""
    found = await register.persons(item.member, item.candidates)
    return [found[id_] for id_ in item.candidates if id_ in found]


async def settle(
    register: Register,
    feed: FeedConfigBase | None,
    item: Review,
    decision: str,
    who: str,
    clock: Clock,
    zone: tzinfo,
    *,
    person: str = "",
) -> Review:
    """Keeps a decision about an open item (`same`, `new` or `ignore`) and carries it out. `person` is whom `same`
    means, to be left out where there is one candidate; `feed` is None where the configuration has it no longer. Raises
    NotSettled, RegisterUnavailable."""
    if item.decision:
        raise NotSettled(f"{item.id} has been decided: {item.decision}")
    known = await register.known(item.member, f"feed:{item.feed}", [item.source_id])
    if decision == matching.SAME:
        if known:
            raise NotSettled(
                "the record is somebody of its own already, and two people are not put together here: `new` leaves "
                "the identifier with whoever has it; to give it to this one, take it from the other first"
            )
        if not person and len(item.candidates) != 1:
            raise NotSettled(f"say who it is: {', '.join(item.candidates)}")
        person = person or item.candidates[0]
        if person not in item.candidates:
            raise NotSettled(f"{person} is not among {', '.join(item.candidates)}")
        decision = f"{matching.SAME}:{person}"
    now = int(clock.now().timestamp() * 1000)
    # What the record says is not needed any more: the source says it again.
    decided = replace(item, decision=decision, decided_by=who, decided_at=now, record={})
    await register.write(item.member, [PutReview(decided)])
    if feed is not None and decision != matching.IGNORE:
        await _carry_out(register, feed, item, clock, zone, now)
    return decided


async def reopen(register: Register, item: Review) -> Review:
    """Takes a decision back: the next run that meets the record asks again. What was carried out stands."""
    if not item.decision:
        raise NotSettled(f"{item.id} has not been decided")
    opened = replace(item, decision="", decided_by="", decided_at=None)
    await register.write(item.member, [PutReview(opened)])
    return opened


async def _carry_out(
    register: Register, feed: FeedConfigBase, item: Review, clock: Clock, zone: tzinfo, now: int
) -> None:
    planner, today = Planner(item.member, feed, register), clock.now().astimezone(zone).date()
    for _ in range(ATTEMPTS):
        plan = await planner.plan([_draft(item)], now=now, today=today, last=True, may_take=True, deciding=True)
        try:
            await register.write(item.member, plan.effects)
        except (StaleVersion, Taken):
            continue
        return
    raise NotSettled("others are changing these people: take the decision back with `open`, and decide again")


def _draft(item: Review) -> Draft:
    """The record again, without a digest: the next run looks at it in full."""
    said = item.record.get("fields", {})
    fields = {name: tuple(value) if name in MANY else value for name, value in said.items()}
    identifiers = item.record.get("identifiers", {})
    return Draft(item.source_id, fields, {IdentifierType(kind): tuple(values) for kind, values in identifiers.items()})
