"""Money: partial, by charge, several at once, too much, nonsense, another currency; the ledger agrees to the penny."""

from __future__ import annotations

import pytest

from tests.acceptance.consortium import ABER, LIBRARIES, PIN
from tests.acceptance.nodes import Node
from tests.acceptance.sip2_line import checkout, fee_paid, item_information, patron_information, patron_status
from tests.acceptance.staff import Staff
from tests.acceptance.terminals import GOSSIP


@pytest.mark.parametrize(
    "amount",
    [
        "-3.00",
        "0",
        "0.00",
        "abc",
        "",
        "1,50",
        "1.005",
        "1e2",
        "NaN",
        "inf",
        "1.00.00",
        "+",
        "£1.00",
        " ",
        "99999999999999999999",
    ],
    ids=repr,
)
def test_sum_that_is_none_is_refused_and_changes_nothing(node: Node, amount: str) -> None:
    library = LIBRARIES[1]
    patron = library.patron(10)
    with node.kiosk(library) as kiosk, Staff(node, library) as staff:
        before = staff.owed(patron)
        answer = kiosk.ask(fee_paid(patron, amount, transaction=f"none-{amount}"))
        assert not answer.ok
        assert answer.screen
        assert staff.owed(patron) == before == "2.50"


@pytest.mark.parametrize("currency", ["EUR", "USD", "gbp", "XXX"])
def test_other_currency_is_refused(node: Node, currency: str) -> None:
    library = LIBRARIES[1]
    patron = library.patron(10)
    with node.kiosk(library) as kiosk, Staff(node, library) as staff:
        assert not kiosk.ask(fee_paid(patron, "1.00", currency=currency)).ok
        assert staff.owed(patron) == "2.50"


def test_blank_currency_is_the_librarys_own(node: Node) -> None:
    patron = node.new_patron()
    with node.kiosk() as kiosk, Staff(node) as staff:
        staff.charge(patron, "1.00")
        assert kiosk.ask(fee_paid(patron, "1.00", currency="   ")).ok
        assert staff.owed(patron) == "0.00"


def test_more_than_is_owed_is_refused_whole(node: Node) -> None:
    patron = node.new_patron()
    with node.kiosk() as kiosk, Staff(node) as staff:
        staff.charge(patron, "2.50")
        answer = kiosk.ask(fee_paid(patron, "2.51"))
        assert not answer.ok
        assert answer.screen
        assert staff.owed(patron) == "2.50"
        assert kiosk.ask(fee_paid(patron, "2.50")).ok
        assert not kiosk.ask(fee_paid(patron, "0.01")).ok


def test_payments_in_parts_pay_the_oldest_first(node: Node) -> None:
    patron = node.new_patron()
    with node.kiosk() as kiosk, Staff(node) as staff:
        charges = [staff.charge(patron, amount) for amount in ("1.00", "2.00", "4.00")]
        assert kiosk.ask(fee_paid(patron, "1.50")).ok
        left = {fee["id"]: fee["balance"]["amount"] for fee in staff.account(patron)["fees"]}
        assert left == {charges[1]: "1.50", charges[2]: "4.00"}
        assert kiosk.ask(patron_status(patron, PIN))["BV"] == "5.50"
        assert kiosk.ask(fee_paid(patron, "5.50")).ok
        assert kiosk.ask(patron_status(patron, PIN))["BV"] == "0.00"


def test_payment_by_charge_pays_that_charge_alone(node: Node) -> None:
    patron = node.new_patron()
    with node.kiosk() as kiosk, Staff(node) as staff:
        charges = [staff.charge(patron, amount) for amount in ("1.00", "2.00")]
        assert kiosk.ask(fee_paid(patron, "0.50", fee=charges[1])).ok
        assert not kiosk.ask(fee_paid(patron, "1.60", fee=charges[1])).ok, "more than that charge"
        left = {fee["id"]: fee["balance"]["amount"] for fee in staff.account(patron)["fees"]}
        assert left == {charges[0]: "1.00", charges[1]: "1.50"}


def test_several_charges_may_be_paid_at_once(node: Node) -> None:
    patron = node.new_patron()
    with node.kiosk() as kiosk, Staff(node) as staff:
        charges = [staff.charge(patron, amount) for amount in ("1.00", "2.00", "4.00")]
        assert kiosk.ask(fee_paid(patron, "5.00", fee=charges[2]) + f"CG{charges[0]}|").ok
        left = {fee["id"]: fee["balance"]["amount"] for fee in staff.account(patron)["fees"]}
        assert left == {charges[1]: "2.00"}


