"""Items of a bulk load: made or brought up to date by barcode, whatever file they come from.

What circulation decides (on loan, waiting, travelling) is never touched; a status may be given only to an item that
is new or stands in one of the states that staff set by hand.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

from gateway.canonical.vocabulary import ItemStatus, MediaType, SecurityMarker, UseRestriction
from gateway.importing.log import Events
from gateway.importing.vocabulary import Vocabulary, known
from gateway.platforms.reference.ids import new_id
from gateway.platforms.reference.parts import of_member
from gateway.store import schema
from gateway.store.effects import Effect, Insert, Update
from gateway.store.port import Part
from gateway.store.rows import ItemRow
from gateway.store.sql import any_of

COLUMNS = frozenset(
    {
        "item_type",
        "location",
        "call_number",
        "copy_number",
        "enumeration",
        "collection",
        "media_type",
        "restrictions",
        "price",
        "status",
    }
)
BY_BARCODE = Part("items", of_member(schema.item).where(any_of(schema.item.c.barcode, "barcodes")), ItemRow, many=True)

_TEXTS = ("call_number", "copy_number", "enumeration", "collection")
_BY_HAND = frozenset(
    {
        ItemStatus.AVAILABLE,
        ItemStatus.ON_ORDER,
        ItemStatus.IN_PROCESS,
        ItemStatus.MISSING,
        ItemStatus.WITHDRAWN,
        ItemStatus.UNAVAILABLE,
    }
)


@dataclasses.dataclass(frozen=True, slots=True)
class ItemDefaults:
    """For what a row does not say about a new item: codes of item type and permanent location."""

    item_type: str | None = None
    location: str | None = None


class Items:
    """The items that a batch concerns, kept up to date row by row; `effects` writes them."""

    def __init__(
        self, member: str, vocabulary: Vocabulary, defaults: ItemDefaults, rows: Iterable[ItemRow], now: int
    ) -> None:
        self._member = member
        self._vocabulary = vocabulary
        self._defaults = defaults
        self._now = now
        self._before = {row.barcode: row for row in rows}
        self._after: dict[str, ItemRow] = {}

    def put(self, barcode: str, bib_id: str, said: Mapping[str, str]) -> None:
        """Takes one item in. Raises ValueError with the reason; nothing is changed then."""
        before = self._after.get(barcode) or self._before.get(barcode)
        if before is not None and before.owner_member is not None:
            raise ValueError(f"item {barcode} belongs to another member")
        if before is not None and before.temporary:
            raise ValueError(f"item {barcode} is here for an interlibrary loan")
        row = dataclasses.replace(before) if before is not None else self._new(barcode, bib_id, said)
        row.bib_id = bib_id
        for name in _TEXTS:
            if name in said:
                setattr(row, name, said[name])
        if "item_type" in said:
            row.item_type = known(said["item_type"], self._vocabulary.item_types, "item type")
        if "location" in said:
            self._move(row, known(said["location"], self._vocabulary.locations, "location"))
        if "media_type" in said:
            row.media_type = known(said["media_type"].casefold(), frozenset(MediaType), "media type")
        if "restrictions" in said:
            words = (word.strip().upper() for word in said["restrictions"].split(";"))
            row.restrictions = ",".join(known(word, frozenset(UseRestriction), "restriction") for word in words)
        if "price" in said:
            row.price = _minor_units(said["price"])
        if "status" in said:
            _set_status(row, said["status"].upper())
        self._after[barcode] = row

    def effects(self, log: Events) -> list[Effect]:
        effects: list[Effect] = []
        for barcode, row in self._after.items():
            before = self._before.get(barcode)
            if before is None:
                effects += [Insert(row), log.of_item("item.created", row.id)]
                continue
            fields = [f.name for f in dataclasses.fields(row) if getattr(before, f.name) != getattr(row, f.name)]
            if fields:
                row.changed_at = self._now
                effects += [Update(row), log.of_item("item.updated", row.id, fields=fields)]
        return effects

    def _new(self, barcode: str, bib_id: str, said: Mapping[str, str]) -> ItemRow:
        item_type, location = said.get("item_type", self._defaults.item_type), self._location(said)
        if item_type is None or location is None:
            raise ValueError(f"item {barcode} has no {'item type' if item_type is None else 'location'}")
        return ItemRow(
            member=self._member,
            id=new_id(self._now),
            bib_id=bib_id,
            barcode=barcode,
            status=ItemStatus.AVAILABLE,
            item_type=item_type,
            permanent_location=location,
            current_location=location,
            destination=None,
            call_number=None,
            copy_number=None,
            enumeration=None,
            collection=None,
            media_type=MediaType.BOOK,
            restrictions="",
            security_marker=SecurityMarker.OTHER,
            magnetic=None,
            properties=None,
            price=None,
            temporary=False,
            owner_member=None,
            lent_to_member=None,
            hold_id=None,
            last_key=None,
            last_terminal=None,
            changed_at=self._now,
        )

    def _location(self, said: Mapping[str, str]) -> str | None:
        return said.get("location", self._defaults.location)

    @staticmethod
    def _move(row: ItemRow, location: str) -> None:
        # An item on its shelf moves with its shelf; one that is elsewhere comes home to the new one.
        if row.current_location == row.permanent_location and row.status in _BY_HAND:
            row.current_location = location
        row.permanent_location = location


def _set_status(row: ItemRow, status: str) -> None:
    known(status, _BY_HAND, "status that can be loaded")
    if row.status == status:
        return
    if row.status not in _BY_HAND:
        raise ValueError(f"item {row.barcode} is {row.status}: circulation decides about it")
    row.status = status


def _minor_units(text: str) -> int:
    try:
        amount = Decimal(text) * 100
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0 or amount != amount.to_integral_value() or amount > 10**10:
        raise ValueError(f"{text!r} is no price")
    return int(amount)
