"""What people get wrong at the command line is said before a subject is asked anything, with what would be right."""

from __future__ import annotations

import json
import re
import socket
import threading
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from library_conformance import cli
from library_conformance.cli import app
from library_conformance.inputs import INPUTS, template
from library_conformance.probes import probes_of
from library_conformance.usage import SCHEMES, inputs_of, misspelt, target_of

ROOT = Path(__file__).parents[2] / "conformance"
ASKED = re.compile(r"""input(?:s\.get)?\(["'](\w+)["']""")


@pytest.mark.parametrize("standard", SCHEMES)
def test_every_input_that_probes_ask_for_is_told_of_and_no_other(standard: str) -> None:
    folder = ROOT / "library_conformance" / "probes" / standard
    asked = {name for file in folder.glob("*.py") for name in ASKED.findall(file.read_text(encoding="utf-8"))}
    asked |= {name for one in probes_of(standard).values() for name in one.inputs}
    assert asked == set(INPUTS[standard])


@pytest.mark.parametrize("standard", INPUTS)
def test_the_example_of_a_standard_has_inputs_that_are_asked_for(standard: str) -> None:
    example = ROOT / "inputs" / f"demo-{standard}.toml"
    assert misspelt(standard, inputs_of(example, [])) == []


@pytest.mark.parametrize("standard", INPUTS)
def test_a_template_that_is_filled_in_is_read(standard: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["inputs", standard])
    assert (done.exit_code, done.output) == (0, template(standard))
    filled = tmp_path / "ours.toml"
    filled.write_text(re.sub(r'(?m)^# (\w+ = )""', r'\1"x"', done.output), encoding="utf-8")
    assert inputs_of(filled, []) == dict.fromkeys(INPUTS[standard], "x")


def test_there_is_a_template_of_each_standard_alone() -> None:
    assert CliRunner().invoke(app, ["inputs", "gopher"]).exit_code == 2


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("logn", "no probe of sip2 asks for the input logn: login?"),
        ("zzz", "no probe of sip2 asks for the input zzz"),
        ("card", None),
    ],
)
def test_an_input_that_nobody_asks_for_is_named(name: str, complaint: str | None) -> None:
    assert misspelt("sip2", {name: "x", "patron": "y"}, frozenset({"card"})) == ([complaint] if complaint else [])


def test_a_door_may_have_inputs_of_its_own() -> None:
    given = {"door.sip2": "a:1", "z3950.login": "", "sip2.patronn": "x"}
    assert misspelt("cross", given) == ["no probe of cross asks for the input sip2.patronn: sip2.patron?"]


@pytest.mark.parametrize(
    ("standard", "target", "complaint"),
    [
        ("oai", "repository.example:8080/oai", "http://repository.example:8080/oai"),
        ("oai", "tcp://repository.example:8080", "http://…, https://…"),
        ("sip2", "http://acs.example:6001", "HOST:PORT or tls://HOST:PORT"),
        ("sip2", "acs.example", "lacks a port"),
    ],
)
def test_an_address_of_another_kind_is_refused_with_the_right_one(standard: str, target: str, complaint: str) -> None:
    with pytest.raises(typer.BadParameter, match=re.escape(complaint)):
        target_of(standard, target)


@pytest.mark.parametrize(
    ("standard", "target", "tls", "port"),
    [
        ("sip2", "acs.example:6001", False, 6001),
        ("z3950", "tls://acs.example:2100", True, 2100),
        ("ncip", "acs.example:6002", False, 6002),
        ("ncip", "https://acs.example/ncip", True, 443),
    ],
)
def test_an_address_of_the_right_kind_is_taken(standard: str, target: str, tls: bool, port: int) -> None:
    found = target_of(standard, target)
    assert (found.tls, found.port) == (tls, port)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("[inputs]\na = [1]", "NAME = "), ("inputs = 1", "NAME = "), ("[inputs]\na = b", "is no TOML"), (None, "No such")],
)
def test_a_file_of_inputs_that_is_none_is_named(text: str | None, complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(typer.BadParameter, match=complaint):
        inputs_of(file, [])


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--only", "sip2.checkot"], "begins with sip2.checkot"),
        (["--out", "FILE"], "nothing can be written into"),
        (["--inputs", "nowhere.toml"], "nowhere.toml"),
    ],
)
def test_nothing_is_asked_where_the_command_is_wrong(words: list[str], complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with socket.create_server(("127.0.0.1", 0)) as peer:
        peer.setblocking(False)
        command = ["run", "sip2", f"127.0.0.1:{peer.getsockname()[1]}", "--out", str(tmp_path / "out")]
        given = [str(file) if word == "FILE" else word for word in words]
        done = CliRunner().invoke(app, [*command, *given])
        with pytest.raises(BlockingIOError):
            peer.accept()
    assert done.exit_code == 2
    assert complaint in " ".join(re.sub("[│╭╮╰╯─]", " ", done.output).split())


def test_several_doors_are_not_run_as_one() -> None:
    done = CliRunner().invoke(app, ["run", "cross", "127.0.0.1:1", "--out", "nowhere"])
    assert (done.exit_code, "consistency" in done.output) == (2, True)


def test_a_file_that_cannot_be_written_ends_no_command_with_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setattr("sys.argv", ["library-conformance", "matrix", "--out", str(file)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr().err
    assert (ended.value.code, "Traceback" in said, "File exists" in said) == (2, False, True), said


def test_an_example_is_a_file_of_the_form_that_is_read() -> None:
    for file in (ROOT / "inputs").glob("*.toml"):
        assert set(tomllib.loads(file.read_text(encoding="utf-8"))) == {"inputs"}, file


def test_a_replay_says_what_was_said_and_no_value(tmp_path: Path) -> None:
    peer = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=lambda: peer.accept()[0].close(), daemon=True).start()
    command = ["run", "sip2", f"127.0.0.1:{peer.getsockname()[1]}", "--out", str(tmp_path), "--set", "password=xyzzy"]
    CliRunner().invoke(app, [*command, "--insecure", "--patience", "1", "--only", "sip2.status.answer/first"])
    peer.close()
    row = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["results"][0]
    assert "--set password=… --insecure --only" in row["replay"].replace("'", "")
    assert "xyzzy" not in row["replay"]
