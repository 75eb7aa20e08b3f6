"""A stream of octets cut into documents, which nothing but their own last tag ends (Part 2 gives raw TCP no framing).

Comments, CDATA and instructions are passed over, for a tag within them ends nothing; other tags are not looked into, as
no `<` may stand in them. No octet is looked at more than a tag's length of times, whatever the pieces. An HTTP request
typed onto the same socket is known by its first word.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass

from library_protocols.ncip.scan import NAME, UTF_8_MARK, UTF_16_MARKS, units

MAX_MESSAGE = 1_048_576
"""Octets of one document where the owner does not say otherwise: the longest real ones have some 40,000, a set of
items a few hundred thousand."""
MAX_HEAD = 16_384
"""Octets of an HTTP request before its body: what common servers take."""
MAX_PROLOG = 16_384
"""Octets before the root element: a declaration, a document type, a comment or two. Mark by mark they take time."""
_MAX_NAME = 256
"""Octets of the root element's name with its prefix."""
_METHOD = b"POST "
_BLANK = b" \t\r\n\0"
_BLANKS = re.compile(rb"[ \t\r\n\0]*+")
_BETWEEN = re.compile(rb"(?:[ \t\r\n\0]|" + UTF_8_MARK + rb")*+")
_COMMENT = b"<!--"
_MARK = re.compile(rb"<(?:!--|!|\?|(?=[A-Za-z_\x80-\xff]))")
_ROOT = re.compile(rb"(" + NAME + rb")[\s/>]")
_QUOTE_OR_END = re.compile(rb"[\"'>]")
_IN_DOCTYPE = re.compile(rb"[\"'>\[\]]|<!--|<\?")
_CLOSING = {b'"': re.compile(rb'"'), b"'": re.compile(rb"'"), b"<!--": re.compile(rb"-->"), b"<?": re.compile(rb"\?>"),
            b"<![CDATA[": re.compile(rb"\]\]>"), b"</": re.compile(rb">")}  # fmt: skip
_EMPTY_LINE = re.compile(rb"\r?\n\r?\n")
_CONTINUED = re.compile(rb"[\x80-\xbf]")


@dataclass(frozen=True, slots=True)
class Frame:
    """One document. `http`: it came as the body of an HTTP request, with that content type, to that target; then
    `octets` is the body as it was sent, and the answer is to be one of HTTP/1.0."""

    octets: bytes
    http: bool = False
    content_type: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class FrameError:
    """Why nothing more can be read; `http`: the peer speaks HTTP."""

    reason: str
    http: bool = False


class _NoDocument(Exception):
    """What follows cannot be cut; the message says why."""


_Waiting = Generator[None, None, None]


