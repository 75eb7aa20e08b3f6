"""Holdings as published, and what is known of items now laid over them by barcode."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from gateway.canonical.entities import Item
from gateway.canonical.vocabulary import ItemStatus
from gateway.catalogue.forms import FORMS, circulation, opac_holdings, render
from gateway.catalogue.records import Holding
from library_protocols.marc import from_marcxml
from tests.gateway.catalogue.forms.records import MARC21, catalogue_record

DUE = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
OF_ABER = [
    Item(id="1", barcode="31", status=ItemStatus.AVAILABLE, permanent_location="HO", current_location="HO"),
    Item(id="2", barcode="32", status=ItemStatus.ON_LOAN, due=DUE, hold_queue_length=1, enumeration="v.2",
         permanent_location="HO", current_location="THOMAS"),
    Item(id="9", barcode="99", status=ItemStatus.AVAILABLE),
]  # fmt: skip
# Barcodes are a member's own: the same one elsewhere is another piece.
ITEMS = circulation("bangor", [Item(id="5", barcode="31", status=ItemStatus.LOST)]) | circulation("aber", OF_ABER)


def test_items_are_laid_over_holdings_by_barcode() -> None:
    aber, bangor = opac_holdings(catalogue_record(MARC21), ITEMS)
    assert (aber.nuc_code, aber.local_location, aber.shelving_location) == ("ABER", "Hugh Owen", "LOAN")
    assert (aber.call_number, aber.copy_number, aber.public_note) == ("DA714 .J66", None, "Ask at desk")
    assert aber.circulation_data is not None
    there, lent = aber.circulation_data
    assert (there.item_id, there.available_now, there.on_hold, there.availability_date) == ("31", True, False, None)
    assert (lent.item_id, lent.available_now, lent.on_hold, lent.renewable) == ("32", False, True, True)
    assert (lent.availability_date, lent.enum_and_chron, lent.temporary_location) == ("2026-12-01", "v.2", "THOMAS")
    assert (bangor.local_location, bangor.enum_and_chron, bangor.circulation_data) == ("MAIN", "v.1-3 & 5", None)


def test_the_copy_number_is_the_librarys_own_and_no_count() -> None:
    held = (Holding("aber", "HO", copies=3, copy_number="c.2"), Holding("aber", "THOMAS", copies=3))
    record = catalogue_record(MARC21, held)
    assert [one.copy_number for one in opac_holdings(record)] == ["c.2", None]
    tree = etree.fromstring(render("opac", record))
    assert tree.xpath("holdings/holding/copyNumber/text()") == ["c.2"]


def test_a_barcode_that_two_members_use_is_each_members_own() -> None:
    theirs = circulation("bangor", [Item(id="7", barcode="31", status=ItemStatus.ON_LOAN, due=DUE)])
    aber, bangor = opac_holdings(catalogue_record(MARC21), theirs)
    assert (aber.circulation_data, bangor.circulation_data) == (None, None)


def test_without_items_nothing_is_said_about_now() -> None:
    assert [holding.circulation_data for holding in opac_holdings(catalogue_record(MARC21))] == [None, None]
    assert b"availableNow" not in render("opac", catalogue_record(MARC21))


def test_opac_xml_says_the_same() -> None:
    tree = etree.fromstring(render("opac", catalogue_record(MARC21), ITEMS))
    assert tree.xpath("holdings/holding/localLocation/text()") == ["Hugh Owen", "MAIN"]
    assert tree.xpath("holdings/holding/enumAndChron/text()") == ["v.1-3 & 5"]
    assert tree.xpath("//circulation/itemId/text()") == ["31", "32"]
    assert tree.xpath("//circulation/availableNow/@value") == ["1", "0"]
    assert tree.xpath("//circulation/onHold/@value") == ["0", "1"]
    assert tree.xpath("local-name(bibliographicRecord/*)") == "record"


def test_marcxml_with_holdings_replaces_the_holdings_that_came_with_the_record() -> None:
    record = from_marcxml(render("marcxml-holdings", catalogue_record(MARC21)))
    assert [field.subfields for field in record.fields("852")] == [
        (("a", "ABER"), ("b", "HO"), ("c", "LOAN"), ("h", "DA714 .J66"), ("z", "Ask at desk")),
        (("a", "BANGOR"), ("b", "MAIN")),
    ]
    assert record.all("866", "a") == ["v.1-3 & 5"]
    assert [field.subfields for field in record.fields("952")] == [
        (("a", "HO"), ("b", "HO"), ("c", "LOAN"), ("o", "DA714 .J66"), ("p", barcode), ("y", "book"))
        for barcode in ("31", "32")
    ]
    assert record.fields("999")
    assert from_marcxml(render("marcxml", catalogue_record(MARC21))).all("952", "m") == ["999"]


@pytest.mark.parametrize("form", ["marcxml-holdings", "opac", "mods", "sutrs"])
def test_what_xml_cannot_say_never_reaches_it_from_holdings(form: str) -> None:
    words = "Hugh\uffff & Owen"
    odd = Holding("aber", "HO", "QA\x00\x1b <76>", location_name=words, note=words, barcodes=("1",))
    out = render(form, catalogue_record(MARC21, (odd,)))
    if FORMS[form].is_xml:
        found = "".join(etree.fromstring(out).itertext())
        assert "QA <76>" in found
        assert "Hugh & Owen" in found
