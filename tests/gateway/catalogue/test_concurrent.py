"""Two processes write, a third harvests by `from` = the last responseDate: it never misses a change."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import time as clock

from gateway.catalogue.ingest import Ingest
from gateway.catalogue.records import ALL
from gateway.catalogue.store import open_reader, open_writer
from gateway.catalogue.store.reader import Reader
from library_protocols.marc import from_marcxml
from tests.gateway.catalogue.making import incoming

SECONDS = 4.0
CONTROLS = [str(number) for number in range(12)]


def write(url: str, member: str, seed: int) -> None:
    """What another process does: small batches of changes, each record saying which one it is."""

    async def run() -> None:
        store = await open_writer(url)
        ingest = Ingest(store)
        chance = random.Random(seed)
        end = clock.monotonic() + SECONDS
        number = 0
        while clock.monotonic() < end:
            number += 1
            controls = chance.sample(CONTROLS, chance.randint(1, 4))
            await ingest.put(
                member,
                [incoming(c, f"{member} {c} {number}", deleted=chance.random() < 0.2) for c in controls],
            )
            await asyncio.sleep(chance.random() / 100)
        await store.close()

    asyncio.run(run())


async def test_a_harvester_misses_nothing(catalogue_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write, args=(catalogue_url, member, n)) for n, member in enumerate(("a", "b"))]
    for process in writers:
        process.start()
    reader = await open_reader(catalogue_url)
    known: dict[int, str | None] = {}
    followed: dict[int, str | None] = {}
    start: int | None = None
    position = visits = 0
    try:
        while True:
            running = any(process.is_alive() for process in writers)
            start = await harvest(reader, start, known)
            position = await follow(reader, position, followed)
            visits += 1
            if not running:
                break
            await asyncio.sleep(0.02)
        truth: dict[int, str | None] = {}
        await harvest(reader, None, truth)
        assert known == truth
        assert {n: title for n, title in followed.items() if title} == await shown(reader)
        assert len(truth) > len(CONTROLS)
        assert visits > 10
    finally:
        await reader.close()
        for process in writers:
            process.join(30)
            assert process.exitcode == 0


async def harvest(reader: Reader, start: int | None, known: dict[int, str | None]) -> int:
    """One incremental harvest in small pages, while others write; the responseDate of its first page."""
    position, horizon = 0, None
    while True:
        page = await reader.changes(ALL, "", position, start, None, 3)
        horizon = page.horizon if horizon is None else horizon
        for entry, one in zip(page.entries, await reader.feed_records(ALL, page), strict=True):
            known[entry.shared] = None if one.deleted else from_marcxml(one.marcxml).first("245", "a")
            position = entry.seq
        if not page.more:
            return horizon


async def follow(reader: Reader, position: int, known: dict[int, str | None]) -> int:
    """What the index does: everything after a position."""
    while entries := await reader.index_entries(position, 3):
        for entry in entries:
            known[entry.id] = None if entry.record is None else from_marcxml(entry.record.marcxml).first("245", "a")
            position = entry.seq
    return position


async def shown(reader: Reader) -> dict[int, str | None]:
    found: dict[int, str | None] = {}
    for member in ("a", "b"):
        page = await reader.changes(member, "", 0, None, None, 100, with_deleted=False)
        for one in await reader.feed_records(member, page):
            found[one.id] = from_marcxml(one.marcxml).first("245", "a")
    return found


async def test_an_idle_beat_moves_the_horizon_and_never_back(catalogue_url: str) -> None:
    store = await open_writer(catalogue_url)
    try:
        assert await store.beat(1_700_000_000) == 1_700_000_000
        assert await store.beat(1_600_000_000) == 1_700_000_000
        assert await store.horizon() == 1_700_000_000
        await Ingest(store, now=lambda: 1_600_000_000).put("a", [incoming("1")])
        assert await store.earliest("a") == 1_700_000_000
        await store.beat(1_700_000_050)
        page = await store.changes("a", "", 0, None, None, 10)
        assert (page.horizon, page.entries[0].datestamp) == (1_700_000_050, 1_700_000_000)
    finally:
        await store.close()
