"""What judges responses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sru_schemas import Judge, judge_of


@pytest.fixture(scope="session")
def judge(shared_data: Callable[[str], Path]) -> Judge:
    """Parses a response and fails unless it is valid against the schemas of its version."""
    return judge_of(shared_data)
