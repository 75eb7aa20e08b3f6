"""Whatever arrives, a decoder gives a message or its own error, and an engine goes on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.sip2 import (
    MESSAGES,
    NEED_DATA,
    Acs,
    Checksum,
    DecodeError,
    Dialect,
    Framer,
    Message,
    Request,
    Sc,
    build,
    decode,
    encode,
)

pytestmark = pytest.mark.fuzz

COMMANDS = sorted(MESSAGES)
PIECES = st.sampled_from(
    [
        b"|",
        b"AY",
        b"AZ",
        b"AY1AZ",
        b"AZFEF5",
        b"AOX|",
        b"AD1234|",
        b"20261122    044327",
        b"\r",
        b"\n",
        b"\0",
        b" ",
        b"Y",
    ]
)
# Mostly something like SIP2: pure noise never reaches the deeper branches.
LIKELY = st.builds(
    lambda code, pieces: code + b"".join(pieces),
    st.sampled_from([code.encode() for code in COMMANDS]) | st.binary(max_size=3),
    st.lists(PIECES | st.binary(max_size=12), max_size=14),
)
DIALECTS = st.builds(
    Dialect,
    encoding=st.sampled_from(["utf-8", "cp850", "ascii", "latin-1", "cp932", "big5", "gb18030"]),
    delimiter=st.sampled_from("|^~\t\x80"),
    terminator=st.sampled_from(["CR", "CRLF", "LF"]),
    error_detection=st.sampled_from(["auto", "always", "never"]),
    resend_keeps_sequence=st.booleans(),
    max_field_length=st.sampled_from([0, 20, 255]),
    transliterate=st.booleans(),
)


@given(st.binary() | LIKELY, DIALECTS)
def test_any_octets_are_a_message_or_a_decode_error(octets: bytes, dialect: Dialect) -> None:
    message = _decode(octets, dialect)
    if isinstance(message, DecodeError):
        assert 0 <= message.offset <= len(octets)
        return
    for name, value in message.fixed.items():
        if message.known:
            assert len(value) == dict(_widths(message.code))[name]
    # Whatever was read can be written, and is then read as the same kind of message.
    assert decode(encode(message, dialect), dialect).code == message.code


def _decode(octets: bytes, dialect: Dialect) -> Message | DecodeError:
    try:
        return decode(octets, dialect)
    except DecodeError as error:
        return error


def _widths(code: str) -> list[tuple[str, int]]:
    return [(item.name, item.width) for item in MESSAGES[code].fixed]


@st.composite
def messages(draw: st.DrawFn) -> Message:
    fact = MESSAGES[draw(st.sampled_from(COMMANDS))]
    printable = st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="|")
    fixed = {item.name: draw(st.text(printable, min_size=item.width, max_size=item.width)) for item in fact.fixed}
    text = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="|"), max_size=40)
    code = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=2, max_size=2)
    code = code.filter(lambda item: item not in ("AY", "AZ"))
    fields = draw(st.lists(st.tuples(code, text), max_size=8))
    sequence = draw(st.sampled_from([None, *"0123456789"]))
    return build(fact.code, fields=fields, sequence=sequence, **fixed)


@given(messages(), st.booleans())
def test_what_is_written_is_read(message: Message, with_checksum: bool) -> None:
    dialect = Dialect(encoding="utf-8", max_field_length=0)
    octets = encode(message, dialect, with_checksum=with_checksum)
    read = decode(octets, dialect)
    assert read == message
    assert read.remarks == ()
    assert read.checksum is (Checksum.VALID if with_checksum else Checksum.ABSENT)


@given(messages(), st.integers(0, 500), st.integers(1, 255))
def test_one_damaged_octet_never_passes_as_valid(message: Message, position: int, change: int) -> None:
    message.sequence = "1"
    octets = bytearray(encode(message, Dialect(encoding="utf-8"), with_checksum=True)[:-1])
    position %= len(octets) - 4
    octets[position] ^= change
    try:
        damaged = decode(bytes(octets), Dialect(encoding="utf-8", accept_character_sums=False))
    except DecodeError:
        return
    assert damaged.checksum is not Checksum.VALID


@given(st.lists(st.binary() | LIKELY, max_size=6), DIALECTS)
def test_a_framer_gives_the_same_for_any_split(chunks: list[bytes], dialect: Dialect) -> None:
    whole, pieces, octets = Framer(64), Framer(64), Framer(64)
    stream = b"".join(chunks)
    at_once = whole.feed(stream)
    assert [item for chunk in chunks for item in pieces.feed(chunk)] == at_once
    assert [item for octet in stream for item in octets.feed(bytes([octet]))] == at_once


@given(st.lists(st.binary() | LIKELY, max_size=6), DIALECTS)
def test_an_acs_survives_anything(chunks: list[bytes], dialect: Dialect) -> None:
    acs = Acs(dialect)
    for chunk in chunks:
        acs.receive_data(chunk + b"\r")
        while (event := acs.next_event()) is not NEED_DATA:
            if isinstance(event, Request):
                answer = MESSAGES[event.message.code].answers[0]
                assert decode(acs.respond(build(answer)), dialect).code == answer
    # And it still works.
    acs.dialect = Dialect()
    acs.receive_data(b"\r9900302.00AY1AZFCA5\r")
    event = acs.next_event()
    assert isinstance(event, Request)
    assert event.message.checksum is Checksum.VALID


@given(st.lists(st.binary() | LIKELY, max_size=6), DIALECTS)
def test_an_sc_survives_anything(chunks: list[bytes], dialect: Dialect) -> None:
    sc = Sc(dialect)
    for chunk in chunks:
        if sc.outstanding is None:
            sc.send(build("17", fields=[("AO", "X"), ("AB", "1")]))
        sc.receive_data(chunk + b"\r")
        while sc.next_event() is not NEED_DATA:
            pass
