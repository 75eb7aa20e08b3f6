"""What may be asked about patrons, and done with them."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from gateway.canonical.entities import Identifier, PatronName
from gateway.canonical.requests.base import PatronRequest, Request
from gateway.canonical.vocabulary import BlockReason, BlockScope, BlockSeverity, PatronStatus, Permission


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
