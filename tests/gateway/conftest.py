"""Stores for tests: `store` runs a test once on SQLite and once on PostgreSQL, as the application's role."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.store import migrate, open_store
from gateway.store.port import Store
from tests.postgres import Cluster, Database


@dataclass(frozen=True, slots=True)
class StorePlace:
    """A migrated, empty database: `url` is the application's, `owner_url` the one that may migrate and dump."""

    url: str
    owner_url: str
    postgres: Database | None = None


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The migrated file that others are copied from."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(migrate.upgrade(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_cluster: Cluster) -> Iterator[Database]:
    """The migrated database that others are copied from."""
    database = postgres_cluster.create_database()
    asyncio.run(migrate.upgrade(database.admin_dsn, app_role=database.app_role))
    yield database
    postgres_cluster.drop_database(database)


@pytest.fixture(params=["sqlite", "postgres"])
def store_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    """A database of its own for one test."""
    if request.param == "sqlite":
        path = tmp_path / "store.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield StorePlace(f"sqlite:///{path}", f"sqlite:///{path}")
        return
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    template: Database = request.getfixturevalue("migrated_postgres")
    name = f"copy_{secrets.token_hex(6)}"
    cluster.psql("postgres", f"CREATE DATABASE {name} TEMPLATE {template.name}")
    admin_dsn, app_dsn = (dsn.replace(template.name, name) for dsn in (template.admin_dsn, template.app_dsn))
    database = Database(name, admin_dsn, app_dsn, template.app_role, template.binaries)
    yield StorePlace(app_dsn, admin_dsn, database)
    cluster.drop_database(database)


@pytest.fixture
async def stores(store_place: StorePlace) -> AsyncIterator[Callable[[], Awaitable[Store]]]:
    """Opens as many stores on the test's database as it likes: each is what another process would have."""
    opened: list[Store] = []

    async def another() -> Store:
        opened.append(await open_store(store_place.url))
        return opened[-1]

    yield another
    for store in opened:
        await store.close()


@pytest.fixture
async def store(stores: Callable[[], Awaitable[Store]]) -> Store:
    return await stores()
