"""Dublin Core: which element holds what, from MARC 21 and from UNIMARC."""

from __future__ import annotations

from collections import defaultdict

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from gateway.catalogue.forms import render
from library_protocols.marc import Record
from tests.gateway.catalogue.forms.records import LEADER, MARC21, UNIMARC, catalogue_record, field

_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


def elements(form: str, record: Record) -> dict[str, list[str]]:
    """Texts by element, with the scheme behind an @ where there is one."""
    found: dict[str, list[str]] = defaultdict(list)
    for child in etree.fromstring(render(form, catalogue_record(record))):
        prefix = "dcterms:" if child.tag.startswith("{http://purl.org/dc/terms/}") else ""
        scheme = child.get(_TYPE, "").replace("dcterms:", "@")
        found[prefix + etree.QName(child).localname].append((child.text or "") + scheme)
    return dict(found)


MARC21_DC = {
    "title": ["The history of Wales : a short <account>", "Hanes Cymru", "История Уэльса"],
    "creator": ["Jones, J. Graham, 1943-", "Джонс, Дж."],
    "contributor": ["Davies, Ann", "Wales. National Assembly"],
    "subject": [
        "Glyndŵr, Owain, 1354-1416--Biography",
        "Castles--Wales--To 1536",
        "Wales",
        "Rebellion",
        "Nations",
        "DA714 .J66 1985",
        "942.9",
    ],
    "description": ["A summary, etc.", "Part one -- Part two", "Includes index"],
    "publisher": ["University of Wales Press"],
    "date": ["1985"],
    "type": ["Text", "Guidebooks"],
    "format": ["application/pdf", "xii, 200 p. : ill. ; 22 cm."],
    "identifier": [
        "info:lccn/85012345",
        "urn:isbn:0863830013",
        "urn:issn:1234-5679",
        "https://doi.org/10.1000/182",
        "info:oclcnum/123456",
        "https://example.org/a?b=1&c=2",
    ],
    "language": ["eng", "wel"],
    "relation": ["Anon. Englynion", "Welsh review. vol. 3", "Old title", "Pocket guides. 4"],
    "coverage": ["Wales"],
    "rights": ["Reading room only", "Open licence"],
}


@pytest.mark.parametrize("form", ["oai_dc", "dc"])
def test_marc21_as_the_fifteen_elements(form: str) -> None:
    assert elements(form, MARC21) == MARC21_DC


def test_unimarc_as_the_fifteen_elements() -> None:
    assert elements("oai_dc", UNIMARC) == {
        "title": ["Le monde : roman", "Autre titre"],
        "creator": ["Sans, Édouard, 1900-1980"],
        "contributor": ["Muster, Eva", "Congrès. Section"],
        "subject": ["Philosophie--Allemagne--19e siècle", "780.92"],
        "description": ["Un résumé", "Chapitre un Chapitre deux", "Une note"],
        "publisher": ["C. Klincksieck"],
        "date": ["1969"],
        "type": ["Text"],
        "format": ["1 vol. (479 p.) ; ill. ; 24 cm"],
        "identifier": [
            "urn:isbn:2-07-036822-X",
            "urn:issn:0294-1767",
            "info:oclcnum/419458613",
            "https://example.org/u7",
        ],
        "language": ["fre"],
        "relation": ["Bibliothèque", "Revue. 3"],
        "coverage": ["Allemagne"],
    }


def test_dcterms_refines_and_names_schemes() -> None:
    found = elements("dcterms", MARC21)
    assert found["dcterms:alternative"] == ["Mabinogion", "Hanes Cymru"]
    assert found["subject"][0] == "Glyndŵr, Owain, 1354-1416--Biography@LCSH"
    assert found["subject"][-2:] == ["DA714 .J66 1985@LCC", "942.9@DDC"]
    assert found["language"] == ["eng@ISO639-2", "wel@ISO639-2"]
    assert found["dcterms:isPartOf"] == ["Welsh review. vol. 3", "Pocket guides. 4"]
    assert found["dcterms:replaces"] == ["Old title"]
    assert found["dcterms:abstract"] == ["A summary, etc."]
    assert found["dcterms:tableOfContents"] == ["Part one -- Part two"]
    assert found["dcterms:issued"] == ["1985"]
    assert found["dcterms:medium"] == ["volume"]
    assert found["identifier"][1] == "urn:isbn:0863830013@URI"
    assert found["dcterms:temporal"] == ["To 1536"]


@pytest.mark.parametrize(
    ("fixed", "printed", "dates"),
    [
        ("s1985    ", "c1985.", ["1985"]),
        ("m19851990", "1985-1990.", ["1985-1990"]),
        ("c19859999", "1985-", ["1985"]),
        ("r19851970", "1985.", ["1985"]),
        ("s198u    ", "198-?", ["198-?"]),
        ("||||||||||", "[ca. 1900]", ["ca. 1900"]),
    ],
)
def test_dates(fixed: str, printed: str, dates: list[str]) -> None:
    imprint = (field("260", "  ", f"$aX :$bY,$c{printed}"),)
    record = Record(LEADER, (("008", f"850101{fixed}xxu"),), imprint)
    assert elements("oai_dc", record)["date"] == dates


def test_nothing_is_said_twice_and_nothing_empty_at_all() -> None:
    record = Record(
        LEADER, (), (field("650", " 0", "$aCats."), field("650", " 1", "$aCats"), field("653", "  ", "$a "))
    )
    assert elements("oai_dc", record) == {"subject": ["Cats"], "type": ["Text"]}
