"""Conversations of an SC: numbering, asking again, and what it does not take for its answer."""

from __future__ import annotations

import pytest

from library_protocols.sip2 import (
    NEED_DATA,
    Acs,
    Dialect,
    Ignored,
    LinkFailed,
    LocalError,
    Request,
    Response,
    Sc,
    Send,
    StatusChanged,
    build,
    checksum,
)

LOGIN = build("93", uid_algorithm=0, pwd_algorithm=0, fields=[("CN", "u"), ("CO", "p")])
ENQUIRY = build("17", fields=[("AO", "X"), ("AB", "1")])
LOGGED_IN = b"941AY0AZFDFD\r"
RESEND = b"97AZFEF5\r"
ASK_RESEND = b"96AZFEF6\r"


def test_a_message_and_its_answer() -> None:
    sc = Sc()
    assert sc.next_event() is NEED_DATA
    assert sc.send(LOGIN) == b"9300CNu|COp|AY0AZ" + checksum(b"9300CNu|COp|AY0AZ").encode() + b"\r"
    assert sc.outstanding is LOGIN
    sc.receive_data(LOGGED_IN)
    event = sc.next_event()
    assert isinstance(event, Response)
    assert event.message.fixed["ok"] == "1"
    assert sc.outstanding is None


def test_sequence_numbers_go_round_and_stay_on_a_retransmission() -> None:
    sc = Sc()
    for n in [*range(10), 0, 1]:
        sent = sc.send(LOGIN)
        assert sent[-10:-7] == b"AY%d" % n
        assert sc.retransmit() == sent
        sc.give_up()


def test_without_error_detection() -> None:
    sc = Sc(Dialect(error_detection="never"))
    assert sc.send(LOGIN) == b"9300CNu|COp|\r"
    sc.receive_data(b"941AY5AZ0000\r")
    assert isinstance(sc.next_event(), Response)


def test_an_answer_without_checksum() -> None:
    sc = Sc()
    sc.send(LOGIN)
    sc.receive_data(b"941\r")
    assert isinstance(sc.next_event(), Response)
    strict = Sc(Dialect(error_detection="always"))
    strict.send(LOGIN)
    strict.receive_data(b"941\r")
    event = strict.next_event()
    assert isinstance(event, Send)
    assert event.data == RESEND


def test_a_damaged_answer_is_asked_for_again_until_it_is_enough() -> None:
    sc = Sc()
    sc.send(LOGIN)
    sc.receive_data(b"941AY0AZ0000\r" * 4)
    for _ in range(3):
        event = sc.next_event()
        assert isinstance(event, Send)
        assert event.data == RESEND
    assert isinstance(sc.next_event(), LinkFailed)
    assert sc.outstanding is None


def test_a_96_gets_the_message_again_with_the_same_number_but_not_for_ever() -> None:
    sc = Sc()
    sent = sc.send(LOGIN)
    sc.receive_data(ASK_RESEND * 4)
    for _ in range(3):
        event = sc.next_event()
        assert isinstance(event, Send)
        assert event.data == sent
    assert isinstance(sc.next_event(), LinkFailed)


def test_a_96_in_answer_to_a_97_fails_the_link() -> None:
    sc = Sc()
    sc.send(LOGIN)
    sc.receive_data(b"941AY0AZ0000\r" + ASK_RESEND)
    assert isinstance(sc.next_event(), Send)
    assert isinstance(sc.next_event(), LinkFailed)


def test_an_answer_to_an_earlier_message_is_dropped() -> None:
    sc = Sc()
    sc.send(LOGIN)
    sc.give_up()
    sc.send(LOGIN)
    sc.receive_data(LOGGED_IN + b"941AY1AZFDFC\r")
    event = sc.next_event()
    assert isinstance(event, Ignored)
    assert event.message is not None
    assert isinstance(sc.next_event(), Response)


@pytest.mark.parametrize("octets", [b"18junk\r", b"?\r", b"x" * 9000 + b"\r", b"1801010120261122    044327AB1|AJ|\r"])
def test_what_is_no_answer_is_dropped(octets: bytes) -> None:
    sc = Sc()
    sc.send(LOGIN)
    sc.receive_data(octets + LOGGED_IN)
    assert isinstance(sc.next_event(), Ignored)
    assert isinstance(sc.next_event(), Response)
    sc.receive_data(LOGGED_IN)
    assert isinstance(sc.next_event(), Ignored)


def test_a_98_nobody_asked_for() -> None:
    sc = Sc(Dialect(error_detection="never"))
    sent = sc.send(LOGIN)
    sc.receive_data(b"98N" + b" " * 29 + b"2.00\r")
    assert isinstance(sc.next_event(), StatusChanged)
    assert sc.retransmit() == sent


def test_rules_of_its_owner() -> None:
    sc = Sc()
    with pytest.raises(LocalError):
        sc.retransmit()
    for wrong in (build("94", ok="1"), build("97")):
        with pytest.raises(LocalError):
            sc.send(wrong)
    sc.send(LOGIN)
    with pytest.raises(LocalError):
        sc.send(LOGIN)


@pytest.mark.parametrize("mode", ["auto", "always", "never"])
@pytest.mark.parametrize("size", [1, 5, 4096])
def test_both_ends_joined(mode: str, size: int) -> None:
    dialect = Dialect(encoding="utf-8", error_detection=mode)
    sc, acs = Sc(dialect), Acs(dialect)
    for number in range(12):
        sent = sc.send(ENQUIRY)
        for at in range(0, len(sent), size):
            acs.receive_data(sent[at : at + size])
        request = acs.next_event()
        assert isinstance(request, Request)
        assert request.message.fields == ENQUIRY.fields
        reply = acs.respond(build("18", circulation_status="03", fields=[("AB", "1"), ("AJ", f"Tŷ {number}")]))
        for at in range(0, len(reply), size):
            sc.receive_data(reply[at : at + size])
        event = sc.next_event()
        assert isinstance(event, Response)
        assert event.message.get("AJ") == f"Tŷ {number}"


def test_a_damaged_wire_heals() -> None:
    sc, acs = Sc(), Acs()
    sent = sc.send(ENQUIRY)
    acs.receive_data(sent.replace(b"AB1", b"AB2"))
    asked = acs.next_event()
    assert isinstance(asked, Send)
    sc.receive_data(asked.data)
    again = sc.next_event()
    assert isinstance(again, Send)
    acs.receive_data(again.data)
    assert isinstance(acs.next_event(), Request)
    reply = acs.respond(build("18", fields=[("AB", "1"), ("AJ", "A title")]))
    sc.receive_data(reply.replace(b"title", b"titel").replace(b"A t", b"B t"))
    asking = sc.next_event()
    assert isinstance(asking, Send)
    acs.receive_data(asking.data)
    resent = acs.next_event()
    assert isinstance(resent, Send)
    sc.receive_data(resent.data)
    assert isinstance(sc.next_event(), Response)
