"""Cancelled transactions (BI=Y): the book was pulled away. What was before is again, holds, charges and counts."""

from __future__ import annotations

from typing import Any

from tests.acceptance.consortium import LIBRARIES, PIN, Library
from tests.acceptance.nodes import Node
from tests.acceptance.sip2_line import Kiosk, checkin, checkout, item_information, patron_information
from tests.acceptance.staff import Staff


def _state(staff: Staff, kiosk: Kiosk, item: str, *patrons: str) -> dict[str, Any]:
    """Everything that an undone transaction must leave as it was."""
    shown = kiosk.ask(item_information(item))
    found: dict[str, Any] = {"item": (shown.fixed[:2], shown.get("CF"), shown.get("AH"), shown.get("AP"))}
    for patron in patrons:
        account = staff.account(patron)
        told = kiosk.ask(patron_information(patron, PIN))
        found[patron] = {
            "counts": told.counts,
            "status": told.fixed[:14],
            "owed": told.get("BV"),
            "loans": [(loan["item_barcode"], loan["due"], loan["renewals_used"]) for loan in account["loans"]],
            "holds": [
                (hold["id"], hold["status"], hold["queue_position"], hold["filled_item_id"], hold["hold_until"])
                for hold in account["holds"]
            ],
            "fees": [(fee["id"], fee["status"], fee["balance"]) for fee in account["fees"]],
        }
    return found


def _hold_on(staff: Staff, patron: str, item: str, library: Library) -> str:
    bib = staff.item(item)["bib_id"]
    body = {"patron": patron, "bib_id": bib, "pickup_location": library.ao}
    return staff.post("/holds", body)["hold"]["id"]


def test_undone_checkout_leaves_a_waiting_hold_and_all_counts_as_they_were(node: Node) -> None:
    """The item is on the hold shelf for the borrower; behind waits another patron's hold."""
    library = LIBRARIES[3]
    collector, other, item = library.patron(5), library.patron(12), library.item(24)
    with node.kiosk(library) as kiosk, Staff(node, library) as staff:
        _hold_on(staff, other, item, library)
        before = _state(staff, kiosk, item, collector, other)
        assert before["item"][0] == "08"
        assert kiosk.ask(checkout(collector, item, PIN)).ok
        assert staff.loans(collector) == [item]
        undone = kiosk.ask(checkin(item, cancel="Y"))
        assert undone.ok
        assert undone.fixed[1] == "Y", "the item must be made alarm-worthy again"
        assert undone.fixed[3] == "N", "an undone check-out traps nobody's hold"
        assert undone.get("CV") in (None, "00")
        assert _state(staff, kiosk, item, collector, other) == before
        assert staff.events(item, "loan.returned") == 0, "an undone check-out is no circulation"


def test_undone_checkin_takes_the_hold_off_the_shelf_and_reopens_the_loan(node: Node) -> None:
    """Item 29 is on loan to patron 6; patron 1 waits for it."""
    library = LIBRARIES[3]
    borrower, waiting, item = library.patron(6), library.patron(1), library.item(29)
    with node.kiosk(library) as kiosk, Staff(node, library) as staff:
        before = _state(staff, kiosk, item, borrower, waiting)
        returned = kiosk.ask(checkin(item))
        assert returned.ok
        assert returned.fixed[3] == "Y", "somebody waits for it"
        assert returned["CV"] == "01"
        assert kiosk.ask(patron_information(waiting, PIN)).counts["AS"] == 1
        undone = kiosk.ask(checkout(borrower, item, PIN, cancel="Y"))
        assert undone.ok
        assert undone["AH"]
        assert _state(staff, kiosk, item, borrower, waiting) == before
        assert staff.events(item, "loan.created") == 1, "the old loan goes on; there is no new one"


def test_undone_checkin_of_an_overdue_item_takes_the_charge_back(node: Node) -> None:
    library = LIBRARIES[4]
    borrower, item = library.patron(2), library.item(22)
    with node.kiosk(library) as kiosk, Staff(node, library) as staff:
        before = _state(staff, kiosk, item, borrower)
        assert kiosk.ask(checkin(item)).ok
        assert kiosk.ask(patron_information(borrower, PIN)).counts["AV"] > before[borrower]["counts"]["AV"]
        assert kiosk.ask(checkout(borrower, item, PIN, cancel="Y")).ok
        assert _state(staff, kiosk, item, borrower) == before


def test_undone_checkout_with_a_fee_takes_the_fee_back(node: Node) -> None:
    """Item 40 is a film that costs a pound."""
    library = LIBRARIES[4]
    patron, film = library.patron(12), library.item(40)
    with node.kiosk(library) as kiosk, Staff(node, library) as staff:
        before = _state(staff, kiosk, film, patron)
        assert kiosk.ask(checkout(patron, film, PIN, fee_acknowledged="Y")).ok
        assert staff.owed(patron) == "1.00"
        assert kiosk.ask(checkin(film, cancel="Y")).ok
        assert _state(staff, kiosk, film, patron) == before


def test_undo_asked_twice_is_done_once(node: Node) -> None:
    patron, item = node.new_patron(), node.new_item()
    with node.kiosk() as kiosk, Staff(node) as staff:
        before = _state(staff, kiosk, item, patron)
        assert kiosk.ask(checkout(patron, item, PIN)).ok
        body = checkin(item, cancel="Y")
        first, again = kiosk.ask(body), kiosk.ask(body)
        assert first.ok
        assert again.without_time() == first.without_time()
        assert _state(staff, kiosk, item, patron) == before
        assert staff.events(item, "loan.undone") == 1


def test_there_is_nothing_to_undo_where_nothing_happened(node: Node) -> None:
    item = node.new_item()
    with node.kiosk() as kiosk, Staff(node) as staff:
        undone = kiosk.ask(checkin(item, cancel="Y"))
        assert not undone.ok
        assert undone.screen
        assert not kiosk.ask(checkout(node.new_patron(), item, PIN, cancel="Y")).ok
        assert staff.item(item)["status"] == "AVAILABLE"


def test_undo_of_a_checkin_gives_the_book_to_nobody_but_its_borrower(node: Node) -> None:
    patron, stranger, item = node.new_patron(), node.new_patron(), node.new_item()
    with node.kiosk() as kiosk, Staff(node) as staff:
        assert kiosk.ask(checkout(patron, item, PIN)).ok
        assert kiosk.ask(checkin(item)).ok
        assert not kiosk.ask(checkout(stranger, item, PIN, cancel="Y")).ok
        assert staff.loans(stranger) == []
        assert staff.loans(patron) == []
