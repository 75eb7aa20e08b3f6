"""The demo that foreign clients meet: the real program, on a copy of the data, so that they may change it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.nodes import STORE_FILE, Process, start_demo


@pytest.fixture(scope="session")
def peer_demo(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """`gateway demo` on data that is there already."""
    folder = tmp_path_factory.mktemp("peers")
    (folder / "demo").mkdir()
    shutil.copy(demo_data, folder / "demo" / STORE_FILE)
    running = start_demo(folder)
    yield running
    running.stop()
