"""The small library of `library.py`, furnished, on each database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.store.port import Store
from tests.gateway.platforms.reference.library import Library


@pytest.fixture
async def library(store: Store) -> AsyncIterator[Library]:
    made = Library(store)
    await made.furnish()
    yield made
    await made.platform.close()
