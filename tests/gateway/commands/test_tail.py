"""`gateway tail` on a file written by hand: what a line says, what is filtered, how it follows."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.commands import tail as tail_module
from gateway.commands.stations import answer_in_words, summary
from gateway.commands.tail import tail
from gateway.exchanges.file import FILE_NAME, ExchangeFile
from library_protocols.ldap import (
    Equality,
    LdapMessage,
    Result,
    SearchRequest,
    SearchResultDone,
    SearchResultEntry,
    encode,
)
from tests.gateway.commands.runner import run

CHECKOUT = "11YN20261123    09000020261123    090000AOABER|AA********|AB30100001|AC|AD****|AY1AZ****\r"
LENT = "121NNY20261123    090000AOABER|AA********|AB30100001|AJCaneuon|AH20261214    235959|AY1AZ****\r"
NOT_LENT = "120NNN20261123    090000AOABER|AA********|AB30100001|AJ|AH|AFYou owe too much to borrow.|AY1AZ****\r"


def octets(text: str) -> dict[str, Any]:
    kept = text.encode().decode("latin-1")
    return {"length": len(kept), "text": kept}


def record(**changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "id": "x1",
        "protocol": "sip2",
        "link": "7",
        "peer": "127.0.0.1:50000",
        "member": "aber",
        "terminal": "aber-kiosk-1",
        "started": time.time(),
        "milliseconds": 3.25,
        "verdict": "answered",
        "operation": "loan.create",
        "patron": "p-0123456789",
        "in": octets(CHECKOUT),
        "out": octets(LENT),
        "request": {"type": "LoanCreate", "item": "30100001"},
        "answer": {"type": "LoanOutcome", "loan": {"id": "L1", "item_barcode": "30100001"}},
        "calls": [{"operation": "loan.create", "milliseconds": 2.5, "failure": None, "answer": "LoanOutcome"}],
    }
    return plain | changes


def refused(**changes: Any) -> dict[str, Any]:
    return record(id="x2", verdict="refused", refusal="FEE_LIMIT", out=octets(NOT_LENT)) | changes


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    file = ExchangeFile(tmp_path / FILE_NAME)
    file.append([record(), refused()])
    file.append([record(id="x3", member="bangor", terminal="bangor-kiosk-1", milliseconds=12.0)])
    file.close()
    return tmp_path


def shown(data_dir: Path, *options: str) -> list[str]:
    """The ids of the exchanges shown."""
    answer = run(tail, "--data-dir", str(data_dir), "--no-follow", "--json", *options)
    assert answer.exit_code == 0, answer.output
    return [json.loads(line)["id"] for line in answer.stdout.splitlines()]


def test_a_line_sums_an_exchange_up(data_dir: Path) -> None:
    answer = run(tail, "--data-dir", str(data_dir), "--no-follow", "--member", "aber")
    first, second = (re.sub(" +", " ", line.strip()) for line in answer.stdout.splitlines())
    who = r"\d\d:\d\d:\d\d\.\d{3} aber/aber-kiosk-1 11 Checkout 30100001 p-0123456789 3\.2 ms "
    assert re.fullmatch(who + "yes", first)
    assert re.fullmatch(who + r"no: Too much owed \(FEE_LIMIT\)", second)


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ([], ["x1", "x2", "x3"]),
        (["--member", "bangor"], ["x3"]),
        (["--terminal", "aber-kiosk-1"], ["x1", "x2"]),
        (["--refused"], ["x2"]),
        (["-n", "1"], ["x3"]),
        (["-n", "1", "--member", "aber"], ["x2"]),
        (["-n", "0"], []),
        (["--since", "1h"], ["x1", "x2", "x3"]),
        (["--since", "2999-01-01"], []),
    ],
)
def test_filters(data_dir: Path, options: list[str], ids: list[str]) -> None:
    assert shown(data_dir, *options) == ids


def test_since_leaves_out_what_is_older(tmp_path: Path) -> None:
    file = ExchangeFile(tmp_path / FILE_NAME)
    hours_ago = [record(id=f"h{hours}", started=time.time() - hours * 3600) for hours in (30, 5, 1)]
    for one in hours_ago:
        file.append([one])
    file.close()
    assert shown(tmp_path, "--since", "1d", "-n", "1") == ["h5", "h1"]
    assert shown(tmp_path, "--since", "90m") == ["h1"]


def test_the_stations_of_an_exchange(data_dir: Path) -> None:
    answer = run(tail, "--data-dir", str(data_dir), "--no-follow", "--detail", "-n", "1")
    text = answer.stdout
    order = [text.index(word) for word in ("1  in", "2  canonical", "3  platform", "4  canonical", "5  out")]
    assert order == sorted(order)
    for part in ("AD****", "LoanCreate", "2.5 ms", "LoanOutcome", "due date", "exchange x3, link 7", "covered"):
        assert part in text


def test_the_stations_of_an_exchange_over_ldap(tmp_path: Path) -> None:
    entry = LdapMessage(2, SearchResultEntry("uid=********,dc=aber,dc=demo", (("cn", (b"***",)),)))
    done = LdapMessage(2, SearchResultDone(Result(4)))
    asked = LdapMessage(2, SearchRequest("dc=aber,dc=demo", 2, 0, 0, 0, False, Equality("uid", b"********")))
    file = ExchangeFile(tmp_path / FILE_NAME)
    file.append([
        record(id="l1", protocol="ldap", **{"in": ldap_octets(asked), "out": ldap_octets(*[entry] * 30, done)}),
        record(id="l2", protocol="ldap", **{"in": octets("no LDAP"), "out": None}),
    ])  # fmt: skip
    file.close()
    answer = run(tail, "--data-dir", str(tmp_path), "--no-follow", "--detail")
    lines = [" ".join(line.split()) for line in answer.stdout.splitlines()]
    assert any(line.startswith("SearchRequest (LDAP") for line in lines)
    assert any(line.endswith("attributeDesc uid 4.5.1.7") for line in lines)
    assert sum(line.startswith("SearchResultEntry (LDAP") for line in lines) == 20
    assert "and 11 more" in lines
    assert "7 octets that are no LDAP" in lines


def test_the_stations_of_an_exchange_over_ncip(tmp_path: Path) -> None:
    asked = (
        '<?xml version="1.0"?><n:NCIPMessage xmlns:n="http://www.niso.org/2008/ncip" n:version="2_02"><!-- * -->\n'
        "<n:LookupUser><n:UserId><n:UserIdentifierValue>********</n:UserIdentifierValue></n:UserId></n:LookupUser>"
        "</n:NCIPMessage>"
    )
    given = asked.replace("LookupUser>", "LookupUserResponse>")
    file = ExchangeFile(tmp_path / FILE_NAME)
    file.append([
        record(id="n1", protocol="ncip", **{"in": octets(asked), "out": octets(given)}),
        record(id="n2", protocol="ncip", **{"in": octets("no NCIP"), "out": None}),
    ])  # fmt: skip
    file.close()
    first, second = run(tail, "--data-dir", str(tmp_path), "--no-follow").stdout.splitlines()
    assert "LookupUser " in first
    assert "loan.create" in second
    answer = run(tail, "--data-dir", str(tmp_path), "--no-follow", "--detail")
    lines = [" ".join(line.split()) for line in answer.stdout.splitlines()]
    assert any(line.startswith("LookupUser (NCIP 2.02, prefix n,") for line in lines)
    assert any(line.startswith("LookupUserResponse (NCIP 2.02") for line in lines)
    assert "2 UserIdentifierValue ******** covered 1.0 to 2.02" in lines
    assert "7 octets that are no NCIP" in lines


def ldap_octets(*messages: LdapMessage) -> dict[str, Any]:
    kept = b"".join(map(encode, messages))
    return {"length": len(kept), "text": kept.decode("latin-1")}


def test_an_outline_has_no_octets_to_show(tmp_path: Path) -> None:
    outline = {
        name: value for name, value in record().items() if name not in {"in", "out", "request", "answer", "calls"}
    }
    file = ExchangeFile(tmp_path / FILE_NAME)
    file.append([outline])
    file.close()
    assert "loan.create" in run(tail, "--data-dir", str(tmp_path), "--no-follow").stdout
    assert "nothing kept" in run(tail, "--data-dir", str(tmp_path), "--no-follow", "--detail").stdout


def test_it_follows(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes adds one exchange at the first pause and interrupts at the third."""
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 1:
            file = ExchangeFile(data_dir / FILE_NAME)
            file.append([record(id="x4"), refused(id="x5")])
            file.close()
        if len(pauses) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(tail_module.time, "sleep", pause)
    answer = run(tail, "--data-dir", str(data_dir), "--json", "-n", "1", "--refused")
    assert answer.exit_code == 0
    assert [json.loads(line)["id"] for line in answer.stdout.splitlines()] == ["x2", "x5"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "yes"),
        ({"out": octets(NOT_LENT)}, "no: You owe too much to borrow."),
        ({"verdict": "refused", "refusal": "FEE_LIMIT"}, "no: Too much owed (FEE_LIMIT)"),
        ({"verdict": "replayed"}, "yes, as before"),
        ({"verdict": "failed", "error": "store away"}, "failed: store away"),
        ({"verdict": "bad_input", "error": "wrong checksum"}, "malformed: wrong checksum"),
        ({"verdict": "ignored", "error": "unknown command"}, "ignored: unknown command"),
        ({"verdict": "ignored", "out": octets("")}, "ignored: it gets no answer"),
    ],
)
def test_the_answer_in_words(changes: dict[str, Any], words: str) -> None:
    assert answer_in_words(record(**changes)) == words


