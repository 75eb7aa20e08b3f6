"""Recordings are judged: each rule sees what it is for, and says nothing of what is in order or covered."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.exchanges.file import FILE_NAME, ExchangeFile
from library_conformance.catalogue import catalogue
from library_conformance.cli import app
from library_conformance.model import Role
from library_conformance.passive import KEPT, RecordingError, judge, links_of
from library_conformance.passive_rules import Side, rules_of
from tests.acceptance.consortium import ABER
from tests.acceptance.nodes import Node, with_data
from tests.acceptance.sip2_line import sealed
from tests.conformance.recordings import Talk, recording, verdicts

STATUS = b"98YYYYYY100003" + b"20260101    120000" + b"2.00AOABER|AMLib|BXYYYYYYYYYYYNYYYY|"
"""Ten seconds, three repeats; the position of 19 says N."""
DATE = b"20260101    120000"


def line(body: bytes, sequence: int) -> bytes:
    return sealed(body, sequence) + b"\r"


def login(sequence: int = 0) -> Talk:
    return [(">", line(b"9300CNkiosk|COsecret|CPdesk|", sequence)), ("<", line(b"941", sequence))]


def hello(sequence: int = 1) -> Talk:
    return [(">", line(b"9900802.00", sequence)), ("<", line(STATUS, sequence))]


def ask(body: bytes, answer: bytes, sequence: int) -> Talk:
    return [(">", line(body, sequence)), ("<", line(answer, sequence))]


PATRON = b"63001" + DATE + b"Y         AOABER|AA1|AC|AD1234|"
PATRON_ANSWER = b"64" + b" " * 14 + b"001" + DATE + b"0000" * 6 + b"AOABER|AA1|AEA B|"
OUT = b"11NN" + DATE + b" " * 18 + b"AOABER|AA1|ABbook|AC|AD1234|"
OUT_ANSWER = b"121NNY" + DATE + b"AOABER|AA1|ABbook|AJTitle|AH20260201|"
END = b"35" + DATE + b"AOABER|AA1|AC|AD|"
END_ANSWER = b"36Y" + DATE + b"AOABER|AA1|"
GOOD: Talk = [
    *login(), *hello(), *ask(PATRON, PATRON_ANSWER, 2), *ask(OUT, OUT_ANSWER, 3), *ask(END, END_ANSWER, 4),
]  # fmt: skip

REPAIRED: Talk = [
    *login(), *hello(),
    (">", line(OUT, 2)), ("<", line(OUT_ANSWER, 2).replace(b"Title", b"title")), (">", line(b"97", 0)[:2] + b"\r"),
    ("<", line(OUT_ANSWER, 2)),
    (">", line(END, 3)), ("<", b"96AZFEF6\r"), (">", line(END, 3)), ("<", line(END_ANSWER, 3)),
]  # fmt: skip


def test_a_good_kiosk_and_a_good_system_keep_everything_that_shows() -> None:
    client = verdicts("sip2", GOOD)
    assert {name: said for name, said in client.items() if said != KEPT} == {}
    assert len(client) >= 12
    server = verdicts("sip2", GOOD, side=Side.SERVER)
    assert {name: said for name, said in server.items() if said != KEPT} == {}
    assert len(server) >= 6


def with_lines(*more: tuple[str, bytes]) -> Talk:
    return [*login(), *hello(), *more]


KIOSKS: dict[str, tuple[Talk, str]] = {
    "sip2.frame.terminator": (with_lines((">", sealed(END, 2))), "no carriage return at the end"),
    "sip2.frame.command": (with_lines((">", line(b"98YYYYYY", 2))), "a message that no kiosk sends"),
    "sip2.client.first": ([*ask(PATRON, PATRON_ANSWER, 0)], "began with 63"),
    "sip2.client.login": (
        [*hello(0), *ask(PATRON, PATRON_ANSWER, 1), *login(2)],
        "a login after other messages",
    ),
    "sip2.client.version": ([(">", line(b"9900801.00", 0))], "another version than 2.00"),
    "sip2.client.one": (with_lines((">", line(PATRON, 2)), (">", line(OUT, 3))), "spoke before the answer came"),
    "sip2.client.sequence": (with_lines(*ask(PATRON, PATRON_ANSWER, 5)), "a sequence number that is not the next one"),
    "sip2.client.checksum": (with_lines((">", line(OUT, 2).replace(b"book", b"boot"))), "a wrong checksum"),
    "sip2.checksum.form": (with_lines((">", OUT + b"AY2AZabcd\r")), "not four capital hexadecimal digits"),
    "sip2.client.repeat": (
        with_lines((">", line(OUT, 2)), (">", line(OUT.replace(b"book", b"boot"), 2))),
        "said otherwise with the same sequence number",
    ),
    "sip2.client.resend": (
        with_lines((">", line(OUT, 2)), ("<", b"96AZFEF6\r"), *ask(END, END_ANSWER, 3)),
        "went on after 96",
    ),
    "sip2.client.damaged": (
        with_lines((">", line(OUT, 2)), ("<", line(OUT_ANSWER, 2).replace(b"Title", b"title")), (">", line(END, 3))),
        "took an answer with a wrong checksum",
    ),
    "sip2.client.stray": (
        with_lines((">", line(OUT, 2)), ("<", line(OUT_ANSWER, 7)), (">", line(END, 3))),
        "took an answer with another sequence number",
    ),
    "sip2.client.status": (
        with_lines((">", line(OUT, 2)), ("<", line(STATUS, 2)), (">", line(END, 3))),
        "took 98 for the answer",
    ),
    "sip2.client.retries": (
        with_lines(*[entry for _ in range(5) for entry in ((">", line(OUT, 2)), ("wait", b"11"))]),
        "said 11 again more often than allowed",
    ),
    "sip2.client.patience": (
        with_lines((">", line(OUT, 2)), ("wait", b"2"), (">", line(OUT, 2))),
        "said it again before the time was over",
    ),
    "sip2.client.required": (
        with_lines((">", line(b"11NN" + DATE + b" " * 18 + b"AOABER|AA1|AC|", 2))),
        "11 without AB",
    ),
    "sip2.client.fixed": (
        with_lines((">", line(b"35" + b"2026" + b"AOABER|AA1|", 2))),
        "35 with a fixed part of another form",
    ),
    "sip2.date.form": (
        with_lines((">", line(END.replace(b"20260101", b"20261301"), 2))),
        "35 with a transaction date that is none",
    ),
    "sip2.client.obeys": (with_lines((">", line(b"19" + DATE + b"AOABER|ABbook|", 2))), "sent 19, which BX denies"),
    "sip2.client.end": (
        with_lines(*ask(PATRON, PATRON_ANSWER, 2), (">", line(PATRON.replace(b"AA1", b"AA2"), 3))),
        "another patron without 35 before",
    ),
    "sip2.client.pin": (
        with_lines(*ask(PATRON, PATRON_ANSWER, 2), (">", line(OUT.replace(b"AD1234|", b""), 3))),
        "11 without the PIN that 63 had",
    ),
}

SYSTEMS: dict[str, tuple[Talk, str]] = {
    "sip2.frame.terminator": (
        with_lines((">", line(END, 2)), ("<", sealed(END_ANSWER, 2))),
        "no carriage return at the end",
    ),
    "sip2.frame.fixed": (
        with_lines(*ask(END, b"36" + DATE + b"AOABER|AA1|", 2)),
        "36 with a fixed part of another form",
    ),
    "sip2.frame.required": (with_lines(*ask(END, b"36Y" + DATE + b"AOABER|", 2)), "36 without AA"),
    "sip2.date.form": (
        with_lines(*ask(END, END_ANSWER.replace(b"20260101", b"20260231"), 2)),
        "36 with a transaction date that is none",
    ),
    "sip2.checksum.form": (
        with_lines((">", line(END, 2)), ("<", END_ANSWER + b"AY2AZab\r")),
        "not four capital hexadecimal digits",
    ),
    "sip2.checksum.answer": (with_lines((">", line(END, 2)), ("<", END_ANSWER + b"\r")), "no checksum"),
    "sip2.sequence.echo": (with_lines((">", line(END, 2)), ("<", line(END_ANSWER, 3))), "another sequence number"),
}


@pytest.mark.parametrize("requirement", KIOSKS)
def test_a_kiosk_that_deviates_is_found_out(requirement: str) -> None:
    talk, observation = KIOSKS[requirement]
    assert verdicts("sip2", talk)[requirement] == observation


@pytest.mark.parametrize("requirement", SYSTEMS)
def test_a_system_that_deviates_is_found_out(requirement: str) -> None:
    talk, observation = SYSTEMS[requirement]
    assert verdicts("sip2", talk, side=Side.SERVER)[requirement] == observation


def test_a_kiosk_that_repairs_the_line_deviates_in_nothing() -> None:
    said = verdicts("sip2", REPAIRED)
    assert {
        said[name] for name in ("sip2.client.resend", "sip2.client.damaged", "sip2.client.repeat") if name in said
    } == {KEPT}
    assert {"sip2.client.resend", "sip2.client.damaged"} <= said.keys()


@pytest.mark.parametrize("standard", ["sip2", "oai", "ncip", "sru"])
def test_rules_are_for_requirements_of_their_side(standard: str) -> None:
    for one in rules_of(standard):
        role = catalogue()[one.requirement].role
        assert role is Role.BOTH or role.value == one.side.value, one.requirement


def test_every_rule_of_kiosks_has_a_kiosk_that_breaks_it() -> None:
    needs_clock = {"sip2.client.offline"}
    assert {one.requirement for one in rules_of("sip2", [Side.CLIENT])} - needs_clock == set(KIOSKS)
    assert {one.requirement for one in rules_of("sip2", [Side.SERVER])} == set(SYSTEMS)


def exchange(at: float, asked: bytes, told: bytes, **more: Any) -> dict[str, Any]:
    return {
        "protocol": "sip2", "link": "sip2-1", "peer": "10.0.0.1:5", "started": at, "milliseconds": 5.0,
        "in": {"length": len(asked), "text": asked.decode("latin-1")},
        "out": {"length": len(told), "text": told.decode("latin-1")}, **more,
    }  # fmt: skip


def record_verdicts(*rows: dict[str, Any], whole: bool = False) -> dict[str, str]:
    made = judge(links_of(map(json.dumps, rows), "sip2", whole=whole), "sip2", [Side.CLIENT])
    return {one.rule.requirement: one.worst[1].observation if one.worst else KEPT for one in made if one.findings}


def test_no_block_is_for_what_happened_before() -> None:
    noon = 1767268800.0  # 2026-01-01 12:00 UTC
    late = OUT.replace(b"11NN", b"11NY")
    assert record_verdicts(exchange(noon + 20, late, b""))["sip2.client.offline"] == "no block for what happens now"
    assert record_verdicts(exchange(noon + 3620, late, b""))["sip2.client.offline"] == "no block for what happens now"
    assert record_verdicts(exchange(noon + 1500, late, b""))["sip2.client.offline"] == KEPT
    assert "sip2.client.offline" not in record_verdicts(exchange(noon, OUT, b""))


def test_what_is_covered_is_there_and_not_more() -> None:
    covered = OUT.replace(b"AA1", b"AA*").replace(b"AD1234", b"AD****") + b"AY3AZ****"
    said = record_verdicts(exchange(0.0, covered, b""), exchange(1.0, END.replace(b"AA1", b"AA*"), b""))
    assert said["sip2.client.required"] == KEPT
    assert said["sip2.client.checksum"] == "no checksum, though others have one"
    assert "sip2.client.first" not in said
    other = [exchange(0.0, PATRON.replace(b"AA1", b"AA*"), b"", patron=name) for name in ("p-1", "p-2")]
    assert record_verdicts(*other)["sip2.client.end"] == "another patron without 35 before"


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [([], "empty"), (["{"], "no JSON"), (['{"a": 1}'], "neither"), (['{"protocol": "ldap"}'], "nothing")],
)
def test_what_is_no_recording_is_refused(lines: list[str], complaint: str) -> None:
    with pytest.raises(RecordingError, match=complaint):
        links_of(lines, "sip2")


# The command, on what a gateway recorded of a kiosk


@pytest.fixture(scope="module")
def recorded(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What a gateway recorded of a good kiosk's visit."""
    gateway = Node(with_data(demo_data, tmp_path_factory.mktemp("recorded") / "data"))
    try:
        kiosk = gateway.kiosk()
        date, named = DATE.decode(), f"AO{ABER.code.upper()}|AA{gateway.new_patron()}|"
        item = gateway.new_item()
        for body in (
            "9900802.00",
            f"63001{date}Y         {named}AC|AD1234|",
            f"11NN{date}{' ' * 18}{named}AB{item}|AC|AD1234|",
            f"09N{date}{date}APdesk|AO{ABER.code.upper()}|AB{item}|AC|",
            f"35{date}{named}AC|AD|",
        ):
            kiosk.ask(body)
        kiosk.close()
    finally:
        gateway.stop()
    with closing(ExchangeFile(gateway.data_dir / FILE_NAME, read_only=True)) as file:
        return [json.dumps(row) for _, chunk in file.chunks() for row in chunk]


