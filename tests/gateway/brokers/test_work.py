"""The worker as the server runs it: turns between nodes, brokers apart, reload, what was told long ago, hard ends."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from gateway.brokers.outbox import Outbox
from gateway.brokers.work import NAME, BrokerWork
from gateway.canonical.refusals import FailureCode, PlatformFailure
from gateway.config import Config
from gateway.store.effects import StoreUnavailable
from gateway.store.rows import BrokerNoticeRow, BrokerPositionRow
from gateway.store.turns import FOLDER, Turns
from tests.gateway.brokers.bench import Bench, BrokerHost, configured
from tests.gateway.clients.scripted_responder import Responder
from tests.gateway.conftest import StorePlace

ROOT = Path(__file__).parents[3]


@pytest.fixture
def config(bench: Bench, store_place: StorePlace, tmp_path: Path) -> Config:
    return configured(bench.responder.address("tcp"), store=store_place.url, folder=tmp_path, notify=["ItemReceived"])


def worker(bench: Bench, config: Config, perform: Any = None) -> BrokerWork:
    async def soon(_: float) -> None:
        await asyncio.sleep(0.01)

    return BrokerWork(
        config, bench.store, perform or bench.desk.perform, clock=bench.library.clock,
        registry=CollectorRegistry(), sleep=soon,
    )  # fmt: skip


@asynccontextmanager
async def running(*workers: BrokerWork) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(each.run()) for each in workers]
    try:
        yield
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110  other tasks' work
            await asyncio.sleep(0.01)


async def begun(bench: Bench) -> None:
    """Returns once both brokers of the member have their positions."""
    async with asyncio.timeout(20):
        while len(await bench.library.rows(BrokerPositionRow)) < 2:  # noqa: ASYNC110  other tasks' work
            await asyncio.sleep(0.01)


async def test_what_happens_is_told(bench: Bench, config: Config) -> None:
    async with running(worker(bench, config)):
        await begun(bench)
        await bench.accept()
        await until(lambda: bool(bench.host.told))
    assert bench.host.services == ["ItemReceived"]


async def test_of_two_nodes_one_tells(bench: Bench, config: Config) -> None:
    async with running(worker(bench, config), worker(bench, config)):
        await begun(bench)
        for number in range(5):
            await bench.accept(f"ncip:reshare:R-{number}")
        await until(lambda: len(bench.host.told) >= 5)
        await asyncio.sleep(0.1)
    assert len(bench.host.told) == 5


async def test_a_node_takes_over(bench: Bench, config: Config) -> None:
    turns = Turns(config.store_url, config.data_dir / FOLDER)
    ended = asyncio.Event()
    holding = asyncio.create_task(turns.alone(NAME, ended.wait))
    await asyncio.sleep(0.2)
    async with running(worker(bench, config)):
        await asyncio.sleep(0.1)
        assert not await bench.library.rows(BrokerPositionRow)
        ended.set()
        await holding
        await begun(bench)


async def test_a_broker_that_is_away_holds_up_no_other(bench: Bench, store_place: StorePlace, tmp_path: Path) -> None:
    gone = BrokerHost(down=True)
    async with Responder(gone.serve) as away:
        config = configured(
            bench.responder.address("tcp"), store=store_place.url, folder=tmp_path, notify=["ItemReceived"]
        )
        peers = config.members["alpha"].ncip.peers
        outward = peers["relais"].outward
        assert outward is not None
        peers["relais"] = peers["relais"].model_copy(
            update={"outward": outward.model_copy(update={"url": away.address("tcp")})}
        )
        async with running(worker(bench, config)):
            await begun(bench)
            await bench.accept("ncip:relais:R-1")
            await bench.accept("ncip:reshare:R-2")
            await until(lambda: bool(bench.host.told) and bool(away.visits))
    assert bench.host.services == ["ItemReceived"]


async def test_a_reload_makes_a_broker_and_ends_one(bench: Bench, config: Config) -> None:
    silent = config.model_copy(update={"members": {}})
    work = worker(bench, silent)
    async with running(work):
        await asyncio.sleep(0.05)
        assert not await bench.library.rows(BrokerPositionRow)
        work.replace(config)
        await begun(bench)
        await bench.accept()
        await until(lambda: bool(bench.host.told))
        work.replace(silent)
        await asyncio.sleep(0.1)
        await bench.accept("ncip:reshare:R-2")
        await asyncio.sleep(0.1)
    assert len(bench.host.told) == 1


async def test_a_platform_that_is_away_is_asked_again(bench: Bench, config: Config) -> None:
    failures = iter([PlatformFailure(FailureCode.UPSTREAM_ERROR, "away"), ZeroDivisionError("a fault of ours")])

    async def perform(*arguments: Any) -> Any:
        for failure in failures:
            raise failure
        return await bench.desk.perform(*arguments)

    async with running(worker(bench, config, perform)):
        await begun(bench)
        await bench.accept()
        await until(lambda: bool(bench.host.told))


async def test_a_hard_end_between_telling_and_noting_it_tells_twice_the_same(bench: Bench) -> None:
    broker = bench.broker(notify=["ItemReceived"])
    await broker.look()
    await bench.accept()
    await broker.look()

    class Dying(Outbox):
        async def sent(self, notice: BrokerNoticeRow, now: int) -> None:
            raise StoreUnavailable("the power is gone")

    broker.outbox = Dying(bench.store)
    with pytest.raises(StoreUnavailable):
        await broker.send()
    assert await bench.broker(notify=["ItemReceived"]).send() == 1
    first, second = bench.host.documents
    assert first == second


async def test_what_was_told_long_ago_is_forgotten(bench: Bench, config: Config) -> None:
    broker = bench.broker(notify=["ItemReceived"])
    await broker.look()
    await bench.accept()
    await broker.look()
    await broker.send()
    bench.host.down = True
    await bench.accept("ncip:reshare:R-2")
    await broker.look()
    await broker.send()
    work = worker(bench, config)
    bench.library.clock.turn(timedelta(days=29))
    assert await work.forget() == 0
    bench.library.clock.turn(timedelta(days=2))
    assert await work.forget() == 1
    (waiting,) = await bench.notices()
    assert waiting.sent_at is None
    without = config.members["alpha"].model_copy(
        update={"ncip": config.members["alpha"].ncip.model_copy(update={"peers": {}})}
    )
    assert await worker(bench, config.model_copy(update={"members": {"alpha": without}})).forget() == 1


async def test_outcomes_are_counted(bench: Bench, config: Config) -> None:
    registry = CollectorRegistry()
    work = BrokerWork(
        config, bench.store, bench.desk.perform, clock=bench.library.clock, registry=registry
    )  # fmt: skip
    broker = next(each for each in work.brokers() if each.name == "reshare")
    await broker.look()
    await bench.accept()
    await broker.look()
    bench.host.down = True
    await broker.send()
    labels = {"member": "alpha", "peer": "reshare"}
    assert registry.get_sample_value("gateway_broker_notices_total", {**labels, "outcome": "failed"}) == 1
    assert registry.get_sample_value("gateway_broker_notices_waiting", labels) == 1
    bench.host.down = False
    bench.library.clock.turn(timedelta(minutes=1))
    await broker.send()
    await broker.send()
    assert registry.get_sample_value("gateway_broker_notices_total", {**labels, "outcome": "sent"}) == 1
    assert registry.get_sample_value("gateway_broker_notices_waiting", labels) == 0


async def test_a_killed_process_is_followed_by_one_that_says_the_same(
    bench: Bench, config: Config, store_place: StorePlace
) -> None:
    broker = bench.broker(notify=["ItemReceived"])
    await broker.look()
    await bench.accept()
    await broker.look()
    bench.host.mute = True
    arguments = (bench.responder.address("tcp"), store_place.url, str(config.data_dir))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.gateway.brokers.worker", *arguments, cwd=ROOT
    )
    try:
        await until(lambda: bool(bench.host.documents))
    finally:
        process.kill()
        await process.wait()
    bench.host.mute = False
    async with running(worker(bench, config)):
        await until(lambda: len(bench.host.documents) == 2)
    first, second = bench.host.documents
    assert first == second
