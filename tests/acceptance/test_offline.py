"""What happened while the line was down (no block=Y): never refused, the kiosk's dates kept, conflicts for staff."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.consortium import ABER, LIBRARIES, PIN, Library
from tests.acceptance.nodes import Node
from tests.acceptance.sip2_line import checkin, checkout, item_information, moment, renew, status
from tests.acceptance.staff import Staff
from tests.acceptance.terminals import COUNTER

YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).replace(microsecond=0)
DUE = (datetime.now(UTC) + timedelta(days=9)).replace(microsecond=0)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_offline_checkout_keeps_the_kiosks_dates_and_asks_for_no_pin(node: Node) -> None:
    patron, item = node.new_patron(), node.new_item()
    with node.kiosk() as kiosk, Staff(node) as staff:
        answer = kiosk.ask(checkout(patron, item, no_block="Y", at=moment(YESTERDAY), due=moment(DUE)))
        assert answer.ok
        assert answer["AH"] == moment(DUE)
        loan = next(loan for loan in staff.account(patron)["loans"] if loan["item_barcode"] == item)
        assert _instant(loan["due"]) == DUE
        assert _instant(loan["loaned_at"]) == YESTERDAY
        assert staff.conflicts(item) == []


def test_offline_checkin_keeps_the_return_date(node: Node) -> None:
    """The book was dropped before it became overdue: no charge, although the message comes late."""
    library = LIBRARIES[6]
    patron, item = library.patron(2), library.item(22)
    with node.kiosk(library) as kiosk, Staff(node, library) as staff:
        loan = next(loan for loan in staff.account(patron)["loans"] if loan["item_barcode"] == item)
        in_time = _instant(loan["due"]) - timedelta(hours=3)
        assert kiosk.ask(checkin(item, no_block="Y", at=moment(in_time), returned=moment(in_time))).ok
        assert staff.owed(patron) == "0.00"


@pytest.mark.parametrize(
    ("patron_number", "item_number"),
    [(3, 50), (4, 51), (6, 52), (7, 53), (12, 21), (12, 22), (12, 24), (12, 26), (12, 28), (99, 54), (12, 9999)],
    ids=[
        "owes too much",
        "expired",
        "loan limit",
        "lost card",
        "not for loan",
        "on loan to another",
        "held for another",
        "lost",
        "missing",
        "unknown card",
        "unknown item",
    ],
)
def test_offline_checkout_is_never_refused_and_what_the_rules_forbid_is_listed_for_staff(
    node: Node, patron_number: int, item_number: int
) -> None:
    library: Library = LIBRARIES[7]
    patron, item = library.patron(patron_number), library.item(item_number)
    with node.kiosk(library) as kiosk, Staff(node, library) as staff:
        before = len(staff.conflicts(item))
        body = checkout(patron, item, no_block="Y", at=moment(YESTERDAY), due=moment(DUE))
        answer = kiosk.ask(body)
        assert answer.ok, answer.raw
        assert answer["AH"] == moment(DUE)
        assert kiosk.ask(body).ok
        found = staff.conflicts(item)[before:]
        assert len(found) == 1, "listed once, however often it was sent"
        assert found[0]["operation"] == "loan.create"
        assert found[0]["terminal"] == library.login
        assert found[0]["reason"]


@pytest.mark.parametrize("number", [1, 24, 25, 26, 28, 9999])
def test_offline_checkin_is_never_refused(node: Node, number: int) -> None:
    library = LIBRARIES[8]
    with node.kiosk(library) as kiosk:
        assert kiosk.ask(checkin(library.item(number), no_block="Y", returned=moment(YESTERDAY))).ok


def test_offline_renewal_is_never_refused(node: Node) -> None:
    library = LIBRARIES[8]
    with node.kiosk(library) as kiosk:
        assert kiosk.ask(renew(library.patron(6), library.item(29), no_block="Y")).ok
        assert kiosk.ask(renew(library.patron(12), library.item(3), no_block="Y")).ok


def test_staff_can_deal_with_a_conflict(node: Node) -> None:
    library = LIBRARIES[9]
    item = library.item(21)
    with node.kiosk(library) as kiosk, Staff(node, library) as staff:
        assert kiosk.ask(checkout(library.patron(12), item, no_block="Y")).ok
        (found,) = staff.conflicts(item)
        staff.post(f"/conflicts/{found['id']}/resolution", {})
        assert staff.conflicts(item) == []


def test_conflicts_of_one_library_are_not_listed_to_another(node: Node) -> None:
    library = LIBRARIES[10]
    with node.kiosk(library) as kiosk, Staff(node, LIBRARIES[9]) as stranger:
        assert kiosk.ask(checkout(library.patron(12), library.item(21), no_block="Y")).ok
        assert stranger.conflicts(library.item(21)) == []


def test_terminal_without_the_permission_cannot_force_a_loan(node: Node) -> None:
    patron = node.new_patron()
    with node.kiosk(user=COUNTER) as kiosk, Staff(node) as staff:
        assert kiosk.ask(status()).fixed[5] == "N"
        answer = kiosk.ask(checkout(patron, ABER.item(21), PIN, no_block="Y"))
        assert not answer.ok
        assert answer.screen
        assert staff.loans(patron) == []
        assert not kiosk.ask(checkin(node.new_item(), no_block="Y")).ok
        assert kiosk.ask(item_information(ABER.item(21)))["AJ"]


def test_offline_batch_sent_twice_after_a_reconnect_is_recorded_once(node: Node) -> None:
    patron = node.new_patron()
    items = [node.new_item() for _ in range(5)]
    bodies = [checkout(patron, item, no_block="Y", at=moment(YESTERDAY), due=moment(DUE)) for item in items]
    for _ in range(2):
        with node.kiosk() as kiosk:
            assert all(kiosk.ask(body).ok for body in bodies)
    with Staff(node) as staff:
        assert staff.loans(patron) == sorted(items)
        assert all(staff.events(item, "loan.created") == 1 for item in items)
