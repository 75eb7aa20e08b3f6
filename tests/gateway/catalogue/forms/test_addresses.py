"""Addresses as cataloguers write them, and what of them a schema takes as a URI."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from gateway.catalogue.forms.addresses import addresses, is_uri

XS = "http://www.w3.org/2001/XMLSchema"
ANY_URI = etree.XMLSchema(
    etree.fromstring(f'<s:schema xmlns:s="{XS}"><s:element name="a" type="s:anyURI"/></s:schema>')
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://example.org/a?b=1&c=2#d", ["https://example.org/a?b=1&c=2#d"]),
        ("http://www.eclac.cl ou http://www.eclac.org", ["http://www.eclac.cl", "http://www.eclac.org"]),
        ("Texte : http://x/ ; http://y/a", ["http://x/", "http://y/a"]),
        (" , http://x", ["http://x"]),
        ("http://archive.example/2003/http://x.example/", ["http://archive.example/2003/http://x.example/"]),
        ("http://x/a b.pdf", ["http://x/a%20b.pdf"]),
        ("http://x/é/Łódź", ["http://x/é/Łódź"]),
        ("http://x/{a}[1]<2>", ["http://x/%7Ba%7D%5B1%5D%3C2%3E"]),
        ("http://x/100%", ["http://x/100%25"]),
        ("http://x/a#b#c", ["http://x/a#b%23c"]),
        ("http://[::1]:80/x?y[]=1", ["http://[::1]:80/x?y%5B%5D=1"]),
        ("www.example.org/a", ["www.example.org/a"]),
        ("mailto:post@example.org", ["mailto:post@example.org"]),
        ("http://x:port/", []),
        ("http://[x/", []),
        ("::", []),
        ("Ask at the desk", []),
        ("", []),
    ],
)
def test_addresses(text: str, found: list[str]) -> None:
    assert addresses(text) == found


@pytest.mark.parametrize(
    ("text", "whether"),
    [("urn:isbn:9780306406157", True), ("http://x/é", True), ("urn:isbn:9 (pbk.)", False), ("http://x/%zz", False),
     ("www.example.org", False), ("a/b:c", False), ("10.1000/182", False)],
)  # fmt: skip
def test_what_may_be_typed_as_a_uri(text: str, whether: bool) -> None:
    assert is_uri(text) is whether


@pytest.mark.fuzz
@given(st.text() | st.lists(st.sampled_from([*"ax1:/?#[]@ %2é\\<{.", "http://", " http://", ":80"])).map("".join))
def test_whatever_is_written_the_schema_takes_what_comes_of_it(text: str) -> None:
    for found in addresses(text):
        element = etree.Element("a")
        element.text = found
        assert ANY_URI.validate(element), found
