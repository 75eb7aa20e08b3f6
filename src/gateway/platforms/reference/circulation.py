"""What the circulation commands share: the snapshot they decide on, how they name things, and their common verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.canonical.entities import Item, Loan
from gateway.canonical.messages import MessageRef
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import DuePrecision, ForeignItems, LoanStatus, PatronStatus
from gateway.platforms.reference.events import Log
from gateway.platforms.reference.exactly_once import NO_SUBJECT, Command, Ruling, Subject
from gateway.platforms.reference.ids import normalised, trimmed
from gateway.platforms.reference.policy import instant
from gateway.platforms.reference.views import Standing, Totals, item_view, loan_view, patron_status
from gateway.store.rows import (
    ChargeRow,
    HoldRow,
    IdempotencyRow,
    ItemRow,
    LoanRow,
    LoanRuleRow,
    MemberStateRow,
    PatronBlockRow,
    PatronIdentifierRow,
    PatronRow,
    PseudonymRow,
)


@dataclass(slots=True)
class Case:
    """One item, its unreturned loan and queue, and a patron: the one who asks, or on a return the borrower.

    A plan reads what its command needs; the rest stays empty."""

    state: MemberStateRow | None = None
    stored: IdempotencyRow | None = None
    item: ItemRow | None = None
    bib: Totals | None = None
    loan: LoanRow | None = None
    loan_charges: Sequence[ChargeRow] = ()
    queue: Sequence[HoldRow] = ()
    queue_people: Sequence[Totals] = ()
    patron: PatronRow | None = None
    asker: PatronRow | None = None  # who asks, where that may be another than the borrower
    identifiers: Sequence[PatronIdentifierRow] = ()
    blocks: Sequence[PatronBlockRow] = ()
    loan_totals: Sequence[Totals] | None = None
    missing_totals: Totals | None = None
    charge_totals: Totals | None = None
    pseudonym: PseudonymRow | None = None
    borrower: PseudonymRow | None = None  # of the one who has the item, where that may be another
    askers: PseudonymRow | None = None  # of `asker`
    last_event: Totals | None = None
    referred: Sequence[HoldRow] = ()  # open holds of the interlibrary loan that the request names

    @property
    def title(self) -> str:
        return self.bib["title"] if self.bib else ""

    @property
    def open_loan(self) -> LoanRow | None:
        return self.loan if self.loan is not None and self.loan.status == LoanStatus.OPEN else None

    def standing(self) -> Standing:
        """Of the patron, who must be there."""
        assert self.patron is not None
        return Standing(
            self.patron, self.identifiers, self.blocks, self.loan_totals, self.missing_totals, self.charge_totals
        )

    def barcode_of(self, patron_id: str) -> str | None:
        return next(
            (i.shown for i in self.identifiers if i.patron_id == patron_id and i.type == "barcode" and i.active), None
        )

    def hold(self, hold_id: str | None) -> HoldRow | None:
        return next((h for h in self.queue if h.id == hold_id), None) if hold_id else None

    def person(self, patron_id: str) -> Totals | None:
        return next((p for p in self.queue_people if p["patron_id"] == patron_id), None)

    def log(self, command: Command) -> Log:
        """An event log that knows every pseudonym this snapshot has read."""
        waiting = [
            PseudonymRow(command.member, p["patron_id"], p["pseudonym"], p["secret"])
            for p in self.queue_people
            if p["pseudonym"]
        ]
        return Log(command, self.pseudonym, self.borrower, self.askers, *waiting)


class Elsewhere(Exception):
    """The item is not, or not only, this member's affair: unknown here (`item` None), a stand-in, or lent to another
    member. Nothing was decided."""

    def __init__(self, item: ItemRow | None) -> None:
        super().__init__(item.barcode if item else "unknown here")
        self.item = item


def look_elsewhere(command: Command, case: Case, *, returning: bool = False) -> None:
    """Raises Elsewhere where another member has to be asked or told about the item."""
    item = case.item
    if item is None:
        if command.ctx.foreign_items is not ForeignItems.UNKNOWN:
            raise Elsewhere(None)
    elif item.owner_member is not None or (returning and item.lent_to_member is not None):
        raise Elsewhere(item)


def item_before(item: ItemRow) -> dict[str, Any]:
    """What an undo needs to put the item back."""
    return {
        "status": item.status,
        "location": item.current_location,
        "destination": item.destination,
        "hold": item.hold_id,
    }


def patron_named(request: Any) -> Mapping[str, str | None]:
    """A request's patron as plan parameters."""
    return {"patron": normalised(request.patron), "patron_id": request.patron_id}


def item_named(request: Any) -> Mapping[str, str | None]:
    """A request's item as plan parameters."""
    return {"item": trimmed(request.item), "item_id": request.item_id}


def subject_of(item: ItemRow | None) -> Subject:
    return NO_SUBJECT if item is None else Subject("item", item.id)


def refuse(code: RefusalCode, item: ItemRow | None = None, **detail: Any) -> Ruling:
    """A stored "no"; `detail` must be JSON."""
    return Ruling(Refusal(code=code, detail=detail), subject=subject_of(item))


def patron_refusal(patron: PatronRow | None, command: Command) -> Refusal | None:
    """Why this patron cannot use the library at all: unknown, deleted, inactive or expired."""
    status = None if patron is None else patron_status(patron, command.rules, command.now)
    if patron is None or status is PatronStatus.DELETED:
        return Refusal(code=RefusalCode.PATRON_NOT_FOUND)
    if status is PatronStatus.EXPIRED:
        return Refusal(code=RefusalCode.PATRON_EXPIRED, detail={"expired_on": patron.expires_on})
    if status is PatronStatus.INACTIVE:
        return Refusal(code=RefusalCode.PATRON_INACTIVE)
    return None


def loan_entity(case: Case, command: Command, loan: LoanRow, *, renewable: bool | None = None) -> Loan:
    return loan_view(
        loan,
        command.rules,
        command.now,
        item_barcode=case.item.barcode if case.item else "",
        title=case.title,
        patron_barcode=case.barcode_of(loan.patron_id),
        renewable=renewable,
    )


def item_entity(case: Case, command: Command, *, loan: LoanRow | None, rule: LoanRuleRow | None = None) -> Item:
    """The item as it stands after the decision; holds closed by it no longer count."""
    assert case.item is not None
    waiting = [hold for hold in case.queue if hold.closed_at is None] if case.queue else ()
    return item_view(
        case.item,
        case.bib,
        command.rules,
        loan=loan,
        queue=waiting,
        hold=case.hold(case.item.hold_id),
        rental_fee=rule.rental_fee if rule else 0,
    )


def due_message(loan: LoanRow) -> MessageRef:
    """`loan.due` with the due instant; kind `day` where its time of day means nothing."""
    params = {"due": instant(loan.due_at).isoformat()}
    if loan.due_precision == DuePrecision.DAY:
        params["kind"] = "day"
    return MessageRef(id="loan.due", params=params)
