"""Whatever arrives: a record or MarcError with an offset within it; and every record can be written and read again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.marc import (
    REPAIRS,
    Cutter,
    DataField,
    MarcError,
    Parsed,
    Record,
    from_marcxml,
    iso5426,
    marc8,
    read,
    to_marcxml,
    write_iso2709,
)
from library_protocols.marc.marcxml import read_marcxml
from library_protocols.marc.sound import CODES
from tests.protocols.marc.octets import RECORD

pytestmark = pytest.mark.fuzz

PIECES = st.sampled_from([b"\x1d", b"\x1e", b"\x1f", b"\x1fa", b"10\x1fa", b"\xe2e", b"\xc3\xa9", b"\x1b$1", b"\x1b(N",
                          b"001000300000", b"245", b"00000", b"&#x0175;", b" " * 24, RECORD[:24]])  # fmt: skip
SPLICES = st.tuples(st.integers(0, len(RECORD)), st.integers(0, 12), PIECES | st.binary(max_size=6))
# A sound record with a few places overwritten: noise alone never reaches the repairs.
DAMAGED = st.lists(SPLICES, max_size=5).map(
    lambda splices: _spliced(RECORD, splices)
) | st.lists(PIECES | st.binary(max_size=8), max_size=20).map(b"".join)  # fmt: skip
XML_PIECES = st.sampled_from(
    ["<record>", "</record>", "<leader>", "</leader>", "<controlfield tag='001'>", "</controlfield>", "</datafield>",
     "<datafield tag='245' ind1='1' ind2=' '>", "<subfield code='a'>", "</subfield>", "&amp;", "&", "<!--", "-->",
     "text", "\x02", "é", "<![CDATA[", "]]>"]
)  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=30)
RECORDS = st.builds(
    Record,
    st.just("00000nam a2200000 a 4500"),
    st.lists(st.tuples(st.sampled_from(["001", "005", "008"]), TEXT), max_size=3).map(tuple),
    st.lists(
        st.builds(
            DataField,
            st.sampled_from(["020", "245", "880", "9AB", "LKR"]),
            st.sampled_from(["  ", "10", "a ", " 9"]),
            st.lists(st.tuples(st.sampled_from(sorted(CODES)), TEXT), min_size=1, max_size=4).map(tuple),
        ),
        min_size=1,
        max_size=5,
    ).map(tuple),
)


def _spliced(data: bytes, splices: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, new in splices:
        data = data[:at] + new + data[at + length :]
    return data


def outcome(data: bytes) -> Parsed | MarcError:
    try:
        return read(data)
    except MarcError as error:
        return error


def check(data: bytes) -> None:
    parsed = outcome(data)
    if isinstance(parsed, MarcError):
        assert 0 <= parsed.offset <= max(len(data), 24)
        assert parsed.reason
        return
    assert {repair.code for repair in parsed.repairs} <= REPAIRS.keys()
    xml = to_marcxml(parsed.record)
    etree.fromstring(xml)
    assert read_marcxml(xml).record == parsed.record
    assert from_marcxml(xml) == parsed.record
    if parsed.exact:
        assert write_iso2709(from_marcxml(xml), "utf-8", parsed.format).data == data
    for charset in ("utf-8", "marc-8", "iso-5426"):
        read(write_iso2709(parsed.record, charset, parsed.format).data, source="iso2709")


@given(DAMAGED)
def test_any_octets(data: bytes) -> None:
    check(data)


@given(st.lists(XML_PIECES, max_size=25).map(lambda pieces: ("<record>" + "".join(pieces)).encode()))
def test_any_xml(data: bytes) -> None:
    check(data)


@given(st.lists(DAMAGED, max_size=4).map(b"".join), st.integers(1, 50))
def test_the_cutter_never_raises_and_chunks_do_not_matter(data: bytes, step: int) -> None:
    whole, stepped = Cutter(), Cutter()
    cuts = [cut for at in range(0, len(data), step) for cut in stepped.feed(data[at : at + step])] + stepped.close()
    assert whole.feed(data) + whole.close() == cuts
    for cut in cuts:
        assert 0 <= cut.offset <= cut.end <= len(data)


@given(st.binary(max_size=60))
def test_decoders_never_raise(data: bytes) -> None:
    for decode in (marc8.decode, iso5426.decode):
        text, bad = decode(data)
        assert bad <= len(data)
        text.encode("utf-8")


@given(RECORDS)
def test_a_sound_record_survives_every_wrapping(record: Record) -> None:
    assert from_marcxml(to_marcxml(record)) == record
    again = read(write_iso2709(record).data, source="iso2709", format="marc21").record
    assert (again.control, again.data) == (list(record.control), list(record.data))
