"""Web messages in recordings: with their heads (transcripts), or as method, path and parameters alone (the gateway's
record). What a recording does not have is None."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import pairwise
from urllib.parse import parse_qsl

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_conformance.passive_rules import Findings, Link, Said, Side, found, once
from library_conformance.web import chunks, document

_ORIGIN = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/]*")
_AT_ONCE = 0.2
"""Seconds by which somebody may be early."""
_DATED = 1e9
"""Times of recordings that are below are seconds since their beginning, and no date."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. `path` as it was written, without its query; `query`: the parameters as they were written, in the
    address or a form."""

    said: Said
    method: str
    path: str
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
    path, query = parts_of(words[1] if len(words) > 1 else "")
    if method == "POST" and not query and not body.lstrip().startswith(b"<"):
        query = body.decode("utf-8", "replace")
    return Asked(said, method, path, query, headers, body)


def parts_of(address: str) -> tuple[str, str]:
    """Path and query of an address, whatever it is."""
    before, _, query = address.partition("#")[0].partition("?")
    return _ORIGIN.sub("", before), query


def told(said: Said) -> Told:
    octets = said.octets or b""
    if not octets.startswith(b"HTTP/"):
        return Told(said, None, None, octets, document(octets))
    first, headers, body = _parts(octets)
    if (headers or {}).get("transfer-encoding", "").lower() == "chunked":
        held, end = chunks(body)
        body = held if end else body  # a transcript may have the body without its chunks
    status = first.split(" ")[1]
    return Told(said, int(status) if status.isdigit() else None, headers, body, document(body))


def waits(link: Link) -> Findings:
    """Whether those who were sent away come again no sooner than they were told to."""
    for (_, answer), (again, _) in pairwise(exchanges(link)):
        seconds = _retry_after(answer)
        if seconds is not None and answer is not None:
            waited = again.said.at - answer.said.at
            yield found(waited >= seconds - _AT_ONCE, again.said, "asked again before Retry-After was over")


def _retry_after(answer: Told | None) -> float | None:
    """Seconds after which one who was sent away may come again; None where nobody was, or it is not known."""
    value = (answer.headers or {}).get("retry-after", "") if answer is not None and answer.status == 503 else ""
    if value.isdigit():
        return float(value)
    if answer is None or answer.said.at < _DATED:
        return None
    try:
        return parsedate_to_datetime(value).timestamp() - answer.said.at
    except ValueError:
        return None


def _parts(octets: bytes) -> tuple[str, dict[str, str] | None, bytes]:
    head, gap, body = octets.partition(b"\r\n\r\n")
    if octets.lstrip().startswith(b"<"):
        return "", None, octets
    if not gap:
        return octets.decode("utf-8", "replace"), None, b""
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.partition(":") for line in lines]
    return first, {name.strip().lower(): value.strip() for name, _, value in pairs}, body
