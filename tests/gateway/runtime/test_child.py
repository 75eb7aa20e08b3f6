"""A child process: its orders, its end, and the end of the one who started it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from gateway.runtime import child as module
from gateway.runtime.child import Child

ECHO = """
import sys
size = int.from_bytes(sys.stdin.buffer.read(8), "big")
open(sys.argv[1], "ab").write(sys.stdin.buffer.read(size) + b"|")
print("ready", flush=True)
sys.stdin.buffer.read()
"""
PARENT = """
import asyncio, sys
from gateway.runtime.child import Child
asyncio.run(Child("test", [sys.executable, "-c", sys.argv[1], sys.argv[2]], b"x").run())
"""
SOON = 20.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "orders"


def echo(file: Path, orders: bytes = b"do this") -> Child:
    return Child("test", [sys.executable, "-c", ECHO, str(file)], orders)


def runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def written(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not condition():  # noqa: ASYNC110  what another process does sets no event here
            await asyncio.sleep(0.02)


async def test_a_child_gets_its_orders_says_that_it_is_ready_and_ends_when_told(file: Path) -> None:
    child = echo(file)
    running = asyncio.create_task(child.run())
    async with asyncio.timeout(SOON):
        await child.ready()
    assert written(file) == b"do this|"
    pid = child.pid
    assert pid is not None
    await child.stop()
    await running
    await until(lambda: not runs(pid))
    assert child.starts == 1


async def test_a_child_that_is_killed_is_started_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.01)
    child = echo(file)
    running = asyncio.create_task(child.run())
    async with asyncio.timeout(SOON):
        await child.ready()
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
    await until(lambda: written(file) == b"do this|do this|")
    assert child.starts == 2
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert child.pid is None


async def test_a_child_with_other_orders_finishes_and_starts_again_at_once(file: Path) -> None:
    child = echo(file)
    running = asyncio.create_task(child.run())
    async with asyncio.timeout(SOON):
        await child.ready()
    child.renew(b"do this")
    child.renew(b"do that")
    await until(lambda: written(file) == b"do this|do that|")
    await child.stop()
    await running
    assert child.starts == 2


async def test_a_child_does_not_outlive_the_one_who_started_it(file: Path) -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, ECHO, str(file))
    await until(lambda: written(file) == b"x|")
    (started,) = psutil.Process(parent.pid).children()
    parent.kill()
    await parent.wait()
    await until(lambda: not runs(started.pid))


async def test_a_child_that_does_not_end_is_killed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.2)
    stubborn = ECHO.replace("sys.stdin.buffer.read()\n", "import time\nwhile True: time.sleep(1)\n")
    child = Child("test", [sys.executable, "-c", stubborn, str(file)])
    running = asyncio.create_task(child.run())
    async with asyncio.timeout(SOON):
        await child.ready()
        pid = child.pid
        assert pid is not None
        await child.stop()
        await running
    await until(lambda: not runs(pid))


REFUSE = """
import sys
size = int.from_bytes(sys.stdin.buffer.read(8), "big")
told = sys.stdin.buffer.read(size)
open(sys.argv[1], "ab").write(told + b"|")
print("ready" if told == b"good" else "refuses another program is installed", flush=True)
if told == b"good":
    sys.stdin.buffer.read()
"""


async def test_a_child_that_refuses_its_orders_is_not_started_again_until_there_are_others(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.01)
    child = Child("test", [sys.executable, "-c", REFUSE, str(file)], b"bad")
    running = asyncio.create_task(child.run())
    await until(lambda: child.state == "another program is installed")
    await asyncio.sleep(0.1)
    child.renew(b"bad")  # as a reload does: what is installed may have been put right
    await until(lambda: written(file) == b"bad|bad|")
    assert child.starts == 2
    child.renew(b"good")
    async with asyncio.timeout(SOON):
        await child.ready()
    assert (written(file), child.state) == (b"bad|bad|good|", "ready")
    await child.stop()
    await running


async def test_a_child_that_refuses_lets_itself_be_stopped(file: Path) -> None:
    child = Child("test", [sys.executable, "-c", REFUSE, str(file)], b"bad")
    running = asyncio.create_task(child.run())
    await until(lambda: child.state == "another program is installed")
    await child.stop()
    async with asyncio.timeout(SOON):
        await running


async def test_a_child_says_what_it_does(file: Path) -> None:
    script = ECHO.replace('print("ready", flush=True)', 'print("does 3 of 5 records", flush=True)')
    child = Child("test", [sys.executable, "-c", script, str(file)])
    assert child.state == "starts"
    running = asyncio.create_task(child.run())
    await until(lambda: child.state == "3 of 5 records")
    await child.stop()
    await running
