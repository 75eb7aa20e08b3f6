"""Exactly once: a retry gets the first answer, wherever and whenever it arrives, and nothing happens twice."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.acceptance.consortium import BANGOR, PIN
from tests.acceptance.nodes import Node
from tests.acceptance.sip2_line import (
    Kiosk,
    checkin,
    checkout,
    checksum,
    fee_paid,
    item_information,
    moment,
    renew,
    sealed,
)
from tests.acceptance.staff import Staff


def _loans_of(node: Node, patron: str) -> list[str]:
    with Staff(node) as staff:
        return staff.loans(patron)


def _owed(node: Node, patron: str) -> str:
    with Staff(node) as staff:
        return staff.owed(patron)


def _charge(node: Node, patron: str, amount: str) -> None:
    with Staff(node) as staff:
        staff.charge(patron, amount)


def _events_of(node: Node, item: str, kind: str) -> int:
    with Staff(node) as staff:
        return staff.events(item, kind)


def test_retry_on_a_second_link_while_the_first_still_runs_waits_for_it_and_gets_its_octets(node: Node) -> None:
    patron, item = node.new_patron(), node.new_item()
    with node.kiosk() as first, node.kiosk() as second:
        second.sequence = first.sequence
        asked = first.message(checkout(patron, item, PIN))
        before = node.platform.counts.get("loan_create", 0)
        with node.brake("loan_create") as brake:
            first.send(asked)
            brake.wait()
            second.send(asked)
            assert second.silent(), "the retry was answered before the first had ended"
            brake.release()
            answers = [first.receive(), second.receive()]
    assert answers[0].ok
    assert answers[0].raw == answers[1].raw
    assert node.platform.counts["loan_create"] - before == 1
    assert _loans_of(node, patron) == [item]
    assert _events_of(node, item, "loan.created") == 1


def test_retry_on_the_same_link_while_the_first_still_runs_gets_the_same_octets(node: Node) -> None:
    patron, item = node.new_patron(), node.new_item()
    with node.kiosk() as kiosk:
        asked = kiosk.message(checkout(patron, item, PIN))
        with node.brake("loan_create") as brake:
            kiosk.send(asked)
            brake.wait()
            kiosk.send(asked)
            brake.release()
            answers = [kiosk.receive(), kiosk.receive()]
    assert answers[0].ok
    assert answers[0].raw == answers[1].raw
    assert _events_of(node, item, "loan.created") == 1


def test_retry_after_a_reconnect_gets_the_first_outcome(node: Node) -> None:
    patron, item = node.new_patron(), node.new_item()
    body = checkout(patron, item, PIN)
    with node.kiosk() as kiosk:
        first = kiosk.ask(body)
    with node.kiosk() as kiosk:
        again = kiosk.ask(body)
    assert first.ok
    assert again.without_time() == first.without_time()
    assert again.fixed[1] == "N", "a retry is no renewal"
    assert _events_of(node, item, "loan.created") == 1


def test_retry_whose_link_broke_before_the_answer_gets_the_outcome(node: Node) -> None:
    patron, item = node.new_patron(), node.new_item()
    body = checkout(patron, item, PIN)
    with node.brake("loan_create", after=True) as brake:
        with node.kiosk() as kiosk:
            kiosk.send(kiosk.message(body))
            brake.wait()
        brake.release()
    with node.kiosk() as kiosk:
        assert kiosk.ask(body).ok
    assert _loans_of(node, patron) == [item]
    assert _events_of(node, item, "loan.created") == 1


def test_retried_renewal_renews_once(node: Node) -> None:
    body = renew(BANGOR.patron(2), BANGOR.item(23), PIN)
    with node.kiosk(BANGOR) as kiosk:
        first = kiosk.ask(body)
    with node.kiosk(BANGOR) as kiosk:
        again = kiosk.ask(body)
    assert first.ok
    assert again.without_time() == first.without_time()
    with Staff(node, BANGOR) as staff:
        assert staff.events(BANGOR.item(23), "loan.renewed") == 1


def test_retried_return_does_not_take_a_new_loan_away(node: Node) -> None:
    """The answer to a return was lost; meanwhile the next patron has borrowed the book. Then the retry comes."""
    patron, other, item = node.new_patron(), node.new_patron(), node.new_item()
    with node.kiosk() as kiosk, node.kiosk() as desk:
        assert kiosk.ask(checkout(patron, item, PIN)).ok
        lost = kiosk.message(checkin(item))
        kiosk.send(lost)
        first = kiosk.receive()
        assert desk.ask(checkout(other, item, PIN)).ok
        kiosk.send(lost)
        assert kiosk.receive().raw == first.raw
    assert _loans_of(node, other) == [item]


def test_borrowing_returning_and_borrowing_again_are_three_transactions(node: Node) -> None:
    patron, item = node.new_patron(), node.new_item()
    at = moment()
    with node.kiosk() as kiosk:
        # All within one second: the two check-outs differ in nothing but their sequence number.
        assert kiosk.ask(checkout(patron, item, PIN, at=at, due=at)).ok
        assert kiosk.ask(checkin(item, at=at, returned=at)).ok
        assert kiosk.ask(checkout(patron, item, PIN, at=at, due=at)).ok
    assert _loans_of(node, patron) == [item]
    assert _events_of(node, item, "loan.created") == 2


def test_two_books_whose_messages_share_sequence_and_checksum_are_two_loans(node: Node) -> None:
    patron = node.new_patron()
    first, second = _barcodes_of_equal_sum(node)
    at = moment()
    messages = [sealed(checkout(patron, item, PIN, at=at, due=at).encode(), 3) for item in (first, second)]
    assert messages[0][-9:] == messages[1][-9:], "AY and AZ must be the same for this test"
    with node.kiosk() as kiosk:
        for message in messages:
            kiosk.send(message + b"\r")
            assert kiosk.receive().ok
    assert sorted(_loans_of(node, patron)) == sorted((first, second))


def _barcodes_of_equal_sum(node: Node) -> tuple[str, str]:
    """Two items on the shelf whose barcodes have the same sum of octets."""
    seen: dict[bytes, str] = {}
    while True:
        item = node.new_item()
        if other := seen.get(checksum(item.encode())):
            return other, item
        seen[checksum(item.encode())] = item


def test_payment_with_a_transaction_id_is_taken_once_however_often_it_is_sent(make_node: Callable[..., Node]) -> None:
    node = make_node()
    patron = node.new_patron()
    _charge(node, patron, "6.00")
    with node.kiosk() as kiosk:
        first = kiosk.ask(fee_paid(patron, "2.00", transaction="T-1"))
        again = kiosk.ask(fee_paid(patron, "2.00", transaction="T-1"))
    node.clock.ahead += 3600  # long after every retry window
    with node.kiosk() as kiosk:
        later = kiosk.ask(fee_paid(patron, "2.00", transaction="T-1"))
        assert first.ok
        assert again.ok
        assert later.ok
        assert first["BK"] == again["BK"] == later["BK"] == "T-1"
        assert _owed(node, patron) == "4.00"
        other = kiosk.ask(fee_paid(patron, "2.00", transaction="T-2"))
        assert other.ok
    assert _owed(node, patron) == "2.00"


def test_transaction_id_sent_again_for_another_amount_is_not_taken(node: Node) -> None:
    patron = node.new_patron()
    _charge(node, patron, "6.00")
    with node.kiosk() as kiosk:
        assert kiosk.ask(fee_paid(patron, "2.00", transaction="T-7")).ok
        assert not kiosk.ask(fee_paid(patron, "3.00", transaction="T-7")).ok
    assert _owed(node, patron) == "4.00"


def test_payment_without_a_transaction_id_sent_twice_with_the_same_octets_is_taken_once(node: Node) -> None:
    patron = node.new_patron()
    _charge(node, patron, "6.00")
    with node.kiosk() as kiosk:
        asked = kiosk.message(fee_paid(patron, "2.00"))
        answers = []
        for _ in range(2):
            kiosk.send(asked)
            answers.append(kiosk.receive())
    with node.kiosk() as kiosk:
        kiosk.send(asked)
        answers.append(kiosk.receive())
    assert all(answer.ok for answer in answers)
    assert answers[0].raw == answers[1].raw
    assert answers[2].without_time() == answers[0].without_time()
    assert _owed(node, patron) == "4.00"


def test_payments_racing_on_two_links_with_one_transaction_id_are_one(node: Node) -> None:
    patron = node.new_patron()
    _charge(node, patron, "5.00")
    with node.kiosk() as one, node.kiosk() as two:
        answers: list[bool] = []
        start = threading.Barrier(2)

        def pay(kiosk: Kiosk) -> None:
            body = fee_paid(patron, "5.00", transaction="race")
            start.wait()
            answers.append(kiosk.ask(body).ok)

        threads = [threading.Thread(target=pay, args=(kiosk,)) for kiosk in (one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert answers == [True, True]
    assert _owed(node, patron) == "0.00"


def test_failure_is_not_replayed(node: Node) -> None:
    """An answer that only says that the platform failed is no outcome: the retry is carried out."""
    patron, item = node.new_patron(), node.new_item()
    with node.kiosk() as kiosk:
        asked = kiosk.message(checkout(patron, item, PIN))
        node.platform.faults.add("loan_create")
        kiosk.send(asked)
        assert not kiosk.receive().ok
        node.platform.faults.remove("loan_create")
        kiosk.send(asked)
        assert kiosk.receive().ok
        assert kiosk.ask(item_information(item)).fixed[:2] == "04"
    assert _loans_of(node, patron) == [item]


def test_retry_a_day_later_still_gets_the_outcome_while_the_loan_stands(make_node: Callable[..., Node]) -> None:
    node = make_node()
    patron, item = node.new_patron(), node.new_item()
    body = checkout(patron, item, PIN)
    with node.kiosk() as kiosk:
        first = kiosk.ask(body)
        node.clock.ahead += 86_400
        again = kiosk.ask(body)
    assert first.ok
    assert again.without_time() == first.without_time()
