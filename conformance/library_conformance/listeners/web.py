"""HTTP as played servers speak it."""

from __future__ import annotations

import re


def http_whole(octets: bytes) -> int:
    """Where an HTTP request ends."""
    head, gap, body = octets.partition(b"\r\n\r\n")
    if not gap:
        return 0
    found = re.search(rb"\r\ncontent-length: *(\d{1,15})(?!\d)", head, re.IGNORECASE)
    length = int(found[1]) if found else 0
    return len(head) + 4 + length if len(body) >= length else 0


def http_answer(body: bytes, status: bytes = b"200 OK", *headers: bytes) -> bytes:
    own = (b"Content-Type: application/xml; charset=utf-8", b"Content-Length: %d" % len(body))
    return b"\r\n".join((b"HTTP/1.1 " + status, *own, *headers)) + b"\r\n\r\n" + body
