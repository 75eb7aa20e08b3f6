"""What probes of XML over HTTP have in common: documents read without trust, and requests written octet by octet.

Nothing here knows a standard. A document is read with entities, network and huge trees off; whether that worked is a
fact about the subject and no error of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_conformance.foreign import inflated, number
from library_conformance.model import Seen, breaks
from library_conformance.run import Run

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
FORM = "application/x-www-form-urlencoded"
REDIRECTS = (301, 302, 303, 307, 308)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d{1,15})(?!\d)", re.IGNORECASE)
_SIZE = re.compile(rb"\s*([0-9A-Fa-f]{1,12})\s*")
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)


def document(octets: bytes) -> etree._Element | None:
    """The root of a document; None where it is not well-formed, or wants entities resolved."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(octets, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def local(element: etree._Element) -> str:
    """The name of an element without its namespace; empty for comments and instructions."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def namespace(element: etree._Element) -> str:
    return etree.QName(element).namespace or "" if isinstance(element.tag, str) else ""


def children(element: etree._Element) -> list[etree._Element]:
    """Child elements, without comments and instructions."""
    return [each for each in element if isinstance(each.tag, str)]


def child(element: etree._Element | None, *names: str) -> etree._Element | None:
    """The element at the end of a path of local names, the first where there are several."""
    for name in names:
        if element is None:
            return None
        element = next((each for each in children(element) if local(each) == name), None)
    return element


def text(element: etree._Element | None, *names: str) -> str | None:
    """The text of the element at the end of a path; None where there is none."""
    found = child(element, *names)
    return None if found is None else (found.text or "").strip()


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as it came: `whole` tells whether it ended where its own head says."""

    status: int
    headers: dict[str, str]
    body: bytes
    whole: bool = True

    @property
    def plain(self) -> bytes:
        """The body without compression. Raises OSError where it is no gzip, or holds more than any answer has."""
        return inflated(self.body) if self.headers.get("content-encoding", "") == "gzip" else self.body


def ask_octets(run: Run, octets: bytes) -> Raw | None:
    """Says these octets on a connection of their own and reads one HTTP answer; None where nothing readable came."""
    with run.line() as line:
        line.send(octets)
        return _raw(line.receive(_end, run.patience), closed=line.closed)


def fetch(run: Run, query: str) -> httpx.Response:
    """The answer to a GET request with this query, "" for none. Raises as `Run.http` does."""
    return run.http("GET", f"?{query}" if query else "")


def get_octets(run: Run, query: str, *headers: str, method: str = "GET") -> bytes:
    """A GET request for the target's path with this query, which is written as it is."""
    return _head(run, method, f"?{query}" if query else "", headers)


def post_octets(run: Run, body: bytes, media_type: str = FORM, *headers: str) -> bytes:
    """A POST request with this body to the target's path."""
    own = (f"Content-Type: {media_type}", f"Content-Length: {len(body)}")
    return _head(run, "POST", "", (*own, *headers)) + body


def escaped(value: str) -> str:
    """A value for a query with every octet but letters and digits written as %XX."""
    return "".join(one if one.isascii() and one.isalnum() else quote(one, safe="") for one in value)


def every_octet_escaped(value: str) -> str:
    return "".join(f"%{octet:02x}" for octet in value.encode())


def outline(octets: bytes) -> dict[str, Any]:
    """What a message of HTTP says, in short: of a request its parameters, of an answer its status, its root, and what
    stands below that, as text where it is text and as a number of elements where it is not."""
    head, _, body = octets.partition(b"\r\n\r\n")
    words = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
    if not words[0].startswith("HTTP/"):
        query = urlsplit(words[1]).query + (f"&{body.decode('latin-1')}" if words[0] == "POST" else "")
        return {"method": words[0], "parameters": [list(pair) for pair in parse_qsl(query, keep_blank_values=True)]}
    said: dict[str, Any] = {"status": int(words[1])}
    root = document(body)
    if root is not None:
        below = [(local(each), len(children(each)) or (each.text or "")) for each in children(root)]
        said.update(root=local(root), below=[list(pair) for pair in below])
    return said


def status_words(status: int) -> str:
    """An answer of HTTP that is none of the standard, in words that are the same for the same behaviour; 0: no answer
    of HTTP."""
    if not status:
        return "no answer of HTTP"
    return f"answered HTTP {status}{', a redirect, which is not followed' if status in REDIRECTS else ''}"


def http_error(status: int) -> Seen:
    """What an answer that is no document of the standard amounts to."""
    return breaks(status_words(status))


def _head(run: Run, method: str, query: str, headers: tuple[str, ...]) -> bytes:
    parts = urlsplit(run.target.url)
    lines = (f"{method} {parts.path or '/'}{query} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close", *headers)
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _end(octets: bytes) -> int:
    """Where an answer ends; 0 where it goes on, or ends with the connection."""
    head, gap, body = octets.partition(b"\r\n\r\n")
    if not gap:
        return 0
    start = len(head) + 4
    if _CHUNKED.search(head):
        end = chunks(body)[1]
        return start + end if end else 0
    length = _LENGTH.search(head)
    if length is None:
        return 0
    return start + int(length[1]) if len(body) >= int(length[1]) else 0


def chunks(body: bytes) -> tuple[bytes, int]:
    """What the chunks of a body hold, and where they end; 0 where they do not yet, or it has none."""
    place, found = 0, bytearray()
    while (gap := body.find(b"\r\n", place)) >= 0:
        told = _SIZE.fullmatch(body[place:gap].partition(b";")[0])
        if told is None:
            return bytes(found), 0
        size = int(told[1], 16)
        if size == 0:
            end = body.find(b"\r\n", gap + 2)
            return bytes(found), end + 2 if end >= 0 else 0
        found += body[gap + 2 : gap + 2 + size]
        place = gap + 2 + size + 2
    return bytes(found), 0


def _raw(octets: bytes, *, closed: bool) -> Raw | None:
    head, gap, body = octets.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    words = first.split(b" ", 2)
    status = number(words[1]) if len(words) > 1 else None
    if not gap or status is None or not words[0].startswith(b"HTTP/1."):
        return None
    pairs = [line.decode("latin-1").partition(":") for line in lines]
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = number(headers.get("content-length"))
    if headers.get("transfer-encoding", "").lower() == "chunked":
        found, end = chunks(body)
        return Raw(status, headers, found, end > 0)
    whole = closed if length is None else len(body) >= length
    return Raw(status, headers, body, whole)
