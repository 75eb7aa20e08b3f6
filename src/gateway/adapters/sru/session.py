"""What is remembered between requests: result sets that clients asked to keep, and no more. Pure but for its clock.

SRU has no connections, so a set is known by a name nobody can guess, in the view it was made in, for a limited time.
A set costs its query and a snapshot of the index, not its records; the oldest makes room for one too many.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

LONGEST_TTL = 600
"""Seconds; a snapshot keeps files of the index from being given back."""

Found = TypeVar("Found")


@dataclass(slots=True)
class _Kept(Generic[Found]):
    view: str
    found: Found
    ttl: int
    until: float


class ResultSets(Generic[Found]):
    """`most` sets at once; `now` gives monotonic seconds."""

    def __init__(self, most: int, now: Callable[[], float]) -> None:
        self._most = most
        self._now = now
        self._kept: OrderedDict[str, _Kept[Found]] = OrderedDict()

    def keep(self, view: str, found: Found, ttl: int) -> tuple[str, int]:
        """Name of the set and the seconds it will live from its last use on."""
        self._forget()
        ttl = min(ttl, LONGEST_TTL)
        name = secrets.token_urlsafe(16)
        self._kept[name] = _Kept(view, found, ttl, self._now() + ttl)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return name, ttl

    def find(self, view: str, name: str) -> Found | None:
        """The set of that name, if this view has it still; its time begins anew."""
        self._forget()
        kept = self._kept.get(name)
        if kept is None or kept.view != view:
            return None
        kept.until = self._now() + kept.ttl
        self._kept.move_to_end(name)
        return kept.found

    def resize(self, most: int) -> None:
        """Takes another limit while running."""
        self._most = most

    def __len__(self) -> int:
        self._forget()
        return len(self._kept)

    def _forget(self) -> None:
        now = self._now()
        for name in [name for name, kept in self._kept.items() if kept.until <= now]:
            del self._kept[name]
