"""What a person meets in a browser: searches, scans, explain, facets and refusals as pages that lead on."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from lxml import html

from tests.gateway.adapters.sru.conftest import Asked

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def shown(answer: httpx.Response) -> Any:
    """The page, after what holds of every one was found."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["vary"] == "Accept"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    document = html.document_fromstring(answer.content)
    assert document.find(".//script") is None
    return document


async def browse(asked: Asked, path: str = "/sru/aber", **sent: str) -> Any:
    return shown(await asked.get(path, accept=BROWSER, **sent))


def link(page: Any, words: str) -> dict[str, str]:
    [address, *_] = [each.get("href") for each in page.iter("a") if each.text_content().strip() == words]
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query, strict_parsing=True).items()}


async def test_a_search_leads_on_and_to_its_beginning(asked: Asked) -> None:
    first = await browse(asked, query='dc.title = "wales"', maximumRecords="2", recordSchema="dc")
    assert first.find(".//input[@name='query']").get("value") == 'dc.title = "wales"'
    assert "3 records" in first.text_content()
    assert [each.text for each in first.iterfind(".//section//h2")] == ["Wales at war", "The book of Wales"]
    second = await browse(asked, **link(first, "More"))
    assert [each.text for each in second.iterfind(".//section//h2")] == ["A history of Wales"]
    assert "More" not in [each.text for each in second.iter("a")]
    again = await browse(asked, **link(second, "Beginning"))
    assert [each.text for each in again.iterfind(".//section//h2")] == ["Wales at war", "The book of Wales"]
    old = await browse(asked, query="wales", operation="searchRetrieve", version="1.1", maximumRecords="2")
    assert len((await browse(asked, **link(old, "More"))).findall(".//section")) == 1


async def test_marc_is_shown_by_its_fields_in_either_schema(asked: Asked) -> None:
    for schema in ("marcxml", "marcxchange"):
        page = await browse(asked, query="fish", recordSchema=schema)
        assert [each.text for each in page.iterfind(".//section//h2")] == ["Fish"]
        assert [each.text for each in page.iter("dt")] == ["leader", "001", "245 10"]
        assert [each.text_content().strip() for each in page.iter("dd")][1:] == ["b3", "$aFish"]


async def test_a_page_holds_a_hundred_records(asked: Asked) -> None:
    asked.settle(search_records=500)
    for number in range(130):
        asked.shelf.put("aber", f"Sheep {number}")
    page = await browse(asked, query="sheep", maximumRecords="500")
    assert len(page.findall(".//section")) == 100
    assert link(page, "More")["startRecord"] == "101"
    assert len((await asked.search("sheep", maximumRecords="500")).records) == 130


async def test_terms_and_facets_lead_to_searches(asked: Asked) -> None:
    terms = await browse(asked, scanClause="dc.title = A", maximumTerms="3")
    found = await browse(asked, **link(terms, "A history of Wales"))
    assert found.find(".//*[@role='alert']") is None
    assert link(terms, "A history of Wales")["query"].startswith('dc.title == "')
    facets = await browse(asked, query="wales", facetLimit="5:dc.language")
    narrowed = [link(facets, each.text.strip()) for each in facets.iterfind(".//bdi/a")]
    assert narrowed
    assert (await browse(asked, **narrowed[0])).find(".//*[@role='alert']") is None


async def test_a_scan_leads_on_and_back(asked: Asked) -> None:
    for number in range(8):
        asked.shelf.put("aber", f'zebra "{number}"')
    begun = {"scanClause": 'dc.title = "zebra"', "maximumTerms": "3"}
    first = await browse(asked, **begun)
    assert first.find(".//input[@name='query']").get("value") == begun["scanClause"]

    def terms(page: Any) -> list[str]:
        return [each.text_content().strip() for each in page.iterfind(".//td/a")]

    assert terms(first) == ['zebra "0"', 'zebra "1"', 'zebra "2"']
    second = await browse(asked, **link(first, "More"))
    assert terms(second) == ['zebra "3"', 'zebra "4"', 'zebra "5"']
    assert terms(await browse(asked, **link(second, "Back"))) == terms(first)
    last = await browse(asked, **link(second, "More"))
    assert terms(last) == ['zebra "6"', 'zebra "7"']
    assert "More" not in [each.text for each in last.iter("a")]


async def test_explain_and_mistakes_are_told(asked: Asked) -> None:
    page = await browse(asked)
    assert "Aberystwyth" in page.text_content()
    assert "dc.title bath.title bib.title local.title" in page.text_content()
    assert "info:srw/schema/1/marcxml-v1.1" in page.text_content()
    wrong = await browse(asked, query="(")
    assert wrong.find(".//*[@role='alert']") is not None
    gone = await asked.get("/sru/nobody", accept=BROWSER)
    assert (gone.status_code, shown(gone).findtext(".//h1")) == (404, "404")
    closed = await asked.get("/sru/cardiff", accept=BROWSER)
    assert (closed.status_code, "www-authenticate" in closed.headers) == (401, True)
    assert "Who is asking" in shown(closed).findtext(".//*[@role='alert']")


async def test_every_schema_is_shown(asked: Asked) -> None:
    for schema in ("marcxml", "dc", "oai_dc", "dcterms", "mods", "opac", "marcxml-holdings"):
        page = await browse(asked, query="fish", recordSchema=schema)
        assert page.findtext(".//section//h2") == "Fish", schema
        packed = await browse(asked, query="fish", recordSchema=schema, recordXMLEscaping="string")
        assert "Fish" in packed.findtext(".//section/code"), schema


async def test_what_is_shown_to_a_person_is_never_markup(asked: Asked) -> None:
    asked.shelf.put("aber", "&lt;script&gt;alert(1)&lt;/script&gt; wales")
    page = await browse(asked, query='wales or "<script>alert(2)</script>"', maximumRecords="20")
    assert "alert(1)" in page.text_content()
    assert "alert(2)" in page.find(".//input[@name='query']").get("value")


async def test_programs_are_told_nothing_of_pages(asked: Asked) -> None:
    plain = await asked.get(query="wales")
    assert b"<?xml-stylesheet" not in plain.content
    java = await asked.get(accept="text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", query="wales")
    assert java.content == plain.content
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><explainRequest '
        'xmlns="http://www.loc.gov/zing/srw/"><version>1.1</version></explainRequest></e:Body></e:Envelope>'
    )
    soap = await asked.client.post("/sru/aber", content=body, headers={"Content-Type": "text/xml", "Accept": BROWSER})
    assert soap.headers["content-type"].startswith("text/xml")
