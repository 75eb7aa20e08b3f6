"""SIP2's code tables and the canonical vocabularies, each mapping once, read in both directions.

Adapters (kiosks ask us) go from canonical to code, drivers (we ask another system) from code to canonical. The codes
themselves and their meaning stand in `library_protocols.sip2.facts`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gateway.canonical import requests as req
from gateway.canonical.outcomes import Capability
from gateway.canonical.requests import Request
from gateway.canonical.vocabulary import (
    BlockReason,
    BlockScope,
    FeeType,
    HoldLevel,
    ItemStatus,
    MediaType,
    PaymentMethod,
    Permission,
    RoutingAction,
    SecurityMarker,
)
from library_protocols.sip2.facts import TABLES

ITEM_STATUS: dict[ItemStatus, str] = {
    ItemStatus.AVAILABLE: "03",
    ItemStatus.ON_LOAN: "04",
    ItemStatus.ON_LOAN_NO_RECALL: "05",
    ItemStatus.ON_HOLD_SHELF: "08",
    ItemStatus.REQUESTED: "07",
    ItemStatus.RECALLED: "07",
    ItemStatus.IN_TRANSIT: "10",
    ItemStatus.TO_BE_RESHELVED: "09",
    ItemStatus.IN_PROCESS: "06",
    ItemStatus.ON_ORDER: "02",
    ItemStatus.PENDING_TRANSFER: "10",
    ItemStatus.CLAIMED_RETURNED: "11",
    ItemStatus.LOST: "12",
    ItemStatus.MISSING: "13",
    ItemStatus.ILL_OUT: "01",
    ItemStatus.WITHDRAWN: "01",
    ItemStatus.RESTRICTED_USE: "03",
    ItemStatus.UNAVAILABLE: "01",
    ItemStatus.UNKNOWN: "01",
}
"""Circulation status of 18. REQUESTED and RESTRICTED_USE are switches of the terminal's profile."""

ITEM_STATUS_OF: dict[str, ItemStatus] = {
    "00": ItemStatus.UNKNOWN,
    "01": ItemStatus.UNAVAILABLE,
    "02": ItemStatus.ON_ORDER,
    "03": ItemStatus.AVAILABLE,
    "04": ItemStatus.ON_LOAN,
    "05": ItemStatus.ON_LOAN_NO_RECALL,
    "06": ItemStatus.IN_PROCESS,
    "07": ItemStatus.RECALLED,
    "08": ItemStatus.ON_HOLD_SHELF,
    "09": ItemStatus.TO_BE_RESHELVED,
    "10": ItemStatus.IN_TRANSIT,
    "11": ItemStatus.CLAIMED_RETURNED,
    "12": ItemStatus.LOST,
    "13": ItemStatus.MISSING,
}

SECURITY_MARKER: dict[SecurityMarker, str] = {
    SecurityMarker.OTHER: "00",
    SecurityMarker.NONE: "01",
    SecurityMarker.TATTLE_TAPE: "02",
    SecurityMarker.WHISPER_TAPE: "03",
}
SECURITY_MARKER_OF = {code: marker for marker, code in SECURITY_MARKER.items()}

MEDIA_TYPE: dict[MediaType, str] = {
    MediaType.OTHER: "000",
    MediaType.BOOK: "001",
    MediaType.MAGAZINE: "002",
    MediaType.BOUND_JOURNAL: "003",
    MediaType.AUDIO_TAPE: "004",
    MediaType.VIDEO_TAPE: "005",
    MediaType.CD: "006",
    MediaType.DISKETTE: "007",
    MediaType.BOOK_DISKETTE: "008",
    MediaType.BOOK_CD: "009",
    MediaType.BOOK_AUDIO_TAPE: "010",
}
MEDIA_TYPE_OF = {code: media for media, code in MEDIA_TYPE.items()}

