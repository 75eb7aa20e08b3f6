"""What may be asked of the desk: one frozen request class per canonical operation (canonical model 4).

Patrons and items are named by any identifier the member knows (`patron`: barcode, user name, ...; `item`: barcode), or
by canonical id through the `*_id` fields. `external_ref` is the name that the other side of an interlibrary loan gave
the transaction, with who gave it: the door makes it unique. A request carries words, never permissions: those are in
the context.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, SecretStr

from gateway.canonical.entities import Identifier, PatronName
from gateway.canonical.money import Money
from gateway.canonical.vocabulary import (
    BlockReason,
    BlockScope,
    BlockSeverity,
    DesiredDue,
    FeeType,
    HoldLevel,
    HoldType,
    ItemStatus,
    MediaType,
    OnDuplicate,
    PatronStatus,
    PaymentMethod,
    Permission,
    ReportedAs,
    SecurityMarker,
    ShipmentStep,
    UseRestriction,
)


class Request(BaseModel):
    """`operation` is the name used in capabilities, logs and metrics; `command` says that it changes something."""

    model_config = ConfigDict(frozen=True)
    operation: ClassVar[str] = ""
    command: ClassVar[bool] = False
    permission: ClassVar[Permission | None] = None


class SystemStatus(Request):
    operation: ClassVar[str] = "system.status"


class PatronRequest(Request):
    """`patron` is any identifier as typed or scanned; `pin` is None where none was sent, empty where it was empty."""

    patron: str | None = None
    patron_id: str | None = None
    pin: SecretStr | None = None


class PatronGet(PatronRequest):
    operation: ClassVar[str] = "patron.get"
    permission: ClassVar[Permission | None] = Permission.PATRON_READ


class PatronAuthenticate(PatronRequest):
    operation: ClassVar[str] = "patron.authenticate"
    permission: ClassVar[Permission | None] = Permission.PATRON_READ


class PatronAccount(PatronRequest):
    """Patron with the lists asked for; `overdue` and `recalled` are parts of `loans`."""

    operation: ClassVar[str] = "patron.account"
    permission: ClassVar[Permission | None] = Permission.PATRON_READ
    loans: bool = False
    holds: bool = False
    fees: bool = False


class ItemGet(Request):
    operation: ClassVar[str] = "item.get"
    permission: ClassVar[Permission | None] = Permission.ITEM_READ
    item: str | None = None
    item_id: str | None = None


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


class LoanCreate(PatronRequest):
    """Check-out. `happened_at` and `due` are kept as told only with `offline` (it already happened at the terminal)."""

    operation: ClassVar[str] = "loan.create"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.CHECKOUT
    item: str | None = None
    item_id: str | None = None
    renew_if_own: bool = False  # the item is already on loan to this patron: renew it
    offline: bool = False
    happened_at: datetime | None = None
    due: datetime | None = None
    desired_due: datetime | None = None
    desired_due_rule: DesiredDue = DesiredDue.IGNORED
    fee_acknowledged: bool = False
    properties: str | None = None
    external_ref: str | None = None


class LoanReturn(Request):
    """Check-in. `location` is where the item is now (None: the terminal's own)."""

    operation: ClassVar[str] = "loan.return"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.CHECKIN
    item: str | None = None
    item_id: str | None = None
    returned_at: datetime | None = None
    location: str | None = None
    offline: bool = False
    properties: str | None = None


class LoanRenew(PatronRequest):
    operation: ClassVar[str] = "loan.renew"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.RENEW
    item: str | None = None
    item_id: str | None = None
    title: str | None = None  # SIP2 lets a loan be named by title alone
    loan_id: str | None = None
    third_party: bool = False  # the one who asks may be someone else than the borrower
    offline: bool = False
    happened_at: datetime | None = None
    due: datetime | None = None
    desired_due: datetime | None = None
    desired_due_rule: DesiredDue = DesiredDue.IGNORED
    fee_acknowledged: bool = False


class LoanRecall(Request):
    """Asks for an item back that is on loan, for nobody's hold; the loan ends at the earliest when its rule allows it,
    and not before `desired_due`. Refused: LOAN_NOT_FOUND, RECALL_NOT_ALLOWED."""

    operation: ClassVar[str] = "loan.recall"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.RECALL
    item: str | None = None
    item_id: str | None = None
    desired_due: datetime | None = None


class LoanRecallCancel(Request):
    """Takes a recall back: the loan is due when it was before. Refused: LOAN_NOT_FOUND, UNDO_NOT_POSSIBLE where it is
    not recalled or somebody waits for it."""

    operation: ClassVar[str] = "loan.recall_cancel"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.RECALL
    item: str | None = None
    item_id: str | None = None


class LoanRenewAll(PatronRequest):
    operation: ClassVar[str] = "loan.renew_all"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.RENEW
    fee_acknowledged: bool = False


class LoanUndo(PatronRequest):
    """`what="loan"` closes a loan as never made, or takes back its renewal where that came last; `what="checkout"` does
    the first only, and refuses a loan that was renewed; `what="return"` reopens the loan that a check-in closed.

    `made_by` is the key of the command to be undone: refuse where it was not the last one to touch the item.
    """

    operation: ClassVar[str] = "loan.undo"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.UNDO
    what: str = "loan"
    item: str | None = None
    item_id: str | None = None
    loan_id: str | None = None
    only_if_untouched: bool = False  # refuse where anything happened to the item since
    made_by: str | None = None


class HoldPlace(PatronRequest):
    operation: ClassVar[str] = "hold.place"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.HOLD
    level: HoldLevel = HoldLevel.BIB
    type: HoldType = HoldType.HOLD
    item: str | None = None
    item_id: str | None = None
    bib_id: str | None = None
    title: str | None = None
    pickup_location: str | None = None
    needed_before: datetime | None = None
    suspended_until: datetime | None = None
    fee_acknowledged: bool = False
    comment: str | None = None
    external_ref: str | None = None


class HoldGet(PatronRequest):
    """One hold, named as in `HoldUpdate`; one that has ended is found by id and by `external_ref`."""

    operation: ClassVar[str] = "hold.get"
    permission: ClassVar[Permission | None] = Permission.HOLD
    hold_id: str | None = None
    external_ref: str | None = None
    item: str | None = None
    item_id: str | None = None
    type: HoldType | None = None


class HoldUpdate(PatronRequest):
    """The hold is named by id or `external_ref`, or by patron and item, bib or title; several that fit are refused as
    ambiguous."""

    operation: ClassVar[str] = "hold.update"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.HOLD
    hold_id: str | None = None
    external_ref: str | None = None
    item: str | None = None
    item_id: str | None = None
    bib_id: str | None = None
    title: str | None = None
    pickup_location: str | None = None
    needed_before: datetime | None = None
    suspended_until: datetime | None = None


class HoldCancel(PatronRequest):
    operation: ClassVar[str] = "hold.cancel"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.HOLD
    hold_id: str | None = None
    external_ref: str | None = None
    item: str | None = None
    item_id: str | None = None
    bib_id: str | None = None
    title: str | None = None
    reason: str | None = None


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


class FeePay(PatronRequest):
    """Without `fee_ids` the oldest charges are paid first. `fee_type` is the terminal's word for it, for the record."""

    operation: ClassVar[str] = "fee.pay"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.PAY
    amount: Money
    method: PaymentMethod = PaymentMethod.OTHER
    fee_ids: tuple[str, ...] = ()
    fee_type: FeeType | None = None
    external_ref: str | None = None


class FeeCreate(PatronRequest):
    """One `external_ref` is one charge of the patron: asked for again it is answered as it stands. Refused: CONFLICT
    (`kind`: reference) where it was another charge."""

    operation: ClassVar[str] = "fee.create"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.CHARGE
    type: FeeType
    amount: Money
    item: str | None = None
    description: str | None = None
    external_ref: str | None = None


class FeeWaive(Request):
    """Waives the balance, or the part given; with a patron, only where the charge is that patron's."""

    operation: ClassVar[str] = "fee.waive"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.CHARGE
    fee_id: str
    patron_id: str | None = None
    amount: Money | None = None
    reason: str | None = None


class PatronBlock(PatronRequest):
    operation: ClassVar[str] = "patron.block"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.BLOCK
    reason: BlockReason = BlockReason.CARD_LOST
    scope: BlockScope = BlockScope.ALL
    severity: BlockSeverity = BlockSeverity.BLOCK
    text: str | None = None
    card_retained: bool = False
    expires_at: datetime | None = None


class PatronEnable(PatronRequest):
    """Lifts the block named, or all stored blocks of the patron."""

    operation: ClassVar[str] = "patron.enable"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.ENABLE
    block_id: str | None = None


class PatronNotify(PatronRequest):
    """Leaves words for the patron, to be read at the next kiosk or desk until `expires_at`."""

    operation: ClassVar[str] = "patron.notify"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.NOTIFY
    text: str
    expires_at: datetime | None = None


class PatronProvision(Request):
    """Makes a patron what the register of persons says; loans, holds, charges, the PIN and blocks stay untouched.

    The patron is `patron_id`, else the one whom the identifiers name, each as the type it has, else a new one. None and
    () leave a field as it is, and so do identifier types that are not named; `cleared` names fields of this request and
    identifier types that are to be emptied. Identifiers move only where nobody else has them. Refused whole: CONFLICT
    (`kind`: unknown_value, incomplete, with `fields`; exists where somebody has one of the identifiers and only a
    patron that is `new` will do) and PATRON_NOT_UNIQUE (`kind`: taken, several, with `types`).
    """

    operation: ClassVar[str] = "patron.provision"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.PROVISION
    patron_id: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    name: PatronName | None = None
    category: str | None = None
    home_library: str | None = None
    status: PatronStatus | None = PatronStatus.ACTIVE  # never DELETED: that is what `PatronAnonymise` is for
    expires_on: date | None = None  # the last day
    valid_from_on: date | None = None
    birth_on: date | None = None
    language: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    cleared: frozenset[str] = frozenset()
    new: bool = False


class PatronAnonymise(Request):
    """Removes who the patron was; what was lent and paid stays as somebody's.

    Refused as CONFLICT (`kind`: owing) with the numbers of `loans`, `holds`, `charges` and `conflicts` while there are
    any that are open. Of somebody who is anonymised already it is done.
    """

    operation: ClassVar[str] = "patron.anonymise"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.PROVISION
    patron_id: str


class BibGet(Request):
    operation: ClassVar[str] = "bib.get"
    permission: ClassVar[Permission | None] = Permission.BIB_READ
    bib_id: str
    with_marc: bool = False


class BibAvailability(Request):
    operation: ClassVar[str] = "bib.availability"
    permission: ClassVar[Permission | None] = Permission.BIB_READ
    bib_ids: tuple[str, ...]


class BibChanges(Request):
    """Bibs of this member in order of change; `after` is the position of the last one seen."""

    operation: ClassVar[str] = "bib.changes"
    permission: ClassVar[Permission | None] = Permission.BIB_READ
    after: int = 0
    limit: int = 100


class ConfigList(Request):
    """`what`: locations, categories, item_types, loan_rules, closed_days."""

    operation: ClassVar[str] = "config.list"
    permission: ClassVar[Permission | None] = Permission.CONFIG_READ
    what: str
    from_day: date | None = None


class EventList(Request):
    operation: ClassVar[str] = "event.list"
    permission: ClassVar[Permission | None] = Permission.STAFF
    after: int = 0
    limit: int = 100


class ConflictList(Request):
    """Conflicts of off-line transactions, for staff."""

    operation: ClassVar[str] = "conflict.list"
    permission: ClassVar[Permission | None] = Permission.STAFF
    after: str | None = None
    limit: int = 100
    include_resolved: bool = False


class ConflictResolve(Request):
    operation: ClassVar[str] = "conflict.resolve"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.STAFF
    conflict_id: str
