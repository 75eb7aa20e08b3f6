"""What `gateway search` says of holdings: the same from BER and from XML."""

from __future__ import annotations

import pytest

from gateway.commands.brief import readable
from gateway.commands.shelves import Shelf, shelves_of_opac, shelves_of_xml
from library_protocols.asn1 import External
from library_protocols.marc import DataField, Record, to_iso2709
from library_protocols.z3950.records import CircRecord, HoldingsAndCirc, OpacRecord

SHELVES = (
    Shelf("ABER Hugh Owen", "942 JEN", 2, 1, ("2026-12-13",)),
    Shelf("BANGOR", "", 0, 0),
)
OPAC = OpacRecord(
    holdings_data=(
        HoldingsAndCirc(
            nuc_code="ABER",
            local_location="Hugh Owen",
            call_number="942 JEN",
            circulation_data=(
                CircRecord(available_now=False, availability_date="2026-12-13", renewable=True, on_hold=False),
                CircRecord(available_now=True, renewable=False, on_hold=False),
            ),
        ),
        External(direct_reference="1.2.840.10003.5.10", octets=b"MARC holdings"),
        HoldingsAndCirc(nuc_code="BANGOR"),
    )
)
XML = """<opacRecord{namespace}><holdings><holding><nucCode>ABER</nucCode><localLocation>Hugh Owen</localLocation>
<callNumber> 942 JEN </callNumber><circulations>
<circulation><availableNow value="0"/><availabilityDate>2026-12-13</availabilityDate></circulation>
<circulation><availableNow value="1"/></circulation></circulations></holding>
<holding><nucCode>BANGOR</nucCode></holding></holdings></opacRecord>"""


def test_holdings_in_ber() -> None:
    assert shelves_of_opac(OPAC) == SHELVES
    assert shelves_of_opac(OpacRecord()) == ()


@pytest.mark.parametrize("namespace", ["", ' xmlns="http://www.indexdata.com/yaz/opacxml"'])
def test_holdings_in_xml(namespace: str) -> None:
    assert shelves_of_xml(XML.format(namespace=namespace).encode()) == SHELVES


@pytest.mark.parametrize("data", [b"", b"no XML", b"<dc><title>A</title></dc>", b"00026nam"])
def test_nothing_is_said_where_there_is_nothing(data: bytes) -> None:
    assert shelves_of_xml(data) == ()


def test_in_words() -> None:
    assert [str(shelf) for shelf in SHELVES] == ["ABER Hugh Owen; 942 JEN; 1 of 2 there; back 2026-12-13", "BANGOR"]


def test_iso2709_is_shown_a_line_each_field_and_all_else_as_it_came() -> None:
    title = DataField("245", "10", (("a", "Tŷ /"), ("c", "M.")))
    record = Record("00000nam a2200000 a 4500", (("001", "b1"),), (title,))
    assert readable(to_iso2709(record, "utf-8")).splitlines()[1:] == ["001    b1", "245 10 $a Tŷ / $c M."]
    assert readable(b"<a>b</a>") == "<a>b</a>"
    assert readable(b"Title: b") == "Title: b"
