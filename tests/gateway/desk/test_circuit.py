"""The circuit: opens after failures in a row, lets one probe through, closes with the first answer."""

from __future__ import annotations

import asyncio

import pytest

from gateway.canonical import requests as req
from gateway.canonical.refusals import FailureCode, PlatformFailure
from gateway.desk.circuit import FAILURES, FIRST_PAUSE, LONGEST_PAUSE
from tests.gateway.desk.fakes import AWAY, Bench, raising

ASK = req.ItemGet(item="30100001")


async def refused(bench: Bench) -> PlatformFailure:
    with pytest.raises(PlatformFailure) as caught:
        await bench.desk.perform(bench.context(), ASK)
    return caught.value


async def opened() -> Bench:
    bench = Bench()
    bench.platform.before = raising(AWAY)
    for _ in range(FAILURES):
        assert not bench.desk.circuit("aber").open
        await refused(bench)
    assert bench.desk.circuit("aber").open
    return bench


async def test_open_it_answers_at_once_and_asks_nobody() -> None:
    bench = await opened()
    failure = await refused(bench)
    assert not failure.outcome_unknown
    assert failure.retry_after is not None
    assert bench.platform.calls["item.get"] == FAILURES


async def test_a_probe_that_succeeds_closes_it() -> None:
    bench = await opened()
    bench.clock.elapsed += FIRST_PAUSE
    bench.platform.before = None
    await bench.desk.perform(bench.context(), ASK)
    assert not bench.desk.circuit("aber").open


async def test_requests_that_fail_together_keep_it_open_no_longer_than_one_would() -> None:
    """A fleet asks all at once when a database fails over; the kiosks must not wait half a minute for its second."""
    bench = Bench()
    cut = asyncio.Event()

    async def until_cut() -> None:
        await cut.wait()
        raise AWAY

    bench.platform.before = until_cut
    fleet = [asyncio.create_task(refused(bench)) for _ in range(4 * FAILURES)]
    await asyncio.sleep(0)
    cut.set()
    await asyncio.gather(*fleet)
    assert bench.desk.circuit("aber").open
    bench.platform.before = None
    bench.clock.elapsed += FIRST_PAUSE
    await bench.desk.perform(bench.context(), ASK)
    assert not bench.desk.circuit("aber").open


async def test_probes_that_fail_come_less_and_less_often() -> None:
    bench = await opened()
    pauses: list[float] = []
    while len(pauses) < 7:
        asked = bench.platform.calls["item.get"]
        pause = 0.0
        while bench.platform.calls["item.get"] == asked:
            bench.clock.elapsed += 0.5
            pause += 0.5
            await refused(bench)
        pauses.append(pause)
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_PAUSE, LONGEST_PAUSE]


async def test_only_one_probe_goes_at_a_time() -> None:
    bench = await opened()
    bench.clock.elapsed += FIRST_PAUSE
    gate = asyncio.Event()

    async def wait() -> None:
        await gate.wait()

    bench.platform.before = wait
    asked = bench.platform.calls["item.get"]
    probe = asyncio.ensure_future(bench.desk.perform(bench.context(), ASK))
    await asyncio.sleep(0)
    await refused(bench)
    gate.set()
    await probe
    assert bench.platform.calls["item.get"] == asked + 1


async def test_a_probe_that_is_cancelled_leaves_room_for_the_next() -> None:
    bench = await opened()
    bench.clock.elapsed += FIRST_PAUSE
    gate = asyncio.Event()

    async def wait() -> None:
        await gate.wait()

    bench.platform.before = wait
    probe = asyncio.ensure_future(bench.desk.perform(bench.context(), ASK))
    await asyncio.sleep(0)
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    bench.platform.before = None
    await bench.desk.perform(bench.context(), ASK)


async def test_being_throttled_says_that_somebody_is_there() -> None:
    bench = Bench()
    bench.platform.before = raising(PlatformFailure(FailureCode.UPSTREAM_THROTTLED, retry_after=1.0))
    for _ in range(FAILURES * 2):
        await refused(bench)
    assert not bench.desk.circuit("aber").open
