"""What may be asked of the desk: one frozen request class per canonical operation (canonical model 4).

Patrons and items are named by any identifier the member knows (`patron`: barcode, user name, ...; `item`: barcode), or
by canonical id through the `*_id` fields. `external_ref` is the name that the other side of an interlibrary loan gave
the transaction, with who gave it: the door makes it unique. A request carries words, never permissions: those are in
the context.
"""

from __future__ import annotations

from gateway.canonical.requests.base import PatronRequest, Request
from gateway.canonical.requests.fees import FeeCreate, FeePay, FeeWaive
from gateway.canonical.requests.holds import HoldCancel, HoldGet, HoldPlace, HoldUpdate
from gateway.canonical.requests.interlibrary import IllAccept, IllNote
from gateway.canonical.requests.items import BibWords, ItemCreate, ItemDelete, ItemGet, ItemReport, ItemUpdate
from gateway.canonical.requests.loans import (
    LoanCreate,
    LoanRecall,
    LoanRecallCancel,
    LoanRenew,
    LoanRenewAll,
    LoanReturn,
    LoanUndo,
)
from gateway.canonical.requests.others import (
    BibAvailability,
    BibChanges,
    BibGet,
    ConfigList,
    ConflictList,
    ConflictResolve,
    EventList,
    SystemStatus,
)
from gateway.canonical.requests.patrons import (
    PatronAccount,
    PatronAnonymise,
    PatronAuthenticate,
    PatronBlock,
    PatronEnable,
    PatronGet,
    PatronNotify,
    PatronProvision,
)

__all__ = [
    "BibAvailability",
    "BibChanges",
    "BibGet",
    "BibWords",
    "ConfigList",
    "ConflictList",
    "ConflictResolve",
    "EventList",
    "FeeCreate",
    "FeePay",
    "FeeWaive",
    "HoldCancel",
    "HoldGet",
    "HoldPlace",
    "HoldUpdate",
    "IllAccept",
    "IllNote",
    "ItemCreate",
    "ItemDelete",
    "ItemGet",
    "ItemReport",
    "ItemUpdate",
    "LoanCreate",
    "LoanRecall",
    "LoanRecallCancel",
    "LoanRenew",
    "LoanRenewAll",
    "LoanReturn",
    "LoanUndo",
    "PatronAccount",
    "PatronAnonymise",
    "PatronAuthenticate",
    "PatronBlock",
    "PatronEnable",
    "PatronGet",
    "PatronNotify",
    "PatronProvision",
    "PatronRequest",
    "Request",
    "SystemStatus",
]
