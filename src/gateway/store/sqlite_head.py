"""The head of SQLite's shared index of the write-ahead log, as every commit of any process leaves it.

Comparing it costs a fiftieth of asking SQLite whether anybody has committed, and makes no system call. It is only ever
compared: whatever changes it, SQLite is asked. (sqlite.org/walformat.html, 2.1: two copies of 48 octets; nobody sees a
commit before it has written both.)
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

_OCTETS = 96


@dataclass(slots=True)
class _Open:
    file: FileIO
    octets: mmap.mmap
    users: int = 0


# By device and inode. To close any descriptor of the index ends the locks that this process has on it, so there is one
# for all stores of a file, and it is closed when the last of them, connections and all, is closed.
_open: dict[tuple[int, int], _Open] = {}


class LogHead:
    """Open it once the database is open in WAL mode and has been read; close it after its last connection.

    Raises OSError or ValueError where there is no such index."""

    def __init__(self, database: str) -> None:
        path = Path(f"{database}-shm")
        found = path.stat()
        if found.st_size < _OCTETS:
            raise ValueError(f"{path} is no index of a log")
        self._key = (found.st_dev, found.st_ino)
        known = _open.get(self._key)
        if known is None:
            file = path.open("rb", buffering=0)
            known = _open[self._key] = _Open(file, mmap.mmap(file.fileno(), _OCTETS, access=mmap.ACCESS_READ))
        known.users += 1
        self._octets = known.octets

    def read(self) -> bytes:
        return self._octets[:_OCTETS]

    def close(self) -> None:
        known = _open[self._key]
        known.users -= 1
        if not known.users:
            del _open[self._key]
            known.octets.close()
            known.file.close()
