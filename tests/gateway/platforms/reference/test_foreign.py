"""Another member's item at this member's terminal, by policy, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.canonical.outcomes import ItemOutcome, LoanOutcome, UndoOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import ItemGet
from gateway.canonical.vocabulary import ForeignItems, HoldStatus, ItemStatus, LoanStatus, RoutingAction
from gateway.store.port import Store
from gateway.store.rows import BibRow, ChargeRow, EventRow, HoldRow, ItemRow, LoanRow
from tests.gateway.platforms.reference.library import DAY, Library, bib, card, hold, item, patron

BETA = {"member": "beta", "terminal": "beta-1"}


@pytest.fixture
async def library(store: Store) -> AsyncIterator[Library]:
    """Beta has the patron `eve` and the item `z`; alpha's policy is to lend it as its owner would."""
    made = Library(store, foreign_items=ForeignItems.FULFIL)
    await made.furnish()
    await made.add(
        patron("eve", member="beta"), card("eve", "beta"), bib("z", "beta"), item("z", member="beta"), member="beta"
    )
    yield made
    await made.platform.close()


def code(answer: Any) -> RefusalCode | None:
    return answer.code if isinstance(answer, Refusal) else None


async def at_beta(library: Library, kind: type) -> Any:
    (row,) = await library.rows(kind, member="beta")
    return row


async def test_by_default_it_does_not_exist(library: Library) -> None:
    library.foreign_items = ForeignItems.UNKNOWN
    assert code(await library.lend("z", "ann")) is RefusalCode.ITEM_NOT_FOUND
    assert code(await library.take_back("z")) is RefusalCode.ITEM_NOT_FOUND
    assert (await at_beta(library, ItemRow)).status == ItemStatus.AVAILABLE


@pytest.mark.parametrize("policy", [ForeignItems.ROUTE_HOME, ForeignItems.FULFIL])
async def test_it_is_shown_as_its_owner_sees_it(library: Library, policy: ForeignItems) -> None:
    library.foreign_items = policy
    shown = await library.platform.item_get(library.context(), ItemGet(item="b-z"))
    assert isinstance(shown, ItemOutcome)
    assert (shown.item.title, shown.item.status, shown.item.owner_member) == ("The z book", "AVAILABLE", "beta")
    assert code(await library.platform.item_get(library.context(), ItemGet(item_id=shown.item.id))) is not None
    assert (
        code(await library.platform.item_get(library.context(), ItemGet(item="nothing"))) is RefusalCode.ITEM_NOT_FOUND
    )


async def test_back_with_its_owner_it_is_shown_as_there(library: Library) -> None:
    await library.lend("z", "ann")
    await library.take_back("z", at=BETA)
    shown = await library.platform.item_get(library.context(), ItemGet(item="b-z"))
    assert isinstance(shown, ItemOutcome)
    assert shown.item.status == (await at_beta(library, ItemRow)).status


async def test_what_is_unknown_here_is_not_shown(library: Library) -> None:
    library.foreign_items = ForeignItems.UNKNOWN
    assert code(await library.platform.item_get(library.context(), ItemGet(item="b-z"))) is RefusalCode.ITEM_NOT_FOUND


async def test_what_nobody_has_is_not_found(library: Library) -> None:
    assert code(await library.lend("nothing", "ann")) is RefusalCode.ITEM_NOT_FOUND
    assert code(await library.take_back("nothing")) is RefusalCode.ITEM_NOT_FOUND


async def test_it_is_lent_with_a_stand_in_here_and_marked_there(library: Library) -> None:
    key = library.key()
    lent = await library.lend("z", "ann", key=key)
    assert isinstance(lent, LoanOutcome)
    assert (lent.loan.title, lent.item.owner_member, lent.item.temporary) == ("The z book", "beta", True)
    assert await library.lend("z", "ann", key=key) == lent
    owners = await at_beta(library, ItemRow)
    assert (owners.status, owners.lent_to_member) == (ItemStatus.ILL_OUT, "alpha")
    assert (await library.row(BibRow, id="beta:z")).suppressed
    assert [e.type for e in await library.rows(EventRow, member="beta")] == ["item.lent_to_member"]
    assert code(await library.lend("z", "bob")) is RefusalCode.ALREADY_ON_LOAN_TO_OTHER
    assert code(await library.lend("z", "eve", at=BETA)) is RefusalCode.ITEM_UNAVAILABLE


async def test_what_its_owner_would_refuse_is_refused(library: Library) -> None:
    assert isinstance(await library.lend("z", "eve", at=BETA), LoanOutcome)
    assert code(await library.lend("z", "ann")) is RefusalCode.ALREADY_ON_LOAN_TO_OTHER
    await library.take_back("z", at=BETA)
    await library.add(hold("z", "eve", 1, "beta", level="item", item_id="z"), member="beta")
    assert code(await library.lend("z", "ann")) is RefusalCode.ON_HOLD_FOR_OTHER
    assert await library.rows(LoanRow) == []
    assert [row.id for row in await library.rows(ItemRow) if row.owner_member] == []


