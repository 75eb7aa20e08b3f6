"""The demo's contract, sentence by sentence, for all eleven libraries, over SIP2 and over HTTP. Changes nothing."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta

import httpx
import pytest

from tests.acceptance.consortium import ABER, KIOSK_PASSWORD, LIBRARIES, PIN, Library
from tests.acceptance.nodes import DEMO_PORTS, Node, Process
from tests.acceptance.sip2_line import (
    Answer,
    Kiosk,
    checkout,
    fee_paid,
    hold,
    item_information,
    login,
    patron_information,
    patron_status,
    status,
)
from tests.acceptance.staff import Staff

pytestmark = pytest.mark.usefixtures("demo")
every_library = pytest.mark.parametrize("library", LIBRARIES, ids=str)


def _shown(kiosk: Kiosk, library: Library, patron: int, summary: str = "          ") -> Answer:
    return kiosk.ask(patron_information(library.patron(patron), PIN, summary=summary))


def test_ready_file_names_every_listener_and_the_offset_shifts_all_of_them(demo: Process) -> None:
    assert set(demo.ports) == {"http", "https", "sip2", "sip2-tls", "z3950", "ldap", "ldaps", "ncip"}
    shifts = [port - standard for port, standard in zip(sorted(demo.ports.values()), sorted(DEMO_PORTS), strict=True)]
    assert len(set(shifts)) == 1
    for port in demo.ports.values():
        Kiosk(port).close()


def test_banner_has_a_line_to_copy_for_each_standard_that_is_served_and_for_no_other(demo: Process) -> None:
    banner = demo.log
    served = ("sip2", "http", "z3950", "ldap", "ncip")
    for words in (
        "gateway probe sip2",
        "curl",
        "OAI-PMH",
        "SRU",
        "Z39.50",
        "/scim/v2/aber",
        "ldapsearch",
        "NCIP",
        "/ncip/aber",
        *(str(demo.ports[name]) for name in served),
    ):
        assert words in banner


@every_library
def test_kiosk_logs_in_and_is_told_its_library(demo: Process, library: Library) -> None:
    with demo.line() as kiosk:
        assert kiosk.ask(login(library.login, KIOSK_PASSWORD)).ok
        told = kiosk.ask(status())
        assert told["AO"] == library.ao
        assert told["AM"] == library.name
        assert told["BX"] == "Y" * 16
        assert told.fixed[:6] == "YYYYYY"


@every_library
def test_kiosk_may_hold_several_links(demo: Process, library: Library) -> None:
    with demo.kiosk(library) as one, demo.kiosk(library) as two, demo.kiosk(library) as three:
        for kiosk in (one, two, three):
            assert kiosk.ask(item_information(library.item(1))).fixed[:2] == "03"


@every_library
def test_patrons_one_to_ten_are_what_the_contract_says(demo: Process, library: Library) -> None:
    with demo.kiosk(library) as kiosk:
        good = _shown(kiosk, library, 1)
        assert (good["BL"], good["CQ"], good.fixed[:14]) == ("Y", "Y", " " * 14)
        assert good.counts["AU"] == 0
        assert good["BV"] == "0.00"

        borrower = _shown(kiosk, library, 2, " YY       ")
        assert borrower.counts["AU"] == 2
        assert borrower.counts["AT"] == 1
        assert sorted(borrower.all("AU")) == [library.item(22), library.item(23)]
        assert borrower.all("AT") == [library.item(22)]

        debtor = _shown(kiosk, library, 3)
        assert (debtor["BV"], debtor["BH"]) == ("25.00", "GBP")
        assert debtor.fixed[0] == "Y"
        assert "Y" in debtor.fixed[10:12]
        assert debtor.screen

        expired = _shown(kiosk, library, 4)
        assert expired["BL"] == "Y"
        assert expired.fixed[:4] == "YYYY"
        assert expired.screen

        collector = _shown(kiosk, library, 5, "Y         ")
        assert collector.counts["AS"] == 1
        assert collector.all("AS") == [library.item(24)]

        full = _shown(kiosk, library, 6, "  Y       ")
        assert full.fixed[0] == "Y"
        assert full.fixed[5] == "Y"
        assert int(full["CB"]) == full.counts["AU"] == len(full.all("AU"))
        beyond = set(full.all("AU")) - {library.item(29)}
        assert min(beyond) == library.item(31)

        lost = _shown(kiosk, library, 7)
        assert lost.fixed[0] == "Y"
        assert lost.fixed[4] == "Y"

        welsh = _shown(kiosk, library, 8)
        assert {"ŵ", "ŷ"} <= set(welsh["AE"])

        for pin in ("", PIN):
            assert kiosk.ask(patron_status(library.patron(9), pin))["BL"] == "N"

        small = _shown(kiosk, library, 10)
        assert small["BV"] == "2.50"
        assert small.fixed[0] == " "


@every_library
def test_items_one_to_thirty_are_what_the_contract_says(demo: Process, library: Library) -> None:
    expected = dict.fromkeys(range(1, 21), "03") | {
        22: "04", 23: "04", 24: "08", 25: "10", 26: "12", 27: "02", 28: "13", 30: "03",
    }  # fmt: skip
    with demo.kiosk(library) as kiosk:
        shown = {number: kiosk.ask(item_information(library.item(number))) for number in range(1, 31)}
    for number, answer in shown.items():
        assert answer["AB"] == library.item(number)
        assert answer["AJ"], f"item {number} has no title"
        if number in expected:
            assert answer.fixed[:2] == expected[number], f"item {number}: {answer.raw!r}"
    assert shown[29].fixed[:2] in ("04", "07")
    assert shown[29]["CF"] == "1"
    assert shown[24]["AP"] == library.ao
    assert shown[22]["AH"] < shown[23]["AH"]


@every_library
def test_holds_on_a_title_are_allowed_while_a_sister_copy_is_on_the_shelf(demo: Process, library: Library) -> None:
    """Items 1 and 2 are copies of one title. The hold is withdrawn again."""
    patron = library.patron(20)
    with demo.kiosk(library) as kiosk:
        assert kiosk.ask(hold("+", patron, library.item(1), PIN, pickup=library.ao)).ok
        assert kiosk.ask(hold("-", patron, library.item(1), PIN)).ok


@every_library
def test_payment_needs_no_pin_and_what_touches_the_account_does(demo: Process, library: Library) -> None:
    with demo.kiosk(library) as kiosk:
        without = kiosk.ask(fee_paid(library.patron(10), "99.00"))
        assert "PIN" not in without.screen
        assert not without.ok, "more than is owed"
        assert kiosk.ask(patron_information(library.patron(12)))["BL"] == "N"
        assert not kiosk.ask(hold("+", library.patron(12), library.item(23))).ok


@every_library
def test_over_http_patrons_and_items_are_the_same(demo: Process, library: Library) -> None:
    with Staff(demo, library) as staff:
        statuses = [staff.item(library.item(number))["status"] for number in (*range(1, 21), *range(22, 29))]
        assert statuses == ["AVAILABLE"] * 20 + [
            "ON_LOAN", "ON_LOAN", "ON_HOLD_SHELF", "IN_TRANSIT", "LOST", "ON_ORDER", "MISSING",
        ]  # fmt: skip
        assert "NOT_FOR_LOAN" in str(staff.item(library.item(21)))
        assert staff.loans(library.patron(2)) == [library.item(22), library.item(23)]
        assert staff.owed(library.patron(3)) == "25.00"
        assert staff.patron(library.patron(4))["status"] == "expired"
        (ready,) = staff.account(library.patron(5))["holds"]
        assert (ready["status"], ready["item_barcode"]) == ("READY", library.item(24))
        assert ready["pickup_location"] == library.ao
        (waiting,) = staff.account(library.patron(1))["holds"]
        assert waiting["status"] == "PENDING"
        assert waiting["bib_id"] == staff.item(library.item(29))["bib_id"]
        assert staff.owed(library.patron(10)) == "2.50"
        lost = staff.patron(library.patron(7))["blocks"]
        assert [block["reason"] for block in lost] == ["CARD_LOST"]
        assert any(place["code"] == library.ao and place["pickup"] for place in staff.all("/config/locations"))


def test_item_thirty_is_lent_for_four_hours(node: Node) -> None:
    """On the shared node, for it is borrowed for once."""
    with node.kiosk() as kiosk:
        answer = kiosk.ask(checkout(node.new_patron(), ABER.item(30), PIN))
    due = datetime.strptime(answer["AH"], "%Y%m%d    %H%M%S")  # noqa: DTZ007  the library's local time
    lent = datetime.strptime(answer.fixed[4:22], "%Y%m%d    %H%M%S")  # noqa: DTZ007
    assert timedelta(hours=3, minutes=55) < due - lent <= timedelta(hours=4)


@every_library
def test_every_library_has_titles_about_wales_and_in_welsh(demo: Process, library: Library) -> None:
    with demo.kiosk(library) as kiosk:
        asked = [kiosk.message(item_information(library.item(number))) for number in range(1, 1001)]
        titles: set[str] = set()
        for start in range(0, len(asked), 50):
            kiosk.send(b"".join(asked[start : start + 50]))
            titles.update(kiosk.receive()["AJ"] for _ in range(50))
    assert "" not in titles
    assert sum("Wales" in title for title in titles) >= 3
    assert any(letter in title for title in titles for letter in "ŵŷ")


def test_catalogue_has_a_thousand_records_and_one_about_wales_by_somebody_whose_name_begins_with_j(
    demo: Process,
) -> None:
    with Staff(demo) as staff:
        bibs = {staff.item(ABER.item(number))["bib_id"] for number in range(1, 1101)}
        wales = [bib for bib in map(staff.bib, sorted(bibs)[:200]) if "Wales" in bib["title"]]
    assert len(bibs) >= 1000
    assert len(wales) >= 3
    assert any((bib["author"] or "").startswith("J") for bib in wales)


@every_library
def test_api_key_opens_its_own_library_and_a_wrong_one_nothing(demo: Process, library: Library) -> None:
    with demo.http(library) as api:
        assert api.get("/status").json()["library_name"] == library.name
        assert api.get("/status", headers={"Authorization": "Bearer demo-nobody-key"}).status_code == 401
        assert api.get("/status", headers={"Authorization": ""}).status_code == 401


def test_health_and_docs_answer_without_a_key(demo: Process) -> None:
    base = f"http://127.0.0.1:{demo.ports['http']}"
    for path in ("/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"):
        assert httpx.get(base + path, timeout=20).status_code == 200, path


def test_https_serves_the_same(demo: Process) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with httpx.Client(verify=context, headers={"Authorization": f"Bearer {ABER.key}"}) as api:
        answer = api.get(f"https://127.0.0.1:{demo.ports['https']}/v1/status", timeout=20)
    assert answer.json()["library_name"] == ABER.name
