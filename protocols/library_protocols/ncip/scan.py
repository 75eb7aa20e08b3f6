"""A document cut into tags, texts and the rest, without an XML parser: for what must work on octets as they came.

Nothing is repaired. The first thing that is not XML ends the tokens, so nobody takes what stands behind it for more
than it is. UTF-16 is looked at through a view of one octet a unit; places in the view are units.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

UTF_8_MARK = b"\xef\xbb\xbf"
UTF_16_MARKS = {b"\xff\xfe": False, b"\xfe\xff": True}
"""Octets of the byte order mark -> whether the high octet comes first."""
NAME = rb"[A-Za-z_\x80-\xff][\w.\x80-\xff-]*+(?::[A-Za-z_\x80-\xff][\w.\x80-\xff-]*+)?"
"""A name with its prefix; which letters XML allows beyond ASCII is not looked into."""
_OTHER = 0x80  # stands in a view for every unit that is no octet

_QUOTED = rb"""(?:"[^"<]*+"|'[^'<]*+')"""
_NAMED_OUTSIDE = rb"\s++(?:SYSTEM|PUBLIC\s++" + _QUOTED + rb")(?:\s*+" + _QUOTED + rb")?"
_TOKEN = re.compile(
    rb"(?P<text>[^<]++)"
    rb"|</(?P<end>" + NAME + rb")\s*+>"
    rb"|<(?P<start>" + NAME + rb")(?P<attributes>(?:\s++" + NAME + rb"\s*+=\s*+" + _QUOTED + rb")*+)\s*+(?P<empty>/?)>"
    rb"|<!--(?P<comment>.*?)-->"
    rb"|<!\[CDATA\[(?P<cdata>.*?)\]\]>"
    rb"|<\?(?P<instruction>.*?)\?>"
    rb"|<!DOCTYPE\s++(?P<doctype>"
    + NAME
    + rb"(?:\s++(?:SYSTEM|PUBLIC\s++"
    + _QUOTED
    + rb")(?:\s*+"
    + _QUOTED
    + rb")?)?)\s*+>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(rb"(" + NAME + rb")\s*+=\s*+(" + _QUOTED + rb")")


class Token(NamedTuple):
    """`kind` is start, empty, end, text, cdata, comment, instruction or doctype. `start` and `stop` are the token,
    `inside` what it holds: a tag's name, the text, what stands between the marks. `attributes` is their place."""

    kind: str
    start: int
    stop: int
    inside: tuple[int, int]
    attributes: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class View:
    """A document as one octet a unit: `octets`; `width` octets of the document are a unit; `high_first` where two."""

    octets: bytes
    width: int = 1
    high_first: bool = False


def view_of(document: bytes) -> View:
    """The view of a document; UTF-16 is known by its byte order mark."""
    high_first = UTF_16_MARKS.get(document[:2])
    if high_first is None:
        return View(document)
    return View(units(document, high_first), 2, high_first)


def units(octets: bytes | bytearray, high_first: bool) -> bytes:
    """UTF-16 as one octet a unit; a last octet that is half a unit is left out."""
    whole = len(octets) & ~1
    high, low = octets[0:whole:2], octets[1:whole:2]
    if not high_first:
        high, low = low, high
    if high.count(0) == len(high):
        return bytes(low)
    return bytes(_OTHER if above else below for above, below in zip(high, low, strict=True))


def tokens(view: bytes, at: int = 0) -> Iterator[Token]:
    """The tokens of a view from `at` on, without gaps, up to its end or to what is no XML.

    Whether tags match each other is not looked into, nor are names and references.
    """
    while (match := _TOKEN.match(view, at)) is not None:
        kind = match.lastgroup or ""
        if kind == "empty":
            inside = match.span("start")
            yield Token("empty" if match["empty"] else "start", at, match.end(), inside, match.span("attributes"))
        else:
            yield Token(kind, at, match.end(), match.span(kind))
        at = match.end()


def attributes(view: bytes, place: tuple[int, int]) -> Iterator[tuple[bytes, int, int]]:
    """The attributes in `place` of a start tag: each one's name with its prefix, and where its value is."""
    for match in _ATTRIBUTE.finditer(view, *place):
        start, stop = match.span(2)
        yield match[1], start + 1, stop - 1


def local(name: bytes) -> bytes:
    """A name without its prefix."""
    return name.rpartition(b":")[2]
