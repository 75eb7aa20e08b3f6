"""Eleven libraries on one gateway: another one's patrons and items are as if they did not exist."""

from __future__ import annotations

import pytest

from tests.acceptance.consortium import ABER, BANGOR, LIBRARIES, PIN, Library
from tests.acceptance.nodes import Node, Process
from tests.acceptance.sip2_line import (
    Kiosk,
    block,
    checkin,
    checkout,
    enable,
    end_session,
    fee_paid,
    hold,
    item_information,
    item_update,
    login,
    patron_information,
    patron_status,
    renew,
    renew_all,
    status,
)
from tests.acceptance.staff import Staff

NOBODY, NOTHING = "29999999", "39999999"
FOREIGN_PATRON, FOREIGN_ITEM = BANGOR.patron(1), BANGOR.item(1)


def _told(kiosk: Kiosk, body: str, *hidden: str) -> str:
    return kiosk.ask(body).without_time(*hidden)


@pytest.mark.parametrize("pin", [PIN, "0000", "", None])
def test_another_librarys_patron_is_told_like_an_unknown_card_octet_for_octet(node: Node, pin: str | None) -> None:
    own = node.new_item()
    with node.kiosk() as kiosk:
        for ask in (
            lambda patron: patron_status(patron, pin),
            lambda patron: patron_information(patron, pin, summary="YYYYYYY   "),
            lambda patron: checkout(patron, own, pin),
            lambda patron: renew(patron, own, pin),
            lambda patron: renew_all(patron, pin),
            lambda patron: hold("+", patron, own, pin),
            lambda patron: fee_paid(patron, "1.00"),
            lambda patron: enable(patron, pin),
            lambda patron: end_session(patron),
        ):
            foreign = _told(kiosk, ask(FOREIGN_PATRON), FOREIGN_PATRON)
            assert foreign == _told(kiosk, ask(NOBODY), NOBODY)
    with Staff(node) as staff:
        assert staff.item(own)["status"] == "AVAILABLE"


def test_another_librarys_item_is_told_like_an_unknown_barcode_octet_for_octet(node: Node) -> None:
    patron = node.new_patron()
    with node.kiosk() as kiosk:
        for ask in (
            item_information,
            checkin,
            lambda item: checkin(item, cancel="Y"),
            lambda item: item_update(item, "seen"),
            lambda item: checkout(patron, item, PIN),
            lambda item: checkout(patron, item, PIN, cancel="Y"),
            lambda item: renew(patron, item, PIN),
            lambda item: hold("+", patron, item, PIN),
        ):
            assert _told(kiosk, ask(FOREIGN_ITEM), FOREIGN_ITEM) == _told(kiosk, ask(NOTHING), NOTHING)
    with Staff(node, BANGOR) as staff:
        item = staff.item(FOREIGN_ITEM)
        assert item["status"] == "AVAILABLE"
        assert not item.get("properties")


def test_blocking_another_librarys_card_blocks_nobody(node: Node) -> None:
    patron = LIBRARIES[5].patron(13)
    with node.kiosk() as kiosk:
        foreign = _told(kiosk, block(patron, "left behind"), patron)
        assert foreign == _told(kiosk, block(NOBODY, "left behind"), NOBODY)
    with Staff(node, LIBRARIES[5]) as staff:
        assert staff.patron(patron)["blocks"] == []


def test_over_http_another_librarys_patron_and_item_are_not_found_either(demo: Process) -> None:
    with demo.http(ABER) as api:
        for path, name, foreign, unknown in (
            ("/patrons", "identifier", FOREIGN_PATRON, NOBODY),
            ("/items", "barcode", FOREIGN_ITEM, NOTHING),
        ):
            answers = [api.get(path, params={name: asked}) for asked in (foreign, unknown)]
            assert [answer.status_code for answer in answers] == [404, 404]
            hidden = ("instance", "exchange")
            bodies = [{k: v for k, v in answer.json().items() if k not in hidden} for answer in answers]
            assert str(bodies[0]).replace(foreign, "*") == str(bodies[1]).replace(unknown, "*")


@pytest.mark.parametrize("library", LIBRARIES, ids=str)
def test_each_login_sees_its_own_library_alone(demo: Process, library: Library) -> None:
    with demo.kiosk(library) as kiosk:
        for other in LIBRARIES:
            shown = kiosk.ask(item_information(other.item(1)))
            assert (shown.fixed[:2] == "03") == (other is library), shown.raw
            valid = kiosk.ask(patron_information(other.patron(12), PIN))["BL"]
            assert (valid == "Y") == (other is library)


def test_institution_of_another_library_is_refused_and_changes_nothing(node: Node) -> None:
    patron, item = node.new_patron(), node.new_item()
    with node.kiosk() as kiosk:
        for body in (
            checkout(patron, item, PIN, ao=BANGOR.ao),
            checkout(FOREIGN_PATRON, FOREIGN_ITEM, PIN, ao=BANGOR.ao),
            patron_information(patron, PIN, ao=BANGOR.ao),
            patron_information(FOREIGN_PATRON, PIN, ao=BANGOR.ao),
            checkin(item, ao=BANGOR.ao),
            fee_paid(patron, "1.00", ao=BANGOR.ao),
        ):
            answer = kiosk.ask(body)
            if answer.code == "64":
                assert answer["BL"] == "N"
                assert answer["AE"] == ""
            else:
                assert not answer.ok
            assert answer.screen
        assert kiosk.ask(checkout(patron, item, PIN, ao=ABER.ao)).ok
    with Staff(node, BANGOR) as staff:
        assert staff.loans(FOREIGN_PATRON) == []


def test_logging_in_as_another_library_on_the_same_link_forgets_the_first(node: Node) -> None:
    """Nothing of the first library may be left: no PIN remembered, no name."""
    with node.kiosk(ABER) as kiosk:
        assert kiosk.ask(patron_information(ABER.patron(12), PIN))["BL"] == "Y"
        assert kiosk.ask(login(BANGOR.login, "kiosk-demo")).ok
        assert kiosk.ask(status())["AO"] == BANGOR.ao
        assert kiosk.ask(patron_information(ABER.patron(12), PIN))["BL"] == "N"
        assert kiosk.ask(patron_information(BANGOR.patron(12), PIN))["BL"] == "Y"


def test_failed_login_leaves_nobody_logged_in(node: Node) -> None:
    with node.kiosk(ABER) as kiosk:
        assert not kiosk.ask(login(BANGOR.login, "wrong")).ok
        answer = kiosk.ask(item_information(ABER.item(1)))
        assert answer["AJ"] == ""
        assert answer.screen
