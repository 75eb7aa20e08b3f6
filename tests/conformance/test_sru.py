"""The SRU judge: what it says of the gateway, and that it notices servers that are wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from library_conformance.catalogue import catalogue
from library_conformance.model import Level
from library_conformance.probes import probes_of
from tests.acceptance.nodes import Node
from tests.conformance.http_proxy import WebMutant, WebProxy
from tests.conformance.judging import Judge, demo_inputs, uncaught
from tests.conformance.mutants.sru import INFORMING, MUTANTS
from tests.sru_server import sru_server

BAD = {"deviates", "unsafe", "discouraged", "undecided"}
TOLD = {
    "sru.parameter.repeated/query",
    "sru.parameter.stylesheet/named",
    "sru.cql.empty-term/quotes",
    "sru.precision.told/search",
}
"""Probes that tell which of several permitted ways a server goes; mutants change what they tell."""
NOT_THERE = {"sru.scan.refused/index": "scan is offered"}


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProxy]:
    """The gateway's door over a store and an index of seven records, behind what makes mutants."""
    with sru_server(tmp_path_factory.mktemp("sru")) as url, WebProxy(urlsplit(url).port or 0) as made:
        yield made


def run(proxy: WebProxy, folder: Path, **plan: object) -> Judge:
    return Judge.run("sru", f"http://127.0.0.1:{proxy.port}/sru/aber", demo_inputs("sru"), folder, **plan)


@pytest.fixture(scope="module")
def good(proxy: WebProxy, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """What is said of the door, seen through the proxy that makes no mutant."""
    proxy.mutant = None
    return run(proxy, tmp_path_factory.mktemp("good"))


def test_a_small_catalogue_does_what_is_asked_for(good: Judge) -> None:
    assert [row for row in good.results if row["verdict"] in BAD] == []
    unseen = {row["probe"]: row["note"] for row in good.results if row["execution"] != "ran"}
    assert unseen == NOT_THERE


def test_the_gateway_does_what_is_asked_for(catalogue_gateway: Node, judge: Callable[..., Judge]) -> None:
    said = judge("sru", f"http://127.0.0.1:{catalogue_gateway.ports['http']}/sru/aber", demo_inputs("sru"))
    assert [row for row in said.results if row["verdict"] in BAD] == []
    assert {row["probe"] for row in said.results if row["execution"] != "ran"} == set(NOT_THERE)
    assert sum(row["verdict"] == "conforms" for row in said.results) > 115
    assert said.document["announced"]["version"] == ["2.0"]


def test_transcripts_show_what_was_asked_and_told(good: Judge) -> None:
    (row, *_) = good.of("sru.cql.quoted/word")
    asked, told = [json.loads(line) for line in (good.folder / row["transcript"]).read_text().splitlines()][:2]
    assert ["query", '"wales"'] in asked["decoded"]["parameters"]
    assert told["decoded"]["status"] == 200
    assert told["decoded"]["root"] == "searchRetrieveResponse"
    assert ["numberOfRecords", "7"] in told["decoded"]["below"]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_mutants_are_noticed(proxy: WebProxy, good: Judge, tmp_path: Path, mutant: WebMutant) -> None:
    proxy.mutant = mutant
    said = run(proxy, tmp_path, only=mutant.caught_by)
    for probe in mutant.caught_by:
        assert said.said(probe) != good.said(probe), f"{mutant.name} is not noticed by {probe}"
        rows = said.of(probe)
        open_ways = any(catalogue()[row["requirement"]].level in (Level.MAY, Level.CONDITIONAL) for row in rows)
        blamed = {row["verdict"] for row in rows} & (BAD | ({"permitted"} if open_ways else set()))
        assert probe in TOLD or blamed, said.said(probe)


def test_every_probe_notices_some_mutant() -> None:
    assert uncaught("sru", MUTANTS, INFORMING) == []
    assert {name for one in MUTANTS for name in one.caught_by} <= set(probes_of("sru"))
