"""Conversations between the two ends, and what each does with a peer that breaks the rules."""

from __future__ import annotations

import pytest

from library_protocols.z3950 import (
    CLOSED,
    NEED_DATA,
    PAUSED,
    Close,
    Diagnostic,
    Failed,
    Ignored,
    InitializeRequest,
    InitializeResponse,
    LocalError,
    Origin,
    Pdu,
    PresentRequest,
    PresentResponse,
    Request,
    Response,
    Segment,
    Send,
    Target,
    decode,
    encode,
    record_of,
)
from library_protocols.z3950.control import (
    AccessControlRequest,
    AccessControlResponse,
    ResourceControlRequest,
    ResourceControlResponse,
    TriggerResourceControlRequest,
)
from library_protocols.z3950.facts import CloseReason
from tests.protocols.z3950.samples import RECORDS

V3 = frozenset((0, 1, 2))


def init(reference: bytes | None = None, version: frozenset[int] = V3) -> InitializeRequest:
    return InitializeRequest(
        reference_id=reference,
        protocol_version=version,
        options=frozenset((0, 1)),
        preferred_message_size=1000,
        exceptional_record_size=1000,
    )


def accepted(result: bool = True, version: frozenset[int] = V3) -> InitializeResponse:
    return InitializeResponse(
        protocol_version=version,
        options=frozenset((0, 1)),
        preferred_message_size=1000,
        exceptional_record_size=1000,
        result=result,
    )


PRESENT = PresentRequest(
    reference_id=b"p1", result_set_id="default", result_set_start_point=1, number_of_records_requested=2
)


def opened(version: frozenset[int] = V3) -> tuple[Origin, Target]:
    origin, target = Origin(), Target()
    target.receive_data(origin.send(init(version=version)))
    assert isinstance(target.next_event(), Request)
    origin.receive_data(target.respond(accepted(version=version)))
    assert isinstance(origin.next_event(), Response)
    return origin, target


def test_a_whole_conversation() -> None:
    origin, target = opened()
    assert origin.version == target.version == 3
    assert target.opened
    for octet in origin.send(PRESENT):  # octet by octet
        assert target.next_event() is NEED_DATA
        target.receive_data(bytes((octet,)))
    event = target.next_event()
    assert isinstance(event, Request)
    assert event.pdu == PRESENT
    assert target.next_event() is PAUSED
    segment = target.segment(Segment(number_of_records_returned=1, segment_records=RECORDS[:1]))
    answer = target.respond(
        PresentResponse(number_of_records_returned=2, next_result_set_position=3, present_status=0, records=RECORDS[:1])
    )
    origin.receive_data(segment + answer)
    for kind in (Segment, PresentResponse):
        event = origin.next_event()
        assert isinstance(event, Response)
        assert isinstance(event.pdu, kind)
        assert event.pdu.reference_id == b"p1"
    assert origin.next_event() is NEED_DATA
    target.receive_data(origin.send(Close(close_reason=0)))
    event = target.next_event()
    assert isinstance(event, Send)
    assert event.closes
    assert target.next_event() is CLOSED
    origin.receive_data(event.data)
    event = origin.next_event()
    assert isinstance(event, Response)
    assert isinstance(event.pdu, Close)
    assert origin.next_event() is CLOSED


def ends_with_protocol_error(target: Target, words: str) -> None:
    event = target.next_event()
    assert isinstance(event, Send)
    assert event.closes
    close = decode(event.data)
    assert isinstance(close, Close)
    assert close.close_reason == CloseReason.PROTOCOL_ERROR
    assert words in (close.diagnostic_information or "")
    assert target.next_event() is CLOSED


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (encode(PRESENT), "before initRequest"),
        (encode(accepted()), "nothing an origin sends"),
        (bytes.fromhex("bf 63 03 81 01 05"), "unknown tag 99"),
        (b"GET / HTTP/1.0\r\n\r\n", "begins no PDU"),
        (bytes.fromhex("b4 03 82 01 78"), "without"),
        (encode(AccessControlResponse(simple_form=b"x")), "before initRequest"),
    ],
)
def test_a_beginning_that_is_none(octets: bytes, words: str) -> None:
    target = Target()
    target.receive_data(octets)
    ends_with_protocol_error(target, words)


def test_the_reference_of_a_misshapen_pdu_is_echoed() -> None:
    target = Target()
    target.receive_data(bytes.fromhex("b4 03 82 01 78"))
    event = target.next_event()
    assert isinstance(event, Send)
    assert decode(event.data).reference_id == b"x"


def test_what_came_before_the_damage_is_served() -> None:
    _, target = opened()
    target.receive_data(encode(PRESENT) + b"\x16\x03")
    assert isinstance(target.next_event(), Request)
    target.respond(PresentResponse(number_of_records_returned=0, next_result_set_position=1, present_status=0))
    ends_with_protocol_error(target, "begins no PDU")


def test_initialization_twice() -> None:
    _, target = opened()
    target.receive_data(encode(init()))
    ends_with_protocol_error(target, "twice")


