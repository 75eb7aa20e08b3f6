"""A gateway with the demo's data that speaks SIP2 and NCIP over TCP, to be measured by either. Prints the port of SIP2;
that of NCIP is told. Stops on SIGTERM.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import uvloop

from gateway.config import Config
from gateway.runtime import logs
from gateway.runtime.serve import Server
from tests.benchmarks import node
from tests.benchmarks.machine import SERVER_CPU, pin


def config(data_dir: Path, port: int) -> Config:
    """The demo's configuration with a listener for each of the two."""
    settings = node.settings(data_dir)
    settings["listeners"]["ncip"] = {"protocol": "ncip", "host": "127.0.0.1", "port": port}
    return Config.model_validate(settings)


async def main(data_dir: Path, port: int) -> None:
    server = Server(await node.loaded(config(data_dir, port)))
    await server.run(ready=lambda: print(server.ports["sip2"], flush=True))


if __name__ == "__main__":
    pin(SERVER_CPU)
    logs.configure(readable=True, level=40)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(Path(sys.argv[1]), int(sys.argv[2])))
