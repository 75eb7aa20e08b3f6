"""The desk on the reference platform: told no but done, failing stores, journal and PINs, with nothing scripted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import SecretStr

from gateway.canonical import requests as req
from gateway.canonical.context import Context
from gateway.canonical.outcomes import LoanOutcome
from gateway.canonical.refusals import PlatformFailure, Refusal, RefusalCode
from gateway.desk import Desk
from gateway.journal import Journal, State, replay_once
from gateway.store.attempts import StoreAttempts
from gateway.store.effects import StoreUnavailable
from gateway.store.port import Store
from gateway.store.rows import HoldRow, LoanRow
from tests.gateway.platforms.reference.library import Library, hold

Hook = Callable[[], Awaitable[None]]


class Line:
    """The store as the platform sees it, with something in between."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.before: Hook | None = None
        self.after: Hook | None = None

    @property
    def inline(self) -> bool:
        return self._store.inline

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def command(self, *arguments: Any) -> Any:
        if self.before is not None:
            await self.before()
        answer = await self._store.command(*arguments)
        if self.after is not None:
            await self.after()
        return answer


class Room:
    def __init__(self, store: Store) -> None:
        self.line: Any = Line(store)
        self.library = Library(self.line)
        self.clock = self.library.clock
        self.journal = Journal(None, clock=self.clock)
        self.desk = Desk(
            {"alpha": self.library.platform, "beta": self.library.platform},
            clock=self.clock,
            attempts=StoreAttempts(store),
            journal=self.journal,
            policies={},
        )

    def context(self, within: float | None = None) -> Context:
        deadline = None if within is None else self.clock.monotonic() + within
        return Context("alpha", "t1", "MAIN", self.library.context().permissions, deadline=deadline)

    async def lend(self, key: str, within: float | None = None, item: str = "b-x", **more: Any) -> Any:
        request = req.LoanCreate(patron="c-ann", item=item, **more)
        return await self.desk.perform(self.context(within), request, self.library.key(key))

    async def loans(self, status: str) -> list[LoanRow]:
        return await self.library.rows(LoanRow, status=status)


@pytest.fixture
async def room(store: Store):
    room = Room(store)
    await room.library.furnish()
    yield room
    await room.desk.drain()
    await room.library.platform.close()


def gate(room: Room) -> asyncio.Event:
    opened = asyncio.Event()

    async def wait() -> None:
        await opened.wait()

    room.line.before = wait
    return opened


async def told_no(room: Room, key: str = "k", **more: Any) -> None:
    with pytest.raises(PlatformFailure) as caught:
        await room.lend(key, 0.02, **more)
    assert caught.value.outcome_unknown


def doubts(room: Room) -> list[State]:
    return [entry.state for entry in room.journal.entries()]


async def test_a_checkout_told_as_refused_is_as_if_never_made(room: Room) -> None:
    opened = gate(room)
    await told_no(room)
    opened.set()
    await room.desk.drain()
    assert await room.loans("open") == []
    assert doubts(room) == [State.DONE]


async def test_after_that_the_same_message_makes_a_new_loan(room: Room) -> None:
    opened = gate(room)
    await told_no(room)
    opened.set()
    await room.desk.drain()
    again = await room.lend("k")
    assert isinstance(again, LoanOutcome)
    assert [row.id for row in await room.loans("open")] == [again.loan.id]


async def test_the_hold_that_it_had_filled_waits_again(room: Room) -> None:
    at = room.clock.millis
    await room.library.add(hold("x", "ann", at))
    opened = gate(room)
    await told_no(room)
    opened.set()
    await room.desk.drain()
    assert await room.loans("open") == []
    assert (await room.library.row(HoldRow)).status == "PENDING"


async def test_one_that_somebody_has_touched_since_is_for_staff(room: Room) -> None:
    opened = gate(room)
    await told_no(room)
    room.line.before = None

    async def taken_back_and_lent_again() -> None:
        room.line.after = None
        await room.library.take_back("x", at={"terminal": "t2"})
        await room.library.lend("x", "bob", at={"terminal": "t2"})

    room.line.after = taken_back_and_lent_again
    opened.set()
    await room.desk.drain()
    assert [row.patron_id for row in await room.loans("open")] == ["bob"]
    assert doubts(room) == [State.CONFLICT]
    (conflict,) = room.journal.conflicts("alpha")
    assert conflict.reason == "told_no_but_done"


async def test_a_commit_whose_answer_was_lost_is_undone_when_the_store_is_back(room: Room) -> None:
    async def lost() -> None:
        raise StoreUnavailable("the connection broke", outcome_unknown=True)

    room.line.after = lost
    with pytest.raises(PlatformFailure) as caught:
        await room.lend("k")
    assert caught.value.outcome_unknown
    assert len(await room.loans("open")) == 1
    room.line.after = None
    assert await replay_once(room.journal, room.desk) == 1
    assert await room.loans("open") == []
    assert doubts(room) == [State.DONE]


async def test_a_commit_that_never_happened_leaves_nothing_to_do(room: Room) -> None:
    async def lost() -> None:
        raise StoreUnavailable("the connection broke", outcome_unknown=True)

    room.line.before = lost
    with pytest.raises(PlatformFailure):
        await room.lend("k")
    room.line.before = None
    await replay_once(room.journal, room.desk)
    assert doubts(room) == [State.DONE]


async def test_a_kept_transaction_is_carried_out_once_although_its_first_try_had_been(room: Room) -> None:
    async def lost() -> None:
        raise StoreUnavailable("the connection broke", outcome_unknown=True)

    room.line.after = lost
    kept = await room.lend("k", offline=True, happened_at=room.clock.now())
    assert isinstance(kept, LoanOutcome)
    assert kept.offline_accepted
    room.line.after = None
    assert await replay_once(room.journal, room.desk) == 1
    assert len(await room.library.rows(LoanRow)) == 1
    assert room.journal.conflicts("alpha") == []


async def test_guesses_are_counted_in_the_store(room: Room) -> None:
    for _ in range(5):
        answer = await room.desk.perform(room.context(), req.PatronGet(patron="c-ann", pin=SecretStr("0000")))
        assert isinstance(answer, Refusal)
        assert answer.code is RefusalCode.PATRON_AUTH_FAILED
    elsewhere = Desk({"alpha": room.library.platform}, clock=room.clock, attempts=StoreAttempts(room.line), policies={})
    answer = await elsewhere.perform(room.context(), req.PatronGet(patron="c-ann", pin=SecretStr("1234")))
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.PATRON_AUTH_LIMITED
