"""The reference platform's part of the catalogue: bibs that no import brought, and the holdings of every bib.

Follows two positions of each member's: the change position of its bibs and the log of its items' events. At first
that is a pass through everything. A bib that an import brought keeps its original; whether it is suppressed or
deleted, the platform says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, literal, select

from gateway.canonical.vocabulary import ItemStatus
from gateway.catalogue.ingest import Incoming, Ingest
from gateway.catalogue.records import Format, Holding, SourceKind
from gateway.platforms.reference.parts import of_member
from gateway.store import schema
from gateway.store.port import Part, Plan, Store
from gateway.store.rows import BibRow, ItemRow, LocationRow
from gateway.store.sql import any_of
from library_protocols.marc import MarcError, read

BATCH = 500
OVERLAP = 200
"""Events read again with each batch: on PostgreSQL one that was given its number earlier may become visible later."""

_AFTER, _SIZE = bindparam("after", type_=BigInteger), bindparam("size", type_=BigInteger)
_LOCATIONS = Part("locations", of_member(schema.location), LocationRow, many=True)
_EVENT, _ITEM, _BIB = schema.event.c, schema.item.c, schema.bib.c
_CHANGED = Plan(
    "mirror.bibs",
    (Part("bibs", of_member(schema.bib).where(_BIB.position > _AFTER).order_by(_BIB.position).limit(_SIZE), BibRow,
          many=True),),
    dict,
)  # fmt: skip
_BY_ID = Plan(
    "mirror.known", (Part("bibs", of_member(schema.bib).where(any_of(_BIB.id, "bib_ids")), BibRow, many=True),), dict
)
_ITEMS = Plan(
    "mirror.items",
    (Part("items", of_member(schema.item).where(any_of(_ITEM.bib_id, "bib_ids")), ItemRow, many=True), _LOCATIONS),
    dict,
)
_EVENTS = Plan(
    "mirror.events",
    (
        Part(
            "events",
            select(_EVENT.seq, _EVENT.item_id, _EVENT.type)
            .where(_EVENT.member == bindparam("member"), _EVENT.seq > _AFTER)
            .order_by(_EVENT.seq)
            .limit(_SIZE),
            many=True,
        ),
    ),
    dict,
)
_LAST = Plan(
    "mirror.last",
    (
        Part(
            "last",
            select(func.coalesce(func.max(_EVENT.seq), literal(0)).label("seq")).where(
                _EVENT.member == bindparam("member")
            ),
        ),
    ),
    dict,
)
_BIBS_OF = Plan(
    "mirror.bibs_of",
    (Part("items", of_member(schema.item).where(any_of(_ITEM.id, "item_ids")), ItemRow, many=True),),
    dict,
)


@dataclass(slots=True)
class _Position:
    """How far a member's mirror has come. `events` None: the first pass has not begun."""

    bibs: int = 0
    events: int | None = None

    @classmethod
    def of(cls, text: str | None) -> _Position:
        return cls() if text is None else cls(**json.loads(text))

    def text(self) -> str:
        return json.dumps({"bibs": self.bibs, "events": self.events})


