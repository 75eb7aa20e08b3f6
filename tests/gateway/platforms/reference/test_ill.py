"""Interlibrary loans: the piece that comes, the patron who gets it, nobody else, and its way back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest

from gateway.canonical import requests as req
from gateway.canonical.outcomes import HoldOutcome, IllOutcome, ItemOutcome, LoanOutcome, ReturnOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import (
    DesiredDue,
    HoldLevel,
    HoldStatus,
    ItemStatus,
    MediaType,
    OnDuplicate,
    RoutingAction,
    ShipmentStep,
    UseRestriction,
)
from gateway.platforms.reference import housekeeping, subject
from gateway.store.port import Store
from gateway.store.rows import BibRow, EventRow, HoldRow, ItemRow, ItemTypeRow, LoanRow
from tests.gateway.platforms.reference.answers import asked
from tests.gateway.platforms.reference.library import DAY, Library, block, hold, patron, rule
from tests.gateway.platforms.reference.test_holds import refused

Stores = Callable[[], Awaitable[Store]]

REF = "ncip:reshare:R-17"
WORDS = req.BibWords(title="Cold  Comfort Farm", author="Gibbons", isbn=("0141441593",), media_type=MediaType.BOOK)


async def accept(library: Library, who: str | None = "ann", *, key: str | None = None, **more: Any) -> Any:
    member = more.pop("member", "alpha")
    more = {"external_ref": REF, "words": WORDS, "hold": who is not None, **more}
    request = req.IllAccept(patron=who and f"c-{who}", **more)
    return await asked(library).ill_accept(library.context(member), request, library.key(key))


async def delete(library: Library, item: str, *, key: str | None = None, **more: Any) -> Any:
    return await asked(library).item_delete(library.context(), req.ItemDelete(item=item, **more), library.key(key))


async def lend(library: Library, item: str, who: str, **more: Any) -> Any:
    request = req.LoanCreate(patron=f"c-{who}", item=item, **more)
    return await asked(library).loan_create(library.context(), request, library.key())


async def take_back(library: Library, item: str, place: str = "MAIN", **more: Any) -> Any:
    ctx = library.context(location=place)
    return await asked(library).loan_return(ctx, req.LoanReturn(item=item, **more), library.key())


async def look(library: Library, item: str, member: str = "alpha") -> Any:
    return await asked(library).item_get(library.context(member), req.ItemGet(item=item))


async def events(library: Library) -> list[tuple[str, dict[str, Any]]]:
    return [(row.type, orjson.loads(row.data_json)) for row in await library.rows(EventRow)]


async def test_the_piece_waits_for_its_patron_where_it_was_taken_in(library: Library) -> None:
    answer = await accept(library, return_by=library.clock.now() + 10 * DAY)
    assert isinstance(answer, IllOutcome)
    assert answer.item is not None
    assert answer.hold is not None
    assert (answer.item.barcode, answer.item.title, answer.item.author) == ("R-17", "Cold Comfort Farm", "Gibbons")
    assert (answer.item.status, answer.item.temporary) == (ItemStatus.ON_HOLD_SHELF, True)
    assert answer.item.external_ref == answer.hold.external_ref == REF
    assert answer.item.return_by == library.clock.now() + 10 * DAY
    assert (answer.hold.status, answer.hold.level) == (HoldStatus.READY, HoldLevel.ITEM)
    assert answer.hold.pickup_location == "MAIN"
    assert answer.hold.hold_until is not None
    seen = await look(library, "R-17")
    assert seen.item == answer.item.model_copy(update={"hold_queue_length": 1})


async def test_the_piece_travels_to_another_pickup_location(library: Library) -> None:
    answer = await accept(library, pickup_location="branch")
    assert (answer.item.status, answer.item.destination) == (ItemStatus.IN_TRANSIT, "BRANCH")
    assert answer.hold.status is HoldStatus.IN_TRANSIT
    arrived = await take_back(library, "R-17", "BRANCH")
    assert arrived.routing.action is RoutingAction.HOLD_HERE
    assert (await library.row(HoldRow)).status == "READY"


async def test_it_is_lent_to_its_patron_and_to_nobody_else(library: Library) -> None:
    await accept(library)
    refused(await lend(library, "R-17", "bob"), RefusalCode.ON_HOLD_FOR_OTHER)
    lent = await lend(library, "R-17", "ann")
    assert isinstance(lent, LoanOutcome)
    assert lent.loan.external_ref == REF
    assert (await library.row(HoldRow)).status == "FILLED"


async def test_no_loan_of_it_is_due_after_the_lender_wants_it_back(library: Library) -> None:
    by = library.clock.now() + 5 * DAY
    await accept(library, return_by=by)
    assert (await lend(library, "R-17", "ann")).loan.due == by


async def test_it_is_not_lent_when_the_lender_waits_for_it(library: Library) -> None:
    await accept(library, return_by=library.clock.now() + 2 * DAY)
    library.clock.turn(2 * DAY)
    refused(await lend(library, "R-17", "ann"), RefusalCode.ITEM_UNAVAILABLE, "return_by")


async def test_it_goes_back_and_nobody_gets_it_from_then_on(library: Library) -> None:
    await accept(library)
    await lend(library, "R-17", "ann")
    back = await take_back(library, "R-17", "BRANCH")
    assert isinstance(back, ReturnOutcome)
    assert (back.routing.action, back.routing.destination) == (RoutingAction.ILL_RETURN, "MAIN")
    assert (back.item.status, back.item.current_location) == (ItemStatus.IN_PROCESS, "BRANCH")
    assert [message.id for message in back.messages] == ["return.ill_return"]
    for who in ("ann", "bob"):
        refused(await lend(library, "R-17", who), RefusalCode.ITEM_UNAVAILABLE)
    again = await take_back(library, "R-17")
    assert (again.loan, again.routing.action) == (None, RoutingAction.ILL_RETURN)
    assert (again.item.status, again.item.current_location) == (ItemStatus.IN_PROCESS, "MAIN")


@pytest.mark.parametrize("by", ["barcode", "bib"])
async def test_nobody_else_can_wait_for_it(library: Library, by: str) -> None:
    bib = (await accept(library)).item.bib_id
    named: dict[str, Any] = {"bib_id": bib} if by == "bib" else {"item": "R-17", "level": HoldLevel.ITEM}
    answer = await asked(library).hold_place(library.context(), req.HoldPlace(patron="c-bob", **named), library.key())
    refused(answer, RefusalCode.HOLD_NOT_ALLOWED, "policy")


async def test_its_title_is_in_no_catalogue_and_no_words_name_it(library: Library) -> None:
    words = req.BibWords(title="The y book")
    answer = await accept(library, words=words)
    bib = await library.row(BibRow, id=answer.item.bib_id)
    assert (bib.suppressed, bib.position, bib.marc) == (True, 0, None)
    changes = await asked(library).bib_changes(library.context(), req.BibChanges())
    assert bib.id not in [change.bib.id for change in changes.changes]
    held = await asked(library).hold_place(
        library.context(), req.HoldPlace(patron="c-bob", title="The y book"), library.key()
    )
    assert held.hold.bib_id == "y"


async def test_a_hold_that_runs_out_leaves_it_for_nobody(library: Library) -> None:
    await accept(library)
    library.clock.turn(30 * DAY)
    assert (await housekeeping.run(library.platform, "alpha")).expired_holds == 1
    row = await library.row(ItemRow, barcode="R-17")
    assert (row.status, row.hold_id) == ("IN_PROCESS", None)


async def test_a_hold_that_is_cancelled_on_the_way_leaves_it_for_nobody(library: Library) -> None:
    await accept(library, pickup_location="BRANCH")
    gone = await asked(library).hold_cancel(library.context(), req.HoldCancel(external_ref=REF), library.key())
    assert isinstance(gone, HoldOutcome)
    row = await library.row(ItemRow, barcode="R-17")
    assert (row.status, row.hold_id) == ("IN_PROCESS", None)
    refused(await lend(library, "R-17", "bob"), RefusalCode.ITEM_UNAVAILABLE)


async def test_without_a_hold_it_is_lent_like_any_other(library: Library) -> None:
    answer = await accept(library, None, item="TMP 1")
    assert (answer.item.barcode, answer.item.status, answer.hold) == ("TMP 1", ItemStatus.AVAILABLE, None)
    assert isinstance(await lend(library, "TMP 1", "bob"), LoanOutcome)


async def test_it_fills_the_hold_that_was_placed_under_its_reference(library: Library) -> None:
    held = await asked(library).hold_place(
        library.context(),
        req.HoldPlace(patron="c-ann", bib_id="y", pickup_location="BRANCH", external_ref=REF),
        library.key(),
    )
    note = req.IllNote(step=ShipmentStep.SHIPPED, external_ref=REF)
    key = library.key()
    noted = await asked(library).ill_note(library.context(), note, key)
    assert (noted.item, noted.hold.status) == (None, HoldStatus.IN_PROCESS)
    assert await asked(library).ill_note(library.context(), note, key) == noted
    answer = await accept(library)
    assert answer.hold.id == held.hold.id
    assert (answer.hold.pickup_location, answer.hold.item_id) == ("BRANCH", answer.item.id)
    assert len(await library.rows(HoldRow)) == 1


async def test_the_hold_of_somebody_else_is_not_taken(library: Library) -> None:
    await asked(library).hold_place(
        library.context(), req.HoldPlace(patron="c-bob", bib_id="y", external_ref=REF), library.key()
    )
    refused(await accept(library), RefusalCode.CONFLICT, "reference")
    assert await library.rows(ItemRow, temporary=True) == []


@pytest.mark.parametrize(
    ("more", "code", "kind"),
    [
        ({"who": "nobody"}, RefusalCode.PATRON_NOT_FOUND, None),
        ({"who": "bob"}, RefusalCode.PATRON_BLOCKED, None),
        ({"pickup_location": "MOON"}, RefusalCode.PICKUP_INVALID, None),
        ({"item": "b-x"}, RefusalCode.CONFLICT, "barcode"),
        ({"item_type": "STONE"}, RefusalCode.CONFLICT, "unknown_value"),
        ({"return_by": "past"}, RefusalCode.INVALID_DATE, None),
        ({"needed_before": "past"}, RefusalCode.INVALID_DATE, None),
    ],
)
async def test_all_of_it_or_nothing(
    library: Library, more: dict[str, Any], code: RefusalCode, kind: str | None
) -> None:
    await library.add(block("b", "bob"))
    before = [await library.rows(table) for table in (ItemRow, BibRow, HoldRow, EventRow)]
    past = library.clock.now() - DAY
    asked_for: dict[str, Any] = {name: past if value == "past" else value for name, value in more.items()}
    refused(await accept(library, **asked_for), code, kind)
    assert [await library.rows(table) for table in (ItemRow, BibRow, HoldRow, EventRow)] == before


async def test_a_rule_that_allows_no_holds_refuses_it(library: Library) -> None:
    await library.add(ItemTypeRow("alpha", "ILL", "Interlibrary", "book", 0, 0))
    await library.add(rule(id="ill", item_type="ILL", holdable=False))
    library.platform.replace_settings(library.settings)
    refused(await accept(library, item_type="ILL"), RefusalCode.HOLD_NOT_ALLOWED, "policy")


async def test_a_retry_gets_the_first_answer_and_another_key_is_told_of_the_first(library: Library) -> None:
    first = await accept(library, key="k")
    assert await accept(library, key="k") == first
    refused(await accept(library, key="other"), RefusalCode.CONFLICT, "reference")
    assert len(await library.rows(ItemRow, temporary=True)) == 1


async def test_a_retry_gets_the_first_answer_while_the_item_is_as_it_was(library: Library) -> None:
    """The window of the key is a minute; nothing has touched the item since."""
    first = await accept(library, key="k")
    library.clock.turn(timedelta(hours=3))
    assert await accept(library, key="k") == first


async def test_volumes_of_one_request_get_suffixes_and_a_hold_each(library: Library) -> None:
    more = {"on_duplicate": OnDuplicate.SUFFIX}
    answers = [await accept(library, **more) for _ in range(3)]
    assert [answer.item.barcode for answer in answers] == ["R-17", "R-17-2", "R-17-3"]
    assert [answer.hold.status for answer in answers] == [HoldStatus.READY] * 3
    looked = await asked(library).hold_get(library.context(), req.HoldGet(external_ref=REF))
    refused(looked, RefusalCode.HOLD_AMBIGUOUS)
    second = req.HoldGet(external_ref=REF, item="R-17-2")
    assert (await asked(library).hold_get(library.context(), second)).hold.item_barcode == "R-17-2"


async def test_a_number_is_free_again_when_the_item_has_gone(library: Library) -> None:
    first = await accept(library, key="accept")
    await lend(library, "R-17", "ann")
    await take_back(library, "R-17")
    gone = await delete(library, "R-17", key="delete")
    assert isinstance(gone, ItemOutcome)
    assert (gone.item.barcode, gone.item.status) == ("R-17", ItemStatus.WITHDRAWN)
    refused(await look(library, "R-17"), RefusalCode.ITEM_NOT_FOUND)
    assert (await library.row(BibRow, id=first.item.bib_id)).deleted_at is not None
    second = await accept(library, key="accept")  # the very message of the first time
    assert isinstance(second, IllOutcome)
    assert second.item is not None
    assert second.item.id != first.item.id
    await take_back(library, "R-17")
    assert isinstance(await asked(library).hold_cancel(
        library.context(), req.HoldCancel(external_ref=REF), library.key()), HoldOutcome)  # fmt: skip
    assert (await delete(library, "R-17", key="delete")).item.id == second.item.id
    refused(await look(library, "R-17"), RefusalCode.ITEM_NOT_FOUND)


async def test_a_retried_removal_gets_its_first_answer(library: Library) -> None:
    await accept(library)
    first = await delete(library, "R-17", key="d")
    library.clock.turn(timedelta(hours=1))
    assert await delete(library, "R-17", key="d") == first
    refused(await delete(library, "R-17", key="e"), RefusalCode.ITEM_NOT_FOUND)


async def test_what_the_patron_owes_for_it_stays_with_its_name(library: Library) -> None:
    await accept(library)
    await lend(library, "R-17", "ann")
    library.clock.turn(20 * DAY)
    await take_back(library, "R-17")
    await delete(library, "R-17")
    account = await asked(library).patron_account(library.context(), req.PatronAccount(patron="c-ann", fees=True))
    (fee,) = account.fees
    assert (fee.item_barcode, fee.title) == ("R-17", "Cold Comfort Farm")
    exported = await subject.everything(library.platform, "alpha", "ann")
    assert [loan["item"] for loan in exported["loans"]] == ["R-17"]


async def test_its_removal_cancels_its_hold(library: Library) -> None:
    await accept(library)
    assert isinstance(await delete(library, "R-17", only_temporary=True), ItemOutcome)
    assert (await library.row(HoldRow)).status == "CANCELLED"
    ended = await asked(library).hold_get(library.context(), req.HoldGet(external_ref=REF))
    assert (ended.hold.status, ended.hold.item_barcode) == (HoldStatus.CANCELLED, "R-17")


async def test_it_is_not_removed_while_it_is_lent(library: Library) -> None:
    await accept(library)
    await lend(library, "R-17", "ann")
    answer = await delete(library, "R-17")
    refused(answer, RefusalCode.ITEM_UNAVAILABLE)
    assert answer.detail["status"] == "ON_LOAN"


async def test_the_other_side_finds_all_events_by_its_reference(library: Library) -> None:
    await accept(library, pickup_location="BRANCH")
    await take_back(library, "R-17", "BRANCH")
    await lend(library, "R-17", "ann")
    await take_back(library, "R-17")
    await delete(library, "R-17")
    told = [(kind, data["status"]) for kind, data in await events(library) if data.get("external_ref") == REF]
    assert told == [
        ("item.received", "IN_TRANSIT"),
        ("hold.placed", "IN_TRANSIT"),
        ("hold.in_transit", "IN_TRANSIT"),
        ("item.checked_in", "ON_HOLD_SHELF"),
        ("loan.created", "ON_LOAN"),
        ("loan.returned", "IN_PROCESS"),
        ("item.deleted", "WITHDRAWN"),
    ]
    assert {data["barcode"] for kind, data in await events(library) if "external_ref" in data} == {"R-17"}


async def test_a_check_out_can_be_undone_and_the_piece_waits_again(library: Library) -> None:
    await accept(library)
    await lend(library, "R-17", "ann")
    undo = req.LoanUndo(item="R-17", what="loan")
    await asked(library).loan_undo(library.context(), undo, library.key())
    assert (await library.row(ItemRow, barcode="R-17")).status == "ON_HOLD_SHELF"
    assert (await library.row(HoldRow)).status == "READY"


async def test_its_notes_are_on_record(library: Library) -> None:
    await accept(library)
    note = req.IllNote(step=ShipmentStep.RECEIVED, item="R-17", happened_at=library.clock.now() - DAY)
    answer = await asked(library).ill_note(library.context(), note, library.key("n"))
    assert answer.item.barcode == "R-17"
    assert await asked(library).ill_note(library.context(), note, library.key("n")) == answer
    (row,) = await library.rows(EventRow, type="ill.received")
    assert row.at == library.clock.millis - 86_400_000
    assert orjson.loads(row.data_json)["external_ref"] == REF


async def test_a_note_of_what_nobody_knows_here_is_kept_too(library: Library) -> None:
    note = req.IllNote(step=ShipmentStep.SHIPPED, external_ref="ncip:x:9", item="none")
    assert await asked(library).ill_note(library.context(), note, library.key()) == IllOutcome()
    assert [kind for kind, data in await events(library) if data.get("external_ref") == "ncip:x:9"] == ["ill.shipped"]
    empty = await asked(library).ill_note(library.context(), req.IllNote(step=ShipmentStep.SHIPPED), library.key())
    refused(empty, RefusalCode.CONFLICT, "incomplete")


async def test_a_member_knows_nothing_of_anothers(library: Library) -> None:
    """The same reference and number at both: neither hears of the other, nor ends what is the other's."""
    await library.add(patron("eve", member="beta"), member="beta")
    await accept(library)
    there = await accept(library, None, member="beta")
    assert isinstance(there, IllOutcome)
    ctx = library.context("beta")
    refused(await asked(library).hold_get(ctx, req.HoldGet(external_ref=REF)), RefusalCode.HOLD_NOT_FOUND)
    refused(
        await asked(library).hold_cancel(ctx, req.HoldCancel(external_ref=REF), library.key()),
        RefusalCode.HOLD_NOT_FOUND,
    )
    gone = await asked(library).item_delete(ctx, req.ItemDelete(item="R-17"), library.key())
    assert isinstance(gone, ItemOutcome)
    assert (await look(library, "R-17")).item.status is ItemStatus.ON_HOLD_SHELF


