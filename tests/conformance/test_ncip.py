"""The NCIP judge: what it says of the gateway over both ways, that it notices responders which are wrong in one way,
and what it says of two others that are quite unlike the gateway.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from library_conformance.probes import probes_of
from tests.acceptance.nodes import Node, with_data
from tests.conformance.judging import Judge, demo_inputs, uncaught
from tests.conformance.mutants.ncip import INFORMING, MUTANTS, SECRETS, TCP
from tests.conformance.mutants.ncip_ways import document_whole, http_whole
from tests.conformance.proxy import Mutant, Proxy
from tests.conformance.servers.ncip_v1_tcp import BARCODE, CARD, old_responder
from tests.conformance.servers.ncip_v2_http import careless_responder

BAD = {"deviates", "unsafe", "discouraged", "undecided"}
EXPECTED = {"ncip.security.login.no-oracle/nobody-and-wrong": "the demo's peer need show no PIN to look a card up"}
SECRET = {"from_agency": "JUDGE", "secret": "open-sesame", "api_key": "key-of-the-judge"}
_HOUR = 3600.0


def _with_a_judge(document: dict[str, Any]) -> None:
    """A peer that has to show a secret and a key, beside the demo's own."""
    from gateway.members.secrets import hash_password

    peers = document["members"]["aber"]["ncip"]["peers"]
    peers["judge"] = {
        **peers["demo"],
        "agency_ids": [SECRET["from_agency"]],
        "secret_hash": hash_password(SECRET["secret"]),
        "api_key_sha256": hashlib.sha256(SECRET["api_key"].encode()).hexdigest(),
    }


