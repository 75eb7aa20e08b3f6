"""The journal's file: what is written stays written, in order, once, without PINs, and readable to nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.money import Money
from gateway.canonical.refusals import FailureCode, PlatformFailure
from gateway.canonical.vocabulary import Permission
from gateway.journal import Entry, Journal, Kind, State, replay_once, replayer
from tests.gateway.desk.fakes import HandClock

CTX = Context("aber", "kiosk", "ABER", frozenset({Permission.CHECKOUT, Permission.OFFLINE}), "sip2")
LEND = req.LoanCreate(patron="20100001", item="30100001", offline=True, pin=SecretStr("1234"))


def key(name: str) -> CommandKey:
    return CommandKey(name, 40.0, fingerprint="f")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def journal(tmp_path: Path, clock: HandClock):
    journal = Journal(tmp_path / "journal.sqlite3", clock=clock)
    yield journal
    journal.close()


REQUESTS = [
    LEND,
    req.LoanReturn(item="3", offline=True),
    req.FeePay(patron="2", amount=Money.of_minor(250, "GBP"), fee_ids=("a", "b")),
    req.HoldPlace(patron="2", title="Cymru ŵ"),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.operation)
def test_an_entry_comes_back_as_it_was_without_its_pin(journal: Journal, request_: req.Request) -> None:
    written = journal.append(CTX, request_, key("k"))
    (found,) = journal.pending("aber")
    assert found == written
    expected = request_.model_copy(update={"pin": None}) if isinstance(request_, req.PatronRequest) else request_
    assert found.request == expected
    assert (found.context, found.key) == (CTX, key("k"))


def test_a_pin_is_nowhere_in_the_file(journal: Journal, tmp_path: Path) -> None:
    journal.append(CTX, LEND.model_copy(update={"pin": SecretStr("secret-pin-7")}), key("k"))
    assert b"20100001" in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"secret-pin-7" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_the_file_is_its_owners_alone(journal: Journal, tmp_path: Path) -> None:
    journal.append(CTX, LEND, key("k"))
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def test_another_process_that_comes_and_goes_does_not_take_the_log_away(journal: Journal, tmp_path: Path) -> None:
    """As `gateway journal list` does. A second journal of our own must not have cost the first its locks."""
    path = tmp_path / "journal.sqlite3"
    journal.append(CTX, LEND, key("before"))
    Journal(path).close()
    script = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM entry').fetchone()"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", script, str(path)], check=True, timeout=30)
    assert path.with_name(path.name + "-wal").exists()
    journal.append(CTX, LEND, key("later"))
    with contextlib.closing(sqlite3.connect(path)) as fresh:
        assert fresh.execute("SELECT count(*) FROM entry").fetchone() == (2,)


def test_members_do_not_see_each_other(journal: Journal) -> None:
    there = Context("bangor", "kiosk", "BANGOR", frozenset())
    for ctx in (CTX, there):
        journal.mark_conflict(journal.append(ctx, LEND, key("k")), "ITEM_NOT_FOUND")
    assert [entry.member for entry in journal.conflicts("aber")] == ["aber"]
    (theirs,) = journal.conflicts("bangor")
    assert journal.resolve("aber", theirs.id) is None
    assert journal.resolve("bangor", theirs.id) is not None


def test_a_settled_key_may_be_kept_again_and_a_conflict_stays(journal: Journal) -> None:
    journal.mark_done(journal.append(CTX, LEND, key("done")))
    assert journal.append(CTX, LEND, key("done")).state is State.PENDING
    journal.mark_conflict(journal.append(CTX, LEND, key("refused")), "ITEM_NOT_FOUND")
    assert journal.append(CTX, LEND, key("refused")).state is State.CONFLICT


def test_a_retry_by_staff_waits_in_its_old_place(journal: Journal) -> None:
    first, second = (journal.append(CTX, LEND, key(name)) for name in "ab")
    journal.mark_conflict(first, "ITEM_NOT_FOUND")
    assert journal.retry(second.id) is None
    assert journal.retry(99) is None
    assert journal.retry(first.id) is not None
    assert [entry.id for entry in journal.pending("aber")] == [first.id, second.id]


def test_what_is_settled_is_deleted_after_a_week(journal: Journal, clock: HandClock) -> None:
    journal.mark_done(journal.append(CTX, LEND, key("done")))
    journal.append(CTX, LEND, key("waits"))
    journal.mark_conflict(journal.append(CTX, LEND, key("staff")), "ITEM_NOT_FOUND")
    permanent = CommandKey("paid", 60.0, permanent=True)
    journal.begin(CTX, REQUESTS[2], permanent)
    clock.elapsed += timedelta(days=8).total_seconds()
    assert journal.prune() == 1
    assert [entry.key.value for entry in journal.entries()] == ["waits", "staff", "paid"]


def test_a_file_of_another_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(sqlite3.DatabaseError, match="another version"):
        Journal(path)


class Desk:
    """Carries out entries, or fails."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.done: list[str] = []
        self.away: set[str] = set()

    async def replay(self, entry: Entry) -> None:
        await asyncio.sleep(0)
        if entry.member in self.away:
            raise PlatformFailure(FailureCode.UPSTREAM_ERROR)
        self.done.append(f"{entry.member}/{entry.key.value}")
        self.journal.mark_done(entry)


