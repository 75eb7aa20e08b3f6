"""The bench of a broker, on each database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.store.port import Store
from tests.gateway.brokers.bench import Bench, BrokerHost
from tests.gateway.clients.scripted_responder import Responder
from tests.gateway.platforms.reference.library import Library


@pytest.fixture
async def bench(store: Store) -> AsyncIterator[Bench]:
    library = Library(store)
    await library.furnish()
    host = BrokerHost()
    async with Responder(host.serve) as responder:
        yield Bench.made(library, store, host, responder)
    await library.platform.close()
