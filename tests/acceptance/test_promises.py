"""What was promised outlives the platform's absence and the gateway's own death: kept, replayed, put right."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.acceptance.consortium import ABER, PIN
from tests.acceptance.nodes import Node, start_process
from tests.acceptance.sip2_line import checkin, checkout, item_information, moment, status
from tests.acceptance.staff import Staff

YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).replace(microsecond=0)
DUE = (datetime.now(UTC) + timedelta(days=9)).replace(microsecond=0)
SOON = 15.0  # seconds; the journal is looked at every second


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether it comes true soon."""
    give_up = time.monotonic() + SOON
    while time.monotonic() < give_up:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_offline_transactions_are_kept_while_the_platform_is_away_and_carried_out_with_their_own_dates(
    make_node: Callable[..., Node],
) -> None:
    node = make_node()
    patron, item = node.new_patron(), node.new_item()
    lent = checkout(patron, item, no_block="Y", at=moment(YESTERDAY), due=moment(DUE))
    with node.kiosk() as kiosk, Staff(node) as staff:
        node.platform.faults.update({"loan_create", "loan_return"})
        answer = kiosk.ask(lent)
        assert answer.ok
        assert answer["AH"] == moment(DUE)
        assert not kiosk.ask(checkout(patron, node.new_item(), PIN)).ok, "what has not happened yet is refused"
        assert staff.loans(patron) == []
        node.platform.faults.clear()
        assert eventually(lambda: staff.loans(patron) == [item])
        (loan,) = staff.account(patron)["loans"]
        assert datetime.fromisoformat(loan["due"]) == DUE
        assert datetime.fromisoformat(loan["loaned_at"]) == YESTERDAY
        assert kiosk.ask(lent).ok
        assert staff.events(item, "loan.created") == 1


def test_offline_transactions_keep_their_order_behind_what_waits(make_node: Callable[..., Node]) -> None:
    """The book was lent and came back while the line was down: it must be on the shelf in the end."""
    node = make_node()
    patron, item = node.new_patron(), node.new_item()
    with node.kiosk() as kiosk, Staff(node) as staff:
        node.platform.faults.add("loan_create")
        assert kiosk.ask(checkout(patron, item, no_block="Y", at=moment(YESTERDAY), due=moment(DUE))).ok
        assert kiosk.ask(checkin(item, no_block="Y")).ok
        node.platform.faults.clear()
        assert eventually(lambda: staff.events(item, "loan.returned") == 1)
        assert staff.loans(patron) == []
        assert kiosk.ask(item_information(item)).fixed[:2] == "03"


def test_what_was_kept_outlives_a_restart(make_node: Callable[..., Node]) -> None:
    node = make_node()
    patron, item = node.new_patron(), node.new_item()
    with node.kiosk() as kiosk:
        node.platform.faults.add("loan_create")
        assert kiosk.ask(checkout(patron, item, no_block="Y", at=moment(YESTERDAY), due=moment(DUE))).ok
    node.stop()
    again = Node(node.data_dir)
    try:
        with Staff(again) as staff:
            assert eventually(lambda: staff.loans(patron) == [item])
    finally:
        again.stop()


def test_checkout_told_as_refused_is_undone_even_when_the_gateway_dies_in_between(
    data_dir: Path, tmp_path: Path
) -> None:
    patron, item = ABER.patron(12), ABER.item(41)
    hanging = start_process(tmp_path, data_dir, hangs_after="loan_create")
    try:
        with hanging.kiosk() as kiosk, Staff(hanging) as staff:
            assert not kiosk.ask(checkout(patron, item, PIN)).ok
            assert staff.loans(patron) == [item], "the platform has carried it out all the same"
        hanging.kill()
    finally:
        hanging.stop()
    successor = Node(data_dir)
    try:
        with Staff(successor) as staff, successor.kiosk() as kiosk:
            assert eventually(lambda: staff.loans(patron) == [])
            assert staff.item(item)["status"] == "AVAILABLE"
            assert kiosk.ask(checkout(patron, item, PIN)).ok
    finally:
        successor.stop()


def test_kiosk_is_told_that_the_platform_is_away_and_when_it_is_back(make_node: Callable[..., Node]) -> None:
    node = make_node()
    with node.kiosk() as kiosk:
        assert kiosk.ask(status()).fixed[0] == "Y"
        node.platform.faults.update({"status", "item_get"})
        assert kiosk.ask(status()).fixed[0] == "N"
        assert kiosk.ask(status()).screen
        node.platform.faults.clear()
        assert kiosk.ask(status()).fixed[0] == "Y"
