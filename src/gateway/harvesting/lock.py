"""One harvest of a source at a time on this machine: the schedule and a command at a terminal must not mix."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Busy(Exception):
    """Another process is harvesting this source."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the lock; it goes with the process, however that ends. Raises Busy."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy("this source is being harvested by another process") from None
        yield


__all__ = ["Busy", "locked"]
