"""Items: what one is and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.canonical import requests as req
from gateway.canonical.context import Context
from gateway.canonical.entities import Item
from gateway.canonical.outcomes import ItemOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.trusted import trusted
from gateway.platforms.reference import parts
from gateway.platforms.reference.circulation import item_named
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.policy import ANY, STATE, MemberRules
from gateway.platforms.reference.read_cache import FOREVER
from gateway.platforms.reference.views import Totals, is_gone, item_view
from gateway.store.port import Plan
from gateway.store.rows import HoldRow, ItemRow, LoanRow, MemberStateRow

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


GET = Plan(
    "reference.item",
    (STATE, parts.item(_WHICH), parts.bib(_WHICH), parts.unreturned(_WHICH), parts.queue(_WHICH)),
    ItemSnapshot,
)


async def get(core: Core, ctx: Context, request: req.ItemGet) -> ItemOutcome | Refusal:
    def view(rules: MemberRules, now: int, snapshot: ItemSnapshot) -> ItemOutcome | Refusal:
        item = snapshot.item
        if item is None or is_gone(item):
            return NOT_FOUND
        return _outcome(item=seen(item, snapshot.bib, rules, loan=snapshot.loan, queue=snapshot.queue))

    return await core.query(ctx, GET, item_named(request), view, lambda *_: FOREVER)


def seen(
    item: ItemRow, bib: Totals | None, rules: MemberRules, *, loan: LoanRow | None = None, queue: Sequence[HoldRow] = ()
) -> Item:
    """The item with what is known of it without a patron."""
    lending = rules.loan_rule(ANY, item.item_type, item.permanent_location)
    return item_view(
        item,
        bib,
        rules,
        loan=loan,
        queue=queue,
        hold=next((hold for hold in queue if hold.id == item.hold_id), None) if item.hold_id else None,
        rental_fee=lending.rental_fee if lending is not None else 0,
    )
