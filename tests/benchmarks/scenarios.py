"""What is measured, each as a ratio to something bare that does the same on the same machine in the same run."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil

from gateway.demo.consortium import MEMBERS
from gateway.platforms.reference.pins import Pins
from gateway.store import migrate
from tests.benchmarks import layers, marc, recorded
from tests.benchmarks.machine import python
from tests.postgres import Cluster, Database, find_binaries

ALL = [(member.code, member.number) for member in MEMBERS]
Figures = dict[str, Any]
CONNECTIONS = 32
PG_CONNECTIONS = 16
KIOSKS = 450
IDLE_LINKS = 5_000


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="gateway-bench-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def server(command: list[str], **environment: str) -> Iterator[tuple[int, psutil.Process]]:
    """A server that prints its port; stopped by its process id."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline()), psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def node(store_url: str | None = None) -> Iterator[tuple[int, psutil.Process]]:
    with folder() as data, server(python("tests.benchmarks.node", str(data), *filter(None, [store_url]))) as running:
        yield running


def load(port: int, kind: str, messages: int, **more: Any) -> Figures:
    spec = {"port": port, "kind": kind, "connections": CONNECTIONS, "messages": messages, "members": ALL, "spread": 1}
    if kind != "pair":
        more.setdefault("login_suffix", "-bench")
    answer = subprocess.run(
        python("tests.benchmarks.load"),
        input=json.dumps({**spec, "login_suffix": "-bench", **more}),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(answer.stdout)


def wire(quick: bool) -> Figures:
    """Item and patron information at 32 connections, against an echo of the same messages.

    Short runs by turns, and of each the best: a machine that others use gives every run another share of itself.
    """
    rounds = 3 if quick else 12
    return {kind: _wire(kind, spread, parts, rounds) for kind, spread, parts in (("item", 275, 4), ("patron", 48, 1))}


def _wire(kind: str, spread: int, parts: int, rounds: int) -> Figures:
    runs: dict[str, list[Figures]] = {"echo": [], "cold": [], "warm": []}
    with server(python("tests.benchmarks.echo")) as (echo_port, echo), node() as (port, process):
        for turn in range(rounds):
            runs["echo"].append(load(echo_port, kind, 8_000, spread=spread, echo=True, server=echo.pid))
            process.send_signal(signal.SIGUSR1)
            # Each of each member once, and nothing has been asked for before.
            cold = load(port, kind, 0, spread=spread, first=turn % parts * spread, once=True, server=process.pid)
            runs["cold"].append(cold)
            runs["warm"].append(load(port, kind, 4_000, spread=20, server=process.pid))
    rate = {name: max(run["per_second"] for run in found) for name, found in runs.items()}
    cost = {name: min(run["processor_us"] for run in found) for name, found in runs.items()}
    pairs = list(zip(runs["cold"], runs["echo"], strict=True))
    ratios = sorted(ours["per_second"] / bare["per_second"] for ours, bare in pairs)
    return {
        **{f"{name}_per_second": value for name, value in rate.items()},
        "cold_ratio": rate["cold"] / rate["echo"],
        "warm_ratio": rate["warm"] / rate["echo"],
        # Where others use the processors as well, time on the processor says more than time on the clock.
        **{f"{name}_processor_us": value for name, value in cost.items()},
        "cold_ratio_from": ratios[0],
        "cold_ratio_to": ratios[-1],
    }


def pins(quick: bool) -> Figures:
    """Patron information with PIN, against argon2 alone with the same parameters on two threads."""
    count = 400 if quick else 2_000
    checker = Pins(b"the pepper of a benchmark")
    hashed = checker.hash("aber", "1234")
    with node() as (port, process):
        process.cpu_affinity([])  # its two threads have both processors, as argon2 alone has below
        ours = load(port, "patron_pin", count, spread=48)

    async def bare() -> float:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(2) as threads:
            start = time.perf_counter()
            await asyncio.gather(
                *(loop.run_in_executor(threads, checker._matches, "aber", "1234", hashed) for _ in range(count))
            )
            return count / (time.perf_counter() - start)

    alone = asyncio.run(bare())
    checker.close()
    return {"argon2_per_second": alone, "per_second": ours["per_second"], "ratio": ours["per_second"] / alone}


def sqlite(quick: bool) -> Figures:
    """Durable check-out and check-in pairs, against a bare sqlite3 loop saying the same statements."""
    count = 300 if quick else 2_000
    rounds: list[Figures] = []
    for _ in range(1 if quick else 3):
        with folder() as data:
            before, statements = asyncio.run(recorded.on_sqlite(data, count))
            bare = count / recorded.sqlite_loop(before, statements)
        with node() as (port, _process):
            load(port, "pair", CONNECTIONS * 4)
            ours = load(port, "pair", count * 4)
        rounds.append({
            "bare_pairs_per_second": bare,
            "pairs_per_second": ours["per_second"] / 2,
            "ratio": ours["per_second"] / 2 / bare,
            "statements_a_pair": len(statements) / count,
            "refused": ours["refused"],
        })  # fmt: skip
    return median(rounds)


def postgres(quick: bool) -> Figures:
    """Check-out and check-in pairs on PostgreSQL, against pgbench executing the same statements."""
    binaries = find_binaries()
    if binaries is None or not (pgbench := shutil.which("pgbench")):
        return {"skipped": "PostgreSQL or pgbench is not installed"}
    count = 30 if quick else 150
    durable = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on",
               "shared_buffers": "256MB"}  # fmt: skip
    with folder() as data:
        cluster = Cluster.start(binaries, data, durable)
        try:
            return _postgres(cluster, data, pgbench, count)
        finally:
            cluster.stop()


