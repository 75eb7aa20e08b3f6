"""The judge of responses: the official schemas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.oai_schemas import judge


@pytest.fixture(scope="session")
def valid(shared_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], None]:
    """Fails when a response is not valid against the schemas."""
    return judge(shared_data, tmp_path_factory.mktemp("schemas"))
