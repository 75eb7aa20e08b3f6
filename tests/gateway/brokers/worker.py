"""A process that tells brokers and nothing else, for tests that end it hard: `worker ADDRESS STORE FOLDER`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry

from gateway.brokers.work import BrokerWork
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.clock import SystemClock
from gateway.store import open_store
from tests.gateway.brokers.bench import configured


async def _nothing_happens(*_: object) -> Refusal:
    return Refusal(code=RefusalCode.UNSUPPORTED_BY_PLATFORM)


async def main(address: str, store: str, folder: str) -> None:
    config = configured(address, store=store, folder=Path(folder), notify=["ItemReceived"])
    opened = await open_store(store)
    await BrokerWork(config, opened, _nothing_happens, clock=SystemClock(), registry=CollectorRegistry()).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
