"""Hostile and broken peers on live ports: nobody else's session suffers, and nothing is answered by a traceback."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

from tests.acceptance.consortium import ABER, KIOSK_PASSWORD, PIN
from tests.acceptance.nodes import Node
from tests.acceptance.sip2_line import (
    ANSWERS,
    Kiosk,
    LineClosed,
    checkin,
    checkout,
    fee_paid,
    item_information,
    login,
    patron_information,
    sealed,
    status,
    take_apart,
)
from tests.acceptance.staff import Staff

CONNECTIONS = 300


def _nonsense(choice: random.Random) -> bytes:
    """Octets of one visit: noise, broken messages, right messages with noise in them."""
    real = [
        login(ABER.login, KIOSK_PASSWORD),
        login(ABER.login, "x" * choice.randrange(300)),
        status(),
        patron_information(ABER.patron(20), choice.choice([PIN, "", "\x00"]), summary="YYYYYYYYYY"),
        item_information(ABER.item(choice.randrange(1, 60))),
        fee_paid(ABER.patron(20), choice.choice(["1", "-1", "NaN", "1" * 200])),
        "11" + "Y" * choice.randrange(60),
        "97",
        "96",
    ]
    octets = bytearray()
    for _ in range(choice.randrange(1, 6)):
        message = choice.choice(real).encode("utf-8", "replace")
        if choice.random() < 0.5:
            message = sealed(message, choice.randrange(10))
        message = bytearray(message + choice.choice([b"\r", b"\r\n", b"\n", b"", b"\r\r\n\n"]))
        for _ in range(choice.choice([0, 0, 1, 3, 10])):
            if message:
                message[choice.randrange(len(message))] = choice.randrange(256)
        octets += message
    if choice.random() < 0.3:
        octets += choice.randbytes(choice.randrange(2000))
    return bytes(octets)


def test_any_octets_on_a_live_port_while_another_kiosk_goes_on_undisturbed(make_node: Callable[..., Node]) -> None:
    node = make_node()
    patron, item = node.new_patron(), node.new_item()
    choice = random.Random(20261122)
    ended = threading.Event()

    def attack() -> None:
        try:
            for number in range(CONNECTIONS):
                with socket.create_connection(("127.0.0.1", node.ports["sip2"]), 10) as link:
                    link.sendall(_nonsense(choice))
                    link.settimeout(0.005)
                    with contextlib.suppress(TimeoutError, ConnectionError):
                        link.recv(65536)
                    if number % 3 == 0:  # these leave without saying so
                        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        finally:
            ended.set()

    thread = threading.Thread(target=attack)
    rounds = 0
    with node.kiosk() as kiosk:
        thread.start()
        while not ended.is_set() or rounds < 5:
            rounds += 1
            assert kiosk.ask(patron_information(patron, PIN))["BL"] == "Y"
            assert kiosk.ask(checkout(patron, item, PIN)).ok
            assert kiosk.ask(item_information(item)).fixed[:2] == "04"
            assert kiosk.ask(checkin(item)).ok
        thread.join(30)
        assert kiosk.ask(status()).fixed[0] == "Y"
    with Staff(node) as staff:
        assert staff.loans(patron) == []
        assert staff.events(item, "loan.created") == rounds


def test_whatever_a_logged_in_kiosk_sends_is_answered_in_kind_or_not_at_all(make_node: Callable[..., Node]) -> None:
    """Right checksums over broken contents: the gateway has to look at every field."""
    node = make_node()
    choice = random.Random(7)
    codes = [code for code in ANSWERS if code != "93"]
    fields = [
        "AO",
        "AA",
        "AB",
        "AC",
        "AD",
        "AJ",
        "BI",
        "BO",
        "BP",
        "BQ",
        "BS",
        "BV",
        "BW",
        "BY",
        "CG",
        "CH",
        "CN",
        "AL",
    ]
    values = [
        "",
        "ABER",
        ABER.patron(21),
        ABER.item(70),
        PIN,
        "Y",
        "N",
        "x" * 300,
        "\x00",
        "ŵ",
        "-1",
        "|",
        "'; --",
        "%s",
    ]
    with node.kiosk() as kiosk:
        for _ in range(400):
            code = choice.choice(codes)
            fixed = "".join(
                choice.choice("YN0123456789 +-*Z") for _ in range(choice.choice([0, 5, 18, 19, 31, 38, 60]))
            )
            body = code + fixed + "".join(f"{choice.choice(fields)}{choice.choice(values)}|" for _ in range(6))
            kiosk.sequence = (kiosk.sequence + 1) % 10
            kiosk.send(sealed(body.encode(), kiosk.sequence) + b"\r" + sealed(status().encode(), 0) + b"\r")
            answer = take_apart(kiosk.receive_raw())
            if answer.code != "98" or code == "99":
                assert answer.code == ANSWERS[code], body
                answer = take_apart(kiosk.receive_raw())
            assert answer.code == "98", body


def _impatient(document: dict[str, Any]) -> None:
    document["limits"] = {"message_seconds": 1.0, "max_links": 20}


def test_sender_that_drips_octets_is_cut(make_node: Callable[..., Node]) -> None:
    node = make_node(_impatient)
    with node.kiosk() as kiosk, node.kiosk() as other:
        assert _cut_off(kiosk, kiosk.message(item_information(ABER.item(1)))[:-1])
        assert other.ask(status()).fixed[0] == "Y"


def _cut_off(kiosk: Kiosk, octets: bytes) -> bool:
    """Whether the link is ended while these octets drip in, ten a second."""
    try:
        for octet in octets:
            kiosk.send(bytes([octet]))
            if not kiosk.silent(0.1):
                return False
    except (ConnectionError, LineClosed):
        return True
    return False


def test_more_links_than_allowed_are_turned_away_and_the_others_go_on(make_node: Callable[..., Node]) -> None:
    node = make_node(_impatient)
    with node.kiosk() as kiosk:
        more = [node.line() for _ in range(25)]
        turned_away = 0
        for one in more:
            try:
                one.ask(status())
            except (LineClosed, ConnectionError):
                turned_away += 1
        assert turned_away == 6
        assert kiosk.ask(item_information(ABER.item(1))).fixed[:2] == "03"
        for one in more:
            one.close()
        assert kiosk.ask(status()).fixed[0] == "Y"


def test_peer_that_never_reads_stops_only_itself(node: Node) -> None:
    with node.kiosk() as deaf, node.kiosk() as kiosk:
        deaf.link.settimeout(0.5)
        flood = b"".join(deaf.message(item_information(ABER.item(1))) for _ in range(500))
        try:
            for _ in range(200):
                deaf.send(flood)
        except TimeoutError:
            pass  # the gateway has stopped reading: that is what a kiosk that does not read deserves
        assert kiosk.ask(item_information(ABER.item(1))).fixed[:2] == "03"


def test_hundreds_of_idle_links_disturb_nobody(node: Node) -> None:
    idle = [Kiosk(node.ports["sip2"]) for _ in range(400)]
    try:
        with node.kiosk() as kiosk:
            assert kiosk.ask(checkout(node.new_patron(), node.new_item(), PIN)).ok
        assert idle[0].ask(status()).code == "98"
        assert idle[-1].ask(status()).code == "98"
    finally:
        for kiosk in idle:
            kiosk.close()
