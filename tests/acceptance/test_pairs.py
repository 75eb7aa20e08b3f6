"""Every pair of the standard that no other theme covers: holds, renewals, properties, blocks, sessions, windows."""

from __future__ import annotations

import pytest

from tests.acceptance.consortium import ABER, LIBRARIES, PIN
from tests.acceptance.nodes import Node
from tests.acceptance.sip2_line import (
    block,
    checkin,
    checkout,
    enable,
    end_session,
    hold,
    item_information,
    item_update,
    patron_information,
    patron_status,
    renew,
    renew_all,
)
from tests.acceptance.staff import Staff


def test_blocked_card_denies_everything_until_it_is_enabled(node: Node) -> None:
    patron, item = node.new_patron(), node.new_item()
    with node.kiosk() as kiosk, Staff(node) as staff:
        told = kiosk.ask(block(patron, "left in the machine", retained="Y"))
        assert told.code == "24"
        assert told.fixed[0] == "Y"
        assert kiosk.ask(patron_status(patron, PIN)).fixed[0] == "Y"
        assert not kiosk.ask(checkout(patron, item, PIN)).ok
        (found,) = staff.patron(patron)["blocks"]
        assert found["text"] == "left in the machine"
        lifted = kiosk.ask(enable(patron, PIN))
        assert lifted.code == "26"
        assert lifted.fixed[:14] == " " * 14
        assert kiosk.ask(checkout(patron, item, PIN)).ok


def test_hold_is_placed_moved_and_withdrawn(node: Node) -> None:
    library = LIBRARIES[2]
    first, second, item = library.patron(15), library.patron(16), library.item(23)
    with node.kiosk(library) as kiosk, Staff(node, library) as staff:
        branch = next(place["code"] for place in staff.all("/config/locations") if place["code"] != library.ao)
        placed = [kiosk.ask(hold("+", patron, item, PIN, pickup=library.ao)) for patron in (first, second)]
        assert all(answer.ok for answer in placed)
        assert [answer["BR"] for answer in placed] == ["1", "2"]
        assert placed[0].fixed[1] == "N"
        assert placed[0]["BS"] == library.ao
        assert kiosk.ask(item_information(item))["CF"] == "2"
        twice = kiosk.ask(hold("+", first, item, PIN, pickup=library.ao) + "XXother|")
        assert not twice.ok
        assert twice.screen
        moved = kiosk.ask(hold("*", first, item, PIN, pickup=branch))
        assert moved.ok
        assert moved["BS"] == branch
        assert kiosk.ask(hold("-", first, item, PIN)).ok
        assert kiosk.ask(item_information(item))["CF"] == "1"
        assert not kiosk.ask(hold("-", first, item, PIN, kind=None)).ok, "there is none left"
        assert not kiosk.ask(hold("+", first, item, PIN, pickup="NO-SUCH-PLACE")).ok
        assert not kiosk.ask(hold("?", first, item, PIN)).ok


def test_returned_item_goes_to_the_first_hold_and_to_nobody_else(node: Node) -> None:
    library = LIBRARIES[2]
    waiting, other, item = library.patron(17), library.patron(18), library.item(61)
    with node.kiosk(library) as kiosk:
        assert kiosk.ask(checkout(library.patron(19), item, PIN)).ok
        assert kiosk.ask(hold("+", waiting, item, PIN, pickup=library.ao, kind="3")).ok
        back = kiosk.ask(checkin(item))
        assert back.ok
        assert back.fixed[3] == "Y"
        assert back["CV"] == "01"
        assert kiosk.ask(item_information(item)).fixed[:2] == "08"
        listed = kiosk.ask(patron_information(waiting, PIN, summary="Y         "))
        assert listed.counts["AS"] == 1
        assert listed.all("AS") == [item]
        refused = kiosk.ask(checkout(other, item, PIN))
        assert not refused.ok
        assert refused.screen
        assert kiosk.ask(checkout(waiting, item, PIN)).ok
        assert kiosk.ask(patron_information(waiting, PIN)).counts["AS"] == 0


def test_loan_is_renewed_by_29_and_by_11_with_renewal_policy(node: Node) -> None:
    library = LIBRARIES[3]
    patron, item = library.patron(2), library.item(23)
    with node.kiosk(library) as kiosk:
        first = kiosk.ask(item_information(item))["AH"]
        renewed = kiosk.ask(renew(patron, item, PIN))
        assert renewed.ok
        assert renewed.fixed[1] == "Y"
        assert renewed["AH"] > first
        assert not kiosk.ask(checkout(patron, item, PIN, renewal="N")).ok, "renewing was not allowed"
        again = kiosk.ask(checkout(patron, item, PIN, renewal="Y"))
        assert again.code == "12"
        assert again.fixed[:2] in ("1Y", "0N")
        assert again.fixed[3] == "N", "a renewal desensitizes nothing"


