"""What is said of items that no desk has seen: claims, losses, what is missing; on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey
from gateway.canonical.outcomes import ItemOutcome, LoanOutcome, ReturnOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import HoldStatus, ItemStatus, LoanStatus, ReportedAs
from gateway.platforms.reference import housekeeping
from gateway.platforms.reference.policy import MemberSettings
from gateway.store.effects import Update
from gateway.store.port import Store
from gateway.store.rows import ChargeRow, EventRow, HoldRow, ItemRow, LoanRow
from tests.gateway.platforms.reference.answers import asked
from tests.gateway.platforms.reference.library import DAY, Library, hold, item, patron

CLAIMS = [ReportedAs.RETURNED, ReportedAs.NEVER_BORROWED]


async def report(
    library: Library, said: ReportedAs, name: str = "x", who: str | None = None, *, key: CommandKey | None = None
) -> Any:
    request = req.ItemReport(item=f"b-{name}", patron=who and f"c-{who}", reported_as=said)
    return await library.platform.item_report(library.context(), request, key or library.key())


def refused(answer: Any, code: RefusalCode, **detail: Any) -> None:
    assert isinstance(answer, Refusal), answer
    assert (answer.code, answer.detail) == (code, detail)


async def events(library: Library) -> list[str]:
    return [row.type for row in await library.rows(EventRow)]


@pytest.mark.parametrize("said", CLAIMS)
async def test_a_claim_leaves_the_item_unlent_until_it_is_seen(library: Library, said: ReportedAs) -> None:
    await library.lend("x", "ann")
    answer = await report(library, said, who="ann")
    assert isinstance(answer, ItemOutcome)
    assert (answer.item.status, answer.item.due) == (ItemStatus.CLAIMED_RETURNED, None)
    assert (await library.row(LoanRow)).status == LoanStatus.CLAIMED
    counts = (await asked(library).patron_get(library.context(), req.PatronGet(patron="c-ann"))).patron.counts
    assert (counts.loans, counts.claims_returned) == (0, 1)
    refused(await library.lend("x", "bob"), RefusalCode.ITEM_UNAVAILABLE, status="CLAIMED_RETURNED")
    refused(await library.renew("x", "ann"), RefusalCode.RENEWAL_NOT_ALLOWED, kind="claimed")
    seen = await library.take_back("x")
    assert isinstance(seen, ReturnOutcome)
    assert seen.loan is not None
    assert (seen.loan.status, seen.item.status) == (LoanStatus.RETURNED, ItemStatus.AVAILABLE)
    assert await events(library) == ["loan.created", "loan.claimed", "loan.returned"]


async def test_a_claim_is_no_return_and_keeps_running(library: Library) -> None:
    await library.lend("x", "ann")
    await report(library, ReportedAs.RETURNED)
    library.clock.turn(16 * DAY)
    await library.take_back("x")
    assert [c.original for c in await library.rows(ChargeRow)] == [20], "it came back two days late"
    await library.undo("return", "x")
    assert (await library.row(LoanRow)).status == LoanStatus.CLAIMED
    assert (await library.row(ItemRow, id="x")).status == ItemStatus.CLAIMED_RETURNED


async def test_a_lost_loan_costs_what_the_item_costs(library: Library) -> None:
    await library.lend("x", "ann")
    answer = await report(library, ReportedAs.LOST, who="ann")
    assert answer.item.status is ItemStatus.LOST
    charges = sorted(await library.rows(ChargeRow), key=lambda row: row.original)
    assert [(c.type, c.original, c.title) for c in charges] == [
        ("PROCESSING", 500, "The x book"),
        ("REPLACEMENT", 2000, "The x book"),
    ]
    assert await events(library) == ["loan.created", "loan.lost", "fee.created", "fee.created"]
    found = await library.take_back("x")
    assert found.loan.status is LoanStatus.RETURNED
    assert {c.type: c.status for c in await library.rows(ChargeRow)} == {
        "PROCESSING": "open",
        "REPLACEMENT": "reversed",
    }


async def test_a_loss_that_is_told_is_the_loss_that_time_makes(store: Store) -> None:
    settings = {"alpha": MemberSettings(main_location="MAIN", lost_after_days=30)}
    library = Library(store, settings=settings)
    await library.furnish()
    await library.lend("x", "ann")
    await library.lend("y.1", "bob")
    await report(library, ReportedAs.LOST, "y.1")
    library.clock.turn(60 * DAY)
    assert (await housekeeping.run(library.platform, "alpha")).lost_loans == 1
    by_time, told = await library.rows(LoanRow, item_id="x"), await library.rows(LoanRow, item_id="y.1")
    assert {row.status for row in (*by_time, *told)} == {LoanStatus.LOST}
    charged = [(c.item_id, c.type, c.original) for c in await library.rows(ChargeRow)]
    assert sorted(kind for name, *kind in charged if name == "x") == sorted(
        kind for name, *kind in charged if name == "y.1"
    )
    await library.platform.close()


async def test_what_was_claimed_may_be_lost_and_what_was_lost_claimed(library: Library) -> None:
    await library.lend("x", "ann")
    await report(library, ReportedAs.RETURNED)
    assert (await report(library, ReportedAs.LOST)).item.status is ItemStatus.LOST
    assert (await report(library, ReportedAs.RETURNED)).item.status is ItemStatus.CLAIMED_RETURNED
    assert {c.status for c in await library.rows(ChargeRow)} == {"open"}, "staff see to what was charged"
    assert (await library.row(LoanRow)).status == LoanStatus.CLAIMED


async def test_a_missing_item_leaves_its_hold_in_the_queue(library: Library) -> None:
    await library.add(hold("x", "bob", 1))
    await library.take_back("x")
    assert (await library.row(HoldRow)).status == HoldStatus.READY
    answer = await report(library, ReportedAs.MISSING)
    assert (answer.item.status, answer.item.hold_queue_length) == (ItemStatus.MISSING, 1)
    waiting = await library.row(HoldRow)
    assert (waiting.status, waiting.filled_item_id, waiting.hold_until_at) == (HoldStatus.PENDING, None, None)
    assert (await library.row(ItemRow, id="x")).hold_id is None
    assert (await library.take_back("x")).item.status is ItemStatus.ON_HOLD_SHELF, "found again"
    (event,) = await library.rows(EventRow, type="item.updated")
    data = orjson.loads(event.data_json)
    assert (data["status"], data["fields"], data["reported_as"]) == ("MISSING", ["status"], "missing")


@pytest.mark.parametrize(
    ("status", "more"),
    [
        ("ON_ORDER", {}),
        ("WITHDRAWN", {}),
        ("ILL_OUT", {"lent_to_member": "beta"}),
        ("AVAILABLE", {"owner_member": "beta"}),
    ],
)
async def test_what_is_not_here_is_not_missing(library: Library, status: str, more: dict[str, Any]) -> None:
    await library.add(item("z", bib_id="x", status=status, **more))
    refused(await report(library, ReportedAs.MISSING, "z"), RefusalCode.ITEM_UNAVAILABLE, status=status)


@pytest.mark.parametrize("said", [*CLAIMS, ReportedAs.LOST])
async def test_only_a_loan_is_claimed_or_lost_and_only_its_borrowers(library: Library, said: ReportedAs) -> None:
    refused(await report(library, said), RefusalCode.LOAN_NOT_FOUND)
    refused(await report(library, said, "none"), RefusalCode.ITEM_NOT_FOUND)
    await library.lend("x", "ann")
    refused(await report(library, said, who="bob"), RefusalCode.LOAN_OF_OTHER_PATRON)
    refused(await report(library, said, who="nobody"), RefusalCode.PATRON_NOT_FOUND)
    await library.store.apply("alpha", [Update(replace(patron("cai"), status="deleted"))])
    refused(await report(library, said, who="cai"), RefusalCode.PATRON_NOT_FOUND)
    assert (await library.row(LoanRow)).status == LoanStatus.OPEN


async def test_a_loan_is_not_missing(library: Library) -> None:
    await library.lend("x", "ann")
    refused(await report(library, ReportedAs.MISSING), RefusalCode.ITEM_UNAVAILABLE, status="ON_LOAN")
    refused(await report(library, ReportedAs.MISSING, who="ann"), RefusalCode.ITEM_UNAVAILABLE, status="ON_LOAN")
    refused(await report(library, ReportedAs.MISSING, "y.1", who="ann"), RefusalCode.LOAN_NOT_FOUND)


@pytest.mark.parametrize("said", ReportedAs)
async def test_said_again_nothing_happens(library: Library, said: ReportedAs) -> None:
    if said is not ReportedAs.MISSING:
        await library.lend("x", "ann")
    key = library.key()
    first = await report(library, said, key=key)
    before = [*await library.rows(ChargeRow), *await library.rows(EventRow)]
    assert await report(library, said, key=key) == first
    assert (await report(library, said)).item == first.item
    assert [*await library.rows(ChargeRow), *await library.rows(EventRow)] == before


async def test_a_retry_after_the_item_was_seen_is_a_report_anew(library: Library) -> None:
    await library.lend("x", "ann")
    key = library.key()
    await report(library, ReportedAs.RETURNED, key=key)
    await library.take_back("x")
    refused(await report(library, ReportedAs.RETURNED, key=key), RefusalCode.LOAN_NOT_FOUND)
    assert isinstance(await library.lend("x", "bob"), LoanOutcome)


async def test_nothing_is_said_of_what_was_taken_away(library: Library) -> None:
    gone = await asked(library).item_delete(library.context(), req.ItemDelete(item="b-y.1"), library.key())
    request = req.ItemReport(item_id=gone.item.id, reported_as=ReportedAs.MISSING)
    refused(await asked(library).item_report(library.context(), request, library.key()), RefusalCode.ITEM_NOT_FOUND)
    recall = req.LoanRecall(item_id=gone.item.id)
    refused(await asked(library).loan_recall(library.context(), recall, library.key()), RefusalCode.ITEM_NOT_FOUND)


async def test_another_members_items_are_nobodys(library: Library) -> None:
    await library.lend("x", "ann")
    request = req.ItemReport(item="b-x", reported_as=ReportedAs.LOST)
    answer = await library.platform.item_report(library.context(member="beta"), request, library.key())
    refused(answer, RefusalCode.ITEM_NOT_FOUND)
    assert (await library.row(LoanRow)).status == LoanStatus.OPEN
