"""ISO 5426, the extended Latin set of UNIMARC (registration 53): ASCII below, letters, signs and marks above.

The set has no other sets beside it here: what it lacks is written as a numeric character reference.
"""

from __future__ import annotations

from unicodedata import normalize

from library_protocols.marc.combining import (
    REPLACEMENT,
    by_table,
    clusters,
    marks_first,
    marks_last,
    reference,
    resolve_references,
)

_SIGNS = {
    0xA1: "¡", 0xA2: "„", 0xA3: "£", 0xA4: "$", 0xA5: "¥", 0xA6: "†", 0xA7: "§", 0xA8: "′", 0xA9: "‘", 0xAA: "“",
    0xAB: "«", 0xAC: "♭", 0xAD: "©", 0xAE: "℗", 0xAF: "®", 0xB0: "ʻ", 0xB1: "ʼ", 0xB2: "‚", 0xB6: "‡", 0xB7: "·",
    0xB8: "″", 0xB9: "’", 0xBA: "”", 0xBB: "»", 0xBC: "♯", 0xBD: "ʹ", 0xBE: "ʺ", 0xBF: "¿", 0xE1: "Æ", 0xE2: "Đ",
    0xE6: "Ĳ", 0xE8: "Ł", 0xE9: "Ø", 0xEA: "Œ", 0xEC: "Þ", 0xF1: "æ", 0xF2: "đ", 0xF3: "ð", 0xF5: "ı", 0xF6: "ĳ",
    0xF8: "ł", 0xF9: "ø", 0xFA: "œ", 0xFB: "ß", 0xFC: "þ",
}  # fmt: skip
_MARKS = {
    0xC0: "\u0309", 0xC1: "\u0300", 0xC2: "\u0301", 0xC3: "\u0302", 0xC4: "\u0303", 0xC5: "\u0304", 0xC6: "\u0306",
    0xC7: "\u0307", 0xC8: "\u0308", 0xC9: "\u0308", 0xCA: "\u030a", 0xCB: "\u0315", 0xCC: "\u0313", 0xCD: "\u030b",
    0xCE: "\u031b", 0xCF: "\u030c", 0xD0: "\u0327", 0xD1: "\u031c", 0xD2: "\u0326", 0xD3: "\u0328", 0xD4: "\u0325",
    0xD5: "\u032e", 0xD6: "\u0323", 0xD7: "\u0324", 0xD8: "\u0332", 0xD9: "\u0333", 0xDA: "\u0329", 0xDB: "\u032d",
    0xDD: "\ufe20", 0xDE: "\ufe21", 0xDF: "\ufe23",
}  # fmt: skip
# In C1, ISO 6630: the marks around what does not count in sorting.
_CONTROLS = {0x88: "\x98", 0x89: "\x9c"}
_DEFINED = {code: chr(code) for code in range(0x80)} | _SIGNS | _MARKS | _CONTROLS
_TABLE = "".join(_DEFINED.get(code, REPLACEMENT) for code in range(0x100))
_PATTERN = marks_first(_MARKS.values())
_CODES = {character: bytes((code,)) for code, character in sorted((_SIGNS | _MARKS | _CONTROLS).items(), reverse=True)}


def decode(data: bytes) -> tuple[str, int]:
    """The text (NFC), and how many bytes had no meaning (shown as U+FFFD). Never raises."""
    if data.isascii():
        text, bad = data.decode("ascii"), 0
    else:
        text = by_table(data, _TABLE)
        bad = text.count(REPLACEMENT)
        text = marks_last(text, _PATTERN)
    return (resolve_references(text) if "&#x" in text else text), bad


def encode(text: str) -> tuple[bytes, int]:
    """ISO 5426, and how many characters are numeric references in it."""
    if text.isascii():
        return text.encode("ascii"), 0
    out, references = bytearray(), 0
    for whole_base, whole_marks in clusters(normalize("NFC", text)):
        base, marks = whole_base, whole_marks
        if base and base not in _CODES:
            apart = normalize("NFD", base)
            if (apart[0].isascii() or apart[0] in _CODES) and all(mark in _CODES for mark in apart[1:]):
                base, marks = apart[0], apart[1:] + marks
        for mark in marks:
            out += _CODES.get(mark, b"")
        for character in (base, *(mark for mark in marks if mark not in _CODES)):
            if character.isascii():
                out += character.encode("ascii")
            elif character in _CODES:
                out += _CODES[character]
            else:
                references += 1
                out += reference(character).encode("ascii")
    return bytes(out), references
