from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api.paging import BadCursor, Cursors, cut

CURSORS = Cursors(b"k" * 32)


@given(st.text())
def test_nobody_can_make_a_cursor_up(text: str) -> None:
    with pytest.raises(BadCursor):
        CURSORS.read("aber", "/v1/events", {}, text)


@given(st.one_of(st.integers(), st.text(), st.lists(st.one_of(st.integers(), st.text()))))
def test_a_cursor_gives_back_the_position(position: Any) -> None:
    made = CURSORS.make("aber", "/v1/events", {"a": "b"}, position)
    assert CURSORS.read("aber", "/v1/events", {"a": "b"}, made) == position


@pytest.mark.parametrize(
    ("cursors", "member", "path", "parameters"),
    [
        (Cursors(b"x" * 32), "aber", "/v1/events", {"a": "b"}),
        (CURSORS, "bangor", "/v1/events", {"a": "b"}),
        (CURSORS, "aber", "/v1/conflicts", {"a": "b"}),
        (CURSORS, "aber", "/v1/events", {"a": "c"}),
        (CURSORS, "aber", "/v1/events", {}),
    ],
)
def test_a_cursor_fits_nothing_else(cursors: Cursors, member: str, path: str, parameters: dict[str, str]) -> None:
    made = CURSORS.make("aber", "/v1/events", {"a": "b"}, 7)
    with pytest.raises(BadCursor):
        cursors.read(member, path, parameters, made)


@given(st.lists(st.integers(), unique=True, max_size=30), st.integers(1, 7))
def test_pages_make_up_the_list(rows: list[int], limit: int) -> None:
    ids = [str(row) for row in rows]
    seen: list[int] = []
    position: Any = None
    while True:
        page, position = cut(rows, ids, position, limit)
        assert len(page) <= limit
        seen += page
        if position is None:
            break
    assert seen == rows


def test_a_row_that_goes_between_two_pages_takes_no_other_along() -> None:
    _, position = cut(["a", "b", "c", "d"], ["a", "b", "c", "d"], None, 2)
    assert cut(["a", "c", "d"], ["a", "c", "d"], position, 2)[0] == ["c", "d"]  # b went, the last one given
    assert cut(["b", "c", "d"], ["b", "c", "d"], position, 2)[0] == ["c", "d"]  # a went, one before it
