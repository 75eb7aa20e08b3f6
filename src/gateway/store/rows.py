"""The rows of every table, as slotted dataclasses: `gateway.store.schema` derives the tables from them.

Conventions: `*_at` are UTC milliseconds since 1970 (int), `*_on` ISO dates (str), money is whole minor units of the
member's currency, `*_json` is JSON text, `version` counts writes of the row and guards it against lost updates.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class MemberStateRow:
    """`policy_version` moves whenever rules, calendars, locations, categories or item types of the member change."""

    member: str
    policy_version: int
    change_position: int  # last position given to a bib change
    version: int = 1


@dataclass(slots=True)
class LocationRow:
    member: str
    id: str
    code: str
    name: str
    kind: str
    parent: str | None
    pickup: bool
    closed_weekdays: str  # digits 1 (Monday) to 7, such as "67"; "" where open every day
    opens_minute: int  # minutes after local midnight; hourly loans fall due only while open
    closes_minute: int
    version: int = 1


@dataclass(slots=True)
class ClosedDayRow:
    """A day on which a location (or `*`, all of the member's) is closed."""

    member: str
    location: str
    day: str
    reason: str


@dataclass(slots=True)
class PatronCategoryRow:
    """Limits of a category; None is no limit."""

    member: str
    code: str
    label: str
    max_loans: int | None
    max_overdue: int | None
    max_holds: int | None
    max_fees: int | None  # borrowing stops when the balance is at or above this
    max_lost: int | None
    version: int = 1


@dataclass(slots=True)
class ItemTypeRow:
    member: str
    code: str
    label: str
    media_type: str
    replacement_cost: int
    processing_fee: int
    version: int = 1


@dataclass(slots=True)
class LoanRuleRow:
    """The most specific row that fits wins: category before item type before location, `*` fits all."""

    member: str
    id: str
    patron_category: str
    item_type: str
    location: str
    loanable: bool
    period: int  # length of a loan in `period_unit`
    period_unit: str  # hour | day | week | month
    fixed_due_on: str | None  # all loans end on this day at the latest
    max_loans: int | None  # open loans under this row
    max_renewals: int | None  # None: unlimited
    renew_from: str  # due | now: what a renewal counts from
    holdable: bool
    hold_shelf_days: int
    recallable: bool
    recall_minimum_days: int  # a recall leaves the borrower at least this long
    overdue_fee: int  # per overdue_unit
    overdue_unit: str  # hour | day; closed days are not charged
    overdue_grace: int  # units that are free
    overdue_ceiling: int | None  # at most this much a loan
    rental_fee: int
    version: int = 1


@dataclass(slots=True)
class PatronRow:
    member: str
    id: str
    name: str  # display name
    family: str | None
    given: str | None
    category: str
    home_library: str | None
    status: str
    expires_on: str | None
    valid_from_on: str | None
    birth_on: str | None
    language: str | None
    emails_json: str
    phones_json: str
    addresses_json: str
    pin_hash: str | None
    is_institution: bool
    account_key: str | None  # key of the last command that touched the account as a whole
    account_terminal: str | None
    created_at: int
    changed_at: int
    version: int = 1


@dataclass(slots=True)
class PatronIdentifierRow:
    """`value` is normalised (trimmed, case-folded); one value names one patron within a member."""

    member: str
    value: str
    type: str
    patron_id: str
    shown: str  # as printed on the card
    active: bool
    position: int  # order among the patron's identifiers


@dataclass(slots=True)
class PseudonymRow:
    """The only link from events and stored answers to a patron; anonymising deletes this row.

    `secret` is the key under which stored answers keep what names the patron: 64 hexadecimal digits."""

    member: str
    patron_id: str
    pseudonym: str
    secret: str


@dataclass(slots=True)
class PatronBlockRow:
    member: str
    id: str
    patron_id: str
    reason: str
    scope: str
    severity: str
    text: str | None
    source: str
    placed_at: int
    expires_at: int | None
    version: int = 1


@dataclass(slots=True)
class BibRow:
    """`position` is the member's change position; `version` also guards the hold queue (bumped when it changes)."""

    member: str
    id: str
    title: str
    author: str | None
    publisher: str | None
    year: str | None
    edition: str | None
    isbn_json: str
    issn_json: str
    oclc_json: str
    language: str | None
    media_type: str | None
    suppressed: bool
    marc: bytes | None  # ISO 2709, UTF-8
    position: int
    created_at: int
    changed_at: int
    deleted_at: int | None
    version: int = 1


@dataclass(slots=True)
class ItemRow:
    """`last_key` and `last_terminal` name the command that last touched the item: exactly-once reads them."""

    member: str
    id: str
    bib_id: str
    barcode: str
    status: str
    item_type: str
    permanent_location: str
    current_location: str
    destination: str | None
    call_number: str | None
    copy_number: str | None
    enumeration: str | None
    collection: str | None
    media_type: str
    restrictions: str  # comma-separated UseRestriction values, "" for none
    security_marker: str
    magnetic: bool | None
    properties: str | None
    price: int | None  # replacement cost, None: the item type's
    temporary: bool
    owner_member: str | None  # set on the stand-in for another member's item
    lent_to_member: str | None  # set while another member's patron has it
    hold_id: str | None  # the hold this item is waiting or travelling for
    last_key: str | None
    last_terminal: str | None
    changed_at: int
    external_ref: str | None = None  # the interlibrary loan that brought it
    return_by_at: int | None = None  # no loan of it is due later
    version: int = 1


@dataclass(slots=True)
class LoanRow:
    member: str
    id: str
    item_id: str
    patron_id: str
    status: str
    loaned_at: int
    due_at: int
    due_precision: str
    original_due_at: int | None  # due before a recall or undo changed it
    renewals: int
    recalled_at: int | None
    rule_id: str
    location: str
    terminal: str
    returned_at: int | None
    return_terminal: str | None
    offline: bool
    external_ref: str | None = None
    version: int = 1


@dataclass(slots=True)
class HoldRow:
    """`place` orders the queue of a title (milliseconds of placing, then id)."""

    member: str
    id: str
    patron_id: str
    level: str
    type: str
    bib_id: str
    item_id: str | None
    status: str
    pickup_location: str
    place: int
    placed_at: int
    needed_before_at: int | None
    suspended_until_at: int | None
    hold_until_at: int | None
    filled_item_id: str | None
    comment: str | None
    closed_at: int | None
    external_ref: str | None = None
    version: int = 1


@dataclass(slots=True)
class ChargeRow:
    member: str
    id: str
    patron_id: str
    type: str
    status: str
    original: int
    balance: int
    currency: str
    item_id: str | None
    loan_id: str | None
    title: str | None
    description: str | None
    created_at: int
    last_key: str | None
    last_terminal: str | None
    external_ref: str | None = None
    version: int = 1


@dataclass(slots=True)
class PaymentRow:
    member: str
    id: str
    patron_id: str
    amount: int
    currency: str
    method: str
    fee_type: str | None
    external_ref: str | None
    status: str
    terminal: str
    taken_at: int
    version: int = 1


@dataclass(slots=True)
class PaymentLineRow:
    member: str
    payment_id: str
    charge_id: str
    amount: int
    balance: int  # of the charge, after this line


@dataclass(slots=True)
class EventRow:
    """Append-only: the database itself refuses to change or delete a row. `seq` is given by the database."""

    member: str
    at: int
    type: str
    subject: str | None  # pseudonym
    item_id: str | None
    loan_id: str | None
    terminal: str
    data_json: str


@dataclass(slots=True)
class IdempotencyRow:
    """A command's key with its stored answer; `subject` names what must be untouched for a late replay.

    `fingerprint` digests the command where the client chose the key itself, else it is empty.
    `answer_json` names nobody; what names somebody is in `personal`, each part under its patron's own key. An account
    that is the subject is named by its patron's pseudonym.
    """

    member: str
    key: str
    operation: str
    terminal: str
    at: int
    subject_kind: str  # item | charge | account | none
    subject_id: str | None
    permanent: bool
    refused: bool
    answer_json: str
    fingerprint: str = ""
    personal: str | None = None


@dataclass(slots=True)
class OfflineConflictRow:
    """`card` is what the terminal read, where it is nobody's here: staff have nothing else to find the person by."""

    member: str
    id: str
    at: int
    terminal: str
    operation: str
    reason: str
    item_barcode: str | None
    patron_id: str | None
    resolved_at: int | None
    card: str | None = None
    version: int = 1


@dataclass(slots=True)
class PinFailureRow:
    """A failed PIN attempt; `patron_id` counts across all doors and nodes."""

    member: str
    id: str
    patron_id: str
    terminal: str
    at: int


@dataclass(slots=True)
class ImportProgressRow:
    """How far a bulk load has come, so that it can be resumed."""

    member: str
    id: str  # digest of the source and the options
    offset: int
    rows_done: int
    rows_refused: int
    finished_at: int | None
    version: int = 1


@dataclass(slots=True)
class BrokerNoticeRow:
    """A notification to a broker: to be sent (`sent_at` and `given_up_at` are None), sent, or given up. It names things
    and no person; `facts_json` is what the message says."""

    member: str
    id: str
    peer: str
    service: str  # ItemCheckedIn, ...
    facts_json: str
    event: int  # the event it tells of
    created_at: int
    next_at: int  # not before
    attempts: int
    last_error: str | None
    sent_at: int | None
    given_up_at: int | None
    version: int = 1


@dataclass(slots=True)
class BrokerPositionRow:
    """The last event that was looked at for a broker."""

    member: str
    peer: str
    position: int
    version: int = 1
