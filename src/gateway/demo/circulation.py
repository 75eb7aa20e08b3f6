"""The demo members' items, and who has borrowed, requested, lost or owes what, as rows that agree with each other.

Items 1 to 30 and patrons 1 to 10 stand as the contract says. Items 31 to 39 are what patron 6 needs to reach the loan
limit, 40 is a film that costs a rental fee, all above are on the shelf for whoever borrows. Patron 11 lost item 26;
patrons from 12 up are in good standing and have nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from gateway.canonical.vocabulary import (
    DuePrecision,
    FeeStatus,
    FeeType,
    HoldLevel,
    HoldStatus,
    HoldType,
    ItemStatus,
    LoanStatus,
    MediaType,
    SecurityMarker,
    UseRestriction,
)
from gateway.demo.bibs import FILM_BIB, DemoBib, bibs_of
from gateway.demo.consortium import CURRENCY, TIMEZONE, DemoMember
from gateway.demo.people import category_of, patron_id
from gateway.demo.rules import BOOK, FILM, REFERENCE, SHORT_LOAN, UNDERGRADUATE_DAYS, book_rule_id
from gateway.platforms.reference.policy import millis
from gateway.store.rows import ChargeRow, HoldRow, ItemRow, LoanRow

ITEMS = 1200

NOT_FOR_LOAN, OVERDUE, BORROWED, HELD, TRAVELLING, LOST, ORDERED, MISSING, REQUESTED, SHORT = range(21, 31)
AT_LIMIT = (REQUESTED, *range(31, 40))
RENTAL = 40

GOOD, BORROWER, DEBTOR, COLLECTOR, FULL, SMALL_DEBTOR, LOSER = 1, 2, 3, 5, 6, 10, 11

_ZONE = ZoneInfo(TIMEZONE)


def item_id(number: int) -> str:
    return f"I{number:05d}"


def bib_of_item(member: DemoMember, number: int) -> DemoBib:
    """Items 1 and 2 are copies of one title; numbers beyond the last record are second copies of common ones."""
    bibs = bibs_of(member)
    place = {RENTAL: FILM_BIB, FILM_BIB + 2: RENTAL - 2}.get(number, max(number - 2, 0))
    return bibs[place if place < len(bibs) else place - len(bibs) + RENTAL]


@dataclass
class Circulation:
    """One member's items, loans, holds and charges at the moment `now`."""

    member: DemoMember
    now: datetime
    loans: list[LoanRow] = field(default_factory=list)
    holds: list[HoldRow] = field(default_factory=list)
    charges: list[ChargeRow] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lend(OVERDUE, BORROWER, days_ago=UNDERGRADUATE_DAYS + 5)
        self._lend(BORROWED, BORROWER, days_ago=3)
        for number in AT_LIMIT:
            self._lend(number, FULL, days_ago=7)
        self._request(REQUESTED, GOOD, days_ago=2)
        self._request(HELD, COLLECTOR, days_ago=6, ready=True)
        self._charge(self._lend_and_return(11, DEBTOR, days_ago=80), FeeType.OVERDUE, 1000)
        self._charge(self._lend_and_return(12, DEBTOR, days_ago=60), FeeType.DAMAGE, 1500)
        self._charge(self._lend_and_return(13, SMALL_DEBTOR, days_ago=50), FeeType.OVERDUE, 250)
        lost = self._lend(LOST, LOSER, days_ago=90, status=LoanStatus.LOST)
        self._charge(lost, FeeType.REPLACEMENT, 2000)
        self._charge(lost, FeeType.PROCESSING, 500)

    def items(self) -> Iterator[ItemRow]:
        for number in range(1, ITEMS + 1):
            yield self._item(number)

    def _item(self, number: int) -> ItemRow:
        main, branch = self.member.main_location, self.member.first_branch
        bib = bib_of_item(self.member, number)
        at_branch = number > RENTAL and number % 7 == 0
        home = branch if at_branch else main
        held = next((hold.id for hold in self.holds if hold.filled_item_id == item_id(number)), None)
        kind = {NOT_FOR_LOAN: REFERENCE, SHORT: SHORT_LOAN, RENTAL: FILM}.get(number, BOOK)
        return ItemRow(
            member=self.member.code,
            id=item_id(number),
            bib_id=bib.id,
            barcode=self.member.item_barcode(number),
            status=self._status(number),
            item_type=kind,
            permanent_location=home,
            current_location=branch if number == TRAVELLING else home,
            destination=main if number == TRAVELLING else None,
            call_number=bib.call_number,
            copy_number="2" if number == 2 or number > len(bibs_of(self.member)) + 1 else "1",
            enumeration=None,
            collection=None,
            media_type=MediaType.OTHER if kind == FILM else MediaType.BOOK,
            restrictions=UseRestriction.NOT_FOR_LOAN if number == NOT_FOR_LOAN else "",
            security_marker=SecurityMarker.TATTLE_TAPE,
            magnetic=False,
            properties=None,
            price=None,
            temporary=False,
            owner_member=None,
            lent_to_member=None,
            hold_id=held,
            last_key=None,
            last_terminal=None,
            changed_at=millis(self.now - timedelta(days=1)),
        )

    def _status(self, number: int) -> ItemStatus:
        if any(loan.item_id == item_id(number) and loan.status == LoanStatus.OPEN for loan in self.loans):
            return ItemStatus.ON_LOAN
        return {
            HELD: ItemStatus.ON_HOLD_SHELF,
            TRAVELLING: ItemStatus.IN_TRANSIT,
            LOST: ItemStatus.LOST,
            ORDERED: ItemStatus.ON_ORDER,
            MISSING: ItemStatus.MISSING,
        }.get(number, ItemStatus.AVAILABLE)

    def _lend(self, item: int, patron: int, *, days_ago: int, status: LoanStatus = LoanStatus.OPEN) -> LoanRow:
        loaned = self.now - timedelta(days=days_ago)
        loan = LoanRow(
            member=self.member.code,
            id=f"L{len(self.loans) + 1:05d}",
            item_id=item_id(item),
            patron_id=patron_id(patron),
            status=status,
            loaned_at=millis(loaned),
            due_at=millis(_end_of_day(loaned + timedelta(days=UNDERGRADUATE_DAYS))),
            due_precision=DuePrecision.DAY,
            original_due_at=None,
            renewals=0,
            recalled_at=None,
            rule_id=book_rule_id(category_of(patron)),
            location=self.member.main_location,
            terminal=self.member.kiosk_login,
            returned_at=None,
            return_terminal=None,
            offline=False,
        )
        self.loans.append(loan)
        return loan

    def _lend_and_return(self, item: int, patron: int, *, days_ago: int) -> LoanRow:
        loan = self._lend(item, patron, days_ago=days_ago, status=LoanStatus.RETURNED)
        loan.returned_at = millis(self.now - timedelta(days=days_ago - UNDERGRADUATE_DAYS - 8))
        loan.return_terminal = self.member.kiosk_login
        return loan

    def _request(self, item: int, patron: int, *, days_ago: int, ready: bool = False) -> None:
        placed = self.now - timedelta(days=days_ago)
        self.holds.append(
            HoldRow(
                member=self.member.code,
                id=f"H{len(self.holds) + 1:05d}",
                patron_id=patron_id(patron),
                level=HoldLevel.BIB,
                type=HoldType.HOLD,
                bib_id=bib_of_item(self.member, item).id,
                item_id=None,
                status=HoldStatus.READY if ready else HoldStatus.PENDING,
                pickup_location=self.member.main_location,
                place=millis(placed),
                placed_at=millis(placed),
                needed_before_at=None,
                suspended_until_at=None,
                hold_until_at=millis(_end_of_day(self.now + timedelta(days=6))) if ready else None,
                filled_item_id=item_id(item) if ready else None,
                comment=None,
                closed_at=None,
            )
        )

    def _charge(self, loan: LoanRow, kind: FeeType, amount: int) -> None:
        at = loan.returned_at or millis(self.now - timedelta(days=30))
        number = int(loan.item_id[1:])
        self.charges.append(
            ChargeRow(
                member=self.member.code,
                id=f"C{len(self.charges) + 1:05d}",
                patron_id=loan.patron_id,
                type=kind,
                status=FeeStatus.OPEN,
                original=amount,
                balance=amount,
                currency=CURRENCY,
                item_id=loan.item_id,
                loan_id=loan.id,
                title=bib_of_item(self.member, number).description.title,
                description=None,
                created_at=at,
                last_key=None,
                last_terminal=None,
            )
        )


def _end_of_day(at: datetime) -> datetime:
    """The last second of the day on the member's clock: when a loan of days falls due."""
    return datetime.combine(at.astimezone(_ZONE).date(), time(23, 59, 59), tzinfo=_ZONE)
