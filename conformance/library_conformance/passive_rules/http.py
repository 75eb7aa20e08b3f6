"""Web messages in recordings: with their heads (transcripts), or as method, path and parameters alone (the gateway's
record). What a recording does not have is None."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_conformance.passive_rules import Link, Said, Side, once
from library_conformance.web import document


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. `query`: its parameters as they were written, in the address or a form."""

    said: Said
    method: str
    query: str
    headers: dict[str, str] | None
    body: bytes

    @property
    def arguments(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True, encoding="utf-8", errors="replace")

    def argument(self, name: str) -> str | None:
        return next((value for key, value in self.arguments if key == name), None)


@dataclass(frozen=True, slots=True)
class Told:
    """An answer. `root`: its document, None where there is none that can be read."""

    said: Said
    status: int | None
    headers: dict[str, str] | None
    body: bytes
    root: etree._Element | None


def exchanges(link: Link) -> list[tuple[Asked, Told | None]]:
    """What was asked, each with its answer; None where there was none, or it was not recorded."""
    return once(link, "http", lambda: list(_exchanges(link)))


def _exchanges(link: Link) -> Iterator[tuple[Asked, Told | None]]:
    waiting: Asked | None = None
    for one in link.said:
        if one.side is Side.CLIENT:
            if waiting is not None:
                yield waiting, None
            waiting = asked(one)
        elif waiting is not None:
            yield waiting, told(one)
            waiting = None
    if waiting is not None:
        yield waiting, None


def asked(said: Said) -> Asked:
    first, headers, body = _parts(said.octets or b"")
    words = first.split(" ", 2)
    method = words[0] if len(words) > 1 else ""
    query = urlsplit(words[1]).query if len(words) > 1 else ""
    if method == "POST" and not query and not body.lstrip().startswith(b"<"):
        query = body.decode("utf-8", "replace")
    return Asked(said, method, query, headers, body)


def told(said: Said) -> Told:
    octets = said.octets or b""
    if not octets.startswith(b"HTTP/"):
        return Told(said, None, None, octets, document(octets))
    first, headers, body = _parts(octets)
    status = first.split(" ")[1]
    return Told(said, int(status) if status.isdigit() else None, headers, body, document(body))


def _parts(octets: bytes) -> tuple[str, dict[str, str] | None, bytes]:
    head, gap, body = octets.partition(b"\r\n\r\n")
    if octets.lstrip().startswith(b"<"):
        return "", None, octets
    if not gap:
        return octets.decode("utf-8", "replace"), None, b""
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.partition(":") for line in lines]
    return first, {name.strip().lower(): value.strip() for name, _, value in pairs}, body
