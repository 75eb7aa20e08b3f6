"""One harvest of one source: pages asked for in a thread, each taken into the catalogue with the state that leads on.

Whatever ends a harvest, the next run goes on behind the last page that was taken. A list that cannot be gone on with
is begun again with the same arguments: datestamps that rose so far prove nothing about the rest of it. Records are
known by member and control number: what comes twice costs nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

from gateway.catalogue.ingest import Incoming, Refusal, Report
from gateway.catalogue.records import Provenance
from gateway.catalogue.store.turns import Blocked, Busy, Turns
from gateway.clock import Clock
from gateway.config import HarvestConfig
from gateway.harvesting.records import Translator, gone
from gateway.harvesting.seen import Seen
from gateway.harvesting.source import Page, Source, SourceProblem, Stopped, TokenLost
from gateway.harvesting.state import HarvestState, load_state, next_from, state_key, target_of
from library_protocols.oai_pmh import Granularity, Identification

IDLE_PAGES = 20  # pages on end without a record, or with a token that was seen: such a list never ends
RESTARTS = 3  # of a list, in one run
STALLED = 5  # runs on end that get no page by a token: then it is taken for lost
MOST_GONE = 0.2  # of a source's records: more missing from a full list look like a fault of the source
FEW = 100  # that many may be missing however few there are
UNKNOWN = "unknown"  # a responseDate that was not told
TRANSACTION = 500  # records written in one go, so that others may write in between
SCAN = 500  # records of the catalogue looked at in one go

log = structlog.get_logger(__name__)


class CatalogueSide(Protocol):
    """What a harvest reads of the catalogue's store."""

    async def state(self, key: str) -> str | None: ...

    async def origin(self, member: str, control: str) -> Provenance | None: ...

    async def origins(self, member: str, after: str, size: int) -> list[tuple[str, Provenance | None]]: ...


class Intake(Protocol):
    """What takes the records."""

    async def put(
        self, member: str, batch: Sequence[Incoming], *, state: Mapping[str, str | None] | None = None
    ) -> Report: ...


@dataclass(slots=True)
class Outcome:
    """What a harvest did. `records` counts live and deleted ones; `resumed_at` those of earlier runs of the same list;
    `gone` those taken for deleted because a full list had them no longer; `damaged` pieces of pages that were no XML;
    `restarts` how often the list was begun again in this run, `begun_anew` why it was, in this run or before.
    `problem` says what is wrong: always where it neither `finished` nor was stopped."""

    source: str
    records: int = 0
    deleted: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    repaired: int = 0
    pages: int = 0
    restarts: int = 0
    damaged: int = 0
    resumed_at: int = 0
    full: bool = False
    finished: bool = False
    begun_anew: str = ""
    problem: str = ""
    refused: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Step:
    """Told after every page. `size` is the length of the whole list as the source has it, None where it is silent."""

    source: str
    records: int
    resumed_at: int
    size: int | None


Progress = Callable[[Step], None]


class Spoilt(SourceProblem):
    """Going on with this list leads nowhere: the next run begins it again, from `anew`."""

    def __init__(self, problem: str, state: HarvestState) -> None:
        super().__init__(problem)
        self.anew = replace(state, why=problem).anew()


