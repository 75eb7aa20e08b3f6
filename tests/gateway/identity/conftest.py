"""Registers for tests: `register` runs a test in memory, on SQLite, and on PostgreSQL as the application's role."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.identity.register import migrate, open_register
from gateway.identity.register.port import Register
from gateway.identity.register.schema import metadata
from tests.gateway.identity.memory_register import MemoryRegister
from tests.postgres import Cluster, Database


@pytest.fixture(scope="session")
def register_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The migrated file that others are copied from."""
    path = tmp_path_factory.mktemp("register") / "template.sqlite3"
    asyncio.run(migrate.upgrade(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def register_database(postgres_cluster: Cluster) -> Iterator[Database]:
    """The migrated database that others are copied from."""
    database = postgres_cluster.create_database()
    asyncio.run(migrate.upgrade(database.admin_dsn, app_role=database.app_role))
    yield database
    postgres_cluster.drop_database(database)


@contextmanager
def copied(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database like the migrated one, as the application sees it."""
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    template: Database = request.getfixturevalue("register_database")
    name = f"copy_{secrets.token_hex(6)}"
    cluster.psql("postgres", f"CREATE DATABASE {name} TEMPLATE {template.name}")
    admin, app = (dsn.replace(template.name, name) for dsn in (template.admin_dsn, template.app_dsn))
    yield app
    cluster.drop_database(Database(name, admin, app, template.app_role, template.binaries))


@pytest.fixture(params=["sqlite", "postgres"])
def register_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A register of its own for one test."""
    if request.param == "sqlite":
        path = tmp_path / "register.sqlite3"
        shutil.copy(request.getfixturevalue("register_file"), path)
        yield f"sqlite:///{path}"
        return
    with copied(request) as url:
        yield url


@pytest.fixture
async def registers(register_url: str) -> AsyncIterator[Callable[[], Awaitable[Register]]]:
    """Opens the test's register as often as it likes: each is what another process would have."""
    opened: list[Register] = []

    async def another() -> Register:
        opened.append(await open_register(register_url))
        return opened[-1]

    yield another
    for register in opened:
        await register.close()


@pytest.fixture
async def stored(registers: Callable[[], Awaitable[Register]]) -> Register:
    """A register in a database."""
    return await registers()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def register_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a register of each kind is; '' for one in memory."""
    if request.param == "memory":
        yield ""
    elif request.param == "sqlite":
        path = tmp_path / "register.sqlite3"
        shutil.copy(request.getfixturevalue("register_file"), path)
        yield f"sqlite:///{path}"
    else:
        cluster: Cluster = request.getfixturevalue("postgres_cluster")
        database: Database = request.getfixturevalue("register_database")
        yield database.app_dsn
        cluster.psql(database.name, f"TRUNCATE {', '.join(metadata.tables)}")  # quicker than another database


@pytest.fixture
async def register(register_place: str) -> AsyncIterator[Register]:
    """A register of each kind."""
    opened = await open_register(register_place) if register_place else MemoryRegister()
    yield opened
    await opened.close()
