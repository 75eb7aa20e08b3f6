"""The Z39.50 judge: what it says of the gateway and of other targets, and that it notices targets that are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from library_conformance import octets as by_hand
from library_conformance.probes import probes_of
from library_conformance.probes.z3950 import octets
from library_conformance.run import Run, Target
from library_conformance.transcript import Transcript
from library_protocols.z3950 import InitializeRequest, SearchRequest, decode, format_pqf
from library_protocols.z3950.rpn import RpnQuery
from tests.acceptance.nodes import Node
from tests.conformance.judging import Judge, demo_inputs, uncaught
from tests.conformance.mutants.z3950 import BY_PIECE, INFORMING, MUTANTS, whole
from tests.conformance.proxy import Mutant, Proxy

BAD = {"deviates", "unsafe", "discouraged", "undecided"}


@pytest.fixture(scope="module")
def proxy(catalogue_gateway: Node) -> Iterator[Proxy]:
    with Proxy(catalogue_gateway.ports["z3950"], whole) as made:
        yield made


@pytest.fixture(scope="module")
def piecewise(catalogue_gateway: Node) -> Iterator[Proxy]:
    """One that sees requests as they arrive, piece by piece."""
    with Proxy(catalogue_gateway.ports["z3950"], len, whole) as made:
        yield made


@pytest.fixture(scope="module")
def good(proxy: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """What is said of the gateway through the proxy that makes no mutant."""
    proxy.mutant = None
    return _judged(proxy, tmp_path_factory.mktemp("good"))


def _judged(proxy: Proxy, folder: Path, **plan: object) -> Judge:
    return Judge.run("z3950", f"127.0.0.1:{proxy.port}", demo_inputs("z3950"), folder, **plan)


def test_the_gateway_does_what_is_asked_for(good: Judge) -> None:
    assert [(row["probe"], row["observation"]) for row in good.results if row["verdict"] in BAD] == []
    unseen = {row["probe"] for row in good.results if row["execution"] != "ran"}
    assert unseen == {"z3950.auth.id-pass/right-name", "z3950.auth.open/right-name"}
    assert sum(row["verdict"] == "conforms" for row in good.results) > 100
    assert "scan" in good.document["announced"]["options"]


@pytest.mark.parametrize("mutant", [*MUTANTS, *BY_PIECE], ids=lambda one: one.name)
def test_mutants_are_noticed(proxy: Proxy, piecewise: Proxy, good: Judge, tmp_path: Path, mutant: Mutant) -> None:
    used = piecewise if mutant in BY_PIECE else proxy
    used.mutant = mutant
    said = _judged(used, tmp_path, only=mutant.caught_by, patience=1.0)
    for probe in mutant.caught_by:
        assert {row["execution"] for row in said.of(probe)} == {"ran"}, said.said(probe)
        before, now = good.said(probe), said.said(probe)
        assert now[2:] != before[2:], f"{mutant.name} is not noticed by {probe}: {now}"


def test_every_probe_notices_some_mutant() -> None:
    every = [*MUTANTS, *BY_PIECE]
    assert uncaught("z3950", every, INFORMING) == []
    assert {name for one in every for name in one.caught_by} <= set(probes_of("z3950"))
    assert len({one.name for one in every}) == len(every)


def test_octets_by_hand_mean_what_they_say() -> None:
    """The codec reads what was written without it."""
    run = Run(Target("127.0.0.1", 1), {"database": "aber", "login": "me", "password": "pw"}, Transcript())
    init, search = decode(octets.init(run)), decode(octets.search(run, reference=b"7"))
    assert isinstance(init, InitializeRequest)
    assert init.options == {0, 1, 2, 7, 8, 14}
    assert isinstance(search, SearchRequest)
    assert (search.reference_id, search.database_names) == (b"7", ("aber",))
    assert isinstance(search.query.value, RpnQuery)
    assert format_pqf(search.query.value) == "@attr 1=4 wales"


def test_elements_are_taken_apart_by_hand() -> None:
    inner = by_hand.tlv(0x9F6E, b"x" * 300)
    data = by_hand.tlv(0xB5, b"\xa5\x80\x02\x01\x05\x00\x00", inner)
    assert by_hand.whole(data + b"more") == len(data)
    assert all(by_hand.whole(data[:end]) == 0 for end in range(len(data)))
    found = by_hand.element(data)
    assert found.tag == b"\xb5"
    assert [one.tag for one in found.inside] == [b"\xa5", b"\x9f\x6e"]
    number = found.find(0xA5, 0x02)
    assert number is not None
    assert number.number == 5
    for broken in (b"", b"\x05\xff\xff", b"\xb5\x05\x01"):
        with pytest.raises(by_hand.Unreadable):
            by_hand.element(broken)
