"""What tests of the judge share: a gateway to judge, and runs of the judge against whatever listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.nodes import Node, with_data
from tests.conformance.judging import Judge


@pytest.fixture(scope="package")
def gateway(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """The reference: a gateway on the demo's data, with every door but the catalogue's. Its clock can be put forward
    (`gateway.clock.ahead`) where PIN attempts are to be forgotten."""
    running = Node(with_data(demo_data, tmp_path_factory.mktemp("judged") / "data"))
    yield running
    running.stop()


@pytest.fixture(scope="package")
def catalogue_gateway(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """The same with the catalogue and its doors."""
    running = Node(with_data(demo_data, tmp_path_factory.mktemp("judged-catalogue") / "data"), catalogue=True)
    yield running
    running.stop()


@pytest.fixture
def judge(tmp_path: Path) -> Callable[..., Judge]:
    """`judge(standard, target, inputs, **plan)` runs probes against a target with no pauses and little patience."""

    def make(standard: str, target: str, inputs: dict[str, str], **plan: object) -> Judge:
        return Judge.run(standard, target, inputs, tmp_path / "results", **plan)

    return make