class Framer:
    """Cuts one direction of a connection. Once `error` is there, nothing more comes."""

    def __init__(self, max_bytes: int = MAX_MESSAGE) -> None:
        self.max_bytes = max_bytes
        self.error: FrameError | None = None
        self._raw = bytearray()
        self._view = self._raw  # another one while a document in UTF-16 is read: an octet a unit
        self._high_first = False
        self._at = 0  # in the view: nothing before is of interest
        self._http = False
        self._frames = self._cut()

    @property
    def buffered(self) -> int:
        """Octets held of a document whose end has not arrived."""
        return len(self._raw)

    def receive(self, octets: bytes) -> list[Frame]:
        """Takes octets as they arrived; gives the documents they complete, in order. Never raises.

        When what follows those cannot be cut, or is too long, `error` says so.
        """
        if self.error is not None:
            return []
        self._raw += octets
        self._look()
        found: list[Frame] = []
        try:
            while (frame := next(self._frames)) is not None:
                found.append(frame)
        except _NoDocument as problem:
            self.error = FrameError(str(problem), self._http)
            self._raw = self._view = bytearray()
        return found

    def _cut(self) -> Generator[Frame | None, None, None]:
        while True:
            self._http = False
            yield from self._start()
            if self._raw.startswith(_METHOD):
                yield (yield from self._request())
            else:
                yield from self._document()
                yield Frame(self._taken())

    def _start(self) -> _Waiting:
        """Drops what stands between documents, then waits for what tells what follows."""
        while True:
            if between := _BETWEEN.match(self._raw):
                del self._raw[: between.end()]
            held = bytes(self._raw[: len(_METHOD)])
            if held.startswith((b"<", _METHOD)) or held[:2] in UTF_16_MARKS:
                return
            if not any(one.startswith(held) for one in (UTF_8_MARK, _METHOD, *UTF_16_MARKS)):
                raise _NoDocument(f"octet {held[0]:#04x} begins no document")
            yield

    def _document(self) -> _Waiting:
        """Moves to behind the last tag of the document at the start of what is held."""
        self._at = 0
        if (high_first := UTF_16_MARKS.get(bytes(self._raw[:2]))) is not None:
            self._high_first, self._view, self._at = high_first, bytearray(), 1
            self._look()
        name = yield from self._prolog()
        if name is None:
            return
        ending = re.compile(rb"</" + re.escape(name) + rb"(?=[\s>])|<!--|<!\[CDATA\[|<\?")
        longest = max(len(name) + 3, len(b"<![CDATA["))
        while True:
            mark = yield from self._find(ending, longest)
            if mark.startswith(b"</"):
                yield from self._find(_CLOSING[b"</"], 1)
                return
            yield from self._find(_CLOSING[mark], 3)

    def _prolog(self) -> Generator[None, None, bytes | None]:
        """Moves to behind the root's first tag and gives its name; None when there is nothing but that tag."""
        while True:
            self._check_prolog()
            if blanks := _BLANKS.match(self._view, self._at):
                self._at = blanks.end()
            held = bytes(self._view[self._at : self._at + len(_COMMENT)])
            if len(held) < len(_COMMENT) and _COMMENT.startswith(held):
                yield from self._more()
                continue
            mark = _MARK.match(self._view, self._at)
            if mark is None:
                raise _NoDocument("what follows is no XML")
            what = mark[0]
            self._at += len(what)
            if what == b"<":
                return (yield from self._root())
            if what == b"<!":
                yield from self._doctype()
            else:
                yield from self._find(_CLOSING[what], 3)

    def _root(self) -> Generator[None, None, bytes | None]:
        start = self._at
        while (match := _ROOT.match(self._view, start, start + _MAX_NAME)) is None:
            if len(self._view) - start >= _MAX_NAME:
                raise _NoDocument(f"an element's name of more than {_MAX_NAME} octets")
            yield from self._more()
        name = match[1]
        self._at = start + len(name)
        while (mark := (yield from self._find(_QUOTE_OR_END, 1))) != b">":
            yield from self._find(_CLOSING[mark], 1)
        return None if self._view[self._at - 2] == ord("/") else name

    def _doctype(self) -> _Waiting:
        depth = 0
        while (mark := (yield from self._find(_IN_DOCTYPE, 4))) != b">" or depth:
            self._check_prolog()
            if mark in (b"[", b"]"):
                depth += 1 if mark == b"[" else -1
            elif mark != b">":
                yield from self._find(_CLOSING[mark], 3)

    def _check_prolog(self) -> None:
        if self._at > MAX_PROLOG:
            raise _NoDocument(f"more than {MAX_PROLOG} octets before the root element")

    def _find(self, wanted: re.Pattern[bytes], longest: int) -> Generator[None, None, bytes]:
        """Moves to behind what is `wanted`, of at most `longest` octets with what must follow it, and gives it."""
        while (match := wanted.search(self._view, self._at)) is None:
            self._at = max(self._at, len(self._view) - longest + 1)
            yield from self._more()
        self._at = match.end()
        return match[0]

    def _more(self) -> _Waiting:
        if len(self._raw) > self.max_bytes:
            raise _NoDocument(f"a document of more than {self.max_bytes} octets")
        yield

    def _look(self) -> None:
        """Brings the view up to what is held."""
        if self._view is not self._raw:
            self._view += units(self._raw[2 * len(self._view) :], self._high_first)

    def _taken(self) -> bytes:
        """What has been read, which is held no longer."""
        stop = self._at if self._view is self._raw else 2 * self._at
        if stop > self.max_bytes:
            raise _NoDocument(f"a document of {stop} octets where {self.max_bytes} are allowed")
        octets = bytes(self._raw[:stop])
        self._view = self._raw
        del self._raw[:stop]
        return octets

    def _request(self) -> Generator[None, None, Frame]:
        self._http = True
        self._at = 0
        while (match := _EMPTY_LINE.search(self._raw, self._at, MAX_HEAD)) is None:
            if len(self._raw) >= MAX_HEAD:
                raise _NoDocument(f"an HTTP head of more than {MAX_HEAD} octets")
            self._at = max(0, len(self._raw) - 3)
            yield
        head = bytes(self._raw[: match.start()])
        del self._raw[: match.end()]
        target, content_type, length = _read_head(head)
        if length is None:
            yield from self._start()
            if self._raw.startswith(_METHOD):
                raise _NoDocument("a body whose length is not told")
            yield from self._document()
            return Frame(self._taken(), True, content_type, target)
        if length > self.max_bytes:
            raise _NoDocument(f"a body of {length} octets where {self.max_bytes} are allowed")
        while len(self._raw) < length:
            yield
        self._at = length
        if _is_counted_in_characters(bytes(self._raw[:length])):
            yield from self._document()
        return Frame(self._taken(), True, content_type, target)


def _read_head(head: bytes) -> tuple[str, str, int | None]:
    """The target, the content type and the length of the body that an HTTP request's head tells of."""
    first, *lines = head.decode("latin-1").splitlines()
    words = first.split()
    if len(words) not in (2, 3):
        raise _NoDocument("an HTTP request without a target")
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "content-length" and fields.get(name, value) != value:
            raise _NoDocument("two lengths of one body")
        fields[name] = value
    if "transfer-encoding" in fields:
        raise _NoDocument("a body with a transfer encoding, which HTTP/1.0 has not")
    length = fields.get("content-length")
    if length is not None and not (length.isascii() and length.isdecimal() and len(length) < 10):
        raise _NoDocument("a length of the body that is no number")
    return words[1], fields.get("content-type", ""), None if length is None else int(length)


def _is_counted_in_characters(body: bytes) -> bool:
    """Whether a body of the length that was told is cut short because its sender counted characters (lib-ncip-client
    does): a document in UTF-8 with more octets than characters, whose root is not closed."""
    document = body.strip(_BLANK)
    if not document.startswith(b"<") or not _CONTINUED.search(document):
        return False
    root = re.search(rb"<(" + NAME + rb")", document)
    return root is not None and not re.search(rb"</" + re.escape(root[1]) + rb"\s*>\Z", document)
