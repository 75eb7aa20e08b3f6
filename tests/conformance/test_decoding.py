"""Octets of transcripts are told in words as well: every standard's messages, and nothing where they cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from library_conformance.standards import STANDARDS
from library_conformance.transcript import Cover, Transcript

RESULTS = Path(__file__).parents[2] / "conformance" / "results"
NCIP = b'<NCIPMessage xmlns="http://www.niso.org/2008/ncip">%b</NCIPMessage>'
PROBLEM = b"<LookupUserResponse><Problem><ProblemType>Unknown User</ProblemType></Problem></LookupUserResponse>"

SAID: list[tuple[str, bytes, Any]] = [
    # checkin of item 7, without a checksum
    (
        "sip2",
        b"09N20260101    12000020260101    120000APdesk|AOLIB|AB7|AC|AY3AZF000\r",
        {
            "message": "09",
            "name": "checkin",
            "fixed": {
                "no_block": "N",
                "transaction_date": "20260101    120000",
                "return_date": "20260101    120000",
            },
            "fields": [["AP", "desk"], ["AO", "LIB"], ["AB", "7"], ["AC", ""]],
            "sequence": "3",
            "checksum": True,
        },
    ),
    # two logins accepted, in one piece
    (
        "sip2",
        b"941\r940\r",
        [
            {"message": "94", "name": "login_response", "fixed": {"ok": "1"}, "checksum": False},
            {"message": "94", "name": "login_response", "fixed": {"ok": "0"}, "checksum": False},
        ],
    ),
    # Close [48]: reason [211] 0, with a referenceId [2]
    ("z3950", bytes.fromhex("bf30 08 820141 9f8153 01 00"), {
        "pdu": "close", "referenceId": "A", "closeReason": 0,
    }),
    # Init [20]: versions 1 to 3, options search and scan, sizes 1000
    (
        "z3950",
        bytes.fromhex("b411 830205e0 8403078100 850203e8 860203e8"),
        {
            "pdu": "initRequest", "protocolVersion": [0, 1, 2], "options": ["search", "scan"],
            "preferredMessageSize": 1000, "exceptionalRecordSize": 1000,
        },
    ),
    # SearchResultDone, success, then unbind
    (
        "ldap",
        bytes.fromhex("300c02010265070a010004000400 30050201034200"),
        [{"operation": "SearchResultDone", "id": 2, "result": {"code": 0}}, {"operation": "UnbindRequest", "id": 3}],
    ),
    (
        "ncip",
        NCIP % PROBLEM,
        {"service": "LookupUserResponse", "below": [["Problem", 1]], "problems": ["Unknown User"]},
    ),
    (
        "ncip",
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\n\r\n" + NCIP % PROBLEM,
        {
            "status": 400, "service": "LookupUserResponse", "below": [["Problem", 1]], "problems": ["Unknown User"],
        },
    ),
]  # fmt: skip


def decoded(standard: str, octets: bytes, path: Path) -> Any:
    """What a transcript tells of octets; None where it tells nothing."""
    transcript = Transcript()
    transcript.add("receive", octets)
    transcript.write(path, Cover({}), STANDARDS[standard].decode)
    return json.loads(path.read_text()).get("decoded")


@pytest.mark.parametrize(("standard", "octets", "said"), SAID)
def test_messages_are_told(standard: str, octets: bytes, said: Any, tmp_path: Path) -> None:
    assert decoded(standard, octets, tmp_path / "one.jsonl") == said


def test_what_goes_through_several_doors_is_told_as_what_it_looks_like(tmp_path: Path) -> None:
    for _, octets, said in SAID:
        assert decoded("cross", octets, tmp_path / "one.jsonl") == said
    assert decoded("cross", b"GET /oai?verb=Identify HTTP/1.1\r\n\r\n", tmp_path / "one.jsonl") == {
        "method": "GET", "parameters": [["verb", "Identify"]],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("standard", "octets"),
    [
        ("sip2", b"\r\r"),
        ("z3950", b"\xb6\x00"),
        ("z3950", b"\xb4\x10\x83"),
        ("ldap", b"0\x03\x02\x01"),
        ("ncip", b"<a"),
    ],
)
def test_what_cannot_be_read_is_told_by_its_octets_alone(standard: str, octets: bytes, tmp_path: Path) -> None:
    assert decoded(standard, octets, tmp_path / "one.jsonl") is None


def test_octets_that_are_no_text_can_be_written(tmp_path: Path) -> None:
    said = decoded("sip2", b"98YYYYYY100003\xff0260101    1200002.00AO\xff\xfe|\r", tmp_path / "one.jsonl")
    assert "\ufffd" in json.dumps(said, ensure_ascii=False)


def test_long_lists_are_cut(tmp_path: Path) -> None:
    said = decoded("sip2", b"941\r" * 30, tmp_path / "one.jsonl")
    assert (len(said), said[-1]) == (21, {"more": 10})


@pytest.mark.parametrize(
    ("subject", "standard"), [("yaz-ztest", "z3950"), ("slapd", "ldap"), ("sip2-strict", "sip2"), ("ncip-old", "ncip")]
)
def test_what_was_recorded_of_others_is_told(subject: str, standard: str, tmp_path: Path) -> None:
    """Nearly all that strangers said on their best behaviour, covered as it is, can be told."""
    read = STANDARDS[standard].decode
    assert read is not None
    seen = told = 0
    for file in sorted((RESULTS / subject / standard / "transcripts").glob("*.jsonl"))[:60]:
        for row in map(json.loads, file.read_text().splitlines()):
            if "hex" in row and not row.get("cut"):
                seen += 1
                told += decoded(standard, bytes.fromhex(row["hex"]), tmp_path / "one.jsonl") is not None
    assert seen > 40
    assert told >= seen * 0.98
