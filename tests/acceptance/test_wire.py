"""What the line does to messages: wrong checksums, resends, pieces, terminators, pipelines, sizes."""

from __future__ import annotations

import socket

import pytest

from tests.acceptance.consortium import ABER, KIOSK_PASSWORD, PIN
from tests.acceptance.nodes import Node
from tests.acceptance.sip2_line import (
    LineClosed,
    checkin,
    checkout,
    item_information,
    login,
    patron_information,
    patron_status,
    sealed,
    split_into,
    status,
    take_apart,
)
from tests.acceptance.staff import Staff

ASK_AGAIN = b"96AZFEF6"
RESEND = b"97AZFEF5"


def _spoilt(message: bytes) -> bytes:
    """The message with one octet changed on the way."""
    place = message.index(b"AB") + 4
    return message[:place] + bytes([message[place] ^ 1]) + message[place + 1 :]


def test_wrong_checksum_is_answered_by_96_and_the_repetition_is_carried_out_once(node: Node) -> None:
    patron, item = node.new_patron(), node.new_item()
    with node.kiosk() as kiosk, Staff(node) as staff:
        message = kiosk.message(checkout(patron, item, PIN))
        kiosk.send(_spoilt(message))
        assert kiosk.receive_raw() == ASK_AGAIN
        assert staff.loans(patron) == []
        kiosk.send(message)
        assert kiosk.receive().ok
        assert staff.loans(patron) == [item]


def test_96_is_repeated_as_often_as_the_line_is_bad(node: Node) -> None:
    with node.kiosk() as kiosk:
        message = kiosk.message(item_information(ABER.item(1)))
        for _ in range(4):
            kiosk.send(_spoilt(message))
            assert kiosk.receive_raw() == ASK_AGAIN
        kiosk.send(message)
        assert kiosk.receive().fixed[:2] == "03"


def test_97_before_anything_is_answered_by_96(node: Node) -> None:
    with node.line() as kiosk:
        for resend in (RESEND, b"97"):
            kiosk.send(resend + b"\r")
            assert kiosk.receive_raw().startswith(b"96")
        assert kiosk.ask(login(ABER.login, KIOSK_PASSWORD)).ok


def test_97_brings_the_previous_answer_again_and_carries_nothing_out(node: Node) -> None:
    patron, item = node.new_patron(), node.new_item()
    with node.kiosk() as kiosk, Staff(node) as staff:
        first = kiosk.ask(checkout(patron, item, PIN))
        for _ in range(3):
            kiosk.send(RESEND + b"\r")
            assert kiosk.receive().raw == first.raw
        assert staff.events(item, "loan.created") == 1


def test_97_after_a_96_brings_the_96_again(node: Node) -> None:
    with node.kiosk() as kiosk:
        kiosk.send(_spoilt(kiosk.message(item_information(ABER.item(1)))))
        assert kiosk.receive_raw() == ASK_AGAIN
        kiosk.send(RESEND + b"\r")
        assert kiosk.receive_raw() == ASK_AGAIN


def test_missing_required_field_is_refused_in_kind_and_never_by_96(node: Node) -> None:
    """96 for anything but a wrong checksum makes kiosks send the same again for ever."""
    with node.kiosk() as kiosk:
        for body, answer in (("17" + " " * 18 + "AOABER|", "18"), ("11NN" + " " * 36 + "AOABER|AA1|", "12")):
            kiosk.send(kiosk.message(body))
            assert kiosk.receive().code == answer


def test_message_in_single_octets_is_one_message(node: Node) -> None:
    with node.line() as kiosk:
        for body in (login(ABER.login, KIOSK_PASSWORD), status(), item_information(ABER.item(1))):
            for octet in split_into(kiosk.message(body), 1):
                kiosk.send(octet)
            assert kiosk.receive().sequence == str(kiosk.sequence)


def test_messages_in_one_segment_are_answered_in_order(node: Node) -> None:
    items = [ABER.item(number) for number in range(1, 41)]
    with node.kiosk() as kiosk:
        kiosk.send(b"".join(kiosk.message(item_information(item)) for item in items))
        assert [kiosk.receive()["AB"] for _ in items] == items


def test_pipelined_commands_are_answered_in_order_although_some_take_longer(node: Node) -> None:
    patron, item = node.new_patron(), node.new_item()
    bodies = [
        checkout(patron, item, PIN),
        patron_information(patron, PIN, summary="  Y       "),
        item_information(item),
        checkin(item),
        patron_information(patron, PIN, summary="  Y       "),
        item_information(item),
    ]
    with node.kiosk() as kiosk:
        kiosk.send(b"".join(map(kiosk.message, bodies)))
        answers = [kiosk.receive() for _ in bodies]
    assert [answer.code for answer in answers] == ["12", "64", "18", "10", "64", "18"]
    assert [answer.sequence for answer in answers] == ["1", "2", "3", "4", "5", "6"]
    assert answers[1].all("AU") == [item]
    assert answers[4].all("AU") == []
    assert (answers[2].fixed[:2], answers[5].fixed[:2]) == ("04", "03")


def test_segments_cut_in_the_middle_of_messages_change_nothing(node: Node) -> None:
    items = [ABER.item(number) for number in range(1, 31)]
    with node.kiosk() as kiosk:
        stream = b"".join(kiosk.message(item_information(item)) for item in items)
        for piece in split_into(stream, 47):
            kiosk.send(piece)
        assert [kiosk.receive()["AB"] for _ in items] == items