@pytest.fixture(scope="module")
def node(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    running = Node(with_data(demo_data, tmp_path_factory.mktemp("ncip") / "data"), _with_a_judge)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def web(node: Node) -> Iterator[Proxy]:
    with Proxy(node.ports["http"], http_whole) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def wire(node: Node) -> Iterator[Proxy]:
    with Proxy(node.ports["ncip"], document_whole) as proxy:
        yield proxy


def _judge(node: Node, port: int, folder: Path, *, over_http: bool, **more: Any) -> Judge:
    """One run, in which no PIN of an earlier one is remembered, with an item that no mutant has left on loan."""
    node.clock.ahead += _HOUR
    target = f"http://127.0.0.1:{port}/ncip/aber" if over_http else f"tcp://127.0.0.1:{port}"
    inputs = {**demo_inputs("ncip"), "item": node.new_item(), **more.pop("inputs", {})}
    return Judge.run("ncip", target, inputs, folder, **more)


@pytest.fixture(scope="module")
def over_http(node: Node, web: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """What is said of the gateway over HTTP."""
    web.mutant = None
    return _judge(node, web.port, tmp_path_factory.mktemp("http"), over_http=True)


@pytest.fixture(scope="module")
def over_tcp(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """What is said of the gateway over TCP."""
    return _judge(node, node.ports["ncip"], tmp_path_factory.mktemp("tcp"), over_http=False)


def _bad(judge: Judge) -> dict[str, str]:
    return {row["probe"]: row["observation"] for row in judge.results if row["verdict"] in BAD}


def test_the_gateway_does_what_is_asked_for_over_http(over_http: Judge) -> None:
    assert _bad(over_http).keys() <= EXPECTED.keys(), _bad(over_http)
    unseen = {row["probe"] for row in over_http.results if row["execution"] != "ran"}
    assert {name for name in unseen if ".tcp." not in name} == {
        "ncip.security.secret.wrong/once", "ncip.security.api-key.wrong/once"
    }  # fmt: skip
    assert sum(row["verdict"] == "conforms" for row in over_http.results) > 140
    assert len(over_http.document["announced"]["versions"]) >= 2


def test_the_gateway_does_what_is_asked_for_over_tcp(over_tcp: Judge) -> None:
    assert _bad(over_tcp).keys() <= EXPECTED.keys(), _bad(over_tcp)
    unseen = {row["probe"] for row in over_tcp.results if row["execution"] != "ran"}
    assert {name for name in unseen if ".http." not in name} == {
        "ncip.security.secret.wrong/once", "ncip.security.api-key.wrong/once"
    }  # fmt: skip
    assert {row["verdict"] for row in over_tcp.results if ".tcp." in row["probe"]} == {"conforms"}


def test_nothing_of_a_patron_is_in_what_is_written(over_http: Judge) -> None:
    inputs = demo_inputs("ncip")
    written = "".join(path.read_text(encoding="utf-8") for path in over_http.folder.rglob("*") if path.is_file())
    for name in ("patron", "patron_blocked", "item_on_loan"):
        assert f">{inputs[name]}<" not in written
        assert inputs[name].encode().hex() not in written
    assert f">{inputs['patron_pin']}<" not in written


def _noticed(good: Judge, said: Judge, mutant: Mutant) -> None:
    for probe in mutant.caught_by:
        before = [row["verdict"] for row in good.of(probe)]
        after = [row["verdict"] for row in said.of(probe)]
        assert {row["execution"] for row in said.of(probe)} == {"ran"}, said.of(probe)
        assert after != before, f"{mutant.name} is not noticed by {probe}: {said.said(probe)}"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_mutants_are_noticed(node: Node, web: Proxy, over_http: Judge, tmp_path: Path, mutant: Mutant) -> None:
    web.mutant = mutant
    said = _judge(node, web.port, tmp_path, over_http=True, only=mutant.caught_by)
    _noticed(over_http, said, mutant)


@pytest.mark.parametrize("mutant", TCP, ids=lambda one: one.name)
def test_mutants_are_noticed_over_tcp(node: Node, wire: Proxy, over_tcp: Judge, tmp_path: Path, mutant: Mutant) -> None:
    wire.mutant = mutant
    said = _judge(node, wire.port, tmp_path, over_http=False, only=mutant.caught_by, patience=1.0)
    _noticed(over_tcp, said, mutant)


@pytest.mark.parametrize("mutant", SECRETS, ids=lambda one: one.name)
def test_who_takes_every_secret_is_noticed(node: Node, web: Proxy, tmp_path: Path, mutant: Mutant) -> None:
    web.mutant = None
    good = _judge(node, web.port, tmp_path / "good", over_http=True, only=mutant.caught_by, inputs=SECRET)
    assert {row["verdict"] for row in good.of(mutant.caught_by[0])} == {"conforms"}
    web.mutant = mutant
    said = _judge(node, web.port, tmp_path / "said", over_http=True, only=mutant.caught_by, inputs=SECRET)
    _noticed(good, said, mutant)


def test_every_probe_notices_some_mutant() -> None:
    everyone = [*MUTANTS, *TCP, *SECRETS]
    assert uncaught("ncip", everyone, INFORMING) == []
    assert {name for one in everyone for name in one.caught_by} <= set(probes_of("ncip"))
    assert INFORMING.keys() <= probes_of("ncip").keys()


def test_an_old_responder_is_old_and_honest(tmp_path: Path) -> None:
    inputs = {"patron": CARD.decode(), "item": BARCODE.decode()}
    with old_responder() as port:
        said = Judge.run("ncip", f"tcp://127.0.0.1:{port}", inputs, tmp_path, patience=0.3)
    assert {row["observation"] for row in said.of("ncip.session.answer/a-card-that-nobody-has")} == {
        "answered in version 1"
    }
    assert {row["verdict"] for row in said.of("ncip.v1.answer.pairs/look-up-a-card")} == {"conforms"}
    assert said.of("ncip.namespace.prefix/another")[0]["execution"] == "not_applicable"
    assert said.of("ncip.tcp.framing.several/one-after-the-other")[0]["verdict"] == "permitted"
    assert said.of("ncip.tcp.framing.pieces/octet-by-octet")[0]["verdict"] == "conforms"
    assert said.of("ncip.tcp.framing.half-closed/answer-still-comes")[0]["verdict"] == "discouraged"
    assert said.of("ncip.robustness.two-at-once/two-connections")[0]["verdict"] == "deviates"
    assert {row["verdict"] for row in said.of("ncip.lookup-user.found/by-card")} == {"conforms"}
    assert said.of("ncip.lookup-item.found/by-barcode")[0]["verdict"] == "conforms"
    assert said.of("ncip.check-out.answer/lend-and-return")[0]["observation"] == "not offered"


def test_a_careless_responder_is_told_its_faults(tmp_path: Path) -> None:
    with careless_responder() as port:
        said = Judge.run("ncip", f"http://127.0.0.1:{port}/", {"patron": "1001"}, tmp_path, patience=2.0)
    verdicts = {row["requirement"]: row["verdict"] for row in said.results}
    assert verdicts["ncip.session.answer"] == "conforms"
    for broken in ("namespace.answer", "version.answer.qualified", "http.content-type.answer", "answer.order",
                   "privacy.elements.asked", "problem.unknown-user", "problem.pin.not-repeated", "service.unknown",
                   "version.same-generation"):  # fmt: skip
        assert verdicts[f"ncip.{broken}"] == "deviates", broken
    for discouraged in ("http.status.problem", "problem.type.standard", "privacy.elements.none-asked"):
        assert verdicts[f"ncip.{discouraged}"] == "discouraged", discouraged
    assert verdicts["ncip.namespace.missing"] == "conforms"
