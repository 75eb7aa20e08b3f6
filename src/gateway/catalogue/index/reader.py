"""Questions to the index: searches, facets, scans, in the serving process, which never writes it.

Ordinary searches run where they are called: a tenth of a millisecond is less than handing them to a thread takes.
What can take longer (masks, deep pages, large sorts, facets) runs in a thread, which tantivy lets run beside us.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import structlog
import tantivy

from gateway.catalogue.index import facets as counting
from gateway.catalogue.index.compile import (
    Size,
    both,
    compile_measured,
    how_many,
    in_view,
    is_everything,
    measured,
    term,
)
from gateway.catalogue.index.cost import INLINE, LITTLE_WORK, is_costly
from gateway.catalogue.index.directory import UNOPENED, current, is_current, is_panic, opening, position
from gateway.catalogue.index.evaluate import matches
from gateway.catalogue.index.extract import HOLDER, Fields
from gateway.catalogue.index.headings import HeadingReader, Scan
from gateway.catalogue.index.results import Masks, ResultSet, Weight, check_keys, count_and_first
from gateway.catalogue.index.schema import ID, prepare, schema
from gateway.catalogue.query import (
    AllRecords,
    And,
    AndNot,
    Or,
    ProblemCode,
    Prox,
    Query,
    QueryProblem,
    SortKey,
    Term,
)
from gateway.catalogue.records import ALL
from gateway.store.lock_file import Held

T = TypeVar("T")

_LOG = structlog.get_logger(__name__)

_MOST_KEPT = 200
"""Answers kept until the index is read anew: who pages through a result asks the same again."""
_MOST_MASKS = 60_000
"""Work of the masks of all result sets that are held: some two hundred megabytes."""
_SET_NODES = 5
"""What a set within a set counts for beside its own query: conditions inside one another cost more than those in a
row."""
_MOST_WAITING = 64
"""Questions that are under way in threads or wait for one; who asks one more is told so at once."""
_MOST_IDS = 100_000
"""Records of a result set that are carried over into an index that has moved on."""


class IndexReader:
    """The index as one process reads it. `path` is the folder that `writer` keeps; it may not be there yet."""

    def __init__(self, path: Path, threads: int = 2) -> None:
        self._path = path
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="catalogue")
        self._waiting = 0
        self._masks = Masks()
        self._opened: tuple[Path, int] | None = None
        self._written = 0
        self._index: tantivy.Index | None = None
        self._headings: HeadingReader | None = None
        self._told = ""
        self._kept: OrderedDict[tuple[str, Query, tuple[SortKey, ...]], ResultSet] = OrderedDict()
        self.reload()

    def reload(self) -> None:
        """Sees what the writer has committed since; opens another folder where the index was made anew.

        One that cannot be read is none: whoever writes it makes it anew."""
        folder = current(self._path)
        if folder is None:
            return
        try:
            with opening():
                self._open(folder)
        except Held:
            return
        except UNOPENED as reason:
            self._kept.clear()
            self._index = self._headings = self._opened = None
            if self._told != str(reason):
                self._told = str(reason)
                _LOG.error("index.unreadable", path=str(folder), reason=self._told)

    def _open(self, folder: Path) -> None:
        written, headings_file = _written(folder), folder / "headings.sqlite3"
        # A file that we have open is told from one that was put in its place: its number is given to no other.
        found = (folder, headings_file.stat().st_ino)
        if found == self._opened and self._index is not None:
            if written != self._written:
                self._kept.clear()
                self._index.reload()
                self._written = written
            return
        if not is_current(folder):
            return
        index = prepare(tantivy.Index.open(str(folder / "tantivy")))
        index.config_reader("manual", 0)
        index.reload()
        headings = HeadingReader(headings_file, self._run)
        # Scans that are under way hold on to the headings that they began with.
        self._kept.clear()
        self._index, self._headings, self._opened, self._written = index, headings, found, written
        self._told = ""

    @property
    def ready(self) -> bool:
        """Whether there is an index of this version."""
        return self._index is not None

    @property
    def position(self) -> int:
        """The seq of the feed that the index has followed to."""
        folder = current(self._path)
        return 0 if folder is None else position(folder)

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        if self._headings is not None:
            self._headings.close()

    async def search(
        self, view: str, query: Query, sort: Sequence[SortKey] = (), *, once: bool = False, unread: bool = False
    ) -> ResultSet:
        """What a query finds in a view now. `once`: who asks keeps what is found and does not ask again for the next
        page, so that only what was dear is kept here as well. `unread`: nobody is likely to want the first records.
        Raises QueryProblem."""
        keys = check_keys(sort) if sort else ()
        own = query if view == ALL else _own_holders(query, view)
        size = measured(own)
        searcher = size.sets[0].searcher if size.sets else self._searcher()
        costly = is_costly(searcher, own, size)
        asked = None if once and not costly and not keys else (view, query, keys)
        if asked is not None and (kept := self._kept.get(asked)) is not None:
            self._kept.move_to_end(asked)
            return kept
        seen = self._opened, self._written
        weight = self._weighed(size)
        if size.work > LITTLE_WORK:
            compiled = await self._aside(compile_measured, own, partial(_in_set, searcher, view))
        else:
            compiled = self._now(compile_measured, own, partial(_in_set, searcher, view))
        shown = in_view(view) if is_everything(query) else both(in_view(view), compiled)
        first: Any = None
        if costly:
            count = await self._aside(how_many, searcher, shown)
        elif unread or size.relevant or keys:
            count = self._now(how_many, searcher, shown)
        else:
            first = self._now(count_and_first, searcher, shown)
            count = first.count
        found = ResultSet(
            searcher, shown, view, count, self._run, size.relevant, (), _SET_NODES + size.nodes, weight, first
        )
        if keys:
            found = await self._run(count > INLINE, found.sorted, keys)
        if asked is not None and not size.sets and seen == (self._opened, self._written):
            self._kept[asked] = found
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return found

    def _weighed(self, size: Size) -> Weight | None:
        """Counts the masks of a query among those that are held. Raises QueryProblem where these are too many."""
        wanted = size.work + sum(one.weight.work for one in size.sets if one.weight is not None)
        if not wanted:
            return None
        if self._masks.held + wanted > _MOST_MASKS:
            self._kept.clear()
        if self._masks.held + wanted > _MOST_MASKS:
            raise QueryProblem(ProblemCode.RESOURCES, "too many result sets of masked words are held")
        return Weight(self._masks, wanted)

    async def facets(
        self, found: ResultSet, names: Sequence[str], limit: int = 10, start: int = 0
    ) -> dict[str, list[counting.Count]]:
        """How often each value of these indexes is among the records found, the most frequent first."""
        counts = await self._run(found.count > 2_000, counting.count, found, tuple(names), limit, start)
        if found.view != ALL and HOLDER in counts:
            own = [counting.Count(found.view, found.count)] if found.count and limit else []
            counts[HOLDER] = own[start:]
        return counts

    async def scan(
        self, view: str, index: str, term: str, size: int = 10, position: int = 1, *, words: bool = False
    ) -> Scan:
        """The terms of an index around one, those that the view has, each with the number of its records.

        `term` stands at `position` among the `size` (1: first; 0: before the first; size + 1: behind the last)."""
        searcher = self._searcher()
        headings = self._headings
        assert headings is not None
        return await headings.scan(searcher, view, index, term, size, position, words)

    def ids(self, found: ResultSet) -> list[int]:
        """Every record of a set, by id; for sets that are not large."""
        hits = found.searcher.search(
            found.query, max(found.count, 1), count=False, order_by_field=ID, order=tantivy.Order.Asc
        ).hits
        return [int(hit[0]) for hit in hits]

    def _searcher(self) -> tantivy.Searcher:
        if self._index is None:
            self.reload()
        if self._index is None:
            raise QueryProblem(ProblemCode.UNAVAILABLE, "the index is being made")
        return self._index.searcher()

    async def _run(self, costly: bool, work: Callable[..., T], *arguments: Any) -> T:
        return await self._aside(work, *arguments) if costly else self._now(work, *arguments)

    async def _aside(self, work: Callable[..., T], *arguments: Any) -> T:
        """In a thread, beside the event loop."""
        if self._waiting >= _MOST_WAITING:
            raise QueryProblem(ProblemCode.RESOURCES, "too many searches at once")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: self._now(work, *arguments))
        finally:
            self._waiting -= 1

    @staticmethod
    def _now(work: Callable[..., T], *arguments: Any) -> T:
        """Does the work; what tantivy refuses or breaks over is a QueryProblem."""
        try:
            return work(*arguments)
        except ValueError as error:
            raise QueryProblem(*_of(error)) from error
        except BaseException as error:
            if is_panic(error):
                raise QueryProblem(ProblemCode.RESOURCES, str(error)[:200]) from error
            raise


def _written(folder: Path) -> int:
    """When the index was last committed: its list of segments is replaced then."""
    try:
        return (folder / "tantivy" / "meta.json").stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _of(error: ValueError) -> tuple[ProblemCode, str]:
    """What tantivy refuses while it searches: masks that fit more words than it joins, automata that grow too large."""
    text = str(error)
    if "expansion" in text.lower() or "regex" in text.lower() or "automaton" in text.lower():
        return ProblemCode.MASKED_TOO_MANY, text[:200]
    return ProblemCode.RESOURCES, text[:200]


def _own_holders(query: Query, view: str) -> Query:
    """In a member's view a record is held by that member: what the others hold is told in theirs and in `ALL`, to
    those who may read these."""
    if view == ALL:
        return query
    if isinstance(query, Term) and query.index == HOLDER:
        term(query)
        return AllRecords() if matches(query, Fields(keys={HOLDER: [view]})) else AndNot(AllRecords(), AllRecords())
    if isinstance(query, And | Or | AndNot | Prox):
        return replace(query, left=_own_holders(query.left, view), right=_own_holders(query.right, view))
    return query


def _in_set(searcher: tantivy.Searcher, view: str, found: ResultSet) -> tantivy.Query:
    """The records of a set as a condition of another query: its own query where both see the same index, else ids."""
    if found.view != view:
        raise QueryProblem(ProblemCode.RESULT_SET_COMBINATION, f"the set is of {found.view}")
    if found.searcher is searcher:
        return found.query
    if found.count > _MOST_IDS:
        raise QueryProblem(ProblemCode.RESULT_SET_COMBINATION, f"sets of more than {_MOST_IDS} of different times")
    hits = found.searcher.search(found.query, max(found.count, 1), count=False, order_by_field=ID).hits
    return tantivy.Query.term_set_query(schema(), ID, [int(hit[0]) for hit in hits])
