"""Which character set the bytes of a record are really in, whatever the leader claims.

Valid UTF-8 with a character of several bytes is UTF-8: text in an 8-bit set is that by accident so seldom that no
claim outweighs it. Else escape sequences and marks that fit the letter behind them speak for MARC-8 (in UNIMARC
ISO 5426), long runs of high bytes for CP1251, and the rest is CP1252.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from library_protocols.marc import iso5426, marc8
from library_protocols.marc.combining import REPLACEMENT
from library_protocols.marc.facts.charsets import (
    ASCII,
    CP1251,
    CP1252,
    ISO_5426,
    LEADER_09,
    MARC_8,
    UNIMARC_26_27,
    UTF_8,
)

_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = bytes(range(0x80, 0x100))
_MARK_BYTES = bytes(range(0xC0, 0x100))  # in ISO 5426; the marks of ANSEL are a part of it, letters are below in both
# Marks that no letter took in. Half marks over two letters and those under Hebrew and Arabic never compose.
_MARK = re.compile("[\u0300-\u0333]")
_CYRILLIC_RUN = re.compile(rb"[\xa8\xb8\xc0-\xff]{3,}")
# 100$a begins with the date of entry and the type of date: nothing in MARC 21 looks like it.
_UNIMARC_100A = re.compile(rb"\x1e..\x1fa[0-9 ]{8}[a-z|][^\x1e\x1f]{17}([0-9 ]{2})([0-9 ]{2})?", re.DOTALL)
_ENOUGH = 6  # high bytes below which a run of three proves nothing

Decoder = Callable[[bytes], tuple[str, int]]


class Claim(NamedTuple):
    """What a record says its character set is; None when it says nothing that is known."""

    charset: str | None
    unimarc: bool


def claimed(leader_09: str, data: bytes) -> Claim:
    """The claim of leader/09, or for UNIMARC of 100$a/26-29 in `data`."""
    if match := _UNIMARC_100A.search(data):
        low, high = ((half or b"").decode("ascii") for half in match.groups())
        # G1 holds the letters, and G0 mostly ASCII; but ISO 10646 is claimed in the place of G0 for both.
        first = UNIMARC_26_27.get(low)
        return Claim(first if first == UTF_8 else UNIMARC_26_27.get(high, first), True)
    return Claim(LEADER_09.get(leader_09), False)


def detect(data: bytes, unimarc: bool = False) -> str:
    """The character set of a whole record's bytes: one of the names in `facts.charsets`."""
    if data.isascii():
        return MARC_8 if marc8.has_escapes(data) else ASCII
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        whole, broken = _utf8_evidence(data)
        return UTF_8 if whole >= broken else _eight_bits(data, unimarc)
    return UTF_8


def _utf8_evidence(data: bytes) -> tuple[int, int]:
    """Characters of several bytes, and high bytes that are part of none."""
    whole = _UTF8.findall(data)
    return len(whole), _count(data, _HIGH) - sum(map(len, whole))


def _eight_bits(data: bytes, unimarc: bool) -> str:
    if marc8.has_escapes(data):
        return MARC_8
    if _is_cyrillic(data):
        return CP1251
    library = ISO_5426 if unimarc else MARC_8
    return library if _fit(data, *DECODERS[library](data)) >= 0 else CP1252


def library_text(data: bytes, unimarc: bool) -> tuple[str, str] | None:
    """Character set and text of bytes that are no UTF-8, where they are wholly MARC-8 without escapes or ISO 5426."""
    whole, broken = _utf8_evidence(data)
    if whole >= broken or _is_cyrillic(data):
        return None
    charset = ISO_5426 if unimarc else MARC_8
    text, bad = DECODERS[charset](data)
    return None if bad or _fit(data, text, bad) < 0 else (charset, text)


def _is_cyrillic(data: bytes) -> bool:
    high = _count(data, _HIGH)
    return high >= _ENOUGH and 2 * sum(map(len, _CYRILLIC_RUN.findall(data))) >= high


def _fit(data: bytes, text: str, bad: int) -> int:
    """How well marks fit the letters behind them: each that composes counts for, each that does not against."""
    loose = len(_MARK.findall(text))
    return _count(data, _MARK_BYTES) - 2 * loose - 2 * bad


def _count(data: bytes, wanted: bytes) -> int:
    return len(data) - len(data.translate(None, wanted))


def decode_utf8(data: bytes) -> tuple[str, int]:
    """UTF-8, with U+FFFD for each stretch that is none, and how many there are."""
    try:
        return data.decode("utf-8"), 0
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
        return text, text.count(REPLACEMENT)


def _decode_cp1252(data: bytes) -> tuple[str, int]:
    # Five codes are undefined in CP1252 and C1 controls in Latin-1, which is what the rest would be then.
    try:
        return data.decode("cp1252"), 0
    except UnicodeDecodeError:
        return data.decode("latin-1"), 0


def _decode_cp1251(data: bytes) -> tuple[str, int]:
    text = data.decode("cp1251", "replace")
    return text, text.count(REPLACEMENT)


def _decode_ascii(data: bytes) -> tuple[str, int]:
    return data.decode("ascii"), 0


DECODERS: dict[str, Decoder] = {
    ASCII: _decode_ascii,
    UTF_8: decode_utf8,
    MARC_8: marc8.decode,
    ISO_5426: iso5426.decode,
    CP1251: _decode_cp1251,
    CP1252: _decode_cp1252,
}
"""By name of the character set. None raises for bytes that `detect` gave that name."""


def decoder_of_field(data: bytes, charset: str, unimarc: bool) -> str:
    """The character set of one field of a record in `charset`: another one where the record is a mixture."""
    if data.isascii():
        return charset
    whole, broken = _utf8_evidence(data)
    if charset == UTF_8:
        return UTF_8 if whole >= broken else _eight_bits(data, unimarc)
    return UTF_8 if whole and not broken else charset
