"""An HTTP error for people: its status, and what the server says of it where that is no page."""

from __future__ import annotations

from http import HTTPStatus

LONGEST = 200
"""Characters of a server's own words that are shown."""


def http_words(status: int, body: bytes) -> str:
    """`HTTP 404: There is no such catalogue.`; the standard's phrase where the body is markup, empty or no text."""
    text = " ".join(body.decode("utf-8", "replace").split())
    if not text or text.startswith(("<", "{")) or not text.isprintable() or "\N{REPLACEMENT CHARACTER}" in text:
        text = HTTPStatus(status).phrase if status in list(HTTPStatus) else ""
    if len(text) > LONGEST:
        text = text[:LONGEST] + "…"
    return f"HTTP {status}: {text}" if text else f"HTTP {status}"
