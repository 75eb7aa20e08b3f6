"""What may be asked of the desk: one frozen request class per canonical operation (canonical model 4).

Patrons and items are named by any identifier the member knows (`patron`: barcode, user name, ...; `item`: barcode), or
by canonical id through the `*_id` fields. A request carries words, never permissions: those are in the context.
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
    FeeType,
    HoldLevel,
    HoldType,
    PatronStatus,
    PaymentMethod,
    Permission,
    SecurityMarker,
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


class ItemUpdate(Request):
    """Only the fields given are changed."""

    operation: ClassVar[str] = "item.update"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.ITEM_UPDATE
    item: str | None = None
    item_id: str | None = None
    properties: str | None = None
    security_marker: SecurityMarker | None = None
    current_location: str | None = None


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
    fee_acknowledged: bool = False
    properties: str | None = None


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
    fee_acknowledged: bool = False


class LoanRenewAll(PatronRequest):
    operation: ClassVar[str] = "loan.renew_all"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.RENEW
    fee_acknowledged: bool = False


class LoanUndo(PatronRequest):
    """`what="loan"` closes a loan as never made; `what="return"` reopens the loan that a check-in closed.

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


class HoldUpdate(PatronRequest):
    """The hold is named by id, or by patron and item, bib or title; several that fit are refused as ambiguous."""

    operation: ClassVar[str] = "hold.update"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.HOLD
    hold_id: str | None = None
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
    item: str | None = None
    item_id: str | None = None
    bib_id: str | None = None
    title: str | None = None
    reason: str | None = None


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
    operation: ClassVar[str] = "fee.create"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.CHARGE
    type: FeeType
    amount: Money
    item: str | None = None
    description: str | None = None


class FeeWaive(Request):
    """Waives the balance, or the part given."""

    operation: ClassVar[str] = "fee.waive"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.CHARGE
    fee_id: str
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


class PatronProvision(Request):
    """Makes a patron what the register of persons says; loans, holds, charges, the PIN and blocks stay untouched.

    The patron is `patron_id`, else the one whom the identifiers name, each as the type it has, else a new one. None and
    () leave a field as it is, and so do identifier types that are not named; `cleared` names fields of this request and
    identifier types that are to be emptied. Identifiers move only where nobody else has them. Refused whole: CONFLICT
    (`kind`: unknown_value, incomplete, with `fields`) and PATRON_NOT_UNIQUE (`kind`: taken, several, with `types`).
    """

    operation: ClassVar[str] = "patron.provision"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.PROVISION
    patron_id: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    name: PatronName | None = None
    category: str | None = None
    home_library: str | None = None
    status: PatronStatus = PatronStatus.ACTIVE  # never DELETED: that is what `PatronAnonymise` is for
    expires_on: date | None = None  # the last day
    valid_from_on: date | None = None
    birth_on: date | None = None
    language: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    cleared: frozenset[str] = frozenset()


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
