"""What a store promises for reads and commands, on both databases alike."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from gateway.store import rows
from gateway.store.effects import (
    Decision,
    Delete,
    Effect,
    EffectRefused,
    Guard,
    Insert,
    Replace,
    StoreUnavailable,
    Update,
    WriteConflict,
)
from gateway.store.port import Store
from tests.gateway.store.plans import SHELF, Shelf, bib, event, item, patron, state, values

Stores = Callable[[], Awaitable[Store]]


async def stock(store: Store) -> None:
    effects: list[Effect] = [Insert(item(id_="i2", temporary=True)), Insert(item()), Insert(bib()), Insert(state())]
    await store.apply("aber", effects)


async def look(store: Store, *ids: str, member: str = "aber") -> Shelf:
    return await store.read(SHELF, values(member, *ids))


def rename(status: str) -> Callable[[Shelf], Decision[str]]:
    """A command that appends to the first item's status."""

    def decide(shelf: Shelf) -> Decision[str]:
        first = shelf.items[0]
        first.status += status
        return Decision(first.status, [Update(first), Insert(event())])

    return decide


async def test_rows_come_back_as_they_were_written(store: Store) -> None:
    await stock(store)
    shelf = await look(store, "i1", "i2", "nothing")
    assert shelf.state == state()
    assert shelf.bib == bib()
    assert shelf.items == [item(id_="i2", temporary=True), item()]
    assert [type(one.temporary) for one in shelf.items] == [bool, bool]
    assert shelf.barcodes == [
        {"barcode": "bc-i1", "temporary": False, "status": "available"},
        {"barcode": "bc-i2", "temporary": True, "status": "available"},
    ]


async def test_any_text_and_any_number_comes_back(store: Store) -> None:
    odd = bib(title='"[]" \\u0041 \x1f\n \u2028 Ŵyneb 😀')
    odd.marc, odd.author, odd.changed_at = None, "", 2**63 - 1
    await store.apply("aber", [Insert(odd)])
    assert (await look(store)).bib == odd


async def test_a_list_keeps_its_order_however_it_was_written(store: Store) -> None:
    numbers = list(range(300))
    random.Random(7).shuffle(numbers)
    await store.apply("aber", [Insert(bib()), *(Insert(item(id_=f"{number:03}")) for number in numbers)])
    ids = [f"{number:03}" for number in range(300)]
    shelf = await look(store, *(f"{number:03}" for number in numbers))
    assert [one.id for one in shelf.items] == ids[::-1]
    assert [one["barcode"] for one in shelf.barcodes] == [f"bc-{id_}" for id_ in ids]


async def test_what_is_not_there_is_none_or_empty(store: Store) -> None:
    assert await look(store) == Shelf(None, None, [], [])


async def test_another_member_sees_nothing(store: Store) -> None:
    await stock(store)
    assert await look(store, "i1", member="bangor") == Shelf(None, None, [], [])


async def test_a_command_gives_its_answer_and_counts_the_version_up(store: Store) -> None:
    await stock(store)
    assert await store.command(SHELF, values(), rename("!")) == "available!"
    changed = (await look(store)).items[0]
    assert (changed.status, changed.version) == ("available!", 2)


async def test_every_kind_of_effect(store: Store) -> None:
    await stock(store)

    def decide(shelf: Shelf) -> Decision[None]:
        assert shelf.bib
        assert shelf.state
        shelf.bib.title = "Newydd"
        answer = rows.IdempotencyRow("aber", "k", "loan", "kiosk", 1, "none", None, False, False, "{}")
        return Decision(
            None,
            [
                Update(shelf.bib),
                Delete(shelf.items[1]),
                Guard(shelf.state),
                Replace(answer),
                Insert(event()),
                Insert(item(id_="i3")),
            ],
        )

    await store.command(SHELF, values(), decide)
    shelf = await look(store)
    assert shelf.bib is not None
    assert (shelf.bib.title, shelf.bib.version, shelf.bib.marc) == ("Newydd", 2, b"\x00\x1e\xff")
    assert [one.id for one in shelf.items] == ["i3", "i2"]
    assert shelf.state == state()
    again = rows.IdempotencyRow("aber", "k", "loan", "kiosk", 2, "none", None, False, False, '{"a": 1}')
    await store.apply("aber", [Replace(again)])


@pytest.mark.parametrize("kind", [Update, Guard, Delete])
async def test_a_row_that_has_moved_is_a_conflict(store: Store, kind: type[Update]) -> None:
    await stock(store)
    old = item()
    await store.apply("aber", [Update(item())])
    with pytest.raises(WriteConflict):
        await store.apply("aber", [kind(old), Insert(item(id_="i9"))])
    assert [one.id for one in (await look(store)).items] == ["i2", "i1"]


async def test_a_key_that_exists_is_a_conflict(store: Store) -> None:
    await stock(store)
    with pytest.raises(WriteConflict):
        await store.apply("aber", [Insert(item(id_="i8")), Insert(item())])
    assert len((await look(store)).items) == 2


