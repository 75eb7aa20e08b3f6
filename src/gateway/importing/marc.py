"""Bibs with their items from MARC: into the catalogue, and into the reference platform, which lends the items.

A record is known by its 001; what has not changed is not written. In the platform a changed record gets the next
change position, given under the lock of the member's state row, so that positions become visible in their order. A
record marked deleted (leader/05 `d`) leaves a tombstone. The catalogue takes a batch first: it is idempotent, and what
the platform cannot hold (no title, too long for ISO 2709) is in the catalogue all the same.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import bindparam, select

from gateway.catalogue.ingest import Ingest
from gateway.catalogue.records import Format
from gateway.clock import Clock
from gateway.importing import item_rows
from gateway.importing.batches import BATCH, Rejected, load, load_id
from gateway.importing.description import describe
from gateway.importing.item_fields import ItemFields
from gateway.importing.item_rows import ItemDefaults, Items
from gateway.importing.log import Events
from gateway.importing.marc_source import Found, MarcFile
from gateway.importing.progress import ImportProblem, Progress, Report, Stop, never, silent
from gateway.importing.taken import Taken
from gateway.importing.vocabulary import Vocabulary, read_vocabulary
from gateway.platforms.reference.parts import of_member
from gateway.platforms.reference.policy import STATE
from gateway.store import schema
from gateway.store.effects import Effect, Insert, Update
from gateway.store.port import Part, Plan, Store
from gateway.store.rows import BibRow, MemberStateRow
from gateway.store.sql import any_of
from library_protocols.marc import DataField, Parsed, write_iso2709

KNOWN = Plan(
    "import.marc",
    (
        STATE,
        Part("bibs", of_member(schema.bib).where(any_of(schema.bib.c.id, "bib_ids")), BibRow, many=True),
        item_rows.BY_BARCODE,
    ),
    dict,
)

SUPPRESSED = Plan(
    "import.suppressed",
    (
        Part(
            "bibs",
            select(schema.bib.c.id).where(
                schema.bib.c.member == bindparam("member"),
                any_of(schema.bib.c.id, "bib_ids"),
                schema.bib.c.suppressed.is_(True),
            ),
            many=True,
        ),
    ),
    dict,
)


@dataclass(frozen=True, slots=True)
class MarcOptions:
    """`items` None: bibs only. `locations` and `item_types` translate the file's codes into the member's. `format`
    None: MARC 21 or UNIMARC is found out record by record."""

    items: ItemFields | None = None
    defaults: ItemDefaults = field(default_factory=ItemDefaults)
    locations: Mapping[str, str] = field(default_factory=dict)
    item_types: Mapping[str, str] = field(default_factory=dict)
    format: Format | None = None


async def import_marc(
    store: Store,
    clock: Clock,
    member: str,
    source: Path,
    options: MarcOptions | None = None,
    *,
    ingest: Ingest | None = None,
    rejects: Path | None = None,
    progress: Progress = silent,
    stop: Stop = never,
    batch_size: int = BATCH,
) -> Report:
    """Loads records; those that cannot be, and items that cannot be, go to `rejects` with their position.

    `ingest` is the catalogue's, None for the platform alone.
    Raises ImportProblem before anything is written, OSError, StoreUnavailable, WriteConflict and CatalogueUnavailable.
    """
    chosen = options or MarcOptions()
    if chosen.items is not None and "barcode" not in chosen.items.subfields:
        raise ImportProblem("the item fields must say in which subfield the barcode stands")
    loader = _Loader(store, member, await read_vocabulary(store, member), chosen, ingest)
    return await load(
        store,
        clock,
        member,
        load_id(source, {"kind": "marc", **dataclasses.asdict(chosen)}),
        MarcFile(source, chosen.format),
        loader,
        rejects=rejects or source.with_name(source.name + ".rejects.csv"),
        progress=progress,
        stop=stop,
        batch_size=batch_size,
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    """One record with what it says of its items."""

    label: str
    bib: BibRow
    items: tuple[Mapping[str, str], ...]


class _Loader:
    def __init__(
        self, store: Store, member: str, vocabulary: Vocabulary, options: MarcOptions, ingest: Ingest | None
    ) -> None:
        self._store = store
        self._member = member
        self._vocabulary = vocabulary
        self._options = options
        self._ingest = ingest

    async def effects(self, batch: list[Taken], now: int) -> tuple[list[Effect], list[Rejected]]:
        ids = sorted({taken.value.parsed.record.control_number for taken in batch})
        known = (await self._store.read(SUPPRESSED, {"member": self._member, "bib_ids": ids}))["bibs"]
        refused = await self._catalogued(batch, {row["id"] for row in known})
        nowhere = {rejected.label for rejected in refused}
        entries: list[_Entry] = []
        for taken in batch:
            try:
                entries.append(self._entry(taken, now))
            except ValueError as problem:
                if taken.label not in nowhere:
                    elsewhere = "; the catalogue has it" if self._ingest is not None else ""
                    refused.append(Rejected(taken.label, f"{problem}{elsewhere}"))
        barcodes = sorted({said["barcode"] for entry in entries for said in entry.items if "barcode" in said})
        ids = sorted({entry.bib.id for entry in entries})
        found = await self._store.read(KNOWN, {"member": self._member, "bib_ids": ids, "barcodes": barcodes})
        items = Items(self._member, self._vocabulary, self._options.defaults, found["items"], now)
        for entry in entries:
            for said in entry.items:
                try:
                    _put(items, entry.bib.id, said)
                except ValueError as problem:
                    item = f", item {said['barcode']}" if "barcode" in said else ""
                    refused.append(Rejected(entry.label, f"{entry.bib.id}{item}: {problem}"))
        log = Events(self._member, now)
        return [*self._bibs(entries, found["bibs"], found["state"], log, now), *items.effects(log)], refused

    async def _catalogued(self, batch: list[Taken], suppressed: set[str]) -> list[Rejected]:
        """Into the catalogue; what staff have hidden in the platform stays hidden."""
        if self._ingest is None:
            return []
        coming = [taken.value.incoming() for taken in batch]
        for one in coming:
            one.suppressed = one.record is not None and one.record.control_number in suppressed
        report = await self._ingest.put(self._member, coming)
        return [Rejected(refusal.label, refusal.reason) for refusal in report.refused]

    def _entry(self, taken: Taken, now: int) -> _Entry:
        found: Found = taken.value
        bib = _bib_row(self._member, found.parsed, now)
        fields = self._options.items
        held = found.parsed.record.fields(fields.tag) if fields is not None and bib.deleted_at is None else ()
        return _Entry(taken.label, bib, tuple(self._item(one, fields) for one in held) if fields else ())

    def _item(self, held: DataField, fields: ItemFields) -> dict[str, str]:
        said = {column: held.first(code).strip() for column, code in fields.subfields.items()}
        for column, names in (("location", self._options.locations), ("item_type", self._options.item_types)):
            if column in said:
                said[column] = names.get(said[column], said[column])
        return {column: value for column, value in said.items() if value}

    def _bibs(
        self, entries: Iterable[_Entry], rows: Iterable[BibRow], state: MemberStateRow | None, log: Events, now: int
    ) -> list[Effect]:
        known = {row.id: row for row in rows}
        position = first = state.change_position if state is not None else 0
        # The last of several records with one id is the one that counts.
        wanted = {entry.bib.id: entry.bib for entry in entries}
        effects: list[Effect] = []
        for bib in wanted.values():
            before = known.get(bib.id)
            if before is not None and before.marc == bib.marc and before.deleted_at is None and bib.deleted_at is None:
                continue
            if bib.deleted_at is not None and (before is None or before.deleted_at is not None):
                continue
            position += 1
            bib.position = position
            if before is None:
                effects.append(Insert(bib))
            else:
                bib.created_at, bib.suppressed, bib.version = before.created_at, before.suppressed, before.version
                effects.append(Update(bib))
        if position == first:
            return []
        effects.append(log.of_records("bibs.imported", after=first, until=position))
        if state is None:
            return [Insert(MemberStateRow(self._member, policy_version=0, change_position=position)), *effects]
        state.change_position = position
        return [Update(state), *effects]


def _put(items: Items, bib_id: str, said: Mapping[str, str]) -> None:
    if "barcode" not in said:
        raise ValueError("has an item without a barcode")
    items.put(said["barcode"], bib_id, said)


def _bib_row(member: str, parsed: Parsed, now: int) -> BibRow:
    """Raises ValueError where a record has no id or no title, or does not fit into ISO 2709."""
    bib_id = parsed.record.control_number
    if not bib_id:
        raise ValueError("has no control number (001)")
    said = describe(parsed.record, parsed.format)
    deleted = parsed.record.leader[5:6] == "d"
    written = write_iso2709(parsed.record, format=parsed.format)
    if written.loses:
        raise ValueError("is longer than ISO 2709 allows (99,999 bytes a record, 9,999 a field)")
    return BibRow(
        member=member,
        id=bib_id,
        title=said.title,
        author=said.author,
        publisher=said.publisher,
        year=said.year,
        edition=said.edition,
        isbn_json=json.dumps(said.isbn),
        issn_json=json.dumps(said.issn),
        oclc_json=json.dumps(said.oclc),
        language=said.language,
        media_type=said.media_type,
        suppressed=False,
        marc=written.data,
        position=0,
        created_at=now,
        changed_at=now,
        deleted_at=now if deleted else None,
    )
