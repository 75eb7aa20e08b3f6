"""A gateway with the demo's data to measure: kiosks `{code}-bench` need no PIN. Prints its port, stops on SIGTERM.
SIGUSR1 makes it forget what it keeps of answers, so that the same questions can be asked as new ones again.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import uvloop

from gateway.adapters.sip2.answer_memory import AnswerMemory
from gateway.config import Config
from gateway.demo import data
from gateway.demo.config import demo_config
from gateway.runtime import logs
from gateway.runtime.compose import Composition, compose
from gateway.runtime.serve import Server
from tests.benchmarks.machine import SERVER_CPU, pin


def config(data_dir: Path, store_url: str | None = None, *, port: int = 0) -> Config:
    """See `settings`."""
    return Config.model_validate(settings(data_dir, store_url, port=port))


def settings(data_dir: Path, store_url: str | None = None, *, port: int = 0) -> dict[str, Any]:
    """The demo's configuration with one listener and, for each member, one more kiosk."""
    settings: dict[str, Any] = demo_config(data_dir, catalogue=False)
    if store_url:
        settings["store"] = {"url": store_url}
    settings["listeners"] = {"sip2": {"protocol": "sip2", "host": "127.0.0.1", "port": port}}
    for code, member in settings["members"].items():
        (kiosk,) = member["terminals"].values()
        bench = {**kiosk, "login": f"{code}-bench", "pin_required": [], "links": 10_000}
        member["terminals"] |= {f"{code}-bench": bench}
        kiosk["links"] = 10_000
    return settings


async def loaded(configuration: Config) -> Composition:
    gateway = await compose(configuration)
    await data.load(gateway.store, gateway.clock, configuration.pepper.get_secret_value().encode())
    return gateway


def forget(gateway: Composition) -> None:
    """Nothing has been asked before: every cache of answers and rules is empty."""
    gateway.platform.replace_settings(gateway.platform.settings)
    gateway.sip2.answers = AnswerMemory()


async def main(data_dir: Path, store_url: str | None) -> None:
    gateway = await loaded(config(data_dir, store_url))
    server = Server(gateway)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, forget, gateway)
    await server.run(ready=lambda: print(server.ports["sip2"], flush=True))


if __name__ == "__main__":
    pin(SERVER_CPU)
    logs.configure(readable=True, level=40)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
