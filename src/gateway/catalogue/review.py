"""What people decide about doubtful pairs: the same or different. A decision holds until it is taken back, whatever is
loaded later."""

from __future__ import annotations

from gateway.catalogue.records import ReviewPair
from gateway.catalogue.store import statements as sql
from gateway.catalogue.store.rows import Status
from gateway.catalogue.store.working import Working
from gateway.catalogue.store.writer import Writer

SAME, DIFFERENT, OPEN = "same", "different", ""


class NoSuchPair(Exception):
    """There is no pair with this number on the review list."""


async def decide(store: Writer, number: int, decision: str, who: str, now: int) -> ReviewPair:
    """Keeps a decision (`SAME`, `DIFFERENT`, or `OPEN` to take one back) and makes it true at once.

    `now` is seconds since 1970. Raises NoSuchPair and CatalogueUnavailable.
    """
    async with store.writing() as session:
        rows = await session.fetch(sql.REVIEW, id=number)
        if not rows:
            raise NoSuchPair(f"there is no pair {number}")
        pair = ReviewPair(*rows[0])
        made = ReviewPair(pair.id, pair.a, pair.b, pair.reason, pair.evidence, decision, who, now if decision else None)
        await session.run(sql.DECIDE, [(decision, who, made.decided_at, number)])
        work = Working(session, {})
        await work.begin()
        records = await work.load([pair.a, pair.b])
        await work.load_groups(rec.shared for rec in records)
        if len(records) == 2 and all(rec.status == Status.VISIBLE for rec in records):
            a, b = records
            if decision == SAME and a.shared != b.shared:
                # The shared bib that was there first keeps its number: harvesters know it.
                target, other = sorted((work.groups[a.shared], work.groups[b.shared]), key=lambda group: group.id)
                for rec in other.visible():
                    work.move(rec, target)
            elif decision == DIFFERENT and a.shared == b.shared:
                work.move(b, None)
            await work.finish(now)
    return made
