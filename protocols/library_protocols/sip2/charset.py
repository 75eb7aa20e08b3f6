"""Text to octets and back, never failing: what a charset cannot hold is transliterated, then substituted.

Octets that the charset cannot read become lone surrogates (PEP 383), so that they can be sent back
unchanged; `printable` removes them before text leaves for a screen, a database or JSON.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from library_protocols.sip2.dialect import Dialect

_LETTERS = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D",
    "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "ħ": "h", "Ħ": "H", "ı": "i", "ŋ": "ng", "Ŋ": "NG",
    "ŧ": "t", "Ŧ": "T", "ĸ": "k", "ə": "e", "Ə": "E", "ƒ": "f", "Ỽ": "Ll", "ỽ": "ll",
}  # fmt: skip
_SIGNS = {
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "ʹ": "'", "ʻ": "'", "ʼ": "'", "ʿ": "'", "ʾ": "'", "`": "'",
    "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "«": '"', "»": '"', "‹": "'", "›": "'", "¡": "!", "¿": "?",
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "•": "*", "·": ".", "×": "x", "÷": "/",
    "€": "EUR", "£": "GBP", "¥": "JPY", "¢": "c", "©": "(c)", "®": "(R)", "§": "S.", "¶": "P.", "°": "o", "±": "+/-",
    "µ": "u", "†": "+", "‡": "++", "¦": ":", "¬": "-", "⁄": "/",
}  # fmt: skip
_CYRILLIC = dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziiklmnoprstufye", strict=True)) | {
     "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "", "ю": "iu", "я": "ia",
     "є": "ie", "і": "i", "ґ": "g", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "ђ": "d", "џ": "dz"}  # fmt: skip
_GREEK = dict(zip("αβγδεζηικλμνξοπρσςτυφω", "avgdeziiklmnxoprsstyfo", strict=True)) | {
    "θ": "th", "χ": "ch", "ψ": "ps"}  # fmt: skip
_RELATIVES: dict[str, str] = _LETTERS | _SIGNS
for _small, _latin in (_CYRILLIC | _GREEK).items():
    _RELATIVES[_small] = _latin
    if _small != "ς":
        _RELATIVES[_small.upper()] = _latin.capitalize()

_CONTROLS = {code: " " if code in (0x09, 0x0A, 0x0D) else None for code in (*range(0x20), *range(0x7F, 0xA0))}


def encode_text(text: str, dialect: Dialect) -> bytes:
    """Octets of one field's value in `dialect`. Never raises, never contains the delimiter or a control.

    Line breaks and tabs become blanks; other controls vanish. What the charset holds is kept as it is; only
    when it does not hold the text, that is brought to NFC and its characters transliterated or substituted.
    """
    if not text.isprintable():
        text = text.translate(_CONTROLS)
    if dialect.delimiter in text:
        text = text.replace(dialect.delimiter, dialect.delimiter_substitute)
    try:
        data = text.encode(dialect.encoding, "surrogateescape")
        if dialect.delimiter_octet not in data:
            return data
        # Big5, CP932 and GB18030 have the delimiter's octet as second half of characters.
    except UnicodeEncodeError:
        text = unicodedata.normalize("NFC", text)
    return b"".join(
        [
            character.encode("ascii")
            if character.isascii()
            else _encode_character(
                character,
                dialect.encoding,
                dialect.delimiter_octet,
                dialect.transliterate,
                dialect.unmappable_substitute,
            )
            for character in text
        ]
    )


@lru_cache(maxsize=4096)
def _encode_character(character: str, encoding: str, delimiter: bytes, transliterate: bool, substitute: str) -> bytes:
    for candidate in _candidates(character) if transliterate else [character]:
        try:
            data = candidate.encode(encoding, "surrogateescape")
        except UnicodeEncodeError:
            continue
        if delimiter not in data:
            return data
    return substitute.encode("ascii")


def _candidates(character: str) -> list[str]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
    relatives = "".join(_RELATIVES.get(c, c) for c in plain)
    found = [character, _RELATIVES.get(character, ""), plain, relatives]
    # An empty relative is an answer only for characters that stand for no sound or width of their own.
    silent = character in _RELATIVES or unicodedata.category(character) in ("Mn", "Me", "Cf")
    return [item for item in found if item] + ([""] if silent else [])


def decode_text(data: bytes, dialect: Dialect) -> str:
    """Text of octets in `dialect`. Never raises; unreadable octets become lone surrogates."""
    return data.decode(dialect.encoding, "surrogateescape")


def printable(text: str) -> str:
    """`text` with what no screen or database can take (lone surrogates, controls) as U+FFFD."""
    if text.isprintable():
        return text
    return "".join("\ufffd" if unicodedata.category(c) in ("Cs", "Cc") else c for c in text)


__all__ = ["decode_text", "encode_text", "printable"]
