"""One data directory serves one gateway: two would keep promises in one journal and write one index."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.store import lock_file

PID_FILE = "gateway.pid"  # while a gateway serves from the directory
PROGRAM_FILE = "gateway.program"  # beside it: which program that is
_LOCK_FILE = "gateway.lock"


class DataDirectoryInUse(Exception):
    """Another gateway serves from the directory; the message names both."""


@contextmanager
def serving_from(data_dir: Path) -> Iterator[None]:
    """While this process serves from the directory, which is made where it is not there.

    Raises DataDirectoryInUse, and OSError where it cannot be used. Commands beside a gateway are free to use it."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with lock_file.held(data_dir / _LOCK_FILE):
            yield
    except lock_file.Held:
        who = serving_process(data_dir)
        process = "" if who is None else f", process {who},"
        raise DataDirectoryInUse(f"another gateway{process} serves from {data_dir}: each needs its own") from None


def serving_process(data_dir: Path) -> int | None:
    """Process id of the gateway that serves from this directory now; None where there is none."""
    try:
        process = int((data_dir / PID_FILE).read_text(encoding="ascii"))
        os.kill(process, 0)
    except (OSError, ValueError):
        return None
    return process
