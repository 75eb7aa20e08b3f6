"""Holdings out of the fields that libraries' systems write, and records that are none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.catalogue.forms import opac_holdings
from gateway.catalogue.records import Format, Holding
from gateway.catalogue.remote.reading import catalogue_record, of_marc, of_z3950
from library_protocols.asn1 import External
from library_protocols.marc import to_iso2709, to_marcxml
from library_protocols.z3950.common import structured_record
from library_protocols.z3950.facts.oids import OPAC, USMARC
from library_protocols.z3950.records import HoldingsAndCirc, OpacRecord, write_opac
from tests.gateway.catalogue.index.building import record


def holdings(fields: str) -> tuple[Holding, ...]:
    told = of_marc("aber", to_iso2709(record(f"001 c1\n008 x\n245 10 $aTitle\n{fields}"), "utf-8"))
    assert told is not None
    return told.holdings


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("", ()),
        (
            "852 0  $aABER $bMAIN $cStore $hDA 740 $iJON $pB1 $pB2 $zAsk",
            (Holding("aber", "MAIN", "DA 740 JON", 2, collection="Store", note="Ask", barcodes=("B1", "B2")),),
        ),
        ("852    $aABER\n866    $av.1-9\n866    $av.11", (Holding("aber", "ABER", summary="v.1-9; v.11"),)),
        (
            "852    $bMAIN $hDA\n852    $bLAW $hKF\n952    $cMAIN $dMain library $eDA $iBOOK $mB1\n"
            "952    $cMAIN $eDA $mB2",
            (
                Holding("aber", "MAIN", "DA", 2, "Main library", item_type="BOOK", barcodes=("B1", "B2")),
                Holding("aber", "LAW", "KF"),
            ),
        ),
        (
            "952    $aCPL $bMPL $cFIC $oF JON $pK1 $yBK\n952    $aCPL $bMPL $oF JON $pK2",
            (Holding("aber", "MPL", "F JON", 2, collection="FIC", item_type="BK", barcodes=("K1", "K2")),),
        ),
    ],
)
def test_holdings_in_fields(fields: str, expected: tuple[Holding, ...]) -> None:
    assert holdings(fields) == tuple(replace(one, control="c1") for one in expected)


def test_the_copy_number_of_an_opac_record_is_no_count() -> None:
    marc = External(direct_reference=USMARC, octets=to_iso2709(record("001 c1\n008 x\n245 10 $aTitle"), "utf-8"))
    said = HoldingsAndCirc(local_location="Main", copy_number="12")
    opac = write_opac(OpacRecord(bibliographic_record=marc, holdings_data=(said,)))
    told = of_z3950("aber", structured_record(OPAC, opac), None)
    assert told is not None
    (holding,) = told.holdings
    assert (holding.copies, holding.copy_number) == (1, "12")
    assert opac_holdings(catalogue_record("aber", 7, told))[0].copy_number == "12"


def test_a_record_as_the_view_shows_it() -> None:
    told = of_marc("aber", to_marcxml(record("001 c1\n008 x\n245 10 $aTitle")))
    assert told is not None
    shown = catalogue_record("aber", 7, told)
    assert (shown.id, shown.member, shown.control, shown.shared) == (7, "aber", "c1", 0)
    assert (shown.format, shown.sets, shown.deleted, shown.provenance) == (Format.MARC21, (), False, None)
    assert b"Title" in shown.marcxml


@pytest.mark.parametrize("octets", [b"", b"nothing", b"<html/>", b"<record", b"00000"])
def test_what_is_no_marc(octets: bytes) -> None:
    assert of_marc("aber", octets) is None
