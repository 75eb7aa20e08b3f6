"""Killed between the platform's commit and the answer: the retry gets the outcome, and there is one of it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.acceptance.consortium import ABER, BANGOR, PIN, Library
from tests.acceptance.nodes import Node, start_process
from tests.acceptance.sip2_line import Answer, LineClosed, checkin, checkout, fee_paid, renew
from tests.acceptance.staff import Staff


def _killed_then_retried(
    body: str, method: str, data_dir: Path, folder: Path, library: Library = ABER
) -> tuple[Answer, Node]:
    """Sends a command to a gateway that dies over it, and the same command to its successor."""
    dying = start_process(folder, data_dir, dies_after=method)
    try:
        with dying.kiosk(library) as kiosk:
            kiosk.send(kiosk.message(body))
            with pytest.raises(LineClosed):
                kiosk.receive()
        assert dying.wait() == -signal.SIGKILL
    finally:
        dying.stop()
    successor = Node(data_dir)
    try:
        with successor.kiosk(library) as kiosk:
            return kiosk.ask(body), successor
    except BaseException:
        successor.stop()
        raise


def test_checkout_is_answered_after_the_restart_and_there_is_one_loan(data_dir: Path, tmp_path: Path) -> None:
    patron, item = ABER.patron(12), ABER.item(41)
    answer, node = _killed_then_retried(checkout(patron, item, PIN), "loan_create", data_dir, tmp_path)
    try:
        assert answer.ok
        assert answer.fixed[1] == "N", "the retry is the check-out, not a renewal of it"
        assert answer["AJ"]
        assert answer["AH"]
        with Staff(node) as staff:
            assert staff.loans(patron) == [item]
            assert staff.events(item, "loan.created") == 1
    finally:
        node.stop()


def test_payment_is_answered_after_the_restart_and_taken_once(data_dir: Path, tmp_path: Path) -> None:
    patron = ABER.patron(10)
    answer, node = _killed_then_retried(fee_paid(patron, "1.00", transaction="K-1"), "fee_pay", data_dir, tmp_path)
    try:
        assert answer.ok
        with Staff(node) as staff:
            assert staff.owed(patron) == "1.50"
    finally:
        node.stop()


def test_return_is_answered_after_the_restart_and_counted_once(data_dir: Path, tmp_path: Path) -> None:
    item = BANGOR.item(23)
    answer, node = _killed_then_retried(checkin(item), "loan_return", data_dir, tmp_path, BANGOR)
    try:
        assert answer.ok
        with Staff(node, BANGOR) as staff:
            assert staff.events(item, "loan.returned") == 1
            assert staff.item(item)["status"] == "AVAILABLE"
    finally:
        node.stop()


def test_renewal_is_answered_after_the_restart_and_counted_once(data_dir: Path, tmp_path: Path) -> None:
    patron, item = BANGOR.patron(2), BANGOR.item(23)
    answer, node = _killed_then_retried(renew(patron, item, PIN), "loan_renew", data_dir, tmp_path, BANGOR)
    try:
        assert answer.ok
        with Staff(node, BANGOR) as staff:
            loan = next(loan for loan in staff.account(patron)["loans"] if loan["item_barcode"] == item)
            assert loan["renewals_used"] == 1
    finally:
        node.stop()
