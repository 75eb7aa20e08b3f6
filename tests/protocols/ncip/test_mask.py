"""No PIN, no password, and with `personal` nobody's name stays in what is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.ncip.facts.secrets import CONTENTS
from library_protocols.ncip.mask import _hidden_carefully, _hidden_in_ordinary, mask
from library_protocols.ncip.scan import view_of

LOOKUP = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<n:NCIPMessage xmlns:n="http://www.niso.org/2008/ncip" n:version="v2_02"><n:LookupUser>'
    "<n:InitiationHeader><n:FromAgencyId><n:AgencyId>ABER</n:AgencyId></n:FromAgencyId>"
    "<n:FromAgencyAuthentication>correct horse</n:FromAgencyAuthentication></n:InitiationHeader>"
    "<n:AuthenticationInput><n:AuthenticationInputData>correct horse</n:AuthenticationInputData>"
    '<n:AuthenticationInputType n:Scheme="http://x/y.scm">PIN</n:AuthenticationInputType></n:AuthenticationInput>'
    "<n:UserId><n:UserIdentifierValue>20100001</n:UserIdentifierValue></n:UserId>"
    "<n:UserElementType>Name Information</n:UserElementType></n:LookupUser></n:NCIPMessage>"
)
SECRET = "correct horse"


def covered(text: str, *, personal: bool = False, encoding: str = "utf-8") -> str:
    octets = text.encode(encoding)
    masked = mask(octets, personal=personal)
    assert masked is not None
    assert len(masked) == len(octets)
    assert mask(masked, personal=personal) == masked
    return masked.decode(encoding)


def message(inside: str) -> str:
    return f"<NCIPMessage><LookupUser>{inside}</LookupUser></NCIPMessage>"


def test_only_the_secret_is_covered() -> None:
    assert covered(LOOKUP) == LOOKUP.replace(SECRET, "*" * 13)


def test_what_tells_who_somebody_is_can_be_covered_too() -> None:
    assert covered(LOOKUP, personal=True) == LOOKUP.replace(SECRET, "*" * 13).replace("20100001", "*" * 8)


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<AuthenticationInputData>a&#49;&amp;b</AuthenticationInputData>", "*" * 12),
        ("<AuthenticationInputData><![CDATA[a<b]]></AuthenticationInputData>", "<![CDATA[***]]>"),
        ("<AuthenticationInputData>12<!-- 3 -->4</AuthenticationInputData>", "**<!--***-->*"),
        ("<AuthenticationInputData a='12' xmlns='x'>\n 1 2 \n</AuthenticationInputData>", "\n *** \n"),
        (
            "<FromAgencyAuthentication><Scheme>s</Scheme><Value>v</Value></FromAgencyAuthentication>",
            "<Scheme>*</Scheme><Value>*</Value>",
        ),
        ("<FromSystemAuthentication>a<b>c</b></FromSystemAuthentication>", "*" * 9),
        ("<AuthenticationInputData>a<?p q?></AuthenticationInputData>", "*<?***?>"),
        ("<AuthenticationInputDta>1234</AuthenticationInputDta>", "****"),
        ("<Ext><v:p v:c='1'>1234<v:Value>5</v:Value></v:p></Ext>", "<v:p v:c='*'>****<v:Value>*</v:Value></v:p>"),
        ("<Ext><v:p>1<Surname>5</Surname></v:p></Ext>", "<v:p>*<Surname>*</Surname></v:p>"),
        ("<AuthenticationInput>1234<Value>5</Value></AuthenticationInput>", "****<Value>*</Value>"),
        ("<AgencyId a='1'>ABER</AgencyId>", "ABER"),
        ("<AgencyId><Scheme>http://x</Scheme><Value>A</Value></AgencyId>", "<Scheme>http://x</Scheme><Value>A</Value>"),
    ],
)  # fmt: skip
def test_whatever_form_it_takes(inside: str, expected: str) -> None:
    masked = covered(message(inside))
    assert re.sub(r"^<\w+[^>]*>|</\w+>$", "", masked.removeprefix("<NCIPMessage><LookupUser>")
                  .removesuffix("</LookupUser></NCIPMessage>")) == expected  # fmt: skip


def test_attributes_that_nobody_knows_are_covered() -> None:
    masked = covered("<NCIPMessage version='1' pin=\"it's 1234\"><LookupUser n:Scheme='s' x='1'/></NCIPMessage>")
    assert masked == "<NCIPMessage version='1' pin=\"*********\"><LookupUser n:Scheme='s' x='*'/></NCIPMessage>"


def test_generation_1() -> None:
    text = (
        '<!DOCTYPE NCIPMessage PUBLIC "-//NISO//NCIP DTD Version 1.0//EN" "http://www.niso.org/ncip_v1_0.dtd">'
        '<NCIPMessage version="x"><LookupUserResponse><UniqueUserId><UniqueAgencyId><Scheme>s</Scheme><Value>A</Value>'
        "</UniqueAgencyId><UserIdentifierValue>ann7</UserIdentifierValue></UniqueUserId><VisibleUserId>"
        "<VisibleUserIdentifierType><Scheme>s</Scheme><Value>Barcode</Value></VisibleUserIdentifierType>"
        "<VisibleUserIdentifier>ann7</VisibleUserIdentifier></VisibleUserId></LookupUserResponse></NCIPMessage>"
    )
    assert covered(text) == text
    assert covered(text, personal=True) == text.replace("ann7", "****")


@pytest.mark.parametrize("name", ["ProblemValue", "ProblemDetail"])
def test_what_a_problem_echoes(name: str) -> None:
    def problem(kind: str, echo: str) -> str:
        return message(f"<Problem><{name}>{echo}</{name}><ProblemType>{kind}</ProblemType></Problem>")

    assert covered(problem("Unknown User", "ann7")) == problem("Unknown User", "ann7")
    assert covered(problem("Unknown User", "ann7"), personal=True) == problem("Unknown User", "****")
    assert covered(problem("User Authentication Failed", "1234")) == problem("User Authentication Failed", "****")
    said = problem("Unknown User", "PATRON_NOT_FOUND: no ann7")
    assert covered(said, personal=True) == said.replace(": no ann7", "*" * 9)


def test_what_a_problem_of_generation_1_echoes() -> None:
    def problem(element: str, echo: str) -> str:
        return message(
            "<Problem><ProcessingError><ProcessingErrorType><Scheme>s</Scheme><Value>x</Value></ProcessingErrorType>"
            f"<ProcessingErrorElement><ElementName>{element}</ElementName><ProcessingErrorValue>{echo}"
            "</ProcessingErrorValue></ProcessingErrorElement></ProcessingError></Problem>"
        )

    assert covered(problem("UserIdentifierValue", "ann7")) == problem("UserIdentifierValue", "ann7")
    assert covered(problem("AuthenticationInputData", "1234")) == problem("AuthenticationInputData", "****")
    assert covered(problem("UserIdentifierValue", "ann7"), personal=True) == problem("UserIdentifierValue", "****")


def test_people_are_covered_with_all_that_describes_them() -> None:
    text = message(
        "<UserId><AgencyId>ABER</AgencyId><UserIdentifierValue>7</UserIdentifierValue></UserId>"
        "<UserOptionalFields><NameInformation><PersonalNameInformation><StructuredPersonalUserName>"
        "<GivenName>7</GivenName><Surname>7</Surname></StructuredPersonalUserName><UnstructuredPersonalUserName>7"
        "</UnstructuredPersonalUserName></PersonalNameInformation></NameInformation><DateOfBirth>7</DateOfBirth>"
        "<UserAddressInformation><ElectronicAddress><ElectronicAddressType>mailto</ElectronicAddressType>"
        "<ElectronicAddressData>7</ElectronicAddressData></ElectronicAddress></UserAddressInformation>"
        "</UserOptionalFields><ItemId><ItemIdentifierValue>30100001</ItemIdentifierValue></ItemId><Title>Cymru</Title>"
    )
    assert covered(text, personal=True) == text.replace(">7<", ">*<")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8", "latin-1"])
def test_character_sets(encoding: str) -> None:
    mark = {"utf-16-le": "\ufeff", "utf-16-be": "\ufeff", "utf-8": "\ufeff"}.get(encoding, "")
    text = mark + message("<AuthenticationInputData>pîn</AuthenticationInputData><Title>Yr Ŵyl</Title>")
    text = text if encoding != "latin-1" else text.replace("Ŵ", "W")
    assert covered(text, encoding=encoding) == text.replace("pîn", "***" if encoding != "utf-8" else "****")


def test_half_a_unit_at_the_end() -> None:
    octets = b"\xff\xfe" + message("<AuthenticationInputData>12").encode("utf-16-le")
    masked = mask(octets + b"3")
    assert masked is not None
    assert masked[-1:] == b"*"
    assert b"1" not in masked


@pytest.mark.parametrize(
    ("octets", "kept"),
    [
        ("<AuthenticationInputData>12", "<AuthenticationInputData>"),
        ("<AuthenticationInputData>12<3</AuthenticationInputData>", "<AuthenticationInputData>"),
        ("<AuthenticationInputData 12</AuthenticationInputData>", ""),
        ("<AuthenticationInputData>12</AuthenticationInputDat", "<AuthenticationInputData>"),
        ("<AgencyId>12</AgencyIds>x", "<AgencyId>"),
        ("<AuthenticationInputData>12<b>3</AuthenticationInputData>", "<AuthenticationInputData>"),
        ("</LookupItem>12", ""),
        ("<!-- 12", ""),
        ("<?12", ""),
        ("<!DOCTYPE a>12", ""),
        ("<?xml version='1.0'?>12", ""),
    ],
)
def test_behind_the_first_thing_that_is_wrong_nothing_stays(octets: str, kept: str) -> None:
    start = "<NCIPMessage><LookupUser>"
    masked = covered(start + octets, personal=True)
    assert masked.startswith(start + kept)
    assert set(masked[len(start + kept) :]) <= {"*"}


@pytest.mark.parametrize("name", ["Ext", "x"])
def test_what_is_too_deep_is_not_looked_at(name: str) -> None:
    deep = "<NCIPMessage>" + f"<{name}>" * 63
    assert covered(deep + "<Ext/>") == deep + "*" * 6
    assert covered(deep + f"<{name}>" * 100_000) == deep + "*" * ((len(name) + 2) * 100_000)


def test_behind_the_last_tag_nothing_stays_but_another_document() -> None:
    text = message("")
    assert covered(text + "\n" + text) == text + "\n" + text
    assert covered(text + "\n12 " + text) == text + "*" * (len(text) + 4)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"secret",
        b"  ",
        b"<LookupUser>1234</LookupUser>",
        b"<html><body>1234</body></html>",
        b'<!DOCTYPE NCIPMessage [<!ENTITY pin "1234">]><NCIPMessage>&pin;</NCIPMessage>',
        b'<?xml version="1.0" encoding="UTF-7"?><NCIPMessage/>',
        b'<?xml version="1.0" encoding="IBM037"?><NCIPMessage/>',
        '<NCIPMessage version="1"/>'.encode("utf-16-le"),
        '<NCIPMessage version="1"/>'.encode("utf-32"),
        b"xml=%3CNCIPMessage%3E",
        b"POST / HTTP/1.0\r\n\r\n<NCIPMessage/>",
    ],
)
def test_what_is_no_document_is_not_kept(octets: bytes) -> None:
    assert mask(octets) is None


def test_one_damaged_octet_shows_no_secret() -> None:
    octets = LOOKUP.encode()
    places = [found.span() for found in re.finditer(SECRET.encode(), octets)]
    for at in range(len(octets)):
        if any(start <= at < stop for start, stop in places):
            continue
        for value in b"<>/\"'!? \0x&[]-:=\xff":
            masked = mask(octets[:at] + bytes((value,)) + octets[at + 1 :])
            assert SECRET.encode() not in (masked or b""), (at, value)


def test_nor_does_one_that_is_missing_or_one_too_many() -> None:
    octets = LOOKUP.encode()
    for at in range(len(octets)):
        for damaged in (octets[:at], octets[:at] + octets[at + 1 :], octets[:at] + b"<" + octets[at:]):
            for personal in (False, True):
                assert SECRET.encode() not in (mask(damaged, personal=personal) or b""), at


EDITS = st.tuples(
    st.integers(0, len(LOOKUP)),
    st.integers(0, 3),
    st.sampled_from(
        [
            *(
                "<",
                ">",
                "/",
                "</",
                "/>",
                "<!--",
                "-->",
                "<![CDATA[",
                "]]>",
                "<?",
                "?>",
                '"',
                "'",
                "&",
                "n:",
                "x",
                "",
                "=",
            ),
            *("<n:Title>", "</n:Title>", "<n:AgencyId>", "</n:AgencyId>", "<n:Ext>", "</n:Ext>", "<n:Title/>", " "),
            *("</n:AuthenticationInputData>", "</n:AuthenticationInput>", "</n:NCIPMessage>", "<n:NCIPMessage>"),
            *("<!DOCTYPE n:NCIPMessage>", '<?xml version="1.0"?>'),
        ]
    ),
)
"""Where, how many characters go, and what comes."""


@pytest.mark.fuzz
@given(st.lists(EDITS, min_size=1, max_size=5), st.booleans(), st.sampled_from(["utf-8", "utf-16"]))
def test_several_damages_show_no_secret(edits: list[tuple[int, int, str]], personal: bool, encoding: str) -> None:
    places = [found.span() for found in re.finditer(SECRET, LOOKUP)]
    text = LOOKUP
    for at, gone, new in sorted(edits, reverse=True):
        if not any(start - gone < at < stop for start, stop in places):
            text = text[:at] + new + text[at + gone :]
    masked = mask(text.encode(encoding), personal=personal)
    assert SECRET not in (masked or b"").decode(encoding, "replace")


NAMES = st.sampled_from(
    [name for name, kind in CONTENTS.items() if kind.name in ("STRUCTURE", "PLAIN")] + ["Scheme", "Value", "foo", "pin"]
)
HOLDERS = ["AuthenticationInputData", "FromAgencyAuthentication", "FromSystemAuthentication", "x:pin", "Password"]
FORMS = [
    "{0}",
    " {0}\n",
    "<![CDATA[{0}]]>",
    "<!--{0}-->",
    "<Value>{0}</Value>",
    "<x a='{0}'/>",
    "<?{0}?>",
    "<Ext><y>{0}</y></Ext>",
]


@pytest.mark.fuzz
@given(st.lists(NAMES, max_size=6), st.sampled_from(HOLDERS), st.sampled_from(FORMS), st.sampled_from(["", "n:"]),
       st.sampled_from(["utf-8", "utf-16"]), st.booleans(), st.data())  # fmt: skip
def test_wherever_it_stands(
    around: list[str], holder: str, form: str, prefix: str, encoding: str, personal: bool, data: st.DataObject
) -> None:
    inside = form.format("hunter2")
    text = f"<{prefix}{holder}>{inside}</{prefix}{holder}>"
    for name in around:
        text = f"<{prefix}{name}>{text}</{prefix}{name}>"
    octets = f"<{prefix}NCIPMessage>{text}</{prefix}NCIPMessage>".encode(encoding)
    octets = octets[: data.draw(st.integers(1, len(octets)), "cut at")]
    masked = mask(octets, personal=personal)
    assert masked is None or len(masked) == len(octets)
    assert "hunter2" not in (masked or b"").decode(encoding, "replace")


def same_both_ways(octets: bytes) -> bool:
    """Whether the quick way, where it goes at all, leads where the careful one does; and whether it goes."""
    view = view_of(octets).octets
    went = False
    for personal in (False, True):
        quick = _hidden_in_ordinary(view, personal)
        if quick is not None:
            went = True
            assert quick == _hidden_carefully(view, personal)
    return went


@pytest.mark.fuzz
@given(st.lists(NAMES, max_size=6), st.sampled_from([*HOLDERS, "Title", "Surname"]),
       st.sampled_from([*FORMS, "", "<Value Scheme='x'>{0}</Value>", "<Ext/>{0}"]),
       st.integers(0, 400), st.binary(max_size=2))  # fmt: skip
def test_the_quick_way_leads_where_the_careful_one_does(
    around: list[str], holder: str, form: str, at: int, damage: bytes
) -> None:
    text = f"<{holder}>{form.format('hunter2')}</{holder}>"
    for name in around:
        text = f"<{name} xmlns='x'>\n{text}</{name} >"
    octets = f"<?xml version='1.0'?>\n<NCIPMessage version='x'>{text}</NCIPMessage>\n".encode()
    same_both_ways(octets)
    same_both_ways(octets[:at] + damage + octets[at + len(damage) :])


def test_ordinary_documents_go_the_quick_way(shared_data: Callable[[str], Path]) -> None:
    paths = sorted(shared_data("ncip/messages").glob("*.xml"))
    quick = sum(same_both_ways(path.read_bytes()) for path in paths)
    assert same_both_ways(LOOKUP.encode())
    assert quick > len(paths) / 2


@pytest.mark.fuzz
@given(st.binary(max_size=80) | st.binary(max_size=80).map(lambda some: b"<NCIPMessage>" + some))
def test_any_octets(octets: bytes) -> None:
    for personal in (False, True):
        masked = mask(octets, personal=personal)
        assert masked is None or len(masked) == len(octets)


_PEOPLE = {"UserIdentifierValue", "VisibleUserIdentifier", "Surname", "GivenName", "UnstructuredPersonalUserName",
           "ElectronicAddressData", "UnstructuredAddressData", "Street", "Line1", "DateOfBirth",
           "ProblemValue"}  # fmt: skip
_PROOFS = {"AuthenticationInputData", "FromAgencyAuthentication", "FromSystemAuthentication"}


def test_real_documents(shared_data: Callable[[str], Path]) -> None:
    paths = sorted(shared_data("ncip/messages").glob("*.xml"))
    assert paths
    for path in paths:
        octets = path.read_bytes()
        for personal in (False, True):
            masked = mask(octets, personal=personal)
            if masked is None:
                assert b"<!ENTITY" in octets or b"NCIPMessage" not in octets, path.name
                continue
            assert len(masked) == len(octets)
            try:
                before, after = etree.fromstring(octets), etree.fromstring(masked)
            except etree.XMLSyntaxError:
                continue
            for old, new in zip(before.iter(), after.iter(), strict=True):
                if isinstance(old.tag, str):
                    assert old.tag == new.tag
                    bare = (old.text or "").strip()
                    if bare and etree.QName(old).localname in _PROOFS | (_PEOPLE if personal else set()):
                        assert set((new.text or "").strip()) == {"*"}, path.name


def test_every_element_of_the_schemas_is_classified(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("schemas/ncip-lcf-iso18626")
    names = set(re.findall(r'<xs:element name="(\w+)"', (folder / "ncip2/ncip_v2_02.xsd").read_text("utf-8")))
    names |= set(re.findall(r"<!ELEMENT\s+(\w+)", (folder / "ncip1/ncip_v1_0.dtd").read_text("latin-1")))
    names |= set(re.findall(r'element name="(\w+)"', (folder / "ncip2-ext/ncip_version.xsd").read_text("utf-8")))
    assert {name for name in names if not name.endswith("Enum")} - set(CONTENTS) == {"Scheme", "Value"}
