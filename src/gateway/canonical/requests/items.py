"""What may be asked about items, and done with them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from gateway.canonical.requests.base import PatronRequest, Request
from gateway.canonical.vocabulary import (
    ItemStatus,
    MediaType,
    OnDuplicate,
    Permission,
    ReportedAs,
    SecurityMarker,
    UseRestriction,
)


class BibWords(BaseModel):
    """What is known of a title that comes from elsewhere."""

    model_config = ConfigDict(frozen=True)
    title: str | None = None
    author: str | None = None
    publisher: str | None = None
    year: str | None = None
    edition: str | None = None
    isbn: tuple[str, ...] = ()
    issn: tuple[str, ...] = ()
    oclc: tuple[str, ...] = ()
    media_type: MediaType | None = None
    language: str | None = None


class ItemGet(Request):
    operation: ClassVar[str] = "item.get"
    permission: ClassVar[Permission | None] = Permission.ITEM_READ
    item: str | None = None
    item_id: str | None = None


class ItemUpdate(Request):
    """Only the fields given are changed; `cleared` names fields of this request that are to be emptied.

    `status` is for what a desk sees (AVAILABLE, IN_PROCESS, TO_BE_RESHELVED, MISSING, LOST, WITHDRAWN, UNAVAILABLE); an
    item that is on loan, waiting or travelling keeps its own: ITEM_UNAVAILABLE. `words` describe the title where this
    item is its only one, else CONFLICT (`kind`: shared_title).
    """

    operation: ClassVar[str] = "item.update"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.ITEM_UPDATE
    item: str | None = None
    item_id: str | None = None
    properties: str | None = None
    security_marker: SecurityMarker | None = None
    current_location: str | None = None
    permanent_location: str | None = None
    status: ItemStatus | None = None
    call_number: str | None = None
    copy_number: str | None = None
    enumeration: str | None = None
    restrictions: tuple[UseRestriction, ...] | None = None
    words: BibWords | None = None
    cleared: frozenset[str] = frozenset()


class ItemCreate(Request):
    """A new item, of a title that is here (`bib_id`) or of one made from `words`.

    Without a barcode the platform makes one. Refused: CONFLICT (`kind`: barcode) where it is taken, CONFLICT (`kind`:
    incomplete) without a title, BIB_NOT_FOUND, CONFLICT (`kind`: unknown_value) for a location or item type that does
    not exist.
    """

    operation: ClassVar[str] = "item.create"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.ITEM_EDIT
    item: str | None = None
    bib_id: str | None = None
    words: BibWords = BibWords()
    status: ItemStatus = ItemStatus.AVAILABLE
    item_type: str | None = None
    location: str | None = None
    call_number: str | None = None
    copy_number: str | None = None
    enumeration: str | None = None
    restrictions: tuple[UseRestriction, ...] = ()
    security_marker: SecurityMarker | None = None
    on_duplicate: OnDuplicate = OnDuplicate.REFUSE
    external_ref: str | None = None


class ItemDelete(Request):
    """Takes an item away; its title goes with its last item where it was made for an interlibrary loan.

    Refused: ITEM_UNAVAILABLE (with its status) while it is on loan, CONFLICT (`kind`: held) while somebody waits for
    this very item, except that a hold of the same `external_ref` is cancelled with it. `only_temporary`: CONFLICT
    (`kind`: permanent) for an item of the library's own.
    """

    operation: ClassVar[str] = "item.delete"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.ITEM_EDIT
    item: str | None = None
    item_id: str | None = None
    only_temporary: bool = False


class ItemReport(PatronRequest):
    """What somebody says of an item; with a patron, only where the item is on loan to that patron.

    `returned` and `never_borrowed` make the loan a claim, `lost` ends it with the charges that the rules ask for,
    `missing` is for items that are not on loan.
    """

    operation: ClassVar[str] = "item.report"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.ITEM_UPDATE
    item: str | None = None
    item_id: str | None = None
    reported_as: ReportedAs
