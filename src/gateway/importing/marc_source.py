"""MARC files, record by record: ISO 2709 or MARCXML, cut by the codec so that damage costs one record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.catalogue.preparing import Incoming
from gateway.catalogue.records import Format, SourceKind
from gateway.importing.taken import Taken
from library_protocols.marc import Cut, Cutter, MarcError, Parsed, Source, read, source_of

_CHUNK = 1 << 20
_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Found:
    """A record that could be read, with its bytes as they stand in the file."""

    data: bytes
    kind: SourceKind
    parsed: Parsed
    label: str

    def incoming(self) -> Incoming:
        """As the catalogue takes it."""
        return Incoming(
            self.data,
            self.kind,
            self.parsed.record,
            Format(self.parsed.format),
            self.parsed.repairs,
            label=self.label,
        )


class MarcFile:
    """`marc` says which format the records have; found out record by record where it is None. Raises OSError."""

    def __init__(self, path: Path, marc: Format | None = None) -> None:
        self.total = path.stat().st_size
        self._path = path
        self._marc = marc
        with path.open("rb") as file:
            self._head = file.read(_HEAD)
        self._source: Source = source_of(self._head)
        self.kind = SourceKind(self._source)

    def rows(self, start: int) -> Iterator[Taken]:
        """From a byte offset; the value is a `Found`."""
        for cut in self.cuts(start):
            yield self.taken(cut)

    def cuts(self, start: int) -> Iterator[Cut]:
        """The records' bytes, from a byte offset."""
        cutter = Cutter(head=self._head, start=start)
        with self._path.open("rb") as file:
            file.seek(start)
            while chunk := file.read(_CHUNK):
                yield from cutter.feed(chunk)
        yield from cutter.close()

    def taken(self, cut: Cut) -> Taken:
        """A record read from its bytes; the value is a `Found`."""
        label = f"byte {cut.offset}"
        if cut.problem:
            return Taken(cut.end, cut.end, label, problem=cut.problem)
        try:
            parsed = read(cut.data, source=self._source, format=self._marc.value if self._marc else None)
        except MarcError as error:
            where = f" (byte {cut.offset + error.offset})" if error.offset else ""
            return Taken(cut.end, cut.end, label, problem=error.reason + where)
        kind = SourceKind.EXACT if parsed.exact else self.kind
        remarks = tuple(f"{repair.code}: {repair.detail}" for repair in parsed.repairs)
        return Taken(cut.end, cut.end, label, Found(cut.data, kind, parsed, label), remarks=remarks)
