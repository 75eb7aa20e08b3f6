"""A stream of bytes cut into records, ISO 2709 or MARCXML, told apart by the first byte.

ISO 2709 is not cut at the lengths that leaders claim, of which one wrong one would lose the rest; XML is never parsed
as a whole. So damage costs one record. Each cut stands by itself: it can be read without the rest of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from library_protocols.marc.reading import Source, source_of

MAX_RECORD = 1 << 22
"""Bytes without an end after which what was read cannot be a record; MARCXML may be many times ISO 2709's 99,999."""

_HEAD = 4096
_FILLER = b" \t\r\n\x0b\x0c\x00\x1a\x1c"  # line ends and fillers that exports put between records
_NOTHING = _FILLER + b"\x1d\x1e"  # terminators of no record
_NAME = rb"(?:([A-Za-z_][\w.-]*):)?record"
_XML_START = re.compile(rb"<" + _NAME + rb"(?=[\s>/])")
_XML_END = re.compile(rb"</" + _NAME + rb"\s*>")
_LEADER = re.compile(rb"([0-9]{5})[a-z ][a-z][0-9A-Za-z ]{3}22[0-9]{5}[0-9A-Za-z ]{3}45")
_ISO_END = re.compile(rb"\x1d")
_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_NAMESPACE = re.compile(rb"""xmlns(?::([\w.-]+))?\s*=\s*(?:"([^"<&]*)"|'([^'<&]*)')""")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")
_ENDLESS = "has no end"


class Cut(NamedTuple):
    """One record's bytes as they stand at `offset` of the stream, up to before `end`; or `problem`, why there is none.

    In XML, a prefix declared at the head of the file is declared again on the record's first tag, and another
    encoding than UTF-8 is turned into it, so that `data` can be read and kept by itself.
    """

    offset: int
    end: int
    data: bytes
    problem: str = ""


class Cutter:
    """Feed bytes as they come, take records as they end.

    To resume in the middle of a file, give its first bytes (4,096 or more) as `head`, and as `start` the `end` of the
    last cut; feed from there. A text file in UTF-16 is refused with one problem.
    """

    def __init__(self, source: Source | None = None, *, head: bytes = b"", start: int = 0) -> None:
        self._source: Source | None = source
        self._buffer = b""
        self._offset = start
        self._namespaces: dict[bytes, bytes] = {}
        self._encoding = "utf-8"
        self._begun = self._refused = False
        if head:
            self._begin(head)

    @property
    def source(self) -> Source | None:
        """The wrapping, as soon as it is known."""
        return self._source

    def feed(self, data: bytes) -> list[Cut]:
        """The records that end in `data`."""
        if self._refused:
            return []
        self._buffer += data
        if not self._begun:
            if len(self._buffer) < _HEAD:
                return []
            self._begin(self._buffer)
        return self._refuse() if self._refused else self._cut()

    def close(self) -> list[Cut]:
        """What is left when the stream has ended."""
        if self._refused:
            return []
        if not self._begun:
            self._begin(self._buffer)
        if self._refused:
            return self._refuse()
        cuts = self._cut()
        rest, self._buffer = self._buffer, b""
        if not rest.strip(_NOTHING):
            return cuts
        if self._source == "iso2709":
            return cuts + list(self._iso2709(self._offset, rest))
        return cuts + [
            Cut(self._offset + match.start(), self._offset + len(rest), b"", _ENDLESS)
            for match in _XML_START.finditer(rest)
        ]

    def _begin(self, head: bytes) -> None:
        head = head[:_HEAD]
        self._begun, self._refused = True, head.startswith(_UTF_16)
        self._source = self._source or source_of(head)
        if self._source == "marcxml":
            if match := _ENCODING.search(head):
                self._encoding = match.group(1).decode("ascii").lower()
            for prefix, *uri in _NAMESPACE.findall(head):
                if prefix:
                    self._namespaces.setdefault(prefix, uri[0] or uri[1])

    def _refuse(self) -> list[Cut]:
        size, self._buffer = len(self._buffer), b""
        return [Cut(self._offset, self._offset + size, b"", "is text in UTF-16")]

    def _cut(self) -> list[Cut]:
        iso2709 = self._source == "iso2709"
        cuts: list[Cut] = []
        done = 0
        for match in (_ISO_END if iso2709 else _XML_END).finditer(self._buffer):
            piece = self._buffer[done : match.end()]
            cuts += (self._iso2709 if iso2709 else self._xml)(self._offset + done, piece)
            done = match.end()
        self._buffer, self._offset = self._buffer[done:], self._offset + done
        if len(self._buffer) > MAX_RECORD:
            end = self._offset + len(self._buffer)
            cuts.append(Cut(self._offset, end, b"", f"{len(self._buffer)} bytes without an end"))
            self._buffer, self._offset = b"", end
        return cuts

    def _iso2709(self, offset: int, piece: bytes) -> Iterator[Cut]:
        """What one record terminator ends: a record, and before it perhaps one that lost its own terminator."""
        end = offset + len(piece)
        data = piece.lstrip(_FILLER)
        start = end - len(data)
        if data[:5] != b"%05d" % len(data):
            for match in _LEADER.finditer(data, 1):
                if int(match.group(1)) == len(data) - match.start():
                    yield Cut(start, start + match.start(), data[: match.start()])
                    data, start = data[match.start() :], start + match.start()
                    break
        if data.strip(_NOTHING):
            yield Cut(start, end, data)

    def _xml(self, offset: int, piece: bytes) -> Iterator[Cut]:
        """What one end tag ends. An OAI-PMH answer wraps each record into another `record`, which is none."""
        starts = [match.start() for match in _XML_START.finditer(piece)]
        for start, following in pairwise(starts):
            if b"metadata" not in piece[start:following]:
                yield Cut(offset + start, offset + following, b"", _ENDLESS)
        if starts:
            start = offset + starts[-1]
            try:
                yield Cut(start, offset + len(piece), self._by_itself(piece[starts[-1] :]))
            except (UnicodeDecodeError, LookupError):
                yield Cut(start, offset + len(piece), b"", f"is not in {self._encoding}, as the file says")

    def _by_itself(self, fragment: bytes) -> bytes:
        if self._encoding not in ("utf-8", "utf8"):
            fragment = fragment.decode(self._encoding).encode("utf-8")
        missing = b"".join(
            b' xmlns:%s="%s"' % (prefix, uri)
            for prefix, uri in self._namespaces.items()
            if prefix + b":" in fragment and b"xmlns:" + prefix not in fragment
        )
        if not missing:
            return fragment
        name = _XML_START.match(fragment)
        at = name.end() if name else 0
        return fragment[:at] + missing + fragment[at:]
