"""Failed PINs are counted per patron, whoever counts them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from gateway.store.attempts import StoreAttempts
from gateway.store.port import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_failures_are_counted_across_nodes_and_terminals(stores: Callable[[], Awaitable[Store]]) -> None:
    here, there = StoreAttempts(await stores()), StoreAttempts(await stores())
    for minute, terminal in enumerate(("kiosk-1", "kiosk-2", "kiosk-1")):
        await here.record("aber", "p1", terminal, NOON + timedelta(minutes=minute))
    await there.record("aber", "p2", "kiosk-1", NOON)
    await there.record("bangor", "p1", "kiosk-1", NOON)
    assert await there.failures("aber", "p1", NOON) == 3
    assert await there.failures("aber", "p1", NOON + timedelta(minutes=1)) == 2
    assert await there.failures("aber", "p1", NOON + timedelta(hours=1)) == 0


async def test_the_right_pin_clears_one_patron(store: Store) -> None:
    attempts = StoreAttempts(store)
    for patron in ("p1", "p1", "p2"):
        await attempts.record("aber", patron, "kiosk-1", NOON)
    await attempts.clear("aber", "p1")
    await attempts.clear("aber", "nobody")
    assert await attempts.failures("aber", "p1", NOON) == 0
    assert await attempts.failures("aber", "p2", NOON) == 1
