"""The catalogue's revisions lead to its schema, on both databases; what has another schema is not opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.catalogue.ingest import Ingest
from gateway.catalogue.rebuild import rebuild
from gateway.catalogue.store import migrate, open_reader, open_writer
from gateway.catalogue.store import statements as sql
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.catalogue.store.schema import VERSION_TABLE, metadata
from gateway.catalogue.visibility import Visibility, condition
from tests.gateway.catalogue.making import incoming
from tests.postgres import Database


def differences(connection: Connection) -> list[Any]:
    options = {"compare_type": True, "version_table": VERSION_TABLE}
    return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)


async def test_the_revisions_make_the_schema(catalogue_file: Path) -> None:
    """A table, column or index that is new in the schema needs a revision of its own."""
    engine = create_engine(f"sqlite:///{catalogue_file}")
    with engine.connect() as connection:
        assert differences(connection) == []
    engine.dispose()


async def test_the_revisions_make_the_schema_of_postgresql(catalogue_database: Database) -> None:
    engine = create_async_engine(catalogue_database.admin_dsn.replace("postgresql", "postgresql+asyncpg"))
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


def test_keyed_tables_are_their_own_index(catalogue_file: Path) -> None:
    with sqlite3.connect(catalogue_file) as db:
        made = dict(db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'"))
    for table in metadata.tables.values():
        assert ("WITHOUT ROWID" in made[table.name]) is not table.dialect_options["sqlite"]["with_rowid"]


async def test_upgrading_twice_changes_nothing(sqlite_url: str) -> None:
    await migrate.upgrade(sqlite_url)
    await (await open_writer(sqlite_url)).close()


async def test_a_catalogue_of_the_first_schema_is_brought_up_to_date(sqlite_url: str) -> None:
    """Its records stay what they were: what their sources state needs no word of its own there."""
    store = await open_writer(sqlite_url)
    await Ingest(store).put("aber", [incoming("1"), incoming("2", "Ink", suppressed=True)])
    await store.close()
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as db:
        db.execute("ALTER TABLE catalogue_source_record DROP COLUMN stated")
        db.execute(f"UPDATE {VERSION_TABLE} SET version_num = '0001'")
    await migrate.upgrade(sqlite_url)
    store = await open_writer(sqlite_url)
    hiding = {"aber": Visibility(private=(condition("245a"),))}
    report = await rebuild(store, sets=(), union=(), hiding=hiding, names={}, now=lambda: 1_700_000_000)
    assert report.moved == 1
    assert (await store.stats()).by_member["aber"] == {"private": 1, "suppressed": 1}
    await store.close()


async def test_what_has_no_catalogue_or_another_is_not_opened(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(CatalogueUnavailable, match="has no schema yet"):
        await open_reader(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as db:
        db.execute(f"UPDATE {VERSION_TABLE} SET version_num = '0001'")
    with pytest.raises(CatalogueUnavailable, match="revision 0001, this program needs 0002: upgrade it first"):
        await open_reader(sqlite_url)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as db:
        db.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(CatalogueUnavailable, match=r"revision 9999, which a later program made.*restore a backup"):
        await open_reader(sqlite_url)
    with pytest.raises(CatalogueUnavailable, match="later program"):
        await migrate.upgrade(sqlite_url)
    with pytest.raises(CatalogueUnavailable):
        await open_writer(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder'}")


async def test_a_database_without_a_catalogue_is_not_opened(catalogue_database: Database) -> None:
    away = catalogue_database.app_dsn.rsplit("/", 1)[0] + "/no_such_database"
    with pytest.raises(CatalogueUnavailable):
        await open_reader(away)


async def test_a_reader_writes_nothing(sqlite_url: str) -> None:
    reader = await open_reader(sqlite_url)
    assert not hasattr(reader, "writing")
    async with reader.snapshot("aber") as session:
        with pytest.raises(CatalogueUnavailable, match="readonly"):
            await session.run(sql.PUT_STATE, [("a", "b")])
    await reader.close()
