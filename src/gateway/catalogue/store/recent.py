"""Records as views showed them, kept while the feed stands still: whatever changes of a record moves it in the feed.

Popular records are asked for again and again, and what they cost is their reading and unpacking.
"""

from __future__ import annotations

from gateway.catalogue.records import CatalogueRecord

MOST_OCTETS = 16 << 20  # of MARCXML: some five thousand records

Key = tuple[str, int, bool]
"""View, id, and whether with holdings."""


class Recent:
    """What was read at one position of the feed; nothing once the position is another one."""

    def __init__(self, most_octets: int = MOST_OCTETS) -> None:
        self._most = most_octets
        self._position = -1
        self._octets = 0
        self._kept: dict[Key, CatalogueRecord] = {}

    def at(self, position: int) -> dict[Key, CatalogueRecord]:
        """What is kept of that position of the feed, to look at."""
        if position != self._position:
            self._kept.clear()
            self._position, self._octets = position, 0
        return self._kept

    def keep(self, key: Key, record: CatalogueRecord) -> None:
        """Keeps a record of the position last asked for; the oldest make room."""
        self._kept[key] = record
        self._octets += len(record.marcxml)
        while self._octets > self._most:
            oldest = next(iter(self._kept))
            self._octets -= len(self._kept.pop(oldest).marcxml)


__all__ = ["MOST_OCTETS", "Key", "Recent"]
