"""The person register in a backup: it goes with the store, and comes back as it was."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.config.model import REGISTER_FILE
from gateway.identity.register import migrate, open_register
from gateway.identity.register.port import Everyone, PutPerson
from gateway.identity.register.restoring import is_there, register_part
from gateway.store import migrate as store_schema
from gateway.store.backup import backup, restore
from tests.gateway.identity.register.people import person
from tests.postgres import Database
from tests.presence import missing


@pytest.fixture(params=["sqlite", "postgres"])
async def places(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, str, str]:
    """Addresses of an empty store and its register, and the register's for the gateway itself."""
    if request.param == "sqlite":
        store, register = (f"sqlite:///{tmp_path / name}" for name in ("store.sqlite3", REGISTER_FILE))
        await store_schema.upgrade(store)
        await migrate.upgrade(register)
        return store, register, register
    create: Callable[[], Database] = request.getfixturevalue("postgres_database")
    database = create()
    if not (database.binaries / "pg_dump").exists():
        missing("pg_dump is not installed")
    monkeypatch.setenv("PATH", f"{database.binaries}{os.pathsep}{os.environ['PATH']}")
    await store_schema.upgrade(database.admin_dsn, app_role=database.app_role)
    await migrate.upgrade(database.admin_dsn, app_role=database.app_role)
    return database.admin_dsn, database.admin_dsn, database.app_dsn


async def put(url: str, *ids: str) -> None:
    register = await open_register(url)
    await register.write("aber", [PutPerson(person(id_), 0) for id_ in ids])
    await register.close()


async def held(url: str) -> list[str]:
    register = await open_register(url)
    found = await register.search("aber", Everyone())
    await register.close()
    return [one.id for one in found]


async def test_there_and_back(places: tuple[str, str, str], tmp_path: Path) -> None:
    store, register, ours = places
    await put(ours, "p1", "p2")
    manifest = await backup(store, tmp_path / "monday", beside=[register_part(register)])
    assert manifest.holds["register"].rows["identity_person"] == 2
    await put(ours, "p3")
    await restore(tmp_path / "monday", store, replace=True, beside=[register_part(register)])
    assert await held(ours) == ["p1", "p2"]


def test_at_a_terminal_it_goes_with_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    store, register = (f"sqlite:///{tmp_path / name}" for name in ("store.sqlite3", REGISTER_FILE))
    asyncio.run(store_schema.upgrade(store))
    assert not is_there(register)
    said = CliRunner().invoke(app, ["backup", str(tmp_path / "none"), "--url", store])
    assert (said.exit_code, "register (schema" in said.stdout) == (0, False)
    asyncio.run(migrate.upgrade(register))
    asyncio.run(put(register, "p1"))
    said = CliRunner().invoke(app, ["backup", str(tmp_path / "both"), "--url", store])
    assert "register (schema" in said.stdout
    asyncio.run(put(register, "p2"))
    said = CliRunner().invoke(app, ["restore", str(tmp_path / "none"), "--replace", "--url", store])
    assert "The register was not in it" in said.stdout
    assert asyncio.run(held(register)) == ["p1", "p2"]
    said = CliRunner().invoke(app, ["restore", str(tmp_path / "both"), "--replace", "--url", store])
    assert (said.exit_code, asyncio.run(held(register))) == (0, ["p1"])
