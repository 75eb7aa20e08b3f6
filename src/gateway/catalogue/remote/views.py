"""Which views are searched at a server of the member's own, as the configuration says; it may change while running."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

from gateway.catalogue.query import InSet, ProblemCode, Query, QueryProblem, walk
from gateway.catalogue.remote import sru, z3950
from gateway.catalogue.remote.link import Link
from gateway.catalogue.remote.source import RemoteResultSet, RemoteSource
from gateway.clients.targets import z3950_target
from gateway.clock import Clock
from gateway.config import SourceConfig


class RemoteViews:
    """The members' servers, by view. `ALL` is never among them.

    `searched`: there has been a server at any time, whose results somebody may still hold."""

    def __init__(self, sources: Mapping[str, SourceConfig], clock: Clock) -> None:
        self._clock = clock
        self.searched = False
        self._configured: dict[str, SourceConfig] = {}
        self._sources: dict[str, RemoteSource] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self.replace(sources)

    def get(self, view: str) -> RemoteSource | None:
        """The server that a view is searched at; None for views of our own index."""
        return self._sources.get(view)

    def replace(self, sources: Mapping[str, SourceConfig]) -> None:
        """Takes other servers while running; those that stay as they were keep their connections."""
        for view, old in list(self._sources.items()):
            if sources.get(view) != self._configured[view]:
                del self._sources[view]
                ending = asyncio.ensure_future(old.close())
                self._ending.add(ending)
                ending.add_done_callback(self._ending.discard)
        for view, source in sources.items():
            if view not in self._sources:
                self._sources[view] = RemoteSource(view, links_to(view, source), source.timeout_seconds, self._clock)
        self._configured = dict(sources)
        self.searched = self.searched or bool(sources)

    async def close(self) -> None:
        """Ends all connections."""
        await asyncio.gather(*(source.close() for source in self._sources.values()), *self._ending)


def check_sets(query: Query) -> None:
    """Raises QueryProblem for a query to our own index that names a result of another server's."""
    for node in walk(query):
        if isinstance(node, InSet) and isinstance(node.result_set, RemoteResultSet):
            raise QueryProblem(ProblemCode.RESULT_SET_COMBINATION, f"the set is of {node.result_set.view}")


def problem_of_address(source: SourceConfig) -> str:
    """What is wrong with the address of a server, empty where nothing is."""
    try:
        if source.url.startswith("z3950:"):
            z3950_target(source.url)
    except ValueError as error:
        return str(error)
    return ""


def links_to(view: str, source: SourceConfig) -> Callable[[], Link]:
    """Makes connections to a server, none of them open yet; what is learnt over one, the others know."""
    if source.url.startswith("z3950:"):
        return partial(z3950.Z3950Link, view, source, z3950.Habits())
    return partial(sru.SruLink, view, source, sru.Habits())