@pytest.mark.parametrize("terminator", [b"\r", b"\r\n", b"\n", b"\r\n\r\n", b"\r\r"], ids=repr)
def test_any_terminator_is_read_and_makes_no_empty_messages(node: Node, terminator: bytes) -> None:
    with node.line(terminator=terminator) as kiosk:
        assert kiosk.ask(login(ABER.login, KIOSK_PASSWORD)).ok
        for _ in range(3):
            assert kiosk.ask(item_information(ABER.item(1))).fixed[:2] == "03"
        assert kiosk.silent()


@pytest.mark.parametrize(
    "body",
    [
        "17" + "20260101    120000" + "|AOABER|AB30100001|",
        "17" + "20260101    120000" + "AOABER|AB30100001",
        "17" + "20260101    120000" + "AOABER||AB30100001|",
        "17" + "20260101    120000" + "AOABER|AB30100001|ZZunknown|QQ|",
        "17" + "20260101    120000" + "AB30100001|AOABER|",
        "17" + "202601010000120000" + "AOABER|AB30100001|",
    ],
    ids=[
        "delimiter after the fixed part",
        "no last delimiter",
        "an empty field",
        "unknown fields",
        "another order",
        "zeros for the zone",
    ],
)
@pytest.mark.parametrize("checksums", [True, False], ids=["AZ", "plain"])
def test_message_written_as_the_world_writes_it_is_understood(node: Node, body: str, checksums: bool) -> None:
    with node.kiosk(checksums=checksums) as kiosk:
        assert kiosk.ask(body).fixed[:2] == "03"


def test_error_detection_follows_each_message(node: Node) -> None:
    with node.kiosk() as kiosk:
        for checksums in (True, False, True, False):
            kiosk.checksums = checksums
            assert kiosk.ask(item_information(ABER.item(1))).checked is checksums


def test_sequence_numbers_need_not_be_in_order(node: Node) -> None:
    with node.kiosk() as kiosk:
        for sequence in (5, 5, 2, 0, 9, 9):
            kiosk.send(sealed(item_information(ABER.item(1)).encode(), sequence) + b"\r")
            assert kiosk.receive().sequence == str(sequence)


def test_read_repeated_octet_by_octet_is_answered_by_what_is_true_now(node: Node) -> None:
    """A retransmitted question is asked again: an old answer could be wrong by now."""
    patron, item = node.new_patron(), node.new_item()
    with node.kiosk() as kiosk, node.kiosk() as other:
        question = kiosk.message(item_information(item))
        kiosk.send(question)
        assert kiosk.receive().fixed[:2] == "03"
        assert other.ask(checkout(patron, item, PIN)).ok
        kiosk.send(question)
        assert kiosk.receive().fixed[:2] == "04"


def test_message_of_the_greatest_length_is_answered_and_a_longer_one_is_thrown_away(node: Node) -> None:
    with node.kiosk() as kiosk:
        start = item_information(ABER.item(1)) + "ZZ"
        longest = 8192 - len(start) - 1 - len("AY1AZ0000")
        assert kiosk.ask(start + "x" * (longest - 10) + "|").fixed[:2] == "03"
        kiosk.send(kiosk.message(start + "x" * 9000 + "|"))
        assert kiosk.silent()
        assert kiosk.ask(item_information(ABER.item(1))).fixed[:2] == "03"


def test_unknown_command_is_ignored_and_the_next_message_answered(node: Node) -> None:
    with node.kiosk() as kiosk:
        for body in (b"42hello|", b"ZZ", b"\x00\x01\x02", b"98YYYYYY", b"|||||"):
            kiosk.send(body + b"\r")
        assert kiosk.ask(item_information(ABER.item(1))).fixed[:2] == "03"


def test_peer_that_says_no_more_still_gets_its_answers(node: Node) -> None:
    with node.kiosk() as kiosk:
        kiosk.send(kiosk.message(patron_status(ABER.patron(1), PIN)))
        kiosk.link.shutdown(socket.SHUT_WR)
        assert kiosk.receive()["BL"] == "Y"
        with pytest.raises(LineClosed):
            kiosk.receive()


def test_message_that_was_never_ended_is_not_carried_out(node: Node) -> None:
    patron, item = node.new_patron(), node.new_item()
    with node.kiosk() as kiosk:
        kiosk.send(kiosk.message(checkout(patron, item, PIN)).rstrip(b"\r"))
        kiosk.link.shutdown(socket.SHUT_WR)
        with pytest.raises(LineClosed):
            kiosk.receive()
    with Staff(node) as staff:
        assert staff.loans(patron) == []


def test_checksum_over_characters_is_accepted_and_answered_over_octets(node: Node) -> None:
    """A Perl client in UTF-8 sums code points."""
    with node.kiosk() as kiosk:
        text = item_information("3010ŵ") + "AY7AZ"
        kiosk.send((text + f"{-sum(map(ord, text)) & 0xFFFF:04X}").encode() + b"\r")
        answer = take_apart(kiosk.receive_raw())
    assert answer.code == "18"
    assert answer["AB"] == "3010ŵ"


def test_nothing_but_login_is_possible_before_login_and_every_request_is_answered_in_kind(node: Node) -> None:
    patron, item = ABER.patron(1), ABER.item(1)
    with node.line() as kiosk:
        told = kiosk.ask(status())
        assert told.fixed[1:6] == "NNNNN"
        for body in (patron_information(patron, PIN), patron_status(patron, PIN)):
            answer = kiosk.ask(body)
            assert answer["BL"] == "N"
            assert answer["AE"] == ""
        for body in (checkout(patron, item, PIN), checkin(item)):
            assert not kiosk.ask(body).ok
        assert kiosk.ask(item_information(item))["AJ"] == ""
        assert kiosk.ask(login(ABER.login, KIOSK_PASSWORD)).ok
        assert kiosk.ask(item_information(item))["AJ"]
