"""Entities of the canonical model (frozen Pydantic; one definition for the internals and the HTTP API).

Ids are opaque strings, unique per member and entity. Times are UTC instants. Unknown is a value: a count, limit or flag
that the platform cannot tell is None, and the doors decide how that looks.
"""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from gateway.canonical.messages import MessageRef
from gateway.canonical.money import Money
from gateway.canonical.vocabulary import (
    BlockReason,
    BlockScope,
    BlockSeverity,
    BlockSource,
    DuePrecision,
    FeeStatus,
    FeeType,
    HoldLevel,
    HoldStatus,
    HoldType,
    IdentifierType,
    ItemStatus,
    LoanStatus,
    LocationKind,
    MediaType,
    PatronStatus,
    PaymentMethod,
    PaymentStatus,
    RoutingAction,
    SecurityMarker,
    UseRestriction,
)


class Entity(BaseModel):
    model_config = ConfigDict(frozen=True)


class Location(Entity):
    """A library, a shelving location or a collection; `pickup` says that holds may be collected there."""

    id: str
    code: str
    name: str
    kind: LocationKind = LocationKind.LIBRARY
    parent: str | None = None
    pickup: bool = False


class Identifier(Entity):
    type: IdentifierType
    value: str
    active: bool = True


class PatronName(Entity):
    display: str
    family: str | None = None
    given: str | None = None
    middle: str | None = None
    preferred: str | None = None


class Category(Entity):
    code: str
    label: str


class Contacts(Entity):
    """Preferred values come first."""

    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


class Block(Entity):
    """Something that keeps a patron from borrowing, renewing, ...; `derived` ones are computed, not stored."""

    id: str | None = None
    scope: BlockScope = BlockScope.ALL
    reason: BlockReason
    severity: BlockSeverity = BlockSeverity.BLOCK
    text: str | None = None
    placed_at: datetime | None = None
    expires_at: datetime | None = None
    source: BlockSource = BlockSource.MANUAL


class PatronLimits(Entity):
    loans: int | None = None
    overdues: int | None = None
    holds: int | None = None
    fees: Money | None = None


class PatronCounts(Entity):
    loans: int | None = None
    overdue: int | None = None
    recalled: int | None = None
    holds_ready: int | None = None
    holds_pending: int | None = None
    fines: int | None = None  # open overdue charges
    fees: int | None = None  # all open charges
    claims_returned: int | None = None
    lost: int | None = None


class Patron(Entity):
    """A person or institution that borrows."""

    id: str
    identifiers: tuple[Identifier, ...] = ()
    name: PatronName
    category: Category | None = None
    home_library: str | None = None
    status: PatronStatus = PatronStatus.ACTIVE
    expires_at: datetime | None = None
    valid_from: date | None = None
    birth_date: date | None = None
    language: str | None = None  # BCP 47, such as `cy`
    contacts: Contacts = Contacts()
    has_pin: bool | None = None
    blocks: tuple[Block, ...] = ()
    limits: PatronLimits = PatronLimits()
    counts: PatronCounts = PatronCounts()
    balance: Money | None = None
    is_institution: bool = False
    messages: tuple[MessageRef, ...] = ()

    @property
    def barcode(self) -> str | None:
        """The first active barcode."""
        return next((i.value for i in self.identifiers if i.type is IdentifierType.BARCODE and i.active), None)


class Bib(Entity):
    """A bibliographic record; `marcxml` only where asked for."""

    id: str
    title: str
    author: str | None = None
    contributors: tuple[str, ...] = ()
    edition: str | None = None
    publisher: str | None = None
    year: str | None = None
    isbn: tuple[str, ...] = ()
    issn: tuple[str, ...] = ()
    oclc: tuple[str, ...] = ()
    media_type: MediaType | None = None
    language: str | None = None
    suppressed: bool = False
    created_at: datetime | None = None
    changed_at: datetime | None = None
    deleted_at: datetime | None = None
    marcxml: str | None = None


