"""Responses written: valid against the schemas, read back as they were meant, whatever the arguments hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.oai_pmh import (
    CLOSING,
    Deleted,
    Header,
    Identity,
    MetadataFormat,
    OaiError,
    Origin,
    Set,
    Token,
    Verb,
    errors,
    friends_description,
    header,
    identify,
    list_closing,
    list_opening,
    metadata_formats,
    oai_identifier_description,
    opening,
    provenance,
    read_provenance,
    read_response,
    record,
    resumption_token,
    set_element,
)

BASE = "http://library.example/oai/aber?a=1&b"
NOW = 1_700_000_000
DC = (
    b'<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>T\xc5\xb7</dc:title></oai_dc:dc>'
)
HOSTILE = "\"'<>&]]>\x00\x1b\ud800 ŵ \U0001f4da"

Valid = Callable[[bytes], None]


def respond(*parts: bytes, verb: Verb = Verb.LIST_RECORDS, **arguments: str) -> bytes:
    return b"".join([opening(BASE, NOW, {"verb": verb.value, **arguments}), *parts, CLOSING])


def test_identify(valid: Valid) -> None:
    identity = Identity(
        "Llyfrgell <Wŷ>",
        BASE,
        ("post@library.example", "b@library.example"),
        0,
        Deleted.PERSISTENT,
        compressions=("gzip",),
        descriptions=(
            oai_identifier_description("library.example", "oai:library.example:aber:1"),
            friends_description(["http://other.example/oai?a&b"]),
        ),
    )
    written = respond(identify(identity), verb=Verb.IDENTIFY)
    valid(written)
    found = read_response(written)
    told = found.identification
    assert told is not None
    assert (found.response_date, found.base_url, found.arguments) == (
        "2023-11-14T22:13:20Z",
        BASE,
        {"verb": "Identify"},
    )
    assert (told.name, told.base_url, told.admin_emails) == (identity.name, BASE, identity.admin_emails)
    assert (told.earliest, told.deleted, told.compressions) == ("1970-01-01T00:00:00Z", "persistent", ("gzip",))
    assert [etree.fromstring(xml).tag.rpartition("}")[2] for xml in told.descriptions] == ["oai-identifier", "friends"]


def test_records(valid: Valid) -> None:
    first_home = Origin("http://b.example/oai", "oai:b.example:1", "2000-01-01", "urn:y", "2001-01-01", False)
    origin = Origin(
        "http://a.example/oai", "oai:a.example:1", "2001-01-01", "urn:x", "2002-02-02T00:00:00Z", True, first_home
    )
    written = respond(
        list_opening(Verb.LIST_RECORDS),
        record(header("oai:library.example:aber:1", NOW, ("a", "a:b")), DC, [provenance(origin)]),
        record(header("oai:library.example:aber:2", NOW - 1, deleted=True), None),
        resumption_token("t&<", expires=NOW + 60, complete_list_size=10, cursor=0),
        list_closing(Verb.LIST_RECORDS),
        metadataPrefix="oai_dc",
    )
    valid(written)
    found = read_response(written)
    first, second = found.records
    assert first.header == Header("oai:library.example:aber:1", "2023-11-14T22:13:20Z", ("a", "a:b"))
    assert first.metadata is not None
    assert etree.fromstring(first.metadata)[0].text == "Tŷ"
    assert [read_provenance(about) for about in first.about] == [origin]
    assert second.header == Header("oai:library.example:aber:2", "2023-11-14T22:13:19Z", deleted=True)
    assert (second.metadata, second.about) == (None, ())
    assert found.token == Token("t&<", "2023-11-14T22:14:20Z", 10, 0)


def test_headers_and_the_end_of_a_list(valid: Valid) -> None:
    written = respond(
        list_opening(Verb.LIST_IDENTIFIERS),
        header("oai:library.example:aber:1", NOW),
        resumption_token("", complete_list_size=0, cursor=5),
        list_closing(Verb.LIST_IDENTIFIERS),
        verb=Verb.LIST_IDENTIFIERS,
        resumptionToken="x",
    )
    valid(written)
    found = read_response(written)
    assert (found.headers[0].identifier, found.token) == ("oai:library.example:aber:1", Token("", None, None, 5))


def test_sets_and_formats(valid: Valid) -> None:
    sets = respond(
        list_opening(Verb.LIST_SETS),
        set_element(Set("a:b", "A & B")),
        set_element(Set("c", "C", (DC,))),
        list_closing(Verb.LIST_SETS),
        verb=Verb.LIST_SETS,
    )
    formats = respond(
        metadata_formats([MetadataFormat("oai_dc", "http://x/y?a&b", "urn:x")]), verb=Verb.LIST_METADATA_FORMATS
    )
    valid(sets)
    valid(formats)
    assert [(each.spec, each.name) for each in read_response(sets).sets] == [("a:b", "A & B"), ("c", "C")]
    assert read_response(formats).formats == (MetadataFormat("oai_dc", "http://x/y?a&b", "urn:x"),)


@pytest.mark.parametrize(
    ("codes", "echoed"),
    [
        (["badVerb"], False),
        (["badArgument", "badResumptionToken"], False),
        (["badResumptionToken"], True),
        (["noRecordsMatch"], True),
    ],
)
def test_errors(valid: Valid, codes: list[str], echoed: bool) -> None:
    arguments = {"verb": "ListRecords", "resumptionToken": HOSTILE}
    written = errors(BASE, NOW, [OaiError(code, HOSTILE) for code in codes], arguments)
    valid(written)
    found = read_response(written)
    assert [error.code for error in found.errors] == codes
    assert set(found.arguments) == (set(arguments) if echoed else set())


@given(st.text(), st.text(), st.text())
def test_no_text_breaks_a_response(base: str, message: str, token: str) -> None:
    written = errors(
        base, NOW, [OaiError("badResumptionToken", message)], {"verb": "ListRecords", "resumptionToken": token}
    )
    assert len(etree.fromstring(written)) == 3
