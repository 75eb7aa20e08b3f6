"""Responses read: lenient with repositories, strict with XML, and never anything but ReadError."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.oai_pmh import OaiError, ReadError, read_provenance, read_response

NS = "http://www.openarchives.org/OAI/2.0/"


def response(body: str) -> bytes:
    return (
        f'<OAI-PMH xmlns="{NS}"><responseDate> 2020-01-01T00:00:00Z\n</responseDate>'
        f'<request verb="ListRecords">http://x</request>{body}</OAI-PMH>'
    ).encode()


def test_what_repositories_get_wrong_is_passed_over() -> None:
    # unknown elements, comments, blanks around values, a token with a size that is no number, two tokens
    found = read_response(
        response(
            "<!-- c --><extra/><ListRecords><?pi?><record><header status='deleted '><identifier> i </identifier>"
            "<datestamp>junk</datestamp></header></record><resumptionToken completeListSize='many'> </resumptionToken>"
            "<resumptionToken>\n t </resumptionToken></ListRecords>"
        )
    )
    assert found.response_date == "2020-01-01T00:00:00Z"
    assert (found.records[0].header.identifier, found.records[0].header.deleted) == ("i", True)
    assert found.token is not None
    assert (found.token.value, found.tokens) == ("t", 2)


def test_errors_of_any_code_are_kept() -> None:
    assert read_response(response("<error code='own'>why</error><error/>")).errors == (
        OaiError("own", "why"),
        OaiError("", ""),
    )


def test_metadata_stands_alone() -> None:
    found = read_response(
        response(
            "<ListRecords><record><header/><metadata xmlns:m='urn:m'><m:r m:a='1'>x</m:r> tail</metadata></record>"
            "</ListRecords>"
        )
    )
    assert found.records[0].metadata is not None
    assert found.records[0].metadata.startswith(b"<m:r ")
    assert b'xmlns:m="urn:m"' in found.records[0].metadata
    assert b"tail" not in found.records[0].metadata


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "well-formed"),
        (b"<a/>", "not OAI-PMH"),
        (b"<html><body>Service busy", "well-formed"),
        (BOMB.encode() + response("<error code='x'>&b;</error>"), "document type"),
        (BOMB.encode("utf-16") + b"", "document type"),
        (b"<!doctype html><html/>", "document type"),
        (f'<!DOCTYPE OAI-PMH SYSTEM "file:///etc/passwd">{response("<a/>").decode()}'.encode(), "document type"),
        (response("<error>&nope;</error>"), "well-formed"),
        (response("<error>\x01</error>"), "well-formed"),
        (response("<error>x").replace(b"</OAI-PMH>", b""), "well-formed"),
        (response(""), "neither"),
        (b"\xff\xfe\x00", "XML"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "XML"),
        (response("<error>" + "<a>" * 5000), "well-formed"),
    ],
    ids=range(14),
)
def test_what_is_no_response_is_refused(octets: bytes, reason: str) -> None:
    with pytest.raises(ReadError, match=reason) as raised:
        read_response(octets)
    assert 0 <= raised.value.offset <= len(octets)


def test_the_offset_shows_where() -> None:
    octets = b'<OAI-PMH xmlns="' + NS.encode() + b'">\n\n<error>&nope;</error></OAI-PMH>'
    with pytest.raises(ReadError) as raised:
        read_response(octets)
    assert abs(raised.value.offset - octets.index(b"&nope;")) <= len("&nope;")


def test_a_long_chain_of_provenance_ends() -> None:
    name = f"{NS}provenance"
    chain = "<originDescription>" * 100 + "</originDescription>" * 100
    origin = read_provenance(f'<provenance xmlns="{name}">{chain}</provenance>'.encode())
    depth = 0
    while origin is not None:
        origin, depth = origin.before, depth + 1
    assert depth == 32
    assert read_provenance(b"<other/>") is None


def read_or_offset(octets: bytes) -> int:
    """Where the error shows; 0 where there is none. Whatever else is raised fails the test."""
    try:
        read_response(octets)
    except ReadError as error:
        return error.offset
    return 0


@pytest.mark.fuzz
@given(st.binary())
def test_any_octets(octets: bytes) -> None:
    assert read_or_offset(octets) in range(len(octets) + 1)


@pytest.mark.fuzz
@given(st.data())
def test_any_damage(data: st.DataObject) -> None:
    whole = response(
        "<ListRecords><record><header><identifier>i</identifier></header><metadata><a xmlns='u'/></metadata></record>"
        "<resumptionToken cursor='1'>t</resumptionToken></ListRecords>"
    )
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    damaged = whole[:start] + data.draw(st.binary(max_size=8)) + whole[end:]
    assert read_or_offset(damaged) in range(len(damaged) + 1)
