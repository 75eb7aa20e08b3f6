"""One search: its base, who may be in it, the filter over each, and as many entries as page and limits allow.

Candidates come in batches by position, so that a search holds nobody up and a page can begin where the last one ended.
Entries of the tree come before people, at positions `#0`, `#1`, ..., people at their ids.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from gateway.adapters.ldap.filters import Test, comparisons, compile_filter, mentions_live
from gateway.adapters.ldap.mapping import PersonEntry, Selection, StaticEntry, Tree, attributes_of, selection
from gateway.adapters.ldap.people import People, Work
from gateway.adapters.ldap.plan import NOBODY, named_in, wanted_for
from gateway.adapters.ldap.session import Base, Kind, Place, Principal, Problem, no_such_object
from gateway.clock import Clock
from library_protocols.ldap import ResultCode, Scope, SearchRequest, SearchResultEntry

TOGETHER = 50
"""Entries looked at before others have their turn, where the filter costs little."""
COMPARISONS_TOGETHER = 1000
"""Comparisons after which others have their turn: about two milliseconds. An entry is looked at as a whole."""
PIECE_SECONDS = 0.005
"""Of showing entries, after which others have their turn."""
MOST_COMPARISONS = 4096
"""Of one filter with one entry. A filter with a rule and no attribute compares all that the rule is for."""
_ALONE = "~"
"""Position of the one person whom a search is about: behind every id."""

AnyEntry = PersonEntry | StaticEntry
Send = Callable[[SearchResultEntry], Awaitable[None]]
"""Sends an entry; returns when the client takes more."""
Turn = Callable[[], Awaitable[None]]
"""Returns when others have been served."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`most` entries in all (None: no end), `sent` of them on earlier pages; `page` entries on this one (None: no
    pages). `deadline` in monotonic seconds."""

    most: int | None
    deadline: float
    page: int | None = None
    sent: int = 0


@dataclass(slots=True)
class _Candidate:
    position: str
    entry: AnyEntry


class Pieces:
    """The work of all searches of a process, a piece in each round of the loop: kiosks are served between any two."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def turn(self) -> None:
        """Returns when it is somebody's turn to do a piece."""
        async with self._lock:
            await asyncio.sleep(0)


