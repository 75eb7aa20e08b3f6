"""Answers to reads, given again only while it is certain that a fresh one would be the same.

Certain means: nobody has committed anything of the member since (`Store.generation`), and no instant has come at which
the answer changes by itself. A store that cannot tell of others' commits keeps nothing here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, NamedTuple

SIZE = 4096  # answers; some 8 KB each at most, so that a full cache stays below 32 MB
FOREVER = 2**63 - 1


class _Kept(NamedTuple):
    generation: int
    made: int
    until: int
    answer: Any


class ReadCache:
    """Answers by key; times in UTC milliseconds. The one made first is the first to go."""

    def __init__(self, size: int = SIZE) -> None:
        self._size = size
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()  # a dict is slow to find its first of many

    def get(self, key: Hashable, generation: int, now: int) -> Any | None:
        """The answer, where it still holds. A clock that was put back is before what was made later."""
        kept = self._kept.get(key)
        if kept is None or kept.generation != generation or not kept.made <= now < kept.until:
            return None
        return kept.answer

    def put(self, key: Hashable, generation: int, now: int, until: int, answer: Any) -> None:
        """Keeps what was read at `generation` and `now`; it does not hold at `until` any more."""
        self._kept.pop(key, None)
        if len(self._kept) >= self._size:
            self._kept.popitem(last=False)
        self._kept[key] = _Kept(generation, now, until, answer)

    def clear(self) -> None:
        self._kept.clear()