def test_charge_of_somebody_else_or_of_nobody_is_not_paid(node: Node) -> None:
    patron, other = node.new_patron(), node.new_patron()
    with node.kiosk() as kiosk, Staff(node) as staff:
        charge = staff.charge(other, "1.00")
        staff.charge(patron, "1.00")
        assert not kiosk.ask(fee_paid(patron, "1.00", fee=charge)).ok
        assert not kiosk.ask(fee_paid(patron, "1.00", fee="no-such-charge")).ok
        assert (staff.owed(patron), staff.owed(other)) == ("1.00", "1.00")


def test_amounts_have_a_point_two_places_and_no_grouping(node: Node) -> None:
    patron = node.new_patron()
    with node.kiosk() as kiosk, Staff(node) as staff:
        staff.charge(patron, "1234.50")
        answer = kiosk.ask(patron_information(patron, PIN, summary="   Y      "))
        assert answer["BV"] == "1234.50"
        assert answer["BH"] == "GBP"
        assert answer.all("AV")[0].startswith("1234.50")
        assert kiosk.ask(fee_paid(patron, "1234.5")).ok, "1234.5 is the same sum"
        assert staff.owed(patron) == "0.00"


def test_who_owes_too_much_may_borrow_again_after_paying(node: Node) -> None:
    library = LIBRARIES[5]
    patron, item = library.patron(3), library.item(60)
    with node.kiosk(library) as kiosk:
        told = kiosk.ask(patron_status(patron, PIN))
        assert told["BV"] == "25.00"
        assert told.fixed[0] == "Y"
        refused = kiosk.ask(checkout(patron, item, PIN))
        assert not refused.ok
        assert refused.screen
        assert kiosk.ask(fee_paid(patron, "25.00", transaction="all")).ok
        assert kiosk.ask(patron_status(patron, PIN)).fixed[:14] == " " * 14
        assert kiosk.ask(checkout(patron, item, PIN)).ok


def test_rental_must_be_acknowledged_and_is_then_on_the_account(node: Node) -> None:
    library = LIBRARIES[5]
    patron, film = library.patron(14), library.item(40)
    with node.kiosk(library) as kiosk, Staff(node, library) as staff:
        asked = kiosk.ask(checkout(patron, film, PIN, fee_acknowledged="N"))
        assert not asked.ok
        assert (asked["BV"], asked["BH"], asked["BT"]) == ("1.00", "GBP", "06")
        assert asked.screen
        assert staff.owed(patron) == "0.00"
        lent = kiosk.ask(checkout(patron, film, PIN, fee_acknowledged="Y"))
        assert lent.ok
        assert lent["BV"] == "1.00"
        assert staff.owed(patron) == "1.00"
        assert kiosk.ask(item_information(film)).fixed[:2] == "04"


def test_fee_groups_are_listed_and_paid_at_a_terminal_that_knows_them(node: Node) -> None:
    patron = node.new_patron()
    with node.kiosk(user=GOSSIP) as kiosk, Staff(node) as staff:
        charges = [staff.charge(patron, amount) for amount in ("1.00", "2.00")]
        answer = kiosk.ask(patron_information(patron, PIN, summary="      Y   "))
        assert answer.all("CG") == charges
        assert answer.all("FA") == ["1.00", "2.00"]
        paid = kiosk.ask(fee_paid(patron, "0.75", fee=answer.all("CG")[0], transaction="g-1"))
        assert paid.ok
        assert (paid["CG"], paid["FA"], paid["FG"]) == (charges[0], "0.25", "0.75")


def test_ledger_says_who_took_what_where(node: Node) -> None:
    patron = node.new_patron()
    with node.kiosk() as kiosk, Staff(node) as staff:
        staff.charge(patron, "3.00")
        for number in range(3):
            assert kiosk.ask(fee_paid(patron, "1.00", transaction=f"ledger-{number}")).ok
        taken = [event for event in staff.all("/events", limit="200") if event["type"] == "payment.taken"][-3:]
        assert len({event["subject"] for event in taken}) == 1, "one pseudonym"
        assert staff.patron(patron)["id"] not in str(taken)
        assert {event["terminal"] for event in taken} == {ABER.login}
        assert [event["data"]["amount"] for event in taken] == [100, 100, 100]
        assert staff.owed(patron) == "0.00"
