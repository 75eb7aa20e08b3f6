"""A page whose XML is broken, read record by record: what is whole is kept, the rest is told with its place.

Only a page that has its end can be read so: one that was cut off is asked for again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from library_protocols.oai_pmh import ReadError, Record, Response, read_response

# No tag holds another's beginning: so each is looked at once, however many there are without an end.
_ROOT = re.compile(rb"<((?:[\w.-]+:)?)OAI-PMH\b[^<>]{0,4000}>")
_RECORD = re.compile(rb"<(?:[\w.-]+:)?record\b[^<>]*>\s*<(?:[\w.-]+:)?header\b")
_RECORD_END = re.compile(rb"</(?:[\w.-]+:)?record\s*>")
_TOKEN = re.compile(rb"<(?:[\w.-]+:)?resumptionToken\b[^<>]*(?:(?<=/)>|(?<!/)>[^<]*</(?:[\w.-]+:)?resumptionToken\s*>)")
_TOKEN_BEGINS = re.compile(rb"<(?:[\w.-]+:)?resumptionToken\b")
_BARE_AMPERSAND = re.compile(rb"&(?!(?:#\d+|#x[0-9a-fA-F]+|amp|lt|gt|quot|apos);)")
_DATE = re.compile(rb"<(?:[\w.-]+:)?responseDate\b[^<>]*>[^<]*</(?:[\w.-]+:)?responseDate\s*>")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FORBIDDEN_REFERENCE = re.compile(r"&#(?:x0*(?:[0-8bcefBCEF]|1[0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2\d|3[01]));")


@dataclass(frozen=True, slots=True)
class Damage:
    """Octets `offset` to `end` of a response that could not be read as a record."""

    offset: int
    end: int
    reason: str


def read_damaged(octets: bytes, error: ReadError) -> tuple[Response, tuple[Damage, ...]]:
    """A page with its whole records, and what was not whole. Raises `error` where nothing can be made of it."""
    root = _ROOT.search(octets)
    if root is None or b"<!DOCTYPE" in octets[: root.start()].upper() or b"<!ENTITY" in octets.upper():
        raise error
    end_tag = b"</%bOAI-PMH" % root[1]
    tail = octets.rfind(end_tag)
    if tail < 0:
        raise error
    starts = [match.start() for match in _RECORD.finditer(octets, root.end(), tail)]
    behind = starts[-1] if starts else root.end()
    tokens = list(_TOKEN.finditer(octets, behind, tail))
    if not tokens and _TOKEN_BEGINS.search(octets, behind, tail):
        raise error  # a page that leads on, nobody knows where, is not the last one
    date = _DATE.search(octets, root.end())

    def read(inner: bytes) -> Response:
        document = b"%b%b<%bListRecords>%b</%bListRecords></%bOAI-PMH>" % (
            root[0],
            date[0] if date else b"",
            root[1],
            inner,
            root[1],
            root[1],
        )
        return read_response(_without_forbidden(document))

    records: list[Record] = []
    damages: list[Damage] = []
    for start, following in zip(starts, [*starts[1:], tokens[-1].start() if tokens else tail], strict=True):
        ends = [match.end() for match in _RECORD_END.finditer(octets, start, following)]
        end = ends[-1] if ends else following
        try:
            records += read(octets[start:end]).records
        except ReadError as inner_error:
            damages.append(Damage(start, end, inner_error.reason))
    if not records and not tokens:
        raise error
    # Tokens made of a query's parts are the ones that are sent as they are.
    page = read(_BARE_AMPERSAND.sub(b"&amp;", tokens[-1][0]) if tokens else b"")
    return replace(page, records=tuple(records)), tuple(damages)


def holds_records(octets: bytes) -> bool:
    """Whether this was to be a page of records, readable or not."""
    root = _ROOT.search(octets)
    return root is not None and _RECORD.search(octets, root.end()) is not None


def _without_forbidden(octets: bytes) -> bytes:
    """Characters that XML cannot hold, and octets that are no UTF-8, are the commonest damage of all."""
    text = _FORBIDDEN_REFERENCE.sub("", octets.decode("utf-8", "replace"))
    return _FORBIDDEN.sub("", text).encode()


__all__ = ["Damage", "holds_records", "read_damaged"]
