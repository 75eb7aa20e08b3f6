"""What tests of the judge share: a gateway to judge, and runs of the judge against whatever listens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.nodes import Node, with_data
from tests.acceptance.test_demo_catalogue import TITLES
from tests.conformance.judging import Judge

INDEX_SECONDS = 60.0


@pytest.fixture(scope="package")
def gateway(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """The reference: a gateway on the demo's data, with every door but the catalogue's. Its clock can be put forward
    (`gateway.clock.ahead`) where PIN attempts are to be forgotten."""
    running = Node(with_data(demo_data, tmp_path_factory.mktemp("judged") / "data"))
    yield running
    running.stop()


@pytest.fixture(scope="package")
def catalogue_gateway(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """The same with the catalogue and its doors, every record in the index."""
    running = Node(with_data(demo_data, tmp_path_factory.mktemp("judged-catalogue") / "data"), catalogue=True)
    try:
        _wait_for_index(running)
        yield running
    finally:
        running.stop()


def _wait_for_index(node: Node) -> None:
    """Until as many records are found as were loaded: indexing goes on beside serving."""
    url = f"http://127.0.0.1:{node.ports['http']}/sru?operation=searchRetrieve&version=1.2&query=cql.allRecords%3D1"
    give_up = time.monotonic() + INDEX_SECONDS
    while f"numberOfRecords>{TITLES}<" not in httpx.get(url, timeout=INDEX_SECONDS).text:
        assert time.monotonic() < give_up, "the catalogue is not indexed"
        time.sleep(0.2)


@pytest.fixture
def judge(tmp_path: Path) -> Callable[..., Judge]:
    """`judge(standard, target, inputs, **plan)` runs probes against a target with no pauses and little patience."""

    def make(standard: str, target: str, inputs: dict[str, str], **plan: object) -> Judge:
        return Judge.run(standard, target, inputs, tmp_path / "results", **plan)

    return make
