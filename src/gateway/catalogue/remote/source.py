"""A member's server as the catalogue asks it: within a deadline, over a few connections, never when it is known dead.

A result set is what the server found, by its number; records get ids made of that number and their position, so that
a page costs nothing until its records are wanted.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import structlog

from gateway.catalogue.index.headings import Scan
from gateway.catalogue.index.results import LARGEST_PAGE, check_keys
from gateway.catalogue.query import (
    And,
    AndNot,
    InSet,
    Or,
    ProblemCode,
    Prox,
    Query,
    QueryProblem,
    SortKey,
)
from gateway.catalogue.records import CatalogueRecord
from gateway.catalogue.remote.circuit import Circuit
from gateway.catalogue.remote.link import Able, Link, LinkFailed, LinkTimeout, Opened
from gateway.catalogue.remote.reading import Told, catalogue_record
from gateway.clock import Clock

MOST_LINKS = 4
"""Connections to one server: small systems allow few, and they are the member's own users' as well."""
_MOST_KEPT = 100
"""Records of a result set that are kept: those of the page that is looked at."""
_POSITIONS = 32
"""Bits of an id that are the position in the result set."""

T = TypeVar("T")
log = structlog.get_logger(__name__)


class RemoteResultSet:
    """What a member's server found, as `gateway.catalogue.index.results.ResultSet` says what our index found.

    `count` is as the server gave it. `query` holds no reference to other sets.
    """

    def __init__(
        self, source: RemoteSource, number: int, query: Query, keys: tuple[SortKey, ...], opened: Opened
    ) -> None:
        self.source = source
        self.number = number
        self.query = query
        self.keys = keys
        self.count = opened.count
        self.handle = opened.handle
        self.known: OrderedDict[int, CatalogueRecord | None] = OrderedDict()
        self.keep(1, opened.first)

    @property
    def view(self) -> str:
        return self.source.view

    async def page(self, start: int, size: int) -> list[int]:
        """Ids of the records from position `start` (from 1), at most `size`."""
        size = min(size, LARGEST_PAGE, self.count - start + 1)
        return [self.id_of(position) for position in range(start, start + size)] if start >= 1 else []

    def id_of(self, position: int) -> int:
        return self.number << _POSITIONS | position

    def keep(self, start: int, told: Sequence[Told | None]) -> None:
        """Keeps records that came from the server, those from position `start` on."""
        for position, one in enumerate(told, start):
            record = None if one is None else catalogue_record(self.view, self.id_of(position), one)
            self.known[position] = record
        while len(self.known) > max(_MOST_KEPT, len(told)):
            self.known.popitem(last=False)


class RemoteSource:
    """One member's server. `make` makes a connection that is not open yet; `timeout` is seconds for each question."""

    def __init__(self, view: str, make: Callable[[], Link], timeout: float, clock: Clock) -> None:
        self.view = view
        self._make = make
        self._timeout = timeout
        self._clock = clock
        self._circuit = Circuit()
        self._room = asyncio.Semaphore(MOST_LINKS)
        self._idle: list[Link] = []
        self._sets: WeakValueDictionary[int, RemoteResultSet] = WeakValueDictionary()
        self._numbers = itertools.count(1)
        self._closed = False

    async def close(self) -> None:
        """Ends connections; those in use end with their question."""
        self._closed = True
        await self._drop_idle()

    async def search(self, query: Query, sort: Sequence[SortKey] = ()) -> RemoteResultSet:
        """What the server finds. Raises QueryProblem."""
        keys = check_keys(sort)
        plain = self._without_sets(query)
        opened = await self._ask(lambda link: link.find(plain, keys))
        found = RemoteResultSet(self, next(self._numbers), plain, keys, opened)
        self._sets[found.number] = found
        return found

    async def sort(self, found: RemoteResultSet, keys: Sequence[SortKey]) -> RemoteResultSet:
        """The same records in another order, as the server sorts them. Raises QueryProblem."""
        return await self.search(found.query, keys)

    async def records(self, ids: Sequence[int]) -> list[CatalogueRecord | None]:
        """In the order asked; None for what the server does not give as MARC. Raises QueryProblem."""
        wanted: dict[int, list[int]] = {}
        for one in ids:
            wanted.setdefault(one >> _POSITIONS, []).append(one & (1 << _POSITIONS) - 1)
        came: dict[int, CatalogueRecord | None] = {}
        for number, positions in wanted.items():
            found = self._sets.get(number)
            if found is None:
                continue
            for start, size in _runs([one for one in positions if one not in found.known]):
                await self._fetch(found, start, size)
            came |= {found.id_of(position): found.known.get(position) for position in positions}
        return [came.get(one) for one in ids]

    async def indexes(self) -> dict[str, Able]:
        """Those of our indexes that the server has as far as it tells. Raises QueryProblem."""
        return await self._ask(lambda link: link.indexes())

    async def scan(self, index: str, term: str, size: int, position: int, *, words: bool) -> Scan:
        """The terms of an index around one. Raises QueryProblem."""
        return await self._ask(lambda link: link.scan(index, term, size, position, words=words))

    async def _fetch(self, found: RemoteResultSet, start: int, size: int) -> None:
        async def fetch(link: Link) -> list[Told | None]:
            if not link.holds(found.handle):
                found.handle = (await link.find(found.query, found.keys)).handle
            return await link.records(found.handle, start, size)

        found.keep(start, await self._ask(fetch, found.handle))

    def _without_sets(self, query: Query) -> Query:
        """The query with the queries of sets in the place of the sets, so that any connection can ask it."""
        if isinstance(query, InSet):
            found = query.result_set
            if isinstance(found, RemoteResultSet) and found.source is self:
                return found.query
            raise QueryProblem(ProblemCode.RESULT_SET_COMBINATION, f"a set that is not of {self.view}'s own server")
        if isinstance(query, And | Or | AndNot | Prox):
            return replace(query, left=self._without_sets(query.left), right=self._without_sets(query.right))
        return query

    async def _ask(self, question: Callable[[Link], Awaitable[T]], handle: Any = None) -> T:
        """Asks over a connection that is free, at best one that holds `handle`. Raises QueryProblem.

        In a task of its own: a deadline needs one, and doors may ask without."""
        self._circuit.admit(self._clock.monotonic())
        return await asyncio.get_running_loop().create_task(self._in_time(question, handle))

    async def _in_time(self, question: Callable[[Link], Awaitable[T]], handle: Any) -> T:
        asked = False
        try:
            async with asyncio.timeout(self._timeout):
                async with self._room:
                    asked = True
                    answer = await self._over_a_link(question, handle)
        except QueryProblem:
            self._heard()
            raise
        except (LinkFailed, LinkTimeout, TimeoutError) as error:
            if not asked:
                self._circuit.abandoned()
                raise QueryProblem(ProblemCode.UNAVAILABLE, f"the server of {self.view} is busy") from None
            # Addresses and names of the member's are for the log: anybody may ask.
            told = "is away" if isinstance(error, LinkFailed) else "did not answer in time"
            self._missed(str(error) or f"no answer within {self._timeout:g} s", f"the server of {self.view} {told}")
            raise QueryProblem(ProblemCode.UNAVAILABLE, self._circuit.told) from error
        except BaseException:
            self._circuit.abandoned()
            raise
        self._heard()
        return answer

    async def _over_a_link(self, question: Callable[[Link], Awaitable[T]], handle: Any) -> T:
        """A connection that lay idle may have been closed by the server: then the question is asked over a new one."""
        link = next((one for one in self._idle if handle is not None and one.holds(handle)), None)
        if link is None and self._idle:
            link = self._idle[-1]
        if link is not None:
            self._idle.remove(link)
            try:
                return await self._over(link, question)
            except LinkFailed:
                await self._drop_idle()
        link = self._make()
        try:
            await link.open()
        except BaseException:
            await _ended(link)
            raise
        return await self._over(link, question)

    async def _over(self, link: Link, question: Callable[[Link], Awaitable[T]]) -> T:
        try:
            answer = await question(link)
        except QueryProblem:
            await self._give_back(link)
            raise
        except BaseException:  # half an answer may be under way: nobody else may get to read it
            await _ended(link)
            raise
        await self._give_back(link)
        return answer

    async def _give_back(self, link: Link) -> None:
        if self._closed:
            await _ended(link)
        else:
            self._idle.append(link)

    async def _drop_idle(self) -> None:
        links, self._idle = self._idle, []
        await asyncio.gather(*map(_ended, links))

    def _heard(self) -> None:
        if self._circuit.open:
            log.info("catalogue.source_is_back", member=self.view)
        self._circuit.answered()

    def _missed(self, why: str, told: str) -> None:
        self._circuit.failed(told, self._clock.monotonic())
        log.warning("catalogue.source_away", member=self.view, why=why, left_alone=self._circuit.open)


async def _ended(link: Link) -> None:
    """Ends a connection whatever state it is in; a goodbye that fails is none of ours."""
    with contextlib.suppress(LinkFailed, LinkTimeout, OSError, RuntimeError):
        await link.close()


def _runs(positions: Sequence[int]) -> list[tuple[int, int]]:
    """Stretches (start, size) of positions that follow each other."""
    runs: list[tuple[int, int]] = []
    for position in sorted(set(positions)):
        if runs and sum(runs[-1]) == position:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((position, 1))
    return runs
