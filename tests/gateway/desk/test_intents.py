"""A platform that keeps no keys: exactly once by intents written before the call."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.canonical import requests as req
from gateway.canonical.money import Money
from gateway.canonical.refusals import PlatformFailure, Refusal, RefusalCode
from gateway.journal import Journal
from tests.gateway.desk.fakes import AWAY, UNKNOWN, Bench, key, raising

PAY = req.FeePay(patron="20100001", amount=Money.of_minor(250, "GBP"), external_ref="r1")


async def test_a_retry_gets_the_stored_answer() -> None:
    bench = Bench(own=False)
    first = await bench.desk.perform(bench.context(), PAY, key("k"))
    bench.clock.elapsed += 59
    assert await bench.desk.perform(bench.context(), PAY, key("k")) == first
    assert len(bench.platform.payments) == 1


async def test_after_its_window_a_key_names_a_new_command_unless_it_is_permanent() -> None:
    bench = Bench(own=False)
    for name in ("k", "p"):
        await bench.desk.perform(bench.context(), PAY, key(name, permanent=name == "p"))
    bench.clock.elapsed += 61
    for name in ("k", "p"):
        await bench.desk.perform(bench.context(), PAY, key(name, permanent=name == "p"))
    assert len(bench.platform.payments) == 3


async def test_a_refusal_is_stored_and_a_failure_is_not() -> None:
    bench = Bench(own=False)
    renew = req.LoanRenew(patron="20100001", item="3")
    first = await bench.desk.perform(bench.context(), renew, key("k"))
    assert isinstance(first, Refusal)
    assert await bench.desk.perform(bench.context(), renew, key("k")) == first
    assert bench.platform.calls["loan.renew"] == 1
    bench.platform.before = raising(AWAY)
    with pytest.raises(PlatformFailure):
        await bench.desk.perform(bench.context(), PAY, key("f"))
    bench.platform.before = None
    assert not isinstance(await bench.desk.perform(bench.context(), PAY, key("f")), Refusal)


async def test_an_unknown_outcome_is_not_tried_again_and_is_for_staff() -> None:
    bench = Bench(own=False)
    bench.platform.after = raising(UNKNOWN)
    for _ in range(2):
        with pytest.raises(PlatformFailure) as caught:
            await bench.desk.perform(bench.context(), PAY, key("k"))
        assert caught.value.outcome_unknown
    assert len(bench.platform.payments) == 1
    (conflict,) = bench.journal.conflicts("aber")
    assert conflict.request == PAY


async def test_a_process_that_dies_between_call_and_answer_leaves_an_unknown_outcome(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite3")
    bench = Bench(own=False, journal=journal)
    journal.begin(bench.context(), PAY, key("k"))
    journal.close()
    later = Bench(own=False, journal=Journal(tmp_path / "journal.sqlite3"))
    with pytest.raises(PlatformFailure) as caught:
        await later.desk.perform(later.context(), PAY, key("k"))
    assert caught.value.outcome_unknown
    assert later.platform.payments == []


async def test_a_key_that_is_used_for_something_else_is_refused() -> None:
    bench = Bench(own=False)
    await bench.desk.perform(bench.context(), PAY, key("k", fingerprint="one"))
    answer = await bench.desk.perform(bench.context(), PAY, key("k", fingerprint="two"))
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.CONFLICT
