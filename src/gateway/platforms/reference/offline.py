"""Transactions that had already happened while the line was down: they are kept, whatever the rules say.

What the rules would have refused is listed for staff as a conflict. Where the item or the card is not known there is
nothing to keep but the conflict; the terminal still hears yes, with a loan that only repeats what it said. A card that
is nobody's stands in the conflict alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gateway.canonical.entities import Item, Loan
from gateway.canonical.messages import MessageRef
from gateway.canonical.refusals import Refusal
from gateway.canonical.vocabulary import ItemStatus, LoanStatus
from gateway.platforms.reference.events import Log
from gateway.platforms.reference.exactly_once import Command
from gateway.platforms.reference.ids import new_id
from gateway.platforms.reference.policy import instant, millis
from gateway.store.effects import Insert
from gateway.store.rows import OfflineConflictRow, PatronRow

MESSAGE = MessageRef(id="loan.offline")


def happened(told: datetime | None, command: Command) -> int:
    """When it happened by the terminal's clock, never in the future; now where it did not say."""
    return command.now if told is None else min(command.now, millis(told))


def reason_of(refusal: Refusal) -> str:
    """A refusal as the reason of a conflict: its code, and its kind where it has one."""
    kind = refusal.detail.get("kind") or refusal.detail.get("status") or refusal.detail.get("reason")
    return f"{refusal.code}:{kind}" if kind else str(refusal.code)


def conflict(
    command: Command,
    log: Log,
    reason: str,
    item_barcode: str | None,
    patron_id: str | None = None,
    *,
    card: str | None = None,
) -> Insert:
    """The row that staff will see; its event is added to `log`. `card`: what was read, where it is nobody's."""
    row = OfflineConflictRow(
        member=command.member,
        id=new_id(command.now),
        at=command.now,
        terminal=command.terminal,
        operation=command.operation,
        reason=reason,
        item_barcode=item_barcode,
        patron_id=patron_id,
        resolved_at=None,
        card=card,
    )
    # Not an event of the item: it changes nothing there, and must not stand between a loan and its undo.
    log.add("offline.conflict", patron_id=patron_id, conflict=row.id, reason=reason)
    return Insert(row)


def card_of(request: Any, patron: PatronRow | None) -> str | None:
    """The card as it was read, where it is nobody's here."""
    return (request.patron or "").strip() or None if patron is None else None


def unknown_item(barcode: str | None) -> Item:
    """An item that is known by its barcode alone."""
    return Item(id="", barcode=barcode or "", status=ItemStatus.UNKNOWN)


def told_loan(request: Any, command: Command, *, item_id: str = "", patron_id: str = "") -> Loan:
    """A loan that only repeats what the terminal said; it is not in the store, and has no id."""
    at = happened(request.happened_at, command)
    return Loan(
        id="",
        item_id=item_id,
        patron_id=patron_id,
        item_barcode=(request.item or "").strip(),
        patron_barcode=(request.patron or "").strip() or None if patron_id else None,
        status=LoanStatus.OPEN,
        loaned_at=instant(at),
        due=request.due or instant(at),
    )
