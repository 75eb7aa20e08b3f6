"""`gateway decode` with NCIP: what is found in what was pasted, what it shows, what it hides, how it ends."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from gateway.commands.decode import decode
from gateway.commands.decode_ncip import find_ncip, print_recorded_ncip
from gateway.commands.output import console
from tests.gateway.commands.runner import run

DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<ns1:NCIPMessage xmlns:ns1="http://www.niso.org/2008/ncip" '
    'ns1:version="http://www.niso.org/schemas/ncip/v2_02/ncip_v2_02.xsd">\n'
    "<ns1:LookupUser><ns1:AuthenticationInput><ns1:AuthenticationInputData>1234</ns1:AuthenticationInputData>"
    "<ns1:AuthenticationDataFormatType>text/plain</ns1:AuthenticationDataFormatType>"
    "<ns1:AuthenticationInputType>PIN</ns1:AuthenticationInputType></ns1:AuthenticationInput>\n"
    "<ns1:UserElementType>Name Information</ns1:UserElementType></ns1:LookupUser></ns1:NCIPMessage>"
)
OCTETS = DOCUMENT.encode()
POST = "POST /ncip/aber HTTP/1.1\r\nHost: x\r\nContent-Type: application/xml\r\nContent-Length: 5\r\n\r\n"
VERSIONS = '<NCIPVersionMessage version="x"><LookupVersion/></NCIPVersionMessage>'


@pytest.mark.parametrize(
    "pasted",
    [
        DOCUMENT,
        POST + DOCUMENT,
        "HTTP/1.1 200 OK\nContent-Type: text/xml\n\n" + DOCUMENT + "\n",
        "2026-11-22 10:00:00 INFO received: " + DOCUMENT + " from 127.0.0.1",
        OCTETS.hex(),
        OCTETS.hex(" "),
        "POST / HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nxml=" + quote(DOCUMENT),
        "xml=" + quote(DOCUMENT),
        "--b\r\nContent-Disposition: form-data; name=xml\r\n\r\n" + DOCUMENT + "\r\n--b--\r\n",
    ],
)
def test_a_document_is_found_in_what_stands_around_it(pasted: str) -> None:
    assert find_ncip(pasted) == [OCTETS]


def test_several_documents_and_one_cut_short() -> None:
    assert find_ncip(f"{DOCUMENT}\n\n\n{VERSIONS}\n") == [OCTETS, VERSIONS.encode()]
    assert find_ncip(POST + DOCUMENT + "\n" + POST + DOCUMENT[:200] + "\n") == [OCTETS, OCTETS[:200]]


def test_a_document_in_the_character_set_that_it_declares() -> None:
    text = '<?xml version="1.0" encoding="ISO-8859-1"?><NCIPMessage>Siân</NCIPMessage>'
    assert find_ncip(text) == [text.encode("latin-1")]
    unknown = text.replace("ISO-8859-1", "klingon")
    assert find_ncip(unknown) == [unknown.encode()]
    wide = DOCUMENT.encode("utf-16")
    assert find_ncip(wide) == [wide]


@pytest.mark.parametrize("pasted", ["", "9900302.00", "<html/>", "<NCIPMessages/>", b"\x30\x0c", "a <NCIPMessage"])
def test_what_is_no_ncip(pasted: str | bytes) -> None:
    assert find_ncip(pasted) == []


def test_every_element_stands_with_its_meaning_and_versions() -> None:
    answer = run(decode, DOCUMENT)
    lines = [" ".join(line.split()) for line in answer.stdout.splitlines()]
    assert answer.exit_code == 0
    assert lines[0] == f"LookupUser (NCIP 2.02, prefix ns1, {len(OCTETS)} octets)"
    assert lines[1] == "line element value meaning versions"
    assert "3 AuthenticationInputType PIN listed 1.0 to 2.02" in lines
    assert "4 UserElementType Name Information listed 1.0 to 2.02" in lines


def test_a_pin_is_covered_unless_asked_for() -> None:
    assert "1234" not in run(decode, DOCUMENT).output
    assert "1234" not in run(decode, DOCUMENT, "--json").output
    assert "1234" in run(decode, DOCUMENT, "--show-secrets").output


def test_json_is_one_value_a_document() -> None:
    answer = run(decode, "-", "--json", stdin=POST + DOCUMENT + VERSIONS)
    first, second = map(json.loads, answer.stdout.splitlines())
    assert (first["protocol"], first["message"], first["dialect"]) == ("ncip", "LookupUser", "NCIP 2.02, prefix ns1")
    (data,) = [one for one in first["fields"] if one["title"] == "AuthenticationInputData"]
    assert (data["value"], data["path"], data["line"]) == (
        "****", "LookupUser/AuthenticationInput/AuthenticationInputData", 3
    )  # fmt: skip
    assert OCTETS[data["offset"] :].startswith(b"<ns1:AuthenticationInputData>")
    assert second["message"] == "LookupVersion"


def test_what_departs_from_the_standard_is_marked() -> None:
    answer = run(decode, DOCUMENT.replace("ns1:version", "version").replace("Name Information", "Shoe Size"))
    assert answer.exit_code == 0
    assert "not in the list of UserElementType" in answer.output
    assert "a version outside the namespace" in answer.output


def test_a_document_that_cannot_be_read_is_said_by_the_exit_code() -> None:
    answer = run(decode, DOCUMENT[:-20])
    assert answer.exit_code == 1
    assert "Invalid Message Syntax Error" in answer.output
    assert "AuthenticationInputType" in answer.output
    assert "1234" not in answer.output


def test_where_secrets_cannot_be_told_nothing_is_shown() -> None:
    answer = run(decode, '<!DOCTYPE NCIPMessage [<!ENTITY a "1234">]><NCIPMessage><LookupUser/></NCIPMessage>')
    assert answer.exit_code == 1
    assert "cannot be told" in answer.output
    assert "1234" not in answer.output


def test_what_was_recorded() -> None:
    with console.capture() as written:
        print_recorded_ncip(OCTETS.replace(b"1234", b"****"))
        print_recorded_ncip(b"GET /")
    assert "LookupUser" in written.get()
    assert "5 octets that are no NCIP" in written.get()
