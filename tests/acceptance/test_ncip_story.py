"""Interlibrary loans from the first question to the last, as a broker, the desk and the kiosk see them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.consortium import ABER, PIN
from tests.acceptance.ncip_line import (
    Answer,
    e,
    item,
    pair,
    post,
    request,
    unique_item,
    unique_request,
    unique_user,
    user,
    v1,
    v2,
)
from tests.acceptance.nodes import Node, with_data
from tests.acceptance.sip2_line import checkin, checkout, item_information, patron_information, renew

LATER = (datetime.now(UTC) + timedelta(days=40)).strftime("%Y-%m-%dT17:00:00Z")
SOON = (datetime.now(UTC) + timedelta(days=9)).strftime("%Y-%m-%dT17:00:00Z")
TITLE = "Hanes Cymru: ŵ ac ŷ"
BOOK = e("BibliographicDescription", e("Author", "Davies, John"), e("Title", TITLE))
HOLD = e("RequestType", "Hold") + e("RequestScopeType", "Item")
RESERVED = 59  # a patron whom no other test has touched stands for the broker


def brokers(document: dict[str, Any]) -> None:
    """A broker whose dates win and whose notifications are commands, beside the demo's own peer."""
    peers = document["members"]["aber"]["ncip"]["peers"]
    peers["old-broker"] = {
        **peers["demo"],
        "agency_ids": ["INNREACH"],
        "notifications": "act",
        "institution_patron": ABER.patron(RESERVED),
        "due_date": "wins",
        "checkin_not_on_loan": "success",
    }
    peers["demo"] |= {"agency_ids": ["BROKER"], "due_date": "earlier"}


