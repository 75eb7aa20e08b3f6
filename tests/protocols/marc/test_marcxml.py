"""MARCXML: what is written, byte for byte; what is read, in any namespace; what is mended; what is refused."""

from __future__ import annotations

import pytest

from library_protocols.marc import DataField, MarcError, Record, from_marcxml, read, to_marcxml
from library_protocols.marc.marcxml import read_marcxml

LEADER = "00000nam a2200000 a 4500"
RECORD = Record(
    LEADER,
    (("001", "42"), ("005", "20261122120000.0")),
    (DataField("245", "10", (("a", "Tŷ'r <Cymry> & co"), ("b", ']]> "x"\r\n'))), DataField("500", "  ", (('"', "y"),))),
)
XML = (
    '<record xmlns="http://www.loc.gov/MARC21/slim"><leader>00000nam a2200000 a 4500</leader>'
    '<controlfield tag="001">42</controlfield><controlfield tag="005">20261122120000.0</controlfield>'
    '<datafield tag="245" ind1="1" ind2="0"><subfield code="a">Tŷ\'r &lt;Cymry&gt; &amp; co</subfield>'
    '<subfield code="b">]]&gt; &quot;x&quot;&#13;\n</subfield></datafield>'
    '<datafield tag="500" ind1=" " ind2=" "><subfield code="&quot;">y</subfield></datafield></record>'
).encode()
PLAIN = Record(LEADER, (("001", "1"),), (DataField("245", "10", (("a", "A title"),)),))


def test_both_ways() -> None:
    assert to_marcxml(RECORD) == XML
    assert from_marcxml(XML) == RECORD
    assert read_marcxml(XML).record == RECORD  # and by the parser as by the short way
    assert from_marcxml(to_marcxml(PLAIN)) == PLAIN == read_marcxml(to_marcxml(PLAIN)).record


@pytest.mark.parametrize("code", list("&<>\"'a9{}"))
def test_every_code_survives(code: str) -> None:
    record = Record(LEADER, (), (DataField("245", "10", ((code, f"t {code}"), (code, ""))),))
    assert from_marcxml(to_marcxml(record)) == record == read_marcxml(to_marcxml(record)).record


def body(xml: str) -> str:
    return (
        f"<leader>{LEADER}</leader><controlfield tag='001'>1</controlfield>"
        f"<datafield tag='245' ind1='1' ind2='0'><subfield code='a'>A title</subfield></datafield>{xml}"
    )


@pytest.mark.parametrize(
    "document",
    [
        f"<record>{body('')}</record>",
        f'<record xmlns="info:lc/xmlns/marcxchange-v1">{body("")}</record>',
        f'<?xml version="1.0"?><collection xmlns="http://www.loc.gov/MARC21/slim"><record>{body("")}</record></collection>',
        f"<record><header/><metadata><record>{body('')}</record></metadata></record>",
        f'<record xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x">{body("<!-- c -->")}</record>',
    ],
)
def test_other_namespaces_and_wrappings(document: str) -> None:
    parsed = read(document.encode())
    assert parsed.record == PLAIN
    assert parsed.repairs == ()


def test_the_format_that_marcxchange_claims() -> None:
    assert read(f'<record format="UNIMARC">{body("")}</record>'.encode()).format == "unimarc"


@pytest.mark.parametrize(
    ("extra", "repairs"),
    [
        ("<datafield tag='500' ind1='1'><subfield code='a'>x</subfield></datafield>", ["indicator"]),
        ("<datafield tag='500' ind1='12' ind2=''><subfield code='a'>x</subfield></datafield>", ["indicator"]),
        ("<datafield tag='500' ind1=' ' ind2=' '><subfield>x</subfield></datafield>", ["subfield-code"]),
        ("<datafield tag='500' ind1=' ' ind2=' '>x</datafield>", ["no-subfield"]),
        ("<datafield ind1=' ' ind2=' '><subfield code='a'>x</subfield></datafield>", ["tag"]),
        ("<controlfield tag='245'>x</controlfield>", ["tag"]),
        ("<controlfield tag='005'>x</controlfield>", ["control-order"]),
        ("<other/>", ["xml-order"]),
        ("<datafield tag='500' ind1=' ' ind2=' '><subfield code='a'>a & b &amp; c</subfield></datafield>",
         ["xml-reference"]),
        ("<datafield tag='500' ind1=' ' ind2=' '><subfield code='a'>a\x02b</subfield></datafield>",
         ["control-character"]),
    ],
)  # fmt: skip
def test_repairs(extra: str, repairs: list[str]) -> None:
    parsed = read(f"<record>{body(extra)}</record>".encode())
    assert [repair.code for repair in parsed.repairs] == repairs
    assert parsed.record.data[0] == PLAIN.data[0]


def test_a_leader_that_is_missing_or_short() -> None:
    parsed = read(b"<record><controlfield tag='001'>1</controlfield></record>")
    assert [repair.code for repair in parsed.repairs] == ["leader"]
    assert len(parsed.record.leader) == 24
    parsed = read(b"<record><leader>     nam</leader><controlfield tag='001'>1</controlfield></record>")
    assert parsed.record.leader == "     nam a22        4500"


BOMB = b"""<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<record><controlfield tag="001">&b;</controlfield></record>"""
FILE = b"""<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]>
<record><controlfield tag="001">&f;</controlfield></record>"""


@pytest.mark.parametrize(
    ("document", "offset", "reason"),
    [
        (BOMB, 0, "document type"),
        (FILE, 0, "document type"),
        (b"<record>", 8, "damaged XML"),
        (b"<record>\n<leader>\n</record>", 27, "mismatch"),
        (b"<record><controlfield tag='001'>&nbsp;</controlfield></record>", 37, "nbsp"),
        (b"<collection/>", 0, "no record"),
        (b"<record/>", 0, "no record"),
        (b"<record><leader>x</leader></record>", 0, "no field"),
        (b"<?xml version='1.0' encoding='x-none'?><record/>", 37, "damaged XML"),
    ],
)
def test_refusals(document: bytes, offset: int, reason: str) -> None:
    with pytest.raises(MarcError, match=reason) as caught:
        read(document)
    assert abs(caught.value.offset - offset) <= 2


def test_deep_nesting_is_refused_or_read_never_worse() -> None:
    with pytest.raises(MarcError):
        read(b"<record>" * 100_000)


@pytest.mark.parametrize(
    "changed",
    [
        XML.replace(b"<subfield", b"<subfield\t", 1),
        XML.replace(b"</datafield>", b"</datafield>\n", 1),
        XML.replace(b"&amp; co", b"&#38; co"),
        XML.replace(b"<leader>", b"<leader xml:space='preserve'>"),
    ],
)
def test_what_only_looks_like_our_own_shape_goes_to_the_parser(changed: bytes) -> None:
    assert changed != XML
    assert from_marcxml(changed) == RECORD
