"""A stream cut into messages: in pieces of any size, with any form of definite length."""

from __future__ import annotations

import pytest

from library_protocols.ldap import Framer, encode
from tests.protocols.ldap.samples import MESSAGES

OCTETS = [encode(message) for message in MESSAGES]
LONG_LENGTH = bytes.fromhex("30 84 00 00 00 05 02 01 02 42 00")  # as Active Directory writes them


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, 10_000_000])
def test_pieces_of_any_size_give_the_same(size: int) -> None:
    whole = [*OCTETS, LONG_LENGTH, *OCTETS[:3]]
    stream = b"".join(whole)
    framer = Framer()
    found: list[bytes] = []
    for at in range(0, len(stream), size):
        found += framer.receive(stream[at : at + size])
    assert found == whole
    assert framer.error is None
    assert framer.buffered == 0


@pytest.mark.parametrize("header", ["30 82 01 00", "30 84 7f ff ff ff", "30 ff" + "ff" * 127])
def test_a_message_that_is_too_long_is_refused_by_its_length_alone(header: str) -> None:
    framer = Framer(max_bytes=100)
    assert framer.receive(LONG_LENGTH + bytes.fromhex(header)) == [LONG_LENGTH]
    assert framer.error is not None
    assert "100 are allowed" in framer.error.reason
    assert framer.receive(LONG_LENGTH) == []
    assert framer.buffered == 0


def test_the_longest_that_is_allowed() -> None:
    framer = Framer(max_bytes=len(LONG_LENGTH))
    assert framer.receive(LONG_LENGTH) == [LONG_LENGTH]
    assert framer.receive(LONG_LENGTH[:-1]) == []
    assert framer.receive(LONG_LENGTH[-1:]) == [LONG_LENGTH]
    assert framer.error is None


@pytest.mark.parametrize("octets", [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01", b"9900302.00\r", b"\x30\x80", b"\x31\x00"])
def test_what_begins_no_message_is_noticed_at_once(octets: bytes) -> None:
    framer = Framer()
    assert framer.receive(octets) == []
    assert framer.error is not None
    assert framer.error.offset == 0


def test_a_large_message_in_small_pieces_is_looked_at_once() -> None:
    message = b"\x30\x83\x01\x00\x00" + bytes(65_536)
    framer = Framer()
    for at in range(0, len(message) - 1, 8):
        assert framer.receive(message[at : min(at + 8, len(message) - 1)]) == []
    assert framer.buffered == len(message) - 1
    assert framer.receive(message[-1:]) == [message]
