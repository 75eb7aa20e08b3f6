"""A document in tokens without gaps, up to the first thing that is no XML; UTF-16 as one octet a unit."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.ncip.scan import attributes, local, tokens, units, view_of


@pytest.mark.parametrize(
    ("octets", "kinds"),
    [
        (b"<a>x</a >", "start text end"),
        (b"<n:a b='>' c = \"'\"/>", "empty"),
        (b"<?xml version='1.0'?><!DOCTYPE a PUBLIC 'x' \"y\"><a/>", "instruction doctype empty"),
        (b"<!DOCTYPE a SYSTEM 'x'><!-- <a> --><![CDATA[<a>]]>", "doctype comment cdata"),
        (b"<\xc3\xa9t\xc3\xa9>\n", "start text"),
        (b"<a></a><", "start end"),
        (b"<a b=c>", ""),
        (b"<a b='<'>", ""),
        (b"<1>", ""),
        (b"< a>", ""),
        (b"</a b='c'>", ""),
        (b"<!-- ", ""),
        (b"<![CDATA[ ]]", ""),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]>", ""),
        (b"", ""),
    ],
)
def test_tokens(octets: bytes, kinds: str) -> None:
    found = list(tokens(octets))
    assert " ".join(token.kind for token in found) == kinds
    assert all(before.stop == after.start for before, after in pairwise(found))


def test_what_a_token_holds() -> None:
    octets = b"<n:a b=\"it's\" n:c = ''>&amp;<![CDATA[]]]]></n:a>"
    start, text, cdata, end = tokens(octets)
    assert octets[slice(*start.inside)] == octets[slice(*end.inside)] == b"n:a"
    found = [(name, octets[first:last]) for name, first, last in attributes(octets, start.attributes)]
    assert found == [(b"b", b"it's"), (b"n:c", b"")]
    assert octets[slice(*text.inside)] == b"&amp;"
    assert octets[slice(*cdata.inside)] == b"]]"
    assert (local(b"n:a"), local(b"a")) == (b"a", b"a")


def test_views() -> None:
    plain = view_of(b"<a/>")
    assert (plain.octets, plain.width) == (b"<a/>", 1)
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        view = view_of(mark + "<a>ļ 😀</a>".encode(encoding))
        # The mark, the ļ (U+013C, whose low octet is that of `<`) and both halves of the last are no octets.
        assert view.octets == b"\x80<a>\x80 \x80\x80</a>"
        assert view.width == 2
    assert units(b"<\0a", high_first=False) == b"<"


@pytest.mark.fuzz
@given(st.binary(max_size=60))
def test_any_octets(octets: bytes) -> None:
    at = 0
    for token in tokens(view_of(octets).octets):
        assert token.start == at
        assert token.start <= token.inside[0] <= token.inside[1] <= token.stop
        at = token.stop
