"""What is due when, and harvests by the clock."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.config import Config, HarvestConfig
from gateway.harvesting import schedule
from gateway.harvesting.state import HarvestState
from tests.gateway.harvesting.conftest import Field, Turned
from tests.gateway.harvesting.provider import Reply

HOUR = 3600


@pytest.mark.parametrize(
    ("settings", "ended", "full", "what"),
    [
        ({}, 0, 0, None),
        ({"every": "1h"}, 0, 0, "new"),
        ({"every": "1h"}, 10 * HOUR, 0, None),
        ({"every": "1h"}, 9 * HOUR, 0, "new"),
        ({"every": "1h", "full_every": "1d"}, 10 * HOUR, 0, None),
        ({"every": "1h", "full_every": "10h"}, 10 * HOUR, 0, "full"),
        ({"full_every": "10h"}, 10 * HOUR, HOUR, None),
    ],
)
def test_due(settings: dict[str, Any], ended: int, full: int, what: str | None) -> None:
    source = HarvestConfig.model_validate({"name": "ils", "url": "http://x/oai", **settings})
    assert schedule.due(source, HarvestState(ended_at=ended, full_at=full), 10 * HOUR) == what


@pytest.mark.parametrize(
    ("begun", "full", "what"), [("", True, "full"), ("then", False, "full"), ("then", True, "new")]
)
def test_a_whole_list_that_has_begun_is_gone_on_with(begun: str, full: bool, what: str) -> None:
    source = HarvestConfig.model_validate({"name": "ils", "url": "http://x/oai", "full_every": "1d"})
    assert schedule.due(source, HarvestState(begun=begun, full=full), 48 * HOUR) == what


async def test_sources_are_harvested_by_the_clock(source: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "LOOK_SECONDS", 0.01)
    provider = source.provider
    for number in range(4):
        provider.put(str(number))
    member = {"name": "Aberystwyth", "main_location": "MAIN", "catalogue": {"harvest": [
        {"name": "broken", "url": provider.url + "/broken", "every": "1h"},
        {"name": "ils", "url": provider.url, "every": "1h"},
    ]}}  # fmt: skip
    config = Config.model_validate({"pepper": "p" * 32, "data_dir": source.folder, "members": {"aber": member}})
    monkeypatch.setattr("gateway.harvesting.source.TRIES", 1)
    asked: list[str] = []

    def broken(p: object, request: Any, body: bytes) -> Reply | None:
        asked.append(request.verb)
        return Reply(404) if len(asked) == 1 else None

    provider.faults = [broken]
    stop = asyncio.Event()
    following = asyncio.create_task(schedule.follow(config, source.store, source.ingest, Turned(provider), stop))
    async with asyncio.timeout(20):
        while len(await source.held()) < 4:  # noqa: ASYNC110  the store tells nobody
            await asyncio.sleep(0.01)
    lists = len(provider.lists())
    provider.now += HOUR + 1
    provider.put("new")
    async with asyncio.timeout(20):
        while len(await source.held()) < 5:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert len(provider.lists()) > lists
    stop.set()
    async with asyncio.timeout(5):
        await following
