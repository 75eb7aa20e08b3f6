"""A platform slower than the announced timeout: a well-formed "no" in time, and then what was told is made true."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.acceptance.consortium import ABER, BANGOR, PIN
from tests.acceptance.nodes import Node
from tests.acceptance.sip2_line import (
    Answer,
    Kiosk,
    checkin,
    checkout,
    fee_paid,
    hold,
    item_information,
    patron_information,
    renew,
    status,
)
from tests.acceptance.staff import Staff

ANNOUNCED = 4.0  # seconds


def _hurried(document: dict[str, Any]) -> None:
    document["limits"] = {"answer_seconds": ANNOUNCED, "answer_margin_seconds": 2.5}


@pytest.fixture
def hurried(make_node: Callable[..., Node]) -> Node:
    return make_node(_hurried, suspends=True)


def _ask_in_time(kiosk: Kiosk, body: str) -> Answer:
    """Asks, and checks that the answer came within the time that 98 has announced."""
    started = time.monotonic()
    answer = kiosk.ask(body)
    assert time.monotonic() - started < ANNOUNCED
    return answer


def test_announced_timeout_is_the_configured_one(hurried: Node) -> None:
    with hurried.kiosk() as kiosk:
        assert kiosk.ask(status()).fixed[6:9] == "040"


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
def test_checkout_told_as_refused_is_undone_when_it_turns_out_to_have_happened(hurried: Node, after: bool) -> None:
    patron, item = hurried.new_patron(), hurried.new_item()
    with hurried.kiosk() as kiosk, Staff(hurried) as staff:
        with hurried.brake("loan_create", after=after) as brake:
            answer = _ask_in_time(kiosk, checkout(patron, item, PIN))
            assert not answer.ok
            assert answer["AH"] == ""
            assert answer.fixed[3] == "N", "the book must not leave the building"
            assert answer.screen
            brake.release()
        hurried.settle()
        assert staff.loans(patron) == []
        assert staff.item(item)["status"] == "AVAILABLE"
        assert staff.conflicts(item) == []
        assert kiosk.ask(checkout(patron, item, PIN)).ok


def test_retry_before_the_slow_checkout_ends_gets_its_outcome_and_nothing_is_undone(hurried: Node) -> None:
    patron, item = hurried.new_patron(), hurried.new_item()
    with hurried.kiosk() as kiosk, Staff(hurried) as staff:
        with hurried.brake("loan_create", after=True) as brake:
            asked = kiosk.message(checkout(patron, item, PIN))
            kiosk.send(asked)
            assert not kiosk.receive().ok
            kiosk.send(asked)
            assert kiosk.silent()
            brake.release()
            assert kiosk.receive().ok
        hurried.settle()
        assert staff.loans(patron) == [item]
        assert staff.events(item, "loan.undone") == 0


def test_checkin_told_as_refused_is_kept(hurried: Node) -> None:
    item = BANGOR.item(23)
    with hurried.kiosk(BANGOR) as kiosk, Staff(hurried, BANGOR) as staff:
        body = checkin(item)
        with hurried.brake("loan_return", after=True) as brake:
            assert not _ask_in_time(kiosk, body).ok
            brake.release()
        hurried.settle()
        assert item not in staff.loans(BANGOR.patron(2))
        assert staff.item(item)["status"] == "AVAILABLE"
        assert kiosk.ask(body).ok, "the retry hears what has become of it"
        assert staff.events(item, "loan.returned") == 1


def test_payment_told_as_refused_is_kept_and_not_asked_for_again(hurried: Node) -> None:
    patron = ABER.patron(10)
    with hurried.kiosk() as kiosk, Staff(hurried) as staff:
        body = fee_paid(patron, "2.50", transaction="slow-1")
        with hurried.brake("fee_pay", after=True) as brake:
            assert not _ask_in_time(kiosk, body).ok
            brake.release()
        hurried.settle()
        assert staff.owed(patron) == "0.00"
        assert kiosk.ask(body).ok
        assert staff.owed(patron) == "0.00"


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("item_get", item_information(ABER.item(1))),
        ("patron_account", patron_information(ABER.patron(1), PIN, summary="  Y       ")),
        ("patron_authenticate", patron_information(ABER.patron(1), PIN)),
        ("loan_renew", renew(ABER.patron(2), ABER.item(23), PIN)),
        ("hold_place", hold("+", ABER.patron(12), ABER.item(23), PIN)),
        ("status", status()),
    ],
    ids=lambda value: value if value.isidentifier() else "",
)
@pytest.mark.parametrize("suspends", [True, False], ids=["a platform away", "a platform that should not wait"])
def test_every_kind_of_request_gets_an_answer_of_its_own_kind_in_time(
    make_node: Callable[..., Node], suspends: bool, method: str, body: str
) -> None:
    hurried = make_node(_hurried, suspends=suspends)
    with hurried.kiosk() as kiosk:
        with hurried.brake(method) as brake:
            answer = _ask_in_time(kiosk, body)
            brake.release()
        if answer.code == "98":
            assert answer.fixed[0] == "N", "off line while the platform does not answer"
        elif answer.code == "64":
            assert answer["BL"] == "N"
            assert answer["AE"] == ""
        elif answer.code == "18":
            assert answer.fixed[:2] == "01"
            assert answer["AJ"] == ""
        else:
            assert not answer.ok
        assert answer.screen
        hurried.settle()


def test_slow_call_stops_nobody_elses_kiosk(hurried: Node) -> None:
    patron, item = hurried.new_patron(), hurried.new_item()
    with hurried.kiosk() as slow, hurried.kiosk() as quick, hurried.brake("loan_create") as brake:
        slow.send(slow.message(checkout(patron, item, PIN)))
        brake.wait()
        for number in range(1, 11):
            assert quick.ask(item_information(ABER.item(number))).fixed[:2] == "03"
        assert quick.ask(patron_information(ABER.patron(1), PIN))["BL"] == "Y"
        assert not brake.passed
        brake.release()
        assert slow.receive().ok
