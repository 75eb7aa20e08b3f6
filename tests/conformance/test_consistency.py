"""A system is the same through all its doors, and one that is not is found out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from library_conformance.cli import app
from library_conformance.model import Safety
from tests.acceptance.nodes import Node
from tests.conformance.judging import Judge, demo_inputs
from tests.conformance.proxy import Mutant, Proxy

LEND = "cross.loan.visible/lend-here-look-there"


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


def target(inputs: dict[str, str]) -> str:
    return inputs["door.sip2"]


def test_the_gateway_is_the_same_through_sip2_and_ncip(gateway: Node, judge: Callable[..., Judge]) -> None:
    inputs = inputs_for(gateway)
    done = judge("cross", target(inputs), inputs, only=("cross.patron", "cross.item", "cross.loan"))
    assert {
        row["requirement"]: (row["verdict"], row["observation"]) for row in done.results if row["verdict"] != "conforms"
    } == {}
    assert len(done.results) == 7
    written = "".join(path.read_text() for path in (done.folder / "transcripts").iterdir())
    assert inputs["patron"] not in written
    assert "kiosk-demo" not in written


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


def first_line(octets: bytes) -> int:
    return octets.find(b"\r") + 1


def other_fixed(code: bytes, place: int, value: bytes) -> Callable[..., bytes]:
    """Puts other characters into the fixed part of an answer and leaves the sum wrong: probes of doors do not mind."""
    return lambda message, _: (
        message[:place] + value + message[place + len(value) :] if message.startswith(code) else message
    )


MUTANTS = [
    (Mutant("everything on the shelf", (LEND,), answers=other_fixed(b"18", 2, b"03")), "cross.loan.visible"),
    (
        Mutant("always on loan", ("cross.item.status/on-the-shelf-and-on-loan",), answers=other_fixed(b"18", 2, b"04")),
        "cross.item.status",
    ),
    (
        Mutant("nobody blocked", ("cross.patron.blocked/through-each",), answers=other_fixed(b"24", 2, b" " * 14)),
        "cross.patron.blocked",
    ),
    (
        Mutant(
            "nobody known", ("cross.patron.known/somebody-and-nobody",),
            answers=lambda message, _: message.replace(b"|BLY", b"|BLN"),
        ),
        "cross.patron.known",
    ),
    (
        Mutant(
            "other titles", ("cross.item.title/one-item",),
            answers=lambda message, _: message.replace(b"|AJ", b"|AJNot "),
        ),
        "cross.item.title",
    ),
    (
        Mutant("empty accounts", (LEND,), answers=lambda message, _: message.replace(b"|AU", b"|XU")),
        "cross.loan.account",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("mutant", "requirement"), MUTANTS, ids=[one.name for one, _ in MUTANTS])
def test_a_door_that_says_something_else_is_found_out(
    mutant: Mutant, requirement: str, gateway: Node, judge: Callable[..., Judge]
) -> None:
    with Proxy(gateway.ports["sip2"], first_line) as proxy:
        proxy.mutant = mutant
        inputs = inputs_for(gateway, **{"door.sip2": f"127.0.0.1:{proxy.port}"})
        done = judge("cross", target(inputs), inputs, only=mutant.caught_by)
    verdicts = {row["requirement"]: row["verdict"] for row in done.results}
    assert verdicts[requirement] in ("deviates", "discouraged")


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
    assert "cross.patron.known: the same everywhere" in done.output
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    assert document["standard"] == "cross"
    for wrong in (["--door", "sip2=nowhere"], ["--door", "telnet=a:1"], ["--door", doors[0]]):
        assert CliRunner().invoke(app, ["consistency", *wrong, "--out", str(tmp_path)]).exit_code == 2
