"""The list of terms that scan walks along: which headings there are, in order, and how they are written.

The list holds no counts. It says of each heading, by one bit a view, in which views it may be; how many records of a
view have it is asked of the index itself at that moment, and headings that none has are passed over. So counts are
always those a search would give, nothing has to be taken back when records change, and no view sees another's.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
import tantivy

from gateway.catalogue.index.compile import both, how_many, in_view
from gateway.catalogue.index.cost import INLINE
from gateway.catalogue.index.extract import HOLDER
from gateway.catalogue.index.folding import heading as folded
from gateway.catalogue.index.listing import LONGEST, WORDS, WORDS_OF, Listed
from gateway.catalogue.index.schema import FIRST, LAST, schema
from gateway.catalogue.index_map import INDEXES, Index, Kind
from gateway.catalogue.query import ProblemCode, QueryProblem
from gateway.catalogue.records import ALL

_LOG = structlog.get_logger(__name__)

LARGEST_SCAN = 1_000
_MOST_PASSED = 20_000
"""Headings that one scan looks at, of which a view may have few."""
_LONGEST_STRETCH = 500
"""Headings read at once."""
_NEXT = "\x00"
"""Behind a key: the place right after it."""
_SHARED_BIT = 62
"""Views beyond the sixty-second share a bit: it only says where to look."""
_WORD_INDEXES = ("any", *WORDS_OF)
"""Indexes whose words can be listed."""
_MOST_KNOWN = 400_000
_MOST_NEW = 300_000
"""Headings of an index that is being made that are kept in memory before they are put aside."""

_MOST_PAGES = 1 << 15
"""Pages of four kilobytes that are compacted while the index is in use: some seconds' work."""

Run = Callable[..., Awaitable[Any]]
"""Runs a function, in a thread where the first argument says that it may take long."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS view (code TEXT PRIMARY KEY, bit INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS list (name TEXT PRIMARY KEY, id INTEGER NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS heading (
    list INTEGER NOT NULL, key TEXT NOT NULL, views INTEGER NOT NULL, open INTEGER NOT NULL, display TEXT,
    PRIMARY KEY (list, key)
) WITHOUT ROWID;
"""

_IN_USE = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
# What is made from nothing is thrown away where it does not come to its end.
_FRESH = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -131072;"

# A display form comes from a record that everybody may see; another one's is kept only while its own view is alone.
_MERGE = """
ON CONFLICT (list, key) DO UPDATE SET
    views = views | excluded.views,
    display = CASE WHEN open THEN display WHEN excluded.open THEN excluded.display
              WHEN views = excluded.views THEN display ELSE NULL END,
    open = open | excluded.open
"""
_PUT = f"INSERT INTO heading (list, key, views, open, display) VALUES (?, ?, ?, ?, ?) {_MERGE}"  # noqa: S608  our own text

# Where there are more new headings than memory holds, they are sorted all at once on the disk: put into their places
# a part at a time, each part would touch every page of the list.
_ASIDE = (
    "ATTACH DATABASE ? AS aside",
    "PRAGMA aside.journal_mode = OFF",
    "PRAGMA aside.synchronous = OFF",
    "CREATE TABLE aside.heading (list INTEGER, key TEXT, views INTEGER, open INTEGER, display TEXT)",
)
_PUT_ASIDE = "INSERT INTO aside.heading (list, key, views, open, display) VALUES (?, ?, ?, ?, ?)"
_TAKE_BACK = f"""
INSERT INTO main.heading (list, key, views, open, display)
SELECT list, key, views, open, display FROM aside.heading WHERE true ORDER BY list, key {_MERGE}
"""  # noqa: S608  our own text

_FORWARD = "SELECT key, display FROM heading WHERE list = ? AND key >= ? AND views & ? ORDER BY key LIMIT ?"
_BACKWARD = "SELECT key, display FROM heading WHERE list = ? AND key < ? AND views & ? ORDER BY key DESC LIMIT ?"


@dataclass(frozen=True, slots=True)
class Entry:
    """One term: `term` asks for it, `display` is how it is written, `count` records of the view have it.

    `count` is None only in a list of another server's that does not say."""

    term: str
    display: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Scan:
    """Terms in order. `position` is where the term asked for stands or would stand among them (from 1).

    `first`, `last`: nothing comes before the first entry or behind the last. `partial`: the list was not followed to
    the end that was asked for, because too many headings of other views lie between."""

    entries: tuple[Entry, ...]
    position: int
    first: bool
    last: bool
    partial: bool = False


def list_name(index: Index, words: bool) -> str:
    """The list that an index's headings, or its words, are in; what it has not is passed over."""
    return WORDS if words else index.list_of or index.name


Content = tuple[int, int, str | None]
"""Views, open, display."""
Row = tuple[int, str, int, int, str | None]
"""List and key before them."""


