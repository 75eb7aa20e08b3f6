"""A gateway that dies by SIGKILL at one exact point: the platform has committed, the answer has not left.

Run as a program: `python -m tests.acceptance.killed_node DATA_DIR READY_FILE METHOD [STORE_URL]`. METHOD is the method
of the Platform port whose first call is the last thing this process ever does; `METHOD+` only never returns from it, so
that the kiosk is told "no" after a short time; `-` lets it live.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from gateway.config import Config
from gateway.demo import data
from gateway.demo.config import demo_config
from gateway.runtime import logs
from gateway.runtime.compose import compose
from gateway.runtime.serve import Server, write_ready_file
from tests.acceptance.nodes import STORE_URL

HURRY = {"answer_seconds": 4.0, "answer_margin_seconds": 2.5}


class Deadly:
    """The platform, and after `method` has returned: nothing."""

    def __init__(self, platform: Any, method: str) -> None:
        self._platform = platform
        self._method = method.rstrip("+")
        self._hangs = method.endswith("+")

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._platform, name)
        if name != self._method:
            return found

        async def call(*arguments: Any) -> Any:
            await found(*arguments)
            if self._hangs:
                await asyncio.Event().wait()
            os.kill(os.getpid(), signal.SIGKILL)

        return call


async def main(folder: Path, ready: Path, method: str, store_url: str) -> None:
    logs.configure(readable=True)
    document = demo_config(folder, store_url=store_url, catalogue=False)
    for listener in document["listeners"].values():
        listener["port"] = 0
    if method.endswith("+"):
        document["limits"] = HURRY
    config = Config.model_validate(document)
    gateway = await compose(config)
    await data.load(gateway.store, gateway.clock, config.pepper.get_secret_value().encode())
    policies = {code: member.policies for code, member in config.members.items()}
    platforms: Any = dict.fromkeys(config.members, Deadly(gateway.platform, method))
    gateway.desk.replace(platforms, policies)
    server = Server(gateway)
    await server.run(ready=lambda: write_ready_file(ready, server.ports))


if __name__ == "__main__":
    where, when_ready, at, *more = sys.argv[1:]
    asyncio.run(main(Path(where), Path(when_ready), at, more[0] if more else STORE_URL))
