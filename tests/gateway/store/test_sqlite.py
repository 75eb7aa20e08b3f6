"""What only SQLite has: reads that do not suspend, commits that are shared, other processes' locks, one file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.store import sqlite
from gateway.store.effects import Decision, Insert, StoreUnavailable, Update
from gateway.store.sqlite import SqliteStore
from gateway.store.sqlite_file import connect
from tests.gateway.store.plans import SHELF, Shelf, bib, event, item, state, values
from tests.sources import ROOT


@pytest.fixture
def path(migrated_sqlite: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "store.db"
    copy.write_bytes(migrated_sqlite.read_bytes())
    return copy


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(path)
    await opened.open()
    await opened.apply("aber", [Insert(state()), Insert(bib()), Insert(item())])
    yield opened
    await opened.close()


def count(shelf: Shelf) -> Decision[int]:
    """A command that counts itself in the member's state."""
    assert shelf.state is not None
    shelf.state.policy_version += 1
    return Decision(shelf.state.policy_version, [Update(shelf.state), Insert(event())])


async def test_another_process_that_comes_and_goes_does_not_take_the_log_away(store: SqliteStore, path: Path) -> None:
    """As a backup does. A second connection of our own, as the checkpointer's is, must not have cost us our locks."""
    with contextlib.closing(connect(str(path))) as beside:
        beside.execute("SELECT count(*) FROM item").fetchone()
    script = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM item').fetchone()"
    for _ in range(2):
        await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script, str(path)], check=True, timeout=30)
    assert path.with_name(path.name + "-wal").exists()
    await store.apply("aber", [Insert(item(id_="later"))])
    with contextlib.closing(connect(str(path))) as fresh:
        assert fresh.execute("SELECT count(*) FROM item").fetchone() == (2,)


async def test_a_read_does_not_suspend(store: SqliteStore) -> None:
    reading = store.read(SHELF, values())
    with pytest.raises(StopIteration) as finished:
        reading.send(None)
    assert finished.value.value.state == state()


async def test_what_arrives_turn_by_turn_shares_the_commit_of_the_first(store: SqliteStore) -> None:
    statements: list[str] = []
    store._db.set_trace_callback(statements.append)
    asked: list[asyncio.Future[int]] = []
    for _ in range(10):  # as from ten sockets that became readable one turn of the loop after the other
        asked.append(asyncio.ensure_future(store.command(SHELF, values(), count)))
        await asyncio.sleep(0)
    await asyncio.gather(*asked)
    assert statements.count("COMMIT") == 1


async def test_a_stream_of_commands_does_not_put_the_commit_off_for_ever(store: SqliteStore) -> None:
    asked: list[asyncio.Future[int]] = []
    while not any(command.done() for command in asked):
        assert len(asked) < 3 * sqlite.GROUP
        asked.append(asyncio.ensure_future(store.command(SHELF, values(), count)))
        await asyncio.sleep(0)
    await asyncio.gather(*asked)


