"""Gateways for acceptance tests. One demo is loaded for the whole run; every other gateway starts on a copy of it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.nodes import STORE_FILE, Change, Node, Process, start_demo
from tests.acceptance.terminals import everybody


@pytest.fixture(scope="session")
def _demo_and_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, Path]]:
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
def demo(_demo_and_data: tuple[Process, Path]) -> Process:
    """`gateway demo` as a newcomer starts it. Tests that change its data or guess its PINs use a node of their own."""
    return _demo_and_data[0]


@pytest.fixture(scope="session")
def demo_data(_demo_and_data: tuple[Process, Path]) -> Path:
    """The demo's store as it was when it had just been loaded."""
    return _demo_and_data[1]


@pytest.fixture
def data_dir(demo_data: Path, tmp_path: Path) -> Path:
    """A data directory with the demo's store, for one test."""
    return _with_data(demo_data, tmp_path / "data")


def _with_data(demo_data: Path, folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(demo_data, folder / STORE_FILE)
    return folder


@pytest.fixture(scope="session")
def node(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A gateway that many tests share, each with patrons and items of its own, with terminals of many kinds."""
    running = Node(_with_data(demo_data, tmp_path_factory.mktemp("node") / "data"), everybody)
    yield running
    running.stop()


@pytest.fixture
def make_node(demo_data: Path, tmp_path: Path) -> Iterator[Callable[..., Node]]:
    """Starts gateways for one test, each on fresh demo data."""
    running: list[Node] = []

    def make(change: Change | None = None, *, suspends: bool = False) -> Node:
        running.append(Node(_with_data(demo_data, tmp_path / f"node-{len(running)}"), change, suspends=suspends))
        return running[-1]

    yield make
    for one in running:
        one.stop()