async def test_returned_here_it_travels_home_and_can_be_lent_again(library: Library) -> None:
    await library.lend("z", "ann")
    library.clock.turn(15 * DAY)
    back = await library.take_back("z")
    assert (back.routing.action, back.routing.destination) == (RoutingAction.TRANSIT_HOME, "MAIN")
    assert back.loan.patron_id == "ann"
    assert [str(f.balance) for f in back.fees] == ["0.10 GBP"]
    owners = await at_beta(library, ItemRow)
    assert (owners.status, owners.lent_to_member, owners.destination) == (ItemStatus.IN_TRANSIT, None, "MAIN")
    assert isinstance(await library.lend("z", "bob"), LoanOutcome)
    assert len([row for row in await library.rows(ItemRow) if row.owner_member]) == 1


async def test_returned_here_it_travels_to_the_owners_first_hold(library: Library) -> None:
    await library.lend("z", "ann")
    await library.add(hold("z", "eve", 1, "beta", pickup_location="BRANCH"), member="beta")
    back = await library.take_back("z")
    assert (back.routing.destination, back.routing.hold_patron_id) == ("BRANCH", None)
    waiting = await at_beta(library, HoldRow)
    assert (waiting.status, waiting.filled_item_id) == (HoldStatus.IN_TRANSIT, "z")
    arrived = await library.take_back("z", at={**BETA, "location": "BRANCH"})
    assert arrived.routing.action is RoutingAction.HOLD_HERE
    assert isinstance(await library.lend("z", "eve", at=BETA), LoanOutcome)


async def test_returned_at_its_owner_the_loan_here_is_closed(library: Library) -> None:
    await library.lend("z", "ann")
    library.clock.turn(16 * DAY)
    back = await library.take_back("z", at=BETA)
    assert (back.loan, back.fees) == (None, ())
    assert "ann" not in back.model_dump_json().lower()
    assert back.routing.action is RoutingAction.RESHELVE
    assert (await library.row(LoanRow)).status == LoanStatus.RETURNED
    assert (await library.row(ChargeRow)).original == 20
    owners = await at_beta(library, ItemRow)
    assert (owners.status, owners.lent_to_member) == (ItemStatus.AVAILABLE, None)


async def test_a_loan_of_the_owners_patron_can_be_returned_here(library: Library) -> None:
    library.foreign_items = ForeignItems.ROUTE_HOME
    await library.lend("z", "eve", at=BETA)
    assert (await library.lend("z", "ann")).detail == {"kind": "foreign"}
    back = await library.take_back("z")
    assert (back.loan, back.routing.action) == (None, RoutingAction.TRANSIT_HOME)
    assert "eve" not in back.model_dump_json().lower()
    assert (await at_beta(library, LoanRow)).status == LoanStatus.RETURNED
    assert (await at_beta(library, ItemRow)).status == ItemStatus.IN_TRANSIT


async def test_a_hold_at_the_owner_stops_a_renewal(library: Library) -> None:
    await library.lend("z", "ann")
    library.clock.turn(DAY)
    assert isinstance(await library.renew("z", "ann"), LoanOutcome)
    await library.add(hold("z", "eve", 1, "beta"), member="beta")
    library.clock.turn(DAY)
    assert code(await library.renew("z", "ann")) is RefusalCode.RENEWAL_BLOCKED_BY_REQUEST
    assert code(await library.lend("z", "ann", renew_if_own=True)) is RefusalCode.RENEWAL_BLOCKED_BY_REQUEST
    assert (await library.renew_all("ann")).unrenewed[0].refusal.detail == {"kind": "foreign"}


async def test_undoing_the_loan_gives_the_item_back_to_its_owner(library: Library) -> None:
    await library.lend("z", "ann")
    undone = await library.undo("loan", "z")
    assert isinstance(undone, UndoOutcome)
    owners = await at_beta(library, ItemRow)
    assert (owners.status, owners.lent_to_member) == (ItemStatus.AVAILABLE, None)
    assert isinstance(await library.lend("z", "eve", at=BETA), LoanOutcome)


async def test_off_line_for_nobody_known_the_owner_keeps_its_item(library: Library) -> None:
    kept = await library.lend("z", "nobody", offline=True)
    assert kept.offline_conflict == "PATRON_NOT_FOUND"
    assert (await at_beta(library, ItemRow)).lent_to_member is None
    assert [row.id for row in await library.rows(ItemRow) if row.owner_member] == []


async def test_both_members_lending_it_at_one_moment(library: Library) -> None:
    answers = await asyncio.gather(library.lend("z", "ann"), library.lend("z", "eve", at=BETA))
    assert sum(isinstance(answer, LoanOutcome) for answer in answers) == 1
    here, there = await library.rows(LoanRow), await library.rows(LoanRow, member="beta")
    assert len(here) + len(there) == 1
    assert (await at_beta(library, ItemRow)).status == (ItemStatus.ILL_OUT if here else ItemStatus.ON_LOAN)
