"""Cutting a stream into messages: every terminator, every way TCP may split it, and bounded memory."""

from __future__ import annotations

import pytest

from library_protocols.sip2 import Framer, Oversize

CASES = [
    # What arrives, in words; the octets; the messages in it.
    pytest.param(b"AA\rBB\r", [b"AA", b"BB"], id="CR"),
    pytest.param(b"AA\r\nBB\r\n", [b"AA", b"BB"], id="CRLF"),
    pytest.param(b"AA\nBB\n", [b"AA", b"BB"], id="LF"),
    pytest.param(b"AA\rBB\r\nCC\nDD\r", [b"AA", b"BB", b"CC", b"DD"], id="all-three-on-one-link"),
    pytest.param(b"\nAA\r\nBB\r", [b"AA", b"BB"], id="LF-left-over-at-the-head"),
    pytest.param(b"\r\n\r\n\n", [], id="only-terminators"),
    pytest.param(b"\0\0 AA\0\r \r\0\r", [b"AA"], id="NULs-and-blanks"),
    pytest.param(b"AA  \r", [b"AA  "], id="blanks-at-the-end-belong-to-the-message"),
    pytest.param(b"AA", [], id="no-end-yet"),
    pytest.param(b"", [], id="nothing"),
    pytest.param(b"x" * 64 + b"\r", [b"x" * 64], id="as-long-as-allowed"),
    pytest.param(b"x" * 65 + b"\rAA\r", [Oversize(65), b"AA"], id="one-octet-too-long"),
    pytest.param(b"\0" + b"x" * 64 + b"\rAA\r", [b"x" * 64, b"AA"], id="padding-does-not-count"),
    pytest.param(
        b"x" * 500 + b"\n" + b"y" * 200 + b"\r\nAA\r", [Oversize(500), Oversize(200), b"AA"], id="two-too-long"
    ),
    pytest.param(b"x" * 70, [], id="too-long-and-no-end-yet"),
]


@pytest.mark.parametrize(("octets", "messages"), CASES)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_all_at_once_or_in_pieces(octets: bytes, messages: list[bytes | Oversize], size: int) -> None:
    framer = Framer(64)
    found = [item for at in range(0, len(octets), size) for item in framer.feed(octets[at : at + size])]
    assert found == messages


def test_memory_is_bounded_while_a_line_never_ends() -> None:
    framer = Framer(64)
    for _ in range(1000):
        assert framer.feed(b"x" * 50) == []
        assert framer.buffered <= 64
    assert framer.feed(b"\r99") == [Oversize(50_000)]
    assert framer.buffered == 2


def test_the_limit_is_the_guides_buffer() -> None:
    assert Framer().feed(b"x" * 8192 + b"\r" + b"x" * 8193 + b"\r") == [b"x" * 8192, Oversize(8193)]
