"""Which hold a free item goes to, and what becomes of both: the hold shelf here, or a journey to the pickup place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from gateway.canonical.entities import Routing
from gateway.canonical.vocabulary import HoldLevel, HoldStatus, ItemStatus, RoutingAction, UseRestriction
from gateway.platforms.reference.policy import MemberRules, instant, millis
from gateway.platforms.reference.views import from_elsewhere, restrictions, waits_for
from gateway.store.rows import HoldRow, ItemRow

SHELF_DAYS = 7  # where no loan rule says how long an item waits
_WAITING = (HoldStatus.PENDING, HoldStatus.IN_PROCESS)
_RESHELVE = Routing(action=RoutingAction.RESHELVE)
_STAYS_IN = (UseRestriction.NOT_FOR_LOAN, UseRestriction.IN_LIBRARY_USE_ONLY)


def active(hold: HoldRow, now: int) -> bool:
    """Whether the hold waits for an item now: not filled, not suspended, still needed."""
    return (
        hold.closed_at is None
        and hold.status in _WAITING
        and hold.filled_item_id is None
        and (hold.suspended_until_at is None or hold.suspended_until_at <= now)
        and (hold.needed_before_at is None or hold.needed_before_at > now)
    )


def next_hold(queue: Sequence[HoldRow], item: ItemRow, now: int) -> HoldRow | None:
    """The first active hold in the queue (ordered by `place`) that this item may fill.

    A copy that may not leave the library fills no title hold, only one that asks for this very copy."""
    stays_in = any(word in _STAYS_IN for word in restrictions(item))
    for hold in queue:
        if active(hold, now) and waits_for(hold, item) and not (stays_in and hold.level == HoldLevel.BIB):
            return hold
    return None


def trap(item: ItemRow, hold: HoldRow, here: str, rules: MemberRules, now: int, category: str = "*") -> None:
    """Binds the item to the hold: on the hold shelf where it is picked up here, else in transit to the pickup location.

    Item and hold are changed; the caller writes both. `category` is that of the hold's patron."""
    hold.filled_item_id, item.hold_id = item.id, hold.id
    item.current_location = here
    if rules.same_library(here, hold.pickup_location):
        rule = rules.rule_for(category, item)
        calendar = rules.calendar(hold.pickup_location)
        last = calendar.day_of(instant(now)) + timedelta(days=rule.hold_shelf_days if rule else SHELF_DAYS)
        hold.status, hold.hold_until_at = HoldStatus.READY, millis(calendar.end_of(calendar.next_open(last)))
        item.status, item.destination = ItemStatus.ON_HOLD_SHELF, None
    else:
        hold.status, hold.hold_until_at = HoldStatus.IN_TRANSIT, None
        item.status, item.destination = ItemStatus.IN_TRANSIT, hold.pickup_location


def release(hold: HoldRow) -> None:
    """Puts a trapped hold back to its place in the queue; the caller frees the item."""
    hold.status = HoldStatus.PENDING
    hold.filled_item_id, hold.hold_until_at = None, None


def send_home(item: ItemRow, here: str, rules: MemberRules) -> None:
    """Frees an item that no hold waits for: on its shelf, or in transit to its own library. What an interlibrary loan
    has brought is nobody's from then on, and goes back from the place where it belongs."""
    item.hold_id = None
    if from_elsewhere(item):
        item.status, item.current_location = ItemStatus.IN_PROCESS, here
        away = not rules.same_library(here, item.permanent_location)
        item.destination = item.permanent_location if away else None
    elif rules.same_library(here, item.permanent_location):
        item.status, item.destination = ItemStatus.AVAILABLE, None
        item.current_location = item.permanent_location
    else:
        item.status, item.destination = ItemStatus.IN_TRANSIT, item.permanent_location
        item.current_location = here


def routing(item: ItemRow, hold: HoldRow | None, person: Mapping[str, Any] | None = None) -> Routing:
    """What the terminal is to do with an item after `trap` or `send_home`; `person` has `name` and `barcode` of
    the hold's patron, for the slip."""
    if hold is None:
        if from_elsewhere(item):
            return Routing(action=RoutingAction.ILL_RETURN, destination=item.permanent_location)
        if item.status == ItemStatus.IN_TRANSIT:
            return Routing(action=RoutingAction.TRANSIT_HOME, destination=item.destination)
        return _RESHELVE
    here = item.status == ItemStatus.ON_HOLD_SHELF
    return Routing(
        action=RoutingAction.HOLD_HERE if here else RoutingAction.TRANSIT_HOLD,
        destination=hold.pickup_location,
        hold_id=hold.id,
        hold_patron_id=hold.patron_id,
        hold_patron_barcode=person["barcode"] if person else None,
        hold_patron_name=person["name"] if person else None,
    )
