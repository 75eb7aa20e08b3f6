"""Conversations of an ACS: what it answers by itself, what it hands on, and in which order."""

from __future__ import annotations

import pytest

from library_protocols.sip2 import (
    NEED_DATA,
    PAUSED,
    Acs,
    Checksum,
    Dialect,
    Ignored,
    LocalError,
    Message,
    Request,
    Send,
    build,
    checksum,
)

STATUS = b"9900302.00AY1AZFCA5"
STATUS_AGAIN = b"9900302.00AY2AZFCA4"
BAD_STATUS = b"9900302.00AY1AZFCA6"
RESEND = b"97AZFEF5"
ASK_RESEND = b"96AZFEF6\r"


def answer(text: str = "") -> Message:
    return build("98", online_status="Y", protocol_version="2.00", fields=[("AO", "ABER"), ("BX", "Y"), ("AF", text)])


def octets(body: bytes, sequence: bytes | None, terminator: bytes = b"\r") -> bytes:
    if sequence is None:
        return body + terminator
    sealed = body + b"AY" + sequence + b"AZ"
    return sealed + checksum(sealed).encode() + terminator


ANSWER = b"98Y" + b" " * 29 + b"2.00AOABER|BXY|AF|"


def next_request(acs: Acs) -> Request:
    event = acs.next_event()
    assert isinstance(event, Request)
    return event


def test_a_request_is_answered_with_its_sequence_number() -> None:
    acs = Acs()
    assert acs.next_event() is NEED_DATA
    acs.receive_data(STATUS + b"\r")
    request = next_request(acs)
    assert (request.message.code, request.frame, request.retransmission) == ("99", STATUS, False)
    assert acs.next_event() is PAUSED
    assert acs.respond(answer()) == octets(ANSWER, b"1")
    assert acs.next_event() is NEED_DATA


@pytest.mark.parametrize(
    ("asked", "mode", "answered"),
    [
        # auto: with error detection as asked, message by message; a lone AZ is answered by a lone AZ.
        (b"9900302.00", "auto", ANSWER + b"\r"),
        (b"9900302.00AY7", "auto", ANSWER + b"\r"),
        (b"9900302.00AZFD70", "auto", ANSWER + b"AZ" + checksum(ANSWER + b"AZ").encode() + b"\r"),
        (b"9900302.00AY10AZFC75", "auto", octets(ANSWER, b"10")),
        (STATUS, "always", octets(ANSWER, b"1")),
        # never: neither sent nor looked at.
        (STATUS, "never", ANSWER + b"\r"),
        (BAD_STATUS, "never", ANSWER + b"\r"),
    ],
)
def test_error_detection(asked: bytes, mode: str, answered: bytes) -> None:
    acs = Acs(Dialect(error_detection=mode))
    acs.receive_data(asked + b"\r")
    next_request(acs)
    assert acs.respond(answer()) == answered


def test_always_asks_again_for_what_has_no_checksum() -> None:
    acs = Acs(Dialect(error_detection="always"))
    acs.receive_data(b"9900302.00\r41x\r")
    event = acs.next_event()
    assert isinstance(event, Send)
    assert event.data == ASK_RESEND
    assert isinstance(acs.next_event(), Ignored)


def test_a_wrong_checksum_is_asked_for_again_and_the_resent_message_is_new() -> None:
    acs = Acs()
    acs.receive_data(BAD_STATUS + b"\r")
    event = acs.next_event()
    assert isinstance(event, Send)
    assert (event.data, event.frame) == (ASK_RESEND, BAD_STATUS)
    assert event.message is not None
    assert event.message.checksum is Checksum.INVALID
    acs.receive_data(STATUS + b"\r")
    assert not next_request(acs).retransmission