async def test_an_item_has_one_open_loan(store: Store) -> None:
    await stock(store)

    def loan(id_: str) -> rows.LoanRow:
        return rows.LoanRow(
            "aber", id_, "i1", "p1", "open", 1, 2, "day", None, 0, None, "r", "MAIN", "kiosk", None, None, False
        )

    await store.apply("aber", [Insert(loan("l1")), Insert(patron())])
    with pytest.raises(WriteConflict):
        await store.apply("aber", [Insert(loan("l2"))])


async def test_racing_commands_lose_no_update(stores: Stores) -> None:
    one, two = await stores(), await stores()
    await stock(one)
    answers = await asyncio.gather(*(s.command(SHELF, values(), rename("!")) for s in (one, two) for _ in range(6)))
    assert sorted(len(answer) for answer in answers) == list(range(len("available!"), len("available!") + 12))
    assert (await look(two)).items[0].version == 13


async def test_of_two_commands_for_one_place_one_finds_it_taken(stores: Stores) -> None:
    one, two = await stores(), await stores()
    await stock(one)

    def borrow(shelf: Shelf) -> Decision[bool]:
        first = shelf.items[0]
        if first.lent_to_member:
            return Decision(False)
        first.lent_to_member = "bangor"
        return Decision(True, [Update(first)])

    assert sorted(await asyncio.gather(*(s.command(SHELF, values(), borrow) for s in (one, two)))) == [False, True]


async def test_a_decision_that_fails_disturbs_nobody(store: Store) -> None:
    await stock(store)

    def fail(shelf: Shelf) -> Decision[str]:
        raise LookupError("a bug in a rule")

    def half(shelf: Shelf) -> Decision[str]:
        return Decision("", [Insert(item(id_="i7")), Insert(item(id_="i6", bib_id="no such bib"))])

    first, broken, refused, last = await asyncio.gather(
        *(store.command(SHELF, values(), decide) for decide in (rename("1"), fail, half, rename("2"))),
        return_exceptions=True,
    )
    assert isinstance(broken, LookupError)
    assert isinstance(refused, EffectRefused)
    assert {len(str(first)), len(str(last))} == {len("available1"), len("available12")}
    assert [one.id for one in (await look(store)).items] == ["i2", "i1"]


async def test_a_refusal_writes_nothing(store: Store) -> None:
    await stock(store)
    assert await store.command(SHELF, values(), lambda shelf: Decision("no")) == "no"
    assert (await look(store)).state == state()


@pytest.mark.parametrize(
    "effects",
    [
        [Insert(item("bangor"))],
        [Update(item()), Delete(item())],
        [Update(event())],
        [Guard(rows.PseudonymRow("aber", "p", "x", "00"))],
        [Insert(item(id_="i5", bib_id="no such bib"))],
        [Insert(bib(id_="b2", title=None))],  # type: ignore[arg-type]
        [Insert(bib(id_="b2", title="\ud800"))],
    ],
    ids=["other member", "twice", "event", "no version", "no parent", "no value", "no text"],
)
async def test_effects_that_cannot_be_are_refused(store: Store, effects: list[Effect]) -> None:
    await stock(store)
    with pytest.raises(EffectRefused):
        await store.apply("aber", effects)


async def test_a_command_may_write_for_the_partner_it_names(store: Store) -> None:
    await stock(store)

    def decide(shelf: Shelf) -> Decision[None]:
        return Decision(None, [Insert(bib("bangor")), Insert(item("bangor")), Update(shelf.items[0])])

    with pytest.raises(EffectRefused):
        await store.command(SHELF, values(), decide)
    await store.command(SHELF, {**values(), "partner": "bangor"}, decide)
    assert len((await look(store, member="bangor")).items) == 1
    assert (await look(store)).items[0].version == 2


async def test_a_missing_value_is_the_callers_mistake(store: Store) -> None:
    with pytest.raises(Exception, match="bib") as mistake:
        await store.read(SHELF, {"member": "aber", "ids": []})
    assert not isinstance(mistake.value, StoreUnavailable)


async def test_thousands_of_rows_at_once(store: Store) -> None:
    await stock(store)
    await store.apply("aber", [Insert(item(id_=f"n{n:05}")) for n in range(3000)])
    assert len((await look(store)).items) == 3002


async def test_a_closed_store_says_so(store: Store) -> None:
    await store.close()
    with pytest.raises(StoreUnavailable):
        await look(store)
    with pytest.raises(StoreUnavailable):
        await store.apply("aber", [Insert(state())])


async def test_an_update_may_change_what_an_index_holds(store: Store) -> None:
    await stock(store)
    changed = item()
    changed.barcode = "new barcode"
    await store.apply("aber", [Update(changed)])
    assert [one["barcode"] for one in (await look(store, "i1")).barcodes] == ["new barcode"]
    changed.version = 2
    changed.call_number = "Z 1"
    await store.apply("aber", [Update(changed)])
    first = (await look(store)).items[0]
    assert (first.barcode, first.call_number, first.version) == ("new barcode", "Z 1", 3)
    changed.barcode = "bc-i2"
    changed.version = 3
    with pytest.raises(WriteConflict):
        await store.apply("aber", [Update(changed)])
