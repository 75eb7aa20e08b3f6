"""What a person meets in a browser: every verb, errors and refusals as pages that lead on, and nothing but text."""

from __future__ import annotations

import gzip
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from lxml import html

from gateway.catalogue.records import Provenance
from tests.gateway.adapters.oai_pmh.conftest import Asked

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
LIST = {"verb": "ListRecords", "metadataPrefix": "marc21"}
ODD = "100%+ß '#1'"


def shown(answer: httpx.Response) -> Any:
    """The page, after what holds of every one was found."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept" in answer.headers["vary"].split(", ")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    document = html.document_fromstring(answer.content)
    elements = {element.tag for element in document.iter()}
    assert not elements & {"script", "img", "link", "iframe", "object"}
    assert not [name for element in document.iter() for name in element.attrib if name.startswith("on")]
    return document


def link(page: Any, words: str) -> dict[str, str]:
    """Where the first link of those words leads."""
    [address, *_] = [each.get("href") for each in page.iter("a") if each.text_content().strip() == words]
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query, strict_parsing=True).items()}


async def browse(asked: Asked, arguments: dict[str, str], path: str = "/oai/aber") -> Any:
    return shown(await asked.get(arguments, path, BROWSER))


def fill(asked: Asked, records: int, **chosen: Any) -> None:
    for number in range(records):
        asked.shelf.put("aber", f"r{number}", **chosen)


async def test_a_list_leads_on_to_its_end(asked: Asked) -> None:
    fill(asked, 24)
    page = await browse(asked, LIST)
    assert "Records 1 to 10 of 24" in page.text_content()
    page = await browse(asked, link(page, "Go on"))
    page = await browse(asked, link(page, "Go on"))
    assert "Records 21 to 24 of 24" in page.text_content()
    assert "Go on" not in page.text_content()
    assert len(page.findall(".//section")) == 4


async def test_a_page_holds_fewer_records_than_a_harvesters_part_of_a_list(asked: Asked) -> None:
    asked.settle(page_records=500)
    fill(asked, 130)
    page = await browse(asked, LIST)
    assert len(page.findall(".//section")) == 100
    assert len((await browse(asked, link(page, "Go on"))).findall(".//section")) == 30
    [whole] = await asked.harvest(metadataPrefix="marc21")
    assert len(whole.records) == 130


async def test_what_a_record_says_is_text(asked: Asked) -> None:
    asked.shelf.put("aber", ODD, "&lt;script&gt;alert(1)&lt;/script&gt; كتاب Tŷ", sets=("map",))
    page = await browse(asked, LIST)
    assert page.findtext(".//section//h2") == "<script>alert(1)</script> كتاب Tŷ"
    assert page.find(".//section//h2").get("dir") == "auto"
    identifier = page.findtext(".//section//code")
    assert identifier.startswith("oai:demo.example:aber:100%25")
    one = await browse(asked, link(page, identifier))
    assert one.findtext(".//section//code") == identifier
    assert "Go on" not in one.text_content()
    formats = await browse(asked, link(one, "formats"))
    again = await browse(asked, link(formats, "marc21"))
    assert again.findtext(".//section//code") == identifier
    assert (await browse(asked, link(page, "map"))).findtext(".//section//code") == identifier


async def test_every_verb_is_a_page(asked: Asked) -> None:
    fill(asked, 3, sets=("map",))
    asked.shelf.put("aber", "r1", deleted=True)
    identify = await browse(asked, {"verb": "Identify"})
    assert "Aberystwyth" in identify.text_content()
    assert "sampleIdentifier" in identify.text_content()
    for words in ("Identify", "Formats", "Sets", "Identifiers", "Records"):
        assert (await browse(asked, link(identify, words))).find(".//*[@role='alert']") is None
    sets = await browse(asked, {"verb": "ListSets"})
    assert link(sets, "map")["set"] == "map"
    assert "deleted" in (await browse(asked, {"verb": "ListIdentifiers", "metadataPrefix": "oai_dc"})).text_content()


async def test_where_a_record_comes_from_is_shown(asked: Asked) -> None:
    told = Provenance("https://elsewhere.example/oai", "oai:elsewhere:1", "2024-01-01", "urn:x", "2024-02-01T00:00:00Z")
    asked.shelf.put("aber", "a", provenance=told)
    assert "https://elsewhere.example/oai" in (await browse(asked, LIST)).text_content()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"verb": "junk"}, "badVerb"),
        ({"verb": "GetRecord", "metadataPrefix": "oai_dc", "identifier": "oai:a:b"}, "idDoesNotExist"),
        ({**LIST, "from": "junk"}, "badArgument"),
    ],
)
async def test_errors_are_told(asked: Asked, arguments: dict[str, str], code: str) -> None:
    page = await browse(asked, arguments)
    assert page.findtext(".//*[@role='alert']/strong") == code


async def test_refusals_of_http_are_pages_too(asked: Asked) -> None:
    unknown = await asked.get({"verb": "Identify"}, "/oai/nobody", BROWSER)
    assert unknown.status_code == 404
    assert shown(unknown).findtext(".//*[@role='alert']") == "There is no such catalogue."
    closed = await asked.get({"verb": "Identify"}, "/oai/cardiff", BROWSER)
    assert (closed.status_code, "www-authenticate" in closed.headers) == (401, True)
    assert "name and password" in shown(closed).text_content()
    asked.shelf.away = True
    away = await asked.get({"verb": "Identify"}, headers=BROWSER)
    assert (away.status_code, away.headers["retry-after"]) == (503, "10")
    assert "away for the moment" in shown(away).text_content()
    plain = await asked.get({"verb": "Identify"})
    assert plain.headers["content-type"].startswith("text/plain")


async def test_a_page_is_known_again_and_is_not_the_harvesters_answer(asked: Asked) -> None:
    fill(asked, 3)
    page, answer = await asked.get(LIST, headers=BROWSER), await asked.get(LIST)
    assert page.headers["etag"] != answer.headers["etag"]
    kept = await asked.get(LIST, headers=BROWSER | {"If-None-Match": page.headers["etag"]})
    assert (kept.status_code, kept.headers["vary"]) == (304, "Accept, Accept-Encoding")
    again = await asked.get(LIST, headers=BROWSER | {"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 200


async def test_a_page_is_packed_and_its_head_is_given_alone(asked: Asked) -> None:
    fill(asked, 3)
    async with asked.client.stream("GET", "/oai/aber", params=LIST, headers=BROWSER) as sent:
        packed = b"".join([part async for part in sent.aiter_raw()])
    assert sent.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed).startswith(b"<!DOCTYPE html")
    head = await asked.client.head("/oai/aber", params=LIST, headers=BROWSER)
    assert (head.status_code, head.headers["content-type"]) == (200, "text/html; charset=utf-8")


async def test_places_are_given_back(asked: Asked) -> None:
    fill(asked, 3)
    for _ in range(5):
        await browse(asked, LIST)
    assert (await asked.get(LIST)).status_code == 200
    assert [kept.error for kept in asked.recorded.exchanges] == [None] * 6


async def test_programs_are_told_nothing_of_pages(asked: Asked) -> None:
    fill(asked, 3)
    java = await asked.get(LIST, headers={"Accept": "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"})
    plain = await asked.get(LIST)
    assert java.content == plain.content
    assert b"<?xml-stylesheet" not in plain.content
    asked.valid(plain.content)
