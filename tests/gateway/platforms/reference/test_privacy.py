"""What is kept of people: answers come back whole while they may be asked for, and what stays tells nobody's name."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey
from gateway.canonical.money import Money
from gateway.canonical.vocabulary import BlockReason, FeeType, PaymentMethod, ReportedAs
from gateway.platforms.reference import forgetting, housekeeping
from gateway.store.rows import EventRow, IdempotencyRow, ItemRow, OfflineConflictRow, PseudonymRow
from tests.gateway.platforms.reference.answers import asked
from tests.gateway.platforms.reference.library import DAY, Library, charge, hold

# Of every patron of the small library: id, card as it is kept and as it is shown, name.
WORDS = {who: {f'"{who}"', f"c-{who}", f"C-{who}", who.title()} for who in ("ann", "bob", "cai")}
IN_NOISE = r"[\w+/=-]"  # a name of three letters also comes about in what is sealed
PENCE = Money.of_minor(50, "GBP")

Command = Callable[[Library, CommandKey], Awaitable[Any]]


def _on(operation: str, request: req.Request) -> Command:
    return lambda library, key: getattr(library.platform, operation)(library.context(), request, key)


async def _nothing(library: Library) -> None:
    pass


async def _owing(library: Library) -> None:
    await library.add(charge("c1", "ann", 100, description="Ann spilt her tea"))


async def _lent(library: Library) -> None:
    await library.lend("x", "ann")
    await library.lend("y.1", "ann")
    library.clock.turn(DAY)


async def _lent_and_wanted(library: Library) -> None:
    await _lent(library)
    await library.add(hold("x", "bob", library.clock.millis, comment="Bob is in on Tuesdays"))


async def _in_conflict(library: Library) -> None:
    await library.lend("nothing", "ann", offline=True)


async def _resolve(library: Library, key: CommandKey) -> Any:
    conflict = await library.row(OfflineConflictRow)
    request = req.ConflictResolve(conflict_id=conflict.id)
    return await library.platform.conflict_resolve(library.context(), request, key)


COMMANDS: dict[str, tuple[Callable[[Library], Awaitable[None]], Command]] = {
    "loan": (_nothing, lambda library, key: library.lend("x", "ann", key=key)),
    "refused loan": (_nothing, lambda library, key: library.lend("nothing", "ann", key=key)),
    "off-line loan": (_nothing, lambda library, key: library.lend("x", "ann", key=key, offline=True)),
    "off-line loan of nothing known": (
        _nothing,
        lambda library, key: library.lend("nothing", "ann", key=key, offline=True),
    ),
    "off-line loan to nobody known": (
        _nothing,
        lambda library, key: library.lend("x", "nobody", key=key, offline=True),
    ),
    "off-line renewal of another's loan": (
        _lent,
        lambda library, key: library.renew("x", "cai", key=key, offline=True),
    ),
    "return": (_lent, lambda library, key: library.take_back("x", key=key)),
    "return for the next": (_lent_and_wanted, lambda library, key: library.take_back("x", key=key)),
    "renewal": (_lent, lambda library, key: library.renew("x", "ann", key=key)),
    "renewal of all": (_lent_and_wanted, lambda library, key: library.renew_all("ann", key=key)),
    "undo": (_lent, lambda library, key: library.undo("loan", "x", key=key)),
    "hold": (_nothing, _on("hold_place", req.HoldPlace(patron="c-ann", item="b-x", comment="Ann knows"))),
    "block": (_nothing, _on("patron_block", req.PatronBlock(patron="c-ann", reason=BlockReason.CARD_LOST))),
    "notice": (_nothing, _on("patron_notify", req.PatronNotify(patron="c-ann", text="Ann's book has come"))),
    "recall": (_lent, _on("loan_recall", req.LoanRecall(item="b-x"))),
    "report": (_lent, _on("item_report", req.ItemReport(item="b-x", patron="c-ann", reported_as=ReportedAs.LOST))),
    "payment": (
        _owing,
        _on("fee_pay", req.FeePay(patron="c-ann", amount=PENCE, method=PaymentMethod.CARD, external_ref="r-1")),
    ),
    "charge": (
        _nothing,
        _on("fee_create", req.FeeCreate(patron="c-ann", amount=PENCE, type=FeeType.OTHER, description="Ann's tea")),
    ),
    "waiver": (_owing, _on("fee_waive", req.FeeWaive(fee_id="c1"))),
    "conflict": (_in_conflict, _resolve),
}


async def kept(library: Library, *kinds: type) -> str:
    """All that these tables hold, as text."""
    rows = [dataclasses.asdict(row) for kind in kinds for row in await library.rows(kind)]
    return str(rows).replace("'", '"')


def named_in(text: str) -> set[str]:
    return {who for who, words in WORDS.items() if any(_stands(word, text) for word in words)}


def _stands(word: str, text: str) -> bool:
    return re.search(f"(?<!{IN_NOISE}){re.escape(word)}(?!{IN_NOISE})", text) is not None


def test_a_name_is_found_where_it_stands_and_not_in_noise() -> None:
    assert named_in('[{"comment": "Bob is in on Tuesdays"}]') == {"bob"}
    assert named_in('[{"subject": "ann", "card": "C-cai"}]') == {"ann", "cai"}
    assert named_in('[{"personal": "xBobZ+Annq/=="}]') == set()


@pytest.mark.parametrize("name", COMMANDS)
async def test_an_answer_given_again_is_the_first_answer_and_its_row_names_nobody(library: Library, name: str) -> None:
    before, command = COMMANDS[name]
    await before(library)
    key = CommandKey("again", 3600, permanent=True)
    first = await command(library, key)
    assert await command(library, key) == first
    assert named_in(await kept(library, IdempotencyRow, EventRow)) == set()


@pytest.mark.parametrize("name", COMMANDS)
async def test_without_the_pseudonym_nothing_tells_who_it_was_and_a_retry_is_answered(
    library: Library, name: str
) -> None:
    before, command = COMMANDS[name]
    await before(library)
    key = CommandKey("again", 3600, permanent=True)
    first = await command(library, key)
    rows = len(await library.rows(EventRow))
    for who in WORDS:
        await forgetting.erase_pseudonym(library.platform, "alpha", who)
    assert named_in(await kept(library, IdempotencyRow, EventRow, OfflineConflictRow, PseudonymRow)) == set()
    again = await command(library, key)
    assert type(again) is type(first)
    assert named_in(again.model_dump_json()) == set()
    assert len(await library.rows(EventRow)) == rows


async def test_each_of_two_people_in_one_answer_can_be_forgotten_alone(library: Library) -> None:
    await _lent_and_wanted(library)
    key = CommandKey("again", 3600)
    first = await library.take_back("x", key=key)
    assert await forgetting.erase_pseudonym(library.platform, "alpha", "bob")
    again = await library.take_back("x", key=key)
    assert again.loan == first.loan
    assert (again.routing.hold_patron_id, again.routing.hold_patron_name) == (None, None)
    assert again.routing.hold_id == first.routing.hold_id
    assert not await forgetting.erase_pseudonym(library.platform, "alpha", "bob")


async def test_a_sealed_part_opens_nothing_in_another_answer(library: Library) -> None:
    await library.lend("x", "ann", key=CommandKey("a", 3600))
    second = await library.lend("y.1", "ann", key=CommandKey("b", 3600))
    row, other = await library.rows(IdempotencyRow)
    other.personal = row.personal
    await library.store.apply("alpha", [housekeeping.Update(other)])
    again = await library.lend("y.1", "ann", key=CommandKey("b", 3600))
    assert again.loan.id == second.loan.id
    assert (again.loan.patron_id, again.loan.patron_barcode) == ("", None)


async def test_an_answer_for_good_forgets_the_person_after_a_day_and_the_payment_never(library: Library) -> None:
    await _owing(library)
    _, pay = COMMANDS["payment"]
    key = CommandKey("payment", 60, permanent=True)
    first = await pay(library, key)
    library.clock.turn(timedelta(hours=23))
    assert (await housekeeping.run(library.platform, "alpha")).bared_answers == 0
    assert await pay(library, key) == first
    library.clock.turn(timedelta(hours=2))
    assert (await housekeeping.run(library.platform, "alpha")).bared_answers == 1
    assert (await housekeeping.run(library.platform, "alpha")).bared_answers == 0
    again = await pay(library, key)
    assert again == first.model_copy(update={"payment": first.payment.model_copy(update={"patron_id": ""})})


async def test_a_card_that_is_nobodys_is_shown_to_staff_until_a_month_after_it_was_settled(library: Library) -> None:
    told = await library.lend("x", "nobody", offline=True)
    assert told.loan.patron_barcode is None
    (listed,) = (await asked(library).conflict_list(library.context(), req.ConflictList())).conflicts
    assert (listed.patron_id, listed.patron_barcode) == (None, "c-nobody")
    event = await library.row(EventRow)
    assert (event.type, event.subject, listed.id in event.data_json) == ("offline.conflict", None, True)
    library.clock.turn(40 * DAY)
    assert (await housekeeping.run(library.platform, "alpha")).bared_conflicts == 0
    await _resolve(library, library.key())
    library.clock.turn(31 * DAY)
    assert (await housekeeping.run(library.platform, "alpha")).bared_conflicts == 1
    assert (await library.row(OfflineConflictRow)).card is None


async def test_a_conflict_has_an_event_that_names_its_patron_by_pseudonym(library: Library) -> None:
    await library.lend("x", "bob")
    await library.lend("x", "ann", offline=True, happened_at=library.clock.now())
    (event,) = [row for row in await library.rows(EventRow) if row.type == "offline.conflict"]
    assert event.subject == (await library.row(PseudonymRow, patron_id="ann")).pseudonym


async def test_what_a_command_said_cannot_be_tried_out_by_its_key(library: Library) -> None:
    await library.lend("x", "ann", key=CommandKey("digest of all words", 60, fingerprint="digest of some"))
    text = await kept(library, IdempotencyRow, ItemRow)
    assert not {word for word in ("digest of all words", "digest of some") if word in text}