async def test_one_member_that_waits_does_not_hold_up_another(journal: Journal) -> None:
    desk = Desk(journal)
    desk.away = {"aber"}
    for name in "ab":
        journal.append(CTX, LEND, key(name))
        journal.append(Context("bangor", "kiosk", "BANGOR", frozenset()), LEND, key(name))
    assert await replay_once(journal, desk) == 2
    assert desk.done == ["bangor/a", "bangor/b"]
    desk.away.clear()
    await replay_once(journal, desk)
    assert desk.done[2:] == ["aber/a", "aber/b"]


async def settled(journal: Journal) -> None:
    while journal.waiting("aber"):  # noqa: ASYNC110  a file tells nobody when it changes
        await asyncio.sleep(0.001)


async def test_the_replayer_carries_out_what_comes_while_it_runs_and_alone(journal: Journal, tmp_path: Path) -> None:
    desk, rival = Desk(journal), Desk(journal)
    running = [asyncio.ensure_future(replayer(journal, who, lambda _: asyncio.sleep(0.001))) for who in (desk, rival)]
    for name in ("a", "b"):
        journal.append(CTX, LEND, key(name))
        await settled(journal)
    assert (desk.done, rival.done) == (["aber/a", "aber/b"], [])
    running[0].cancel()
    await asyncio.gather(running[0], return_exceptions=True)
    journal.append(CTX, LEND, key("c"))
    await settled(journal)
    assert rival.done == ["aber/c"]
    running[1].cancel()
    await asyncio.gather(running[1], return_exceptions=True)


WRITER = """
    import sys
    from pathlib import Path
    from tests.gateway.journal.test_journal import CTX, LEND, key
    from gateway.journal import Journal

    journal = Journal(Path(sys.argv[1]))
    number = 0
    while True:
        journal.append(CTX, LEND, key(str(number)))
        print(number, flush=True)
        number += 1
"""


def test_what_was_promised_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path)]
    environ = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as writer:
        assert writer.stdout is not None
        promised = -1
        for line in writer.stdout:
            promised = int(line)
            if promised == 25:
                writer.send_signal(signal.SIGKILL)
                break
        promised = max([promised, *(int(line) for line in writer.stdout if line.endswith("\n"))])
    journal = Journal(path)
    kept = [int(entry.key.value) for entry in journal.pending("aber")]
    journal.close()
    assert promised >= 25
    assert kept[: promised + 1] == list(range(promised + 1))
    assert len(kept) <= promised + 2


def test_kinds_do_not_mix(journal: Journal) -> None:
    journal.doubt(CTX, LEND, key("k"))
    journal.begin(CTX, LEND, key("k"))
    assert not journal.waiting("aber")
    journal.append(CTX, LEND, key("k"))
    assert {entry.kind for entry in journal.entries()} == set(Kind)
