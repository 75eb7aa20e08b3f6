"""A stream cut into documents: in pieces of any size, whatever stands in them, and HTTP typed onto the socket."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.ncip.framing import MAX_PROLOG, Frame, Framer

PLAIN = b'<?xml version="1.0" encoding="UTF-8"?>\n<NCIPMessage version="x"><LookupUser/></NCIPMessage>'
DOCUMENTS = [
    PLAIN,
    b'<ns1:NCIPMessage xmlns:ns1="http://www.niso.org/2008/ncip"><ns1:LookupUser/></ns1:NCIPMessage \r\n>',
    b"<NCIPVersionMessage version='x'><LookupVersion/></NCIPVersionMessage>",
    # The end tag within a comment, before and after the root's first tag; within CDATA; within an instruction.
    b"<!-- </NCIPMessage> --><NCIPMessage><!-- </NCIPMessage> --><a/></NCIPMessage>",
    b"<NCIPMessage><a><![CDATA[</NCIPMessage>]]></a></NCIPMessage>",
    b"<NCIPMessage><?x </NCIPMessage> ?></NCIPMessage>",
    b'<NCIPMessage a="b>c" d=\'"></NCIPMessage>\'><a/></NCIPMessage>',
    # A document type, one with a subset of its own in which quotes, comments and brackets stand.
    b'<!DOCTYPE NCIPMessage PUBLIC "-//NISO//NCIP DTD Version 1.0//EN" "a>b.dtd"><NCIPMessage></NCIPMessage>',
    b'<!DOCTYPE NCIPMessage [<!ENTITY a "]>"><!-- ]> " --><?p ]> ?>]><NCIPMessage>&a;</NCIPMessage>',
    # Elements whose names begin like the root's.
    b"<NCIPMessage><NCIPMessages></NCIPMessages><NCIPMessage.x></NCIPMessage.x></NCIPMessage>",
    b"<NCIPMessage/>",
    b"\xff\xfe" + "<NCIPMessage><Surname>Ŵ–y 😀</Surname></NCIPMessage>".encode("utf-16-le"),
    b"\xfe\xff" + '<?xml version="1.0"?><NCIPMessage><!-- </NCIPMessage> --></NCIPMessage>'.encode("utf-16-be"),
]
BETWEEN = [b"\n", b"\r\n \t", b"\xef\xbb\xbf", b"", b"\0\n", b"\r\n\xef\xbb\xbf\r\n"]


def cut(framer: Framer, stream: bytes, size: int) -> list[Frame]:
    found: list[Frame] = []
    for at in range(0, len(stream), size):
        found += framer.receive(stream[at : at + size])
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, 10_000_000])
def test_pieces_of_any_size_give_the_same(size: int) -> None:
    stream = b"".join(BETWEEN[number % len(BETWEEN)] + one for number, one in enumerate(DOCUMENTS)) + b"\n"
    framer = Framer()
    assert [frame.octets for frame in cut(framer, stream, size)] == DOCUMENTS
    assert framer.error is None
    assert framer.buffered <= 1


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_is_given_with_its_last_octet_and_not_before(document: bytes) -> None:
    framer = Framer()
    assert cut(framer, document[:-1], 1) == []
    assert framer.receive(document[-1:]) == [Frame(document)]
    assert framer.buffered == 0


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x16\x03\x01",
        b"9900302.00\r",
        b"< NCIP",
        b"<1>",
        b"text<a>",
        b"POSY",
        b"{}",
        b"\xff\xff",
    ],
)
def test_what_begins_no_document_is_noticed_within_four_octets(octets: bytes) -> None:
    framer = Framer()
    assert framer.receive(PLAIN + octets[:4]) == [Frame(PLAIN)]
    assert framer.error is not None
    assert framer.receive(PLAIN) == []
    assert framer.buffered == 0


@pytest.mark.parametrize("size", [1, 50, 1000])
def test_a_document_that_is_too_long_ends_the_stream_and_not_what_was_before(size: int) -> None:
    framer = Framer(max_bytes=len(PLAIN))
    assert cut(framer, PLAIN + b"\n" + PLAIN.replace(b"<LookupUser/>", b"<LookupUser />"), size) == [Frame(PLAIN)]
    assert framer.error is not None
    assert f"{len(PLAIN)} " in framer.error.reason
    assert framer.buffered == 0


@pytest.mark.parametrize(
    "document", [b"<a" * 5000, b"<a ", b"<!-- ", b"<!DOCTYPE a [", b"<a>" * 5000, b"<a " + b" " * 9000]
)
def test_what_never_ends_is_not_kept_beyond_the_limit(document: bytes) -> None:
    framer = Framer(max_bytes=2000)
    for _ in range(3000):
        framer.receive(document[:1])
        document = document[1:] or b" "
    assert framer.error is not None
    assert framer.buffered == 0


@pytest.mark.parametrize(
    "before",
    [b"<!---->" * 3_000, b"<?a?>" * 4_000, b"<!DOCTYPE a " + b"'x' " * 5_000 + b">", b"<!DOCTYPE a " + b"[]" * 9_000],
)
def test_what_never_comes_to_its_root_is_given_up(before: bytes) -> None:
    framer = Framer()
    assert framer.receive(before[: MAX_PROLOG // 2]) == []
    assert framer.error is None
    assert framer.receive(before[MAX_PROLOG // 2 :] + PLAIN) == []
    assert framer.error is not None
    assert framer.error.reason == f"more than {MAX_PROLOG} octets before the root element"


def test_a_large_document_in_small_pieces_is_looked_at_once() -> None:
    document = b"<NCIPMessage>" + b"<a>" * 20_000 + b"x" * 100_000 + b"</NCIPMessage>"
    framer = Framer()
    assert cut(framer, document[:-1], 5) == []
    assert framer.receive(document[-1:]) == [Frame(document)]


def request(body: bytes, *fields: str, version: str = "HTTP/1.0") -> bytes:
    return "\r\n".join((f"POST /ncip/aber {version}", *fields, "", "")).encode() + body


FORM = "Content-Type: application/x-www-form-urlencoded"


@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_a_request_of_http_typed_onto_the_socket(size: int) -> None:
    body = b"xml=%3CNCIPMessage%2F%3E"
    stream = (
        request(PLAIN, FORM, f"content-length:{len(PLAIN)}")
        + b"\r\n"
        + PLAIN
        + request(body, FORM, f"Content-Length: {len(body)}")
        + request(b"\n" + PLAIN, "Host: x")
        + request(b"", "Content-Length: 0").replace(b"\r\n", b"\n")
    )
    framer = Framer()
    assert cut(framer, stream, size) == [
        Frame(PLAIN, True, "application/x-www-form-urlencoded", "/ncip/aber"),
        Frame(PLAIN),
        Frame(body, True, "application/x-www-form-urlencoded", "/ncip/aber"),
        Frame(PLAIN, True, "", "/ncip/aber"),
        Frame(b"", True, "", "/ncip/aber"),
    ]
    assert framer.error is None


@pytest.mark.parametrize("size", [1, 10_000])
def test_a_length_that_counts_characters_does_not_cut_the_document_short(size: int) -> None:
    document = "<NCIPMessage><Surname>Ŵyn ŷ</Surname></NCIPMessage>"
    stream = request(document.encode(), f"Content-Length: {len(document)}") + PLAIN
    found = cut(Framer(), stream, size)
    assert [frame.octets for frame in found] == [document.encode(), PLAIN]


@pytest.mark.parametrize("size", [1, 10_000])
def test_a_length_that_is_right_is_believed_though_the_root_is_not_closed(size: int) -> None:
    broken = b"<NCIPMessage><LookupUser>"
    found = cut(Framer(), request(broken, f"Content-Length: {len(broken)}") + PLAIN, size)
    assert [frame.octets for frame in found] == [broken, PLAIN]


@pytest.mark.parametrize(
    "octets",
    [
        request(b"", "Content-Length: 1", "Content-Length: 2"),
        request(b"", "Transfer-Encoding: chunked"),
        request(b"", "Content-Length: -1"),
        request(b"", "Content-Length: 99999999999999999999"),
        request(b"", "Content-Length: 2000000"),
        b"POST \r\n\r\n",
        b"POST / " + b"x" * 20_000,
        request(b"xml=1"),
        request(b"") + request(b""),
    ],
)
def test_a_request_that_cannot_be_read(octets: bytes) -> None:
    framer = Framer()
    assert cut(framer, octets, 100) == []
    assert framer.error is not None
    assert framer.error.http


@pytest.mark.fuzz
@given(st.lists(st.binary(max_size=40) | st.sampled_from([*DOCUMENTS, b"<", b"<a>", b"POST / x\r\n\r\n"]), max_size=6))
def test_any_octets_in_any_pieces(pieces: list[bytes]) -> None:
    stream = b"".join(pieces)
    whole, single = Framer(), Framer()
    found = whole.receive(stream)
    assert cut(single, stream, 1) == found
    assert (single.error is None) == (whole.error is None)


def test_real_documents_in_one_stream(shared_data: Callable[[str], Path]) -> None:
    texts = [path.read_bytes() for path in sorted(shared_data("ncip/messages").glob("*.xml"))]
    framer = Framer()
    found = cut(framer, b"\n".join(texts), 1000)
    assert framer.error is None
    assert [frame.octets for frame in found] == [text.lstrip(b"\xef\xbb\xbf \r\n").rstrip() for text in texts]
