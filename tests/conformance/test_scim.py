"""The SCIM judge: what it says of the gateway, and that it notices providers which are wrong in one way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from library_conformance.probes import probes_of
from tests.acceptance.nodes import Node
from tests.conformance.http_proxy import WebMutant, WebProxy
from tests.conformance.judging import Judge, demo_inputs, uncaught
from tests.conformance.mutants.scim import MUTANTS


@pytest.fixture(scope="module")
def proxy(gateway: Node) -> Iterator[WebProxy]:
    with WebProxy(gateway.ports["http"]) as made:
        yield made


def _judge(proxy: WebProxy, folder: Path, *only: str) -> Judge:
    target = f"http://127.0.0.1:{proxy.port}/scim/v2/aber"
    return Judge.run("scim", target, demo_inputs("scim"), folder, only=only)


@pytest.fixture(scope="module")
def good(proxy: WebProxy, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    proxy.mutant = None
    return _judge(proxy, tmp_path_factory.mktemp("good"))


def test_the_gateway_does_what_is_asked_for(good: Judge) -> None:
    assert {(row["execution"], row["verdict"]) for row in good.results} == {("ran", "conforms")}
    assert good.document["announced"]["etag"] is True


def test_the_key_is_in_nothing_that_is_written(good: Judge) -> None:
    key = demo_inputs("scim")["api_key"]
    for path in good.folder.rglob("*"):
        assert path.is_dir() or key not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_mutants_are_noticed(proxy: WebProxy, good: Judge, tmp_path: Path, mutant: WebMutant) -> None:
    proxy.mutant = mutant
    said = _judge(proxy, tmp_path, *mutant.caught_by)
    for probe in mutant.caught_by:
        assert {row["verdict"] for row in said.of(probe)} & {"deviates", "unsafe"}, said.of(probe)


def test_every_probe_notices_some_mutant() -> None:
    assert uncaught("scim", list(MUTANTS), {}) == []
    assert {name for one in MUTANTS for name in one.caught_by} <= set(probes_of("scim"))
