"""A backup holds what was committed when it began, and comes back whole or not at all."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.store import migrate, open_store
from gateway.store.backup import BackupError, backup, restore
from gateway.store.backup_file import File, Held, Manifest, read, write
from gateway.store.effects import Insert
from gateway.store.port import Store
from tests.gateway.conftest import StorePlace
from tests.gateway.store.plans import SHELF, bib, event, item, state, values
from tests.postgres import Cluster
from tests.presence import missing


@pytest.fixture(autouse=True)
def programs(store_place: StorePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and pg_restore of the server's own version."""
    if store_place.postgres is not None:
        if not (store_place.postgres.binaries / "pg_dump").exists():
            missing("pg_dump is not installed")
        monkeypatch.setenv("PATH", f"{store_place.postgres.binaries}{os.pathsep}{os.environ['PATH']}")


async def stock(store: Store, count: int = 50) -> None:
    await store.apply("aber", [Insert(state()), Insert(bib()), Insert(event())])
    await store.apply("aber", [Insert(item(id_=f"i{n:03}")) for n in range(count)])


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def rows(manifest: Manifest) -> dict[str, int]:
    return manifest.holds["store"].rows


async def ids(url: str) -> list[str]:
    store = await open_store(url)
    try:
        return sorted(one.id for one in (await store.read(SHELF, values())).items)
    finally:
        await store.close()


async def test_there_and_back(store: Store, store_place: StorePlace, tmp_path: Path) -> None:
    await stock(store)
    seen: list[tuple[int, int]] = []
    file = tmp_path / "monday.backup"
    manifest = await backup(store_place.owner_url, file, lambda done, total: seen.append((done, total)))
    assert rows(manifest)["item"] == 50
    assert rows(manifest)["event"] == 1
    assert seen[-1][0] == seen[-1][1]
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.stat().st_size < sum(one.size for one in manifest.files.values())
    await store.apply("aber", [Insert(item(id_="later"))])
    await store.close()
    assert await restore(file, store_place.owner_url, replace=True) == manifest
    assert await ids(store_place.url) == [f"i{n:03}" for n in range(50)]
    again = await open_store(store_place.url)
    await again.apply("aber", [Insert(item(id_="new")), Insert(event())])
    await again.close()
    assert hidden(tmp_path) == []


async def test_a_backup_beside_a_busy_gateway_is_one_moment(
    stores: Callable[[], Awaitable[Store]], store_place: StorePlace, tmp_path: Path
) -> None:
    store = await stores()
    await stock(store)
    done = False

    async def write_on() -> int:
        written = 0
        while not done:
            await store.apply("aber", [Insert(item(id_=f"w{written}a")), Insert(item(id_=f"w{written}b"))])
            written += 1
        return written

    writing = asyncio.create_task(write_on())
    manifest = await asyncio.to_thread(lambda: asyncio.run(backup(store_place.owner_url, tmp_path / "b")))
    done = True
    assert rows(manifest)["item"] % 2 == 0
    assert 50 <= rows(manifest)["item"] <= 50 + 2 * await writing


async def test_a_store_with_rows_is_overwritten_only_when_told(
    store: Store, store_place: StorePlace, tmp_path: Path
) -> None:
    await stock(store, 3)
    await backup(store_place.owner_url, tmp_path / "b")
    await store.apply("aber", [Insert(item(id_="later"))])
    await store.close()
    with pytest.raises(BackupError, match="when told"):
        await restore(tmp_path / "b", store_place.owner_url)
    assert "later" in await ids(store_place.url)


