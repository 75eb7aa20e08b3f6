"""Items from CSV: copies of titles that the store already has, made or brought up to date by barcode."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from gateway.clock import Clock
from gateway.importing import item_rows
from gateway.importing.batches import BATCH, Rejected, Taken, load, load_id
from gateway.importing.item_rows import ItemDefaults, Items
from gateway.importing.log import Events
from gateway.importing.progress import Progress, Report, Stop, never, silent
from gateway.importing.table import Table
from gateway.importing.vocabulary import Vocabulary, known, read_vocabulary
from gateway.platforms.reference.parts import MEMBER
from gateway.store import schema
from gateway.store.effects import Effect
from gateway.store.port import Part, Plan, Store
from gateway.store.sql import any_of

COLUMNS = frozenset({"barcode", "bib_id", *item_rows.COLUMNS})
REQUIRED = frozenset({"barcode", "bib_id"})

_BIB = schema.bib
KNOWN = Plan(
    "import.items",
    (
        item_rows.BY_BARCODE,
        Part(
            "bibs",
            select(_BIB.c.id).where(_BIB.c.member == MEMBER, any_of(_BIB.c.id, "bib_ids"), _BIB.c.deleted_at.is_(None)),
            many=True,
        ),
    ),
    dict,
)


@dataclass(frozen=True, slots=True)
class ItemOptions:
    """`mapping`: their header → our column or `-`; `encoding` None: found out."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    defaults: ItemDefaults = field(default_factory=ItemDefaults)


async def import_items(
    store: Store,
    clock: Clock,
    member: str,
    source: Path,
    options: ItemOptions | None = None,
    *,
    rejects: Path | None = None,
    progress: Progress = silent,
    stop: Stop = never,
    batch_size: int = BATCH,
) -> Report:
    """Loads items; rows that cannot be go to `rejects` (default: beside the source, `.rejects.csv` added).

    Raises ImportProblem before anything is written, OSError, StoreUnavailable and WriteConflict.
    """
    chosen = options or ItemOptions()
    table = Table(source, COLUMNS, REQUIRED, chosen.mapping, chosen.encoding)
    loader = _Loader(store, member, await read_vocabulary(store, member), chosen.defaults)
    return await load(
        store,
        clock,
        member,
        load_id(source, {"kind": "items", **dataclasses.asdict(chosen)}),
        table,
        loader,
        rejects=rejects or source.with_name(source.name + ".rejects.csv"),
        progress=progress,
        stop=stop,
        batch_size=batch_size,
    )


class _Loader:
    def __init__(self, store: Store, member: str, vocabulary: Vocabulary, defaults: ItemDefaults) -> None:
        self._store = store
        self._member = member
        self._vocabulary = vocabulary
        self._defaults = defaults

    async def effects(self, batch: list[Taken], now: int) -> tuple[list[Effect], list[Rejected]]:
        def all_of(column: str) -> list[str]:
            return sorted({taken.value[column] for taken in batch if column in taken.value})

        asked = {"member": self._member, "barcodes": all_of("barcode"), "bib_ids": all_of("bib_id")}
        found = await self._store.read(KNOWN, asked)
        bibs = frozenset(row["id"] for row in found["bibs"])
        items = Items(self._member, self._vocabulary, self._defaults, found["items"], now)
        refused: list[Rejected] = []
        for taken in batch:
            try:
                _put(items, bibs, taken.value)
            except ValueError as problem:
                refused.append(Rejected(taken.label, str(problem)))
        return items.effects(Events(self._member, now)), refused


def _put(items: Items, bibs: frozenset[str], said: Mapping[str, str]) -> None:
    missing = sorted(REQUIRED - said.keys())
    if missing:
        raise ValueError(f"has no {missing[0]}")
    items.put(said["barcode"], known(said["bib_id"], bibs, "bib"), said)