def _postgres(cluster: Cluster, data: Path, pgbench: str, count: int) -> Figures:
    empty = cluster.create_database()
    asyncio.run(migrate.upgrade(empty.admin_dsn, app_role=empty.app_role))
    asyncio.run(_fill(empty, data))
    spare, replayed = cluster.copy_database(empty), cluster.copy_database(empty)
    scripts = asyncio.run(recorded.on_postgres(spare.app_dsn, data / "recording", PG_CONNECTIONS, count))
    files: list[Path] = []
    for seat, statements in enumerate(scripts):
        files.append(data / f"seat-{seat}.sql")
        files[-1].write_text(recorded.pgbench_script(statements, MEMBERS[seat % len(MEMBERS)].code), encoding="utf-8")
    command = [pgbench, "-n", "-c", "1", "-t", "1", "-h", "127.0.0.1", "-p", str(cluster.port), "-U", replayed.app_role]
    start = time.perf_counter()
    running = [subprocess.Popen([*command, "-f", str(file), replayed.name], stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True) for file in files]  # fmt: skip
    failed = [process.communicate()[1] for process in running if process.wait() != 0]
    if failed:
        raise RuntimeError(failed[0])
    bare = PG_CONNECTIONS * count / (time.perf_counter() - start)
    with node(empty.app_dsn) as (port, process):
        process.cpu_affinity([])  # the database needs the processors too
        load(port, "pair", PG_CONNECTIONS * 8, connections=PG_CONNECTIONS)
        ours = load(port, "pair", PG_CONNECTIONS * count * 2, connections=PG_CONNECTIONS)
    return {
        "pgbench_pairs_per_second": bare,
        "pairs_per_second": ours["per_second"] / 2,
        "ratio": ours["per_second"] / 2 / bare,
        "round_trips_a_pair": sum(map(len, scripts)) / len(scripts) / count,
        "refused": ours["refused"],
    }


async def _fill(database: Database, data: Path) -> None:
    gateway = await recorded.loaded(recorded.config(data / "filling", database.app_dsn))
    await gateway.close()


def fleet(quick: bool) -> Figures:
    """Latency of 450 kiosks that think between messages, against one kiosk alone, and of the disk below them."""
    seconds = 10.0 if quick else 40.0
    with folder() as data:
        disk = fsyncs(data / "log", seconds / 4)
    with node() as (port, _process):
        alone = load(port, "item", 0, connections=1, think=0.02, seconds=seconds / 2, spread=1_100)
        pairs_alone = load(port, "pair", 0, connections=1, think=0.02, seconds=seconds / 2)
        busy = load(port, "item", 0, connections=KIOSKS, think=4.0, seconds=seconds, spread=1_100)
        pairs = load(port, "pair", 0, connections=KIOSKS, think=8.0, seconds=seconds)
    return {
        "alone_p99_ms": alone["p99_ms"],
        "pair_alone_p99_ms": pairs_alone["p99_ms"],
        "item_p99_ms": busy["p99_ms"],
        "pair_p99_ms": pairs["p99_ms"],
        "item_over_alone_ms": busy["p99_ms"] - alone["p99_ms"],
        "pair_over_alone_ms": pairs["p99_ms"] - pairs_alone["p99_ms"],
        "fsync_p50_ms": disk[len(disk) // 2],
        "fsync_p99_ms": disk[int(len(disk) * 0.99)],
        "messages_per_second": busy["per_second"],
    }


def fsyncs(file: Path, seconds: float) -> list[float]:
    """Milliseconds, in order, of appending what a commit appends to its log, eight pages, and having it on the disk:
    as often as the fleet commits. Nothing of ours is in them."""
    took: list[float] = []
    end = time.perf_counter() + seconds
    with file.open("wb", buffering=0) as log:
        while (start := time.perf_counter()) < end:
            log.write(b"\0" * 8 * 4096)
            os.fsync(log.fileno())
            took.append((time.perf_counter() - start) * 1000)
            time.sleep(0.02)
    return sorted(took)


def memory(quick: bool) -> Figures:
    """Resident memory an idle, logged-in link takes."""
    links = 500 if quick else IDLE_LINKS
    login = b"9300CNaber-bench|COkiosk-demo|CP|\r"
    with node() as (port, process):
        open_links: list[socket.socket] = []

        def more(number: int) -> None:
            for _ in range(number):
                link = socket.create_connection(("127.0.0.1", port))
                open_links.append(link)
            for link in open_links[-number:]:
                link.sendall(login)
                link.recv(100)

        more(50)
        before = process.memory_info().rss
        while len(open_links) < links:
            more(50)
        after = process.memory_info().rss
        for link in open_links:
            link.close()
    return {"links": links, "kilobytes_a_link": (after - before) / (links - 50) / 1024}


def median(rounds: list[Figures]) -> Figures:
    """The round whose ratio is in the middle, with the extremes of the ratio beside it."""
    ordered = sorted(rounds, key=lambda figures: figures["ratio"])
    return {**ordered[len(ordered) // 2], "ratio_from": ordered[0]["ratio"], "ratio_to": ordered[-1]["ratio"]}


def profile(quick: bool) -> Figures:
    """Microseconds of processor time of each layer, for one item and one patron information."""
    return asyncio.run(layers.measure(quick))


SCENARIOS = {
    "wire": wire,
    "profile": profile,
    "pins": pins,
    "sqlite": sqlite,
    "postgres": postgres,
    "fleet": fleet,
    "memory": memory,
    "marc": marc.marc,
}
