"""New ids: of one length, different, and in the order they were made in."""

from __future__ import annotations

import re
import time

import pytest

from gateway.identity.ids import LENGTH, new_id


def test_they_are_all_different_and_of_one_length() -> None:
    made = {new_id() for _ in range(10_000)}
    assert len(made) == 10_000
    assert all(re.fullmatch(rf"[0-9a-v]{{{LENGTH}}}", one) for one in made)


def test_a_later_one_sorts_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    instants = [0, 1, 31, 32, 1_700_000_000_000, 1_700_000_000_001, 2**48 - 1]
    made: list[str] = []
    for instant in instants:
        monkeypatch.setattr(time, "time_ns", lambda instant=instant: instant * 1_000_000)
        made.append(new_id())
    assert made == sorted(made)
