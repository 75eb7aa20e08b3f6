"""Closed vocabularies of the canonical model.

Each value is a library word; what a standard or a supplier calls it stands in `gateway.crosswalks`.
"""

from __future__ import annotations

from enum import StrEnum


class ItemStatus(StrEnum):
    """Where an item stands in circulation."""

    AVAILABLE = "AVAILABLE"
    ON_LOAN = "ON_LOAN"
    ON_LOAN_NO_RECALL = "ON_LOAN_NO_RECALL"
    ON_HOLD_SHELF = "ON_HOLD_SHELF"
    REQUESTED = "REQUESTED"
    RECALLED = "RECALLED"
    IN_TRANSIT = "IN_TRANSIT"
    TO_BE_RESHELVED = "TO_BE_RESHELVED"
    IN_PROCESS = "IN_PROCESS"
    ON_ORDER = "ON_ORDER"
    PENDING_TRANSFER = "PENDING_TRANSFER"
    CLAIMED_RETURNED = "CLAIMED_RETURNED"
    LOST = "LOST"
    MISSING = "MISSING"
    ILL_OUT = "ILL_OUT"
    WITHDRAWN = "WITHDRAWN"
    RESTRICTED_USE = "RESTRICTED_USE"
    UNAVAILABLE = "UNAVAILABLE"
    UNKNOWN = "UNKNOWN"


class UseRestriction(StrEnum):
    """A restriction on what may be done with an item."""

    IN_LIBRARY_USE_ONLY = "IN_LIBRARY_USE_ONLY"
    NOT_FOR_LOAN = "NOT_FOR_LOAN"
    OVERNIGHT_ONLY = "OVERNIGHT_ONLY"
    LIMITED_SHORT = "LIMITED_SHORT"
    LIMITED_NORMAL = "LIMITED_NORMAL"
    LIMITED_LONG = "LIMITED_LONG"
    SUPERVISED = "SUPERVISED"
    CONTROLLED_ACCESS = "CONTROLLED_ACCESS"
    SIGNATURE_REQUIRED = "SIGNATURE_REQUIRED"
    NO_RENEWALS = "NO_RENEWALS"
    NO_REPRODUCTION = "NO_REPRODUCTION"
    NO_RETURN_NEEDED = "NO_RETURN_NEEDED"
    AGE_RESTRICTED = "AGE_RESTRICTED"


class LoanStatus(StrEnum):
    OPEN = "open"
    RETURNED = "returned"
    LOST = "lost"
    CLAIMED = "claimed"
    UNDONE = "undone"  # closed as never made


class DuePrecision(StrEnum):
    """Whether the clock time of a due instant means anything to the patron."""

    MINUTE = "minute"
    DAY = "day"


class HoldStatus(StrEnum):
    PENDING = "PENDING"
    IN_PROCESS = "IN_PROCESS"
    IN_TRANSIT = "IN_TRANSIT"
    READY = "READY"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


OPEN_HOLD_STATUSES = (HoldStatus.PENDING, HoldStatus.IN_PROCESS, HoldStatus.IN_TRANSIT, HoldStatus.READY)


class HoldLevel(StrEnum):
    BIB = "bib"
    ITEM = "item"
    HOLDING = "holding"


class HoldType(StrEnum):
    HOLD = "hold"
    PAGE = "page"
    RECALL = "recall"
    BOOKING = "booking"
    ILL = "ill"
    STACK = "stack"


class ReportedAs(StrEnum):
    """What somebody says of an item that has not been seen at a desk."""

    RETURNED = "returned"  # the borrower says: brought back
    NEVER_BORROWED = "never_borrowed"  # the borrower says: not by me
    LOST = "lost"
    MISSING = "missing"


class DesiredDue(StrEnum):
    """What becomes of a due date that somebody wishes for."""

    IGNORED = "ignored"  # the rules alone
    EARLIER = "earlier"  # the wish where it is before what the rules give
    WINS = "wins"  # the wish, whatever the rules give


class OnDuplicate(StrEnum):
    """What is done where the barcode for a new item is taken."""

    REFUSE = "refuse"
    SUFFIX = "suffix"  # `-2`, `-3`, ... is added: several volumes of one request


class ShipmentStep(StrEnum):
    """Where the piece of an interlibrary loan is."""

    SHIPPED = "shipped"
    RECEIVED = "received"


class FeeType(StrEnum):
    OVERDUE = "OVERDUE"
    REPLACEMENT = "REPLACEMENT"
    PROCESSING = "PROCESSING"
    DAMAGE = "DAMAGE"
    RENTAL = "RENTAL"
    HOLD = "HOLD"
    ADMIN = "ADMIN"
    COMPUTER = "COMPUTER"
    ILL = "ILL"
    CARD = "CARD"
    MEMBERSHIP = "MEMBERSHIP"
    OTHER = "OTHER"


class FeeStatus(StrEnum):
    OPEN = "open"
    PAID = "paid"
    DISPUTED = "disputed"
    WAIVED = "waived"
    EXPORTED = "exported"
    REVERSED = "reversed"  # taken back because what caused it was undone


class PaymentMethod(StrEnum):
    CASH = "cash"
    CARD = "card"
    ONLINE = "online"
    ACCOUNT = "account"
    CHEQUE = "cheque"
    OTHER = "other"


