"""When a feed is due, and that one which fails keeps nobody else from being run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.config import Config
from gateway.identity.feeds.port import End, FeedError, Page
from gateway.identity.model import Run, RunState
from gateway.identity.register import migrate, open_register
from gateway.identity.register.port import RegisterUnavailable
from gateway.identity.sync import schedule
from gateway.identity.sync.engine import Outcome
from gateway.identity.sync.schedule import due, follow, sync_feed
from gateway.identity.turns import FOLDER as LOCKS
from gateway.store import lock_file
from tests.gateway.identity.memory_register import MemoryRegister
from tests.gateway.identity.sync.scripted import MEMBER, Hands, Script, settings, student
from tests.postgres import Database

HOUR = 3_600_000
NOW = 1000 * HOUR


def last(state: str = "done", /, hours: float = 0.0, kind: str = "full", **position: Any) -> Run:
    ended = int(NOW - hours * HOUR)
    return Run("r", MEMBER, "sis", kind, RunState(state), ended, ended, position=position)


def full(hours: float) -> dict[str, Any]:
    return {"full_at": int(NOW - hours * HOUR)}


@pytest.mark.parametrize(
    ("every", "full_every", "latest", "what"),
    [
        (None, None, None, None),
        ("1h", None, None, (None,)),
        (None, "1d", None, (None,)),
        ("1h", None, last(hours=0.9), None),
        ("1h", None, last(hours=1), (None,)),
        (None, "1d", last(hours=23, **full(23)), None),
        (None, "1d", last(hours=24, **full(24)), ("full",)),
        ("1h", "1d", last(hours=2, **full(2)), (None,)),
        ("1h", "1d", last(hours=2, kind="delta", **full(25)), ("full",)),
        # failed: soon again; interrupted or killed: at once
        ("1h", None, last("failed", hours=0.4), None),
        ("1h", "1d", last("failed", hours=0.6, **full(25)), ("full",)),
        ("15m", None, last("failed", hours=0.3), (None,)),
        ("1h", "1d", last("interrupted", **full(25)), (None,)),
        ("1h", None, last("running"), (None,)),
        # stopped: somebody must look; changes go on meanwhile
        ("1h", "1d", last("stopped", hours=2, stopped_at=NOW - 2 * HOUR), None),
        ("1h", None, last("stopped", hours=2, stopped_at=NOW - 2 * HOUR), None),
        ("1h", None, last(hours=2, stopped_at=0), (None,)),
        ("1h", "1d", last("stopped", hours=0.4, **full(26)), None),  # by a read that was not complete
        ("1h", "1d", last("stopped", hours=0.6, **full(26)), ("full",)),
        ("1h", "1d", last("stopped", hours=7, stopped_at=NOW - 7 * HOUR), ("full",)),
        ("1h", "1d", last("stopped", hours=2, stopped_at=NOW - 2 * HOUR, next={"at": 1}, **full(26)), (None,)),
        ("1h", "1d", last(hours=0.5, kind="delta", stopped_at=NOW - 2 * HOUR, next={"at": 1}, **full(26)), None),
    ],
)
def test_what_is_due(every: str | None, full_every: str | None, latest: Run | None, what: Any) -> None:
    assert due(settings(every=every, full_every=full_every), latest, NOW) == what


async def until(done: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None) -> None:
    while not done():
        meanwhile()
        await asyncio.sleep(0.01)


def config(folder: Path, *feeds: dict[str, Any], store: str = "sqlite:///gateway.sqlite3") -> Config:
    return Config.model_validate(
        {
            "store": {"url": store},
            "pepper": "p" * 32,
            "data_dir": folder,
            "members": {
                MEMBER: {
                    "name": "Aberystwyth",
                    "main_location": "ABER",
                    "identity": {"feeds": [settings(**feed).model_dump(by_alias=True) for feed in feeds]},
                }
            },
        }
    )


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> dict[str, Script]:
    """What each feed says, by its name."""
    found: dict[str, Script] = {}

    def opened(_config: Config, _member: str, feed: Any, **_: Any) -> Script:
        if feed.name not in found:
            raise ValueError("its file is not there")
        return found[feed.name]

    monkeypatch.setattr(schedule, "open_feed", opened)
    return found


async def test_one_run_at_a_time(tmp_path: Path, scripts: dict[str, Script]) -> None:
    made = config(tmp_path, {"name": "sis"})
    (feed,) = made.members[MEMBER].identity.feeds
    scripts["sis"] = Script([student(1)])
    register = MemoryRegister()
    with lock_file.held(tmp_path / LOCKS / f"sync-{MEMBER}-sis.lock"), pytest.raises(schedule.Busy):
        await sync_feed(made, MEMBER, feed, register, Hands())
    assert await register.runs(MEMBER) == []
    assert (await sync_feed(made, MEMBER, feed, register, Hands())).run.counters["added"] == 1


async def test_one_run_at_a_time_on_all_nodes(
    tmp_path: Path, scripts: dict[str, Script], postgres_database: Callable[[], Database]
) -> None:
    database = postgres_database()
    await migrate.upgrade(database.admin_dsn, app_role=database.app_role)
    nodes = [config(tmp_path / name, {"name": "sis"}, store=database.app_dsn) for name in ("one", "other")]
    begun, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Script):
        async def read(self, position: Any = None) -> AsyncIterator[Page | End]:
            begun.set()
            await go_on.wait()
            async for page in super().read(position):
                yield page

    async def run(node: Config) -> Outcome:
        register = await open_register(node.register_url)
        try:
            return await sync_feed(node, MEMBER, node.members[MEMBER].identity.feeds[0], register, Hands())
        finally:
            await register.close()

    scripts["sis"] = Slow([student(1)])
    first = asyncio.ensure_future(run(nodes[0]))
    await begun.wait()
    with pytest.raises(schedule.Busy, match=f"sync-{MEMBER}-sis"):
        await run(nodes[1])
    go_on.set()
    assert (await first).run.counters["added"] == 1
    assert (await run(nodes[1])).run.counters["unchanged"] == 1


async def test_a_feed_that_cannot_be_opened_says_why(tmp_path: Path, scripts: dict[str, Script]) -> None:
    made = config(tmp_path, {"name": "sis"})
    with pytest.raises(FeedError, match="not there"):
        await sync_feed(made, MEMBER, made.members[MEMBER].identity.feeds[0], MemoryRegister(), Hands())


async def test_old_runs_are_dropped(tmp_path: Path, scripts: dict[str, Script]) -> None:
    made = config(tmp_path, {"name": "sis"})
    (feed,) = made.members[MEMBER].identity.feeds
    scripts["sis"] = Script([student(1)])
    register, clock = MemoryRegister(), Hands()
    await sync_feed(made, MEMBER, feed, register, clock)
    clock.forward(days=made.identity.keep_runs_days + 1)
    await sync_feed(made, MEMBER, feed, register, clock)
    assert len(await register.runs(MEMBER)) == 1


async def test_the_clock_runs_what_is_due_and_one_failure_holds_up_nobody(
    tmp_path: Path, scripts: dict[str, Script], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("unopened", "failing", "broken", "good", "manual")
    made = config(tmp_path, *({"name": name, "every": None if name == "manual" else "1h"} for name in names))
    scripts["failing"] = Script(error=FeedError("no answer"))
    scripts["broken"] = Script(error=ZeroDivisionError())
    scripts["good"] = good = Script([student(1)])
    scripts["manual"] = manual = Script([student(2)])
    monkeypatch.setattr(schedule, "LOOK_SECONDS", 0.01)
    register, clock, stop = MemoryRegister(), Hands(), asyncio.Event()
    with capture_logs() as logs:
        following = asyncio.ensure_future(follow(made, register, clock, stop))
        async with asyncio.timeout(60):
            await until(lambda: bool(good.settled))
            await asyncio.sleep(0.05)
            assert good.settled == [True]
            clock.forward(hours=2)
            await until(lambda: len(good.settled) == 2)
            stop.set()
            await following
    assert {entry["feed"] for entry in logs if entry["event"] == "sync.cannot_open"} == {"unopened"}
    assert {entry["feed"] for entry in logs if entry["event"] == "sync.failed"} == {"broken"}
    states = {run.feed: run.state for run in await register.runs(MEMBER)}
    assert states == {"failing": RunState.FAILED, "broken": RunState.FAILED, "good": RunState.DONE}
    assert manual.settled == []


async def test_a_register_that_is_away_is_waited_for(
    tmp_path: Path, scripts: dict[str, Script], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = config(tmp_path, {"name": "sis", "every": "1m"})
    scripts["sis"] = feed = Script([student(1)])
    register, clock, stop = MemoryRegister(), Hands(), asyncio.Event()
    runs, asked = register.runs, []

    async def away(*arguments: Any, **more: Any) -> list[Run]:
        asked.append(True)
        if len(asked) == 1:
            raise RegisterUnavailable("connection refused")
        return await runs(*arguments, **more)

    monkeypatch.setattr(register, "runs", away)
    monkeypatch.setattr(schedule, "LOOK_SECONDS", 0.01)
    following = asyncio.ensure_future(follow(made, register, clock, stop))
    async with asyncio.timeout(60):
        await until(lambda: bool(feed.settled), lambda: clock.forward(minutes=1))
        stop.set()
        await following
    assert feed.settled[0]
