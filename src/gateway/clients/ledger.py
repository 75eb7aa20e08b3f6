"""What a fleet of kiosks was told, kept beside the ACS's own books and compared with them at the end.

A loan somebody was told of and the account does not show is lost; one that nobody was told of is made up. What a kiosk
never got an answer to may have gone either way and proves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum

ON_LOAN = frozenset({"04", "05", "07"})
"""Circulation statuses of an item somebody has: charged, charged and not to be recalled yet, recalled."""


class Wrong(StrEnum):
    """Kinds of violations."""

    LOST = "loan lost"
    MADE_UP = "loan made up"
    DOUBLED = "loan doubled"
    TWO_BORROWERS = "lent to two"
    STATUS = "item status wrong"
    MONEY = "balance wrong"
    FOREIGN_ANSWER = "answer to somebody else"
    NOT_SHOWN = "account not shown"


@dataclass(frozen=True, slots=True)
class Violation:
    """`subject` is a patron or an item, `said` what is wrong about it."""

    kind: Wrong
    subject: str
    said: str


@dataclass(slots=True)
class Ledger:
    """Barcodes are taken to be unique within the fleet. `opening` is what an account owed before the fleet began."""

    loans: dict[str, str] = field(default_factory=dict)
    opening: dict[str, Decimal] = field(default_factory=dict)
    paid: dict[str, Decimal] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    unknown_items: set[str] = field(default_factory=set)
    unknown_accounts: set[str] = field(default_factory=set)
    violations: list[Violation] = field(default_factory=list)

    def open_account(self, patron: str, listed: Iterable[str], owed: str | None) -> None:
        """Takes over what an account shows before anything is done to it. The same account opens once."""
        if patron in self.opening:
            return
        self.loans.update(dict.fromkeys(listed, patron))
        self.opening[patron] = amount(owed)

    def lent(self, item: str, patron: str) -> None:
        holder = self.loans.get(item)
        if holder is not None and holder != patron and item not in self.unknown_items:
            self.blame(Wrong.TWO_BORROWERS, item, f"lent to {patron} while {holder} has it")
        self.loans[item] = patron
        self._settle(item)

    def returned(self, item: str) -> None:
        self.loans.pop(item, None)
        self._settle(item)

    def unanswered(self, item: str) -> None:
        """Nobody knows whether the last command on this item was carried out."""
        self.touched.add(item)
        self.unknown_items.add(item)

    def _settle(self, item: str) -> None:
        self.touched.add(item)
        self.unknown_items.discard(item)

    def paid_in(self, patron: str, sum_paid: Decimal) -> None:
        self.paid[patron] = self.paid.get(patron, Decimal(0)) + sum_paid

    def payment_unanswered(self, patron: str) -> None:
        self.unknown_accounts.add(patron)

    def of(self, patron: str) -> list[str]:
        """The items this patron has, as far as the fleet was told."""
        return [item for item, holder in self.loans.items() if holder == patron]

    def blame(self, kind: Wrong, subject: str, said: str) -> None:
        self.violations.append(Violation(kind, subject, said))

    def compare_account(self, patron: str, listed: list[str], owed: str | None) -> None:
        """Compares what the account shows now with what was told."""
        expected = set(self.of(patron))
        for item, times in Counter(listed).items():
            if times > 1:
                self.blame(Wrong.DOUBLED, item, f"{times} times on the account of {patron}")
        for item in sorted(expected - set(listed) - self.unknown_items):
            self.blame(Wrong.LOST, item, f"{patron} was told it is lent, the account does not show it")
        for item in sorted(set(listed) - expected - self.unknown_items):
            self.blame(Wrong.MADE_UP, item, f"the account of {patron} shows it, nobody was told")
        if patron in self.unknown_accounts or patron not in self.opening:
            return
        balance = self.opening[patron] - self.paid.get(patron, Decimal(0))
        if amount(owed) != balance:
            self.blame(Wrong.MONEY, patron, f"owes {amount(owed)}, by what was told {balance}")

    def compare_item(self, item: str, circulation_status: str) -> None:
        """Compares an item's status with what was told."""
        if item in self.unknown_items:
            return
        on_loan = circulation_status in ON_LOAN
        if on_loan != (item in self.loans):
            told = f"lent to {self.loans[item]}" if item in self.loans else "not lent"
            self.blame(Wrong.STATUS, item, f"circulation status {circulation_status}, by what was told {told}")


def amount(text: str | None) -> Decimal:
    """A sum of money as a 64 states it; nothing stated is nothing owed."""
    try:
        return Decimal((text or "0").strip() or "0")
    except InvalidOperation:
        return Decimal("NaN")
