"""The lists of 64: which are wanted (summary), which part of them (BP, BQ), and how an entry is written."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from gateway.adapters.sip2._common import Field, amount, digits4, value
from gateway.adapters.sip2.surroundings import Surroundings
from gateway.canonical.entities import Fee, Hold, Patron
from gateway.canonical.messages import MessageRef
from gateway.canonical.outcomes import AccountOutcome
from gateway.canonical.vocabulary import FeeStatus, FeeType, HoldStatus
from gateway.crosswalks.sip2 import FEE_TYPE
from gateway.crosswalks.texts import text
from library_protocols.sip2.messages import Message

HOLDS, OVERDUE, CHARGED, FINES, RECALLS, UNAVAILABLE, FEES = range(7)
OF_LOANS = frozenset({OVERDUE, CHARGED, RECALLS})
OF_HOLDS = frozenset({HOLDS, UNAVAILABLE})
OF_FEES = frozenset({FINES, FEES})
_GROUP_TAIL = frozenset({"FA", "FB", "FC", "FD", "FE", "FF", "FG"})


def wanted(message: Message, s: Surroundings) -> frozenset[int]:
    """Positions of the summary that ask for a list; positions beyond the known ones ask for nothing."""
    return _marked(message.fixed["summary"], s.profile.lists.several_summaries == "first")


@lru_cache(256)
def _marked(summary: str, first_only: bool) -> frozenset[int]:
    marked = [position for position, flag in enumerate(summary[: FEES + 1]) if flag in "Yy"]
    return frozenset(marked[:1] if first_only else marked)


def window(message: Message, s: Surroundings) -> slice:
    """The part of each list that BP and BQ ask for, counted from 1; what is no number asks for everything."""
    start, end = _number(value(message, "BP")), _number(value(message, "BQ"))
    first = max(start or 1, 1) - 1
    last = None if end is None else max(end, 0)
    limit = s.profile.lists.max_items
    if limit:
        last = first + limit if last is None else min(last, first + limit)
    return slice(first, last)


def _number(digits: str | None) -> int | None:
    return int(digits) if digits and len(digits) <= 9 and digits.isascii() and digits.isdigit() else None


def counts(patron: Patron, s: Surroundings) -> dict[str, str]:
    """The six counts; four blanks where the platform cannot tell."""
    known = patron.counts
    holds = known.holds_ready
    if s.profile.lists.hold_items == "all" and holds is not None and known.holds_pending is not None:
        holds += known.holds_pending
    fines = known.fees if s.profile.lists.fines == "all" else known.fines
    return {
        "hold_items_count": digits4(holds) or "",
        "overdue_items_count": digits4(known.overdue) or "",
        "charged_items_count": digits4(known.loans) or "",
        "fine_items_count": digits4(fines) or "",
        "recall_items_count": digits4(known.recalled) or "",
        "unavailable_holds_count": digits4(known.holds_pending) or "",
    }


def entry(barcode: str | None, title: str, s: Surroundings) -> str:
    """How a list names an item."""
    form = s.profile.lists.item
    if form == "title" or not barcode:
        return title or barcode or ""
    return f"{barcode} {title}".rstrip() if form == "barcode_title" else barcode


def fields(message: Message, s: Surroundings, account: AccountOutcome, language: str | None) -> list[Field]:
    """The list fields asked for, in the order of the summary."""
    asked = wanted(message, s)
    if not asked:
        return []
    part = window(message, s)
    found: list[Field] = []

    def add(code: str, entries: Iterable[str]) -> None:
        found.extend((code, item) for item in list(entries)[part])

    loans = account.loans
    ready = [hold for hold in account.holds if hold.status is HoldStatus.READY]
    if HOLDS in asked:
        add("AS", (_hold(hold, s) for hold in (account.holds if s.profile.lists.hold_items == "all" else ready)))
    if OVERDUE in asked:
        add("AT", (entry(loan.item_barcode, loan.title, s) for loan in loans if loan.overdue))
    if CHARGED in asked:
        add("AU", (entry(loan.item_barcode, loan.title, s) for loan in loans))
    if asked & OF_FEES:
        found += _fees(account, s, asked, part, s.languages_for(language)[0])
    if RECALLS in asked:
        add("BU", (entry(loan.item_barcode, loan.title, s) for loan in loans if loan.recalled_at is not None))
    if UNAVAILABLE in asked:
        add("CD", (_hold(hold, s) for hold in account.holds if hold.status is not HoldStatus.READY))
    return found


def _hold(hold: Hold, s: Surroundings) -> str:
    return entry(hold.item_barcode, hold.title, s)


def _fees(account: AccountOutcome, s: Surroundings, asked: frozenset[int], part: slice, language: str) -> list[Field]:
    open_fees = [fee for fee in account.fees if fee.status in (FeeStatus.OPEN, FeeStatus.DISPUTED)]
    late = [fee for fee in open_fees if fee.type is FeeType.OVERDUE]
    chosen = late if s.profile.lists.fines == "overdue" and FEES not in asked else open_fees
    if s.profile.fees.groups:
        return [item for fee in chosen[part] for item in fee_group(fee, s, language)]
    return [("AV", _fine(fee, s, language)) for fee in chosen[part]]


def _fine(fee: Fee, s: Surroundings, language: str) -> str:
    form = s.profile.lists.fine_items
    if form == "barcode" and fee.item_barcode:
        return fee.item_barcode
    if form == "amount":
        return amount(fee.balance)
    about = fee.title or fee.description or ""
    return f"{fee.balance} {_reason(fee, language)}" + (f": {about}" if about else "")


def _reason(fee: Fee, language: str) -> str:
    return text(MessageRef(id=f"fee.{fee.type.lower()}"), language)


def fee_group(fee: Fee, s: Surroundings, language: str) -> list[Field]:
    """One charge in Gossip's fields: id, amount, item, date, title, type, reason, paid so far."""
    paid = fee.original.model_copy(update={"amount": fee.original.amount - fee.balance.amount})
    return [
        ("CG", fee.id),
        ("FA", amount(fee.balance)),
        ("FB", fee.item_barcode or ""),
        ("FC", fee.created_at.astimezone(s.zone).strftime(s.profile.fees.date_format)),
        ("FD", fee.title or ""),
        ("FE", FEE_TYPE[fee.type]),
        ("FF", fee.description or _reason(fee, language)),
        ("FG", amount(paid)),
    ]


def fitting(entries: list[Field], room: int) -> list[Field]:
    """As many entries as fit into `room` octets; the counts say that there are more, BP and BQ fetch them."""
    used = 0
    for number, (_, item) in enumerate(entries):
        used += len((item or "").encode("utf-8", "surrogatepass")) + 3
        if used > room:
            while number and entries[number][0] in _GROUP_TAIL:  # a charge is shown whole or not at all
                number -= 1
            return entries[:number]
    return entries