def check(path: Path) -> None:
    """Raises FileNotFoundError and sqlite3.Error where there is no list, or its beginning cannot be read."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing")
    with closing(_connect(path, "rw")) as connection:
        for table in ("view", "list", "heading"):
            connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()  # noqa: S608  our own text


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """One that makes no file."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None)


class HeadingWriter:
    """Adds headings. Used by the one process that writes the index; `commit` before the index's own."""

    def __init__(self, path: Path, *, fresh: bool = False) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.executescript((_FRESH if fresh else _IN_USE) + _SCHEMA)
        self.path = path
        self._fresh = fresh
        self._aside: Path | None = None
        self._bits: dict[str, int] = dict(self._connection.execute("SELECT code, bit FROM view"))
        self._lists: dict[str, int] = dict(self._connection.execute("SELECT name, id FROM list"))
        self._known: dict[int, defaultdict[int, set[str]]] = {}
        self._many_known = 0
        self._new: defaultdict[int, dict[str, Content]] = defaultdict(dict)

    def add(self, views: Sequence[str], listed: Listed) -> None:
        """Headings and words of records that these views show."""
        mask = 0
        for view in views:
            mask |= 1 << self._bit(view)
        is_open = int(ALL in views)
        known_of = self._known.setdefault(mask | (is_open << 63), defaultdict(set))
        for name, found in listed.items():
            number = self._list(name)
            known, new = known_of[number], self._new[number]
            unknown = found.keys() - known
            known |= unknown
            self._many_known += len(unknown)
            for key in unknown:
                before = new.get(key)
                content = (mask, is_open, found[key])
                new[key] = content if before is None else _both(before, content)
        if self._fresh and sum(map(len, self._new.values())) > _MOST_NEW:
            self._put_aside()

    def commit(self) -> None:
        """Makes what was added durable and visible to readers."""
        if self._aside is not None:
            self._put_aside()
            self._transaction(_TAKE_BACK)
            self._connection.execute("DETACH DATABASE aside")
            self._aside.unlink()
            self._aside = None
        elif rows := self._rows():
            self._transaction(_PUT, rows)
        self._forget()

    def compact(self) -> None:
        """Leaves no room between headings: an index that has just been made changes little."""
        self._connection.execute("VACUUM main")
        self._connection.execute(f"PRAGMA user_version = {self._pages()}")

    def tidy(self) -> None:
        """The same where they have become half as many again since, and not too many to be written in a moment. Gives
        back what the log of changes took."""
        compacted = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if 3 * compacted < 2 * self._pages() <= 2 * _MOST_PAGES:
            self.compact()
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _pages(self) -> int:
        return self._connection.execute("PRAGMA page_count").fetchone()[0]

    def _transaction(self, statement: str, rows: list[Row] | None = None) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        if rows is None:
            self._connection.execute(statement)
        else:
            self._connection.executemany(statement, rows)
        self._connection.execute("COMMIT")

    def _rows(self) -> list[Row]:
        return [
            (number, key, *self._new[number][key]) for number in sorted(self._new) for key in sorted(self._new[number])
        ]

    def _put_aside(self) -> None:
        if self._aside is None:
            self._aside = self.path.with_name("headings.aside")
            for statement in _ASIDE:
                self._connection.execute(statement, (str(self._aside),) if "?" in statement else ())
        self._transaction(_PUT_ASIDE, self._rows())
        self._forget()

    def _forget(self) -> None:
        self._new.clear()
        if self._many_known > _MOST_KNOWN:
            self._known.clear()
            self._many_known = 0

    def close(self) -> None:
        self._connection.executescript(_IN_USE)
        self._connection.close()

    def _bit(self, view: str) -> int:
        bit = self._bits.get(view)
        if bit is None:
            bit = self._bits[view] = min(len(self._bits), _SHARED_BIT)
            self._connection.execute("INSERT INTO view (code, bit) VALUES (?, ?)", (view, bit))
        return bit

    def _list(self, name: str) -> int:
        number = self._lists.get(name)
        if number is None:
            number = self._lists[name] = len(self._lists) + 1
            self._connection.execute("INSERT INTO list (name, id) VALUES (?, ?)", (name, number))
        return number


def _both(before: Content, now: Content) -> Content:
    """What is kept of a heading that comes twice: as `_MERGE` says."""
    views, is_open, display = before
    more, now_open, written = now
    if now_open and not is_open:
        display = written
    elif not now_open and not is_open and views != more:
        display = None
    return views | more, is_open | now_open, display


