"""MARC-8 to text and back: ASCII and ANSEL, and other sets by escape sequences (pymarc's tables).

A run without escapes is one lookup in a table of 256 and one substitution that moves marks. The sets in force
are those of the start again for each text given, which is one subfield or control field. Text is NFC.
"""

from __future__ import annotations

import re
from functools import cache
from unicodedata import normalize

from pymarc.marc8_mapping import CODESETS, ODD_MAP

from library_protocols.marc.combining import (
    REPLACEMENT,
    by_table,
    clusters,
    marks_first,
    marks_last,
    reference,
    resolve_references,
)

ASCII, ANSEL, EACC = 0x42, 0x45, 0x31
_TECHNIQUE_1 = frozenset(b"gbp")  # Greek symbols, subscripts, superscripts: ESC and one letter, ended by ESC s
_IN_G1 = frozenset({ANSEL, 0x51, 0x34})  # sets whose codes are written with the eighth bit on
_PREFERENCE = (ASCII, ANSEL, 0x4E, 0x51, 0x53, 0x32, 0x33, 0x34, 0x70, 0x62, 0x67, EACC)

# ESC $ 1, ESC $ , 1 (G0); ESC $ ) 1, ESC $ - 1 (G1); ESC ( F, ESC , F (G0); ESC ) F, ESC - F (G1); ESC g b p s
_ESCAPE = re.compile(rb"\x1b(?:\$([,)\-]?)(1)|([(,)\-])(!?[\x21-\x7e])|([gbps]))")
_MARKS = marks_first(chr(ucs) for table in CODESETS.values() for ucs, is_mark in table.values() if is_mark)


def decode(data: bytes) -> tuple[str, int]:
    """The text, and how many bytes or escape sequences had no meaning (shown as U+FFFD). Never raises."""
    if b"\x1b" not in data:
        if data.isascii():
            text, bad = data.decode("ascii"), 0
        else:
            text = by_table(data, _table(ASCII, ANSEL))
            bad = text.count(REPLACEMENT)
            text = marks_last(text, _MARKS)
    else:
        text = _decode_escaped(data)
        bad = text.count(REPLACEMENT)
        text = marks_last(text, _MARKS)
    return (resolve_references(text) if "&#x" in text else text), bad


def has_escapes(data: bytes) -> bool:
    """Whether a designation of another set stands in these bytes: evidence of MARC-8 even where all are 7-bit."""
    return b"\x1b" in data and _ESCAPE.search(data) is not None


def _decode_escaped(data: bytes) -> str:
    g0, g1, done, parts = ASCII, ANSEL, 0, []
    while match := _ESCAPE.search(data, done):
        parts.append(_decode_run(data[done : match.start()], g0, g1))
        wide, eacc, narrow, final, special = match.groups()
        if eacc:
            g0, g1 = (g0, EACC) if wide in (b")", b"-") else (EACC, g1)
        elif special:
            g0 = ASCII if special == b"s" else special[0]
        elif final[-1] not in CODESETS:
            parts.append(REPLACEMENT)
        elif narrow in (b"(", b","):
            g0 = final[-1]
        else:
            g1 = final[-1]
        done = match.end()
    parts.append(_decode_run(data[done:], g0, g1))
    return "".join(parts)


def _decode_run(run: bytes, g0: int, g1: int) -> str:
    if g0 != EACC and g1 != EACC:
        return by_table(run, _table(g0, g1))
    table, position, characters = _eacc(), 0, []
    while position < len(run):
        byte = run[position]
        if byte <= 0x20 or (g0 if byte < 0x80 else g1) != EACC:
            # A blank is one byte in every set; the other half of the code may hold a set of one byte a character.
            characters.append(_table(g0, g1)[byte])
            position += 1
        else:
            triple = bytes(octet & 0x7F for octet in run[position : position + 3])
            characters.append(table.get(int.from_bytes(triple, "big"), REPLACEMENT))
            position += 3
    return "".join(characters)


