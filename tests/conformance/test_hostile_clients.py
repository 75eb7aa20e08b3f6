"""Clients that mean harm, and recordings and results from elsewhere: the judge stays small, quick and in one piece."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from library_conformance import expectations, listen
from library_conformance.cli import app
from library_conformance.evidence import judged_rows, read_runs, subjects_of
from library_conformance.listen import Listener
from library_conformance.listeners import ncip, scripts, sip2
from library_conformance.model import Execution
from library_conformance.passive import RecordingError, judge, links_of, results_of
from library_conformance.passive_rules import Link, Rule, Side
from library_conformance.results import ResultsError, load
from library_conformance.standards import STANDARDS
from library_conformance.transcript import Cover

MALFORMED = (
    b"\0" * 200 + b"\r\n",
    b"\xff" * 200 + b"\r\n\r\n",
    b"\x30\x84\xff\xff\xff\xff" + b"x" * 50,
    b"\x30\x80" * 5000,
    b"\x30\x03\x02\x01\x01",
    b"GET \xb2 HTTP\r\n\r\n",
    b"POST /x HTTP/1.1\r\nContent-Length: " + b"9" * 6000 + b"\r\n\r\nx",
    b"GET /x?operation=searchRetrieve&version=1.1&query=" + b"(" * 5000 + b" HTTP/1.1\r\n\r\n",
    b"POST /x HTTP/1.1\r\nContent-Length: 60012\r\n\r\n" + b"<NCIPMessage" + b"<a>" * 20_000,
)


def say(port: int, octets: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as one:
        one.sendall(octets)
        one.shutdown(socket.SHUT_WR)
        one.settimeout(5)
        try:
            while one.recv(65_536):
                pass
        except OSError:
            return  # it has hung up


@pytest.mark.parametrize("standard", sorted(scripts()))
def test_whatever_a_client_says_is_judged_without_stumbling(standard: str, tmp_path: Path) -> None:
    with Listener(standard) as listener:
        for octets in MALFORMED:
            say(listener.port, octets)
    assert not listener.errors
    row = STANDARDS[standard]
    results = results_of(listener.judgements(), "played", Cover({}, row.mask), tmp_path, row.decode)
    assert not [one.note for one in results if one.execution is Execution.HARNESS_ERROR]


def test_an_error_of_a_script_is_told_and_ends_its_connection_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> Any:
        raise KeyError("ours")

    with Listener("sip2") as listener:
        with monkeypatch.context() as within:
            within.setattr(sip2.Played, "acts", stumble)
            say(listener.port, b"9900302.00\r")
        say(listener.port, b"9900302.00\r")
    assert listener.errors == ["KeyError: 'ours'"]
    assert [one.side for one in listener.links[1].said] == [Side.CLIENT, Side.SERVER]


def test_an_error_of_a_rule_costs_no_other_result(tmp_path: Path) -> None:
    def stumble(_: Link) -> Any:
        raise KeyError("ours")

    judged = judge([Link("1")], "sip2", [Side.CLIENT])
    rule = Rule(judged[0].rule.requirement, Side.CLIENT, stumble)
    with pytest.MonkeyPatch.context() as within:
        within.setattr("library_conformance.passive.rules_of", lambda *_: [rule, judged[1].rule])
        results = results_of(judge([Link("1")], "sip2", [Side.CLIENT]), "played", Cover({}), tmp_path, None)
    assert [one.execution for one in results] == [Execution.HARNESS_ERROR, Execution.NOT_APPLICABLE]
    assert "ours" in results[0].note


def test_so_many_connections_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listen, "_LINKS", 3)
    before = threading.active_count()
    with Listener("sip2") as listener:
        clients = [socket.create_connection(("127.0.0.1", listener.port), timeout=5) for _ in range(30)]
        until = time.monotonic() + 5
        refused = 0
        while refused < 27 and time.monotonic() < until:
            refused = sum(_ended(one) for one in clients)
        assert refused == 27
        assert threading.active_count() <= before + 4
        for one in clients:
            one.close()
    assert not [link for link in listener.links if not link.said]


def _ended(one: socket.socket) -> bool:
    one.settimeout(0.01)
    try:
        return not one.recv(1, socket.MSG_PEEK)
    except TimeoutError:
        return False
    except OSError:
        return True


def test_a_message_without_end_or_one_that_takes_for_ever_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listen, "_SLOWEST", 0.3)
    with Listener("oai") as listener:
        with socket.create_connection(("127.0.0.1", listener.port), timeout=5) as slow:
            slow.sendall(b"GET /oai HTTP/1.1\r\nX:")
            assert not slow.recv(10)
        say(listener.port, b"A" * (listen._MESSAGE + 100_000))
    assert not [one for link in listener.links for one in link.said]


def test_who_says_more_than_is_kept_is_heard_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listen, "_MOST", 20_000)
    with Listener("sip2") as listener:
        say(listener.port, b"9900302.00\r" * 2000)
        listener.wait(0, 0)
        assert listener.full
    assert sum(len(link.said) for link in listener.links) < 100


def test_no_message_makes_a_script_search_for_long() -> None:
    begun = time.process_time()
    ncip._unsupported(b"<NCIPMessage>" + b"<!---->" * 400 + b"x")
    ncip._unsupported(b"<NCIPMessage><!--" * 2000)
    sip2._fields(b"11" + b"NAO" * 20_000)
    assert time.process_time() - begun < 4
    assert b"LookupUserResponse" in ncip._unsupported(b"<NCIPMessage><!-- a --> <!-- - b --><LookupUser/>")


@pytest.mark.parametrize("standard", ["oai", "sru", "ncip", "scim", "cross"])
def test_what_lets_a_client_in_is_not_written_down(standard: str) -> None:
    head = b"GET /x?verb=Identify&apikey=SECRET1 HTTP/1.1\r\nHost: x\r\nauthorization: Basic SECRET2\r\nCookie: SECRET3"
    covered = Cover({}, STANDARDS[standard].mask)(head + b"\r\n\r\n")
    assert covered is not None
    assert b"SECRET" not in covered
    assert b"verb=Identify" in covered
    assert b"Host: x" in covered


# Recordings and results from elsewhere


@pytest.mark.parametrize(
    "line",
    [
        {"dir": "send", "hex": "zz", "t": 0}, {"dir": "send", "hex": "00"}, {"dir": "send", "hex": 7, "t": 0},
        {"dir": "connect", "note": 7}, {"protocol": "sip2", "started": "then"}, {"protocol": "sip2"},
        {"protocol": "sip2", "started": 1, "out": [1]},
    ],
)  # fmt: skip
def test_a_recording_that_is_none_is_said_to_be_none(line: dict[str, Any]) -> None:
    with pytest.raises(RecordingError, match="not as recordings have it"):
        links_of([json.dumps(line)], "sip2")


def test_a_recording_of_brackets_is_no_json() -> None:
    with pytest.raises(RecordingError, match="line 1 is no JSON"):
        links_of(["[" * 100_000], "sip2")


ROW = {
    "requirement": "sip2.status.answer", "probe": "sip2.status.answer/first", "execution": "ran", "observation": "98",
    "verdict": "conforms",
}  # fmt: skip
DOCUMENT = {"format": 1, "standard": "sip2", "subject": "S", "results": [ROW]}


def written(folder: Path, document: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "results.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "document",
    [
        [], 7, {"format": 2, "results": []}, {**DOCUMENT, "results": [7]}, {**DOCUMENT, "subject": []},
        {**DOCUMENT, "results": [{**ROW, "verdict": "splendid"}]}, {**DOCUMENT, "results": [{**ROW, "verdict": []}]},
        {**DOCUMENT, "results": [{**ROW, "manner": "slow"}]}, {**DOCUMENT, "results": [{**ROW, "transcript": {}}]},
        {**DOCUMENT, "results": [{"requirement": "x"}]}, {**DOCUMENT, "announced": [1]},
        {**DOCUMENT, "not_tested": [{"requirement": 1}]}, {**DOCUMENT, "not_tested": 7},
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", [["diff"], ["statement"], ["matrix", "--out"]], ids=lambda command: command[0])
def test_results_that_are_none_are_told_and_nothing_else(document: object, command: list[str], tmp_path: Path) -> None:
    path = written(tmp_path / "run", document)
    with pytest.raises(ResultsError):
        load(path)
    arguments = {"diff": [str(path), str(path)], "statement": [str(path)], "matrix": [str(tmp_path / "map"), str(path)]}
    done = CliRunner().invoke(app, [*command, *arguments[command[0]]])
    assert done.exit_code == 2
    assert isinstance(done.exception, SystemExit)


def test_results_of_brackets_are_none(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(ResultsError, match="no document of results"):
        load(path)


@pytest.mark.parametrize("name", ["../secret.jsonl", "{absolute}", "link.jsonl", "transcripts", "no\0name", "a" * 5000])
def test_a_transcript_is_read_from_its_own_folder_or_not_at_all(name: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.jsonl"
    secret.write_text(json.dumps({"dir": "send", "hex": "31", "text": "the secret"}) + "\n", encoding="utf-8")
    own = tmp_path / "run"
    (own / "transcripts").mkdir(parents=True)
    (own / "link.jsonl").symlink_to(secret)
    (own / "transcripts" / "fine.jsonl").write_text(secret.read_text("utf-8"), encoding="utf-8")
    rows = [{**ROW, "transcript": name.format(absolute=secret)}, {**ROW, "transcript": "transcripts/fine.jsonl"}]
    written(own, {**DOCUMENT, "results": rows})
    (subject,) = subjects_of(read_runs([own]))
    row = next(row for row in judged_rows() if row.id == ROW["requirement"])
    shown = [look.lines for look in subject.cell(row).observed]
    assert shown[0] == ()
    assert shown[1] == ("→ the secret",)


ACTS = "<script>alert(1)</script>\x1b[31m\x9b|`_*\n# x\n=cmd()"


def test_nothing_in_somebody_elses_results_acts_in_what_is_made_of_them(tmp_path: Path) -> None:
    row = {**ROW, "verdict": "deviates", "observation": ACTS, "note": ACTS, "replay": ACTS, "manner": [ACTS]}
    written(tmp_path / "run", {**DOCUMENT, "subject": f"={ACTS}", "results": [row], "announced": {ACTS: [ACTS]}})
    done = CliRunner().invoke(app, ["matrix", str(tmp_path / "run"), "--out", str(tmp_path / "map")])
    assert done.exit_code == 0, done.output
    page = CliRunner().invoke(app, ["statement", str(tmp_path / "run")])
    assert page.exit_code == 0, page.output
    for text in (page.output, *(file.read_text("utf-8") for file in (tmp_path / "map").iterdir())):
        assert "\x1b" not in text
        assert "\x9b" not in text
    for text in (page.output, (tmp_path / "map" / "matrix.html").read_text("utf-8")):
        assert "<script>alert" not in text
    assert "\n# x" not in page.output
    table = (tmp_path / "map" / "matrix.csv").read_text("utf-8-sig").splitlines()[0]
    assert ",=" not in table
    assert ',"=' not in table


@pytest.mark.parametrize("text", ["expectation = 7", "expectation = [7]", "\udcff", "[[expectation]]\nwhy = 7",
                                  '[[expectation]]\nrequirement = "x"\nprobe = "x"\nobservation = "x"\nwhy = 7\n'
                                  "review_by = 2027-01-01"])  # fmt: skip
def test_expectations_that_are_none_are_told(text: str, tmp_path: Path) -> None:
    path = tmp_path / "expect.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(expectations.ExpectationError):
        expectations.read([path])
