"""One run of a feed: read, plan and write in batches, and at the end see who is gone.

A batch and the position behind it are one transaction, so a run that was killed goes on there. Whatever takes away
(people missing, expired, switched off) waits until the read has proved complete and the limits have been asked; a run
that stops has deprovisioned nobody, and what it added and changed stands. A dry run writes nothing but its own record.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import date, tzinfo
from pathlib import Path
from typing import Any, Literal

import structlog

from gateway.clock import Clock
from gateway.config.identity import FeedConfigBase
from gateway.identity.feeds.port import Bad, End, Feed, FeedError, NothingNew, Page, SourceRecord
from gateway.identity.ids import new_id
from gateway.identity.model import Draft, Person, Run, RunState, Stage
from gateway.identity.register.port import MarkSeen, PutReview, PutRun, Register, StaleVersion, Taken
from gateway.identity.sync import history
from gateway.identity.sync.leaving import ATTEMPTS, Leaving, next_stage, unmet
from gateway.identity.sync.limits import MOST_DEFERRED, MOST_OPENED, Incomplete, Limits, Stopped
from gateway.identity.sync.mapping import FieldMap
from gateway.identity.sync.matching import GONE
from gateway.identity.sync.planning import PAGE, Line, Plan, Planner
from gateway.identity.sync.portions import Portion, collapsed, one_by_one

Kind = Literal["full", "delta"]
OFF = "would be switched off, lose their category or all identifiers of a type, or become somebody else"
REMARKS = 20
"""Kinds of oddities that are kept with a run, the most frequent ones."""
SHOWN = 1000
"""Lines of a diff, and bad records, that are kept; all are counted."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Outcome:
    """What a run came to. `nothing` says why there was nothing to read; `remarks` counts what was odd about records, by
    words without values; `bad` are records that were put aside; `lines` what a dry run would do, and `more` how many
    lines were not kept."""

    run: Run
    nothing: str = ""
    resumed: bool = False
    remarks: Counter[str] = field(default_factory=Counter)
    bad: list[Bad] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    more: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """Told after every batch. `read` counts records, `resumed_at` those of the run's earlier part; `expected` is how
    many there are in all: where the source is silent as many people as there were, None where nobody knows."""

    feed: str
    read: int
    resumed_at: int
    expected: int | None


Progress = Callable[[Step], None]


