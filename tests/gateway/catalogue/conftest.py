"""Catalogues for tests: `catalogue` runs a test once on SQLite and once on PostgreSQL, as the application's role."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from gateway.catalogue.ingest import Ingest
from gateway.catalogue.store import migrate, open_writer
from gateway.catalogue.store.writer import Writer
from tests.postgres import Cluster, Database


@pytest.fixture(scope="session")
def catalogue_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The migrated file that others are copied from."""
    path = tmp_path_factory.mktemp("catalogue") / "template.sqlite3"
    asyncio.run(migrate.upgrade(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def catalogue_database(postgres_cluster: Cluster) -> Iterator[Database]:
    """The migrated database that others are copied from."""
    database = postgres_cluster.create_database()
    asyncio.run(migrate.upgrade(database.admin_dsn, app_role=database.app_role))
    yield database
    postgres_cluster.drop_database(database)


@pytest.fixture
def sqlite_url(catalogue_file: Path, tmp_path: Path) -> str:
    path = tmp_path / "catalogue.sqlite3"
    shutil.copy(catalogue_file, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgres"])
def catalogue_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A catalogue of its own for one test."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    template: Database = request.getfixturevalue("catalogue_database")
    name = f"copy_{secrets.token_hex(6)}"
    cluster.psql("postgres", f"CREATE DATABASE {name} TEMPLATE {template.name}")
    admin, app = (dsn.replace(template.name, name) for dsn in (template.admin_dsn, template.app_dsn))
    yield app
    cluster.drop_database(Database(name, admin, app, template.app_role, template.binaries))


@pytest.fixture
async def writers(catalogue_url: str) -> AsyncIterator[Callable[[], Awaitable[Writer]]]:
    """Opens as many stores on the test's catalogue as it likes: each is what another process would have."""
    opened: list[Writer] = []

    async def another() -> Writer:
        opened.append(await open_writer(catalogue_url))
        return opened[-1]

    yield another
    for store in opened:
        await store.close()


@pytest.fixture
async def store(writers: Callable[[], Awaitable[Writer]]) -> Writer:
    return await writers()


class Time:
    """Seconds since 1970, turned by hand."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000

    def __call__(self) -> int:
        return self.seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def ingest(store: Writer, time: Time) -> Ingest:
    return Ingest(store, union=["(WHELF)"], names={"aber": "Aberystwyth"}, now=time)
