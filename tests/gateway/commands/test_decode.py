"""`gateway decode`: what it shows, what it hides, how it ends."""

from __future__ import annotations

import base64
import json

import pytest

from gateway.commands.decode import decode
from gateway.commands.decode_ber import Z3950, Messages, find_ber
from library_protocols import ldap
from library_protocols.sip2 import checksum
from library_protocols.z3950 import IdPass, InitializeRequest, Query, SearchRequest, encode, parse_pqf
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


INIT = InitializeRequest(
    protocol_version=frozenset((0, 1, 2)),
    options=frozenset((0, 1, 14)),
    preferred_message_size=1000,
    exceptional_record_size=1000,
    id_authentication=IdPass(user_id="me", password="hunter2"),
)
SEARCH = SearchRequest(
    small_set_upper_bound=0,
    large_set_lower_bound=1,
    medium_set_present_number=0,
    replace_indicator=True,
    result_set_name="default",
    database_names=("aber",),
    query=Query(1, parse_pqf("@attr 1=4 wales")),
)
PDUS = encode(INIT) + encode(SEARCH)


@pytest.mark.parametrize("pasted", [PDUS.hex(), PDUS.hex(" "), ", ".join(f"0x{one:02x}" for one in PDUS)])
def test_pdus_of_z3950(pasted: str) -> None:
    answer = run(decode, pasted)
    lines = [" ".join(line.split()) for line in answer.stdout.splitlines()]
    assert answer.exit_code == 0
    assert lines[0] == f"initRequest (Z39.50, {len(encode(INIT))} octets)"
    assert "6 [4] options 0,1,14 search, present, result sets by name 3.2.1.1" in lines
    assert any("@attr 1=4 wales" in line for line in lines)


def test_a_password_of_z3950_is_starred() -> None:
    assert "hunter2" not in run(decode, PDUS.hex()).output
    assert "*******" in run(decode, PDUS.hex()).output
    assert "hunter2" in run(decode, PDUS.hex(), "--show-secrets").output


def test_a_captured_packet_with_a_pdu() -> None:
    packet = bytes.fromhex("45000034000040004006000a7f0000017f000001c35800d20000000000000000501820000000")
    answer = run(decode, (packet + PDUS).hex())
    assert answer.exit_code == 0
    assert answer.output.startswith("initRequest")


def test_pdus_in_json_and_from_standard_input() -> None:
    answer = run(decode, "--json", stdin=PDUS.hex())
    first, second = (json.loads(line) for line in answer.stdout.splitlines())
    assert (first["message"], second["message"]) == ("initRequest", "searchRequest")
    assert find_ber(PDUS) == Messages(Z3950, (encode(INIT), encode(SEARCH)))


def test_a_pdu_that_is_broken_is_said_by_the_exit_code() -> None:
    answer = run(decode, "b6 03 8d 02 00")
    assert answer.exit_code == 1
    assert "!" in answer.output


@pytest.mark.parametrize("pasted", ["b4 52", "c3a9", "a0 03 02 01 01", "30 03 02 01 01"])
def test_octets_that_are_no_pdu(pasted: str) -> None:
    assert run(decode, pasted).exit_code == 2


LDAP_BIND = ldap.encode(ldap.LdapMessage(1, ldap.BindRequest(3, "cn=reader,dc=aber,dc=demo", ldap.Simple(b"hunter2"))))
LDAP_REFUSED = ldap.encode(ldap.LdapMessage(1, ldap.BindResponse(ldap.Result(49, "", "data 52e"))))
LDAP = LDAP_BIND + LDAP_REFUSED


@pytest.mark.parametrize("pasted", [LDAP.hex(), LDAP.hex(" "), base64.b64encode(LDAP).decode()])
def test_messages_of_ldap(pasted: str) -> None:
    answer = run(decode, pasted)
    lines = [" ".join(line.split()) for line in answer.stdout.splitlines()]
    assert answer.exit_code == 0
    assert lines[0] == f"BindRequest (LDAP, {len(LDAP_BIND)} octets)"
    assert "5 [APPLICATION 0] BindRequest says who one is 4.2" in lines
    assert "10 [UNIVERSAL 4] name cn=reader,dc=aber,dc=demo 4.2" in lines
    assert f"BindResponse (LDAP, {len(LDAP_REFUSED)} octets)" in lines
    assert any("49 invalidCredentials" in line for line in lines)


def test_a_password_of_ldap_is_starred() -> None:
    assert "hunter2" not in run(decode, LDAP.hex()).output
    assert "*******" in run(decode, LDAP.hex()).output
    assert "hunter2" in run(decode, LDAP.hex(), "--show-secrets").output


def test_a_captured_packet_with_ldap_and_octets_as_they_are() -> None:
    packet = bytes.fromhex("45000034000040004006000a7f0000017f000001c35800d20000000000000000501820000000")
    answer = run(decode, "--json", stdin=(packet + LDAP).hex())
    first, second = (json.loads(line) for line in answer.stdout.splitlines())
    assert (first["protocol"], first["message"], second["message"]) == ("ldap", "BindRequest", "BindResponse")
    found = find_ber(LDAP)
    assert found is not None
    assert found.octets == (LDAP_BIND, LDAP_REFUSED)


def test_a_message_of_ldap_that_is_broken_is_said_by_the_exit_code() -> None:
    answer = run(decode, "30 05 02 01 07 60 00")
    assert answer.exit_code == 1
    assert "version is missing (at octet 7)" in answer.output


def test_an_indefinite_length_is_told() -> None:
    answer = run(decode, "30 80 02 01 07 42 00 00 00", "--show-secrets")
    assert answer.exit_code == 1
    assert "indefinite length" in answer.output


@pytest.mark.parametrize("pasted", ["MDUCAQF", "MAYCAQFCAQA=", "30 05 02 01 07 5e 00"])
def test_what_is_no_message_of_ldap(pasted: str) -> None:
    assert run(decode, pasted).exit_code == 2