class Item(Entity):
    """One physical piece. `properties` is SIP2's CH: free text a terminal may store on the item."""

    id: str
    bib_id: str | None = None
    barcode: str
    title: str = ""
    author: str | None = None
    status: ItemStatus
    status_raw: str | None = None
    due: datetime | None = None
    due_precision: DuePrecision = DuePrecision.DAY
    recalled_at: datetime | None = None
    hold_until: datetime | None = None
    owner_member: str | None = None
    permanent_location: str | None = None
    current_location: str | None = None
    destination: str | None = None
    call_number: str | None = None
    copy_number: str | None = None
    enumeration: str | None = None
    collection: str | None = None
    media_type: MediaType = MediaType.OTHER
    item_type: str | None = None
    restrictions: tuple[UseRestriction, ...] = ()
    security_marker: SecurityMarker = SecurityMarker.OTHER
    magnetic: bool | None = None
    hold_queue_length: int | None = None
    properties: str | None = None
    fee: Money | None = None  # what borrowing costs
    fee_type: FeeType | None = None
    temporary: bool = False
    external_ref: str | None = None
    return_by: datetime | None = None  # no loan of it is due later
    changed_at: datetime | None = None


class Fee(Entity):
    """A charge on a patron's account."""

    id: str
    patron_id: str
    type: FeeType
    status: FeeStatus
    original: Money
    balance: Money
    created_at: datetime
    item_id: str | None = None
    item_barcode: str | None = None
    loan_id: str | None = None
    title: str | None = None
    description: str | None = None
    external_ref: str | None = None


class Loan(Entity):
    id: str
    item_id: str
    patron_id: str
    item_barcode: str
    patron_barcode: str | None = None
    title: str = ""
    status: LoanStatus
    loaned_at: datetime
    due: datetime
    due_precision: DuePrecision = DuePrecision.DAY
    renewals_used: int = 0
    renewals_left: int | None = None
    renewable: bool | None = None
    overdue: bool = False
    recalled_at: datetime | None = None
    loan_location: str | None = None
    returned_at: datetime | None = None
    external_ref: str | None = None


class Hold(Entity):
    id: str
    patron_id: str
    level: HoldLevel
    bib_id: str | None = None
    item_id: str | None = None
    item_barcode: str | None = None
    title: str = ""
    type: HoldType = HoldType.HOLD
    status: HoldStatus
    pickup_location: str
    placed_at: datetime
    needed_before: datetime | None = None
    hold_until: datetime | None = None
    queue_position: int | None = None
    suspended_until: datetime | None = None
    comment: str | None = None
    filled_item_id: str | None = None
    external_ref: str | None = None


class PaymentLine(Entity):
    """The part of a payment that went to one charge."""

    fee_id: str
    amount: Money
    balance: Money


class Payment(Entity):
    id: str
    patron_id: str
    amount: Money
    method: PaymentMethod
    external_ref: str | None = None
    lines: tuple[PaymentLine, ...] = ()
    taken_at: datetime
    terminal: str | None = None
    status: PaymentStatus = PaymentStatus.ACCEPTED


class Routing(Entity):
    """What to do with a returned item."""

    action: RoutingAction = RoutingAction.RESHELVE
    destination: str | None = None
    hold_id: str | None = None
    hold_patron_id: str | None = None
    hold_patron_barcode: str | None = None
    hold_patron_name: str | None = None
    sort_bin: str | None = None


class LoanRule(Entity):
    """The row of the loan rule table that fits a patron category, an item type and a location (`*` fits all)."""

    patron_category: str
    item_type: str
    location: str
    loanable: bool
    period: str | None = None
    renewals: int | None = None
    holdable: bool = True


class Event(Entity):
    """One row of the append-only event log; the patron appears only as a pseudonym."""

    sequence: int
    at: datetime
    type: str
    subject: str | None = None
    item_id: str | None = None
    loan_id: str | None = None
    terminal: str | None = None
    data: dict[str, object] = {}


class OfflineConflict(Entity):
    """A transaction that had already happened while the line was down and that the rules would have refused."""

    id: str
    at: datetime
    terminal: str
    operation: str
    reason: str
    item_barcode: str | None = None
    patron_id: str | None = None
    patron_barcode: str | None = None  # where nobody has that card, as the terminal read it
    resolved_at: datetime | None = None