async def test_commands_that_arrive_together_share_a_commit(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    store._db.set_trace_callback(statements.append)
    answers = await asyncio.gather(*(store.command(SHELF, values(), count) for _ in range(30)))
    assert answers == list(range(2, 32))
    assert statements.count("COMMIT") == 1
    statements.clear()
    monkeypatch.setattr(sqlite, "GROUP", 8)
    await asyncio.gather(*(store.command(SHELF, values(), count) for _ in range(30)))
    assert statements.count("COMMIT") == 4


async def test_an_answer_comes_after_the_commit(store: SqliteStore, path: Path) -> None:
    await store.command(SHELF, values(), count)
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT policy_version FROM member_state").fetchone() == (2,)


async def test_a_command_nobody_waits_for_any_more_is_not_begun(store: SqliteStore) -> None:
    running = asyncio.create_task(store.command(SHELF, values(), count))
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await store.command(SHELF, values(), count) == 2


async def test_the_loop_runs_on_while_another_process_writes(store: SqliteStore, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(store.command(SHELF, values(), count))
    for _ in range(5):
        await asyncio.sleep(sqlite.BUSY_PAUSE)
        assert (await store.read(SHELF, values())).state == state()
    assert not waiting.done()
    other.execute("COMMIT")
    other.close()
    assert await waiting == 2


async def test_a_lock_that_is_never_given_back_fails_the_command(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.02)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked") as failed:
        await store.command(SHELF, values(), count)
    assert failed.value.outcome_unknown is False
    other.execute("COMMIT")
    other.close()
    assert await store.command(SHELF, values(), count) == 2


async def test_a_full_disk_fails_all_and_changes_nothing(store: SqliteStore) -> None:
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")

    def fill(shelf: Shelf) -> Decision[int]:
        return Decision(0, [Insert(bib(id_="big", title="x" * 1_000_000))])

    results = await asyncio.gather(
        *(store.command(SHELF, values(), decide) for decide in (count, fill, count)), return_exceptions=True
    )
    assert all(isinstance(result, StoreUnavailable) and not result.outcome_unknown for result in results)
    store._db.execute("PRAGMA max_page_count = 1000000")
    assert await store.command(SHELF, values(), count) == 2


async def test_the_generation_moves_with_every_commit_of_anybody(store: SqliteStore, path: Path) -> None:
    before, elsewhere = store.generation("aber"), store.generation("bangor")
    await store.read(SHELF, values())
    await store.command(SHELF, values(), lambda shelf: Decision("no"))
    assert store.generation("aber") == before
    await store.command(SHELF, values(), count)
    mine = store.generation("aber")
    assert mine != before
    await store.apply("aber", [Insert(item(id_="i9"))])
    assert store.generation("aber") != mine
    assert store.generation("bangor") == elsewhere
    mine = store.generation("aber")
    with sqlite3.connect(path) as other:
        other.execute("UPDATE bib SET title = 'x'")
    other.close()
    assert store.generation("aber") != mine
    assert store.generation("bangor") != elsewhere
    assert store.generation("aber") == store.generation("aber")


async def test_where_nobody_has_committed_sqlite_is_not_asked(store: SqliteStore, path: Path) -> None:
    said: list[str] = []
    store.generation("aber")
    store._db.set_trace_callback(said.append)
    known = [store.generation("aber") for _ in range(3)]
    assert len(set(known)) == 1
    assert said == []
    for number in range(20):
        await asyncio.to_thread(_commit, path, number)
        assert store.generation("aber") not in known
        known.append(store.generation("aber"))
    assert said == ["PRAGMA data_version"] * 20


def _locks() -> str:
    return Path("/proc/locks").read_text(encoding="ascii")


def _commit(path: Path, number: int) -> None:
    with contextlib.closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE bib SET title = ?", (str(number),))


async def test_one_of_two_stores_of_a_file_that_closes_costs_the_other_no_lock(store: SqliteStore, path: Path) -> None:
    second = SqliteStore(path)
    await second.open()
    assert second.generation("aber") == second.generation("aber")
    await second.close()
    held = _locks()
    for name in (path.name, f"{path.name}-shm"):
        assert f":{path.with_name(name).stat().st_ino} " in held
    before = store.generation("aber")
    await asyncio.to_thread(_commit, path, 1)
    assert store.generation("aber") != before


async def test_a_store_without_a_shared_log_always_asks(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    def missing(_: str) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(sqlite, "LogHead", missing)
    alone = SqliteStore(path)
    await alone.open()
    before = alone.generation("aber")
    await asyncio.to_thread(_commit, path, 1)
    await alone.apply("aber", [Insert(state()), Insert(bib())])
    await asyncio.to_thread(_commit, path, 2)
    assert alone.generation("bangor") != before
    await alone.close()


async def test_the_generation_of_a_partner_moves_too(store: SqliteStore) -> None:
    before = store.generation("bangor")
    await store.command(
        SHELF, {**values(), "partner": "bangor"}, lambda shelf: Decision(None, [Insert(state("bangor"))])
    )
    assert store.generation("bangor") != before


async def test_closing_waits_for_what_is_queued(path: Path) -> None:
    store = SqliteStore(path)
    await store.open()
    writing = asyncio.create_task(store.apply("aber", [Insert(state())]))
    await asyncio.sleep(0)
    await store.close()
    await writing
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM member_state").fetchone() == (1,)


def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    new = sqlite.connect(str(tmp_path / "new.db"))
    new.execute("PRAGMA journal_mode = WAL")
    new.execute("CREATE TABLE t (x)")
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert modes == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}
    new.close()


async def test_every_commit_is_written_through(store: SqliteStore) -> None:
    settings = {name: store._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}
    assert settings == {"journal_mode": "wal", "synchronous": 2}


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot open"):
        await SqliteStore(tmp_path / "no" / "store.db").open()


CHILD = """
    import asyncio, sys
    from gateway.store.sqlite import SqliteStore
    from tests.gateway.store.plans import SHELF, values
    from tests.gateway.store.test_sqlite import count

    async def main():
        store = SqliteStore(sys.argv[1])
        await store.open()
        async def kiosk():
            while True:
                print(await store.command(SHELF, values(), count), flush=True)
        await asyncio.gather(*(kiosk() for _ in range(4)))

    asyncio.run(main())
"""


def answers_until_killed(path: Path) -> list[int]:
    """Everything that a process with four busy kiosks had answered when it was killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert child.stdout is not None
    answered = [int(child.stdout.readline()) for _ in range(100)]
    child.send_signal(signal.SIGKILL)
    answered += [int(line) for line in child.stdout if line.endswith("\n")]
    child.wait()
    child.stdout.close()
    return answered


async def test_a_killed_process_loses_nothing_it_had_answered(store: SqliteStore, path: Path) -> None:
    await store.close()
    answered = answers_until_killed(path)
    again = SqliteStore(path)
    await again.open()
    kept = (await again.read(SHELF, values())).state
    assert kept is not None
    assert kept.policy_version >= max(answered)
    assert kept.version == kept.policy_version
    assert again._db.execute("SELECT count(*) FROM event").fetchone()[0] == kept.policy_version - 1
    await again.close()
