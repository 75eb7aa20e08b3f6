"""Items made, changed and taken away: what stands afterwards, what is refused, and what the catalogue hears."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from gateway.canonical import requests as req
from gateway.canonical.outcomes import ItemOutcome, LoanOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import (
    HoldLevel,
    ItemStatus,
    MediaType,
    OnDuplicate,
    SecurityMarker,
    UseRestriction,
)
from gateway.importing.description import describe
from gateway.store.effects import Update
from gateway.store.port import Store
from gateway.store.rows import BibRow, EventRow, ItemRow, LoanRow
from library_protocols.marc import read
from tests.gateway.platforms.reference.answers import asked
from tests.gateway.platforms.reference.library import DAY, Library, bib, hold, item
from tests.gateway.platforms.reference.test_holds import refused

Stores = Callable[[], Awaitable[Store]]

WORDS = req.BibWords(
    title="Y Goeden Eirin",
    author="Williams, John Gruffydd",
    publisher="Gee",
    year="1946",
    edition="2nd",
    isbn=("9780707403809",),
    oclc=("123",),
    media_type=MediaType.BOOK,
    language="wel",
)


async def create(library: Library, *, key: str | None = None, **more: Any) -> Any:
    return await asked(library).item_create(library.context(), req.ItemCreate(**more), library.key(key))


async def update(library: Library, name: str, *, key: str | None = None, **more: Any) -> Any:
    request = req.ItemUpdate(item=f"b-{name}", **more)
    return await asked(library).item_update(library.context(), request, library.key(key))


async def delete(library: Library, name: str, *, key: str | None = None, **more: Any) -> Any:
    request = req.ItemDelete(item=f"b-{name}", **more)
    return await asked(library).item_delete(library.context(), request, library.key(key))


async def changes(library: Library) -> list[str]:
    found = await asked(library).bib_changes(library.context(), req.BibChanges(after=1))
    return [change.bib.id for change in found.changes]


async def last_event(library: Library, kind: str) -> dict[str, Any]:
    return orjson.loads((await library.rows(EventRow, type=kind))[-1].data_json)


async def test_a_new_copy_of_a_title(library: Library) -> None:
    answer = await create(
        library,
        item=" b-y.3 ",
        bib_id="y",
        call_number="823 JON",
        copy_number="3",
        enumeration="v.2",
        location="BRANCH",
        restrictions=(UseRestriction.NO_RENEWALS,),
        security_marker=SecurityMarker.TATTLE_TAPE,
        external_ref="ncip:p:1",
    )
    made = answer.item
    assert (made.barcode, made.title, made.status, made.temporary) == (
        "b-y.3",
        "The y book",
        ItemStatus.AVAILABLE,
        False,
    )
    assert (made.permanent_location, made.current_location, made.item_type) == ("BRANCH", "BRANCH", "BOOK")
    assert (made.call_number, made.copy_number, made.enumeration) == ("823 JON", "3", "v.2")
    assert (made.security_marker, made.restrictions) == (SecurityMarker.TATTLE_TAPE, (UseRestriction.NO_RENEWALS,))
    assert await changes(library) == []
    assert await last_event(library, "item.created") == {
        "bib": "y",
        "external_ref": "ncip:p:1",
        "barcode": "b-y.3",
        "status": "AVAILABLE",
    }
    assert isinstance(await library.lend("y.3", "ann"), LoanOutcome)


async def test_a_new_title_is_told_to_the_catalogue(library: Library) -> None:
    answer = await create(library, words=WORDS)
    row = await library.row(BibRow, id=answer.item.bib_id)
    assert (row.title, row.publisher, row.year, row.language) == ("Y Goeden Eirin", "Gee", "1946", "wel")
    assert (row.suppressed, row.position) == (False, 1)
    second = await create(library, words=req.BibWords(title="Another"))
    assert await changes(library) == [second.item.bib_id]
    said = describe(read(row.marc).record)
    assert (said.title, said.author, said.publisher, said.year) == (row.title, row.author, "Gee", "1946")
    assert (list(said.isbn), list(said.oclc), said.language) == (["9780707403809"], ["123"], "wel")
    assert (said.edition, said.media_type) == ("2nd", MediaType.BOOK)


async def test_the_platform_makes_barcodes(library: Library) -> None:
    made = [(await create(library, bib_id="y")).item.barcode for _ in range(3)]
    assert len(set(made)) == 3
    assert isinstance(
        await asked(library).item_get(library.context(), req.ItemGet(item=made[0])), ItemOutcome
    )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "code", "kind"),
    [
        ({"bib_id": "y", "item": "b-x"}, RefusalCode.CONFLICT, "barcode"),
        ({"item": "new"}, RefusalCode.CONFLICT, "incomplete"),
        ({"words": req.BibWords(title=" ")}, RefusalCode.CONFLICT, "incomplete"),
        ({"bib_id": "moon"}, RefusalCode.BIB_NOT_FOUND, None),
        ({"bib_id": "y", "location": "MOON"}, RefusalCode.CONFLICT, "unknown_value"),
        ({"bib_id": "y", "item_type": "STONE"}, RefusalCode.CONFLICT, "unknown_value"),
        ({"bib_id": "y", "status": ItemStatus.ON_LOAN}, RefusalCode.CONFLICT, "unknown_value"),
    ],
)
async def test_what_cannot_be_made_leaves_nothing(
    library: Library, more: dict[str, Any], code: RefusalCode, kind: str | None
) -> None:
    before = [await library.rows(table) for table in (ItemRow, BibRow, EventRow)]
    refused(await create(library, **more), code, kind)
    assert [await library.rows(table) for table in (ItemRow, BibRow, EventRow)] == before


async def test_a_taken_barcode_may_get_a_suffix(library: Library) -> None:
    answer = await create(library, bib_id="y", item="b-x", on_duplicate=OnDuplicate.SUFFIX)
    assert answer.item.barcode == "b-x-2"


async def test_an_item_is_made_once(library: Library) -> None:
    first = await create(library, key="k", words=WORDS)
    library.clock.turn(DAY)
    assert await create(library, key="k", words=WORDS) == first
    await asked(library).item_delete(library.context(), req.ItemDelete(item=first.item.barcode), library.key())
    library.clock.turn(DAY)
    anew = await create(library, key="k", words=WORDS)
    assert anew.item.id != first.item.id


async def test_two_processes_make_two_items_of_one_barcode_and_one_is_refused(library: Library, stores: Stores) -> None:
    second = Library(await stores(), clock=library.clock)
    try:
        answers = await asyncio.gather(
            create(library, key="one", item="new", words=WORDS), create(second, key="two", item="new", words=WORDS)
        )
    finally:
        await second.platform.close()
    assert sorted(type(answer).__name__ for answer in answers) == ["ItemOutcome", "Refusal"]
    assert len(await library.rows(BibRow, title="Y Goeden Eirin")) == 1


async def test_what_a_desk_sees_is_changed(library: Library) -> None:
    answer = await update(
        library,
        "x",
        status=ItemStatus.MISSING,
        permanent_location="BRANCH",
        call_number="M 1",
        restrictions=(UseRestriction.NOT_FOR_LOAN, UseRestriction.NOT_FOR_LOAN),
    )
    assert (answer.item.status, answer.item.permanent_location) == (ItemStatus.MISSING, "BRANCH")
    assert (answer.item.call_number, answer.item.restrictions) == ("M 1", (UseRestriction.NOT_FOR_LOAN,))
    said = await last_event(library, "item.updated")
    assert (said["was"], said["status"]) == ("AVAILABLE", "MISSING")
    assert said["fields"] == ["call_number", "permanent_location", "restrictions", "status"]


async def test_fields_are_emptied(library: Library) -> None:
    await update(library, "x", call_number="M 1", properties="p", restrictions=(UseRestriction.NOT_FOR_LOAN,))
    answer = await update(library, "x", cleared=frozenset({"call_number", "restrictions"}))
    assert (answer.item.call_number, answer.item.properties, answer.item.restrictions) == (None, "p", ())
    refused(
        await update(library, "x", cleared=frozenset({"permanent_location"})), RefusalCode.CONFLICT, "incomplete"
    )  # fmt: skip


async def test_an_item_on_loan_keeps_its_status(library: Library) -> None:
    await library.lend("x", "ann")
    refused(await update(library, "x", status=ItemStatus.MISSING), RefusalCode.ITEM_UNAVAILABLE)
    assert (await update(library, "x", call_number="M 1")).item.call_number == "M 1"


async def test_an_item_that_waits_or_travels_keeps_its_status(library: Library) -> None:
    await library.add(hold("x", "ann", 0, pickup_location="BRANCH"))
    await library.take_back("x")
    refused(await update(library, "x", status=ItemStatus.AVAILABLE), RefusalCode.ITEM_UNAVAILABLE)
    await library.take_back("x", at={"location": "BRANCH"})
    refused(await update(library, "x", status=ItemStatus.AVAILABLE), RefusalCode.ITEM_UNAVAILABLE)


@pytest.mark.parametrize("status", [ItemStatus.ON_LOAN, ItemStatus.ON_HOLD_SHELF, ItemStatus.UNKNOWN])
async def test_only_what_a_desk_sees_can_be_said(library: Library, status: ItemStatus) -> None:
    refused(await update(library, "x", status=status), RefusalCode.CONFLICT, "unknown_value")


@pytest.mark.parametrize("field", ["current_location", "permanent_location"])
async def test_a_place_must_be_one_of_the_members(library: Library, field: str) -> None:
    refused(await update(library, "x", **{field: "MOON"}), RefusalCode.CONFLICT, "unknown_location")


async def test_words_describe_the_only_copy_of_a_title(library: Library) -> None:
    answer = await update(library, "x", words=WORDS)
    assert answer.item.title == "Y Goeden Eirin"
    row = await library.row(BibRow, id="x")
    assert (row.title, row.author) == ("Y Goeden Eirin", "Williams, John Gruffydd")
    assert describe(read(row.marc).record).title == "Y Goeden Eirin"
    refused(await update(library, "y.1", words=WORDS), RefusalCode.CONFLICT, "shared_title")
    same = req.BibWords(title="The y book")
    assert isinstance(await update(library, "y.1", words=same), ItemOutcome)


async def test_words_do_not_overwrite_what_somebody_catalogued(library: Library) -> None:
    catalogued = bib("z")
    catalogued.marc = b"00050nam a2200037   4500001000200000\x1ez\x1e\x1d"
    await library.add(catalogued, item("z"))
    refused(await update(library, "z", words=WORDS), RefusalCode.CONFLICT, "catalogued")


async def test_an_update_is_made_once_and_again_after_another(library: Library) -> None:
    first = await update(library, "x", key="k", status=ItemStatus.MISSING)
    library.clock.turn(DAY)
    assert await update(library, "x", key="k", status=ItemStatus.MISSING) == first
    await update(library, "x", key="other", status=ItemStatus.AVAILABLE)
    library.clock.turn(DAY)
    await update(library, "x", key="k", status=ItemStatus.MISSING)
    assert (await library.row(ItemRow, id="x")).status == "MISSING"


async def test_an_item_is_taken_away(library: Library) -> None:
    answer = await delete(library, "x", key="d")
    assert (answer.item.barcode, answer.item.status) == ("b-x", ItemStatus.WITHDRAWN)
    assert await delete(library, "x", key="d") == answer
    kept = await library.row(ItemRow, id="x")
    for request in (req.ItemGet(item="b-x"), req.ItemGet(item_id="x"), req.ItemGet(item=kept.barcode)):
        refused(await asked(library).item_get(library.context(), request), RefusalCode.ITEM_NOT_FOUND)
    assert (await library.row(BibRow, id="x")).deleted_at is None
    held = await asked(library).bib_availability(library.context(), req.BibAvailability(bib_ids=("x",)))
    assert (held.bibs[0].total, held.bibs[0].items) == (0, ())
    refused(await library.lend("x", "ann"), RefusalCode.ITEM_NOT_FOUND)
    refused(await update(library, "x", call_number="M"), RefusalCode.ITEM_NOT_FOUND)
    refused(await delete(library, "x"), RefusalCode.ITEM_NOT_FOUND)
    assert isinstance(await create(library, item="b-x", bib_id="x"), ItemOutcome)


async def test_an_item_on_loan_is_not_taken_away(library: Library) -> None:
    await library.lend("x", "ann")
    answer = await delete(library, "x")
    refused(answer, RefusalCode.ITEM_UNAVAILABLE)
    assert answer.detail == {"status": "ON_LOAN"}


@pytest.mark.parametrize(("status", "goes"), [("lost", True), ("claimed", False)])
async def test_a_lost_item_goes_and_a_disputed_one_stays(library: Library, status: str, goes: bool) -> None:
    await library.lend("x", "ann")
    row = await library.row(LoanRow)
    row.status = status
    await library.store.apply("alpha", [Update(row)])
    assert isinstance(await delete(library, "x"), ItemOutcome if goes else Refusal)


@pytest.mark.parametrize("level", [HoldLevel.ITEM, HoldLevel.BIB])
async def test_an_item_somebody_waits_for_is_not_taken_away(library: Library, level: HoldLevel) -> None:
    """A hold on the copy, or a title hold that it stands on the hold shelf for."""
    place = req.HoldPlace(patron="c-bob", item="b-x", level=level)
    await asked(library).hold_place(library.context(), place, library.key())
    if level is HoldLevel.BIB:
        await library.take_back("x")
    refused(await delete(library, "x"), RefusalCode.CONFLICT, "held")


async def test_a_title_hold_that_waits_in_the_queue_keeps_no_copy(library: Library) -> None:
    await library.add(hold("y", "bob", 0))
    assert isinstance(await delete(library, "y.1"), ItemOutcome)


async def test_only_what_came_for_a_while_where_so_asked(library: Library) -> None:
    refused(await delete(library, "x", only_temporary=True), RefusalCode.CONFLICT, "permanent")


async def test_a_member_changes_nothing_of_anothers(library: Library) -> None:
    ctx = library.context("beta")
    for operation, request in (
        ("item_update", req.ItemUpdate(item="b-x", item_id="x", call_number="M")),
        ("item_delete", req.ItemDelete(item="b-x", item_id="x")),
    ):
        refused(
            await getattr(library.platform, operation)(ctx, request, library.key()), RefusalCode.ITEM_NOT_FOUND
        )  # fmt: skip
    made = await asked(library).item_create(ctx, req.ItemCreate(item="b-x", bib_id="x"), library.key())
    refused(made, RefusalCode.BIB_NOT_FOUND)
