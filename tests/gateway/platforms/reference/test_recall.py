"""Recalls without a hold, and what becomes of them, through the platform, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey
from gateway.canonical.outcomes import LoanOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import HoldType, ItemStatus, LoanStatus
from gateway.platforms.reference.policy import millis
from gateway.store.effects import Update
from gateway.store.rows import EventRow, ItemRow, LoanRow
from tests.gateway.platforms.reference.library import DAY, Library, bib, hold, item, loan, rule

END_OF_RULE = datetime(2026, 3, 16, 23, 59, 59, tzinfo=UTC)  # of the library's fourteen days
SOONEST = datetime(2026, 3, 5, 23, 59, 59, tzinfo=UTC)  # the three days that a borrower keeps


async def recall(library: Library, name: str = "x", *, key: CommandKey | None = None, **more: Any) -> Any:
    at = more.pop("at", {})
    request = req.LoanRecall(item=f"b-{name}", **more)
    return await library.platform.loan_recall(library.context(**at), request, key or library.key())


async def cancel(library: Library, name: str = "x", *, key: CommandKey | None = None) -> Any:
    request = req.LoanRecallCancel(item=f"b-{name}")
    return await library.platform.loan_recall_cancel(library.context(), request, key or library.key())


def refused(answer: Any, code: RefusalCode, **detail: Any) -> None:
    assert isinstance(answer, Refusal), answer
    assert (answer.code, answer.detail) == (code, detail)


async def test_a_recall_leaves_the_borrower_what_the_rule_says(library: Library) -> None:
    await library.lend("x", "ann")
    answer = await recall(library)
    assert isinstance(answer, LoanOutcome)
    assert (answer.loan.due, answer.loan.recalled_at) == (SOONEST, library.clock.now())
    assert (answer.item.status, answer.item.due) == (ItemStatus.RECALLED, SOONEST)
    assert answer.loan.patron_barcode == "C-ann"
    (event,) = await library.rows(EventRow, type="loan.recalled")
    assert (event.loan_id, event.item_id) == (answer.loan.id, "x")
    assert orjson.loads(event.data_json)["due"] == millis(SOONEST)


@pytest.mark.parametrize(
    ("wish", "due"),
    [
        (datetime(2026, 3, 1, tzinfo=UTC), SOONEST),
        (datetime(2026, 3, 9, 10, tzinfo=UTC), datetime(2026, 3, 9, 23, 59, 59, tzinfo=UTC)),
        (datetime(2026, 5, 1, tzinfo=UTC), END_OF_RULE),
        (datetime(9999, 12, 31, tzinfo=UTC), END_OF_RULE),
    ],
    ids=["past", "later", "too late", "never"],
)
async def test_a_recall_takes_no_more_than_is_wished_for_and_never_lengthens(
    library: Library, wish: datetime, due: datetime
) -> None:
    await library.lend("x", "ann")
    assert (await recall(library, desired_due=wish)).loan.due == due


async def test_a_loan_that_ends_sooner_is_recalled_as_it_is(library: Library) -> None:
    soon = library.clock.millis + 86_400_000
    await library.add(loan("x", "ann", 0, soon))
    answer = await recall(library)
    assert (millis(answer.loan.due), answer.loan.recalled_at) == (soon, library.clock.now())
    assert millis((await cancel(library)).loan.due) == soon


async def test_a_recalled_loan_is_not_recalled_again(library: Library) -> None:
    await library.lend("x", "ann")
    first = await recall(library)
    library.clock.turn(DAY)
    key = library.key()
    assert await recall(library, key=key) == await recall(library, key=key) == first
    assert len(await library.rows(EventRow, type="loan.recalled")) == 1
    assert (await library.renew("x", "ann")).detail == {"kind": "recall"}


async def test_a_recall_is_taken_back_and_the_loan_can_be_renewed(library: Library) -> None:
    await library.lend("x", "ann")
    await recall(library)
    answer = await cancel(library)
    assert (answer.loan.due, answer.loan.recalled_at) == (END_OF_RULE, None)
    row = await library.row(LoanRow)
    assert (row.original_due_at, row.recalled_at) == (None, None)
    assert len(await library.rows(EventRow, type="loan.recall_cancelled")) == 1
    refused(await cancel(library), RefusalCode.UNDO_NOT_POSSIBLE, kind="not_recalled")
    library.clock.turn(DAY)
    assert isinstance(await library.renew("x", "ann"), LoanOutcome)


async def test_a_recall_that_a_hold_wants_too_stays(library: Library) -> None:
    await library.lend("x", "ann")
    await recall(library)
    await library.add(hold("x", "bob", 1, type=HoldType.RECALL))
    refused(await cancel(library), RefusalCode.UNDO_NOT_POSSIBLE, kind="wanted")
    await library.add(bib("z"), item("z"), hold("z", "bob", 1))
    await library.lend("z", "ann")
    await recall(library, "z")
    assert isinstance(await cancel(library, "z"), LoanOutcome), "an ordinary hold recalls nothing"


async def test_what_cannot_be_recalled(library: Library) -> None:
    far = library.clock.millis + 10**9
    await library.add(rule(id="film", item_type="FILM", recallable=False))
    await library.add(item("z", bib_id="x", item_type="FILM"), loan("z", "ann", 0, far, rule_id="film"))
    await library.add(item("c", bib_id="x"), loan("c", "ann", 0, far, status="claimed"))
    await library.add(item("s", bib_id="x", owner_member="beta"), item("l", bib_id="x", lent_to_member="beta"))
    refused(await recall(library, "none"), RefusalCode.ITEM_NOT_FOUND)
    refused(await recall(library, "x"), RefusalCode.LOAN_NOT_FOUND)
    refused(await recall(library, "z"), RefusalCode.RECALL_NOT_ALLOWED, kind="policy")
    refused(await recall(library, "c"), RefusalCode.RECALL_NOT_ALLOWED, kind="claimed")
    refused(await recall(library, "s"), RefusalCode.RECALL_NOT_ALLOWED, kind="foreign")
    refused(await recall(library, "l"), RefusalCode.RECALL_NOT_ALLOWED, kind="foreign")
    refused(await cancel(library, "none"), RefusalCode.ITEM_NOT_FOUND)
    refused(await cancel(library, "x"), RefusalCode.LOAN_NOT_FOUND)
    refused(await recall(library, "x", at={"member": "beta"}), RefusalCode.ITEM_NOT_FOUND)


async def test_a_retry_recalls_nothing_and_what_was_undone_is_done_again(library: Library) -> None:
    await library.lend("x", "ann")
    key = library.key()
    first = await recall(library, key=key)
    assert await recall(library, key=key) == first
    undoing = library.key()
    undone = await cancel(library, key=undoing)
    assert await cancel(library, key=undoing) == undone
    again = await recall(library, key=key)
    assert again.loan.recalled_at is not None
    assert len(await library.rows(EventRow, type="loan.recalled")) == 2
    await library.take_back("x")
    refused(await cancel(library, key=undoing), RefusalCode.LOAN_NOT_FOUND)


async def test_the_other_side_of_an_interlibrary_loan_is_told(library: Library) -> None:
    await library.lend("x", "ann")
    row = await library.row(LoanRow)
    await library.store.apply("alpha", [Update(replace(row, external_ref="ncip:reshare:4711"))])
    await recall(library)
    await cancel(library)
    told = [orjson.loads(e.data_json) for e in await library.rows(EventRow) if e.type.startswith("loan.recall")]
    assert [data["external_ref"] for data in told] == ["ncip:reshare:4711"] * 2
    assert (await library.row(ItemRow, id="x")).status == ItemStatus.ON_LOAN


async def test_the_undo_of_a_renewal_leaves_the_recall_that_came_after_it(library: Library) -> None:
    await library.lend("x", "ann")
    library.clock.turn(DAY)
    await library.renew("x", "ann")
    recalled = await recall(library)
    undone = await library.undo("loan", "x")
    assert (undone.loan.status, undone.loan.due) == (LoanStatus.OPEN, recalled.loan.due)
    assert (await cancel(library)).loan.due == END_OF_RULE


async def test_the_undo_of_a_renewal_that_was_made_before_leaves_an_earlier_date_alone(library: Library) -> None:
    await library.lend("x", "ann")
    await recall(library)
    told = {"offline": True, "happened_at": library.clock.now() + timedelta(hours=1)}
    library.clock.turn(2 * DAY)
    assert (await library.renew("x", "ann", **told)).loan.due > SOONEST
    assert (await library.undo("loan", "x")).loan.due == SOONEST
    assert (await cancel(library)).loan.due == END_OF_RULE
