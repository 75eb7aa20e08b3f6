"""A catalogue in memory with the feed's rules: a small model of the real store, for tests of the door."""

from __future__ import annotations

from dataclasses import replace

from gateway.catalogue.records import (
    ALL,
    CatalogueRecord,
    FeedEntry,
    FeedPage,
    Format,
    Provenance,
    SetDescription,
)
from gateway.catalogue.store.port import CatalogueUnavailable
from library_protocols.oai_pmh import set_ancestry

MARCXML = (
    '<record xmlns="http://www.loc.gov/MARC21/slim"><leader>00000nam a2200000 i 4500</leader>'
    '<controlfield tag="001">{control}</controlfield><datafield tag="245" ind1="1" ind2="0">'
    '<subfield code="a">{title}</subfield></datafield></record>'
)


class Shelf:
    """`now` is the horizon, moved by hand. Every record is in its member's view and in `all`."""

    def __init__(self, now: int = 1_700_000_000) -> None:
        self.now = now
        self.away = False
        self._seq = 0
        self._records: dict[int, CatalogueRecord] = {}
        self._ids: dict[tuple[str, str], int] = {}
        self._scopes: dict[tuple[str, str], dict[int, FeedEntry]] = {}
        self.reads: list[int] = []  # how many records each fetch asked for

    def put(
        self,
        member: str,
        control: str,
        title: str = "Title",
        sets: tuple[str, ...] = (),
        *,
        deleted: bool = False,
        provenance: Provenance | None = None,
        marc: Format = Format.MARC21,
    ) -> int:
        """A record new or changed, or gone."""
        found = self._ids.setdefault((member, control), len(self._ids) + 1)
        before = self._records.get(found)
        sets = () if deleted else sets
        self._records[found] = CatalogueRecord(
            id=found,
            member=member,
            control=control,
            shared=1000 + found,
            format=marc,
            marcxml=b"" if deleted else MARCXML.format(control=control, title=title).encode(),
            datestamp=self.now,
            sets=sets,
            deleted=deleted,
            provenance=provenance,
        )
        now_in = {"", *(spec for each in sets for spec in set_ancestry(each))}
        was_in = {"", *(spec for each in before.sets for spec in set_ancestry(each))} if before else set()
        for view in (member, ALL):
            for spec in sorted(now_in | was_in):
                self._seq += 1
                gone = deleted or spec not in now_in
                entry = FeedEntry(self._seq, found, 1000 + found, self.now, gone)
                self._scopes.setdefault((view, spec), {})[found] = entry
        return found

    def _listed(self, view: str, spec: str, from_: int | None, until: int | None) -> list[FeedEntry]:
        self._answer()
        entries = sorted(self._scopes.get((view, spec), {}).values(), key=lambda entry: entry.seq)
        return [
            entry
            for entry in entries
            if (from_ is None or entry.datestamp >= from_) and (until is None or entry.datestamp <= until)
        ]

    def _answer(self) -> None:
        if self.away:
            raise CatalogueUnavailable("away")

    async def horizon(self) -> int:
        self._answer()
        return self.now

    async def changes(
        self,
        view: str,
        set_spec: str,
        after_seq: int,
        from_: int | None,
        until: int | None,
        size: int,
        *,
        with_deleted: bool = True,
    ) -> FeedPage:
        listed = [e for e in self._listed(view, set_spec, from_, until) if with_deleted or not e.deleted]
        rest = [entry for entry in listed if entry.seq > after_seq]
        return FeedPage(
            tuple(rest[:size]), len(listed), len(listed) - len(rest), more=len(rest) > size, horizon=self.now
        )

    async def feed_records(self, view: str, page: FeedPage, *, holdings: bool = True) -> list[CatalogueRecord]:
        self._answer()
        self.reads.append(len(page.entries))
        found: list[CatalogueRecord] = []
        for entry in page.entries:
            record = replace(self._records[entry.record], datestamp=entry.datestamp, deleted=entry.deleted)
            found.append(replace(record, marcxml=b"", sets=()) if entry.deleted else record)
        return found

    async def count(self, view: str, set_spec: str, from_: int | None, until: int | None) -> tuple[int, int]:
        listed = self._listed(view, set_spec, from_, until)
        return sum(not entry.deleted for entry in listed), sum(entry.deleted for entry in listed)

    async def by_identifier(self, view: str, identifier: str) -> CatalogueRecord | None:
        self._answer()
        for record in self._records.values():
            known_by = str(record.shared) if view == ALL else record.control
            if known_by == identifier and view in (record.member, ALL):
                return record
        return None

    async def earliest(self, view: str) -> int | None:
        return min((entry.datestamp for entry in self._listed(view, "", None, None)), default=None)

    async def sets(self, view: str) -> list[SetDescription]:
        self._answer()
        return [SetDescription(spec, spec.title()) for of, spec in sorted(self._scopes) if of == view and spec]
