"""Two demo members in an SQLite file, made once and copied by each test, and the responder on it."""

from __future__ import annotations

import asyncio
import copy
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import SystemClock
from gateway.config import Config
from gateway.demo import data
from gateway.demo.config import demo_config
from gateway.demo.consortium import PEPPER
from gateway.platforms.reference.pins import Pins
from gateway.store import migrate
from gateway.store.effects import Insert
from gateway.store.sqlite import SqliteStore
from tests.gateway.adapters.ncip.responder import ABER, BANGOR, BROKER, Open, Responder, open_responder


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ncip") / "demo.sqlite3"

    async def fill() -> None:
        await migrate.upgrade(f"sqlite:///{path}")
        store = SqliteStore(path)
        await store.open()
        pins = Pins(PEPPER.encode())
        for member in (ABER, BANGOR):
            hashes = data._hashes(pins, member)
            await store.apply(member.code, [Insert(row) for row in data.rows(member, SystemClock().now(), hashes)])
        pins.close()
        await store.close()

    asyncio.run(fill())
    return path


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The demo's configuration as a dict, its first two members only, each with the peer `broker` alone; copy before
    changing."""
    document = demo_config(tmp_path_factory.mktemp("data"), catalogue=False)
    document["members"] = {code: document["members"][code] for code in (ABER.code, BANGOR.code)}
    for member in document["members"].values():
        member["ncip"] = {"peers": {"broker": copy.deepcopy(BROKER)}}
    return document


@pytest.fixture
async def node(loaded: Path, demo: dict[str, Any], tmp_path: Path) -> AsyncIterator[Open]:
    """Opens nodes on one copy of the data: each is what another process would be. Keywords are those of
    `open_responder`; `change` edits the configuration first, `peer` the broker's at Aberystwyth."""
    path = tmp_path / "store.sqlite3"
    shutil.copy(loaded, path)
    opened: list[tuple[Responder, SqliteStore]] = []

    async def another(
        *,
        change: Callable[[dict[str, Any]], None] | None = None,
        peer: dict[str, Any] | None = None,
        clock: Any = None,
        **options: Any,
    ) -> Responder:
        document = copy.deepcopy(demo)
        document["members"]["aber"]["ncip"]["peers"]["broker"] |= peer or {}
        if change is not None:
            change(document)
        store = SqliteStore(path)
        await store.open()
        made = await open_responder(Config.model_validate(document), store, clock or SystemClock(), **options)
        opened.append((made, store))
        return made

    yield another
    for made, store in opened:
        await made.close()
        await store.close()


@pytest.fixture
async def responder(node: Open) -> Responder:
    return await node()
