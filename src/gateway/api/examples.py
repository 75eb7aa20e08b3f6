"""Example answers for the API's description: canonical objects, so that an example cannot differ from the model."""

from __future__ import annotations

from datetime import UTC, date, datetime

from gateway.canonical import entities as ent
from gateway.canonical import outcomes as out
from gateway.canonical.messages import MessageRef
from gateway.canonical.money import Money
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import (
    BlockReason,
    BlockSeverity,
    FeeStatus,
    FeeType,
    HoldLevel,
    HoldStatus,
    IdentifierType,
    ItemStatus,
    LoanStatus,
    LocationKind,
    MediaType,
    PaymentMethod,
    RoutingAction,
)

_NOW = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
_DUE = datetime(2026, 12, 14, 23, 59, 59, tzinfo=UTC)
_RECALLED_DUE = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)


def _gbp(minor: int) -> Money:
    return Money.of_minor(minor, "GBP")


PATRON = ent.Patron(
    id="p20100001",
    identifiers=(ent.Identifier(type=IdentifierType.BARCODE, value="20100001"),),
    name=ent.PatronName(display="Siân Ŵyn", family="Ŵyn", given="Siân"),
    category=ent.Category(code="UG", label="Undergraduate"),
    home_library="ABER",
    language="cy",
    has_pin=True,
    limits=ent.PatronLimits(loans=20, overdues=5, holds=10, fees=_gbp(1000)),
    counts=ent.PatronCounts(loans=1, overdue=0, recalled=0, holds_ready=0, holds_pending=1, fines=1, fees=1, lost=0),
    balance=_gbp(250),
)
ITEM = ent.Item(
    id="i30100001",
    bib_id="b1",
    barcode="30100001",
    title="Hanes Cymru",
    author="Davies, John",
    status=ItemStatus.AVAILABLE,
    permanent_location="ABER",
    current_location="ABER",
    call_number="942.9 DAV",
    media_type=MediaType.BOOK,
    item_type="BOOK",
    hold_queue_length=0,
)
LENT = ITEM.model_copy(update={"status": ItemStatus.ON_LOAN, "due": _DUE})
LOAN = ent.Loan(
    id="l1",
    item_id=ITEM.id,
    patron_id=PATRON.id,
    item_barcode=ITEM.barcode,
    patron_barcode=PATRON.barcode,
    title=ITEM.title,
    status=LoanStatus.OPEN,
    loaned_at=_NOW,
    due=_DUE,
    renewals_left=3,
    renewable=True,
    loan_location="ABER",
)
CLOSED = LOAN.model_copy(update={"status": LoanStatus.RETURNED, "returned_at": _NOW})
HOLD = ent.Hold(
    id="h1",
    patron_id=PATRON.id,
    level=HoldLevel.BIB,
    bib_id="b1",
    title=ITEM.title,
    status=HoldStatus.PENDING,
    pickup_location="ABER",
    placed_at=_NOW,
    queue_position=1,
)
ARRIVED = ITEM.model_copy(
    update={
        "id": "i4711",
        "bib_id": "b4711",
        "barcode": "ill-4711",
        "status": ItemStatus.ON_HOLD_SHELF,
        "temporary": True,
        "external_ref": "reshare:4711",
        "return_by": datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC),
        "hold_queue_length": 1,
    }
)
ARRIVED_HOLD = HOLD.model_copy(
    update={
        "id": "h4711",
        "level": HoldLevel.ITEM,
        "bib_id": "b4711",
        "item_id": "i4711",
        "item_barcode": "ill-4711",
        "status": HoldStatus.READY,
        "hold_until": _RECALLED_DUE,
        "queue_position": None,
        "filled_item_id": "i4711",
        "external_ref": "reshare:4711",
    }
)
NOTICE = ent.Block(
    id="n1",
    reason=BlockReason.NOTICE,
    severity=BlockSeverity.TRAP,
    text="Your interlibrary loan has come",
    placed_at=_NOW,
    expires_at=datetime(2027, 1, 10, tzinfo=UTC),
)
FEE = ent.Fee(
    id="f1",
    patron_id=PATRON.id,
    type=FeeType.OVERDUE,
    status=FeeStatus.OPEN,
    original=_gbp(250),
    balance=_gbp(250),
    created_at=_NOW,
    item_id=ITEM.id,
    item_barcode=ITEM.barcode,
    title=ITEM.title,
)
PAID = FEE.model_copy(update={"status": FeeStatus.PAID, "balance": _gbp(0)})
PAYMENT = ent.Payment(
    id="pay1",
    patron_id=PATRON.id,
    amount=_gbp(250),
    method=PaymentMethod.CARD,
    external_ref="till-7-000123",
    lines=(ent.PaymentLine(fee_id=FEE.id, amount=_gbp(250), balance=_gbp(0)),),
    taken_at=_NOW,
    terminal="api:till",
)
BIB = ent.Bib(
    id="b1",
    title=ITEM.title,
    author=ITEM.author,
    publisher="Penguin",
    year="1990",
    isbn=("9780140284751",),
    language="wel",
    media_type=MediaType.BOOK,
    created_at=_NOW,
    changed_at=_NOW,
)
EVENT = ent.Event(sequence=41, at=_NOW, type="loan.created", subject="s-7f3a", item_id=ITEM.id, loan_id=LOAN.id)
CONFLICT = ent.OfflineConflict(
    id="c1",
    at=_NOW,
    terminal="aber-kiosk-1",
    operation="loan.create",
    reason="PATRON_EXPIRED",
    item_barcode=ITEM.barcode,
    patron_barcode=PATRON.barcode,
)
LOCATION = ent.Location(id="ABER", code="ABER", name="Llyfrgell Hugh Owen", kind=LocationKind.LIBRARY, pickup=True)
CLOSED_DAY = out.ClosedDay(location="ABER", day=date(2026, 12, 25))

