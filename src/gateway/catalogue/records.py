"""What the catalogue hands out: records as a view shows them, holdings, and pages of the change feed.

A view is a member's code or `ALL`. In a member's view a record is that member's own source record; in `ALL` it is a
shared bib, shown by its lead's record with the holdings of all members.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from library_protocols.z3950.records import CircRecord

ALL = "all"
"""The view of the whole consortium."""


class Format(StrEnum):
    """What the tags of a record mean."""

    MARC21 = "marc21"
    UNIMARC = "unimarc"


class SourceKind(StrEnum):
    """How an original came: its bytes are kept as they were."""

    ISO2709 = "iso2709"
    MARCXML = "marcxml"
    EXACT = "iso2709-utf-8"  # ISO 2709 that is what we write of the record in UTF-8, octet by octet
    PLATFORM = "platform"  # ISO 2709 as the reference platform keeps it: there was no other original


@dataclass(frozen=True, slots=True)
class Holding:
    """Copies of a bib that stand at one place under one call number, as last published (not who has them on loan).

    `location` and `collection` are codes of the member; `summary` says which parts of a serial or set are held.
    `control` is the control number of the record that it is a holding of, filled in when it is read. `circulation` is
    what the server that was asked says of its copies now; nothing that we keep has it. `copy_number` is the number that
    the library gives this one copy, empty where it is not known or there are several.
    """

    member: str
    location: str
    call_number: str = ""
    copies: int = 1
    location_name: str = ""
    collection: str = ""
    summary: str = ""
    note: str = ""
    item_type: str = ""
    barcodes: tuple[str, ...] = ()
    control: str = ""
    circulation: tuple[CircRecord, ...] = ()
    copy_number: str = ""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a record was harvested, in the terms of OAI-PMH's provenance container.

    `datestamp` and `harvested_at` are UTC as OAI-PMH writes them; `altered` says that what we give is not what we got;
    `chain` is the originDescription that came with the record, as XML, where there was one.
    """

    base_url: str
    identifier: str
    datestamp: str
    metadata_namespace: str
    harvested_at: str
    altered: bool = False
    chain: str = ""


@dataclass(frozen=True, slots=True)
class CatalogueRecord:
    """One record as a view shows it.

    `id` is the source record's integer, `shared` that of its shared bib. `marcxml` is one `record` element in the
    namespace MARC21/slim without an XML declaration, UTF-8; empty where `deleted`. `datestamp` is seconds since 1970,
    of the last change as this view sees it; `sets` are the setSpecs it is in, in this view. `holdings` are those of
    its own record in a member's view, of every member in `ALL`.
    """

    id: int
    member: str
    control: str
    shared: int
    format: Format
    marcxml: bytes
    datestamp: int
    sets: tuple[str, ...] = ()
    deleted: bool = False
    provenance: Provenance | None = None
    holdings: tuple[Holding, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """The last change of one record in one scope of the feed.

    `record` is the id of the source record to show; in `ALL` that of the lead, or, of a tombstone, of the last lead.
    """

    seq: int
    record: int
    shared: int
    datestamp: int
    deleted: bool


@dataclass(frozen=True, slots=True)
class FeedPage:
    """`entries` by rising seq. `size` is how many entries the whole list has now, from its first page on, `before`
    how many of them precede this page; `more` whether any follow. `horizon` was read in the same snapshot."""

    entries: tuple[FeedEntry, ...]
    size: int
    before: int
    more: bool
    horizon: int


@dataclass(frozen=True, slots=True)
class SetDescription:
    """A set as ListSets shows it."""

    spec: str
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """What the index must make true for one source record, in the order of `seq` (scope 0 of the feed).

    `record` is None where the record is in no view any longer. `views` are the views that show it (its member's, and
    `ALL` where it is the lead of its shared bib); `holders` the members that visibly hold its shared bib, in the order
    of their codes; its own member alone where it is not the lead.
    """

    seq: int
    id: int
    record: CatalogueRecord | None
    views: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewPair:
    """Two records that may or may not be the same. `reason` says what speaks for and what against it.

    `decision` is '' (open), 'same' or 'different'; `decided_at` is seconds since 1970.
    """

    id: int
    a: int
    b: int
    reason: str
    evidence: str
    decision: str = ""
    decided_by: str = ""
    decided_at: int | None = None


@dataclass(slots=True)
class StoreStats:
    """Counts of the store. `by_member` gives visible, suppressed, private and deleted source records."""

    records: int = 0
    shared: int = 0
    open_reviews: int = 0
    by_member: dict[str, dict[str, int]] = field(default_factory=dict)
    horizon: int = 0
    last_seq: int = 0
    bytes: int = 0
