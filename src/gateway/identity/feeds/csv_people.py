"""People from CSV: the declared encoding and the header are checked before the first row is given.

Rows that cannot be read are put aside in a file of their own, as they stood. That nothing is missing is proved by a
trailer or manifest with the number of rows; without either by a last line that ends, which is all there is to see.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from gateway.clock import Clock
from gateway.config.identity import CsvFeedConfig
from gateway.identity.feeds.files import BAD, PAGE, DropFolder, FileFeed, Taken
from gateway.identity.feeds.port import Bad, End, FeedError, Page, SourceRecord, is_key

_CHUNK = 1 << 20
_LONGEST_ROW = 1 << 20
"""Characters of one row: an opened quote that nobody closes would swallow the rest of the file."""
_UTF8 = frozenset({"utf-8", "utf-8-sig"})


class CsvFeed(FileFeed):
    """A folder of CSV files. Attributes are named by the header; a value that is empty is an empty list."""

    def __init__(self, settings: CsvFeedConfig, *, clock: Clock | None = None) -> None:
        super().__init__(settings, manifest=settings.manifest, partial=settings.partial, clock=clock)
        self._settings = settings

    def _check_settings(self) -> None:
        if not self._source_id:
            raise FeedError("`source_id` does not name a column", retry=False)
        _trailer(self._settings.trailer)
        try:
            "x".encode(self._settings.encoding)  # some of Python's codecs are no encodings of text
        except LookupError as error:
            raise FeedError(f"there is no encoding {self._settings.encoding!r}", retry=False) from error

    def _pages(self, taken: Taken, skip: int) -> Generator[Page | End, None, None]:
        trailer = _trailer(self._settings.trailer)
        promised = self._promised(taken)
        _check_encoding(taken, self._settings.encoding)
        with taken.path.open(newline="", encoding=_codec(self._settings.encoding)) as file, _Aside(self._drop) as aside:
            lines = _Lines(file)
            columns = _header(taken, lines, self._settings)
            rows = _Rows(lines, self._settings.delimiter, columns, self._source_id, trailer)
            records: list[SourceRecord] = []
            bad: list[Bad] = []
            for record in rows:
                if isinstance(record, Bad):
                    aside.put(record, rows.text)
                    bad += [record] if rows.count > skip else []
                elif rows.count > skip:
                    records.append(record)
                if len(records) + len(bad) == PAGE:
                    yield Page(records, self._position(taken, rows.count), bad, promised)
                    records, bad = [], []
            if records or bad:
                yield Page(records, self._position(taken, rows.count), bad, promised)
        reason = self._missing(rows, aside.count, promised)
        yield End(not reason, reason and f"{taken.name} {reason}")

    def _promised(self, taken: Taken) -> int | None:
        """The manifest's number of rows. Raises FeedError where the manifest is no such thing, or of another file."""
        if not self._settings.manifest:
            return None
        try:
            said = self._drop.manifest()
            rows = int(said["rows"])
            digest = said["sha256"].casefold()
        except (OSError, UnicodeDecodeError, KeyError, ValueError) as error:
            raise FeedError(f"the manifest of {taken.name} does not say `rows` and `sha256`", retry=False) from error
        if digest != taken.digest:
            raise FeedError(f"{taken.name} is not the file of its manifest: the sha256 is another", retry=False)
        return rows

    def _missing(self, rows: _Rows, bad: int, promised: int | None) -> str:
        """Why the file is not everything, '' where it is."""
        if not rows.count:
            return "holds no rows"
        if rows.swallowed:
            return f"has a quote in {rows.swallowed} that does not close as it should: rows may be hidden behind it"
        if bad > self._settings.max_bad_rows:
            return f"has {bad} rows that cannot be read, more than {self._settings.max_bad_rows}"
        if promised is not None and promised != rows.count:
            return f"has {rows.count} rows, its manifest says {promised}"
        if self._settings.trailer and rows.trailer is None:
            return "has no trailer"
        if rows.trailer is not None and rows.trailer != rows.count:
            return f"has {rows.count} rows, its trailer says {rows.trailer}"
        if promised is None and rows.trailer is None and not rows.ended:
            return "ends in mid-line, and has neither trailer nor manifest"
        return ""