def test_what_a_gateway_recorded_is_judged_from_both_sides(recorded: list[str], tmp_path: Path) -> None:
    file = tmp_path / "kiosk.jsonl"
    file.write_text("\n".join(recorded))
    for side in ("client", "server", "both"):
        command = [
            "passive",
            str(file),
            "--standard",
            "sip2",
            "--side",
            side,
            "--whole",
            "--json",
            "--out",
            str(tmp_path / side),
        ]
        done = CliRunner().invoke(app, command)
        document = json.loads(done.output)
        bad = {
            row["requirement"]: row["observation"]
            for row in document["results"]
            if row["verdict"] in ("deviates", "discouraged")
        }
        assert bad == {}
        assert done.exit_code == 0
        assert len([row for row in document["results"] if row["verdict"] == "conforms"]) >= 6
        assert json.loads((tmp_path / side / "results.json").read_text()) == document


def test_a_deviation_is_shown_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.jsonl"
    file.write_text("\n".join(recording(KIOSKS["sip2.client.checksum"][0])))
    done = CliRunner().invoke(app, ["passive", str(file), "--standard", "sip2", "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "sip2.client.checksum: a wrong checksum" in done.output
    found = next(
        row for row in json.loads((tmp_path / "out" / "results.json").read_text())["results"]
        if row["requirement"] == "sip2.client.checksum"
    )  # fmt: skip
    events = [json.loads(one) for one in (tmp_path / "out" / found["transcript"]).read_text().splitlines()]
    assert [one["dir"] for one in events if one.get("note")] == ["send"]
    assert "1234" not in (tmp_path / "out" / found["transcript"]).read_text()


@pytest.mark.parametrize("arguments", [["--standard", "lcf"], ["--standard", "scim"]])
def test_a_standard_without_rules_is_wrong_usage(arguments: list[str], tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["passive", str(tmp_path / "x"), *arguments]).exit_code == 2


def test_a_file_that_shows_nothing_is_an_error(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["passive", str(tmp_path / "x"), "--standard", "sip2"]).exit_code == 2


def test_what_json_holds_unescaped_ends_no_line(tmp_path: Path) -> None:
    file = tmp_path / "talk.jsonl"
    rows = [json.loads(row) for row in recording(GOOD)]
    rows[1]["note"] = "next line \x85, line separator \u2028"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["passive", str(file), "--standard", "sip2"])
    assert done.exit_code == 0, done.output


def test_a_terminal_that_is_not_there_is_named_beside_those_that_are(tmp_path: Path) -> None:
    file = tmp_path / "exchanges.jsonl"
    file.write_text(json.dumps({"protocol": "sip2", "terminal": "desk-1"}) + "\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["passive", str(file), "--standard", "sip2", "--terminal", "desk-2"])
    assert (done.exit_code, "'desk-2'; it has desk-1" in done.output) == (2, True), done.output
