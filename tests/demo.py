"""Fixtures around `gateway demo`: started once for the whole run, for whatever tests need a gateway to talk to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.nodes import Process


@pytest.fixture(scope="session")
def demo_and_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, Path]]:
    """The running demo, and a copy of its store from before anybody spoke to it."""
    from tests.acceptance.nodes import (  # not before somebody asks for it: it is the whole program
        STORE_FILE,
        start_demo,
    )

    folder = tmp_path_factory.mktemp("demo")
    demo = start_demo(folder)
    try:
        data = folder / "loaded.sqlite3"
        with (
            closing(sqlite3.connect(folder / "demo" / STORE_FILE)) as loaded,
            closing(sqlite3.connect(data)) as copy,
        ):
            loaded.backup(copy)
        yield demo, data
    finally:
        demo.stop()


@pytest.fixture(scope="session")
def demo(demo_and_data: tuple[Process, Path]) -> Process:
    """`gateway demo` as a newcomer starts it. Tests that change its data or guess its PINs use a node of their own."""
    return demo_and_data[0]


@pytest.fixture(scope="session")
def demo_data(demo_and_data: tuple[Process, Path]) -> Path:
    """The demo's store as it was when it had just been loaded."""
    return demo_and_data[1]
