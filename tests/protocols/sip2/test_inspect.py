"""Explaining octets and terms to people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.sip2 import FIELDS, MESSAGES, TABLES, Dialect, build, encode
from library_protocols.sip2.inspect import Inspection, Span, explain, inspect


def span_of(inspection: Inspection, code: str) -> Span:
    return next(span for span in inspection.spans if span.code == code)


def test_an_item_on_the_hold_shelf() -> None:
    data = b"1808010120261122    044327AB30100024|AJY t\xc5\xb7|ZQx|AY1AZ0000\r\n"
    inspection = inspect(data, Dialect(encoding="utf-8"))
    assert [(span.offset, span.length, span.kind, span.code) for span in inspection.spans] == [
        (0, 2, "command", "18"),
        (2, 2, "fixed", "circulation_status"),
        (4, 2, "fixed", "security_marker"),
        (6, 2, "fixed", "fee_type"),
        (8, 18, "fixed", "transaction_date"),
        (26, 10, "field", "AB"),
        (36, 1, "delimiter", ""),
        (37, 7, "field", "AJ"),
        (44, 1, "delimiter", ""),
        (45, 3, "field", "ZQ"),
        (48, 1, "delimiter", ""),
        (49, 3, "sequence", "AY"),
        (52, 6, "checksum", "AZ"),
        (58, 2, "terminator", ""),
    ]
    status = span_of(inspection, "circulation_status")
    assert (status.value, status.meaning) == ("08", "waiting on the hold shelf")
    assert span_of(inspection, "transaction_date").meaning == "2026-11-22 04:43:27, local time"
    assert span_of(inspection, "AJ").value == "Y tŷ"
    assert "ignored" in span_of(inspection, "ZQ").remarks[0]
    assert inspection.messages[0].code == "18"


def test_a_wrong_checksum_names_the_right_one() -> None:
    span = span_of(inspect(b"9900302.00AY1AZ0000"), "AZ")
    assert span.meaning == "invalid"
    assert span.remarks == ("expected FCA5",)
    assert span_of(inspect(b"9900302.00AY1AZFCA5"), "AZ").remarks == ()
    assert "secret" in span_of(inspect(b"9900302.00AY1AZ****"), "AZ").remarks[0]


@pytest.mark.parametrize(
    ("octets", "code", "remark"),
    [
        (b"1720261122    044327AOX|AB1|BLY|", "BL", "not a field of message 17"),
        (b"1720261122    044327AOX|AB1|AB2|", "AB", "comes more than once"),
        (b"1720261122    044327AOX|AB" + b"1" * 256 + b"|", "AB", "longer than 255"),
        (b"3720261122    0443270100GBPBV1|AOX|AA1|BHGB|", "BH", "shorter than 3"),
        (b"64Y", "patron_status", "1 of 14 characters"),
    ],
)
def test_remarks_on_one_part(octets: bytes, code: str, remark: str) -> None:
    spans = [span for span in inspect(octets).spans if span.code == code]
    assert any(remark in text for text in spans[-1].remarks)


@pytest.mark.parametrize(
    ("octets", "remark"),
    [
        (b"1720261122    044327AOX|", "required and not there: AB"),
        (b"1720261122    044327AOX|AB1", "the last field has no delimiter"),
        (b"1720261122    044327|AOX|AB1|", "a delimiter stands after the fixed part"),
        (b"1720261122AOX|AB1|", "the fixed part has"),
        (b"41x", "unknown command"),
        (b"?", "too short"),
    ],
)
def test_remarks_on_the_whole(octets: bytes, remark: str) -> None:
    assert any(remark in text for text in inspect(octets).remarks)


def test_several_messages_and_a_leftover() -> None:
    inspection = inspect(b"\n\x009900302.00\r\n941\r")
    assert [message.code for message in inspection.messages] == ["99", "94"]
    assert inspection.spans[0].remarks == ("left over from the message before",)
    assert inspection.spans[1].title == "padding before the message"


def test_times_are_told_in_seconds() -> None:
    data = encode(build("98", timeout_period=30, retries_allowed=999, date_time_sync="0" * 18))
    inspection = inspect(data)
    assert span_of(inspection, "timeout_period").meaning == "3 seconds"
    assert span_of(inspection, "retries_allowed").meaning == "the ACS does not say"
    assert span_of(inspection, "date_time_sync").meaning == "no date"


ENCODINGS = st.sampled_from(["utf-8", "cp850", "ascii", "cp932", "big5", "gb18030"])


@given(
    st.binary() | st.builds(lambda code, rest: code.encode() + rest, st.sampled_from([*MESSAGES]), st.binary()),
    ENCODINGS,
)
def test_every_octet_belongs_to_one_span(data: bytes, encoding: str) -> None:
    at = 0
    for span in inspect(data, Dialect(encoding=encoding)).spans:
        assert span.offset == at
        assert span.length > 0
        at += span.length
    assert at == len(data)


@pytest.mark.parametrize(
    ("term", "title", "text"),
    [
        ("AY", "sequence number", "digit"),
        ("ay", "sequence number", "digit"),
        ("17", "Item Information", "answered by 18"),
        ("18", "Item Information Response", "answers 17"),
        ("24", "Patron Status Response", "answers 23, 01"),
        ("checkout", "Checkout", "sc_renewal_policy (1)"),
        ("patron status request", "Patron Status Request", "sent by the SC"),
        ("pickup location", "pickup location", "collects"),
        ("PA", "patron expiry date", "PAC access type"),
        ("circulation status 08", "circulation status", "hold shelf"),
        ("circulation_status 08", "circulation status", "hold shelf"),
        ("BT 04", "fee type", "overdue"),
        ("media type 001", "media type", "book"),
        ("BX YN", "supported messages", "patron status request"),
        ("patron status 3", "patron status", "hold privileges denied"),
        ("hold mode +", "hold mode", "place"),
        ("timeout period", "timeout period", "tenths"),
    ],
)
def test_explaining(term: str, title: str, text: str) -> None:
    first = explain(term)[0]
    assert first.title == title
    assert text in first.text
    assert first.clause


def test_explaining_a_table_lists_it() -> None:
    assert len(explain("BX")) == 17
    assert [row.term for row in explain("circulation status")[1:]] == [
        row.code for row in TABLES["circulation_status"].rows
    ]
    assert len(explain("alert type")) == 1 + len(TABLES["alert_type"].rows)
    assert len(explain("yes no")) == 2


@pytest.mark.parametrize("term", ["", " ", "nonsense", "circulation status 77", "AO 1", "zz 9 9"])
def test_what_no_table_knows(term: str) -> None:
    assert explain(term) == []


def test_every_code_of_the_tables_is_explained() -> None:
    for code in [*MESSAGES, *FIELDS]:
        assert any(row.term == code for row in explain(code))
    for name, table in TABLES.items():
        for row in table.rows:
            assert any(found.text == row.meaning for found in explain(f"{name} {row.code}")), (name, row.code)
