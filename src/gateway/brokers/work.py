"""The work behind the brokers, in the server process: of all nodes on one database one does it, each broker on its own.

No broker waits for another, and none for the doors: everything here is done between their messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import CollectorRegistry

from gateway.brokers.metrics import BrokerMetrics
from gateway.brokers.outbox import PAGE, Outbox
from gateway.brokers.peer import Broker, Perform
from gateway.canonical.refusals import PlatformFailure
from gateway.clock import Clock
from gateway.config import Config
from gateway.store.effects import StoreUnavailable
from gateway.store.port import Store
from gateway.store.turns import FOLDER, Busy, Turns

NAME = "brokers"
LOOK_SECONDS = 2.0
"""Between two looks at the events of a member, and at what is due."""
AWAY_SECONDS = 10.0
"""Before a database or a platform that was away is asked again."""
TURN_SECONDS = 5.0
"""Between two looks whether another node still does it."""
FORGET_SECONDS = 3600.0

log = structlog.get_logger(__name__)


class BrokerWork:
    """`perform` is the desk's. `run` is to be started in the background; it ends when it is cancelled."""

    def __init__(
        self,
        config: Config,
        store: Store,
        perform: Perform,
        *,
        clock: Clock,
        registry: CollectorRegistry,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._config = config
        self._outbox = Outbox(store)
        self._perform = perform
        self._clock = clock
        self._metrics = BrokerMetrics(registry)
        self._sleep = sleep
        self._replaced = asyncio.Event()

    def replace(self, config: Config) -> None:
        """Takes a new configuration."""
        self._config = config
        self._replaced.set()

    def brokers(self) -> list[Broker]:
        """Every peer that is to be told something."""
        return [
            Broker(member, code, name, peer, self._outbox, self._perform, self._clock, self._metrics)
            for code, member in self._config.members.items()
            for name, peer in member.ncip.peers.items()
            if peer.outward is not None and peer.outward.notify
        ]

    async def run(self) -> None:
        """Tells brokers for as long as there are any."""
        told = ""
        while True:
            self._replaced.clear()
            if not self.brokers():
                await self._replaced.wait()
                continue
            turns = Turns(self._config.store_url, self._config.data_dir / FOLDER)
            try:
                await turns.alone(NAME, self._until_replaced)
                told = ""
            except (Busy, StoreUnavailable) as reason:
                if told != str(reason):
                    told = str(reason)
                    log.info("brokers.waits", reason=told)
                await self._sleep(TURN_SECONDS)

    async def _until_replaced(self) -> None:
        brokers = self.brokers()
        log.info("brokers.begins", brokers=len(brokers))
        tasks = [asyncio.create_task(self._serve(broker)) for broker in brokers]
        tasks.append(asyncio.create_task(self._forget()))
        try:
            await self._replaced.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, broker: Broker) -> None:
        """One broker, for ever; whatever happens to it stays its own."""
        while True:
            pause = LOOK_SECONDS
            try:
                await broker.look()
                await broker.send()
            except (StoreUnavailable, PlatformFailure) as error:
                pause = AWAY_SECONDS
                log.warning("brokers.cannot", member=broker.code, peer=broker.name, reason=str(error))
            except Exception:
                pause = AWAY_SECONDS
                log.exception("brokers.failed_unexpectedly", member=broker.code, peer=broker.name)
            await self._sleep(pause)

    async def forget(self) -> int:
        """Deletes what was told long ago; how many. Raises StoreUnavailable."""
        kept = self._config.ncip.keep_notices_days * 86_400_000
        before = round(self._clock.now().timestamp() * 1000) - kept
        gone = 0
        for code, member in self._config.members.items():
            while dropped := await self._outbox.forget(code, member.ncip.peers, before):
                gone += dropped
                if dropped < PAGE:
                    break
        return gone

    async def _forget(self) -> None:
        while True:
            try:
                if gone := await self.forget():
                    log.info("brokers.forgotten", notices=gone)
            except StoreUnavailable as error:
                log.warning("brokers.cannot", reason=str(error))
            await self._sleep(FORGET_SECONDS)
