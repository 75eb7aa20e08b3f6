"""No answer is given that a fresh read would not give: whoever writes, whatever time does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.vocabulary import BlockReason, PatronStatus
from gateway.platforms.reference.platform import ReferencePlatform
from gateway.platforms.reference.policy import MemberSettings, millis
from gateway.platforms.reference.read_cache import ReadCache
from gateway.store import migrate
from gateway.store.effects import Update
from gateway.store.port import Store
from gateway.store.postgres import PostgresStore
from gateway.store.rows import BibRow, MemberStateRow, PatronCategoryRow
from gateway.store.sqlite import SqliteStore
from tests.gateway.platforms.reference.library import (
    DAY,
    MONDAY_NOON,
    PEPPER,
    Library,
    block,
    card,
    loan,
    location,
    patron,
)


async def person(library: Library, name: str = "ann") -> Any:
    found: Any = await library.platform.patron_get(library.context(), req.PatronGet(patron=f"c-{name}"))
    return found.patron


async def account(library: Library, name: str = "ann") -> Any:
    request = req.PatronAccount(patron=f"c-{name}", loans=True, holds=True, fees=True)
    return await library.platform.patron_account(library.context(), request)


async def item_get(library: Library, member: str = "alpha", **words: str) -> Any:
    return await library.platform.item_get(library.context(member), req.ItemGet(**words))


async def thing(library: Library, name: str = "x") -> Any:
    return (await item_get(library, item=f"b-{name}")).item


async def test_where_nothing_happened_the_same_answer_is_given_again(library: Library, store: Store) -> None:
    kept = not isinstance(store, PostgresStore)  # there nothing tells what others commit
    assert (await thing(library) is await thing(library)) is kept
    assert (await person(library) is await person(library)) is kept
    assert (await account(library) is await account(library)) is kept


async def test_answers_to_different_questions_are_kept_apart(library: Library) -> None:
    for _ in range(2):
        assert [(await thing(library, name)).barcode for name in ("x", "y.1")] == ["b-x", "b-y.1"]
        assert (await item_get(library, item_id="y.1")).item.barcode == "b-y.1"
        assert (await person(library, "bob")).id == "bob"
        assert (await account(library)).loans == ()
        assert (await item_get(library, "beta", item="b-x")).code == "ITEM_NOT_FOUND"


async def test_a_command_is_seen_at_once(library: Library) -> None:
    before = await thing(library), await person(library), await account(library)
    assert (before[0].due, before[1].counts.loans, before[2].loans) == (None, 0, ())
    await library.lend("x", "ann")
    assert (await thing(library)).due is not None
    assert (await person(library)).counts.loans == 1
    assert [one.item_barcode for one in (await account(library)).loans] == ["b-x"]
    await library.take_back("x")
    assert (await thing(library)).due is None
    assert (await account(library)).loans == ()


async def test_a_loan_becomes_overdue_by_time_alone(library: Library) -> None:
    due = library.clock.instant + timedelta(hours=1)
    await library.add(loan("x", "ann", 0, millis(due)))
    assert (await account(library)).loans[0].overdue is False
    library.clock.instant = due
    assert ((await person(library)).counts.overdue, (await account(library)).loans[0].overdue) == (0, False)
    library.clock.turn(timedelta(milliseconds=1))
    assert ((await person(library)).counts.overdue, (await account(library)).loans[0].overdue) == (1, True)
    library.clock.instant = due  # a clock put back
    assert (await person(library)).counts.overdue == 0


async def test_a_block_runs_out_by_time_alone(library: Library) -> None:
    until = library.clock.instant + timedelta(minutes=5)
    await library.add(block("lost", "ann", expires_at=millis(until)))
    assert len((await person(library)).blocks) == 1
    library.clock.instant = until - timedelta(milliseconds=1)
    assert len((await person(library)).blocks) == 1
    library.clock.instant = until
    assert (await person(library)).blocks == ()


async def test_a_card_runs_out_at_the_librarys_midnight(library: Library) -> None:
    await library.add(replace(patron("dai"), expires_on="2026-06-01"), card("dai"))
    library.clock.instant = MONDAY_NOON.replace(month=6, day=1, hour=22, minute=59, second=59)  # summer time
    assert (await person(library, "dai")).status is PatronStatus.ACTIVE
    library.clock.turn(timedelta(seconds=1))
    found = await person(library, "dai")
    assert found.status is PatronStatus.EXPIRED
    assert [one.reason for one in found.blocks] == [BlockReason.BORROW_DENIED]


async def test_a_card_becomes_valid_by_time_alone(library: Library) -> None:
    await library.add(replace(patron("dai"), valid_from_on="2026-03-04"), card("dai"))
    assert (await person(library, "dai")).status is PatronStatus.INACTIVE
    library.clock.turn(2 * DAY)
    assert (await person(library, "dai")).status is PatronStatus.ACTIVE


async def test_new_rules_hold_at_once(library: Library) -> None:
    limit = (await person(library)).limits.loans
    (category,) = await library.rows(PatronCategoryRow)
    (state,) = await library.rows(MemberStateRow)
    state.policy_version += 1
    await library.store.apply("alpha", [Update(replace(category, max_loans=3)), Update(state)])
    assert limit != 3
    assert (await person(library)).limits.loans == 3


async def test_new_settings_hold_at_once(library: Library) -> None:
    await library.add(replace(patron("dai"), expires_on="2026-03-02"), card("dai"))
    before = (await person(library, "dai")).expires_at
    library.platform.replace_settings({"alpha": MemberSettings(timezone="America/New_York")})
    assert (await person(library, "dai")).expires_at != before


@pytest.fixture
async def two_nodes(tmp_path: Path) -> AsyncIterator[tuple[Library, SqliteStore]]:
    """A library, and another process's way to the same file."""
    path = tmp_path / "store.sqlite3"
    await migrate.upgrade(f"sqlite:///{path}")
    here, there = SqliteStore(path), SqliteStore(path)
    await here.open()
    await there.open()
    made = Library(here)
    await made.furnish()
    yield made, there
    await made.platform.close()
    await here.close()
    await there.close()


