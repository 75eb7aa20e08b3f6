"""Harvests by the clock: every source that says how often, one after the other, in the catalogue's own process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import structlog

from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.catalogue.store.turns import FOLDER as LOCKS
from gateway.catalogue.store.turns import Turns
from gateway.clock import Clock
from gateway.config import Config, HarvestConfig
from gateway.config.catalogue import seconds
from gateway.harvesting.harvest import CatalogueSide, Harvest, Intake, Outcome, Progress
from gateway.harvesting.source import Source
from gateway.harvesting.state import HarvestState, load_state, state_key, target_of

FOLDER = "harvest"
"""Below the data directory."""
LOOK_SECONDS = 30.0  # between two looks at what is due
AFTER_FAILURE_SECONDS = 1800  # or the source's own interval where that is shorter

log = structlog.get_logger(__name__)


def sources(config: Config) -> Iterator[tuple[str, HarvestConfig]]:
    """Every member's sources."""
    for code, member in config.members.items():
        for source in member.catalogue.harvest:
            yield code, source


def due(source: HarvestConfig, state: HarvestState, now: int) -> str | None:
    """'full' where the whole list of a source is to be begun at `now` (Unix seconds), 'new' where it is to be harvested
    otherwise, which goes on with a list that has begun; None where it is not."""
    if source.full_every is not None and now >= state.full_at + seconds(source.full_every):
        return "new" if state.begun and state.full else "full"
    if source.every is not None and now >= state.ended_at + seconds(source.every):
        return "new"
    return None


async def harvest_source(
    member: str,
    source: HarvestConfig,
    store: CatalogueSide,
    intake: Intake,
    clock: Clock,
    config: Config,
    stop: threading.Event,
    *,
    full: bool = False,
    dry_run: bool = False,
    accept_gone: bool = False,
    progress: Progress = lambda step: None,
) -> Outcome:
    """One harvest of one source; `stop` ends it after the page at hand. Raises CatalogueUnavailable."""
    provider = Source(
        source.url,
        user=source.user,
        password=source.password.get_secret_value(),
        timeout=source.timeout_seconds,
        stop=stop,
    )
    try:
        harvest = Harvest(
            member,
            source,
            provider,
            store,
            intake,
            clock,
            Turns(config.catalogue_url, config.data_dir / LOCKS),
            config.data_dir / FOLDER,
            progress=progress,
            dry_run=dry_run,
            accept_gone=accept_gone,
        )
        return await harvest.run(full=full)
    finally:
        provider.close()


async def follow(config: Config, store: CatalogueSide, intake: Intake, clock: Clock, stop: asyncio.Event) -> None:
    """Harvests what is due until `stop`. A source that fails is tried again after a while; the others go on."""
    failed: dict[str, int] = {}
    halt = threading.Event()
    watching = asyncio.ensure_future(_pass_on(stop, halt))
    try:
        while not stop.is_set():
            for member, source in sources(config):
                now = int(clock.now().timestamp())
                key = state_key(member, source.name)
                if stop.is_set() or now < failed.get(key, 0):
                    continue
                try:
                    state = load_state(await store.state(key), target_of(source))
                    what = due(source, state, now)
                    if what is None:
                        continue
                    outcome = await harvest_source(
                        member, source, store, intake, clock, config, halt, full=what == "full"
                    )
                    problem = outcome.problem
                    told = log.warning if problem else log.info
                    told("harvest.ended", member=member, source=source.name, records=outcome.records,
                         added=outcome.added, changed=outcome.changed, deleted=outcome.deleted, gone=outcome.gone,
                         refused=len(outcome.refused), begun_anew=outcome.begun_anew, problem=problem)  # fmt: skip
                except CatalogueUnavailable as error:
                    problem = str(error)
                    log.warning("catalogue.unavailable", error=problem)
                except Exception as error:  # whatever one source brings about, the others go on
                    problem = str(error) or type(error).__name__
                    log.exception("harvest.failed", member=member, source=source.name)
                if problem:
                    failed[key] = now + min(AFTER_FAILURE_SECONDS, seconds(source.every or "1d"))
            await _pause(stop)
    finally:
        halt.set()
        watching.cancel()


async def _pass_on(stop: asyncio.Event, halt: threading.Event) -> None:
    """Tells the thread that waits for a source."""
    await stop.wait()
    halt.set()


async def _pause(stop: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await stop.wait()
    except TimeoutError:
        return


__all__ = ["due", "follow", "harvest_source", "sources"]
