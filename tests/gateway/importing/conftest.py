"""A member that knows its rules and two titles, on each database, and files to load into it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gateway.platforms.reference.pins import Pins
from gateway.store.port import Store
from tests.gateway.platforms.reference.library import Library


@pytest.fixture
async def library(store: Store) -> AsyncIterator[Library]:
    made = Library(store)
    await made.furnish()
    yield made
    await made.platform.close()


@pytest.fixture
def pins(library: Library) -> Pins:
    return library.platform.pins


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file and gives its path."""

    def write(content: str | bytes, name: str = "source.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