class PaymentStatus(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class PatronStatus(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"
    EXPIRED = "expired"
    DELETED = "deleted"


class IdentifierType(StrEnum):
    BARCODE = "barcode"
    PRIMARY = "primary"
    EXTERNAL = "external"
    USERNAME = "username"
    SIS = "sis"
    RFID_UID = "rfid_uid"
    OCLC_PPID = "oclc_ppid"


class BlockScope(StrEnum):
    BORROW = "borrow"
    RENEW = "renew"
    HOLD = "hold"
    RECALL = "recall"
    E_ACCESS = "e_access"
    ALL = "all"


class BlockReason(StrEnum):
    """Why a patron may not do something; the order of the first fourteen is that of SIP2's patron status."""

    BORROW_DENIED = "BORROW_DENIED"
    RENEW_DENIED = "RENEW_DENIED"
    RECALL_DENIED = "RECALL_DENIED"
    HOLD_DENIED = "HOLD_DENIED"
    CARD_LOST = "CARD_LOST"
    TOO_MANY_LOANS = "TOO_MANY_LOANS"
    TOO_MANY_OVERDUE = "TOO_MANY_OVERDUE"
    TOO_MANY_RENEWALS = "TOO_MANY_RENEWALS"
    TOO_MANY_CLAIMS = "TOO_MANY_CLAIMS"
    TOO_MANY_LOST = "TOO_MANY_LOST"
    EXCESS_FINES = "EXCESS_FINES"
    EXCESS_FEES = "EXCESS_FEES"
    RECALL_OVERDUE = "RECALL_OVERDUE"
    TOO_MANY_BILLED = "TOO_MANY_BILLED"
    BAD_ADDRESS = "BAD_ADDRESS"
    ELECTRONIC_ACCESS_DENIED = "ELECTRONIC_ACCESS_DENIED"
    NOTICE = "NOTICE"  # what its text says to the patron; the text of any other block is for staff


class BlockSeverity(StrEnum):
    BLOCK = "block"
    TRAP = "trap"  # a message to staff; nothing is refused


class BlockSource(StrEnum):
    MANUAL = "manual"
    AUTOMATIC = "automatic"
    DERIVED = "derived"  # computed from the account at the moment of asking, not stored


class LocationKind(StrEnum):
    MEMBER = "member"
    LIBRARY = "library"
    SHELVING = "shelving"
    COLLECTION = "collection"


class TerminalKind(StrEnum):
    SELF_CHECK = "self_check"
    SORTER = "sorter"
    KIOSK = "kiosk"
    STAFF = "staff"
    GATE = "gate"
    API = "api"


class MediaType(StrEnum):
    """Physical form of an item; the values are SIP2's CK table in words."""

    OTHER = "other"
    BOOK = "book"
    MAGAZINE = "magazine"
    BOUND_JOURNAL = "bound_journal"
    AUDIO_TAPE = "audio_tape"
    VIDEO_TAPE = "video_tape"
    CD = "cd"
    DISKETTE = "diskette"
    BOOK_DISKETTE = "book_diskette"
    BOOK_CD = "book_cd"
    BOOK_AUDIO_TAPE = "book_audio_tape"


class SecurityMarker(StrEnum):
    OTHER = "other"
    NONE = "none"
    TATTLE_TAPE = "tattle_tape"
    WHISPER_TAPE = "whisper_tape"


class RoutingAction(StrEnum):
    """What to do with an item that has just been returned."""

    RESHELVE = "reshelve"
    HOLD_HERE = "hold_here"
    TRANSIT_HOLD = "transit_hold"
    TRANSIT_HOME = "transit_home"
    PROCESS = "process"
    ILL_RETURN = "ill_return"
    EXCEPTION = "exception"


class ForeignItems(StrEnum):
    """A member's policy for another member's item at its own terminal (canonical model 2.6)."""

    UNKNOWN = "unknown"  # as if the item did not exist
    ROUTE_HOME = "route_home"  # taken back and sent home, never lent
    FULFIL = "fulfil"  # lent and taken back as by its owner


class Permission(StrEnum):
    """What a terminal, peer or API key may do; named in configuration."""

    PATRON_READ = "patron_read"
    ITEM_READ = "item_read"
    BIB_READ = "bib_read"
    CHECKOUT = "checkout"
    CHECKIN = "checkin"
    RENEW = "renew"
    HOLD = "hold"
    PAY = "pay"
    CHARGE = "charge"  # create and waive charges
    BLOCK = "block"
    ENABLE = "enable"
    ITEM_UPDATE = "item_update"
    OFFLINE = "offline"  # send transactions that already happened while the line was down
    UNDO = "undo"
    CONFIG_READ = "config_read"
    STAFF = "staff"  # conflict lists, exchanges
    RECALL = "recall"  # ask a borrower to bring an item back sooner
    ITEM_EDIT = "item_edit"  # make, describe and remove items
    ILL = "ill"  # interlibrary loans: temporary items for one patron
    NOTIFY = "notify"  # leave a notice for a patron
    PROVISION = "provision"  # make, change and remove patrons: SCIM and the worker behind the register


class Audience(StrEnum):
    PATRON = "patron"
    STAFF = "staff"
    RECEIPT = "receipt"
