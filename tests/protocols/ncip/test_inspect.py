"""Every octet belongs to a span, every element says what it is, and nothing makes it fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.ncip.inspect import Inspection, Span, dialect_words, inspect
from library_protocols.ncip.mask import mask

LOOKUP = b"""<?xml version="1.0" encoding="UTF-8"?>
<n:NCIPMessage xmlns:n="http://www.niso.org/2008/ncip" version="2_02">
 <n:LookupUser>
  <n:AuthenticationInput><n:AuthenticationInputData>&lt;12&#51;</n:AuthenticationInputData>
   <n:AuthenticationDataFormatType>text</n:AuthenticationDataFormatType>
   <n:AuthenticationInputType>pin</n:AuthenticationInputType></n:AuthenticationInput>
  <n:UserElementType n:Scheme="x">Shoe Size</n:UserElementType>
  <n:Shoe>43</n:Shoe>
  <n:LoanedItemsDesired/>
 </n:LookupUser>
</n:NCIPMessage>"""


def elements(inspection: Inspection) -> dict[str, Span]:
    """The spans of elements by path."""
    return {span.code: span for span in inspection.spans if span.code}


def whole(inspection: Inspection) -> bool:
    at = 0
    for span in inspection.spans:
        if span.offset != at or span.length < 1:
            return False
        at += span.length
    return at == len(inspection.data)


def test_a_document() -> None:
    found = inspect(LOOKUP)
    assert whole(found)
    assert found.dialect is not None
    assert dialect_words(found.dialect) == "NCIP 2.02, prefix n, version without namespace"
    spans = elements(found)
    assert list(spans) == [
        "LookupUser",
        "LookupUser/AuthenticationInput",
        "LookupUser/AuthenticationInput/AuthenticationInputData",
        "LookupUser/AuthenticationInput/AuthenticationDataFormatType",
        "LookupUser/AuthenticationInput/AuthenticationInputType",
        "LookupUser/UserElementType",
        "LookupUser/Shoe",
        "LookupUser/LoanedItemsDesired",
    ]
    service, _, data, _, kind, *_ = spans.values()
    assert (service.line, service.kind, service.depth, service.clause) == (3, "header", 1, "1.0 to 2.02")
    assert service.meaning.startswith("Who a user is")
    assert LOOKUP[data.offset : data.offset + data.length].startswith(b"<n:AuthenticationInputData>&lt;12")
    assert (data.line, data.kind, data.value) == (4, "field", "<123")
    assert (kind.line, kind.meaning, kind.remarks) == (6, "listed as PIN", ())
    assert spans["LookupUser/UserElementType"].remarks == ("not in the list of UserElementType",)
    unknown = spans["LookupUser/Shoe"]
    assert (unknown.kind, unknown.value, unknown.line) == ("unknown", "43", 8)
    assert unknown.remarks == ("an element that does not belong here",)
    assert any("version outside the namespace" in remark for remark in found.remarks)


def test_what_is_covered_is_not_judged() -> None:
    masked = mask(LOOKUP)
    assert masked is not None
    spans = elements(inspect(masked))
    data = spans["LookupUser/AuthenticationInput/AuthenticationInputData"]
    assert (data.meaning, data.remarks) == ("covered", ())


def test_generation_1() -> None:
    found = inspect(
        b'<!DOCTYPE NCIPMessage PUBLIC "-//NISO//NCIP DTD Version 1.0//EN" "http://www.niso.org/ncip_v1_0.dtd">'
        b'<NCIPMessage version="x"><CheckInItemResponse><ResponseHeader/><Problem><ProcessingError>'
        b"<ProcessingErrorType><Scheme>s</Scheme><Value>Unknown Item</Value></ProcessingErrorType>"
        b"<ProcessingErrorElement><ElementName>UniqueItemId</ElementName><ProcessingErrorValue>7</ProcessingErrorValue>"
        b"</ProcessingErrorElement></ProcessingError></Problem></CheckInItemResponse></NCIPMessage>"
    )
    assert whole(found)
    assert found.dialect is not None
    assert dialect_words(found.dialect) == "NCIP 1.0, document type"
    spans = elements(found)
    kind = spans["CheckInItemResponse/Problem/ProcessingError/ProcessingErrorType"]
    assert (kind.kind, kind.value, kind.meaning, kind.clause) == ("field", "Unknown Item", "a standard problem", "1.0")
    value = spans["CheckInItemResponse/Problem/ProcessingError/ProcessingErrorElement/ProcessingErrorValue"]
    assert (value.value, value.kind) == ("7", "field")
    header = next(remark for remark in found.remarks if "required and not there" in remark)
    assert "ProblemType" not in str(found.remarks)
    assert header == "CheckInItemResponse/ResponseHeader (line 1): required and not there: FromAgencyId, ToAgencyId"


@pytest.mark.parametrize(
    ("inside", "path", "meaning", "remarks"),
    [
        ("<DateDue>2026-11-22T10:00:00+01:00</DateDue>", "DateDue", "2026-11-22T09:00:00Z", ()),
        ("<DateDue>22.11.2026</DateDue>", "DateDue", "", ("no date",)),
        ("<RenewalCount>-1</RenewalCount>", "RenewalCount", "", ("no such number",)),
        ("<Problem><ProblemType>unknown USER</ProblemType></Problem>", "Problem/ProblemType", "a standard problem", ()),
        ("<Problem><ProblemType>Oops</ProblemType></Problem>", "Problem/ProblemType", "",
         ("no problem type of the standard",)),
        ("<RequiredFeeAmount><CurrencyCode>GBP</CurrencyCode><MonetaryValue>250</MonetaryValue></RequiredFeeAmount>",
         "RequiredFeeAmount/MonetaryValue", "2.50 GBP", ()),
        ("<RequiredFeeAmount><CurrencyCode>JPY</CurrencyCode><MonetaryValue>250</MonetaryValue></RequiredFeeAmount>",
         "RequiredFeeAmount/MonetaryValue", "250 JPY", ()),
    ],
)  # fmt: skip
def test_what_values_say(inside: str, path: str, meaning: str, remarks: tuple[str, ...]) -> None:
    document = f'<NCIPMessage xmlns="http://www.niso.org/2008/ncip"><RenewItemResponse>{inside}</RenewItemResponse></NCIPMessage>'
    span = elements(inspect(document.encode()))[f"RenewItemResponse/{path}"]
    assert (span.meaning, span.remarks) == (meaning, remarks)


def test_a_visible_identifier_needs_no_agency() -> None:
    found = inspect(
        b"<NCIPMessage version='http://www.niso.org/ncip/v1_0/imp1/dtd/ncip_v1_0.dtd'><LookupUser><VisibleUserId>"
        b"<VisibleUserIdentifierType><Scheme/><Value>Barcode</Value></VisibleUserIdentifierType>"
        b"<VisibleUserIdentifier>7</VisibleUserIdentifier></VisibleUserId></LookupUser></NCIPMessage>"
    )
    assert not any("VisibleUserId" in remark for remark in found.remarks)
    assert elements(found)["LookupUser/VisibleUserId/VisibleUserIdentifier"].kind == "field"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_character_sets(encoding: str) -> None:
    data = '<NCIPMessage version="1">\n<LookupUser>\n<!-- x --><Shoe>Ŵ</Shoe></LookupUser></NCIPMessage>'.encode(
        encoding
    )
    found = inspect(data)
    assert whole(found)
    shoe = elements(found)["LookupUser/Shoe"]
    assert (shoe.value, shoe.line) == ("Ŵ", 3)


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (b"<NCIPMessage><LookupUser><UserId", ["LookupUser"]),
        (b"<NCIPMessage><LookupUser></UserId></LookupUser>", ["LookupUser"]),
        (b"<NCIPMessage><LookupUser><UserId></LookupUser></NCIPMessage>", ["LookupUser", "LookupUser/UserId"]),
        (b"<NCIPMessage></NCIPMessage></NCIPMessage><a/>", []),
        (b"", []),
        (b"hello", []),
    ],
)
def test_what_cannot_be_read_is_explained_up_to_there(data: bytes, seen: list[str]) -> None:
    found = inspect(data)
    assert whole(found)
    assert found.envelope is None
    assert "to be answered with" in found.remarks[0]
    assert list(elements(found)) == seen


def test_what_is_too_deep_is_not_looked_at() -> None:
    found = inspect(b"<NCIPMessage>" + b"<a>" * 200_000)
    assert whole(found)
    assert len(found.spans) < 100
    assert found.spans[-1].meaning.startswith("not looked at")


PIECES = [
    *(b"<NCIPMessage>", b"</NCIPMessage>", b"<LookupUser>", b"</LookupUser>", b"<UserId>", b"</UserId>", b"<Ext>"),
    *(b"<AgencyId>", b"<Scheme>", b"</Scheme>", b"<Value>", b"</AgencyId>", b"<![CDATA[", b"]]>", b"<Problem/>"),
    *(b"<", b"\xff\xfe", b"&amp;", b"\n", b"x"),
]


@pytest.mark.fuzz
@given(st.binary(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join))
def test_any_octets(data: bytes) -> None:
    assert whole(inspect(data))


def test_real_documents(shared_data: Callable[[str], Path]) -> None:
    paths = sorted(shared_data("ncip/messages").glob("*.xml"))
    assert paths
    for path in paths:
        found = inspect(path.read_bytes())
        assert whole(found), path.name
        if found.envelope is None or found.envelope.deviations:
            continue
        unknown = [span.code for span in found.spans if span.kind == "unknown" and "/Ext/" not in span.code]
        assert unknown == [], path.name
