"""Interlibrary loans: the piece that has come, and where it is."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from gateway.canonical.requests.base import PatronRequest, Request
from gateway.canonical.requests.items import BibWords
from gateway.canonical.vocabulary import OnDuplicate, Permission, ShipmentStep, UseRestriction


class IllAccept(PatronRequest):
    """The piece of an interlibrary loan has come: a temporary item with a title of its own, and with `hold` a hold on
    it for the patron, ready at `pickup_location` or on its way there; all of it or nothing.

    Without a barcode the item's is made from `external_ref`. `return_by`: no loan of it is due later. Refused: CONFLICT
    (`kind`: barcode) where the barcode is taken and `on_duplicate` is `refuse`; CONFLICT (`kind`: reference) where
    `external_ref` has brought another item already and `on_duplicate` is `refuse`; what `HoldPlace` is refused for.
    """

    operation: ClassVar[str] = "ill.accept"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.ILL
    external_ref: str
    item: str | None = None
    words: BibWords = BibWords()
    hold: bool = True
    pickup_location: str | None = None
    needed_before: datetime | None = None
    item_type: str | None = None
    call_number: str | None = None
    enumeration: str | None = None
    restrictions: tuple[UseRestriction, ...] = ()
    return_by: datetime | None = None
    on_duplicate: OnDuplicate = OnDuplicate.REFUSE


class IllNote(Request):
    """The piece of an interlibrary loan was shipped or received, says the other side. A hold of that `external_ref`
    that no item has been found for is in process from then on; nothing else changes but the record of events."""

    operation: ClassVar[str] = "ill.note"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.ILL
    step: ShipmentStep
    external_ref: str | None = None
    item: str | None = None
    happened_at: datetime | None = None
