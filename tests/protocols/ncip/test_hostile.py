"""Documents that are made to hurt: refused with the codec's own error, before anything grows."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from library_protocols.ncip import DecodeError, decode
from library_protocols.ncip.documents import MAX_DEPTH
from library_protocols.ncip.messages import CheckInItem
from library_protocols.ncip.reading import MAX_DEVIATIONS, MAX_FOREIGN, MAX_IDENTIFIER
from tests.protocols.ncip.samples import two

BODY = (
    "<NCIPMessage><LookupUser><UserId><UserIdentifierValue>{}</UserIdentifierValue></UserId></LookupUser></NCIPMessage>"
)
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
HOSTILE = {
    "billion laughs": f'<!DOCTYPE NCIPMessage [<!ENTITY l0 "ha">{LAUGHS}]>' + BODY.format("&l11;"),
    "quadratic blowup": f'<!DOCTYPE NCIPMessage [<!ENTITY a "{"a" * 50_000}">]>' + BODY.format("&a;" * 50_000),
    "external entity": '<!DOCTYPE NCIPMessage [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + BODY.format("&a;"),
    "external parameter entity": '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:1/a"> %a;]>' + BODY.format("1"),
    "entities of a document type that is elsewhere": '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/a">' + BODY.format("&a;"),
    "an entity in an attribute": '<!DOCTYPE x SYSTEM "a"><NCIPMessage version="&a;"><LookupUser/></NCIPMessage>',
    "default attributes": '<!DOCTYPE x [<!ATTLIST NCIPMessage version CDATA "1.0">]>' + BODY.format("1"),
    "a document type without an end": '<!DOCTYPE NCIPMessage "' + BODY.format("1"),
    "two document types": "<!DOCTYPE a><!-- b --><!DOCTYPE b [<!ENTITY a 'b'>]>" + BODY.format("&a;"),
    "a document type after a comment": "<!-- a --><!DOCTYPE a [<!ENTITY b 'c'>]>" + BODY.format("&b;"),
    "deep nesting": two("<ns1:LookupUser>" + "<ns1:a>" * 200 + "</ns1:a>" * 200 + "</ns1:LookupUser>"),
    "deeper nesting": "<NCIPMessage>" + "<a>" * 100_000,
    "deep in an extension": two(
        "<ns1:LookupUser><ns1:Ext>" + "<ns1:a>" * 90 + "</ns1:a>" * 90 + "</ns1:Ext></ns1:LookupUser>"
    ),
    "nobody's elements": "<NCIPMessage><LookupUser>" + "<a/>" * (MAX_FOREIGN + 1) + "</LookupUser></NCIPMessage>",
    "an attribute without an end": '<NCIPMessage version="' + "a" * 1_000_000,
    "attributes without number": "<NCIPMessage " + " ".join(f"a{n}=''" for n in range(50_000)),
    "prefixes that nobody declared": "<NCIPMessage " + " ".join(f"p{n}:a=''" for n in range(50_000)) + "/>",
    "a tag without an end": "<" + "a" * 1_000_000,
    "a comment without an end": "<!-- " * 100_000,
    "two roots": BODY.format("1") * 2,
    "a NUL": BODY.format("a\0b"),
    "a character that XML does not have": BODY.format("&#0;"),
    "UTF-7": '<?xml version="1.0" encoding="UTF-7"?>' + BODY.format("1").replace("<", "+ADw-"),
    "a character set that is none": '<?xml version="1.0" encoding="x"?>' + BODY.format("1"),
    "EBCDIC": '<?xml version="1.0" encoding="cp037"?>' + BODY.format("1"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_is_refused(name: str) -> None:
    with pytest.raises(DecodeError) as refused:
        decode(HOSTILE[name].encode())
    assert len(str(refused.value)) < 200
    assert refused.value.line >= 1


@pytest.mark.parametrize(
    "element", ["UserId/UserIdentifierValue", "ItemId/ItemIdentifierValue", "RequestId/RequestIdentifierValue"]
)
def test_an_identifier_is_of_a_length_that_can_be_indexed(element: str) -> None:
    outer, inner = element.split("/")

    def message(length: int) -> bytes:
        named = f"<{outer}><{inner}>{'1' * length}</{inner}></{outer}>"
        return f"<NCIPMessage><CheckOutItem>{named}</CheckOutItem></NCIPMessage>".encode()

    decode(message(MAX_IDENTIFIER))
    with pytest.raises(DecodeError, match="an identifier of more than"):
        decode(message(MAX_IDENTIFIER + 1))


@pytest.mark.parametrize(
    "octets",
    [
        b"\xff\xfe" + BODY.format("1").encode(),
        b"\xfe\xff\xd8\x00",
        b"\xff\xfe<\0",
        b"\xef\xbb\xbf",
        b"\x81<NCIPMessage/>",
        b"<NCIPMessage>\x81\x8d\x8f\xff</NCIPMessage>",
        "<NCIPMessage/>".encode("utf-32"),
        b'<?xml version="1.0" encoding="UTF-16"?><NCIPMessage/>',
        b'<?xml version="1.0" encoding="windows-1257"?><NCIPMessage>\xa1</NCIPMessage>',
    ],
)
def test_octets_in_no_character_set(octets: bytes) -> None:
    with pytest.raises(DecodeError):
        decode(octets)


def test_an_address_is_never_asked_for(tmp_path: Path) -> None:
    secret = tmp_path / "secret.dtd"
    secret.write_text('<!ENTITY a "opened">')
    with pytest.raises(DecodeError):
        decode(f'<!DOCTYPE x SYSTEM "{secret.as_uri()}">{BODY.format("&a;")}'.encode())
    envelope = decode(f'<!DOCTYPE x SYSTEM "{secret.as_uri()}">{BODY.format("1")}'.encode())
    assert envelope.dialect.doctype


def test_other_documents_are_not_fetched() -> None:
    include = '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    envelope = decode(BODY.format(include).encode())
    assert "root:" not in repr(envelope)


def test_departures_are_not_noted_without_end() -> None:
    turned = "<ns1:UserElementType>a</ns1:UserElementType><ns1:ItemElementType>a</ns1:ItemElementType>" * 3_000
    envelope = decode(two(f"<ns1:CheckInItem>{turned}</ns1:CheckInItem>").encode())
    assert isinstance(envelope.message, CheckInItem)
    assert len(envelope.message.item_element_type) == 3_000
    assert len(envelope.deviations) == MAX_DEVIATIONS


@pytest.mark.parametrize("depth", [MAX_DEPTH - 1, MAX_DEPTH])
def test_the_deepest_that_is_kept(depth: int) -> None:
    inside = "<ns1:a>" * depth + "</ns1:a>" * depth
    assert decode(two(f"<ns1:LookupUser>{inside}</ns1:LookupUser>").encode()).deviations


def test_memory_stays_in_proportion() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for document in HOSTILE.values():
        with pytest.raises(DecodeError):
            decode(document.encode())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024