class HeadingReader:
    """Walks along the headings of one generation, which it keeps open: another may take its place on the disk.

    The list is read where the reader was made, a stretch at a time; counting may be done elsewhere by `run`."""

    def __init__(self, path: Path, run: Run) -> None:
        self._run = run
        self._path = path
        self._connection = _connect(path, "ro")
        self._connection.execute("PRAGMA mmap_size = 268435456")

    def close(self) -> None:
        self._connection.close()

    async def scan(
        self, searcher: tantivy.Searcher, view: str, index: str, term: str, size: int, position: int, words: bool
    ) -> Scan:
        """See `IndexReader.scan`. Raises QueryProblem."""
        row = INDEXES.get(index)
        if row is None:
            raise QueryProblem(ProblemCode.INDEX, index)
        if not (row.scannable or words) or (words and index not in _WORD_INDEXES):
            raise QueryProblem(ProblemCode.SCAN, index)
        if not 1 <= size <= LARGEST_SCAN:
            raise QueryProblem(ProblemCode.SCAN_SIZE, str(size))
        if not 0 <= position <= size + 1:
            raise QueryProblem(ProblemCode.SCAN_POSITION, str(position))
        try:
            return await self._scan(searcher, view, row, start_of(index, term), size, position, words)
        except sqlite3.Error as error:
            _LOG.error("index.unreadable", path=str(self._path), reason=str(error))
            raise QueryProblem(ProblemCode.UNAVAILABLE, "the list of terms cannot be read") from error

    async def _scan(
        self, searcher: tantivy.Searcher, view: str, row: Index, start: str, size: int, position: int, words: bool
    ) -> Scan:
        bits = dict(self._connection.execute("SELECT code, bit FROM view"))
        lists = dict(self._connection.execute("SELECT name, id FROM list"))
        number = lists.get(list_name(row, words))
        if view not in bits or number is None:
            return Scan((), 1, True, True)
        walk = _Walk(self._connection, self._run, _Counter(searcher, view, row, words), number, 1 << bits[view])
        before = max(position - 1, 0)
        behind, more_behind = await walk.forward(start, size - before, after=position == 0)
        earlier, more_before = await walk.backward(start, before)
        entries = tuple(reversed(earlier)) + tuple(behind)
        at = 0 if position == 0 else len(earlier) + 1
        return Scan(entries, at, not more_before, not more_behind, walk.passed >= _MOST_PASSED)


def start_of(index: str, term: str) -> str:
    """The place of a term in the list, in the form of its keys."""
    row = INDEXES[index]
    if row.kind is Kind.TEXT:
        return folded(term)[:LONGEST]
    if row.kind is Kind.YEAR:
        return term.strip().rjust(4, "0")[:LONGEST]
    forms = row.normal(term)
    return forms[0] if forms else term.strip()[:LONGEST]


class _Counter:
    """How many records of a view have a heading: what a search for the whole of it finds."""

    def __init__(self, searcher: tantivy.Searcher, view: str, index: Index, words: bool) -> None:
        self._searcher = searcher
        self._view = in_view(view)
        self._index = index
        self._words = words
        self._own = view if index.name == HOLDER and view != ALL else None
        self.costly = searcher.num_docs > INLINE

    def count(self, rows: Sequence[tuple[str, str | None]]) -> list[Entry]:
        """The headings that the view has, in the order given; who else holds its records a member's view does not
        tell."""
        if self._own is not None:
            rows = [row for row in rows if row[0] == self._own]
        counted = [(row, how_many(self._searcher, both(self._view, self._query(row[0])))) for row in rows]
        return [Entry(key, display or key, count) for (key, display), count in counted if count]

    def _query(self, key: str) -> tantivy.Query:
        name = self._index.name
        if self._index.kind is Kind.YEAR:
            return tantivy.Query.range_query(schema(), name, tantivy.FieldType.Integer, int(key), int(key))
        if self._index.kind is not Kind.TEXT or self._words:
            return tantivy.Query.term_query(schema(), name, key)
        return tantivy.Query.phrase_query(schema(), name, [FIRST, *key.split(), LAST])


class _Walk:
    """One scan: both directions count what they pass over together."""

    def __init__(self, connection: sqlite3.Connection, run: Run, counter: _Counter, number: int, mask: int) -> None:
        self._connection = connection
        self._run = run
        self._counter = counter
        self._number = number
        self._mask = mask
        self.passed = 0

    async def forward(self, start: str, size: int, *, after: bool) -> tuple[list[Entry], bool]:
        """Entries from `start` on (or after it), and whether there is another behind them."""
        return await self._go(_FORWARD, f"{start}{_NEXT}" if after else start, size, _NEXT)

    async def backward(self, start: str, size: int) -> tuple[list[Entry], bool]:
        """Entries before `start`, the nearest first, and whether there is another before them."""
        return await self._go(_BACKWARD, start, size, "")

    async def _go(self, statement: str, start: str, size: int, beyond: str) -> tuple[list[Entry], bool]:
        found: list[Entry] = []
        stretch = size + 1
        while self.passed < _MOST_PASSED:
            rows = self._connection.execute(statement, (self._number, start, self._mask, stretch)).fetchall()
            self.passed += len(rows)
            found += await self._run(self._counter.costly, self._counter.count, rows)
            if len(found) > size:
                return found[:size], True
            if len(rows) < stretch:
                break
            start = rows[-1][0] + beyond
            stretch = min(2 * stretch, _LONGEST_STRETCH)
        return found, False
