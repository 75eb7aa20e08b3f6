"""A gateway over a data directory that has been loaded. Prints the ports of its doors as JSON, stops on SIGTERM.

`alone`: without the processes that keep the catalogue, which would index what has been loaded.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import uvloop

from gateway.runtime import logs
from gateway.runtime.compose import compose
from gateway.runtime.serve import Server
from tests.benchmarks.loading import configuration
from tests.benchmarks.machine import SERVER_CPU, pin, python


@dataclass(frozen=True, slots=True)
class Node:
    """A gateway that runs: `process` is what serves."""

    z3950: int
    http: int
    process: psutil.Process


@contextlib.contextmanager
def node(data_dir: Path, *, alone: bool = False) -> Iterator[Node]:
    command = python("tests.benchmarks.catalogue_node", str(data_dir), *(["alone"] if alone else []))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        ports = json.loads(process.stdout.readline())
        yield Node(ports["z3950"], ports["http"], psutil.Process(process.pid))
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def main(data_dir: Path, alone: bool) -> None:
    server = Server(await compose(configuration(data_dir)))
    if alone:
        server.gateway.children.clear()
    await server.run(ready=lambda: print(json.dumps(server.ports), flush=True), with_catalogue=not alone)


if __name__ == "__main__":
    pin(SERVER_CPU)
    logs.configure(readable=True, level=40)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(Path(sys.argv[1]), "alone" in sys.argv[2:]))
