"""The platform goes down and comes back: what happened off line is kept, answered, replayed in order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.canonical import requests as req
from gateway.canonical.outcomes import LoanOutcome, ReturnOutcome
from gateway.canonical.refusals import PlatformFailure, Refusal
from gateway.canonical.vocabulary import RoutingAction
from gateway.config import MemberPolicy
from gateway.journal import Journal, replay_once
from tests.gateway.desk.fakes import AWAY, START, UNKNOWN, Bench, key, lend, raising

ITEM = "30100001"
YESTERDAY = START - timedelta(days=1)


async def perform(bench: Bench, request: req.Request, name: str):
    return await bench.desk.perform(bench.context(within=5.0), request, key(name))


async def test_while_the_platform_answers_they_go_straight_there() -> None:
    bench = Bench()
    answer = await perform(bench, lend(offline=True, happened_at=YESTERDAY), "a")
    assert isinstance(answer, LoanOutcome)
    assert not answer.offline_accepted
    assert not bench.journal.waiting("aber")


async def test_kept_while_it_is_away_and_replayed_in_order_with_their_own_dates() -> None:
    bench = Bench()
    bench.platform.before = raising(AWAY)
    due = START + timedelta(days=3)
    lent = await perform(bench, lend(offline=True, happened_at=YESTERDAY, due=due), "a")
    returned = await perform(bench, req.LoanReturn(item=ITEM, offline=True), "b")
    again = await perform(bench, lend(patron="20100002", offline=True), "c")
    assert isinstance(lent, LoanOutcome)
    assert (lent.offline_accepted, lent.loan.due, lent.loan.loaned_at) == (True, due, YESTERDAY)
    assert isinstance(returned, ReturnOutcome)
    assert (returned.offline_accepted, returned.routing.action) == (True, RoutingAction.EXCEPTION)
    assert isinstance(again, LoanOutcome)
    assert again.loan.due == START + timedelta(days=MemberPolicy().offline_loan_days)

    assert await replay_once(bench.journal, bench.desk) == 0
    bench.clock.elapsed += 3600
    bench.platform.before = None
    assert await replay_once(bench.journal, bench.desk) == 3
    loan = bench.platform.loans[ITEM]
    assert (loan.patron_id, loan.loaned_at) == ("p20100002", START)
    assert list(bench.platform.keys) == ["a", "b", "c"]
    assert not bench.journal.waiting("aber")


async def test_what_comes_later_waits_behind_what_waits_already() -> None:
    bench = Bench()
    bench.platform.before = raising(AWAY)
    await perform(bench, lend(offline=True), "a")
    bench.platform.before = None
    answer = await perform(bench, req.LoanReturn(item=ITEM, offline=True), "b")
    assert isinstance(answer, ReturnOutcome)
    assert answer.offline_accepted
    await replay_once(bench.journal, bench.desk)
    assert bench.platform.loans == {}


async def test_a_retry_of_a_kept_transaction_is_kept_once() -> None:
    bench = Bench()
    bench.platform.before = raising(AWAY)
    first = await perform(bench, lend(offline=True, happened_at=YESTERDAY), "a")
    assert await perform(bench, lend(offline=True, happened_at=YESTERDAY), "a") == first
    assert len(list(bench.journal.pending("aber"))) == 1


async def test_one_whose_outcome_is_unknown_is_not_done_twice() -> None:
    bench = Bench()
    bench.platform.after = raising(UNKNOWN)
    answer = await perform(bench, lend(offline=True), "a")
    assert isinstance(answer, LoanOutcome)
    assert answer.offline_accepted
    bench.platform.after = None
    await replay_once(bench.journal, bench.desk)
    assert len(bench.platform.loans) == len(bench.platform.keys) == 1
    assert bench.journal.conflicts("aber") == []


async def test_what_the_rules_refuse_on_replay_is_for_staff() -> None:
    bench = Bench()
    await perform(bench, lend(patron="20100002"), "before")
    bench.platform.before = raising(AWAY)
    await perform(bench, lend(offline=True), "a")
    bench.platform.before = None
    await replay_once(bench.journal, bench.desk)
    listed = await bench.desk.perform(bench.context(), req.ConflictList())
    assert not isinstance(listed, Refusal)
    (conflict,) = listed.model_dump()["conflicts"]
    assert (conflict["reason"], conflict["item_barcode"], conflict["patron_barcode"], conflict["terminal"]) == (
        "ALREADY_ON_LOAN_TO_OTHER",
        ITEM,
        "20100001",
        "kiosk",
    )
    resolved = await perform(bench, req.ConflictResolve(conflict_id=conflict["id"]), "r")
    assert not isinstance(resolved, Refusal)
    open_now = await bench.desk.perform(bench.context(), req.ConflictList())
    assert open_now.model_dump()["conflicts"] == ()
    everything = await bench.desk.perform(bench.context(), req.ConflictList(include_resolved=True))
    assert len(everything.model_dump()["conflicts"]) == 1


async def test_conflicts_page_from_the_platform_into_the_journal() -> None:
    bench = Bench()
    for number in range(3):
        entry = bench.journal.append(bench.context(), lend(f"3010000{number}", offline=True), key(f"k{number}"))
        bench.journal.mark_conflict(entry, "ITEM_NOT_FOUND")
    first = (await bench.desk.perform(bench.context(), req.ConflictList(limit=2))).model_dump()["conflicts"]
    rest = await bench.desk.perform(bench.context(), req.ConflictList(limit=2, after=first[-1]["id"]))
    assert [c["item_barcode"] for c in (*first, *rest.model_dump()["conflicts"])] == [
        "30100000",
        "30100001",
        "30100002",
    ]


@pytest.mark.parametrize("conflict_id", ["journal:99", "journal:x", "journal:", "journal:" + "9" * 40])
async def test_a_conflict_that_is_not_there_cannot_be_resolved(conflict_id: str) -> None:
    bench = Bench()
    assert isinstance(await perform(bench, req.ConflictResolve(conflict_id=conflict_id), "r"), Refusal)


async def test_another_members_conflict_is_not_there() -> None:
    bench = Bench()
    there = bench.context()
    object.__setattr__(there, "member", "bangor")
    entry = bench.journal.append(there, lend(offline=True), key("k"))
    bench.journal.mark_conflict(entry, "ITEM_NOT_FOUND")
    assert isinstance(await perform(bench, req.ConflictResolve(conflict_id=f"journal:{entry.id}"), "r"), Refusal)
    assert (await bench.desk.perform(bench.context(), req.ConflictList())).model_dump()["conflicts"] == ()


async def test_the_rest_is_told_that_the_platform_is_away() -> None:
    bench = Bench()
    bench.platform.before = raising(AWAY)
    with pytest.raises(PlatformFailure):
        await perform(bench, lend(), "a")
    assert not bench.journal.waiting("aber")


async def test_a_member_may_decide_against_it() -> None:
    bench = Bench()
    bench.desk.replace({"aber": bench.platform}, {"aber": MemberPolicy(offline=False)})
    bench.platform.before = raising(AWAY)
    with pytest.raises(PlatformFailure):
        await perform(bench, lend(offline=True), "a")
    assert not (await bench.desk.status(bench.context())).offline_ok


async def test_a_full_journal_promises_nothing_more() -> None:
    bench = Bench(journal=Journal(None, max_entries=2))
    bench.platform.before = raising(AWAY)
    for name in ("a", "b"):
        await perform(bench, lend(offline=True), name)
    with pytest.raises(PlatformFailure):
        await perform(bench, lend(offline=True), "c")
    assert isinstance(await perform(bench, lend(offline=True), "b"), LoanOutcome)
    assert not (await bench.desk.status(bench.context())).offline_ok


async def test_one_that_always_breaks_does_not_hold_up_the_others() -> None:
    bench = Bench()
    bench.journal.append(bench.context(), req.LoanRenew(patron="20100001", item=ITEM, offline=True), key("poison"))
    bench.journal.append(bench.context(), lend("30100002", offline=True), key("good"))

    async def broken(*_: object) -> None:
        raise KeyError("a fault of the driver over this very request")

    bench.platform.loan_renew = broken  # pyright: ignore[reportAttributeAccessIssue]
    bench.desk.replace({}, {})
    bench.desk.replace({"aber": bench.platform}, {})
    for _ in range(20):
        await replay_once(bench.journal, bench.desk)
    assert "30100002" in bench.platform.loans
    (conflict,) = bench.journal.conflicts("aber")
    assert (conflict.key.value, conflict.reason) == ("poison", "failed")


@pytest.mark.parametrize("own", [True, False])
async def test_a_journal_that_cannot_be_written_promises_nothing_and_breaks_nothing(own: bool) -> None:
    bench = Bench(own=own)
    bench.journal.close()
    assert not (await bench.desk.status(bench.context())).offline_ok
    if own:
        assert isinstance(await perform(bench, lend(), "a"), LoanOutcome)
    bench.platform.before = raising(UNKNOWN)
    for request in (lend(), lend(offline=True)):
        with pytest.raises(PlatformFailure):
            await perform(bench, request, "b")
