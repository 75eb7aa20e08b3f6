"""SOAP envelopes: the same requests and responses in another wrapping."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.sru import (
    ExplainRequest,
    Operation,
    ScanRequest,
    SearchRequest,
    SoapFault,
    SruError,
    Version,
    envelope,
    fault,
    read_envelope,
    read_request,
    search_response,
)
from library_protocols.sru.soap import ENVELOPE

WRAPPED = (
    '<?xml version="1.0"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Header><x/></S:Header>'
    "<S:Body>%s</S:Body></S:Envelope>"
)
OLD = 'xmlns="http://www.loc.gov/zing/srw/"'
NEW = 'xmlns="http://docs.oasis-open.org/ns/search-ws/sruRequest"'


def read(request: str) -> object:
    return read_request(read_envelope((WRAPPED % request).encode()))


def test_a_search_as_yaz_sends_it() -> None:
    found = read(
        f"<searchRetrieveRequest {OLD}><version>1.1</version><query>dc.title = t\u0177 &amp; x</query>"
        "<startRecord>2</startRecord><recordPacking>string</recordPacking><extraRequestData><a/></extraRequestData>"
        "</searchRetrieveRequest>"
    )
    assert isinstance(found, SearchRequest)
    assert (found.version, found.query, found.start_record) == (Version.V1_1, "dc.title = tŷ & x", 2)
    assert found.string


def test_a_search_of_2_0_has_no_version() -> None:
    found = read(f"<searchRetrieveRequest {NEW}><query>a</query><Stylesheet>/x</Stylesheet></searchRetrieveRequest>")
    assert isinstance(found, SearchRequest)
    assert (found.version, found.query, found.stylesheet) == (Version.V2_0, "a", "/x")


def test_scan_and_explain() -> None:
    scan = read(
        "<s:scanRequest xmlns:s='urn:any'><s:version>1.2</s:version><s:scanClause>a</s:scanClause></s:scanRequest>"
    )
    assert isinstance(scan, ScanRequest)
    assert isinstance(read(f"<explainRequest {OLD}><version>1.1</version></explainRequest>"), ExplainRequest)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"no xml",
        b"<a/>",
        (WRAPPED % "<updateRequest/>").encode(),
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><a/>'.encode("utf-16"),
    ],
)
def test_what_is_no_request_is_the_senders_fault(octets: bytes) -> None:
    with pytest.raises(SoapFault) as caught:
        read_envelope(octets)
    root = etree.fromstring(fault(caught.value))
    [[told]] = root
    assert (root.tag, told.tag) == (f"{{{ENVELOPE}}}Envelope", f"{{{ENVELOPE}}}Fault")
    prefix, _, name = told.findtext("faultcode").partition(":")
    assert (told.nsmap[prefix], name) == (ENVELOPE, "Client")
    assert told.findtext("faultstring") == str(caught.value)


def test_too_many_parameters_are_srus_to_refuse() -> None:
    with pytest.raises(SruError) as caught:
        read_envelope((WRAPPED % f"<scanRequest>{'<a/>' * 200}</scanRequest>").encode())
    assert caught.value.operation is Operation.SCAN
    assert [each.uri for each in caught.value.diagnostics] == ["info:srw/diagnostic/1/6"]


@pytest.mark.fuzz
@given(st.binary(max_size=80))
def test_any_octets_are_a_request_or_refused(octets: bytes) -> None:
    for sent in (octets, WRAPPED.encode().replace(b"%s", b"<scanRequest>" + octets + b"</scanRequest>")):
        try:
            read_request(read_envelope(sent))
        except (SoapFault, SruError):
            continue


def test_a_response_goes_into_an_envelope_as_it_is() -> None:
    octets = b"".join(search_response(Version.V1_1, 0))
    root = etree.fromstring(envelope(octets))
    assert root.tag == "{http://schemas.xmlsoap.org/soap/envelope/}Envelope"
    [[response]] = root
    assert etree.tostring(response, method="c14n", exclusive=True) == etree.tostring(
        etree.fromstring(octets), method="c14n", exclusive=True
    )
