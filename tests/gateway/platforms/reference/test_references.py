"""What the other side of an interlibrary loan calls our holds and loans: kept, shown, found again, told in events."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from gateway.canonical import requests as req
from gateway.canonical.outcomes import HoldOutcome, LoanOutcome
from gateway.canonical.refusals import RefusalCode
from gateway.canonical.vocabulary import DesiredDue, HoldStatus, HoldType, ShipmentStep
from gateway.store.port import Store
from gateway.store.rows import EventRow, HoldRow, ItemRow, LoanRow
from tests.gateway.platforms.reference.answers import asked
from tests.gateway.platforms.reference.library import DAY, Library, card, patron
from tests.gateway.platforms.reference.test_holds import cancel, place, refused, update

Stores = Callable[[], Awaitable[Store]]
REF = "ncip:relais:4711"


async def get(library: Library, who: str | None = None, **more: Any) -> Any:
    request = req.HoldGet(patron=who and f"c-{who}", **more)
    return await asked(library).hold_get(library.context(), request)


async def told(library: Library) -> list[str]:
    return [
        row.type
        for row in await library.rows(EventRow)
        if orjson.loads(row.data_json).get("external_ref") == REF
    ]  # fmt: skip


async def test_a_hold_is_found_by_its_reference_until_long_after(library: Library) -> None:
    placed = await place(library, "ann", bib_id="x", external_ref=REF)
    assert placed.hold.external_ref == REF
    found = await get(library, external_ref=REF)
    assert found.hold == placed.hold.model_copy(update={"queue_position": 1})
    assert found.available is False
    await cancel(library, None, external_ref=REF)
    ended = await get(library, external_ref=REF)
    assert (ended.hold.id, ended.hold.status, ended.hold.title) == (placed.hold.id, HoldStatus.CANCELLED, "The x book")
    again = await place(library, "ann", bib_id="x", external_ref=REF)
    assert (await get(library, external_ref=REF)).hold.id == again.hold.id


async def test_a_hold_is_found_by_id_and_by_patron_and_item(library: Library) -> None:
    placed = await place(library, "ann", bib_id="y", type=HoldType.STACK)
    assert (await get(library, hold_id=placed.hold.id)).hold.id == placed.hold.id
    assert (await get(library, "ann", item="b-y.2")).hold.id == placed.hold.id
    assert (await get(library, "ann", item="b-y.2", type=HoldType.STACK)).hold.id == placed.hold.id
    refused(await get(library, "ann", item="b-y.2", type=HoldType.HOLD), RefusalCode.HOLD_NOT_FOUND)
    refused(await get(library, "bob", item="b-y.2"), RefusalCode.HOLD_NOT_FOUND)
    refused(await get(library, "bob", hold_id=placed.hold.id), RefusalCode.HOLD_NOT_FOUND)
    refused(await get(library, "nobody", hold_id=placed.hold.id), RefusalCode.PATRON_NOT_FOUND)
    refused(await get(library, "ann"), RefusalCode.HOLD_NOT_FOUND)
    refused(await get(library, external_ref="ncip:relais:0"), RefusalCode.HOLD_NOT_FOUND)


async def test_a_hold_is_changed_and_cancelled_by_its_reference(library: Library) -> None:
    await place(library, "ann", bib_id="x", external_ref=REF)
    await place(library, "ann", bib_id="y", external_ref="ncip:relais:2")
    request = req.HoldUpdate(external_ref=REF, pickup_location="BRANCH")
    changed = await asked(library).hold_update(library.context(), request, library.key())
    assert changed.hold.pickup_location == "BRANCH"
    assert (await cancel(library, None, external_ref=REF)).hold.bib_id == "x"
    refused(await cancel(library, None, external_ref=REF), RefusalCode.HOLD_ALREADY_PROCESSED)
    refused(await update(library, "bob", external_ref="ncip:relais:2"), RefusalCode.HOLD_NOT_FOUND)
    refused(await cancel(library, "bob", external_ref="ncip:relais:2"), RefusalCode.HOLD_NOT_FOUND)
    refused(await cancel(library, None, external_ref="ncip:relais:3"), RefusalCode.HOLD_NOT_FOUND)


@pytest.mark.parametrize("who", ["ann", "bob"])
async def test_one_reference_has_one_open_hold(library: Library, who: str) -> None:
    first = await place(library, "ann", bib_id="x", external_ref=REF)
    second = await place(library, who, bib_id="y", external_ref=REF)
    refused(second, RefusalCode.DUPLICATE_HOLD, "reference")
    assert second.detail["hold_id"] == first.hold.id


async def test_two_at_once_place_one_hold_of_a_reference(library: Library, stores: Stores) -> None:
    """For two patrons and two titles: nothing else keeps them apart."""
    second = Library(await stores(), clock=library.clock)
    try:
        answers = await asyncio.gather(
            asked(library).hold_place(
                library.context(), req.HoldPlace(patron="c-ann", bib_id="x", external_ref=REF), library.key("one")
            ),
            asked(second).hold_place(
                second.context(), req.HoldPlace(patron="c-bob", bib_id="y", external_ref=REF), second.key("two")
            ),
        )
    finally:
        await second.platform.close()
    assert sorted(type(answer).__name__ for answer in answers) == ["HoldOutcome", "Refusal"]
    assert len(await library.rows(HoldRow)) == 1


async def test_an_institution_waits_twice_for_one_title(library: Library) -> None:
    await library.add(patron("uni", is_institution=True), card("uni"))
    await place(library, "uni", bib_id="x", external_ref=REF)
    assert isinstance(await place(library, "uni", bib_id="x", external_ref="ncip:relais:2"), HoldOutcome)
    refused(await place(library, "uni", bib_id="x"), RefusalCode.DUPLICATE_HOLD)
    second = await library.lend("x", "uni", external_ref="ncip:relais:2")
    assert second.loan.external_ref == "ncip:relais:2"
    statuses = {row.external_ref: row.status for row in await library.rows(HoldRow)}
    assert statuses[REF] == "PENDING"


async def test_a_loan_fills_the_hold_of_its_reference_on_another_title(library: Library) -> None:
    await place(library, "ann", bib_id="x", external_ref=REF)
    await place(library, "ann", bib_id="y")
    lent = await library.lend("y.1", "ann", external_ref=REF)
    assert isinstance(lent, LoanOutcome)
    rows = {row.bib_id: row for row in await library.rows(HoldRow)}
    assert (rows["x"].status, rows["x"].filled_item_id) == ("FILLED", "y.1")
    assert rows["y"].status == "PENDING"
    await library.undo("loan", "y.1")
    assert {row.bib_id: row.status for row in await library.rows(HoldRow)} == {"x": "PENDING", "y": "PENDING"}


async def test_a_loan_leaves_the_hold_that_another_copy_waits_for(library: Library) -> None:
    await place(library, "ann", bib_id="x", external_ref=REF)
    await library.take_back("x")
    await library.lend("y.1", "ann", external_ref=REF)
    assert (await library.row(HoldRow)).status == "READY"
    assert (await library.row(ItemRow, id="x")).status == "ON_HOLD_SHELF"


async def test_a_kiosks_loan_of_what_was_asked_for_bears_its_reference(library: Library) -> None:
    await place(library, "ann", bib_id="x", external_ref=REF)
    await library.take_back("x")
    lent = await library.lend("x", "ann")
    assert lent.loan.external_ref == REF
    await library.take_back("x")
    assert await told(library) == ["hold.placed", "hold.ready", "loan.created", "loan.returned"]
    assert (await library.row(LoanRow)).external_ref == REF


async def test_an_item_scanned_again_on_the_hold_shelf_is_no_news(library: Library) -> None:
    await place(library, "ann", bib_id="x", external_ref=REF)
    await library.take_back("x")
    await library.take_back("x")
    assert (await told(library)).count("hold.ready") == 1


async def test_what_is_nobodys_news_bears_no_reference(library: Library) -> None:
    await place(library, "ann", bib_id="x")
    await library.take_back("x")
    await library.lend("x", "ann")
    await library.take_back("x")
    rows = await library.rows(EventRow)
    assert rows
    assert not [row for row in rows if "external_ref" in orjson.loads(row.data_json)]


async def test_a_recall_is_told_to_the_other_side(library: Library) -> None:
    await library.lend("x", "ann", external_ref=REF)
    await place(library, "bob", bib_id="x", type=HoldType.RECALL)
    assert await told(library) == ["loan.created", "loan.recalled"]


@pytest.mark.parametrize(
    ("rule", "days", "expected"),
    [
        (DesiredDue.IGNORED, 3, 14),
        (DesiredDue.EARLIER, 3, 3),
        (DesiredDue.EARLIER, 40, 14),
        (DesiredDue.WINS, 3, 3),
        (DesiredDue.WINS, 40, 40),
    ],
)
async def test_a_wish_for_the_due_date(library: Library, rule: DesiredDue, days: int, expected: int) -> None:
    wish = library.clock.now() + days * DAY
    lent = await library.lend("x", "ann", desired_due=wish, desired_due_rule=rule)
    if expected == days:
        assert lent.loan.due == wish
    else:
        assert (lent.loan.due.date() - library.clock.now().date()).days == expected


@pytest.mark.parametrize("rule", [DesiredDue.EARLIER, DesiredDue.WINS])
async def test_a_wish_is_not_in_the_past(library: Library, rule: DesiredDue) -> None:
    answer = await library.lend("x", "ann", desired_due=library.clock.now(), desired_due_rule=rule)
    refused(answer, RefusalCode.INVALID_DATE, "desired_due")
    assert (await library.row(ItemRow, id="x")).status == "AVAILABLE"


async def test_a_hold_in_process_is_filled_and_ends_as_others_do(library: Library) -> None:
    await place(library, "ann", bib_id="x", external_ref=REF)
    note = req.IllNote(step=ShipmentStep.SHIPPED, external_ref=REF)
    await asked(library).ill_note(library.context(), note, library.key())
    assert (await get(library, external_ref=REF)).hold.status is HoldStatus.IN_PROCESS
    await library.take_back("x")
    assert (await get(library, external_ref=REF)).hold.status is HoldStatus.READY
    assert (await get(library, external_ref=REF)).available is True
