"""The log is copied back beside the loop: it stays short, nothing is lost, and closing leaves no thread."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from gateway.store import migrate, open_store
from gateway.store.checkpoint import Checkpointer
from gateway.store.effects import Insert
from gateway.store.rows import PatronCategoryRow
from gateway.store.sqlite import SqliteStore
from gateway.store.sqlite_file import connect


def names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


async def test_what_is_committed_reaches_the_file_while_the_store_is_open(tmp_path: Path) -> None:
    file = tmp_path / "gateway.sqlite3"
    await migrate.upgrade(f"sqlite:///{file}")
    store = await open_store(f"sqlite:///{file}")
    checkpointer = Checkpointer(str(file), every=0.02)
    checkpointer.start()
    try:
        rows = [PatronCategoryRow("alpha", f"c{n}", "x" * 500, None, None, None, None, None) for n in range(2000)]
        before = file.stat().st_size
        await store.apply("alpha", [Insert(row) for row in rows])
        for _ in range(500):
            if file.stat().st_size > before + 500_000:
                break
            await asyncio.sleep(0.02)
        assert file.stat().st_size > before + 500_000
    finally:
        checkpointer.stop()
        await store.close()
    assert "checkpoint" not in names()
    assert connect(str(file)).execute("SELECT count(*) FROM patron_category").fetchone() == (2000,)


async def test_a_file_that_cannot_be_opened_is_tried_again(tmp_path: Path) -> None:
    checkpointer = Checkpointer(str(tmp_path / "missing" / "file"), every=0.01)
    checkpointer.start()
    await asyncio.sleep(0.1)
    assert "checkpoint" in names()
    checkpointer.stop()
    assert "checkpoint" not in names()


async def test_a_store_in_memory_needs_none() -> None:
    store = SqliteStore(":memory:")
    await store.open()
    assert "checkpoint" not in names()
    await store.close()
