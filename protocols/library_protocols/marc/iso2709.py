"""One ISO 2709 record to a `Record`: a lean path for sound records, and the long way for all others.

The lean path decodes once and splits at terminators, after the directory has been compared with where they stand.
It answers None for the slightest doubt; the long way then finds out what is wrong and repairs it.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import accumulate, product
from string import ascii_uppercase, digits
from struct import Struct
from typing import NamedTuple

from library_protocols.marc import encoding
from library_protocols.marc.directory import cut_fields
from library_protocols.marc.facts.charsets import ASCII, CP1251, CP1252, ISO_5426, MARC_8, UTF_8
from library_protocols.marc.problems import MarcError, Repair
from library_protocols.marc.record import DataField, Record, Unsplit
from library_protocols.marc.sound import (
    CODES,
    is_control,
    sound_field,
    sound_leader,
    sound_tag,
    sound_text,
)

# C0 controls that XML does not allow, without the three separators of ISO 2709.
_CONTROLS = bytes(code for code in range(0x1D) if code not in b"\t\n\r")
_NONCHARACTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")
_BAD_CODE = re.compile(f"\x1f(?![{re.escape(''.join(sorted(CODES)))}])")
_HIGH_CODE = re.compile(rb"\x1f[\x80-\xff]|(?:\x1e|^)(?:[\x80-\xff]|.[\x80-\xff])", re.DOTALL)
_BAD_START = re.compile("\x1e(?![0-9a-z ]{2}\x1f)")  # of a data field
_LEADER = re.compile(rb"[0-9]{5}[0-9A-Za-z ][0-9A-Za-z][0-9A-Za-z ]{3}22[0-9]{5}[0-9A-Za-z ]{3}450[0 ]")
_TAGS: dict[bytes, str] = {
    "".join(tag).encode(): "".join(tag)
    for tag in product(digits, digits + ascii_uppercase, digits + ascii_uppercase)
    if "".join(tag) != "000"
}
_ENDLESS = 1 << 24


class Read(NamedTuple):
    """What was read, before its format is known. `lean`: the octets were sound as they stand."""

    record: Record
    encoding: str
    unimarc_claim: bool
    repairs: tuple[Repair, ...]
    lean: bool = False


def read_iso2709(data: bytes, eight_bits: str | None = None) -> Read:
    """Read one record. `eight_bits` is the set of what is no UTF-8, where that is known (MARC-8 is ISO 5426 in a
    record that says it is UNIMARC). Raises MarcError when it is none."""
    found = _lean(data)
    if found is None or (eight_bits and found.encoding not in (ASCII, UTF_8, eight_bits)):
        return _long_way(data, eight_bits)
    return found


@cache
def _unpack_directory(entries: int) -> Struct:
    return Struct("3s4s5s" * entries)


def _lean(data: bytes) -> Read | None:
    if not _LEADER.match(data) or int(data[:5]) != len(data) or not data.endswith(b"\x1e\x1d"):
        return None
    base = int(data[12:17])
    entries, rest = divmod(base - 25, 12)
    if rest or entries < 1 or base >= len(data) or data[base - 1] != 0x1E or not data[24 : base - 1].isalnum():
        return None
    body = data[base:-2]
    lengths = [len(piece) + 1 for piece in body.split(b"\x1e")]
    directory = _unpack_directory(entries).unpack_from(data, 24)
    try:
        sound = [*map(int, directory[1::3])] == lengths and [*map(int, directory[2::3])] == [
            *accumulate(lengths[:-1], initial=0)
        ]
        tags = [_TAGS[tag] for tag in directory[::3]]
        if not sound or len(body.translate(None, _CONTROLS)) != len(body) or b"\x1d" in body:
            return None
        whole = _decode_whole(chr(data[9]), body)
    except (ValueError, KeyError):
        return None
    if whole is None or _BAD_CODE.search(whole.text):
        return None
    controls = sum([tag < "010" for tag in tags])
    if controls and max(tags[:controls]) >= "010":
        return None
    text = f"\x1e{whole.text}"
    pieces = text.split("\x1e")[1:]
    first = sum(map(len, pieces[:controls])) + controls
    if "\x1f" in text[:first] or _BAD_START.search(text, first):
        return None
    record = Record(
        f"{data[:20].decode('ascii')}4500",
        [*zip(tags[:controls], pieces, strict=False)],
        Unsplit(tags[controls:], pieces[controls:], text[first:]),
    )
    return Read(record, whole.charset, whole.unimarc, whole.repairs, lean=True)


class _Whole(NamedTuple):
    text: str
    charset: str
    unimarc: bool = False
    repairs: tuple[Repair, ...] = ()


def _decode_whole(leader_09: str, body: bytes) -> _Whole | None:
    """All fields at once, where nothing but the claim is doubtful; else None, or UnicodeDecodeError (a ValueError)."""
    if body.isascii():
        references = b"&#x" in body and leader_09 != "a"
        return None if references or b"\x1b" in body else _Whole(body.decode("ascii"), ASCII)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_eight_bits(leader_09, body)
    if _NONCHARACTERS[0] in body or _NONCHARACTERS[1] in body:
        return None
    if leader_09 == "a":
        return _Whole(text, UTF_8)
    claim = encoding.claimed(leader_09, body)
    return _Whole(text, UTF_8, claim.unimarc, _claim_repairs(claim.charset, UTF_8))


def _decode_eight_bits(leader_09: str, body: bytes) -> _Whole | None:
    """MARC-8 and ISO 5426 of one set in all fields: marks never move over a separator."""
    if b"\x1b" in body or _HIGH_CODE.search(body):
        return None
    claim = encoding.claimed(leader_09, body)
    found = encoding.library_text(body, claim.unimarc)
    if found is None:
        return None
    charset, text = found
    return _Whole(text, charset, claim.unimarc, _claim_repairs(claim.charset, charset))


def _claim_repairs(claimed: str | None, found: str) -> tuple[Repair, ...]:
    if claimed in (found, None) or found == ASCII:
        return ()
    return (Repair("encoding-claim", f"{claimed} claimed, {found} found"),)


def _long_way(data: bytes, known: str | None) -> Read:
    if len(data) > _ENDLESS:
        raise MarcError(0, f"{len(data)} bytes are no record")
    repairs: list[Repair] = []
    leader_bytes, pieces = cut_fields(data, repairs)
    whole = b"\x1e" + b"\x1e".join(piece for _, piece in pieces)
    claim = encoding.claimed(chr(leader_bytes[9]), whole)
    charset = encoding.detect(whole, claim.unimarc)
    if known and charset not in (ASCII, UTF_8):
        charset = ISO_5426 if known == MARC_8 and claim.unimarc else known
    elif charset in (CP1251, CP1252):
        repairs.append(Repair("encoding-guess", charset))
    else:
        repairs += _claim_repairs(claim.charset, charset)
    # ASCII is a part of MARC-8, in which the references of the lossless conversion are turned back.
    eight_bits = MARC_8 if charset == ASCII and claim.charset != UTF_8 else charset
    decoder = _FieldDecoder(eight_bits, claim.unimarc, repairs)
    control: list[tuple[str, str]] = []
    fields: list[DataField] = []
    for tag_bytes, piece in pieces:
        tag = sound_tag(tag_bytes.decode("latin-1"))
        if tag is None:
            repairs.append(Repair("tag", repr(tag_bytes.decode("latin-1"))))
        elif is_control(tag):
            if fields:
                repairs.append(Repair("control-order", tag))
            control.append((tag, sound_text(decoder.whole(tag, piece), tag, repairs)))
        else:
            lead, *parts = decoder.parts(tag, piece)
            subfields = [(part[:1], part[1:]) for part in parts]
            if field := sound_field(tag, lead[:2], lead[2:], subfields, repairs):
                fields.append(field)
    if not control and not fields:
        raise MarcError(0, "no field has a tag and text")
    leader = sound_leader(leader_bytes.decode("latin-1"), repairs)
    return Read(Record(leader, control, fields), charset, claim.unimarc, _merged(repairs))


class _FieldDecoder:
    """Decodes field by field, and says once of each field what could not be decoded."""

    def __init__(self, charset: str, unimarc: bool, repairs: list[Repair]) -> None:
        self._charset, self._unimarc, self._repairs = charset, unimarc, repairs

    def whole(self, tag: str, piece: bytes) -> str:
        return self._text(tag, [piece], self._charset_of(tag, piece))[0]

    def parts(self, tag: str, piece: bytes) -> list[str]:
        """What stands between the subfield delimiters; MARC-8 begins anew with each."""
        charset = self._charset_of(tag, piece)
        if charset == MARC_8:
            # Indicators and codes are ASCII: a mark in their place must not change places with what follows.
            lead, *coded = piece.split(b"\x1f")
            texts = self._text(tag, [lead[2:], *(part[1:] for part in coded)], charset)
            heads = [lead[:2], *(part[:1] for part in coded)]
            return [head.decode("latin-1") + text for head, text in zip(heads, texts, strict=True)]
        return self._text(tag, [piece], charset)[0].split("\x1f")

    def _charset_of(self, tag: str, piece: bytes) -> str:
        charset = encoding.decoder_of_field(piece, self._charset, self._unimarc)
        if charset != self._charset:
            self._repairs.append(Repair("encoding-mixed", f"{tag}: {charset} in a record in {self._charset}"))
        return charset

    def _text(self, tag: str, pieces: list[bytes], charset: str) -> list[str]:
        decoded = [encoding.DECODERS[charset](piece) for piece in pieces]
        if bad := sum(bad for _, bad in decoded):
            self._repairs.append(Repair("bad-bytes", f"{tag}: {bad}"))
        return [text for text, _ in decoded]


def _merged(repairs: list[Repair]) -> tuple[Repair, ...]:
    """Each once, in the order found."""
    return tuple(dict.fromkeys(repairs))
