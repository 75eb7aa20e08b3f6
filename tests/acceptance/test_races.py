"""Two kiosks at the same moment: one of them gets the book."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.acceptance.consortium import ABER, PIN
from tests.acceptance.nodes import Node, Places
from tests.acceptance.sip2_line import Answer, Kiosk, checkin, checkout, fee_paid
from tests.acceptance.staff import Staff

ROUNDS = 25


def at_once(*asked: tuple[Kiosk, str]) -> list[Answer]:
    """Each kiosk sends its message at the same moment; the answers in the kiosks' order."""
    start = threading.Barrier(len(asked))
    answers: list[Answer | None] = [None] * len(asked)

    def speak(place: int, kiosk: Kiosk, body: str) -> None:
        start.wait()
        answers[place] = kiosk.ask(body)

    threads = [threading.Thread(target=speak, args=(place, *each)) for place, each in enumerate(asked)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return [answer for answer in answers if answer is not None]


def race_for_items(one: Places, two: Places, rounds: int) -> None:
    """Two patrons, at a kiosk of each place, try to borrow the same item, over and over."""
    with one.kiosk() as left, two.kiosk() as right, Staff(one) as staff:
        patrons = (one.new_patron(), one.new_patron())
        for _ in range(rounds):
            item = one.new_item()
            answers = at_once((left, checkout(patrons[0], item, PIN)), (right, checkout(patrons[1], item, PIN)))
            assert sorted(answer.ok for answer in answers) == [False, True], [answer.raw for answer in answers]
            winner, loser = patrons if answers[0].ok else patrons[::-1]
            assert item in staff.loans(winner)
            assert item not in staff.loans(loser)
            assert staff.events(item, "loan.created") == 1
            assert left.ask(checkin(item)).ok


def test_one_of_two_kiosks_that_race_for_an_item_gets_it(make_node: Callable[..., Node]) -> None:
    node = make_node()
    race_for_items(node, node, ROUNDS)


def test_one_patron_at_two_kiosks_cannot_pass_the_loan_limit(node: Node) -> None:
    """Patron 6 gives one of ten books back and then takes one at each of two kiosks."""
    patron = ABER.patron(6)
    with node.kiosk() as left, node.kiosk() as right, Staff(node) as staff:
        for number in range(31, 36):
            assert left.ask(checkin(ABER.item(number))).ok
            items = (node.new_item(), node.new_item())
            answers = at_once((left, checkout(patron, items[0], PIN)), (right, checkout(patron, items[1], PIN)))
            assert sorted(answer.ok for answer in answers) == [False, True]
            assert len(staff.loans(patron)) == 10


def test_two_payments_at_once_never_take_more_than_is_owed(node: Node) -> None:
    patron = node.new_patron()
    with node.kiosk() as left, node.kiosk() as right, Staff(node) as staff:
        staff.charge(patron, "5.00")
        answers = at_once(
            (left, fee_paid(patron, "4.00", transaction="a")), (right, fee_paid(patron, "4.00", transaction="b"))
        )
        assert sorted(answer.ok for answer in answers) == [False, True]
        assert staff.owed(patron) == "1.00"