def test_item_that_somebody_waits_for_is_not_renewed(node: Node) -> None:
    library = LIBRARIES[3]
    with node.kiosk(library) as kiosk:
        answer = kiosk.ask(renew(library.patron(6), library.item(29), PIN))
        assert not answer.ok
        assert answer.screen
        assert answer["AH"] == ""


def test_renewing_all_says_what_was_renewed_and_what_not(node: Node) -> None:
    library = LIBRARIES[4]
    patron = library.patron(6)
    with node.kiosk(library) as kiosk:
        answer = kiosk.ask(renew_all(patron, PIN))
        assert answer.ok
        assert answer.fixed[1:9] == "00090001"
        assert answer.all("BM") == [library.item(number) for number in range(31, 40)]
        assert answer.all("BN") == [library.item(29)]
        assert answer.screen


def test_item_properties_are_kept_and_given_back(node: Node) -> None:
    item = node.new_item()
    with node.kiosk() as kiosk:
        assert kiosk.ask(item_update(item, "weight=412")).ok
        assert kiosk.ask(item_information(item))["CH"] == "weight=412"
        assert kiosk.ask(item_update(item, "")).ok
        assert kiosk.ask(item_information(item)).get("CH") in (None, "")
        assert kiosk.ask(item_update("39999999", "x")).fixed[0] == "0"


def test_end_of_session_is_always_granted(node: Node) -> None:
    with node.kiosk() as kiosk:
        assert kiosk.ask(end_session(ABER.patron(1))).fixed[0] == "Y"
        assert kiosk.ask(end_session("")).fixed[0] == "Y"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, range(10)),
        ("1", "3", range(3)),
        ("4", "6", range(3, 6)),
        ("00009", "00010", range(8, 10)),
        ("8", None, range(7, 10)),
        (None, "2", range(2)),
        ("8", "99", range(7, 10)),
        ("11", "20", range(0)),
        ("5", "4", range(0)),
        ("", "", range(10)),
        ("0", "2", range(2)),
        ("x", "y", range(10)),
    ],
)
def test_list_window(node: Node, start: str | None, end: str | None, expected: range) -> None:
    library = LIBRARIES[9]
    with node.kiosk(library) as kiosk:
        whole = kiosk.ask(patron_information(library.patron(6), PIN, summary="  Y       ")).all("AU")
        part = kiosk.ask(patron_information(library.patron(6), PIN, summary="  Y       ", start=start, end=end))
    assert len(whole) == 10
    assert part.counts["AU"] == 10, "the count is of all of them"
    assert part.all("AU") == [whole[place] for place in expected]


@pytest.mark.parametrize(
    ("patron", "summary", "expected"),
    [
        (5, "Y         ", {"AS": [24]}),
        (2, " Y        ", {"AT": [22]}),
        (2, "  Y       ", {"AU": [22, 23]}),
        (2, "          ", {}),
        (2, " YY       ", {"AT": [22], "AU": [22, 23]}),
        (2, "NNYNNNNNNN", {"AU": [22, 23]}),
        (2, "  Y", {"AU": [22, 23]}),
        (2, "         Y", {}),
    ],
)
def test_lists_by_summary(node: Node, patron: int, summary: str, expected: dict[str, list[int]]) -> None:
    library = LIBRARIES[10]
    with node.kiosk(library) as kiosk:
        if len(summary) < 10:
            summary = summary.ljust(10)
        answer = kiosk.ask(patron_information(library.patron(patron), PIN, summary=summary))
    found = {code: sorted(answer.all(code)) for code in ("AS", "AT", "AU", "AV", "BU", "CD") if answer.all(code)}
    assert found == {code: [library.item(number) for number in numbers] for code, numbers in expected.items()}


def test_unavailable_holds_and_fines_are_listed_too(node: Node) -> None:
    library = LIBRARIES[10]
    with node.kiosk(library) as kiosk:
        waiting = kiosk.ask(patron_information(library.patron(1), PIN, summary="     Y    "))
        assert waiting.counts["CD"] == 1
        assert len(waiting.all("CD")) == 1
        owing = kiosk.ask(patron_information(library.patron(3), PIN, summary="   Y      "))
        assert owing.counts["AV"] == 2
        assert [line.split()[0] for line in owing.all("AV")] == ["10.00", "15.00"]


def test_each_pair_stands_alone(node: Node) -> None:
    """A kiosk may lend without ever having asked about the patron."""
    with node.kiosk() as kiosk:
        assert kiosk.ask(checkout(node.new_patron(), node.new_item(), PIN)).ok


def test_dates_are_the_librarys_local_time(node: Node) -> None:
    """Loans of days fall due at the end of a day on the library's clock."""
    with node.kiosk() as kiosk:
        due = kiosk.ask(checkout(node.new_patron(), node.new_item(), PIN))["AH"]
    assert due[8:12] == "    "
    assert due[12:] == "235959"