@pytest.mark.parametrize("frame", [b"4Q garbage|AY1AZ0000", b"11|AY1AZ0000", b"41|AY1AZ0000"])
def test_damage_to_the_command_code_is_still_damage(frame: bytes) -> None:
    acs = Acs()
    acs.receive_data(frame + b"\r")
    event = acs.next_event()
    assert isinstance(event, Send)
    assert event.data == ASK_RESEND


class TestResend:
    def test_nothing_sent_yet(self) -> None:
        acs = Acs()
        acs.receive_data(RESEND + b"\r")
        event = acs.next_event()
        assert isinstance(event, Send)
        assert event.data == ASK_RESEND

    def test_the_last_answer_octet_by_octet(self) -> None:
        acs = Acs()
        acs.receive_data(STATUS + b"\r")
        next_request(acs)
        sent = acs.respond(answer())
        acs.receive_data(RESEND + b"\r" + RESEND + b"\r")
        for _ in range(2):
            event = acs.next_event()
            assert isinstance(event, Send)
            assert event.data == sent

    def test_the_last_answer_without_its_sequence_number(self) -> None:
        acs = Acs(Dialect(resend_keeps_sequence=False))
        acs.receive_data(STATUS + b"\r")
        next_request(acs)
        acs.respond(answer())
        acs.receive_data(RESEND + b"\r")
        event = acs.next_event()
        assert isinstance(event, Send)
        assert event.data == ANSWER + b"AZ" + checksum(ANSWER + b"AZ").encode() + b"\r"

    def test_even_when_the_last_answer_was_a_96(self) -> None:
        acs = Acs()
        acs.receive_data(STATUS + b"\r" + BAD_STATUS + b"\r" + RESEND + b"\r")
        next_request(acs)
        acs.respond(answer())
        for _ in range(2):
            event = acs.next_event()
            assert isinstance(event, Send)
            assert event.data == ASK_RESEND

    def test_a_damaged_97_is_asked_for_again(self) -> None:
        acs = Acs()
        acs.receive_data(STATUS + b"\r97AZFEF4\r")
        next_request(acs)
        acs.respond(answer())
        event = acs.next_event()
        assert isinstance(event, Send)
        assert event.data == ASK_RESEND


class TestRetransmission:
    def test_the_same_octets_are_known_and_can_be_replayed(self) -> None:
        acs = Acs()
        acs.receive_data(STATUS + b"\r" + STATUS + b"\r\n")
        next_request(acs)
        first = acs.respond(answer("first"))
        assert acs.last_response == first
        assert next_request(acs).retransmission
        assert acs.replay() == first
        # And a third time.
        acs.receive_data(STATUS + b"\r")
        assert next_request(acs).retransmission
        assert acs.replay() == first

    def test_a_read_may_run_again_instead(self) -> None:
        acs = Acs()
        acs.receive_data((STATUS + b"\r") * 3)
        next_request(acs)
        acs.respond(answer("first"))
        assert next_request(acs).retransmission
        second = acs.respond(answer("second"))
        assert b"second" in second
        assert next_request(acs).retransmission
        assert acs.replay() == second

    def test_equal_sequence_and_checksum_are_not_enough(self) -> None:
        # Two books whose numbers have the same sum: AY and AZ are equal, the octets are not.
        one = octets(b"1720261122    044327AOX|AB12|", b"3", b"")
        other = octets(b"1720261122    044327AOX|AB21|", b"3", b"")
        assert one[-9:] == other[-9:]
        acs = Acs()
        acs.receive_data(one + b"\r" + other + b"\r")
        next_request(acs)
        acs.respond(build("18", fields=[("AB", "12"), ("AJ", "")]))
        assert not next_request(acs).retransmission

    @pytest.mark.parametrize("frame", [b"9900302.00", b"9900302.00AY1", b"9900302.00AZFD70"])
    def test_without_sequence_and_checksum_there_is_none(self, frame: bytes) -> None:
        acs = Acs()
        acs.receive_data((frame + b"\r") * 2)
        next_request(acs)
        acs.respond(answer())
        assert not next_request(acs).retransmission

    def test_a_message_in_between_ends_it(self) -> None:
        acs = Acs()
        acs.receive_data(STATUS + b"\r" + STATUS_AGAIN + b"\r" + STATUS + b"\r")
        for _ in range(3):
            assert not next_request(acs).retransmission
            acs.respond(answer())

    def test_a_96_or_97_in_between_does_not(self) -> None:
        acs = Acs()
        acs.receive_data(STATUS + b"\r" + BAD_STATUS + b"\r" + RESEND + b"\r" + STATUS + b"\r")
        next_request(acs)
        first = acs.respond(answer())
        assert isinstance(acs.next_event(), Send)
        assert isinstance(acs.next_event(), Send)
        assert next_request(acs).retransmission
        assert acs.replay() == first

    def test_only_a_retransmission_can_be_replayed(self) -> None:
        acs = Acs()
        acs.receive_data(STATUS + b"\r")
        next_request(acs)
        with pytest.raises(LocalError):
            acs.replay()


