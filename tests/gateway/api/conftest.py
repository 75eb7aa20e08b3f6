"""The application in one process, over the demo consortium in an SQLite file of the test's own; no socket."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gateway.api.app import create_app
from gateway.clock import Clock, SystemClock
from gateway.config import Config
from gateway.demo import data
from gateway.demo.config import demo_config
from gateway.demo.consortium import MEMBERS, PEPPER
from gateway.desk import Desk
from gateway.exchanges.model import Exchange
from gateway.members import Members
from gateway.platforms.reference.platform import ReferencePlatform
from gateway.platforms.reference.policy import MemberSettings
from gateway.store import migrate
from gateway.store.sqlite import SqliteStore

ABER, BANGOR = MEMBERS[0], MEMBERS[1]


class Attempts:
    """Failed PINs in memory."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, datetime]] = []

    async def failures(self, member: str, patron_id: str, since: datetime) -> int:
        return sum(1 for row in self.rows if row[:2] == (member, patron_id) and row[2] >= since)

    async def record(self, member: str, patron_id: str, terminal: str, at: datetime) -> None:
        self.rows.append((member, patron_id, at))

    async def clear(self, member: str, patron_id: str) -> None:
        self.rows = [row for row in self.rows if row[:2] != (member, patron_id)]


class Recorded:
    """A recorder that keeps what it is given."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def add(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


class Gateway(SimpleNamespace):
    """What a test may look at: `app`, `config`, `store`, `platform`, `desk`, `recorded`."""

    app: FastAPI
    config: Config
    store: SqliteStore
    platform: ReferencePlatform
    desk: Desk
    recorded: Recorded

    def client(self, key: str | None = ABER.api_key, **more: Any) -> httpx.AsyncClient:
        """A client with an API key, on this application; the caller closes it."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, **more)
        return httpx.AsyncClient(transport=transport, base_url="http://gateway.test", headers=headers)


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the demo consortium, made once and copied by each test."""
    path = tmp_path_factory.mktemp("api") / "demo.sqlite3"

    async def fill() -> None:
        await migrate.upgrade(f"sqlite:///{path}")
        store = SqliteStore(path)
        await store.open()
        await data.load(store, SystemClock())
        await store.close()

    asyncio.run(fill())
    return path


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return Config.model_validate(demo_config(tmp_path_factory.mktemp("data")))


async def build(path: Path, config: Config, clock: Clock) -> Gateway:
    """A gateway over the store at `path`; `close` closes it."""
    store = SqliteStore(path)
    await store.open()
    settings = {
        code: MemberSettings(name=member.name, main_location=member.main_location)
        for code, member in config.members.items()
    }
    platform = ReferencePlatform(store, clock, pepper=PEPPER.encode(), settings=settings)
    desk = Desk(dict.fromkeys(config.members, platform), clock=clock, attempts=Attempts())
    members, recorded = Members(config, clock=clock), Recorded()
    app = create_app(desk, members, clock, recorder=recorded, cursor_secret=b"x" * 32)
    return Gateway(
        app=app, config=config, store=store, platform=platform, desk=desk, members=members, recorded=recorded
    )


@pytest.fixture
async def gateway(loaded: Path, config: Config, tmp_path: Path) -> AsyncIterator[Gateway]:
    path = tmp_path / "store.sqlite3"
    shutil.copy(loaded, path)
    made = await build(path, config, SystemClock())
    yield made
    await made.desk.drain()
    await made.platform.close()
    await made.store.close()


@pytest.fixture
async def api(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """A client with aber's key."""
    async with gateway.client() as client:
        yield client


@pytest.fixture
async def other(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """A client with bangor's key."""
    async with gateway.client(BANGOR.api_key) as client:
        yield client
