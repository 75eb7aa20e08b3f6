"""What a feed gives to the sync: records as the source has them, and at the end whether that was everything.

A record is a source id and attributes, each with a list of values: not there is "absent", an empty list or an empty
value is "empty". Nobody is deprovisioned by a read that has not proved complete.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class FeedError(Exception):
    """The source could not be read: `reason` says why in words for people, without personal data. `retry` is True where
    a later try may help (a server that is down), False where somebody must change something (a wrong password)."""

    def __init__(self, reason: str, *, retry: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry


class NothingNew(FeedError):
    """There is nothing to read now, and nothing is wrong: no file has arrived. No run needs to be recorded."""


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One record. `attributes` by the source's own names (those of a directory in lower case, paths for XML and JSON);
    binary values are hexadecimal. `gone` is a record that the source says is deleted: it has a source id and nothing
    else. `where` says where it stands, for reports: a row, a page; never a value."""

    source_id: str
    attributes: Mapping[str, list[str]] = field(default_factory=dict)
    gone: bool = False
    where: str = ""


def is_key(text: str) -> bool:
    """Whether a text can be a source id: there is something, and databases and reports can hold all of it."""
    return bool(text) and text.isprintable()


@dataclass(frozen=True, slots=True)
class Bad:
    """A record that could not be read: put aside (quarantine), and counted against the proof of wholeness only where
    the feed says so."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some records and the position behind them, from which `read` can go on; an empty one says that it cannot.
    `expected` is how many there are in all, where the source tells."""

    records: list[SourceRecord]
    position: Mapping[str, Any]
    bad: list[Bad] = field(default_factory=list)
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class End:
    """The end of a read. `complete` is the proof that it was everything; `reason` why it was not, or what else is to be
    told. `next_delta` is where a later delta begins; None where the source gives none."""

    complete: bool
    reason: str = ""
    next_delta: Mapping[str, Any] | None = None


class Feed(Protocol):
    """One source. Pages come until an End, which is always the last thing."""

    def read(self, position: Mapping[str, Any] | None = None) -> AsyncIterator[Page | End]:
        """Everything, from the beginning or from a page's position. Raises FeedError as it goes."""
        ...

    def delta(self, since: Mapping[str, Any]) -> AsyncIterator[Page | End] | None:
        """What has changed since an End's `next_delta`, or None where this source knows no deltas. A delta's End is
        never complete: absence from it means nothing; what has gone it says by `gone`."""
        ...

    async def settle(self, *, done: bool) -> None:
        """After a run: a file that was taken is put away (`done`) or put back. Nothing for most sources."""
        ...

    async def close(self) -> None: ...
