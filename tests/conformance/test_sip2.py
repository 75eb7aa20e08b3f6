"""The probes of SIP2: all of them at the gateway, and each caught out by a peer that is wrong in what it looks at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from library_conformance.catalogue import requirements_of
from library_conformance.model import Role, Safety
from library_conformance.probes import probes_of
from tests.acceptance.consortium import ABER, KIOSK_PASSWORD
from tests.acceptance.nodes import Node, with_data
from tests.acceptance.sip2_line import Kiosk, checkin, login
from tests.conformance.judging import Judge, demo_inputs, uncaught
from tests.conformance.mutants.sip2 import INFORMING, MUTANTS
from tests.conformance.mutants.sip2_ways import whole
from tests.conformance.proxy import Mutant, Proxy
from tests.conformance.servers.sip2_line import Library, Server, serving
from tests.conformance.servers.sip2_sloppy import Sloppy
from tests.conformance.servers.sip2_strict import Strict

PATIENCE = 1.0
GUESSES = "sip2.pin.guessing/many"
FORGOTTEN = 3600.0
"""Seconds after which the gateway has forgotten guesses at PINs."""
GOOD = {"conforms", "permitted", "informational"}
Trial = Callable[[Mutant | None, tuple[str, ...]], Judge]


@pytest.fixture(scope="module")
def gateway(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """One of its own: other judges put the shared one's clock forward and guess at PINs."""
    running = Node(with_data(demo_data, tmp_path_factory.mktemp("judged-sip2") / "data"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def proxy(gateway: Node) -> Iterator[Proxy]:
    with Proxy(gateway.ports["sip2"], whole) as running:
        yield running


@pytest.fixture(scope="module")
def trial(gateway: Node, proxy: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """Runs probes against the gateway behind a mutant, and leaves its items and PINs as they were."""

    def run(mutant: Mutant | None, only: tuple[str, ...] = ()) -> Judge:
        proxy.mutant = mutant
        left_out = mutant.without if mutant else ()
        inputs = {name: value for name, value in demo_inputs("sip2").items() if name not in left_out}
        folder = tmp_path_factory.mktemp("results")
        judge = Judge.run("sip2", f"127.0.0.1:{proxy.port}", inputs, folder, only=only, patience=PATIENCE)
        if not only or GUESSES in only:
            gateway.clock.ahead += FORGOTTEN
        with Kiosk(gateway.ports["sip2"]) as desk:
            assert desk.ask(login(ABER.login, KIOSK_PASSWORD)).ok
            desk.ask(checkin(inputs["item"]))
        return judge

    return run


@pytest.fixture(scope="module")
def reference(trial: Trial) -> Judge:
    """All probes at the gateway, through the proxy as the mutants are."""
    return trial(None, ())


@pytest.fixture(scope="module")
def noticed(reference: Judge, trial: Trial) -> Callable[[Mutant], dict[str, list[str]]]:
    """What each probe that must notice a mutant said of other requirements than of the gateway, by probe."""
    found: dict[str, dict[str, list[str]]] = {}
    verdicts = reference.verdicts()

    def look(mutant: Mutant) -> dict[str, list[str]]:
        if mutant.name not in found:
            judge = trial(mutant, mutant.caught_by)
            found[mutant.name] = {
                probe: [
                    row["requirement"]
                    for row in judge.of(probe)
                    if row["execution"] == "ran" and row["verdict"] != verdicts[row["requirement"], probe]
                ]
                for probe in mutant.caught_by
            }
        return found[mutant.name]

    return look


def test_the_gateway_keeps_all_of_it(reference: Judge) -> None:
    broken = [(row["requirement"], row["probe"], row["observation"], row["note"])
              for row in reference.results if row["verdict"] not in GOOD]  # fmt: skip
    assert broken == []
    assert len(reference.results) > 200


def test_what_is_written_of_a_run_names_nobody(reference: Judge) -> None:
    inputs = demo_inputs("sip2")
    secrets = [
        inputs[name] for name in inputs if name.startswith(("patron", "password", "login")) and name != "patron_pin"
    ]
    for file in [reference.folder / "results.json", *reference.folder.glob("transcripts/*.jsonl")]:
        for line in file.read_text(encoding="utf-8").splitlines():
            event = json.loads(line) if file.suffix == ".jsonl" else {"text": line}
            said = event.get("text", "") + event.get("note", "") + bytes.fromhex(event.get("hex", "")).decode("latin-1")
            assert not [one for one in secrets if one in said], file
            assert "AD1234" not in said, file
            assert "Evans" not in said, file


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_peer_that_is_wrong_is_noticed(mutant: Mutant, noticed: Callable[[Mutant], dict[str, list[str]]]) -> None:
    unseen = [probe for probe, requirements in noticed(mutant).items() if not requirements]
    assert unseen == []


def test_every_probe_that_judges_has_a_mutant() -> None:
    assert uncaught("sip2", MUTANTS, INFORMING) == []
    assert [name for name in INFORMING if name not in probes_of("sip2")] == []
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_most_requirements_are_seen_broken_by_some_mutant(noticed: Callable[[Mutant], dict[str, list[str]]]) -> None:
    """The mutation score: of all requirements that a server can break, how many some mutant breaks and is seen."""
    broken = {name for mutant in MUTANTS for names in noticed(mutant).values() for name in names}
    informing = {name for probe in INFORMING for name in probes_of("sip2")[probe].verifies}
    judged = {row.id for row in requirements_of("sip2") if row.testable and row.role is not Role.CLIENT} - informing
    left = sorted(judged - broken)
    assert left == []


def test_reading_alone_sends_nothing_that_changes(gateway: Node, tmp_path: Path) -> None:
    target = f"127.0.0.1:{gateway.ports['sip2']}"
    judge = Judge.run("sip2", target, demo_inputs("sip2"), tmp_path, allow=Safety.READ, patience=PATIENCE)
    changing = {"11", "09", "29", "65", "15", "37", "19", "01", "25"}
    for file in tmp_path.glob("transcripts/*.jsonl"):
        events = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        assert not {event.get("text", "")[:2] for event in events if event["dir"] == "send"} & changing, file
    assert {row["execution"] for row in judge.results} == {"ran", "not_selected"}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """A server that keeps the standard and has little to offer."""
    with serving(Strict) as server:
        return _judged(server, tmp_path_factory.mktemp("strict"))


@pytest.fixture(scope="module")
def sloppy(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """A server as many are."""
    with serving(Sloppy) as server:
        return _judged(server, tmp_path_factory.mktemp("sloppy"))


def _judged(server: Server, folder: Path) -> Judge:
    judge = Judge.run("sip2", f"127.0.0.1:{server.port}", demo_inputs("sip2"), folder, patience=PATIENCE)
    assert server.library.loans == Library().loans, "the probes left a loan behind, or took one"
    return judge


def test_a_strict_server_keeps_every_must_and_lacks_what_it_says_it_lacks(strict: Judge) -> None:
    verdicts = strict.verdicts()
    assert {name for (name, _), verdict in verdicts.items() if verdict in ("deviates", "unsafe", "undecided")} == set()
    assert {name for (name, _), verdict in verdicts.items() if verdict == "discouraged"} == {
        "sip2.checksum.absent",  # its error detection is always on
        "sip2.checksum.mixed",
        "sip2.sequence.reconnect",  # what another link said it does not know
        "sip2.pin.guessing",
    }
    absent = {row["requirement"] for row in strict.results if row["execution"] == "not_applicable"}
    assert {name.split(".")[1] for name in absent} == {
        "end-session", "block", "enable", "item-update", "offline", "renew", "renew-all", "hold", "fee",
    }  # fmt: skip
    assert {row["execution"] for row in strict.results} == {"ran", "not_applicable"}


SLOPPY = {
    "sip2.login.refuse/wrong-password": "wrong password 941, unknown user 940, then 941",
    "sip2.login.first/patron": "tells about patrons",
    "sip2.frame.terminator.bare/answers": "carriage return and line feed",
    "sip2.frame.unknown-command/44": "answered 96",
    "sip2.frame.split/in-pieces": "pieces are not put together",
    "sip2.frame.pipelined/three-at-once": "some are lost",
    "sip2.checksum.answer/tour": "answers without a checksum",
    "sip2.checksum.reject/flip-one-digit": "answered 98, then 98",
    "sip2.checksum.reject.undone/damaged-loan": "carried out",
    "sip2.resend.answer/97": "answered 96, wrong sum",
    "sip2.patron-status.blocked/owes": "not so: blocked, blocked.why",
    "sip2.patron-status.fees/owes": "no plain number, no currency",
    "sip2.patron-information.range/loans": "the whole list; entries beyond the end",
    "sip2.patron-information.unknown/nobody": "not so: unknown.both",
    "sip2.item.unknown/nothing": "status 03, offered",
    "sip2.checkin.refuse.item/unknown": "101",
    "sip2.pin.wrong/64": "not so: wrong, wrong.said, wrong.nothing",
    "sip2.pin.empty/64": "CQ Y",
    "sip2.pin.checkout/wrong": "lent",
}
"""What must be seen of the sloppy server: its faults as they were built in."""


def test_a_sloppy_server_is_seen_through(sloppy: Judge, strict: Judge) -> None:
    assert {probe: sloppy.of(probe)[0]["observation"] for probe in SLOPPY} == SLOPPY
    bad = {"deviates", "discouraged", "unsafe"}
    assert [probe for probe in SLOPPY if not bad & {row["verdict"] for row in sloppy.of(probe)}] == []
    assert [probe for probe in SLOPPY if bad & {row["verdict"] for row in strict.of(probe)}] == []
    assert {name for (name, _), verdict in sloppy.verdicts().items() if verdict == "unsafe"} == {
        "sip2.login.refuse", "sip2.login.refuse.empty", "sip2.login.first", "sip2.pin.wrong", "sip2.pin.empty",
        "sip2.pin.absent", "sip2.end-session.forgets", "sip2.patron-information.unknown.both",
    }  # fmt: skip