class Sync:
    """A run of one member's feed. `folder` is for what is spooled; `stop` is asked after every batch; `accept` is how
    many people may go at once where the limits say fewer."""

    def __init__(
        self,
        member: str,
        settings: FeedConfigBase,
        feed: Feed,
        register: Register,
        clock: Clock,
        zone: tzinfo,
        folder: Path,
        *,
        progress: Progress = lambda step: None,
        stop: Callable[[], bool] = lambda: False,
        dry_run: bool = False,
        accept: int = 0,
    ) -> None:
        self._member = member
        self._settings = settings
        self._feed = feed
        self._register = register
        self._clock = clock
        self._zone = zone
        self._folder = folder
        self._progress = progress
        self._stop = stop
        self._dry = dry_run
        self._map = FieldMap(settings, zone=zone, today=self._today())
        self._planner = Planner(member, settings, register, tells=dry_run)
        self._limits = Limits(settings.deprovision, accept)
        self._leaving = Leaving(member, register, settings.deprovision, self._limits)
        self._counts: Counter[str] = Counter()
        self._met: set[int] = set()  # hashes of keys: of 170,000 people some 14 MB
        self._held: dict[str, Draft] = {}
        self._deferred: dict[str, Draft] = {}
        self._gone: dict[str, None] = {}
        self._opened = 0
        self._resumed_at = 0

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1000)

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()

    async def run(self, kind: Kind | None = None) -> Outcome:
        """Runs: everything, or changes; without `kind` what was interrupted, else changes where the source gives them
        and a complete read has been before. Raises RegisterUnavailable, and whatever is wrong with this program."""
        latest = await history.latest(self._register, self._member, self._settings.name)
        if latest is not None and latest.state is RunState.RUNNING and not self._dry:
            latest = replace(latest, state=RunState.INTERRUPTED, ended_at=self._now(), reason="its process ended")
            await self._register.write(self._member, [PutRun(latest)])
        self._outcome = await self._begin(kind, latest)
        try:
            if self._outcome.run.kind == "delta":
                await self._changes()
            else:
                await self._everything()
        except NothingNew as nothing:
            self._outcome.nothing = nothing.reason
            return self._outcome
        except Incomplete as reason:
            await self._end(RunState.STOPPED, str(reason))
        except Stopped as reason:
            stopped = {history.STOPPED_AT: self._now()} if self._outcome.run.kind == "full" else {}
            await self._end(RunState.STOPPED, str(reason), stopped)
        except FeedError as error:
            if self._outcome.run.kind == "delta" and not error.retry:
                self._begin_anew()
            await self._end(RunState.FAILED, error.reason)
        except _Interrupted:
            await self._end(RunState.INTERRUPTED, "stopped by hand")
        except StaleVersion:
            await self._end(RunState.FAILED, "people are being changed by others all the time")
        except Exception as error:
            await self._end(RunState.FAILED, f"an error of this program: {type(error).__name__}")
            raise
        await self._settle()
        return self._outcome

    async def _begin(self, kind: Kind | None, latest: Run | None) -> Outcome:
        carried = history.carried(latest)
        if kind is None and not self._dry and history.resumable(latest, self._map.version, self._now()):
            assert latest is not None
            self._counts = Counter(latest.counters)
            self._resumed_at = latest.counters.get("read", 0)
            return Outcome(replace(latest, state=RunState.RUNNING, ended_at=None, reason=""), resumed=True)
        chosen = self._kind(kind, history.NEXT in carried)
        fed = await self._register.tally(self._member, self._planner.source)
        position = carried | {history.MAP: self._map.version, history.PEOPLE: fed.get(Stage.PRESENT, 0)}
        run = Run(
            new_id(), self._member, self._settings.name, chosen, RunState.RUNNING, self._now(), dry=self._dry,
            position=position,
        )  # fmt: skip
        return Outcome(run)

    def _kind(self, kind: Kind | None, can_go_on: bool) -> Kind:
        if getattr(self._settings, "partial", False):
            return "delta"
        if not can_go_on or self._settings.programmes:  # a change of one programme says nothing of the others
            return "full"
        return kind or "delta"

    # reading

    async def _changes(self) -> None:
        pages = self._feed.delta(self._outcome.run.position.get(history.NEXT, {}))
        if pages is None:
            self._outcome.run = replace(self._outcome.run, kind="full")
            await self._everything()
            return
        end = await self._read(pages)
        if end.next_delta is None:
            raise Incomplete(end.reason or "the source did not say that these were all changes")
        people = await self._those_gone()
        found = await self._leaving.check(_once(people), self._people(), self._now())
        await self._take_away(_once(people), found)
        await self._end(RunState.DONE, end.reason, {history.NEXT: dict(end.next_delta)})

    async def _everything(self) -> None:
        run = self._outcome.run
        end = await self._read(self._feed.read(run.position.get(history.FEED)))
        if not end.complete:
            raise Incomplete(f"the read is not complete, so nobody is taken for gone: {end.reason or 'no proof'}")
        least = self._settings.deprovision.min_people
        if (people := self._read_people()) < least:
            raise Incomplete(f"{people:,} people were read, and min_people is {least:,}")
        now = self._now()
        found = await self._leaving.check(self._unmet(), self._people(), now)
        await self._take_away(self._unmet(), found)
        if not self._outcome.resumed:
            await self._close_reviews(now)
        position = {history.NEXT: dict(end.next_delta)} if end.next_delta is not None else {}
        await self._end(RunState.DONE, end.reason, position | {history.FULL_AT: run.started_at, history.STOPPED_AT: 0})

    async def _read(self, pages: AsyncIterator[Page | End]) -> End:
        """Everything that comes, into the register. Raises Stopped, FeedError."""
        async with AsyncExitStack() as opened:
            if isinstance(pages, AsyncGenerator):
                opened.push_async_callback(pages.aclose)
            portions = collapsed(pages, self._folder) if self._settings.programmes else one_by_one(pages)
            opened.push_async_callback(portions.aclose)
            async for portion in portions:
                if isinstance(portion, End):
                    return portion
                await self._take(portion)
                await asyncio.sleep(0)
                if self._stop():
                    raise _Interrupted
        raise FeedError("the source ended without an end")

    async def _take(self, portion: Portion) -> None:
        self._counts["read"] += portion.read
        for bad in portion.bad:
            self._refuse(bad)
        drafts: dict[str, Draft] = {}
        gone: dict[str, None] = {}
        delta = self._outcome.run.kind == "delta"
        for records in portion.people:
            key = records[0].source_id
            if delta:  # the later word counts
                for before in (drafts, gone, self._gone, self._held, self._deferred):
                    before.pop(key, None)
            if records[0].gone:
                gone[key] = None
            elif (draft := self._draft(records)) is not None:
                drafts[key] = draft
        if gone and delta:  # from a complete read whoever is gone is missing anyway
            self._gone.update(dict.fromkeys(await self._ours(gone)))
        plan = await self._write(list(drafts.values()), portion)
        self._held |= {draft.source_id: draft for draft in plan.held}
        self._deferred |= {draft.source_id: draft for draft in plan.deferred}
        ceiling = self._limits.ceiling
        if len(self._held) > ceiling or len(self._gone) > ceiling:
            what = OFF if len(self._held) > ceiling else "are deleted in the source"
            count = max(len(self._held), len(self._gone))
            self._limits.check(count, self._people(), f"(and perhaps more) {what}")
        if len(self._deferred) > MOST_DEFERRED:
            raise Stopped(f"the identifiers of more than {MOST_DEFERRED:,} people are others': is the field map right?")
        if self._opened > MOST_OPENED:
            raise Stopped(f"more than {MOST_OPENED:,} records are waiting for a decision: is the field map right?")
        run = self._outcome.run
        were = run.position.get(history.PEOPLE) if run.kind == "full" else None
        self._progress(Step(run.feed, self._counts["read"], self._resumed_at, portion.expected or were or None))

    def _draft(self, records: Sequence[SourceRecord]) -> Draft | None:
        """The draft of a person; None for a second record of somebody who has one."""
        key = records[0].source_id
        if hash(key) in self._met and self._outcome.run.kind == "full":
            self._refuse(Bad(records[0].where, "is the second record with this key"))
            return None
        self._met.add(hash(key))
        draft = self._map.draft(records)
        self._outcome.remarks.update(draft.problems)
        self._counts["remarks"] += len(draft.problems)
        return draft

    def _refuse(self, bad: Bad) -> None:
        self._counts["refused"] += 1
        self._outcome.remarks[bad.reason] += 1
        if len(self._outcome.bad) < SHOWN:
            self._outcome.bad.append(bad)

    # writing

    async def _write(self, drafts: list[Draft], portion: Portion | None = None) -> Plan:
        """A batch, with the position behind it; without a portion what is left at the end. Raises StaleVersion where
        others change the same people faster than this can look."""
        end = portion is None
        for _ in range(ATTEMPTS):
            plan = await self._planner.plan(drafts, now=self._now(), today=self._today(), last=end, may_take=end)
            if self._dry or await self._written(plan, drafts, portion):
                self._counts += plan.counts
                self._opened += plan.opened
                if plan.nameless:
                    self._outcome.remarks["has no identifier"] += plan.nameless
                self._tell(plan.lines)
                return plan
        raise StaleVersion("")

    async def _written(self, plan: Plan, drafts: list[Draft], portion: Portion | None) -> bool:
        run = self._outcome.run
        position = dict(run.position)
        # What was put off is behind no position: going on there would lose it.
        put_off = self._held or self._deferred or self._gone or plan.held or plan.deferred
        if portion is not None and portion.position and not put_off:
            position[history.FEED] = dict(portion.position)
        after = replace(run, position=position, counters=dict(self._counts + plan.counts))
        seen = MarkSeen(run.id, tuple(draft.source_id for draft in drafts))
        try:
            await self._register.write(self._member, [*plan.effects, seen, PutRun(after)])
        except (StaleVersion, Taken):
            return False
        self._outcome.run = after
        return True

    def _tell(self, lines: Sequence[Line]) -> None:
        room = SHOWN - len(self._outcome.lines)
        self._outcome.lines += lines[:room]
        self._outcome.more += max(0, len(lines) - room)

    # leaving

    def _people(self) -> int:
        """Whom the limits are a part of: all who were there when the run began, or all it has read."""
        return max(self._outcome.run.position.get(history.PEOPLE, 0), self._read_people())

    def _read_people(self) -> int:
        """A run that went on with an earlier one knows of that one how many records it read, not whose."""
        return self._counts["read"] if self._outcome.resumed else len(self._met)

    def _unmet(self) -> AsyncIterator[list[Person]]:
        # A dry run has marked nobody, and a resumed one does not remember whom it met before.
        run = "" if self._dry else self._outcome.run.id
        return unmet(
            self._member, self._register, self._planner.source, run, lambda key: self._dry and hash(key) in self._met
        )

    async def _ours(self, keys: Iterable[str]) -> dict[str, str]:
        """Ids of the people whom these keys are and who are still there: sources tell of others as well."""
        known = await self._register.known(self._member, self._planner.source, list(keys))
        return {key: entry.id for key, entry in known.items() if entry.stage is Stage.PRESENT}

    async def _those_gone(self) -> list[Person]:
        """The people whom a delta calls deleted."""
        ids = list((await self._ours(self._gone)).values())
        return list((await self._register.persons(self._member, ids)).values())

    async def _take_away(self, people: AsyncIterator[list[Person]], found: Counter[str]) -> None:
        """Everything that waited for the end: all limits are asked before anything is written."""
        self._limits.check(len(self._held), self._people(), OFF)
        waiting = [*self._deferred.values(), *self._held.values()]
        for start in range(0, len(waiting), MOST_DEFERRED):
            await self._write(waiting[start : start + MOST_DEFERRED])
        if self._dry:
            self._counts += found
            async for page in people:
                steps = ((person, next_stage(person, self._settings.deprovision, self._now())) for person in page)
                self._tell([Line(str(after.stage), after.id, after.source_id) for _, after in steps if after])
            return
        async for lines in self._leaving.write(people, self._people(), self._now()):
            self._counts.update(line.what for line in lines)

    async def _close_reviews(self, now: int) -> None:
        """What waits about records that the source does not have any more waits for nothing."""
        after = ""
        while not self._dry:
            page = await self._register.reviews(self._member, feed=self._settings.name, after=after, size=PAGE)
            if not page:
                return
            gone = [item for item in page if hash(item.source_id) not in self._met]
            closed = [replace(item, decision=GONE, decided_by="sync", decided_at=now, record={}) for item in gone]
            await self._register.write(self._member, [PutReview(item) for item in closed])
            after = page[-1].id

    # ending

    def _begin_anew(self) -> None:
        """The source does not know any more where the changes began: the next run reads everything."""
        position = {key: value for key, value in self._outcome.run.position.items() if key != history.NEXT}
        self._outcome.run = replace(self._outcome.run, position=position)

    async def _end(self, state: RunState, reason: str, position: dict[str, Any] | None = None) -> None:
        run = self._outcome.run
        kept = {**run.position, **(position or {})}
        if state is not RunState.INTERRUPTED:
            kept.pop(history.FEED, None)
        if self._outcome.remarks:
            kept[history.REMARKS] = dict(self._outcome.remarks.most_common(REMARKS))
        counters = {word: count for word, count in self._counts.items() if count}
        self._outcome.run = run = replace(
            run, state=state, reason=reason, position=kept, counters=counters, ended_at=self._now()
        )
        await self._register.write(self._member, [PutRun(run)])
        if state is not RunState.INTERRUPTED:
            await self._register.forget_seen(self._member, run.id)
        told = log.info if state is RunState.DONE else log.warning
        told("sync.ended", member=self._member, feed=run.feed, run=run.id, kind=run.kind, state=str(state), dry=run.dry,
             reason=reason, **counters)  # fmt: skip

    async def _settle(self) -> None:
        run = self._outcome.run
        try:
            await self._feed.settle(done=run.state is RunState.DONE and not run.dry)
        except FeedError as error:
            self._outcome.run = replace(run, reason="; ".join(filter(None, (run.reason, error.reason))))
            await self._register.write(self._member, [PutRun(self._outcome.run)])


class _Interrupted(Exception):
    """Somebody asked to stop."""


async def _once(people: list[Person]) -> AsyncIterator[list[Person]]:
    for start in range(0, len(people), PAGE):
        yield people[start : start + PAGE]
