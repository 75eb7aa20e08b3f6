"""A system is the same through all its doors, and one that is not is found out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from library_conformance.cli import app
from library_conformance.model import Safety
from library_conformance.octets import whole
from library_conformance.probes import probes_of
from tests.acceptance.nodes import Node
from tests.conformance.judging import Judge, demo_inputs
from tests.conformance.mutants.cross import CIRCULATION, PEOPLE, RECORDS
from tests.conformance.proxy import Mutant, Proxy

LENDING = ("cross.patron", "cross.item", "cross.loan", "cross.hold", "cross.fees")


def disagreements(done: Judge) -> dict[str, tuple[str, str, str]]:
    return {
        row["requirement"]: (row["verdict"], row["observation"], row["note"])
        for row in done.results
        if row["execution"] == "ran" and row["verdict"] != "conforms"
    }


def inputs_for(node: Node, **more: str) -> dict[str, str]:
    return {
        **demo_inputs("ncip"),
        **demo_inputs("sip2"),
        "patron": node.new_patron(),
        "item": node.new_item(),
        "door.sip2": f"127.0.0.1:{node.ports['sip2']}",
        "door.ncip": f"http://127.0.0.1:{node.ports['http']}/ncip/aber",
        **more,
    }


def with_directory(node: Node, **more: str) -> dict[str, str]:
    """Two doors, one of them the directory; a patron who is in the register."""
    inputs = {**inputs_for(node), **demo_inputs("ldap"), "door.ldap": f"127.0.0.1:{node.ports['ldap']}", **more}
    return {**inputs, "patron": demo_inputs("cross")["patron"]}


def with_catalogue(node: Node) -> dict[str, str]:
    base = f"http://127.0.0.1:{node.ports['http']}"
    inputs = {**inputs_for(node), **demo_inputs("cross"), "item": node.new_item(), "patron": node.new_patron()}
    return {
        **inputs, "door.sru": f"{base}/sru/aber", "door.oai": f"{base}/oai/aber",
        "door.z3950": f"127.0.0.1:{node.ports['z3950']}",
    }  # fmt: skip


def target(inputs: dict[str, str]) -> str:
    return inputs["door.sip2"]


def test_the_gateway_is_the_same_through_sip2_and_ncip(gateway: Node, judge: Callable[..., Judge]) -> None:
    inputs = inputs_for(gateway)
    done = judge("cross", target(inputs), inputs, only=LENDING)
    assert disagreements(done) == {}
    assert {row["requirement"] for row in done.results} >= {"cross.hold.withdrawn", "cross.fees.balance"}
    assert {row["execution"] for row in done.results if row["requirement"] != "cross.item.shelf"} == {"ran"}
    written = "".join(path.read_text() for path in (done.folder / "transcripts").iterdir())
    assert inputs["patron"] not in written
    assert "kiosk-demo" not in written


def test_the_gateway_is_the_same_through_its_directory(gateway: Node, judge: Callable[..., Judge]) -> None:
    inputs = with_directory(gateway)
    del inputs["door.ncip"]
    done = judge("cross", target(inputs), inputs, only=("cross.patron.known", "cross.patron.name", "cross.patron.pin"))
    assert {row["requirement"]: row["observation"] for row in done.results} == {
        "cross.patron.known": "the same everywhere",
        "cross.patron.name": "the same",
        "cross.patron.pin": "right everywhere",
    }


def test_what_is_lent_is_away_in_records(catalogue_gateway: Node, judge: Callable[..., Judge]) -> None:
    for missing in ("", "sip2", "sru"):
        inputs = with_catalogue(catalogue_gateway)
        doors = {name: value for name, value in inputs.items() if name != f"door.{missing}"}
        (row,) = judge("cross", inputs["door.sru"], doors, only=("cross.item.shelf",)).results
        assert (row["verdict"], row["observation"]) == ("conforms", "as it is"), (missing, row["note"])


def test_records_are_the_same_through_sru_z3950_and_oai(catalogue_gateway: Node, judge: Callable[..., Judge]) -> None:
    node = catalogue_gateway
    base = f"http://127.0.0.1:{node.ports['http']}"
    inputs = {
        "database": "aber", "word": "wales", "door.sru": f"{base}/sru/aber", "door.oai": f"{base}/oai/aber",
        "door.z3950": f"127.0.0.1:{node.ports['z3950']}",
    }  # fmt: skip
    done = judge("cross", f"{base}/sru/aber", inputs, only=("cross.search", "cross.record"))
    assert {row["requirement"]: row["observation"] for row in done.results} == {
        "cross.search.count": "equally many",
        "cross.search.nothing": "found nowhere",
        "cross.record.found": "found everywhere",
    }


def test_an_input_of_one_door_is_nothing_to_the_others(catalogue_gateway: Node, judge: Callable[..., Judge]) -> None:
    node = catalogue_gateway
    inputs = {
        "database": "aber", "word": "wales", "login": "aber-kiosk-1", "password": "kiosk-demo", "z3950.login": "",
        "door.sru": f"http://127.0.0.1:{node.ports['http']}/sru/aber", "door.z3950": f"127.0.0.1:{node.ports['z3950']}",
    }  # fmt: skip
    [row] = judge("cross", inputs["door.sru"], inputs, only=("cross.search.count",)).results
    assert row["observation"] == "equally many", row["note"]
    del inputs["z3950.login"]
    [row] = judge("cross", inputs["door.sru"], inputs, only=("cross.search.count",)).results
    assert row["execution"] == "setup_error"


WHOLE: dict[str, Callable[[bytes], int]] = {
    "sip2": lambda octets: octets.find(b"\r") + 1,
    "ldap": lambda octets: whole(octets) if octets else 0,
    "sru": len,
}
"""Where a message ends: SRU's answers are small enough to come at once."""


