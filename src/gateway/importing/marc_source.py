"""MARC files, record by record: ISO 2709 or MARCXML, told apart by the first byte.

Both are cut at the ends of records and each record is parsed by itself, so that damage costs one record. ISO 2709 is
not cut at the lengths that leaders claim, of which one wrong one would lose the rest; XML is never parsed as a whole.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types
from pymarc import Field, Indicators, Leader, Record, Subfield
from pymarc.exceptions import PymarcException

from gateway.importing.batches import Taken

MAX_RECORD = 1 << 20
"""Bytes without an end after which what was read cannot be a record: ISO 2709 stops at 99,999."""

_CHUNK = 1 << 18
_HEAD = 4096
_SPACE = string.whitespace.encode() + b"\x00\x1a"  # line ends and fillers that exports put between records
_ENDLESS = "has no end"

_TERMINATOR = re.compile(rb"\x1d")
_XML_START = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?record(?=[\s>/])")
_XML_END = re.compile(rb"</(?:[A-Za-z_][\w.-]*:)?record\s*>")
_XML_ENCODING = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_XML_NAMESPACE = re.compile(rb"""xmlns(?::([\w.-]+))?\s*=\s*(?:"[^"<&]*"|'[^'<&]*')""")


class MarcFile:
    """Raises OSError."""

    def __init__(self, path: Path) -> None:
        self.total = path.stat().st_size
        self._path = path
        with path.open("rb") as file:
            self._head = file.read(_HEAD)
        self.is_xml = self._head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")

    def rows(self, start: int) -> Iterator[Taken]:
        """From a byte offset; the value is a `pymarc.Record`."""
        end = _XML_END if self.is_xml else _TERMINATOR
        with self._path.open("rb") as file:
            file.seek(start)
            for offset, data in _cut(file, start, end):
                yield from self._xml(offset, data) if self.is_xml else self._iso2709(offset, data)

    def _iso2709(self, offset: int, data: bytes) -> Iterator[Taken]:
        yield _taken(offset, len(data), lambda: _parse(data.strip(_SPACE)))

    def _xml(self, offset: int, data: bytes) -> Iterator[Taken]:
        """What one end tag ends. An OAI-PMH answer wraps each record into another `record`, which is none."""
        starts = [match.start() for match in _XML_START.finditer(data)]
        ended = _XML_END.search(data) is not None
        for start, following in pairwise(starts):
            if b"metadata" not in data[start:following]:
                yield Taken(offset + following, offset + following, f"byte {offset + start}", problem=_ENDLESS)
        if starts:
            fragment = data[starts[-1] :]
            yield _taken(offset + starts[-1], len(fragment), lambda: self._element(fragment, ended))

    def _element(self, fragment: bytes, ended: bool) -> Record:
        if not ended:
            raise ValueError(_ENDLESS)
        return _from_xml(_strict(self._wrapper, fragment))

    @cached_property
    def _wrapper(self) -> bytes:
        """An opening tag that declares what the file's own first tags declare, in the file's encoding."""
        encoding = _XML_ENCODING.search(self._head)
        declared = {match.group(1): match.group(0) for match in _XML_NAMESPACE.finditer(self._head)}
        declaration = b'<?xml version="1.0" encoding="%s"?>' % (encoding.group(1) if encoding else b"utf-8")
        return declaration + b"<_ " + b" ".join(declared.values()) + b">"


def _taken(offset: int, length: int, parse: Callable[[], Record]) -> Taken:
    end, label = offset + length, f"byte {offset}"
    try:
        return Taken(end, end, label, parse())
    except ValueError as problem:
        return Taken(end, end, label, problem=str(problem))


def _cut(file: BinaryIO, start: int, end: re.Pattern[bytes]) -> Iterator[tuple[int, bytes]]:
    """Offset and bytes of each record, with what ends it; what is left at the end where it is not blank."""
    buffer, offset = b"", start
    while chunk := file.read(_CHUNK):
        buffer += chunk
        done = 0
        for match in end.finditer(buffer):
            yield offset + done, buffer[done : match.end()]
            done = match.end()
        buffer, offset = buffer[done:], offset + done
        if len(buffer) > MAX_RECORD:
            yield offset, buffer
            buffer, offset = b"", offset + len(buffer)
    if buffer.strip(_SPACE):
        yield offset, buffer


def _strict(wrapper: bytes, fragment: bytes) -> etree._Element:
    """Entities, network and huge trees stay off: the file may come from anywhere."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        return etree.fromstring(wrapper + fragment + b"</_>", parser)[0]
    except (etree.XMLSyntaxError, IndexError, LookupError) as error:
        raise ValueError(f"damaged XML: {_reason(error)}") from error


def _parse(data: bytes) -> Record:
    """Raises ValueError for anything that is no record."""
    if len(data) > 99_999:
        raise ValueError(f"has {len(data)} bytes without an end: ISO 2709 allows 99,999")
    if not data.endswith(b"\x1d"):
        raise ValueError("ends without a record terminator")
    try:
        return Record(data=data, to_unicode=True, force_utf8=False, utf8_handling="strict")
    except (PymarcException, ValueError, LookupError, TypeError) as error:
        raise ValueError(_reason(error)) from error


def _from_xml(element: etree._Element) -> Record:
    record = Record()
    for child in element:
        if not isinstance(child.tag, str):
            continue
        name, text = etree.QName(child).localname, child.text or ""
        if name == "leader":
            if len(text) != 24:
                raise ValueError("has a leader that is not 24 characters long")
            record.leader = Leader(text)
        elif name == "controlfield":
            record.add_field(Field(_tag(child), data=text))
        elif name == "datafield":
            record.add_field(_data_field(child))
    return record


def _data_field(element: etree._Element) -> Field:
    indicators = Indicators(*((element.get(name) or " ")[:1] for name in ("ind1", "ind2")))
    subfields = [
        Subfield(child.get("code") or " ", child.text or "")
        for child in element
        if isinstance(child.tag, str) and etree.QName(child).localname == "subfield"
    ]
    return Field(_tag(element), indicators, subfields)


def _tag(element: etree._Element) -> str:
    tag = element.get("tag") or ""
    if len(tag) != 3 or not tag.isalnum():
        raise ValueError(f"has a field with the tag {tag!r}")
    return tag


def _reason(error: Exception) -> str:
    return " ".join((str(error) or type(error).__name__).split())
