"""NCIP's code lists and the canonical vocabularies, each mapping once, read in both directions.

The responder writes and reads them, and so do clients of other systems. Reading ignores case, blanks and scheme: the
field writes them as it likes. The lists themselves stand in `library_protocols.ncip.facts.schemes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Generic, NamedTuple, TypeVar

from gateway.canonical.vocabulary import (
    BlockReason,
    BlockScope,
    BlockSeverity,
    FeeType,
    HoldLevel,
    HoldStatus,
    HoldType,
    IdentifierType,
    ItemStatus,
    MediaType,
    PaymentMethod,
    RoutingAction,
    SecurityMarker,
    UseRestriction,
)
from library_protocols.ncip.elements import SchemeValue
from library_protocols.ncip.facts.schemes import SCHEMES

Word = TypeVar("Word")


def folded(said: SchemeValue | str | None) -> str:
    """A value for comparison: without its scheme, blanks and case."""
    value = said.value if isinstance(said, SchemeValue) else said or ""
    return " ".join(value.split()).casefold()


class Words(Generic[Word]):
    """One element's values and their words. `written`: what each word is in NCIP, None where it has no value, and the
    first of several words with one value is what that value is read as. `also`: values that are only read."""

    def __init__(
        self, element: str, written: Mapping[Word, str | None], also: Mapping[str, Word] | None = None
    ) -> None:
        self.element = element
        scheme = SCHEMES[element].scheme
        self._written = {word: SchemeValue(value, scheme) if value else None for word, value in written.items()}
        self.only_read = tuple((also or {}).items())
        self._read = {folded(value): word for value, word in self.only_read}
        for word, value in reversed(list(written.items())):
            if value:
                self._read[folded(value)] = word

    def write(self, word: Word) -> SchemeValue | None:
        """The value with its scheme; None where NCIP has none."""
        return self._written.get(word)

    def read(self, said: SchemeValue | str | None) -> Word | None:
        """The word; None for a value that says nothing here."""
        return self._read.get(folded(said))

    @property
    def words(self) -> frozenset[Word]:
        """Every word that the table speaks of."""
        return frozenset(self._written)


ITEM_STATUS: Words[ItemStatus] = Words(
    "CirculationStatus",
    {
        ItemStatus.AVAILABLE: "Available On Shelf",
        ItemStatus.ON_LOAN: "On Loan",
        ItemStatus.ON_LOAN_NO_RECALL: "On Loan",
        ItemStatus.ON_HOLD_SHELF: "Available For Pickup",
        ItemStatus.RECALLED: "Recalled",
        ItemStatus.REQUESTED: "Recalled",  # there is no word for paged, and on the shelf it is for somebody
        ItemStatus.IN_TRANSIT: "In Transit Between Library Locations",
        ItemStatus.TO_BE_RESHELVED: "Waiting To Be Reshelved",
        ItemStatus.IN_PROCESS: "In Process",
        ItemStatus.ON_ORDER: "On Order",
        ItemStatus.PENDING_TRANSFER: "Pending Transfer",
        ItemStatus.CLAIMED_RETURNED: "Claimed Returned Or Never Borrowed",
        ItemStatus.LOST: "Lost",
        ItemStatus.MISSING: "Missing",
        ItemStatus.UNAVAILABLE: "Not Available",
        ItemStatus.ILL_OUT: "Not Available",
        ItemStatus.WITHDRAWN: "Not Available",
        ItemStatus.RESTRICTED_USE: "Available On Shelf",
        ItemStatus.UNKNOWN: "Circulation Status Undefined",
    },
    {"Available": ItemStatus.AVAILABLE, "On Hold": ItemStatus.ON_HOLD_SHELF, "In Transit": ItemStatus.IN_TRANSIT},
)

HOLD_STATUS: Words[HoldStatus] = Words(
    "RequestStatusType",
    {
        HoldStatus.PENDING: "In Process",
        HoldStatus.IN_PROCESS: "In Process",
        HoldStatus.IN_TRANSIT: "In Process",
        HoldStatus.READY: "Available For Pickup",
        HoldStatus.FILLED: None,
        HoldStatus.CANCELLED: "Cannot Fulfill Request",
        HoldStatus.EXPIRED: "Expired",
    },
)

HOLD_TYPE: Words[HoldType] = Words(
    "RequestType",
    {
        HoldType.HOLD: "Hold",
        HoldType.PAGE: "Page",
        HoldType.RECALL: "Recall",
        HoldType.BOOKING: "Hold",
        HoldType.ILL: "Loan",
        HoldType.STACK: "Stack Retrieval",
    },
    # Discovery layers send the first value of the list where they mean a hold.
    {"Estimate": HoldType.HOLD},
)
"""Nothing here supplies copies to keep: `Non-returnable Copy` is no word."""

HOLD_LEVEL: Words[HoldLevel] = Words(
    "RequestScopeType",
    {HoldLevel.BIB: "Bibliographic Item", HoldLevel.ITEM: "Item", HoldLevel.HOLDING: "Bibliographic Item"},
    {"Title": HoldLevel.BIB},
)

FEE_TYPE: Words[FeeType] = Words(
    "FiscalTransactionType",
    {
        FeeType.OVERDUE: "Fine",
        FeeType.REPLACEMENT: "Book Replacement Charge",
        FeeType.RENTAL: "Rental",
        FeeType.HOLD: "Reservation Charge",
        FeeType.ILL: "Interlibrary Loan Fee",
        FeeType.CARD: "Card Replacement Charge",
        FeeType.MEMBERSHIP: "Day Pass",
        FeeType.ADMIN: "Service Charge",
        FeeType.PROCESSING: "Service Charge",
        FeeType.DAMAGE: "Service Charge",
        FeeType.COMPUTER: "Service Charge",
        FeeType.OTHER: "Service Charge",
    },
    {
        "Catalog Search": FeeType.OTHER,
        "Purchase": FeeType.OTHER,
        "Reminder Charge": FeeType.ADMIN,
        "Renewal Fee": FeeType.RENTAL,
        "ILL-fee": FeeType.ILL,
    },
)

PAYMENT_METHOD: Words[PaymentMethod] = Words(
    "PaymentMethodType",
    {
        PaymentMethod.CASH: "Cash",
        PaymentMethod.CARD: "Debit Card",
        PaymentMethod.ONLINE: "Funds Transfer",
        PaymentMethod.ACCOUNT: "Deposit Account",
        PaymentMethod.CHEQUE: "Check",
        PaymentMethod.OTHER: None,
    },
    {
        "Credit Card": PaymentMethod.CARD,
        "Direct Debit": PaymentMethod.ACCOUNT,
        "Bank Draft": PaymentMethod.CHEQUE,
        "Traveler's Check": PaymentMethod.CHEQUE,
        "Money Order": PaymentMethod.OTHER,
    },
)


class FiscalAction(Enum):
    """What a fiscal transaction does to an account."""

    CHARGE = "charge"
    PAY = "pay"
    WAIVE = "waive"


FISCAL_ACTION: Words[FiscalAction] = Words(
    "FiscalActionType",
    {FiscalAction.CHARGE: "Assess", FiscalAction.PAY: "Payment", FiscalAction.WAIVE: "Waive"},
    {
        "Penalty": FiscalAction.CHARGE,
        "Forgive": FiscalAction.WAIVE,
        "Cancel": FiscalAction.WAIVE,
        "Write Off": FiscalAction.WAIVE,
    },
)
"""`Balance`, which is in use, is not a transaction."""


def fiscal_action_of_fee(type_: FeeType) -> SchemeValue:
    """How a charge that stands came about: a fine is a penalty, everything else was assessed."""
    return SchemeValue("Penalty" if type_ is FeeType.OVERDUE else "Assess", SCHEMES["FiscalActionType"].scheme)


USE_RESTRICTION: Words[UseRestriction] = Words(
    "ItemUseRestrictionType",
    {
        UseRestriction.IN_LIBRARY_USE_ONLY: "In Library Use Only",
        UseRestriction.NOT_FOR_LOAN: "Not For Loan",
        UseRestriction.OVERNIGHT_ONLY: "Overnight Only",
        UseRestriction.LIMITED_SHORT: "Limited Circulation, Short Loan Period",
        UseRestriction.LIMITED_NORMAL: "Limited Circulation, Normal Loan Period",
        UseRestriction.LIMITED_LONG: "Limited Circulation, Long Loan Period",
        UseRestriction.SUPERVISED: "Supervision Required",
        UseRestriction.CONTROLLED_ACCESS: "Use Only In Controlled Access",
        UseRestriction.SIGNATURE_REQUIRED: "User Signature Required",
        UseRestriction.NO_RENEWALS: "Renewals Not Permitted",
        UseRestriction.NO_REPRODUCTION: "No Reproduction",
        UseRestriction.NO_RETURN_NEEDED: "Available For Supply Without Return",
        UseRestriction.AGE_RESTRICTED: None,
    },
    {"Term Loan": UseRestriction.LIMITED_LONG},
)

MEDIA: Words[MediaType] = Words(
    "MediumType",
    {
        MediaType.OTHER: None,
        MediaType.BOOK: "Book",
        MediaType.MAGAZINE: "Magazine",
        MediaType.BOUND_JOURNAL: "Bound Journal",
        MediaType.AUDIO_TAPE: "Audio Tape",
        MediaType.VIDEO_TAPE: "Video Tape",
        MediaType.CD: "Compact Disc (CD)",
        MediaType.DISKETTE: "Diskette",
        MediaType.BOOK_DISKETTE: "Book With Diskette",
        MediaType.BOOK_CD: "Book With Compact Disc",
        MediaType.BOOK_AUDIO_TAPE: "Book With Audio Tape",
    },
    {
        "Compact Disc": MediaType.CD,
        "CD-ROM": MediaType.CD,
        "Music CD": MediaType.CD,
        "Audiobook Tape": MediaType.AUDIO_TAPE,
        "Microform": MediaType.OTHER,
    },
)

SECURITY_MARKER: Words[SecurityMarker] = Words(
    "SecurityMarker",
    {
        SecurityMarker.OTHER: None,
        SecurityMarker.NONE: "None",
        SecurityMarker.TATTLE_TAPE: "Tattle-Tape Security Strip",
        SecurityMarker.WHISPER_TAPE: None,
    },
    dict.fromkeys(
        [value for value in SCHEMES["SecurityMarker"].values if value not in ("None", "Tattle-Tape Security Strip")],
        SecurityMarker.OTHER,
    ),
)

USER_IDENTIFIER: Words[IdentifierType] = Words(
    "UserIdentifierType",
    {
        IdentifierType.BARCODE: "Barcode",
        IdentifierType.PRIMARY: "Institution Id Number",
        IdentifierType.SIS: "Institution Id Number",
        IdentifierType.EXTERNAL: "External Id",
        IdentifierType.USERNAME: "Username",
        IdentifierType.RFID_UID: "RFID",
        IdentifierType.OCLC_PPID: "PPID",
    },
    {"Barcode Id": IdentifierType.BARCODE, "User Name": IdentifierType.USERNAME, "EIDM": IdentifierType.OCLC_PPID},
)
"""How identifiers are called where the peer has no names of its own for them."""


class Restraint(NamedTuple):
    """A block as NCIP has it in one value: why, what it keeps from, and whether it refuses anything."""

    reason: BlockReason
    scope: BlockScope
    severity: BlockSeverity = BlockSeverity.BLOCK


_BLOCK_TYPE = SCHEMES["BlockOrTrapType"].scheme
_CHECK_OUT, _MESSAGE = "Block Check Out", "Trap For Message"
BLOCK_REASON: Mapping[BlockReason, str] = {
    BlockReason.BORROW_DENIED: _CHECK_OUT,
    BlockReason.RENEW_DENIED: "Block Renewal",
    BlockReason.RECALL_DENIED: "Block Recall",
    BlockReason.HOLD_DENIED: "Block Request Item",
    BlockReason.CARD_LOST: "Trap For Lost Card",
    BlockReason.TOO_MANY_LOANS: _CHECK_OUT,
    BlockReason.TOO_MANY_OVERDUE: _CHECK_OUT,
    BlockReason.TOO_MANY_RENEWALS: "Block Renewal",
    BlockReason.TOO_MANY_CLAIMS: _MESSAGE,
    BlockReason.TOO_MANY_LOST: _CHECK_OUT,
    BlockReason.EXCESS_FINES: _CHECK_OUT,
    BlockReason.EXCESS_FEES: _CHECK_OUT,
    BlockReason.RECALL_OVERDUE: _CHECK_OUT,
    BlockReason.TOO_MANY_BILLED: _CHECK_OUT,
    BlockReason.BAD_ADDRESS: _MESSAGE,
    BlockReason.NOTICE: _MESSAGE,
    BlockReason.ELECTRONIC_ACCESS_DENIED: "Block Electronic Resource Access",
}
"""BlockOrTrapType by what a block is for (canonical model 3.2). The values are those in use: there is no list."""
BLOCK_SCOPE: Mapping[BlockScope, tuple[str, ...]] = {
    BlockScope.BORROW: (_CHECK_OUT,),
    BlockScope.RENEW: ("Block Renewal",),
    BlockScope.HOLD: ("Block Request Item",),
    BlockScope.RECALL: ("Block Recall",),
    BlockScope.E_ACCESS: ("Block Electronic Resource Access",),
    BlockScope.ALL: (_CHECK_OUT, "Block Renewal", "Block Request Item", "Block Recall"),
}
"""BlockOrTrapTypes by what a block keeps from."""
_RESTRAINTS: Mapping[str, Restraint] = {
    "block check out": Restraint(BlockReason.BORROW_DENIED, BlockScope.BORROW),
    "block checkout": Restraint(BlockReason.BORROW_DENIED, BlockScope.BORROW),
    "block renewal": Restraint(BlockReason.RENEW_DENIED, BlockScope.RENEW),
    "block recall": Restraint(BlockReason.RECALL_DENIED, BlockScope.RECALL),
    "block hold": Restraint(BlockReason.HOLD_DENIED, BlockScope.HOLD),
    "block request item": Restraint(BlockReason.HOLD_DENIED, BlockScope.HOLD),
    "trap for lost card": Restraint(BlockReason.CARD_LOST, BlockScope.ALL),
    "trap for message": Restraint(BlockReason.NOTICE, BlockScope.ALL, BlockSeverity.TRAP),
    "block electronic resource access": Restraint(BlockReason.ELECTRONIC_ACCESS_DENIED, BlockScope.E_ACCESS),
}


def block_types(reason: BlockReason, scope: BlockScope, severity: BlockSeverity) -> tuple[SchemeValue, ...]:
    """The BlockOrTrapTypes of a block: what it is for, then what it keeps from. A trap keeps from nothing."""
    if severity is BlockSeverity.TRAP:
        named = BLOCK_REASON[reason]
        return (SchemeValue(named if named.startswith("Trap") else _MESSAGE, _BLOCK_TYPE),)
    values = dict.fromkeys((BLOCK_REASON[reason], *BLOCK_SCOPE[scope]))
    return tuple(SchemeValue(value, _BLOCK_TYPE) for value in values)


def restraint_of(said: SchemeValue | str | None) -> Restraint | None:
    """The block that a BlockOrTrapType means; None for one that says nothing here."""
    return _RESTRAINTS.get(folded(said))


ROUTING: Mapping[RoutingAction, str] = {
    RoutingAction.RESHELVE: "Re-shelve",
    RoutingAction.HOLD_HERE: "Hold For Pickup",
    RoutingAction.TRANSIT_HOLD: "Send To Pickup Location",
    RoutingAction.TRANSIT_HOME: "Send To Owning Location",
    RoutingAction.PROCESS: "Process",
    RoutingAction.ILL_RETURN: "Return To Lending Library",
    RoutingAction.EXCEPTION: "See Staff",
}
"""RoutingInstructions of a returned item: words for people, stable for machines."""


class PrivilegeType(Enum):
    """AgencyUserPrivilegeType as brokers read it: each an aspect whose value is the privilege's status."""

    STATUS = "STATUS"
    PROFILE = "PROFILE"
    LIBRARY = "LIBRARY"


MAY_BORROW, MAY_NOT_BORROW = "ACTIVE", "BLOCKED"
"""The values of STATUS. Brokers lend to everybody who is not the second."""
