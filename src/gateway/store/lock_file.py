"""Locks between processes of one machine: a file that is held, whatever it contains, until its process ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Held(Exception):
    """Another process has the lock."""


class Blocked(OSError):
    """The lock cannot be taken because of what lies in its place; the message names the path."""


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Holds a lock, whose folder is made. Raises Held at once where another process has it, and Blocked.

    The kernel gives it back however the process ends; processes started meanwhile do not have it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise Blocked(f"{error.filename or path}: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Held(f"another process has {path}") from None
        except OSError as error:
            raise Blocked(f"{path}: {error.strerror}") from error
        yield