class Mirror:
    """Brings what the platform knows into the catalogue. One at a time per catalogue."""

    def __init__(self, store: Store, ingest: Ingest) -> None:
        self._store = store
        self._ingest = ingest
        self._known: set[str] = set()  # members whose position has been found to be one of this platform's

    async def catch_up(self, member: str) -> int:
        """Mirrors everything that has changed; how many bibs were looked at.

        Raises StoreUnavailable and CatalogueUnavailable; what was mirrored before stays so.
        """
        looked = 0
        while count := await self.step(member):
            looked += count
        return looked

    async def step(self, member: str) -> int:
        """One batch, so that others have their turn between two; 0 where there is nothing new."""
        key = f"mirror:{member}"
        position = _Position.of(await self._ingest.store.state(key))
        if member not in self._known:
            if await self._is_ahead(member, position):
                position = _Position()
                await self._ingest.store.set_state(key, position.text())
            self._known.add(member)
        events = position.events
        if events is None:
            events = position.events = (await self._store.read(_LAST, {"member": member}))["last"]["seq"]
        changed: list[BibRow] = (
            await self._store.read(_CHANGED, {"member": member, "after": position.bibs, "size": BATCH})
        )["bibs"]
        if changed:
            position.bibs = changed[-1].position
            batch = await self._records(member, changed)
            await self._ingest.put(member, batch, state={key: position.text()})
            return len(changed)
        bibs, last = await self._moved(member, events)
        if last == events:
            return 0
        position.events = last
        known = (await self._store.read(_BY_ID, {"member": member, "bib_ids": sorted(bibs)}))["bibs"]
        await self._ingest.put(member, await self._records(member, known), state={key: position.text()})
        return max(len(bibs), 1)

    async def _is_ahead(self, member: str, position: _Position) -> bool:
        """Whether the platform was never where the mirror has been: an older one was put back without the catalogue."""
        last = (await self._store.read(_LAST, {"member": member}))["last"]["seq"]
        if position.events is not None and position.events > last:
            return True
        # A bib's position only grows: where there was one, there is that or a later one.
        values = {"member": member, "after": position.bibs - 1, "size": 1}
        return position.bibs > 0 and not (await self._store.read(_CHANGED, values))["bibs"]

    async def _moved(self, member: str, after: int) -> tuple[set[str], int]:
        """The bibs whose items have changed since an event, and the last event that was looked at."""
        values = {"member": member, "after": max(after - OVERLAP, 0), "size": BATCH + OVERLAP}
        events = (await self._store.read(_EVENTS, values))["events"]
        last = max((event["seq"] for event in events), default=after)
        ids = {event["item_id"] for event in events if event["item_id"] and event["type"].startswith("item.")}
        if last <= after or not ids:
            return set(), max(last, after)
        items = (await self._store.read(_BIBS_OF, {"member": member, "item_ids": sorted(ids)}))["items"]
        return {item.bib_id for item in items}, last

    async def _records(self, member: str, bibs: Sequence[BibRow]) -> list[Incoming]:
        ids = [bib.id for bib in bibs]
        found = await self._store.read(_ITEMS, {"member": member, "bib_ids": ids})
        names = {location.code: location.name for location in found["locations"]}
        held = holdings_of(member, found["items"], names)
        imported = await self._ingest.originals(member, ids, besides=SourceKind.PLATFORM)
        made: list[Incoming] = []
        for bib in bibs:
            source = imported.get(bib.id) or (SourceKind.PLATFORM, bib.marc)
            one = _incoming(bib, *source, held.get(bib.id, ()))
            if one is not None:
                made.append(one)
        return made


def holdings_of(member: str, items: Iterable[ItemRow], names: Mapping[str, str]) -> dict[str, tuple[Holding, ...]]:
    """By bib: its items that stand at one place under one call number together. What is withdrawn, and stand-ins for
    other members' items, are no holdings."""
    places: dict[str, dict[tuple[Any, ...], list[str]]] = {}
    for item in items:
        if item.temporary or item.owner_member is not None or item.status == ItemStatus.WITHDRAWN:
            continue
        place = (
            item.permanent_location,
            item.call_number or "",
            item.collection or "",
            item.enumeration or "",
            item.item_type,
        )
        places.setdefault(item.bib_id, {}).setdefault(place, []).append(item.barcode)
    return {
        bib: tuple(
            Holding(
                member,
                location,
                call_number,
                len(barcodes),
                location_name=names.get(location, ""),
                collection=collection,
                summary=enumeration,
                item_type=item_type,
                barcodes=tuple(sorted(barcodes)),
            )
            for (location, call_number, collection, enumeration, item_type), barcodes in sorted(found.items())
        )
        for bib, found in places.items()
    }


def _incoming(bib: BibRow, kind: SourceKind, data: bytes | None, holdings: tuple[Holding, ...]) -> Incoming | None:
    """None for a record that cannot be read: the platform's own are made by a writer, but may be older than it."""
    if bib.deleted_at is not None:
        return Incoming(b"", kind, None, deleted=True, control=bib.id, label=bib.id)
    if data is None:
        return None
    try:
        parsed = read(data)
    except MarcError:
        return None
    return Incoming(
        data,
        kind,
        parsed.record,
        Format(parsed.format),
        parsed.repairs,
        suppressed=bib.suppressed,
        holdings=holdings,
        control=bib.id,
        label=bib.id,
    )
