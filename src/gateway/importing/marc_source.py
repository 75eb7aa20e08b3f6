"""MARC files, record by record: ISO 2709 or MARCXML, told apart by the first byte.

ISO 2709 is cut at record terminators, not at the lengths that leaders claim: one wrong length would otherwise lose
everything after it. Damaged XML is read past; the record in which the damage lies is refused.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types
from pymarc import Field, Indicators, Leader, Record, Subfield
from pymarc.exceptions import PymarcException

from gateway.importing.batches import Taken

TERMINATOR = b"\x1d"
MAX_RECORD = 1 << 20
"""Bytes without a terminator after which what was read cannot be a record: ISO 2709 ends at 99,999."""

_CHUNK = 1 << 18
_SPACE = string.whitespace.encode() + b"\x00\x1a"  # line ends and fillers that exports put between records


class MarcFile:
    """Raises OSError."""

    def __init__(self, path: Path) -> None:
        self.total = path.stat().st_size
        self._path = path
        with path.open("rb") as file:
            self.is_xml = file.read(512).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")

    def rows(self, start: int) -> Iterator[Taken]:
        """`resume` is a byte offset in ISO 2709, a number of records in XML; the value is a `pymarc.Record`."""
        return self._xml(start) if self.is_xml else self._iso2709(start)

    def _iso2709(self, start: int) -> Iterator[Taken]:
        with self._path.open("rb") as file:
            file.seek(start)
            for offset, data in _cut(file, start):
                end = offset + len(data)
                label = f"byte {offset}"
                try:
                    yield Taken(end, end, label, _parse(data.strip(_SPACE)))
                except ValueError as problem:
                    yield Taken(end, end, label, problem=str(problem))

    def _xml(self, start: int) -> Iterator[Taken]:
        with self._path.open("rb") as file:
            # Entities, network and huge trees stay off: the file may come from anywhere.
            parser = etree.iterparse(
                file, events=("end",), recover=True, resolve_entities=False, no_network=True, huge_tree=False
            )
            number = damages = 0
            for _, element in parser:
                if etree.QName(element).localname != "record":
                    continue
                number += 1
                line, errors = element.sourceline, len(parser.error_log)
                damaged, damages = errors > damages, errors
                if number > start:
                    yield self._xml_record(element, number, file.tell(), line, damaged)
                _free(element)
        if len(parser.error_log) > damages:
            label = f"record {number + 1}"
            yield Taken(number, self.total, label, problem=f"damaged XML: {parser.error_log[-1].message}")

    def _xml_record(
        self, element: etree._Element, number: int, position: int, line: int | None, damaged: bool
    ) -> Taken:
        label = f"record {number}, line {line}"
        if damaged:
            return Taken(number, position, label, problem="damaged XML in or before this record")
        try:
            return Taken(number, position, label, _from_xml(element))
        except ValueError as problem:
            return Taken(number, position, label, problem=str(problem))


def _cut(file: BinaryIO, start: int) -> Iterator[tuple[int, bytes]]:
    """Offset and bytes of each record, the terminator included; what is left at the end where it is not blank."""
    buffer, offset = b"", start
    while chunk := file.read(_CHUNK):
        buffer += chunk
        *records, buffer = buffer.split(TERMINATOR)
        for record in records:
            yield offset, record + TERMINATOR
            offset += len(record) + 1
        if len(buffer) > MAX_RECORD:
            yield offset, buffer
            offset += len(buffer)
            buffer = b""
    if buffer.strip(_SPACE):
        yield offset, buffer


def _parse(data: bytes) -> Record:
    """Raises ValueError for anything that is no record."""
    if len(data) > 99_999:
        raise ValueError(f"has {len(data)} bytes without an end: ISO 2709 allows 99,999")
    if not data.endswith(TERMINATOR):
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


def _free(element: etree._Element) -> None:
    """Lets go of what has been read, or the whole file would stay in memory."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _reason(error: Exception) -> str:
    return " ".join((str(error) or type(error).__name__).split())
