"""The frame that carries probes out: four facts a result, what is not run and why, transcripts that can be shown."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from library_conformance import catalogue as books
from library_conformance import probes, runner, standards, telling
from library_conformance.cli import app
from library_conformance.exits import Exit
from library_conformance.model import (
    Behaviour,
    Force,
    Level,
    NotApplicable,
    Requirement,
    Role,
    Safety,
    Seen,
    SetupFailed,
    Verdict,
    absent,
    breaks,
    meets,
    unsafe,
    verdict_of,
)
from library_conformance.probes import Look, probe, probes_of
from library_conformance.run import Run, Target
from library_conformance.runner import Plan, run
from library_conformance.standards import Standard
from library_conformance.transcript import Cover, pseudonym
from library_conformance.web import ask_octets, get_octets, http_error
from tests.certificates import Authority
from tests.gateway.identity.feeds.http_double import Answered, serving

CARD, PIN, PASSWORD = "20100001", "7391", "open-sesame"
INPUTS = {"patron": CARD, "patron_pin": PIN, "password": PASSWORD}


@pytest.fixture
def peer() -> Iterator[int]:
    """Answers every line with itself in upper case; closes at a line that says so."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(one: socket.socket) -> None:
        with one, one.makefile("rb") as said:
            for line in said:
                if line == b"close\n":
                    return
                if line != b"hush\n":
                    one.sendall(line.upper())

    def accept() -> None:
        while True:
            try:
                one, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(one,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(10)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A standard of its own, `toy`, with rows of every level; probes are registered for this test alone."""
    rows = {
        name: Requirement(
            name, "toy", "1", "1", f"{name}.", level, Force.NORMATIVE, Role.SERVER, "g", "connect",
            when="it does" if level is Level.CONDITIONAL else "",
        )
        for name, level in (
            ("toy.a.must", Level.MUST), ("toy.a.should", Level.SHOULD), ("toy.a.may", Level.MAY),
            ("toy.a.conditional", Level.CONDITIONAL),
        )
    }  # fmt: skip
    monkeypatch.setattr(runner, "catalogue", lambda: rows)
    monkeypatch.setattr(telling, "catalogue", lambda: rows)
    monkeypatch.setattr(runner, "requirements_of", lambda standard: list(rows.values()))
    monkeypatch.setattr(probes, "_PROBES", {})
    monkeypatch.setattr(runner, "STANDARDS", {"toy": Standard("Toy", plain=("set",))})

    def define(name: str, look: Look, **options: Any) -> None:
        probe(name, **options)(look)

    return define


def lines(octets: bytes) -> int:
    return octets.find(b"\n") + 1


def carry_out(port: int, folder: Path, **plan: Any) -> dict[str, dict[str, Any]]:
    """Runs the toy standard; its results by probe."""
    arranged = {"pause": 0.0, "patience": 1.0, "allow": Safety.DISRUPTIVE, **plan}
    document = run(Plan("toy", Target("127.0.0.1", port), INPUTS, folder, **arranged))
    assert document == json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return {row["probe"]: row for row in document["results"]}


def test_a_verdict_depends_on_the_level_and_the_behaviour() -> None:
    expected = {
        Level.MUST: (Verdict.CONFORMS, Verdict.DEVIATES, Verdict.DEVIATES),
        Level.SHOULD: (Verdict.CONFORMS, Verdict.DISCOURAGED, Verdict.DISCOURAGED),
        Level.MAY: (Verdict.CONFORMS, Verdict.PERMITTED, Verdict.PERMITTED),
        Level.CONDITIONAL: (Verdict.CONFORMS, Verdict.DEVIATES, Verdict.PERMITTED),
    }
    for level, verdicts in expected.items():
        seen = (Behaviour.MEETS, Behaviour.BREAKS, Behaviour.ABSENT)
        assert tuple(verdict_of(level, one) for one in seen) == verdicts
        assert verdict_of(level, Behaviour.UNSAFE) is Verdict.UNSAFE
        assert verdict_of(level, Behaviour.UNCLEAR) is Verdict.UNDECIDED
        assert verdict_of(level, Behaviour.INFORMATION) is Verdict.INFORMATIONAL


def test_every_end_of_a_probe_is_its_own_execution(toy: Callable[..., None], peer: int, tmp_path: Path) -> None:
    def raising(error: Exception) -> Callable[[Run], Seen]:
        def look(run: Run) -> Seen:
            raise error

        return look

    toy("toy.a.must/ran", lambda run: meets("as it should be"))
    toy("toy.a.must/not-applicable", raising(NotApplicable("no such thing here")))
    toy("toy.a.must/setup", raising(SetupFailed("the card is unknown")))
    toy("toy.a.must/harness", raising(KeyError("ours")))
    toy("toy.a.must/broke", raising(ConnectionResetError()))
    toy("toy.a.must/input", lambda run: meets("never"), inputs=("item",))
    toy("toy.a.must/more", lambda run: meets("never"), safety=Safety.DISRUPTIVE)
    found = carry_out(peer, tmp_path, allow=Safety.READ)
    facts = {
        name.partition("/")[2]: (row["lifecycle"], row["execution"], row["observation"], row["verdict"])
        for name, row in found.items()
    }
    assert facts == {
        "ran": ("finished", "ran", "as it should be", "conforms"),
        "not-applicable": ("finished", "not_applicable", "", "none"),
        "setup": ("aborted", "setup_error", "", "none"),
        "harness": ("aborted", "harness_error", "", "none"),
        "broke": ("finished", "ran", "the line broke", "deviates"),
        "input": ("finished", "not_selected", "", "none"),
        "more": ("finished", "not_selected", "", "none"),
    }
    assert found["toy.a.must/setup"]["note"] == "the card is unknown"
    assert found["toy.a.must/input"]["note"] == "needs the input item"
    assert found["toy.a.must/more"]["note"] == "needs --allow disruptive"


def test_a_probe_is_blocked_by_what_did_not_succeed(toy: Callable[..., None], peer: int, tmp_path: Path) -> None:
    toy("toy.a.must/good", lambda run: meets("fine"))
    toy("toy.a.must/bad", lambda run: breaks("wrong"))
    toy("toy.a.conditional/absent", lambda run: absent("not offered"))
    toy("toy.a.must/danger", lambda run: unsafe("not taken back"))
    for name in ("must/good", "must/bad", "conditional/absent", "must/danger"):
        toy(f"toy.a.may/after-{name.partition('/')[2]}", lambda run: meets("done"), needs=(f"toy.a.{name}",))
    toy("toy.a.may/after-blocked", lambda run: meets("done"), needs=("toy.a.may/after-bad",))
    found = carry_out(peer, tmp_path)
    blocked = {name: row["blocked_by"] for name, row in found.items() if row["execution"] == "blocked"}
    assert blocked == {
        "toy.a.may/after-bad": "toy.a.must/bad",
        "toy.a.may/after-absent": "toy.a.conditional/absent",
        "toy.a.may/after-danger": "toy.a.must/danger",
        "toy.a.may/after-blocked": "toy.a.may/after-bad",
    }


def test_one_look_can_speak_of_several_requirements(toy: Callable[..., None], peer: int, tmp_path: Path) -> None:
    seen = Seen("late", Behaviour.MEETS, {"toy.a.should": Behaviour.BREAKS}, manner=("slow",))
    toy("toy.a.must/both", lambda run: seen, verifies=("toy.a.must", "toy.a.should"))
    document = run(Plan("toy", Target("127.0.0.1", peer), INPUTS, tmp_path, replay=("library-conformance", "run")))
    assert [(row["requirement"], row["verdict"], row["manner"]) for row in document["results"]] == [
        ("toy.a.must", "conforms", ["slow"]),
        ("toy.a.should", "discouraged", ["slow"]),
    ]
    assert document["results"][0]["replay"] == "library-conformance run --only toy.a.must/both"
    assert [row["requirement"] for row in document["not_tested"]] == ["toy.a.may", "toy.a.conditional"]


def test_only_brings_what_it_needs_along(toy: Callable[..., None], peer: int, tmp_path: Path) -> None:
    toy("toy.a.must/first", lambda run: meets("fine"))
    toy("toy.a.must/other", lambda run: meets("fine"))
    toy("toy.a.may/second", lambda run: meets("fine"), needs=("toy.a.must/first",))
    assert list(carry_out(peer, tmp_path, only=("toy.a.may",))) == ["toy.a.must/first", "toy.a.may/second"]


def test_a_subject_that_is_not_there_is_left_alone(toy: Callable[..., None], tmp_path: Path) -> None:
    tried: list[str] = []

    def look(run: Run) -> Seen:
        tried.append("once")
        with run.line():
            return meets("connected")

    for number in range(6):
        toy(f"toy.a.must/{number}", look)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    found = carry_out(port, tmp_path)
    assert {row["execution"] for row in found.values()} == {"setup_error"}
    assert len(tried) == 3


def test_inputs_that_are_wrong_do_not_make_a_subject_unreachable(
    toy: Callable[..., None], peer: int, tmp_path: Path
) -> None:
    def look(run: Run) -> Seen:
        raise SetupFailed("the card is unknown")

    for number in range(4):
        toy(f"toy.a.must/{number}", look)
    toy("toy.a.must/last", lambda run: meets("asked all the same"))
    assert carry_out(peer, tmp_path)["toy.a.must/last"]["observation"] == "asked all the same"


def test_a_web_server_that_breaks_the_line_is_there_and_one_that_takes_none_is_not(
    toy: Callable[..., None], tmp_path: Path
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def hang_up() -> None:
        one, _ = listener.accept()
        with one:
            one.recv(65_536)

    def look(run: Run) -> Seen:
        run.http()
        return meets("answered")

    toy("toy.a.must/ask", look)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    with listener:
        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        [broken] = run(Plan("toy", Target.parse(url), INPUTS, tmp_path / "a"))["results"]
        thread.join(10)
    [refused] = run(Plan("toy", Target.parse(url), INPUTS, tmp_path / "b"))["results"]
    assert (broken["execution"], broken["observation"], broken["verdict"]) == ("ran", "the line broke", "deviates")
    assert (refused["execution"], refused["note"]) == ("setup_error", "no connection: nobody listens at this port")


def test_octets_typed_by_hand_reach_a_server_over_tls(toy: Callable[..., None], tmp_path: Path) -> None:
    def octets(run: Run) -> Seen:
        answer = ask_octets(run, get_octets(run, "a=1"))
        return meets(f"status {answer.status}, {answer.body.decode()}" if answer else "nothing")

    def half(run: Run) -> Seen:
        with run.line() as line:
            line.half_close()
        return meets("never")

    toy("toy.a.must/octets", octets)
    toy("toy.a.must/half", half)
    files = Authority.create(tmp_path / "authority").issue("localhost", addresses=("127.0.0.1",))
    with serving(lambda asked: Answered(f"{asked.path}?{asked.query}".encode()), files) as server:
        aim = Target.parse(f"{server.url}/oai")
        trusted = run(Plan("toy", aim, INPUTS, tmp_path / "a", verify=False))["results"]
        refused = run(Plan("toy", aim, INPUTS, tmp_path / "b"))["results"]
    assert trusted[0]["observation"] == "status 200, /oai?{'a': '1'}", trusted[0]["note"]
    assert (trusted[1]["execution"], refused[0]["execution"]) == ("not_applicable", "setup_error")
    assert refused[0]["note"].startswith("no connection: the certificate is not trusted (")


def test_a_redirect_is_told_as_one_that_is_not_followed() -> None:
    assert http_error(302).observation == "answered HTTP 302, a redirect, which is not followed"
    assert http_error(500).observation == "answered HTTP 500"


def test_a_line_tells_answers_silence_and_closing_apart(toy: Callable[..., None], peer: int, tmp_path: Path) -> None:
    def look(run: Run) -> Seen:
        with run.line() as line:
            line.send(b"one\ntwo\n")
            assert [line.receive(lines), line.receive(lines)] == [b"ONE\n", b"TWO\n"]
            line.send(b"hush\n")
            assert line.silent(0.05)
            line.send(b"slow\n", piecewise=0.001)
            assert line.receive(lines) == b"SLOW\n"
            line.send(b"close\n")
            assert line.receive(lines) == b""
            assert line.closed
        return meets("all of it")

    toy("toy.a.must/talk", look)
    row = carry_out(peer, tmp_path)["toy.a.must/talk"]
    assert row["observation"] == "all of it", row["note"]
    events = [json.loads(line) for line in (tmp_path / row["transcript"]).read_text(encoding="utf-8").splitlines()]
    assert [event["dir"] for event in events][:4] == ["connect", "send", "receive", "receive"]
    assert bytes.fromhex(events[2]["hex"]) == b"ONE\n"
    assert [event["dir"] for event in events][-3:] == ["send", "close"] or events[-1]["dir"] == "close"


def test_nothing_written_names_a_person_or_a_secret(toy: Callable[..., None], peer: int, tmp_path: Path) -> None:
    def look(run: Run) -> Seen:
        with run.line() as line:
            for name in INPUTS:
                line.send(f"{name} is {run.input(name)}\n".encode())
                line.receive(lines)
        run.transcript.add("note", note=f"the card {run.input('patron')}")
        return meets("heard", note=f"{CARD} is known")

    def faulty(run: Run) -> Seen:
        raise KeyError(run.input("patron_pin"))

    toy("toy.a.must/secret", look)
    toy("toy.a.must/faulty", faulty)
    carry_out(peer, tmp_path)
    for file in tmp_path.rglob("*.json*"):
        written = file.read_text(encoding="utf-8").lower()
        for secret in (CARD, PIN, PASSWORD):
            for form in (secret, secret.encode().hex(), secret.upper().encode().hex()):
                assert form not in written, file


def test_pseudonyms_keep_length_and_shape_and_are_always_the_same() -> None:
    assert pseudonym(CARD) == pseudonym(CARD) != CARD
    assert pseudonym(CARD).isdigit()
    assert len(pseudonym("open-sesame")) == len("open-sesame")
    assert pseudonym("open-sesame")[4] == "-"
    cover = Cover({"patron": CARD, "database": "main", "ab": "x"}, plain=("set",))
    assert cover(b"main " + CARD.encode()) == b"main " + pseudonym(CARD).encode()
    assert Cover({}, lambda octets: None)(b"anything") is None


def test_what_a_mask_is_not_sure_of_is_not_written(
    toy: Callable[..., None], peer: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "STANDARDS", {"toy": Standard("Toy", lambda octets: None)})

    def look(run: Run) -> Seen:
        with run.line() as line:
            line.send(b"Mair Evans\n")
            line.receive(lines)
        return meets("heard")

    toy("toy.a.must/unsure", look)
    row = carry_out(peer, tmp_path)["toy.a.must/unsure"]
    written = (tmp_path / row["transcript"]).read_text(encoding="utf-8")
    assert "mair" not in written.lower()
    assert b"Mair".hex() not in written
    assert '"length": 11' in written
    assert "sha256" not in written, "whoever could try all words would find the right one by its digest"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("kiosk.example:6001", Target("kiosk.example", 6001)),
        ("tls://kiosk.example:6443", Target("kiosk.example", 6443, tls=True)),
        ("http://a.example/oai", Target("a.example", 80, url="http://a.example/oai")),
        ("https://a.example/oai", Target("a.example", 443, tls=True, url="https://a.example/oai")),
        ("ftp://a.example:21", None),
        ("a.example", None),
    ],
)
def test_targets_are_addresses(text: str, target: Target | None) -> None:
    if target is None:
        with pytest.raises(ValueError, match=r"neither|lacks"):
            Target.parse(text)
    else:
        assert Target.parse(text) == target


@pytest.mark.parametrize(
    ("looks", "code"),
    [
        ((meets("fine"),), 0),
        ((meets("fine"), breaks("wrong")), 1),
        ((meets("fine"), unsafe("left behind")), 1),
        ((meets("fine"), KeyError("ours")), 2),
        ((SetupFailed("nobody there"),), 2),
    ],
)
def test_the_exit_code_says_what_came_of_it(
    toy: Callable[..., None],
    peer: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    looks: tuple[Seen | Exception, ...],
    code: int,
) -> None:
    monkeypatch.setattr("library_conformance.usage.STANDARDS", {"toy": Standard("Toy")})
    for number, made in enumerate(looks):

        def look(run: Run, made: Seen | Exception = made) -> Seen:
            if isinstance(made, Exception):
                raise made
            return made

        toy(f"toy.a.must/{number}", look)
    command = ["run", "toy", f"127.0.0.1:{peer}", "--out", str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == code, done.output
    assert json.loads(done.stdout.splitlines()[-1])["standard"] == "toy"


def test_every_command_that_judges_ends_by_the_same_codes_and_says_so() -> None:
    assert [(one.name, int(one)) for one in Exit] == [
        ("AS_EXPECTED", 0), ("DEVIATION", 1), ("HARNESS", 2), ("STALE", 3),
    ]  # fmt: skip
    commands = typer.main.get_group(app).commands
    for name, command in commands.items():
        told = (command.help or "").partition("Exit codes: ")[2]
        codes = re.findall(r"(?:^|; )(\d) ", " ".join(told.split()))
        assert codes[0] == "0", name
        assert codes == sorted(codes), name
        assert "wrong usage" in told.partition("2 ")[2] or "no such" in told, name
        assert "3" not in codes or "stale" in told, name


def test_wrong_usage_is_said_as_such(tmp_path: Path) -> None:
    out = ["--out", str(tmp_path)]
    (tmp_path / "broken.toml").write_text("inputs = ", encoding="utf-8")
    for wrong in (
        ["run", "gopher", "127.0.0.1:70", *out],
        ["run", "sip2", "127.0.0.1", *out],
        ["run", "sip2", "127.0.0.1:1", *out, "--set", "patron"],
        ["run", "sip2", "127.0.0.1:1", *out, "--inputs", str(tmp_path / "broken.toml")],
        ["run", "sip2", "127.0.0.1:1"],
    ):
        assert CliRunner().invoke(app, wrong).exit_code == 2, wrong


def test_the_standards_of_the_command_line_are_those_of_the_catalogue() -> None:
    assert set(standards.STANDARDS) == set(books.STANDARDS) - {"lcf"}
    for name in standards.STANDARDS:
        assert all(one.standard == name for one in probes_of(name).values())
