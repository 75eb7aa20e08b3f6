"""Every octet is explained, whatever it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.z3950 import encode, explain, inspect
from library_protocols.z3950.apdu import Close
from tests.protocols.z3950.samples import PDUS


def assert_covered(data: bytes) -> None:
    at = 0
    for span in inspect(data).spans:
        assert span.offset == at
        assert span.length > 0
        at += span.length
    assert at == len(data)


@pytest.mark.parametrize("pdu", PDUS, ids=lambda pdu: type(pdu).__name__)
def test_every_octet_of_every_pdu(pdu: object) -> None:
    octets = encode(pdu)  # type: ignore[arg-type]
    found = inspect(octets)
    assert_covered(octets)
    assert found.remarks == ()
    assert found.messages == (pdu,)
    assert not any(span.kind == "unknown" for span in found.spans)


def test_values_are_put_into_words() -> None:
    meanings = {span.title: (span.value, span.meaning) for span in inspect(encode(PDUS[0]) + encode(PDUS[3])).spans}
    assert meanings["options"] == (
        "0,1,2,7,8,14",
        "search, present, deletion of result sets, scan, sort, result sets by name",
    )
    assert meanings["userId"] == ("reader", "")
    (close,) = [span for span in inspect(encode(Close(close_reason=6))).spans if span.title == "closeReason"]
    assert close.meaning == "the other side broke the protocol"
    assert close.clause == "3.2.11.1"


def test_a_query_is_shown_as_people_write_it() -> None:
    (query,) = [span for span in inspect(encode(PDUS[2])).spans if "@prox" in span.value]
    assert "@attr 1=4" in query.value


def test_indefinite_lengths_have_an_end() -> None:
    octets = bytes.fromhex("bf 30 80 9f 81 53 01 00 00 00")
    assert_covered(octets)
    assert inspect(octets).spans[-1].kind == "end"


def test_damage_is_told_and_kept_apart() -> None:
    octets = encode(PDUS[-1]) + b"\xb6\x05\x01"
    found = inspect(octets)
    assert_covered(octets)
    assert found.spans[-1].kind == "unknown"
    assert len(found.messages) == 1
    assert len(found.remarks) == 1


@given(st.binary(max_size=200))
def test_any_octets(data: bytes) -> None:
    assert_covered(data)


@given(st.sampled_from(PDUS), st.integers(0, 400), st.integers(0, 255))
def test_damaged_pdus(pdu: object, at: int, octet: int) -> None:
    octets = bytearray(encode(pdu))  # type: ignore[arg-type]
    octets[at % len(octets)] = octet
    assert_covered(bytes(octets))


@pytest.mark.parametrize(
    ("term", "kind", "words"),
    [
        ("searchRequest", "pdu", "search"),
        ("[22]", "pdu", "search"),
        ("usmarc", "record syntax", "MARC 21"),
        ("1.2.840.10003.5.102", "record syntax", "holdings"),
        ("114", "diagnostic", "access point"),
        ("Diagnostic 114", "diagnostic", "access point"),
        ("1=4", "use", "title"),
        ("close_reason", "close_reason", "nothing more"),
    ],
)
def test_terms_are_explained(term: str, kind: str, words: str) -> None:
    first = explain(term)[0]
    assert first.kind == kind
    assert words in first.meaning
    assert explain("no such thing") == ()