@cache
def _table(g0: int, g1: int) -> str:
    """What each of 256 bytes is while these sets are in force; C0 controls are themselves, as in every set."""
    table = [chr(code) if code <= 0x20 else REPLACEMENT for code in range(0x100)]
    for code, (ucs, _) in CODESETS[g0].items():
        if code & 0x7F > 0x20 and g0 != EACC:
            table[code & 0x7F] = chr(ucs)
    for code, (ucs, _) in CODESETS[g1].items():
        if (code | 0x80) > 0xA0 and g1 != EACC:
            table[code | 0x80] = chr(ucs)
    # C1: non-sorting marks and joiners are MARC-8's own, whatever is designated.
    for code in (0x88, 0x89, 0x8D, 0x8E):
        table[code] = chr(CODESETS[ANSEL][code][0])
    table[0x1B] = REPLACEMENT
    return "".join(table)


@cache
def _eacc() -> dict[int, str]:
    return {code: chr(ucs) for code, ucs in ODD_MAP.items()} | {
        code: chr(ucs) for code, (ucs, _) in CODESETS[EACC].items()
    }


@cache
def _codes_of(charset: int) -> dict[str, bytes]:
    """Character to code in one set; the lowest code where it has several."""
    width = 3 if charset == EACC else 1
    return {
        chr(ucs): code.to_bytes(width, "big")
        for code, (ucs, _) in sorted(CODESETS[charset].items(), reverse=True)
        if code > 0x20
    }


@cache
def _codes() -> dict[str, tuple[int, bytes]]:
    """Character to set and code; the first set of the preference that has it."""
    codes: dict[str, tuple[int, bytes]] = {}
    for charset in _PREFERENCE:
        for character, code in _codes_of(charset).items():
            codes.setdefault(character, (charset, code))
    return codes


def encode(text: str) -> tuple[bytes, int]:
    """MARC-8 that ends with the sets it began with, and how many characters are numeric references in it."""
    if text.isascii():
        return text.encode("ascii"), 0
    writer = _Writer()
    for base, marks in clusters(normalize("NFC", text)):
        writer.put(base, marks)
    return writer.finish(), writer.references


class _Writer:
    def __init__(self) -> None:
        self._out = bytearray()
        self._g0, self._g1 = ASCII, ANSEL
        self.references = 0

    def put(self, base: str, marks: str) -> None:
        codes = _codes()
        if base and base not in codes and base != " ":
            apart = normalize("NFD", base)
            if apart[0] in codes and all(mark in codes for mark in apart[1:]):
                base, marks = apart[0], apart[1:] + marks
        missing = [mark for mark in marks if mark not in codes]
        for mark in marks:
            if mark in codes:
                self._code(*codes[mark])
        if base == " ":
            self._blank()
        elif base in codes:
            self._code(*self._nearest(base))
        elif base:
            self._reference(base)
        for mark in missing:
            self._reference(mark)

    def _nearest(self, character: str) -> tuple[int, bytes]:
        """The set in force where it has the character too, as punctuation stands in several."""
        code = _codes_of(self._g0).get(character)
        return (self._g0, code) if code else _codes()[character]

    def _blank(self) -> None:
        if self._g0 == EACC or self._g0 in _TECHNIQUE_1:
            self._designate(ASCII)
        self._out += b" "

    def _reference(self, character: str) -> None:
        self.references += 1
        self._designate(ASCII)
        self._out += reference(character).encode("ascii")

    def _code(self, charset: int, code: bytes) -> None:
        self._designate(charset)
        self._out += code

    def _designate(self, charset: int) -> None:
        if charset in _IN_G1:
            if self._g1 != charset:
                self._g1 = charset
                self._out += b"\x1b)!E" if charset == ANSEL else b"\x1b)%c" % charset
        elif self._g0 != charset:
            if charset == EACC:
                self._out += b"\x1b$1"
            elif charset in _TECHNIQUE_1:
                self._out += b"\x1b%c" % charset
            else:
                self._out += b"\x1bs" if self._g0 in _TECHNIQUE_1 and charset == ASCII else b"\x1b(%c" % charset
            self._g0 = charset

    def finish(self) -> bytes:
        self._designate(ASCII)
        self._designate(ANSEL)
        return bytes(self._out)
