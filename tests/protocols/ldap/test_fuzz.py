"""Whatever arrives: a message or the codec's own error with an offset, all at once or octet by octet."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.ldap import (
    Control,
    DecodeError,
    DirSyncRequest,
    DirSyncResponse,
    Framer,
    IntermediateResponse,
    PagedResults,
    PasswordPolicy,
    SearchRequest,
    SyncDone,
    SyncInfo,
    SyncRequest,
    SyncState,
    decode,
    encode,
    filter_text,
    mask,
)
from tests.protocols.ldap.samples import MESSAGES

pytestmark = pytest.mark.fuzz

OCTETS = [encode(message) for message in MESSAGES]
HEADERS = "30 3084 3080 0000 020101 60 63 64 65 77 78 a0 a2 a3 a4 a9 80 87 040130 0a0100 84ffffffff 31 30840000ffff"
PIECES = st.sampled_from([*(bytes.fromhex(one) for one in HEADERS.split()), *OCTETS])
SOUP = st.lists(PIECES | st.binary(max_size=6), max_size=12).map(b"".join)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    octets = bytearray(draw(st.sampled_from(OCTETS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(octets) - 1))
        if draw(st.booleans()):
            octets[at] = draw(st.integers(0, 255))
        else:
            del octets[at : at + draw(st.integers(0, 4))]
        octets = octets or bytearray(b"\0")
    return bytes(octets)


@given(SOUP | damaged())
def test_any_octets_are_a_message_or_an_error_with_an_offset(data: bytes) -> None:
    try:
        message = decode(data)
    except DecodeError as refused:
        offset = refused.offset
    else:
        again = encode(message)
        assert decode(again) == message
        if isinstance(message.op, SearchRequest):
            assert filter_text(message.op.filter)
        assert mask(data) is not None
        offset = 0
    assert 0 <= offset <= len(data)


@given(SOUP | damaged(), st.integers(1, 7))
def test_all_at_once_and_in_pieces_are_the_same(data: bytes, size: int) -> None:
    whole, pieces = Framer(1000), Framer(1000)
    at_once = whole.receive(data)
    in_pieces = [one for at in range(0, len(data), size) for one in pieces.receive(data[at : at + size])]
    assert in_pieces == at_once
    assert (whole.error is None) == (pieces.error is None)


@given(SOUP)
def test_what_stands_inside_controls(data: bytes) -> None:
    for kind in (PagedResults, DirSyncRequest, DirSyncResponse, SyncRequest, SyncState, SyncDone, PasswordPolicy):
        with contextlib.suppress(DecodeError):
            kind.read(Control("", value=data))
    with contextlib.suppress(DecodeError):
        SyncInfo.read(IntermediateResponse(None, data))
