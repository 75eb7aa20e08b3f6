"""Whatever arrives: a PDU or the codec's own error with an offset, and engines that go on or say goodbye."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.z3950 import (
    BerError,
    External,
    Failed,
    Framer,
    InitializeResponse,
    Origin,
    OtherInformationItem,
    Request,
    Response,
    Send,
    Target,
    Waiting,
    decode,
    encode,
)
from library_protocols.z3950.charneg import proposal_in
from library_protocols.z3950.explain_records import read_explain
from library_protocols.z3950.facts import PDUS as FACTS
from library_protocols.z3950.facts.oids import CHARNEG_3, SEARCH_RESULT_1
from library_protocols.z3950.records import diagnostics_of, read_opac, read_search_result_1, read_sutrs
from tests.protocols.z3950.samples import PDUS

pytestmark = pytest.mark.fuzz

OCTETS = [encode(pdu) for pdu in PDUS]
HEADERS = "b6 b4 bf66 a1 a0 30 80 0000 28 84ffffffff 1b 81 7f 06072a8648ce13 9f69 bf2c 30800000"
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
def test_any_octets_are_a_pdu_or_an_error_with_an_offset(data: bytes) -> None:
    try:
        pdu = decode(data)
    except BerError as refused:
        offset = refused.offset
    else:
        again = encode(pdu)
        assert decode(again) == pdu
        assert encode(decode(again)) == again
        offset = 0
    assert 0 <= offset <= len(data)


@given(SOUP | damaged(), st.integers(1, 7))
def test_all_at_once_and_in_pieces_are_the_same(data: bytes, size: int) -> None:
    whole, pieces = Framer(1000), Framer(1000)
    at_once = whole.feed(data)
    in_pieces = [pdu for at in range(0, len(data), size) for pdu in pieces.feed(data[at : at + size])]
    assert in_pieces == at_once
    assert (whole.error is None) == (pieces.error is None)


@given(st.lists(SOUP | damaged(), max_size=5), st.booleans())
def test_a_target_goes_on_or_says_goodbye(chunks: list[bytes], opened: bool) -> None:
    target = Target(10_000)
    if opened:
        target.receive_data(OCTETS[0])
        assert isinstance(target.next_event(), Request)
        target.respond(
            InitializeResponse(
                protocol_version=frozenset((0, 1, 2)),
                options=frozenset(),
                preferred_message_size=1,
                exceptional_record_size=1,
                result=True,
            )
        )
    for chunk in chunks:
        target.receive_data(chunk)
        for _ in range(20):
            event = target.next_event()
            if isinstance(event, Waiting):
                break
            if isinstance(event, Request):
                answer = FACTS[event.pdu.tag].answer
                target.respond(next(pdu for pdu in PDUS if pdu.tag == answer))
            elif isinstance(event, Send):
                assert decode(event.data).tag == 48


@given(st.lists(SOUP | damaged(), max_size=5), st.sampled_from([pdu for pdu in PDUS if FACTS[pdu.tag].answer]))
def test_an_origin_goes_on_or_gives_up(chunks: list[bytes], asked: object) -> None:
    origin = Origin(10_000)
    origin.send(PDUS[0])
    for chunk in chunks:
        origin.receive_data(chunk)
        for _ in range(20):
            event = origin.next_event()
            if isinstance(event, Waiting | Failed):
                break
            if isinstance(event, Response) and origin.asked is None and origin.opened and asked is not PDUS[0]:
                origin.send(asked)  # type: ignore[arg-type]


@given(SOUP)
def test_what_stands_inside_records(data: bytes) -> None:
    for oid, read in (
        ("1.2.840.10003.5.102", read_opac),
        ("1.2.840.10003.5.101", read_sutrs),
        ("1.2.840.10003.5.100", read_explain),
        ("1.2.840.10003.4.2", diagnostics_of),
        (CHARNEG_3, lambda one: proposal_in(one, None)),
        (SEARCH_RESULT_1, lambda one: read_search_result_1((OtherInformationItem(externally_defined_info=one),))),
    ):
        with contextlib.suppress(BerError):
            read(External(direct_reference=oid, single=data))
