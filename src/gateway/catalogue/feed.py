"""The arithmetic of the change feed: how many rows lie between two positions, without counting them one by one.

Beside the rows stand counters of blocks of 2^12, 2^18 and 2^24 positions. Any interval is a handful of whole blocks
of each size and less than one block of the smallest size at either end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

SHIFTS = (12, 18, 24)
"""Bits of a position within a block, by level: 64 blocks of a level make one of the next."""

INDEX_SCOPE = 0
"""The scope of everything, which index and caches follow."""


class Rows(NamedTuple):
    """Rows to be counted one by one: first <= seq < end."""

    first: int
    end: int


class Blocks(NamedTuple):
    """Counters to be added up: first <= block < end, of one level."""

    level: int
    first: int
    end: int


def blocks_of(seq: int) -> Iterator[tuple[int, int]]:
    """Level and number of every block that a position is in."""
    for level, shift in enumerate(SHIFTS):
        yield level, seq >> shift


def cover(first: int, end: int, level: int = len(SHIFTS) - 1) -> Iterator[Rows | Blocks]:
    """The pieces that make up first <= seq < end, the largest blocks that fit into it first."""
    if first >= end:
        return
    if level < 0:
        yield Rows(first, end)
        return
    shift = SHIFTS[level]
    inner_first, inner_end = -(-first >> shift), end >> shift
    if inner_first >= inner_end:
        yield from cover(first, end, level - 1)
        return
    yield Blocks(level, inner_first, inner_end)
    yield from cover(first, inner_first << shift, level - 1)
    yield from cover(inner_end << shift, end, level - 1)
