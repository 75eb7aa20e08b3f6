"""Gateways for acceptance tests, each started on a copy of the data that the one demo has loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.nodes import Change, Node, with_data
from tests.acceptance.terminals import everybody


@pytest.fixture
def data_dir(demo_data: Path, tmp_path: Path) -> Path:
    """A data directory with the demo's store, for one test."""
    return with_data(demo_data, tmp_path / "data")


@pytest.fixture(scope="module")
def node(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A gateway that a module's tests share, each with patrons and items of its own, with terminals of many kinds."""
    running = Node(with_data(demo_data, tmp_path_factory.mktemp("node") / "data"), everybody)
    yield running
    running.stop()


@pytest.fixture
def make_node(demo_data: Path, tmp_path: Path) -> Iterator[Callable[..., Node]]:
    """Starts gateways for one test, each on fresh demo data."""
    running: list[Node] = []

    def make(change: Change | None = None, *, suspends: bool = False) -> Node:
        running.append(Node(with_data(demo_data, tmp_path / f"node-{len(running)}"), change, suspends=suspends))
        return running[-1]

    yield make
    for one in running:
        one.stop()
