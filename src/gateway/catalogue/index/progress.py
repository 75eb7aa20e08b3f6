"""How far an index is that is being made: in the log, and in a file beside it for whoever asks from another process."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from gateway.catalogue.index.directory import replace

TELL_SECONDS = 10.0
"""Between two lines of the log."""
_NAME = "progress"

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Making:
    """An index that is being made: `done` of `total` records, so many a second until `at` (seconds since 1970)."""

    done: int
    total: int
    rate: float
    at: int

    def __str__(self) -> str:
        left = f", some {(self.total - self.done) / self.rate:,.0f} seconds left" if self.rate else ""
        return f"the index is being made: {self.done:,} of {self.total:,} records, {self.rate:,.0f} a second{left}"


class Progress:
    """Counts records as they are read; `tell` is told beside log and file."""

    def __init__(self, path: Path, total: int, tell: Callable[[Making], None]) -> None:
        self._path = path / _NAME
        self._total = total
        self._done = 0
        self._begun = self._told = time.monotonic()
        self._tell = tell
        self._say(self._begun)

    def add(self, records: int) -> None:
        self._done += records
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS:
            self._told = now
            making = self._say(now)
            _LOG.info("index.making", done=making.done, of=making.total, per_second=round(making.rate))

    def end(self) -> None:
        """The index is there."""
        self._path.unlink(missing_ok=True)
        _LOG.info("index.made", records=self._done, seconds=round(time.monotonic() - self._begun, 1))

    def _say(self, now: float) -> Making:
        rate = self._done / max(now - self._begun, 0.001)
        making = Making(self._done, max(self._total, self._done), rate, int(time.time()))
        replace(self._path, json.dumps(asdict(making)))
        self._tell(making)
        return making


def making(path: Path) -> Making | None:
    """What is being made under `path`; None where nothing is."""
    try:
        return Making(**json.loads((path / _NAME).read_text(encoding="ascii")))
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
        return None