def test_what_no_codec_reads_is_named_by_its_operation_or_protocol() -> None:
    unreadable = {"length": 9, "sha256": "0" * 64}
    assert summary(record(**{"in": unreadable}))["message"] == "loan.create"
    assert summary(record(**{"in": unreadable}, operation=None))["message"] == "sip2, unreadable"
    assert summary(record(protocol="http", operation="patron.get"))["message"] == "patron.get"


def test_an_exchange_before_the_login_is_named_by_its_peer() -> None:
    assert summary(record(member=None, terminal=None))["who"] == "127.0.0.1:50000"


def test_welsh_titles_are_read_as_utf8() -> None:
    text = "1803010120261123    090000AB1|AJGŵyl|"
    answer = summary(record(out=octets(text), **{"in": octets("1720261123    090000AOABER|AB1|")}, request=None))
    assert answer["item"] == "1"
    assert answer_in_words(record(out=octets(text))) == "yes"


def test_no_data_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = run(tail, "--data-dir", str(tmp_path), "--no-follow")
    assert (answer.exit_code, answer.stdout) == (2, "")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tail_module.tempfile, "gettempdir", lambda: str(tmp_path))
    assert run(tail, "--no-follow").exit_code == 2


def test_the_running_demo_is_found(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = tmp_path / "elsewhere" / "library-gateway-demo"
    demo.mkdir(parents=True)
    (data_dir / FILE_NAME).rename(demo / FILE_NAME)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tail_module.tempfile, "gettempdir", lambda: str(demo.parent))
    assert run(tail, "--no-follow", "--json").stdout.count("\n") == 3


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("this is no database, and it is long enough to be looked at as one" * 20)
    answer = run(tail, "--data-dir", str(tmp_path), "--no-follow")
    assert answer.exit_code == 3
    assert "database" in answer.stderr


def test_a_span_that_is_none(data_dir: Path) -> None:
    assert run(tail, "--data-dir", str(data_dir), "--since", "long ago").exit_code == 2
