"""A provider that misbehaves on demand, and a catalogue to harvest it into."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.catalogue.ingest import Ingest
from gateway.catalogue.records import CatalogueRecord
from gateway.catalogue.store import migrate, open_writer
from gateway.catalogue.store.turns import Turns
from gateway.catalogue.store.writer import Writer
from gateway.config import HarvestConfig
from gateway.harvesting.harvest import Harvest, Outcome, Step
from gateway.harvesting.source import Source
from tests.gateway.harvesting.provider import Provider


class Turned:
    """A clock that stands where the provider's does."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._provider.now, UTC)

    def monotonic(self) -> float:
        return float(self._provider.now)


@dataclass
class Field:
    """What a harvest test needs. `stop` ends the harvest that runs."""

    provider: Provider
    store: Writer
    ingest: Ingest
    folder: Path
    stop: threading.Event
    steps: list[Step]
    turns: Turns
    node: str = ""
    """Another node has another data directory."""

    async def harvest(self, *, full: bool = False, **said: Any) -> Outcome:
        """One run; of `said` what Harvest knows goes there, the rest into the source's configuration."""
        own = {name: said.pop(name) for name in ("dry_run", "accept_gone", "progress") if name in said}
        config = HarvestConfig.model_validate({"name": "ils", "url": self.provider.url, **said})
        source = Source(config.url, timeout=config.timeout_seconds, stop=self.stop, wait_seconds=0.01)
        try:
            own.setdefault("progress", self.steps.append)
            clock = Turned(self.provider)
            folder = self.folder / self.node
            made = Harvest("aber", config, source, self.store, self.ingest, clock, self.turns, folder, **own)
            return await made.run(full=full)
        finally:
            source.close()

    async def held(self) -> dict[str, bool]:
        """Every record of the member by control number: whether it is live."""
        page = await self.store.changes("aber", "", 0, None, None, 10_000)
        return {found.control: not found.deleted for found in await self.store.feed_records("aber", page)}

    async def record(self, control: str) -> CatalogueRecord:
        found = await self.store.by_identifier("aber", control)
        assert found is not None
        return found


@pytest.fixture(scope="session")
def empty_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("harvested") / "template.sqlite3"
    asyncio.run(migrate.upgrade(f"sqlite:///{path}"))
    return path


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.close()


@pytest.fixture
async def source(provider: Provider, empty_catalogue: Path, tmp_path: Path) -> AsyncIterator[Field]:
    shutil.copy(empty_catalogue, tmp_path / "catalogue.sqlite3")
    url = f"sqlite:///{tmp_path / 'catalogue.sqlite3'}"
    store = await open_writer(url)
    turns = Turns(url, tmp_path / "locks")
    yield Field(provider, store, Ingest(store), tmp_path / "harvest", threading.Event(), [], turns)
    await store.close()
