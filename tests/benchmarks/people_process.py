"""`gateway sync run` in a process of its own that says what its run took: `CONFIG MEMBER FEED COUNT [OPTIONS]`.

The command does what it always does. Around the run itself, its start not counted, this takes time and processor time,
and memory after each batch. The last line of standard output is a JSON object (see `Watch.figures`).
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import psutil

from gateway.identity import cli_sync
from gateway.identity.sync.engine import Outcome, Step
from gateway.identity.sync.schedule import sync_feed
from tests.benchmarks.machine import SERVER_CPU, megabytes, pin


class Watch:
    """Stands in the place of `sync_feed`. `people` is how many the feed is known to have."""

    def __init__(self, people: int) -> None:
        self.people = people
        self.at: list[tuple[int, float]] = []
        self.figures: dict[str, Any] = {}

    async def __call__(self, *of: Any, **options: Any) -> Outcome:
        progress = options.pop("progress")

        def watched(step: Step) -> None:
            self.at.append((step.read, megabytes(self.process)["own"]))
            progress(step)

        self.process = psutil.Process()
        began, spent = time.perf_counter(), -time.process_time()
        outcome = await sync_feed(*of, **options, progress=watched)
        self.figures = {
            "seconds": time.perf_counter() - began,
            "processor_seconds": spent + time.process_time(),
            "state": str(outcome.run.state),
            "counters": dict(outcome.run.counters),
            "quarter_megabytes": self.memory_at(self.people // 4),
            "end_megabytes": self.memory_at(self.people),
        }
        return outcome

    def memory_at(self, people: int) -> float | None:
        """Megabytes of its own once so many had been read; None where there were fewer."""
        return next((memory for read, memory in self.at if read >= people), None)


def main(config: str, member: str, feed: str, people: str, *options: str) -> int:
    watch = Watch(int(people))
    cli_sync.sync_feed = watch
    code = cli_sync.app(["run", member, feed, "--config", config, *options], standalone_mode=False)
    print(json.dumps(watch.figures))
    return code or 0


if __name__ == "__main__":
    pin(SERVER_CPU)
    sys.exit(main(*sys.argv[1:]))