def caught(
    requirement: str, door: str, mutant: Mutant, inputs: dict[str, str], judge: Callable[..., Judge]
) -> dict[str, str]:
    """The verdicts where a door is changed."""
    place = inputs[f"door.{door}"]
    port = urlsplit(place if "://" in place else f"tcp://{place}").port or 0
    with Proxy(port, WHOLE[door]) as proxy:
        proxy.mutant = mutant
        inputs = {**inputs, f"door.{door}": place.replace(str(port), str(proxy.port))}
        done = judge("cross", target(inputs), inputs, only=mutant.caught_by)
    verdicts = {row["requirement"]: row["verdict"] for row in done.results}
    assert requirement in verdicts, done.results
    return verdicts


BAD = ("deviates", "discouraged", "unsafe")


@pytest.mark.parametrize(("requirement", "door", "mutant"), CIRCULATION, ids=[one.name for _, _, one in CIRCULATION])
def test_a_door_that_says_something_else_is_found_out(
    requirement: str, door: str, mutant: Mutant, gateway: Node, judge: Callable[..., Judge]
) -> None:
    assert caught(requirement, door, mutant, inputs_for(gateway), judge)[requirement] in BAD


@pytest.mark.parametrize(("requirement", "door", "mutant"), PEOPLE, ids=[one.name for _, _, one in PEOPLE])
def test_a_directory_that_says_something_else_is_found_out(
    requirement: str, door: str, mutant: Mutant, gateway: Node, judge: Callable[..., Judge]
) -> None:
    inputs = with_directory(gateway)
    assert caught(requirement, door, mutant, inputs, judge)[requirement] in BAD


@pytest.mark.parametrize(("requirement", "door", "mutant"), RECORDS, ids=[one.name for _, _, one in RECORDS])
def test_a_catalogue_that_says_something_else_is_found_out(
    requirement: str, door: str, mutant: Mutant, catalogue_gateway: Node, judge: Callable[..., Judge]
) -> None:
    inputs = with_catalogue(catalogue_gateway)
    assert caught(requirement, door, mutant, inputs, judge)[requirement] in BAD


def test_every_probe_is_caught_out_by_somebody() -> None:
    caught_out = {name for _, _, mutant in (*CIRCULATION, *PEOPLE, *RECORDS) for name in mutant.caught_by}
    assert caught_out == set(probes_of("cross"))


def test_one_door_is_not_enough(gateway: Node, judge: Callable[..., Judge]) -> None:
    inputs = inputs_for(gateway)
    del inputs["door.ncip"]
    done = judge("cross", target(inputs), inputs, allow=Safety.READ)
    assert {row["execution"] for row in done.results} <= {"not_applicable", "not_selected"}


def test_the_command_takes_doors_and_says_what_it_saw(gateway: Node, tmp_path: Path) -> None:
    inputs = inputs_for(gateway)
    doors = [f"{name}={inputs[f'door.{name}']}" for name in ("sip2", "ncip")]
    file = tmp_path / "inputs.toml"
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in inputs.items() if "." not in name))
    command = ["consistency", *(word for one in doors for word in ("--door", one)), "--inputs", str(file)]
    done = CliRunner().invoke(app, [*command, "--out", str(tmp_path / "out"), "--pause", "0"])
    assert done.exit_code == 0, done.output
    assert "cross.patron.known/somebody-and-nobody: the same everywhere" in done.output
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    assert document["standard"] == "cross"
    for wrong in (["--door", "sip2=nowhere"], ["--door", "telnet=a:1"], ["--door", doors[0]]):
        assert CliRunner().invoke(app, ["consistency", *wrong, "--out", str(tmp_path)]).exit_code == 2
