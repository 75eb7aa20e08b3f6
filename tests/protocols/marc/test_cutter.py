"""Files cut into records: all at once and byte by byte the same, and damage costs one record."""

from __future__ import annotations

import pytest

from library_protocols.marc import Cut, Cutter, MarcError, read
from library_protocols.marc import cutter as cutter_module
from tests.protocols.marc.octets import RECORD, octets

OTHER = octets([("001", b"43"), ("245", b"10\x1faOther")])
XML = "<record><leader>00000nam a2200000 a 4500</leader><controlfield tag='001'>{}</controlfield></record>"


def cut(data: bytes, step: int = 1 << 20) -> list[Cut]:
    cutter = Cutter()
    cuts: list[Cut] = []
    for at in range(0, len(data), step):
        cuts += cutter.feed(data[at : at + step])
    return cuts + cutter.close()


def numbers(cuts: list[Cut]) -> list[str]:
    found = []
    for one in cuts:
        try:
            found.append(one.problem or read(one.data).record.control_number)
        except MarcError as error:
            found.append(error.reason)
    return found


ISO = RECORD + b"\r\n" + OTHER + b"\x1a"
ONE, TWO = XML.format(1).encode(), XML.format(2).encode()
FILES = [
    pytest.param(ISO, ["42", "43"], id="iso2709"),
    pytest.param(b"\xef\xbb\xbf<collection>" + ONE + b"\n" + TWO + b"</collection>", ["1", "2"], id="marcxml"),
    pytest.param(b"99999" + RECORD[5:] + OTHER, ["42", "43"], id="a-wrong-length-costs-nothing"),
    pytest.param(RECORD[:80] + OTHER, ["ends 52 bytes before its directory says", "43"], id="a-lost-end-costs-one"),
    pytest.param(OTHER + RECORD[:100], ["43", "ends 32 bytes before its directory says"], id="truncated"),
    pytest.param(b"<c>" + ONE[:60] + TWO, ["has no end", "2"], id="xml-lost-end"),
    pytest.param(b"<c>" + ONE + TWO[:60], ["1", "has no end"], id="xml-truncated"),
    pytest.param(b"<O><record><metadata>" + ONE + b"</metadata></record></O>", ["1"], id="oai-record-around-a-record"),
    pytest.param("<c a='é'>".encode("utf-16"), ["is text in UTF-16"], id="utf-16"),
    pytest.param(b"\x1d\x1d\r\n", [], id="terminators-of-nothing"),
    pytest.param(b"", [], id="empty"),
]


@pytest.mark.parametrize(("data", "found"), FILES)
@pytest.mark.parametrize("step", [1 << 20, 1, 7])
def test_cutting(data: bytes, found: list[str], step: int) -> None:
    assert numbers(cut(data, step)) == found


@pytest.mark.parametrize(("data", "found"), FILES)
def test_all_at_once_is_byte_by_byte(data: bytes, found: list[str]) -> None:
    assert cut(data) == cut(data, 1)


def test_offsets_lead_to_the_bytes() -> None:
    first, second = cut(b"\n" + ISO)
    assert (first.offset, first.end) == (1, 1 + len(RECORD))
    assert (b"\n" + ISO)[second.offset : second.end] == OTHER == second.data


def test_resuming_in_the_middle() -> None:
    data = (
        b"<collection xmlns:m='http://www.loc.gov/MARC21/slim'>"
        + XML.format(1).replace("record", "m:record").encode() * 3
    )
    first = cut(data)[0]
    resumed = Cutter(head=data[:4096], start=first.end)
    again = resumed.feed(data[first.end :]) + resumed.close()
    assert [*cut(data)][1:] == again


def test_prefixes_and_encodings_of_the_file_go_with_each_record() -> None:
    record = '<m:record><m:controlfield tag="001">é</m:controlfield></m:record>'
    head = '<?xml version="1.0" encoding="ISO-8859-1"?><m:collection xmlns:m="http://www.loc.gov/MARC21/slim">'
    (found,) = cut((head + record + "</m:collection>").encode("latin-1"))
    assert found.data.startswith(b'<m:record xmlns:m="http://www.loc.gov/MARC21/slim">')
    assert read(found.data).record.control_number == "é"


def test_an_encoding_that_the_bytes_are_not_in() -> None:
    head = b'<?xml version="1.0" encoding="ascii"?><collection>'
    assert numbers(cut(head + "<record>é</record>".encode() + XML.format(2).encode())) == [
        "is not in ascii, as the file says",
        "2",
    ]


def test_what_has_no_end_is_given_up_and_the_next_record_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutter_module, "MAX_RECORD", 5000)
    cutter = Cutter()
    cuts = cutter.feed(b"x" * 6000) + cutter.feed(b"\x1d" + RECORD) + cutter.close()
    assert [one.problem for one in cuts] == ["6000 bytes without an end", ""]
    assert cuts[-1].data == RECORD
