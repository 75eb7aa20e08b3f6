"""A register in memory with one feed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gateway.identity.sync.scripted import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "sync")


@pytest.fixture
def make_bench(tmp_path: Path) -> Callable[..., Bench]:
    """A bench with other settings of the feed."""
    return lambda **changes: Bench(tmp_path / "sync", **changes)