class _Lines(Iterator[str]):
    """Lines of a file, of which those of the row at hand are kept as they stood. Raises csv.Error where a row grows
    beyond all measure."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.kept: list[str] = []
        self._size = 0
        self.last = ""

    def __next__(self) -> str:
        line = self._file.readline(_LONGEST_ROW)
        if not line:
            raise StopIteration
        self.kept.append(line)
        self.last = line
        self._size += len(line)
        if self._size > _LONGEST_ROW:
            raise csv.Error("the row does not end")
        return line

    def forget(self) -> str:
        """What was kept, to begin the next row."""
        text = "".join(self.kept)
        self.kept.clear()
        self._size = 0
        return text


@dataclass
class _Rows:
    """The rows behind the header, each a record or what is wrong with it. `count` is without the trailer, `text` is how
    the last row stood, `swallowed` the first row whose quotes may have hidden others."""

    lines: _Lines
    delimiter: str
    columns: list[str]
    source_id: str
    pattern: re.Pattern[str] | None
    count: int = 0
    text: str = ""
    trailer: int | None = None
    swallowed: str = ""
    ended: bool = False

    def __iter__(self) -> Iterator[SourceRecord | Bad]:
        """One row behind the reader, so that the last one is known when it comes."""
        waiting: tuple[list[str], str, str] | None = None
        for row in self._read():
            if waiting is not None:
                yield self._told(waiting)
            waiting = row
        self.ended = self.lines.last.endswith(("\n", "\r"))
        if waiting is None:
            return
        found = self.pattern.search(waiting[1].strip()) if self.pattern else None
        if found is not None:
            self.trailer = _number(found[1])
            return
        yield self._told(waiting)

    def _read(self) -> Iterator[tuple[list[str], str, str]]:
        """Cells, the text they stood in, and what is wrong with that. Rows without any text are passed over."""
        reader = csv.reader(self.lines, delimiter=self.delimiter, strict=True)
        while True:
            problem, cells = "", []
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                problem = "its quotes are broken"
            text = self.lines.forget()
            if problem and not text:
                return
            if problem or text.strip():
                yield cells, text, problem

    def _told(self, row: tuple[list[str], str, str]) -> SourceRecord | Bad:
        cells, self.text, problem = row
        self.count += 1
        where = f"row {self.count + 1}"
        if not problem and len(cells) != len(self.columns):
            problem = f"has {len(cells)} cells, the header has {len(self.columns)}"
        if problem and not self.swallowed and (not cells or len(self.text.splitlines()) > 1):
            self.swallowed = where
        if not problem and "\0" in self.text:
            problem = "holds a NUL character"
        values = {name: cell.strip() for name, cell in zip(self.columns, cells, strict=False) if name}
        if not problem and not is_key(values[self.source_id]):
            problem = f"has no usable {self.source_id}"
        if problem:
            return Bad(where, problem)
        attributes = {name: [value] if value else [] for name, value in values.items()}
        return SourceRecord(values[self.source_id], attributes, where=where)


class _Aside:
    """The file of rows that could not be read: the row, why, and its text. Made when there is a first one."""

    def __init__(self, drop: DropFolder) -> None:
        self._path: Path = drop.beside(BAD)
        self._file: TextIO | None = None
        self.count = 0

    def __enter__(self) -> _Aside:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def put(self, bad: Bad, text: str) -> None:
        if self._file is None:
            self._path.touch(mode=0o600)
            self._file = self._path.open("w", newline="", encoding="utf-8")
            csv.writer(self._file).writerow(["row", "reason", "text"])
        csv.writer(self._file).writerow([bad.where.removeprefix("row "), bad.reason, text.rstrip("\r\n")])
        self.count += 1


def _trailer(pattern: str) -> re.Pattern[str] | None:
    if not pattern:
        return None
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise FeedError(f"`trailer` is no regular expression: {error}", retry=False) from error
    if compiled.groups < 1:
        raise FeedError("`trailer` has no group for the number of rows", retry=False)
    return compiled


def _number(told: str | None) -> int:
    """The number of rows that a trailer says. Raises FeedError where it says none."""
    if told is None or not re.fullmatch("[0-9]{1,12}", told.strip()):
        raise FeedError("the trailer says no number of rows: digits alone are one", retry=False)
    return int(told)


def _codec(encoding: str) -> str:
    """The encoding with a byte order mark taken for what it is."""
    return "utf-8-sig" if codecs.lookup(encoding).name in _UTF8 else encoding


def _check_encoding(taken: Taken, encoding: str) -> None:
    """Raises FeedError where the file is not in the encoding, or plainly in another."""
    if _decodes(taken.path, _codec(encoding)) is False:
        raise FeedError(f"{taken.name} is not {encoding}", retry=False)
    # Every octet is a letter in most eight-bit codes: UTF-8 read as one of them gives wrong names, and no error.
    if not codecs.lookup(encoding).name.startswith(("utf", "ascii")) and _decodes(taken.path, "utf-8"):
        raise FeedError(f"{taken.name} is UTF-8 throughout, not {encoding}", retry=False)


def _decodes(path: Path, encoding: str) -> bool | None:
    """Whether the whole file is in the encoding; None where it is ASCII, which is in all of them."""
    decoder = codecs.getincrementaldecoder(encoding)()
    plain = True
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                plain = plain and chunk.isascii()
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return None if plain else True


def _header(taken: Taken, lines: _Lines, settings: CsvFeedConfig) -> list[str]:
    """The columns, '' for those without a name. Raises FeedError where one is missing or there twice."""
    try:
        cells = next(csv.reader(lines, delimiter=settings.delimiter, strict=True), [])
    except csv.Error as error:
        raise FeedError(f"the first row of {taken.name} cannot be read: its quotes are broken", retry=False) from error
    lines.forget()
    columns = [cell.strip() for cell in cells]
    wanted = dict.fromkeys((settings.source_id, *settings.header))
    missing = [name for name in wanted if name not in columns]
    known = {*wanted, *(name for field in settings.fields.values() for name in field.source)}
    if missing and not known & set(columns):  # it may be somebody's row: nothing of it is told
        raise FeedError(f"the first row of {taken.name} names none of the columns", retry=False)
    if missing:
        told = ", ".join(_with_hint(name, columns) for name in missing)
        raise FeedError(f"{taken.name} lacks columns: {told}", retry=False)
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise FeedError(f"{taken.name} has columns that come twice: {', '.join(twice)}", retry=False)
    return columns


def _with_hint(name: str, columns: list[str]) -> str:
    folded = {column.casefold(): column for column in columns if column}
    close = difflib.get_close_matches(name.casefold(), folded, 1)
    return f"{name!r}" + (f" (there is {folded[close[0]]!r})" if close else "")


__all__ = ["CsvFeed"]
