"""CSV as libraries export it: any usual delimiter, UTF-8 or Windows-1252, columns named by a header.

Headers are matched without regard to case, spaces and hyphens. A header that nobody knows stops the load before it
begins: a misspelt column that is silently left out would be noticed too late.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from gateway.importing.batches import Taken
from gateway.importing.progress import ImportProblem

IGNORE = "-"
"""What a column is mapped to in order to leave it out."""

_DELIMITERS = ",;\t|"
_CHUNK = 1 << 20


class Table:
    """One CSV file. `columns` are the names that a row may have, `required` those that the header must have.

    `mapping` gives their header → our column, or `-` to leave it out. Raises ImportProblem and OSError.
    """

    def __init__(
        self,
        path: Path,
        columns: frozenset[str],
        required: frozenset[str],
        mapping: Mapping[str, str] | None = None,
        encoding: str | None = None,
    ) -> None:
        self.total = path.stat().st_size
        self._path = path
        self.encoding = encoding or detect_encoding(path)
        try:
            codecs.lookup(self.encoding)
        except LookupError as unknown:
            raise ImportProblem(f"there is no encoding {self.encoding!r}") from unknown
        with self._open() as file:
            head = file.readline()
            self._delimiter = max(_DELIMITERS, key=head.count)
            file.seek(0)
            header = next(self._reader(file), None)
        if not header:
            raise ImportProblem("the file is empty: its first row must name the columns")
        self.columns = _match(header, columns, required, {_plain(k): v for k, v in (mapping or {}).items()})

    def rows(self, start: int) -> Iterator[Taken]:
        """Rows after the first `start`; the value is a dict of the cells that are not empty."""
        with self._open() as file:
            reader = self._reader(file)
            next(reader)
            number = 0
            while True:
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    cells, problem = [], str(error)
                else:
                    if not any(cells):
                        continue
                    problem = self._problem(cells)
                number += 1
                if number > start:
                    # The text layer reads ahead, so this is exact only to its buffer: enough for a progress bar.
                    position = min(self.total, file.buffer.tell())
                    yield Taken(number, position, f"row {number + 1}", self._value(cells), problem)

    def _open(self) -> TextIO:
        return self._path.open(newline="", encoding=self.encoding, errors="surrogateescape")

    def _reader(self, file: TextIO) -> Iterator[list[str]]:
        return csv.reader(file, delimiter=self._delimiter)

    def _problem(self, cells: list[str]) -> str | None:
        if len(cells) != len(self.columns):
            return f"has {len(cells)} cells, the header has {len(self.columns)}"
        if any("\udc80" <= character <= "\udcff" for cell in cells for character in cell):
            return f"is not {self.encoding}"
        return None

    def _value(self, cells: list[str]) -> dict[str, str]:
        named = zip(self.columns, cells, strict=False)
        return {name: cell.strip() for name, cell in named if name != IGNORE and cell.strip()}


def detect_encoding(path: Path) -> str:
    """UTF-8 (with or without a byte order mark) where the whole file is, else Windows-1252."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _plain(header: str) -> str:
    return re.sub(r"[\s-]+", "_", header.strip().casefold())


def _match(
    header: list[str], columns: frozenset[str], required: frozenset[str], mapping: Mapping[str, str]
) -> list[str]:
    matched = [mapping.get(_plain(name), _plain(name)) for name in header]
    unknown = [name for name, ours in zip(header, matched, strict=True) if ours not in columns and ours != IGNORE]
    if unknown:
        hints = [
            f"{name!r}" + (f" (did you mean {close[0]!r}?)" if close else "")
            for name in unknown
            for close in [difflib.get_close_matches(_plain(name), columns, 1)]
        ]
        raise ImportProblem(f"unknown columns: {', '.join(hints)}; map each to one of ours, or to '-' to leave it out")
    named = [name for name in matched if name != IGNORE]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise ImportProblem(f"columns that come twice: {', '.join(twice)}")
    missing = sorted(required - set(named))
    if missing:
        raise ImportProblem(f"columns that must be there: {', '.join(missing)}")
    return matched
