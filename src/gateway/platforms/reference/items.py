"""Items: what one is and where it stands, and the few fields that a terminal may change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.entities import Item
from gateway.canonical.outcomes import ItemOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.trusted import trusted
from gateway.platforms.reference import parts
from gateway.platforms.reference.circulation import item_named
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.events import Log
from gateway.platforms.reference.exactly_once import STORED, Command, Ruling, Subject, touch_item
from gateway.platforms.reference.policy import ANY, STATE, MemberRules
from gateway.platforms.reference.read_cache import FOREVER
from gateway.platforms.reference.views import item_view
from gateway.store.effects import Update
from gateway.store.port import Plan
from gateway.store.rows import HoldRow, IdempotencyRow, ItemRow, LoanRow, MemberStateRow

_WHICH = parts.asked_item()

_outcome = trusted(ItemOutcome)

NOT_FOUND = Refusal(code=RefusalCode.ITEM_NOT_FOUND)


@dataclass(slots=True)
class ItemSnapshot:
    state: MemberStateRow | None
    item: ItemRow | None
    bib: dict[str, Any] | None
    loan: LoanRow | None
    queue: list[HoldRow]
    stored: IdempotencyRow | None = None


_ITEM_PARTS = (STATE, parts.item(_WHICH), parts.bib(_WHICH), parts.unreturned(_WHICH), parts.queue(_WHICH))

GET = Plan("reference.item", _ITEM_PARTS, ItemSnapshot)
UPDATE = Plan("reference.item.update", (*_ITEM_PARTS, STORED), ItemSnapshot)


async def get(core: Core, ctx: Context, request: req.ItemGet) -> ItemOutcome | Refusal:
    def view(rules: MemberRules, now: int, snapshot: ItemSnapshot) -> ItemOutcome | Refusal:
        if snapshot.item is None:
            return NOT_FOUND
        return _outcome(item=_item(snapshot, snapshot.item, rules))

    return await core.query(ctx, GET, item_named(request), view, lambda *_: FOREVER)


async def update(core: Core, ctx: Context, request: req.ItemUpdate, key: CommandKey) -> ItemOutcome | Refusal:
    """Changes the fields given. A location that the member does not have is refused as a conflict."""

    def rule(command: Command, snapshot: ItemSnapshot) -> Ruling:
        item = snapshot.item
        if item is None:
            return Ruling(NOT_FOUND)
        if request.current_location is not None and request.current_location not in command.rules.locations:
            return Ruling(Refusal(code=RefusalCode.CONFLICT, detail={"kind": "unknown_location"}))
        changed: dict[str, str] = {
            name: value
            for name in ("properties", "security_marker", "current_location")
            if (value := getattr(request, name)) is not None and value != getattr(item, name)
        }
        for name, value in changed.items():
            setattr(item, name, value)
        log = Log(command)
        log.add("item.updated", item_id=item.id, fields=sorted(changed))
        answer = ItemOutcome(item=_item(snapshot, touch_item(item, command), command.rules))
        return Ruling(answer, [Update(item), *log.effects], Subject("item", item.id))

    return await core.command(ctx, request, key, UPDATE, item_named(request), rule)


def _item(snapshot: ItemSnapshot, item: ItemRow, rules: MemberRules) -> Item:
    lending = rules.loan_rule(ANY, item.item_type, item.permanent_location)
    return item_view(
        item,
        snapshot.bib,
        rules,
        loan=snapshot.loan,
        queue=snapshot.queue,
        hold=next((hold for hold in snapshot.queue if hold.id == item.hold_id), None) if item.hold_id else None,
        rental_fee=lending.rental_fee if lending is not None else 0,
    )