async def test_what_another_process_writes_is_seen_at_once(two_nodes: tuple[Library, SqliteStore]) -> None:
    library, other = two_nodes
    assert await thing(library) is await thing(library)
    title = (await library.rows(BibRow, id="x"))[0]
    title.title = "Another title"
    await other.apply("alpha", [Update(title)])
    assert (await thing(library)).title == "Another title"


async def test_a_command_of_another_node_is_seen_at_once(two_nodes: tuple[Library, SqliteStore]) -> None:
    library, other = two_nodes
    before = await person(library), await thing(library)
    assert (before[0].counts.loans, before[1].due) == (0, None)
    node = ReferencePlatform(other, library.clock, pepper=PEPPER, settings=library.settings)
    await node.loan_create(library.context(), req.LoanCreate(patron="c-ann", item="b-x"), library.key())
    assert (await person(library)).counts.loans == 1
    assert (await thing(library)).due is not None
    await node.close()


async def test_another_members_commits_leave_it_alone(two_nodes: tuple[Library, SqliteStore]) -> None:
    library, _ = two_nodes
    before = await thing(library)
    await library.add(location("ANNEX", "beta"), member="beta")
    assert await thing(library) is before


def test_the_cache_is_bounded() -> None:
    cache = ReadCache(size=2)
    for number in range(3):
        cache.put(number, 1, 100, 200, f"answer {number}")
    cache.put(2, 1, 100, 200, "answer 2")
    assert [cache.get(number, 1, 150) for number in range(3)] == [None, "answer 1", "answer 2"]


@pytest.mark.parametrize(("generation", "now"), [(2, 150), (1, 99), (1, 200)])
def test_an_answer_of_another_time_is_not_given(generation: int, now: int) -> None:
    cache = ReadCache()
    cache.put("key", 1, 100, 200, "answer")
    assert cache.get("key", 1, 199) == "answer"
    assert cache.get("key", generation, now) is None
