"""The OAI-PMH judge: what it says of the gateway, and that it notices repositories that are wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from library_conformance.probes import probes_of
from tests.acceptance.nodes import Node
from tests.conformance.http_proxy import WebMutant, WebProxy
from tests.conformance.judging import Judge, demo_inputs, uncaught
from tests.conformance.mutants.oai import INFORMING, MUTANTS
from tests.conformance.servers.oai_door import oai_server, shelf

BAD = {"deviates", "unsafe", "discouraged", "undecided"}
TOLD = {"oai.error.several/two", "oai.token.speed/followed", "oai.formats.marc/listed"}
"""Probes that never blame; mutants change what they tell."""
NOT_THERE = {
    "oai.dates.too-fine/seconds": "the granularity is seconds",
    "oai.sets.unsupported/argument": "there are sets",
    "oai.deletions.announced/no": "Identify says that deletions are told",
}


def _inputs(port: int) -> dict[str, str]:
    return {"other_door": f"http://127.0.0.1:{port}/oai/bangor", "token": "over"}


@pytest.fixture(scope="module")
def proxy() -> Iterator[WebProxy]:
    with oai_server(shelf()) as port, WebProxy(port) as made:
        yield made


@pytest.fixture(scope="module")
def good(proxy: WebProxy, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """What is said of a door that has everything, seen through the proxy that makes no mutant."""
    proxy.mutant = None
    target = f"http://127.0.0.1:{proxy.port}/oai/aber"
    return Judge.run("oai", target, _inputs(proxy.port), tmp_path_factory.mktemp("good"))


def test_a_door_with_everything_does_what_is_asked_for(good: Judge) -> None:
    assert [row for row in good.results if row["verdict"] in BAD] == []
    unseen = {row["probe"]: row["note"] for row in good.results if row["execution"] != "ran"}
    assert unseen == NOT_THERE


def test_the_gateway_does_what_is_asked_for(catalogue_gateway: Node, judge: Callable[..., Judge]) -> None:
    port = catalogue_gateway.ports["http"]
    inputs = {**demo_inputs("oai"), **_inputs(port)}
    said = judge("oai", f"http://127.0.0.1:{port}/oai/aber", inputs)
    assert [row for row in said.results if row["verdict"] in BAD] == []
    assert {row["execution"] for row in said.results} <= {"ran", "not_applicable"}
    assert sum(row["verdict"] == "conforms" for row in said.results) > 95
    assert said.document["announced"]["protocolVersion"] == "2.0"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_mutants_are_noticed(proxy: WebProxy, good: Judge, tmp_path: Path, mutant: WebMutant) -> None:
    proxy.mutant = mutant
    target = f"http://127.0.0.1:{proxy.port}/oai/aber"
    said = Judge.run("oai", target, _inputs(proxy.port), tmp_path, only=mutant.caught_by)
    for probe in mutant.caught_by:
        assert said.said(probe) != good.said(probe), f"{mutant.name} is not noticed by {probe}"
        assert probe in TOLD or {row["verdict"] for row in said.of(probe)} & BAD, said.said(probe)


def test_every_probe_notices_some_mutant() -> None:
    assert uncaught("oai", MUTANTS, INFORMING) == []
    assert {name for one in MUTANTS for name in one.caught_by} <= set(probes_of("oai"))
