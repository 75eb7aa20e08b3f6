"""The LDAP judge: what it says of the gateway and of slapd, and that it notices directories that are wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from library_conformance.probes import probes_of
from library_conformance.probes.ldap import octets
from library_protocols.ldap import BindRequest, ExtendedRequest, SearchRequest, Simple, UnbindRequest, decode
from library_protocols.ldap.facts import oids
from tests.acceptance.nodes import Node
from tests.conformance.judging import Judge, demo_inputs, uncaught
from tests.conformance.mutants.ldap import BY_PIECE, INFORMING, MUTANTS
from tests.conformance.mutants.ldap_ways import whole
from tests.conformance.proxy import Mutant, Proxy
from tests.conformance.servers.ldap_careless import careless_about_tls
from tests.slapd import READER, READER_PASSWORD, SUFFIX, Slapd, person

BAD = {"deviates", "unsafe", "discouraged", "undecided"}
EXPECTED = {"ldap.bind.in-clear/plain-password": "taken in clear"}
"""What the gateway of the demo does otherwise; the expectation says why."""


@pytest.fixture(scope="module")
def proxy(gateway: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Once the gateway's register has people in it: they are taken in beside serving."""
    give_up = time.monotonic() + 60
    while _bad(_judged(gateway.ports["ldap"], tmp_path_factory.mktemp("taken-in"), only=("ldap.search.filter.or",))):
        assert time.monotonic() < give_up, "nobody is taken in"
        time.sleep(0.2)
    with Proxy(gateway.ports["ldap"], whole) as made:
        yield made


@pytest.fixture(scope="module")
def piecewise(gateway: Node) -> Iterator[Proxy]:
    """One that sees requests as they arrive, piece by piece."""
    with Proxy(gateway.ports["ldap"], len, whole) as made:
        yield made


@pytest.fixture(scope="module")
def good(proxy: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """What is said of the gateway through the proxy that makes no mutant."""
    proxy.mutant = None
    return _judged(proxy.port, tmp_path_factory.mktemp("good"))


def _judged(port: int, folder: Path, scheme: str = "tcp", **plan: object) -> Judge:
    return Judge.run("ldap", f"{scheme}://127.0.0.1:{port}", demo_inputs("ldap"), folder, verify=False, **plan)


def _bad(said: Judge) -> dict[str, str]:
    return {row["probe"]: row["observation"] for row in said.results if row["verdict"] in BAD}


def test_the_gateway_does_what_is_asked_for(good: Judge) -> None:
    assert _bad(good) == EXPECTED
    assert {row["probe"] for row in good.results if row["execution"] != "ran"} == set()
    assert good.document["announced"]["supportedLDAPVersion"] == ["3"]


def test_the_gateway_does_the_same_over_tls(gateway: Node, tmp_path: Path) -> None:
    said = _judged(gateway.ports["ldaps"], tmp_path, "tls")
    assert _bad(said) == {name: what for name, what in EXPECTED.items() if "in-clear" not in name}
    not_seen = {row["probe"] for row in said.results if row["execution"] != "ran"}
    assert not_seen == {
        "ldap.bind.in-clear/plain-password", "ldap.tls.start/handshake", "ldap.tls.start.twice/again",
        "ldap.tls.start.injection/search-behind",
    }  # fmt: skip


@pytest.mark.parametrize("mutant", [*MUTANTS, *BY_PIECE], ids=lambda one: one.name)
def test_mutants_are_noticed(
    gateway: Node, proxy: Proxy, piecewise: Proxy, good: Judge, tmp_path: Path, mutant: Mutant
) -> None:
    gateway.clock.ahead += 3600  # wrong passwords of the last mutant are forgotten
    used = piecewise if mutant in BY_PIECE else proxy
    used.mutant = mutant
    said = _judged(used.port, tmp_path, only=mutant.caught_by, patience=1.0)
    for probe in mutant.caught_by:
        assert {row["execution"] for row in said.of(probe)} == {"ran"}, said.said(probe)
        before, now = good.said(probe), said.said(probe)
        assert now[2:] != before[2:], f"{mutant.name} is not noticed by {probe}: {now}"


def test_every_probe_notices_some_mutant() -> None:
    every = [*MUTANTS, *BY_PIECE]
    assert uncaught("ldap", every, INFORMING) == []
    assert {name for one in every for name in one.caught_by} <= set(probes_of("ldap"))
    assert len({one.name for one in every}) == len(every)


def test_slapd_is_judged_by_the_same_measure(tmp_path: Path) -> None:
    """OpenLDAP was written by others: what the two disagree about is looked at by a person, and stands here."""
    folder = tmp_path / "slapd"
    folder.mkdir()
    server = Slapd.start(folder, people=20)
    inputs = {"base": SUFFIX, "uid": person(3).login, "bind_dn": READER, "bind_password": READER_PASSWORD}
    try:
        said = Judge.run("ldap", f"127.0.0.1:{server.ldap_port}", inputs, tmp_path / "said", verify=False)
    finally:
        server.stop()
    assert _bad(said) == SLAPD
    assert sum(row["verdict"] == "conforms" for row in said.results) > 75


SLAPD = {
    "ldap.bind.in-clear/plain-password": "taken in clear",
    "ldap.frame.malformed/no-sequence": "closed",
    "ldap.frame.message-id.zero/bind": "a notice that is none",
    **{f"ldap.write.{name}/nobody": "looked for, not refused" for name in ("add", "modify", "delete", "rename")},
}


def test_what_was_slipped_in_before_tls_is_noticed(tmp_path: Path) -> None:
    with careless_about_tls(tmp_path) as port:
        said = _judged(port, tmp_path / "said", only=("ldap.tls.start",), patience=2.0)
    (row,) = said.of("ldap.tls.start.injection/search-behind")
    assert (row["observation"], row["verdict"]) == ("answered as if it had come encrypted", "unsafe")


def test_octets_by_hand_mean_what_they_say() -> None:
    """The codec reads what was written without it."""
    anonymous, root, unbind, tls = (
        decode(octets.message(number, operation)).op
        for number, operation in enumerate((octets.ANONYMOUS, octets.ROOT, octets.UNBIND, octets.START_TLS), 1)
    )
    assert anonymous == BindRequest(3, "", Simple(b""))
    assert isinstance(root, SearchRequest)
    assert (root.base, root.scope, root.attributes) == ("", 0, ("1.1",))
    assert isinstance(unbind, UnbindRequest)
    assert tls == ExtendedRequest(oids.START_TLS)
    assert decode(octets.message(2**31 - 1, octets.ROOT)).message_id == 2**31 - 1
