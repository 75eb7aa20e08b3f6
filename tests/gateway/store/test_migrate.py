"""The revisions lead to the schema of `gateway.store.schema`, on both databases, in one transaction."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.schema import CreateIndex

from gateway.store import migrate, open_store, schema
from gateway.store.effects import StoreUnavailable
from tests.gateway.conftest import StorePlace
from tests.postgres import Cluster


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return compare_metadata(context, schema.metadata)


async def test_the_revisions_make_the_schema(store_place: StorePlace) -> None:
    """A table, column or index that is new in the schema needs a revision of its own."""
    if store_place.postgres is None:
        engine = create_engine(store_place.url)
        with engine.connect() as connection:
            assert differences(connection) == []
        engine.dispose()
    else:
        remote = create_async_engine(store_place.owner_url.replace("postgresql", "postgresql+asyncpg"))
        async with remote.connect() as connection:
            assert await connection.run_sync(differences) == []
        await remote.dispose()


def test_partial_indexes_have_the_schemas_conditions(migrated_sqlite: Path) -> None:
    """Comparing metadata does not look at conditions."""
    with sqlite3.connect(migrated_sqlite) as db:
        made = dict(db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"))
    wanted = {
        str(index.name): str(CreateIndex(index).compile(dialect=sqlite_dialect()))
        for table in schema.metadata.tables.values()
        for index in table.indexes
    }
    assert {name: re.sub(r"\s+", " ", sql) for name, sql in made.items()} == wanted


async def test_upgrading_twice_changes_nothing(store_place: StorePlace) -> None:
    app_role = store_place.postgres and store_place.postgres.app_role
    assert await migrate.current(store_place.owner_url) == migrate.head()
    await migrate.upgrade(store_place.owner_url, app_role=app_role)
    await migrate.check(store_place.owner_url)
    await (await open_store(store_place.url)).close()


async def test_an_empty_file_is_not_opened(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with pytest.raises(StoreUnavailable, match="no schema"):
        await open_store(url)
    with pytest.raises(migrate.WrongRevision, match="no schema"):
        await migrate.check(url)


async def test_a_database_of_another_version_is_not_opened(migrated_sqlite: Path, tmp_path: Path) -> None:
    path = tmp_path / "later.db"
    with sqlite3.connect(migrated_sqlite) as source, sqlite3.connect(path) as later:
        source.backup(later)
        later.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnavailable, match=r"revision 9999, which a later program made.*restore a backup"):
        await open_store(f"sqlite:///{path}")
    with pytest.raises(StoreUnavailable, match="later program"):
        await migrate.upgrade(f"sqlite:///{path}")


async def test_an_upgrade_that_fails_leaves_the_file_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(connection: Connection) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(migrate, "_set_statistics", fail)
    path = tmp_path / "store.db"
    with pytest.raises(OSError, match="full"):
        await migrate.upgrade(f"sqlite:///{path}")
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT name FROM sqlite_schema").fetchall() == []


async def test_two_nodes_upgrade_one_database(postgres_cluster: Cluster) -> None:
    database = postgres_cluster.create_database()
    try:
        await asyncio.gather(*(migrate.upgrade(database.admin_dsn, app_role=database.app_role) for _ in range(2)))
        await migrate.check(database.admin_dsn)
    finally:
        postgres_cluster.drop_database(database)


@pytest.mark.parametrize("statement", ["UPDATE event SET type = 'x'", "DELETE FROM event"])
async def test_events_are_append_only_for_everybody(store_place: StorePlace, statement: str) -> None:
    if store_place.postgres is None:
        db = sqlite3.connect(store_place.url.removeprefix("sqlite:///"))
        db.execute("INSERT INTO event (member, at, type, terminal, data_json) VALUES ('aber', 1, 'x', 'k', '{}')")
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(statement)
        db.close()
    else:
        owner = await asyncpg.connect(store_place.owner_url)
        await owner.execute(
            "INSERT INTO event (member, at, type, terminal, data_json) VALUES ('aber', 1, 'x', 'k', '')"
        )
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await owner.execute(statement)
        await owner.close()


def test_there_is_no_way_back() -> None:
    """A downgrade would have to invent what the newer schema forgot: a backup is restored instead."""
    versions = Path(migrate.__file__).parent / "migrations" / "versions"
    revisions = [path for path in versions.glob("*.py") if path.name != "__init__.py"]
    assert revisions
    assert [path.name for path in revisions if "def downgrade" in path.read_text()] == []


@pytest.mark.parametrize("url", ["mysql://x", "store.db", "sqlite://relative.db", "sqlite:store.db"])
async def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="sqlite"):
        await open_store(url)


@pytest.mark.parametrize("store_place", ["postgres"], indirect=True)
async def test_a_url_of_several_hosts(store_place: StorePlace) -> None:
    for url in (store_place.url, store_place.owner_url):
        await migrate.check(url.replace("@", "@127.0.0.1:1,"))


async def test_nobody_there() -> None:
    for work in (migrate.check, migrate.upgrade):
        with pytest.raises(StoreUnavailable):
            await work("postgresql://nobody@127.0.0.1:1/none")