class Harvest:
    """A harvest of one member's source. `folder` is for the list of what was seen; `dry_run` writes nothing at all;
    `accept_gone` takes what a full list lacks for deleted, however much it is."""

    def __init__(
        self,
        member: str,
        source: HarvestConfig,
        provider: Source,
        store: CatalogueSide,
        intake: Intake,
        clock: Clock,
        turns: Turns,
        folder: Path,
        *,
        progress: Progress = lambda step: None,
        dry_run: bool = False,
        accept_gone: bool = False,
    ) -> None:
        self._member = member
        self._source = source
        self._provider = provider
        self._store = store
        self._intake = intake
        self._clock = clock
        self._turns = turns
        self._folder = folder
        self._progress = progress
        self._dry_run = dry_run
        self._accept_gone = accept_gone
        self._key = state_key(member, source.name)
        self._translator = Translator(member, source, store.state, partial(store.origin, member))
        self._tokens: set[bytes] = set()
        self._days = False  # whether the provider's datestamps are days
        self.outcome = Outcome(source.name)

    async def run(self, *, full: bool = False) -> Outcome:
        """Harvests what is new, or with `full` everything. Raises what the catalogue raises when it is away."""
        try:
            await self._turns.alone(self._key, lambda: self._run(full))
        except SourceProblem as problem:
            self.outcome.problem = str(problem)
        except Blocked as reason:
            self.outcome.problem = f"this source cannot be harvested: {reason}"
        except Busy as other:
            self.outcome.problem = f"this source is being harvested by {other}"
        except Stopped:
            log.info("harvest.stopped", member=self._member, source=self._source.name)
        return self.outcome

    async def _run(self, full: bool) -> None:
        about = await asyncio.to_thread(self._provider.identify_repository)
        self._days = about.granularity == Granularity.DAY.value
        state = self._begin(load_state(await self._store.state(self._key), target_of(self._source)), full)
        self.outcome.full = state.full
        self.outcome.resumed_at = self.outcome.records = state.records
        self.outcome.begun_anew = state.why
        seen = None
        if state.full and state.since and not self._dry_run:
            file = self._folder / f"{self._member}-{self._source.name}.seen.sqlite3"
            seen = Seen(file, state.dump() if state.begun else None)
        try:
            ended = await self._list(state, seen)
            self._look_for_missing(ended)
            if not self._dry_run:
                await self._end(ended, about, seen)
            self.outcome.finished = True
        except Spoilt as problem:
            await self._keep(problem.anew)
            raise
        except SourceProblem as problem:
            if state.token and not self.outcome.pages and not self.outcome.restarts:
                await self._keep(self._stalled(state, problem, seen))
            raise
        finally:
            if seen is not None:
                seen.close(forget=self.outcome.finished)

    def _begin(self, state: HarvestState, full: bool) -> HarvestState:
        """The list that was begun before, or a new one."""
        return state if state.begun and not full and not self._dry_run else state.anew(full=full)

    async def _keep(self, state: HarvestState) -> None:
        """A state without records."""
        if not self._dry_run:
            await self._intake.put(self._member, [], state={self._key: state.dump()})

    def _stalled(self, state: HarvestState, problem: SourceProblem, seen: Seen | None) -> HarvestState:
        """The provider is there, and gives no page by this token: some answer 500 to one that they have lost."""
        state = replace(state, stalled=state.stalled + 1)
        if state.stalled >= STALLED:
            return Spoilt(f"{state.stalled} runs on end got no page by the resumption token: {problem}", state).anew
        if seen is not None:
            seen.add([], state.dump())
        return state

    async def _list(self, state: HarvestState, seen: Seen | None) -> HarvestState:
        """Every page from where the state says; the next one is fetched while one is taken."""
        fetching = self._fetch(state)
        idle = 0
        try:
            while True:
                try:
                    page = await fetching
                except TokenLost as lost:
                    state = self._restarted(state, lost)
                    if seen is not None:
                        seen.begin_anew()
                    fetching = self._fetch(state)
                    continue
                state = self._after(state, page)
                idle = idle + 1 if self._met(state.token) or not page.response.records else 0
                if state.token:
                    fetching = self._fetch(state)
                await self._take(page, state, seen)
                if not state.token:
                    return state
                if self._provider.stopping:
                    raise Stopped
                if idle >= IDLE_PAGES:
                    raise Spoilt(f"{idle} pages on end brought nothing new: the list has no end", state)
                if state.records >= self._source.max_records:
                    most = self._source.max_records
                    raise Spoilt(f"there are more than {most:,} records: the list has no end", state)
        finally:
            fetching.cancel()

    def _fetch(self, state: HarvestState) -> asyncio.Future[Page]:
        if state.token:
            arguments = {"resumptionToken": state.token}
        else:
            arguments = {"metadataPrefix": self._source.metadata_prefix}
            if self._source.set_spec:
                arguments["set"] = self._source.set_spec
            if state.from_:
                # A provider that has gone over to days since would refuse a time for ever.
                arguments["from"] = state.from_[: len("2020-01-31")] if self._days else state.from_
        return asyncio.ensure_future(asyncio.to_thread(self._provider.page, arguments))

    def _met(self, token: str) -> bool:
        """Whether this token led on before, in this run."""
        digest = hashlib.blake2b(token.encode(), digest_size=8).digest()
        known = digest in self._tokens
        if token:
            self._tokens.add(digest)
        return known

    def _restarted(self, state: HarvestState, lost: TokenLost) -> HarvestState:
        outcome = self.outcome
        outcome.restarts += 1
        of = f" of {state.size:,}" if state.size else ""
        why = f"the source lost its resumption token after {state.records:,}{of} records ({lost})"
        state = replace(state, why=why, least=max(state.least, state.records)).anew()
        if outcome.restarts > RESTARTS:
            raise Spoilt(f"{outcome.restarts} times in this run {why}", state)
        log.warning("harvest.begun_anew", member=self._member, source=self._source.name, why=why)
        self._tokens.clear()
        outcome.resumed_at, outcome.begun_anew = 0, why
        return state

    def _after(self, state: HarvestState, page: Page) -> HarvestState:
        """The state behind a page."""
        response = page.response
        size = response.token.complete_list_size if response.token is not None else None
        return replace(
            state,
            begun=state.begun or response.response_date or UNKNOWN,
            token=response.token.value if response.token is not None else "",
            records=state.records + len(response.records),
            damaged=state.damaged + len(page.damage),
            size=state.size if size is None else size,
            stalled=0,
        )

    def _look_for_missing(self, state: HarvestState) -> None:
        """Compares a list that has come to its end with what it was to hold. Raises Spoilt the first time it is less;
        where the same happens to the list begun again that is how the source counts, and told."""
        if not state.missing:
            return
        problem = f"the list ended after {state.records:,} records, and was to have {state.missing:,} more"
        if not state.short:
            raise Spoilt(f"{problem}; the next harvest begins it again", replace(state, short=True))
        self.outcome.problem = f"{problem}, for the second time; nothing that it lacks was deleted"

    async def _take(self, page: Page, state: HarvestState, seen: Seen | None) -> None:
        """One page into the catalogue, and the state behind it in the same transaction."""
        outcome, response = self.outcome, page.response
        batch = await self._translator.batch(response.records, response.response_date)
        if seen is not None:
            seen.add(batch.controls, state.dump())
        outcome.pages += 1
        if not self._dry_run:
            await self._put(batch.incoming, {**batch.names, self._key: state.dump()})
        outcome.refused += batch.refused
        outcome.refused += [
            Refusal(f"page {outcome.pages}, octet {damage.offset}", damage.reason) for damage in page.damage
        ]
        outcome.damaged += len(page.damage)
        outcome.deleted += batch.deleted
        outcome.repaired += batch.repaired
        outcome.records = state.records
        size = response.token.complete_list_size if response.token is not None else None
        self._progress(Step(self._source.name, state.records, outcome.resumed_at, size))

    async def _put(self, incoming: Sequence[Incoming], kept: dict[str, str | None]) -> None:
        """Some pages have ten thousand records: in parts, what is kept with the last."""
        last = max(0, len(incoming) - 1) // TRANSACTION * TRANSACTION
        for start in range(0, last, TRANSACTION):
            self._count(await self._intake.put(self._member, incoming[start : start + TRANSACTION]))
            await asyncio.sleep(0)
        self._count(await self._intake.put(self._member, incoming[last:], state=kept))

    def _count(self, report: Report) -> None:
        self.outcome.added += report.added
        self.outcome.changed += report.changed
        self.outcome.unchanged += report.unchanged
        self.outcome.refused += report.refused

    async def _end(self, state: HarvestState, about: Identification, seen: Seen | None) -> None:
        """The list has been read to its end: what it lacks goes, and the next harvest begins behind it."""
        if seen is not None and seen.whole and not state.damaged and not state.missing:
            await self._remove_missing(seen, empty=not state.records)
        now = int(self._clock.now().timestamp())
        ended = HarvestState(
            target=state.target,
            since=next_from(state.begun, about.granularity, now),
            full_at=now if state.full else state.full_at,
            ended_at=now,
        )
        await self._keep(ended)

    async def _remove_missing(self, seen: Seen, *, empty: bool) -> None:
        """Deletes what came from this source once and is not in its full list, unless it is suspiciously much, as it
        is where that list is `empty`."""
        missing: list[Incoming] = []
        after, ours = "", 0
        while page := await self._store.origins(self._member, after, SCAN):
            for control, origin in page:
                if origin is None or origin.base_url != self._source.url:
                    continue
                ours += 1
                if control not in seen:
                    missing.append(gone(origin.identifier, control))
            after = page[-1][0]
            await asyncio.sleep(0)
        much = len(missing) > max(FEW, ours * MOST_GONE) or (empty and missing)
        if much and not self._accept_gone:
            self.outcome.problem = (
                f"{len(missing):,} of {ours:,} records are missing from the full list; nothing was deleted "
                "(--accept-deletions takes them for gone)"
            )
            return
        for start in range(0, len(missing), SCAN):
            report = await self._intake.put(self._member, missing[start : start + SCAN])
            self.outcome.gone += report.deleted


__all__ = ["Harvest", "Outcome", "Progress", "Step"]
