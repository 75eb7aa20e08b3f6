"""A `Record` to ISO 2709, in UTF-8, MARC-8 or ISO 5426, and what does not fit into it.

A field ends at 9,999 bytes and a record at 99,999. What is beyond is left out by one rule and reported: text of a
field from its end; fields that are local first (9XX and tags with letters), then holdings (841 to 878), then the rest
from the end; control fields and the title never.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from library_protocols.marc import iso5426, marc8
from library_protocols.marc.facts.charsets import ISO_5426, MARC_8, UTF_8
from library_protocols.marc.problems import Repair
from library_protocols.marc.reading import ENTRY_MAP, Format, with_unimarc_charsets
from library_protocols.marc.record import DataField, Record

MAX_FIELD = 9_999
"""Bytes of a field with its terminator: four digits in the directory."""
MAX_RECORD = 99_999
"""Bytes of a record: five digits in the leader."""

_ENTRY = 12
_LEADER = 24
_KEPT = frozenset({"245", "200"})  # a record without its title is no use to anyone
_UNIMARC_CHARSETS = {UTF_8: "50  ", ISO_5426: "0103", MARC_8: "01  "}

_Encoder = Callable[[str], tuple[bytes, int]]


class Written(NamedTuple):
    """ISO 2709 octets, and what had to be changed for it: codes of `facts.REPAIRS`. `loses`: text was left out."""

    data: bytes
    changes: tuple[Repair, ...]
    loses: bool


def to_iso2709(record: Record, charset: str = UTF_8, format: Format = "marc21") -> bytes:  # noqa: A002
    """The record's octets; `write_iso2709` also says what was left out. Raises ValueError for an unknown charset."""
    return write_iso2709(record, charset, format).data


def write_iso2709(record: Record, charset: str = UTF_8, format: Format = "marc21") -> Written:  # noqa: A002
    """Write with `charset` utf-8, marc-8 or iso-5426. Raises ValueError for another one."""
    encode = _ENCODERS.get(charset)
    if encode is None:
        raise ValueError(f"MARC is not written in {charset}")
    changes: list[Repair] = []
    if format == "unimarc":
        record = with_unimarc_charsets(record, _UNIMARC_CHARSETS[charset], also_blank=charset != UTF_8)
    fields = [_control(tag, text, encode, changes) for tag, text in record.control]
    kept_always = len(fields)
    fields += [_data(field, encode, changes) for field in record.data]
    loses = bool(changes) and any(change.code == "field-too-long" for change in changes)
    if sum(len(content) for _, content in fields) + _ENTRY * len(fields) + _LEADER + 2 > MAX_RECORD:
        fields = _fitting(fields, kept_always, changes)
        loses = True
    return Written(_assembled(record.leader, fields, charset, format), tuple(dict.fromkeys(changes)), loses)


def _utf8(text: str) -> tuple[bytes, int]:
    return text.encode("utf-8", "replace"), 0


_ENCODERS: dict[str, _Encoder] = {UTF_8: _utf8, MARC_8: marc8.encode, ISO_5426: iso5426.encode}


def _control(tag: str, text: str, encode: _Encoder, changes: list[Repair]) -> tuple[str, bytes]:
    content = _encoded(tag, text, encode, changes)
    if len(content) >= MAX_FIELD:
        changes.append(Repair("field-too-long", f"{tag}: {len(content) + 1} bytes"))
        content = _cut(text, MAX_FIELD - 1, encode)
    return tag, content + b"\x1e"


def _data(field: DataField, encode: _Encoder, changes: list[Repair]) -> tuple[str, bytes]:
    tag, indicators, subfields = field
    joined = "".join([f"\x1f{code}{text}" for code, text in subfields])
    if encode is _utf8 or joined.isascii():
        content = f"{indicators}{joined}\x1e".encode()
        if len(content) <= MAX_FIELD:
            return tag, content
    parts = [b"\x1f" + code.encode("ascii") + _encoded(tag, text, encode, changes) for code, text in subfields]
    content = indicators.encode("ascii") + b"".join(parts) + b"\x1e"
    if len(content) <= MAX_FIELD:
        return tag, content
    changes.append(Repair("field-too-long", f"{tag}: {len(content)} bytes"))
    return tag, _shortened(field, parts, encode)


def _shortened(field: DataField, parts: list[bytes], encode: _Encoder) -> bytes:
    """Whole subfields as long as they fit, then as much of the next one as fits."""
    room = MAX_FIELD - 3
    content = field.indicators.encode("ascii")
    for part, (code, text) in zip(parts, field.subfields, strict=True):
        if len(part) <= room:
            content += part
            room -= len(part)
            continue
        if room > 2:
            content += b"\x1f" + code.encode("ascii") + _cut(text, room - 2, encode)
        break
    return content + b"\x1e"


def _cut(text: str, room: int, encode: _Encoder) -> bytes:
    """The longest beginning of `text`, in whole characters, of at most `room` bytes."""
    low, high = 0, min(len(text), room)
    while low < high:
        middle = (low + high + 1) // 2
        if len(encode(text[:middle])[0]) <= room:
            low = middle
        else:
            high = middle - 1
    return encode(text[:low])[0]


def _encoded(tag: str, text: str, encode: _Encoder, changes: list[Repair]) -> bytes:
    content, references = encode(text)
    if references:
        changes.append(Repair("character-reference", f"{tag}: {references}"))
    return content


def _fitting(fields: list[tuple[str, bytes]], kept_always: int, changes: list[Repair]) -> list[tuple[str, bytes]]:
    """Without as many fields as it takes, those that matter least first."""
    size = sum(len(content) + _ENTRY for _, content in fields) + _LEADER + 2
    left_out: set[int] = set()
    candidates = sorted(range(kept_always, len(fields)), key=lambda number: (_worth(fields[number][0]), -number))
    for number in candidates:
        if size <= MAX_RECORD:
            break
        if fields[number][0] in _KEPT:
            continue
        left_out.add(number)
        size -= len(fields[number][1]) + _ENTRY
    changes.append(Repair("record-too-long", f"{len(left_out)} of {len(fields)} fields left out"))
    return [field for number, field in enumerate(fields) if number not in left_out]


def _worth(tag: str) -> int:
    if tag.startswith("9") or not tag.isdigit():
        return 0
    return 1 if "841" <= tag <= "878" else 2


def _assembled(leader: str, fields: list[tuple[str, bytes]], charset: str, format_: Format) -> bytes:
    directory, start = [], 0
    for tag, content in fields:
        length = len(content)
        directory.append(f"{tag}{length:04d}{start:05d}")
        start += length
    base = _LEADER + _ENTRY * len(fields) + 1
    coding = leader[9] if format_ == "unimarc" else ("a" if charset == UTF_8 else " ")
    head = f"{base + start + 1:05d}{leader[5:9]}{coding}22{base:05d}{leader[17:20]}"
    return b"".join(
        (
            head.encode("ascii"),
            ENTRY_MAP[format_],
            "".join(directory).encode("ascii"),
            b"\x1e",
            *(content for _, content in fields),
            b"\x1d",
        )
    )
