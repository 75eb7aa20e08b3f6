"""The Sip2 client of PyPI against the demo: what its users do, through its own methods and its own parser."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from Sip2.sip2 import Sip2

from tests.acceptance.consortium import BANGOR, KIOSK_PASSWORD, PIN, Library
from tests.acceptance.nodes import Process

_items = itertools.count(900)


class Client:
    """The peer, logged in. `ask` sends one of its requests and reads the answer by its parser."""

    def __init__(self, port: int, library: Library, folder: Path, *, tls: bool = False) -> None:
        self.peer: Any = Sip2()
        self.peer.hostName = "localhost" if tls else "127.0.0.1"
        self.peer.hostPort = port
        self.peer.tlsEnable = tls
        self.peer.socketTimeout = 20
        self.peer.institutionId = library.ao
        self.peer.scLocation = library.ao
        self.peer.logfile_path = str(folder)
        self.peer.connect()
        assert self.ask("login", library.login, KIOSK_PASSWORD)["fixed"]["Ok"] == "1"

    def ask(self, name: str, *words: Any, **named: Any) -> dict[str, Any]:
        request = getattr(self.peer, f"sip_{name}_request")(*words, **named)
        answer = self.peer.get_response(request)
        return getattr(self.peer, f"sip_{name}_response")(answer)

    def as_patron(self, number: int, library: Library = BANGOR, pin: str = PIN) -> None:
        self.peer.patron, self.peer.patronpwd = library.patron(number), pin


@pytest.fixture
def client(peer_demo: Process, tmp_path: Path) -> Iterator[Client]:
    made = Client(peer_demo.ports["sip2"], BANGOR, tmp_path)
    yield made
    made.peer.disconnect()


@pytest.fixture
def item() -> str:
    """An item that no other test borrows."""
    return BANGOR.item(next(number for number in _items if number % 7))


def test_status_lets_the_client_send_everything(client: Client) -> None:
    answer = client.ask("sc_status")
    assert answer["fixed"]["OnlineStatus"] == "Y"
    assert answer["variable"]["BX"][0].startswith("Y" * 16)
    assert answer["variable"]["AM"] == [BANGOR.name]


def test_patron_status_and_information(client: Client) -> None:
    client.as_patron(2)
    answer = client.ask("patron_status")
    assert answer["variable"]["BL"] == ["Y"]
    assert answer["variable"]["CQ"] == ["Y"]
    answer = client.ask("patron_information", "charged")
    assert sorted(answer["variable"]["AU"]) == [BANGOR.item(22), BANGOR.item(23)]
    assert int(answer["fixed"]["ChargedItemsCount"]) == 2


def test_wrong_pin_is_refused(client: Client) -> None:
    client.as_patron(31, pin="9999")
    answer = client.ask("patron_status")
    assert answer["variable"]["BL"] == ["N"]
    assert answer["variable"]["CQ"] == ["N"]


def test_item_is_borrowed_shown_and_given_back(client: Client, item: str) -> None:
    client.as_patron(32)
    lent = client.ask("checkout", item)
    assert lent["fixed"]["Ok"] == "1"
    assert lent["variable"]["AB"] == [item]
    assert lent["variable"]["AH"][0]
    shown = client.ask("item_information", item)
    assert shown["fixed"]["CirculationStatus"] == "04"
    back = client.ask("checkin", item)
    assert back["fixed"]["Ok"] == "1"
    assert client.ask("item_information", item)["fixed"]["CirculationStatus"] == "03"


def test_what_the_rules_forbid_is_refused_with_a_reason(client: Client, item: str) -> None:
    client.as_patron(7)
    answer = client.ask("checkout", item)
    assert answer["fixed"]["Ok"] == "0"
    assert answer["variable"]["AF"][0]


def test_loan_is_renewed(client: Client) -> None:
    client.as_patron(2)
    assert client.ask("renew", BANGOR.item(23))["fixed"]["Ok"] == "1"
    answer = client.ask("renew_all")
    assert answer["fixed"]["Ok"] == "1"


def test_hold_is_placed_and_withdrawn(client: Client) -> None:
    client.as_patron(33)
    named = {"itemIdentifier": BANGOR.item(23), "pickupLocation": BANGOR.ao, "holdType": 2}
    assert client.ask("hold", "+", **named)["fixed"]["Ok"] == "1"
    assert client.ask("hold", "-", **named)["fixed"]["Ok"] == "1"


def test_fee_is_paid(client: Client) -> None:
    client.as_patron(10)
    paid = client.ask("fee_paid", 4, 0, "1.00", transactionId="peer-1", currencyType="GBP")
    assert paid["fixed"]["PaymentAccepted"] == "Y"
    assert client.ask("patron_status")["variable"]["BV"] == ["1.50"]


def test_session_is_ended(client: Client) -> None:
    client.as_patron(1)
    assert client.ask("end_patron_session")["fixed"]["EndSession"] == "Y"


def test_the_longest_answer_reaches_a_client_that_reads_4096_octets_once(client: Client) -> None:
    client.as_patron(6)
    answer = client.ask("patron_information", "charged", "1", "99")
    assert len(answer["variable"]["AU"]) == int(answer["fixed"]["ChargedItemsCount"]) == 10


def test_client_speaks_tls(peer_demo: Process, tmp_path: Path) -> None:
    """It takes a self-signed certificate when that verifies by itself and its common name is the host."""
    made = Client(peer_demo.ports["sip2-tls"], BANGOR, tmp_path, tls=True)
    assert made.ask("sc_status")["fixed"]["OnlineStatus"] == "Y"
    made.peer.disconnect()
