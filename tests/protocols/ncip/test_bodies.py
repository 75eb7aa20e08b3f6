"""The document is found in every wrapping that was seen on the wire, and nothing is found where there is none."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.ncip.bodies import MAX_FIELDS, BodyError, charset_of, document_of

DOCUMENT = '<?xml version="1.0" encoding="UTF-8"?>\n<NCIPMessage version="1+1">Ŵ &amp; 100%</NCIPMessage>'.encode()
BARE = "<NCIPMessage>Siân</NCIPMessage>"
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "content_type",
    ["application/xml", 'application/xml; charset="utf-8"', "text/xml;charset='utf-8'", "application/octet-stream", "",
     FORM, "text/html", "multipart/form-data; boundary=x", "; ;", "application/xml; charset=klingon"],
)  # fmt: skip
def test_a_bare_document_under_any_name(content_type: str) -> None:
    assert document_of(content_type, DOCUMENT) == DOCUMENT
    assert document_of(content_type, b"\r\n " + DOCUMENT + b"\n") == DOCUMENT + b"\n"
    assert document_of(content_type, b"\xef\xbb\xbf" + DOCUMENT) == b"\xef\xbb\xbf" + DOCUMENT
    wide = BARE.encode("utf-16")
    assert document_of(content_type, wide) == wide


@pytest.mark.parametrize("name", ["xml", "XForms:Model", "XForms%3AModel", "ncip", "NCIPMessage", "anything"])
@pytest.mark.parametrize("content_type", [FORM, FORM + "; charset=UTF-8", "", "text/plain"])
def test_a_field_of_a_form(name: str, content_type: str) -> None:
    for encode in (quote, quote_plus):
        value = encode(DOCUMENT).encode()
        assert document_of(content_type, name.encode() + b"=" + value) == DOCUMENT
        assert document_of(content_type, b"go=ok&" + name.encode() + b"=" + value + b"&token=1") == DOCUMENT


def test_a_field_whose_value_is_raw() -> None:
    assert document_of(FORM, b"XForms:Model=" + DOCUMENT) == DOCUMENT
    assert document_of(FORM, b"xml=\r\n" + DOCUMENT + b"&go=ok") == DOCUMENT


def test_a_document_that_is_encoded_and_has_no_name() -> None:
    assert document_of(FORM, quote_plus(DOCUMENT).encode()) == DOCUMENT


def test_the_surest_name_is_taken() -> None:
    assert document_of(FORM, b"data=%3Ca/%3E&xml=%3Cb/%3E") == b"<b/>"
    assert isinstance(document_of(FORM, b"one=%3Ca/%3E&two=%3Cb/%3E"), BodyError)


def multipart(*parts: tuple[str, bytes], boundary: str = "AaB03x", line: bytes = b"\r\n") -> bytes:
    body = b""
    for head, value in parts:
        body += b"--" + boundary.encode() + line + head.encode().replace(b"\n", line) + line + line + value + line
    return body + b"--" + boundary.encode() + b"--" + line


NAMED = 'Content-Disposition: form-data; name="xml"'


@pytest.mark.parametrize("line", [b"\r\n", b"\n"])
@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data; boundary=AaB03x", 'multipart/form-data;boundary="AaB03x"; charset=utf-8',
     "multipart/form-data", "multipart/mixed; Boundary=AaB03x", ""],
)  # fmt: skip
def test_a_multipart_form(content_type: str, line: bytes) -> None:
    file = f'{NAMED}; filename="a.xml"\nContent-Type: text/xml'
    assert document_of(content_type, multipart((file, DOCUMENT), line=line)) == DOCUMENT
    body = multipart(('Content-Disposition: form-data; name="go"', b"ok"), (NAMED, DOCUMENT), line=line)
    assert document_of(content_type, body) == DOCUMENT


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/xml", b""),
        ("application/xml", b" \r\n\0"),
        ("application/xml", b"9900302.00"),
        ("application/json", b'{"a": "<b/>"}'),
        (FORM, b"xml="),
        (FORM, b"xml=hello"),
        (FORM, b"&".join(b"a%d=1" % number for number in range(MAX_FIELDS + 1)) + b"&xml=%3Ca/%3E"),
        ("multipart/form-data", b"hello"),
        ("multipart/form-data; boundary=x", b"--x\r\nno head"),
        ("multipart/form-data; boundary=AaB03x", multipart((NAMED, b"hello"))),
        ("multipart/form-data; boundary=AaB03x", multipart((f"{NAMED}\nContent-Transfer-Encoding: base64", b"PGEvPg"))),
        ("multipart/form-data; boundary=AaB03x", multipart(*[("a: b", b"c")] * 40, (NAMED, DOCUMENT))),
        ("multipart/form-data; boundary=AaB03x", multipart((NAMED + "x" * 5000, DOCUMENT))),
    ],
)  # fmt: skip
def test_where_there_is_none(content_type: str, body: bytes) -> None:
    found = document_of(content_type, body)
    assert isinstance(found, BodyError)
    assert "hello" not in found.reason


def test_the_character_set_of_the_header_counts_where_the_document_tells_none() -> None:
    latin = BARE.encode("latin-1")
    assert document_of("text/xml; charset=ISO-8859-1", latin) == BARE.encode()
    assert document_of("text/xml; charset='iso-8859-1'", latin) == BARE.encode()
    assert document_of("text/xml; charset=utf-8", latin) == latin
    assert document_of("text/xml", latin) == latin
    declared = b'<?xml version="1.0" encoding="windows-1252"?>' + latin
    assert document_of("text/xml; charset=cp850", declared) == declared
    # What is UTF-8 stays UTF-8, whatever the header says.
    assert document_of("text/xml; charset=ISO-8859-1", BARE.encode()) == BARE.encode()
    # A character set in which it cannot be read is not believed.
    assert document_of("text/xml; charset=cp1252", latin + b"\x81") == latin + b"\x81"
    # Nor is one in which other octets than `<` might begin a tag.
    assert document_of("text/xml; charset=unicode_escape", latin) == latin


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("text/xml; charset=utf-8", "utf-8"),
        ('text/xml; charset="UTF8"', "utf-8"),
        ("text/xml;charset='utf-8'", "utf-8"),
        ('text/xml; charset="utf-8', "utf-8"),
        ("text/xml; x=y; CHARSET = latin1", "iso8859-1"),
        ("text/xml", None),
        ("text/xml; charset=", None),
        ("text/xml; charset=klingon", None),
    ],
)
def test_the_character_set_in_odd_quotes(content_type: str, charset: str | None) -> None:
    assert charset_of(content_type) == charset


@pytest.mark.fuzz
@given(st.text(max_size=60), st.binary(max_size=80))
def test_any_octets(content_type: str, body: bytes) -> None:
    assert isinstance(document_of(content_type, body), bytes | BodyError)


PIECES = [b"--x", b"\r\n", b"\n", b"=", b"&", b"<a/>", b"%3C", b"%", b"xml", b": ", b'name="xml"']


@pytest.mark.fuzz
@given(st.sampled_from(["multipart/form-data; boundary=x", FORM]), st.lists(st.sampled_from(PIECES), max_size=20))
def test_any_wrapping(content_type: str, pieces: list[bytes]) -> None:
    assert isinstance(document_of(content_type, b"".join(pieces)), bytes | BodyError)
