"""`gateway decode`: what it shows, what it hides, how it ends."""

from __future__ import annotations

import json

import pytest

from gateway.commands.decode import decode
from library_protocols.sip2 import checksum
from tests.gateway.commands.runner import run

STATUS = "9900302.00AY1AZFCA5"
_BODY = "2300120261122    091500AOABER|AA20100001|AC|AD1234|AY4AZ"
WITH_PIN = _BODY + checksum(_BODY.encode())


def test_every_field_stands_with_its_meaning_and_clause() -> None:
    answer = run(decode, STATUS)
    lines = [" ".join(line.split()) for line in answer.stdout.splitlines()]
    assert answer.exit_code == 0
    assert lines == [
        "99 SC Status (message, utf-8, checksum valid)",
        "9900302.00AY1AZFCA5",
        "octet code field value meaning clause",
        "0 99 SC Status SC to ACS P message 99",
        "2 status code 0 the SC is in order P field status code",
        "3 max print width 030 P field max print width",
        "6 protocol version 2.00 P field protocol version",
        "10 AY sequence number 1 P field AY",
        "13 AZ checksum FCA5 valid P error detection",
        "",
    ]


def test_a_pin_is_starred_but_the_checksum_is_still_judged() -> None:
    answer = run(decode, WITH_PIN)
    assert "1234" not in answer.output
    assert "AD****" in answer.output
    assert "checksum valid" in answer.output
    assert "20100001" in answer.output


def test_a_pin_is_shown_when_asked_for() -> None:
    assert "AD1234" in run(decode, WITH_PIN, "--show-secrets").output


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_wrong_checksum_is_said_by_the_exit_code(options: list[str]) -> None:
    answer = run(decode, "9900302.00AY1AZ0000", *options)
    assert answer.exit_code == 1
    assert "invalid" in answer.output
    assert "expected FCA5" in answer.output


def test_json_is_one_value_a_message() -> None:
    answer = run(decode, "--json", stdin=f"{WITH_PIN}\n{STATUS}\n")
    first, second = (json.loads(line) for line in answer.stdout.splitlines())
    assert (first["message"], first["title"], first["checksum"]) == ("23", "Patron Status Request", "valid")
    assert {field["code"]: field["value"] for field in first["fields"]}["AD"] == "****"
    assert "1234" not in answer.stdout
    assert second["fields"][1] == {
        "offset": 2,
        "length": 1,
        "kind": "fixed",
        "code": "status_code",
        "title": "status code",
        "value": "0",
        "meaning": "the SC is in order",
        "clause": "P field status code",
        "remarks": [],
    }


def test_nothing_to_decode_is_a_diagnostic() -> None:
    answer = run(decode, "good morning")
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "no SIP2 message" in answer.stderr


def test_an_unknown_charset_is_wrong_usage() -> None:
    answer = run(decode, STATUS, "--encoding", "klingon")
    assert answer.exit_code == 2
    assert "klingon" in answer.stderr


def test_what_is_missing_is_said() -> None:
    assert "required and not there: CO" in run(decode, "9300CNaber-kiosk-1|").output
