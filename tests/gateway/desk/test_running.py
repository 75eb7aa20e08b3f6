"""Commands under way: joined by their key, not stopped by deadlines or lost links, and put right when told wrongly."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from gateway.canonical import requests as req
from gateway.canonical.money import Money
from gateway.canonical.outcomes import LoanOutcome
from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal, RefusalCode
from gateway.journal import Kind, State, replay_once
from tests.gateway.desk.fakes import AWAY, UNKNOWN, Bench, key, lend, raising

ITEM = "30100001"


class Slow:
    """Holds commands at a gate."""

    def __init__(self, bench: Bench) -> None:
        self.gate = asyncio.Event()
        bench.platform.before = self._wait

    async def _wait(self) -> None:
        await self.gate.wait()


def states(bench: Bench) -> list[State]:
    return [entry.state for entry in bench.journal.entries() if entry.kind is Kind.DOUBT]


async def told_no(bench: Bench, request: req.Request, name: str = "k", within: float | None = 0.01) -> None:
    with pytest.raises(PlatformFailure) as caught:
        await bench.desk.perform(bench.context(within=within), request, key(name))
    assert caught.value.outcome_unknown


async def test_a_retry_joins_the_command_that_runs() -> None:
    bench = Bench()
    slow = Slow(bench)
    first = asyncio.ensure_future(bench.desk.perform(bench.context(), lend(), key("k")))
    second = asyncio.ensure_future(bench.desk.perform(bench.context(), lend(), key("k")))
    await asyncio.sleep(0)
    slow.gate.set()
    assert await first is await second
    assert bench.platform.calls["loan.create"] == 1


async def test_two_members_with_one_key_are_two_commands() -> None:
    bench = Bench()
    other = Bench()
    bench.desk.replace({"aber": bench.platform, "bangor": other.platform}, {})
    there = bench.context()
    object.__setattr__(there, "member", "bangor")
    await asyncio.gather(
        bench.desk.perform(bench.context(), lend(), key("k")), bench.desk.perform(there, lend(), key("k"))
    )
    assert (len(bench.platform.loans), len(other.platform.loans)) == (1, 1)


async def test_the_same_key_for_something_else_waits_and_is_left_to_the_platform() -> None:
    bench = Bench()
    slow = Slow(bench)
    first = asyncio.ensure_future(bench.desk.perform(bench.context(), lend(), key("k")))
    second = asyncio.ensure_future(bench.desk.perform(bench.context(), lend("30100002"), key("k")))
    await asyncio.sleep(0.01)
    assert bench.platform.calls["loan.create"] == 1
    slow.gate.set()
    await asyncio.gather(first, second)
    assert bench.platform.calls["loan.create"] == 2


async def test_a_link_that_goes_does_not_stop_its_command() -> None:
    bench = Bench()
    slow = Slow(bench)
    asked = asyncio.ensure_future(bench.desk.perform(bench.context(), lend(), key("k")))
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    slow.gate.set()
    await bench.desk.drain()
    assert ITEM in bench.platform.loans
    assert states(bench) == []


async def test_a_checkout_told_as_refused_is_undone() -> None:
    bench = Bench()
    slow = Slow(bench)
    await told_no(bench, lend())
    assert states(bench) == [State.PENDING]
    slow.gate.set()
    await bench.desk.drain()
    assert bench.platform.loans == {}
    assert bench.platform.calls["loan.undo"] == 1
    assert states(bench) == [State.DONE]


async def test_the_replayer_leaves_a_checkout_alone_whose_answer_may_still_be_heard() -> None:
    bench = Bench()
    gate = asyncio.Event()

    async def hold() -> None:
        await gate.wait()

    bench.platform.after = hold  # the platform has lent, only its answer is late
    await told_no(bench, lend())
    assert ITEM in bench.platform.loans
    again = asyncio.ensure_future(bench.desk.perform(bench.context(), lend(), key("k")))
    await asyncio.sleep(0)
    await replay_once(bench.journal, bench.desk)
    assert states(bench) == [State.PENDING]
    bench.platform.after = None
    gate.set()
    assert isinstance(await again, LoanOutcome)
    await bench.desk.drain()
    assert ITEM in bench.platform.loans
    assert bench.platform.calls["loan.undo"] == 0
    assert states(bench) == [State.DONE]


async def test_a_checkout_that_was_refused_after_all_needs_no_undoing() -> None:
    bench = Bench()
    await bench.desk.perform(bench.context(), lend(patron="20100002"), key("before"))
    slow = Slow(bench)
    await told_no(bench, lend())
    slow.gate.set()
    await bench.desk.drain()
    assert ITEM in bench.platform.loans
    assert states(bench) == [State.DONE]


async def test_where_something_else_happened_to_the_item_staff_are_told() -> None:
    bench = Bench()
    slow = Slow(bench)
    await told_no(bench, lend())

    async def touched() -> None:
        bench.platform.touched_by[ITEM] = "somebody else"

    bench.platform.after = touched
    slow.gate.set()
    await bench.desk.drain()
    assert ITEM in bench.platform.loans
    (conflict,) = bench.journal.conflicts("aber")
    assert (conflict.reason, conflict.context.terminal) == ("told_no_but_done", "kiosk")
    listed = await bench.desk.perform(bench.context(), req.ConflictList())
    assert not isinstance(listed, Refusal)
    assert [c.item_barcode for c in getattr(listed, "conflicts")] == [ITEM]  # noqa: B009


@pytest.mark.parametrize(
    "request_",
    [
        req.LoanReturn(item=ITEM),
        req.FeePay(patron="20100001", amount=Money.of_minor(250, "GBP"), external_ref="r1"),
        req.LoanRenew(patron="20100001", item=ITEM),
    ],
    ids=lambda request: request.operation,
)
async def test_what_favours_the_patron_is_kept(request_: req.Request) -> None:
    bench = Bench()
    await bench.desk.perform(bench.context(), lend(), key("before"))
    slow = Slow(bench)
    await told_no(bench, request_)
    slow.gate.set()
    await bench.desk.drain()
    assert bench.platform.calls[request_.operation] == 1
    assert bench.platform.calls["loan.undo"] == 0
    assert states(bench) == []


async def test_a_retry_that_hears_yes_leaves_nothing_to_undo() -> None:
    bench = Bench()
    slow = Slow(bench)
    await told_no(bench, lend())
    retry = asyncio.ensure_future(bench.desk.perform(bench.context(within=5.0), lend(), key("k")))
    await asyncio.sleep(0)
    slow.gate.set()
    assert isinstance(await retry, LoanOutcome)
    await bench.desk.drain()
    assert ITEM in bench.platform.loans
    assert states(bench) == [State.DONE]


async def test_a_deadline_that_has_passed_begins_nothing() -> None:
    bench = Bench()
    with pytest.raises(PlatformFailure) as caught:
        await bench.desk.perform(bench.context(within=-1.0), lend(), key("k"))
    assert caught.value.code is FailureCode.UPSTREAM_TIMEOUT
    assert not caught.value.outcome_unknown
    assert bench.platform.loans == {}


@pytest.mark.parametrize("inline", [True, False])
async def test_a_question_is_given_up_at_the_deadline(inline: bool) -> None:
    bench = Bench(inline=inline)
    Slow(bench)
    request = req.PatronGet(patron="20100001", pin=SecretStr("1234")) if inline else req.PatronGet(patron="20100001")
    with pytest.raises(PlatformFailure) as caught:
        await bench.desk.perform(bench.context(within=0.01), request)
    assert not caught.value.outcome_unknown
    assert bench.platform.calls["patron.get"] == 1


async def test_an_unknown_outcome_is_looked_up_when_the_platform_is_back() -> None:
    bench = Bench()
    bench.platform.after = raising(UNKNOWN)
    await told_no(bench, lend(), within=None)
    bench.platform.before = raising(AWAY)
    assert await replay_once(bench.journal, bench.desk) == 0
    assert states(bench) == [State.PENDING]
    bench.platform.before = bench.platform.after = None
    assert await replay_once(bench.journal, bench.desk) == 1
    assert bench.platform.loans == {}
    assert states(bench) == [State.DONE]


async def test_an_unknown_outcome_that_never_happened_undoes_nothing() -> None:
    bench = Bench()
    bench.platform.before = raising(UNKNOWN)
    await told_no(bench, lend(), within=None)
    bench.platform.before = None
    await replay_once(bench.journal, bench.desk)
    assert bench.platform.calls["loan.undo"] == 0
    assert states(bench) == [State.DONE]


async def test_an_older_loan_of_the_same_patron_is_not_undone() -> None:
    bench = Bench()
    await bench.desk.perform(bench.context(), lend(), key("last week"))
    bench.clock.elapsed += 7 * 86_400
    bench.platform.before = raising(UNKNOWN)
    await told_no(bench, lend(renew_if_own=True), within=None)
    bench.platform.before = None
    await replay_once(bench.journal, bench.desk)
    assert ITEM in bench.platform.loans
    assert states(bench) == [State.DONE]


async def test_a_failure_that_is_known_to_have_done_nothing_leaves_no_doubt() -> None:
    bench = Bench()
    bench.platform.before = raising(AWAY)
    with pytest.raises(PlatformFailure) as caught:
        await bench.desk.perform(bench.context(), lend(), key("k"))
    assert not caught.value.outcome_unknown
    assert states(bench) == []


async def test_an_undo_that_fails_is_tried_again() -> None:
    bench = Bench()
    slow = Slow(bench)
    await told_no(bench, lend())

    async def dies() -> None:
        bench.platform.before = raising(AWAY)

    bench.platform.after = dies
    slow.gate.set()
    await bench.desk.drain()
    assert states(bench) == [State.PENDING]
    bench.platform.before = bench.platform.after = None
    await replay_once(bench.journal, bench.desk)
    assert bench.platform.loans == {}
    assert states(bench) == [State.DONE]


async def test_a_refusal_is_an_answer_like_any_other() -> None:
    bench = Bench()
    answer = await bench.desk.perform(bench.context(), lend(patron="nobody"), key("k"))
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.PATRON_NOT_FOUND