STATUS = out.Status(
    online=True,
    offline_ok=True,
    capabilities={"loan.create": out.Capability(level="full")},
    library_name="Prifysgol Aberystwyth",
    now=_NOW,
)
PATRON_OUTCOME = out.PatronOutcome(patron=PATRON)
PROVISION_OUTCOME = out.ProvisionOutcome(patron_id=PATRON.id, changed=True)
ANONYMISE_OUTCOME = out.AnonymiseOutcome(changed=True)
LOGIN_OUTCOME = out.PatronOutcome(patron=PATRON, pin_verified=True)
ACCOUNT_OUTCOME = out.AccountOutcome(patron=PATRON, loans=(LOAN,), holds=(HOLD,), fees=(FEE,))
ITEM_OUTCOME = out.ItemOutcome(item=ITEM)
LOAN_OUTCOME = out.LoanOutcome(loan=LOAN, item=LENT, messages=(MessageRef(id="loan.created"),))
RENEWED_OUTCOME = out.LoanOutcome(loan=LOAN.model_copy(update={"renewals_used": 1}), item=LENT, renewed=True)
RETURN_OUTCOME = out.ReturnOutcome(
    item=ITEM, loan=CLOSED, routing=ent.Routing(action=RoutingAction.RESHELVE, destination="ABER")
)
UNDO_OUTCOME = out.UndoOutcome(item=ITEM, loan=LOAN.model_copy(update={"status": LoanStatus.UNDONE}), what="loan")
RENEW_ALL_OUTCOME = out.RenewAllOutcome(
    renewed=(LOAN,),
    unrenewed=(out.Unrenewed(loan=LOAN, refusal=Refusal(code=RefusalCode.RENEWAL_LIMIT, detail={"limit": 3})),),
)
HOLD_OUTCOME = out.HoldOutcome(hold=HOLD)
NOTIFIED_OUTCOME = out.PatronOutcome(patron=PATRON.model_copy(update={"blocks": (NOTICE,)}))
RECALLED_OUTCOME = out.LoanOutcome(
    loan=LOAN.model_copy(update={"due": _RECALLED_DUE, "recalled_at": _NOW}),
    item=LENT.model_copy(update={"status": ItemStatus.RECALLED, "due": _RECALLED_DUE, "recalled_at": _NOW}),
    desensitize=False,
)
ARRIVED_OUTCOME = out.IllOutcome(item=ARRIVED, hold=ARRIVED_HOLD)
SHIPPED_OUTCOME = out.IllOutcome(hold=HOLD.model_copy(update={"external_ref": "reshare:4711"}))
PAYMENT_OUTCOME = out.PaymentOutcome(payment=PAYMENT, balance=_gbp(0))
FEE_OUTCOME = out.FeeOutcome(fee=FEE)
BIB_OUTCOME = out.BibOutcome(bib=BIB)
AVAILABILITY_OUTCOME = out.AvailabilityOutcome(
    bibs=(out.Availability(bib_id=BIB.id, items=(ITEM,), available=1, total=1),)
)
BIB_CHANGE = out.BibChange(position=17, bib=BIB)
CONFLICTS_OUTCOME = out.ConflictsOutcome(conflicts=(CONFLICT.model_copy(update={"resolved_at": _NOW}),))
