"""Who gets a page, and that a page is made of nothing but its answer."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from lxml import html

from gateway.doors import pages
from gateway.doors.pages import HEADERS, Pages, prefers_page

CHROMIUM = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7"
)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (CHROMIUM, True),
        (FIREFOX, True),
        (FIREFOX.upper(), True),
        ("Application/XHTML+XML,Text/HTML;Q=0.9,text/XML;q=0.8", True),
        # what programs say, old Java's own client among them
        (JAVA, False),
        ("", False),
        ("*/*", False),
        ("text/xml", False),
        ("application/sru+xml", False),
        ("text/html", False),
        ("application/xhtml+xml,text/html;q=0.5,text/xml;q=0.5", False),
        ("application/xhtml+xml,text/html;q=0.4,application/xml;q=0.5", False),
        ("application/xhtml+xml,text/html;q=0", False),
        ("application/xhtml+xml,text/html;q=much", False),
        # what is no weight (RFC 9110 12.4.2) says nothing about its type; the first one counts
        ("application/xhtml+xml,text/html;q=inf", False),
        ("application/xhtml+xml,text/html;q=2", False),
        ("application/xhtml+xml,text/html;q=1.001", False),
        ("application/xhtml+xml;q=-1,text/html", False),
        ("application/xhtml+xml,text/html;q=0.5,text/xml;q=nan", True),
        ("application/xhtml+xml,text/html;q=0.5,text/xml;q=inf", True),
        ("application/xhtml+xml,text/html;q=0.5,text/xml;q=1e0", True),
        ("application/xhtml+xml,text/html;q=0.5;q=0.1,text/xml;q=0.4", True),
        ("application/xhtml+xml,text/html;q=0.1;q=0.5,text/xml;q=0.4", False),
        ("application/xhtml+xml;q=0.1,text/html;q=0.9,application/sru+xml;q=0.8", True),
    ],
)
def test_a_browser_gets_a_page_and_a_program_does_not(accept: str, page: bool) -> None:
    assert prefers_page(accept) is page


async def test_a_page_runs_nothing_and_has_our_style_alone() -> None:
    page = await Pages("gateway.adapters.oai_pmh").refusal(404, "No <b>such</b> thing", "http://h/oai?a='b'")
    assert page is not None
    [style] = re.findall(rb"<style>(.*?)</style>", page, re.DOTALL)
    policy = HEADERS["Content-Security-Policy"]
    assert base64.b64encode(hashlib.sha256(style).digest()).decode() in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert b"<script" not in page
    document = html.document_fromstring(page)
    assert document.findtext(".//p[@role='alert']") == "No <b>such</b> thing"
    assert document.findtext(".//footer//code") == "curl 'http://h/oai?a=%27b%27'"


@pytest.mark.parametrize("answer", [b"<a>", b"", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&d;</a>'])
async def test_what_is_no_xml_makes_no_page(answer: bytes) -> None:
    assert await Pages("gateway.adapters.sru").made(answer, "") is None


@pytest.mark.parametrize("address", ["http://h/\0", "http://h/\x0b", "http://h/\udcff"])
async def test_what_xml_cannot_have_makes_no_page(address: str) -> None:
    assert await Pages("gateway.adapters.sru").refusal(404, "no", address) is None


async def test_entities_are_not_read() -> None:
    answer = b'<!DOCTYPE refusal [<!ENTITY e SYSTEM "file:///etc/passwd">]><refusal status="1">a&e;b</refusal>'
    page = await Pages("gateway.adapters.sru").made(answer, "")
    assert page is None or b"root:" not in page


async def test_an_answer_too_large_for_a_browser_makes_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_OCTETS", 30)
    made = Pages("gateway.adapters.sru")
    assert await made.refusal(404, "small", "") is None
    monkeypatch.setattr(pages, "MOST_OCTETS", 40)
    assert await made.refusal(404, "small", "") is not None
