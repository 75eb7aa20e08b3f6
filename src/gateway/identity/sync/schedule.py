"""Runs feeds: one by command, or by the clock every feed that says how often, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import structlog

from gateway.clock import Clock
from gateway.config.catalogue import seconds
from gateway.config.identity import FeedConfig, FeedConfigBase
from gateway.config.model import Config
from gateway.identity.feeds import open_feed
from gateway.identity.feeds.port import FeedError
from gateway.identity.model import Run, RunState
from gateway.identity.register.port import Register, RegisterUnavailable
from gateway.identity.sync import history
from gateway.identity.sync.engine import Kind, Outcome, Progress, Sync
from gateway.identity.turns import FOLDER as LOCKS
from gateway.identity.turns import Busy, Turns

SPOOL = "sync"
"""Below the data directory."""
LOOK_SECONDS = 30.0  # between two looks at what is due
AFTER_FAILURE_SECONDS = 1800  # or the feed's own interval where that is shorter
AFTER_STOP_SECONDS = 6 * 3600  # a read that passed a limit is not worth doing again before somebody has looked
DAY_MS = 86_400_000

log = structlog.get_logger(__name__)


def feeds(config: Config) -> Iterator[tuple[str, FeedConfig]]:
    """Every member's feeds."""
    for code, member in config.members.items():
        for feed in member.identity.feeds:
            yield code, feed


def due(feed: FeedConfigBase, latest: Run | None, now: int) -> tuple[Kind | None] | None:
    """What kind of run is due at `now` (UTC milliseconds), in a tuple, after the `latest`; None where none is."""
    intervals = [seconds(every) for every in (feed.every, feed.full_every) if every is not None]
    if not intervals:
        return None
    if latest is None or latest.state is RunState.RUNNING:
        return (None,)  # nobody else has the turn, or we do not get it
    ago = (now - (latest.ended_at or latest.started_at)) / 1000
    if latest.state in (RunState.FAILED, RunState.STOPPED) and ago < min(AFTER_FAILURE_SECONDS, *intervals):
        return None
    if latest.state is RunState.INTERRUPTED:
        return (None,)
    stopped = (now - latest.position.get(history.STOPPED_AT, 0)) / 1000
    if feed.full_every is not None:
        since = (now - latest.position.get(history.FULL_AT, 0)) / 1000
        interval = seconds(feed.full_every)
        if since >= interval and stopped >= min(AFTER_STOP_SECONDS, interval):
            return ("full",)
    reads_everything = history.NEXT not in latest.position
    if feed.every is None or (reads_everything and stopped < AFTER_STOP_SECONDS):
        return None
    return (None,) if ago >= seconds(feed.every) else None


async def sync_feed(
    config: Config,
    member: str,
    settings: FeedConfig,
    register: Register,
    clock: Clock,
    *,
    kind: Kind | None = None,
    dry_run: bool = False,
    accept: int = 0,
    progress: Progress = lambda step: None,
    stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """One run of one feed, which no other process of any node runs meanwhile. Raises FeedError where it cannot even be
    opened, Busy where somebody else runs it, and RegisterUnavailable."""
    try:
        feed = open_feed(config, member, settings, clock=clock)
    except ValueError as problem:
        raise FeedError(str(problem), retry=False) from problem
    try:
        turns = Turns(config.register_url, config.data_dir / LOCKS)
        sync = Sync(
            member,
            settings,
            feed,
            register,
            clock,
            config.members[member].zone,
            config.data_dir / SPOOL / f"{member}-{settings.name}",
            progress=progress,
            stop=stop,
            dry_run=dry_run,
            accept=accept,
        )
        outcome = await turns.alone(f"sync-{member}-{settings.name}", lambda: sync.run(kind))
    finally:
        await feed.close()
    now = int(clock.now().timestamp() * 1000)
    await register.prune(member, now - config.identity.keep_runs_days * DAY_MS)
    return outcome


async def follow(config: Config, register: Register, clock: Clock, stop: asyncio.Event) -> None:
    """Runs what is due until `stop`. A feed that fails is tried again after a while; the others go on."""
    wait: dict[tuple[str, str], float] = {}
    while not stop.is_set():
        for member, feed in feeds(config):
            key = (member, feed.name)
            if stop.is_set() or clock.monotonic() < wait.get(key, 0):
                continue
            pause = await _look(config, member, feed, register, clock, stop)
            wait[key] = clock.monotonic() + pause
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await stop.wait()
        except TimeoutError:
            continue


async def _look(
    config: Config, member: str, feed: FeedConfig, register: Register, clock: Clock, stop: asyncio.Event
) -> float:
    """Runs a feed if it is due; seconds in which it need not be looked at again."""
    every = min((seconds(every) for every in (feed.every, feed.full_every) if every), default=0)
    try:
        latest = await history.latest(register, member, feed.name)
        what = due(feed, latest, int(clock.now().timestamp() * 1000))
        if what is None:
            return 0
        outcome = await sync_feed(config, member, feed, register, clock, kind=what[0], stop=stop.is_set)
        return every if outcome.nothing else 0
    except Busy as other:
        log.info("sync.busy", member=member, feed=feed.name, by=str(other))
    except RegisterUnavailable as error:
        log.warning("register.unavailable", error=str(error))
    except FeedError as error:
        log.warning("sync.cannot_open", member=member, feed=feed.name, reason=error.reason)
    except Exception:  # whatever one feed brings about, the others go on
        log.exception("sync.failed", member=member, feed=feed.name)
    return min(AFTER_FAILURE_SECONDS, every)