@pytest.fixture(scope="module")
def node(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    running = Node(with_data(demo_data, tmp_path_factory.mktemp("node") / "data"), brokers)
    yield running
    running.stop()


def said(node: Node, octets: bytes) -> Answer:
    """The answer to a message that must be carried out."""
    answer = post(node.ports["http"], octets)
    assert answer.ok, answer.octets.decode()
    return answer


def refused(node: Node, octets: bytes) -> list[str]:
    return post(node.ports["http"], octets).problems


def status(node: Node, barcode: str) -> str:
    """Circulation status, as a kiosk is told it."""
    with node.kiosk() as kiosk:
        return kiosk.ask(item_information(barcode)).fixed[:2]


def test_borrowing_from_another_library(node: Node) -> None:
    patron, number, piece = node.new_patron(), "ILL-1001", "9990001001"

    found = said(node, v2("LookupUser", user(patron), e("UserElementType", "Name Information")))
    assert found["UserIdentifierValue"] == patron

    said(node, v2("ItemShipped", request(number), item(piece), e("DateShipped", SOON), e("ShippingInformation",
         e("PhysicalAddress", e("UnstructuredAddress", e("UnstructuredAddressType", "Newline-Delimited Text"),
           e("UnstructuredAddressData", "Aberystwyth")), e("PhysicalAddressType", "Postal Address")))))  # fmt: skip
    accepted = said(
        node,
        v2(
            "AcceptItem",
            request(number),
            e("RequestedActionType", "Hold For Pickup"),
            user(patron),
            item(piece),
            e("DateForReturn", LATER),
            e("ItemOptionalFields", BOOK),
            e("PickupLocation", "ABER"),
        ),
    )
    assert (accepted["RequestIdentifierValue"], accepted["ItemIdentifierValue"]) == (number, piece)

    with node.kiosk() as kiosk:
        told = kiosk.ask(patron_information(patron, PIN, summary="Y         "))
        assert told.counts["AS"] == 1
        assert TITLE in "".join(told.all("AS")) or piece in "".join(told.all("AS"))
        assert not kiosk.ask(checkout(node.new_patron(), piece, PIN)).ok, "somebody else's"
    lent = said(node, v2("CheckOutItem", user(patron), item(piece), request(number), e("DesiredDateDue", SOON)))
    assert lent["DateDue"][:10] <= SOON[:10]
    assert status(node, piece) == "04"

    with node.kiosk() as kiosk:
        node.clock.ahead += 2 * 86_400
        assert kiosk.ask(renew(patron, piece, PIN)).ok
    node.clock.ahead += 2 * 86_400
    renewed = said(node, v2("RenewItem", user(patron), item(piece)))
    assert renewed["DateDue"] <= LATER, "never beyond the day on which the lender wants it back"
    recalled = said(node, v2("RecallItem", item(piece)))
    assert recalled["DateDue"] <= renewed["DateDue"]

    charged = said(
        node,
        v2(
            "CreateUserFiscalTransaction",
            user(patron),
            e(
                "FiscalTransactionInformation",
                e("FiscalActionType", "Assess"),
                e("FiscalTransactionReferenceId", e("FiscalTransactionIdentifierValue", "F-1001")),
                e("FiscalTransactionType", "Interlibrary Loan Fee"),
                e("Amount", e("CurrencyCode", "GBP"), e("MonetaryValue", "450")),
            ),
        ),
    )
    assert charged["FiscalTransactionIdentifierValue"]
    with node.kiosk() as kiosk:
        assert kiosk.ask(patron_information(patron, PIN))["BV"] == "4.50"
        back = kiosk.ask(checkin(piece))
        assert back.ok
        assert back["CV"] == "03", "sent back to whom it belongs"

    assert refused(node, v2("CheckInItem", item(piece))) == ["Item Not Checked Out"]
    said(node, v2("DeleteItem", item(piece)))
    assert refused(node, v2("LookupItem", item(piece))) == ["Unknown Item"]
    said(node, v2("DeleteItem", item(piece)))
    with node.kiosk() as kiosk:
        assert not kiosk.ask(checkout(patron, piece, PIN)).ok


def test_lending_to_another_library(node: Node) -> None:
    borrower, barcode, number = node.new_patron(), node.new_item(), "ILL-2001"
    bib = node.http().get("/items", params={"barcode": barcode}).json()["item"]["bib_id"]

    found = said(node, v2("LookupItemSet", e("BibliographicId", e("BibliographicRecordId",
                 e("BibliographicRecordIdentifier", bib), e("AgencyId", "ABER"))),
                 e("ItemElementType", "Circulation Status")))  # fmt: skip
    assert barcode in found.all("ItemIdentifierValue")

    asked = said(node, v2("RequestItem", user(borrower), item(barcode), request(number), HOLD,
                          e("PickupLocation", "ABER")))  # fmt: skip
    assert asked["RequestIdentifierValue"] == number
    found = said(node, v2("LookupRequest", request(number), e("RequestElementType", "User Id")))
    assert found["UserIdentifierValue"] == borrower
    lent = said(node, v2("CheckOutItem", user(borrower), item(barcode), request(number)))
    assert lent["DateDue"].endswith("Z")
    with node.kiosk() as kiosk:
        assert kiosk.ask(patron_information(borrower, PIN, summary="  Y       ")).counts["AU"] == 1
    said(node, v2("ItemReceived", item(barcode), request(number), e("DateReceived", SOON)))

    node.clock.ahead += 2 * 86_400
    renewed = said(node, v2("RenewItem", user(borrower), item(barcode)))
    recalled = said(node, v2("RecallItem", item(barcode)))
    assert recalled["DateDue"] < renewed["DateDue"]
    assert status(node, barcode) == "07"
    said(node, v2("CancelRecallItem", item(barcode)))
    assert said(node, v2("LookupItem", item(barcode), e("ItemElementType", "Circulation Status")))[
        "CirculationStatus"
    ] == ("On Loan")
    with node.kiosk() as kiosk:
        assert kiosk.ask(checkin(barcode)).ok, "brought to a kiosk"
    assert status(node, barcode) == "03"
    assert refused(node, v2("CheckInItem", item(barcode))) == ["Item Not Checked Out"]


def test_a_hold_placed_by_a_broker_is_told_at_the_kiosk(node: Node) -> None:
    borrower, waiting, barcode = node.new_patron(), node.new_patron(), node.new_item()
    with node.kiosk() as kiosk:
        assert kiosk.ask(checkout(borrower, barcode, PIN)).ok
        said(node, v2("RequestItem", user(waiting), item(barcode), request("ILL-3001"), HOLD,
                      e("PickupLocation", "ABER")))  # fmt: skip
        back = kiosk.ask(checkin(barcode))
        assert back["CV"] == "01"
        assert kiosk.ask(patron_information(waiting, PIN, summary="Y         ")).counts["AS"] == 1
        said(node, v2("CancelRequestItem", user(waiting), request("ILL-3001"), e("RequestType", "Hold")))
        assert kiosk.ask(patron_information(waiting, PIN, summary="Y         ")).counts["AS"] == 0


def test_the_same_story_in_notifications_of_version_1(node: Node) -> None:
    institution, barcode, number = ABER.patron(RESERVED), node.new_item(), "IR-4001"
    kind = pair("RequestType", "Hold") + pair("RequestScopeType", "Item")

    def notified(service: str, *content: str) -> None:
        answer = post(node.ports["http"], v1(service, *content, sender="INNREACH"))
        assert answer.service == f"{service}Response"
        assert answer.ok, answer.octets.decode()

    notified("ItemRequested", unique_user(institution), unique_item(barcode), kind)
    with node.kiosk() as kiosk:
        assert sum(kiosk.ask(patron_information(institution, PIN)).counts[name] for name in ("AS", "CD")) == 1
    notified("ItemRequestCancelled", unique_user(institution), unique_item(barcode), kind)
    notified("ItemCheckedOut", unique_user(institution), unique_item(barcode), unique_request(number),
             e("DateDue", SOON))  # fmt: skip
    assert status(node, barcode) == "04"
    notified("ItemReceived", unique_item(barcode), e("DateReceived", SOON))
    notified("ItemRenewed", unique_user(institution), unique_item(barcode), e("DateDue", LATER))
    notified("ItemRecalled", unique_item(barcode), e("DateDue", SOON))
    assert status(node, barcode) == "07"
    notified("ItemRecallCancelled", unique_item(barcode))
    notified("ItemCheckedIn", unique_item(barcode))
    assert status(node, barcode) == "03"
    notified("ItemCheckedIn", unique_item(barcode))


def test_a_message_sent_again_is_answered_as_first_and_a_new_one_is_carried_out(node: Node) -> None:
    patron, barcode = node.new_patron(), node.new_item()
    lend = v2("CheckOutItem", user(patron), item(barcode), request("ILL-5001"))
    first = said(node, lend)
    assert said(node, lend)["DateDue"] == first["DateDue"]
    back = v2("CheckInItem", item(barcode))
    said(node, back)
    said(node, back)
    # After the return the same request lends the same item once more: its effect no longer stands.
    said(node, lend)
    assert status(node, barcode) == "04"
    node.clock.ahead += 2 * 86_400
    renew_it = v2("RenewItem", user(patron), item(barcode))
    assert said(node, renew_it)["RenewalCount"] == "1"
    assert said(node, renew_it)["RenewalCount"] == "1"
    node.clock.ahead += 86_400
    assert said(node, renew_it)["RenewalCount"] == "2"
