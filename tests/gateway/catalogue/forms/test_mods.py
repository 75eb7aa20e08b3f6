"""MODS 3.7: which element holds what, and what stands in two scripts."""

from __future__ import annotations

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from gateway.catalogue.forms import render
from library_protocols.marc import Record
from tests.gateway.catalogue.forms.records import LEADER, MARC21, UNIMARC, catalogue_record, field

_SPACES = {"m": "http://www.loc.gov/mods/v3"}


def texts(path: str, record: Record = MARC21) -> list[str]:
    """What an XPath finds; every step in MODS's namespace unless it is an attribute or a function."""
    tree = etree.fromstring(render("mods", catalogue_record(record)))
    return [
        found if isinstance(found, str) else "".join(found.itertext()) for found in tree.xpath(path, namespaces=_SPACES)
    ]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("m:titleInfo[not(@type)]/m:nonSort", ["The "]),
        ("m:titleInfo[not(@type)]/m:title", ["history of Wales", "История Уэльса"]),
        ("m:titleInfo[not(@type)]/m:subTitle", ["a short <account>"]),
        ("m:titleInfo[@type='alternative']/m:title", ["Hanes Cymru"]),
        ("m:titleInfo[@type='uniform']/m:title", ["Mabinogion"]),
        ("m:titleInfo[@altRepGroup='02']/m:title", ["history of Wales", "История Уэльса"]),
        ("m:titleInfo[@script='Cyrl']/m:title", ["История Уэльса"]),
        ("m:name[@usage='primary']/m:namePart[not(@type)]", ["Jones, J. Graham"]),
        ("m:name[@usage='primary']/m:namePart[@type='date']", ["1943-"]),
        ("m:name[@usage='primary']//m:roleTerm[@type='text']", ["author"]),
        ("m:name[@type='corporate']/m:namePart", ["Wales", "National Assembly"]),
        ("m:typeOfResource", ["text"]),
        ("m:genre[@authority='lcgft']", ["Guidebooks"]),
        ("m:originInfo/@eventType", ["publication"]),
        ("m:originInfo/m:place/m:placeTerm[@type='text']", ["Cardiff"]),
        ("m:originInfo/m:place/m:placeTerm[@authority='marccountry']", ["wlk"]),
        ("m:originInfo/m:dateIssued[not(@encoding)]", ["1985"]),
        ("m:originInfo/m:dateIssued[@encoding='marc']", ["1985"]),
        ("m:originInfo/m:edition", ["2nd ed."]),
        ("m:originInfo/m:issuance", ["monographic"]),
        ("m:language/m:languageTerm", ["eng", "wel"]),
        ("m:physicalDescription/m:extent", ["xii, 200 p. : ill. ; 22 cm."]),
        ("m:physicalDescription/m:form[@authority='rdacarrier']", ["volume"]),
        ("m:physicalDescription/m:internetMediaType", ["application/pdf"]),
        ("m:abstract", ["A summary, etc."]),
        ("m:tableOfContents", ["Part one -- Part two"]),
        ("m:note[@type='statement of responsibility']", ["J.G. Jones & others"]),
        ("m:note[not(@type)]", ["Includes index"]),
        ("m:subject[@authority='lcsh']/m:topic", ["Castles"]),
        ("m:subject[@authority='lcsh']/m:geographic", ["Wales"]),
        ("m:subject[@authority='lcsh']/m:temporal", ["To 1536"]),
        ("m:subject/m:name/m:namePart[not(@type)]", ["Glyndŵr, Owain"]),
        ("m:subject[@authority='fast']/m:geographic", ["Wales"]),
        ("m:subject[not(@authority)]/m:topic", ["Rebellion", "Nations"]),
        ("m:classification[@authority='ddc'][@edition='22']", ["942.9"]),
        ("m:relatedItem[@type='host']/m:titleInfo/m:title", ["Welsh review"]),
        ("m:relatedItem[@type='host']/m:part/m:text", ["vol. 3"]),
        ("m:relatedItem[@type='host']/m:identifier[@type='issn']", ["0043-2458"]),
        ("m:relatedItem[@type='preceding']/m:identifier[@type='oclc']", ["77"]),
        ("m:relatedItem[@type='series']/m:titleInfo/m:title", ["Pocket guides"]),
        ("m:relatedItem[@type='constituent']/m:name/m:namePart", ["Anon"]),
        ("m:identifier[@type='isbn'][not(@invalid)]", ["0863830013"]),
        ("m:identifier[@invalid='yes']", ["0863830021"]),
        ("m:identifier[@type='doi']", ["10.1000/182"]),
        ("m:location/m:url[@usage]", ["https://example.org/a?b=1&c=2"]),
        ("m:location/m:physicalLocation", ["ABER, Hugh Owen", "BANGOR, MAIN"]),
        ("m:location/m:shelfLocator", ["DA714 .J66"]),
        ("m:accessCondition", ["Reading room only", "Open licence"]),
        ("m:recordInfo/m:recordIdentifier[@source='UkAbA']", ["b42"]),
        ("m:recordInfo/m:recordContentSource[@authority='marcorg']", ["UkAbA"]),
        ("m:recordInfo/m:recordCreationDate", ["850101"]),
        ("m:recordInfo/m:recordChangeDate", ["20261122120000.0"]),
        ("m:recordInfo/m:descriptionStandard", ["aacr2", "rda"]),
        ("m:recordInfo/m:languageOfCataloging/m:languageTerm", ["eng"]),
    ],
)
def test_marc21(path: str, found: list[str]) -> None:
    assert texts(path) == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("m:titleInfo/m:nonSort", ["Le "]),
        ("m:titleInfo/m:title", ["monde", "Autre titre"]),
        ("m:titleInfo/m:subTitle", ["roman"]),
        ("m:note[@type='statement of responsibility']", ["Édouard Sans ; traduit par X"]),
        ("m:name[@usage='primary']//m:roleTerm[@authority='marcrelator']", ["aut"]),
        ("m:name//m:roleTerm[@authority='unimarcrelator']", ["999"]),
        ("m:name[@type='conference']/m:namePart", ["Congrès", "Section"]),
        ("m:typeOfResource", ["text"]),
        ("m:originInfo/m:issuance", ["serial"]),
        ("m:originInfo/m:dateIssued[@encoding='marc']", ["1969"]),
        ("m:language/m:languageTerm", ["fre"]),
        ("m:targetAudience", ["adult"]),
        ("m:subject[@authority='rameau']/m:geographic", ["Allemagne"]),
        ("m:subject[@authority='rameau']/m:temporal", ["19e siècle"]),
        ("m:relatedItem[@type='series']/m:titleInfo/m:title", ["Bibliothèque"]),
        ("m:relatedItem[@type='host']/m:identifier[@type='issn']", ["0000-0019"]),
        ("m:classification[@authority='ddc'][@edition='22']", ["780.92"]),
        ("m:recordInfo/m:recordContentSource[not(@authority)]", ["Abes"]),
        ("m:recordInfo/m:recordCreationDate", ["700101"]),
    ],
)
def test_unimarc(path: str, found: list[str]) -> None:
    assert texts(path, UNIMARC) == found


