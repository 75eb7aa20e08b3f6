"""Logins through our directory driver, as a chain makes them. Reads a JSON object from standard input (see `Logins`),
writes one with the figures."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvloop

from gateway.clock import SystemClock
from gateway.config.identity import DirectoryConfig
from gateway.identity.directories import open_directory
from gateway.identity.directories.port import Verdict
from tests.benchmarks.machine import SERVER_CPU, pin

DEBIAN = "/usr/bin/python3"
BARE = Path(__file__).with_name("bare_logins.py")
"""The same with python-ldap, which is a package of Debian's."""


@dataclass(frozen=True, slots=True)
class Logins:
    """Who logs in, over and over for `seconds`, so many at a time. `directory` are settings of a `DirectoryConfig`;
    `logins` are pairs of name and password."""

    directory: dict[str, Any]
    logins: list[tuple[str, str]]
    concurrency: int
    seconds: float


async def run(load: Logins) -> dict[str, float]:
    """Raises RuntimeError where somebody was not let in."""
    config = DirectoryConfig.model_validate(load.directory)
    directory = open_directory("campus", config, clock=SystemClock())
    turns = itertools.cycle(load.logins)
    took: list[float] = []

    async def check() -> None:
        began = time.perf_counter()
        login, password = next(turns)
        came_to = await directory.authenticate(login, password, deadline=config.deadline_seconds)
        if came_to.verdict is not Verdict.RIGHT:
            raise RuntimeError(f"{login}: {came_to.verdict}")
        took.append(time.perf_counter() - began)

    async def keep_checking(until: float) -> None:
        while time.perf_counter() < until:
            await check()

    try:
        await asyncio.gather(*(check() for _ in range(load.concurrency)))  # opens the connections that are kept
        took.clear()
        spent, began = -time.process_time(), time.perf_counter()
        await asyncio.gather(*(keep_checking(began + load.seconds) for _ in range(load.concurrency)))
        seconds, spent = time.perf_counter() - began, spent + time.process_time()
    finally:
        await directory.close()
    took.sort()
    return {
        "logins": len(took),
        "per_second": len(took) / seconds,
        "processor_us": spent / len(took) * 1e6,
        "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[int(len(took) * 0.99)] * 1000,
    }


def check(load: Logins, *, bare: bool = False) -> dict[str, float]:
    """Runs a load in a process of its own. Raises CalledProcessError where somebody was not let in."""
    command = [DEBIAN, str(BARE), str(SERVER_CPU)] if bare else [sys.executable, "-m", __name__]
    answer = subprocess.run(command, input=json.dumps(asdict(load)), stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(answer.stdout)


if __name__ == "__main__":
    pin(SERVER_CPU)
    print(json.dumps(uvloop.run(run(Logins(**json.load(sys.stdin))))))
