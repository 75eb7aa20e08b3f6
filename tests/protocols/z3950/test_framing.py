"""A stream cut into PDUs: in pieces of any size, with any form of length."""

from __future__ import annotations

import pytest

from library_protocols.z3950.codec import encode
from library_protocols.z3950.framing import Framer
from tests.protocols.z3950.samples import PDUS

OCTETS = [encode(pdu) for pdu in PDUS]
INDEFINITE = bytes.fromhex("bf 30 80 9f 81 53 01 00 00 00")  # a Close whose length is not told


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, 10_000_000])
def test_pieces_of_any_size_give_the_same(size: int) -> None:
    whole = [*OCTETS, INDEFINITE, *OCTETS[:3]]
    stream = b"".join(whole)
    framer = Framer()
    found: list[bytes] = []
    for at in range(0, len(stream), size):
        found += framer.feed(stream[at : at + size])
    assert found == whole
    assert framer.error is None
    assert framer.buffered == 0


def test_a_pdu_that_is_too_long_is_refused_by_its_length_alone() -> None:
    framer = Framer(max_pdu=100)
    assert framer.feed(INDEFINITE + bytes.fromhex("b6 82 01 00")) == [INDEFINITE]
    assert framer.error is not None
    assert "260" in framer.error.reason
    assert framer.feed(INDEFINITE) == []
    assert framer.buffered == 0


def test_a_pdu_of_unknown_length_is_refused_when_it_grows_too_long() -> None:
    framer = Framer(max_pdu=100)
    assert framer.feed(b"\xb6\x80") == []
    for _ in range(60):
        framer.feed(b"\x04\x00")
    assert framer.error is not None


@pytest.mark.parametrize("octets", [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01", b"\0", b"9900302.00\r"])
def test_another_protocol_is_noticed_at_once(octets: bytes) -> None:
    framer = Framer()
    assert framer.feed(octets) == []
    assert framer.error is not None or len(octets) < 2


def test_nested_indefinite_lengths_are_not_followed_without_end() -> None:
    framer = Framer()
    framer.feed(b"\xb6\x80" + b"\x30\x80" * 1000)
    assert framer.error is not None


def test_a_large_pdu_in_small_pieces_is_looked_at_once() -> None:
    body = b"\x04\x82\x27\x10" + b"x" * 10_000
    pdu = b"\xb6\x80" + body * 50 + b"\0\0"
    framer = Framer()
    found: list[bytes] = []
    for at in range(0, len(pdu), 16):
        found += framer.feed(pdu[at : at + 16])
    assert found == [pdu]