def test_an_answer_nobody_asked_an_origin_for() -> None:
    _, target = opened()
    target.receive_data(encode(AccessControlResponse(simple_form=b"x")))
    ends_with_protocol_error(target, "answers nothing")


def test_a_refused_initialization_ends_the_association() -> None:
    origin, target = Origin(), Target()
    target.receive_data(origin.send(init(b"1")))
    target.next_event()
    origin.receive_data(target.respond(accepted(result=False)))
    event = origin.next_event()
    assert isinstance(event, Response)
    assert event.pdu.reference_id == b"1"
    assert origin.next_event() is CLOSED
    assert target.next_event() is CLOSED


def test_a_trigger_comes_too_late() -> None:
    _, target = opened()
    target.receive_data(encode(TriggerResourceControlRequest(requested_action=3)))
    assert isinstance(target.next_event(), Ignored)
    assert target.next_event() is NEED_DATA


def test_close_exists_in_version_3_only() -> None:
    _, target = opened()
    assert decode(target.close(CloseReason.LACK_OF_ACTIVITY)) == Close(close_reason=7)
    assert target.close(CloseReason.SHUTDOWN) == b""
    _, target = opened(frozenset((0, 1)))
    assert target.close(CloseReason.LACK_OF_ACTIVITY) == b""
    assert target.next_event() is CLOSED


def test_a_target_answers_what_was_asked() -> None:
    _, target = opened()
    with pytest.raises(LocalError):
        target.respond(accepted())
    target.receive_data(encode(PRESENT))
    target.next_event()
    with pytest.raises(LocalError):
        target.respond(accepted())
    _, target = opened()
    with pytest.raises(LocalError):
        target.segment(Segment(number_of_records_returned=0, segment_records=()))


def test_an_origin_asks_one_thing_at_a_time() -> None:
    origin = Origin()
    for wrong in (PRESENT, accepted(), TriggerResourceControlRequest(requested_action=1)):
        with pytest.raises(LocalError):
            origin.send(wrong)
    origin.send(init())
    with pytest.raises(LocalError):
        origin.send(init())


@pytest.mark.parametrize(
    ("pdu", "answer"),
    [
        (
            AccessControlRequest(reference_id=b"c", simple_form=b"?"),
            AccessControlResponse(reference_id=b"c", diagnostic=Diagnostic(condition=101)),
        ),
        (ResourceControlRequest(response_required=True), ResourceControlResponse(continue_flag=True)),
    ],
)
def test_an_origin_answers_what_a_target_asks(pdu: Pdu, answer: Pdu) -> None:
    origin, _ = opened()
    origin.send(PRESENT)
    origin.receive_data(encode(pdu))
    event = origin.next_event()
    assert isinstance(event, Send)
    assert decode(event.data) == answer
    assert origin.asked == PRESENT


def test_an_origin_and_answers_of_others() -> None:
    origin, _ = opened()
    other = PresentResponse(
        reference_id=b"p0", number_of_records_returned=0, next_result_set_position=0, present_status=0
    )
    origin.receive_data(encode(other))
    assert isinstance(origin.next_event(), Ignored)
    origin.send(PRESENT)
    origin.receive_data(encode(other) + encode(ResourceControlRequest(response_required=False)))
    assert isinstance(origin.next_event(), Ignored)
    assert isinstance(origin.next_event(), Ignored)
    origin.receive_data(encode(accepted()))
    event = origin.next_event()
    assert isinstance(event, Failed)
    assert isinstance(decode(event.data), Close)
    assert origin.next_event() is CLOSED
    with pytest.raises(LocalError):
        origin.send(PRESENT)


def test_an_origin_told_to_go() -> None:
    origin, target = opened()
    origin.send(PRESENT)
    origin.receive_data(target.close(CloseReason.SHUTDOWN, "until tomorrow"))
    event = origin.next_event()
    assert isinstance(event, Failed)
    assert "shutdown" in event.reason
    assert "until tomorrow" in event.reason
    assert decode(event.data) == Close(close_reason=0)


@pytest.mark.parametrize("octets", [b"HTTP/1.0 400\r\n", bytes.fromhex("b5 00"), bytes.fromhex("bf 63 00")])
def test_an_origin_and_a_target_that_is_none(octets: bytes) -> None:
    origin = Origin()
    origin.send(init())
    origin.receive_data(octets)
    assert isinstance(origin.next_event(), Failed)


def test_a_backlog_can_be_watched() -> None:
    _, target = opened()
    octets = encode(PRESENT)
    target.receive_data(octets * 3 + octets[:4])
    assert target.backlog == 3 * len(octets) + 4
    target.next_event()
    assert target.backlog == 2 * len(octets) + 4


def test_records_keep_their_octets() -> None:
    one = record_of("1.2.840.10003.5.10", b"\x1e\x1d\0")
    response = PresentResponse(
        number_of_records_returned=1, next_result_set_position=2, present_status=0, records=(one,)
    )
    assert decode(encode(response)) == response
