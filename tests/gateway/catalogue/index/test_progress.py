"""What is told of an index that is being made."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.catalogue.index import progress
from gateway.catalogue.index.progress import Making, Progress, making


def test_it_is_told_at_the_beginning_now_and_then_and_no_longer_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    told: list[Making] = []
    assert making(tmp_path) is None
    one = Progress(tmp_path, 50_000, told.append)
    assert [made.done for made in told] == [0]
    one.add(1_000)
    now += progress.TELL_SECONDS
    one.add(9_000)
    one.add(1_000)
    assert [(made.done, made.total, made.rate) for made in told[1:]] == [(10_000, 50_000, 1_000.0)]
    assert making(tmp_path) == told[-1]
    assert str(told[-1]) == ("the index is being made: 10,000 of 50,000 records, 1,000 a second, some 40 seconds left")
    one.end()
    assert making(tmp_path) is None


def test_more_than_was_thought_is_no_more_than_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "TELL_SECONDS", 0.0)
    told: list[Making] = []
    Progress(tmp_path, 5, told.append).add(7)
    assert (told[-1].done, told[-1].total) == (7, 7)


def test_a_file_of_another_version_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "progress").write_text('{"records": 5}', encoding="ascii")
    assert making(tmp_path) is None