async def test_a_backup_goes_into_a_new_place(
    store: Store, store_place: StorePlace, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    await stock(store, 3)
    await backup(store_place.owner_url, tmp_path / "b")
    if store_place.postgres is None:
        await restore(tmp_path / "b", f"sqlite:///{tmp_path / 'new.db'}")
        assert await ids(f"sqlite:///{tmp_path / 'new.db'}") == ["i000", "i001", "i002"]
        assert (tmp_path / "new.db").stat().st_mode & 0o777 == 0o600
        return
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    new = cluster.create_database()
    try:
        await restore(tmp_path / "b", new.admin_dsn)
        assert await ids(new.app_dsn) == ["i000", "i001", "i002"]
        assert cluster.psql(new.name, "SELECT count(*) FROM pg_policy") != "0\n"
    finally:
        cluster.drop_database(new)


async def test_an_older_backup_is_not_overwritten(store: Store, store_place: StorePlace, tmp_path: Path) -> None:
    (tmp_path / "b").write_text("last week's")
    with pytest.raises(BackupError, match="exists"):
        await backup(store_place.owner_url, tmp_path / "b")
    assert (tmp_path / "b").read_text() == "last week's"


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign", "empty"])
async def test_a_damaged_backup_changes_nothing(
    store: Store, store_place: StorePlace, tmp_path: Path, damage: str
) -> None:
    await stock(store, 3)
    await store.close()
    file = tmp_path / "b"
    await backup(store_place.owner_url, file)
    content = file.read_bytes()
    half = len(content) // 2
    file.write_bytes({
        "cut": content[:half],
        "flipped": content[:half] + bytes([content[half] ^ 0xFF]) + content[half + 1 :],
        "foreign": b"PK\x03\x04 a zip file",
        "empty": b"",
    }[damage])  # fmt: skip
    with pytest.raises(BackupError):
        await restore(file, store_place.owner_url, replace=True)
    assert await ids(store_place.url) == ["i000", "i001", "i002"]


async def unpacked(place: StorePlace, folder: Path) -> tuple[Manifest, Path]:
    """A backup's manifest, and the folder that what it holds lies in."""
    await backup(place.owner_url, folder / "b")
    (folder / "unpacked").mkdir()
    return read(folder / "b", folder / "unpacked", lambda done, total: None), folder / "unpacked"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"holds": {"store": Held("9999", {})}}, "store schema 9999"),
        ({"engine": "other"}, "other"),
        ({"holds": {"store": Held(migrate.head(), {}), "catalogue": Held("1", {})}}, "no place"),
        ({"files": {"../elsewhere": File(0, "")}}, "names files"),
        ({"format": 1}, "format 1"),
    ],
)
async def test_what_does_not_fit_is_refused(
    store: Store, store_place: StorePlace, tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    await stock(store, 3)
    await store.close()
    manifest, folder = await unpacked(store_place, tmp_path)
    (tmp_path / "elsewhere").touch()
    write(tmp_path / "other", replace(manifest, **changes), folder, lambda done, total: None)
    with pytest.raises(BackupError, match=reason):
        await restore(tmp_path / "other", store_place.owner_url, replace=True)
    assert await ids(store_place.url) == ["i000", "i001", "i002"]


async def test_a_restore_that_fails_midway_is_undone(store: Store, store_place: StorePlace, tmp_path: Path) -> None:
    """The database inside is sound and its digest right, but it is not what it should be."""
    await stock(store, 3)
    await store.close()
    manifest, folder = await unpacked(store_place, tmp_path)
    (name,) = manifest.files
    (folder / name).write_bytes(b"no database at all")
    write(
        tmp_path / "c",
        replace(manifest, files={name: File.of(folder / name)}),
        folder,
        lambda done, total: None,
    )
    with pytest.raises(BackupError):
        await restore(tmp_path / "c", store_place.owner_url, replace=True)
    assert await ids(store_place.url) == ["i000", "i001", "i002"]


@pytest.mark.parametrize("store_place", ["sqlite"], indirect=True)
async def test_a_store_in_use_is_not_overwritten(store: Store, store_place: StorePlace, tmp_path: Path) -> None:
    await stock(store, 3)
    await backup(store_place.owner_url, tmp_path / "b")
    with pytest.raises(BackupError, match="in use"):
        await restore(tmp_path / "b", store_place.owner_url, replace=True)
    assert len((await store.read(SHELF, values())).items) == 3


@pytest.mark.parametrize("store_place", ["sqlite"], indirect=True)
async def test_a_damaged_store_is_not_backed_up(store: Store, store_place: StorePlace, tmp_path: Path) -> None:
    await stock(store, 3)
    await store.close()
    with sqlite3.connect(store_place.url.removeprefix("sqlite:///")) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("DELETE FROM bib")
    with pytest.raises(BackupError, match="damaged"):
        await backup(store_place.owner_url, tmp_path / "b")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("store_place", ["postgres"], indirect=True)
async def test_a_role_that_row_security_binds_makes_no_empty_backup(
    store: Store, store_place: StorePlace, tmp_path: Path
) -> None:
    await stock(store, 3)
    with pytest.raises(BackupError, match="row-level security"):
        await backup(store_place.url, tmp_path / "b")
    assert not (tmp_path / "b").exists()
