"""Small indexes for tests: records written in a line or two, put into an index as the feed would."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.catalogue.index.directory import begin, use
from gateway.catalogue.index.extract import Fields, extract
from gateway.catalogue.index.reader import IndexReader
from gateway.catalogue.index.writer import IndexWriter
from gateway.catalogue.records import ALL, CatalogueRecord, Format, IndexEntry
from library_protocols.marc import DataField, Record, to_marcxml

LEADER = "00000nam a2200000 a 4500"


def record(text: str, *, leader: str = LEADER) -> Record:
    """A record from lines such as `245 14 $aThe title :$brest` and `008 990101s1998    xxk|||||||||||||||||eng||`."""
    control: list[tuple[str, str]] = []
    data: list[DataField] = []
    for line in text.strip().splitlines():
        line = line.strip()
        tag, rest = line[:3], line[4:]
        if tag < "010":
            control.append((tag, rest))
            continue
        indicators, _, subfields = rest.partition("$")
        pieces = tuple((piece[0], piece[1:]) for piece in subfields.split("$") if piece)
        data.append(DataField(tag, (indicators.strip().replace("_", " ") + "  ")[:2], pieces))
    return Record(leader, tuple(control), tuple(data))


def entry(
    number: int,
    marc: Record | None,
    *,
    seq: int | None = None,
    member: str = "aber",
    views: Sequence[str] | None = None,
    holders: Sequence[str] | None = None,
    format_: Format = Format.MARC21,
) -> IndexEntry:
    """A change of one record, seen by its member and by all unless said otherwise."""
    shown = None if marc is None else CatalogueRecord(number, member, str(number), number, format_, to_marcxml(marc), 0)
    return IndexEntry(
        number if seq is None else seq,
        number,
        shown,
        (member, ALL) if views is None else tuple(views),
        (member,) if holders is None else tuple(holders),
    )


def fields(marc: Record, holders: Iterable[str] = ("aber",), format_: Format = Format.MARC21) -> Fields:
    return extract(marc, format_, holders)


def build(path: Path, entries: Sequence[IndexEntry]) -> IndexReader:
    """An index of these entries, open for reading."""
    folder = begin(path)
    writer = IndexWriter(folder)
    writer.apply(entries)
    writer.commit()
    writer.close()
    use(path, folder)
    return IndexReader(path)


@dataclass
class MemoryFeed:
    """A feed for the index to follow."""

    entries: list[IndexEntry] = field(default_factory=list)
    origin: str = ""

    async def lineage(self) -> str:
        return self.origin

    async def last_seq(self) -> int:
        return max((one.seq for one in self.entries), default=0)

    async def index_entries(self, after_seq: int, size: int) -> list[IndexEntry]:
        return [one for one in sorted(self.entries, key=lambda one: one.seq) if one.seq > after_seq][:size]

    def change(self, new: IndexEntry) -> None:
        """Moves a record to the end of the feed."""
        self.entries = [one for one in self.entries if one.id != new.id] + [new]