class Search:
    """`statics` are the entries of the tree that the asker may see, `tree` the asker's own. Raises Problem for a filter
    that costs too much."""

    def __init__(
        self,
        request: SearchRequest,
        base: Base,
        principal: Principal,
        tree: Tree,
        statics: Sequence[StaticEntry],
        people: People,
        clock: Clock,
        work: Work,
        turn: Turn,
    ) -> None:
        cost = comparisons(request.filter, principal.released)
        if cost > MOST_COMPARISONS:
            raise Problem(ResultCode.ADMIN_LIMIT_EXCEEDED, f"a filter of more than {MOST_COMPARISONS} comparisons")
        self._together = min(TOGETHER, max(COMPARISONS_TOGETHER // max(cost, 1), 1))
        self._request = request
        self._base = base
        self._principal = principal
        self._tree = tree
        self._statics = statics
        self._people = people
        self._clock = clock
        self._work = work
        self._turn = turn
        self._test: Test = compile_filter(request.filter, principal.released)
        self._shown: Selection = selection(request.attributes, principal.released)
        self._live_filter = mentions_live(request.filter)

    async def run(self, limits: Limits, position: str, send: Send) -> str:
        """Sends what is found behind `position`; the position to go on from, "" where there is nothing more.

        Raises Problem: noSuchObject; after the entries that could be sent sizeLimitExceeded, timeLimitExceeded, and
        adminLimitExceeded where a filter asks what the platform alone knows of more people than it is asked about. In
        pages that ends the page.
        """
        sent, last = 0, position
        async for candidates in self._candidates(position):
            fitting, undecided = await self._fitting(candidates)
            begun = time.monotonic()
            for candidate in candidates:
                if candidate.position in undecided:
                    if limits.page is not None:
                        return last
                    raise Problem(ResultCode.ADMIN_LIMIT_EXCEEDED, "the platform would have to be asked about too many")
                if candidate.position in fitting:
                    if sent == limits.page:
                        return last
                    if limits.most is not None and limits.sent + sent >= limits.most:
                        raise Problem(ResultCode.SIZE_LIMIT_EXCEEDED)
                    attributes = attributes_of(candidate.entry, self._shown, types_only=self._request.types_only)
                    await send(SearchResultEntry(candidate.entry.dn, attributes))
                    sent += 1
                    self._work.entries += 1
                    if time.monotonic() - begun > PIECE_SECONDS:
                        await self._turn()
                        begun = time.monotonic()
                last = candidate.position
            if self._clock.monotonic() >= limits.deadline:
                if sent == limits.page:
                    return last
                raise Problem(ResultCode.TIME_LIMIT_EXCEEDED)
        return ""

    async def _fitting(self, candidates: list[_Candidate]) -> tuple[set[str], set[str]]:
        """Positions of those whom the filter fits, with what the platform says of them where that is asked for; and of
        those about whom it would have to be asked and may not be any more."""
        answers = {one.position: self._test(one.entry) for one in candidates}
        undecided: set[str] = set()
        if self._live_filter:
            # What is undefined while nobody has asked the platform may be true; what is true or false stays so.
            unsure = [one for one in candidates if answers[one.position] is None]
            await self._learn(unsure)
            answers |= {one.position: self._test(one.entry) for one in unsure}
            undecided = {one.position for one in unsure if isinstance(one.entry, PersonEntry) and not one.entry.asked}
        fitting = [one for one in candidates if answers[one.position]]
        if fitting and (self._shown.live or (self._shown.shows_live and len(candidates) == 1)):
            await self._learn(fitting)
        return {one.position for one in fitting}, undecided

    async def _learn(self, candidates: list[_Candidate]) -> None:
        entries = [one.entry for one in candidates if isinstance(one.entry, PersonEntry)]
        await self._people.learn(entries, self._principal, self._work)

    async def _candidates(self, after: str) -> AsyncIterator[list[_Candidate]]:
        """Everybody who may be meant, in order, a few at a time; never an empty list."""
        statics = [
            one for at, entry in enumerate(self._statics) if (one := _Candidate(f"#{at}", entry)).position > after
        ]
        people_after = "" if after.startswith("#") else after
        if statics and not people_after:
            yield statics
        if self._base.place is Place.PERSON:
            found = await self._one()
            if self._request.scope != Scope.ONE and not people_after:
                yield [_Candidate(_ALONE, found)]
            return
        if not self._below_people():
            return
        if self._principal.kind is Kind.PATRON:
            own = await self._people.own(self._tree, self._principal, self._work)
            if own is not None and not people_after:
                yield [_Candidate(_ALONE, own)]
            return
        async for some in self._everybody(people_after):
            yield some

    async def _one(self) -> PersonEntry:
        """The entry that the base names. Raises Problem where there is none."""
        if self._base.own:
            found = await self._people.own(self._tree, self._principal, self._work)
        else:
            found = await self._people.named(self._tree, self._base.value, self._principal, self._work)
        if found is None:
            raise no_such_object(self._tree, in_people=True)
        return found

    def _below_people(self) -> bool:
        """Whether the scope reaches the entries of people."""
        if self._base.place is Place.PEOPLE:
            return self._request.scope != Scope.BASE
        return self._base.place in (Place.ROOT, Place.SUFFIX) and self._request.scope == Scope.SUB

    async def _everybody(self, after: str) -> AsyncIterator[list[_Candidate]]:
        wanted = wanted_for(self._request.filter, self._principal.released)
        if wanted == NOBODY:
            return
        first, met = not after, False
        while True:
            entries, after, last = await self._people.batch(self._tree, wanted, after)
            met = met or bool(entries)
            for at in range(0, len(entries), self._together):
                yield [_Candidate(one.person.id, one) for one in entries[at : at + self._together]]
                if not last or at + self._together < len(entries):
                    await self._turn()
            if last:
                break
        if first and not met and (value := named_in(self._request.filter)):
            beside = await self._people.beside(self._tree, value, self._principal, self._work)
            if beside is not None:
                yield [_Candidate(_ALONE, beside)]