async def test_a_piece_for_reading_here_says_so(library: Library) -> None:
    answer = await accept(library, restrictions=(UseRestriction.IN_LIBRARY_USE_ONLY, UseRestriction.NO_RENEWALS))
    assert answer.item.restrictions == (UseRestriction.IN_LIBRARY_USE_ONLY, UseRestriction.NO_RENEWALS)
    assert (await lend(library, "R-17", "ann")).desensitize is False


async def test_two_at_once_bring_one_item(library: Library, stores: Stores) -> None:
    """Even under two barcodes and without a hold that they would meet at."""
    second = Library(await stores(), clock=library.clock)
    try:
        answers = await asyncio.gather(
            accept(library, None, item="one", key="one"), accept(second, None, item="two", key="two")
        )
    finally:
        await second.platform.close()
    assert sorted(type(answer).__name__ for answer in answers) == ["IllOutcome", "Refusal"]
    assert len(await library.rows(ItemRow, temporary=True)) == 1


async def test_a_wish_for_the_due_date_is_heard_within_the_lenders(library: Library) -> None:
    now = library.clock.now()
    await accept(library, return_by=now + 20 * DAY)
    lent = await lend(
        library, "R-17", "ann", desired_due=now + 30 * DAY, desired_due_rule=DesiredDue.WINS, external_ref="ncip:a:2"
    )
    assert lent.loan.due == now + 20 * DAY
    assert lent.loan.external_ref == "ncip:a:2"
    assert (await library.row(LoanRow)).external_ref == "ncip:a:2"


async def test_an_answer_kept_without_its_person_is_still_one(library: Library) -> None:
    """The hold of the answer names somebody, the item nobody."""
    await library.add(hold("y", "ann", 0))
    await accept(library, key="k")
    again = await accept(library, key="k")
    assert not isinstance(again, Refusal)
    assert (again.hold.patron_id, again.item.barcode) == ("ann", "R-17")
