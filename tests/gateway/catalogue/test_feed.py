"""Any interval of positions is covered exactly once, by few pieces."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.catalogue.feed import SHIFTS, Blocks, Rows, blocks_of, cover

positions = st.integers(0, 1 << 34)


def ends(piece: Rows | Blocks) -> tuple[int, int]:
    if isinstance(piece, Rows):
        return piece.first, piece.end
    return piece.first << SHIFTS[piece.level], piece.end << SHIFTS[piece.level]


@given(positions, positions)
def test_the_pieces_join_without_gap_or_overlap(first: int, end: int) -> None:
    pieces = sorted(map(ends, cover(first, end)))
    if first >= end:
        assert pieces == []
        return
    assert pieces[0][0] == first
    assert pieces[-1][1] == end
    assert all(before[1] == after[0] for before, after in pairwise(pieces))


@given(positions, positions)
def test_little_is_left_to_count(first: int, end: int) -> None:
    pieces = list(cover(first, end))
    assert len(pieces) <= 2 * len(SHIFTS) + 1
    for piece in pieces:
        if isinstance(piece, Rows):
            assert piece.end - piece.first < 2 << SHIFTS[0]
        elif piece.level < len(SHIFTS) - 1:
            assert piece.end - piece.first <= 2 << (SHIFTS[piece.level + 1] - SHIFTS[piece.level])


def test_the_blocks_of_a_position() -> None:
    assert list(blocks_of((1 << 24) + (3 << 12) + 5)) == [(0, (1 << 12) + 3), (1, 64), (2, 1)]