def test_pipelined_requests_come_one_by_one_in_order() -> None:
    acs = Acs()
    acs.receive_data(b"".join(octets(b"9900302.00", b"%d" % n) for n in range(5)))
    for n in range(5):
        assert next_request(acs).message.sequence == str(n)
        assert acs.next_event() is PAUSED
        assert acs.respond(answer())[-10:-7] == b"AY%d" % n
    assert acs.next_event() is NEED_DATA


def test_the_backlog_is_told_and_shrinks() -> None:
    acs = Acs()
    acs.receive_data(STATUS + b"\r" + STATUS_AGAIN + b"\r99")
    assert acs.backlog == len(STATUS) + len(STATUS_AGAIN) + 2
    next_request(acs)
    assert acs.backlog == len(STATUS_AGAIN) + 2


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"41something", "unknown command"),
        (b"login: kiosk", "unknown command"),
        (b"941", "no message an SC sends"),
        (ASK_RESEND.strip(), "no message an SC sends"),
        (b"?", "too short"),
        (b"\xff\xfe\xfd", "no command"),
        (b"x" * 9000, "too long"),
    ],
)
def test_what_gets_no_answer(frame: bytes, reason: str) -> None:
    acs = Acs()
    acs.receive_data(frame + b"\r" + STATUS + b"\r")
    event = acs.next_event()
    assert isinstance(event, Ignored)
    assert reason in event.reason
    assert next_request(acs).frame == STATUS


def test_the_dialect_changes_between_messages() -> None:
    acs = Acs(Dialect(encoding="cp850"))
    request = octets("1720261122    044327AOX|ABŵ|".encode(), b"1")
    acs.receive_data(request + request)
    assert next_request(acs).message.get("AB") != "ŵ"
    acs.respond(build("18", fields=[("AB", ""), ("AJ", "ŵ")]))
    acs.dialect = Dialect(encoding="utf-8", terminator="CRLF")
    assert next_request(acs).message.get("AB") == "ŵ"
    sent = acs.respond(build("18", fields=[("AB", ""), ("AJ", "ŵ")]))
    assert "AJŵ|AY1AZ".encode() in sent
    assert sent.endswith(b"\r\n")
    assert checksum(sent[:-6]).encode() == sent[-6:-2]


def test_a_shared_answer_is_not_changed() -> None:
    acs, shared = Acs(), answer()
    acs.receive_data(STATUS + b"\r")
    next_request(acs)
    acs.respond(shared)
    assert shared == answer()
    assert shared.sequence is None


def test_an_answer_needs_a_request_and_must_fit_it() -> None:
    acs = Acs()
    with pytest.raises(LocalError):
        acs.respond(answer())
    acs.receive_data(STATUS + b"\r")
    next_request(acs)
    with pytest.raises(LocalError):
        acs.respond(build("94", ok="1"))
    # The request is still there to be answered.
    assert acs.respond(answer())