FEE_TYPE: dict[FeeType, str] = {
    FeeType.OVERDUE: "04",
    FeeType.REPLACEMENT: "07",
    FeeType.PROCESSING: "05",
    FeeType.DAMAGE: "03",
    FeeType.RENTAL: "06",
    FeeType.HOLD: "09",
    FeeType.ADMIN: "02",
    FeeType.COMPUTER: "08",
    FeeType.ILL: "01",
    FeeType.CARD: "01",
    FeeType.MEMBERSHIP: "01",
    FeeType.OTHER: "01",
}
FEE_TYPE_OF: dict[str, FeeType] = {
    "01": FeeType.OTHER,
    "02": FeeType.ADMIN,
    "03": FeeType.DAMAGE,
    "04": FeeType.OVERDUE,
    "05": FeeType.PROCESSING,
    "06": FeeType.RENTAL,
    "07": FeeType.REPLACEMENT,
    "08": FeeType.COMPUTER,
    "09": FeeType.HOLD,
}

PAYMENT_METHOD_OF: dict[str, PaymentMethod] = {
    "00": PaymentMethod.CASH,
    "01": PaymentMethod.CARD,
    "02": PaymentMethod.CARD,
    "05": PaymentMethod.CHEQUE,
}
PAYMENT_METHOD: dict[PaymentMethod, str] = {
    PaymentMethod.CASH: "00",
    PaymentMethod.CARD: "02",
    PaymentMethod.ONLINE: "02",
    PaymentMethod.ACCOUNT: "02",
    PaymentMethod.CHEQUE: "05",
    PaymentMethod.OTHER: "00",
}

HOLD_LEVEL_OF: dict[str, HoldLevel] = {"2": HoldLevel.BIB, "3": HoldLevel.ITEM, "4": HoldLevel.BIB}
HOLD_LEVEL: dict[HoldLevel, str] = {HoldLevel.BIB: "2", HoldLevel.ITEM: "3", HoldLevel.HOLDING: "4"}

ALERT_TYPE: dict[RoutingAction, str | None] = {
    RoutingAction.RESHELVE: None,
    RoutingAction.HOLD_HERE: "01",
    RoutingAction.TRANSIT_HOLD: "02",
    RoutingAction.ILL_RETURN: "03",
    RoutingAction.TRANSIT_HOME: "04",
    RoutingAction.PROCESS: "99",
    RoutingAction.EXCEPTION: "99",
}
"""CV of 10, by what is to be done with the item; None where no alert is raised."""
ALERT_TYPE_OF: dict[str, RoutingAction] = {
    code: action for action, code in ALERT_TYPE.items() if code is not None and code != "99"
} | {"99": RoutingAction.EXCEPTION}

STATUS_POSITION: dict[BlockReason, int] = dict(zip(BlockReason, range(14), strict=False))
"""Position of patron status that names a block's reason; reasons beyond the fourteen have none."""

SCOPE_POSITIONS: dict[BlockScope, tuple[int, ...]] = {
    BlockScope.BORROW: (0,),
    BlockScope.RENEW: (1,),
    BlockScope.RECALL: (2,),
    BlockScope.HOLD: (3,),
    BlockScope.ALL: (0, 1, 2, 3),
    BlockScope.E_ACCESS: (),
}
"""Positions of patron status that a block's scope denies."""

OPERATIONS: dict[str, type[Request]] = {
    "23": req.PatronGet,
    "63": req.PatronAccount,
    "11": req.LoanCreate,
    "09": req.LoanReturn,
    "29": req.LoanRenew,
    "65": req.LoanRenewAll,
    "17": req.ItemGet,
    "19": req.ItemUpdate,
    "15": req.HoldPlace,
    "37": req.FeePay,
    "01": req.PatronBlock,
    "25": req.PatronEnable,
}
"""The canonical operation behind each message; the others (93, 99, 35, 97) are the link's own affair."""


def may_send(code: str, permissions: Collection[Permission], capabilities: Mapping[str, Capability]) -> bool:
    """Whether a terminal with these permissions gets anything but a refusal for message `code` from this platform."""
    request = OPERATIONS.get(code)
    if request is None:
        return True
    if request.permission is not None and request.permission not in permissions:
        return False
    capability = capabilities.get(request.operation)
    return capability is not None and capability.level != "none"


def supported_messages(permissions: Collection[Permission], capabilities: Mapping[str, Capability]) -> str:
    """BX of 98: one Y or N for each position of the standard's table."""
    rows = TABLES["supported_messages"].rows
    return "".join("Y" if may_send(row.name, permissions, capabilities) else "N" for row in rows)
