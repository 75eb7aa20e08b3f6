"""PINs: wrong, empty, missing or right; what each shows in which field; guessing limited at every door together."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.acceptance.consortium import ABER, LIBRARIES, PIN
from tests.acceptance.nodes import Node
from tests.acceptance.sip2_line import (
    checkout,
    end_session,
    hold,
    patron_information,
    patron_status,
    renew,
    renew_all,
)
from tests.acceptance.staff import Staff

EVERYTHING = "YYYYYYY   "
UNKNOWN = "29999999"


@pytest.mark.parametrize("number", [1, 2, 3, 5, 6, 8, 9, 10])
@pytest.mark.parametrize("pin", ["0000", "", None, " ", "12345", "1234\x00"], ids=repr)
def test_wrong_empty_or_missing_pin_shows_nothing_in_any_field(node: Node, number: int, pin: str | None) -> None:
    """Every field is compared: only the card number that was sent may come back, and nothing says who it is."""
    library = LIBRARIES[(number + len(pin or "none")) % 11]
    patron = library.patron(number)
    with Staff(node, library) as staff:
        account = staff.account(patron)
    name = account["patron"]["name"]
    secrets = {
        name["display"],
        name["family"],
        name["given"],
        *account["patron"]["contacts"]["emails"],
        *account["patron"]["contacts"]["phones"],
        *account["patron"]["contacts"]["addresses"],
        *(loan["item_barcode"] for loan in account["loans"]),
        *(loan["title"] for loan in account["loans"]),
        *(fee["balance"]["amount"] for fee in account["fees"]),
        account["patron"]["id"],
    }
    with node.kiosk(library) as kiosk:
        for ask in (patron_status, lambda *words: patron_information(*words, summary=EVERYTHING)):
            answer = kiosk.ask(ask(patron, pin))
            assert answer["BL"] == "N"
            assert answer["CQ"] == "N"
            assert answer["AE"] == ""
            assert answer.fixed[:4] == "YYYY"
            assert {code for code, _ in answer.fields} <= {"AO", "AA", "AE", "BL", "CQ", "AF"}
            if answer.code == "64":
                assert set(answer.counts.values()) == {0}
            shown = " ".join(value for code, value in answer.fields if code not in ("AA", "AO"))
            assert not [secret for secret in secrets if secret and secret in shown]


def test_known_card_with_a_wrong_pin_is_told_like_an_unknown_card(node: Node) -> None:
    known = ABER.patron(30)
    with node.kiosk() as kiosk:
        answers = [kiosk.ask(patron_information(card, "0000", language="001")) for card in (known, UNKNOWN)]
    fields = [[(code, value) for code, value in answer.fields if code not in ("AA", "AF")] for answer in answers]
    assert fields[0] == fields[1]
    assert answers[0].fixed[:17] == answers[1].fixed[:17]
    assert answers[0].fixed[35:] == answers[1].fixed[35:]


@pytest.mark.parametrize("pin", ["0000", "", None], ids=repr)
def test_nothing_that_touches_the_account_happens_without_the_pin(node: Node, pin: str | None) -> None:
    library = LIBRARIES[2]
    patron, item = library.patron(40), library.item(60)
    with node.kiosk(library) as kiosk, Staff(node, library) as staff:
        for body in (
            checkout(patron, item, pin),
            renew(library.patron(2), library.item(23), pin),
            hold("+", patron, library.item(23), pin),
            hold("-", library.patron(5), library.item(24), pin),
        ):
            answer = kiosk.ask(body)
            assert not answer.ok
            assert answer.get("AJ") in (None, "")
            assert answer.screen
        answer = kiosk.ask(renew_all(library.patron(2), pin))
        assert not answer.ok
        assert answer.all("BM") == answer.all("BN") == []
        assert staff.loans(patron) == []


def test_empty_pin_opens_nothing_even_where_the_stored_pin_is_empty(node: Node) -> None:
    patron = ABER.patron(9)
    with node.kiosk() as kiosk:
        for pin in ("", None, PIN):
            answer = kiosk.ask(patron_information(patron, pin))
            assert answer["BL"] == "N"
            assert answer["CQ"] == "N"
        assert not kiosk.ask(checkout(patron, node.new_item(), "")).ok


def test_right_pin_counts_on_its_link_until_the_session_ends(node: Node) -> None:
    patron = node.new_patron()
    with node.kiosk() as kiosk, node.kiosk() as other:
        assert kiosk.ask(patron_information(patron, PIN))["CQ"] == "Y"
        assert kiosk.ask(checkout(patron, node.new_item())).ok
        assert not other.ask(checkout(patron, node.new_item())).ok, "on its link alone"
        assert kiosk.ask(end_session(patron)).ok
        assert not kiosk.ask(checkout(patron, node.new_item())).ok


def test_right_pin_is_forgotten_at_the_next_card_and_at_a_wrong_pin(node: Node) -> None:
    patron, other = node.new_patron(), node.new_patron()
    with node.kiosk() as kiosk:
        assert kiosk.ask(patron_information(patron, PIN))["CQ"] == "Y"
        assert kiosk.ask(patron_information(other, PIN))["CQ"] == "Y"
        assert not kiosk.ask(checkout(patron, node.new_item())).ok
        assert kiosk.ask(patron_information(patron, PIN))["CQ"] == "Y"
        assert kiosk.ask(patron_information(patron, "0000"))["CQ"] == "N"
        assert not kiosk.ask(checkout(patron, node.new_item())).ok


def test_right_pin_is_forgotten_after_three_minutes(make_node: Callable[..., Node]) -> None:
    node = make_node()
    patron = node.new_patron()
    with node.kiosk() as kiosk:
        assert kiosk.ask(patron_information(patron, PIN))["CQ"] == "Y"
        node.clock.ahead += 181
        assert not kiosk.ask(checkout(patron, node.new_item())).ok


def _try_over_http(staff: Staff, patron: str, pin: str) -> int:
    return staff.api.post("/authentications", json={"patron": patron, "pin": pin}).status_code


def test_guessing_is_limited_across_kiosks_and_http_together(make_node: Callable[..., Node]) -> None:
    node = make_node()
    patron = node.new_patron()
    with node.kiosk() as one, node.kiosk() as two, Staff(node) as staff:
        for number, kiosk in enumerate((one, two, one)):
            assert kiosk.ask(patron_information(patron, f"000{number}"))["CQ"] == "N"
        assert _try_over_http(staff, patron, "0008") == 403
        assert _try_over_http(staff, patron, "0009") == 403
        assert _try_over_http(staff, patron, PIN) == 429
        assert two.ask(patron_information(patron, PIN))["CQ"] == "N", "not even the right one now"
        assert not two.ask(checkout(patron, node.new_item(), PIN)).ok
        assert one.ask(patron_information(ABER.patron(1), PIN))["CQ"] == "Y", "nobody else is locked out"
        node.clock.ahead += 301
        assert two.ask(patron_information(patron, PIN))["CQ"] == "Y"
        assert _try_over_http(staff, patron, PIN) == 200


def test_guessing_goes_on_being_limited_after_a_restart(make_node: Callable[..., Node]) -> None:
    node = make_node()
    patron = node.new_patron()
    with node.kiosk() as kiosk:
        for number in range(5):
            kiosk.ask(patron_information(patron, f"000{number}"))
    node.stop()
    again = Node(node.data_dir)
    try:
        with again.kiosk() as kiosk:
            assert kiosk.ask(patron_information(patron, PIN))["CQ"] == "N"
    finally:
        again.stop()


def test_no_pin_and_no_password_is_kept_in_any_file(make_node: Callable[..., Node]) -> None:
    node = make_node()
    patron = node.new_patron()
    with node.kiosk() as kiosk, Staff(node) as staff:
        kiosk.ask(patron_information(patron, "SECRET-PIN-1"))
        kiosk.ask(checkout(patron, node.new_item(), "SECRET-PIN-2"))
        _try_over_http(staff, patron, "SECRET-PIN-3")
        kiosk.ask("9300CNaber-kiosk-1|COSECRET-PASSWORD|")
    node.stop()
    for path in node.data_dir.rglob("*"):
        if path.is_file():
            assert b"SECRET-P" not in path.read_bytes(), path
