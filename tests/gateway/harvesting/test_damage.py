"""Pages with broken XML: what is whole is read, what is not is told with its octets."""

from __future__ import annotations

import pytest

from gateway.harvesting.damage import read_damaged
from library_protocols.oai_pmh import ReadError, read_response

ERROR = ReadError(0, "as it was")


def page(*records: str, prefix: str = "", tail: str = "") -> bytes:
    p = prefix and prefix + ":"
    name = f"xmlns:{prefix}" if prefix else "xmlns"
    body = "".join(
        f"<{p}record><{p}header><{p}identifier>oai:a.b:{n}</{p}identifier></{p}header><{p}metadata>{metadata}</{p}metadata>"
        f"</{p}record>"
        for n, metadata in enumerate(records)
    )
    return (
        f'<?xml version="1.0"?><{p}OAI-PMH {name}="http://www.openarchives.org/OAI/2.0/">'
        f"<{p}responseDate>2020-01-01T00:00:00Z</{p}responseDate><{p}request>x</{p}request><{p}ListRecords>{body}"
        f"<{p}resumptionToken cursor='0'>next</{p}resumptionToken></{p}ListRecords>{tail}</{p}OAI-PMH>"
    ).encode()


WHOLE = "<m xmlns='u'>x</m>"


@pytest.mark.parametrize("prefix", ["", "oai"])
@pytest.mark.parametrize("broken", ["<m>", "&nope;", "<m a=1/>", "<m xmlns='u'>]]&</m>"])
def test_the_broken_record_alone_is_left_out(prefix: str, broken: str) -> None:
    octets = page(WHOLE, broken, WHOLE, prefix=prefix)
    with pytest.raises(ReadError):
        read_response(octets)
    response, damages = read_damaged(octets, ERROR)
    assert [record.header.identifier for record in response.records] == ["oai:a.b:0", "oai:a.b:2"]
    assert response.token is not None
    assert (response.token.value, response.response_date) == ("next", "2020-01-01T00:00:00Z")
    [damage] = damages
    assert b"oai:a.b:1" in octets[damage.offset : damage.end]
    assert b"oai:a.b:2" not in octets[damage.offset : damage.end]


@pytest.mark.parametrize("character", ["\x0b", "&#x1F;", "&#0;", "&#11;"])
def test_characters_that_xml_cannot_hold_are_left_out(character: str) -> None:
    response, damages = read_damaged(page(f"<m xmlns='u'>a{character}b</m>"), ERROR)
    assert damages == ()
    assert response.records[0].metadata is not None
    assert b">ab<" in response.records[0].metadata


def test_octets_that_are_no_utf8_are_replaced() -> None:
    response, _ = read_damaged(page("<m xmlns='u'>café</m>").replace("é".encode(), b"\xe9"), ERROR)
    assert response.records[0].metadata is not None
    assert "caf\ufffd".encode() in response.records[0].metadata


def test_ampersands_in_a_token_stand_for_themselves() -> None:
    octets = page(WHOLE).replace(b">next<", b">set=a&from=2020&amp;x=&#38;y<")
    with pytest.raises(ReadError):
        read_response(octets)
    response, damages = read_damaged(octets, ERROR)
    assert response.token is not None
    assert (response.token.value, damages, len(response.records)) == ("set=a&from=2020&x=&y", (), 1)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"<html/>",
        page(WHOLE, "<m>")[:-20],  # cut off: the rest of it is unknown
        page(WHOLE, "<m>").replace(b"</resumptionToken>", b""),  # it leads on, nobody knows where
        page(WHOLE).replace(b">next<", b">a<b<"),
        b"<!DOCTYPE x []>" + page("<m>"),
        page("<m>").replace(b"<OAI-PMH", b"<!ENTITY a 'b'><OAI-PMH"),
    ],
)
def test_nothing_can_be_made_of_it(octets: bytes) -> None:
    with pytest.raises(ReadError, match="as it was"):
        read_damaged(octets, ERROR)


@pytest.mark.parametrize(
    "beginning",
    [b"<record ", b"<a:record><a:b ", b"<resumptionToken a='", b"<resumptionToken>", b"<responseDate ", b"<OAI-PMH "],
)
def test_beginnings_without_an_end_are_each_looked_at_once(beginning: bytes) -> None:
    octets = page(WHOLE).replace(b"<record>", beginning * 100_000 + b"<record>", 1)
    response, damages = read_damaged(octets, ERROR)
    assert [record.header.identifier for record in response.records] == ["oai:a.b:0"]
    assert damages == ()


def test_a_root_that_is_longer_than_any_is_not_repeated_for_every_record() -> None:
    octets = page(WHOLE, "<m>").replace(b"<OAI-PMH ", b"<OAI-PMH a='%b' " % (b"x" * 5_000), 1)
    with pytest.raises(ReadError, match="as it was"):
        read_damaged(octets, ERROR)