def test_odd_codes_never_become_attributes_that_break_the_document() -> None:
    record = Record(
        LEADER,
        (("005", "yesterday"), ("008", '||||||"<>&|||||&"<')),
        (
            field("650", " 7", "$aCats$2 a b"),
            field("084", "  ", '$aX$2"<'),
            field("700", "1 ", "$aA$4http://x/aut$eX y"),
        ),
    )
    assert texts("m:subject/@authority", record) == []
    assert texts("m:classification", record) == ["X"]
    assert texts("m:recordInfo/m:recordChangeDate", record) == []
    assert texts("m:name//m:roleTerm[@type='code']", record) == ["aut"]


def test_what_is_no_address_is_a_note() -> None:
    """The first is how a record of a real union catalogue of periodicals has it."""
    links = (
        field("856", "4 ", "$uhttp://www.eclac.cl ou http://www.eclac.org"),
        field("856", "4 ", "$uhttp://x/a b$3Map"),
        field("856", "42", "$uAsk at the desk$3Index"),
    )
    record = Record(LEADER, (("001", "1"),), links)
    assert texts("m:location/m:url", record) == ["http://www.eclac.cl", "http://www.eclac.org", "http://x/a%20b"]
    assert texts("m:note", record) == ["Index: Ask at the desk"]
